"""What a run takes, told before; and that it takes no more."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import wordkin as wk
from wordkin.engines import Memory, get_engine
from wordkin.errors import OutOfMemoryError
from wordkin.training import memory, memory_needed

MB = 1_000_000


@pytest.fixture(scope="module")
def corpus():
    return wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)


def test_the_arithmetic_is_told(corpus):
    need = memory_needed(corpus, wk.SkipGram(vector_size=100), workers=3)
    assert need.tables == 2 * (5 + 1) * 112 * 4
    assert need.shape == (5, 112)
    assert str(Memory(60_810_000, 17 * MB, (67_867, 112))) == (
        "78 MB: 61 for two tables of 67,867 x 112, 17 for the rest"
    )


def test_a_run_that_cannot_fit_is_refused_before_it_starts(corpus, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 10 * MB)
    started = []
    run = "wordkin.engines.word2vec.Word2VecRun.__init__"
    monkeypatch.setattr(run, lambda *_, **__: started.append(1))
    with pytest.raises(OutOfMemoryError, match=r"2 x 6 x 112 x 4 bytes .* 10 MB are available"):
        wk.train(corpus, wk.SkipGram())
    assert not started


def test_the_copy_that_early_stopping_keeps_is_counted(corpus, monkeypatch):
    config, stop = wk.SkipGram(epochs=2, sample=0), wk.EarlyStopping()
    run = {"workers": 1, "validation": 0.1}
    plain = memory_needed(corpus, config, workers=1)
    need = memory_needed(corpus, config, workers=1, callbacks=[print, stop])
    assert need.total - plain.total == plain.tables >= 2 * 5 * 100 * 4
    assert "two tables of 5 x 112 and a copy for EarlyStopping(restore_best=True)" in str(need)
    last = wk.EarlyStopping(restore_best=False)
    assert memory_needed(corpus, config, workers=1, callbacks=[last]) == plain
    assert wk.train(corpus, config, **run, callbacks=[stop]).memory == need
    monkeypatch.setattr(memory, "available_memory", lambda: need.total - 1)
    wk.train(corpus, config, **run, callbacks=[last])
    with pytest.raises(OutOfMemoryError, match="a copy for EarlyStopping"):
        wk.train(corpus, config, **run, callbacks=(each for each in [stop]))


def test_of_many_copies_one_more_is_counted():
    need = Memory(60 * MB, MB, (100, 112), "all of it", copies=3)
    assert need.with_copy("me") == Memory(
        80 * MB, MB, (100, 112), "all of it and a copy for me", copies=4
    )


def test_where_nothing_is_known_nothing_is_refused(corpus, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    memory.check_fits(Memory(10**18, 0, (1, 1)))
    monkeypatch.setattr(memory, "available_memory", lambda: 10 * MB)
    memory.check_fits(Memory(9 * MB, MB, (1, 1)))


def test_the_model_and_callbacks_know(corpus):
    seen = []
    model = wk.train(corpus, wk.SkipGram(epochs=1), workers=1, callbacks=[seen.append])
    need = memory_needed(corpus, wk.SkipGram(epochs=1), workers=1)
    assert seen[0].memory == model.memory == need


PEAK = """
import gc, numpy as np, wordkin as wk
from wordkin.training import memory_needed
def status(field):
    for line in open("/proc/self/status"):
        if line.startswith(field):
            return int(line.split()[1]) * 1024
def make(words):
    ids = np.resize(np.arange(words, dtype=np.int32), 400_000)
    vocabulary = wk.Vocabulary([f"w{i}" for i in range(words)], np.bincount(ids, minlength=words))
    vocabulary.fingerprint()
    return wk.Corpus(ids, np.arange(0, len(ids) + 1, 20), vocabulary,
                     wk.Account(read=len(ids), kept=len(ids)))
config = wk.CONFIG
wk.train(make(100), config, workers=2)  # loads and compiles
corpus = make(WORDS)
need = memory_needed(corpus, config, workers=2)
gc.collect()
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
model = wk.train(corpus, config, workers=2)
print(need.total, need.tables, status("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
@pytest.mark.parametrize(
    ("words", "config"),
    [
        (200_000, "SkipGram(vector_size=100, epochs=1, window=2)"),
        (400_000, "SkipGram(vector_size=100, epochs=1, window=2)"),
        (400_000, "Doc2Vec(vector_size=100, epochs=1, window=2)"),
    ],
)
def test_a_run_takes_what_was_told(words, config):
    # a coverage tool that follows into the process would be measured with it
    env = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    result = subprocess.run(
        [sys.executable, "-c", PEAK.replace("WORDS", str(words)).replace("CONFIG", config)],
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )
    assert result.returncode == 0, result.stderr
    told, tables, peak = map(int, result.stdout.split())
    assert tables * 0.8 < peak < told


@pytest.mark.parametrize("size", [5, 16, 100])
def test_finished_tables_are_the_live_ones_whoever_still_looks_at_those(size):
    words = [f"w{i}" for i in range(10_000)]  # more rows than are moved at once
    corpus = wk.Corpus.from_sentences([words], min_count=1)
    run = get_engine("cpu", workers=2).start(corpus, wk.SkipGram(vector_size=size), seed=1)
    rng = np.random.default_rng(0)
    tables = {n: rng.random((10_000, size), dtype=np.float32) for n in ("input", "context")}
    run.restore(tables)
    live = run.arrays() if size == 16 else {}
    for name, array in run.finish().items():
        assert np.array_equal(array, tables[name])
        assert array.flags.c_contiguous
    for name, array in live.items():
        assert np.array_equal(array, tables[name])
