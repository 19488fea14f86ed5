"""Callbacks that look on: nearest words and loss, in our training and in anybody's Keras model."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np

from wordkin.errors import TrainingError
from wordkin.files import atomic_write
from wordkin.frameworks import new_axes
from wordkin.neighbors import nearest_rows
from wordkin.training.callbacks import Interval

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.training.progress import Live, Progress
    from wordkin.vocabulary import Vocabulary


class Taken(Protocol):
    """What was taken down of a run."""

    @property
    def words(self) -> int:
        """When: words of the text seen so far."""
        ...


_Taken = TypeVar("_Taken", bound=Taken)


def before(taken: Iterable[_Taken], live: Live) -> list[_Taken]:
    """Choose what stays when a run begins: what is of it.

    Parameters
    ----------
    taken : iterable
        What was taken down before.
    live : Live
        The run.

    Returns
    -------
    list
        Nothing if it begins anew; what lies before the place where it was resumed.
    """
    seen, _ = live.seen()
    return [each for each in taken if each.words <= seen] if seen else []


class NearestReport(NamedTuple):
    """The nearest words at one moment."""

    step: int
    """Blocks done; of a Keras model: batches."""
    words: int
    """Words of the corpus seen; 0 where nobody counts them."""
    nearest: Mapping[str, Sequence[tuple[str, float]]]
    """For each probe the nearest words and their cosines."""


class NearestWords:
    """Collect the nearest words of some probes while training goes on.

    Parameters
    ----------
    probes : iterable of str
        The words to look at.
    every : int, float or str, optional
        A whole number of blocks (of a Keras model: batches), seconds as a float, or a time such as
        "30s". By default at the end of each epoch.
    topn : int
        How many words for each probe.
    show : callable, optional
        Is called with each report, such as ``print``.

    Attributes
    ----------
    reports : list of NearestReport
        (step, words, nearest), one for each time; `nearest` is {probe: [(word, cosine), ...]}. A
        new list when another run begins; of one that is resumed what lies before stays. With a
        Keras model: a new list at the first `fit` of what `for_keras` has made; at another `fit`
        it goes on.

    Raises
    ------
    ConfigError
        If `every` is no interval.
    UnknownWordError
        During training, if a probe is not in the vocabulary.

    Examples
    --------
    >>> import wordkin as wk
    >>> corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
    >>> look = wk.NearestWords(["cat"], topn=2)
    >>> model = wk.train(corpus, wk.SkipGram(epochs=3), callbacks=[look])
    >>> len(look.reports), len(look.reports[0].nearest["cat"])
    (3, 2)
    """

    def __init__(
        self,
        probes: Iterable[str],
        *,
        every: float | str | None = None,
        topn: int = 8,
        show: Callable[[NearestReport], object] | None = None,
    ) -> None:
        self.probes = [probes] if isinstance(probes, str) else list(probes)
        self.reports: list[NearestReport] = []
        self.interval = Interval(every)
        self._topn = topn
        self._show = show

    def begin(self, live: Live) -> None:
        """Begin anew with a run, or go on with one that is resumed.

        Parameters
        ----------
        live : Live
            The run.
        """
        self.interval.begin()
        self.reports = before(self.reports, live)

    def __call__(self, progress: Progress) -> None:
        """Look, if it is time.

        Parameters
        ----------
        progress : Progress
            Where the run stands.
        """
        vocabulary = progress.live.vocabulary()
        self.check(vocabulary)
        if self.interval.due(progress):
            # no copy: the search takes padded rows too
            self.look(progress.live.vectors(), vocabulary, step=progress.step, seen=progress.words)

    def check(self, vocabulary: Vocabulary) -> None:
        """Tell at once that a probe is unknown, not when it is first looked at.

        Parameters
        ----------
        vocabulary : Vocabulary
            The words there are.

        Raises
        ------
        UnknownWordError
            If a probe is not among them.
        """
        for word in self.probes:
            vocabulary.id(word)

    def look(
        self, matrix: NDArray[np.float32], vocabulary: Vocabulary, *, step: int, seen: int = 0
    ) -> None:
        """Make a report.

        Parameters
        ----------
        matrix : ndarray
            Shape (V, D): the vectors as they are now.
        vocabulary : Vocabulary
            Their words.
        step : int
            When.
        seen : int
            How many words of the text have been seen.

        Raises
        ------
        TrainingError
            If vectors of the probes are not finite.
        """
        rows = [vocabulary.id(word) for word in self.probes]
        if not rows:
            return
        asked = matrix[rows]
        if not np.isfinite(asked).all():
            raise TrainingError(
                "The vectors of the words that are looked at are no longer finite: the learning "
                "rate is too high. Lower it."
            )
        found = nearest_rows(matrix, asked, topn=self._topn, exclude=[[r] for r in rows])
        words = vocabulary.words
        nearest = {
            probe: [(words[i], c) for i, c in zip(ids.tolist(), cosines.tolist(), strict=True)]
            for probe, (ids, cosines) in zip(self.probes, found, strict=True)
        }
        report = NearestReport(step, seen, nearest)
        self.reports.append(report)
        if self._show is not None:
            self._show(report)

    def for_keras(self, layer: Any, vocabulary: Vocabulary | None = None) -> Any:  # noqa: ANN401
        """Make a callback for ``model.fit`` of a Keras model of your own.

        Parameters
        ----------
        layer : keras.layers.Layer
            A layer of the model with a matrix ``embeddings``: that of `wordkin`, or
            `keras.layers.Embedding`.
        vocabulary : Vocabulary, optional
            The words of its rows; by default the layer's own. If the layer has more rows than
            there are words, the special rows of the vocabulary come first.

        Returns
        -------
        keras.callbacks.Callback
            It adds to `reports`.

        Raises
        ------
        InputError
            If the layer has no such matrix, or the words are not those of its rows.
        UnknownWordError
            If a probe is not in the vocabulary.
        MissingExtraError
            If Keras is not installed.
        """
        from wordkin.training.keras_callbacks import NearestInLayer

        return NearestInLayer(self, layer, vocabulary)


class LossPoint(NamedTuple):
    """The loss at one moment."""

    step: int
    """Blocks done; of a Keras model: batches."""
    words: int
    """Words of the corpus seen; 0 where nobody counts them."""
    loss: float
    """Mean over the last blocks, in nats; of a Keras model what it calls loss: the mean over the
    epoch so far."""
    validation_loss: float | None = None
    """On held-out text, at the end of an epoch."""


class LossCurve:
    """Collect the loss while training goes on.

    Parameters
    ----------
    every : int, float or str
        A whole number of blocks (of a Keras model: batches), seconds as a float, or a time such as
        "30s". There is always a point at the end of an epoch.

    Attributes
    ----------
    points : list of LossPoint
        (step, words, loss, validation_loss). A new list when another run begins; of one that is
        resumed what lies before stays. With a Keras model: a new list at the first `fit` of what
        `for_keras` has made; at another `fit` it goes on.

    Raises
    ------
    ConfigError
        If `every` is no interval.

    Examples
    --------
    >>> import wordkin as wk
    >>> corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
    >>> curve = wk.LossCurve()
    >>> model = wk.train(corpus, wk.SkipGram(epochs=3), validation=0.1, callbacks=[curve])
    >>> [point.step for point in curve.points][:3]
    [1, 2, 3]
    >>> curve.points[-1].validation_loss == model.history[-1].validation_loss
    True
    """

    def __init__(self, *, every: float | str = 1) -> None:
        self.points: list[LossPoint] = []
        self.interval = Interval(every)

    def begin(self, live: Live) -> None:
        """Begin anew with a run, or go on with one that is resumed.

        Parameters
        ----------
        live : Live
            The run.
        """
        self.interval.begin()
        self.points = before(self.points, live)

    def __call__(self, progress: Progress) -> None:
        """Note the loss, if it is time.

        Parameters
        ----------
        progress : Progress
            Where the run stands.
        """
        if self.interval.due(progress) or progress.epoch_ended:
            validation = progress.history[-1].validation_loss if progress.epoch_ended else None
            point = LossPoint(progress.step, progress.words, progress.loss, validation)
            self.points.append(point)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the points as a table with a head, one line for each.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced when the new one is complete.

        Raises
        ------
        FileError
            If it can't be written.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(LossPoint._fields)
        writer.writerows(self.points)
        with atomic_write(path) as file:
            file.write(text.getvalue().encode())

    def plot(self, axes: Any = None) -> Any:  # noqa: ANN401
        """Draw the curve.

        Parameters
        ----------
        axes : matplotlib.axes.Axes, optional
            What to draw into; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            What it was drawn into; ``axes.figure.savefig("loss.png")`` keeps it.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        if axes is None:
            axes = new_axes()
        axes.plot([p.step for p in self.points], [p.loss for p in self.points], label="training")
        held_out = [p for p in self.points if p.validation_loss is not None]
        if held_out:
            losses = [p.validation_loss for p in held_out]
            axes.plot([p.step for p in held_out], losses, marker="o", label="held-out text")
            axes.legend()
        axes.set_xlabel("step")
        axes.set_ylabel("loss (nats)")
        return axes

    def for_keras(self) -> Any:  # noqa: ANN401
        """Make a callback for ``model.fit`` of a Keras model of your own.

        Returns
        -------
        keras.callbacks.Callback
            It adds to `points`.

        Raises
        ------
        MissingExtraError
            If Keras is not installed.
        """
        from wordkin.training.keras_callbacks import LossOfModel

        return LossOfModel(self)
