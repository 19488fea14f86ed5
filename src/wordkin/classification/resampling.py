"""How sure a comparison is: accuracy and macro-F1 of several models on resamples of one test.

Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13: all models are scored on
the same resamples, so that what is hard for all of them cancels out in a difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.evaluation.statistics import Difference, Interval
from wordkin.progress import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RESAMPLES = 1000


class Drawn(NamedTuple):
    """Scores of one model.

    Parameters
    ----------
    accuracy, macro_f1 : float
        On the test as it is.
    accuracies, macro_f1s : ndarray of float64
        Shape (resamples,): on each resample.
    """

    accuracy: float
    macro_f1: float
    accuracies: NDArray[np.float64]
    macro_f1s: NDArray[np.float64]


def draw(
    expected: Sequence[str],
    predictions: Sequence[Sequence[str]],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> list[Drawn]:
    """Score models on the same resamples of a test.

    Parameters
    ----------
    expected : sequence of str
        n labels.
    predictions : sequence of sequences of str
        For each model its n labels.
    seed : int
        Fixes the resamples.
    resamples : int
        How many.

    Returns
    -------
    list of Drawn
        One for each model.

    Examples
    --------
    >>> [scores] = draw(["a", "a", "b", "b"], [["a", "a", "b", "a"]], seed=1)
    >>> scores.accuracy, round(scores.macro_f1, 3)
    (0.75, 0.733)
    """
    n = len(expected)
    _, codes = np.unique(
        np.concatenate([np.asarray(labels, dtype=object) for labels in (expected, *predictions)]),
        return_inverse=True,
    )
    truth, *guesses = codes.reshape(-1, n)
    k = int(codes.max(initial=0)) + 1
    judges = [_Judge(truth, guess, k) for guess in guesses]
    whole = np.ones(n)
    random = np.random.default_rng(seed)
    scores = np.empty((len(judges), resamples, 2))
    for number in told(range(resamples), "drawing resamples", unit="resamples"):
        # how often each text was drawn, instead of the texts
        weights = np.bincount(random.integers(0, n, n), minlength=n).astype(np.float64)
        for row, judge in zip(scores, judges, strict=True):
            row[number] = judge(weights)
    return [
        Drawn(*judge(whole), row[:, 0], row[:, 1])
        for row, judge in zip(scores, judges, strict=True)
    ]


class _Judge:
    """Accuracy and macro-F1 of one model, for any weights of the texts."""

    def __init__(self, truth: NDArray[np.int64], guess: NDArray[np.int64], k: int) -> None:
        self._truth, self._guess, self._k = truth, guess, k
        self._right = truth == guess

    def __call__(self, weights: NDArray[np.float64]) -> tuple[float, float]:
        right = np.bincount(self._truth, weights * self._right, self._k)
        are = np.bincount(self._truth, weights, self._k)
        called = np.bincount(self._guess, weights, self._k)
        # the mean over labels that are there; one that is only ever guessed counts as 0
        here = (are + called) > 0
        f1 = 2 * right[here] / (are + called)[here]
        return float(right.sum() / weights.sum()), float(f1.mean())


def interval(values: NDArray[np.float64]) -> Interval:
    """Return where 95 of 100 resamples lie.

    Parameters
    ----------
    values : ndarray of float64
        Shape (resamples,).

    Returns
    -------
    Interval
        The 2.5th and the 97.5th percentile.
    """
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high))


def difference(first: Drawn, second: Drawn, n: int, *, of: str = "accuracy") -> Difference:
    """Compare two models that were scored on the same resamples.

    Parameters
    ----------
    first, second : Drawn
        Of one call of `draw`.
    n : int
        Texts in the test.
    of : {"accuracy", "macro_f1"}
        Which score.

    Returns
    -------
    Difference
        First minus second.
    """
    if of == "accuracy":
        value, drawn = first.accuracy - second.accuracy, first.accuracies - second.accuracies
    else:
        value, drawn = first.macro_f1 - second.macro_f1, first.macro_f1s - second.macro_f1s
    low, high = interval(drawn)
    against = min((drawn <= 0).sum(), (drawn >= 0).sum())
    p = min(1.0, 2 * (int(against) + 1) / (len(drawn) + 1))
    return Difference(value, low, high, p, n)
