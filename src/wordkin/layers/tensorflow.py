"""Word vectors as a TensorFlow module, for models without Keras.

Importing this module imports TensorFlow. A SavedModel carries the vocabulary as an asset.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from wordkin.errors import ConfigError, FileError, FormatError, require
from wordkin.files import atomic_folder, atomic_write
from wordkin.layers import rows
from wordkin.layers.plan import plan_rows
from wordkin.layers.rows import PAD_ROW, UNK_ROW
from wordkin.layers.saving import pack, unpack
from wordkin.layers.settings import LayerSettings

if TYPE_CHECKING:
    import os
    from typing import Self, Unpack

    import tensorflow as tf
    from numpy.typing import NDArray

    from wordkin.embedding import EmbeddingReport, Vectors
    from wordkin.layers.settings import LayerOptions
    from wordkin.vocabulary import Vocabulary
else:
    tf = require("tensorflow", extra="tensorflow")

_DTYPES = ("float32", "float16", "bfloat16", "float64")


@final
class WordEmbedding(tf.Module):
    """Look up a vector for each id: row 0 is padding, row 1 unknown, words follow.

    Make one with `tensorflow_layer`, or from what was saved with `load`. The row of padding comes
    out as zero and no training moves it. An id that is out of range raises a `RowError`; inside a
    `tf.function`, where nothing can be raised, it counts as unknown.

    Parameters
    ----------
    table : ndarray
        Shape (n_rows, D), of floating-point numbers, or int8 if there are scales.
    scales : ndarray or None
        Shape (n_rows, 1): what a row of whole numbers is multiplied with.
    vocabulary : Vocabulary
        The words of the rows.
    settings : LayerSettings, optional
        ``trainable``, ``dtype``, ``max_norm`` and ``name`` matter here.

    Attributes
    ----------
    weight : tf.Variable
        Shape (n_rows, D): the table.
    scales : tf.Variable or None
        Shape (n_rows, 1), for a quantized table.
    fingerprint : tf.Variable
        That of the vocabulary, a string.
    vocabulary_file : tf.saved_model.Asset
        The vocabulary as it goes into a SavedModel.
    lookup : tf.function
        The lookup for serving: int32 ids of any shape to vectors.
    report : EmbeddingReport or None
        Hits and misses, where the layer was made of vectors.
    """

    def __init__(
        self,
        table: NDArray[Any],
        scales: NDArray[Any] | None,
        vocabulary: Vocabulary,
        *,
        settings: LayerSettings | None = None,
    ) -> None:
        # without the words in use, which may be a whole corpus
        self.settings = replace(settings or LayerSettings(), only=None)
        super().__init__(name=self.settings.name)
        dtype = _dtype(self.settings.dtype)
        self.weight = tf.Variable(
            tf.constant(table, dtype if scales is None else tf.int8),
            trainable=self.settings.trains,
            name="weight",
        )
        self.scales = None
        if scales is not None:
            scales = tf.constant(scales.reshape(-1, 1), dtype)
            self.scales = tf.Variable(scales, trainable=False, name="scales")
        self.fingerprint = tf.Variable(
            vocabulary.fingerprint(), trainable=False, name="fingerprint"
        )
        self.vocabulary_file = _asset(self, pack(vocabulary, self.settings))
        self.lookup = tf.function(self._lookup, input_signature=[tf.TensorSpec(None, tf.int32)])
        self.report: EmbeddingReport | None = None
        self._words = vocabulary
        self._frozen = self.settings.trainable is not True

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the rows; with it a text becomes ids: ``layer.vocabulary.encode_batch``."""
        return self._words

    @property
    def n_rows(self) -> int:
        """How many rows there are, padding and unknown included."""
        return int(self.weight.shape[0])

    def __call__(self, ids: Any) -> tf.Tensor:  # noqa: ANN401
        """Look up vectors.

        Parameters
        ----------
        ids : tensor, array or nested list of int
            Shape (...), any rank.

        Returns
        -------
        tf.Tensor
            Shape (..., D): exact rows of the table, zero for padding.

        Raises
        ------
        InputError
            If ids are no integers.
        RowError
            If an id is out of range (outside of a `tf.function`).
        """
        if not tf.is_tensor(ids):
            ids = tf.constant(rows.host_ids(ids, self.n_rows))
        rows.check_integer(ids.dtype.name)
        if hasattr(ids, "numpy"):  # it holds values
            rows.check_in_range(ids.numpy(), self.n_rows)
        return self._lookup(ids)

    def mask(self, ids: tf.Tensor) -> tf.Tensor:
        """Tell which positions hold words.

        Parameters
        ----------
        ids : tf.Tensor
            Shape (...).

        Returns
        -------
        tf.Tensor
            Shape (...), bool: False for padding.
        """
        return tf.not_equal(ids, PAD_ROW)

    def begin_epoch(self, epoch: int) -> bool:
        """Let training change the vectors from the epoch on that ``trainable="after:N"`` names.

        Before that no gradient reaches them: `tf.GradientTape.gradient` gives None.

        Parameters
        ----------
        epoch : int
            The epoch that begins; the first is 0.

        Returns
        -------
        bool
            Whether training changes the vectors in this epoch. Make it an argument of a
            `tf.function` that trains, so that this is traced anew when the answer changes.
        """
        trains = self.settings.trains and epoch >= self.settings.frozen_epochs
        self._frozen = not trains
        return trains

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Save as a SavedModel, whole or not at all.

        Parameters
        ----------
        folder : str or path-like
            The folder. `load` opens it; so does `tf.saved_model.load`, whose result has ``lookup``.

        Raises
        ------
        FileError
            If it can't be written.
        """
        with atomic_folder(folder) as temporary:
            tf.saved_model.save(self, str(temporary), signatures=self.lookup)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Self:
        """Make a module again from what `save` wrote.

        Parameters
        ----------
        folder : str or path-like
            The SavedModel.

        Returns
        -------
        WordEmbedding
            With rows, vocabulary and settings that were saved.

        Raises
        ------
        FileError
            If there is no such folder.
        FormatError
            If it is no such SavedModel, or its vocabulary was changed.
        """
        if not Path(folder, "saved_model.pb").is_file():
            raise FileError(f"There is no SavedModel in the folder {str(folder)!r}.")
        try:
            restored = tf.saved_model.load(str(folder))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise FormatError(f"Can't load {str(folder)!r} as a SavedModel: {error}") from error
        return cls.from_restored(restored)

    @classmethod
    def from_restored(cls, restored: Any) -> Self:  # noqa: ANN401
        """Make a module again that is a part of a larger SavedModel.

        Parameters
        ----------
        restored : object
            The part of what `tf.saved_model.load` gave that was a `WordEmbedding`.

        Returns
        -------
        WordEmbedding
            With rows, vocabulary and settings that were saved.

        Raises
        ------
        FormatError
            If it was none, or its vocabulary was changed.
        """
        asset = getattr(restored, "vocabulary_file", None)
        if asset is None:
            raise FormatError("This was not saved as a WordEmbedding: it has no vocabulary_file.")
        try:
            data = Path(asset.asset_path.numpy().decode()).read_bytes()
        except OSError as error:
            raise FormatError(
                f"The vocabulary of the SavedModel can't be read: {error}."
            ) from error
        vocabulary, settings = unpack(data)
        if vocabulary.fingerprint().encode() != restored.fingerprint.numpy():
            raise FormatError(
                "The vocabulary inside the SavedModel is not the one that was saved with the "
                "vectors: its fingerprint differs. The file was changed; get it again."
            )
        scales = getattr(restored, "scales", None)
        kept = restored.weight if scales is None else scales
        settings = replace(
            settings, dtype=kept.dtype.name, quantized=None if scales is None else "int8"
        )
        numbers = None if scales is None else scales.numpy()
        return cls(restored.weight.numpy(), numbers, vocabulary, settings=settings)

    def _lookup(self, ids: tf.Tensor) -> tf.Tensor:
        # small types could not hold the number of rows
        ids = tf.cast(ids, tf.int64 if ids.dtype.size == 8 else tf.int32)
        in_range = tf.logical_and(ids >= 0, ids < self.n_rows)
        ids = tf.where(in_range, ids, tf.constant(UNK_ROW, ids.dtype))
        found = tf.gather(self.weight, ids)
        if self.scales is not None:
            found = tf.cast(found, self.scales.dtype) * tf.gather(self.scales, ids)
        if self.settings.max_norm is not None:
            found = _clipped(found, rows.in_single(self.settings.max_norm))
        if self._frozen:
            found = tf.stop_gradient(found)
        return tf.where(self.mask(ids)[..., tf.newaxis], found, tf.constant(0, found.dtype))


def tensorflow_layer(
    vectors: Vectors, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]
) -> WordEmbedding:
    """Make a TensorFlow module of word vectors, and check that words come back as their vectors.

    Parameters
    ----------
    vectors : VectorTable or WordVectors
        The vectors.
    vocabulary : Vocabulary, optional
        The words, in order, that the layer shall know, such as those of a training set. By
        default all that have vectors.
    **options
        As `wordkin.layers.settings.LayerSettings` explains them, but for ``lr_factor``:
        `split_variables` is for an optimizer with a rate of its own. ``trainable="after:2"`` works
        by `WordEmbedding.begin_epoch`.

    Returns
    -------
    WordEmbedding
        A `tf.Module` with ``.vocabulary``, which makes ids of texts, and ``.report``, which counts
        hits and misses.

    Raises
    ------
    InputError
        If an argument is not what it should be.
    RowError
        If a word does not come back as its vector (which would be a fault of ours).

    Examples
    --------
    >>> import wordkin as wk
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "sat"]), [[1, 2], [3, 4]])
    >>> layer = tensorflow_layer(table)
    >>> print(layer(layer.vocabulary.encode_batch(["cat sat", "sat"]))[1].numpy())
    [[3. 4.]
     [0. 0.]]
    """
    settings = LayerSettings(**options)
    if settings.lr_factor != 1:
        raise ConfigError(
            "A tf.Module meets no optimizer, and can't keep lr_factor. split_variables(model) "
            "gives the word vectors apart, for an optimizer with a learning rate of its own."
        )
    plan = plan_rows(vectors, vocabulary, settings)
    layer = WordEmbedding(plan.table, plan.scales, plan.vocabulary, settings=settings)
    layer.report = plan.report
    plan.check(layer(plan.probes()).numpy())
    return layer


def split_variables(model: tf.Module) -> tuple[list[tf.Variable], list[tf.Variable]]:
    """Split what training changes in two: word vectors learn at a rate of their own.

    Parameters
    ----------
    model : tf.Module
        A module with `WordEmbedding` modules in it.

    Returns
    -------
    rest : list of tf.Variable
        Everything else, for one optimizer.
    words : list of tf.Variable
        The word vectors, for another.

    Examples
    --------
    >>> import wordkin as wk
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "sat"]), [[1, 2], [3, 4]])
    >>> model = tf.Module()
    >>> model.words, model.bias = tensorflow_layer(table, trainable=True), tf.Variable(0.0)
    >>> rest, words = split_variables(model)
    >>> [tuple(variable.shape) for variable in rest + words]
    [(), (4, 2)]
    """
    layers = [part for part in (model, *model.submodules) if isinstance(part, WordEmbedding)]
    own = {layer.weight.ref() for layer in layers}
    every = model.trainable_variables
    return [v for v in every if v.ref() not in own], [v for v in every if v.ref() in own]


def _asset(layer: WordEmbedding, data: bytes) -> tf.saved_model.Asset:
    """Put the vocabulary in a file, which is what TensorFlow copies into a SavedModel."""
    folder = tempfile.mkdtemp(prefix="wordkin-")
    weakref.finalize(layer, shutil.rmtree, folder, ignore_errors=True)
    with atomic_write(Path(folder, "vocabulary.json")) as file:
        file.write(data)
    return tf.saved_model.Asset(f"{folder}/vocabulary.json")


def _dtype(name: str | None) -> tf.DType:
    if name is not None and name not in _DTYPES:
        raise ConfigError(f"dtype must be one of {', '.join(_DTYPES)} or None; got {name!r}.")
    return tf.as_dtype(name or "float32")


def _clipped(vectors: tf.Tensor, limit: float) -> tf.Tensor:
    wide = vectors if vectors.dtype.size >= 4 else tf.cast(vectors, tf.float32)
    squares = tf.reduce_sum(tf.square(wide), axis=-1, keepdims=True)
    # at least the limit before the root, whose slope at zero is infinite
    scale = limit / tf.sqrt(tf.maximum(squares, limit * limit))
    return tf.cast(wide * scale, vectors.dtype)
