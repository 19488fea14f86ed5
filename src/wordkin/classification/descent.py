"""Learning a linear classifier over features, each class against the rest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.classification.calibrating import CLOSING, kept_back, sharpest
from wordkin.classification.linear import both_classes
from wordkin.documents.threads import n_threads
from wordkin.kernels.classify import Bags, descend, score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.classification.heads import Lesson, Plan


class _Block(NamedTuple):
    """Some of the classes: one thread's work."""

    first: int
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    duals: NDArray[np.float32]


class Learned(NamedTuple):
    """What is known after a pass.

    Parameters
    ----------
    weights : ndarray of float32
        Shape (features, c), with c of 1 for two classes.
    bias : ndarray of float32
        Shape (c,).
    sharpness : float
        What makes logits of sums.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    sharpness: float


class Descent:
    """A linear classifier that learns by dual coordinate descent.

    Parameters
    ----------
    bags : Bags
        The features of n documents.
    lesson : Lesson
        Their classes, and how much each counts.
    plan : Plan
        The settings.
    n_rows : int
        How many features there are.
    """

    def __init__(self, bags: Bags, lesson: Lesson, plan: Plan, *, n_rows: int) -> None:
        self._bags = bags
        self._lesson = lesson
        self._n = len(lesson.targets)
        self._targets, self._columns = one_question(lesson.targets, plan.n_classes)
        self._softness = (0.5 / plan.settings["C"] / lesson.weights).astype(np.float32)
        self._chance = np.random.default_rng(plan.settings["seed"])
        self._kept_back = kept_back(self._n, self._chance)
        self._sharpness = 1.0
        threads = n_threads(plan.settings["workers"], at_most=self._columns)
        cuts = np.linspace(0, self._columns, threads + 1).astype(int).tolist()
        self._blocks = [
            _Block(
                first,
                np.zeros((n_rows, last - first), np.float32),
                np.zeros(last - first, np.float32),
                np.zeros((self._n, last - first), np.float32),
            )
            for first, last in pairwise(cuts)
        ]

    def learn(self, epoch: int, epochs: int) -> float:
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
        float
            The mean squared hinge loss of a class against the rest, before each step.
        """
        order = self._chance.permutation(self._n)
        judging = epoch < max(1, epochs - CLOSING)
        if judging:
            order = order[~np.isin(order, self._kept_back)]
        loss, n = self._passed(order), len(order)
        if judging and len(self._kept_back):
            sums = both_classes(self._sums(self._kept_back))
            self._sharpness = sharpest(sums, self._lesson.take(self._kept_back))
            if epoch == epochs - 1:  # the only one: nothing is left out in the end
                loss += self._passed(self._kept_back)
                n = self._n
        return loss / (n * self._columns)

    def _passed(self, order: NDArray[np.int64]) -> float:
        """Learn from documents in this order, and return the sum of their losses."""

        def work(block: _Block) -> float:
            lesson = (self._targets - np.int32(block.first), self._softness)
            table = (block.weights, block.bias)
            return float(descend(self._bags, lesson, order, table, block.duals))

        with ThreadPoolExecutor(len(self._blocks), "wordkin-classify") as pool:
            return sum(pool.map(work, self._blocks))

    def _sums(self, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the scores of some documents."""
        bags = _taken(self._bags, chosen)
        parts = [np.tile(block.bias, (len(chosen), 1)) for block in self._blocks]
        for block, part in zip(self._blocks, parts, strict=True):
            score(bags, block.weights, part)
        return np.concatenate(parts, axis=1)

    def learned(self) -> Learned:
        """Return what is known by now.

        Returns
        -------
        Learned
            A copy: learning may go on.
        """
        weights = np.concatenate([block.weights for block in self._blocks], axis=1)
        bias = np.concatenate([block.bias for block in self._blocks])
        return Learned(weights, bias, self._sharpness)


def one_question(targets: NDArray[np.int32], n_classes: int) -> tuple[NDArray[np.int32], int]:
    """Return targets for one column of scores where there are two classes.

    Parameters
    ----------
    targets : ndarray of int32
        Shape (n,): 0..k-1.
    n_classes : int
        The number k.

    Returns
    -------
    targets : ndarray of int32
        The column that should be positive; none if it is -1.
    columns : int
        How many columns there are: k, or 1 for two classes.
    """
    return (targets - np.int32(1), 1) if n_classes == 2 else (targets, n_classes)


def _taken(bags: Bags, chosen: NDArray[np.int64]) -> Bags:
    """Return the features of some documents."""
    sizes = np.diff(bags.starts)[chosen]
    starts = np.concatenate(([0], np.cumsum(sizes)))
    where = np.arange(starts[-1]) + np.repeat(bags.starts[chosen] - starts[:-1], sizes)
    return Bags(bags.rows[where], bags.values[where], starts)
