"""Analogies by products of cosines (3CosMul), and many analogies at once.

3CosAdd and 3CosMul: Levy and Goldberg 2014, "Linguistic regularities in sparse and explicit word
representations", equations 3 and 4. Both score a word by what three words give to it: the sum of
three cosines, or of three logarithms. In a set of analogies the same words come again and again
(Google's 19,544 questions have 905), so each word's part is computed once for a block of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import InputError
from wordkin.neighbors import compiled
from wordkin.neighbors.exact import check_count, row_norms, unit_rows
from wordkin.neighbors.keys import row_of, rows_within, terms, vector_of
from wordkin.progress import task
from wordkin.vocabulary.checks import check_choice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.neighbors.exact import Found
    from wordkin.neighbors.keys import Key, Restrict
    from wordkin.neighbors.searcher import Searcher
    from wordkin.table import VectorTable

METHODS = ("3cosadd", "3cosmul")
_EPSILON = 1e-6  # as gensim; Levy and Goldberg have 0.001
_MORE = 8  # candidates beyond those wanted, against rounding
_TABLE = 1 << 23  # numbers in a block of the table: 32 MiB
_ROWS = 1 << 14
_QUESTIONS = 1 << 8  # scored at once by NumPy


def cosmul_rows(
    table: VectorTable,
    positive: Key | Iterable[Key] | None,
    negative: Key | Iterable[Key] | None = None,
    *,
    topn: int = 10,
    restrict: Restrict = None,
    searcher: Searcher | None = None,
) -> Found:
    """Find the rows with the highest product of cosines, each moved to 0..1.

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
        Of the matrix, if you have one: only its norms are used.

    Returns
    -------
    (ndarray, ndarray)
        Rows (n,), int64, and products (n,), float64, highest first.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there is nothing to be near to, or a number is out of range.
    """
    check_count("topn", topn)
    sides = terms(positive), terms(negative)
    if not sides[0]:
        raise InputError("Give at least one word to be near to.")
    given = unit_rows(np.array([vector_of(table, key) for side in sides for key in side]))
    keys = [k for side in sides for k in side if not isinstance(k, np.ndarray)]
    asked = [row_of(table, k) for k in keys if not isinstance(k, str) or k in table.vocabulary]
    within = rows_within(table, restrict)
    rows = within if isinstance(within, np.ndarray) else np.arange(len(table))[:within]
    rows = rows[~np.isin(rows, asked)]
    norms = row_norms(table.matrix) if searcher is None else searcher.norms
    scores = np.empty(len(rows))
    step = max(1, (1 << 22) // table.dimensions)
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        cosines = table.matrix[part] @ given.astype(np.float32).T
        cosines /= np.where(norms > 0, norms, np.float32(1))[part, None]
        scores[start : start + step] = _product(cosines.astype(np.float64), len(sides[0]))
    if len(rows) > topn + _MORE:
        limit = np.partition(scores, -topn - _MORE)[-topn - _MORE]
        rows = rows[scores >= limit]
    # a few candidates, now without the rounding of float32
    units = unit_rows(table.matrix[rows].astype(np.float64))
    exact = np.stack([(units * term).sum(axis=1) for term in given], axis=1)
    scores = _product(exact, len(sides[0]))
    order = np.lexsort((rows, -scores))[:topn]
    return rows[order], scores[order]


def _product(cosines: NDArray[np.float64], n_positive: int) -> NDArray[np.float64]:
    shifted = (1 + cosines) / 2
    below = shifted[:, n_positive:].prod(axis=1) + _EPSILON
    return np.asarray(shifted[:, :n_positive].prod(axis=1) / below)


def answer_analogies(
    matrix: NDArray[np.float32],
    questions: NDArray[np.int64],
    *,
    method: str = "3cosadd",
    topn: int = 5,
    norms: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """Answer many questions "a is to b as c is to what?".

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    questions : ndarray
        Shape (Q, 3): the rows a, b, c.
    method : {"3cosadd", "3cosmul"}
        The rule.
    topn : int
        How many answers to give.
    norms : ndarray, optional
        Shape (V,): `row_norms(matrix)`, if you have them.

    Returns
    -------
    ndarray
        Shape (Q, topn), int64: rows, best first, without a, b and c; -1 where there are no more.

    Raises
    ------
    InputError
        If there is no such method.
    """
    check_choice("method", method, METHODS)
    lengths = row_norms(matrix) if norms is None else norms
    divisors = np.where(lengths > 0, lengths, np.float32(1))
    used, inverse = np.unique(questions, return_inverse=True)
    numbers: NDArray[np.int32] = inverse.reshape(questions.shape).astype(np.int32)
    units = unit_rows(matrix[used].astype(np.float64))
    candidates = _candidates(
        _Parts(matrix, divisors, units.astype(np.float32), method), numbers, topn + 3 + _MORE
    )
    answers = np.full((len(questions), topn), -1)
    for start in range(0, len(questions), _QUESTIONS):
        part = slice(start, start + _QUESTIONS)
        found = _ordered(matrix, candidates[part], units[numbers[part]], method)
        for i, (rows, asked) in enumerate(zip(found, questions[part].tolist(), strict=True)):
            kept = [row for row in rows if row not in asked][:topn]
            answers[start + i, : len(kept)] = kept
    return answers


class _Parts:
    """What each of some words gives to each row of a block: cosines, or logarithms of them."""

    def __init__(  # noqa: PLR0917
        self,
        matrix: NDArray[np.float32],
        divisors: NDArray[np.float32],
        units: NDArray[np.float32],
        method: str,
    ) -> None:
        self.matrix, self.divisors, self.units = matrix, divisors, units
        self.multiplies = method == "3cosmul"

    def of(self, start: int, stop: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        cosines = self.units @ self.matrix[start:stop].T
        cosines /= self.divisors[start:stop]
        if not self.multiplies:
            return cosines, cosines
        shifted = ((1 + cosines) / 2).clip(0)
        return np.log(shifted + np.float32(1e-30)), np.log(shifted + np.float32(_EPSILON))


def _candidates(parts: _Parts, numbers: NDArray[np.int32], keep: int) -> NDArray[np.int64]:
    """The rows with the highest sums, by float32, in no order; -1 where there are no more."""
    count = len(parts.matrix)
    # few large products: BLAS threads wait for one another at the end of each
    block = min(max(64, _TABLE // max(1, len(parts.units))), _ROWS)
    best = np.full((len(numbers), keep), -1)
    scores = np.full((len(numbers), keep), -np.inf, np.float32)
    compiles = compiled.pays(len(numbers) * count * 3)
    with task(f"answering {len(numbers):,} analogies", count, "words") as advance:
        for start in range(0, count, block):
            plus, minus = parts.of(start, min(start + block, count))
            advance(len(plus[0]))
            if compiles:
                compiled.combine(plus, minus, numbers, scores=scores, rows=best, start=start)
                continue
            for first in range(0, len(numbers), _QUESTIONS):
                some = slice(first, first + _QUESTIONS)
                a, b, c = numbers[some].T
                sums = plus[b] + plus[c] - minus[a]
                best[some], scores[some] = _kept(best[some], scores[some], sums, start)
    return best


def _kept(  # noqa: PLR0917
    rows: NDArray[np.int64], scores: NDArray[np.float32], sums: NDArray[np.float32], start: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Choose the best among those so far and the rows from `start` on."""
    keep = rows.shape[1]
    if sums.shape[1] > keep:
        new = np.argpartition(sums, -keep, axis=1)[:, -keep:]
        sums = np.take_along_axis(sums, new, axis=1)
    else:
        new = np.broadcast_to(np.arange(sums.shape[1]), sums.shape)
    scores = np.concatenate((scores, sums), axis=1)
    rows = np.concatenate((rows, start + new), axis=1)
    order = np.argpartition(scores, -keep, axis=1)[:, -keep:]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)


def _ordered(  # noqa: PLR0917
    matrix: NDArray[np.float32],
    rows: NDArray[np.int64],
    units: NDArray[np.float64],
    method: str,
) -> list[list[int]]:
    """Order candidates (n, K) of questions with unit vectors (n, 3, D) by their exact scores."""
    away, near, also = units[:, 0], units[:, 1], units[:, 2]
    if method == "3cosadd":
        scores = compiled.exact_cosines(matrix, rows, unit_rows(near + also - away))
    else:
        a, b, c = ((1 + compiled.exact_cosines(matrix, rows, u)) / 2 for u in (away, near, also))
        scores = b * c / (a + _EPSILON)
    scores[rows < 0] = -np.inf
    order = np.lexsort((rows, -scores), axis=1)
    ranked = np.take_along_axis(rows, order, axis=1)
    return [[row for row in each if row >= 0] for each in ranked.tolist()]
