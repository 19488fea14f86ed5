"""The formats of Google's word2vec, text and binary; fastText and others write the text one too.

A first line holds the number of words and of dimensions. Then, in text, each line is a word and
its numbers; in binary, each row is a word, a space and the float32 numbers, with or without a line
feed behind. Counts are in neither.
"""

from __future__ import annotations

import io
import os
import re
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from wordkin.errors import FormatError
from wordkin.files import atomic_write, open_bytes
from wordkin.formats.batches import Collector, Pick, not_finite
from wordkin.formats.lines import read_lines, write_lines
from wordkin.formats.room import check_promise
from wordkin.formats.rows import naming, words_to_write
from wordkin.progress import task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.table import VectorTable

    Pieces = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.float32]]

_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*(\d{1,15})[ \t]+(\d{1,7})[ \t]*\r?\n?")
_NUMBER = re.compile(rb"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[-+]?[0-9]+)?", re.IGNORECASE)
_LONGEST_WORD = 1 << 16  # bytes; a file without a space for so long is no such file
_CHUNK = 1 << 20


def looks_like_text(head: bytes) -> bool:
    """Tell from its beginning whether a file is in the text format.

    Parameters
    ----------
    head : bytes
        The first bytes, as many as a line may have.

    Returns
    -------
    bool
        True if a header and a line of numbers stand there.
    """
    header, _, rest = head.partition(b"\n")
    match = _HEADER.fullmatch(header)
    if not match:
        return False
    parts = rest.partition(b"\n")[0].rsplit(None, int(match[2]))
    try:
        np.array(parts[1:], np.float32)
    except ValueError:
        return False
    return len(parts) == int(match[2]) + 1


def looks_like_binary(head: bytes) -> bool:
    """Tell from its beginning whether a file is in the binary format.

    Parameters
    ----------
    head : bytes
        The first bytes.

    Returns
    -------
    bool
        True if there is a header, and what follows is no line of numbers.
    """
    return _HEADER.fullmatch(head.partition(b"\n")[0]) is not None and not looks_like_text(head)


def read_text(
    path: str | os.PathLike[str],
    *,
    limit: int | None = None,
    only: Iterable[str] | None = None,
) -> VectorTable:
    """Read the text format; compressed files are decompressed on the way.

    A word may hold spaces: the last D fields of a line are its numbers, and what is in front of
    them is the word. As many lines are read as the first one tells; further ones are counted
    in the table's settings as "unread". See `wordkin.formats.batches.Collector` for damaged words
    and repetitions, and `wordkin.formats.lines` for what is a number.

    Parameters
    ----------
    path : str or path-like
        The file.
    limit : int, optional
        Read the first so many lines only.
    only : iterable of str, optional
        Of these, keep the words that are in here; other lines cost next to nothing.

    Returns
    -------
    VectorTable
        The vectors in memory.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is not in this format, truncated, or holds values that are not finite.
    """
    pick = Pick.of(limit, only)
    with naming(path), open_bytes(path) as stream:
        n_words, dimensions = _header(stream)
        # an empty word, one digit a number
        _check_size(stream, n_words, n_words * (2 * dimensions + 1) - 1)
        if pick.only is None:  # else nobody knows how many there will be
            check_promise(path, n_words, dimensions=dimensions, limit=pick.limit)
        rows = Collector(path, dimensions, n_words)
        n_lines = read_lines(
            stream, rows, pick, dimensions=dimensions, first_line=2, promised=n_words
        )
        _check_all_there(n_lines, n_words, pick)
        if rows.spaces == rows.n_rows:
            _check_dimensions(rows.words(), dimensions)
        return rows.table("word2vec", pick)


def read_binary(
    path: str | os.PathLike[str],
    *,
    limit: int | None = None,
    only: Iterable[str] | None = None,
) -> VectorTable:
    """Read the binary format; compressed files are decompressed on the way.

    See `wordkin.formats.batches.Collector` for damaged words and repetitions.

    Parameters
    ----------
    path : str or path-like
        The file.
    limit : int, optional
        Read the first so many rows only.
    only : iterable of str, optional
        Of these, keep the words that are in here.

    Returns
    -------
    VectorTable
        The vectors in memory.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is not in this format, truncated, or holds values that are not finite.
    """
    pick = Pick.of(limit, only)
    with naming(path), open_bytes(path) as stream:
        n_words, dimensions = _header(stream)
        _check_size(stream, n_words, n_words * (4 * dimensions + 1))  # an empty word and a space
        if pick.only is None:  # else nobody knows how many there will be
            check_promise(path, n_words, dimensions=dimensions, limit=pick.limit)
        rows = Collector(path, dimensions, n_words)
        _read_binary(stream, rows, pick, n_words=n_words, dimensions=dimensions)
        return rows.table("word2vec-binary", pick)


def write_text(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write the text format.

    Each number has as many digits as are needed to read the same float32 back.

    Parameters
    ----------
    table : VectorTable
        The vectors. Their counts, tokenizer and settings have no place in this format.
    path : str or path-like
        The file; one that is there is replaced when the new one is complete.

    Raises
    ------
    InputError
        If a value is not finite, there are no words, or one is empty or holds white space.
    FileError
        If the file can't be written.
    """
    words = words_to_write(table, without=b" \t\n\r\v\f")
    with atomic_write(path) as file:
        file.write(f"{len(table)} {table.dimensions}\n".encode())
        write_lines(file, words, table.matrix)


def write_binary(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write the binary format, with a line feed behind each row as Google's program does.

    Parameters
    ----------
    table : VectorTable
        The vectors. Their counts, tokenizer and settings have no place in this format.
    path : str or path-like
        The file; one that is there is replaced when the new one is complete.

    Raises
    ------
    InputError
        If a value is not finite, there are no words, or one is empty or holds a space or a line
        feed.
    FileError
        If the file can't be written.
    """
    words = words_to_write(table, without=b" \n")
    with (
        task("writing vectors", len(words), "words") as advance,
        atomic_write(path) as file,
    ):
        file.write(f"{len(table)} {table.dimensions}\n".encode())
        for word, vector in zip(words, table.matrix, strict=True):
            file.write(word + b" " + vector.astype("<f4", copy=False).tobytes() + b"\n")
            advance(1)


def _header(stream: BinaryIO) -> tuple[int, int]:
    line = stream.readline(100)
    match = _HEADER.fullmatch(line)
    if not match or not int(match[1]) or not int(match[2]):
        raise FormatError(
            "In word2vec's format the first line holds the number of words and the number of "
            f"dimensions, such as '400000 100'; this file begins with {line[:40]!r}."
        )
    return int(match[1]), int(match[2])


def _check_size(stream: BinaryIO, n_words: int, least: int) -> None:
    """Hold what the header promises against the size of the file, unless it is compressed."""
    try:
        left = os.fstat(stream.fileno()).st_size - stream.tell()
    except io.UnsupportedOperation:
        return
    if least > left:
        raise _truncated(f"{n_words} words take {least} bytes at least, and {left} are there")


def _truncated(what: str) -> FormatError:
    return FormatError(
        f"The file is truncated, or the numbers in its first line are wrong: {what}. Copy or "
        "download it again."
    )


def _check_dimensions(words: list[bytes], dimensions: int) -> None:
    """Refuse a first line that tells too few dimensions: the first numbers would become words."""
    if words and all(_ends_in_number(word) for word in words):
        raise FormatError(
            f"The first line promises {dimensions} dimensions, but all lines hold more numbers: "
            f"line 2 begins with {words[0]!r}. Correct the first line."
        )


def _ends_in_number(word: bytes) -> bool:
    _, *rest = word.rsplit(maxsplit=1) or [b""]
    return bool(rest) and _NUMBER.fullmatch(rest[0]) is not None


def _check_all_there(n_read: int, n_words: int, pick: Pick) -> None:
    if n_read < min(n_words, pick.limit or n_words):
        raise _truncated(f"{n_words} words were promised, and {n_read} are there")


def _read_binary(
    stream: BinaryIO, rows: Collector, pick: Pick, *, n_words: int, dimensions: int
) -> None:
    from wordkin.kernels.words import binary_rows

    only = None if pick.only is None else {word.encode("utf-8", "replace") for word in pick.only}
    width = 4 * dimensions
    stop = min(n_words, pick.limit or n_words)
    done, rest = 0, b""
    while done < stop:
        more = stream.read(_CHUNK)
        _check_row_ends(rest, done, width)
        data = rest + more
        most = min(stop - done, len(data) // (width + 1) + 1)
        words, offsets = np.empty(len(data), np.uint8), np.zeros(most + 1, np.int64)
        bits = np.empty((most, width), np.uint8)
        n_rows, used = binary_rows(np.frombuffer(data, np.uint8), most, words, offsets, bits)
        matrix = bits[:n_rows].view("<f4").astype(np.float32, copy=False)
        pieces = words, offsets[: n_rows + 1], matrix
        _check_finite(*pieces, first_row=done + 1)
        rows.add(*_only(only, pieces))
        done, rest = done + n_rows, data[used:]
        if not more:
            _check_all_there(done, n_words, pick)
    if stop == n_words:
        rest += stream.read(_CHUNK)
        if rest.strip():
            raise FormatError(
                f"The first line promises {n_words} words, but the file goes on behind them with "
                f"{rest.strip()[:40]!r}. Correct the first line."
            )


def _check_row_ends(rest: bytes, done: int, width: int) -> None:
    """Look at what is left of a chunk: the beginning of a row, or no row at all."""
    if len(rest) > _LONGEST_WORD + width and b" " not in rest[:_LONGEST_WORD]:
        raise FormatError(f"There is no end to word {done + 1}: {rest[:40]!r}.")


def _check_finite(
    words: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    matrix: NDArray[np.float32],
    *,
    first_row: int,
) -> None:
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        row = int(bad[0])
        word = words[offsets[row] : offsets[row + 1]].tobytes()
        raise FormatError(f"Row {first_row + row} {not_finite(word)}")


def _only(wanted: set[bytes] | None, pieces: Pieces) -> Pieces:
    """Keep the rows of some words."""
    if wanted is None:
        return pieces
    data = pieces[0].tobytes()
    words = [data[start:stop] for start, stop in pairwise(pieces[1].tolist())]
    kept = [i for i, word in enumerate(words) if word in wanted]
    joined = b"".join(words[i] for i in kept)
    offsets = np.cumsum([0, *(len(words[i]) for i in kept)], dtype=np.int64)
    return np.frombuffer(joined, np.uint8), offsets, pieces[2][kept]
