"""One sentence of all words, a file of empty lines: read, kept and trained on in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("huge.py")


def read(folder, kind, n):
    done = subprocess.run(
        [sys.executable, SCRIPT, folder, kind, str(n)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def check(report, kind, n):
    if kind == "sentence":
        assert (report["tokens"], report["sentences"], report["empty"]) == (n, 1, 0)
    else:
        assert (report["tokens"], report["sentences"], report["empty"]) == (600, 100, n)
    before, after, _ = report["megabytes"]
    # of each word 4 bytes are kept (mapped from disk), of each empty line 8
    assert after - before < 100 + 30 * n / 1e6, report


@pytest.mark.parametrize("kind", ["sentence", "empty"])
def test_a_corpus_of_odd_shape(kind, tmp_path):
    check(read(tmp_path, kind, 200_000), kind, 200_000)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "n"), [("sentence", 100_000_000), ("empty", 10_000_000)])
def test_a_huge_corpus_of_odd_shape(kind, n, tmp_path):
    check(read(tmp_path, kind, n), kind, n)
