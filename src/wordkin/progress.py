"""How long work goes on: one mechanism for all of it.

Whoever works long says so: ``with task("reading a.txt", total, "B") as advance`` and then calls
``advance(n)``. That costs nothing and shows nothing, unless somebody up the stack asked for it by
``with shown():``. Then there is a bar with rate and time left on a terminal, and a plain line every
ten seconds elsewhere; work that is done within a moment is not mentioned.

Functions for users take ``progress=False`` and pass it to `shown`. It is a context variable, so
that nothing has to be handed down; a thread of its own doesn't see it.
"""

from __future__ import annotations

import io
import time
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    Advance = Callable[[float], None]

_QUIET = 0.5  # seconds until a bar is drawn
_FIRST_LINE, _BETWEEN_LINES = 2.0, 10.0  # seconds
_BUFFER = 1 << 17
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
        if self.total:
            parts.append(f"{min(self.done / self.total, 1.0):4.0%}")
        elif self.done:
            parts.append(_amount(self.done, self.unit))
        if self.done:
            parts.append(f"{_amount(rate, self.unit)}/s")
        if self.total and self.done:
            parts.append(f"{clock(max(self.total - self.done, 0.0) / rate)} left")
        return "  ".join(parts)


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


_display: ContextVar[Display | None] = ContextVar("wordkin-progress", default=None)
_bytes_read: ContextVar[Advance | None] = ContextVar("wordkin-bytes-read", default=None)


@contextmanager
def task(what: str, total: float | None = None, unit: str = "") -> Iterator[Advance]:
    """Announce some work.

    Parameters
    ----------
    what : str
        What is being done, such as "reading vectors.txt".
    total : float, optional
        How much there is to do, if that is known.
    unit : str
        Of what: "B" for bytes, or a plural such as "words".

    Yields
    ------
    callable
        To be called with how much more has been done; from any thread, but one at a time.
    """
    display = _display.get()
    if display is None:
        yield _nothing
        return
    work = Task(what, total, unit)

    def advance(amount: float) -> None:
        work.done += amount
        display.moved(work)

    display.begin(work)
    try:
        yield advance
    finally:
        display.end(work)


def _nothing(_amount: float) -> None:
    pass


@contextmanager
def counting_bytes(advance: Advance) -> Iterator[None]:
    """Let files that are opened in the body (by `wordkin.files`) tell what is read of them.

    Parameters
    ----------
    advance : callable
        Called with numbers of bytes, as they lie on disk.

    Yields
    ------
    None
        For the body.
    """
    if advance is _nothing:
        yield
        return
    token = _bytes_read.set(advance)
    try:
        yield
    finally:
        _bytes_read.reset(token)


def opened(path: str) -> io.BufferedReader:
    """Open a file for reading, so that it tells what is read of it if somebody wants to know.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    io.BufferedReader
        The file, in bytes.

    Raises
    ------
    OSError
        If it can't be opened.
    """
    advance = _bytes_read.get()
    if advance is None:
        return Path(path).open("rb")
    return io.BufferedReader(_Told(path, advance), _BUFFER)


class _Told(io.FileIO):
    """A file that tells how many bytes are read."""

    def __init__(self, path: str, advance: Advance) -> None:
        super().__init__(path)
        self._advance = advance

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401
        n_bytes = super().readinto(buffer)
        self._advance(n_bytes or 0)
        return n_bytes

    def readall(self) -> bytes:
        data = super().readall()
        self._advance(len(data or b""))
        return data


@contextmanager
def shown(wanted: bool = True, console: Console | None = None, *, what: str = "") -> Iterator[None]:
    """Show the tasks of the body.

    Parameters
    ----------
    wanted : bool
        Whether to; if not, nothing changes.
    console : Console, optional
        Of rich; by default standard error.
    what : str
        What goes on while no task does; it is shown at once.

    Yields
    ------
    None
        For the body.
    """
    if not wanted or _display.get() is not None:
        yield
        return
    if console is None:
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _display_on(console, what) as display:
        token = _display.set(display)
        try:
            yield
        finally:
            _display.reset(token)


@contextmanager
def _display_on(console: Console, what: str) -> Iterator[Display]:
    if not (console.is_terminal or console.is_jupyter):
        yield _Lines(console, what)
        return
    bars = _Bars(console, what)
    with bars.bar:
        yield bars


class _Lines:
    """Plain lines: the first after two seconds, then one every ten."""

    def __init__(self, console: Console, what: str) -> None:
        self._console = console
        self._first = _BETWEEN_LINES if what else _FIRST_LINE
        self._due: dict[Task, float] = {}
        if what:
            self._print(f"{what} ...")

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
        if self._due.pop(task) > task.began + self._first:  # it has been mentioned
            self._print(f"{task.what}: {clock(task.seconds)}")


class _Bars:
    """A bar for the innermost task; it moves to and fro where the end is not known."""

    def __init__(self, console: Console, what: str) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        class Bar(Progress):
            def get_renderables(self) -> Any:  # noqa: ANN401
                late = [each for each in self.tasks if (each.elapsed or 0) >= each.fields["quiet"]]
                for each in late[-1:]:
                    if each.fields["work"] is not None:
                        each.description = str(each.fields["work"])
                    yield self.make_tasks_table([each])

        columns = (BarColumn(bar_width=16), TextColumn("{task.description}", markup=False))
        self.bar = Bar(*columns, console=console, transient=True)
        self._ids: dict[Task, Any] = {}
        if what:
            self.bar.add_task(what, total=None, quiet=0.0, work=None)

    def begin(self, task: Task) -> None:
        self._ids[task] = self.bar.add_task(task.what, total=task.total, quiet=_QUIET, work=task)

    def moved(self, task: Task) -> None:
        self.bar.update(self._ids[task], completed=task.done)

    def end(self, task: Task) -> None:
        self.bar.remove_task(self._ids.pop(task))


def _amount(value: float, unit: str) -> str:
    """Return an amount as people read it.

    Examples
    --------
    >>> _amount(12_300_000, "B"), _amount(4_000, "words"), _amount(7, "sets")
    ('12.3 MB', '4.0 k words', '7 sets')
    """
    for size, name in _UNITS:
        if value >= size:
            return (
                f"{value / size:.1f} {name}{unit}"
                if unit == "B"
                else (f"{value / size:.1f} {name} {unit}")
            )
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
