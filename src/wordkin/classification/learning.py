"""The loop over epochs that all heads share: history, early stopping, the best weights kept."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.errors import TrainingError
from wordkin.progress import task

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from wordkin.classification.heads import Head, Lesson

    History = dict[str, list[float]]


class Rule(NamedTuple):
    """What to judge by, when to stop, and whom to tell.

    Parameters
    ----------
    held_out : Lesson or None
        What to judge by after each epoch; the epoch with the lowest loss there is kept. Without
        it the last epoch is.
    patience : int or None
        Go on to the closing passes of the head, and stop with them, when the loss on held-out
        documents has not fallen for this many epochs; None never stops early.
    tell : callable or None
        Called after each epoch with its number, the number of epochs, and the history.
    workers : int or None
        Threads to judge with.
    """

    held_out: Lesson | None = None
    patience: int | None = None
    tell: Callable[[int, int, History], None] | None = None
    workers: int | None = None


def learn(head: Head, lesson: Lesson, rule: Rule) -> History:
    """Let a head learn, and leave in it the best that it has been.

    Parameters
    ----------
    head : Head
        Fresh from `make_head`.
    lesson : Lesson
        What to learn from.
    rule : Rule
        What to judge by, and when to stop early.

    Returns
    -------
    dict of str to list of float
        For each epoch "loss" and "seconds" and, with documents held out, "val_loss" and
        "val_accuracy".

    Raises
    ------
    TrainingError
        If the loss is not finite.
    """
    history: History = {"loss": [], "seconds": []}
    best: dict[str, NDArray[Any]] = {}
    with task("counting features"):
        head.begin(lesson)
    epoch = 0
    while epoch < head.epochs:
        began = time.perf_counter()
        loss = head.learn(lesson, epoch)
        epoch += 1
        if not np.isfinite(loss):
            raise TrainingError(f"The loss is {loss} in epoch {epoch}. Try a lower learning_rate.")
        history["loss"].append(loss)
        history["seconds"].append(time.perf_counter() - began)
        if rule.held_out is not None:
            _judge(head, rule.held_out, history, workers=rule.workers)
            if not _since_best(history):
                best = {name: array.copy() for name, array in head.arrays().items()}
        if rule.tell is not None:
            rule.tell(epoch, head.epochs, history)
        # an epoch that is the best one ends nothing, not even for a patience of 0
        if rule.patience is not None and _since_best(history) >= max(1, rule.patience):
            if epoch > head.epochs - head.closing:
                break
            epoch = head.epochs - head.closing
    if best and _since_best(history):
        head.restore(best)
    head.end()
    return history


def _since_best(history: History) -> int:
    """How many epochs ago the loss on held-out documents was lowest; 0 without any."""
    losses = history.get("val_loss", [0.0])
    return losses[::-1].index(min(losses))


def _judge(head: Head, held_out: Lesson, history: History, *, workers: int | None) -> None:
    scores = head.scores(held_out.documents, workers=workers)
    p = softmax(scores)
    right = p[np.arange(len(p)), held_out.targets]
    loss = -np.log(np.maximum(right, 1e-12)) @ held_out.weights / held_out.weights.sum()
    history.setdefault("val_loss", []).append(float(loss))
    accuracy = float(np.mean(scores.argmax(1) == held_out.targets))
    history.setdefault("val_accuracy", []).append(accuracy)


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn logits into probabilities.

    Parameters
    ----------
    scores : ndarray
        Shape (n, k), finite.

    Returns
    -------
    ndarray of float64
        Shape (n, k); each row sums to 1.
    """
    wide = scores.astype(np.float64)
    powers = np.exp(wide - wide.max(axis=1, keepdims=True))
    out: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return out
