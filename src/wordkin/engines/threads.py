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
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from wordkin.engines import Block

_PARTS = 2
"""Of a block for each thread: a thread that is held up leaves the next part to another."""

Desk = TypeVar("Desk")
Result = TypeVar("Result")


def cut(block: Block, parts: int) -> list[Span]:
    """Cut a block into equal parts.

    Parameters
    ----------
    block : Block
        What to cut.
    parts : int
        How many.

    Returns
    -------
    list of Span
        The parts, in order; some are empty where the block has fewer tokens.
    """
    cuts = np.linspace(block.start, block.stop, parts + 1).astype(np.int64).tolist()
    return [Span(start, stop) for start, stop in itertools.pairwise(cuts)]


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
        self.workers = workers
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
        spans = cut(block, _PARTS * self.workers)
        tallies = self.run(
            [
                lambda desk, part=part, span=span: learn(desk, part, span)  # type: ignore[misc]
                for part, span in enumerate(spans)
            ]
        )
        tokens, loss, pairs = np.sum(tallies, axis=0)
        return Learned(int(tokens), float(loss), int(pairs))

    def run(self, tasks: Sequence[Callable[[Desk], Result]]) -> list[Result]:
        """Do tasks, which the threads take one after the other.

        Parameters
        ----------
        tasks : sequence of callable
            Each is given the desk of the thread that does it.

        Returns
        -------
        list
            What they have returned.
        """
        return [future.result() for future in [self._pool.submit(self._one, t) for t in tasks]]

    def _one(self, task: Callable[[Desk], Result]) -> Result:
        desk = self._desks.get()
        try:
            return task(desk)
        finally:
            self._desks.put(desk)

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
