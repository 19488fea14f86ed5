"""Words become numbers the fast way: compiled, and by several threads, straight from UTF-8.

Does what `pieces.of_source` and `interning.Interner` do together, and gives the same chunks, for
the named tokenizers and text from files. Importing this loads Numba.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.corpus.interning import Chunk
from wordkin.errors import OutOfMemoryError
from wordkin.kernels.numbering import WordTable, rank_in_place
from wordkin.kernels.text import PADDING, Scanned, room, scan
from wordkin.memory import check_room, cores
from wordkin.text.classes import rule_of
from wordkin.text.sources import Block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from wordkin.corpus.pruning import Outsiders, Pruner
    from wordkin.text.classes import Named

__all__ = ["CompiledInterner", "rank_in_place"]

_BLOCK_SLOTS = 1 << 16  # 1 MB; a block of English has 15,000 types, and the table need not grow
_BLOCKS_AHEAD = 2  # for each thread: enough to keep it busy while results are fetched in order


_ADVICE = "Bound their number while counting: max_vocab_size=10_000_000 takes 1 to 2 GB."
_NOTHING: NDArray[np.uint8] = np.zeros(0, np.uint8)
_NOWHERE: NDArray[np.int64] = np.zeros(0, np.int64)


class Cut(NamedTuple):
    """The words of a block, before they have numbers.

    Parameters
    ----------
    text : ndarray of uint8
        What the words are in, with room behind the last one that kernels may read.
    begins, stops : ndarray of int64
        Word t is ``text[begins[t]:stops[t]]``.
    ends : ndarray of int64
        Where sentences end: before the word of this number.
    dropped : int
        Words that the tokenizer read and dropped.
    undecodable : int
        Bytes that are no text.
    """

    text: NDArray[np.uint8]
    begins: NDArray[np.int64]
    stops: NDArray[np.int64]
    ends: NDArray[np.int64]
    dropped: int
    undecodable: int


class Room:
    """Memory for cutting, asked of the system once: new pages cost a tenth of the time."""

    def __init__(self) -> None:
        self._data: NDArray[np.uint8] = np.zeros(0, np.uint8)

    def of(self, n: int) -> tuple[NDArray[np.uint8], Scanned]:
        """Make room for a text.

        Parameters
        ----------
        n : int
            Its length in bytes.

        Returns
        -------
        data : ndarray of uint8
            Shape (n + PADDING,), for the text; the end is spaces.
        found : Scanned
            For what will be found.
        """
        if n + PADDING > len(self._data):
            self._data, self._found = np.empty(n + PADDING, np.uint8), room(n)
        data = self._data[: n + PADDING]
        data[n:] = ord(" ")
        return data, self._found


class Cutter:
    """Cut blocks of text into words, as a named tokenizer does.

    Parameters
    ----------
    tokenizer : Words, Whitespace, Gensim or Keras
        Says what a word is.
    """

    def __init__(self, tokenizer: Named) -> None:
        self._tokenizer = tokenizer
        self._rule = rule_of(tokenizer)

    def cut(self, block: Block, *, again: Room | None = None) -> Cut:
        """Cut a block into words; several threads may do this at once.

        Parameters
        ----------
        block : Block
            Some text, each line a sentence.
        again : Room, optional
            Memory to use, by one thread, for one block after the other: a `Cut` that was made in
            it is spoiled by the next.

        Returns
        -------
        Cut
            Its words.
        """
        raw = block.data if isinstance(block.data, bytes) else block.data.encode()
        n = len(raw)
        data, found = (again or Room()).of(n)
        data[:n] = np.frombuffer(raw, np.uint8)
        tokens, lines, gaps, dropped = scan(data, self._rule, found)
        ends = found.ends[:lines]
        if block.ends_sentence and not raw.endswith((b"\n", b"\r")):
            ends = np.append(ends, tokens)
        begins, stops = found.bounds[:tokens], found.bounds[1 : tokens + 1]
        cut = Cut(found.text, begins, stops, ends, dropped, block.undecodable)
        return self._fill(cut, raw, found.gaps[:gaps]) if gaps else cut

    def _fill(self, cut: Cut, raw: bytes, gaps: NDArray[np.int64]) -> Cut:
        """Let the tokenizer cut what the kernel could not, and put its words into the gaps."""
        tokens, sizes, dropped, undecodable = [], [], 0, 0
        for begin, stop in gaps.tolist():
            sentences, bad = Block(raw[begin:stop]).sentences()
            words, lost = self._tokenizer.split(sentences[0])
            tokens += words
            sizes.append(len(words))
            dropped += lost
            undecodable += bad
        more = np.frombuffer("".join(f"{word}\n" for word in tokens).encode(), np.uint8)
        stops = np.flatnonzero(more == ord("\n")) + len(cut.text)
        begins = np.concatenate(([len(cut.text)], stops[:-1] + 1))[: len(stops)]
        text = np.concatenate((cut.text, more, np.zeros(PADDING, np.uint8)))
        is_gap = cut.begins == cut.stops
        at = np.flatnonzero(is_gap)
        where = np.repeat(at, sizes)
        keep = np.insert(~is_gap, where, True)
        before = np.searchsorted(at, cut.ends)
        grown = np.concatenate(([0], np.cumsum(sizes))) - np.arange(len(at) + 1)
        return Cut(
            text,
            np.insert(cut.begins, where, begins)[keep],
            np.insert(cut.stops, where, stops)[keep],
            cut.ends + grown[before],
            cut.dropped + dropped,
            cut.undecodable + undecodable,
        )


class Counted(NamedTuple):
    """A block whose words have numbers of its own.

    Parameters
    ----------
    ids : ndarray of int32
        The number of each word.
    words : WordTable
        The different ones, in the order in which they first come.
    times : ndarray of int64
        How often each of those occurs.
    rest : Cut
        What else is to be known of the block; its text is gone.
    """

    ids: NDArray[np.int32]
    words: WordTable
    times: NDArray[np.int64]
    rest: Cut


class CompiledInterner:
    """Number the words of blocks in the order in which they are first seen.

    Parameters
    ----------
    tokenizer : Words, Whitespace, Gensim or Keras
        What cuts the text.
    table : WordTable, optional
        Words that have numbers already; new ones are added to it.
    pruner : Pruner or Outsiders, optional
        Forgets words when there are too many; for a table of its own only.
    """

    def __init__(
        self,
        tokenizer: Named,
        table: WordTable | None = None,
        *,
        pruner: Pruner | Outsiders | None = None,
    ) -> None:
        self._pruner = pruner
        self._cutter = Cutter(tokenizer)
        self._mine = threading.local()
        self._table = WordTable() if table is None else table

    def types(self) -> list[str]:
        """Return the different words seen so far.

        Returns
        -------
        list of str
            The word of each provisional number.
        """
        return self._table.types()

    def chosen(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return some of the words, as `WordTable.chosen` does.

        Parameters
        ----------
        numbers : ndarray of int64
            Their numbers.

        Returns
        -------
        text : ndarray of uint8
            The words, each with a line feed behind it.
        offsets : ndarray of int64
            Where they begin and end.
        """
        return self._table.chosen(numbers)

    def chunks(self, blocks: Iterable[Block]) -> Iterator[Chunk]:
        """Cut blocks into words and number them.

        Parameters
        ----------
        blocks : iterable of Block
            The text in order, from files.

        Yields
        ------
        Chunk
            One for each block.

        Raises
        ------
        OutOfMemoryError
            If there are too many different words for the memory there is.
        """
        try:
            yield from self._chunks(blocks)
        except OutOfMemoryError:
            raise
        except MemoryError as error:  # less than is asked for beforehand, or somebody else took it
            raise OutOfMemoryError(
                f"There are {len(self._table):,} different words so far, and no memory for more. "
                f"{_ADVICE}"
            ) from error

    def _chunks(self, blocks: Iterable[Block]) -> Iterator[Chunk]:
        threads = cores()
        counted: deque[tuple[Block, Future[Counted]]] = deque()
        numbered: deque[Future[Chunk]] = deque()
        with ThreadPoolExecutor(threads, "wordkin-text") as pool:
            for block in blocks:
                counted.append((block, pool.submit(self._count, block)))
                if len(counted) > _BLOCKS_AHEAD * threads:
                    numbered.append(self._numbered(pool, *counted.popleft()))
                if len(numbered) > threads:
                    yield numbered.popleft().result()
            while counted:
                numbered.append(self._numbered(pool, *counted.popleft()))
            while numbered:
                yield numbered.popleft().result()

    def _count(self, block: Block) -> Counted:
        """Number the words of a block by themselves, so that little is left for one thread."""
        if not hasattr(self._mine, "room"):
            self._mine.room = Room()
        cut = self._cutter.cut(block, again=self._mine.room)
        table = WordTable(_BLOCK_SLOTS)
        ids = table.number(cut.text, cut.begins, cut.stops)
        times = np.bincount(ids, minlength=len(table))
        rest = Cut(_NOTHING, _NOWHERE, _NOWHERE, cut.ends.copy(), cut.dropped, cut.undecodable)
        return Counted(ids, table, times, rest)

    def _numbered(
        self, pool: ThreadPoolExecutor, block: Block, future: Future[Counted]
    ) -> Future[Chunk]:
        """Number what is new in the next block; only one thread may do this, block by block.

        The words of a block stand in the order in which they first come, so that the numbers are
        those that the whole text in one piece would give. Replacing the block's own numbers by
        them is left to any thread.
        """
        counted = future.result()
        kept = None
        if self._pruner is not None and len(counted.words):
            kept = self._pruner.forget(self._table.types)
        if kept is not None:
            self._table.forget(kept)
        spans = counted.words.spans()
        check_room(
            self._table.growth(len(counted.words), len(spans[0])),
            f"There are {len(self._table):,} different words so far, and places for more",
            advice=_ADVICE,
        )
        numbers = self._table.number(*spans)
        if self._pruner is not None:
            self._pruner.tally.add(numbers, counted.times)
        return pool.submit(_replaced, numbers, counted, (block.bytes_read, kept))


def _replaced(
    numbers: NDArray[np.int32], counted: Counted, more: tuple[int, NDArray[np.bool_] | None]
) -> Chunk:
    ids, rest = numbers[counted.ids], counted.rest
    seen = numbers, counted.times
    return Chunk(ids, rest.ends, rest.dropped, more[0], rest.undecodable, seen, more[1])
