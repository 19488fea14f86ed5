"""Agreement of cosines with what people say about the similarity of words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.evaluation.sets import lines_of, pair_of, rows_by_word
from wordkin.evaluation.statistics import pearson, spearman
from wordkin.neighbors import unit_rows

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from wordkin.table import VectorTable


@dataclass(frozen=True)
class SimilarityResult:
    """How far vectors agree with people about the similarity of words.

    Parameters
    ----------
    spearman : float
        Rank correlation between cosines and human scores, over the covered pairs.
    pearson : float
        Linear correlation between them.
    pairs : int
        Pairs in the file.
    covered : int
        Pairs both words of which have a vector.
    skipped : int
        Lines of the file that hold no pair, such as a title line.
    people, cosines : ndarray
        Shape (pairs,): the human scores and ours, NaN where a pair is not covered.
    """

    spearman: float
    pearson: float
    pairs: int
    covered: int
    skipped: int = 0
    people: NDArray[np.float64] = field(
        default_factory=lambda: np.empty(0), repr=False, compare=False
    )
    cosines: NDArray[np.float64] = field(
        default_factory=lambda: np.empty(0), repr=False, compare=False
    )

    @property
    def coverage(self) -> float:
        """The share of pairs that is covered, from 0 to 1."""
        return self.covered / self.pairs

    def correlations_of_all(self) -> tuple[float, float]:
        """Return the correlations with a cosine of 0 for pairs that are not covered.

        Returns
        -------
        (float, float)
            Pearson's and Spearman's, as gensim's ``dummy4unknown`` has them.
        """
        cosines = np.nan_to_num(self.cosines)
        return pearson(self.people, cosines), spearman(self.people, cosines)


def evaluate_similarity(
    table: VectorTable,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
) -> SimilarityResult:
    """Compare the similarity of words with human judgements, such as WordSim-353.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    path : str or path-like
        A text file: on each line two words and a score, between tabs or spaces; more columns, as
        SimLex-999 has them, between tabs (see `pair_of`). Lines that begin with ``#`` are comments.
    restrict_vocab : int, optional
        Use the first so many words only.
    case_insensitive : bool
        Take the first (most frequent) word that differs by case at most.

    Returns
    -------
    SimilarityResult
        The correlations and the coverage.

    Raises
    ------
    FileError
        If the file can't be read.
    FormatError
        If no line holds two words and a score.
    InputError
        If less than two pairs are covered.
    """
    rows_of = rows_by_word(table, restrict_vocab, case_insensitive=case_insensitive)
    people, rows, skipped = [], [], 0
    for line in lines_of(path):
        if line.startswith("#") or not line.strip():
            continue
        pair = pair_of(line.upper() if case_insensitive else line)
        if pair is None:
            skipped += 1
            continue
        people.append(pair.score)
        rows.append((rows_of.get(pair.first, -1), rows_of.get(pair.second, -1)))
    if not people:
        raise FormatError(f"{str(path)!r}: no line holds two words and a score.")
    scores, numbers = np.array(people), np.array(rows)
    covered = np.asarray(numbers.min(axis=1) >= 0)
    if covered.sum() < 2:
        raise InputError(
            f"{covered.sum()} of the {len(people)} pairs of {str(path)!r} have vectors; a "
            "correlation needs two."
        )
    a, b = (unit_rows(table.matrix[side].astype(np.float64)) for side in numbers[covered].T)
    cosines = np.full(len(people), np.nan)
    # float32, so that rounding tells no pairs apart that are equally similar
    cosines[covered] = (a * b).sum(axis=1).clip(-1.0, 1.0).astype(np.float32)
    return SimilarityResult(
        spearman=spearman(scores[covered], cosines[covered]),
        pearson=pearson(scores[covered], cosines[covered]),
        pairs=len(people),
        covered=int(covered.sum()),
        skipped=skipped,
        people=scores,
        cosines=cosines,
    )
