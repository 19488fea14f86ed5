"""Words become numbers: the first of the two steps from a text to a corpus.

While a text is read nobody knows yet which words are frequent, so each word gets a provisional
number, in the order in which words are first seen. `wordkin.corpus.draft` keeps these numbers, and
turns them into ids by frequency when the text has ended. Anything that yields `Chunk` objects and
knows its types can take the place of `Interner`.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import compress, islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.errors import InputError
from wordkin.text.decoding import HALVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from wordkin.corpus.pieces import Piece
    from wordkin.corpus.pruning import Outsiders, Pruner

_CHUNK = 1 << 18  # tokens: enough to make NumPy's cost per call invisible, few enough to be small


class Chunk(NamedTuple):
    """A stretch of text in provisional numbers.

    Parameters
    ----------
    ids : ndarray of int32
        Shape (n,): the number of each token.
    ends : ndarray of int64
        Where sentences end: 0 <= end <= n, ascending, one for each sentence that ends here, the
        empty ones too. What follows the last end belongs to the sentence that the next chunk ends;
        the last chunk ends its last sentence.
    dropped : int
        Tokens that the tokenizer read and dropped.
    bytes_read : int
        Bytes of text that were read from files for this.
    undecodable : int
        Those of them that are no text.
    seen : tuple of (ndarray of int32, ndarray of int64), optional
        The different numbers in `ids` and how often each occurs, if that is known.
    kept : ndarray of bool, optional
        Before this chunk was numbered, words were forgotten: which of the numbers that there were
        stayed. These got new numbers, in the same order, and only those mean anything from here on.
    """

    ids: NDArray[np.int32]
    ends: NDArray[np.int64]
    dropped: int = 0
    bytes_read: int = 0
    undecodable: int = 0
    seen: tuple[NDArray[np.int32], NDArray[np.int64]] | None = None
    kept: NDArray[np.bool_] | None = None


class Interner:
    """Number words in the order in which they are first seen.

    Parameters
    ----------
    pruner : Pruner or Outsiders, optional
        Forgets words when there are too many.

    Examples
    --------
    >>> from wordkin.corpus.pieces import Piece
    >>> interner = Interner()
    >>> for chunk in interner.chunks([Piece(["b", "a", "b"], [3]), Piece(["c"], [1], 2)]):
    ...     print(chunk.ids, chunk.ends, chunk.dropped)
    [0 1 0 2] [3 4] 2
    >>> interner.types()
    ['b', 'a', 'c']
    """

    def __init__(self, pruner: Pruner | Outsiders | None = None) -> None:
        self._pruner = pruner
        # a missing word gets the size of the dict as its number, without any Python code run
        self._numbers: defaultdict[str, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__

    def __len__(self) -> int:
        return len(self._numbers)

    def types(self) -> list[str]:
        """Return the different words seen so far.

        Returns
        -------
        list of str
            The word of each provisional number.
        """
        return list(self._numbers)

    def chunks(self, pieces: Iterable[Piece]) -> Iterator[Chunk]:
        """Turn the tokens of a text into numbers.

        Parameters
        ----------
        pieces : iterable of Piece
            The text in order.

        Yields
        ------
        Chunk
            About a quarter of a million tokens at a time.

        Raises
        ------
        InputError
            If a token is no `str`.
        """
        tokens: list[str] = []
        ends: list[int] = []
        sums = [0, 0, 0]
        for piece in pieces:
            ends += [len(tokens) + end for end in piece.ends]
            tokens += piece.tokens
            sums = [a + b for a, b in zip(sums, piece[2:], strict=True)]
            if len(tokens) + len(ends) >= _CHUNK:
                yield self._chunk(tokens, ends, sums)
                tokens, ends, sums = [], [], [0, 0, 0]
        yield self._chunk(tokens, ends, sums)

    def _chunk(self, tokens: list[str], ends: list[int], sums: list[int]) -> Chunk:
        kept = self._pruner.forget(self._from) if self._pruner is not None and tokens else None
        if kept is not None:
            stay = list(compress(self._numbers, kept.tolist()))
            self._numbers.clear()
            self._numbers.update(zip(stay, range(len(stay)), strict=True))
        dropped, read, undecodable = sums
        numbers = self._numbered(tokens)
        chunk = Chunk(
            numbers, np.array(ends, dtype=np.int64), dropped, read, undecodable, kept=kept
        )
        if self._pruner is not None:
            self._pruner.tally.add_each(chunk.ids)
        return chunk

    def _from(self, first: int) -> list[str]:
        return list(islice(self._numbers, first, None))

    def _numbered(self, tokens: list[str]) -> NDArray[np.int32]:
        known = len(self._numbers)
        try:
            ids = np.fromiter(map(self._numbers.__getitem__, tokens), np.int32, len(tokens))
        except TypeError as error:
            raise InputError(f"Tokens must be strings: {error}.") from error
        new: Iterator[object] = islice(self._numbers, known, None)
        for word in new:
            if not isinstance(word, str):
                hint = " Decode it: .decode('utf-8')." if isinstance(word, bytes) else ""
                raise InputError(f"Tokens must be str; got {type(word).__name__} {word!r}.{hint}")
            if HALVES.search(word):  # better now than when a day's training is to be saved
                raise InputError(
                    f"The token {word!r} holds half a surrogate pair, which no file can hold. "
                    "Mend it: token.encode('utf-8', 'replace').decode()."
                )
        return ids
