"""Words and vectors that arrive in batches, and what is picked of them."""

from __future__ import annotations

import contextlib
import tempfile
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from wordkin.errors import FormatError
from wordkin.files import open_bytes, size_on_disk
from wordkin.formats.room import check_matrix
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.checks import check_at_least, listed
from wordkin.vocabulary.packed import check_utf8, packed

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

_FIRST_BYTES = 1 << 24  # what is allocated before any row has come
REPAIRS = {
    "repaired": ("damaged token", "damaged tokens"),
    "duplicates": ("duplicate", "duplicates"),
    "spaces": ("token with spaces", "tokens with spaces"),
    "unread": ("row beyond the promised ones", "rows beyond the promised ones"),
}
"""What readers count in the settings of a table, and how one and several of it are called."""

_BOMB_FREE, _BOMB_RATIO = 1 << 26, 100


class Pick(NamedTuple):
    """What is read of a file.

    Parameters
    ----------
    limit : int, optional
        Look at the first so many rows only.
    only : frozenset of str, optional
        Of these, take the words that are in here.
    """

    limit: int | None = None
    only: frozenset[str] | None = None

    @classmethod
    def of(cls, limit: int | None, only: Iterable[str] | None) -> Pick:
        """Check what a user asks for.

        Parameters
        ----------
        limit : int, optional
            The number of rows.
        only : iterable of str, optional
            Words.

        Returns
        -------
        Pick
            The same, checked.

        Raises
        ------
        ConfigError
            If the limit is no number from 1 upwards.
        InputError
            If the words are no list of words.
        """
        if limit is not None:
            check_at_least("limit", limit, 1)
        return cls(limit, None if only is None else frozenset(listed(only)))

    def rows(self, table: VectorTable) -> VectorTable:
        """Take the picked rows of a table that was read whole.

        Parameters
        ----------
        table : VectorTable
            All there is in a file.

        Returns
        -------
        VectorTable
            A new table, unless everything is picked.
        """
        if self == (None, None):
            return table
        n_rows = len(table) if self.limit is None else min(self.limit, len(table))
        words = table.vocabulary.words[:n_rows]
        rows = [i for i, word in enumerate(words) if self.only is None or word in self.only]
        return table.take(rows)


class Collector:
    r"""Words and vectors as they arrive, in memory that grows with what has come.

    A header may promise any number of words; memory is taken only as rows really arrive, and not
    more than 64 MiB and 100 times the size of the file on disk, however much a compressed
    file becomes. Damaged UTF-8 in a word is written as backslash escapes (``b"zee\xebn"`` becomes
    ``"zee\\xebn"``), so that different words stay different. Of a word that comes again only
    the first vector is kept. All this is counted.

    Parameters
    ----------
    path : str or path-like
        The file that is read.
    dimensions : int
        The length D of each vector.
    promised : int, optional
        The number of rows that the header tells.

    Attributes
    ----------
    spaces : int
        Words with white space in them; the reader counts them.
    unread : int
        Rows that the file holds beyond the promised ones; the reader counts them.
    """

    def __init__(
        self, path: str | os.PathLike[str], dimensions: int, promised: int | None = None
    ) -> None:
        self._path = path
        first = max(1, _FIRST_BYTES // (4 * dimensions))
        n_rows = first if promised is None else min(first, promised)
        self._matrix = np.empty((n_rows, dimensions), np.float32)
        self._promised = promised
        self._data: list[bytes] = []
        self._lengths: list[NDArray[np.int64]] = []
        self._repaired = self._n_bytes = 0
        self.n_rows = self.spaces = self.unread = 0

    def add(
        self, data: NDArray[np.uint8], offsets: NDArray[np.int64], matrix: NDArray[np.float32]
    ) -> None:
        """Take the next rows.

        Parameters
        ----------
        data : ndarray of uint8
            The words, one after the other.
        offsets : ndarray of int64
            Shape (n + 1,): where they begin and end.
        matrix : ndarray of float32
            Shape (n, D): finite numbers; copied.

        Raises
        ------
        FormatError
            If this takes far more memory than the file has bytes.
        """
        words = data[offsets[0] : offsets[-1]]
        lengths = np.diff(offsets)
        try:
            check_utf8(words, offsets - offsets[0])
            self._data.append(words.tobytes())
        except FormatError:
            lengths = self._repair(data, offsets)
        self._lengths.append(lengths)
        self._n_bytes += int(lengths.sum())
        needed = self.n_rows + len(matrix)
        check_budget(self._path, self._n_bytes + 4 * needed * self._matrix.shape[1])
        if needed > len(self._matrix):
            # by little, because it costs little: doubling would take twice the memory
            self._resize(max(needed, len(self._matrix) * 33 // 32))
        self._matrix[self.n_rows : needed] = matrix
        self.n_rows = needed

    def _repair(self, data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        lengths = []
        for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            word = data[start:stop].tobytes()
            fine = word.decode("utf-8", "backslashreplace").encode()
            self._repaired += fine != word
            self._data.append(fine)
            lengths.append(len(fine))
        return np.array(lengths, np.int64)

    def _resize(self, n_rows: int) -> None:
        if self._promised is not None:
            n_rows = min(n_rows, self._promised)
        check_matrix(self._path, n_rows - len(self._matrix), self._matrix.shape[1])
        # in place, which for large arrays moves no bytes; nobody else holds a view
        self._matrix.resize((n_rows, self._matrix.shape[1]), refcheck=False)

    def words(self) -> list[bytes]:
        """Return the words that have come, in UTF-8.

        Returns
        -------
        list of bytes
            As many as rows.
        """
        data = b"".join(self._data)
        ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), *self._lengths])).tolist()
        return [data[start:stop] for start, stop in pairwise(ends)]

    def table(self, format_name: str, pick: Pick) -> VectorTable:
        """Make the table of all rows that have come.

        Parameters
        ----------
        format_name : str
            What the rows came from; it goes into the settings.
        pick : Pick
            What was asked for.

        Returns
        -------
        VectorTable
            The words as they came, without repetitions; what was repaired is in its settings.
        """
        data = np.frombuffer(b"".join(self._data), np.uint8)
        offsets = np.zeros(self.n_rows + 1, np.int64)
        np.cumsum(np.concatenate([np.empty(0, np.int64), *self._lengths]), out=offsets[1:])
        self._data, self._lengths = [], []
        self._matrix.resize((self.n_rows, self._matrix.shape[1]), refcheck=False)
        words, first = packed(data, offsets)
        rows = np.flatnonzero(first == np.arange(len(first)))
        duplicates = len(first) - len(rows)
        if duplicates:
            words = packed(*_rows_of(data, offsets, rows))[0]
            self._compact(rows)
        settings: dict[str, Any] = {
            "format": format_name,
            "repaired": self._repaired,
            "duplicates": duplicates,
            "spaces": self.spaces,
            "unread": self.unread,
        }
        table = VectorTable(Vocabulary(words), self._matrix, settings)
        # a line is passed over by its beginning; what came nevertheless is passed over here
        return table if pick.only is None else Pick(None, pick.only).rows(table)

    def _compact(self, rows: NDArray[np.intp]) -> None:
        """Keep some rows, within the memory that they have."""
        for start in range(0, len(rows), 4096):
            part = rows[start : start + 4096]
            self._matrix[start : start + len(part)] = self._matrix[part]
        self._matrix.resize((len(rows), self._matrix.shape[1]), refcheck=False)


def _rows_of(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], rows: NDArray[np.intp]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    lengths = np.diff(offsets)
    kept = np.zeros(len(lengths), bool)
    kept[rows] = True
    places = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(lengths[rows], out=places[1:])
    return data[np.repeat(kept, lengths)], places


def check_budget(path: str | os.PathLike[str], n_bytes: int) -> None:
    """Refuse what would take far more memory than the file has bytes.

    Parameters
    ----------
    path : str or path-like
        The file.
    n_bytes : int
        The memory that its words and vectors take.

    Raises
    ------
    FormatError
        If that is more than 64 MiB and 100 times the size of the file.
    """
    if n_bytes > _BOMB_FREE + _BOMB_RATIO * size_on_disk(path):
        raise FormatError(
            f"The file becomes more than {_BOMB_RATIO} times as large as it is on disk. That "
            "is no file of vectors but a trap for memory; decompress it first if you trust it."
        )


@contextlib.contextmanager
def seekable(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file that is read in any order or mapped; a compressed one is unpacked for it.

    Parameters
    ----------
    path : str or path-like
        The file.

    Yields
    ------
    BinaryIO
        The file itself or, where it is compressed, a nameless temporary one, which goes when
        nothing is mapped from it any more.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is damaged, or becomes more than 100 times as large as it is.
    """
    with open_bytes(path) as stream:
        if stream.seekable():
            yield stream
            return
        with tempfile.TemporaryFile() as unpacked:
            while chunk := stream.read(_FIRST_BYTES):
                unpacked.write(chunk)
                check_budget(path, unpacked.tell())
            unpacked.flush()  # for who maps it
            unpacked.seek(0)
            yield unpacked


def repairs(settings: Mapping[str, Any]) -> str:
    """Say what was repaired or passed over when a file was read.

    Parameters
    ----------
    settings : mapping
        The settings of a table.

    Returns
    -------
    str
        Empty if nothing was.

    Examples
    --------
    >>> repairs({"repaired": 2, "duplicates": 1, "spaces": 3, "unread": 0})
    '2 damaged tokens, 1 duplicate, 3 tokens with spaces'
    """
    numbers = {key: settings.get(key) for key in REPAIRS}
    return ", ".join(
        f"{number:,} {REPAIRS[key][number != 1]}"
        for key, number in numbers.items()
        if type(number) is int and number
    )


def not_finite(word: bytes) -> str:
    """Say that a vector can't be used.

    Parameters
    ----------
    word : bytes
        Its word.

    Returns
    -------
    str
        The rest of a message that begins with the place.
    """
    name = word.decode("utf-8", "backslashreplace")
    return f"holds NaN or infinity (as float32): the vector of {name!r}. Remove or repair it."
