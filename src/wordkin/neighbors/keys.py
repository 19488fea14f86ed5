"""What a search is asked with: words, rows or vectors, weights, and which rows may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError, RowError
from wordkin.given import check_unmasked
from wordkin.neighbors.exact import check_count, fits_float32, unit_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from wordkin.table import VectorTable

    Key = str | int | NDArray[Any]
    Weighted = Key | tuple[Key, float]
    Terms = Weighted | Iterable[Weighted] | None
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
        If it is an array of another shape or not of finite numbers, or none of all these.
    """
    if isinstance(key, np.ndarray):
        return checked_vector(key, table.dimensions)
    given: object = key
    if isinstance(given, list | tuple):
        raise InputError(
            f"A word is a str, a row a whole number, and a vector a NumPy array; got {key!r:.60}."
        )
    made = from_ngrams(table, key)
    if made is not None:
        return made.astype(np.float64)
    return np.array(table.matrix[row_of(table, key)], np.float64)


def checked_vector(vector: NDArray[Any], dimensions: int) -> NDArray[np.float64]:
    """Check a vector that is searched for.

    Parameters
    ----------
    vector : ndarray
        What came.
    dimensions : int
        The length D that it should have.

    Returns
    -------
    ndarray
        Shape (D,), float64; a copy.

    Raises
    ------
    InputError
        If it is an array of another shape, or not of finite numbers.
    """
    check_unmasked(vector)
    if vector.shape != (dimensions,) or vector.dtype.kind not in "fiu":
        raise InputError(
            f"A vector here has {dimensions} numbers; got an array of shape {vector.shape} and "
            f"dtype {vector.dtype}."
        )
    if not fits_float32(vector):
        raise InputError(
            "A vector must be finite, in float32 too; this one holds NaN, infinity, or a number "
            "beyond 3.4e38."
        )
    return np.array(vector, np.float64)


def from_ngrams(table: VectorTable, key: str | int) -> NDArray[np.float32] | None:
    """Return the vector that n-grams make of a word which is not in the vocabulary.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    key : str or int
        A word, or a row.

    Returns
    -------
    ndarray or None
        Shape (D,); None for words of the vocabulary and rows, and where there are no n-grams.
    """
    if table.subwords is None or not isinstance(key, str) or key in table.vocabulary:
        return None
    return table.subwords.vector(key)


def listed(keys: Key | Iterable[Key]) -> list[Any]:
    """Take one word or vector for a list of one, as gensim does.

    Parameters
    ----------
    keys : word, vector, or iterable of them
        What came. Of arrays with one axis those of numbers are vectors, others are lists of words.

    Returns
    -------
    list
        The keys.
    """
    if isinstance(keys, np.ndarray) and keys.ndim < 2:
        return list(keys) if keys.ndim == 1 and keys.dtype.kind in "UO" else [keys]
    # bytes are no list of rows, though Python takes them for whole numbers
    return [keys] if isinstance(keys, str | bytes | int | np.integer) else list(keys)


def terms(keys: Terms) -> list[Any]:
    """Take what `positive` and `negative` may be for a list.

    Parameters
    ----------
    keys : word, vector, pair with a weight, or iterable of them, optional
        What came. None stands for none, as with gensim.

    Returns
    -------
    list
        Keys, or pairs of a key and its weight.
    """
    if keys is None:
        return []
    return [keys] if _is_pair(keys) else listed(keys)  # type: ignore[arg-type]


def _is_pair(keys: object) -> bool:
    """Tell a word and its weight from two words: a whole number behind another one is a row."""
    if not isinstance(keys, tuple) or len(keys) != 2:
        return False
    key, weight = keys
    if isinstance(weight, int | np.integer):
        return isinstance(key, str | np.ndarray)
    return isinstance(weight, float | np.floating)


def sum_of_units(
    table: VectorTable,
    positive: Terms,
    negative: Terms = None,
) -> tuple[NDArray[np.float64], list[int]]:
    """Return the weighted sum of unit vectors, and the rows it was asked with.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    positive, negative : word, vector, pair with a weight, or iterable of them, optional
        The terms; those of `negative` have weight -1 where none is given.

    Returns
    -------
    (ndarray, list of int)
        Shape (D,), float64, and the rows.

    Raises
    ------
    InputError
        If there are none, a weight is no number, or the sum is not finite.
    """
    weighted = [*_weighted(positive, 1.0), *_weighted(negative, -1.0)]
    if not weighted:
        raise InputError("Give at least one word to search for.")
    total = np.zeros(table.dimensions)
    asked = []
    for key, weight in weighted:
        vector = vector_of(table, key)
        if isinstance(key, np.ndarray):
            total += weight * vector  # gensim leaves given vectors at their length
        else:
            total += weight * unit_rows(vector)
            if not isinstance(key, str) or key in table.vocabulary:
                asked.append(row_of(table, key))
    if not fits_float32(total):
        raise InputError(
            "The sum of what is searched for must be finite, in float32 too. Give smaller weights."
        )
    return total, asked


def _weighted(keys: Terms, weight: float) -> Iterator[tuple[Key, float]]:
    """Give each key its own weight, or the one that it has otherwise."""
    for item in terms(keys):
        pair = item if isinstance(item, tuple) and len(item) == 2 else (item, weight)
        if not isinstance(pair[1], int | float | np.number) or not np.isfinite(pair[1]):
            raise InputError(f"A pair is a word and a finite number; got {item!r:.60}.")
        yield pair[0], float(pair[1])


def one_of(restrict: Restrict, restrict_vocab: int | None) -> Restrict:
    """Choose the one that is given of two names for a thing.

    Parameters
    ----------
    restrict : int, iterable of str, ndarray of bool, or callable, optional
        Our name.
    restrict_vocab : int, optional
        Gensim's.

    Returns
    -------
    int, iterable of str, ndarray of bool, callable or None
        What was given.

    Raises
    ------
    InputError
        If both are.
    """
    if restrict is not None and restrict_vocab is not None:
        raise InputError("restrict and restrict_vocab are one thing: give one of them.")
    return restrict if restrict_vocab is None else restrict_vocab


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
    check_unmasked(restrict)
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
