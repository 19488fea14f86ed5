"""What the user sees: results on standard output, progress on standard error.

On a terminal it has colours, a bar and a spinner. Piped into a file or a program it is plain text.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from wordkin.cli.interrupt import stop_if_interrupted
from wordkin.vocabulary.spelling import shown as shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from wordkin.training import Callback, Progress, RunRecord


class _Console(Console):
    """A console that leaves it to the app what to do when nobody reads any more."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Screen:
    """Standard output and standard error."""

    def __init__(self) -> None:
        self._out = _Console(highlight=False, soft_wrap=True)
        self._err = _Console(highlight=False, soft_wrap=True, stderr=True)

    def heading(self, text: str) -> None:
        """Print a heading, with an empty line above.

        Parameters
        ----------
        text : str
            The heading.
        """
        self._out.print()
        self._out.print(Text(text, style="bold cyan"))

    def line(self, text: str = "", style: str = "") -> None:
        """Print a line of results.

        Parameters
        ----------
        text : str
            The line, or several.
        style : str
            How it looks on a terminal, in rich's words.
        """
        self._out.print(Text(text, style=style))

    def table(self, rows: Sequence[Sequence[str]], align: str = "", indent: int = 2) -> None:
        """Print columns.

        Parameters
        ----------
        rows : sequence of sequences of str
            All of one length.
        align : str
            For each column ``<`` or ``>``; ``<`` for those that are left.
        indent : int
            Spaces in front.
        """
        widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
        sides = align.ljust(len(widths), "<")
        for row in rows:
            cells = [
                " " * (width - cell_len(cell)) + cell if side == ">" else _padded(cell, width)
                for cell, width, side in zip(row, widths, sides, strict=True)
            ]
            self.line(" " * indent + "  ".join(cells).rstrip())

    def json(self, value: object) -> None:
        """Print a value for programs, in one line.

        Parameters
        ----------
        value : object
            Of what JSON knows.
        """
        # what an encoding lacks would come as an escape of Python, which JSON does not know
        encoding = getattr(self._out.file, "encoding", None) or "utf-8"
        escaped = not encoding.lower().startswith("utf")
        text = json.dumps(value, ensure_ascii=escaped, allow_nan=False)
        self._out.file.write(text + "\n")

    def plain(self, text: str) -> None:
        """Print a line for programs: as it is, tabs and all, and fast.

        Parameters
        ----------
        text : str
            The line.
        """
        self._out.file.write(text + "\n")

    def note(self, text: str) -> None:
        """Tell something about the work, not of its results.

        Parameters
        ----------
        text : str
            A line.
        """
        self._err.print(Text(text))

    def busy(self, what: str) -> AbstractContextManager[None]:
        """Show that something is going on, and how far it has come where that is known.

        Parameters
        ----------
        what : str
            What is going on, such as "reading texts/".

        Returns
        -------
        context manager
            For the time it goes on.
        """
        from wordkin.progress import shown as showing

        return showing(console=self._err, what=what)

    def waiting(self) -> AbstractContextManager[None]:
        """Show how far something has come, but only if it takes long.

        Returns
        -------
        context manager
            For the time it goes on.
        """
        from wordkin.progress import shown as showing

        return showing(console=self._err)

    @contextmanager
    def training(self, record: RunRecord | None = None) -> Iterator[Callback]:
        """Show how training goes on, and stop it after a Ctrl-C.

        Parameters
        ----------
        record : RunRecord, optional
            Show its words, too, as they move. It has to be a callback of its own, before this one.

        Yields
        ------
        callable
            A callback for `wordkin.train`.
        """
        from wordkin.training.display import show_training
        from wordkin.training.live import watch_training

        showing = show_training(self._err) if record is None else watch_training(record, self._err)
        with showing as show:

            def callback(progress: Progress) -> None:
                stop_if_interrupted()
                show(progress)

            yield callback


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def size_of(n_bytes: float) -> str:
    """Return a number of bytes as people read it.

    Parameters
    ----------
    n_bytes : float
        The number.

    Returns
    -------
    str
        With a unit.

    Examples
    --------
    >>> size_of(999), size_of(27_147_000)
    ('999 B', '27.1 MB')
    """
    if n_bytes < 999.5:
        return f"{n_bytes:.0f} B"
    for unit in ("kB", "MB", "GB"):
        n_bytes /= 1000
        if n_bytes < 999.95:
            return f"{n_bytes:.1f} {unit}"
    return f"{n_bytes / 1000:.1f} TB"


def plain(value: Any) -> str:  # noqa: ANN401
    """Return a setting as text.

    Parameters
    ----------
    value : object
        A value of a JSON object.

    Returns
    -------
    str
        Numbers with separators, lists in one line.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
