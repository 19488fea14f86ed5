"""NumPy's files, mapped: never a pickle, and nothing in them is believed beyond their size.

`numpy.load` reads the same files, but a damaged one makes it raise a dozen kinds of errors, or
warn, or take it for a zip archive.
"""

from __future__ import annotations

import ast
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from wordkin.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"
_LENGTHS = {1: 2, 2: 4, 3: 4}  # bytes of the header's length, by version
_CHUNK = 1 << 22  # numbers written at once
_LONGEST = 10_000  # bytes of a header, as in NumPy
_TYPE = re.compile(r"[<>|=]?[fiub][0-9]{1,2}")
_LONG = re.compile(rb"(\d)L\b")  # Python 2 wrote its long numbers so


def map_npy(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Map an array of real numbers from a ``.npy`` file.

    Parameters
    ----------
    path : str or path-like
        The file. It must not be changed in place while the array is used.

    Returns
    -------
    ndarray
        Read-only.

    Raises
    ------
    FormatError
        If it is no such file, or truncated, or holds anything but real numbers.
    OSError
        If it can't be read.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npy"
    >>> np.save(path, np.eye(2, dtype=np.float32))
    >>> map_npy(path)
    memmap([[1., 0.],
            [0., 1.]], dtype=float32)
    """
    with Path(path).open("rb") as file:
        dtype, shape, order = _header(file)
        start, size = file.tell(), os.fstat(file.fileno()).st_size
        n_bytes = math.prod(shape) * dtype.itemsize  # Python's integers don't overflow
        if n_bytes > size - start:
            raise FormatError(
                f"The file is truncated: its array should have {n_bytes} bytes, and {size - start} "
                "are there. Copy or download it again."
            )
        if not n_bytes:  # nothing can't be mapped
            return np.zeros(shape, dtype)
        return np.memmap(file, dtype, "r", start, shape, order)


def write_npy(file: BinaryIO, array: NDArray[Any]) -> None:
    """Write an array as `numpy.save` does, whose own way can't say that the disk is full.

    Parameters
    ----------
    file : BinaryIO
        Open for writing.
    array : ndarray
        Numbers.

    Raises
    ------
    OSError
        If they find no room.
    """
    about = np.lib.format.header_data_from_array_1_0(np.empty((0,), array.dtype))
    header = about | {"shape": array.shape}
    np.lib.format.write_array_header_1_0(file, header)
    at_once = max(1, _CHUNK // max(1, math.prod(array.shape[1:])))
    for start in range(0, len(array), at_once):
        file.write(np.ascontiguousarray(array[start : start + at_once]).data)


def _header(file: BinaryIO) -> tuple[np.dtype[Any], tuple[int, ...], Any]:
    """Read type, shape and order; what follows are the numbers."""
    head = file.read(8)
    if head[:6] != MAGIC or len(head) < 8 or head[6] not in _LENGTHS:
        raise FormatError(f"This is no NumPy array, or it is truncated: it begins with {head!r}.")
    n_bytes = _LENGTHS[head[6]]
    length = int.from_bytes(file.read(n_bytes), "little")
    text = file.read(length) if length <= _LONGEST else b""
    if len(text) != length:
        raise FormatError(
            f"This is no NumPy array, or it is truncated: its header should have {length} bytes."
        )
    try:
        # the text of a Python dict; whatever else stands there is not run
        about = ast.literal_eval(_LONG.sub(rb"\1", text).decode("latin-1"))
        kind, shape, fortran = about["descr"], about["shape"], about["fortran_order"]
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError) as error:
        raise FormatError(f"The header of the NumPy array is damaged: {error!r:.80}.") from error
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise FormatError(f"This is no NumPy array of real numbers, but one of {kind!r:.60}.")
    sizes = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    # also where a length is 0, NumPy wants the others to be possible
    if not sizes or len(shape) > 8 or math.prod(max(n, 1) for n in shape) >= 1 << 56:
        raise FormatError(f"The header of the NumPy array is damaged: the shape is {shape!s:.60}.")
    if not isinstance(fortran, bool):
        raise FormatError(
            f"The header of the NumPy array is damaged: its order is {fortran!s:.60}."
        )
    return _dtype(kind), shape, "F" if fortran else "C"


def _dtype(kind: str) -> np.dtype[Any]:
    try:
        return np.dtype(kind)
    except TypeError as error:
        raise FormatError(f"There are no numbers of the type {kind!r}.") from error
