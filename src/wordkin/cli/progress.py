"""How training goes on: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from wordkin import training

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def training_bar(console: Console) -> Iterator[training.Callback]:
    """Draw a bar; it moves to and fro while the kernels are compiled.

    Parameters
    ----------
    console : Console
        A terminal.

    Yields
    ------
    callable
        A callback for `wordkin.train`.
    """
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("preparing", total=None)

        def show(progress: training.Progress) -> None:
            bar.update(
                task,
                description=describe(progress),
                completed=progress.words,
                total=progress.total_words,
            )

        yield show


@contextmanager
def training_lines(console: Console) -> Iterator[training.Callback]:
    """Print a line every ten seconds, and one at the end.

    Parameters
    ----------
    console : Console
        No terminal.

    Yields
    ------
    callable
        A callback for `wordkin.train`.
    """
    console.print("training ...")
    due = time.monotonic() + _SECONDS_BETWEEN_LINES

    def show(progress: training.Progress) -> None:
        nonlocal due
        if progress.step == progress.steps or time.monotonic() >= due:
            due = time.monotonic() + _SECONDS_BETWEEN_LINES
            console.print(Text(f"training: {describe(progress)}"))

    yield show


def describe(progress: training.Progress) -> str:
    """Say in one line where the training stands.

    Parameters
    ----------
    progress : Progress
        Where it stands.

    Returns
    -------
    str
        Share done, epoch, speed, loss and time left.
    """
    share = progress.words / progress.total_words
    return (
        f"{share:4.0%}  epoch {progress.epoch}  {progress.words_per_second / 1e6:.2f} M words/s  "
        f"loss {progress.loss:.3f}  {_clock(progress.seconds_left)} left"
    )


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
