"""Counting: beside a slow twin, in little memory, and what happens when there is no room."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from twins import cooccurrence as twin

import wordkin as wk
from wordkin.engines import cooccurrence
from wordkin.errors import FileError

LITTLE = 1 << 20


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    words = np.minimum(rng.zipf(1.3, 6_000), 700)
    sentences = np.split(words, np.sort(rng.integers(0, 6_000, 90)))
    return wk.Corpus.from_sentences([[f"w{w}" for w in s] for s in sentences], min_count=1)


def sentences_of(corpus):
    pairs = zip(corpus.starts, corpus.starts[1:], strict=False)
    return [np.asarray(corpus.ids)[a:b] for a, b in pairs]


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("weighting", "window"), [("harmonic", 7), ("linear", 4), ("flat", 30)])
def test_counts_are_the_twins(corpus, weighting, window, symmetric):
    config = wk.GloVe(window=window, distance_weighting=weighting, symmetric=symmetric)
    cells = cooccurrence.count_cells(corpus, config, workers=2)
    counts = twin.of_cells(cells)
    expected = twin.count(sentences_of(corpus), window, weighting=weighting, symmetric=symmetric)
    assert counts.keys() == expected.keys()
    values = [counts[key] for key in expected]
    np.testing.assert_allclose(values, list(expected.values()), rtol=1e-6)


def test_cells_of_a_tile_lie_together(corpus):
    cells = cooccurrence.count_cells(corpus, wk.GloVe(), workers=1)
    tiles = list(zip(cells.rows.tolist(), cells.columns.tolist(), strict=True))
    assert len(tiles) == len(set(tiles)) > 1
    assert (np.diff(cells.starts) > 0).all()
    assert cells.starts[-1] == len(cells.places) == len(cells.counts)


def test_more_than_the_disk_limit_is_refused_and_nothing_is_left(corpus, tmp_path):
    config = wk.GloVe(memory=LITTLE, disk_limit=5_000, temp_folder=tmp_path)
    with pytest.raises(FileError, match=r"needs more than the 5,000 bytes of disk_limit"):
        wk.train(corpus, config)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(corpus, tmp_path):
    config = wk.PPMI(temp_folder=tmp_path / "nowhere")
    with pytest.raises(FileError, match=r"temporary folder.*nowhere.*temp_folder"):
        wk.train(corpus, config)


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_full_disk_is_told_and_nothing_is_left(tmp_path):
    code = f"""
import resource, signal
import wordkin as wk
from wordkin.errors import FileError
corpus = wk.Corpus.from_sentences([[str(i * i % 997) for i in range(40_000)]], min_count=1)
wk.train(corpus, wk.GloVe(epochs=1, vector_size=4), workers=1)  # compiled before it gets tight
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    wk.train(corpus, wk.GloVe(memory={LITTLE}, temp_folder={str(tmp_path)!r}), workers=1)
except FileError as error:
    print(error)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "Can't write a temporary file" in result.stdout, result.stderr
    assert "temp_folder" in result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_nothing_is_left_after_ctrl_c(tmp_path, untraced):
    code = f"""
import logging, numpy as np, wordkin as wk
rng = np.random.default_rng(0)
words = [str(w) for w in rng.integers(0, 3_000, 4_000_000)]
corpus = wk.Corpus.from_sentences([words], min_count=1)
little = wk.Corpus.from_sentences([words[:50_000]], min_count=1)
# an interrupt that comes while code is compiled may be lost there: compile before
wk.train(little, wk.GloVe(epochs=1, vector_size=4, memory={LITTLE}))
print("counting", flush=True)
config = wk.GloVe(
    window=1_000, memory={LITTLE * 8}, disk_limit={10 << 30}, temp_folder={str(tmp_path)!r}
)
wk.train(corpus, config)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=untraced,
    )  # fmt: skip
    try:
        assert child.stdout.readline() == "counting\n"
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        _, told = child.communicate(timeout=300)
    finally:
        child.kill()
    assert "KeyboardInterrupt" in told
    assert child.returncode != 0
    assert list(tmp_path.iterdir()) == []
