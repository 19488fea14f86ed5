"""finalfusion's ``.fifu``: words, n-grams, and a matrix that is plain or quantised.

The file is a list of chunks, each with its kind and its length; see
https://finalfusion.github.io/spec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import FormatError
from wordkin.formats.binary import ByteReader, all_usable
from wordkin.formats.quantized import Codebook
from wordkin.formats.rows import naming
from wordkin.subwords import Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.finalfusion import FinalfusionIndex, ListedIndex
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from wordkin.subwords import NgramIndex

    Words = tuple[list[str], NgramIndex | None]

_MAGIC = b"FiFu"
_WORDS, _MATRIX, _BUCKETS, _QUANTIZED, _METADATA, _NORMS, _FASTTEXT, _LISTED = range(1, 9)
_CHUNKS = {
    **dict.fromkeys((_WORDS, _BUCKETS, _FASTTEXT, _LISTED), "words"),
    **dict.fromkeys((_MATRIX, _QUANTIZED), "matrix"),
    _METADATA: "metadata",
    _NORMS: "norms",
}
_F32, _U8 = 10, 1


def looks_like(head: bytes) -> bool:
    """Tell from its first bytes whether a file is one of finalfusion's.

    Parameters
    ----------
    head : bytes
        The first 4 bytes or more.

    Returns
    -------
    bool
        True if it is.
    """
    return head.startswith(_MAGIC)


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read a finalfusion file.

    Vectors are as stored, which usually is at length 1; the lengths that they had are left
    out. Quantised ones are put together from their centroids.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    VectorTable
        The words; ``subwords`` where there are n-grams. A plain matrix is mapped.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is not in this format, truncated, or holds values that are not finite.
    """
    with naming(path), ByteReader(path) as file:
        words, index, matrix, metadata = _chunks(file)
        n_words = len(words)
        if len(matrix) < n_words or (index is None and len(matrix) > n_words):
            raise FormatError(f"There are {n_words} words and {len(matrix)} vectors.")
        if not all_usable(matrix):
            raise FormatError(
                "The vectors hold NaN, infinity or numbers beyond 1e30. The file is damaged."
            )
        subwords = None if index is None else Subwords(matrix[n_words:], index, unit=True)
        settings = {"format": "finalfusion", "metadata": metadata}
        return VectorTable.from_arrays(
            Vocabulary(words), matrix[:n_words], settings=settings, subwords=subwords
        )


def _chunks(file: ByteReader) -> tuple[list[str], NgramIndex | None, NDArray[np.float32], str]:
    if file.read(4, "the magic number") != _MAGIC:
        raise FormatError("A finalfusion file begins with 'FiFu'; this one does not.")
    version, n_chunks = file.numbers("II", "the version")
    if version != 0:
        raise FormatError(f"finalfusion's version 0 is known; this file has {version}.")
    file.array("u4", (n_chunks,), "the list of chunks")  # some programs leave the norms out of it
    found: dict[str, Any] = {"metadata": ""}
    while file.position < file.size:
        kind, length = file.numbers("IQ", "the head of a chunk")
        start = file.position
        file.need(length, f"a chunk of kind {kind}")
        name = _CHUNKS.get(kind)
        if name is None or (name in found and name != "metadata"):
            raise FormatError(f"At byte {start}, there is a second or unknown chunk ({kind}).")
        found[name] = _chunk(file, kind, length)
        # finalfusion's Python package leaves the rows of listed n-grams out of the length
        if file.position != start + length and kind != _LISTED:
            raise FormatError(f"The chunk at byte {start} should have {length} bytes.")
    if "words" not in found or "matrix" not in found:
        raise FormatError("The file has no words, or no vectors.")
    return *found["words"], found["matrix"], found["metadata"]


def _chunk(file: ByteReader, kind: int, length: int) -> object:
    if kind == _MATRIX:
        return _plain(file)
    if kind == _QUANTIZED:
        return _quantized(file)
    if kind == _METADATA:
        return _text(file.read(length, "the metadata"), file.position - length)
    if kind == _NORMS:
        file.seek(file.position + length)
        return None
    return _words(file, kind)


def _words(file: ByteReader, kind: int) -> Words:
    if kind == _LISTED:
        n_words, n_grams, min_n, max_n = file.numbers("QQII", "the number of words")
        words = _strings(file, n_words)
        return words, ListedIndex(_listed(file, n_grams), min_n, max_n)
    if kind == _WORDS:
        return _strings(file, file.numbers("Q", "the number of words")[0]), None
    n_words, min_n, max_n, buckets = file.numbers("QIII", "the number of words")
    words = _strings(file, n_words)
    if kind == _BUCKETS:
        return words, FinalfusionIndex(buckets, min_n, max_n)
    return words, FastTextIndex(buckets, min_n, max_n, exempt=b"")


def _strings(file: ByteReader, n: int) -> list[str]:
    file.need(4 * n, f"a list of {n} words")
    return [_string(file) for _ in range(n)]


def _string(file: ByteReader) -> str:
    (length,) = file.numbers("I", "the length of a word")
    return _text(file.read(length, "a word"), file.position - length)


def _text(data: bytes, start: int) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"At byte {start}, {data[:40]!r} should be UTF-8: {error}.") from error


def _listed(file: ByteReader, n: int) -> dict[str, int]:
    file.need(12 * n, f"a list of {n} n-grams")
    listed = {}
    for _ in range(n):
        gram = _string(file)
        listed[gram] = int(file.numbers("Q", "the row of an n-gram")[0])
    return listed


def _pad(file: ByteReader) -> None:
    """Skip to a multiple of 4 bytes; a full one is skipped where the place is one already."""
    file.read(4 - file.position % 4, "padding")


def _plain(file: ByteReader) -> NDArray[np.float32]:
    n_rows, n_columns, kind = file.numbers("QII", "the shape of the matrix")
    if kind != _F32:
        raise FormatError(f"The numbers should be float32 (type {_F32}); they have type {kind}.")
    _pad(file)
    return file.array("f4", (n_rows, n_columns), "the matrix", mapped=True)


def _quantized(file: ByteReader) -> NDArray[np.float32]:
    numbers = file.numbers("IIIIIQII", "the shape of the quantised matrix")
    projected, with_norms, n_parts, n_columns, n_centroids, n_rows, *kinds = numbers
    if kinds != [_U8, _F32] or not 0 < n_centroids <= 256 or not 0 < n_parts <= n_columns:
        raise FormatError(f"The head of the quantised matrix can't be {numbers}.")
    if n_columns % n_parts:
        raise FormatError(f"{n_columns} dimensions can't have {n_parts} equal parts.")
    _pad(file)
    projection = None
    if projected:
        projection = file.array("f4", (n_columns, n_columns), "the projection")
    shape = (n_parts, n_centroids, n_columns // n_parts)
    book = Codebook(tuple(file.array("f4", shape, "centroids")))
    norms = file.array("f4", (n_rows,), "norms") if with_norms else None
    codes = file.array("u1", (n_rows, n_parts), "the codes of vectors")
    if codes.size and codes.max() >= n_centroids:
        raise FormatError(f"A code is {codes.max()}, but there are {n_centroids} centroids.")
    file.check_growth(4 * n_rows * n_columns, "quantised vectors")
    matrix: NDArray[Any] = book.decode(codes)
    with np.errstate(over="ignore", invalid="ignore"):  # refused when the table is made
        if projection is not None:
            matrix = matrix @ projection.T
        if norms is not None:
            matrix *= norms[:, None]
    return np.asarray(matrix, np.float32)
