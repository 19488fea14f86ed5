"""How learning goes on, for people: a bar on a terminal, a line for each epoch elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    Tell = Callable[[int, int, dict[str, list[float]]], None]


@contextmanager
def shown(progress: bool, console: Console | None = None) -> Iterator[Tell | None]:
    """Show epochs on a console, or nothing.

    Parameters
    ----------
    progress : bool
        Whether to show them.
    console : Console, optional
        Of rich; by default standard error.

    Yields
    ------
    callable or None
        What to call after each epoch with its number, the number of epochs, and the history.
    """
    if not progress:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = console or Console(stderr=True, highlight=False, soft_wrap=True)
    if not (console.is_terminal or console.is_jupyter):
        yield lambda epoch, epochs, history: console.print(_line(epoch, epochs, history))
        return
    told = TextColumn("{task.description}", markup=False)
    columns = (BarColumn(bar_width=16), told, TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("learning", total=None)

        def tell(epoch: int, epochs: int, history: dict[str, list[float]]) -> None:
            line = _line(epoch, epochs, history)
            bar.update(task, description=line, completed=epoch, total=epochs)

        yield tell


def _line(epoch: int, epochs: int, history: dict[str, list[float]]) -> str:
    line = f"epoch {epoch}/{epochs}, loss {history['loss'][-1]:.3f}"
    if "val_loss" in history:
        line += f", held out: loss {history['val_loss'][-1]:.3f}"
        line += f", accuracy {history['val_accuracy'][-1]:.1%}"
    return line
