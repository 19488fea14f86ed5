"""Words to numbers: a hash table over their bytes that gives the next number to what is new.

One thread numbers all blocks of a text in their order, so that numbers never depend on threads.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, kernel
from wordkin.kernels.text import PADDING, eight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NEWLINE = np.uint8(10)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
_LOW = np.uint64(0xFFFFFFFF)
# what is signed here and unsigned there is a float to Numba: all are of one kind
_0, _1, _8, _32 = (np.uint64(n) for n in (0, 1, 8, 32))


class Words(NamedTuple):
    """The arrays of a word table; word w is ``arena[offsets[w]:offsets[w + 1] - 1]``."""

    slots: NDArray[np.uint64]
    arena: NDArray[np.uint8]  # the words one after the other, each with a line feed behind it
    offsets: NDArray[np.int64]


@inline
def _home(key, mask):
    """Where a key belongs (Knuth, The Art of Computer Programming 3, 6.4: by the golden ratio)."""
    return ((key ^ key >> _32) * _GOLDEN >> _32) & mask


@inline
def _own(some, left):
    """Blank what does not belong to a word any more that has `left` bytes."""
    # shifted up: for an empty word by 0 bits, where down would be by 64, which is undefined
    return some & ~(_ONES << _8 * np.uint64(left)) if left < 8 else some


@inline
def _key(text, begin, size):
    """The bytes of a word if there are 8 or fewer, otherwise a hash of them."""
    key = _own(eight(text, begin), size)
    for more in range(8, size, 8):
        part = _own(eight(text, begin + more), size - more)
        key = (key ^ key >> _32) * _GOLDEN ^ part
    return key


@kernel
def number(text, begins, stops, words, out):
    """Give words their numbers, as far as the slots go.

    Parameters
    ----------
    text : ndarray of uint8
        What the words are in, with PADDING behind the last one.
    begins, stops : ndarray of int64
        Shape (n,): word t is ``text[begins[t]:stops[t]]``.
    words : Words
        The table, with room in `arena` and `offsets` for all of them.
    out : tuple of (ndarray of int32, ndarray of int64)
        The numbers, shape (n,); and (words, bytes) in the table before and after.

    Returns
    -------
    int
        How many words were numbered. If less than n, the table needs more slots.
    """
    slots, arena, offsets = words
    ids, fill = out
    known, top = fill
    mask = np.uint64(len(slots) - 1)
    done = len(begins)
    for t in range(len(begins)):
        begin = begins[t]
        size = stops[t] - begin
        key = _key(text, begin, size)
        at = _home(key, mask)
        word = np.int64(-1)
        while slots[at, 1] != _0:
            if slots[at, 0] == key and slots[at, 1] >> _32 == np.uint64(size):
                word = np.int64(slots[at, 1] & _LOW) - 1
                if size > 8:  # else the key is the word itself
                    for j in range(size):
                        if arena[offsets[word] + j] != text[begin + j]:
                            word = np.int64(-1)
                            break
                if word >= 0:
                    break
            at = (at + _1) & mask
        if word < 0:
            if 2 * known >= len(slots):
                done = t
                break
            word = known
            known += 1
            slots[at, 0] = key
            slots[at, 1] = np.uint64(size) << _32 | np.uint64(known)
            for j in range(size):
                arena[top + j] = text[begin + j]
            arena[top + size] = _NEWLINE
            top += size + 1
            offsets[known] = top
        ids[t] = word
    fill[0], fill[1] = known, top
    return done


@kernel
def rank_in_place(ids, ends, ranks):
    """Write ranks over numbers, leaving out what has none, and new ends over ends.

    Parameters
    ----------
    ids : ndarray of int32
        Shape (n,): the number of each token; the ranks of those that are kept when this is done.
    ends : ndarray of int64
        Shape (s + 1,): 0, then where sentences end; those that are not empty when this is done.
    ranks : ndarray of int32
        The rank of each number; -1 for what is left out.

    Returns
    -------
    tokens, sentences : int
        How many there are now.
    """
    tokens = sentences = 0
    end = 1
    for t in range(len(ids) + 1):
        while end < len(ends) and ends[end] == t:
            if tokens > ends[sentences]:
                sentences += 1
                ends[sentences] = tokens
            end += 1
        if t < len(ids):
            rank = ranks[ids[t]]
            ids[tokens] = rank  # never further on than what is read
            tokens += rank >= 0
    return tokens, sentences


@kernel
def _move(slots, larger):
    """Put what is in some slots into more of them, all free."""
    mask = np.uint64(len(larger) - 1)
    for s in range(len(slots)):
        if slots[s, 1] != _0:
            at = _home(slots[s, 0], mask)
            while larger[at, 1] != _0:
                at = (at + _1) & mask
            larger[at, 0], larger[at, 1] = slots[s, 0], slots[s, 1]


@kernel
def _forget(words, fill, kept):
    """Take out words, and give those that stay new numbers in the same order; all in place."""
    slots, arena, offsets = words
    for s in range(len(slots)):
        slots[s, 1] = _0
    mask = np.uint64(len(slots) - 1)
    known = top = 0
    begin = offsets[0]
    for word in range(fill[0]):
        stop = offsets[word + 1]  # the next begin: what is written never gets past it
        if kept[word]:
            size = stop - 1 - begin
            key = _key(arena, begin, size)
            for j in range(size + 1):
                arena[top + j] = arena[begin + j]
            top += size + 1
            known += 1
            offsets[known] = top
            at = _home(key, mask)
            while slots[at, 1] != _0:
                at = (at + _1) & mask
            slots[at, 0] = key
            slots[at, 1] = np.uint64(size) << _32 | np.uint64(known)
        begin = stop
    fill[0], fill[1] = known, top


@kernel
def _copy_words(words, wanted, text, offsets):
    """Write some words one after the other, with their line feeds."""
    top = 0
    for i in range(len(wanted)):
        begin, stop = words.offsets[wanted[i]], words.offsets[wanted[i] + 1]
        for j in range(begin, stop):
            text[top + j - begin] = words.arena[j]
        top += stop - begin
        offsets[i + 1] = top


class WordTable:
    """Numbers for words, in the order in which they come.

    A hash table of slots of two 64-bit numbers. The first is the word itself if it has 8 bytes or
    fewer, as nearly all words of a text have, so that finding it touches no other memory; otherwise
    it is a hash. The second holds the word's length and, in the lower half, its number + 1; 0 is
    a free slot. At most half of the slots are taken.

    Parameters
    ----------
    slots : int
        How many to begin with, a power of two: the table grows by itself.

    Examples
    --------
    >>> table = WordTable()
    >>> text = np.frombuffer(b"to be or not to be" + bytes(PADDING), np.uint8)
    >>> begins = np.array([0, 3, 6, 9, 13, 16])
    >>> table.number(text, begins, np.array([2, 5, 8, 12, 15, 18]))
    array([0, 1, 2, 3, 0, 1], dtype=int32)
    >>> table.types()
    ['to', 'be', 'or', 'not']
    """

    def __init__(self, slots: int = 1 << 12) -> None:
        self._words = Words(
            np.zeros((slots, 2), np.uint64), np.empty(0, np.uint8), np.zeros(1, np.int64)
        )
        self._fill = np.zeros(2, np.int64)

    def __len__(self) -> int:
        return int(self._fill[0])

    def add(self, words: Sequence[str]) -> None:
        """Give words the next numbers.

        Parameters
        ----------
        words : sequence of str
            Each once.
        """
        encoded = [word.encode("utf-8") for word in words]
        stops = np.cumsum([len(word) for word in encoded], dtype=np.int64)
        begins = np.concatenate((np.zeros(1, np.int64), stops))[: len(stops)]
        self.number(np.frombuffer(b"".join(encoded) + bytes(PADDING), np.uint8), begins, stops)

    def copy(self) -> WordTable:
        """Return a table that grows by itself from here on.

        Returns
        -------
        WordTable
            With the same words.
        """
        twin = WordTable()
        slots, arena, offsets = self._words
        twin._words = Words(slots.copy(), arena.copy(), offsets.copy())
        twin._fill = self._fill.copy()
        return twin

    def number(
        self, text: NDArray[np.uint8], begins: NDArray[np.int64], stops: NDArray[np.int64]
    ) -> NDArray[np.int32]:
        """Return the number of each word; new ones are added.

        Parameters
        ----------
        text : ndarray of uint8
            What the words are in, with PADDING behind the last one.
        begins, stops : ndarray of int64
            Shape (n,): word t is ``text[begins[t]:stops[t]]``.

        Returns
        -------
        ndarray of int32
            Shape (n,).
        """
        self._reserve(len(begins), len(text))
        ids = np.empty(len(begins), np.int32)
        done = 0
        while True:
            out = (ids[done:], self._fill)
            done += number(text, begins[done:], stops[done:], self._words, out)
            if done == len(begins):
                return ids
            larger = np.zeros((2 * len(self._words.slots), 2), np.uint64)
            _move(self._words.slots, larger)
            self._words = self._words._replace(slots=larger)

    def _reserve(self, n_words: int, n_bytes: int) -> None:
        """Make room for more words, twice as much as there is, so that little is copied."""
        slots, arena, offsets = self._words
        known, top = self._fill.tolist()
        if known + n_words >= len(offsets):
            old, offsets = offsets, np.empty(2 * (known + n_words) + 1, np.int64)
            offsets[: known + 1] = old[: known + 1]
        needed = top + n_bytes + n_words + PADDING
        if needed > len(arena):
            full, arena = arena, np.empty(2 * needed, np.uint8)
            arena[:top] = full[:top]
        self._words = Words(slots, arena, offsets)

    def forget(self, kept: NDArray[np.bool_]) -> None:
        """Take out words; the others get new numbers, in the same order. Takes no memory.

        Parameters
        ----------
        kept : ndarray of bool
            Shape (len(self),): which ones stay.
        """
        _forget(self._words, self._fill, kept)

    def chosen(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Copy some of the words.

        Parameters
        ----------
        numbers : ndarray of int64
            Shape (n,): the numbers of the words that are wanted.

        Returns
        -------
        text : ndarray of uint8
            The words in UTF-8, one after the other in that order, each with a line feed behind it.
        offsets : ndarray of int64
            Shape (n + 1,): where they begin and end.
        """
        held = self._words.offsets
        size = int((held[numbers + 1] - held[numbers]).sum())
        text, offsets = np.empty(size, np.uint8), np.zeros(len(numbers) + 1, np.int64)
        _copy_words(self._words, numbers, text, offsets)
        return text, offsets

    def growth(self, n_words: int, n_bytes: int) -> int:
        """Work out what making room for more words takes, while old and new arrays are there.

        Parameters
        ----------
        n_words, n_bytes : int
            Words that may come, and how long they are together.

        Returns
        -------
        int
            Bytes; 0 if there is room.
        """
        slots, arena, offsets = self._words
        known, top = self._fill.tolist()
        more = 2 * slots.nbytes if 2 * (known + n_words) >= len(slots) else 0
        if known + n_words >= len(offsets):
            more += 16 * (known + n_words)
        if top + n_bytes + n_words + PADDING > len(arena):
            more += 2 * (top + n_bytes + n_words)
        return more

    @property
    def nbytes(self) -> int:
        """The memory that its arrays take when they are full."""
        return sum(array.nbytes for array in self._words)

    def spans(self) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        """Return the words in the order of their numbers, as `number` of another table takes them.

        Returns
        -------
        text : ndarray of uint8
            What the words are in, with PADDING behind the last one.
        begins, stops : ndarray of int64
            Word w is ``text[begins[w]:stops[w]]``.
        """
        offsets = self._words.offsets[: self._fill[0] + 1]
        return self._words.arena[: self._fill[1] + PADDING], offsets[:-1], offsets[1:] - 1

    def types(self, first: int = 0) -> list[str]:
        """Return the words in the order of their numbers.

        Parameters
        ----------
        first : int
            The number of the first one that is wanted.

        Returns
        -------
        list of str
            As many as ``len(self) - first``.
        """
        offsets = self._words.offsets[first : self._fill[0] + 1]
        return spelled(self._words.arena[offsets[0] : self._fill[1]], offsets - offsets[0])


def spelled(text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> list[str]:
    """Make strings of words that `WordTable.chosen` has copied.

    Parameters
    ----------
    text : ndarray of uint8
        The words in UTF-8, each with a line feed behind it.
    offsets : ndarray of int64
        Shape (n + 1,): where they begin and end.

    Returns
    -------
    list of str
        The n words.
    """
    data = text.tobytes()
    words = data.decode("utf-8").split("\n")[:-1]
    if len(words) == len(offsets) - 1:
        return words
    # a word has a line feed within
    return [data[begin : end - 1].decode("utf-8") for begin, end in pairwise(offsets.tolist())]
