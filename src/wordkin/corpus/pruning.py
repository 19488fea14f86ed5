"""Pruning: counting words in bounded memory, with a bound on what the counts may lack.

When there are too many different words, the rarest are forgotten. A forgotten word may come again;
it is new then, and its count lacks what it had before. This is lossy counting (Manku and Motwani
2002, "Approximate frequency counts over data streams", section 4.2), with the difference that not
the length of the text but the number of words decides when to forget and how much:

- *bound*: no forgotten word occurred more often than this so far; 0 until something is forgotten.
- A word that enters may have occurred `bound` times before: by so much its count may be *short*.
- To forget, all words are taken out whose count and shortage together are not above a new bound.
  A word that is out occurred so many times at most, and so the new bound holds for all of them.

Words are numbered as they enter, and keep their order when others are taken out, so that their
shortages never fall from one number to the next: a short list of steps holds them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from wordkin.corpus.interning import Chunk
    from wordkin.vocabulary import Vocabulary

    NewWords = Callable[[int], list[str]]  # the words from a number on

_OUTSIDERS = 1 << 20
"""Words beside a given vocabulary: 150 MB."""
_KEEP = 0.75
"""Share of the words that may stay: fewer lose more counts, more are pruned again too soon."""


class Tally:
    """How often each numbered word occurred.

    Examples
    --------
    >>> tally = Tally()
    >>> tally.add_each(np.array([0, 1, 0]))
    >>> tally.add(np.array([1, 2]), np.array([5, 1]))
    >>> tally.counts
    array([2, 6, 1])
    """

    def __init__(self) -> None:
        self._room = np.zeros(1 << 10, np.int64)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    @property
    def counts(self) -> NDArray[np.int64]:
        """The counts: shape (n,), a view that adding changes."""
        return self._room[: self._n]

    def add_each(self, numbers: NDArray[np.int32]) -> None:
        """Count each number of a text once.

        Parameters
        ----------
        numbers : ndarray of int32
            The numbers; they may come again.
        """
        self._reach(numbers)
        np.add.at(self._room, numbers, 1)

    def add(self, numbers: NDArray[np.int32], times: NDArray[np.int64]) -> None:
        """Count numbers so many times.

        Parameters
        ----------
        numbers : ndarray of int32
            Shape (n,): each once.
        times : ndarray of int64
            Shape (n,): what to add.
        """
        self._reach(numbers)
        self._room[numbers] += times

    def add_chunk(self, chunk: Chunk) -> None:
        """Count a stretch of text.

        Parameters
        ----------
        chunk : Chunk
            The text; what was forgotten before it is taken out already.
        """
        if chunk.seen is None:
            self.add_each(chunk.ids)
        else:
            self.add(*chunk.seen)

    def keep(self, kept: NDArray[np.bool_]) -> int:
        """Take out words; the others get new numbers, in the same order.

        Parameters
        ----------
        kept : ndarray of bool
            Shape (n,): which stay.

        Returns
        -------
        int
            The sum of the counts that are gone.
        """
        before = self.counts.sum()
        stay = self.counts[kept]
        self._room[: len(stay)] = stay
        self._room[len(stay) : self._n] = 0
        self._n = len(stay)
        return int(before - stay.sum())

    def _reach(self, numbers: NDArray[np.int32]) -> None:
        if not len(numbers):
            return
        self._n = max(self._n, int(numbers.max()) + 1)
        if self._n > len(self._room):
            # twice as much, so that little is copied; zeros take no memory until they are written
            room = np.zeros(2 * self._n, np.int64)
            room[: len(self._room)] = self._room
            self._room = room


class Pruner:
    """Forget the rarest words when there are too many, and know what the counts may lack.

    Parameters
    ----------
    limit : int
        So many different words may there be.

    Attributes
    ----------
    bound : int
        No word that is forgotten occurred more often.
    entered : int
        Words that were numbered so far; one that came again after it was forgotten counts again.

    Examples
    --------
    >>> pruner = Pruner(2)
    >>> pruner.tally.add_each(np.array([0, 1, 0, 2]))
    >>> pruner.forget(list), pruner.bound
    (array([ True, False, False]), 1)
    >>> pruner.tally.add_each(np.array([1]))  # a new word, or one of those that were forgotten
    >>> pruner.shortages()
    array([0, 1])
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.tally = Tally()
        self.bound = 0
        self._steps = [(0, 0)]  # (from which number on, how short)
        self._left = 0  # words that were taken out

    @property
    def entered(self) -> int:
        """How many words were numbered so far."""
        return len(self.tally) + self._left

    def shortages(self) -> NDArray[np.int64]:
        """Tell how much each count may lack.

        Returns
        -------
        ndarray of int64
            Shape (n,): by how many occurrences at most the count of each word is short.
        """
        firsts, values = np.array(self._steps, np.int64).T
        return np.repeat(values, np.diff(firsts, append=len(self.tally)))

    def forget(self, words: NewWords) -> NDArray[np.bool_] | None:
        """Choose what to forget, if there are too many words, and take it out of the tally.

        Parameters
        ----------
        words : callable
            Returns the words; not asked here.

        Returns
        -------
        ndarray of bool or None
            Shape (n,): which words stay; None if all do.
        """
        n = len(self.tally)
        if n <= self.limit:
            return None
        kept, self.bound = fewer(self.tally.counts + self.shortages(), self.limit)
        before = np.concatenate(([0], np.cumsum(kept)))
        steps = {int(before[first]): short for first, short in self._steps}
        # of steps that begin at one word now, the last one holds; what enters is short by the bound
        self._steps = sorted((steps | {int(before[-1]): self.bound}).items())
        self.tally.keep(kept)
        self._left += n - len(self.tally)
        return kept


class Outsiders:
    """Forget what is not in a given vocabulary, when there is much of it.

    Stands in for a `Pruner`: all that is lost would be left out in the end.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words that stay.
    limit : int
        So many others may there be.

    Attributes
    ----------
    bound : int
        0: no count of a word that stays lacks anything.
    entered : int
        Words that were numbered so far.
    """

    bound = 0

    def __init__(self, vocabulary: Vocabulary, limit: int = _OUTSIDERS) -> None:
        self._vocabulary, self._limit = vocabulary, limit + len(vocabulary)
        self.tally = Tally()
        self._sure = 0  # so many of the first words are in the vocabulary
        self._left = 0

    @property
    def entered(self) -> int:
        """How many words were numbered so far."""
        return len(self.tally) + self._left

    def shortages(self) -> NDArray[np.int64]:
        """Tell how much each count may lack: nothing.

        Returns
        -------
        ndarray of int64
            Shape (n,): zeros.
        """
        return np.zeros(len(self.tally), np.int64)

    def forget(self, words: NewWords) -> NDArray[np.bool_] | None:
        """Take other words out of the tally, if there are too many.

        Parameters
        ----------
        words : callable
            Returns the words from a number on.

        Returns
        -------
        ndarray of bool or None
            Shape (n,): which words stay; None if all do.
        """
        n = len(self.tally)
        if n <= self._limit:
            return None
        kept = np.ones(n, np.bool_)
        kept[self._sure :] = self._vocabulary.ids(words(self._sure)) >= 0
        self.tally.keep(kept)
        self._sure = len(self.tally)
        self._left += n - self._sure
        return kept


def fewer(most: NDArray[np.int64], limit: int) -> tuple[NDArray[np.bool_], int]:
    """Choose which words stay when there are too many.

    Parameters
    ----------
    most : ndarray of int64
        Shape (n,): how often each word may have occurred; n is above the limit.
    limit : int
        So many may there be; fewer are left, so that not much is done for every new word.

    Returns
    -------
    kept : ndarray of bool
        Shape (n,): which stay.
    bound : int
        No other word occurred more often.
    """
    place = len(most) - int(_KEEP * limit) - 1
    bound = int(np.partition(most, place)[place])
    return most > bound, bound
