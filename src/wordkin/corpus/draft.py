"""Draft: a corpus in provisional numbers, before the frequent words are known."""

from __future__ import annotations

import io
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

from wordkin.corpus.pruning import Tally
from wordkin.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import Self

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from wordkin.corpus.interning import Chunk

    Ranker = Callable[[NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]], tuple[int, int]]

_IN_MEMORY = 1 << 28  # bytes: what grows larger goes to a temporary file
_BLOCK = 1 << 22  # tokens that are handled at once


class Draft:
    """A text in provisional numbers, with the counts of its types.

    Parameters
    ----------
    directory : path-like, optional
        Where temporary files go when the text is long.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._ids = Spool(np.int32, directory=directory, bound=_IN_MEMORY)
        self._ends = Spool(np.int64, directory=directory, bound=_IN_MEMORY)
        self._arrays: tuple[NDArray[np.int32], NDArray[np.int64]] | None = None
        self._masks = Spool(np.uint8, directory=directory, bound=_IN_MEMORY)
        self._forgotten: list[tuple[int, int]] = []  # at which token, of how many words
        self.counts: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.pruned = 0
        """Tokens that are gone because their words were forgotten while counting."""
        self.dropped = self.sentences = self.bytes_read = self.undecodable = 0
        self.joined = 0
        """Tokens that are gone because phrases were joined."""
        self.new_types = 0
        """Phrases that are types now."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ids.close()
        self._ends.close()
        self._masks.close()

    @property
    def tokens(self) -> int:
        """The number of tokens so far."""
        return len(self._ids) if self._arrays is None else len(self._arrays[0])

    def read(self, chunks: Iterable[Chunk]) -> None:
        """Take in a whole text.

        Parameters
        ----------
        chunks : iterable of Chunk
            The text.
        """
        self._ends.append([0])
        tally = Tally()
        for chunk in chunks:
            if chunk.kept is not None:
                self._forgotten.append((self.tokens, len(chunk.kept)))
                self._masks.append(np.packbits(chunk.kept))
                self.pruned += tally.keep(chunk.kept)
            tally.add_chunk(chunk)
            self.dropped += chunk.dropped
            self.bytes_read += chunk.bytes_read
            self.undecodable += chunk.undecodable
            self._ends.append(chunk.ends + self.tokens)
            self._ids.append(chunk.ids)
        self.sentences = len(self._ends) - 1
        self.counts = tally.counts
        if self._forgotten:
            self._leave_out_forgotten()

    def _leave_out_forgotten(self) -> None:
        """Give all tokens the numbers that their words have in the end; leave out the others.

        Between two prunings the numbers are of one kind. From the last stretch to the first it is
        worked out what they are in the end, so that no more than one list of words is in memory.
        """
        ids, ends = self.arrays()
        masks = self._masks.array()
        now = np.arange(len(self.counts), dtype=np.int32)
        starts = [0, *(at for at, _ in self._forgotten)]
        for start, (stop, words) in reversed(list(zip(starts, self._forgotten, strict=False))):
            size = -(-words // 8)
            kept = np.unpackbits(masks[len(masks) - size :], count=words).view(np.bool_)
            masks = masks[: len(masks) - size]
            before = np.full(words, -1, np.int32)
            before[kept] = now[: np.count_nonzero(kept)]
            now = before
            for first in range(start, stop, _BLOCK):
                block = ids[first : min(first + _BLOCK, stop)]
                block[:] = now[block]
        tokens = leave_out_in_place(ids, ends)
        self._arrays = ids[:tokens], ends

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the whole text, to be changed in place; nothing can be read after this.

        Returns
        -------
        ids : ndarray of int32
            Shape (n,): the provisional number of each token.
        ends : ndarray of int64
            Shape (s + 1,): 0, then where sentences end; they may be empty.
        """
        if self._arrays is None:
            self._arrays = self._ids.array(), self._ends.array()
        return self._arrays

    def shorten(self, tokens: int, counts: NDArray[np.int64]) -> None:
        """Take note that words of phrases were joined, and the ends of sentences moved.

        Parameters
        ----------
        tokens : int
            How many tokens there are now, from the first on.
        counts : ndarray of int64
            The counts of all types, new ones too.
        """
        ids, ends = self.arrays()
        self.joined += len(ids) - tokens
        self.new_types += len(counts) - len(self.counts)
        self._arrays, self.counts = (ids[:tokens], ends), counts

    def replaced(
        self, ranks: NDArray[np.int32], rank: Ranker
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Replace provisional numbers by ids, and leave out what has none.

        The draft is used up by this: nothing is copied, the numbers are replaced where they are.

        Parameters
        ----------
        ranks : ndarray of int32
            The id of each provisional number; -1 for what is left out.
        rank : callable
            What does it: `rank_in_place`, or that of `wordkin.kernels.numbering`.

        Returns
        -------
        ids : ndarray of int32
            Shape (N,), read-only.
        starts : ndarray of int64
            Shape (S + 1,), read-only: sentence s is ``ids[starts[s]:starts[s + 1]]``. Sentences
            of which nothing is left are left out.
        """
        ids, ends = self.arrays()
        tokens, sentences = rank(np.asarray(ids), np.asarray(ends), ranks)
        ids, starts = ids[:tokens], ends[: sentences + 1]
        ids.flags.writeable = starts.flags.writeable = False
        return ids, starts


def rank_in_place(
    ids: NDArray[np.int32], ends: NDArray[np.int64], ranks: NDArray[np.int32]
) -> tuple[int, int]:
    """Write ranks over ids and new ends over ends.

    What is written never overtakes what is read, because things only get fewer.

    Parameters
    ----------
    ids : ndarray of int32
        Shape (n,): the provisional number of each token; ranks when this is done.
    ends : ndarray of int64
        Shape (s + 1,): 0, then where sentences end.
    ranks : ndarray of int32
        The rank of each provisional number; -1 for what is left out.

    Returns
    -------
    tokens, sentences : int
        How many there are now.
    """
    tokens = sentences = 0
    done = 1  # ends[0] is 0, the start of the first sentence, and stays
    for start in range(0, len(ids), _BLOCK):
        new = ranks[ids[start : start + _BLOCK]]
        kept = new >= 0
        before = np.concatenate(([0], np.cumsum(kept))) + tokens
        here = done + int(np.searchsorted(ends[done:], start + len(new), side="right"))
        moved = before[ends[done:here] - start]
        moved = moved[np.diff(moved, prepend=ends[sentences]) > 0]
        ends[sentences + 1 : sentences + 1 + len(moved)] = moved
        ids[tokens : int(before[-1])] = new[kept]
        tokens, sentences, done = int(before[-1]), sentences + len(moved), here
    return tokens, sentences


def leave_out_in_place(ids: NDArray[np.int32], ends: NDArray[np.int64]) -> int:
    """Leave out what is below 0, and move the ends of sentences; empty sentences stay.

    Parameters
    ----------
    ids : ndarray of int32
        Shape (n,): the number of each token; those that are left when this is done.
    ends : ndarray of int64
        Shape (s + 1,): 0, then where sentences end; changed.

    Returns
    -------
    int
        How many tokens there are now.
    """
    tokens = 0
    done = 1
    for start in range(0, len(ids), _BLOCK):
        block = ids[start : start + _BLOCK].copy()
        kept = block >= 0
        before = np.concatenate(([0], np.cumsum(kept))) + tokens
        here = done + int(np.searchsorted(ends[done:], start + len(block), side="right"))
        ends[done:here] = before[ends[done:here] - start]
        ids[tokens : int(before[-1])] = block[kept]
        tokens, done = int(before[-1]), here
    return tokens


class Spool:
    """Numbers that are appended: in memory, and in a temporary file when they get too many.

    Parameters
    ----------
    dtype : dtype-like
        The type of the numbers.
    directory : path-like, optional
        Where the temporary file goes; by default where the system puts such files.
    bound : int
        Bytes that are kept in memory.

    Examples
    --------
    >>> spool = Spool(np.int32, bound=8)
    >>> spool.append(np.array([1, 2])); spool.append(np.array([3]))
    >>> spool.array()
    memmap([1, 2, 3], dtype=int32)
    """

    def __init__(
        self, dtype: DTypeLike, *, directory: Path | None = None, bound: int = _IN_MEMORY
    ) -> None:
        self._dtype = np.dtype(dtype)
        self._directory = directory
        self._bound = bound
        self._file: IO[bytes] = io.BytesIO()
        self._size = 0

    def __len__(self) -> int:
        return self._size // self._dtype.itemsize

    def append(self, numbers: ArrayLike) -> None:
        """Add numbers at the end.

        Parameters
        ----------
        numbers : array_like
            Shape (n,); turned into the type of the spool.

        Raises
        ------
        FileError
            If the temporary file can't be written.
        """
        array = np.ascontiguousarray(numbers, dtype=self._dtype)
        try:
            if isinstance(self._file, io.BytesIO) and self._size + array.nbytes > self._bound:
                self._roll()
            self._file.write(array.data)
        except OSError as error:
            raise self._refused(error) from error
        self._size += array.nbytes

    def _roll(self) -> None:
        numbers = cast("io.BytesIO", self._file).getbuffer()
        self._file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115 (lives as long as this)
        self._file.write(numbers)

    def _refused(self, error: OSError) -> FileError:
        folder = self._directory or tempfile.gettempdir()
        reason = error.strerror or error
        return FileError(f"Can't write a temporary file in {str(folder)!r}: {reason}.")

    def array(self) -> NDArray[Any]:
        """Return all numbers, without copying them.

        Returns
        -------
        ndarray
            Shape (n,), writable; a `numpy.memmap` if there was a temporary file. Nothing may be
            appended after this.

        Raises
        ------
        FileError
            If the end of the temporary file can't be written.
        """
        if isinstance(self._file, io.BytesIO):
            return np.frombuffer(self._file.getbuffer(), dtype=self._dtype)
        try:
            self._file.flush()
        except OSError as error:
            raise self._refused(error) from error
        with self._file as file:  # the mapping holds the file on its own
            return np.memmap(file, dtype=self._dtype, mode="r+", shape=(len(self),))

    def close(self) -> None:
        """Remove the temporary file, if there is one and it is not in use as an array."""
        if not isinstance(self._file, io.BytesIO):  # which may be in use as an array
            # on a full disk what waits to be written can't be; nobody needs it any more
            with suppress(OSError):
                self._file.close()
