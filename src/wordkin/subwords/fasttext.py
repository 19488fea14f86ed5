"""The n-grams of fastText and where their rows are.

Bojanowski, Grave, Joulin, Mikolov (2017), "Enriching word vectors with subword information",
section 3.2: the word in angle brackets is cut into all pieces of min_n to max_n characters, and the
hash of a piece tells its row (FNV-1a with 32 bits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_BASIS, _PRIME = np.uint32(2166136261), np.uint32(16777619)
LONGEST = 64  # characters of an n-gram; nobody trains with more than a dozen


@dataclass(frozen=True, eq=False)
class FastTextIndex:
    """Hashes n-grams as fastText does.

    Parameters
    ----------
    n_buckets : int
        Hashes are taken modulo this number.
    min_n, max_n : int
        The least and the greatest length of an n-gram in characters.
    kept : ndarray of int64, optional
        Shape (n, 2): buckets, rising, and their rows, if the others were pruned or never trained.
        By default bucket b has row b.
    exempt : bytes
        The word that has no n-grams: fastText's end of a sentence. For gensim it is no exception.
    characters : bool
        Hash characters in place of bytes, as gensim did before version 3.7.
    rest : int, optional
        The row of all buckets that are not kept, which holds zeros: they were never trained, but
        count in a mean. By default such n-grams don't count: they were pruned.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    n_buckets: int
    min_n: int
    max_n: int
    kept: NDArray[np.int64] | None = None
    exempt: bytes = b"</s>"
    characters: bool = False
    rest: int | None = None

    def __post_init__(self) -> None:
        check_lengths(self.min_n, self.max_n)
        if not 1 <= self.n_buckets < 2**32:
            raise InputError(f"There must be 1 to 2**32 - 1 buckets; got {self.n_buckets}.")
        if self.kept is not None and (
            (np.diff(self.kept[:, 0]) <= 0).any()
            or (self.kept < 0).any()
            or (self.kept[:, 0] >= self.n_buckets).any()
        ):
            raise InputError("The list of buckets kept must rise, from 0 up to their number.")

    def rows(self, words: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Look up the n-grams of words.

        Parameters
        ----------
        words : sequence of bytes
            The words in UTF-8, or what should be UTF-8.

        Returns
        -------
        rows : ndarray of int64
            The rows of all n-grams, word after word, by their beginning and then by their length.
        counts : ndarray of int64
            Shape (n,): how many belong to each word.
        """
        marked = [b"" if word == self.exempt else b"<" + word + b">" for word in words]
        chars = _cut_characters(marked) if self.characters else _cut(marked)
        hashes, valid = _hashes(chars, self.min_n, self.max_n)
        n_chars = valid.shape[0]
        owner = np.broadcast_to(chars.word[:n_chars, None], valid.shape)[valid]
        rows = self.rows_of((hashes[valid] % np.uint32(self.n_buckets)).astype(np.int64))
        owner, rows = owner[rows >= 0], rows[rows >= 0]
        return rows, np.bincount(owner, minlength=len(words)).astype(np.int64)

    def rows_of(self, buckets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Look up the rows of buckets.

        Parameters
        ----------
        buckets : ndarray of int64
            From 0 up to their number.

        Returns
        -------
        ndarray of int64
            Their rows, -1 where a bucket has none.
        """
        if self.kept is None:
            return buckets
        places = np.searchsorted(self.kept[:, 0], buckets)
        found = np.append(self.kept[:, 0], -1)[places] == buckets
        return np.where(found, np.append(self.kept[:, 1], -1)[places], self._no_row)

    @property
    def _no_row(self) -> int:
        return -1 if self.rest is None else self.rest

    def largest(self) -> int:
        """Return the largest row that can come out.

        Returns
        -------
        int
            The row, or -1 if all were pruned.
        """
        if self.kept is None:
            return self.n_buckets - 1
        return int(self.kept[:, 1].max(initial=self._no_row))

    def settings(self) -> Mapping[str, Any]:
        """Return what it was made with.

        Returns
        -------
        mapping
            JSON-able values, without the list of what was kept.
        """
        return {
            "name": "fasttext",
            "n_buckets": self.n_buckets,
            "min_n": self.min_n,
            "max_n": self.max_n,
            "exempt": self.exempt.decode(),
            "characters": self.characters,
            **({} if self.rest is None else {"rest": self.rest}),
        }


def check_lengths(min_n: int, max_n: int) -> None:
    """Check the lengths of n-grams.

    Parameters
    ----------
    min_n, max_n : int
        The least and the greatest length in characters.

    Raises
    ------
    InputError
        If they are negative or too great. A least one above the greatest means no n-grams.
    """
    if min_n < 0 or not 0 <= max_n <= LONGEST:
        raise InputError(
            f"N-grams must have 0 to {LONGEST} characters; got min_n={min_n}, max_n={max_n}."
        )


class _Chars(NamedTuple):
    """Words cut into characters: first byte and length of each, its word, what is left of that."""

    numbers: NDArray[np.uint32]  # what is hashed
    first: NDArray[np.int64]
    length: NDArray[np.int64]
    word: NDArray[np.int64]
    left: NDArray[np.int64]  # characters to the end of the word, this one included


def _cut(words: Sequence[bytes]) -> _Chars:
    data = np.frombuffer(b"".join(words), np.uint8)
    ends = np.cumsum([len(word) for word in words], dtype=np.int64)
    # a byte 10xxxxxx goes on with a character; the "<" in front makes the first byte a beginning
    first = np.flatnonzero((data & 0xC0) != 0x80)
    length = np.diff(first, append=len(data))
    word = np.searchsorted(ends, first, side="right")
    last = np.searchsorted(first, ends)  # the first character behind each word
    # bytes above 127 are negative in fastText, by accident of C++
    numbers = data.view(np.int8).astype(np.int32).view(np.uint32)
    return _Chars(numbers, first, length, word, last[word] - np.arange(len(first)))


def _cut_characters(words: Sequence[bytes]) -> _Chars:
    texts = [word.decode("utf-8", "surrogatepass") for word in words]
    data = "".join(texts).encode("utf-32-le", "surrogatepass")
    sizes = np.array([len(text) for text in texts], np.int64)
    first = np.arange(sizes.sum())
    word = np.repeat(np.arange(len(texts)), sizes)
    left = np.cumsum(sizes)[word] - first
    return _Chars(
        np.frombuffer(data, "<u4").astype(np.uint32), first, np.ones_like(first), word, left
    )


def _hashes(chars: _Chars, min_n: int, max_n: int) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Hash the n-gram at every character and of every length, and tell which there are."""
    n_chars = len(chars.first)
    max_n = min(max_n, int(chars.left.max(initial=0)))
    hashes = np.zeros((n_chars, max_n), np.uint32)
    valid = np.zeros((n_chars, max_n), np.bool_)
    running = np.full(n_chars, _BASIS)
    for n in range(1, max_n + 1):
        begins = np.flatnonzero(chars.left >= n)
        _extend(running, begins, chars, n=n)
        if n < min_n:
            continue
        if n == 1:  # "<" and ">" alone are no n-grams
            inner = (chars.left > 1) & (np.diff(chars.word, prepend=-1) == 0)
            begins = np.flatnonzero(inner)
        hashes[begins, n - 1] = running[begins]
        valid[begins, n - 1] = True
    return hashes, valid


def _extend(
    running: NDArray[np.uint32], begins: NDArray[np.int64], chars: _Chars, *, n: int
) -> None:
    """Take the n-th character behind each beginning into its hash, byte by byte."""
    byte = 0
    while len(begins):
        at = chars.first[begins + n - 1] + byte
        running[begins] = (running[begins] ^ chars.numbers[at]) * _PRIME
        byte += 1
        begins = begins[chars.length[begins + n - 1] > byte]
