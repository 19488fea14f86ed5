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
from collections.abc import Sized
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wordkin.progress.displays import Display, display_on
from wordkin.progress.tasks import Task as Task
from wordkin.progress.tasks import clock as clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console

    Advance = Callable[[float], None]

_T = TypeVar("_T")
_BUFFER = 1 << 17

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

    with _within(work):
        yield advance


def _nothing(_amount: float) -> None:
    pass


def told(
    items: Iterable[_T], what: str, *, total: float | None = None, unit: str = ""
) -> Iterator[_T]:
    """Go over items, and tell how many of them have been dealt with.

    Parameters
    ----------
    items : iterable
        The items.
    what : str
        What is done with them.
    total : float, optional
        How many they are; by default their `len`, if they have one.
    unit : str
        What they are, in the plural.

    Yields
    ------
    object
        Each of them.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with task(what, total, unit) as advance:
        for item in items:
            yield item
            advance(1)


def in_pieces(count: int, at_once: int, what: str, *, unit: str) -> Iterator[slice]:
    """Go over many things, some at a time, and tell how many of them have been dealt with.

    Parameters
    ----------
    count : int
        How many there are.
    at_once : int
        How many make a piece.
    what : str
        What is done with them.
    unit : str
        What they are, in the plural.

    Yields
    ------
    slice
        The next piece.

    Examples
    --------
    >>> list(in_pieces(5, 2, "reading", unit="letters"))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    with task(what, count, unit) as advance:
        for start in range(0, count, at_once):
            stop = min(start + at_once, count)
            yield slice(start, stop)
            advance(stop - start)


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
def shown(
    wanted: bool = True, console: Console | None = None, *, what: str | Task = ""
) -> Iterator[None]:
    """Show the tasks of the body.

    Parameters
    ----------
    wanted : bool
        Whether to; if not, they are shown only where somebody up the stack asked for it.
    console : Console, optional
        Of rich; by default standard error.
    what : str or Task
        What goes on while no task does; it is shown at once. A `Task` tells by itself how far it
        has come: whoever made it changes it.

    Yields
    ------
    None
        For the body.
    """
    if not wanted or _display.get() is not None:  # somebody up the stack may show tasks already
        with _within(what):
            yield
        return
    if console is None:
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
    with display_on(console, what) as new, shown_on(new):
        yield


@contextmanager
def unmentioned() -> Iterator[None]:
    """Let nobody see the tasks of the body, which are steps of one that is shown already.

    Yields
    ------
    None
        For the body.
    """
    token = _display.set(None)
    try:
        yield
    finally:
        _display.reset(token)


@contextmanager
def _within(what: str | Task) -> Iterator[None]:
    display = _display.get()
    if display is None or isinstance(what, str):
        yield
        return
    display.begin(what)
    try:
        yield
    finally:
        display.end(what)


@contextmanager
def shown_on(display: Display) -> Iterator[None]:
    """Show the tasks of the body on a display of one's own.

    Parameters
    ----------
    display : Display
        Where to.

    Yields
    ------
    None
        For the body.
    """
    token = _display.set(display)
    try:
        yield
    finally:
        _display.reset(token)
