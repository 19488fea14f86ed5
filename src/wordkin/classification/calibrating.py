"""How far the scores of a linear classifier can be trusted: probabilities of sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.classification.heads import Lesson

_SHARE = 10  # one of so many documents is kept back,
_MOST = 2000  # but no more than these: one number is chosen by them
_FACTORS = (0.5, 50.0)  # between which that number is
CLOSING = 2
"""Passes at the end in which all documents are learned from."""


def kept_back(n: int, chance: np.random.Generator) -> NDArray[np.int64]:
    """Choose documents that are learned from only at the end.

    Parameters
    ----------
    n : int
        How many documents there are.
    chance : Generator
        Draws them.

    Returns
    -------
    ndarray of int64
        Their positions; none if there are few documents.
    """
    return chance.permutation(n)[: min(n // _SHARE, _MOST)]


def sharpest(scores: NDArray[np.float32], judged: Lesson) -> float:
    """Find the factor that makes the best probabilities of scores, by softmax.

    Parameters
    ----------
    scores : ndarray of float32
        Shape (n, k), for documents that were not learned from.
    judged : Lesson
        The documents with their classes.

    Returns
    -------
    float
        The factor with the least log loss. So that few documents, all of them right, do not make
        a classifier that is never in doubt, each counts as if one of n + k had another class
        (Platt 1999, Advances in Large Margin Classifiers, does the same for two).
    """
    n, k = scores.shape
    wanted = np.full((n, k), 1.0 / (n + k))
    wanted[np.arange(n), judged.targets] = (n + 1.0) / (n + k)
    wanted *= judged.weights[:, None]

    def loss(power: float) -> float:
        scaled = scores * np.exp(power)
        scaled -= scaled.max(axis=1, keepdims=True)
        logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return -float((wanted * logs).sum())

    # golden section: the loss falls and then rises with the factor, in which it is convex
    low, high = np.log(_FACTORS)
    golden = (5**0.5 - 1) / 2
    while high - low > 1e-2:
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if loss(a) <= loss(b) else (a, high)
    return float(np.exp((low + high) / 2))
