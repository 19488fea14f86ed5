"""Tables of Apache Arrow: Parquet files, and Arrow's own (also called Feather)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from wordkin.errors import FormatError, require
from wordkin.files import atomic_write
from wordkin.formats.batches import check_budget, seekable
from wordkin.formats.rows import naming, words_to_write
from wordkin.memory import check_room
from wordkin.progress import in_pieces
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PARQUET, _ARROW = b"PAR1", b"ARROW1\0\0"
_ROWS = 1 << 13  # read at once
_WRITTEN = 1 << 16  # rows written at once
_WORDS = ("word", "token", "key", "text")
_VECTORS = ("vector", "vectors", "embedding", "embeddings")


def looks_like(head: bytes) -> bool:
    """Tell from its first bytes whether a file is a Parquet or an Arrow file.

    Parameters
    ----------
    head : bytes
        The first 8 bytes or more.

    Returns
    -------
    bool
        True if it is.
    """
    return head.startswith((_PARQUET, _ARROW))


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read a table with a column of words and a column of vectors.

    The words are in ``word``, ``token``, ``key`` or ``text``, the vectors in ``vector``,
    ``vectors``, ``embedding`` or ``embeddings``: lists of numbers, all of one length. Counts may be
    in ``count``. Other columns are not looked at.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    VectorTable
        The vectors in memory.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is no such table, or damaged; or has missing values, or a word twice.
    """
    arrow = require("pyarrow", extra="parquet")
    with naming(path), seekable(path) as file:
        try:
            columns = _columns(file, path)
            words = columns["word"].cast(arrow.string()).to_pylist()
            matrix = _matrix(columns["vector"])
            counts = columns.get("count")
            counts = None if counts is None else _numbers(counts.combine_chunks())
        except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
            # Arrow calls damage an OSError
            raise FormatError(f"This is no table of words and vectors: {error}.") from error
        vocabulary = Vocabulary(words, counts)
        return VectorTable.from_arrays(vocabulary, matrix, settings={"format": "parquet"})


def write(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write a table with the columns ``word``, ``vector`` and, if they are known, ``count``.

    Parameters
    ----------
    table : VectorTable
        The vectors. Tokenizer and settings have no place in this format.
    path : str or path-like
        The file: an Arrow file if its name ends in ``.arrow`` or ``.feather``, else Parquet.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    InputError
        If a value is not finite, there are no words, or one can't be UTF-8.
    FileError
        If the file can't be written.
    """
    arrow = require("pyarrow", extra="parquet")
    words = words_to_write(table)
    flat = arrow.array(table.matrix.reshape(-1))
    columns = {
        "word": arrow.array(words, arrow.binary()).cast(arrow.string()),
        "vector": arrow.FixedSizeListArray.from_arrays(flat, table.dimensions),
    }
    if table.vocabulary.counts is not None:
        columns["count"] = arrow.array(table.vocabulary.counts)
    made = arrow.table(columns)
    with atomic_write(path) as file:
        if Path(path).suffix.lower() in (".arrow", ".feather"):
            opened = arrow.ipc.new_file(file, made.schema)
        else:
            opened = require("pyarrow.parquet", extra="parquet").ParquetWriter(file, made.schema)
        with opened as writer:
            for part in in_pieces(len(words), _WRITTEN, "writing vectors", unit="words"):
                writer.write_table(made.slice(part.start, _WRITTEN))


def _columns(file: BinaryIO, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the columns that matter piece by piece, so that they can't become far too large."""
    is_parquet = file.read(4) == _PARQUET
    file.seek(0)
    if is_parquet:
        # the sizes in the metadata are left alone: asking for damaged ones ends the process
        parquet = require("pyarrow.parquet", extra="parquet").ParquetFile(file)
        names = _chosen(parquet.schema_arrow.names)
        pieces = parquet.iter_batches(_ROWS, columns=list(names.values()))
    else:
        reader = require("pyarrow.ipc", extra="parquet").open_file(file)
        names = _chosen(reader.schema.names)
        pieces = (reader.get_batch(i) for i in range(reader.num_record_batches))
    batches, n_bytes = [], 0
    for batch in pieces:
        batch.validate(full=True)  # Arrow believes offsets otherwise
        batches.append(batch)
        n_bytes += batch.nbytes
        check_budget(path, n_bytes)
        check_room(
            n_bytes,
            f"the columns of {os.fspath(path)!r}, put together from their parts,",
            advice="Load the table where there is more memory, or fewer rows of it.",
        )
    if not sum(map(len, batches)):
        raise FormatError("The table has no rows.")
    table = require("pyarrow", extra="parquet").Table.from_batches(batches)
    return {ours: table.column(theirs) for ours, theirs in names.items()}


def _chosen(names: list[str]) -> dict[str, str]:
    """Find the columns by their usual names."""
    words = [name for name in _WORDS if name in names]
    vectors = [name for name in _VECTORS if name in names]
    if not words or not vectors or len(set(names)) != len(names):
        raise FormatError(
            f"The table should have a column of words ({', '.join(_WORDS)}) and one of vectors "
            f"({', '.join(_VECTORS)}); it has {', '.join(names[:10]) or 'none'}."
        )
    counts = {"count": "count"} if "count" in names else {}
    return {"word": words[0], "vector": vectors[0]} | counts


def _matrix(column: Any) -> NDArray[Any]:  # noqa: ANN401
    lists = column.combine_chunks()
    kinds = require("pyarrow.types", extra="parquet")
    of_lists = (kinds.is_list, kinds.is_large_list, kinds.is_fixed_size_list)
    if column.null_count or not any(is_kind(column.type) for is_kind in of_lists):
        raise FormatError(f"The vectors should be lists of numbers; they are {column.type}.")
    numbers = _numbers(lists.flatten())
    lengths = require("pyarrow.compute", extra="parquet").list_value_length(lists).unique()
    if len(lengths) != 1:
        raise FormatError(f"All vectors should have one length; there are {len(lengths)}.")
    return numbers.reshape(len(lists), lengths[0].as_py())


def _numbers(array: Any) -> NDArray[Any]:  # noqa: ANN401
    if array.null_count:
        raise FormatError("A number is missing.")
    numbers: NDArray[Any] = np.asarray(array.to_numpy(zero_copy_only=False))
    if numbers.dtype.kind not in "fiu":
        raise FormatError(f"There should be numbers; there are {numbers.dtype}.")
    return numbers
