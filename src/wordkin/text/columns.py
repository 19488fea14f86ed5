"""A column of a table as text: each cell a sentence, or a list of tokens.

It is read batch by batch and never held in memory as a whole. A cell that is null is an empty
sentence, and counted. `wordkin.text.tables` finds columns in files and other tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, final

import numpy as np

from wordkin.errors import InputError, require
from wordkin.progress import task
from wordkin.text.decoding import without_halves
from wordkin.text.sources import BLOCK_BYTES, Block

if TYPE_CHECKING:
    from collections.abc import Callable

_LINE_ENDS = str.maketrans("\r\n", "  ")


@final
class Column:
    """A column of texts, or of lists of tokens, read batch by batch.

    Parameters
    ----------
    batches : callable
        Starts reading; gives arrays of Arrow, or lists.
    what : str
        For the display of progress: what is being read.
    total : int, optional
        How many rows there are.

    Attributes
    ----------
    nulls : int
        Cells, and tokens within, that were null so far.
    """

    def __init__(
        self, batches: Callable[[], Iterator[Any]], what: str, total: int | None = None
    ) -> None:
        self._batches, self._what, self._total = batches, what, total
        self.nulls = 0
        self._row = 0

    def begin(self) -> tuple[bool, Iterator[Any]]:
        """Start reading, and find out what is in the cells.

        Returns
        -------
        tokens : bool
            Whether they are lists of tokens.
        batches : iterator
            All batches, for `blocks` or `token_lists`.
        """
        self.nulls = self._row = 0
        batches = self._told()
        begun = []
        for batch in batches:
            begun.append(batch)
            kind = _has_tokens(batch)
            if kind is not None:
                return kind, chain(begun, batches)
        return False, iter(begun)

    def _told(self) -> Iterator[Any]:
        with task(self._what, self._total, "rows") as advance:
            for batch in self._batches():
                yield batch
                self._row += len(batch)
                advance(len(batch))

    def blocks(self, batches: Iterable[Any]) -> Iterator[Block]:
        """Turn texts into blocks, each text a line.

        Parameters
        ----------
        batches : iterable
            What `begin` returned.

        Yields
        ------
        Block
            About a megabyte each; a text is never cut. Line breaks in a text are spaces.

        Raises
        ------
        InputError
            If a cell is no text.
        """
        lines: list[bytes] = []
        size = undecodable = 0
        for batch in batches:
            for piece, bad in self._lines(batch):
                lines.append(piece)
                size += len(piece)
                undecodable += bad
                if size >= BLOCK_BYTES:
                    yield Block(b"".join(lines), bytes_read=size, undecodable=undecodable)
                    lines, size, undecodable = [], 0, 0
        if lines:
            yield Block(b"".join(lines), bytes_read=size, undecodable=undecodable)

    def _lines(self, batch: Any) -> Iterator[tuple[bytes, int]]:  # noqa: ANN401 (list or Arrow's)
        """Write texts as lines, one or many at a time, and count bytes that were no text."""
        if isinstance(batch, list):
            for number, text in enumerate(batch):
                yield self._line(text, number)
            return
        self.nulls += batch.null_count
        if batch.null_count < len(batch) and not is_text(batch.type):  # of another file
            raise InputError(f"Row {self._row} holds no text but {batch.type}.")
        for piece in _arrow_lines(batch):
            yield piece, 0

    def _line(self, text: object, number: int) -> tuple[bytes, int]:
        if text is None:
            self.nulls += 1
            return b"\n", 0
        if not isinstance(text, str):
            raise InputError(
                f"Row {self._row + number} holds no text but {type(text).__name__} {text!r:.50}."
            )
        whole, undecodable = without_halves(text)
        return whole.translate(_LINE_ENDS).encode() + b"\n", undecodable

    def token_lists(self, batches: Iterable[Any]) -> Iterator[tuple[list[str], list[int]]]:
        """Give the tokens of a batch, and where each list of them ends.

        Parameters
        ----------
        batches : iterable
            What `begin` returned.

        Yields
        ------
        tokens : list of str
            All tokens of a batch, without those that are null.
        ends : list of int
            For each row, how many tokens there are up to its end.

        Raises
        ------
        InputError
            If a cell is no list.
        """
        for batch in batches:
            lists = batch if isinstance(batch, list) else batch.to_pylist()
            tokens: list[str] = []
            ends: list[int] = []
            for number, cell in enumerate(lists):
                tokens += self._known(cell, number)
                ends.append(len(tokens))
            yield tokens, ends

    def _known(self, cell: Any, number: int) -> Sequence[str]:  # noqa: ANN401 (whatever came)
        if cell is None:
            self.nulls += 1
            return ()
        if not isinstance(cell, Iterable) or isinstance(cell, str | bytes | Mapping):
            raise InputError(
                f"Row {self._row + number} holds no list of tokens but {type(cell).__name__} "
                f"{cell!r:.50}."
            )
        listed = list(cell)
        missing = listed.count(None)
        self.nulls += missing
        return [token for token in listed if token is not None] if missing else listed


def _has_tokens(batch: Any) -> bool | None:  # noqa: ANN401 (a list or an array of Arrow)
    """Tell whether cells are lists of tokens; None if all are null."""
    if isinstance(batch, list):
        first = next((cell for cell in batch if cell is not None), None)
        return None if first is None else not isinstance(first, str | bytes)
    if batch.null_count == len(batch):
        return None
    return not is_text(batch.type)


def is_text(kind: Any) -> bool:  # noqa: ANN401
    """Tell whether a type of Arrow is a string.

    Parameters
    ----------
    kind : pyarrow.DataType
        The type.

    Returns
    -------
    bool
        True for all kinds of strings, also where they are kept in a dictionary.
    """
    types = require("pyarrow", extra="parquet").types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def is_tokens(kind: Any) -> bool:  # noqa: ANN401
    """Tell whether a type of Arrow is a list of strings.

    Parameters
    ----------
    kind : pyarrow.DataType
        The type.

    Returns
    -------
    bool
        True for all kinds of lists.
    """
    types = require("pyarrow", extra="parquet").types
    is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(is_list and is_text(kind.value_type))


def _arrow_lines(array: Any) -> Iterator[bytes]:  # noqa: ANN401
    """Write an array of strings as lines, about a block of them at a time."""
    arrow = require("pyarrow", extra="parquet")
    if arrow.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    array = array.cast(arrow.large_string())
    if array.null_count:  # what is behind a null may be anything
        array = array.fill_null("")
    if not len(array):
        return
    _, places, letters = array.buffers()
    data = np.frombuffer(letters or b"", np.uint8)
    ends = np.frombuffer(places, np.int64)[array.offset : array.offset + len(array) + 1]
    cuts = np.searchsorted(ends, np.arange(ends[0] + BLOCK_BYTES, ends[-1], BLOCK_BYTES))
    rows = np.unique([0, *cuts.tolist(), len(array)])
    for first, last in zip(rows[:-1].tolist(), rows[1:].tolist(), strict=True):
        text = data[ends[first] : ends[last]].copy()
        text[(text == 10) | (text == 13)] = 32
        yield np.insert(text, ends[first + 1 : last + 1] - ends[first], 10).tobytes()
