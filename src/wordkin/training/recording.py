"""RunRecord: what happened in a run, kept while it goes on: the curve, and words as they move."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wordkin.training.watching import NearestWords
from wordkin.vocabulary.probes import probe_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wordkin.training.progress import Progress
    from wordkin.training.watching import NearestReport
    from wordkin.vectors import WordVectors

    Measure = Callable[[WordVectors], Mapping[str, float]]

_PROBES = 8  # drawn where none are given
_TOP = 200  # of the most frequent words; the very first are articles and prepositions
# most happens early: so far into the run words are looked at, then at each fortieth of it
_EARLY = (0.0, 0.0025, 0.005, 0.01, 0.015)
_STEP = 0.025


class RunPoint(NamedTuple):
    """A run at one moment."""

    words: int
    """Of the text seen so far, those of all epochs."""
    seconds: float
    """Since the start."""
    epoch: int
    """Counted from 1."""
    loss: float
    """Mean over the last blocks, in nats."""
    alpha: float
    """The learning rate."""
    words_per_second: float
    """In the last blocks."""
    validation_loss: float | None = None
    """On held-out text, at the end of an epoch."""


class Snapshot(NamedTuple):
    """The nearest words of the probes, and scores, at one moment."""

    words: int
    """Of the text seen so far."""
    share: float
    """Of the run that is done, 0 to 1."""
    nearest: Mapping[str, list[tuple[str, float]]]
    """For each probe words and cosines, nearest first."""
    scores: Mapping[str, float]
    """What `measure` returned."""


class RunRecord:
    """Keep what happens in a run: loss, speed, and the nearest words of probes as they change.

    Give it to ``train(..., callbacks=[record])``. In the beginning the neighbours of a word are
    noise, then they come to order.

    Parameters
    ----------
    probes : iterable of str, optional
        The words to look at; by default eight frequent ones.
    topn : int
        How many nearest words of each.
    measure : callable, optional
        Is called with the vectors (a copy) at each snapshot and returns scores by name, as
        ``lambda v: {"simlex": wk.evaluate(v, "simlex.txt").scores[0].value}``.

    Attributes
    ----------
    points : list of RunPoint
        The curve, a point for each block.
    snapshots : list of Snapshot
        The first after the first block, then some dozens, closer together at the beginning.

    Raises
    ------
    UnknownWordError
        During training, if a probe is not in the vocabulary.

    Examples
    --------
    >>> import wordkin as wk
    >>> corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
    >>> record = wk.RunRecord(["cat"], topn=2)
    >>> model = wk.train(corpus, wk.SkipGram(epochs=3), callbacks=[record])
    >>> len(record.points), record.snapshots[-1].share, len(record.snapshots[0].nearest["cat"])
    (3, 1.0, 2)
    """

    def __init__(
        self,
        probes: Iterable[str] | None = None,
        *,
        topn: int = 8,
        measure: Measure | None = None,
    ) -> None:
        self.points: list[RunPoint] = []
        self.snapshots: list[Snapshot] = []
        self._wanted = None if probes is None else NearestWords(probes).probes
        self._topn = topn
        self._measure = measure
        self._look: NearestWords | None = None
        self._next = 0

    @property
    def probes(self) -> list[str]:
        """The words that are looked at; empty before the first block if none were given."""
        return list(self._look.probes if self._look else self._wanted or ())

    def __call__(self, progress: Progress) -> None:
        """Take down where the run stands.

        Parameters
        ----------
        progress : Progress
            Where it does.
        """
        if self._look is None:
            self._begin(progress)
        self.points.append(self._point(progress))
        share = progress.words / max(progress.total_words, 1)
        if share >= _moment(self._next) or progress.step == progress.steps:
            self._take_snapshot(progress, share)
            while _moment(self._next) <= share:
                self._next += 1

    def _begin(self, progress: Progress) -> None:
        vocabulary = progress.live.vocabulary()
        probes = self._wanted
        if probes is None:
            probes = probe_words(vocabulary, _PROBES, top=_TOP)
        self._look = NearestWords(probes, every=1, topn=self._topn)
        self._look.check(vocabulary)

    def _point(self, progress: Progress) -> RunPoint:
        last = self.points[-1] if self.points else None
        words, seconds = progress.words, progress.seconds
        if last is None:
            speed = progress.words_per_second
        else:
            new = (words - last.words) / max(seconds - last.seconds, 1e-9)
            # as steady as the loss: a mean over about ten blocks
            speed = 0.9 * last.words_per_second + 0.1 * new
        validation = progress.history[-1].validation_loss if progress.epoch_ended else None
        return RunPoint(
            words, seconds, progress.epoch, progress.loss, progress.alpha, speed, validation
        )

    def _take_snapshot(self, progress: Progress, share: float) -> None:
        nearest: Mapping[str, list[tuple[str, float]]] = {}
        if self._look is not None and self._look.probes:
            self._look(progress)
            report: NearestReport = self._look.reports.pop()
            nearest = {probe: list(found) for probe, found in report.nearest.items()}
        scores = {} if self._measure is None else dict(self._measure(progress.vectors()))
        self.snapshots.append(Snapshot(progress.words, share, nearest, scores))

    def scores(self) -> dict[str, list[tuple[int, float]]]:
        """Return the scores over time.

        Returns
        -------
        dict of str to list of (int, float)
            For each name (words seen, score).
        """
        found: dict[str, list[tuple[int, float]]] = {}
        for snapshot in self.snapshots:
            for name, value in snapshot.scores.items():
                found.setdefault(name, []).append((snapshot.words, float(value)))
        return found


def _moment(number: int) -> float:
    """The share of the run at which snapshot `number` is due."""
    if number < len(_EARLY):
        return _EARLY[number]
    return _STEP * (number - len(_EARLY) + 1)
