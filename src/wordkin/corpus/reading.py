"""Reading: a text on its way to numbers, by Python or, where it pays, by compiled code."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from wordkin.corpus import pieces
from wordkin.corpus.draft import rank_in_place
from wordkin.corpus.interning import Interner
from wordkin.text.tokenizers import Gensim, Keras, Whitespace, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wordkin.corpus.draft import Ranker
    from wordkin.corpus.interning import Chunk
    from wordkin.corpus.pieces import Piece
    from wordkin.text.sources import Files
    from wordkin.text.tokenizers import Tokenizer

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
    """

    chunks: Iterable[Chunk]
    types: Callable[[], list[str]]
    rank: Ranker = rank_in_place


def of_pieces(text: Iterable[Piece]) -> Reading:
    """Number a text that is cut into tokens.

    Parameters
    ----------
    text : iterable of Piece
        The text in order.

    Returns
    -------
    Reading
        The text in numbers.
    """
    interner = Interner()
    return Reading(interner.chunks(text), interner.types)


def of_files(files: Files, tokenizer: Tokenizer) -> Reading:
    """Cut the text of files into tokens, and number them.

    Longer texts go through compiled code if there is some for the tokenizer; what comes out is
    the same.

    Parameters
    ----------
    files : Files
        Where the text is.
    tokenizer : Tokenizer
        What cuts it.

    Returns
    -------
    Reading
        The text in numbers.
    """
    blocks = iter(files)
    first = list(islice(blocks, _FEW_BLOCKS))
    text = chain(first, blocks)
    if len(first) < _FEW_BLOCKS or not isinstance(tokenizer, _COMPILED):
        return of_pieces(pieces.of_source(text, tokenizer))
    from wordkin.corpus import compiled

    interner = compiled.CompiledInterner(tokenizer)
    return Reading(interner.chunks(text), interner.types, compiled.rank_in_place)
