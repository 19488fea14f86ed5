"""What is shown and logged; going on from vectors; interruption."""

from __future__ import annotations

import io
import logging
import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

import wordkin as wk
from wordkin.engines import Learned
from wordkin.errors import ConfigError, InputError
from wordkin.training import display, loop
from wordkin.training.meter import Meter

SMALL = wk.SkipGram(vector_size=12, window=3, epochs=3, sample=0)


def topics(seed, n=3_000):
    rng = np.random.default_rng(seed)
    words = (["cat", "dog", "bird", "fish", "mouse"], ["one", "two", "three", "four", "five"])
    return [list(rng.choice(words[i % 2], 8)) for i in range(n)]


@pytest.fixture(scope="module")
def corpus():
    return wk.Corpus.from_sentences(topics(0), min_count=1)


@pytest.fixture(scope="module")
def model(corpus):
    return wk.train(corpus, SMALL, workers=1)


# --- going on from vectors -----------------------------------------------------------------------


def first_arrays(corpus, config, **arguments):
    """The tables of a run at a rate so low that it changes nothing."""
    still = replace(config, alpha=1e-30, min_alpha=0.0)
    return wk.train(corpus, still, workers=1, **arguments)


def test_a_model_goes_on_from_both_tables(corpus, model):
    more = wk.Corpus.from_sentences(topics(5), vocabulary=model.vectors.vocabulary)
    begun = first_arrays(more, SMALL, initial=model)
    np.testing.assert_allclose(begun.vectors.vectors, model.vectors.vectors, atol=1e-7)
    np.testing.assert_allclose(begun.context.vectors, model.context.vectors, atol=1e-7)
    begun = first_arrays(more, SMALL, initial=model.vectors)
    np.testing.assert_allclose(begun.vectors.vectors, model.vectors.vectors, atol=1e-7)
    assert abs(begun.context.vectors).max() < 1e-7


def test_going_on_changes_neither_the_model_nor_its_vocabulary(corpus, model):
    before = model.vectors.vectors.copy()
    some = [*topics(5, n=100), ["new"]]
    more = wk.Corpus.from_sentences(some, vocabulary=model.vectors.vocabulary)
    longer = wk.train(more, SMALL, workers=1, initial=model)
    assert np.array_equal(model.vectors.vectors, before)
    assert longer.vectors.vocabulary == model.vectors.vocabulary
    # a hundred sentences teach too little to begin with
    assert longer.history[0].loss < 0.9 * wk.train(more, SMALL, workers=1).history[0].loss
    assert longer.account.corpus.dropped["not in the vocabulary"] == 1


def test_a_tree_goes_on_where_it_is_the_same_tree(corpus):
    config = replace(SMALL, loss="hierarchical-softmax")
    model = wk.train(corpus, config, workers=1)
    more = wk.Corpus.from_sentences(topics(5), vocabulary=model.vectors.vocabulary)
    begun = first_arrays(more, config, initial=model)
    np.testing.assert_allclose(begun.context.vectors, model.context.vectors, atol=1e-7)
    recounted = wk.Vocabulary(corpus.vocabulary.words, np.arange(10, 0, -1))
    other = wk.Corpus(corpus.ids, corpus.starts, recounted, corpus.account)
    with pytest.raises(ConfigError, match="Huffman"):
        wk.train(other, config, initial=model)
    assert wk.train(other, config, initial=model.vectors, workers=1).account.trained > 0


@pytest.mark.parametrize(
    ("changes", "initial", "error", "message"),
    [
        ({"vector_size": 13}, lambda m: m, ConfigError, "12 dimensions"),
        ({"loss": "hierarchical-softmax"}, lambda m: m, ConfigError, "second table"),
        ({}, lambda _: wk.WordVectors(["a"], [[1.0]]), InputError, "have 1 words, and the corpus"),
        ({}, lambda m: m.vectors.vectors, InputError, "got ndarray"),
        (
            {},
            lambda m: wk.WordVectors(
                [*m.vectors.index_to_key[:4], "else", *m.vectors.index_to_key[5:]],
                m.vectors.vectors,
            ),
            InputError,
            "word 4 is 'else' there",
        ),
    ],
)
def test_vectors_that_do_not_fit_are_refused(corpus, model, changes, initial, error, message):
    with pytest.raises(error, match=message):
        wk.train(corpus, replace(SMALL, **changes), initial=initial(model))


# --- interruption --------------------------------------------------------------------------------


def our_threads():
    return [t for t in threading.enumerate() if t.name.startswith("wordkin-train")]


def test_ctrl_c_comes_out_with_all_threads_stopped(corpus, tmp_path):
    endless = replace(SMALL, epochs=100_000)
    timer = []

    def interrupt_soon(progress):
        if not timer:
            timer.append(threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)))
            timer[0].start()

    with pytest.raises(KeyboardInterrupt):
        wk.train(corpus, endless, workers=2, callbacks=[interrupt_soon, wk.Checkpoint(tmp_path)])
    timer[0].join()
    assert our_threads() == []
    assert list(tmp_path.iterdir()) == []


def test_a_callback_that_fails_stops_all_threads(corpus):
    def fail(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        wk.train(corpus, SMALL, workers=2, callbacks=[fail])
    assert our_threads() == []


def test_threads_are_gone_in_the_end(corpus):
    wk.train(corpus, SMALL, workers=3)
    assert our_threads() == []


# --- what is shown -------------------------------------------------------------------------------


def test_a_bar_on_a_terminal(corpus):
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=150)
    with display.show_training(console) as show:
        wk.train(corpus, SMALL, callbacks=[show])
    assert "━" in text.getvalue()
    assert "words/s" in text.getvalue()


def test_lines_elsewhere(corpus, capsys, monkeypatch):
    monkeypatch.setattr(display, "_SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setenv("TERM", "dumb")
    wk.train(corpus, SMALL, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training ..."
    assert lines[-1].startswith("training: 100%  epoch 3  ")
    assert "  limit: " in lines[-1]


def test_a_line_tells_where_a_callback_has_ended_the_run(corpus, capsys, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    wk.train(corpus, SMALL, progress=True, callbacks=[lambda p: p.epoch_ended])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training ..."
    assert [line[:24] for line in lines[1:]] == ["training:  33%  epoch 1 "]


def test_nothing_is_shown_by_default(corpus, capsys):
    wk.train(corpus, SMALL)
    assert capsys.readouterr() == ("", "")


def test_the_log_has_a_line_for_each_epoch_and_one_now_and_then(corpus, caplog, monkeypatch):
    with caplog.at_level(logging.INFO, logger="wordkin"):
        wk.train(corpus, SMALL, workers=1, validation=0.1)
    messages = [record.getMessage() for record in caplog.records if record.name == "wordkin"]
    assert messages[0].startswith("training needs ")
    epochs = [m for m in messages if m.startswith("epoch ")]
    assert [m.partition(":")[0] for m in epochs] == ["epoch 1", "epoch 2", "epoch 3"]
    assert "validation loss " in epochs[0]
    assert len(messages) <= 5  # ten seconds have not passed
    monkeypatch.setattr(loop, "_SECONDS_BETWEEN_LINES", 0.0)
    seen = []
    with caplog.at_level(logging.INFO, logger="wordkin"):
        caplog.clear()
        wk.train(corpus, SMALL, workers=1, callbacks=[seen.append])
    assert len(caplog.records) == 1 + len(seen)


@pytest.mark.parametrize("unwatched", [False, True])
@pytest.mark.parametrize(
    ("wall", "elsewhere", "processor", "pages", "busy", "limit"),
    [
        (1.0, 0.0, 2.0, 0, 1.0, "training"),
        (1.0, 0.0, 0.8, 0, 0.4, "other programs"),
        (1.0, 0.0, 0.8, 50, 0.4, "disk"),
        (1.0, 3.0, 2.0, 0, 1.0, "callbacks"),
    ],
)
def test_what_limits(monkeypatch, wall, elsewhere, processor, pages, busy, limit, unwatched):
    if unwatched and limit == "other programs":  # a device has worked
        limit = "training"
    clocks = {"wall": 0.0, "processor": 0.0, "pages": 0}
    monkeypatch.setattr("wordkin.training.meter.cores", lambda: 8)
    monkeypatch.setattr("time.perf_counter", lambda: clocks["wall"])
    monkeypatch.setattr("time.process_time", lambda: clocks["processor"])
    monkeypatch.setattr("wordkin.training.meter._late_pages", lambda: clocks["pages"])
    meter = Meter(2)

    def learn():
        clocks["wall"] += wall
        clocks["processor"] += processor
        clocks["pages"] += pages
        return Learned(1, 1.0, 1, unwatched=unwatched)

    for _ in range(5):
        clocks["wall"] += elsewhere
        assert meter.measured(learn).tokens == 1
    assert meter.busy == pytest.approx(busy)
    assert meter.limited_by == limit


def test_threads_without_a_stream_are_not_waited_for_by_the_meter(corpus, monkeypatch):
    threads = []
    monkeypatch.setattr(loop, "Meter", lambda workers: threads.append(workers) or Meter(workers))
    for settings in ({}, {"deterministic": True, "streams": 2}, {"deterministic": True}):
        wk.train(corpus, replace(SMALL, epochs=1), workers=3, **settings)
    assert threads == [3, 2, 3]
