"""floret's ``.floret``: the table of hashes as text, which spaCy reads.

The first line holds: buckets, dimensions, min_n, max_n, number of hashes, seed, and the marks at
the beginning and the end of a word. Then each line is a row: its number and its values. There are
no words in it: every word gets its vector from the table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.files import atomic_write, open_bytes
from wordkin.formats.batches import check_budget
from wordkin.formats.binary import all_usable
from wordkin.formats.rows import naming
from wordkin.progress import told
from wordkin.subwords import Subwords
from wordkin.subwords.floret import FloretIndex
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

_HEADER = re.compile(
    rb"(\d{1,10}) (\d{1,6}) (\d{1,3}) (\d{1,3}) ([1-4]) (\d{1,10}) (\S{1,40}) (\S{1,40})\r?\n?"
)
_FIRST_ROWS = 1 << 16  # what is allocated before any row has come


def looks_like(head: bytes) -> bool:
    """Tell from its beginning whether a file is a floret table.

    Parameters
    ----------
    head : bytes
        The first line, or more.

    Returns
    -------
    bool
        True if it is.
    """
    return _HEADER.fullmatch(head.partition(b"\n")[0]) is not None


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read a floret table; a compressed file is decompressed on the way.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    VectorTable
        Without words; its ``subwords`` give the vector of any.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is not in this format, truncated, or holds values that are not finite.
    """
    with naming(path), open_bytes(path) as stream:
        line = stream.readline(200)
        match = _HEADER.fullmatch(line)
        if not match:
            raise FormatError(
                "The first line of a floret table holds 8 fields, such as "
                f"'50000 300 4 5 2 2166136261 < >'; this file begins with {line[:40]!r}."
            )
        n_rows, dimensions, min_n, max_n, n_hashes, seed = (int(match[i]) for i in range(1, 7))
        marks = _mark(match[7]), _mark(match[8])
        index = FloretIndex(n_rows, min_n, max_n, n_hashes, seed, *marks)
        if not dimensions:
            raise FormatError("The first line tells 0 dimensions.")
        check_budget(path, 4 * n_rows * dimensions)
        matrix = _rows(stream, n_rows, dimensions)
        if stream.read(1 << 16).strip():
            raise FormatError(f"The file goes on behind the {n_rows} rows that it promises.")
    settings = {"format": "floret", **index.settings()}
    empty = np.zeros((0, dimensions), np.float32)
    return VectorTable(Vocabulary([]), empty, settings, Subwords(matrix, index))


def _mark(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"The mark of a word, {text!r}, should be UTF-8.") from error


def _rows(stream: BinaryIO, n_rows: int, dimensions: int) -> NDArray[np.float32]:
    first = max(1, min(n_rows, _FIRST_ROWS, (1 << 24) // dimensions))
    matrix = np.empty((first, dimensions), np.float32)
    longest = 64 * (dimensions + 1)
    for row in range(n_rows):
        if row == len(matrix):
            matrix.resize((min(2 * row, n_rows), dimensions), refcheck=False)
        fields = stream.readline(longest).split()
        if len(fields) != dimensions + 1 or fields[0] != str(row).encode():
            raise FormatError(
                f"Line {row + 2} should hold the row number {row} and {dimensions} values; it has "
                f"{len(fields)} fields and begins with {b' '.join(fields)[:40]!r}."
            )
        try:
            with np.errstate(over="ignore"):
                matrix[row] = np.array(fields[1:], np.float64)
        except ValueError as error:
            raise FormatError(f"Line {row + 2} holds what is no number: {error}.") from error
    if not all_usable(matrix):
        raise FormatError("The rows hold NaN, infinity or numbers beyond 1e30.")
    return matrix


def write(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write the table of hashes for spaCy (``spacy init vectors --mode floret``).

    Parameters
    ----------
    table : VectorTable
        Its ``subwords`` must be floret's. Its words have no place in this format.
    path : str or path-like
        The file; one that is there is replaced when the new one is complete.

    Raises
    ------
    InputError
        If it has no subwords, or those of another library.
    FileError
        If the file can't be written.
    """
    subwords = table.subwords
    if subwords is None or not isinstance(subwords.index, FloretIndex):
        raise InputError(
            "A .floret file holds a table of hashed n-grams, which these vectors don't have. Save "
            "them as .safetensors or .vec."
        )
    index, matrix = subwords.index, subwords.matrix
    numbers = (len(matrix), table.dimensions, index.min_n, index.max_n, index.n_hashes, index.seed)
    with atomic_write(path) as file:
        header = f"{' '.join(map(str, numbers))} {index.begin} {index.end}\n"
        file.write(header.encode("utf-8"))
        for row, vector in enumerate(told(matrix, "writing vectors", unit="rows")):
            # str of a NumPy float32 is its shortest exact form
            file.write(f"{row} {' '.join(map(str, vector))}\n".encode())
