"""Fixtures that all tests share."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"

# an example that takes more than 200 ms (Hypothesis's default) tells of a busy machine, or of a
# kernel that is compiled the first time
settings.register_profile("wordkin", deadline=None)
settings.load_profile("wordkin")

# a shell without job control starts what it runs in the background deaf to Ctrl-C, and so what that
# starts; tests of Ctrl-C would train without an end, and fill the disk
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data; the test is skipped where there is none."""
    folder = Path(os.environ.get("WORDKIN_TEST_DATA", _BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no real data: set WORDKIN_TEST_DATA (looked at {folder})")
    return folder


@pytest.fixture
def untraced() -> dict[str, str]:
    """The environment of a process to interrupt: coverage holds a lock in each process that it
    traces, and one that is interrupted there hangs for ever."""
    return {name: v for name, v in os.environ.items() if not name.startswith("COVERAGE_")}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """A test closes the runs that it makes: their threads wait until they are told to stop."""
    before = set(threading.enumerate())
    yield
    new = set(threading.enumerate()) - before
    assert not [thread for thread in new if thread.name.startswith("wordkin-train")]
