"""Meter: whether threads compute or wait, and for what."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from wordkin.memory import cores
from wordkin.training.schedule import FADING

if TYPE_CHECKING:
    from collections.abc import Callable

    from wordkin.engines import Learned


class Meter:
    """Where the time of the last blocks went.

    Parameters
    ----------
    workers : int
        Threads.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._threads = min(workers, cores())
        # seconds in all, seconds learning, processor seconds learning, pages waited for
        self._sums = np.zeros(4)
        self._last = time.perf_counter()
        self._unwatched = False

    def measured(self, learn: Callable[[], Learned]) -> Learned:
        """Learn from a block, and take the time.

        Parameters
        ----------
        learn : callable
            Does it.

        Returns
        -------
        Learned
            What it returns.
        """
        began, processor, pages = time.perf_counter(), time.process_time(), _late_pages()
        learned = learn()
        if learned.elsewhere:  # the processors are not those of this machine alone
            self._threads = self._workers
        self._unwatched = learned.unwatched
        now = time.perf_counter()
        self._sums = FADING * self._sums + (
            now - self._last,
            now - began,
            time.process_time() - processor + learned.elsewhere,
            _late_pages() - pages,
        )
        self._last = now
        return learned

    @property
    def busy(self) -> float:
        """The share of the threads' time that they computed."""
        _, learning, computing, _ = self._sums
        return min(1.0, float(computing / max(learning * self._threads, 1e-9)))

    @property
    def limited_by(self) -> str:
        """What took the time: "training", "disk", "callbacks" or "other programs"."""
        everything, learning, _, pages = self._sums
        if learning < 0.7 * everything:
            return "callbacks"
        if self.busy >= 0.75:
            return "training"
        if pages >= 1:
            return "disk"
        return "training" if self._unwatched else "other programs"


def _late_pages() -> int:
    """Pages of mapped files that had to be waited for so far, where the system counts them."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_majflt
