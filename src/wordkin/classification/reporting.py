"""How well predictions fit: accuracy, and precision, recall and F1 of each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import InputError

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Report:
    """What was taken for what, and the figures that follow from it.

    Parameters
    ----------
    classes : ndarray of str
        Shape (k,): the labels.
    confusion : ndarray of int64
        Shape (k, k): how many texts of the class of the row were taken for that of the column.

    Examples
    --------
    >>> report = Report.of(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    >>> report.confusion
    array([[1, 1],
           [0, 2]])
    >>> report.accuracy, report.recall
    (0.75, array([0.5, 1. ]))
    >>> print(report)
           precision  recall     F1  texts
    a          1.000   0.500  0.667      2
    b          0.667   1.000  0.800      2
    all        0.833   0.750  0.733      4
    accuracy 0.750
    """

    classes: NDArray[np.str_]
    confusion: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        expected: NDArray[np.str_] | list[str],
        predicted: NDArray[np.str_] | list[str],
        classes: NDArray[np.str_] | None = None,
    ) -> Self:
        """Compare predictions with what was expected.

        Parameters
        ----------
        expected, predicted : array_like of str
            Shape (n,), n at least 1.
        classes : ndarray of str, optional
            Labels to show even if none of them occurs; others are added.

        Returns
        -------
        Report
            For all labels.

        Raises
        ------
        InputError
            If there is nothing to compare, or the lengths differ.
        """
        if len(expected) != len(predicted) or not len(expected):
            raise InputError(
                f"There must be a prediction for each text, and one at least; got {len(expected)} "
                f"labels and {len(predicted)} predictions."
            )
        parts = [np.asarray(expected), np.asarray(predicted)]
        both = np.concatenate(parts if classes is None else [*parts, classes])
        labels, numbers = np.unique(both, return_inverse=True)
        n = len(expected)
        confusion = np.zeros((len(labels), len(labels)), np.int64)
        np.add.at(confusion, (numbers[:n], numbers[n : 2 * n]), 1)
        return cls(labels, confusion)

    @property
    def support(self) -> NDArray[np.int64]:
        """How many texts each class has: shape (k,)."""
        out: NDArray[np.int64] = self.confusion.sum(axis=1)
        return out

    @property
    def accuracy(self) -> float:
        """The share of texts that got their label."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def precision(self) -> NDArray[np.float64]:
        """The share of the texts taken for a class that are of it; 0 where none was taken."""
        return _shares(np.diag(self.confusion), self.confusion.sum(axis=0))

    @property
    def recall(self) -> NDArray[np.float64]:
        """The share of the texts of a class that were taken for it; 0 where there are none."""
        return _shares(np.diag(self.confusion), self.support)

    @property
    def f1(self) -> NDArray[np.float64]:
        """The harmonic mean of precision and recall; 0 where both are."""
        return _shares(2 * np.diag(self.confusion), self.support + self.confusion.sum(axis=0))

    @property
    def macro_f1(self) -> float:
        """The mean F1 over the classes that occur, in the texts or in the predictions."""
        occurs = self.support + self.confusion.sum(axis=0) > 0
        return float(self.f1[occurs].mean())

    def __str__(self) -> str:
        width = max([len("all"), *(len(str(label)) for label in self.classes)])
        lines = [f"{'':{width}}  precision  recall     F1  texts"]
        rows = zip(self.classes, self.precision, self.recall, self.f1, self.support, strict=True)
        lines += [f"{c:{width}}  {p:9.3f}  {r:6.3f}  {f:5.3f}  {n:5}" for c, p, r, f, n in rows]
        occurs = self.support + self.confusion.sum(axis=0) > 0
        means = (self.precision[occurs].mean(), self.recall[occurs].mean(), self.macro_f1)
        lines.append(
            f"{'all':{width}}  {means[0]:9.3f}  {means[1]:6.3f}  {means[2]:5.3f}  "
            f"{self.support.sum():5}"
        )
        return "\n".join([*lines, f"accuracy {self.accuracy:.3f}"])


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    out: NDArray[np.float64] = parts / np.maximum(wholes, 1)
    return out
