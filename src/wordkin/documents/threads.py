"""How many threads to use."""

from __future__ import annotations

import os


def n_threads(workers: int | None) -> int:
    """Return how many threads to use.

    Parameters
    ----------
    workers : int or None
        What the user says; None for as many as this process may use.

    Returns
    -------
    int
        At least 1.
    """
    if workers is not None:
        return workers
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
