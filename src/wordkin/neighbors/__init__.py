"""Which words are near which, by the cosine of the angle between their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError, RowError
from wordkin.neighbors.exact import check_count, nearest_rows, row_norms, unit_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.table import VectorTable

    Key = str | int | NDArray[Any]
    Weighted = Key | tuple[Key, float]
    Neighbors = list[tuple[str, float]]

__all__ = [
    "doesnt_match",
    "most_similar",
    "most_similar_batch",
    "n_similarity",
    "nearest_rows",
    "row_norms",
    "row_of",
    "similarity",
]


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
        check_count("restrict_vocab", restrict_vocab)
    check_count("topn", topn)
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
    a, b = (unit_rows(np.mean(group, axis=0)) for group in groups)
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
    units = unit_rows(np.array([_vector(table, word) for word in listed]))
    cosines = (units * unit_rows(units.mean(axis=0))).sum(axis=1)
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
                total += float(weight) * unit_rows(vector)
                asked.append(row_of(table, key))
    return total, asked
