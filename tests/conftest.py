"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"

# an example that takes more than 200 ms (Hypothesis's default) tells of a busy machine, or of a
# kernel that is compiled the first time
settings.register_profile("wordkin", deadline=None)
settings.load_profile("wordkin")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data; the test is skipped where there is none."""
    folder = Path(os.environ.get("WORDKIN_TEST_DATA", _BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no real data: set WORDKIN_TEST_DATA (looked at {folder})")
    return folder
