"""How many threads to use."""

from __future__ import annotations

from wordkin.errors import ConfigError
from wordkin.given import whole
from wordkin.memory import cores

_MOST = 1024


def n_threads(workers: int | None, *, at_most: int = _MOST) -> int:
    """Return how many threads to use.

    Parameters
    ----------
    workers : int or None
        What the user says; None for as many as this process may use.
    at_most : int
        How many have something to do.

    Returns
    -------
    int
        1 to 1024, and no more than that.

    Raises
    ------
    ConfigError
        If the user says something else.
    """
    if workers is not None:
        wanted = whole(workers)
        if wanted is None or not 1 <= wanted <= _MOST:
            raise ConfigError(f"workers must be a whole number from 1 to {_MOST}; got {workers!r}.")
        return min(wanted, at_most)
    # asking the system takes 0.1 ms, longer than a short text does
    return min(cores(), at_most) if at_most > 1 else at_most
