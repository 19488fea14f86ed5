"""Items: tokens of any kind, in sequences or in the rows of a table, become numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.corpus.interning import Chunk
from wordkin.errors import InputError
from wordkin.given import check_unmasked
from wordkin.progress import in_pieces, task, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_CHUNK = 1 << 18


class Columns(NamedTuple):
    """Which columns of a table mean what."""

    items: str | None
    group_by: str | Sequence[str] | None
    order_by: str | Sequence[str] | None


class ItemInterner:
    """Number tokens of any hashable kind in the order in which they are first seen.

    A token that is no string gets one as its name, by `str`.

    Examples
    --------
    >>> interner = ItemInterner()
    >>> [chunk.ids.tolist() for chunk in interner.chunks([[7, 8], [8, (1, "a")]])]
    [[0, 1, 1, 2]]
    >>> interner.types()
    ['7', '8', "(1, 'a')"]
    """

    def __init__(self) -> None:
        self._numbers: defaultdict[Hashable, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__

    def types(self) -> list[str]:
        """Return the names of the different tokens seen so far.

        Returns
        -------
        list of str
            The name of each provisional number.

        Raises
        ------
        InputError
            If two tokens have one name, or a token is of bytes or missing.
        """
        tokens = list(self._numbers)
        for token in tokens:
            if token is None or token != token:
                raise InputError(f"A token is missing: {token!r}. Leave such tokens out.")
            if isinstance(token, bytes):
                raise InputError(f"Tokens can't be bytes; got {token!r:.60}. Decode them first.")
        names = list(map(str, tokens))
        if len(set(names)) < len(names):
            first: dict[str, Hashable] = {}
            for name, token in zip(names, tokens, strict=True):
                if name in first:
                    raise InputError(
                        f"The tokens {first[name]!r} ({type(first[name]).__name__}) and {token!r} "
                        f"({type(token).__name__}) would both be called {name!r}. Make them of "
                        "one kind, or give them names of your own."
                    )
                first[name] = token
        return names

    def chunks(self, sequences: Iterable[Iterable[Hashable]]) -> Iterator[Chunk]:
        """Turn the tokens of sequences into numbers.

        Parameters
        ----------
        sequences : iterable of iterables
            The tokens of each.

        Yields
        ------
        Chunk
            About a quarter of a million tokens at a time.

        Raises
        ------
        InputError
            If there are strings where lists should be, or a token can't be hashed.
        """
        if isinstance(sequences, str | bytes | Mapping) or not isinstance(sequences, Iterable):
            raise InputError(
                f"from_sequences takes lists of tokens, or a table; got {sequences!r:.60}."
            )
        tokens: list[Hashable] = []
        ends: list[int] = []
        for number, sequence in enumerate(told(sequences, "reading", unit="sequences")):
            if isinstance(sequence, str | bytes) or not isinstance(sequence, Iterable):
                raise InputError(
                    f"Sequence {number} is no list of tokens but {type(sequence).__name__}: "
                    f"{sequence!r:.60}."
                )
            tokens += sequence.tolist() if isinstance(sequence, np.ndarray) else sequence
            ends.append(len(tokens))
            if len(tokens) + len(ends) >= _CHUNK:
                yield Chunk(self.numbers(tokens), np.array(ends, np.int64))
                tokens, ends = [], []
        yield Chunk(self.numbers(tokens), np.array(ends, np.int64))

    def numbers(self, tokens: Sequence[Hashable]) -> NDArray[np.int32]:
        """Return the number of each token; new ones get the next.

        Parameters
        ----------
        tokens : sequence
            The tokens.

        Returns
        -------
        ndarray of int32
            Their numbers.

        Raises
        ------
        InputError
            If one can't be hashed.
        """
        try:
            return np.fromiter(map(self._numbers.__getitem__, tokens), np.int32, len(tokens))
        except TypeError as error:
            raise InputError(
                f"Tokens must be strings, numbers or other hashable things: {error}."
            ) from error


def is_table(data: object) -> bool:
    """Tell whether something is a table: of pandas, Arrow, polars, or a dict of columns.

    Parameters
    ----------
    data : object
        Maybe a table.

    Returns
    -------
    bool
        True if it has named columns.
    """
    return isinstance(data, Mapping) or hasattr(data, "columns") or hasattr(data, "column_names")


def of_table(table: Any, columns: Columns, interner: ItemInterner) -> Iterator[Chunk]:  # noqa: ANN401
    """Turn the rows of a table into numbers: a sequence for each group, in the order asked for.

    Parameters
    ----------
    table : DataFrame, Table or mapping of arrays
        The table.
    columns : Columns
        Which columns to take.
    interner : ItemInterner
        What numbers the tokens.

    Yields
    ------
    Chunk
        All sequences; groups come in the order of their first rows.

    Raises
    ------
    InputError
        If there is no such column, or a value is missing.
    """
    groups = _listed(columns.group_by or [])
    if not groups:
        raise InputError(
            'Which rows make a sequence? Give group_by="column", such as that of the user, the '
            "session or the receipt."
        )
    orders = _listed(columns.order_by or [])
    others = {name: _column(table, name) for name in (*groups, *orders)}
    tokens = _column(table, columns.items or _the_other(table, set(others)))
    for name, values in others.items():
        if len(values) != len(tokens):
            raise InputError(
                f"A table has columns of one length; {name!r} has {len(values):,} values, and the "
                f"tokens are {len(tokens):,}."
            )
    keys = [_codes(others[name]) for name in groups]
    whole = keys[0] if len(keys) == 1 else _codes(np.rec.fromarrays(keys))
    ranks = [_ranks(others[name], name) for name in orders]
    ids = np.empty(len(tokens), np.int32)
    for some in in_pieces(len(tokens), _CHUNK, "reading", unit="rows"):
        ids[some] = interner.numbers(tokens[some].tolist())
    with task("putting rows in order"):
        # stable: rows of the same rank stay in the order of the table
        order = np.lexsort((*reversed(ranks), whole))
        ids = ids[order]
    ends = np.append(np.flatnonzero(np.diff(whole[order])) + 1, len(ids))
    yield Chunk(ids, ends.astype(np.int64))


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _names(table: Any) -> list[str]:  # noqa: ANN401
    if hasattr(table, "column_names"):
        return list(table.column_names)
    return list(table if isinstance(table, Mapping) else table.columns)


def _the_other(table: Any, taken: set[str]) -> str:  # noqa: ANN401
    others = [name for name in _names(table) if name not in taken]
    if len(others) != 1:
        raise InputError(
            f'Which column holds the tokens? Give items="..."; there are {others!r:.200}.'
        )
    return others[0]


def _column(table: Any, name: str) -> NDArray[Any]:  # noqa: ANN401
    """A column as an array without missing values."""
    if name not in _names(table):
        raise InputError(f"There is no column {name!r}; there are {_names(table)!r:.200}.")
    values = table.column(name) if hasattr(table, "column_names") else table[name]
    array = values.to_numpy() if hasattr(values, "to_numpy") else _as_array(values)
    if hasattr(values, "isna"):  # pandas has more than one kind of missing
        missing = int(values.isna().sum())
    elif array.dtype.kind == "O":
        missing = sum(value is None or value != value for value in array.tolist())
    else:
        missing = int((array != array).sum())  # NaN and NaT; other kinds have none
    if missing:
        raise InputError(f"The column {name!r} lacks {missing:,} values. Leave those rows out.")
    if array.ndim != 1:
        raise InputError(f"The column {name!r} should be flat; its shape is {array.shape}.")
    return array


def _as_array(values: Any) -> NDArray[Any]:  # noqa: ANN401
    check_unmasked(values)
    kinds = set(map(type, values)) if isinstance(values, list | tuple) else set()
    # NumPy would make one kind of several: 1 is "1.0" beside 2.5, and "1" beside "a"
    return np.asarray(values, dtype=object if len(kinds) > 1 or list in kinds else None)


def _codes(values: NDArray[Any]) -> NDArray[np.int64]:
    """Number values in the order in which they first come."""
    if values.dtype.kind == "O":
        return ItemInterner().numbers(values.tolist()).astype(np.int64)
    _, first, codes = np.unique(values, return_index=True, return_inverse=True)
    ranks = np.empty(len(first), np.int64)
    ranks[np.argsort(first)] = np.arange(len(first))
    return ranks[codes]


def _ranks(values: NDArray[Any], name: str) -> NDArray[Any]:
    if values.dtype.kind != "O":
        return values
    try:
        return np.unique(values, return_inverse=True)[1]
    except TypeError as error:
        raise InputError(f"The column {name!r} can't be put in order: {error}.") from error
