"""What is being done, how far it has come, and how that reads."""

from __future__ import annotations

import time

_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


class Task:
    """Some work: what it is, and how far it has come.

    Parameters
    ----------
    what : str
        What is being done.
    total : float, optional
        How much there is to do, if that is known.
    unit : str
        Of what: "B" for bytes, or a plural.
    """

    def __init__(self, what: str, total: float | None = None, unit: str = "") -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done = 0.0
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began

    def __str__(self) -> str:
        parts = [self.what]
        rate = self.done / max(self.seconds, 1e-9)
        if not self.done:
            parts.append(clock(self.seconds))  # at least that it goes on
        if self.total:
            parts.append(f"{min(self.done / self.total, 1.0):4.0%}")
        elif self.done:
            parts.append(amount_of(self.done, self.unit))
        if self.done:
            parts.append(f"{amount_of(rate, self.unit)}/s")
        if self.total and self.done:
            parts.append(f"{clock(max(self.total - self.done, 0.0) / rate)} left")
        return "  ".join(parts)


def amount_of(value: float, unit: str) -> str:
    """Return an amount as people read it.

    Parameters
    ----------
    value : float
        How much.
    unit : str
        Of what.

    Returns
    -------
    str
        With a letter for thousands, millions and so on.

    Examples
    --------
    >>> amount_of(12_300_000, "B"), amount_of(4_000, "words"), amount_of(7, "sets")
    ('12.3 MB', '4.0 k words', '7 sets')
    """
    for size, name in _UNITS:
        if value >= size:
            between = "" if unit == "B" else " "
            return f"{value / size:.1f} {name}{between}{unit}"
    return f"{value:.0f} {unit}" if value >= 10 or value == int(value) else f"{value:.1f} {unit}"


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds, or with hours in front.

    Parameters
    ----------
    seconds : float
        The time.

    Returns
    -------
    str
        Such as ``1:05``.

    Examples
    --------
    >>> clock(65), clock(3 * 3600 + 1)
    ('1:05', '3:00:01')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
