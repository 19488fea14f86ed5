"""Training to watch: loss, speed, time left, and the nearest words of probes as they change."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wordkin.progress import shown_on
from wordkin.training.display import show_training
from wordkin.vocabulary.spelling import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from wordkin.progress import Task
    from wordkin.training.progress import Callback, Progress
    from wordkin.training.recording import RunRecord, Snapshot

_QUIET = 0.5  # seconds that other work takes before it is mentioned
_SECONDS_BETWEEN_LOOKS = 10.0  # where it is no terminal
_PROBE_WIDTH = 14
_LEVELS = "▁▂▃▄▅▆▇█"
_CURVE_WIDTH = 24


@contextmanager
def watch_training(record: RunRecord, console: Console | None = None) -> Iterator[Callback]:
    """Show on a console a run that is recorded.

    On a terminal it is one picture that changes; words that have come near since the last look are
    bold. Elsewhere there are plain lines: where the run stands and the nearest words at its
    beginning, every ten seconds, and at its end.

    Parameters
    ----------
    record : RunRecord
        What is shown. It has to be a callback of its own, before the one that is made here.
    console : Console, optional
        Of rich; by default standard error.

    Yields
    ------
    callable
        A callback for `wordkin.train`.
    """
    if console is None:
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
    show = _picture if console.is_terminal or console.is_jupyter else _lines
    with show(record, console) as callback:
        yield callback


@contextmanager
def _picture(record: RunRecord, console: Console) -> Iterator[Callback]:
    from rich.live import Live

    picture = _Picture()
    last: Progress | None = None
    with (
        Live(get_renderable=picture.drawn, console=console, refresh_per_second=8),
        shown_on(picture),
    ):

        def show(progress: Progress) -> None:
            nonlocal last
            last = progress
            picture.run = _drawn(record, progress, console)

        yield show
        if last is not None:  # the record has looked once more where a callback ended the run
            show(last)


class _Picture:
    """What is to be seen of a run: itself, and below it what it is busy with besides."""

    def __init__(self) -> None:
        self.run: Any = None
        self._tasks: list[Task] = []

    def begin(self, task: Task) -> None:
        self._tasks.append(task)

    def moved(self, task: Task) -> None:
        pass

    def end(self, task: Task) -> None:
        self._tasks.remove(task)

    def drawn(self) -> Any:  # noqa: ANN401
        from rich.console import Group
        from rich.text import Text

        parts = [] if self.run is None else [self.run]
        # a copy: it is drawn in a thread of its own
        late = [each for each in self._tasks.copy() if each.seconds > _QUIET]
        if late or not parts:
            busy = str(late[-1]) if late else "preparing ..."
            parts.append(Text(busy, style="dim", no_wrap=True, overflow="ellipsis"))
        return Group(*parts)


def _drawn(record: RunRecord, progress: Progress, console: Console) -> Any:  # noqa: ANN401
    """The bar, the curve, and a line for each probe."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 1))
    head.add_row(
        ProgressBar(total=progress.total_words, completed=progress.words, width=16),
        Text(str(progress), no_wrap=True, overflow="ellipsis"),
    )
    parts: list[Any] = [head]
    if console.encoding.startswith("utf"):
        curve = _curve([point.loss for point in record.points])
        parts.append(Text.assemble(("loss ", "dim"), (curve, "cyan")))
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=_PROBE_WIDTH, no_wrap=True, overflow="ellipsis")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    before = record.snapshots[-2] if len(record.snapshots) > 1 else None
    for probe, found in record.snapshots[-1].nearest.items():
        table.add_row(Text(shown(probe), style="bold cyan"), _words(found, probe, before=before))
    return Group(*parts, table)


def _words(found: Sequence[tuple[str, float]], probe: str, *, before: Snapshot | None) -> Any:  # noqa: ANN401
    from rich.text import Text

    known = {word for word, _ in before.nearest.get(probe, ())} if before else set()
    parts = [(shown(word), "" if word in known or not before else "bold") for word, _ in found]
    return Text("  ", no_wrap=True, overflow="ellipsis").join([Text(*part) for part in parts])


def _curve(values: Sequence[float]) -> str:
    """Return a curve in one line of letters.

    Examples
    --------
    >>> _curve([3.0, 2.0, 1.0])
    '█▅▁'
    """
    values = [value for value in values if math.isfinite(value)]  # a run may have exploded
    n = len(values)
    if not n:
        return ""
    width = min(n, _CURVE_WIDTH)
    means = []
    for i in range(width):
        part = values[i * n // width : (i + 1) * n // width]
        means.append(sum(part) / len(part))
    low, high = min(means), max(means)
    top = len(_LEVELS) - 1
    return "".join(_LEVELS[round(top * (v - low) / ((high - low) or 1.0))] for v in means)


@contextmanager
def _lines(record: RunRecord, console: Console) -> Iterator[Callback]:
    from rich.text import Text

    due, looks = 0.0, 0

    def look() -> None:
        nonlocal due, looks
        due = time.monotonic() + _SECONDS_BETWEEN_LOOKS
        taken = record.snapshots
        # at the beginning what was before it, too
        new = taken[looks:][-1:] if looks else [*taken[:1], *taken[1:][-1:]]
        looks = len(taken)
        for snapshot in new:
            for probe, found in snapshot.nearest.items():
                listed = ", ".join(shown(word) for word, _ in found)
                console.print(Text(f"  {snapshot.words:>13,}  {shown(probe)}: {listed}"))

    with show_training(console) as show:

        def callback(progress: Progress) -> None:
            show(progress)
            if not looks or time.monotonic() >= due:
                look()

        yield callback
    look()  # what is new at the end, wherever a callback has ended the run
