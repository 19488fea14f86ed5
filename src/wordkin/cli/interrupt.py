"""Ctrl-C that is not lost, and SIGTERM that ends in order.

An interrupt that arrives while the compiler of the kernels (LLVM) calls back into Python can't
leave that call: Python prints a complaint and forgets it. So it is noted, too, and training, which
follows compiling, looks at the note.

Asked to end (SIGTERM, as batch systems do it), Python would end at once and leave half-written
files behind under hidden names. Commands end as for Ctrl-C instead, with another exit code.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

_noted: list[type[KeyboardInterrupt]] = []


class Terminated(KeyboardInterrupt):
    """The process was asked to end."""


@contextlib.contextmanager
def noting_interrupts() -> Iterator[None]:
    """Note each Ctrl-C in the body, besides raising `KeyboardInterrupt`; likewise SIGTERM.

    Yields
    ------
    None
        For the body of a ``with``; after it all is as before, for whoever calls commands in a
        process of his own.
    """
    usual: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    # a shell lets the commands that it starts with "&" ignore Ctrl-C, and so it shall be
    changed = [number for number, handler in usual.items() if signal.getsignal(number) is handler]
    if threading.current_thread() is not threading.main_thread():
        changed = []  # only there can signals be handled
    complain = sys.unraisablehook
    for number in changed:
        signal.signal(number, _interrupted)
    sys.unraisablehook = _complain
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, usual[number])
        sys.unraisablehook = complain
        _noted.clear()


def _interrupted(number: int, frame: FrameType | None) -> None:
    kind = Terminated if number == signal.SIGTERM else KeyboardInterrupt
    _noted.append(kind)
    raise kind


def _complain(unraisable: Any) -> None:  # noqa: ANN401 (its type is known to type checkers only)
    """Complain as Python does, but not about the interrupt: it has been noted."""
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def stop_if_interrupted() -> None:
    """Raise what was lost.

    Raises
    ------
    KeyboardInterrupt
        If there was a Ctrl-C, or SIGTERM.
    """
    if _noted:
        raise _noted[-1]


@contextlib.contextmanager
def telling_of(checkpoint: Path | None, *, resumed: bool = False) -> Iterator[None]:
    """Let an interrupt say that there is a checkpoint to go on from.

    Parameters
    ----------
    checkpoint : Path, optional
        Where one is written, if any.
    resumed : bool
        Whether the one that is there already is of this run. Otherwise only one that was written
        in the body is: what an earlier run left behind is no beginning for this one.

    Yields
    ------
    None
        For the body of a ``with``.

    Raises
    ------
    KeyboardInterrupt
        The one that came, with a message.
    """
    before = None if resumed else _state_of(checkpoint)
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if checkpoint is None or _state_of(checkpoint) in (None, before):
            raise
        raise type(interrupt)(
            f"the last checkpoint is in {str(checkpoint.parent)!r}. To go on from it, give the "
            "same command again with --resume."
        ) from None


def _state_of(file: Path | None) -> tuple[int, int] | None:
    """What changes when a file is written anew; None if there is none."""
    if file is None or not file.exists():
        return None
    found = file.stat()
    return found.st_ino, found.st_mtime_ns
