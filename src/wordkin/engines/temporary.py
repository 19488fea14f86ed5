"""Temporary space for counts: in memory, in files without a name beyond that, up to a limit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wordkin.corpus.draft import Spool
from wordkin.errors import FileError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from wordkin.config.counting import Counting


class Store:
    """Temporary space, up to a limit.

    Parameters
    ----------
    config : Counting
        The limit, and where.

    Raises
    ------
    FileError
        If nothing can be written there.
    """

    def __init__(self, config: Counting) -> None:
        self._folder = Path(config.temp_folder or tempfile.gettempdir())
        self._limit = config.disk_limit
        self._bound = config.memory // 16  # of each of four
        self._used = 0
        try:
            tempfile.TemporaryFile(dir=self._folder).close()
        except OSError as error:
            raise FileError(
                f"Can't write into the temporary folder {str(self._folder)!r}: "
                f"{error.strerror or error}. Name another one: temp_folder=..."
            ) from error

    def spool(self, dtype: DTypeLike) -> Spool:
        """Make an empty sequence of numbers, which go to a file when they are many.

        Parameters
        ----------
        dtype : dtype-like
            Their type.

        Returns
        -------
        Spool
            It is to be filled by `append`.
        """
        return Spool(dtype, directory=self._folder, bound=self._bound)

    def append(self, spool: Spool, numbers: NDArray[Any]) -> None:
        """Add numbers to a sequence.

        Parameters
        ----------
        spool : Spool
            The sequence.
        numbers : ndarray
            Shape (n,).

        Raises
        ------
        FileError
            If there is no room, or not within the limit.
        """
        self._used += numbers.nbytes
        if self._limit is not None and self._used > self._limit:
            raise FileError(
                f"Counting co-occurrences needs more than the {self._limit:,} bytes of disk_limit "
                f"in {str(self._folder)!r}. Raise it, give more memory={self._bound * 16:,}, or "
                "make fewer cells: a smaller window, a higher min_count. Nothing was left behind."
            )
        try:
            spool.append(numbers)
        except FileError as error:
            raise FileError(
                f"{error} Counting co-occurrences had needed {self._used:,} bytes so far. Make "
                "room, or name another folder: temp_folder=... Nothing was left behind."
            ) from error
