"""Vectors of unknown words: the mean of the rows of their character n-grams.

What an n-gram's rows are is the business of an index, one for each library that trains such
vectors: see the other files of this room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from wordkin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["NgramIndex", "Subwords", "sum_rows"]

_AT_ONCE = 4096  # words, whose n-grams are held at the same time


class NgramIndex(Protocol):
    """Tells the rows that belong to the n-grams of a word; final, one for each library."""

    def rows(self, words: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Look up the n-grams of words.

        Parameters
        ----------
        words : sequence of bytes
            The words in UTF-8, without the marks of their beginning and end.

        Returns
        -------
        rows : ndarray of int64
            The rows of all n-grams of all words, word after word.
        counts : ndarray of int64
            Shape (n,): how many of them belong to each word.
        """
        ...

    def largest(self) -> int:
        """Return the largest row that can come out, or -1."""
        ...

    def settings(self) -> Mapping[str, Any]:
        """Return what it was made with, as JSON-able values."""
        ...


@dataclass(frozen=True, eq=False)
class Subwords:
    """Rows of character n-grams, which make a vector for any word.

    Parameters
    ----------
    matrix : ndarray
        Shape (B, D), float32: the rows of n-grams. May be mapped from a file.
    index : NgramIndex
        Tells which rows belong to a word.
    unit : bool
        Scale the mean to length 1, as finalfusion does.

    Raises
    ------
    InputError
        If the index can ask for rows that are not there.
    """

    matrix: NDArray[np.float32]
    index: NgramIndex
    unit: bool = False

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or self.matrix.dtype != np.float32:
            raise InputError(
                f"Rows of n-grams come as one float32 matrix; got {self.matrix.dtype} of shape "
                f"{self.matrix.shape}."
            )
        if self.index.largest() >= len(self.matrix):
            raise InputError(
                f"N-grams have rows up to {self.index.largest()}, but the matrix has "
                f"{len(self.matrix)} of them."
            )

    def vector(self, word: str) -> NDArray[np.float32] | None:
        """Return the vector of any word.

        Parameters
        ----------
        word : str
            The word.

        Returns
        -------
        ndarray or None
            Shape (D,); None if the word has no n-gram with a row (it is too short, or the file was
            pruned). fastText calls that a vector of zeros.
        """
        vectors, found = self.vectors([word])
        return vectors[0] if found[0] else None

    def vectors(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the vectors of many words.

        Parameters
        ----------
        words : sequence of str
            The n words.

        Returns
        -------
        vectors : ndarray
            Shape (n, D), float32; zero where there is no n-gram with a row.
        found : ndarray
            Shape (n,), bool: which words have one.
        """
        out = np.zeros((len(words), self.matrix.shape[1]), np.float32)
        found = np.zeros(len(words), np.bool_)
        for start in range(0, len(words), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            # half a surrogate pair has no UTF-8, but it must have some n-grams
            encoded = [word.encode("utf-8", "surrogatepass") for word in words[some]]
            rows, counts = self.index.rows(encoded)
            sum_rows(self.matrix, rows, counts, out=out[some])
            # float32(1 / n) and not a division: so does fastText, and the last bit depends on it
            out[some] *= (1.0 / np.maximum(counts, 1)).astype(np.float32)[:, None]
            found[some] = counts > 0
        if self.unit:
            norms = np.linalg.norm(out.astype(np.float64), axis=1, keepdims=True)
            out /= np.where(norms > 0, norms, 1).astype(np.float32)
        return out, found


def sum_rows(
    matrix: NDArray[np.float32],
    rows: NDArray[np.int64],
    counts: NDArray[np.int64],
    *,
    out: NDArray[np.float32],
) -> None:
    """Add groups of rows of a matrix, one row after the other as a loop in C would.

    NumPy's own sums add in pairs, and their last bits differ from fastText's.

    Parameters
    ----------
    matrix : ndarray
        Shape (B, D).
    rows : ndarray of int64
        Group after group.
    counts : ndarray of int64
        Shape (n,): the sizes of the groups.
    out : ndarray
        Shape (n, D), changed in place: the sums are added to what is there.
    """
    order = np.argsort(-counts, kind="stable")
    starts = (np.cumsum(counts) - counts)[order]
    sums = out[order]
    sizes = counts[order]
    for k in range(int(sizes[0]) if len(sizes) else 0):
        alive = int(np.searchsorted(-sizes, -k, side="left"))
        sums[:alive] += matrix[rows[starts[:alive] + k]]
    out[order] = sums
