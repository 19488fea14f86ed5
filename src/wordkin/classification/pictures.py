"""Pictures of a classifier: what was taken for what, and how learning went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wordkin.errors import InputError, require

if TYPE_CHECKING:
    from wordkin.classification.reporting import Report

_NAMED = 30  # classes; the names of more could not be read


def confusion_picture(report: Report, axes: Any = None) -> Any:  # noqa: ANN401
    """Draw the confusion matrix, each row as shares of the texts of its class.

    Parameters
    ----------
    report : Report
        What was taken for what.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on; ``axes.figure.savefig(path)`` saves it.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    k = len(report.classes)
    axes = _axes(axes, size=max(4.0, min(12.0, 2.0 + 0.4 * k)))
    shares = report.confusion / report.support.clip(1)[:, None]
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.figure.colorbar(picture, ax=axes, label="share of the texts of the class")
    if k <= _NAMED:
        axes.set_xticks(range(k), report.classes, rotation=90)
        axes.set_yticks(range(k), report.classes)
    if k <= _NAMED // 2:
        for i in range(k):
            for j in range(k):
                shade = "white" if shares[i, j] > 0.5 else "black"
                axes.text(j, i, str(report.confusion[i, j]), ha="center", va="center", color=shade)
    axes.set(xlabel="taken for", ylabel="class", title=f"accuracy {report.accuracy:.1%}")
    return axes


def history_picture(history: dict[str, list[float]], axes: Any = None) -> Any:  # noqa: ANN401
    """Draw the loss, and the accuracy on held-out texts, over the epochs.

    Parameters
    ----------
    history : dict of str to list of float
        `TextClassifier.history_`.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    InputError
        If there is no history.
    """
    if not history.get("loss"):
        raise InputError("There is no history to draw: a classifier from a file has none.")
    axes = _axes(axes, size=5.0)
    epochs = range(1, len(history["loss"]) + 1)
    lines = axes.plot(epochs, history["loss"], color="C0", label="loss")
    if "val_loss" in history:
        lines += axes.plot(epochs, history["val_loss"], color="C1", label="loss, held out")
        right = axes.twinx()
        lines += right.plot(
            epochs, history["val_accuracy"], color="C2", linestyle="--", label="accuracy, held out"
        )
        right.set(ylabel="accuracy")
    axes.set(xlabel="epoch", ylabel="loss")
    axes.legend(handles=lines)
    return axes


def _axes(axes: Any, size: float) -> Any:  # noqa: ANN401
    if axes is not None:
        return axes
    pyplot = require("matplotlib.pyplot", extra="plot")
    return pyplot.subplots(figsize=(size, size), layout="constrained")[1]
