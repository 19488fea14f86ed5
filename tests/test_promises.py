"""The page of promises names tests that are there, and counts no more than there are."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def promises():
    """The script that counts."""
    spec = importlib.util.spec_from_file_location("promises", ROOT / "tools" / "promises.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_promise_is_held_by_files_that_hold_tests(promises):
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| (`tests[^|]+) \|$", promises.PAGE.read_text(), re.M
    )
    assert len(rows) > 15
    assert len(promises.named()) > 40
    for name in promises.named():
        assert promises.count(ROOT / name)[0] > 0, name


def test_the_counts_are_not_more_than_there_are(promises):
    """Tests are added every day; the page may lag behind, but not claim what is gone."""
    told = (promises.DATA / "promises.md").read_text("utf-8")
    counts = re.findall(r"^\| `(tests/\S+)` \| (\d+) \| (\d*) \|$", told, re.M)
    assert {name for name, *_ in counts} == set(promises.named()), "python tools/promises.py"
    for name, tests, drawn in counts:
        assert (int(tests), int(drawn or 0)) <= promises.count(ROOT / name), name


def test_mutants_are_counted(promises, tmp_path):
    (tmp_path / "m.jsonl").write_text(
        '{"module": "a", "possible": 1200, "mutants": 10, "killed": 9, "seed": 1}\n'
        '{"module": "b", "possible": 5, "mutants": 5, "killed": 5, "seed": 1}\n'
    )
    lines = promises.mutants_table(tmp_path / "m.jsonl").splitlines()
    assert lines[2] == "| a | 1,200 | 10 | 1 | 9 | 1 |"
    assert lines[-1] == "| all | | 15 | | 14 | 1 |"


def test_drawn_examples_are_seen(promises, tmp_path):
    (tmp_path / "t.py").write_text(
        "@settings(x=1)\n@given(st.text())\ndef test_a(x): ...\n"
        "def test_b(): ...\ndef other(): ...\n"
    )
    assert promises.count(tmp_path / "t.py") == (2, 1)
