"""Killed and resumed is the same as never stopped; what is another run is refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file

import wordkin as wk
from wordkin.errors import ConfigError, FileError, FormatError
from wordkin.training import checkpoint as checkpoints

CONFIG = wk.SkipGram(vector_size=12, window=3, epochs=4, sample=0.01)
NAME = "checkpoint.safetensors"


def make_corpus(seed=0, n=60_000):
    rng = np.random.default_rng(seed)
    words = [f"w{i}" for i in rng.integers(0, 50, n)]
    return wk.Corpus.from_sentences([words[i : i + 20] for i in range(0, n, 20)], min_count=1)


@pytest.fixture(scope="module")
def corpus():
    return make_corpus()


@pytest.fixture(scope="module")
def whole(corpus):
    return wk.train(corpus, CONFIG, workers=1, validation=0.1)


def same(model, other):
    assert model.vectors.vectors.tobytes() == other.vectors.vectors.tobytes()
    assert model.context.vectors.tobytes() == other.context.vectors.tobytes()
    assert model.account == other.account
    for mine, theirs in zip(model.history, other.history, strict=True):
        assert mine[:2] == theirs[:2]
        assert mine.validation_loss == theirs.validation_loss


@pytest.mark.parametrize("stop", [1, 5, 7, 11])
def test_stopped_and_resumed_is_the_whole_run(corpus, whole, tmp_path, stop):
    calls = []
    half = wk.train(
        corpus, CONFIG, workers=1, validation=0.1,
        callbacks=[wk.Checkpoint(tmp_path / "deep" / "folder", every=1), lambda p: p.step == stop],
    )  # fmt: skip
    assert half.account.stopped_early
    model = wk.train(
        corpus, CONFIG, workers=1, validation=0.1,
        resume=tmp_path / "deep" / "folder", callbacks=[calls.append],
    )  # fmt: skip
    same(model, whole)
    assert calls[0].step == stop + 1
    assert calls[-1].step == calls[-1].steps
    assert calls[0].seconds > 0


@pytest.mark.parametrize("last", [True, False])
def test_a_run_that_was_stopped_has_a_checkpoint_of_its_end(corpus, whole, tmp_path, last):
    saved, steps = wk.Checkpoint(tmp_path, every="1h"), []

    def stop(progress):
        return progress.step == 5

    callbacks = [stop, saved] if last else [saved, stop]
    half = wk.train(corpus, CONFIG, workers=1, validation=0.1, callbacks=callbacks)
    assert load_file(saved.path)["input"].tobytes() == half.vectors.vectors.tobytes()
    settings = {"workers": 1, "validation": 0.1, "resume": tmp_path}
    same(wk.train(corpus, CONFIG, **settings, callbacks=[lambda p: steps.append(p.step)]), whole)
    assert steps[0] == 6


def test_what_is_in_a_checkpoint_is_not_written_again(corpus, tmp_path, monkeypatch):
    written = []
    write = checkpoints.write
    monkeypatch.setattr(checkpoints, "write", lambda *a, **k: written.append(1) or write(*a, **k))
    saved = wk.Checkpoint(tmp_path, every=1)
    model = wk.train(corpus, CONFIG, workers=1, callbacks=[saved])
    assert len(written) == json.loads(header(saved.path)["checkpoint"])["tally"]["step"]
    same(wk.train(corpus, CONFIG, workers=1, callbacks=[saved], resume=tmp_path), model)
    assert len(written) == json.loads(header(saved.path)["checkpoint"])["tally"]["step"]


MAPS = Path("/proc/self/maps")


@pytest.mark.skipif(not MAPS.exists(), reason="needs to see what is mapped")
def test_a_checkpoint_is_let_go_of_when_it_was_read(corpus, checkpoint):
    """One that is replaced would keep its room on the disk."""
    mapped = []

    def look(_):
        mapped.append(NAME in MAPS.read_text())

    wk.train(corpus, CONFIG, workers=1, resume=checkpoint, callbacks=[look])
    assert mapped
    assert not any(mapped)


@pytest.mark.parametrize("kind", ["CBOW", "tree"])
def test_other_models_resume_too(corpus, tmp_path, kind):
    config = wk.CBOW(**vars(CONFIG) | {"alpha": 0.05})
    if kind == "tree":
        config = replace(CONFIG, loss="hierarchical-softmax")
    expected = wk.train(corpus, config, workers=1)
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, config, workers=1, callbacks=[saved, lambda p: p.step == 4])
    same(wk.train(corpus, config, workers=1, resume=saved.path), expected)


SCRIPT = """
import sys, time
sys.path.insert(0, {here!r})
import wordkin as wk
from test_checkpoint import CONFIG, make_corpus
def slowly(progress):
    time.sleep(0.02)
wk.train(make_corpus(), CONFIG, workers=1, validation=0.1,
         callbacks=[slowly, wk.Checkpoint({folder!r}, every=1)])
print("it was never killed")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_and_resumed_is_the_whole_run(corpus, whole, tmp_path):
    script = SCRIPT.format(here=str(__file__).rpartition("/")[0], folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        while not (tmp_path / NAME).exists() and process.poll() is None:
            time.sleep(0.001)
        time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        assert process.stdout.read() == b""
    assert process.returncode == -signal.SIGKILL
    about = json.loads(header(tmp_path / NAME)["checkpoint"])
    assert 1 <= about["tally"]["step"] < 16
    same(wk.train(corpus, CONFIG, workers=1, validation=0.1, resume=tmp_path), whole)


def header(path):
    data = path.read_bytes()
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]


def test_a_checkpoint_that_fails_leaves_the_old_one(corpus, tmp_path, monkeypatch):
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, CONFIG, workers=1, callbacks=[saved, lambda p: p.step == 2])
    before = saved.path.read_bytes()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        wk.train(corpus, CONFIG, workers=1, callbacks=[saved])
    assert saved.path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_no_room_for_a_checkpoint_is_told_before_training(corpus, tmp_path, monkeypatch):
    free = SimpleNamespace(free=2 * 50 * 12 * 4 - 1)  # two tables of 50 words and 12 dimensions
    monkeypatch.setattr("shutil.disk_usage", lambda _: free)
    steps = []
    with pytest.raises(FileError, match="Make room"):
        wk.train(
            corpus, CONFIG, workers=1, callbacks=[steps.append, wk.Checkpoint(tmp_path, every=1)]
        )
    assert steps == list(tmp_path.iterdir()) == []
    free.free += 1
    wk.train(corpus, CONFIG, workers=1, callbacks=[wk.Checkpoint(tmp_path, every=1)])
    assert (tmp_path / NAME).exists()


def test_the_file_is_what_it_says(corpus, tmp_path):
    saved, tables = wk.Checkpoint(tmp_path, every="1h"), {}

    def keep(progress):
        tables.update({name: a.copy() for name, a in progress.arrays().items()})

    model = wk.train(corpus, CONFIG, workers=1, callbacks=[keep, saved])
    arrays = load_file(saved.path)  # there is always one at the end
    assert arrays.keys() == {"input", "context"}
    for name, array in arrays.items():
        assert array.tobytes() == tables[name].tobytes()
    again = wk.train(corpus, CONFIG, workers=1, resume=tmp_path)
    same(again, model)


def test_the_number_of_threads_may_change(corpus, tmp_path):
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, CONFIG, workers=1, callbacks=[saved, lambda p: p.step == 2])
    model = wk.train(corpus, CONFIG, workers=2, resume=tmp_path)
    assert model.account.presented == 4 * corpus.n_tokens


@pytest.fixture(scope="module")
def checkpoint(corpus, tmp_path_factory):
    saved = wk.Checkpoint(tmp_path_factory.mktemp("checkpoint"), every=1)
    wk.train(corpus, CONFIG, workers=1, callbacks=[saved, lambda p: p.step == 2])
    return saved.path


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"config": replace(CONFIG, alpha=0.05)}, "alpha is 0.035 there and 0.05 here"),
        ({"config": wk.CBOW(**vars(CONFIG))}, "model is 'SkipGram' there and 'CBOW' here"),
        ({"config": wk.GloVe()}, "model is 'SkipGram' there and 'GloVe' here"),
        ({"config": replace(CONFIG, epochs=5)}, "epochs is 4"),
        ({"seed": 2}, "seed is 1 there and 2 here"),
        ({"validation": 0.1}, "validation is 0.0 there"),
        ({"corpus": make_corpus(seed=1)}, "corpus|vocabulary"),
        ({"corpus": make_corpus(n=80_000)}, "corpus|vocabulary"),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(corpus, checkpoint, changes, named):
    arguments = {"corpus": corpus, "config": CONFIG, "workers": 1, "resume": checkpoint} | changes
    with pytest.raises(ConfigError, match=named):
        wk.train(**arguments)


def test_a_corpus_with_the_same_words_and_other_text_is_another(corpus, checkpoint):
    ids = corpus.ids[::-1].copy()
    other = wk.Corpus(ids, corpus.starts, corpus.vocabulary, corpus.account)
    with pytest.raises(ConfigError, match="the corpus: its text"):
        wk.train(other, CONFIG, workers=1, resume=checkpoint)


def test_files_that_are_no_checkpoints_are_refused(corpus, checkpoint, tmp_path):
    def resume(path):
        wk.train(corpus, CONFIG, workers=1, resume=path)

    with pytest.raises(FileError, match="Can't read the checkpoint"):
        resume(tmp_path)
    data = checkpoint.read_bytes()
    bad = tmp_path / "bad.safetensors"
    changes = {
        b"": b"no safetensors file at all",
        b"checkpoint": b"checkpxxxx",
        b'\\"format\\": 1': b'\\"format\\": 9',
        b'\\"step\\"': b'\\"xxxx\\"',
        b'"context"': b'"contexx"',
    }
    for old, new in changes.items():
        bad.write_bytes(data.replace(old, new) if old else new)
        with pytest.raises(FormatError, match=r"bad\.safetensors"):
            resume(bad)
    bad.write_bytes(data[:-100])
    with pytest.raises(FormatError, match="truncated"):
        resume(bad)
    vectors = tmp_path / "vectors.safetensors"
    wk.WordVectors(["a"], [[1.0]]).save(vectors)
    with pytest.raises(FormatError, match="no checkpoint of wordkin"):
        resume(vectors)


def test_a_folder_that_cannot_be_made_is_told_before(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="Can't make the folder"):
        wk.Checkpoint(tmp_path / "file" / "below")


def test_initial_and_resume_exclude_each_other(corpus, checkpoint):
    vectors = wk.WordVectors(corpus.vocabulary, np.zeros((50, 12)))
    with pytest.raises(ConfigError, match="initial or resume"):
        wk.train(corpus, CONFIG, initial=vectors, resume=checkpoint)
