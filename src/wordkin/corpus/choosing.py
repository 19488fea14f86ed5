"""Which words a corpus has: the frequent ones of its text, or those of a given vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordkin.corpus.account import Account
from wordkin.corpus.empties import empty_sentences
from wordkin.corpus.store import Parts
from wordkin.errors import ConfigError, EmptyCorpusError, InputError
from wordkin.vocabulary import Vocabulary
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
        types = text.types()
        if self.vocabulary is None:
            vocabulary, ranks, dropped = self._frequent(draft, types)
        else:
            vocabulary, ranks, dropped = self._given(draft, types, self.vocabulary)
        empty = empty_sentences(*draft.arrays(), ranks)
        ids, starts = draft.replaced(ranks, text.rank)
        if vocabulary.counts is None:
            counts = np.bincount(ids, minlength=len(vocabulary))
            vocabulary = Vocabulary(
                vocabulary.words,
                counts,
                specials=vocabulary.specials,
                tokenizer=vocabulary.tokenizer,
            )
        joined = {"joined into phrases": draft.joined} if draft.joined else {}
        account = Account(
            read=draft.tokens + draft.joined + draft.dropped,
            kept=len(ids),
            dropped={"dropped by the tokenizer": draft.dropped} | joined | dropped,
            types=len(types) - draft.new_types,
            sentences=len(starts) - 1,
            empty_sentences=len(empty),
            bytes_read=draft.bytes_read,
            undecodable_bytes=draft.undecodable,
        )
        return Parts(ids, starts, vocabulary, account, empty)

    def _frequent(
        self, draft: Draft, types: list[str]
    ) -> tuple[Vocabulary, NDArray[np.int32], dict[str, int]]:
        counts = draft.counts
        order = frequency_order(counts, min_count=self.min_count, max_vocab=self.max_vocab)
        if not len(order):
            raise EmptyCorpusError(self._nothing_left(draft, types))
        words = [types[i] for i in order.tolist()]
        vocabulary = Vocabulary(words, counts[order], tokenizer=self.tokenizer)
        ranks = np.full(len(counts), -1, dtype=np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        rare = int(counts[counts < self.min_count].sum())
        cut = draft.tokens - int(counts[order].sum()) - rare
        return vocabulary, ranks, {"below min_count": rare, "over max_vocab": cut}

    def _given(
        self, draft: Draft, types: list[str], vocabulary: Vocabulary
    ) -> tuple[Vocabulary, NDArray[np.int32], dict[str, int]]:
        ranks = vocabulary.ids(types)
        unknown = int(draft.counts[ranks < 0].sum())
        if unknown == draft.tokens:
            if draft.tokens:
                raise EmptyCorpusError(
                    f"None of the {draft.tokens:,} tokens that were read is in the vocabulary of "
                    f"{len(vocabulary):,} words. Is the tokenizer the one it was made with?"
                )
            raise EmptyCorpusError(self._nothing_left(draft, types))
        if self.tokenizer is not None:
            vocabulary = vocabulary.with_tokenizer(self.tokenizer)
        return vocabulary, ranks, {"not in the vocabulary": unknown}

    def _nothing_left(self, draft: Draft, types: list[str]) -> str:
        if draft.tokens:
            top = int(draft.counts.argmax())
            return (
                f"No word is left: {draft.tokens} tokens of {len(types)} types were read, the "
                f"most frequent, {types[top]!r}, {draft.counts[top]} times, but min_count is "
                f"{self.min_count}. Give more text, or a min_count of {draft.counts[top]} or less."
            )
        cause = "the text is empty"
        if draft.dropped:
            cause = f"the tokenizer dropped all of {draft.dropped} tokens; use another one"
        elif draft.bytes_read:
            cause = f"the tokenizer finds no word in {draft.bytes_read} bytes; use another one"
        return f"0 tokens of 0 types were read: {cause}."
