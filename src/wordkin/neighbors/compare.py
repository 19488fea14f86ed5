"""Comparing words with words: one pair, two groups, a word with all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.given import array_of
from wordkin.neighbors.exact import unit_rows
from wordkin.neighbors.keys import (
    from_ngrams,
    listed,
    row_of,
    rows_within,
    sum_of_units,
    vector_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import ArrayLike, NDArray

    from wordkin.neighbors.keys import Key, Restrict, Terms
    from wordkin.table import VectorTable

_BLOCK = 1 << 20  # numbers turned into float64 at once


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
    groups = [[vector_of(table, key) for key in listed(group)] for group in (first, second)]
    if not all(groups):
        raise InputError("Give two groups of at least one word each.")
    a, b = (unit_rows(np.mean(group, axis=0)) for group in groups)
    return float(np.clip((a * b).sum(), -1.0, 1.0))


def similarity_matrix(
    table: VectorTable, first: Iterable[Key], second: Iterable[Key] | None = None
) -> NDArray[np.float64]:
    """Return the cosines of words with words.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    first : iterable of n words or vectors
        The rows of the result.
    second : iterable of m words or vectors, optional
        Its columns; by default the same as `first`.

    Returns
    -------
    ndarray
        Shape (n, m), float64, from -1 to 1.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    """
    units = _units(table, first)
    others = units if second is None else _units(table, second)
    return np.asarray((units @ others.T).clip(-1.0, 1.0))


def _units(table: VectorTable, keys: Iterable[Key]) -> NDArray[np.float64]:
    vectors = [vector_of(table, key) for key in listed(keys)]
    return unit_rows(np.array(vectors, np.float64).reshape(len(vectors), table.dimensions))


def distances(
    table: VectorTable, key: Key, others: Iterable[Key] | None = None
) -> NDArray[np.float32]:
    """Return 1 - cosine of a word with others.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    key : word or vector
        What to compare.
    others : iterable of words or vectors, optional
        What to compare it with; by default all words, in order of their rows.

    Returns
    -------
    ndarray
        Shape (n,), float32, from 0 to 2; equal vectors have equal distances.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    """
    unit = unit_rows(vector_of(table, key))
    chosen = [] if others is None else listed(others)  # gensim asks for all by an empty list

    def block(some: slice) -> NDArray[Any]:
        if not chosen:
            return table.matrix[some]
        return np.array([vector_of(table, other) for other in chosen[some]])

    return np.asarray(1.0 - _cosines_in_blocks(unit, len(chosen or table), block), np.float32)


def cosines(
    table: VectorTable, positive: Terms, negative: Terms = None, *, restrict: Restrict = None
) -> NDArray[np.float32]:
    """Return the cosines of all words with what `most_similar` searches for.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    positive, negative : word, vector, or iterable of them, optional
        What to be near to, and what to be far from, as for `most_similar`.
    restrict : int, iterable of str, ndarray of bool, or callable, optional
        Which words are looked at, as for `most_similar`.

    Returns
    -------
    ndarray
        Shape (n,), float32: in order of rows, and the words asked with are among them.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there is nothing to compare with.
    """
    query, _ = sum_of_units(table, positive, negative)
    within = rows_within(table, restrict)

    def block(some: slice) -> NDArray[Any]:
        return table.matrix[within[some] if isinstance(within, np.ndarray) else some]

    count = len(within) if isinstance(within, np.ndarray) else min(within or len(table), len(table))
    return np.asarray(_cosines_in_blocks(unit_rows(query), count, block), np.float32)


def _cosines_in_blocks(
    unit: NDArray[np.float64], count: int, block: Callable[[slice], NDArray[Any]]
) -> NDArray[np.float64]:
    """Compare so many vectors with one, some at a time so that memory is bounded."""
    out = np.empty(count)
    step = max(1, _BLOCK // len(unit))
    for start in range(0, count, step):
        some = slice(start, min(start + step, count))
        units = unit_rows(block(some).astype(np.float64))
        # not a matrix product, whose rounding tells equal rows apart
        out[some] = (units * unit).sum(axis=1).clip(-1.0, 1.0)
    return out


def closer_than(table: VectorTable, key: str | int, other: str | int) -> list[str]:
    """List the words that are nearer to a word than another word is.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    key : word
        The word in the middle.
    other : word
        The word that is the limit.

    Returns
    -------
    list of str
        In order of their rows; without `key` itself.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    """
    words = table.vocabulary.words
    return [words[row] for row in _closer(table, key, other).tolist()]


def rank(table: VectorTable, key: str | int, other: str | int) -> int:
    """Return the place of a word among the neighbours of another.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    key : word
        The word in the middle.
    other : word
        The word whose place is asked for.

    Returns
    -------
    int
        1 if no word is nearer.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    """
    return len(_closer(table, key, other)) + 1


def _closer(table: VectorTable, key: str | int, other: str | int) -> NDArray[np.int64]:
    row, limit = row_of(table, key), row_of(table, other)
    far = distances(table, row)
    nearer = far < far[limit]
    nearer[row] = False
    return np.flatnonzero(nearer)


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
    return rank_by_centrality(table, words)[-1][1]


def rank_by_centrality(
    table: VectorTable, words: Iterable[str], *, use_norm: bool = True
) -> list[tuple[float, str]]:
    """Order words by how near they are to the mean of all of them.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    words : iterable of str
        The words.
    use_norm : bool
        Let each count with its unit vector; otherwise with its vector as it is.

    Returns
    -------
    list of (float, str)
        Products with the unit vector of the mean, which are cosines where unit vectors are
        used, and words; nearest first.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there are no words.
    """
    chosen = listed(words)
    if not chosen:
        raise InputError("Give some words to choose from; got none.")
    vectors = np.array([vector_of(table, word) for word in chosen])
    if use_norm:
        vectors = unit_rows(vectors)
    products = (vectors * unit_rows(vectors.mean(axis=0))).sum(axis=1)
    scored: list[tuple[float, str]] = list(zip(products.tolist(), chosen, strict=True))
    # of equals the last in the alphabet, as gensim; rows and vectors have none
    return sorted(scored, key=lambda pair: (pair[0], str(pair[1])), reverse=True)


def mean_vector(
    table: VectorTable,
    keys: Iterable[Key],
    weights: ArrayLike | None = None,
    *,
    pre_normalize: bool = True,
    post_normalize: bool = False,
    ignore_missing: bool = True,
) -> NDArray[np.float32]:
    """Return the weighted mean of vectors.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    keys : iterable of words or vectors
        What to take the mean of.
    weights : array_like, optional
        Shape (n,): one for each key; by default 1. The sum is divided by that of their sizes.
    pre_normalize : bool
        Scale the vectors of words (not those that are given) to length 1 first.
    post_normalize : bool
        Scale the mean to length 1.
    ignore_missing : bool
        Leave out words that have no vector.

    Returns
    -------
    ndarray
        Shape (D,), float32; zero if nothing is left.

    Raises
    ------
    InputError
        If there are no keys, or not one weight for each.
    UnknownWordError
        If a word is missing, and that is not ignored.
    """
    chosen = listed(keys)
    factors = np.ones(len(chosen)) if weights is None else array_of(weights, np.float64)
    if not chosen or factors.shape != (len(chosen),):
        raise InputError(
            f"Give some words and one weight for each; got {len(chosen)} words and weights of "
            f"shape {factors.shape}."
        )
    total, scale = np.zeros(table.dimensions), 0.0
    for key, factor in zip(chosen, factors.tolist(), strict=True):
        made = from_ngrams(table, key)
        known = made is not None or not isinstance(key, str) or key in table.vocabulary
        if ignore_missing and not known:
            continue
        vector = vector_of(table, key) if made is None else made.astype(np.float64)
        if pre_normalize and not isinstance(key, np.ndarray):
            vector = unit_rows(vector)
        total += factor * vector
        scale += abs(factor)
    mean = total / scale if scale else total
    return (unit_rows(mean) if post_normalize else mean).astype(np.float32)
