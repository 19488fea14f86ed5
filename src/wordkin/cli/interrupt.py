"""Ctrl-C that is not lost.

An interrupt that arrives while the compiler of the kernels (LLVM) calls back into Python can't
leave that call: Python prints a complaint and forgets it. So it is noted, too, and training, which
follows compiling, looks at the note.
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

_noted = threading.Event()


@contextlib.contextmanager
def noting_interrupts() -> Iterator[None]:
    """Note each Ctrl-C in the body, besides raising `KeyboardInterrupt`.

    Yields
    ------
    None
        For the body of a ``with``; after it all is as before, for whoever calls commands in a
        process of his own.
    """
    # a shell lets the commands that it starts with "&" ignore Ctrl-C, and so it shall be
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    complain = sys.unraisablehook
    signal.signal(signal.SIGINT, _interrupted)
    sys.unraisablehook = _complain
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = complain
        _noted.clear()


def _interrupted(number: int, frame: FrameType | None) -> None:
    _noted.set()
    raise KeyboardInterrupt


def _complain(unraisable: Any) -> None:  # noqa: ANN401 (its type is known to type checkers only)
    """Complain as Python does, but not about the interrupt: it has been noted."""
    if not isinstance(unraisable.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)


def stop_if_interrupted() -> None:
    """Raise what was lost.

    Raises
    ------
    KeyboardInterrupt
        If there was a Ctrl-C.
    """
    if _noted.is_set():
        raise KeyboardInterrupt


@contextlib.contextmanager
def telling_of(checkpoint: Path | None) -> Iterator[None]:
    """Let an interrupt say that there is a checkpoint to go on from.

    Parameters
    ----------
    checkpoint : Path, optional
        Where it is, if one was written.

    Yields
    ------
    None
        For the body of a ``with``.

    Raises
    ------
    KeyboardInterrupt
        The one that came, with a message.
    """
    try:
        yield
    except KeyboardInterrupt:
        if checkpoint is None or not checkpoint.exists():
            raise
        raise KeyboardInterrupt(
            f"the last checkpoint is in {str(checkpoint.parent)!r}. To go on from it, give the "
            "same command again with --resume."
        ) from None
