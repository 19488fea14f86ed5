"""The mean head: each feature of a text has a score for each class, and the text their mean.

The features are words and n-grams; the mean is weighted by how much each tells (TF-IDF), at unit
length. In other words: a bag of vectors that have as many dimensions as there are classes. fastText
puts a matrix between vectors and classes, which can say nothing that this can't unless there are
more classes than dimensions, and creeps to a solution that dual coordinate descent finds in a few
passes (`wordkin.classification.descent`).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from wordkin.classification.calibrating import CLOSING
from wordkin.classification.kinds import Kinds
from wordkin.classification.linear import Linear
from wordkin.classification.plain import PlainScorer

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.classification.descent import Descent
    from wordkin.classification.features import Scorer
    from wordkin.classification.heads import Lesson, Plan
    from wordkin.classification.kinds import Features
    from wordkin.classification.pretrained import Dense, Frozen
    from wordkin.documents.reading import Documents

_EPOCHS = 10
_COMPILED = "wordkin.kernels.classify"
_FEW_WORDS = 1 << 13  # scored by Python in 0.1 s; loading compiled code takes half a second


class MeanHead:
    """A linear classifier over words and n-grams.

    Parameters
    ----------
    plan : Plan
        What to build it from.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        frozen = not plan.settings["trainable"]
        self.epochs: int = 1 if frozen else plan.settings["epochs"] or _EPOCHS
        self.closing = 0 if frozen else CLOSING
        self._linear: Linear
        self._stale = False  # what `_learner` has learned is not in `_linear` yet
        self._features: Features
        self._learner: Descent | Frozen
        self._dense: Dense | None = None
        self._compiled: Scorer | None = None
        self._plain: PlainScorer | None = None

    @classmethod
    def of(cls, plan: Plan, linear: Linear) -> MeanHead:
        """Make one that has learned.

        Parameters
        ----------
        plan : Plan
            Of the classifier.
        linear : Linear
            What it has learned.

        Returns
        -------
        MeanHead
            Ready to score.
        """
        head = cls(plan)
        head._take(linear)
        return head

    @property
    def linear(self) -> Linear:
        """What has been learned."""
        if self._stale:
            weights, bias, sharpness = self._learner.learned()
            if self._dense is not None:
                weights = self._dense.folded(weights, len(self._features.idf))
            self._take(Linear(self._features, weights, bias, sharpness))
        return self._linear

    def _take(self, linear: Linear) -> None:
        if self._compiled is None or linear.features is not self._linear.features:
            self._compiled = self._plain = None
        self._linear, self._stale = linear, False

    def begin(self, lesson: Lesson) -> None:
        """Choose the features, and make a table of zeros.

        Parameters
        ----------
        lesson : Lesson
            The training part.
        """
        from wordkin.classification.descent import Descent
        from wordkin.classification.features import learn_features

        settings, words = self._plan.settings, self._plan.vocabulary.words
        self._features, bags = learn_features(
            lesson.documents,
            words,
            kinds_of(self._plan),
            settings=settings,
        )
        n_rows = len(self._features.idf)
        if self._plan.vectors is None:
            self._learner = Descent(bags, lesson, self._plan, n_rows=n_rows)
            return
        from wordkin.classification.pretrained import Dense, Frozen

        dense = Dense.of(self._plan.vectors, words)
        if settings["trainable"]:
            self._dense, bags = dense.joined(bags, n_rows)
            n_rows += dense.matrix.shape[1]
            self._learner = Descent(bags, lesson, self._plan, n_rows=n_rows)
        else:
            self._dense, means = dense.means(bags, 1.0)
            self._learner = Frozen(means, lesson, self._plan)

    def learn(self, lesson: Lesson, epoch: int) -> float:
        """Pass over the training part once.

        Parameters
        ----------
        lesson : Lesson
            What `begin` was given.
        epoch : int
            Counts from 0.

        Returns
        -------
        float
            The mean squared hinge loss, a class against the rest.
        """
        self._stale = True
        return self._learner.learn(epoch, self.epochs)

    def end(self) -> None:
        """Let go of the features of the training part, which are larger than what was learned."""
        _ = self.linear  # takes what was learned
        self._dense = None
        del self._learner

    def scores(self, documents: Documents, *, workers: int | None = None) -> NDArray[np.float32]:
        """Return logits.

        Parameters
        ----------
        documents : Documents
            n documents.
        workers : int, optional
            Threads; all cores by default.

        Returns
        -------
        ndarray of float32
            Shape (n, k); those of a document without a known feature are the biases.
        """
        linear = self.linear
        if len(documents.ids) <= _FEW_WORDS and _COMPILED not in sys.modules:
            sums = self.plain().scores(documents, linear.weights, linear.bias)
        else:
            sums = self._scorer().scores(documents, linear.weights, linear.bias, workers=workers)
        return linear.logits(sums)

    def _scorer(self) -> Scorer:
        if self._compiled is None:
            from wordkin.classification.features import Scorer

            self._compiled = Scorer(self.linear.features, self._plan.vocabulary.words)
        return self._compiled

    def plain(self) -> PlainScorer:
        """Return what scores and names features without a compiler.

        Returns
        -------
        PlainScorer
            Of the features of this head.
        """
        if self._plain is None:
            self._plain = PlainScorer(self.linear.features, self._plan.vocabulary.words)
        return self._plain

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what has been learned.

        Returns
        -------
        dict of str to ndarray
            For `restore`.
        """
        return self.linear.arrays()

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
        self._take(Linear.of(arrays, kinds_of(self._plan), self._plan.n_classes))


def kinds_of(plan: Plan) -> Kinds:
    """Return what the features of a plan are.

    Parameters
    ----------
    plan : Plan
        Its settings and vocabulary.

    Returns
    -------
    Kinds
        For the vocabulary as it is.
    """
    letters = plan.settings["letters"] and tuple(plan.settings["letters"])
    if not plan.settings["trainable"]:
        return Kinds(len(plan.vocabulary), 1, None)  # only words have vectors
    return Kinds(len(plan.vocabulary), plan.settings["ngrams"], letters or None)
