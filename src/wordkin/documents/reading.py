"""Texts as numbers: what encoders add up, and heads of classifiers learn from.

The words of the vocabulary are numbered 0..V-1. Words that are not in it are numbered too, from V
on and only within one call, so that their letters may be looked at. Many texts go through the
compiled tokenizer, few through Python's, which starts at once; both give the same.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.text.sources import Block
from wordkin.text.spacing import warn_of_text
from wordkin.text.tokenizers import Gensim, Keras, Whitespace, Words
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from wordkin.kernels.numbering import WordTable
    from wordkin.text.classes import Named
    from wordkin.text.tokenizers import Tokenizer

_NAMED = (Words, Whitespace, Gensim, Keras)
_FEW_CHARACTERS = 1 << 16  # cut by Python in 20 ms; loading compiled code takes half a second
_BLOCK_CHARACTERS = 1 << 20


class Documents(NamedTuple):
    """Texts in numbers.

    Parameters
    ----------
    ids : ndarray of int32
        Shape (N,): the number of each word, 0..V-1; from V on words out of the vocabulary.
    starts : ndarray of int64
        Shape (n + 1,): document i is ``ids[starts[i]:starts[i + 1]]``, maybe empty.
    unknown : sequence of str
        The words with the numbers V, V + 1 ...
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    unknown: Sequence[str] = ()

    @property
    def n_documents(self) -> int:
        """The number n of documents."""
        return len(self.starts) - 1

    def lengths(self) -> NDArray[np.int64]:
        """Return how many words each document has.

        Returns
        -------
        ndarray of int64
            Shape (n,).
        """
        return np.diff(self.starts)

    def take(self, chosen: NDArray[np.int64]) -> Documents:
        """Return some of the documents.

        Parameters
        ----------
        chosen : ndarray of int64
            Their positions, in the order wanted.

        Returns
        -------
        Documents
            With the same words.
        """
        sizes = self.lengths()[chosen]
        starts = np.concatenate(([0], np.cumsum(sizes)))
        where = np.arange(starts[-1]) + np.repeat(self.starts[chosen] - starts[:-1], sizes)
        return Documents(self.ids[where], starts, self.unknown)

    def rows(self, vocabulary: Vocabulary, max_length: int) -> NDArray[np.int32]:
        """Return model rows, padded on the right: what a network takes.

        Parameters
        ----------
        vocabulary : Vocabulary
            The V words, with a pad row and an unknown row.
        max_length : int
            Words of a document beyond it are cut off.

        Returns
        -------
        ndarray of int32
            Shape (n, longest document or `max_length`, at least 1).
        """
        sizes = np.minimum(self.lengths(), max_length)
        width = max(1, int(sizes.max(initial=0)))
        inside = np.arange(width) < sizes[:, None]
        where = (self.starts[:-1, None] + np.arange(width))[inside]
        ids = self.ids[where]
        rows = np.full(inside.shape, vocabulary.pad_row or 0, np.int32)
        known = ids < len(vocabulary)
        rows[inside] = np.where(
            known, ids + np.int32(vocabulary.first_row), vocabulary.unk_row or 1
        )
        return rows


class Reader:
    """Turn texts into numbers by a vocabulary.

    Parameters
    ----------
    vocabulary : Vocabulary
        The V words, with their tokenizer.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._tokenizer = vocabulary.tokenizer or Whitespace()
        self._table: WordTable | None = None

    @classmethod
    def fitted(
        cls, texts: Sequence[str], tokenizer: Tokenizer, *, min_count: int, max_vocab: int | None
    ) -> tuple[Self, Documents]:
        """Choose a vocabulary from texts.

        Parameters
        ----------
        texts : sequence of str
            The texts of the training part.
        tokenizer : Tokenizer
            Cuts them.
        min_count : int
            Words that occur more rarely are left out.
        max_vocab : int or None
            Keep this many words at most, the most frequent ones.

        Returns
        -------
        Reader, Documents
            And the texts in its numbers.
        """
        warn_of_text(texts, tokenizer)
        nothing = cls(Vocabulary([], tokenizer=tokenizer))
        seen = nothing.read(texts)
        counts = np.bincount(seen.ids, minlength=len(seen.unknown))
        everything = dict(zip(seen.unknown, counts.tolist(), strict=True))
        vocabulary = Vocabulary.from_counts(
            everything, min_count=min_count, max_vocab=max_vocab, tokenizer=tokenizer
        )
        kept = vocabulary.ids(seen.unknown)
        left_out = np.flatnonzero(kept < 0)
        kept[left_out] = np.arange(len(vocabulary), len(vocabulary) + len(left_out))
        unknown = [seen.unknown[i] for i in left_out.tolist()]
        return cls(vocabulary), Documents(kept[seen.ids], seen.starts, unknown)

    def read(self, texts: Sequence[str]) -> Documents:
        """Turn texts into numbers.

        Parameters
        ----------
        texts : sequence of str
            n texts.

        Returns
        -------
        Documents
            As many.
        """
        size = sum(map(len, texts))
        if size <= _FEW_CHARACTERS or not isinstance(self._tokenizer, _NAMED):
            return self._plain(texts)
        # to Keras' tokenizer a carriage return is no white space; only Python knows it
        odd = isinstance(self._tokenizer, Keras) and any("\r" in text for text in texts)
        return self._plain(texts) if odd else self._compiled(self._tokenizer, texts)

    def _plain(self, texts: Sequence[str]) -> Documents:
        known = self.vocabulary.key_to_index
        extra: dict[str, int] = {}
        ids: list[int] = []
        ends = [0]
        first = len(self.vocabulary)
        for text in texts:
            for word in self._tokenizer(text):
                number = known.get(word, -1)
                ids.append(number if number >= 0 else first + extra.setdefault(word, len(extra)))
            ends.append(len(ids))
        return Documents(np.array(ids, np.int32), np.array(ends, np.int64), list(extra))

    def _compiled(self, tokenizer: Named, texts: Sequence[str]) -> Documents:
        from wordkin.corpus.compiled import CompiledInterner
        from wordkin.kernels.numbering import WordTable

        if self._table is None:
            table = WordTable()
            try:
                table.add(self.vocabulary.words)
            except UnicodeEncodeError:  # words of a file in another encoding
                return self._plain(texts)
            self._table = table
        table = self._table.copy()
        ids, starts = [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
        for chunk in CompiledInterner(tokenizer, table).chunks(_blocks(texts)):
            starts.append(chunk.ends + sum(map(len, ids)))
            ids.append(chunk.ids)
        unknown = table.types(len(self.vocabulary))
        return Documents(np.concatenate(ids), np.concatenate(starts), unknown)


def _blocks(texts: Sequence[str]) -> Iterator[Block]:
    """Join texts, a line each, to blocks that are worth a thread's while."""
    sizes = np.cumsum([len(text) for text in texts])
    cuts = np.searchsorted(sizes, np.arange(_BLOCK_CHARACTERS, sizes[-1], _BLOCK_CHARACTERS))
    for first, last in pairwise(np.unique([0, *cuts.tolist(), len(texts)]).tolist()):
        lines = texts[first:last]
        block = "\n".join(lines)
        if "\r" in block or block.count("\n") >= len(lines):  # most texts are a line already
            block = "\n".join([text.replace("\n", " ").replace("\r", " ") for text in lines])
        # half a surrogate pair is no UTF-8; the tokenizer sees to it like to all that is none
        yield Block((block + "\n").encode("utf-8", "surrogatepass"))
