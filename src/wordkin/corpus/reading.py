"""Reading: a text on its way to numbers, by Python or, where it pays, by compiled code."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.corpus import pieces
from wordkin.corpus.draft import rank_in_place
from wordkin.corpus.interning import Interner
from wordkin.text.spacing import watched
from wordkin.text.tokenizers import Gensim, Keras, Whitespace, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from wordkin.corpus.draft import Ranker
    from wordkin.corpus.interning import Chunk
    from wordkin.corpus.pieces import Piece
    from wordkin.corpus.pruning import Outsiders, Pruner
    from wordkin.text.sources import Block
    from wordkin.text.tokenizers import Tokenizer

    Spelled = tuple[NDArray[np.uint8], NDArray[np.int64]]

_COMPILED = (Words, Whitespace, Gensim, Keras)  # those that wordkin.text.classes knows
_FEW_BLOCKS = 4  # of 1 MiB: Python has read them before the compiled code is loaded


class Reading(NamedTuple):
    """A text in provisional numbers, as it is read.

    Parameters
    ----------
    chunks : iterable of Chunk
        The text in order; it is read as this is iterated, once.
    types : callable
        Returns the word of each provisional number so far.
    rank : callable
        What replaces the provisional numbers in the end.
    chosen : callable, optional
        Returns some of the words without making a list of all, as `WordTable.chosen` does.
    pruner : Pruner or Outsiders, optional
        What forgets words while this is iterated, and knows what the counts may lack.
    nulls : callable
        Returns how many cells of a table were null so far.
    """

    chunks: Iterable[Chunk]
    types: Callable[[], list[str]]
    rank: Ranker = rank_in_place
    chosen: Callable[[NDArray[np.int64]], Spelled] | None = None
    pruner: Pruner | Outsiders | None = None
    nulls: Callable[[], int] = int

    def spelled(self, numbers: NDArray[np.int64]) -> Spelled:
        """Return some of the words as bytes.

        Parameters
        ----------
        numbers : ndarray of int64
            Shape (n,): the provisional numbers of the words that are wanted.

        Returns
        -------
        text : ndarray of uint8
            The words in UTF-8, each with a line feed behind it.
        offsets : ndarray of int64
            Shape (n + 1,): word w is ``text[offsets[w]:offsets[w + 1] - 1]``.
        """
        if self.chosen is not None:
            return self.chosen(numbers)
        types = self.types()
        encoded = [types[i].encode("utf-8", "surrogatepass") + b"\n" for i in numbers.tolist()]
        offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        return np.frombuffer(b"".join(encoded), np.uint8), offsets

    def words(self, numbers: NDArray[np.int64]) -> list[str]:
        """Return some of the words.

        Parameters
        ----------
        numbers : ndarray of int64
            Shape (n,): the provisional numbers of the words that are wanted.

        Returns
        -------
        list of str
            The words.
        """
        if self.chosen is not None:
            from wordkin.kernels.numbering import spelled

            return spelled(*self.chosen(numbers))
        types = self.types()
        return [types[i] for i in numbers.tolist()]


def of_pieces(text: Iterable[Piece], pruner: Pruner | Outsiders | None = None) -> Reading:
    """Number a text that is cut into tokens.

    Parameters
    ----------
    text : iterable of Piece
        The text in order.
    pruner : Pruner or Outsiders, optional
        Forgets words when there are too many.

    Returns
    -------
    Reading
        The text in numbers.
    """
    interner = Interner(pruner)
    return Reading(interner.chunks(text), interner.types, pruner=pruner)


def of_blocks(
    text: Iterable[Block], tokenizer: Tokenizer, pruner: Pruner | Outsiders | None = None
) -> Reading:
    """Cut text into tokens, and number them.

    Longer texts go through compiled code if there is some for the tokenizer; what comes out is
    the same.

    Parameters
    ----------
    text : iterable of Block
        The text in order, such as `Files`.
    tokenizer : Tokenizer
        What cuts it.
    pruner : Pruner or Outsiders, optional
        Forgets words when there are too many.

    Returns
    -------
    Reading
        The text in numbers.
    """
    blocks = iter(text)
    first = list(islice(blocks, _FEW_BLOCKS))
    text = watched(chain(first, blocks), tokenizer)
    if len(first) < _FEW_BLOCKS or not isinstance(tokenizer, _COMPILED):
        return of_pieces(pieces.of_source(text, tokenizer), pruner)
    from wordkin.corpus import compiled

    interner = compiled.CompiledInterner(tokenizer, pruner=pruner)
    return Reading(
        interner.chunks(text), interner.types, compiled.rank_in_place, interner.chosen, pruner
    )
