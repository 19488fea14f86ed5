"""Print what docs/what-we-promise.md counts: tests by file, and mutants by module.

    python tools/promises.py [MUTANTS.jsonl]

writes `docs/_data/promises.md` and, if told the file of `tools/mutate.py --out`,
`docs/_data/mutants.md`.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "what-we-promise.md"
DATA = ROOT / "docs" / "_data"


def named() -> list[str]:
    """Return the files of tests that the page names."""
    return sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE.read_text("utf-8"))))


def count(path: Path) -> tuple[int, int]:
    """Count the tests of a file, and how many of them Hypothesis draws examples for."""
    tree = ast.parse(path.read_text("utf-8"))
    tests = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]  # fmt: skip
    drawn = [
        node for node in tests if any("given(" in ast.unparse(one) for one in node.decorator_list)
    ]
    return len(tests), len(drawn)


def tests_table() -> str:
    """Return the tests by file, and their sum, as Markdown."""
    lines = ["| file | tests | of them with drawn examples |", "|---|---:|---:|"]
    total = [0, 0]
    for name in named():
        found = count(ROOT / name)
        total = [a + b for a, b in zip(total, found, strict=True)]
        lines.append(f"| `{name}` | {found[0]} | {found[1] or ''} |")
    every = [count(path)[0] for path in (ROOT / "tests").rglob("test_*.py")]
    lines.append(f"| named on this page | {total[0]} | {total[1]} |")
    lines.append(f"| all, in {len(every)} files | {sum(every)} | |")
    return "\n".join(lines) + "\n"


def mutants_table(path: Path) -> str:
    """Return the mutants by module, as Markdown."""
    lines = [
        "| module | possible mutants | sample | seed | killed | survived |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    sums = [0, 0]
    for line in path.read_text("utf-8").splitlines():
        one = json.loads(line)
        left = one["mutants"] - one["killed"]
        sums = [sums[0] + one["mutants"], sums[1] + one["killed"]]
        lines.append(
            f"| {one['module']} | {one['possible']:,} | {one['mutants']} | {one['seed']} | "
            f"{one['killed']} | {left} |"
        )
    lines.append(f"| all | | {sums[0]} | | {sums[1]} | {sums[0] - sums[1]} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (DATA / "promises.md").write_text(tests_table(), encoding="utf-8")
    if sys.argv[1:]:
        (DATA / "mutants.md").write_text(mutants_table(Path(sys.argv[1])), encoding="utf-8")
