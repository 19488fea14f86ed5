"""The mean head: each feature of a text has a score for each class, and the text their mean.

The features are words and n-grams; the mean is weighted by how much each tells (TF-IDF), at unit
length. In other words: a bag of vectors that have as many dimensions as there are classes. fastText
puts a matrix between vectors and classes, which can say nothing that this can't unless there are
more classes than dimensions, and creeps to a solution that dual coordinate descent finds in a few
passes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.classification.taking import taken
from wordkin.classification.threads import n_threads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wordkin.classification.documents import Documents
    from wordkin.classification.features import Features, Kinds, Scorer
    from wordkin.classification.heads import Lesson, Plan
    from wordkin.kernels.classify import Bags

_EPOCHS = 10
_CALIBRATED_ON = 4096  # documents: one number is chosen by them


class _Block(NamedTuple):
    """Some of the classes: one thread's work."""

    first: int
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    duals: NDArray[np.float32]
    unseen: NDArray[np.float32]


class _Course(NamedTuple):
    """What is needed while learning, and not any more afterwards."""

    bags: Bags
    targets: NDArray[np.int32]
    softness: NDArray[np.float32]
    blocks: list[_Block]
    chance: np.random.Generator


class MeanHead:
    """A linear classifier over words and n-grams.

    Parameters
    ----------
    plan : Plan
        What to build it from.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.epochs: int = plan.settings["epochs"] or _EPOCHS
        # two classes are one question
        self._columns = 1 if plan.n_classes == 2 else plan.n_classes
        self._features: Features
        self._scorer: Scorer
        self._course: _Course
        self._weights = np.empty((0, self._columns), np.float32)
        self._bias = np.zeros(self._columns, np.float32)
        self._sharpness = 1.0

    def begin(self, lesson: Lesson) -> None:
        """Choose the features, and make a table of zeros.

        Parameters
        ----------
        lesson : Lesson
            The training part.
        """
        from wordkin.classification.features import Scorer, learn_features

        settings, words = self._plan.settings, self._plan.vocabulary.words
        self._features, bags = learn_features(
            lesson.documents,
            words,
            self._kinds(),
            most=settings["max_ngrams"],
            min_count=settings["min_ngram_count"],
        )
        self._scorer = Scorer(self._features, words)
        targets = lesson.targets - np.int32(1) if self._columns == 1 else lesson.targets
        softness = (0.5 / settings["C"] / lesson.weights).astype(np.float32)
        chance = np.random.default_rng(settings["seed"])
        blocks = self._blocks(lesson.documents.count)
        self._course = _Course(bags, targets, softness, blocks, chance)

    def _kinds(self) -> Kinds:
        from wordkin.classification.features import Kinds

        settings = self._plan.settings
        letters = settings["letters"] and (settings["letters"][0], settings["letters"][1])
        return Kinds(len(self._plan.vocabulary), settings["ngrams"], letters)

    def _blocks(self, n: int) -> list[_Block]:
        rows = len(self._features.idf)
        threads = min(n_threads(self._plan.settings["workers"]), self._columns)
        cuts = np.linspace(0, self._columns, threads + 1).astype(int).tolist()
        return [
            _Block(
                first,
                np.zeros((rows, last - first), np.float32),
                np.zeros(last - first, np.float32),
                np.zeros((n, last - first), np.float32),
                np.zeros((n, last - first), np.float32),
            )
            for first, last in pairwise(cuts)
        ]

    def learn(self, lesson: Lesson, epoch: int) -> float:
        """Pass over the training part once, and see how far scores can be trusted.

        Parameters
        ----------
        lesson : Lesson
            What `begin` was given.
        epoch : int
            Not looked at: there is no learning rate to fall.

        Returns
        -------
        float
            The mean log loss on documents as if they had not been learned from.
        """
        from wordkin.kernels.classify import descend

        del epoch
        course = self._course
        order = course.chance.permutation(lesson.documents.count)

        def work(block: _Block) -> None:
            numbered = (course.targets - np.int32(block.first), course.softness)
            table, duals = (block.weights, block.bias), (block.duals, block.unseen)
            descend(course.bags, numbered, order, table, duals)

        with ThreadPoolExecutor(len(course.blocks), "wordkin-classify") as pool:
            list(pool.map(work, course.blocks))
        self._weights = np.concatenate([block.weights for block in course.blocks], axis=1)
        self._bias = np.concatenate([block.bias for block in course.blocks])
        chosen = order[:_CALIBRATED_ON]
        unseen = np.concatenate([block.unseen[chosen] for block in course.blocks], axis=1)
        self._sharpness, loss = sharpest(
            self._all_classes(unseen), lesson.targets[chosen], lesson.weights[chosen]
        )
        return loss

    def _all_classes(self, sums: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.concatenate((-sums, sums), axis=1) if self._columns == 1 else sums

    def scores(self, documents: Documents) -> NDArray[np.float32]:
        """Return logits.

        Parameters
        ----------
        documents : Documents
            n documents.

        Returns
        -------
        ndarray of float32
            Shape (n, k); those of an empty document are the biases.
        """
        workers = self._plan.settings["workers"]
        sums = self._scorer.scores(documents, self._weights, self._bias, workers=workers)
        return self._all_classes(sums) * np.float32(self._sharpness)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what has been learned.

        Returns
        -------
        dict of str to ndarray
            For `restore`.
        """
        return {
            "keys": self._features.keys.view(np.int32),
            "idf": self._features.idf,
            "weights": self._weights,
            "bias": self._bias,
            "sharpness": np.array([self._sharpness], np.float32),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take arrays that `arrays` gave.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            Perhaps from a file.

        Raises
        ------
        FormatError
            If they do not fit each other or the plan.
        """
        from wordkin.classification.features import Features, Scorer

        rows = len(self._plan.vocabulary) + len(taken(arrays, "keys", np.int32, shape=(None,)))
        self._weights = taken(arrays, "weights", np.float32, shape=(rows, self._columns))
        self._bias = taken(arrays, "bias", np.float32, shape=(self._columns,))
        self._sharpness = float(taken(arrays, "sharpness", np.float32, shape=(1,))[0])
        idf = taken(arrays, "idf", np.float32, shape=(rows,))
        self._features = Features(self._kinds(), arrays["keys"].view(np.uint32), idf)
        self._scorer = Scorer(self._features, self._plan.vocabulary.words)


def sharpest(
    scores: NDArray[np.float32], targets: NDArray[np.int32], weights: NDArray[np.float32]
) -> tuple[float, float]:
    """Find the factor that makes the best probabilities of scores (by softmax).

    Parameters
    ----------
    scores : ndarray of float32
        Shape (n, k).
    targets : ndarray of int32
        Shape (n,).
    weights : ndarray of float32
        Shape (n,).

    Returns
    -------
    factor, loss : float
        And the mean log loss with it.
    """
    wide = scores - scores[np.arange(len(scores)), targets][:, None].astype(np.float64)
    shares = weights / weights.sum(dtype=np.float64)

    def loss(power: float) -> float:
        scaled = wide * np.exp(power)
        top = scaled.max(axis=1)
        return float(shares @ (top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))))

    # golden section: the loss is convex in the factor, so it falls and then rises in its logarithm
    low, high = -4.0, 4.0
    golden = (5**0.5 - 1) / 2
    while high - low > 1e-2:
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if loss(a) < loss(b) else (a, high)
    power = (low + high) / 2
    return float(np.exp(power)), loss(power)
