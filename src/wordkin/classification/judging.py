"""How good a classifier is, in figures and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wordkin.classification import checks
from wordkin.classification.estimator import Estimator
from wordkin.classification.pictures import confusion_picture, history_picture
from wordkin.classification.reporting import Report
from wordkin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.classification.learning import History
    from wordkin.classification.preparing import Given

    Texts = Iterable[str]


class Judged(Estimator):
    """The part of a classifier that needs nothing but its predictions."""

    history_: History
    _judged_by: Given | None

    def predict(self, texts: Texts) -> NDArray[np.str_]:
        """Return the most probable label of each text."""
        raise NotImplementedError

    def score(self, texts: Texts, labels: Texts) -> float:
        """Return the share of texts that get their label (accuracy).

        Parameters
        ----------
        texts : iterable of str
            n texts, at least one.
        labels : iterable of str
            Their labels.

        Returns
        -------
        float
            0..1.

        Raises
        ------
        InputError
            If texts or labels are no strings or none, or nothing has been learned.
        """
        return self.report(texts, labels).accuracy

    def report(self, texts: Texts | None = None, labels: Texts | None = None) -> Report:
        """Return precision, recall and F1 of each class, and what was taken for what.

        Parameters
        ----------
        texts, labels : iterable of str, optional
            What to judge by; by default the texts that `fit` held out.

        Returns
        -------
        Report
            Print it for a table.

        Raises
        ------
        InputError
            If texts or labels are no strings or none, or nothing has been learned or held out.
        """
        self._check_fitted()
        if texts is None or labels is None:
            if self._judged_by is None or texts is not None or labels is not None:
                raise InputError(
                    "Give texts and labels to judge by, or fit with validation=0.2: there are no "
                    "held-out texts."
                )
            listed, expected = self._judged_by
        else:
            listed = checks.checked_texts(texts)
            expected = checks.checked_labels(labels, len(listed))
        return Report.of(expected, self.predict(listed), self.classes_)

    def plot_confusion(
        self, texts: Texts | None = None, labels: Texts | None = None, axes: object = None
    ) -> Any:  # noqa: ANN401
        """Draw what was taken for what.

        Parameters
        ----------
        texts, labels : iterable of str, optional
            What to judge by; by default the texts that `fit` held out.
        axes : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            What was drawn on; ``axes.figure.savefig(path)`` saves it.

        Raises
        ------
        InputError
            If there is nothing to judge by, or nothing has been learned.
        MissingExtraError
            If Matplotlib is not installed.
        """
        return confusion_picture(self.report(texts, labels), axes)

    def plot_learning_curve(self, axes: object = None) -> Any:  # noqa: ANN401
        """Draw loss and accuracy over the epochs.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            What was drawn on.

        Raises
        ------
        InputError
            If nothing has been learned, or by another process, and then loaded.
        MissingExtraError
            If Matplotlib is not installed.
        """
        self._check_fitted()
        return history_picture(self.history_, axes)
