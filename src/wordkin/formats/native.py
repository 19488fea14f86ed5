"""The native format: one safetensors file, described in docs/native-format.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.files import atomic_write
from wordkin.formats.batches import seekable
from wordkin.formats.ngrams import Stored, restored, stored
from wordkin.formats.rows import encoded_words, naming
from wordkin.formats.tensors import (
    Header,
    Tensor,
    looks_like,
    map_array,
    read_array,
    read_header,
    told,
    write_arrays,
)
from wordkin.progress import task
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.packed import PackedWords, packed, verified

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from wordkin.subwords import Subwords
    from wordkin.text.tokenizers import Tokenizer

__all__ = ["Beside", "check", "looks_like", "read", "read_beside", "write"]

_FORMAT = "wordkin"
_FEW_WORDS = 1 << 14  # up to so many are read faster (5 ms) than an index could be of use
_HASH = "fnv1a-64:"  # and the seed
_OF_NGRAMS = (
    ("ngram_kept", "I64", 2),
    ("ngram_names", "U8", 1),
    ("ngram_offsets", "I64", 1),
    ("ngram_rows", "I64", 1),
)
_VERSION = 1  # raised only when an old reader would misread a new file: see the docs page


class Beside(NamedTuple):
    """What is made of vectors and lies in their file: readers of vectors don't look at it.

    Parameters
    ----------
    name : str
        What it is; the arrays have it in front of their names.
    settings : mapping
        JSON-able values by name.
    arrays : mapping
        Arrays by name.
    """

    name: str
    settings: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def write(
    table: VectorTable, path: str | os.PathLike[str], *, beside: Beside | None = None
) -> None:
    """Save vectors in the native format.

    Parameters
    ----------
    table : VectorTable
        The vectors, their vocabulary and how they were made.
    path : str or path-like
        The file; one that is there is replaced when the new one is complete.
    beside : Beside, optional
        What else to put into it.

    Raises
    ------
    InputError
        If a value is not finite, a word can't be UTF-8, or the settings can't be JSON.
    FileError
        If the file can't be written.
    """
    with task("packing words"):  # seconds for ten million of them
        arrays, metadata = _packed(table, beside)
    with atomic_write(path) as file:
        write_arrays(file, arrays, metadata)


def _packed(
    table: VectorTable, beside: Beside | None
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The arrays and the metadata of a file."""
    table.check_finite()
    vocabulary = table.vocabulary
    data, offsets = _encoded(vocabulary.words)
    arrays: dict[str, NDArray[Any]] = {
        "vectors": table.matrix,
        "words": data,
        "word_offsets": offsets,
    }
    if vocabulary.counts is not None:
        arrays["counts"] = vocabulary.counts
    metadata = {
        "format": _FORMAT,
        "format_version": str(_VERSION),
        "fingerprint": vocabulary.fingerprint(),
        "specials": _to_json(vocabulary.specials),
        "settings": _to_json(table.settings),
    }
    if len(vocabulary) > _FEW_WORDS:
        index = _index(vocabulary.words, data, offsets)
        arrays["word_slots"] = index.slots
        metadata["word_hash"] = f"{_HASH}{index.seed}"
    if table.subwords is not None:
        rows = stored(table.subwords)
        arrays |= rows.arrays
        metadata["ngrams"] = _to_json(rows.settings)
    if vocabulary.tokenizer is not None:
        metadata["tokenizer"] = _to_json(vocabulary.tokenizer.settings())
    if beside is not None:
        metadata[beside.name] = _to_json(beside.settings)
        arrays |= {f"{beside.name}.{key}": array for key, array in beside.arrays.items()}
    return arrays, metadata


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Load vectors from a file in the native format.

    The matrix is mapped: it takes no time and no memory before it is used. So are the words, if
    there are many: the file then has an index in which they are looked up, and each is looked at
    only when it is asked for. Few words are all read and checked; see also `check`.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    VectorTable
        Its matrix is read-only.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is no such file, a later version of it, or truncated or damaged.
    """
    with naming(path), seekable(path) as file:
        return _read(file)


def read_beside(path: str | os.PathLike[str], name: str) -> Beside | None:
    """Load what lies beside vectors in their file.

    Parameters
    ----------
    path : str or path-like
        The file.
    name : str
        What it is called.

    Returns
    -------
    Beside or None
        Its arrays are mapped and read-only, and for the caller to check; None if there is nothing
        of this name.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is no file in the native format, or truncated or damaged.
    """
    with naming(path), seekable(path) as file:
        header = read_header(file)
        _check_version(header.metadata)
        if name not in header.metadata:
            return None
        arrays = {
            key.removeprefix(f"{name}."): map_array(file, tensor)
            for key, tensor in header.tensors.items()
            if key.startswith(f"{name}.") and tensor.dtype in ("F32", "I64", "U8")
        }
        return Beside(name, told(header.metadata, name, dict), arrays)


def _read(file: BinaryIO) -> VectorTable:
    header = read_header(file)
    _check_version(header.metadata)
    vectors = _tensor(header, "vectors", "F32", n_axes=2)
    n_words = vectors.shape[0]
    counts = None
    if "counts" in header.tensors:
        counts = read_array(file, _tensor(header, "counts", "I64", length=n_words))
    seed = header.metadata.get("word_hash", "").removeprefix(_HASH)
    indexed = "word_slots" in header.tensors and seed.isdecimal() and len(seed) < 10
    vocabulary = Vocabulary(
        _mapped_words(file, header, int(seed)) if indexed else _words(file, header, n_words),
        counts,
        specials=told(header.metadata, "specials", list),
        tokenizer=_tokenizer(header.metadata),
    )
    if not indexed:
        _check_fingerprint(vocabulary, header.metadata)
    settings = told(header.metadata, "settings", dict)
    subwords = _subwords(file, header, vectors.shape[1])
    return VectorTable(vocabulary, map_array(file, vectors), settings, subwords)


def _subwords(file: BinaryIO, header: Header, dimensions: int) -> Subwords | None:
    if "ngrams" not in header.metadata:
        return None
    arrays = {"ngrams": map_array(file, _tensor(header, "ngrams", "F32", n_axes=2))}
    if arrays["ngrams"].shape[1] != dimensions:
        raise FormatError(
            f"N-grams should have {dimensions} dimensions, as the words have; they have "
            f"{arrays['ngrams'].shape[1]}."
        )
    for key, dtype, n_axes in _OF_NGRAMS:
        if key in header.tensors:
            arrays[key] = read_array(file, _tensor(header, key, dtype, n_axes=n_axes))
    return restored(Stored(arrays, told(header.metadata, "ngrams", dict)))


def check(path: str | os.PathLike[str]) -> None:
    """Read all words of a file in the native format, and check what `read` leaves for later.

    Parameters
    ----------
    path : str or path-like
        The file.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If its words are damaged: no UTF-8, not what was saved, or not where the index says.
    """
    with naming(path), seekable(path) as file:
        vocabulary = _read(file).vocabulary
        if isinstance(vocabulary.words, PackedWords):
            verified(vocabulary.words)
            _check_fingerprint(vocabulary, read_header(file).metadata)


def _check_fingerprint(vocabulary: Vocabulary, metadata: Mapping[str, str]) -> None:
    if vocabulary.fingerprint() != metadata.get("fingerprint"):
        raise FormatError(
            "The file is damaged: its words are not those that were saved (their fingerprint "
            "differs). Copy or download it again."
        )


def _encoded(words: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    if isinstance(words, PackedWords):
        return np.ascontiguousarray(words.data), np.ascontiguousarray(words.offsets)
    encoded = encoded_words(words)
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return np.frombuffer(b"".join(encoded), np.uint8), offsets


def _index(
    words: Sequence[str], data: NDArray[np.uint8], offsets: NDArray[np.int64]
) -> PackedWords:
    return words if isinstance(words, PackedWords) else packed(data, offsets)[0]


def _mapped_words(file: BinaryIO, header: Header, seed: int) -> PackedWords:
    """Map words and index. Only their ends are looked at: `check` looks at all."""
    n_words = header.tensors["vectors"].shape[0]
    offsets = map_array(file, _tensor(header, "word_offsets", "I64", length=n_words + 1))
    data = map_array(file, _tensor(header, "words", "U8"))
    slots = map_array(file, _tensor(header, "word_slots", "I32"))
    if offsets[0] != 0 or offsets[-1] != len(data):
        raise FormatError(f"The 'word_offsets' should rise from 0 to {len(data)}.")
    if len(slots) <= n_words or len(slots) & (len(slots) - 1):
        raise FormatError(
            f"'word_slots' should have a power of two above {n_words} as its length; it has "
            f"{len(slots)}."
        )
    return PackedWords(data, offsets, slots=slots, seed=seed)


def _check_version(metadata: Mapping[str, str]) -> None:
    if metadata.get("format") != _FORMAT:
        raise FormatError(
            "This is a safetensors file, but it holds no vectors of wordkin: its metadata should "
            f"say format {_FORMAT!r}, and says {metadata.get('format')!r}."
        )
    version = metadata.get("format_version", "")
    if version != str(_VERSION):
        raise FormatError(
            f"The file has version {version!r} of the native format; this wordkin reads version "
            f"{_VERSION}. Update wordkin."
        )


def _tensor(
    header: Header, key: str, dtype: str, *, n_axes: int = 1, length: int | None = None
) -> Tensor:
    tensor = header.tensors.get(key)
    if tensor is None:
        raise FormatError(f"The array {key!r} is missing.")
    if tensor.dtype != dtype or len(tensor.shape) != n_axes:
        raise FormatError(
            f"The array {key!r} should be {dtype} with {n_axes} axes; it is {tensor.dtype} of "
            f"shape {tensor.shape}."
        )
    if length is not None and tensor.shape[0] != length:
        raise FormatError(f"{key!r} should have {length} entries; it has {tensor.shape[0]}.")
    return tensor


def _words(file: BinaryIO, header: Header, n_words: int) -> list[str]:
    offsets = read_array(file, _tensor(header, "word_offsets", "I64", length=n_words + 1))
    data = read_array(file, _tensor(header, "words", "U8")).tobytes()
    if offsets[0] != 0 or offsets[-1] != len(data) or (np.diff(offsets) < 0).any():
        raise FormatError(f"The 'word_offsets' should rise from 0 to {len(data)}.")
    try:
        return [data[start:stop].decode("utf-8") for start, stop in pairwise(offsets.tolist())]
    except UnicodeDecodeError as error:
        raise FormatError(f"The words are not UTF-8: {error}.") from error


def _tokenizer(metadata: Mapping[str, str]) -> Tokenizer | None:
    if "tokenizer" not in metadata:
        return None
    from wordkin.text.tokenizers import tokenizer_from_settings

    return tokenizer_from_settings(told(metadata, "tokenizer", dict))


def _to_json(value: object) -> str:
    def plain(odd: object) -> object:
        if isinstance(odd, np.generic | np.ndarray):
            return odd.tolist()
        if isinstance(odd, Mapping):
            return dict(odd)
        raise TypeError(f"{type(odd).__name__} {odd!r:.60} can't be written as JSON")

    try:
        return json.dumps(value if isinstance(value, tuple) else plain(value), default=plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"The settings can't be saved: {error}.") from error
