"""Text that is made to be slow: every search is linear, and words of 100 000 letters are words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("hostile_text.py")


def attack(n, seconds):
    done = subprocess.run(
        [sys.executable, SCRIPT, str(n), str(seconds)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "done"), done.stderr[-3000:]


def test_no_text_takes_for_ever():
    attack(100_000, 400)  # a slow machine takes 100, and what is not linear hours


@pytest.mark.slow
def test_no_long_text_takes_for_ever():
    attack(1_000_000, 2_400)
