"""How training goes on, for people: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wordkin.progress import Task, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from wordkin.training.progress import Callback, Progress

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def show_training(console: Console | None = None) -> Iterator[Callback]:
    """Show progress on a console.

    Parameters
    ----------
    console : Console, optional
        Of rich; by default standard error.

    Yields
    ------
    callable
        A callback for `wordkin.train`.
    """
    if console is None:
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
    show = _bar if console.is_terminal or console.is_jupyter else _lines
    with show(console) as callback:
        yield callback


class _Run(Task):
    """A run, which tells of itself in its own words."""

    def __str__(self) -> str:
        return self.what


@contextmanager
def _bar(console: Console) -> Iterator[Callback]:
    """Draw a bar: of what is done before training while that lasts, such as counting, then of it.

    It moves to and fro while the kernels are compiled.
    """
    run = _Run("preparing")

    def show(progress: Progress) -> None:
        run.what, run.done, run.total = str(progress), progress.words, progress.total_words

    with shown(console=console, what=run):
        yield show


@contextmanager
def _lines(console: Console) -> Iterator[Callback]:
    """Print a line every ten seconds, and one at the end."""
    from rich.text import Text

    due = time.monotonic() + _SECONDS_BETWEEN_LINES
    untold: Progress | None = None

    def show(progress: Progress) -> None:
        nonlocal due, untold
        untold = progress
        if progress.step == progress.steps or time.monotonic() >= due:
            due, untold = time.monotonic() + _SECONDS_BETWEEN_LINES, None
            console.print(Text(f"training: {progress}"))

    with shown(console=console, what="training"):
        yield show
    if untold is not None:  # a callback has ended the run
        console.print(Text(f"training: {untold}"))
