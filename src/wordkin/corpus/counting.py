"""Counting: the words of a part of a text with their counts, and parts put together.

Parts that were counted by themselves, in other threads, processes or machines, make the same
vocabulary as the whole text in one go: `merged` takes them in the order of the text, so that a
word is first seen where its first part saw it first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.corpus.pruning import Tally, fewer
from wordkin.errors import EmptyCorpusError, InputError
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.order import frequency_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.corpus.reading import Reading
    from wordkin.vocabulary import TokenizerSpec


class CountTable(NamedTuple):
    """The words of a text in the order in which they are first seen, and their counts.

    Arrays and numbers only: it can be sent or saved as it is.

    Parameters
    ----------
    text : ndarray of uint8
        The n words in UTF-8, each with a line feed behind it.
    offsets : ndarray of int64
        Shape (n + 1,): word w is ``text[offsets[w]:offsets[w + 1] - 1]``.
    counts : ndarray of int64
        Shape (n,): how often each occurs.
    short : ndarray of int64
        Shape (n,): by how many occurrences at most a count is too low; zeros where all was kept.
    bound : int
        A word that is not here occurred so often at most.
    tokens : int
        Tokens that were counted, those of forgotten words too.
    dropped : int
        Tokens that the tokenizer read and dropped.
    bytes_read, undecodable : int
        Bytes of text that were read, and those of them that are no text.
    """

    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    short: NDArray[np.int64]
    bound: int
    tokens: int
    dropped: int
    bytes_read: int
    undecodable: int

    def words(self, numbers: NDArray[np.int64] | None = None) -> list[str]:
        """Decode words.

        Parameters
        ----------
        numbers : ndarray of int64, optional
            Which ones; all by default.

        Returns
        -------
        list of str
            The words.
        """
        which = range(len(self.counts)) if numbers is None else numbers.tolist()
        text, at = self.text.tobytes(), self.offsets.tolist()
        return [text[at[i] : at[i + 1] - 1].decode("utf-8", "surrogatepass") for i in which]

    def vocabulary(
        self,
        *,
        min_count: int = 5,
        max_vocab: int | None = None,
        tokenizer: TokenizerSpec | None = None,
    ) -> Vocabulary:
        """Choose the frequent words, as a corpus of the whole text does.

        Parameters
        ----------
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int, optional
            Keep this many words at most.
        tokenizer : optional
            What cut the text.

        Returns
        -------
        Vocabulary
            Most frequent first, equals in the order in which they were first seen.

        Raises
        ------
        EmptyCorpusError
            If no word is left.
        """
        order = frequency_order(self.counts, min_count=min_count, max_vocab=max_vocab)
        if not len(order):
            raise EmptyCorpusError(
                f"No word is left: {self.tokens} tokens of {len(self.counts)} types were counted, "
                f"and none occurs {min_count} times. Give more text, or a smaller min_count."
            )
        return Vocabulary(self.words(order), self.counts[order], tokenizer=tokenizer)


def counted(text: Reading) -> CountTable:
    """Count a text, and keep nothing else of it.

    Parameters
    ----------
    text : Reading
        The text, with a pruner if memory shall be bounded.

    Returns
    -------
    CountTable
        Its words.

    Raises
    ------
    InputError
        If a token is empty.
    """
    tally = Tally() if text.pruner is None else text.pruner.tally
    tokens = dropped = bytes_read = undecodable = 0
    for chunk in text.chunks:
        if text.pruner is None:
            tally.add_chunk(chunk)
        tokens += len(chunk.ids)
        dropped += chunk.dropped
        bytes_read += chunk.bytes_read
        undecodable += chunk.undecodable
    spelled, offsets = text.spelled(np.arange(len(tally)))
    if (np.diff(offsets) < 2).any():
        raise InputError("A token is empty: no text has such words. Leave it out.")
    short = np.zeros(len(tally), np.int64) if text.pruner is None else text.pruner.shortages()
    bound = 0 if text.pruner is None else text.pruner.bound
    return CountTable(
        spelled, offsets, tally.counts, short, bound, tokens, dropped, bytes_read, undecodable
    )


def merged(parts: Iterable[CountTable], *, max_vocab_size: int | None = None) -> CountTable:
    """Put the counts of the parts of a text together.

    Parameters
    ----------
    parts : iterable of CountTable
        In the order of the text; one is looked at after the other.
    max_vocab_size : int, optional
        Forget the rarest words when there are more (see `wordkin.corpus.pruning`).

    Returns
    -------
    CountTable
        What counting the whole text gives. If the parts are exact, and nothing has to be forgotten
        here, it is exact and the same to the last byte. Otherwise shortages and bounds add up: a
        word that a part lacks may have occurred there as often as that part's bound says.
    """
    from wordkin.kernels.numbering import WordTable
    from wordkin.kernels.text import PADDING

    table = WordTable()
    counts = short = np.zeros(0, np.int64)
    bound = 0
    sums = np.zeros(4, np.int64)
    for part in parts:
        text = np.concatenate((part.text, np.zeros(PADDING, np.uint8)))
        numbers = table.number(text, part.offsets[:-1], part.offsets[1:] - 1)
        grown = np.zeros((2, len(table)), np.int64)
        grown[0, : len(counts)] = counts
        # a word that was not here may have been forgotten, and one that the part lacks may have too
        grown[1, : len(short)] = short
        grown[1, len(short) :] = bound
        missing = np.ones(len(table), np.bool_)
        missing[numbers] = False
        grown[1, missing] += part.bound
        grown[:, numbers] += part.counts, part.short
        counts, short = grown
        bound += part.bound
        sums += part[5:]
        if max_vocab_size is not None and len(counts) > max_vocab_size:
            kept, bound = fewer(counts + short, max_vocab_size)
            table.forget(kept)
            counts, short = counts[kept], short[kept]
    return CountTable(*table.chosen(np.arange(len(table))), counts, short, bound, *sums.tolist())
