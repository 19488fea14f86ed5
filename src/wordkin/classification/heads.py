"""What a head is: the part of a classifier that learns to tell classes from numbered words.

There are three: ``"mean"`` (`wordkin.classification.mean`, compiled, no framework), ``"cnn"`` and
``"gru"`` (`wordkin.classification.networks`, Keras). A head knows neither texts nor labels nor
files: documents come in numbers, classes are 0..k-1, and what it has learned are named arrays.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.documents.reading import Documents
    from wordkin.table import VectorTable
    from wordkin.vocabulary import Vocabulary

HEADS = {"mean": "mean:MeanHead", "cnn": "networks:CNNHead", "gru": "networks:GRUHead"}
"""Where each head is: module and class."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a head is built from.

    Parameters
    ----------
    settings : mapping
        The settings of the `TextClassifier` that are JSON values, by name; what the user left open
        is None.
    vocabulary : Vocabulary
        The V words, with pad row 0 and unknown row 1.
    n_classes : int
        The number k of classes, 2 or more.
    vectors : VectorTable, optional
        Pretrained vectors to begin with; None from scratch, and when a file is loaded.
    """

    settings: Mapping[str, Any]
    vocabulary: Vocabulary
    n_classes: int
    vectors: VectorTable | None = None


class Lesson(NamedTuple):
    """What a head learns from.

    Parameters
    ----------
    documents : Documents
        n documents.
    targets : ndarray of int32
        Shape (n,): the class of each, 0..k-1.
    weights : ndarray of float32
        Shape (n,): how much each counts (1 without class weights).
    """

    documents: Documents
    targets: NDArray[np.int32]
    weights: NDArray[np.float32]

    def take(self, chosen: NDArray[np.int64]) -> Lesson:
        """Return a part.

        Parameters
        ----------
        chosen : ndarray of int64
            The positions of documents, in the order wanted.

        Returns
        -------
        Lesson
            Of these documents.
        """
        return Lesson(self.documents.take(chosen), self.targets[chosen], self.weights[chosen])


class Head(Protocol):
    """What learns. Made as ``MeanHead(plan)``; then `begin`, or `restore` from saved arrays."""

    epochs: int
    """How many passes to make, after the settings or by default."""
    closing: int
    """How many of these, at the end, learn from what the others keep back: never left out."""

    def begin(self, lesson: Lesson) -> None:
        """Make the arrays and whatever else learning needs; called once, before `learn`."""
        ...

    def learn(self, lesson: Lesson, epoch: int) -> float:
        """Pass over the lesson once (epoch counts from 0) and return the mean loss in it."""
        ...

    def end(self) -> None:
        """Let go of what only learning needs; called once, after the last `learn`."""
        ...

    def scores(self, documents: Documents, *, workers: int | None = None) -> NDArray[np.float32]:
        """Return logits, shape (n, k), whose softmax are probabilities; finite for any document.

        Threads are up to who asks, not to the settings it was learned with.
        """
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what has been learned: float32, int32, int64, int8 or uint8 arrays by name.

        They may be live: who keeps them while learning goes on copies them.
        """
        ...

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take arrays that `arrays` of a head of the same plan gave.

        From a file they may be damaged: wrong names, shapes or dtypes raise `FormatError`.
        """
        ...


def make_head(plan: Plan) -> Head:
    """Make the head that the settings name; only its module is imported.

    Parameters
    ----------
    plan : Plan
        With the setting ``head``.

    Returns
    -------
    Head
        It has learned nothing yet.
    """
    module, name = HEADS[plan.settings["head"]].split(":")
    made: Head = getattr(importlib.import_module(f"wordkin.classification.{module}"), name)(plan)
    return made
