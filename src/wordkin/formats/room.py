"""Room: vectors that can't fit into memory are refused, in numbers."""

from __future__ import annotations

import os

from wordkin.files import size_on_disk
from wordkin.memory import check_room


def check_promise(
    path: str | os.PathLike[str], promised: int, *, dimensions: int, limit: int | None
) -> None:
    """Refuse vectors that there is no memory for before any is read.

    Parameters
    ----------
    path : str or path-like
        The file.
    promised : int
        How many vectors its header tells. One that the file is too short for is left to readers.
    dimensions : int
        The length of each vector.
    limit : int, optional
        How many are wanted.

    Raises
    ------
    OutOfMemoryError
        If they take more than there is.
    """
    if size_on_disk(path) >= promised * dimensions:
        check_matrix(path, promised if limit is None else min(promised, limit), dimensions)


def check_matrix(path: str | os.PathLike[str], n_rows: int, dimensions: int) -> None:
    """Refuse vectors that there is no memory for.

    Parameters
    ----------
    path : str or path-like
        The file.
    n_rows : int
        The vectors that are still to come.
    dimensions : int
        The length of each.

    Raises
    ------
    OutOfMemoryError
        If they take more than there is.
    """
    check_room(
        4 * n_rows * dimensions,
        f"{n_rows:,} vectors more of {os.fspath(path)!r} ({n_rows:,} x {dimensions:,} x 4 bytes)",
        advice="Load fewer (limit=, only=), or convert the file to .safetensors where there is "
        "memory: that is mapped, not read.",
    )
