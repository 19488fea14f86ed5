"""Fixtures that all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data; the test is skipped where there is none."""
    folder = Path(os.environ.get("WORDKIN_TEST_DATA", _BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no real data: set WORDKIN_TEST_DATA (looked at {folder})")
    return folder
