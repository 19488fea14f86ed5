"""The safetensors container: a JSON header and the bytes of named arrays, without any code.

The file is: the length of the header (8 bytes, little-endian), the header, then the arrays one
after the other without a gap. It is read here and not by the safetensors package, because that
copies arrays into memory, where we map a matrix of several GB in no time. What is
written here that package reads, and the other way round.
"""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from wordkin.errors import FormatError
from wordkin.memory import check_room
from wordkin.progress import task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

DTYPES = {
    "F16": "<f2", "F32": "<f4", "F64": "<f8",
    "I8": "|i1", "I32": "<i4", "I64": "<i8", "U8": "|u1",
}  # fmt: skip
_HEADER_LIMIT = 100_000_000  # the safetensors package refuses longer ones
_ALIGNMENT = 64  # the data starts at a multiple of it: a cache line
_MOST_AXES = 32  # of which NumPy has no more
_CHUNK = 1 << 22  # array elements written at once


class Tensor(NamedTuple):
    """Where an array lies in its file.

    Parameters
    ----------
    dtype : str
        The name that safetensors gives the type, such as ``"F32"``.
    shape : tuple of int
        The shape.
    start : int
        The position of its first byte in the file.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int


class Header(NamedTuple):
    """What the header of a file tells.

    Parameters
    ----------
    metadata : mapping
        Strings by name.
    tensors : mapping
        Arrays by name.
    """

    metadata: Mapping[str, str]
    tensors: Mapping[str, Tensor]


def looks_like(head: bytes) -> bool:
    """Tell from its first bytes whether a file is a safetensors file.

    Parameters
    ----------
    head : bytes
        The first 9 bytes or more.

    Returns
    -------
    bool
        True if a header of a possible length begins there.
    """
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _HEADER_LIMIT


def read_header(file: BinaryIO) -> Header:
    """Read the header; nothing that it promises is believed beyond the size of the file.

    Parameters
    ----------
    file : BinaryIO
        An open file, at any position.

    Returns
    -------
    Header
        Its metadata and its arrays, all of which lie inside the file.

    Raises
    ------
    FormatError
        If it is no safetensors file, or it is truncated or damaged.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(9)
    if not looks_like(head):
        raise FormatError(
            "This is no safetensors file: it should begin with the length of a header and the "
            f"header; it begins with {head!r}. (A compressed one has to be decompressed first.)"
        )
    length = int.from_bytes(head[:8], "little")
    if length > size - 8:
        raise FormatError(
            f"The file is truncated: its header should have {length} bytes, and {size - 8} are "
            "there. Copy or download it again."
        )
    file.seek(8)
    entries = _json_object(file.read(length))
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise FormatError("The file is damaged: its metadata should be strings by name.")
    return Header(metadata, _placed(entries, 8 + length, size))


def told(metadata: Mapping[str, str], key: str, kind: type) -> Any:  # noqa: ANN401
    """Return what the metadata tell under one name, which is JSON.

    Parameters
    ----------
    metadata : mapping of str to str
        Of a header.
    key : str
        The name.
    kind : type
        What has to be there, such as `dict`.

    Returns
    -------
    dict, list, str, ...
        The value.

    Raises
    ------
    FormatError
        If it is missing, no JSON, or of another kind.

    Examples
    --------
    >>> told({"labels": '["spam", "ham"]'}, "labels", list)
    ['spam', 'ham']
    """
    try:
        value = json.loads(metadata.get(key, "null"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"The {key} in the metadata are no JSON: {error}.") from error
    if not isinstance(value, kind):
        raise FormatError(f"The {key} should be a JSON {kind.__name__}; got {value!s:.60}.")
    return value


def _json_object(data: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name comes twice")
        return dict(pairs)

    try:
        # the header begins with "{", so that whatever is well-formed here is an object
        entries: dict[str, Any] = json.loads(data.decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"The file is damaged: its header is no JSON ({error}).") from error
    return entries


def _placed(entries: Mapping[str, Any], data_start: int, size: int) -> dict[str, Tensor]:
    """Check that the arrays fill the file to its end, without gaps and overlaps."""
    spans = []
    for key, entry in entries.items():
        if not _is_well_formed(entry):
            raise FormatError(f"The file is damaged: its header says {key!r} is {entry!s:.80}.")
        spans.append((*entry["data_offsets"], key))
    position = 0
    for start, stop, key in sorted(spans):
        if start != position:
            raise FormatError(f"The file is damaged: {key!r} should begin at {position}.")
        position = stop
    if position != size - data_start:
        what = "truncated" if position > size - data_start else "damaged"
        raise FormatError(
            f"The file is {what}: its arrays should have {position} bytes, and {size - data_start} "
            "are there. Copy or download it again."
        )
    return {
        key: Tensor(entry["dtype"], tuple(entry["shape"]), data_start + entry["data_offsets"][0])
        for key, entry in entries.items()
    }


def _is_well_formed(entry: object) -> bool:
    """Check the description of one array by itself: kinds, and that shape and place agree."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        return False
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not (isinstance(dtype, str) and _are_sizes(shape) and _are_sizes(offsets)):
        return False
    if len(offsets) != 2 or offsets[0] > offsets[1] or len(shape) > _MOST_AXES:
        return False
    # also where a length is 0, NumPy wants the others to be possible
    if max(math.prod(max(n, 1) for n in shape), offsets[1]) >= 1 << 56:
        return False
    # Python's integers don't overflow. Types that only a later version knows are not looked at.
    n_bytes = math.prod(shape) * np.dtype(DTYPES.get(dtype, "|u1")).itemsize
    return dtype not in DTYPES or n_bytes == offsets[1] - offsets[0]


def _are_sizes(numbers: object) -> bool:
    return isinstance(numbers, list) and all(type(n) is int and n >= 0 for n in numbers)


def read_array(file: BinaryIO, tensor: Tensor) -> NDArray[Any]:
    """Read an array into memory.

    Parameters
    ----------
    file : BinaryIO
        The file that the header came from.
    tensor : Tensor
        An array of it, of a type that we write.

    Returns
    -------
    ndarray
        A copy in memory, of the machine's byte order.
    """
    dtype = np.dtype(DTYPES[tensor.dtype])
    file.seek(tensor.start)
    check_room(
        math.prod(tensor.shape) * dtype.itemsize,
        f"Arrays of {' x '.join(map(str, tensor.shape))} numbers of {dtype.itemsize} bytes",
        advice="Use a machine that has it.",
    )
    data = file.read(math.prod(tensor.shape) * dtype.itemsize)
    return np.frombuffer(data, dtype).astype(dtype.newbyteorder("=")).reshape(tensor.shape)


def map_array(file: BinaryIO, tensor: Tensor) -> NDArray[Any]:
    """Map an array from its file: nothing is read before it is used.

    Parameters
    ----------
    file : BinaryIO
        The file that the header came from; it may be closed afterwards.
    tensor : Tensor
        An array of it, of a type that we write.

    Returns
    -------
    ndarray
        Read-only. The file must not be changed in place while it is used (replacing it is fine).
    """
    dtype = np.dtype(DTYPES[tensor.dtype])
    if not math.prod(tensor.shape):
        return np.zeros(tensor.shape, dtype.newbyteorder("="))
    mapped = np.memmap(file, dtype, mode="r", offset=tensor.start, shape=tensor.shape)
    # a plain array, without memmap's cost for each view; converted where bytes go the other way
    return np.asarray(mapped, dtype.newbyteorder("="))


def write_arrays(
    file: BinaryIO, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]
) -> None:
    """Write a whole safetensors file, array by array, without a copy of any.

    Parameters
    ----------
    file : BinaryIO
        An empty file, open for writing.
    arrays : mapping
        Arrays of float32, float64, int32, int64 or uint8, by name. Those whose rows are padded
        are written piece by piece too.
    metadata : mapping
        Strings by name.
    """
    names = {np.dtype(code): name for name, code in DTYPES.items()}
    # wide numbers first keeps each array aligned to its type
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    position = 0
    for key, array in ordered:
        header[key] = {
            "dtype": names[array.dtype.newbyteorder("<")],
            "shape": list(array.shape),
            "data_offsets": [position, position + array.nbytes],
        }
        position += array.nbytes
    data = json.dumps(header, separators=(",", ":")).encode("ascii")
    data += b" " * (-(8 + len(data)) % _ALIGNMENT)
    file.write(len(data).to_bytes(8, "little") + data)
    with task("writing", position, "B") as advance:
        for _, array in ordered:
            rows = array.reshape(-1) if array.flags.c_contiguous else array
            at_once = max(1, _CHUNK // max(1, math.prod(rows.shape[1:])))
            for start in range(0, len(rows), at_once):
                chunk = rows[start : start + at_once]
                file.write(np.ascontiguousarray(chunk, array.dtype.newbyteorder("<")).data)
                advance(chunk.nbytes)
