"""Tables with a column of texts and a column of labels: CSV, TSV, JSON lines, JSON, Parquet."""

from __future__ import annotations

import csv
import io
import json
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from wordkin.classification.records import Decoder, Record, as_label, as_text
from wordkin.errors import FormatError, InputError, require
from wordkin.files import open_bytes
from wordkin.progress import task

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    StrPath = str | os.PathLike[str]

_TEXTS = ("text", "texts", "sentence", "document", "content", "body", "message", "review")
_LABELS = ("label", "labels", "class", "category", "target", "topic", "y")
_LONGEST_CELL = 1 << 30
_csv_limit = threading.Lock()


class Columns(NamedTuple):
    """Which columns hold texts and labels: names, numbers from 0, or None for the usual names."""

    text: str | int | None
    label: str | int | None

    def found(self, names: Sequence[str]) -> tuple[str, str]:
        """Choose among the names that a table has.

        Parameters
        ----------
        names : sequence of str
            The names.

        Returns
        -------
        text, label : str
            Two of them.

        Raises
        ------
        InputError
            If there are no such columns.
        """
        return _named(self.text, "text", names), _named(self.label, "label", names)


def _named(wanted: str | int | None, what: str, names: Sequence[str]) -> str:
    listed = ", ".join(f"{name!r:.40}" for name in names[:20])
    if isinstance(wanted, int):
        raise InputError(f"Columns of this table have names ({listed}); got {what}={wanted}.")
    if wanted is not None:
        if wanted not in names:
            raise InputError(f"There is no column {wanted!r}. There are {listed}.")
        return wanted
    by_lower = {name.strip().lower(): name for name in names}
    for usual in _TEXTS if what == "text" else _LABELS:
        if usual in by_lower:
            return by_lower[usual]
    if not names:
        raise InputError(f"Which column holds the {what}s? There is none: the table is empty.")
    raise InputError(
        f"Which column holds the {what}s? There are {listed}. Name it: {what}='...'; or number "
        "both, where the first line is no line of names: text=1, label=0. (Lines that begin with "
        "their label are kind='lines'.)"
    )


def _comma(path: StrPath, decoder: Decoder, columns: Columns) -> Iterator[Record]:
    return _separated(path, decoder, columns, separator=",")


def _tab(path: StrPath, decoder: Decoder, columns: Columns) -> Iterator[Record]:
    return _separated(path, decoder, columns, separator="\t")


def _separated(
    path: StrPath, decoder: Decoder, columns: Columns, *, separator: str
) -> Iterator[Record]:
    with open_bytes(path, bounded=True) as stream:
        content = decoder(stream.read())
    rows = _rows(content, separator, path)
    numbered = isinstance(columns.text, int) and isinstance(columns.label, int)
    if numbered:
        text, label = int(columns.text or 0), int(columns.label or 0)
        if min(text, label) < 0:
            raise InputError(f"Columns are numbered from 0; got text={text}, label={label}.")
    else:
        names = rows[0][1] if rows else []
        text, label = map(names.index, columns.found(names))
    for number, row in rows if numbered else rows[1:]:
        if max(text, label) >= len(row):
            raise FormatError(
                f"Line {number} of {str(path)!r} has {len(row)} columns; column "
                f"{max(text, label)} (from 0) is needed. The line: {separator.join(row)!r:.60}."
            )
        yield Record(row[text], as_label(row[label], f"Line {number} of {str(path)!r}"),
                     f"line {number}")  # fmt: skip


def _rows(content: str, separator: str, path: StrPath) -> list[tuple[int, list[str]]]:
    """Cut into cells; each row with the number of its last line. Empty lines are none."""
    with _csv_limit:  # the limit is one for the whole process
        before = csv.field_size_limit(_LONGEST_CELL)
        try:
            return _parsed(content, delimiter=separator, strict=True)
        except csv.Error as error:
            if separator == ",":
                raise FormatError(f"{str(path)!r} is no well-formed CSV: {error}.") from error
            # tab-separated files are often written without any quoting
            return _parsed(content, delimiter=separator, quoting=csv.QUOTE_NONE)
        finally:
            csv.field_size_limit(before)


def _parsed(content: str, **settings: Any) -> list[tuple[int, list[str]]]:  # noqa: ANN401
    with task("cutting into cells", len(content), "characters") as advance:

        def lines() -> Iterator[str]:
            for line in io.StringIO(content, newline=""):
                yield line
                advance(len(line))

        reader = csv.reader(lines(), **settings)
        return [(reader.line_num, row) for row in reader if row]


def _json_lines(path: StrPath, decoder: Decoder, columns: Columns) -> Iterator[Record]:
    with open_bytes(path, bounded=True) as stream:
        for number, raw in enumerate(decoder.lines(stream), 1):
            if line := raw.strip():
                where = f"Line {number} of {str(path)!r}"
                yield _from_object(_parsed_json(line, where), columns, where)._replace(
                    name=f"line {number}"
                )


def _json_list(path: StrPath, decoder: Decoder, columns: Columns) -> Iterator[Record]:
    with open_bytes(path, bounded=True) as stream:
        listed = _parsed_json(decoder(stream.read()), str(path))
    if not isinstance(listed, list):
        raise FormatError(f"{str(path)!r} should hold a list of objects; it holds {listed!r:.60}.")
    for number, value in enumerate(listed):
        where = f"Object {number} of {str(path)!r}"
        yield _from_object(value, columns, where)._replace(name=f"object {number}")


def _parsed_json(text: str, where: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where} is no JSON: {error}.") from error


def _from_object(value: object, columns: Columns, where: str) -> Record:
    if not isinstance(value, dict):
        raise FormatError(f"{where} should be an object; it is {value!r:.60}.")
    text, label = columns.found(list(value))
    return Record(as_text(value[text], where), as_label(value[label], where), where)


def _parquet(path: StrPath, decoder: Decoder, columns: Columns) -> Iterator[Record]:
    del decoder  # Parquet says itself how characters are stored
    arrow = require("pyarrow", extra="parquet")
    parquet = require("pyarrow.parquet", extra="parquet")
    number = 0
    with open_bytes(path, bounded=True) as file:
        try:
            table = parquet.ParquetFile(file)
            text, label = columns.found(table.schema_arrow.names)
            for batch in table.iter_batches(columns=[text, label]):
                batch.validate(full=True)  # Arrow believes offsets otherwise
                cells = zip(batch[text].to_pylist(), batch[label].to_pylist(), strict=True)
                for of_text, of_label in cells:
                    where = f"Row {number} of {str(path)!r}"
                    yield Record(
                        as_text(of_text, where), as_label(of_label, where), f"row {number}"
                    )
                    number += 1
        except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise FormatError(f"{str(path)!r} is damaged, or no Parquet file: {error}.") from error


READERS: dict[str, Callable[[StrPath, Decoder, Columns], Iterator[Record]]] = {
    "csv": _comma,
    "tsv": _tab,
    "jsonl": _json_lines,
    "json": _json_list,
    "parquet": _parquet,
}
