"""Tables with texts in a column: Parquet, Arrow, JSON lines, Hugging Face datasets, any rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from wordkin.errors import FormatError, InputError, require
from wordkin.files import open_bytes
from wordkin.text.columns import Column, is_text, is_tokens
from wordkin.text.json_lines import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

_ROWS = 1024  # in a batch, as those of Hugging Face's files
_PAGES = 1 << 20  # bytes of a Parquet file that are read at once
_PARQUET, _ARROW, _STREAM = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
_STREAM_WITHIN = 8  # where it begins in an Arrow file
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # no text has one in its first eight bytes
_USUAL = ("text", "texts", "sentence", "content", "document", "tokens", "words")


def open_columns(
    paths: Sequence[str], column: str | None, *, encoding: str = "utf-8"
) -> Column | None:
    """Find the texts of files that are tables.

    Parameters
    ----------
    paths : sequence of str
        Files: Parquet and Arrow (files and streams) are known by their first bytes; if a column is
        named, others are JSON lines.
    column : str, optional
        Which column, if it is not the only one with texts and not called "text" or the like.
    encoding : str
        Of JSON lines.

    Returns
    -------
    Column or None
        None if the files are plain text, and no column is named.

    Raises
    ------
    InputError
        If there is no such column, or some files are tables and others are not.
    FormatError
        If a file is damaged (when it is read).
    """
    kinds = {path: _kind(path) for path in paths}
    tables = [path for path, kind in kinds.items() if kind is not None]
    if not tables and column is None:
        return None
    if tables and len(tables) < len(kinds):
        other = next(path for path, kind in kinds.items() if kind is None)
        raise InputError(
            f"{tables[0]!r} is a table and {other!r} is not: make a corpus of tables or of texts."
        )
    if not tables:
        name = str(column)
        return Column(
            lambda: chain.from_iterable(
                _cells(rows_of(path, encoding), name, path) for path in paths
            ),
            _named(paths),
        )
    total = sum(_read_table(path, kinds[path], column).rows or 0 for path in paths)
    streams = _STREAM in kinds.values()  # which do not tell how many rows they have
    return Column(
        lambda: chain.from_iterable(
            _read_table(path, kinds[path], column).batches() for path in paths
        ),
        _named(paths),
        None if streams else total,
    )


def _named(paths: Sequence[str]) -> str:
    return f"reading {paths[0] if len(paths) == 1 else f'{len(paths)} files'}"


def _kind(path: str) -> bytes | None:
    """The first bytes by which a table is known."""
    if Path(path).is_fifo():
        return None
    with open_bytes(path) as stream:
        head = stream.read(8)
    kind = next((kind for kind in (_PARQUET, _ARROW, _STREAM) if head.startswith(kind)), None)
    if kind is None or not _CONTROL.search(head):  # "PAR1" is a name of genes, too
        return None
    if not _begins_with(path, kind):
        raise InputError(
            f"{path!r} is a table that is compressed as a whole, or in an archive, where no part "
            "of it can be found by itself. Unpack it."
        )
    return kind


def _begins_with(path: str, head: bytes) -> bool:
    """Tell how a file begins, as it lies on disk."""
    if not Path(path).exists():  # a member of an archive
        return False
    with Path(path).open("rb") as file:
        return file.read(len(head)) == head


class _Table(NamedTuple):
    """A file of Arrow or Parquet, with one column chosen."""

    rows: int | None
    batches: Callable[[], Iterator[Any]]


def _read_table(path: str, kind: bytes | None, column: str | None) -> _Table:
    arrow = require("pyarrow", extra="parquet")
    try:
        if kind == _PARQUET:
            table = _parquet(path, column)
        else:
            table = _arrow(path, column, stream=kind == _STREAM)
    except (arrow.ArrowException, OSError) as error:
        raise FormatError(f"{path!r} is damaged: {error}.") from error
    return _Table(table.rows, lambda: _naming(path, table.batches))


def _naming(path: str, batches: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Give errors of Arrow the name of the file."""
    arrow = require("pyarrow", extra="parquet")
    try:
        yield from batches()
    except (arrow.ArrowException, OSError) as error:
        raise FormatError(f"{path!r} is damaged: {error}.") from error


def _parquet(path: str, column: str | None) -> _Table:
    parquet = require("pyarrow.parquet", extra="parquet")
    # a buffer makes it read pages, not the columns of a group of rows at once
    table = parquet.ParquetFile(path, buffer_size=_PAGES, pre_buffer=False)
    name = chosen(table.schema_arrow, column, path)

    def batches() -> Iterator[Any]:
        with table:
            for batch in table.iter_batches(_ROWS, columns=[name], use_threads=False):
                yield batch.column(0)

    return _Table(table.metadata.num_rows, batches)


def _arrow(path: str, column: str | None, *, stream: bool) -> _Table:
    arrow = require("pyarrow", extra="parquet")
    with arrow.memory_map(path) as file:
        reader = (arrow.ipc.open_stream if stream else arrow.ipc.open_file)(file)
        at = reader.schema.names.index(chosen(reader.schema, column, path))
        # in a file the words of a dictionary may stand behind the rows that use them
        in_order = stream or "dictionary" not in str(reader.schema.field(at).type)
    # their number stands before each batch, which need not be read or decompressed for it
    rows = None if stream else _count_rows(path)
    only = arrow.ipc.IpcReadOptions(included_fields=[at])

    def batches() -> Iterator[Any]:
        with arrow.memory_map(path) as file:
            if not in_order:
                reader = arrow.ipc.open_file(file, options=only)
                for i in range(reader.num_record_batches):
                    yield from _slices(reader.get_batch(i).column(0))
                return
            # a file has a stream within; read as a file, it would be copied batch by batch
            file.seek(0 if stream else _STREAM_WITHIN)
            for batch in arrow.ipc.open_stream(file, options=only):
                yield from _slices(batch.column(0))

    return _Table(rows, batches)


def _count_rows(path: str) -> int:
    form = require("pyarrow.dataset", extra="parquet").IpcFileFormat()
    with require("pyarrow", extra="parquet").memory_map(path) as file:
        return int(form.make_fragment(file).count_rows())


def chosen(schema: Any, column: str | None, where: str) -> str:  # noqa: ANN401 (of Arrow)
    """Choose a column of texts or tokens.

    Parameters
    ----------
    schema : pyarrow.Schema
        What columns there are.
    column : str, optional
        The one that is wanted.
    where : str
        What table this is.

    Returns
    -------
    str
        The name.

    Raises
    ------
    InputError
        If there is no such column, it holds something else, or none can be chosen.
    """
    fits = {field.name: is_text(field.type) or is_tokens(field.type) for field in schema}
    if column is None:
        able = [name for name, fit in fits.items() if fit]
        column = able[0] if len(able) == 1 else next((n for n in _USUAL if n in able), None)
    listed = ", ".join(f"{field.name!r} ({field.type})"[:60] for field in list(schema)[:20])
    if column is None:
        raise InputError(f"Which column of {where!r} holds the text? There are {listed}: column=.")
    if column not in fits:
        raise InputError(f"There is no column {column!r} in {where!r}. There are {listed}.")
    if (n := schema.names.count(column)) > 1:
        raise InputError(f"There are {n} columns {column!r} in {where!r}. Rename them.")
    if not fits[column]:
        raise InputError(
            f"The column {column!r} of {where!r} holds no texts or lists of tokens. There are "
            f"{listed}."
        )
    return column


def _slices(array: Any) -> Iterator[Any]:  # noqa: ANN401 (an array of Arrow)
    """Cut what somebody wrote as one large batch."""
    for start in range(0, len(array), _ROWS):
        yield array.slice(start, _ROWS)


def _by_name(names: Sequence[str], column: str | None) -> str:
    """Choose a column of a table that does not tell what is in it."""
    names = list(names)
    if column is None:
        usual = [name for name in _USUAL if name in names]
        if len(names) != 1 and not usual:
            raise InputError(f"Which column holds the text? There are {names!r:.300}: column=...")
        return names[0] if len(names) == 1 else usual[0]
    if column not in names:
        raise InputError(f"There is no column {column!r}. There are {names!r:.300}.")
    return column


def column_of(rows: Any, column: str | None) -> Column:  # noqa: ANN401 (any table)
    """Find the texts of a table in memory, or of one that is read as it is iterated.

    Parameters
    ----------
    rows : table
        A dataset of Hugging Face, a table or reader of Arrow, a data frame of pandas or polars, a
        dict of columns, or anything that yields dicts.
    column : str, optional
        Which column, if it is not the only one and not called "text" or the like.

    Returns
    -------
    Column
        Its texts or tokens.

    Raises
    ------
    InputError
        If it is no table, or there is no such column.
    """
    if isinstance(rows, str | bytes) or not (isinstance(rows, Iterable) or hasattr(rows, "column")):
        raise InputError(
            f"from_rows takes a table or rows with names; got {type(rows).__name__} {rows!r:.60}. "
            "Files are read by from_path."
        )
    is_dict = isinstance(rows, Mapping)  # as a DatasetDict is too
    if not is_dict and hasattr(rows, "select_columns") and hasattr(rows, "with_format"):
        return _of_dataset(rows, column)
    if type(rows).__module__.startswith("pyarrow") and hasattr(rows, "schema"):
        return _of_arrow(rows, column)
    if is_dict or hasattr(rows, "columns"):
        return _of_columns(rows, column)
    return Column(lambda: _of_dicts(iter(rows), column), "reading rows", _length(rows))


def _length(rows: Any) -> int | None:  # noqa: ANN401
    return len(rows) if hasattr(rows, "__len__") else None


def _of_dataset(rows: Any, column: str | None) -> Column:  # noqa: ANN401
    """A Dataset or IterableDataset of Hugging Face."""
    names = rows.column_names
    if names is None:  # of a stream nothing is known before its first row
        return Column(lambda: _of_dicts(iter(rows), column), "reading a dataset", _length(rows))
    name = _by_name(names, column)

    def batches() -> Iterator[Any]:
        for table in rows.select_columns([name]).with_format("arrow").iter(_ROWS):
            yield from table.column(name).chunks

    return Column(batches, "reading a dataset", _length(rows))


def _of_arrow(rows: Any, column: str | None) -> Column:  # noqa: ANN401
    """A Table, RecordBatch or RecordBatchReader of Arrow."""
    name = chosen(rows.schema, column, type(rows).__name__)

    def batches() -> Iterator[Any]:
        if hasattr(rows, "read_all"):  # a reader, which can be read once
            for batch in rows:
                yield from _slices(batch.column(batch.schema.names.index(name)))
            return
        held = rows.column(name)
        for chunk in getattr(held, "chunks", [held]):
            yield from _slices(chunk)

    return Column(batches, "reading a table", getattr(rows, "num_rows", None))


def _of_columns(rows: Any, column: str | None) -> Column:  # noqa: ANN401
    """A dict of columns, or a data frame."""
    names = list(rows if isinstance(rows, Mapping) else rows.columns)
    if names and hasattr(rows[names[0]], "column_names"):
        raise InputError(f"These are {len(names)} datasets: choose one of {names!r:.200}.")
    name = _by_name(names, column)
    held: Any = rows[name]
    if (
        isinstance(held, str | bytes)
        or not hasattr(held, "__iter__")
        or hasattr(held, "columns")  # of pandas, where several have the name
    ):
        raise InputError(f"The column {name!r} is no list but {type(held).__name__} {held!r:.60}.")
    if hasattr(held, "notna"):  # pandas has several kinds of missing
        held = held.astype(object).where(held.notna(), None)
    cells = held.tolist() if hasattr(held, "tolist") else list(held)

    def batches() -> Iterator[list[Any]]:
        for start in range(0, len(cells), _ROWS):
            yield cells[start : start + _ROWS]

    return Column(batches, "reading a table", len(cells))


def _of_dicts(rows: Iterator[Any], column: str | None) -> Iterator[list[Any]]:
    named = map(_checked_row, rows)
    first = next(named, None)
    if first is not None:
        name = _by_name(list(first), None) if column is None else column
        yield from _cells(chain([first], named), name, "the rows")


def _checked_row(row: object) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    raise InputError(
        f"from_rows takes rows with names; got {type(row).__name__} {row!r:.60}. Texts go to "
        "from_texts, lists of tokens to from_sentences."
    )


def _cells(rows: Iterator[Mapping[str, Any]], column: str, where: str) -> Iterator[list[Any]]:
    """The cells of a column, in batches; a row that lacks it has a null."""
    some = list(islice(rows, _ROWS))
    # one of the first rows has to have it: a wrong name shall not take the reading of a whole file
    if some and not any(column in row for row in some):
        names = list(some[0])
        raise InputError(f"There is no column {column!r} in {where!r}. There are {names!r:.300}.")
    while some:
        yield [row.get(column) for row in some]
        some = list(islice(rows, _ROWS))
