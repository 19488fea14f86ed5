"""Correlations, error bars and paired tests, by resampling the items of a test set.

Efron and Tibshirani 1993, "An introduction to the bootstrap", chapters 13 and 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.progress import task

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Score = Callable[[NDArray[np.int64]], float]

RESAMPLES = 1000


class Interval(NamedTuple):
    """Where a score lies in 95 of 100 resamples."""

    low: float
    high: float


class Difference(NamedTuple):
    """How much better one is than another on the items that both cover.

    `p` is the share of resamples in which the sign is another, doubled (two sides).
    """

    value: float
    low: float
    high: float
    p: float
    items: int


def average_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Rank from 1; equal values share the mean of their ranks.

    Parameters
    ----------
    values : array_like
        Shape (n,).

    Returns
    -------
    ndarray
        Shape (n,), float64.

    Examples
    --------
    >>> average_ranks([3, 1, 3])
    array([2.5, 1. , 2.5])
    """
    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


def pearson(first: ArrayLike, second: ArrayLike) -> float:
    """Return the linear correlation.

    Parameters
    ----------
    first, second : array_like
        Shape (n,).

    Returns
    -------
    float
        From -1 to 1; NaN if one side is constant.
    """
    a, b = _scaled(first), _scaled(second)
    a -= a.mean()
    b -= b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 0 else float("nan")


def _scaled(values: ArrayLike) -> NDArray[np.float64]:
    """Divide by a power of two, which rounds nothing, so that squares of scores can't overflow."""
    numbers = np.asarray(values, np.float64)
    _, exponent = np.frexp(np.abs(numbers).max(initial=0))
    scaled: NDArray[np.float64] = np.ldexp(numbers, -exponent)
    return scaled


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Return the rank correlation.

    Parameters
    ----------
    first, second : array_like
        Shape (n,).

    Returns
    -------
    float
        From -1 to 1; NaN if one side is constant.
    """
    return pearson(average_ranks(first), average_ranks(second))


def interval(score: Score, n_items: int, *, seed: int, resamples: int = RESAMPLES) -> Interval:
    """Return the 95 % percentile interval of a score.

    Parameters
    ----------
    score : callable
        Takes item numbers, shape (n,), and returns the score of these items.
    n_items : int
        How many items there are.
    seed : int
        Fixes the resamples.
    resamples : int
        How many.

    Returns
    -------
    Interval
        NaN where there are no items or no score.
    """
    low, high = _bounds(_resampled(score, n_items, seed=seed, resamples=resamples))
    return Interval(low, high)


def difference(
    first: Score, second: Score, n_items: int, *, seed: int, resamples: int = RESAMPLES
) -> Difference:
    """Compare two scores of the same items.

    Parameters
    ----------
    first, second : callable
        As for `interval`.
    n_items : int
        How many items there are.
    seed : int
        Fixes the resamples.
    resamples : int
        How many.

    Returns
    -------
    Difference
        First minus second; NaN where there is no score.
    """
    if not n_items:
        nan = float("nan")
        return Difference(nan, nan, nan, nan, 0)

    def score(items: NDArray[np.int64]) -> float:
        return first(items) - second(items)

    value = score(np.arange(n_items))
    drawn = _resampled(score, n_items, seed=seed, resamples=resamples)
    low, high = _bounds(drawn)
    valid = drawn[~np.isnan(drawn)]
    if not len(valid):
        return Difference(value, low, high, float("nan"), n_items)
    against = min((valid <= 0).sum(), (valid >= 0).sum())
    p = min(1.0, 2 * (int(against) + 1) / (len(valid) + 1))
    return Difference(value, low, high, p, n_items)


def _resampled(score: Score, n_items: int, *, seed: int, resamples: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    if not n_items:
        return np.full(1, np.nan)
    drawn = np.empty(resamples)
    with task("resampling", resamples, "resamples") as advance:
        for i in range(resamples):
            drawn[i] = score(rng.integers(0, n_items, n_items))
            advance(1)
    return drawn


def _bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    valid = values[~np.isnan(values)]
    if not len(valid):
        return float("nan"), float("nan")
    low, high = np.quantile(valid, [0.025, 0.975])
    return float(low), float(high)
