"""Taking arrays that come from a file: of the right name, type and shape, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import DTypeLike, NDArray


def taken(
    arrays: Mapping[str, NDArray[Any]],
    name: str,
    dtype: DTypeLike,
    *,
    shape: tuple[int | None, ...],
) -> NDArray[Any]:
    """Return one of the arrays of what was saved.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        What a file holds.
    name : str
        Which one.
    dtype : dtype
        What it must be of.
    shape : tuple of int or None
        What it must have; None fits any length.

    Returns
    -------
    ndarray
        The array.

    Raises
    ------
    FormatError
        If it is missing, different, or holds a number that is not finite.
    """
    array = arrays.get(name)
    if array is None:
        raise FormatError(f"The array {name!r} is missing.")
    fits = len(array.shape) == len(shape) and all(
        size in (None, n) for n, size in zip(array.shape, shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        wanted = tuple("any" if size is None else size for size in shape)
        raise FormatError(
            f"The array {name!r} should be {np.dtype(dtype)} of shape {wanted}; it is "
            f"{array.dtype} of shape {array.shape}."
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise FormatError(f"The array {name!r} holds numbers that are not finite.")
    return array
