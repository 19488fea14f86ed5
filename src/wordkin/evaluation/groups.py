"""Groups of words: which one does not belong, and which belong together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import InputError
from wordkin.evaluation.sets import groups_of, rows_by_word
from wordkin.neighbors import doesnt_match, unit_rows

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from wordkin.table import VectorTable

_RESTARTS = 10
_ROUNDS = 100


@dataclass(frozen=True)
class GroupResult:
    """How well vectors tell groups of words apart.

    Parameters
    ----------
    accuracy : float
        The share of covered items that is right: for odd ones out the share found; for categories
        the purity of clusters (the share of words that are of their cluster's commonest category).
    items : int
        Items in the file: groups with an odd word, or words with a category.
    covered : int
        Items that have vectors.
    skipped : int
        Lines that hold no item.
    outcomes : ndarray
        Shape (items,), int8: 1 right, 0 wrong, -1 not covered.
    """

    accuracy: float
    items: int
    covered: int
    skipped: int = 0
    outcomes: NDArray[np.int8] = field(
        default_factory=lambda: np.empty(0, np.int8), repr=False, compare=False
    )

    @property
    def coverage(self) -> float:
        """The share of items that is covered, from 0 to 1."""
        return self.covered / self.items


def evaluate_odd_one_out(
    table: VectorTable,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
) -> GroupResult:
    """Look for the word that does not belong to a group.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    path : str or path-like
        A text file: three or more words on each line, of which the last does not belong.
    restrict_vocab : int, optional
        Use the first so many words only.
    case_insensitive : bool
        Take the first (most frequent) word that differs by case at most.

    Returns
    -------
    GroupResult
        The share of odd words found by `doesnt_match`.

    Raises
    ------
    FileError
        If the file can't be read.
    FormatError
        If no line holds three words.
    """
    rows_of = rows_by_word(table, restrict_vocab, case_insensitive=case_insensitive)
    groups, skipped = groups_of(path, case_insensitive=case_insensitive, least=3)
    words = table.vocabulary.words
    outcomes = np.full(len(groups), -1, np.int8)
    for i, group in enumerate(groups):
        rows = [rows_of.get(word, -1) for word in group]
        if min(rows) >= 0:
            outcomes[i] = doesnt_match(table, [words[row] for row in rows]) == words[rows[-1]]
    return _result(outcomes, skipped)


def evaluate_categories(
    table: VectorTable,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    seed: int = 1,
) -> GroupResult:
    """Cluster words, as many clusters as there are categories, and measure their purity.

    Spherical k-means (Dhillon and Modha 2001, "Concept decompositions for large sparse text data"):
    the best by its own objective of ten seeded starts.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    path : str or path-like
        A text file: a word and its category on each line.
    restrict_vocab : int, optional
        Use the first so many words only.
    case_insensitive : bool
        Take the first (most frequent) word that differs by case at most.
    seed : int
        Fixes the starts.

    Returns
    -------
    GroupResult
        The purity.

    Raises
    ------
    FileError
        If the file can't be read.
    FormatError
        If no line holds two words.
    InputError
        If fewer than two words have vectors.
    """
    rows_of = rows_by_word(table, restrict_vocab, case_insensitive=case_insensitive)
    items, skipped = groups_of(path, case_insensitive=case_insensitive, least=2)
    rows = np.array([rows_of.get(item[0], -1) for item in items])
    covered = rows >= 0
    if covered.sum() < 2:
        raise InputError(
            f"{covered.sum()} of the {len(items)} words of {str(path)!r} have vectors; clusters "
            "need two."
        )
    names = np.array([" ".join(item[1:]) for item in items])[covered]
    categories = np.unique(names, return_inverse=True)[1]
    units = unit_rows(table.matrix[rows[covered]].astype(np.float64))
    clusters = spherical_clusters(units, int(categories.max()) + 1, np.random.default_rng(seed))
    outcomes = np.full(len(items), -1, np.int8)
    right = np.zeros(len(units), np.int8)
    for cluster in np.unique(clusters):
        inside = clusters == cluster
        right[inside] = categories[inside] == np.bincount(categories[inside]).argmax()
    outcomes[covered] = right
    return _result(outcomes, skipped)


def _result(outcomes: NDArray[np.int8], skipped: int) -> GroupResult:
    known = outcomes[outcomes >= 0]
    accuracy = float(known.mean()) if len(known) else float("nan")
    return GroupResult(accuracy, len(outcomes), len(known), skipped, outcomes)


def spherical_clusters(
    units: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Cluster unit vectors by spherical k-means.

    Parameters
    ----------
    units : ndarray
        Shape (n, D): rows of length 1.
    count : int
        How many clusters; some may be left empty.
    rng : numpy.random.Generator
        Draws the starts.

    Returns
    -------
    ndarray
        Shape (n,): the cluster of each row, of the best of ten starts.
    """
    best, best_score = np.zeros(len(units), np.int64), -np.inf
    for _ in range(_RESTARTS):
        centres = units[rng.choice(len(units), min(count, len(units)), replace=False)]
        assigned = np.full(len(units), -1)
        for _ in range(_ROUNDS):
            cosines = units @ centres.T
            new = cosines.argmax(axis=1)
            if (new == assigned).all():
                break
            assigned = new
            sums = np.zeros_like(centres)
            np.add.at(sums, assigned, units)
            # an empty cluster keeps its centre
            centres = np.where(sums.any(axis=1, keepdims=True), unit_rows(sums), centres)
        score = float(cosines.max(axis=1).sum())
        if score > best_score:
            best, best_score = assigned, score
    return best
