"""Which words are near which: exact search by the cosine of the angle between vectors.

The search multiplies blocks of rows by a batch of queries in float32, as fast as the machine
multiplies matrices, and then scores the few rows that may belong to the result again in float64.
So a score does not depend on the batch it was asked in, and equal rows are exactly equal: of
those the lower row (the more frequent word) comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError, RowError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from wordkin.table import VectorTable

    Key = str | int | NDArray[Any]
    Weighted = Key | tuple[Key, float]
    Neighbors = list[tuple[str, float]]
    Found = tuple[NDArray[np.int64], NDArray[np.float64]]  # rows and their cosines

_ROWS = 1 << 14  # rows of the matrix and
_QUERIES = 1 << 8  # queries multiplied at once: 16 MiB of scores


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
    norms = np.empty(len(matrix), np.float32)
    for start in range(0, len(matrix), _ROWS):
        block = matrix[start : start + _ROWS]
        # float64, because squares of large float32 overflow
        norms[start : start + _ROWS] = np.sqrt(np.einsum("ij,ij->i", block, block, dtype="f8"))
    return norms


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
    _check_count("topn", topn)
    units = _units(np.array(queries, np.float64, ndmin=2))
    if units.ndim != 2 or units.shape[1] != matrix.shape[1] or not np.isfinite(units).all():
        raise InputError(
            f"Queries must be finite vectors of {matrix.shape[1]} numbers; got shape {units.shape}."
        )
    if exclude and len(exclude) != len(units):
        raise InputError(f"exclude needs {len(units)} lists of rows; got {len(exclude)}.")
    lengths = row_norms(matrix) if norms is None else norms
    divisors = np.where(lengths > 0, lengths, np.float32(1))
    results = []
    for start in range(0, len(units), _QUERIES):
        stop = start + _QUERIES
        results += _search(matrix, divisors, units[start:stop], topn, exclude[start:stop])
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
    for start in range(0, len(matrix), _ROWS):
        block = matrix[start : start + _ROWS]
        scores = queries @ block.T
        scores /= divisors[start : start + _ROWS]
        here = (out_row >= start) & (out_row < start + len(block))
        scores[out_query[here], out_row[here] - start] = -3.0
        if topn < len(block) and (floors == -2).any():
            np.maximum(floors, np.partition(scores, -topn, axis=1)[:, -topn], out=floors)
            np.maximum(floors, np.float32(-2), out=floors)
        query, row = np.nonzero(scores >= (floors - slack)[:, None])
        bounds = np.searchsorted(query, np.arange(len(units) + 1))
        for i in np.flatnonzero(np.diff(bounds)):
            found = start + row[bounds[i] : bounds[i + 1]]
            best[i] = _merge(best[i], (found, _cosines(matrix, found, units[i])), topn)
            if len(best[i][0]) == topn:
                floors[i] = best[i][1][-1]
    return best


def _merge(best: Found, more: Found, topn: int) -> Found:
    rows = np.concatenate((best[0], more[0]))
    cosines = np.concatenate((best[1], more[1]))
    order = np.lexsort((rows, -cosines))[:topn]
    return rows[order], cosines[order]


def _cosines(
    matrix: NDArray[np.float32], rows: NDArray[np.int64], unit: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cosines of rows with one unit vector, each computed by itself in float64."""
    cosines = np.empty(len(rows))
    for start in range(0, len(rows), 1024):
        vectors = _units(matrix[rows[start : start + 1024]].astype(np.float64))
        # not a matrix product, whose rounding depends on how many rows there are
        cosines[start : start + 1024] = (vectors * unit).sum(axis=1)
    return cosines.clip(-1.0, 1.0)


def _units(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale rows to length 1; zero rows stay."""
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0))


# --- words ---------------------------------------------------------------------------------------


def most_similar(
    table: VectorTable,
    positive: Weighted | Iterable[Weighted],
    negative: Weighted | Iterable[Weighted] = (),
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    norms: NDArray[np.float32] | None = None,
) -> Neighbors:
    """Find the words nearest to the mean of some words, of which others may be subtracted.

    That is gensim's rule (and 3CosAdd of Levy and Goldberg 2014, "Linguistic regularities in sparse
    and explicit word representations", section 3): the mean of the unit vectors, those of
    `negative` with a minus sign; the words asked with are not among the answers.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    positive : word, vector, or iterable of them
        What to be near to. A pair ``(word, weight)`` gives a weight in place of 1.
    negative : word, vector, or iterable of them
        What to be far from. A pair's weight stands in place of -1, so give a negative one.
    topn : int
        How many words to return.
    restrict_vocab : int, optional
        Search the first so many words only, which are the most frequent ones.
    norms : ndarray, optional
        `row_norms` of the matrix, if you have them.

    Returns
    -------
    list of (str, float)
        Words and cosines, nearest first.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there is nothing to search for, or a number is out of range.
    """
    query, asked = _mean(table, _listed(positive), _listed(negative))
    return _answers(table, [query], [asked], topn, restrict_vocab, norms=norms)[0]


def most_similar_batch(
    table: VectorTable,
    keys: Iterable[Key],
    *,
    topn: int = 10,
    restrict_vocab: int | None = None,
    norms: NDArray[np.float32] | None = None,
) -> list[Neighbors]:
    """Find the nearest words of many words with one matrix product.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    keys : iterable of words or vectors
        What to search for, one search each.
    topn : int
        How many words to return for each.
    restrict_vocab : int, optional
        Search the first so many words only.
    norms : ndarray, optional
        `row_norms` of the matrix, if you have them.

    Returns
    -------
    list of lists of (str, float)
        For each of `keys` what `most_similar` returns for it alone.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If a number is out of range.
    """
    pairs = [_mean(table, [key], []) for key in _listed(keys)]
    queries, asked = [query for query, _ in pairs], [rows for _, rows in pairs]
    return _answers(table, queries, asked, topn, restrict_vocab, norms=norms)


def _answers(  # noqa: PLR0917 (called from the two functions above only)
    table: VectorTable,
    queries: list[NDArray[np.float64]],
    asked: list[list[int]],
    topn: int,
    restrict_vocab: int | None,
    *,
    norms: NDArray[np.float32] | None,
) -> list[Neighbors]:
    if restrict_vocab is not None:
        _check_count("restrict_vocab", restrict_vocab)
    _check_count("topn", topn)
    if not queries:
        return []
    matrix = table.matrix[:restrict_vocab]
    lengths = None if norms is None else norms[:restrict_vocab]
    found = nearest_rows(matrix, queries, topn=topn, exclude=asked, norms=lengths)
    words = table.vocabulary.words
    return [
        [(words[row], cosine) for row, cosine in zip(rows.tolist(), cosines.tolist(), strict=True)]
        for rows, cosines in found
    ]


def similarity(table: VectorTable, first: Key, second: Key) -> float:
    """Return the cosine of the angle between two words.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    first, second : word or vector
        What to compare.

    Returns
    -------
    float
        From -1 to 1; 0 if one of them is a zero vector.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    """
    return n_similarity(table, [first], [second])


def n_similarity(table: VectorTable, first: Iterable[Key], second: Iterable[Key]) -> float:
    """Return the cosine between the means of two groups of words.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    first, second : iterable of words or vectors
        The groups. Their vectors are taken as they are, not scaled to length 1.

    Returns
    -------
    float
        From -1 to 1; 0 if one of the means is zero.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If a group is empty.
    """
    groups = [[_vector(table, key) for key in _listed(group)] for group in (first, second)]
    if not all(groups):
        raise InputError("Give two groups of at least one word each.")
    a, b = (_units(np.mean(group, axis=0)) for group in groups)
    return float(np.clip((a * b).sum(), -1.0, 1.0))


def doesnt_match(table: VectorTable, words: Iterable[str]) -> str:
    """Find the word that is furthest from the mean of all of them.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    words : iterable of str
        The words; each counts with its unit vector.

    Returns
    -------
    str
        One of them.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there are no words.
    """
    listed = list(_listed(words))
    if not listed:
        raise InputError("Give some words to choose from; got none.")
    units = _units(np.array([_vector(table, word) for word in listed]))
    cosines = (units * _units(units.mean(axis=0))).sum(axis=1)
    scored: list[tuple[float, str]] = list(zip(cosines.tolist(), listed, strict=True))
    return min(scored)[1]


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


def _vector(table: VectorTable, key: Key) -> NDArray[np.float64]:
    if not isinstance(key, np.ndarray):
        return np.array(table.matrix[row_of(table, key)], np.float64)
    if key.shape != (table.dimensions,) or key.dtype.kind not in "fiu":
        raise InputError(
            f"A vector here has {table.dimensions} numbers; got an array of shape {key.shape} and "
            f"dtype {key.dtype}."
        )
    return np.array(key, np.float64)


def _listed(keys: Weighted | Iterable[Weighted]) -> list[Any]:
    """Take one word or vector for a list of one, as gensim does."""
    if isinstance(keys, str | int | np.integer) or (isinstance(keys, np.ndarray) and keys.ndim < 2):
        return [keys]
    return list(keys)


def _mean(
    table: VectorTable, positive: list[Weighted], negative: list[Weighted]
) -> tuple[NDArray[np.float64], list[int]]:
    """Weighted sum of unit vectors, and the rows it was asked with."""
    if not positive and not negative:
        raise InputError("Give at least one word to search for.")
    total = np.zeros(table.dimensions)
    asked = []
    for keys, sign in ((positive, 1.0), (negative, -1.0)):
        for item in keys:
            key, weight = item if isinstance(item, tuple) and len(item) == 2 else (item, sign)
            vector = _vector(table, key)
            if isinstance(key, np.ndarray):
                total += float(weight) * vector  # gensim leaves given vectors at their length
            else:
                total += float(weight) * _units(vector)
                asked.append(row_of(table, key))
    return total, asked


def _check_count(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InputError(f"{name} must be a whole number from 1 upwards; got {value!r}.")
