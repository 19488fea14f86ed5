"""Learning a linear classifier over features, each class against the rest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.classification.linear import Linear
from wordkin.classification.threads import n_threads
from wordkin.kernels.classify import Bags, descend, score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.classification.heads import Lesson, Plan
    from wordkin.classification.kinds import Features

_LAST = 2  # epochs in which all documents are learned from
_KEPT_BACK = 2000  # documents, or a tenth of them, before; one number is chosen by them
_FACTORS = (0.5, 50.0)  # between which that number is


class _Block(NamedTuple):
    """Some of the classes: one thread's work."""

    first: int
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    duals: NDArray[np.float32]


class Descent:
    """A linear classifier that learns.

    Parameters
    ----------
    bags : Bags
        The features of n documents.
    lesson : Lesson
        Their classes, and how much each counts.
    made_of : tuple of (Features, Plan)
        Which features there are; and the settings.
    """

    def __init__(self, bags: Bags, lesson: Lesson, made_of: tuple[Features, Plan]) -> None:
        self._features, plan = made_of
        self._bags = bags
        self._lesson = lesson
        self._n = len(lesson.targets)
        # two classes are one question
        columns = 1 if plan.n_classes == 2 else plan.n_classes
        self._targets = lesson.targets - np.int32(1) if columns == 1 else lesson.targets
        self._softness = (0.5 / plan.settings["C"] / lesson.weights).astype(np.float32)
        self._chance = np.random.default_rng(plan.settings["seed"])
        self._kept_back = self._chance.permutation(self._n)[: min(self._n // 10, _KEPT_BACK)]
        self._sharpness = 1.0
        self._blocks = self._cut(columns, n_threads(plan.settings["workers"]))

    def _cut(self, columns: int, threads: int) -> list[_Block]:
        rows = len(self._features.idf)
        cuts = np.linspace(0, columns, min(threads, columns) + 1).astype(int).tolist()
        return [
            _Block(
                first,
                np.zeros((rows, last - first), np.float32),
                np.zeros(last - first, np.float32),
                np.zeros((self._n, last - first), np.float32),
            )
            for first, last in pairwise(cuts)
        ]

    def learn(self, epoch: int, epochs: int) -> tuple[float, Linear]:
        """Pass over the documents once.

        In all but the last passes some are kept back, which tell how far the scores of documents
        that were not learned from can be trusted.

        Parameters
        ----------
        epoch : int
            Counts from 0.
        epochs : int
            How many there will be.

        Returns
        -------
        loss : float
            The mean squared hinge loss of a class against the rest, before each step.
        linear : Linear
            What is learned by now; its weights change with the next pass.
        """
        order = self._chance.permutation(self._n)
        judging = epoch < max(1, epochs - _LAST)
        if judging:
            order = order[~np.isin(order, self._kept_back)]

        def work(block: _Block) -> float:
            numbered = (self._targets - np.int32(block.first), self._softness)
            table = (block.weights, block.bias)
            return float(descend(self._bags, numbered, order, table, block.duals))

        with ThreadPoolExecutor(len(self._blocks), "wordkin-classify") as pool:
            loss = sum(pool.map(work, self._blocks))
        weights = np.concatenate([block.weights for block in self._blocks], axis=1)
        bias = np.concatenate([block.bias for block in self._blocks])
        linear = Linear(self._features, weights, bias, 1.0)
        if judging and len(self._kept_back):
            sums = np.tile(bias, (len(self._kept_back), 1))
            score(_taken(self._bags, self._kept_back), weights, sums)
            self._sharpness = sharpest(linear.logits(sums), self._lesson.take(self._kept_back))
        return loss / (len(order) * len(bias)), linear._replace(sharpness=self._sharpness)


def _taken(bags: Bags, chosen: NDArray[np.int64]) -> Bags:
    """Return the features of some documents."""
    sizes = np.diff(bags.starts)[chosen]
    starts = np.concatenate(([0], np.cumsum(sizes)))
    where = np.arange(starts[-1]) + np.repeat(bags.starts[chosen] - starts[:-1], sizes)
    return Bags(bags.rows[where], bags.values[where], starts)


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
