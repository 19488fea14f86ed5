"""What a search is asked with: words, rows or vectors, weights, and which rows may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError, RowError
from wordkin.neighbors.exact import check_count, unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.table import VectorTable

    Key = str | int | NDArray[Any]
    Weighted = Key | tuple[Key, float]
    Restrict = int | Iterable[str] | NDArray[np.bool_] | Callable[[int], bool] | None


def row_of(table: VectorTable, key: str | int) -> int:
    """Return the row of a word, or check a row.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    key : str or int
        A word, or a row.

    Returns
    -------
    int
        The row, 0..V-1.

    Raises
    ------
    UnknownWordError
        If the word is not in the vocabulary.
    RowError
        If there is no such row.
    """
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        if not 0 <= key < len(table):
            raise RowError(f"There is no row {key}: rows go from 0 to {len(table) - 1}.")
        return int(key)
    return table.vocabulary.id(key)  # type: ignore[arg-type]


def vector_of(table: VectorTable, key: Key) -> NDArray[np.float64]:
    """Return the vector of a word or row, or check a vector.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    key : str, int or ndarray
        A word, a row, or a vector of shape (D,). A word that is not in the vocabulary gets the
        vector of its n-grams where the table has any.

    Returns
    -------
    ndarray
        Shape (D,), float64; a copy.

    Raises
    ------
    UnknownWordError
        If the word is not in the vocabulary and has no n-grams.
    InputError
        If it is an array of another shape, or not of numbers.
    """
    if not isinstance(key, np.ndarray):
        if isinstance(key, str) and table.subwords is not None and key not in table.vocabulary:
            made = table.subwords.vector(key)
            if made is not None:
                return made.astype(np.float64)
        return np.array(table.matrix[row_of(table, key)], np.float64)
    if key.shape != (table.dimensions,) or key.dtype.kind not in "fiu":
        raise InputError(
            f"A vector here has {table.dimensions} numbers; got an array of shape {key.shape} and "
            f"dtype {key.dtype}."
        )
    return np.array(key, np.float64)


def listed(keys: Weighted | Iterable[Weighted]) -> list[Any]:
    """Take one word or vector for a list of one, as gensim does.

    Parameters
    ----------
    keys : word, vector, or iterable of them
        What came.

    Returns
    -------
    list
        The keys.
    """
    if isinstance(keys, str | int | np.integer) or (isinstance(keys, np.ndarray) and keys.ndim < 2):
        return [keys]
    return list(keys)


def sum_of_units(
    table: VectorTable, positive: Iterable[Weighted], negative: Iterable[Weighted]
) -> tuple[NDArray[np.float64], list[int]]:
    """Return the weighted sum of unit vectors, and the rows it was asked with.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    positive, negative : iterable of words, vectors, or pairs with weights
        The terms; those of `negative` have weight -1 where none is given.

    Returns
    -------
    (ndarray, list of int)
        Shape (D,), float64, and the rows.

    Raises
    ------
    InputError
        If there are none.
    """
    positive, negative = listed(positive), listed(negative)
    if not positive and not negative:
        raise InputError("Give at least one word to search for.")
    total = np.zeros(table.dimensions)
    asked = []
    for keys, sign in ((positive, 1.0), (negative, -1.0)):
        for item in keys:
            key, weight = item if isinstance(item, tuple) and len(item) == 2 else (item, sign)
            vector = vector_of(table, key)
            if isinstance(key, np.ndarray):
                total += float(weight) * vector  # gensim leaves given vectors at their length
            else:
                total += float(weight) * unit_rows(vector)
                if not isinstance(key, str) or key in table.vocabulary:
                    asked.append(row_of(table, key))
    return total, asked


def rows_within(table: VectorTable, restrict: Restrict) -> int | NDArray[np.int64] | None:
    """Say which rows may answer.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    restrict : int, iterable of str, ndarray of bool, or callable, optional
        The first so many rows; these words; the rows where a mask (V,) is true; or the words whose
        count the callable accepts.

    Returns
    -------
    int, ndarray or None
        How many of the first rows; or ascending rows, int64; None for all.

    Raises
    ------
    InputError
        If it is none of these, the mask does not fit, or there are no counts.
    UnknownWordError
        If a word is not in the vocabulary.
    """
    if restrict is None:
        return None
    if isinstance(restrict, int | float | np.number):
        check_count("restrict", restrict)
        return int(restrict)
    if isinstance(restrict, np.ndarray) and restrict.dtype == bool:
        if restrict.shape != (len(table),):
            raise InputError(
                f"A mask for restrict needs one value for each of the {len(table)} words; got "
                f"shape {restrict.shape}."
            )
        return np.flatnonzero(restrict)
    if callable(restrict):
        return np.flatnonzero(_accepted(table, restrict))
    if isinstance(restrict, str) or not isinstance(restrict, Iterable):
        raise InputError(
            "restrict takes a number of words, a list of words, a mask of bool or a function of "
            f"a word's count; got {restrict!r}."
        )
    rows = [row_of(table, word) for word in restrict]
    return np.unique(np.array(rows, np.int64))


def _accepted(table: VectorTable, accepts: Callable[[int], bool]) -> NDArray[np.bool_]:
    counts = table.vocabulary.counts
    if counts is None:
        raise InputError(
            "These vectors came without counts, so restrict can't ask for them. Give a number of "
            "words, a list of words or a mask."
        )
    # far fewer different counts than words
    values, which = np.unique(counts, return_inverse=True)
    accepted = np.array([bool(accepts(int(value))) for value in values], bool)
    return np.asarray(accepted[which])
