"""Words as bytes, with an index to look them up: no list and no dict of millions of strings.

A `PackedWords` is a sequence like a list of `str`, and a `PackedIndex` a mapping like a dict of
ids, both over the same three arrays. They may be mapped from a file: looking up a word reads a
few bytes of them, and it takes no longer when there are more words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, final, overload

import numpy as np

from wordkin.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BASIS = 0xCBF29CE484222325
_PRIME = 0x100000001B3
_MASK = (1 << 64) - 1
_AT_ONCE = 4096  # words decoded together
_PROBES = 1000  # a word that has to look into more slots makes another seed be tried
_SEEDS = 8
# looking up in Python takes twenty times as long as in a dict, and a dict of all words as long as
# looking up a tenth of them: past that many the dict is made
_WORTH_A_DICT = 10


@final
class PackedWords(Sequence[str]):
    """Words in one array of bytes.

    Parameters
    ----------
    data : ndarray of uint8
        The words in UTF-8, one after the other.
    offsets : ndarray of int64
        Shape (V + 1,): word i is ``data[offsets[i]:offsets[i + 1]]``.
    slots : ndarray of int32
        The index, as `wordkin.kernels.words.index_words` makes it.
    seed : int
        The seed of its hash.

    Attributes
    ----------
    index : PackedIndex
        The id of each word.

    Examples
    --------
    >>> words = packed(np.frombuffer(b"thecat", np.uint8), np.array([0, 3, 6]))[0]
    >>> words, words[1], words[:2] == ["the", "cat"], words.index["cat"]
    (<2 packed words>, 'cat', True, 1)
    """

    def __init__(
        self,
        data: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        *,
        slots: NDArray[np.int32],
        seed: int,
    ) -> None:
        self.data, self.offsets, self.slots, self.seed = data, offsets, slots, seed
        self.index: PackedIndex = PackedIndex(self)  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def raw(self, i: int) -> bytes:
        """Return the bytes of a word.

        Parameters
        ----------
        i : int
            Its id.

        Returns
        -------
        bytes
            UTF-8, unless the file is damaged.
        """
        return self.data[self.offsets[i] : self.offsets[i + 1]].tobytes()

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        rows = range(len(self))[i]
        if isinstance(rows, int):
            return _decoded(self.raw(rows))
        if rows.step == 1:
            return list(self._between(rows.start, max(rows.start, rows.stop)))
        return [self[row] for row in rows]

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self._between(start, min(start + _AT_ONCE, len(self)))

    def _between(self, start: int, stop: int) -> Iterator[str]:
        places = self.offsets[start : stop + 1].tolist()
        first = places[0]
        data = self.data[first : places[-1]].tobytes()
        for begin, end in pairwise(places):
            yield _decoded(data[begin - first : end - first])

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __eq__(self, other: object) -> bool:
        """Tell whether these are the same words in the same order; a list will do."""
        if not isinstance(other, PackedWords | list):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} packed words>"


@final
class PackedIndex(Mapping[str, int]):
    """The ids of packed words.

    Parameters
    ----------
    words : PackedWords
        The words.
    """

    def __init__(self, words: PackedWords) -> None:
        self._words = words
        self._dict: dict[str, int] | None = None
        self._asked = 0

    def __getitem__(self, word: str) -> int:
        found = self._find(word)
        if found < 0:
            raise KeyError(word)
        return found

    def get(self, word: str, default: Any = None) -> Any:  # noqa: ANN401
        """Return the id of a word, or the default.

        Parameters
        ----------
        word : str
            The word.
        default : object
            What to return where there is no such word.

        Returns
        -------
        int or object
            The id.
        """
        found = self._find(word)
        return default if found < 0 else found

    def __contains__(self, word: object) -> bool:
        return self._find(word) >= 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __repr__(self) -> str:
        return f"<the ids of {len(self):,} packed words>"

    def _find(self, word: object) -> int:
        if self._dict is not None:
            return self._dict.get(word, -1)  # type: ignore[call-overload, no-any-return]
        self._asked += 1
        if self._asked * _WORTH_A_DICT > len(self) + 1000:
            self._dict = dict(zip(self._words, range(len(self)), strict=True))
            return self._find(word)
        hash(word)  # what a dict refuses is refused here too
        if not isinstance(word, str):
            return -1
        try:
            return _probe(self._words, word.encode("utf-8"))
        except UnicodeEncodeError:  # half a surrogate pair: no file can hold it
            return -1


def packed(
    data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> tuple[PackedWords, NDArray[np.int32]]:
    """Index words, and find those that come again.

    Parameters
    ----------
    data : ndarray of uint8
        The words in UTF-8, one after the other.
    offsets : ndarray of int64
        Shape (V + 1,): where they begin and end.

    Returns
    -------
    words : PackedWords
        The words; of those that come again the index knows the first.
    first : ndarray of int32
        Shape (V,): the id of the first word with the same bytes.

    Raises
    ------
    FormatError
        If the words were made up to have one hash.
    """
    from wordkin.kernels.words import index_words

    n_words = len(offsets) - 1
    first = np.empty(n_words, np.int32)
    for seed in range(_SEEDS):
        slots = np.full(1 << (2 * n_words).bit_length(), -1, np.int32)
        if index_words(data, offsets, seed, slots, first, _PROBES):
            return PackedWords(data, offsets, slots=slots, seed=seed), first
    raise FormatError("The words were made to have one hash, so that looking them up takes ages.")


def verified(words: PackedWords) -> None:
    """Read all words, and check that they are UTF-8, each once, and that the index finds them.

    Parameters
    ----------
    words : PackedWords
        Words from a file.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    steps = np.diff(words.offsets)
    if words.offsets[0] != 0 or words.offsets[-1] != len(words.data) or (steps < 0).any():
        raise FormatError(f"The 'word_offsets' should rise from 0 to {len(words.data)}.")
    check_utf8(words.data, words.offsets)
    again, first = packed(words.data, words.offsets)
    if (first != np.arange(len(words), dtype=np.int32)).any():
        raise FormatError("The file is damaged: a word comes twice.")
    if again.seed != words.seed or not np.array_equal(again.slots, words.slots):
        raise FormatError("The file is damaged: its index is not that of its words.")


def check_utf8(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
    """Check that all words are UTF-8, without making a string of each.

    Parameters
    ----------
    data : ndarray of uint8
        The words one after the other.
    offsets : ndarray of int64
        Shape (V + 1,): where they begin and end.

    Raises
    ------
    FormatError
        If one is not.
    """
    _decoded(data.tobytes())
    # all bytes together may be UTF-8 although a character is cut in two between words
    starts = offsets[:-1][np.diff(offsets) > 0]
    if ((data[starts] & 0xC0) == 0x80).any():
        raise FormatError("The words are not UTF-8: one begins within a character.")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"The words are not UTF-8: {error}. The file is damaged.") from error


def _probe(words: PackedWords, word: bytes) -> int:
    """Look up a word; -1 if it is not there."""
    key = _BASIS ^ words.seed
    for byte in word:
        key = (key ^ byte) * _PRIME & _MASK
    slots, n_words = words.slots, len(words)
    mask = len(slots) - 1
    at = (key ^ key >> 32) & mask
    for _ in range(min(_PROBES, mask) + 1):
        found = int(slots[at])
        if not 0 <= found < n_words:  # a damaged index may hold anything
            return -1
        if words.raw(found) == word:
            return found
        at = (at + 1) & mask
    return -1
