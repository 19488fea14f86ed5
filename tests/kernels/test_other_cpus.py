"""The kernels give the same result on CPUs with narrower registers, and without fused adds."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CPUS = {
    "AVX2 with FMA": ("haswell", "+avx2,+fma,+avx,+sse4.2", 8),
    "AVX without FMA": ("sandybridge", "+avx,+sse4.2", 8),
    "SSE4.2": ("nehalem", "+sse4.2", 4),
}


def run(cpu, tmp_path, *command):
    name, features, _ = CPUS[cpu]
    environment = os.environ | {
        "NUMBA_CPU_NAME": name,
        "NUMBA_CPU_FEATURES": features,
        "NUMBA_CACHE_DIR": str(tmp_path),
    }
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are features of x86-64")
@pytest.mark.parametrize(
    "cpu",
    [
        "AVX2 with FMA",
        # between the other two in all respects
        pytest.param("AVX without FMA", marks=pytest.mark.slow),
        "SSE4.2",
    ],
)
def test_the_twins_agree_on(cpu, tmp_path):
    lanes = run(cpu, tmp_path, "-c", "from wordkin.kernels.lanes import LANES; print(LANES)")
    assert int(lanes.stdout) == CPUS[cpu][2]
    result = run(
        cpu, tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-cov",
        str(HERE / "test_word2vec.py"), "-k", "grouped_kernel_equals and (2-5 or 3-6)",
    )  # fmt: skip
    assert "4 passed" in result.stdout, result.stdout[-2000:]


EMPTY = """
import numpy as np
from wordkin.kernels.numbering import WordTable
text, begins = np.frombuffer(b"abc" + bytes(16), np.uint8), np.arange(4)
print(WordTable().number(text, begins, begins).tolist())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are features of x86-64")
def test_a_word_without_letters_is_one_word_without_instructions_for_masks(tmp_path):
    assert run("SSE4.2", tmp_path, "-c", EMPTY).stdout == "[0, 0, 0, 0]\n"
