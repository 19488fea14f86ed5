"""What an evaluation found: scores, differences, and how to show them."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wordkin.files import atomic_write

if TYPE_CHECKING:
    import os

    from wordkin.evaluation.statistics import Difference

    Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Part:
    """A section of a test set.

    Parameters
    ----------
    name : str
        Its name.
    value : float
        The accuracy; NaN if nothing is covered.
    items, covered : int
        Questions, and those all words of which have vectors.
    """

    name: str
    value: float
    items: int
    covered: int


@dataclass(frozen=True)
class Score:
    """How good vectors are on one test set.

    Parameters
    ----------
    vectors, test_set : str
        Their names.
    kind : str
        What kind of test set it is.
    measure : str
        ``"spearman"``, ``"accuracy"`` or ``"purity"``.
    value : float
        The score; NaN where there is none.
    low, high : float
        Its 95 % bootstrap interval.
    items, covered : int
        Items of the set, and those that the vectors cover.
    skipped : int
        Lines of the file that hold no item.
    pearson : float, optional
        The linear correlation, where it is a set of pairs.
    parts : tuple of Part
        The sections of a file of analogies.
    """

    vectors: str
    test_set: str
    kind: str
    measure: str
    value: float
    low: float
    high: float
    items: int
    covered: int
    skipped: int = 0
    pearson: float | None = None
    parts: tuple[Part, ...] = ()

    @property
    def coverage(self) -> float:
        """The share of items that is covered, from 0 to 1."""
        return self.covered / self.items


@dataclass(frozen=True)
class Comparison:
    """How much better vectors are than the first ones, on the items that both cover.

    Parameters
    ----------
    test_set : str
        The name of the set.
    first, other : str
        The names of the vectors.
    difference : Difference
        Other minus first, with interval and p-value.
    """

    test_set: str
    first: str
    other: str
    difference: Difference


@dataclass(frozen=True)
class Evaluation:
    """Scores of one or several vectors on one or several test sets.

    Parameters
    ----------
    vectors : tuple of str
        The names of the vectors.
    scores : tuple of Score
        One for each test set and vectors.
    comparisons : tuple of Comparison
        Each of the other vectors with the first, on each set.
    settings : dict
        What was asked for.
    """

    vectors: tuple[str, ...]
    scores: tuple[Score, ...]
    comparisons: tuple[Comparison, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def rows(self) -> Rows:
        """Return the scores as text, with a line of titles.

        Returns
        -------
        list of tuples of str
            Test set, vectors, measure, score, interval, coverage.
        """
        titles = ("test set", "vectors", "measure", "score", "95 % interval", "covered")
        rows: Rows = [titles]
        rows += [
            (
                score.test_set,
                score.vectors,
                score.measure,
                percent(score.value),
                f"{percent(score.low)} to {percent(score.high)}",
                f"{score.covered:,} of {score.items:,}",
            )
            for score in self.scores
        ]
        return rows

    def comparison_rows(self) -> Rows:
        """Return the comparisons as text, with a line of titles.

        Returns
        -------
        list of tuples of str
            Test set, the two vectors, difference, interval, p-value, items.
        """
        titles = ("test set", "vectors", "against", "difference", "95 % interval", "p", "items")
        rows: Rows = [titles]
        rows += [
            (
                each.test_set,
                each.other,
                each.first,
                percent(each.difference.value, sign=True),
                f"{percent(each.difference.low, sign=True)} to "
                f"{percent(each.difference.high, sign=True)}",
                "-" if math.isnan(each.difference.p) else f"{each.difference.p:.3f}",
                f"{each.difference.items:,}",
            )
            for each in self.comparisons
        ]
        return rows

    def __str__(self) -> str:
        blocks = [self.rows()] + ([self.comparison_rows()] if self.comparisons else [])
        return "\n\n".join(_aligned(rows) for rows in blocks)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; what is no number is None.

        Returns
        -------
        dict
            With ``"vectors"``, ``"scores"``, ``"comparisons"`` and ``"settings"``.
        """
        scores = [
            {**vars(score), "coverage": score.coverage, "parts": [vars(p) for p in score.parts]}
            for score in self.scores
        ]
        comparisons = [
            {
                "test_set": each.test_set,
                "first": each.first,
                "other": each.other,
                **each.difference._asdict(),
            }
            for each in self.comparisons
        ]
        plain: dict[str, Any] = _without_nan(
            {
                "vectors": list(self.vectors),
                "scores": scores,
                "comparisons": comparisons,
                "settings": self.settings,
            }
        )
        return plain

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """Make one page that needs no other file.

        Parameters
        ----------
        path : str or path-like, optional
            Where to write it.

        Returns
        -------
        str
            The page.

        Raises
        ------
        FileError
            If the file can't be written.
        """
        page = _page(self)
        if path is not None:
            with atomic_write(path) as file:
                file.write(page.encode("utf-8", "backslashreplace"))
        return page


def percent(value: float, *, sign: bool = False) -> str:
    """Return a score times 100 as text.

    Parameters
    ----------
    value : float
        The score.
    sign : bool
        Show a plus.

    Returns
    -------
    str
        A dash if it is no number.

    Examples
    --------
    >>> percent(0.4567), percent(0.1, sign=True), percent(float("nan"))
    ('45.7', '+10.0', '-')
    """
    if math.isnan(value):
        return "-"
    return f"{100 * value:+.1f}" if sign else f"{100 * value:.1f}"


def _aligned(rows: Rows) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _without_nan(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .8rem; text-align: left; border-bottom: 1px solid #ddd }
.bar { width: 14rem; height: .8rem; background: #eee; position: relative }
.bar i { position: absolute; height: 100%; background: #4472c4; left: 0 }
.bar b { position: absolute; top: .3rem; height: .2rem; background: #1b1b1b }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #181818 } th, td { border-color: #444 } .bar { background: #333 }
  .bar b { background: #eee } }
"""


def _page(evaluation: Evaluation) -> str:
    titles, *rows = evaluation.rows()
    bars = [_bar(score) for score in evaluation.scores]
    body = ["<h1>Evaluation of word vectors</h1>"]
    body.append(
        _table((*titles, ""), [(*map(_safe, r), b) for r, b in zip(rows, bars, strict=True)])
    )
    if evaluation.comparisons:
        titles, *rows = evaluation.comparison_rows()
        body.append("<h2>Compared on the items that both cover</h2>")
        body.append(_table(titles, [tuple(map(_safe, row)) for row in rows]))
    for score in evaluation.scores:
        if score.parts:
            body.append(f"<h2>{_safe(score.test_set)}: {_safe(score.vectors)}</h2>")
            parts: Rows = [
                (_safe(p.name), percent(p.value), f"{p.covered:,} of {p.items:,}")
                for p in score.parts
            ]
            body.append(_table(("section", "score", "covered"), parts))
    settings = ", ".join(f"{key} = {value}" for key, value in evaluation.settings.items())
    body.append(f"<p>Settings: {_safe(settings)}. Intervals: bootstrap over the items.</p>")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Evaluation of word vectors</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _table(titles: tuple[str, ...], rows: Rows) -> str:
    head = "".join(f"<th>{_safe(title)}</th>" for title in titles)
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return f"<table>\n<tr>{head}</tr>\n" + "\n".join(lines) + "\n</table>"


def _bar(score: Score) -> str:
    """A bar from 0 to 100 with its interval; nothing where there is no score."""
    if any(math.isnan(x) for x in (score.value, score.low, score.high)):
        return ""
    value, low, high = (100 * min(max(x, 0.0), 1.0) for x in (score.value, score.low, score.high))
    return (
        f'<div class="bar"><i style="width:{value:.1f}%"></i>'
        f'<b style="left:{low:.1f}%;width:{max(high - low, 0.5):.1f}%"></b></div>'
    )


def _safe(text: str) -> str:
    return html.escape(text)
