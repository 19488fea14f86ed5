"""Reading numbers and arrays from a binary file that is not trusted."""

from __future__ import annotations

import os
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import FormatError
from wordkin.formats.batches import seekable
from wordkin.memory import check_room

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from numpy.typing import DTypeLike, NDArray

_UNPACKED_LIMIT = 1 << 26  # bytes that quantised vectors of any file may take
_ROWS = 1 << 14  # rows looked at together
_LARGEST = 1e30  # sums of so many n-grams as a word can have stay finite
_UNPACKED_RATIO = 100  # and those of larger ones, times its size; they grow 64 times at most


class ByteReader:
    """A file that is read in order, in which no length is believed beyond the bytes there are.

    Parameters
    ----------
    path : str or path-like
        The file. A compressed one is unpacked into a temporary file, if it does not become more
        than 64 MiB and 100 times as large.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If a compressed file is damaged, or becomes larger.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._opened = ExitStack()
        self._file = self._opened.enter_context(seekable(path))
        self.size = os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    @property
    def position(self) -> int:
        """The place of the next byte."""
        return self._file.tell()

    def seek(self, position: int) -> None:
        """Go to a place.

        Parameters
        ----------
        position : int
            Bytes from the beginning.
        """
        self._file.seek(position)

    def need(self, n_bytes: int, what: str) -> None:
        """Refuse a length for which there are not enough bytes left.

        Parameters
        ----------
        n_bytes : int
            The length.
        what : str
            What has it, for the error.

        Raises
        ------
        FormatError
            If it is negative, or goes beyond the end.
        """
        left = self.size - self.position
        if not 0 <= n_bytes <= left:
            raise FormatError(
                f"At byte {self.position}, {what} should take {n_bytes} bytes, and {left} are "
                "left. The file is truncated or damaged; get it again."
            )

    def read(self, n_bytes: int, what: str) -> bytes:
        """Read some bytes.

        Parameters
        ----------
        n_bytes : int
            How many.
        what : str
            What they are, for the error.

        Returns
        -------
        bytes
            Exactly so many.
        """
        self.need(n_bytes, what)
        return self._file.read(n_bytes)

    def numbers(self, code: str, what: str) -> tuple[Any, ...]:
        """Read some numbers.

        Parameters
        ----------
        code : str
            Their types, as in `struct`; little-endian.
        what : str
            What they are, for the error.

        Returns
        -------
        tuple
            The numbers.
        """
        layout = struct.Struct("<" + code)
        return layout.unpack(self.read(layout.size, what))

    def until_zero(self, what: str) -> bytes:
        """Read a string that a zero byte ends, 64 KiB at most.

        Parameters
        ----------
        what : str
            What it is, for the error.

        Returns
        -------
        bytes
            The string without the zero.

        Raises
        ------
        FormatError
            If there is no end to it.
        """
        start = self.position
        data = self._file.read(256)
        while b"\0" not in data:
            more = self._file.read(4096)
            if not more or len(data) > 1 << 16:
                raise FormatError(f"At byte {start}, there is no end to {what}: {data[:40]!r}.")
            data += more
        text = data.partition(b"\0")[0]
        self._file.seek(start + len(text) + 1)
        return text

    def array(
        self, dtype: DTypeLike, shape: tuple[int, ...], what: str, *, mapped: bool = False
    ) -> NDArray[Any]:
        """Read an array.

        Parameters
        ----------
        dtype : dtype
            The type in the file, little-endian.
        shape : tuple of int
            The shape.
        what : str
            What it is, for the error.
        mapped : bool
            Map it from the file, so that only what is used is read.

        Returns
        -------
        ndarray
            Of the machine's byte order.

        Raises
        ------
        FormatError
            If the shape does not fit the bytes that are left.
        """
        kind = np.dtype(dtype).newbyteorder("<")
        n_items = 1
        for length in shape:
            if not 0 <= length <= 1 << 40:
                raise FormatError(f"At byte {self.position}, {what} has the shape {shape}.")
            n_items *= int(length)  # Python's integers don't overflow
        self.need(n_items * kind.itemsize, what)
        if mapped and n_items:
            start = self.position
            array: NDArray[Any] = np.memmap(self._file, kind, "r", start, shape)
            self.seek(start + n_items * kind.itemsize)
            return np.asarray(array, kind.newbyteorder("="))
        check_room(
            n_items * kind.itemsize,
            f"{what}, {' x '.join(map(str, shape))} numbers of {kind.itemsize} bytes,",
            advice="Convert the file to .safetensors where there is memory: that is mapped.",
        )
        data = self._file.read(n_items * kind.itemsize)
        return np.frombuffer(data, kind).astype(kind.newbyteorder("="), copy=False).reshape(shape)

    def end(self) -> None:
        """Check that nothing is left.

        Raises
        ------
        FormatError
            If something is.
        """
        if self.position != self.size:
            raise FormatError(
                f"The vectors end at byte {self.position}, but the file has {self.size}. It is "
                "damaged, or of another format."
            )

    def check_growth(self, n_bytes: int, what: str) -> None:
        """Refuse packed numbers that would take too much memory unpacked.

        Parameters
        ----------
        n_bytes : int
            The size that they would have.
        what : str
            What they are, for the error.

        Raises
        ------
        FormatError
            If it is more than 64 MiB and more than 100 times the size of the file.
        """
        if n_bytes > max(_UNPACKED_LIMIT, _UNPACKED_RATIO * self.size):
            raise FormatError(
                f"At byte {self.position}, {what} would take {n_bytes} bytes unpacked, in a file "
                f"of {self.size}. It is damaged."
            )


def all_usable(matrix: NDArray[np.float32]) -> bool:
    """Tell whether all numbers can be added up: none is NaN, infinite, or beyond 1e30.

    Parameters
    ----------
    matrix : ndarray
        Shape (n, D).

    Returns
    -------
    bool
        True if they can.
    """
    with np.errstate(invalid="ignore"):  # NaN is not below anything
        return all(
            bool((np.abs(matrix[start : start + _ROWS]) < _LARGEST).all())
            for start in range(0, len(matrix), _ROWS)
        )
