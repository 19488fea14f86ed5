"""Which words are near which, by the cosine of the angle between their vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from wordkin.neighbors.analogies import METHODS, answer_analogies, cosmul_rows
from wordkin.neighbors.compare import (
    closer_than,
    cosines,
    distances,
    doesnt_match,
    mean_vector,
    n_similarity,
    rank,
    rank_by_centrality,
    similarity,
    similarity_matrix,
)
from wordkin.neighbors.exact import check_count, nearest_rows, row_norms, unit_rows
from wordkin.neighbors.keys import (
    checked_vector,
    from_ngrams,
    listed,
    one_of,
    row_of,
    rows_within,
    sum_of_units,
)
from wordkin.neighbors.searcher import Searcher
from wordkin.vocabulary.checks import check_choice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wordkin.neighbors.exact import Found
    from wordkin.neighbors.keys import Key as Key
    from wordkin.neighbors.keys import Restrict as Restrict
    from wordkin.neighbors.keys import Terms as Terms
    from wordkin.table import VectorTable

    Neighbors = list[tuple[str, float]]

__all__ = [
    "METHODS",
    "Searcher",
    "analogy",
    "answer_analogies",
    "check_count",
    "checked_vector",
    "closer_than",
    "cosines",
    "distances",
    "doesnt_match",
    "from_ngrams",
    "listed",
    "mean_vector",
    "most_similar",
    "most_similar_batch",
    "most_similar_cosmul",
    "n_similarity",
    "named",
    "nearest_rows",
    "one_of",
    "rank",
    "rank_by_centrality",
    "row_norms",
    "row_of",
    "rows_within",
    "similarity",
    "similarity_matrix",
    "unit_rows",
]


@overload
def most_similar(
    table: VectorTable, positive: Terms, negative: Terms = ..., *, topn: int = ...,
    restrict: Restrict = ..., searcher: Searcher | None = ..., arrays: Literal[False] = ...,
) -> Neighbors: ...  # fmt: skip
@overload
def most_similar(
    table: VectorTable, positive: Terms, negative: Terms = ..., *, topn: int = ...,
    restrict: Restrict = ..., searcher: Searcher | None = ..., arrays: bool,
) -> Neighbors | Found: ...  # fmt: skip
def most_similar(
    table: VectorTable,
    positive: Terms,
    negative: Terms = None,
    *,
    topn: int = 10,
    restrict: Restrict = None,
    searcher: Searcher | None = None,
    arrays: bool = False,
) -> Neighbors | Found:
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
    negative : word, vector, or iterable of them, optional
        What to be far from. A pair's weight stands in place of -1, so give a negative one.
    topn : int
        How many words to return.
    restrict : int, iterable of str, ndarray of bool, or callable, optional
        Search the first so many (most frequent) words only, these words, those where a mask (V,)
        is true, or those whose count the callable accepts.
    searcher : Searcher, optional
        Of the matrix, if you have one.
    arrays : bool
        Return rows and cosines instead of words and cosines.

    Returns
    -------
    list of (str, float), or (ndarray, ndarray)
        Words and cosines, nearest first; with `arrays` rows (n,), int64, and cosines (n,), float64.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there is nothing to search for, or a number is out of range.
    """
    query, asked = sum_of_units(table, positive, negative)
    found = (searcher or Searcher(table.matrix)).nearest(
        [query], topn=topn, exclude=[asked], within=rows_within(table, restrict)
    )
    return found[0] if arrays else named(table, found)[0]


@overload
def most_similar_batch(
    table: VectorTable, keys: Iterable[Key], *, topn: int = ..., restrict: Restrict = ...,
    searcher: Searcher | None = ..., arrays: Literal[False] = ...,
) -> list[Neighbors]: ...  # fmt: skip
@overload
def most_similar_batch(
    table: VectorTable, keys: Iterable[Key], *, topn: int = ..., restrict: Restrict = ...,
    searcher: Searcher | None = ..., arrays: bool,
) -> list[Neighbors] | list[Found]: ...  # fmt: skip
def most_similar_batch(
    table: VectorTable,
    keys: Iterable[Key],
    *,
    topn: int = 10,
    restrict: Restrict = None,
    searcher: Searcher | None = None,
    arrays: bool = False,
) -> list[Neighbors] | list[Found]:
    """Find the nearest words of many words together, many times faster than one by one.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    keys : iterable of words or vectors
        What to search for, one search each.
    topn : int
        How many words to return for each.
    restrict : int, iterable of str, ndarray of bool, or callable, optional
        Which words may answer, as for `most_similar`.
    searcher : Searcher, optional
        Of the matrix, if you have one.
    arrays : bool
        Return rows and cosines instead of words and cosines.

    Returns
    -------
    list of lists of (str, float), or list of (ndarray, ndarray)
        For each of `keys` what `most_similar` returns for it alone.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If a number is out of range.
    """
    check_count("topn", topn)
    within = rows_within(table, restrict)
    pairs = [sum_of_units(table, [key]) for key in listed(keys)]
    if not pairs:
        return []
    queries, asked = [query for query, _ in pairs], [rows for _, rows in pairs]
    searcher = searcher or Searcher(table.matrix)
    found = searcher.nearest(queries, topn=topn, exclude=asked, within=within)
    return found if arrays else named(table, found)


def most_similar_cosmul(
    table: VectorTable,
    positive: Key | Iterable[Key] | None,
    negative: Key | Iterable[Key] | None = None,
    *,
    topn: int = 10,
    restrict: Restrict = None,
    searcher: Searcher | None = None,
) -> Neighbors:
    """Find the words with the highest product of cosines, each moved to 0..1.

    That is gensim's rule, and 3CosMul of Levy and Goldberg 2014, "Linguistic regularities in sparse
    and explicit word representations", equation 4.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    positive : word, vector, or iterable of them
        What to be near to: their cosines are multiplied.
    negative : word, vector, or iterable of them, optional
        What to be far from: their cosines divide.
    topn : int
        How many words to return.
    restrict : int, iterable of str, ndarray of bool, or callable, optional
        Which words may answer, as for `most_similar`.
    searcher : Searcher, optional
        Of the matrix, if you have one.

    Returns
    -------
    list of (str, float)
        Words and products, highest first.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there is nothing to be near to, or a number is out of range.
    """
    found = cosmul_rows(table, positive, negative, topn=topn, restrict=restrict, searcher=searcher)
    return named(table, [found])[0]


def analogy(
    table: VectorTable,
    a: Key,
    b: Key,
    *,
    c: Key,
    method: str = "3cosadd",
    topn: int = 10,
    restrict: Restrict = None,
    searcher: Searcher | None = None,
) -> Neighbors:
    """Answer "a is to b as c is to what?".

    Parameters
    ----------
    table : VectorTable
        The vectors.
    a, b, c : word or vector
        The three that are given.
    method : {"3cosadd", "3cosmul"}
        Add the cosines, or multiply them (Levy and Goldberg 2014, "Linguistic regularities in
        sparse and explicit word representations", equations 3 and 4).
    topn : int
        How many words to return.
    restrict : int, iterable of str, ndarray of bool, or callable, optional
        Which words may answer, as for `most_similar`.
    searcher : Searcher, optional
        Of the matrix, if you have one.

    Returns
    -------
    list of (str, float)
        Words and scores, best first; the scores of 3CosMul are products, no cosines.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there is no such method.
    """
    check_choice("method", method, METHODS)
    search = most_similar if method == "3cosadd" else most_similar_cosmul
    return search(table, [b, c], [a], topn=topn, restrict=restrict, searcher=searcher)


def named(table: VectorTable, found: Iterable[Found]) -> list[Neighbors]:
    """Put words in place of rows.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    found : iterable of (ndarray, ndarray)
        Rows and scores, for each query.

    Returns
    -------
    list of lists of (str, float)
        Words and scores.
    """
    words = table.vocabulary.words
    return [
        [(words[row], score) for row, score in zip(rows.tolist(), scores.tolist(), strict=True)]
        for rows, scores in found
    ]
