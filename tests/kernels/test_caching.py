"""Machine code is compiled once, and found again by later processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TRAIN = """
import wordkin as wk
from wordkin.kernels import caching
compiled = []
save = caching.KernelCache.save_overload
caching.KernelCache.save_overload = lambda self, sig, data: (
    compiled.append(self._name), save(self, sig, data))
corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
{run}
print(len(compiled))
"""
RUNS = {
    "grouped": "wk.train(corpus, wk.SkipGram(vector_size=8, epochs=1, group=3))",
    "plain": "wk.train(corpus, wk.CBOW(vector_size=8, epochs=1, group=1))",
    "fastText": "wk.train(corpus, wk.FastText(vector_size=8, epochs=1, buckets=50))",
}


@pytest.mark.parametrize("name", RUNS)
def test_the_second_process_compiles_nothing(name, tmp_path):
    code = TRAIN.format(run=RUNS[name])
    counts = []
    for hash_seed in "12":
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False,
            env=dict(os.environ, NUMBA_CACHE_DIR=str(tmp_path), PYTHONHASHSEED=hash_seed),
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        counts.append(int(result.stdout))
    assert counts[0] > 3
    assert counts[1] == 0
