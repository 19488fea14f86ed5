"""Threads that share a block of text out among themselves, each with scratch space of its own."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from wordkin.engines import Learned
from wordkin.kernels.word2vec import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from wordkin.engines import Block

_PARTS = (8, 4, 2, 1, 1)
"""How large the parts of a block are that each of several threads takes, on average: a thread that
is held up leaves the next part to another, and the last ones are short to wait for."""

Desk = TypeVar("Desk")
Result = TypeVar("Result")


def cut(block: Block, sizes: Sequence[int]) -> list[Span]:
    """Cut a block into parts.

    Parameters
    ----------
    block : Block
        What to cut.
    sizes : sequence of int
        Of the parts, in any unit.

    Returns
    -------
    list of Span
        The parts, in order; some are empty where the block has fewer tokens.
    """
    total, tokens = sum(sizes), block.stop - block.start
    ends = itertools.accumulate(sizes, initial=0)
    cuts = [block.start + tokens * end // total for end in ends]
    return [Span(start, stop) for start, stop in itertools.pairwise(cuts)]


class Team(Generic[Desk]):
    """Threads, each with a desk: the one that calls, and others that wait for it to do so.

    All is idle while a thread is woken up, at the start of a block and at its end. So the caller
    works too, and the others wait at a queue: futures took four times as long. They begin with the
    first tasks: until then there is nothing to close.

    Parameters
    ----------
    workers : int
        How many, with the one that calls.
    make_desk : callable
        Makes what a thread has for itself.
    """

    def __init__(self, workers: int, make_desk: Callable[[], Desk]) -> None:
        self.workers = workers
        self._parts = [size for size in _PARTS for _ in range(workers)] if workers > 1 else [1]
        self._desk, *desks = (make_desk() for _ in range(workers))
        self._calls: SimpleQueue[_Job[Desk, Any] | None] = SimpleQueue()
        self._threads = [
            Thread(target=_wait_for, args=(self._calls, desk), name="wordkin-train", daemon=True)
            for desk in desks
        ]

    def share(
        self,
        block: Block,
        learn: Callable[[Desk, int, Span], NDArray[np.float64]],
        around: Callable[[Desk], AbstractContextManager[object]] = nullcontext,
    ) -> Learned:
        """Cut a block into parts, which the threads take one after the other.

        Parameters
        ----------
        block : Block
            What to learn from.
        learn : callable
            ``learn(desk, part, span)`` learns from the tokens of a span, and returns how many
            were kept, their loss, and how many predictions it is the sum of.
        around : callable
            ``with around(desk):`` a thread does its parts.

        Returns
        -------
        Learned
            The sums over all parts.
        """
        spans = cut(block, self._parts)
        tallies = self.run(
            [
                lambda desk, part=part, span=span: learn(desk, part, span)  # type: ignore[misc]
                for part, span in enumerate(spans)
            ],
            around,
        )
        tokens, loss, pairs = sum(tallies, start=np.zeros(3))
        return Learned(int(tokens), float(loss), int(pairs))

    def run(
        self,
        tasks: Sequence[Callable[[Desk], Result]],
        around: Callable[[Desk], AbstractContextManager[object]] = nullcontext,
    ) -> list[Result]:
        """Do tasks, which the threads take one after the other.

        Parameters
        ----------
        tasks : sequence of callable
            Each is given the desk of the thread that does it.
        around : callable
            ``with around(desk):`` a thread does its tasks.

        Returns
        -------
        list
            What they have returned.
        """
        self._begin()
        job: _Job[Desk, Result] = _Job(tasks, around)
        helpers = max(min(len(self._threads), len(tasks) - 1), 0)
        for _ in range(helpers):
            self._calls.put(job)
        try:
            job.do(self._desk)
        finally:
            job.stopped = True  # after an error or Ctrl-C nobody begins anything more
            errors = [job.ended.get() for _ in range(helpers)]
        for error in errors:
            if error is not None:
                raise error
        return [job.results[number] for number in range(len(tasks))]

    def _begin(self) -> None:
        for thread in self._threads:
            if thread.ident is None:  # not yet
                thread.start()

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped."""
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            if thread.ident is not None:  # it was begun
                thread.join()
        self._threads = []


class _Job(Generic[Desk, Result]):
    """Tasks that threads share out among themselves."""

    def __init__(
        self,
        tasks: Sequence[Callable[[Desk], Result]],
        around: Callable[[Desk], AbstractContextManager[object]],
    ) -> None:
        self.results: dict[int, Result] = {}
        self.ended: SimpleQueue[BaseException | None] = SimpleQueue()
        """Of each thread that was called, what went wrong."""
        self.stopped = False
        self._tasks, self._around = tasks, around
        self._numbers = itertools.count()  # no two threads get the same one

    def do(self, desk: Desk) -> None:
        """Do tasks while there are any."""
        with self._around(desk):
            while not self.stopped and (number := next(self._numbers)) < len(self._tasks):
                self.results[number] = self._tasks[number](desk)


def _wait_for(calls: SimpleQueue[_Job[Desk, Any] | None], desk: Desk) -> None:
    """Work for whoever calls, until called by nobody."""
    for job in iter(calls.get, None):
        error = None
        try:
            job.do(desk)
        except BaseException as raised:  # noqa: BLE001  the caller raises it
            error, job.stopped = raised, True
        job.ended.put(error)
        del job, error  # a thread that waits holds on to nothing
