"""Old names: whoever uses one is told, in the line that does; and none outlives its version."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import wordkin
from wordkin.deprecation import deprecated, warn_deprecated

SOURCE = Path(wordkin.__file__).parent


@deprecated(instead="add()", gone_in="9.0")
def plus(a: int, *, b: int = 1) -> int:
    """Add."""
    return a + b


class Old:
    """Has a method that will go."""

    @deprecated(instead="Old.new", gone_in="9.0")
    def method(self) -> str:
        return "done"


def test_it_warns_in_the_line_of_the_caller_and_still_works():
    with pytest.warns(
        DeprecationWarning, match=r"plus\(\).*gone in wordkin 9\.0.*Use add\(\)"
    ) as w:
        assert plus(1, b=2) == 3
    assert w[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"Old\.method\(\).*Use Old\.new\."):
        assert Old().method() == "done"
    assert (plus.__name__, plus.__doc__) == ("plus", "Add.")


def test_an_argument_can_be_old():
    def caller(threads: int) -> None:
        warn_deprecated("threads=", instead="workers=", gone_in="9.0")

    with pytest.warns(DeprecationWarning, match=r"^threads= is deprecated") as told:
        caller(1)
    assert told[0].filename == __file__
    assert told[0].lineno == caller.__code__.co_firstlineno + 4


def promised(source: str) -> list[str]:
    """The versions in which old names of a file are to go."""
    return [
        word.value.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg == "gone_in" and isinstance(word.value, ast.Constant)
    ]


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def test_no_old_name_outlives_its_version():
    assert promised('deprecated(instead="x", gone_in="0.1")') == ["0.1"]
    for path in SOURCE.rglob("*.py"):
        for version in promised(path.read_text("utf-8")):
            assert number(version) > number(wordkin.__version__), f"{path}: take it out"
