"""Counting a corpus' co-occurrences within a bound of memory: runs on disk, merged into cells.

Threads count stretches of the text (`Counter`). What is merged in the end lies on disk too where it
is large; all of it counts against ``disk_limit``.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.engines.temporary import Store
from wordkin.errors import ConfigError
from wordkin.kernels import cooccurrence as kernels
from wordkin.progress import task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from wordkin.config.counting import Counting
    from wordkin.corpus import Corpus
    from wordkin.corpus.draft import Spool

_log = logging.getLogger("wordkin")
UNIT = 720_720
"""A count of 1 as a sum: divisible by all distances up to 16, so that 1/d is exact for those."""
_CHUNK = 1 << 19  # tokens that a thread takes at once; Ctrl-C is heard in between
_KEY_BITS = 54  # two words, beside ten bits for a distance
_LEAST_EVENTS = 1 << 12
_LINES = 10  # of the log


class Cells(NamedTuple):
    """Counts of pairs, those of one tile of words against words one behind the other."""

    places: NDArray[np.uint32]
    """Shape (C,): where in its tile a cell is, row * TILE + column."""
    counts: NDArray[np.float32]
    """Shape (C,): above zero."""
    starts: NDArray[np.int64]
    """Shape (T + 1,): tile t has the cells from starts[t] to starts[t + 1]; none is empty."""
    rows: NDArray[np.int32]
    """Shape (T,): the first word of a tile's rows."""
    columns: NDArray[np.int32]
    """Shape (T,): the first word of its columns."""
    symmetric: bool
    """Whether a cell (i, j), i <= j, stands for (j, i) too."""


def distance_weights(config: Counting) -> NDArray[np.uint64]:
    """What a pair of words adds at each distance, in units.

    Parameters
    ----------
    config : Counting
        The model.

    Returns
    -------
    ndarray of uint64
        Shape (window + 1,); the first is 0.
    """
    distances = np.arange(1, config.window + 1)
    shares = {
        "harmonic": 1 / distances,
        "linear": (config.window - distances + 1) / config.window,
        "flat": np.ones(config.window),
    }[config.distance_weighting]
    return np.concatenate(([0], np.rint(UNIT * shares))).astype(np.uint64)


def count_cells(corpus: Corpus, config: Counting, *, workers: int) -> Cells:
    """Count a corpus, however large, in ``config.memory`` bytes.

    Parameters
    ----------
    corpus : Corpus
        The text.
    config : Counting
        Window, weighting and bounds.
    workers : int
        Threads.

    Returns
    -------
    Cells
        The counts; maybe mapped from a file.

    Raises
    ------
    FileError
        If the temporary folder can't be written, is full, or more is needed than
        ``config.disk_limit``.
    ConfigError
        If the vocabulary is too large for a key.
    """
    counter = Counter(corpus, config, workers=workers)
    try:
        counter.count(0, corpus.n_tokens)
        return counter.merged()
    finally:
        counter.close()


class Counter:
    """What counts: a desk for each thread, and the runs they have made.

    What does not fit into memory lies in temporary files that have no name: whatever happens,
    nothing is left behind. The result is the same for any memory and any number of threads.

    Parameters
    ----------
    corpus : Corpus
        The text.
    config : Counting
        Window, weighting and bounds.
    workers : int
        Threads.

    Raises
    ------
    FileError
        If the temporary folder can't be written.
    ConfigError
        If the vocabulary is too large for a key.
    """

    def __init__(self, corpus: Corpus, config: Counting, *, workers: int) -> None:
        words = len(corpus.vocabulary)
        self._ids, self._starts = np.asarray(corpus.ids), np.asarray(corpus.starts)
        self._weights = distance_weights(config)
        self._memory, self._workers, self._window = config.memory, workers, config.window
        room = min(words * words, config.memory // 4 // workers // 8)
        self._layout, n_dense = kernels.make_layout(
            words, config.window, symmetric=config.symmetric, room=room
        )
        self._key_bits = kernels.key_bits(self._layout)
        if self._key_bits > _KEY_BITS:
            raise ConfigError(f"{words:,} words are too many to count pairs of. Lower max_vocab.")
        # no more events than there can be, and twice: sorting needs a second array
        n_events = min(config.memory // 2 // workers // 16, corpus.n_tokens * config.window)
        n_events += _LEAST_EVENTS + config.window
        self.store = Store(config)
        self._keys, self._values = self.store.spool(np.uint64), self.store.spool(np.uint64)
        self._run_ends = [0]
        self._lock = threading.Lock()
        self._stopped = False
        self._desks = [_Desk(n_dense, n_events) for _ in range(workers)]
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="wordkin-count")

    def close(self) -> None:
        """Stop all threads, wait until they have stopped, and give back all space."""
        self._stopped = True
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._keys.close()
        self._values.close()

    def count(self, start: int, stop: int) -> None:
        """Go over a stretch of the text.

        Parameters
        ----------
        start, stop : int
            The first token, and the one after the last.

        Raises
        ------
        FileError
            If there is no more room for runs.
        """
        chunks = self._chunks(start, stop)
        with task("counting co-occurrences", stop - start, "words") as advance:

            def work(desk: _Desk) -> None:
                self._work(desk, chunks, advance)

            for done in [self._pool.submit(work, desk) for desk in self._desks]:
                done.result()

    def _chunks(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Stretches of text for the threads to take, one after the other."""
        told = 1
        for first in range(start, stop, _CHUNK):
            last = min(first + _CHUNK, stop)
            yield first, last
            share = (last - start) / (stop - start)
            if share * _LINES >= told and stop - start > _LINES * _CHUNK:
                _log.info("counting co-occurrences: %.0f %%", 100 * share)
                told += 1

    def _work(
        self, desk: _Desk, chunks: Iterator[tuple[int, int]], advance: Callable[[float], None]
    ) -> None:
        """What a thread does: count, and make a run when there is no more room."""
        while not self._stopped:
            with self._lock:
                start, stop = next(chunks, (0, 0))
            if start == stop:
                break
            desk.cursor[0] = start
            while desk.cursor[0] < stop and not self._stopped:
                given = (self._ids, self._starts, self._weights, self._layout)
                kernels.count(*given, desk.cursor, stop, desk.dense, desk.events)
                if desk.cursor[1] > len(desk.events) - self._window:
                    self._make_run(desk)
            with self._lock:
                advance(stop - start)

    def _make_run(self, desk: _Desk) -> None:
        n, low = int(desk.cursor[1]), self._layout.distance_bits
        desk.cursor[1] = 0
        events, others, empty = desk.events[:n], desk.others[:n], desk.events[:0]
        if kernels.sort(events, empty, others, empty, low, low + self._key_bits):
            events, others = others, events
        n = kernels.add_up_events(events, self._weights, low, events, others)
        with self._lock:
            self._append(events[:n], others[:n])
            self._end_run()

    def _make_last_runs(self) -> None:
        """Empty the desks."""
        first = self._desks[0]
        for desk in self._desks:
            self._make_run(desk)
            if desk is not first:
                first.dense += desk.dense
        del self._desks[1:]
        cursor = np.zeros(2, np.int64)
        blocks = -(-len(self._layout.limits) // kernels.TILE)
        size = kernels.TILE * kernels.TILE + len(first.events) // 4
        keys, values = np.empty(size, np.uint64), np.empty(size, np.uint64)
        while cursor[0] < blocks:
            n = kernels.empty_dense(first.dense, self._layout, cursor, keys, values)
            self._append(keys[:n], values[:n])
        self._end_run()
        self._desks.clear()

    def _append(self, keys: NDArray[np.uint64], values: NDArray[np.uint64]) -> None:
        self.store.append(self._keys, keys)
        self.store.append(self._values, values)

    def _end_run(self) -> None:
        if len(self._keys) > self._run_ends[-1]:
            self._run_ends.append(len(self._keys))

    def merged(self) -> Cells:
        """Add up what the runs have for a cell, a range of keys after the other.

        Returns
        -------
        Cells
            The counts; nothing may be counted after this.

        Raises
        ------
        FileError
            If there is no room for them.
        """
        self._make_last_runs()
        keys, values = self._keys.array(), self._values.array()
        runs = [
            _Run(np.asarray(keys[a:b]), np.asarray(values[a:b]))
            for a, b in zip(self._run_ends, self._run_ends[1:], strict=False)
        ]
        places, counts = self.store.spool(np.uint32), self.store.spool(np.float32)
        at_once = max(_LEAST_EVENTS, self._memory // 4 // self._workers // 32)
        tiles, sizes = [], []
        ranges = _ranges(runs, 1 << self._key_bits, at_once)
        with task("adding up co-occurrences", len(keys), "counts") as advance:
            for found, sums in self._in_order(ranges, runs, advance):
                tile = found >> np.uint64(kernels.PLACE_BITS)
                place, count = np.empty(len(found), np.uint32), np.empty(len(found), np.float32)
                kernels.unpack(found, sums, float(UNIT), place, count)
                self.store.append(places, place)
                self.store.append(counts, count)
                new = np.flatnonzero(np.diff(tile, prepend=~np.uint64(0)))
                tiles.append(tile[new])
                sizes.append(np.diff(new, append=len(tile)))
        return self._cells(places, counts, _joined(tiles, sizes))

    def _cells(
        self,
        places: Spool,
        counts: Spool,
        found: tuple[NDArray[np.uint64], NDArray[np.int64]],
    ) -> Cells:
        tiles, sizes = found
        block = np.uint64((1 << self._layout.block_bits) - 1)
        rows, columns = tiles >> np.uint64(self._layout.block_bits), tiles & block
        return Cells(
            np.asarray(places.array()),
            np.asarray(counts.array()),
            np.concatenate(([0], np.cumsum(sizes))),
            (rows << np.uint64(kernels.TILE_BITS)).astype(np.int32),
            (columns << np.uint64(kernels.TILE_BITS)).astype(np.int32),
            self._layout.symmetric,
        )

    def _in_order(
        self,
        ranges: Iterator[tuple[int, int]],
        runs: list[_Run],
        advance: Callable[[float], None],
    ) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint64]]]:
        """Merge as many ranges at once as there are threads, and hand them on in order."""
        waiting: list[Future[tuple[_Run, int]]] = []

        def in_order() -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint64]]]:
            for each in waiting:
                merged, size = each.result()
                yield merged
                advance(size)
            waiting.clear()

        for low, high in ranges:
            waiting.append(self._pool.submit(_merge_range, runs, low, high))
            if len(waiting) == self._workers:
                yield from in_order()
        yield from in_order()


class _Desk:
    """What one thread has for itself."""

    def __init__(self, n_dense: int, n_events: int) -> None:
        self.dense = np.zeros(n_dense, np.uint64)
        self.events, self.others = (np.empty(n_events, np.uint64) for _ in range(2))
        self.cursor = np.zeros(2, np.int64)


class _Run(NamedTuple):
    """Cells in the order of their keys, each once."""

    keys: NDArray[np.uint64]
    values: NDArray[np.uint64]

    def between(self, low: int, high: int) -> _Run:
        a, b = (int(np.searchsorted(self.keys, np.uint64(key))) for key in (low, high))
        return _Run(self.keys[a:b], self.values[a:b])


def _merge_range(runs: list[_Run], low: int, high: int) -> tuple[_Run, int]:
    """Merge what the runs have between two keys; tell how much that was."""
    parts = [run.between(low, high) for run in runs]
    keys = np.concatenate([part.keys for part in parts])
    values = np.concatenate([part.values for part in parts])
    size = len(keys)
    if sum(len(part.keys) > 0 for part in parts) > 1:
        others = np.empty_like(keys), np.empty_like(values)
        bits = max(1, (low ^ (high - 1)).bit_length())  # all keys have the others in common
        if kernels.sort(keys, values, *others, 0, bits):
            keys, values = others
    n = kernels.add_up(keys, values)
    return _Run(keys[:n], values[:n]), size


def _ranges(runs: list[_Run], end: int, at_once: int) -> Iterator[tuple[int, int]]:
    """Cut the keys below `end` into ranges of which the runs have few each, halving them."""
    waiting = [(0, end)]
    while waiting:
        low, high = waiting.pop()
        size = sum(len(run.between(low, high).keys) for run in runs)
        if size > max(at_once, len(runs)) and high - low > 1:
            middle = (low + high) // 2
            waiting += [(middle, high), (low, middle)]
        elif size:
            yield low, high


def _joined(
    tiles: list[NDArray[np.uint64]], sizes: list[NDArray[np.int64]]
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The tiles of all ranges; one that was cut in two becomes whole."""
    if not tiles:
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    every, size = np.concatenate(tiles), np.concatenate(sizes)
    new = np.flatnonzero(np.diff(every, prepend=~every[:1]))
    return every[new], np.add.reduceat(size, new)
