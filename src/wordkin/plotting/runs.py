"""How training went, and what a classifier took for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.classification.pictures import confusion_picture
from wordkin.classification.reporting import Report
from wordkin.errors import InputError
from wordkin.lettering import lettering
from wordkin.plotting import page
from wordkin.training import EpochRecord, LossCurve, TrainedModel
from wordkin.training.recording import RunRecord
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from wordkin.lettering import Lettering

    Run = TrainedModel | RunRecord | LossCurve | WordVectors | Sequence[EpochRecord]
    Points = Sequence[tuple[float, float]]
    Named = list[tuple[Any, str]]

_MANY = 1000  # points in a line; more can't be seen


class _Curves(NamedTuple):
    """What can be drawn of a run; each a list of (x, y)."""

    loss: Points
    held_out: Points
    speed: Points
    scores: Mapping[str, Points]
    by_words: bool = True  # x counts words of the text; otherwise steps


def plot_training(
    run: Run | Mapping[str, Run], *, path: str | os.PathLike[str] | None = None
) -> Any:  # noqa: ANN401
    """Draw loss, words a second and scores over a training.

    Parameters
    ----------
    run : TrainedModel, RunRecord, LossCurve, WordVectors or history, or a mapping of names to them
        A run, or several to compare. A `RunRecord` knows most; vectors know the history of their
        training if wordkin made them, also when they come from a ``.safetensors`` file.
    path : path-like, optional
        Save it here, as .png or .svg.

    Returns
    -------
    matplotlib.figure.Figure
        One axes for each that is known, one below the other.

    Raises
    ------
    InputError
        If nothing is known of the training, or the path is no picture's.
    MissingExtraError
        If Matplotlib is not installed.
    FileError
        If the file can't be written.

    Examples
    --------
    >>> import wordkin as wk
    >>> corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
    >>> model = wk.train(corpus, wk.SkipGram(epochs=3), validation=0.1)
    >>> [axes.get_ylabel() for axes in wk.plot_training(model).axes]
    ['loss (nats)', 'words/s']
    """
    page.check_path(path)
    runs = run if isinstance(run, Mapping) else {"": run}
    curves = {str(name): _curves(each) for name, each in runs.items()}
    if not any(len(each.loss) for each in curves.values()):
        raise InputError("Nothing is known of this training: there is no history to draw.")
    by_words = all(each.by_words for each in curves.values())
    panels = [_draw_loss]
    panels += [_draw_speed] if any(len(each.speed) > 1 for each in curves.values()) else []
    panels += [_draw_scores] if any(each.scores for each in curves.values()) else []
    figure = page.new_page(6.8, 1.0 + 1.7 * len(panels) + 0.7)
    figure.set_layout_engine("constrained", hspace=0.04)
    heights = [1.5, *([1.0] * (len(panels) - 1))]
    grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False,
                           gridspec_kw={"height_ratios": heights}).ravel()  # fmt: skip
    letters = lettering([*curves, *(name for each in curves.values() for name in each.scores)])
    for draw, axes in zip(panels, grid, strict=True):
        page.plain_axes(axes)
        axes.grid(axis="y", color=page.GRID, linewidth=0.6)
        named = draw(axes, curves, letters)
        if named:
            page.add_legend(axes, *zip(*named, strict=True), families=letters.families,
                            handlelength=3.2)  # fmt: skip
    grid[-1].set_xlabel("words of the text, all epochs" if by_words else "steps", fontsize=8.5,
                        color=page.INK, family="DejaVu Sans")  # fmt: skip
    for axes in grid:
        axes.xaxis.set_major_formatter(_short)
        axes.set_xlim(left=0)
    return page.finish(figure, path)


def _curves(run: Any) -> _Curves:  # noqa: ANN401
    if isinstance(run, RunRecord):
        points = run.points
        held_out = [(p.words, p.validation_loss) for p in points if p.validation_loss is not None]
        return _Curves(
            [(p.words, p.loss) for p in points], held_out,
            [(p.words, p.words_per_second) for p in points], run.scores(),
        )  # fmt: skip
    if isinstance(run, LossCurve):
        by_words = any(point.words for point in run.points)
        x = [point.words if by_words else point.step for point in run.points]
        pairs = zip(x, run.points, strict=True)
        held_out = [(at, p.validation_loss) for at, p in pairs if p.validation_loss is not None]
        loss = [(at, p.loss) for at, p in zip(x, run.points, strict=True)]
        return _Curves(loss, held_out, [], {}, by_words)
    return _of_history(_history(run))


def _history(run: Any) -> list[EpochRecord]:  # noqa: ANN401
    if isinstance(run, TrainedModel):
        return list(run.history)
    if isinstance(run, WordVectors):
        records = run.table.settings.get("history") or []
        known = EpochRecord._fields
        return [EpochRecord(**{k: r[k] for k in known if k in r}) for r in records]
    if isinstance(run, Sequence) and all(isinstance(each, EpochRecord) for each in run):
        return list(run)
    raise InputError(
        f"plot_training takes a TrainedModel, a RunRecord, a LossCurve, vectors that wordkin "
        f"trained, or a history; got {type(run).__name__}."
    )


def _of_history(history: list[EpochRecord]) -> _Curves:
    """Take an epoch for a point; its speed is that of the epoch, not the mean since the start."""
    words = [record.words_per_second * record.seconds for record in history]
    seconds = [record.seconds for record in history]
    speeds = np.diff([0.0, *words]) / np.maximum(np.diff([0.0, *seconds]), 1e-9)
    held_out = [
        (at, record.validation_loss)
        for at, record in zip(words, history, strict=True)
        if record.validation_loss is not None
    ]
    return _Curves(
        [(at, record.loss) for at, record in zip(words, history, strict=True)],
        held_out,
        list(zip(words, speeds.tolist(), strict=True)),
        {},
    )


def _draw_loss(axes: Any, curves: Mapping[str, _Curves], letters: Lettering) -> Named:  # noqa: ANN401
    """Draw losses; return the lines to explain, with their names."""
    axes.set_ylabel("loss (nats)", fontsize=8.5, color=page.INK, family="DejaVu Sans")
    alone = len(curves) == 1
    named: Named = []
    for number, (name, each) in enumerate(curves.items()):
        if not each.loss:
            continue
        drawn = letters.drawn(name)
        line = _line(axes, each.loss, number=number)
        if drawn or each.held_out:
            named.append((line, drawn or "training"))
        if each.held_out:
            line = _line(axes, each.held_out, number=1 if alone else number, dashed=True)
            named.append((line, f"{drawn}, held-out text" if drawn else "held-out text"))
    return named


def _draw_speed(axes: Any, curves: Mapping[str, _Curves], letters: Lettering) -> Named:  # noqa: ANN401
    """Draw speeds, of which the losses above tell the names."""
    del letters
    axes.set_ylabel("words/s", fontsize=8.5, color=page.INK, family="DejaVu Sans")
    for number, each in enumerate(curves.values()):
        _line(axes, each.speed, number=number)
    # from 0 on, and the margin in proportion: a point on the edge is cut in half
    axes.update_datalim([(axes.dataLim.x0, 0.0)])
    axes.autoscale_view()
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(_short)
    return []


def _draw_scores(axes: Any, curves: Mapping[str, _Curves], letters: Lettering) -> Named:  # noqa: ANN401
    """Draw scores; return the lines to explain, with their names."""
    axes.set_ylabel("score", fontsize=8.5, color=page.INK, family="DejaVu Sans")
    named: Named = []
    for name, each in curves.items():
        for score, points in each.scores.items():
            told = ", ".join(letters.drawn(part) for part in (name, score) if part)
            named.append((_line(axes, points, number=len(named)), told))
    return named


def _line(
    axes: Any,  # noqa: ANN401
    points: Points,
    *,
    number: int,
    dashed: bool = False,
) -> Any:  # noqa: ANN401
    """Draw a line, and return it."""
    kept = points[:: max(1, len(points) // _MANY)]
    x, y = np.array(kept, np.float64).reshape(-1, 2).T
    few = len(x) <= 30
    return axes.plot(
        x, y, color=page.COLOURS[number % len(page.COLOURS)], linewidth=1.5,
        linestyle="--" if dashed else "-", markersize=4, markeredgewidth=0,
        marker=page.MARKERS[number % len(page.MARKERS)] if few else None,
    )[0]  # fmt: skip


def _short(value: float, _place: object = None) -> str:
    """Return a number as people read it.

    Examples
    --------
    >>> _short(2_500_000.0), _short(40_000.0), _short(0.0)
    ('2.5 M', '40 k', '0')
    """
    for size, name in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:g}{name}"
    return f"{value:g}"


def plot_confusion(
    judged: Any,  # noqa: ANN401
    texts: Iterable[str] | None = None,
    labels: Iterable[str] | None = None,
    *,
    path: str | os.PathLike[str] | None = None,
) -> Any:  # noqa: ANN401
    """Draw what a classifier took for what, each row as shares of the texts of a class.

    Parameters
    ----------
    judged : Report, or TextClassifier
        What was taken for what; or who is to be judged, and then by the texts, or by those that
        `fit` held out.
    texts, labels : iterable of str, optional
        What to judge a classifier by.
    path : path-like, optional
        Save it here, as .png or .svg.

    Returns
    -------
    matplotlib.figure.Figure
        The matrix. Numbers are texts; of many classes there are colours only.

    Raises
    ------
    InputError
        If there is nothing to judge by, or the path is no picture's.
    MissingExtraError
        If Matplotlib is not installed.
    FileError
        If the file can't be written.

    Examples
    --------
    >>> import wordkin as wk
    >>> from wordkin.classification.reporting import Report
    >>> figure = wk.plot_confusion(Report.of(["a", "a", "b", "b"], ["a", "b", "b", "b"]))
    >>> figure.axes[0].get_title()
    'accuracy 75.0 %'
    """
    page.check_path(path)
    if not isinstance(judged, Report):
        if not hasattr(judged, "report"):
            raise InputError(
                f"plot_confusion takes a Report or a classifier; got {type(judged).__name__}."
            )
        judged = judged.report(texts, labels)
    letters = lettering(map(str, judged.classes))
    names = [letters.drawn(str(name)) for name in judged.classes]
    k, longest = len(names), 0.075 * max(map(len, names)) if len(names) <= 30 else 0.2
    side = max(2.6, min(11.0, 0.34 * k))  # of the matrix
    below = longest if longest > 0.3 or k > 15 else 0.2
    figure = page.new_page(side + longest + 1.5, side + below + 0.75)
    figure.set_layout_engine("compressed")
    confusion_picture(judged, figure.subplots(), letters=letters)
    for axes in figure.axes:  # of the matrix, and of the bar that explains its colours
        axes.tick_params(labelsize=8, width=0.6)
        for spine in axes.spines.values():
            spine.set_linewidth(0.6)
    return page.finish(figure, path)
