"""Callbacks for `model.fit` of anybody's Keras model. Importing this module imports Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from wordkin.errors import InputError
from wordkin.frameworks import import_keras
from wordkin.training.watching import LossPoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
    import numpy as np
    from numpy.typing import NDArray

    from wordkin.training.watching import LossCurve, NearestWords
    from wordkin.vocabulary import Vocabulary
else:
    keras = import_keras()


class _Moment(NamedTuple):
    step: int
    epoch_ended: bool


class NearestInLayer(keras.callbacks.Callback):
    """Looks at the matrix of a layer while ``model.fit`` goes on.

    Parameters
    ----------
    look : NearestWords
        What to look at, when, and where reports go.
    layer : keras.layers.Layer
        With a matrix ``embeddings``.
    vocabulary : Vocabulary, optional
        The words of its rows; by default the layer's own.

    Raises
    ------
    InputError
        If the layer has no such matrix, or the words are not those of its rows.
    UnknownWordError
        If a probe is not in the vocabulary.
    """

    def __init__(
        self,
        look: NearestWords,
        layer: Any,  # noqa: ANN401
        vocabulary: Vocabulary | None = None,
    ) -> None:
        super().__init__()
        if vocabulary is None:
            vocabulary = getattr(layer, "vocabulary", None)
        if vocabulary is None:
            raise InputError("The layer has no vocabulary of its own: give the words of its rows.")
        look.check(vocabulary)
        self._look, self._layer, self._vocabulary = look, layer, vocabulary
        self._step = 0
        if getattr(layer, "embeddings", None) is not None:  # otherwise it will be built by fit
            self._matrix()

    def on_train_begin(self, logs: object = None) -> None:  # noqa: D102
        if self._step == 0:  # another fit with this callback goes on
            self._look.reports = []

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: D102
        self._step += 1
        if self._look.interval.due(_Moment(self._step, False)):
            self._report()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:  # noqa: D102
        if self._look.interval.at_epochs:
            self._report()

    def _report(self) -> None:
        _ = self.model  # on JAX the weights come into the layer only when this is asked for
        self._look.look(self._matrix(), self._vocabulary, step=self._step)

    def _matrix(self) -> NDArray[np.float32]:
        """The rows of words, without those of padding and the like."""
        embeddings = getattr(self._layer, "embeddings", None)
        if embeddings is None:
            raise InputError(
                "The layer has no matrix `embeddings`. Give one such as keras.layers.Embedding; "
                f"got {self._layer!r:.100}."
            )
        rows, words = embeddings.shape[0], len(self._vocabulary)
        if rows not in (words, self._vocabulary.n_rows):
            raise InputError(
                f"The layer has {rows:,} rows, the vocabulary {words:,} words and "
                f"{len(self._vocabulary.specials)} special rows. Give the vocabulary that made "
                "the ids of this model."
            )
        matrix: NDArray[np.float32] = keras.ops.convert_to_numpy(embeddings)
        return matrix[rows - words :]


class LossOfModel(keras.callbacks.Callback):
    """Notes the loss while ``model.fit`` goes on.

    Parameters
    ----------
    curve : LossCurve
        When, and where points go.
    """

    def __init__(self, curve: LossCurve) -> None:
        super().__init__()
        self._curve = curve
        self._step = 0

    def on_train_begin(self, logs: object = None) -> None:  # noqa: D102
        if self._step == 0:  # another fit with this callback goes on
            self._curve.points = []

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: D102
        self._step += 1
        if logs and self._curve.interval.due(_Moment(self._step, False)):
            self._curve.points.append(LossPoint(self._step, 0, float(logs["loss"])))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: D102
        if not logs:
            return
        points = self._curve.points
        if points and points[-1].step == self._step:
            points.pop()
        points.append(LossPoint(self._step, 0, float(logs["loss"]), logs.get("val_loss")))
