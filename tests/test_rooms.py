"""What a stranger finds the way by: rooms in the pages, and files that say what they are for."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "wordkin"


def rooms() -> list[str]:
    """From the ground up, as the contract has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return project["tool"]["importlinter"]["contracts"][0]["layers"][::-1]


def test_the_guide_lists_each_room_from_the_ground_up():
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[^|]*) \|", guide.split("## The house")[1], flags=re.M)
    listed = [name for row in rows for name in re.findall(r"`(\w+)/?`", row)]
    there = [room for room in rooms() if room != "__main__"]
    assert listed == there


def test_rooms_that_pages_name_are_there():
    page = (ROOT / "docs" / "how-it-is-built.md").read_text("utf-8")
    files = set(re.findall(r"`([a-z_0-9]+/(?:[a-z_0-9]+\.py)?|[a-z_0-9]+\.py)`", page))
    assert len(files) > 10
    for name in files:
        assert (SOURCE / name).exists() or (ROOT / name).exists(), name


def test_the_walls_around_the_compiler_leave_no_room_out():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    walls = contracts["tool"]["importlinter"]["contracts"][2]["source_modules"]
    inside = {name.removeprefix("wordkin.") for name in walls}
    assert inside == set(rooms()) - {"kernels", "__main__"}


def purpose(path: Path) -> str:
    """The first line of a file, if it is the first line of its docstring."""
    text = path.read_text("utf-8")
    told = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    first = text.partition("\n")[0]
    return told if told and first.lstrip('r"').startswith(told[:40]) else ""


def test_each_file_says_in_its_first_line_what_it_is_for():
    there = [path for name in ("src", "tests", "benchmarks", "docs", "tools")
             for path in (ROOT / name).rglob("*.py")]  # fmt: skip
    assert len(there) > 300
    for path in there:
        told = purpose(path)
        assert len(told.split()) >= 3, f"{path}: begin with what the file is for"
        assert told.endswith((".", "?")) or SOURCE not in path.parents, path


def test_no_two_files_are_for_the_same():
    told = Counter(purpose(path) for path in SOURCE.rglob("*.py"))
    assert [line for line, times in told.items() if times > 1] == []
