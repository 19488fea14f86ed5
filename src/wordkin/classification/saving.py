"""The file of a classifier: safetensors with words, labels and settings (no code in it)."""

from __future__ import annotations

import io
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.files import atomic_write
from wordkin.formats.batches import seekable
from wordkin.formats.rows import naming
from wordkin.formats.tensors import read_array, read_header, told, write_arrays
from wordkin.text.tokenizers import tokenizer_from_settings
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

_FORMAT = "wordkin-classifier"
_VERSION = "1"  # raised only when an old reader would misread a new file
_OURS = ("words", "word_sizes")
_HEAD = "head."


class Saved(NamedTuple):
    """What is in the file.

    Parameters
    ----------
    settings : mapping
        JSON values by name.
    vocabulary : Vocabulary
        The V words, with their tokenizer.
    labels : tuple of str
        The k classes, sorted.
    arrays : mapping
        What the head has learned.
    """

    settings: Mapping[str, Any]
    vocabulary: Vocabulary
    labels: tuple[str, ...]
    arrays: Mapping[str, NDArray[Any]]


def write(path: str | os.PathLike[str], saved: Saved) -> None:
    """Write a classifier.

    Parameters
    ----------
    path : path-like
        The file; one that is there is replaced when the new one is complete.
    saved : Saved
        The classifier.

    Raises
    ------
    FileError
        If it can't be written.
    InputError
        If a word or label is no UTF-8.
    """
    with atomic_write(path) as file:
        _write(file, saved)


def size(saved: Saved) -> int:
    """Return how large the file of a classifier is.

    Parameters
    ----------
    saved : Saved
        The classifier.

    Returns
    -------
    int
        Bytes.
    """
    memory = io.BytesIO()
    _write(memory, saved)
    return memory.tell()


def _write(file: BinaryIO, saved: Saved) -> None:
    vocabulary = saved.vocabulary
    arrays = _packed(vocabulary.words) | {_HEAD + k: v for k, v in saved.arrays.items()}
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    tokenizer = vocabulary.tokenizer
    metadata = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "fingerprint": vocabulary.fingerprint(),
        "checksum": _checksum(arrays),
        "labels": json.dumps(saved.labels),
        "settings": json.dumps(dict(saved.settings)),
        "tokenizer": json.dumps(None if tokenizer is None else tokenizer.settings()),
    }
    write_arrays(file, arrays, metadata)


def _packed(words: Sequence[str]) -> dict[str, NDArray[Any]]:
    try:
        encoded = [word.encode("utf-8") for word in words]
    except UnicodeEncodeError as error:
        raise InputError(f"The word {error.object!r} can't be saved as UTF-8.") from error
    sizes = np.array([len(word) for word in encoded], np.int32)
    small = sizes.max(initial=0) < 256  # a quarter of the bytes, nearly always
    return {
        "words": np.frombuffer(b"".join(encoded), np.uint8),
        "word_sizes": sizes.astype(np.uint8) if small else sizes,
    }


def _checksum(arrays: Mapping[str, NDArray[Any]]) -> str:
    value = 0
    for name in sorted(arrays):
        little = arrays[name].astype(arrays[name].dtype.newbyteorder("<"), copy=False)
        data = little.reshape(-1).view(np.uint8).data
        value = zlib.crc32(data, zlib.crc32(name.encode(), value))
    return f"crc32:{value:08x}"


def read(path: str | os.PathLike[str]) -> Saved:
    """Read a classifier; nothing in the file is executed.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Saved
        What is in it. What the head's arrays hold is for the head to judge.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it holds no classifier, or one of another version, or is damaged.
    """
    with naming(path), seekable(path) as file:
        return _read(file)


def _read(file: BinaryIO) -> Saved:
    header = read_header(file)
    _check_version(header.metadata)
    for name, tensor in header.tensors.items():
        if tensor.dtype not in ("F16", "F32", "I8", "I32", "I64", "U8"):
            raise FormatError(f"The array {name!r} has an unexpected type {tensor.dtype}.")
    arrays = {name: read_array(file, tensor) for name, tensor in header.tensors.items()}
    if _checksum(arrays) != header.metadata.get("checksum"):
        raise FormatError(
            "The file is damaged: its numbers are not those that were saved (their checksum "
            "differs). Copy it again."
        )
    tokenizer = told(header.metadata, "tokenizer", dict)
    vocabulary = Vocabulary(_words(arrays), tokenizer=tokenizer_from_settings(tokenizer))
    if vocabulary.fingerprint() != header.metadata.get("fingerprint"):
        raise FormatError(
            "The file's words are not those that its numbers belong to (their fingerprint "
            "differs). Save the classifier again with its own vocabulary."
        )
    labels = tuple(told(header.metadata, "labels", list))
    if len(labels) < 2 or not all(isinstance(x, str) for x in labels):
        raise FormatError(f"The labels should be two or more strings; got {labels!r:.80}.")
    if list(labels) != sorted(set(labels)):
        raise FormatError("The labels should be different and sorted.")
    own = {k.removeprefix(_HEAD): v for k, v in arrays.items() if k.startswith(_HEAD)}
    return Saved(told(header.metadata, "settings", dict), vocabulary, labels, own)


def _check_version(metadata: Mapping[str, str]) -> None:
    if metadata.get("format") != _FORMAT:
        raise FormatError(
            "This is a safetensors file, but it holds no classifier of wordkin: its metadata "
            f"should say format {_FORMAT!r}, and says {metadata.get('format')!r}."
        )
    version = metadata.get("format_version")
    if version != _VERSION:
        raise FormatError(
            f"The file has version {version!r} of the classifier format; this wordkin reads "
            f"version {_VERSION!r}. Update wordkin, or train again."
        )


def _words(arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    if any(arrays[name].ndim != 1 for name in _OURS if name in arrays) or not all(
        name in arrays for name in _OURS
    ):
        raise FormatError("The arrays 'words' and 'word_sizes' are missing or no lists.")
    sizes = arrays["word_sizes"].astype(np.int64)
    data = arrays["words"].tobytes()
    stops = np.cumsum(sizes)
    if (sizes < 0).any() or (stops[-1] if len(stops) else 0) != len(data):
        raise FormatError("The sizes of the words do not add up to their bytes.")
    try:
        return [
            data[stop - size : stop].decode("utf-8")
            for stop, size in zip(stops.tolist(), sizes.tolist(), strict=True)
        ]
    except UnicodeDecodeError as error:
        raise FormatError(f"The words are not UTF-8: {error}.") from error
