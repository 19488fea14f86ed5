"""Where tasks are shown: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from wordkin.progress.tasks import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from wordkin.progress.tasks import Task

_QUIET = 0.5  # seconds until a bar is drawn
_FIRST_LINE, _BETWEEN_LINES = 2.0, 10.0  # seconds


class Display(Protocol):
    """Where tasks are shown."""

    def begin(self, task: Task) -> None:
        """Begin to show a task."""
        ...

    def moved(self, task: Task) -> None:
        """Show that a task has come further."""
        ...

    def end(self, task: Task) -> None:
        """Stop showing a task."""
        ...


@contextmanager
def display_on(console: Console, what: str | Task) -> Iterator[Display]:
    """Open the display that suits a console.

    Parameters
    ----------
    console : Console
        Of rich.
    what : str or Task
        What goes on while no task does.

    Yields
    ------
    Display
        It.
    """
    if not (console.is_terminal or console.is_jupyter):
        yield _Lines(console, what)
        return
    bars = _Bars(console, what)
    with bars.bar:
        yield bars


class _Lines:
    """Plain lines: the first after two seconds, then one every ten."""

    def __init__(self, console: Console, what: str | Task) -> None:
        self._console = console
        self._first = _BETWEEN_LINES if what else _FIRST_LINE
        self._due: dict[Task, float] = {}
        if what:
            self._print(f"{what if isinstance(what, str) else what.what} ...")

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text(line))

    def begin(self, task: Task) -> None:
        self._due[task] = task.began + self._first

    def moved(self, task: Task) -> None:
        if time.monotonic() >= self._due[task]:
            self._due[task] = time.monotonic() + _BETWEEN_LINES
            self._print(str(task))

    def end(self, task: Task) -> None:
        # it has been mentioned, or could not be: some work tells nothing before its end
        if self._due.pop(task) > task.began + self._first or task.seconds >= self._first:
            self._print(f"{task.what}: {clock(task.seconds)}")


class _Bars:
    """A bar for the innermost task; it moves to and fro where the end is not known."""

    def __init__(self, console: Console, what: str | Task) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        class Bar(Progress):
            def get_renderables(self) -> Any:  # noqa: ANN401
                late = [each for each in self.tasks if (each.elapsed or 0) >= each.fields["quiet"]]
                for each in late[-1:]:
                    work = each.fields["work"]
                    if work is not None:  # asked when it is drawn, not whenever it moves
                        each.description = str(work)
                        each.completed, each.total = work.done, work.total
                    yield self.make_tasks_table([each])

        columns = (BarColumn(bar_width=16), TextColumn("{task.description}", markup=False))
        self.bar = Bar(*columns, console=console, transient=True)
        self._ids: dict[Task, Any] = {}
        if what:
            work, told = (None, what) if isinstance(what, str) else (what, what.what)
            self.bar.add_task(told, total=None, quiet=0.0, work=work)

    def begin(self, task: Task) -> None:
        self._ids[task] = self.bar.add_task(task.what, total=task.total, quiet=_QUIET, work=task)

    def moved(self, task: Task) -> None:
        pass

    def end(self, task: Task) -> None:
        self.bar.remove_task(self._ids.pop(task))
