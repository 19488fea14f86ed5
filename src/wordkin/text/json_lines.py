"""JSON lines: a file with an object in each line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from wordkin.errors import FormatError
from wordkin.files import open_bytes

if TYPE_CHECKING:
    from typing import BinaryIO

_LONGEST = 1 << 28  # bytes of a line, which is held in memory


def rows_of(path: str, encoding: str) -> Iterator[Mapping[str, Any]]:
    """Read the objects of a file, one after the other; empty lines are none.

    Parameters
    ----------
    path : str
        The file, which may be compressed.
    encoding : str
        Its encoding.

    Yields
    ------
    mapping
        The next row.

    Raises
    ------
    FormatError
        If a line is no object, is too long, or is not in that encoding.
    """
    with open_bytes(path) as stream:
        for n, line in enumerate(_lines(stream, path, encoding), 1):
            if line.strip():
                yield _row(line, f"Line {n} of {path!r}")


def _lines(stream: BinaryIO, path: str, encoding: str) -> Iterator[bytes | str]:
    """Cut a stream at its line feeds; other encodings than UTF-8 are decoded before that."""
    if encoding.startswith("utf-8"):
        yield from _bounded(stream, path)
        return
    try:
        with TextIOWrapper(stream, encoding, newline="\n") as text:
            yield from _bounded(text, path)
    except UnicodeError as error:
        raise FormatError(f"{path!r} is no {encoding}: {error}.") from error


def _bounded(stream: BinaryIO | TextIOWrapper, path: str) -> Iterator[bytes | str]:
    """Cut into lines, each of which is held in memory: few bytes may unpack to one of gigabytes."""
    number = 1
    while line := stream.readline(_LONGEST + 1):
        if len(line) > _LONGEST:
            raise FormatError(
                f"Line {number} of {path!r} is longer than {_LONGEST:,} bytes: no row is so large. "
                "Give each row a line of its own."
            )
        yield line
        number += 1


def _row(line: bytes | str, where: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where} is no JSON: {error}.") from error
    if not isinstance(row, Mapping):
        raise FormatError(f"{where} should be an object; it is {row!r:.60}.")
    return row
