"""The formats of Google's word2vec, text and binary; fastText and others write the text one too.

A first line holds the number of words and of dimensions. Then, in text, each line is a word and
its numbers; in binary, each row is a word, a space and the float32 numbers, with or without a line
feed behind. Counts are in neither.
"""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from wordkin.errors import FormatError
from wordkin.files import atomic_write, open_bytes
from wordkin.formats.rows import Rows, encoded_words, naming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from wordkin.table import VectorTable

    Row = tuple[bytes, NDArray[np.floating[Any]]]
    RowReader = Callable[[BinaryIO, int, int], Iterator[Row]]

_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*(\d{1,15})[ \t]+(\d{1,7})[ \t]*\r?\n?")
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


def read_text(path: str | os.PathLike[str]) -> VectorTable:
    """Read the text format; compressed files are decompressed on the way.

    A word may hold spaces: the last D fields of a line are its numbers, and what is in front of
    them is the word. As many lines are read as the first one tells; further ones are counted
    in the table's settings as "unread". See `wordkin.formats.rows.Rows` for damaged words and
    repetitions.

    Parameters
    ----------
    path : str or path-like
        The file.

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
    return _read(path, "word2vec", _text_rows)


def read_binary(path: str | os.PathLike[str]) -> VectorTable:
    """Read the binary format; compressed files are decompressed on the way.

    See `wordkin.formats.rows.Rows` for damaged words and repetitions.

    Parameters
    ----------
    path : str or path-like
        The file.

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
    return _read(path, "word2vec-binary", _binary_rows)


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
        If a value is not finite, or a word is empty or holds white space.
    FileError
        If the file can't be written.
    """
    table.check_finite()
    words = encoded_words(table.vocabulary.words, without=b" \t\n\r\v\f")
    with atomic_write(path) as file:
        file.write(f"{len(table)} {table.dimensions}\n".encode())
        for word, vector in zip(words, table.matrix, strict=True):
            # str of a NumPy float32 is its shortest exact form; repr of a Python float is not
            file.write(word + f" {' '.join(map(str, vector))}\n".encode())


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
        If a value is not finite, or a word is empty or holds a space or a line feed.
    FileError
        If the file can't be written.
    """
    table.check_finite()
    words = encoded_words(table.vocabulary.words, without=b" \n")
    with atomic_write(path) as file:
        file.write(f"{len(table)} {table.dimensions}\n".encode())
        for word, vector in zip(words, table.matrix, strict=True):
            file.write(word + b" " + vector.astype("<f4", copy=False).tobytes() + b"\n")


def _read(path: str | os.PathLike[str], format_name: str, read_rows: RowReader) -> VectorTable:
    with naming(path), open_bytes(path) as stream:
        n_words, dimensions = _header(stream)
        if read_rows is _binary_rows:
            least = n_words * (4 * dimensions + 1)  # an empty word and a space
        else:
            least = n_words * (2 * dimensions + 1) - 1  # an empty word, one digit a number
        _check_size(stream, n_words, least)
        rows = Rows(dimensions, n_words)
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and that is refused
            for word, vector in read_rows(stream, n_words, dimensions):
                rows.add(word, vector)
        # GloVe's own program writes a row for <unk> that its first line does not count
        rows.unread = sum(1 for line in stream if line.strip())
        return rows.table(format_name)


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


def _text_rows(stream: BinaryIO, n_words: int, dimensions: int) -> Iterator[Row]:
    longest = _LONGEST_WORD + 64 * dimensions
    for row in range(n_words):
        line = stream.readline(longest)
        if not line.strip():
            raise _truncated(f"{n_words} words were promised, and {row} are there")
        parts = line.rsplit(None, dimensions)
        if len(parts) == dimensions and line[:1].isspace():
            parts.insert(0, b"")  # some files hold one empty word
        if len(parts) != dimensions + 1:
            raise FormatError(
                f"Line {row + 2} should hold a word and {dimensions} numbers; it holds "
                f"{len(parts)} fields. It begins with {line[:40]!r}."
            )
        try:
            yield parts[0], np.array(parts[1:], np.float64)
        except ValueError as error:
            raise FormatError(f"Line {row + 2} holds what is no number: {error}.") from error


def _binary_rows(stream: BinaryIO, n_words: int, dimensions: int) -> Iterator[Row]:
    width = 4 * dimensions
    data, start = b"", 0
    for row in range(n_words):
        space = data.find(b" ", start)
        while space < 0 or len(data) < space + 1 + width:
            if space < 0 and len(data) - start > _LONGEST_WORD:
                raise FormatError(f"There is no end to word {row + 1}: {data[start:][:40]!r}.")
            more = stream.read(_CHUNK)
            if not more:
                raise _truncated(f"{n_words} words were promised, and {row} are there")
            data, start = data[start:] + more, 0
            space = data.find(b" ")
        # the line feed, if any, that ended the row before
        yield data[start:space].lstrip(b"\n"), np.frombuffer(data, "<f4", dimensions, space + 1)
        start = space + 1 + width
    rest = data[start:] + stream.read(_CHUNK)
    if rest.strip():
        raise FormatError(
            f"The first line promises {n_words} words, but the file goes on behind them with "
            f"{rest.strip()[:40]!r}. Correct the first line."
        )
