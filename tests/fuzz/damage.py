"""Ways to damage a file: bytes, lengths, numbers in text, and values inside JSON."""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

LENGTHS = [
    struct.pack("<q", number) for number in (-1, -(2**63), 2**31, 2**40, 2**62, 2**63 - 1, 10**12)
] + [struct.pack("<i", number) for number in (-1, 2**30, 2**31 - 1, 255, 0)]
NUMBERS = [
    b"-1", b"0", b"1", b"2147483647", b"2147483648", b"9223372036854775807", b"9223372036854775808",
    b"1" * 40, b"9" * 5000, b"1e999", b"nan", b"NaN", b"inf", b"-Infinity", b"1e-400", b"1_0",
    b"0x10", b"", b"1.5", "١٢".encode(),
]  # fmt: skip
TOKENS = [
    b"\0", b"\n", b"\r", b"\t", b" ", b'"', b"'", b"{", b"}", b"[", b"]", b",", b"\xff\xfe",
    b"\xef\xbb\xbf", "\u2028".encode(), b"\xed\xa0\x80", b"../", b"/", b"PK\x03\x04", b"\x1f\x8b",
    b"__label__", b"\x93NUMPY", b"<!DOCTYPE html>",
]  # fmt: skip
DEEP = object()  # stands for lists in lists, deeper than Python's stack
BIG = object()  # stands for an integer that is longer than Python reads
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 2, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**400, -(2**63),
    0.5, -0.5, 1e308, 1e-320, float("nan"), float("inf"), -float("inf"), "", "a", "\0", "\ud800",
    "NaN", "x" * 70_000, [], {}, [[]], [None], [0] * 1000, {"a": 1}, {"": {}}, DEEP, BIG,
]  # fmt: skip
_NUMBER = re.compile(rb"\d+")


def damaged(content: bytes, chance: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Damage a file in one to three ways.

    Parameters
    ----------
    content : bytes
        The file.
    chance : random.Random
        What decides.
    others : sequence of bytes
        Files to take pieces of.

    Returns
    -------
    bytes
        Another file.
    """
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if chance.random() < 0.4:
            changed = _json_damaged(content, chance)
            if changed is not None:
                content = changed
                continue
        content = chance.choice(_WAYS)(content, chance, others) if content else b"\0"
    return content


# --- bytes


def _place(content: bytes, chance: random.Random) -> int:
    place = chance.randrange(len(content))
    # heads hold the lengths
    return min(place, chance.randrange(200)) if chance.random() < 0.4 else place


def _flip(content: bytes, chance: random.Random, _: Any) -> bytes:
    changed = bytearray(content)
    for _bit in range(chance.randint(1, 4)):
        changed[_place(content, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(content: bytes, chance: random.Random, _: Any) -> bytes:
    return content[: _place(content, chance)]


def _length(content: bytes, chance: random.Random, _: Any) -> bytes:
    bomb, place = chance.choice(LENGTHS), _place(content, chance)
    if chance.random() < 0.5:
        bomb = bomb[::-1]
    return content[:place] + bomb + content[place + len(bomb) :]


def _insert(content: bytes, chance: random.Random, _: Any) -> bytes:
    place = _place(content, chance)
    new = chance.choice(TOKENS) if chance.random() < 0.7 else chance.randbytes(chance.randint(1, 9))
    return content[:place] + new + content[place:]


def _delete(content: bytes, chance: random.Random, _: Any) -> bytes:
    place = _place(content, chance)
    return content[:place] + content[place + chance.randint(1, 9) :]


def _repeat(content: bytes, chance: random.Random, _: Any) -> bytes:
    place = _place(content, chance)
    piece = content[place : place + chance.randint(1, 60)]
    return content[:place] + piece * chance.choice((1, 1, 2, 100)) + content[place:]


def _number(content: bytes, chance: random.Random, _: Any) -> bytes:
    found = list(_NUMBER.finditer(content[: 1 << 14]))
    if not found:
        return _flip(content, chance, ())
    match = chance.choice(found[:20] if chance.random() < 0.5 else found)
    return content[: match.start()] + chance.choice(NUMBERS) + content[match.end() :]


def _splice(content: bytes, chance: random.Random, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others) if others else content
    if not other:
        return content[1:]
    start = chance.randrange(len(other))
    piece = other[start : start + chance.randint(1, 200)]
    place = _place(content, chance)
    return content[:place] + piece + content[place + chance.choice((0, len(piece))) :]


_WAYS = (_flip, _flip, _cut, _length, _length, _insert, _delete, _repeat, _number, _splice)


# --- JSON


def _json_damaged(content: bytes, chance: random.Random) -> bytes | None:
    """Damage JSON: the whole file, the head of safetensors or of an index, or a line, if any."""
    length = int.from_bytes(content[:8], "little")
    if content[8:9] == b"{" and 8 + length <= len(content):
        head = _text_damaged(content[8 : 8 + length], chance)
        return head and len(head).to_bytes(8, "little") + head + content[8 + length :]
    if content.startswith(b"wordkin "):  # an index: a line of its own before the JSON
        first, _, rest = content.partition(b"\n")
        line, _, rest = rest.partition(b"\n")
        new = _text_damaged(line, chance)
        return new and b"\n".join([first, new, rest])
    if content[:1] in (b"{", b"[") and content.count(b"\n", 0, -1) and chance.random() < 0.5:
        lines = content.split(b"\n")
        at = chance.randrange(len(lines))
        line = _text_damaged(lines[at], chance)
        if line is not None:
            return b"\n".join([*lines[:at], line, *lines[at + 1 :]])
    return _text_damaged(content, chance) if content[:1] in (b"{", b"[", b'"') else None


def _text_damaged(text: bytes | str, chance: random.Random) -> bytes | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    twice = chance.random() < 0.05
    changed = _value_damaged(value, chance)
    try:
        made = json.dumps(changed, default=_special)
    except (ValueError, RecursionError):
        return None
    made = made.replace('"<deep>"', "[" * 9000 + "]" * 9000).replace('"<big>"', "9" * 5000)
    if twice and made.startswith("{") and len(made) > 2:  # a name that comes twice
        made = "{" + made[1:-1] + "," + made[1:]
    return made.encode()


def _special(value: object) -> str:
    return "<deep>" if value is DEEP else "<big>"


def _value_damaged(value: Any, chance: random.Random) -> Any:
    inside = isinstance(value, dict | list) and len(value) > 0
    if isinstance(value, str) and value[:1] in ("{", "[") and chance.random() < 0.7:
        inner = _text_damaged(value, chance)
        if inner is not None:
            return inner.decode()
    if inside and chance.random() < 0.85:
        return _part_damaged(value, chance)
    if isinstance(value, int) and not isinstance(value, bool) and chance.random() < 0.4:
        return chance.choice((value + 1, value - 1, value * 2, -value, str(value)[:99]))
    return chance.choice(VALUES)


def _part_damaged(value: Any, chance: random.Random) -> Any:
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = chance.choice(keys)
    kind = chance.random()
    if kind < 0.08:
        del value[key]
    elif kind < 0.13:
        if isinstance(value, dict):
            value[chance.choice(("", "a", "__metadata__", "\ud800"))] = chance.choice(VALUES)
        else:
            value.insert(key, chance.choice(VALUES))
    elif kind < 0.2:
        value[key] = value[chance.choice(keys)]
    else:
        value[key] = _value_damaged(value[key], chance)
    return value
