"""The n-grams of finalfusion: hashed into a power of two, or listed one by one.

The formats are described at https://finalfusion.github.io/spec.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.subwords.fasttext import check_lengths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_BASIS, _PRIME, _ALL = 14695981039346656037, 1099511628211, (1 << 64) - 1


@dataclass(frozen=True)
class FinalfusionIndex:
    """Hashes n-grams as finalfusion does: FNV-1a of 64 bits over length and code points.

    Parameters
    ----------
    exponent : int
        There are 2**exponent buckets.
    min_n, max_n : int
        The least and the greatest length of an n-gram in characters.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    exponent: int
    min_n: int
    max_n: int

    def __post_init__(self) -> None:
        check_lengths(self.min_n, self.max_n)
        if not 1 <= self.exponent < 64:
            raise InputError(f"There must be 2**1 to 2**63 buckets; got 2**{self.exponent}.")

    def rows(self, words: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Look up the n-grams of words.

        Parameters
        ----------
        words : sequence of bytes
            The words in UTF-8.

        Returns
        -------
        rows : ndarray of int64
            The rows of all n-grams, word after word, by their beginning, the longest first.
        counts : ndarray of int64
            Shape (n,): how many belong to each word.
        """
        mask = (1 << self.exponent) - 1
        found = [
            [_hash(gram) & mask for gram in pieces(word, self.min_n, self.max_n)] for word in words
        ]
        return _joined(found)

    def largest(self) -> int:
        """Return the largest row that can come out.

        Returns
        -------
        int
            The row.
        """
        return (1 << self.exponent) - 1

    def settings(self) -> Mapping[str, Any]:
        """Return what it was made with.

        Returns
        -------
        mapping
            JSON-able values.
        """
        return {
            "name": "finalfusion",
            "exponent": self.exponent,
            "min_n": self.min_n,
            "max_n": self.max_n,
        }


@dataclass(frozen=True)
class ListedIndex:
    """Knows the row of each n-gram by name; others have none.

    Parameters
    ----------
    listed : mapping of str to int
        The row of each n-gram.
    min_n, max_n : int
        The least and the greatest length of an n-gram in characters.
    """

    listed: Mapping[str, int] = field(repr=False)
    min_n: int
    max_n: int

    def __post_init__(self) -> None:
        check_lengths(self.min_n, self.max_n)

    def rows(self, words: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Look up the n-grams of words.

        Parameters
        ----------
        words : sequence of bytes
            The words in UTF-8.

        Returns
        -------
        rows : ndarray of int64
            The rows of the n-grams that have one, word after word.
        counts : ndarray of int64
            Shape (n,): how many belong to each word.
        """
        listed = self.listed
        found = [
            [listed[gram] for gram in pieces(word, self.min_n, self.max_n) if gram in listed]
            for word in words
        ]
        return _joined(found)

    def largest(self) -> int:
        """Return the largest row that can come out, or -1.

        Returns
        -------
        int
            The row.
        """
        return max(self.listed.values(), default=-1)

    def settings(self) -> Mapping[str, Any]:
        """Return what it was made with.

        Returns
        -------
        mapping
            JSON-able values, without the list.
        """
        return {"name": "listed", "min_n": self.min_n, "max_n": self.max_n}


def pieces(word: bytes, min_n: int, max_n: int) -> list[str]:
    """Cut a word in angle brackets into n-grams, by their beginning, the longest first.

    Parameters
    ----------
    word : bytes
        The word in UTF-8.
    min_n, max_n : int
        The least and the greatest length in characters.

    Returns
    -------
    list of str
        The n-grams.

    Examples
    --------
    >>> pieces(b"it", 3, 4)
    ['<it>', '<it', 'it>']
    """
    text = f"<{word.decode('utf-8', 'surrogatepass')}>"
    return [
        text[start : start + n]
        for start in range(len(text))
        for n in range(min(max_n, len(text) - start), max(1, min_n) - 1, -1)
    ]


def _hash(gram: str) -> int:
    data = len(gram).to_bytes(8, "little") + gram.encode("utf-32-le", "surrogatepass")
    hashed = _BASIS
    for byte in data:
        hashed = (hashed ^ byte) * _PRIME & _ALL
    return hashed


def _joined(found: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = np.array([row for listed in found for row in listed], np.int64)
    return rows, np.array([len(listed) for listed in found], np.int64)
