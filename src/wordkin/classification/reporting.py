"""How well predictions fit: accuracy, and precision, recall and F1 of each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import InputError
from wordkin.vocabulary.spelling import shown

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
        return float(self.f1[self._occurs].mean())

    @property
    def _occurs(self) -> NDArray[np.bool_]:
        out: NDArray[np.bool_] = self.support + self.confusion.sum(axis=0) > 0
        return out

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as text.

        Returns
        -------
        list of tuple of str
            The header, a row for each class, and the means over the classes that occur.
        """
        occurs = self._occurs
        means = (self.precision[occurs].mean(), self.recall[occurs].mean(), self.macro_f1)
        columns = (self.classes, self.precision, self.recall, self.f1, self.support)
        return [
            ("", "precision", "recall", "F1", "texts"),
            *(_row(str(label), *numbers) for label, *numbers in zip(*columns, strict=True)),
            _row("all", *means, self.support.sum()),
        ]

    def __str__(self) -> str:
        rows = [(shown(label), *numbers) for label, *numbers in self.rows()]
        width = max(len(label) for label, *_ in rows)
        lines = [f"{c:{width}}  {p:>9}  {r:>6}  {f:>5}  {n:>5}" for c, p, r, f, n in rows]
        return "\n".join([*lines, f"accuracy {self.accuracy:.3f}"])


def _row(label: str, *numbers: float) -> tuple[str, ...]:
    *shares, texts = numbers
    return label, *(f"{share:.3f}" for share in shares), str(texts)


def _shares(parts: NDArray[np.int64], wholes: NDArray[np.int64]) -> NDArray[np.float64]:
    out: NDArray[np.float64] = parts / np.maximum(wholes, 1)
    return out
