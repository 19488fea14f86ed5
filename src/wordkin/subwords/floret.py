"""The n-grams of floret, which keeps words and n-grams in one small table.

Every n-gram, and the whole word, has 1 to 4 rows in a table of hashes (a Bloom embedding: Serrà and
Karatzoglou 2017, "Getting deep recommenders fit"). No word has a row of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.subwords.fasttext import check_lengths
from wordkin.subwords.murmur import murmur3

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_LONGEST_MARK = 40


@dataclass(frozen=True)
class FloretIndex:
    """Hashes n-grams and words as floret and spaCy do.

    Parameters
    ----------
    n_buckets : int
        Hashes are taken modulo this number.
    min_n, max_n : int
        The least and the greatest length of an n-gram in characters.
    n_hashes : int
        The number of rows of an n-gram, 1 to 4.
    seed : int
        The seed of the hash, 32 bits.
    begin, end : str
        The marks around a word.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    n_buckets: int
    min_n: int
    max_n: int
    n_hashes: int = 2
    seed: int = 2166136261
    begin: str = "<"
    end: str = ">"

    def __post_init__(self) -> None:
        check_lengths(self.min_n, self.max_n)
        if not 1 <= self.n_buckets < 2**32:
            raise InputError(f"There must be 1 to 2**32 - 1 buckets; got {self.n_buckets}.")
        if not (1 <= self.n_hashes <= 4 and 0 <= self.seed < 2**32):
            raise InputError(
                f"floret has 1 to 4 hashes and a seed of 32 bits; got {self.n_hashes} and "
                f"{self.seed}."
            )
        if max(len(self.begin), len(self.end)) > _LONGEST_MARK:
            raise InputError(f"The mark of a word has {_LONGEST_MARK} characters at most.")

    def rows(self, words: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Look up the n-grams of words.

        Parameters
        ----------
        words : sequence of bytes
            The words in UTF-8. The empty one has no rows.

        Returns
        -------
        rows : ndarray of int64
            The rows of the whole word, then of its n-grams.
        counts : ndarray of int64
            Shape (n,): how many belong to each word.
        """
        lists = [self._pieces(word.decode("utf-8", "surrogatepass")) for word in words]
        pieces = [piece.encode("utf-8", "surrogatepass") for listed in lists for piece in listed]
        hashes = murmur3(pieces, self.seed)[:, : self.n_hashes]
        counts = np.array([len(listed) * self.n_hashes for listed in lists], np.int64)
        return (hashes % np.uint32(self.n_buckets)).astype(np.int64).reshape(-1), counts

    def _pieces(self, word: str) -> list[str]:
        if not word:
            return []
        word = self.begin + word + self.end
        return [word] + [
            word[start : start + n]
            for n in range(max(1, self.min_n), self.max_n + 1)
            for start in range(len(word) - n + 1)
        ]

    def largest(self) -> int:
        """Return the largest row that can come out.

        Returns
        -------
        int
            The row.
        """
        return self.n_buckets - 1

    def settings(self) -> Mapping[str, Any]:
        """Return what it was made with.

        Returns
        -------
        mapping
            JSON-able values.
        """
        return {
            "name": "floret",
            "n_buckets": self.n_buckets,
            "min_n": self.min_n,
            "max_n": self.max_n,
            "n_hashes": self.n_hashes,
            "seed": self.seed,
            "begin": self.begin,
            "end": self.end,
        }
