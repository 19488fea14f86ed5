"""What the demo needs of the screen that it is shown on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from wordkin.training import Callback


class Screen(Protocol):
    """Where the demo shows what it does; the command line has one."""

    def heading(self, text: str) -> None:
        """Print the heading of a step.

        Parameters
        ----------
        text : str
            The heading.
        """
        ...

    def line(self, text: str = "", style: str = "") -> None:
        """Print a line.

        Parameters
        ----------
        text : str
            The line, or several.
        style : str
            How it may look, such as "bold red".
        """
        ...

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
        ...

    def busy(self, what: str) -> AbstractContextManager[None]:
        """Show that something is going on.

        Parameters
        ----------
        what : str
            What is going on.

        Returns
        -------
        context manager
            Left when it is over.
        """
        ...

    def training(self) -> AbstractContextManager[Callback]:
        """Show how training goes on.

        Returns
        -------
        context manager
            It gives a callback for `wordkin.train`.
        """
        ...
