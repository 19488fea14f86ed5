"""What streams learn on: replicas of the rows that a piece of text needs (`kernels/replicas`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from wordkin.kernels import replicas, sampling
from wordkin.kernels.word2vec import aligned

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SMALLEST_POOL = 64
"""Noise words that a piece draws at least."""
_PROBES = 1024
"""The most used rows, whose sum tells the direction that all have in common."""


Number = TypeVar("Number", bound=np.generic)


class Changes(NamedTuple):
    """What a stream has changed in a table, to be sent to where else it is to be merged."""

    words: NDArray[np.int32]
    """(slots,) the row that each is a change of."""
    whole: NDArray[np.float32]
    """(n, row) the first ones, with all parts of a row."""
    rest: NDArray[np.float32]
    """(slots - n, row // parts) the others, of which there is the last part alone."""

    @property
    def nbytes(self) -> int:
        """How many bytes that are."""
        return self.words.nbytes + self.whole.nbytes + self.rest.nbytes


class SharedTable:
    """A table, and the replicas that the streams have of it.

    Parameters
    ----------
    table : ndarray of float32
        Shape (V + 1, row), aligned as lanes want it. The last row is spare.
    uses : ndarray of float32
        Shape (parts, V): how many pairs a row takes part in, for each token of the text. A row has
        so many parts, of equal length; a replica has all of them or the last alone.
    streams : int
        How many replicas.
    """

    def __init__(self, table: NDArray[np.float32], uses: NDArray[np.float32], streams: int) -> None:
        self.table = table
        self.uses = uses
        rows = len(table) - 1
        self._rows = [aligned((0, table.shape[1])) for _ in range(streams)]
        self._words = np.zeros((streams, rows + 1), np.int32)
        self._sizes = np.zeros((streams, 2), np.int64)
        self._links = replicas.make_links(streams, rows)

    def words(self, stream: int) -> NDArray[np.int32]:
        """Which row each slot of a stream is a copy of, and a spare one; `Slots` fills it."""
        words: NDArray[np.int32] = self._words[stream]
        return words

    def copy(self, stream: int, slots: int, whole: int) -> NDArray[np.float32]:
        """Make the replica of a stream, after its slots are known.

        Parameters
        ----------
        stream : int
            Which.
        slots : int
            How many.
        whole : int
            How many of them, the first, need all parts of the row.

        Returns
        -------
        ndarray
            Shape (slots + 1, row), float32; the last row is spare.
        """
        rows = self._make_room(stream, slots)
        self._sizes[stream] = slots, whole
        parts = len(self.uses)
        replicas.copy_rows(self.table, parts, self.words(stream), slots, whole, rows)
        return rows

    def _make_room(self, stream: int, slots: int) -> NDArray[np.float32]:
        if len(self._rows[stream]) <= slots:
            self._rows[stream] = aligned((slots + slots // 8 + 1, self.table.shape[1]))
        return self._rows[stream][: slots + 1]

    def leave_out(self, stream: int) -> None:
        """Let a stream have no replica in this round.

        Parameters
        ----------
        stream : int
            Which.
        """
        self._sizes[stream] = 0

    def changes(self, stream: int) -> Changes:
        """Turn the replica of a stream into its changes, once, and copy them.

        All streams of a round must have that done, here or elsewhere, before ``merge(...,
        values=False)``.

        Parameters
        ----------
        stream : int
            Which.

        Returns
        -------
        Changes
            For `accept`.
        """
        (slots, whole), parts = self._sizes[stream].tolist(), len(self.uses)
        words, rows = self.words(stream)[:slots], self._rows[stream]
        replicas.subtract_rows(self.table, parts, words, slots, whole, rows)
        last = rows.shape[1] - rows.shape[1] // parts
        return Changes(words.copy(), rows[:whole].copy(), rows[whole:slots, last:].copy())

    def accept(self, stream: int, changes: Changes) -> None:
        """Take the changes of a stream that has learned elsewhere.

        Parameters
        ----------
        stream : int
            Which.
        changes : Changes
            What the other's `changes` has returned.
        """
        slots, whole = len(changes.words), len(changes.whole)
        rows = self._make_room(stream, slots)
        self._sizes[stream] = slots, whole
        self.words(stream)[:slots] = changes.words
        rows[:whole] = changes.whole
        rows[whole:slots, rows.shape[1] - changes.rest.shape[1] :] = changes.rest

    def merge(
        self, damping: replicas.Damping, share: int, shares: int, *, values: bool = True
    ) -> None:
        """Add what the streams have changed to a share of the rows.

        Parameters
        ----------
        damping : Damping
            How far sums of changes are cut back.
        share, shares : int
            Which share, of how many.
        values : bool
            Whether the replicas are as the streams have left them, and not changes.
        """
        addresses = np.array([rows.ctypes.data for rows in self._rows], np.int64)
        all_of_them = replicas.Replicas(addresses, self._words, self._sizes)
        row = 1, self.table.shape[1]
        places = np.empty(len(addresses), np.int64)
        scratch = replicas.Scratch(aligned(row), aligned(row), places)
        arguments = self.table, all_of_them, self._links, damping
        replicas.merge(*arguments, values, scratch, share, shares)


class Side(NamedTuple):
    """One of the two matrices of a model: a part of the rows of a table."""

    table: SharedTable
    part: int
    probes: NDArray[np.int32]
    """The most used rows."""
    weights: NDArray[np.float32]
    """How much they are used."""

    def find_common(self, out: NDArray[np.float32]) -> None:
        """Write to out the direction that the rows have in common.

        Parameters
        ----------
        out : ndarray of float32
            As long as a part of a row; becomes a unit vector.
        """
        first = self.part * len(out)
        replicas.find_common(self.table.table, first, self.probes, self.weights, out)


def make_side(table: SharedTable, part: int) -> Side:
    """Find the most used rows of a matrix.

    Parameters
    ----------
    table : SharedTable
        The table it is in.
    part : int
        Where in its rows.

    Returns
    -------
    Side
        The matrix.
    """
    uses = table.uses[part]
    probes = np.argsort(-uses, kind="stable")[:_PROBES].astype(np.int32)
    return Side(table, part, probes, uses[probes])


class Slots(NamedTuple):
    """The slots of a stream while they are given out."""

    of_words: NDArray[np.int32]
    """(V,) the slot of each word, -1 where it has none."""
    words: NDArray[np.int32]
    """(V + 1,) the word of each slot; the last one is spare."""

    def number(self, ids: NDArray[np.int32], used: int) -> tuple[NDArray[np.int32], int]:
        """Give a slot to each word that has none: the lowest word the first one.

        Parameters
        ----------
        ids : ndarray of int32
            Words, in any order, any number of times.
        used : int
            How many slots there are.

        Returns
        -------
        slots : ndarray of int32
            Of the ids.
        used : int
            How many slots there are now.
        """
        now = replicas.collect(ids, self.of_words, self.words, used)
        self.words[used:now].sort()
        replicas.number(self.of_words, self.words, used, now)
        slots = np.empty(len(ids), np.int32)
        replicas.look_up(self.of_words, ids, slots)
        return slots, now

    def forget(self, used: int) -> None:
        """Make ready for another piece of text.

        Parameters
        ----------
        used : int
            How many slots there are.
        """
        replicas.forget(self.of_words, self.words, used)


def draw_pool(
    noise: sampling.Noise, state: NDArray[np.uint64], slots: Slots, *, used: int, size: float
) -> tuple[sampling.Noise, int]:
    """Draw the noise words that a piece will meet.

    The kernels draw from these again. If each draw could be any word, four times as many rows
    would have to be copied.

    Parameters
    ----------
    noise : Noise
        The law.
    state : ndarray of uint64
        The random stream; changed.
    slots : Slots
        The slots; changed.
    used : int
        How many there are.
    size : float
        How many to draw.

    Returns
    -------
    noise : Noise
        A law over slots: each of the words drawn is as likely as the others.
    used : int
        How many slots there are now.
    """
    pool = np.empty(max(int(size), _SMALLEST_POOL), np.int32)
    law = sampling.Noise(noise.threshold, noise.alias)  # without draws made beforehand
    sampling.draw_noises(law, state, len(pool), pool)
    pool, used = slots.number(pool, used)
    return sampling.Noise(np.zeros(len(pool), np.uint64), pool), used


def choose_lists(
    starts: NDArray[np.int64], values: NDArray[Number], chosen: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[Number]]:
    """Choose lists from many that lie one behind the other.

    Parameters
    ----------
    starts : ndarray of int64
        Shape (n + 1,): list i is ``values[starts[i]:starts[i + 1]]``.
    values : ndarray
        What is in the lists.
    chosen : ndarray of int32
        Shape (m,): the lists.

    Returns
    -------
    starts : ndarray of int64
        Shape (m + 1,): where the chosen lists begin, one behind the other.
    values : ndarray
        What is in them.

    Examples
    --------
    >>> starts, values = np.array([0, 2, 2, 5]), np.array([3, 1, 4, 1, 5])
    >>> starts, values = choose_lists(starts, values, np.array([2, 0], np.int32))
    >>> starts.tolist(), values.tolist()
    ([0, 3, 5], [4, 1, 5, 3, 1])
    """
    cuts = np.empty(len(chosen) + 1, np.int64)
    out = np.empty(int((starts[chosen + 1] - starts[chosen]).sum()), values.dtype)
    replicas.choose_lists(starts, values, chosen, cuts, out)
    return cuts, out


def replica_bytes(words: int, row: int, *, streams: int, workers: int, rows: int) -> int:
    """Compute the most memory that the replicas of a table take.

    Parameters
    ----------
    words : int
        Rows of the table.
    row : int
        Floats of a row.
    streams, workers : int
        Streams and threads.
    rows : int
        The most rows that a piece needs, however large the table is.

    Returns
    -------
    int
        Bytes.
    """
    replica = min(words, rows) * 9 // 8 * row * 4
    return streams * (replica + words * 12) + words * 9 + workers * words * 4
