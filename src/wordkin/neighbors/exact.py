"""Exact search: the rows of a matrix that are nearest to some vectors.

Blocks of rows are multiplied by a batch of queries in float32, as fast as the machine multiplies
matrices, and the few rows that may belong to the result are then scored again in float64. So a
score does not depend on the batch it was asked in, and equal rows have exactly equal scores: of
those the lower row (the more frequent word) comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.given import check_unmasked
from wordkin.neighbors import compiled
from wordkin.progress import in_pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Found = tuple[NDArray[np.int64], NDArray[np.float64]]  # rows and their cosines

_QUERIES = 1 << 8  # multiplied with rows at once, and
_SCORES = 1 << 22  # what may come of it: 16 MiB. Few large products: BLAS threads wait at each end


def row_norms(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the Euclidean length of each row.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.

    Returns
    -------
    ndarray
        Shape (V,), float32.

    Examples
    --------
    >>> row_norms(np.array([[3, 4], [0, 0]], dtype=np.float32))
    array([5., 0.], dtype=float32)
    """
    # float64, because squares of large float32 overflow; einsum converts piece by piece
    squares: NDArray[np.float64] = np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)
    return np.sqrt(squares).astype(np.float32)


def nearest_rows(
    matrix: NDArray[np.float32],
    queries: ArrayLike,
    *,
    topn: int = 10,
    exclude: Sequence[Sequence[int]] = (),
    norms: NDArray[np.float32] | None = None,
) -> list[Found]:
    """Find the rows with the highest cosine to each query.

    Memory is bounded whatever the number of rows and queries.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    queries : array_like
        Shape (B, D).
    topn : int
        How many rows to return for each query; fewer where there are no more.
    exclude : sequence of sequences of int, optional
        For each query the rows that it must not return.
    norms : ndarray, optional
        Shape (V,): `row_norms(matrix)`, if you have them.

    Returns
    -------
    list of (ndarray, ndarray)
        For each query the rows, int64, nearest first (ties: lower row first), and their cosines,
        float64. The cosine with a zero vector is 0.

    Raises
    ------
    InputError
        If `topn` is not a number from 1 upwards, or the queries are no finite (B, D) matrix.

    Examples
    --------
    >>> matrix = np.array([[1, 0], [0, 1], [2, 2]], dtype=np.float32)
    >>> rows, cosines = nearest_rows(matrix, [[1, 0]], topn=2)[0]
    >>> rows, cosines.round(3)
    (array([0, 2]), array([1.   , 0.707]))
    """
    check_count("topn", topn)
    check_unmasked(queries)
    vectors = np.array(queries, np.float64, ndmin=2)
    if vectors.ndim != 2 or vectors.shape[1] != matrix.shape[1] or not fits_float32(vectors):
        raise InputError(
            f"Queries must be finite vectors of {matrix.shape[1]} numbers (as float32); got an "
            f"array of shape {vectors.shape}."
        )
    units = unit_rows(vectors)
    if exclude and len(exclude) != len(units):
        raise InputError(f"exclude needs {len(units)} lists of rows; got {len(exclude)}.")
    lengths = row_norms(matrix) if norms is None else norms
    divisors = np.where(lengths > 0, lengths, np.float32(1))
    most_out = max(map(len, exclude), default=0)
    work = len(units) * matrix.size
    if compiled.pays(work) and compiled.can(matrix, divisors, topn + most_out):
        found = compiled.search(matrix, divisors, units, topn=topn, exclude=exclude)
        left = [i for i, each in enumerate(found) if each is None]
        if not left:
            return [each for each in found if each is not None]
        excluded = [exclude[i] for i in left] if exclude else ()
        others = iter(_in_batches(matrix, divisors, units[left], topn, excluded))
        return [next(others) if each is None else each for each in found]
    return _in_batches(matrix, divisors, units, topn, exclude)


def _in_batches(  # noqa: PLR0917 (all of them arrays that belong together)
    matrix: NDArray[np.float32],
    divisors: NDArray[np.float32],
    units: NDArray[np.float64],
    topn: int,
    exclude: Sequence[Sequence[int]],
) -> list[Found]:
    results = []
    for some in in_pieces(len(units), _QUERIES, "searching", unit="words"):
        results += _search(matrix, divisors, units[some], topn, exclude[some])
    return results


def _search(  # noqa: PLR0917 (all of them arrays that belong together)
    matrix: NDArray[np.float32],
    divisors: NDArray[np.float32],
    units: NDArray[np.float64],
    topn: int,
    exclude: Sequence[Sequence[int]],
) -> list[Found]:
    best: list[Found] = [(np.empty(0, np.int64), np.empty(0)) for _ in units]
    floors = np.full(len(units), -2.0, np.float32)  # what a cosine must reach to belong
    queries = units.astype(np.float32)
    # how far the float32 product may be off: each of D additions rounds once
    slack = np.float32(2 * np.finfo(np.float32).eps * (matrix.shape[1] + 2))
    out_query = np.repeat(np.arange(len(exclude)), [len(rows) for rows in exclude])
    out_row = np.array([row for rows in exclude for row in rows], np.int64)
    n_rows = max(1, _SCORES // len(units))
    for start in range(0, len(matrix), n_rows):
        block = matrix[start : start + n_rows]
        scores = queries @ block.T
        scores /= divisors[start : start + n_rows]
        here = (out_row >= start) & (out_row < start + len(block))
        scores[out_query[here], out_row[here] - start] = -3.0
        if topn < len(block) and (floors == -2).any():
            np.maximum(floors, np.partition(scores, -topn, axis=1)[:, -topn], out=floors)
            np.maximum(floors, np.float32(-2), out=floors)
        query, row = np.nonzero(scores >= (floors - slack)[:, None])
        bounds = np.searchsorted(query, np.arange(len(units) + 1))
        for i in np.flatnonzero(np.diff(bounds)):
            found = start + row[bounds[i] : bounds[i + 1]]
            best[i] = merge(
                best[i],
                (found, compiled.exact_cosines(matrix, found[None], units[i : i + 1])[0]),
                topn,
            )
            if len(best[i][0]) == topn:
                floors[i] = best[i][1][-1]
    return best


def merge(best: Found, more: Found, topn: int) -> Found:
    """Take the best of two results.

    Parameters
    ----------
    best, more : (ndarray, ndarray)
        Rows and cosines.
    topn : int
        How many to keep.

    Returns
    -------
    (ndarray, ndarray)
        The rows and their cosines, nearest first.
    """
    rows = np.concatenate((best[0], more[0]))
    cosines = np.concatenate((best[1], more[1]))
    order = np.lexsort((rows, -cosines))[:topn]
    return rows[order], cosines[order]


def fits_float32(vectors: NDArray[Any]) -> bool:
    """Tell whether all numbers are finite, in float32 too.

    Parameters
    ----------
    vectors : ndarray
        Numbers, in any shape.

    Returns
    -------
    bool
        False if there is NaN, infinity, or a number that would become infinity.

    Examples
    --------
    >>> fits_float32(np.array([1e38, 0.0])), fits_float32(np.array([1e39, 0.0]))
    (True, False)
    """
    return bool((np.abs(vectors) <= np.finfo(np.float32).max).all())


def unit_rows(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale vectors to length 1.

    Parameters
    ----------
    vectors : ndarray
        Shape (..., D), float64.

    Returns
    -------
    ndarray
        The same shape. Zero vectors stay zero.
    """
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


def check_count(name: str, value: object) -> None:
    """Refuse what is no number of things.

    Parameters
    ----------
    name : str
        The name of the argument.
    value : object
        What came.

    Raises
    ------
    InputError
        If it is no whole number from 1 upwards.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InputError(f"{name} must be a whole number from 1 upwards; got {value!r}.")
