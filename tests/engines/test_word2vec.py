"""When threads of the CPU engine get their own copies of hot rows."""

from __future__ import annotations

import numpy as np
import pytest

import wordkin as wk
from wordkin.engines import Block
from wordkin.engines import word2vec as engine
from wordkin.kernels.sampling import keep_thresholds

ZIPF = (10**7 / (np.arange(50_000) + 2.7)).astype(np.int64)


def hot_rows(config, counts, workers=2):
    keep = keep_thresholds(counts, config.sample)
    return engine._hot_rows(config, counts, keep, workers=workers)


def test_copies_only_where_no_word_is_so_frequent_that_they_would_drift():
    assert hot_rows(wk.SkipGram(sample=1e-5), ZIPF) > 0
    assert hot_rows(wk.SkipGram(sample=1e-5), ZIPF, workers=1) == 0
    assert hot_rows(wk.SkipGram(sample=0), ZIPF) == 0
    assert hot_rows(wk.SkipGram(sample=0), np.full(10, 1000)) == 0
    assert hot_rows(wk.SkipGram(sample=1e-5, loss="hierarchical-softmax"), ZIPF) == 0


@pytest.mark.parametrize("size", [4, 100, 300, 5000])
def test_few_threads_have_copies_of_a_megabyte_of_rows_many_of_few_rows(size):
    config = wk.SkipGram(vector_size=size, sample=1e-5)
    few, many = hot_rows(config, ZIPF, workers=4), hot_rows(config, ZIPF, workers=5)
    assert many == 96
    row = 2 * -(-size // 16) * 16 * 4
    assert few == max(96, 2**20 // row)
    assert hot_rows(config, ZIPF // 100) == 96  # a small corpus
    flat = np.full(250, 10**6)
    assert hot_rows(wk.SkipGram(vector_size=4, sample=0), flat) == 250  # all there are


def test_told_memory_counts_the_copies_that_there_may_be():
    config = wk.SkipGram(vector_size=100)
    told = [engine.memory(50_000, config, workers=n).other for n in range(1, 7)]
    room = engine.word2vec.room_bytes(5, 100)
    copies = [
        0,
        *(2 * n * 1170 * 112 * 8 for n in (2, 3, 4)),
        *(2 * n * 96 * 112 * 8 for n in (5, 6)),
    ]
    base = told[0] - room
    assert told == [base + n * room + extra for n, extra in enumerate(copies, 1)]


def test_copies_are_taken_anew_for_each_block_and_given_back_after_it(monkeypatch):
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in rng.integers(0, 500, 40_000)]
    corpus = wk.Corpus.from_sentences([words[i : i + 100] for i in range(0, len(words), 100)])
    config = wk.SkipGram(vector_size=20, sample=0.001)
    runs = []
    for hot in (0, 300):
        monkeypatch.setattr(engine, "_hot_rows", lambda *_, hot=hot, **__: hot)
        # one after the other: what is left is what rounding does
        run = engine.make_run(corpus, config, seed=1, workers=1)
        for step in range(4):
            run.update(Block(step * 10_000, (step + 1) * 10_000, 0.02, step))
        runs.append(run.finish())
    for name, rows in runs[0].items():
        np.testing.assert_allclose(runs[1][name], rows, atol=1e-5)


def test_what_a_thread_did_to_its_copies_is_not_lost_when_it_is_broken_off(monkeypatch):
    corpus = wk.Corpus.from_sentences([["a", "b", "c", "d"] * 50] * 100, min_count=1)
    monkeypatch.setattr(engine, "_hot_rows", lambda *_, **__: 4)
    run = engine.make_run(corpus, wk.SkipGram(vector_size=8, sample=0), seed=1, workers=1)
    before = run.arrays()["context"].copy()
    kernel = run._kernel

    def break_off(*arguments):
        kernel(*arguments)
        raise KeyboardInterrupt

    run._kernel = break_off
    with pytest.raises(KeyboardInterrupt):
        run.update(Block(0, 20_000, 0.02, 0))
    assert (run.arrays()["context"] != before).any(axis=1).all()
