"""RunRecord: what happened in a run, kept while it goes on: the curve, and words as they move."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.table import VectorTable
from wordkin.training.run_page import write_page
from wordkin.training.schedule import FADING
from wordkin.training.watching import NearestWords, before
from wordkin.vectors import WordVectors
from wordkin.vocabulary.probes import probe_words

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from wordkin.training.progress import Live, Progress
    from wordkin.vocabulary import Vocabulary

    Measure = Callable[[WordVectors], Mapping[str, float]]

_PROBES = 8  # drawn where none are given
_TOP = 200  # of the most frequent words; the very first are articles and prepositions
# most happens early: so far into the run words are looked at, then at each fortieth of it
_EARLY = (0.0025, 0.005, 0.01, 0.015)
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
    noise, then they come to order; `to_html` makes a page of it with a slider.

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
        The first before the first block, then some dozens, closer together at the beginning, the
        last at the end. Both are new lists when another run begins; of one that is resumed what
        lies before stays.

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

    def begin(self, live: Live) -> None:
        """Begin anew with a run, or go on with one that is resumed; look at its first vectors.

        Parameters
        ----------
        live : Live
            The run.
        """
        self.check(live.vocabulary())
        self.points, self.snapshots = before(self.points, live), before(self.snapshots, live)
        seen, total = live.seen()
        share = seen / max(total, 1)
        self._next = 0
        self._plan_next(share)
        if not self.snapshots or self.snapshots[-1].words < seen:
            self._take_snapshot(live, seen, share)

    def __call__(self, progress: Progress) -> None:
        """Take down where the run stands.

        Parameters
        ----------
        progress : Progress
            Where it does.
        """
        if self._look is None:
            self.check(progress.live.vocabulary())
        self.points.append(self._point(progress))
        share = progress.words / max(progress.total_words, 1)
        if share >= _moment(self._next) or progress.step == progress.steps:
            self._take_snapshot(progress.live, progress.words, share)
            self._plan_next(share)

    def end_of_run(self, live: Live, *, in_order: bool) -> None:
        """Look at the last vectors, if a callback has ended the training before its time.

        Parameters
        ----------
        live : Live
            The run.
        in_order : bool
            Whether it was not interrupted.
        """
        seen, total = live.seen()
        if in_order and self.snapshots[-1].words < seen:
            self._take_snapshot(live, seen, seen / total)

    def check(self, vocabulary: Vocabulary) -> None:
        """Choose the probes, or tell before the training that one is unknown.

        Parameters
        ----------
        vocabulary : Vocabulary
            The words there are.

        Raises
        ------
        UnknownWordError
            If a probe is not among them.
        """
        probes = self._wanted
        if probes is None:
            probes = probe_words(vocabulary, _PROBES, top=_TOP)
        look = NearestWords(probes, every=1, topn=self._topn)
        look.check(vocabulary)
        self._look = look

    def _plan_next(self, share: float) -> None:
        while _moment(self._next) <= share:
            self._next += 1

    def _point(self, progress: Progress) -> RunPoint:
        last = self.points[-1] if self.points else None
        words, seconds = progress.words, progress.seconds
        if last is None:
            speed = progress.words_per_second
        else:
            new = (words - last.words) / max(seconds - last.seconds, 1e-9)
            speed = FADING * last.words_per_second + (1 - FADING) * new
        validation = progress.history[-1].validation_loss if progress.epoch_ended else None
        return RunPoint(
            words, seconds, progress.epoch, progress.loss, progress.alpha, speed, validation
        )

    def _take_snapshot(self, live: Live, words: int, share: float) -> None:
        vocabulary = live.vocabulary()
        nearest: Mapping[str, list[tuple[str, float]]] = {}
        if self._look is not None and self._look.probes:
            self._look.look(live.vectors(), vocabulary, step=0)
            nearest = {probe: [*near] for probe, near in self._look.reports.pop().nearest.items()}
        scores: dict[str, float] = {}
        if self._measure is not None:
            matrix = np.array(live.vectors(), order="C")
            scores = {**self._measure(WordVectors.from_table(VectorTable(vocabulary, matrix)))}
        self.snapshots.append(Snapshot(words, share, nearest, scores))

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

    def to_html(self, path: str | os.PathLike[str] | None = None, *, title: str = "") -> str:
        """Make a page of it: the curve, and a slider over the snapshots.

        Parameters
        ----------
        path : path-like, optional
            Where to save it. It needs nothing else, no network, and no script of others.
        title : str
            What was trained.

        Returns
        -------
        str
            The page.

        Raises
        ------
        InputError
            If nothing has been recorded.
        FileError
            If it can't be written.
        """
        return write_page(self, path, title=title)


def _moment(number: int) -> float:
    """The share of the run at which snapshot `number` is due."""
    if number < len(_EARLY):
        return _EARLY[number]
    return _STEP * (number - len(_EARLY) + 1)
