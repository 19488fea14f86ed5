"""Threads that share a block of text out among themselves, each with scratch space of its own."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from wordkin.engines import Learned
from wordkin.kernels.word2vec import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from wordkin.engines import Block

_PARTS = 2
"""Of a block for each thread: a thread that is held up leaves the next part to another."""

Desk = TypeVar("Desk")


class Team(Generic[Desk]):
    """Threads, each with a desk.

    Parameters
    ----------
    workers : int
        How many.
    make_desk : callable
        Makes what a thread has for itself.
    """

    def __init__(self, workers: int, make_desk: Callable[[], Desk]) -> None:
        self._workers = workers
        self._desks: SimpleQueue[Desk] = SimpleQueue()
        for _ in range(workers):
            self._desks.put(make_desk())
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="wordkin-train")

    def share(
        self, block: Block, learn: Callable[[Desk, int, Span], NDArray[np.float64]]
    ) -> Learned:
        """Cut a block into parts, which the threads take one after the other.

        Parameters
        ----------
        block : Block
            What to learn from.
        learn : callable
            ``learn(desk, part, span)`` learns from the tokens of a span, and returns how many
            were kept, their loss, and how many predictions it is the sum of.

        Returns
        -------
        Learned
            The sums over all parts.
        """
        cuts = np.linspace(block.start, block.stop, _PARTS * self._workers + 1).astype(np.int64)
        parts = [
            self._pool.submit(self._one, learn, part, Span(int(start), int(stop)))
            for part, (start, stop) in enumerate(itertools.pairwise(cuts))
        ]
        tokens, loss, pairs = np.sum([part.result() for part in parts], axis=0)
        return Learned(int(tokens), float(loss), int(pairs))

    def _one(
        self, learn: Callable[[Desk, int, Span], NDArray[np.float64]], part: int, span: Span
    ) -> NDArray[np.float64]:
        desk = self._desks.get()
        try:
            return learn(desk, part, span)
        finally:
            self._desks.put(desk)

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
