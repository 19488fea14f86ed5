"""Pictures of a classifier: what was taken for what, and how learning went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wordkin.errors import InputError
from wordkin.frameworks import new_axes
from wordkin.lettering import lettering

if TYPE_CHECKING:
    from wordkin.classification.reporting import Report
    from wordkin.lettering import Lettering

_NAMED = 30  # classes; the names of more could not be read
_NUMBERED = 22  # classes; more leave no room for numbers


def confusion_picture(
    report: Report,
    axes: Any = None,  # noqa: ANN401
    *,
    letters: Lettering | None = None,
) -> Any:  # noqa: ANN401
    """Draw the confusion matrix, each row as shares of the texts of its class.

    Parameters
    ----------
    report : Report
        What was taken for what.
    axes : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    letters : Lettering, optional
        How the labels are drawn; by default in fonts that are looked for.

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
    side = max(4.0, min(12.0, 2.0 + 0.4 * k))
    axes = new_axes((side, side)) if axes is None else axes
    shares = report.confusion / report.support.clip(1)[:, None]
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    bar = axes.figure.colorbar(picture, ax=axes, shrink=0.8)
    bar.set_label("share of the texts of the class", fontsize=8)
    if letters is None:
        letters = lettering(map(str, report.classes))
    names = [letters.drawn(str(name)) for name in report.classes]
    size = 9 if k <= _NAMED // 2 else 7.5
    font = {"fontsize": size, "family": letters.families, "parse_math": False}
    if k <= _NAMED:
        # short names can be read as they stand
        upright = max(map(len, names)) > 4 or k > _NAMED // 2
        axes.set_xticks(range(k), names, rotation=90 if upright else 0, **font)
        axes.set_yticks(range(k), names, **font)
        axes.tick_params(length=0)
    if k <= _NUMBERED:
        for i in range(k):
            for j in range(k):
                if report.confusion[i, j]:
                    shade = "white" if shares[i, j] > 0.5 else "black"
                    count = str(report.confusion[i, j])
                    axes.text(j, i, count, ha="center", va="center", color=shade, fontsize=size - 2)
    axes.set_xlabel("taken for", fontsize=9)
    axes.set_ylabel("class", fontsize=9)
    axes.set_title(f"accuracy {100 * report.accuracy:.1f} %", fontsize=10)
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
    axes = new_axes((5.0, 5.0)) if axes is None else axes
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
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}  # where no line is
    axes.legend(handles=lines, ncols=len(lines), fontsize=8, frameon=False, **place)
    return axes
