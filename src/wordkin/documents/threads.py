"""How many threads to use."""

from __future__ import annotations

from wordkin.errors import ConfigError
from wordkin.memory import cores


def n_threads(workers: int | None) -> int:
    """Return how many threads to use.

    Parameters
    ----------
    workers : int or None
        What the user says; None for as many as this process may use.

    Returns
    -------
    int
        1 to 1024.

    Raises
    ------
    ConfigError
        If the user says something else.
    """
    if workers is not None:
        if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= 1024:
            raise ConfigError(f"workers must be a whole number from 1 to 1024; got {workers!r}.")
        return workers
    return cores()
