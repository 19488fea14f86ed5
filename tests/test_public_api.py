"""What the package promises to its users, word for word: each public name with its signature.

`public_api.txt` is the promise. When a change of it is wanted, `python tests/test_public_api.py`
writes it anew; the difference belongs into the same commit, a line in CHANGELOG.md with it, and
what was there before stays for a while behind `wordkin.deprecation`.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import wordkin

PROMISE = Path(__file__).with_name("public_api.txt")


def shown(called) -> str:
    """A signature without the quotes that differ between versions of Python."""
    parts, keyword_only = [], False
    for one in inspect.signature(called).parameters.values():
        if one.kind is one.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            parts.append("*")
        stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        keyword_only |= stars == "*"
        default = "" if one.default is one.empty else f" = {one.default!r}"
        parts.append(f"{stars}{one.name}{kind_of(one.annotation)}{default}")
    back = inspect.signature(called).return_annotation
    arrow = "" if back is inspect.Signature.empty or inspect.isclass(called) else f" -> {back}"
    return f"({', '.join(parts)}){arrow}"


def kind_of(annotation) -> str:
    return "" if annotation is inspect.Parameter.empty else f": {annotation}"


def members(cls):
    """Names and kinds of what a class of ours offers, not what its foreign bases do."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("wordkin")]
    for name in sorted({name for base in ours for name in vars(base) if name[0] != "_"}):
        there = inspect.getattr_static(cls, name)
        if callable(getattr(there, "__func__", there)):
            yield f"{name}{shown(getattr(there, '__func__', there))}"
        elif isinstance(there, property) or hasattr(there, "__get__"):
            yield f"{name}: a property"


def promise() -> str:
    lines = []
    for name in sorted(wordkin.__all__, key=str.casefold):
        there = getattr(wordkin, name)
        if inspect.isclass(there):
            simple = issubclass(there, Exception)
            lines.append(f"class {name}{'' if simple else shown(there)}")
            lines += [f"    .{member}" for member in members(there)]
        elif callable(there):
            lines.append(f"{name}{shown(there)}")
    return "\n".join(lines) + "\n"


def test_public_names_have_the_signatures_that_were_promised():
    pytest.importorskip("keras")
    was, now = PROMISE.read_text("utf-8").splitlines(), promise().splitlines()
    gone = [f"- {line}" for line in was if line not in now]
    new = [f"+ {line}" for line in now if line not in was]
    assert not gone + new, "\n".join([
        "The public names changed. If that is wanted: python tests/test_public_api.py, a line in "
        "CHANGELOG.md, and for what is gone a name that warns (wordkin.deprecation).", *gone, *new,
    ])  # fmt: skip
    assert was == now


def test_all_that_is_public_is_typed():
    """Nobody has to guess what goes in and what comes out."""
    for name in set(wordkin.__all__) - {"__version__", "TuneEmbedding"}:
        there = getattr(wordkin, name)
        if inspect.isclass(there) and issubclass(there, Exception):
            continue
        signature = inspect.signature(there)
        for one in signature.parameters.values():
            assert one.annotation is not one.empty, (name, one.name)
        assert inspect.isclass(there) or signature.return_annotation is not signature.empty, name


if __name__ == "__main__":
    PROMISE.write_text(promise(), encoding="utf-8")
