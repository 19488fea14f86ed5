"""The vectors of a spaCy pipeline: a folder with ``vectors``, ``key2row`` and ``strings.json``.

A word is stored as a 64-bit hash in ``key2row`` (MessagePack); the words themselves stand in the
list of all strings. In floret mode there is a table of hashes and no words.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.arrays import map_npy, write_npy
from wordkin.errors import FormatError
from wordkin.files import atomic_folder
from wordkin.formats.binary import ByteReader, all_usable
from wordkin.formats.rows import encoded_words, naming, words_to_write
from wordkin.subwords import Subwords
from wordkin.subwords.floret import FloretIndex
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

_ARRAY, _KEYS, _STRINGS, _SETTINGS = "vectors", "key2row", "strings.json", "vectors.cfg"
_UNSIGNED = {0xCC: "B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
_SIGNED = {0xD0: "b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_INTEGERS = {code: struct.Struct(kind) for code, kind in (_UNSIGNED | _SIGNED).items()}
_MAPS = {0xDE: 2, 0xDF: 4}  # bytes of the number of entries


def looks_like_folder(path: Path) -> bool:
    """Tell whether a folder holds vectors of spaCy, or a pipeline that does.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    bool
        True if it does.
    """
    return _inner(path) is not None


def _inner(path: Path) -> Path | None:
    for folder in (path, path / "vocab", path / "vectors"):
        if all((folder / name).is_file() for name in (_ARRAY, _KEYS, _STRINGS)):
            return folder
    return None


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read the vectors of a spaCy pipeline.

    Parameters
    ----------
    path : str or path-like
        The folder of the pipeline, of its vocabulary, or of its vectors.

    Returns
    -------
    VectorTable
        The words in the order of their rows; several may share a row in the file. Words whose
        string is missing are left out and counted in the settings as "unnamed". In floret mode
        there are no words, and ``subwords`` give the vector of any.

    Raises
    ------
    FileError
        If a file is missing or can't be read.
    FormatError
        If a file is damaged.
    """
    folder = _inner(Path(path))
    if folder is None:
        raise FormatError(f"{str(path)!r} lacks {_ARRAY!r}, {_KEYS!r} or {_STRINGS!r} of spaCy.")
    matrix = _matrix(folder / _ARRAY)
    settings = _json(folder / _SETTINGS, dict) if (folder / _SETTINGS).is_file() else {}
    if settings.get("mode") == "floret":
        return _floret(folder, matrix, settings)
    rows = _key_rows(folder / _KEYS)
    strings = _json(folder / _STRINGS, list)
    if not all(isinstance(string, str) for string in strings):
        raise FormatError(f"{str(folder / _STRINGS)!r} should be a JSON list of strings.")
    with naming(folder / _STRINGS):
        hashes = _hashes(encoded_words(strings))
    found = {string: rows[key] for string, key in zip(strings, hashes, strict=True) if key in rows}
    ordered = sorted(found.items(), key=lambda item: item[1])
    places = np.array([row for _, row in ordered], np.int64)
    if len(places) and not (places[0] >= 0 and places[-1] < len(matrix)):
        raise FormatError(f"{str(folder / _KEYS)!r} names rows beyond the {len(matrix)} there are.")
    about = {"format": "spacy", "unnamed": len(rows) - len(found)}
    with naming(folder):
        return VectorTable.from_arrays(
            Vocabulary([word for word, _ in ordered]), matrix[places], settings=about
        )


def _matrix(path: Path) -> NDArray[Any]:
    with naming(path):
        array = np.asarray(map_npy(path))
        if array.ndim != 2 or 0 in array.shape:
            raise FormatError(f"This should be a matrix; it has the shape {array.shape}.")
        return array


def _json(path: Path, kind: type) -> Any:  # noqa: ANN401
    with naming(path), ByteReader(path) as file:
        try:
            value = json.loads(file.read(file.size, "JSON").decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise FormatError(f"This should be JSON: {error}.") from error
        if not isinstance(value, kind):
            raise FormatError(f"This should be a JSON {kind.__name__}; it is {value!s:.60}.")
        return value


def _floret(folder: Path, matrix: NDArray[Any], settings: dict[str, Any]) -> VectorTable:
    with naming(folder):
        names = ("minn", "maxn", "hash_count", "hash_seed")
        numbers = [settings.get(name) for name in names]
        marks = [settings.get(name) for name in ("bow", "eow")]
        if not all(type(n) is int for n in numbers) or not all(isinstance(m, str) for m in marks):
            raise FormatError(f"{_SETTINGS!r} should tell {', '.join(names)}, bow and eow.")
        index = FloretIndex(len(matrix), *numbers, *marks)  # type: ignore[arg-type]
        with np.errstate(over="ignore"):
            table = np.ascontiguousarray(matrix, np.float32)
        if not all_usable(table):
            raise FormatError("The vectors hold NaN, infinity or numbers beyond 1e30.")
        empty = np.zeros((0, table.shape[1]), np.float32)
        about = {"format": "spacy", **index.settings()}
        return VectorTable(Vocabulary([]), empty, about, Subwords(table, index))


def _key_rows(path: Path) -> dict[int, int]:
    """Read a MessagePack map of whole numbers, which is all that spaCy writes."""
    with naming(path), ByteReader(path) as file:
        (code,) = file.numbers("B", "a map")
        if code >> 4 == 8:
            n = code & 15
        elif code in _MAPS:
            n = int.from_bytes(file.read(_MAPS[code], "the number of entries"), "big")
        else:
            raise FormatError("This should be a MessagePack map.")
        file.need(2 * n, f"a map of {n} entries")
        rows = {}
        for _ in range(n):
            key = _integer(file)
            rows[key] = _integer(file)
        file.end()
        return rows


def _integer(file: ByteReader) -> int:
    (code,) = file.numbers("B", "a number")
    if code < 0x80:
        return int(code)
    if code >= 0xE0:
        return int(code) - 0x100
    if code not in _INTEGERS:
        raise FormatError(f"At byte {file.position - 1}, a whole number should be; got {code}.")
    layout = _INTEGERS[code]
    return int(layout.unpack(file.read(layout.size, "a number"))[0])


def write(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write a folder that ``spacy.vectors.Vectors().from_disk`` and ``Vocab.from_disk`` read.

    Parameters
    ----------
    table : VectorTable
        The vectors. Counts, tokenizer, settings and rows of n-grams have no place in this format.
    path : str or path-like
        The folder to make.

    Raises
    ------
    InputError
        If a value is not finite, there are no words, or one can't be UTF-8.
    FileError
        If the folder can't be written.
    """
    hashes = _hashes(words_to_write(table))
    packed = b"\xdf" + struct.pack(">I", len(hashes))
    packed += b"".join(struct.pack(">BQBI", 0xCF, key, 0xCE, i) for i, key in enumerate(hashes))
    with atomic_folder(path) as folder:
        with (folder / _ARRAY).open("wb") as file:
            write_npy(file, table.matrix)
        (folder / _KEYS).write_bytes(packed)
        (folder / _STRINGS).write_text(json.dumps(list(table.vocabulary.words)), encoding="utf-8")
        (folder / _SETTINGS).write_text(json.dumps({"mode": "default"}), encoding="utf-8")


def _hashes(strings: Sequence[bytes]) -> list[int]:
    """MurmurHash64A (Austin Appleby, public domain) with seed 1, of all strings at once.

    The empty string has the hash 0 in spaCy.
    """
    by_length: dict[int, list[int]] = {}
    for place, string in enumerate(strings):
        by_length.setdefault(len(string), []).append(place)
    out = np.zeros(len(strings), np.uint64)
    for length, places in by_length.items():
        if length:
            out[places] = _murmur64([strings[place] for place in places], length)
    return [int(value) for value in out.tolist()]


def _murmur64(strings: list[bytes], length: int) -> NDArray[np.uint64]:
    factor, shift = np.uint64(0xC6A4A7935BD1E995), np.uint64(47)
    n_words = -(-length // 8)
    padded = b"".join(string.ljust(8 * n_words, b"\0") for string in strings)
    words = np.frombuffer(padded, "<u8").astype(np.uint64).reshape(-1, n_words)
    # Python's whole numbers don't overflow where NumPy's would warn
    start = (1 ^ (length * int(factor))) & ((1 << 64) - 1)
    h = np.full(len(strings), start, np.uint64)
    for i in range(length // 8):
        k = words[:, i] * factor
        k = (k ^ (k >> shift)) * factor
        h = (h ^ k) * factor
    if length % 8:
        h = (h ^ words[:, -1]) * factor
    h = (h ^ (h >> shift)) * factor
    return h ^ (h >> shift)
