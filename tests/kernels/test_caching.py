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


MOVED = """
import sys, types
from typing import NamedTuple
import numpy as np
{definition}
from wordkin.kernels import pairs, sampling, seed_state
Span = getattr(sys.modules.get("old_version"), "Span", sampling.Span)
text = sampling.Text(np.zeros(9, np.int32), np.array([0, 9]), np.array([2**32], np.uint64))
rule, buffer = pairs.PairRule(1, False, 0), pairs.make_buffer(1)
print(pairs.count_pairs(text, rule, Span(4, 9), buffer, seed_state(1)))
"""
ELSEWHERE = """
module = types.ModuleType("old_version")
exec("from typing import NamedTuple\\nclass Span(NamedTuple):\\n    start: int\\n    stop: int",
     module.__dict__)
sys.modules["old_version"] = module
"""


def test_code_that_names_a_type_of_another_version_is_compiled_anew(tmp_path):
    for definition in (ELSEWHERE, ""):
        result = subprocess.run(
            [sys.executable, "-c", MOVED.format(definition=definition)],
            capture_output=True, text=True, check=False,
            env=dict(os.environ, NUMBA_CACHE_DIR=str(tmp_path)),
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert result.stdout.split() == ["8"]  # pairs of neighbours among five tokens
