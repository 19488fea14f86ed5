"""What readers and writers share: rows that come one by one, words as bytes, names in errors."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import FileError, FormatError, InputError, WordkinError
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike

_FIRST_BYTES = 1 << 24  # what is allocated before any row has come


class Rows:
    r"""Words and vectors as they arrive, in memory that grows with what has come.

    A header may promise any number of words; memory is taken only as rows really arrive.
    Damaged UTF-8 in a word is written as backslash escapes (``b"zee\xebn"`` becomes
    ``"zee\\xebn"``), so that different words stay different. Of a word that comes
    again only the first vector is kept. Both are counted.

    Parameters
    ----------
    dimensions : int
        The length D of each vector.
    promised : int
        The number of rows that the header tells.

    Attributes
    ----------
    unread : int
        Rows that the file holds beyond those; the reader sets it.
    """

    def __init__(self, dimensions: int, promised: int) -> None:
        self._promised = promised
        first = max(1, _FIRST_BYTES // (4 * dimensions))
        self._matrix = np.empty((min(promised, first), dimensions), np.float32)
        self._index: dict[str, int] = {}
        self.unread = 0
        self._repaired = 0
        self._duplicates = 0

    def add(self, word: bytes, vector: ArrayLike) -> None:
        """Take the next row.

        Parameters
        ----------
        word : bytes
            The word, in UTF-8 or something like it.
        vector : array_like
            Shape (D,).

        Raises
        ------
        ValueError
            If the vector holds no numbers.
        """
        try:
            text = word.decode("utf-8")
        except UnicodeDecodeError:
            text = word.decode("utf-8", "backslashreplace")
            self._repaired += 1
        row = len(self._index)
        if self._index.setdefault(text, row) != row:
            self._duplicates += 1
            return
        if row == len(self._matrix):
            self._resize(min(2 * row, self._promised))
        self._matrix[row] = vector

    def _resize(self, n_rows: int) -> None:
        # in place, which for large arrays moves no bytes; nobody else holds a view
        self._matrix.resize((n_rows, self._matrix.shape[1]), refcheck=False)

    def table(self, format_name: str) -> VectorTable:
        """Make the table of all rows that have come.

        Parameters
        ----------
        format_name : str
            What the rows came from; it goes into the settings.

        Returns
        -------
        VectorTable
            The words as they came, without repetitions; what was repaired is in its settings.

        Raises
        ------
        InputError
            If a value is not finite.
        """
        self._resize(len(self._index))
        settings: dict[str, Any] = {
            "format": format_name,
            "repaired": self._repaired,
            "duplicates": self._duplicates,
            "unread": self.unread,
        }
        return VectorTable.from_arrays(
            Vocabulary(list(self._index)), self._matrix, settings=settings
        )


def encoded_words(words: Sequence[str], *, without: bytes = b"") -> list[bytes]:
    """Encode words as UTF-8, or say which one can't be written.

    Parameters
    ----------
    words : sequence of str
        The words.
    without : bytes
        Bytes that end a word in the format, so that no word may hold them. If there are any,
        a word can't be empty either.

    Returns
    -------
    list of bytes
        The words in UTF-8.

    Raises
    ------
    InputError
        If a word holds such a byte or half a surrogate pair.
    """
    try:
        encoded = [word.encode("utf-8") for word in words]
    except UnicodeEncodeError as error:
        raise InputError(
            f"The word {error.object!r} holds half a surrogate pair and can't be written as UTF-8."
        ) from error
    if without:
        for word in encoded:
            if not word or len(word.translate(None, without)) != len(word):
                raise InputError(
                    f"The word {word.decode()!r} can't be written in this format, where words end "
                    "at white space. Rename it, or save as .safetensors."
                )
    return encoded


def words_to_write(table: VectorTable, *, without: bytes = b"") -> list[bytes]:
    """Encode the words of a table, and see that it can be written at all.

    Parameters
    ----------
    table : VectorTable
        What is to be written.
    without : bytes
        As for `encoded_words`.

    Returns
    -------
    list of bytes
        The words in UTF-8.

    Raises
    ------
    InputError
        If a value is not finite, a word can't be written, or there is none.
    """
    table.check_finite()
    if not len(table):
        raise InputError(
            "There are no words to write (a table of n-grams has none), and this format holds "
            "nothing else. Save as .safetensors."
        )
    return encoded_words(table.vocabulary.words, without=without)


@contextlib.contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Make what goes wrong while a file is read an error about that file.

    Parameters
    ----------
    path : str or path-like
        The file.

    Yields
    ------
    None
        For the time of reading.

    Raises
    ------
    FileError
        For the system's errors.
    FormatError
        For errors about what the file holds.
    """
    name = repr(os.fspath(path))
    try:
        yield
    except WordkinError as error:
        if not isinstance(error, InputError) or name in str(error):
            raise
        raise FormatError(f"{name}: {error}") from error
    except OSError as error:
        raise FileError(f"Can't read {name}: {error.strerror or error}.") from error
