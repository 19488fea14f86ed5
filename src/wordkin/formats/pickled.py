"""What a pickle wants to make, written down, and the arrays that can be read from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ARRAY_MAKERS = {"numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"}
_TYPE = re.compile(r"f[248]|[iu][1248]|b1")


class Name(NamedTuple):
    """The name of a class or function, which is never looked up.

    Parameters
    ----------
    full : str
        Module and name.
    """

    full: str


class Made:
    """What a pickle wants to make: by what, from what, and with what inside.

    Parameters
    ----------
    by : str
        The full name of a class or function.
    args : object
        What it would be called with.

    Attributes
    ----------
    state : object
        What it would be given afterwards; for most classes the attributes by name.
    items : dict
        Entries, if it is some kind of dict.
    """

    __slots__ = ("args", "by", "items", "state")

    def __init__(self, by: str, args: Any) -> None:  # noqa: ANN401
        self.by, self.args = by, args
        self.state: Any = None
        self.items: dict[Any, Any] = {}

    def get(self, name: str) -> Any:  # noqa: ANN401
        """Return an attribute.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        object
            The attribute, or None.
        """
        state = self.state
        if isinstance(state, tuple) and len(state) == 2:  # attributes and slots
            state = state[0]
        if not isinstance(state, dict):
            return None
        # strings of Python 2 are bytes
        return state.get(name, state.get(name.encode()))


def array_of(made: object) -> NDArray[Any] | None:
    """Make a NumPy array of what a pickle says about one.

    Parameters
    ----------
    made : object
        Something of a pickle.

    Returns
    -------
    ndarray or None
        A matrix or list of real numbers that shares the pickle's bytes; None if it is none.

    Raises
    ------
    FormatError
        If the shape and the bytes do not fit.
    """
    if not isinstance(made, Made) or made.by not in _ARRAY_MAKERS:
        return None
    state = made.state
    if not isinstance(state, tuple) or len(state) != 5:
        return None
    _, shape, kind, fortran, data = state
    dtype, raw = _dtype_of(kind), bytes_of(data)
    if dtype is None or raw is None or not isinstance(shape, tuple) or len(shape) > 4:
        return None
    size = dtype.itemsize
    for length in shape:
        if type(length) is not int or length < 0:
            raise FormatError(f"An array of the pickle has the shape {shape!s:.60}.")
        size *= length
    if size != len(raw):
        raise FormatError(f"An array of shape {shape!s:.60} should have {size} bytes, not "
                          f"{len(raw)}.")  # fmt: skip
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")


def bytes_of(value: object) -> bytes | None:
    """Return bytes, also where Python 2 or protocol 2 hid them in a text.

    Parameters
    ----------
    value : object
        Something of a pickle.

    Returns
    -------
    bytes or None
        None if it is something else.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, Made) and value.by == "_codecs.encode" and value.args:
        text = value.args[0]
        if isinstance(text, str) and text.isascii() | (max(text, default="") <= "\xff"):
            return text.encode("latin-1")
    if isinstance(value, Made) and value.by == "builtins.bytes" and not value.args:
        return b""
    return None


def _dtype_of(made: object) -> np.dtype[Any] | None:
    if not isinstance(made, Made) or made.by != "numpy.dtype" or not isinstance(made.args, tuple):
        return None
    code = made.args[0] if made.args else None
    code = code.decode("latin-1") if isinstance(code, bytes) else code
    if not isinstance(code, str) or not _TYPE.fullmatch(code):
        return None
    order = made.state[1] if isinstance(made.state, tuple) and len(made.state) > 1 else "<"
    order = order.decode("latin-1") if isinstance(order, bytes) else order
    return np.dtype(code).newbyteorder(">" if order == ">" else "<")
