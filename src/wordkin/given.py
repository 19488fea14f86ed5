"""What users give: numbers of whatever library, arrays without gaps, paths that can be some."""

from __future__ import annotations

import operator
import os
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import FileError, InputError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


def whole(value: Any) -> int | None:  # noqa: ANN401 (whatever a user gives)
    """Return a whole number as Python's: NumPy's and those of others can't be written as JSON.

    Parameters
    ----------
    value : object
        What came.

    Returns
    -------
    int or None
        None if it is no whole number. True and False are none, nor is 2.0.

    Examples
    --------
    >>> whole(np.int64(3)), whole(3.0), whole(True)
    (3, None, None)
    """
    if isinstance(value, bool | np.bool_):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def number(value: object) -> float | None:
    """Return a number as Python's.

    Parameters
    ----------
    value : object
        What came.

    Returns
    -------
    float or None
        None if it is no real number; an int stays one. True and False are none.

    Examples
    --------
    >>> number(np.float32(0.5)), number(2), number("2")
    (0.5, 2, None)
    """
    n = whole(value)
    if n is not None or isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        return n
    return float(value)


def array_of(values: object, dtype: DTypeLike | None = None) -> NDArray[Any]:
    """Make an array of what came, unless some of it is masked.

    Parameters
    ----------
    values : array_like
        What came.
    dtype : dtype, optional
        Of what kind the numbers shall be; by default of their own.

    Returns
    -------
    ndarray
        The same where it is one already.

    Raises
    ------
    InputError
        If numbers of it are masked.
    ValueError, TypeError
        If NumPy can't make an array of it.
    """
    check_unmasked(values)
    return np.asarray(values, dtype)


def check_unmasked(values: object) -> None:
    """Refuse masked arrays: NumPy would drop the mask, and take the numbers behind it.

    Parameters
    ----------
    values : object
        An array, or a list of some.

    Raises
    ------
    InputError
        If some of it is masked; a mask that hides nothing does no harm.
    """
    parts = values if isinstance(values, list | tuple) else (values,)
    for part in parts:
        if isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part):
            hidden = int(np.ma.getmaskarray(part).sum())
            raise InputError(
                f"A masked array came, in which {hidden:,} of {part.size:,} "
                "numbers are masked: those are no numbers to work with. Leave them out with "
                "array.compressed(), or put numbers there with array.filled(number)."
            )


def checked_path(path: str | os.PathLike[str], verb: str = "read") -> Path:
    """Return a path, if its characters can be those of one: Python tells of others in many ways.

    Parameters
    ----------
    path : str or path-like
        What the user gave.
    verb : str
        What shall be done with it, for the error.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    FileError
        If NUL is in it, or half of a surrogate pair.
    """
    name = os.fspath(path)
    try:
        odd = "NUL" if b"\0" in os.fsencode(name) else ""
    except UnicodeEncodeError as error:
        odd = f"{name[error.start : error.end]!a}"
    if odd:
        raise FileError(
            f"Can't {verb} {name!r}: no path has the character {odd} in it. Was it read from a "
            "damaged file?"
        )
    return Path(path)
