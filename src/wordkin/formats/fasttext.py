"""fastText's own models (``.bin``, quantised ``.ftz``), with the rows of n-grams.

Versions 12 and 11, and the one before that without a magic number. A file holds: settings, words
with counts, the input matrix (a row for each word, then one for each bucket of n-grams), and the
output matrix, which only training and classification need.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.files import atomic_write
from wordkin.formats.binary import ByteReader, all_usable
from wordkin.formats.quantized import Codebook
from wordkin.formats.rows import naming, words_to_write
from wordkin.progress import in_pieces
from wordkin.subwords import Subwords, sum_rows
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

_MAGIC = struct.pack("<i", 793712314)
_SETTINGS = (
    "dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model", "bucket", "min_n",
    "max_n", "lr_update_rate",
)  # fmt: skip
_LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}
_MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}
_CENTROIDS = 256
_AT_ONCE = 4096  # words whose n-grams are summed up together


def looks_like(head: bytes) -> bool:
    """Tell from its first bytes whether a file is a fastText model.

    Parameters
    ----------
    head : bytes
        The first 56 bytes or more.

    Returns
    -------
    bool
        True if it is; the oldest files have no mark, and are told by sensible settings.
    """
    if head.startswith(_MAGIC):
        return True
    if len(head) < 84:
        return False
    args = dict(zip(_SETTINGS, struct.unpack_from("<12i", head), strict=True))
    size, n_words, n_labels, _ = struct.unpack_from("<iiiq", head, 56)
    return (
        0 < args["dim"] < 1 << 16
        and args["loss"] in _LOSSES
        and args["model"] in _MODELS
        and 0 <= args["min_n"] < 1 << 8
        and 0 <= args["max_n"] < 1 << 8
        and size == n_words + n_labels > 0
    )


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read a fastText model.

    The vector of a word is the mean of its own row and those of its n-grams, as fastText computes
    it. Rows of n-grams are mapped from the file. Labels and the output matrix are left out.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    VectorTable
        The words with counts; ``subwords`` gives the vectors of unknown words.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is not in this format, truncated, or holds values that are not finite.
    """
    with naming(path), ByteReader(path) as file:
        version, args = _settings(file)
        entries = _entries(file, version)
        quantized = version > 10 and _flag(file, "the mark of quantised vectors")
        matrix = _quantized(file) if quantized else _dense(file)
        _check_shapes(args, entries, matrix)
        subwords = _subwords(args, entries, matrix)
        args |= {"quantized": quantized, "labels": entries.n_labels}
        vectors = _word_vectors(entries.words, matrix[: len(entries.words)], subwords)
        _skip_output(file, version, quantized)
        file.end()
        if subwords is not None and not all_usable(subwords.matrix):
            raise FormatError("The rows of n-grams hold NaN, infinity or numbers beyond 1e30.")
        return _table(entries, vectors, _described(version, args), subwords=subwords)


class _Entries(NamedTuple):
    """The dictionary: words, how often they occurred, labels, and the buckets that were kept."""

    words: list[bytes]
    counts: list[int]
    n_labels: int
    pruned: NDArray[np.int32] | None  # (n, 2): bucket, row


def _settings(file: ByteReader) -> tuple[int, dict[str, Any]]:
    version = 10  # has no mark
    if file.read(4, "the magic number") == _MAGIC:
        version = int(file.numbers("i", "the version")[0])
        if version not in (11, 12):
            raise FormatError(f"fastText's versions 11 and 12 are known; this file has {version}.")
    else:
        file.seek(0)
    args = dict(zip(_SETTINGS, file.numbers("12i", "the settings"), strict=True))
    args["t"] = file.numbers("d", "the settings")[0]
    if args["model"] not in _MODELS or args["loss"] not in _LOSSES or args["dim"] < 1:
        raise FormatError(
            f"The settings are not those of a fastText model: dim {args['dim']}, loss "
            f"{args['loss']}, model {args['model']}."
        )
    if version < 12 and args["model"] == 3:
        args["max_n"] = 0  # as fastText does: early classifiers wrote it, but had no n-grams
    return version, args


def _entries(file: ByteReader, version: int) -> _Entries:
    size, n_words, n_labels, _tokens = file.numbers("iiiq", "the size of the dictionary")
    n_pruned = file.numbers("q", "the number of pruned n-grams")[0] if version > 10 else -1
    if size != n_words + n_labels or min(n_words, n_labels) < 0:
        raise FormatError(f"The dictionary has {size} entries: {n_words} words, {n_labels} labels.")
    file.need(size * 10, f"a dictionary of {size} entries")
    words, counts = [], []
    for number in range(size):
        word = file.until_zero(f"entry {number + 1} of the dictionary")
        count, kind = file.numbers("qb", f"the count of {word[:40]!r}")
        if kind != (number >= n_words):
            raise FormatError(
                f"Entry {number + 1}, {word[:40]!r}, should be a "
                f"{'label' if number >= n_words else 'word'}; it has the type {kind}."
            )
        if kind == 0:
            words.append(word)
            counts.append(count)
    pruned = file.array("i4", (n_pruned, 2), "the list of n-grams kept") if n_pruned >= 0 else None
    return _Entries(words, counts, n_labels, pruned)


def _flag(file: ByteReader, what: str) -> bool:
    (value,) = file.numbers("B", what)
    if value > 1:
        raise FormatError(f"At byte {file.position - 1}, {what} should be 0 or 1; it is {value}.")
    return bool(value)


def _dense(file: ByteReader) -> NDArray[np.float32]:
    n_rows, n_columns = file.numbers("qq", "the shape of a matrix")
    return file.array("f4", (n_rows, n_columns), "a matrix of vectors", mapped=True)


def _quantized(file: ByteReader) -> NDArray[np.float32]:
    with_norms = _flag(file, "the mark of quantised norms")
    n_rows, n_columns, n_codes = file.numbers("qqi", "the shape of a quantised matrix")
    codes = file.array("u1", (n_codes,), "the codes of quantised vectors")
    book = _codebook(file)
    if n_columns != book.dimensions or n_rows * len(book.parts) != n_codes:
        raise FormatError(
            f"A quantised matrix of shape {(n_rows, n_columns)} can't have {n_codes} codes for "
            f"vectors of {len(book.parts)} parts and {book.dimensions} dimensions."
        )
    norms = None
    if with_norms:
        norm_codes = file.array("u1", (n_rows, 1), "the codes of norms")
        norm_book = _codebook(file)
        if norm_book.dimensions != 1:
            raise FormatError(f"A norm is one number; here it has {norm_book.dimensions}.")
        norms = norm_book.decode(norm_codes)[:, 0]
    file.check_growth(4 * n_rows * n_columns, "quantised vectors")
    return book.decode(codes.reshape(n_rows, len(book.parts)), norms)


def _codebook(file: ByteReader) -> Codebook:
    dim, n_parts, width, last = file.numbers("4i", "the shape of a quantiser")
    if min(dim, n_parts, width, last) < 1 or (n_parts - 1) * width + last != dim:
        raise FormatError(
            f"A quantiser of {dim} dimensions can't have {n_parts} parts of {width}, the last of "
            f"{last}."
        )
    flat = file.array("f4", (dim * _CENTROIDS,), "centroids")
    cuts = [part * width * _CENTROIDS for part in range(1, n_parts)]
    parts = np.split(flat, cuts)
    return Codebook(tuple(part.reshape(_CENTROIDS, -1) for part in parts))


def _check_shapes(args: dict[str, Any], entries: _Entries, matrix: NDArray[np.float32]) -> None:
    n_words, pruned = len(entries.words), entries.pruned
    if not n_words:
        raise FormatError("There are no words in the file.")
    if matrix.shape[1] != args["dim"]:
        raise FormatError(f"The settings tell {args['dim']} dimensions, the matrix {matrix.shape}.")
    # a pruned file tells the number of buckets that it had before
    n_rows = n_words + (args["bucket"] if pruned is None else len(pruned))
    if len(matrix) != n_rows and not (pruned is None and len(matrix) == n_words):
        raise FormatError(
            f"{n_words} words and their n-grams should have {n_rows} rows; there are {len(matrix)}."
        )


def _subwords(
    args: dict[str, Any], entries: _Entries, matrix: NDArray[np.float32]
) -> Subwords | None:
    rows = matrix[len(entries.words) :]
    if not len(rows) or args["max_n"] < max(1, args["min_n"]):
        return None
    kept = None
    if entries.pruned is not None:
        kept = entries.pruned[np.argsort(entries.pruned[:, 0])].astype(np.int64)
    return Subwords(rows, FastTextIndex(args["bucket"], args["min_n"], args["max_n"], kept))


def _word_vectors(
    words: list[bytes], rows: NDArray[np.float32], subwords: Subwords | None
) -> NDArray[np.float32]:
    """Sum up in fastText's order: the word's own row, then its n-grams'."""
    vectors = np.array(rows, np.float32)
    if subwords is None:
        return vectors
    for some in in_pieces(len(words), _AT_ONCE, "making vectors of n-grams", unit="words"):
        grams, counts = subwords.index.rows(words[some])
        with np.errstate(over="ignore", invalid="ignore"):  # refused when the table is made
            sum_rows(subwords.matrix, grams, counts, out=vectors[some])
            vectors[some] *= (1.0 / (counts + 1)).astype(np.float32)[:, None]
    return vectors


def _skip_output(file: ByteReader, version: int, quantized: bool) -> None:
    """Pass over the output matrix, but see that it is there."""
    if version > 10 and _flag(file, "the mark of a quantised output") and quantized:
        _quantized(file)
    else:
        _dense(file)


def _described(version: int, args: dict[str, Any]) -> dict[str, Any]:
    named = {key: value for key, value in args.items() if key not in ("dim", "loss", "model", "t")}
    return {
        "format": "fasttext",
        "version": version,
        "model": _MODELS[args["model"]],
        "loss": _LOSSES[args["loss"]],
        "sample": args["t"],
        **named,
    }


def _table(
    entries: _Entries,
    vectors: NDArray[np.float32],
    settings: dict[str, Any],
    *,
    subwords: Subwords | None,
) -> VectorTable:
    words: dict[str, int] = {}
    repaired = 0
    for row, word in enumerate(entries.words):
        text = word.decode("utf-8", "backslashreplace")
        repaired += text.encode("utf-8") != word
        words.setdefault(text, row)
    counts = np.array(entries.counts, np.int64)
    settings |= {"repaired": repaired, "duplicates": len(entries.words) - len(words)}
    if settings["duplicates"]:
        rows = list(words.values())
        vectors, counts = vectors[rows], counts[rows]
    vocabulary = Vocabulary(list(words), counts)
    return VectorTable.from_arrays(vocabulary, vectors, settings=settings, subwords=subwords)


# --- writing -------------------------------------------------------------------------------------


def write(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write a model that fastText and gensim open: version 12, unsupervised, not quantised.

    The rows of words are chosen so that fastText computes the vectors of the table, up to rounding
    where there are n-grams. The output matrix is empty: the model can't be trained further.

    Parameters
    ----------
    table : VectorTable
        The vectors; rows of n-grams if they are fastText's. Tokenizer and settings have no place in
        this format.
    path : str or path-like
        The file; one that is there is replaced when the new one is complete.

    Raises
    ------
    InputError
        If a value is not finite, there are no words, one is empty or holds white space or a zero
        byte, or the rows of n-grams are not fastText's.
    FileError
        If the file can't be written.
    """
    words = words_to_write(table, without=b" \t\n\r\v\f\0")
    index = _writable_index(table.subwords)
    counts = table.vocabulary.counts
    counted = np.ones(len(words), np.int64) if counts is None else counts
    n_buckets = 0 if index is None else index.n_buckets
    lengths = (0, 0) if index is None else (index.min_n, index.max_n)
    with atomic_write(path) as file:
        file.write(_MAGIC + struct.pack("<i", 12))
        file.write(_written_settings(table, n_buckets, lengths))
        file.write(struct.pack("<iiiqq", len(words), len(words), 0, int(counted.sum()), -1))
        for word, count in zip(words, counted.tolist(), strict=True):
            file.write(word + b"\0" + struct.pack("<qb", count, 0))
        file.write(struct.pack("<Bqq", 0, len(words) + n_buckets, table.dimensions))
        _write_words(file, table, words)
        if index is not None and table.subwords is not None:
            _write_ngrams(file, table.subwords.matrix, index)
        file.write(struct.pack("<Bqq", 0, 0, table.dimensions))


def suits(table: VectorTable) -> bool:
    """Tell whether vectors have n-grams that fastText can read.

    Parameters
    ----------
    table : VectorTable
        The vectors.

    Returns
    -------
    bool
        True if so.
    """
    try:
        return _writable_index(table.subwords) is not None
    except InputError:
        return False


def _written_settings(table: VectorTable, n_buckets: int, lengths: tuple[int, int]) -> bytes:
    """Those of our own training where they are known; fastText tells them and needs few of them."""
    made = table.settings.get("config", {})
    made = made if isinstance(made, dict) else {}
    loss = _number_of(_LOSSES, {"hierarchical-softmax": "hs"}.get(made.get("loss", ""), "ns"))
    model = _number_of(_MODELS, "cbow" if made.get("mode") == "cbow" else "skipgram")
    window, epochs, negative = (made.get(name, 5) for name in ("window", "epochs", "negative"))
    args = (table.dimensions, window, epochs, 1, negative, 1, loss, model, n_buckets, *lengths, 100)
    return struct.pack("<12id", *args, made.get("sample", 1e-4))


def _number_of(names: dict[int, str], wanted: str) -> int:
    return next(number for number, name in names.items() if name == wanted)


def _writable_index(subwords: Subwords | None) -> FastTextIndex | None:
    if subwords is None:
        return None
    index = subwords.index
    if not isinstance(index, FastTextIndex) or index.characters or subwords.unit:
        raise InputError(
            f"The n-grams of these vectors are {index.settings()['name']}'s, and fastText can't "
            "read them. Save as .vec, which has words only."
        )
    if index.kept is not None and index.rest is None:
        raise InputError(
            "Some n-grams of these vectors were pruned, which fastText allows in quantised files "
            "only. Save as .vec, which has words only."
        )
    return index


def _write_words(file: BinaryIO, table: VectorTable, words: list[bytes]) -> None:
    for some in in_pieces(len(words), _AT_ONCE, "writing words", unit="words"):
        rows = table.matrix[some].astype(np.float64)
        if table.subwords is not None:
            grams, counts = table.subwords.index.rows(words[some])
            sums = np.zeros(rows.shape, np.float32)
            sum_rows(table.subwords.matrix, grams, counts, out=sums)
            rows = rows * (counts + 1)[:, None] - sums
        file.write(rows.astype("<f4").tobytes())


def _write_ngrams(file: BinaryIO, matrix: NDArray[np.float32], index: FastTextIndex) -> None:
    for some in in_pieces(index.n_buckets, _AT_ONCE, "writing n-grams", unit="n-grams"):
        buckets = np.arange(some.start, some.stop)
        file.write(matrix[index.rows_of(buckets)].astype("<f4").tobytes())
