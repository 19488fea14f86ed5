"""The result of a bake-off: one row for each model, as text, Markdown or CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wordkin.errors import InputError
from wordkin.files import atomic_write

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from wordkin.classification.leaks import Leaks
    from wordkin.evaluation.statistics import Difference, Interval

_HEADER = (
    "model", "accuracy", "95 %", "macro-F1", "95 %", "points to best baseline", "95 %",
    "train s", "texts/s", "MB",
)  # fmt: skip
_ANY = 1e8  # texts a second: nothing is done with them
ALIGN = "<>>>>>>>>>"
_CSV = (
    "model", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "macro_f1_low",
    "macro_f1_high", "difference", "difference_low", "difference_high", "p",
    "f1_difference", "f1_difference_low", "f1_difference_high", "f1_p",
    "seconds", "texts_per_second", "megabytes",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one model did.

    Parameters
    ----------
    name : str
        The model.
    accuracy, macro_f1 : float
        On the test. Macro-F1 is the mean over the labels.
    accuracy_interval, macro_f1_interval : Interval
        Where 95 of 100 resamples of the test lie.
    against : (Difference, Difference) or None
        Accuracy and macro-F1 less those of the best baseline, on the same resamples; None for that
        baseline itself.
    predictions : tuple of str
        The label that it gives to each test text.
    seconds : float
        Of training.
    texts_per_second : float
        In predicting.
    megabytes : float or None
        What it has to keep: its file or, for baselines, words and weights. None where unknown.
    """

    name: str
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    macro_f1_interval: Interval
    against: tuple[Difference, ...] | None
    predictions: tuple[str, ...] = field(repr=False)
    seconds: float
    texts_per_second: float
    megabytes: float | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What `wordkin.compare` returns.

    Parameters
    ----------
    scores : tuple of Score
        In the order in which the models ran.
    baseline : str or None
        The baseline with the highest accuracy. It is chosen on the test itself, which favours it.
    n_train, n_test, n_classes : int
        Texts and labels.
    left_out : mapping of str to str
        Models that could not run, and why.
    leaks : Leaks or None
        What makes the test too easy.
    """

    scores: tuple[Score, ...]
    baseline: str | None
    n_train: int
    n_test: int
    n_classes: int
    left_out: Mapping[str, str] = field(default_factory=dict)
    leaks: Leaks | None = None

    def __getitem__(self, name: str) -> Score:
        for score in self.scores:
            if score.name == name:
                return score
        known = ", ".join(score.name for score in self.scores)
        raise InputError(f"No model {name!r} was compared. There are {known}.")

    @property
    def best(self) -> Score:
        """The model with the highest accuracy."""
        return max(self.scores, key=lambda score: score.accuracy)

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table as text.

        Returns
        -------
        list of tuple of str
            The header, then a row for each model.
        """
        return [_HEADER, *(_row(score) for score in self.scores)]

    def to_markdown(self) -> str:
        """Return the table in Markdown.

        Returns
        -------
        str
            Lines that end in line feeds.
        """
        header, *rows = self.rows()
        sides = ["---" if side == "<" else "---:" for side in ALIGN]
        lines = [header, sides, *(_escaped(row) for row in rows)]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table, with all digits.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced.

        Raises
        ------
        FileError
            If it can't be written.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_CSV)
        writer.writerows(_numbers(score) for score in self.scores)
        with atomic_write(path, mode="w") as file:
            file.write(text.getvalue())

    def notes(self) -> list[str]:
        """Return what belongs under the table.

        Returns
        -------
        list of str
            Lines.
        """
        lines = [
            f"{self.n_train:,} texts to learn from, {self.n_test:,} to test with, "
            f"{self.n_classes:,} labels."
        ]
        if self.baseline is not None:
            lines.append(f"The best baseline is {self.baseline}.")
        lines += [f"Left out: {name} ({reason})." for name, reason in self.left_out.items()]
        return lines

    def __str__(self) -> str:
        rows = self.rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if side == "<" else cell.rjust(width)
                for cell, width, side in zip(row, widths, ALIGN, strict=True)
            ).rstrip()
            for row in rows
        ]
        leaks = [] if self.leaks is None else ["", str(self.leaks)]
        return "\n".join([*lines, "", *self.notes(), *leaks])


def _row(score: Score) -> tuple[str, ...]:
    against = ("", "")
    if score.against is not None:
        one = score.against[0]
        against = f"{100 * one.value:+.1f}", f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
    size = "" if score.megabytes is None else f"{score.megabytes:.1f}"
    return (
        score.name,
        f"{100 * score.accuracy:.1f} %",
        _between(score.accuracy_interval),
        f"{100 * score.macro_f1:.1f} %",
        _between(score.macro_f1_interval),
        *against,
        f"{score.seconds:.1f}",
        f"{score.texts_per_second:,.0f}" if score.texts_per_second < _ANY else "",
        size,
    )


def _between(interval: Interval) -> str:
    return f"{100 * interval.low:.1f}-{100 * interval.high:.1f}"


def _numbers(score: Score) -> Sequence[object]:
    differences = score.against or (None, None)
    flat: list[object] = []
    for one in differences:
        flat += ["", "", "", ""] if one is None else [one.value, one.low, one.high, one.p]
    # what begins like a formula is run by spreadsheets; behind an apostrophe it is text to them
    name = f"'{score.name}" if score.name.lstrip()[:1] in tuple("=+-@") else score.name
    return [
        name,
        score.accuracy,
        *score.accuracy_interval,
        score.macro_f1,
        *score.macro_f1_interval,
        *flat,
        score.seconds,
        score.texts_per_second,
        "" if score.megabytes is None else score.megabytes,
    ]


def _escaped(row: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|").replace("\n", " ") for cell in row]
