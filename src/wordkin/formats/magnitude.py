"""Magnitude's ``.magnitude``: a table of whole numbers in an SQLite file.

Values are stored times 10**precision, rounded. The file is opened for reading only, and no view,
trigger or virtual table in it is ever used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import FileError, FormatError, OutOfMemoryError
from wordkin.formats.batches import Collector, Pick
from wordkin.formats.rows import naming

if TYPE_CHECKING:
    import os
    import sqlite3

    from numpy.typing import NDArray

    from wordkin.table import VectorTable

_MAGIC = b"SQLite format 3\0"
_MOST_DIMENSIONS = 1 << 15  # SQLite allows no more columns
_AT_ONCE, _LONGEST = 64, 1 << 20  # rows read at once, and the bytes that one may have


def looks_like(head: bytes) -> bool:
    """Tell from its first bytes whether a file is an SQLite file.

    Parameters
    ----------
    head : bytes
        The first 16 bytes or more.

    Returns
    -------
    bool
        True if it is.
    """
    return head.startswith(_MAGIC)


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read a Magnitude file.

    Parameters
    ----------
    path : str or path-like
        The file, not compressed.

    Returns
    -------
    VectorTable
        The words in the order of the file. Vectors are as stored: of length 1 in light files, to
        the precision of the file. The indexes for unknown words and for search are left out.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is not in this format, truncated, or damaged.
    """
    import sqlite3

    with naming(path):
        file = Path(path)
        if not file.is_file():
            raise FileError(f"There is no file {str(path)!r}.")
        address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        try:
            connection = sqlite3.connect(address, uri=True)
            try:
                return _read(connection, file)
            finally:
                connection.close()
        except OutOfMemoryError:
            raise
        except (sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError) as error:
            raise FormatError(f"The SQLite file is damaged: {error}.") from error


def _read(connection: sqlite3.Connection, path: Path) -> VectorTable:
    import sqlite3

    connection.text_factory = bytes
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)  # a default may stand in all rows
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    _check_plain(connection, "magnitude_format")
    _check_plain(connection, "magnitude")
    about: dict[bytes, object] = {}
    for key, value in connection.execute("SELECT key, value FROM magnitude_format"):
        about.setdefault(key, value)
    dimensions, precision, n_words = (about.get(name) for name in (b"dim", b"precision", b"size"))
    if not isinstance(dimensions, int) or not 0 < dimensions <= _MOST_DIMENSIONS:
        raise FormatError(f"The number of dimensions can't be {dimensions!r:.40}.")
    if not isinstance(precision, int) or not 0 <= precision <= 18:
        raise FormatError(f"The precision should be 0 to 18 digits; it is {precision!r:.40}.")
    size = path.stat().st_size
    # a value takes a byte at least, except 0 and 1: ten words a byte is beyond any real file
    if not isinstance(n_words, int) or not 0 < n_words <= 10 * size:
        raise FormatError(f"The number of words can't be {n_words!r:.40} in {size} bytes.")
    columns = ", ".join(f"dim_{i}" for i in range(dimensions))
    found = connection.execute(f"SELECT key, {columns} FROM magnitude ORDER BY rowid")
    found.arraysize = _AT_ONCE
    rows = Collector(path, dimensions, n_words)
    _collect(found, rows, n_words, scale=10.0**precision)
    table = rows.table("magnitude", Pick())
    table.check_finite()
    return table


def _check_plain(connection: sqlite3.Connection, name: str) -> None:
    """See that a name is a table that holds its own rows."""
    row = connection.execute(
        "SELECT type, sql FROM sqlite_master WHERE name = ? COLLATE NOCASE", (name,)
    ).fetchone()
    if row is None:
        raise FormatError(f"This SQLite file has no table {name!r}: it is none of Magnitude's.")
    if row[0] != b"table" or not bytes(row[1]).upper().split()[:2] == [b"CREATE", b"TABLE"]:
        raise FormatError(f"{name!r} should be a plain table; it is {row[1]!r:.60}.")


def _collect(found: sqlite3.Cursor, rows: Collector, n_words: int, *, scale: float) -> None:
    """Take all rows, some at a time; they should be as many as the file promises."""
    count = 0
    while some := found.fetchmany():
        count += len(some)
        if count > n_words:
            raise FormatError(f"The file promises {n_words} words and has more.")
        words = [_word(key) for key, *_ in some]
        offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
        rows.add(np.frombuffer(b"".join(words), np.uint8), offsets, _vectors(some, scale))
    if count < n_words:
        raise FormatError(f"The file promises {n_words} words and has {count}.")


def _word(key: object) -> bytes:
    if isinstance(key, int | float):  # SQLite may store a word like 42 as a number
        return str(key).encode()
    if not isinstance(key, bytes):
        raise FormatError("A word is missing.")
    return key


def _vectors(some: list[tuple[object, ...]], scale: float) -> NDArray[np.float32]:
    for key, *values in some:
        if not all(isinstance(value, int | float) for value in values):
            raise FormatError(f"The vector of {key!r:.40} holds what is no number.")
    numbers = np.array([values for _, *values in some], np.float64) / scale
    with np.errstate(over="ignore"):  # refused when the table is checked
        return numbers.astype(np.float32)
