"""What was known of the words of documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from wordkin.documents.reading import Documents


class Counted(NamedTuple):
    """The words of n documents.

    Parameters
    ----------
    words : ndarray of int64
        Shape (n,): how many there are.
    with_row : ndarray of int64
        Shape (n,): how many of them have a vector.
    by_ngrams : int
        How many of those have it of their n-grams, over all documents.
    """

    words: NDArray[np.int64]
    with_row: NDArray[np.int64]
    by_ngrams: int

    @classmethod
    def of(cls, documents: Documents, with_row: NDArray[np.int64], n_words: int) -> Counted:
        """Count the words of documents.

        Parameters
        ----------
        documents : Documents
            n documents.
        with_row : ndarray of int64
            Shape (n,): how many of their words have a vector.
        n_words : int
            The number V of words in the vocabulary.

        Returns
        -------
        Counted
            Of n documents.
        """
        known = int((documents.ids < n_words).sum())
        return cls(documents.lengths(), with_row, int(with_row.sum()) - known)


@dataclass(frozen=True, eq=False)
class EncodingReport:
    """What was known of the words of n documents.

    Parameters
    ----------
    documents : int
        The number n of documents.
    words : int
        Of all words,
    known : int
        those in the vocabulary,
    by_ngrams : int
        and those that got a vector of their n-grams. The rest was left out.
    empty : int
        Documents without any word.
    without : ndarray of int64
        The numbers of all documents without a known word, empty ones among them: zero vectors.
    """

    documents: int
    words: int
    known: int
    by_ngrams: int
    empty: int
    without: NDArray[np.int64]

    @property
    def coverage(self) -> float:
        """The share of the words that have a vector; 1 where there are none."""
        return (self.known + self.by_ngrams) / self.words if self.words else 1.0

    def complaint(self, texts: Sequence[str]) -> str:
        """Say which documents have no vector.

        Parameters
        ----------
        texts : sequence of str
            The documents.

        Returns
        -------
        str
            For an error.
        """
        first = int(self.without[0])
        return (
            f"{len(self.without):,} of {self.documents:,} texts have no word with a vector; the "
            f"first is number {first}: {texts[first]!r:.60}. Leave them out, or take "
            'empty="zero", which makes zero vectors of them.'
        )

    def __str__(self) -> str:
        lines = [
            ("documents", self.documents),
            ("words", self.words),
            ("- in the vocabulary", self.known),
            ("- made of n-grams", self.by_ngrams),
            ("- unknown, left out", self.words - self.known - self.by_ngrams),
            ("documents without words", self.empty),
            ("without a known word", len(self.without) - self.empty),
        ]
        return "\n".join(f"{name:<26}{n:>16,}" for name, n in lines)


def report_on(parts: Iterable[Counted]) -> EncodingReport:
    """Put together what was counted.

    Parameters
    ----------
    parts : iterable of Counted
        All documents, in their order.

    Returns
    -------
    EncodingReport
        Of all.
    """
    nothing = np.zeros(0, np.int64)
    listed = [Counted(nothing, nothing, 0), *parts]
    words = np.concatenate([part.words for part in listed])
    with_row = np.concatenate([part.with_row for part in listed])
    by_ngrams = sum(part.by_ngrams for part in listed)
    return EncodingReport(
        documents=len(words),
        words=int(words.sum()),
        known=int(with_row.sum()) - by_ngrams,
        by_ngrams=by_ngrams,
        empty=int((words == 0).sum()),
        without=np.flatnonzero(with_row == 0),
    )
