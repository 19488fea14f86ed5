"""Which words a corpus has: the frequent ones of its text, or those of a given vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordkin.corpus.account import Account
from wordkin.corpus.empties import empty_sentences
from wordkin.corpus.pruning import Outsiders, Pruner
from wordkin.corpus.store import Parts
from wordkin.corpus.surveying import word_counts
from wordkin.errors import ConfigError, EmptyCorpusError, InputError
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.checks import check_at_least
from wordkin.vocabulary.order import check_pruning, frequency_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.corpus.draft import Draft
    from wordkin.corpus.reading import Reading
    from wordkin.text.tokenizers import Tokenizer

_MIN_COUNT = 5
"""The default of `min_count`; another number has no meaning beside a given vocabulary."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which words a corpus shall have.

    Parameters
    ----------
    tokenizer : Tokenizer, optional
        What the text is cut with.
    min_count : int
        Words that occur more rarely are left out.
    max_vocab : int, optional
        Keep this many words at most.
    vocabulary : Vocabulary, optional
        These words, and no others.

    Raises
    ------
    ConfigError
        If a number is out of its range, or a vocabulary is to be pruned.
    InputError
        If the vocabulary is none.
    """

    tokenizer: Tokenizer | None
    min_count: int
    max_vocab: int | None
    vocabulary: Vocabulary | None = None

    def __post_init__(self) -> None:
        check_pruning(self.min_count, self.max_vocab)
        if self.vocabulary is None:
            return
        if not isinstance(self.vocabulary, Vocabulary):
            raise InputError(
                f"vocabulary must be a Vocabulary; got {type(self.vocabulary).__name__}. That of "
                "vectors is vectors.vocabulary."
            )
        if self.min_count != _MIN_COUNT or self.max_vocab is not None:
            raise ConfigError(
                "A given vocabulary is taken as it is: leave out min_count and max_vocab."
            )

    def pruner(self, max_vocab_size: int | None) -> Pruner | Outsiders | None:
        """Make what forgets words while they are counted: rare ones, or those not in a vocabulary.

        Parameters
        ----------
        max_vocab_size : int, optional
            How many different words may be counted at a time.

        Returns
        -------
        Pruner, Outsiders or None
            It knows what the counts may lack.

        Raises
        ------
        ConfigError
            If it is no whole number from 1 upwards, or beside a given vocabulary.
        """
        if max_vocab_size is None:
            return None if self.vocabulary is None else Outsiders(self.vocabulary)
        check_at_least("max_vocab_size", max_vocab_size, 1)
        if self.vocabulary is not None:
            raise ConfigError("A given vocabulary is taken as it is: leave out max_vocab_size.")
        return Pruner(int(max_vocab_size))

    def finish(self, draft: Draft, text: Reading) -> Parts:
        """Choose the words, and replace provisional numbers by ids.

        Parameters
        ----------
        draft : Draft
            The whole text in provisional numbers; it is used up.
        text : Reading
            Where it came from.

        Returns
        -------
        Parts
            The corpus.

        Raises
        ------
        EmptyCorpusError
            If no word is left.
        """
        if self.vocabulary is None:
            vocabulary, ranks, dropped = self._frequent(draft, text)
        else:
            vocabulary, ranks, dropped = self._given(draft, text, self.vocabulary)
        empty = empty_sentences(*draft.arrays(), ranks)
        ids, starts = draft.replaced(ranks, text.rank)
        if vocabulary.counts is None:
            counts = word_counts(ids, len(vocabulary))
            vocabulary = Vocabulary(
                vocabulary.words,
                counts,
                specials=vocabulary.specials,
                tokenizer=vocabulary.tokenizer,
            )
        joined = {"joined into phrases": draft.joined} if draft.joined else {}
        forgotten = {}
        if draft.pruned and self.vocabulary is None:
            forgotten = {"forgotten while counting": draft.pruned}
        short = {} if text.pruner is None else self._shortages(text.pruner, draft.counts, ranks)
        account = Account(
            read=draft.tokens + draft.joined + draft.dropped + draft.pruned,
            kept=len(ids),
            dropped={"dropped by the tokenizer": draft.dropped} | forgotten | joined | dropped,
            types=text.pruner.entered if text.pruner else len(draft.counts) - draft.new_types,
            sentences=len(starts) - 1,
            empty_sentences=len(empty),
            bytes_read=draft.bytes_read,
            undecodable_bytes=draft.undecodable,
            nulls=text.nulls(),
            **short,
        )
        return Parts(ids, starts, vocabulary, account, empty)

    def _frequent(
        self, draft: Draft, text: Reading
    ) -> tuple[Vocabulary, NDArray[np.int32], dict[str, int]]:
        counts = draft.counts
        order = frequency_order(counts, min_count=self.min_count, max_vocab=self.max_vocab)
        if not len(order):
            raise EmptyCorpusError(self._nothing_left(draft, text))
        vocabulary = Vocabulary(text.words(order), counts[order], tokenizer=self.tokenizer)
        ranks = np.full(len(counts), -1, dtype=np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        rare = int(counts[counts < self.min_count].sum())
        cut = draft.tokens - int(counts[order].sum()) - rare
        return vocabulary, ranks, {"below min_count": rare, "over max_vocab": cut}

    def _given(
        self, draft: Draft, text: Reading, vocabulary: Vocabulary
    ) -> tuple[Vocabulary, NDArray[np.int32], dict[str, int]]:
        ranks = vocabulary.ids(text.types())
        unknown = int(draft.counts[ranks < 0].sum()) + draft.pruned
        read = draft.tokens + draft.pruned
        if unknown == read:
            if read:
                raise EmptyCorpusError(
                    f"None of the {read:,} tokens that were read is in the vocabulary of "
                    f"{len(vocabulary):,} words. Is the tokenizer the one it was made with?"
                )
            raise EmptyCorpusError(self._nothing_left(draft, text))
        if self.tokenizer is not None:
            vocabulary = vocabulary.with_tokenizer(self.tokenizer)
        return vocabulary, ranks, {"not in the vocabulary": unknown}

    def _nothing_left(self, draft: Draft, text: Reading) -> str:
        if draft.tokens:
            top = draft.counts.argmax()
            word, times = text.words(top.reshape(1))[0], draft.counts[top]
            return (
                f"No word is left: {draft.tokens} tokens of {len(draft.counts)} types were read, "
                f"the most frequent, {word!r}, {times} times, but min_count is {self.min_count}. "
                f"Give more text, or a min_count of {times} or less."
            )
        # not that all words were forgotten: that is done for others, which are there then
        cause = "the text is empty"
        if draft.dropped:
            cause = f"the tokenizer dropped all of {draft.dropped} tokens; use another one"
        elif draft.bytes_read:
            cause = f"the tokenizer finds no word in {draft.bytes_read} bytes; use another one"
        return f"0 tokens of 0 types were read: {cause}."

    def _shortages(
        self, pruner: Pruner | Outsiders, counts: NDArray[np.int64], ranks: NDArray[np.int32]
    ) -> dict[str, int]:
        """What the account says about counts that may be short."""
        if not pruner.bound:
            return {}
        short = np.full(len(counts), pruner.bound)  # a phrase lacks no more than its words do
        short[: len(pruner.tally)] = pruner.shortages()
        rare = (counts + short)[(ranks < 0) & (counts < self.min_count)]
        return {
            "undercount": pruner.bound,
            "short_words": int(np.count_nonzero(short[ranks >= 0])),
            "left_out_up_to": max(pruner.bound, int(rare.max(initial=0))),
        }
