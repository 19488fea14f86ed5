"""How learning goes on, for people: a bar on a terminal, a line for each epoch elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wordkin.progress import Task, clock, task
from wordkin.progress import shown as showing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    Tell = Callable[[int, int, dict[str, list[float]]], None]


class _Learning(Task):
    """What is told of the last epoch, and the time that is left."""

    def __str__(self) -> str:
        if not self.done or not self.total:
            return self.what
        left = (self.total - self.done) * self.seconds / self.done
        return f"{self.what}  {clock(left)} left"


@contextmanager
def shown(progress: bool, console: Console | None = None) -> Iterator[Tell]:
    """Show epochs on a console, or to whoever shows tasks already.

    Parameters
    ----------
    progress : bool
        Whether to open a display for them.
    console : Console, optional
        Of rich; by default standard error.

    Yields
    ------
    callable
        What to call after each epoch with its number, the number of epochs, and the history.
    """
    if progress and console is None:
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
    lines = console if console and not (console.is_terminal or console.is_jupyter) else None
    learning = _Learning("learning", unit="epochs")

    def tell(epoch: int, epochs: int, history: dict[str, list[float]]) -> None:
        if epoch == 1:  # what came before the epochs says nothing of how long they take
            learning.began = time.monotonic() - history["seconds"][0]
        learning.what, learning.done, learning.total = _line(epoch, epochs, history), epoch, epochs
        if lines is not None:
            lines.print(learning.what)

    with showing(progress, console, what=learning):
        yield tell


@contextmanager
def doing(what: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Say what is being done: in a line, and to whoever shows tasks.

    Parameters
    ----------
    what : str
        What is being done.
    tell : callable
        Takes the line.

    Yields
    ------
    None
        For the time that it takes.
    """
    tell(what)
    with task(what):
        yield


def _line(epoch: int, epochs: int, history: dict[str, list[float]]) -> str:
    line = f"epoch {epoch}/{epochs}, loss {history['loss'][-1]:.3f}"
    if "val_loss" in history:
        line += f", held out: loss {history['val_loss'][-1]:.3f}"
        line += f", accuracy {history['val_accuracy'][-1]:.1%}"
    return line
