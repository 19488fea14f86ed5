"""The Keras layer that looks up word vectors: the same on TensorFlow, JAX and PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wordkin.errors import ConfigError, InputError
from wordkin.files import atomic_write
from wordkin.frameworks import import_keras
from wordkin.layers import rows
from wordkin.layers.rows import PAD_ROW, SPECIALS, UNK_ROW
from wordkin.layers.settings import warn_of_waiting

if TYPE_CHECKING:
    import keras
    from numpy.typing import ArrayLike, NDArray

    from wordkin.embedding import EmbeddingReport
    from wordkin.layers.plan import LayerPlan
    from wordkin.vocabulary import Vocabulary
else:
    keras = import_keras()

ops = keras.ops

_ASSET = "vocabulary.json"


class _FloatIdsError(InputError, NotImplementedError):
    """Ids of a symbolic input are declared as floats.

    A `keras.Sequential` without an `Input` makes itself one of floats, and drops that plan, to
    feed the layer with the data as it is, when it meets a NotImplementedError.
    """


@keras.saving.register_keras_serializable(package="wordkin")
class WordEmbedding(keras.layers.Layer):
    """Look up a vector for each id: row 0 is padding, row 1 unknown, words follow.

    Make one with `keras_layer`, or with `from_matrix`. A layer made from its sizes alone
    (as Keras does when it loads or clones one) holds zeros until its weights are loaded.

    The row of padding is zero and no training moves it. An id that is out of range raises a
    `RowError`; inside a compiled step (``jax.jit``, ``tf.function``, ``torch.compile``: Keras'
    ``fit`` and ``predict`` on JAX and TensorFlow), where nothing can be raised, it counts as
    unknown.

    Parameters
    ----------
    n_rows : int
        How many rows there are, the first two included.
    dimensions : int
        The length D of a vector.
    mask : bool
        Tell the following layers which positions are padding.
    fingerprint : str, optional
        Checksum of the vocabulary that belongs to the rows.
    max_norm : float, optional
        The greatest length of a vector that comes out; see `wordkin.layers.settings.LayerSettings`.
    quantized : {"int8"}, optional
        Hold the rows in one byte a number, with one scale a row.
    lr_factor : float
        What `wordkin.TuneEmbedding` multiplies the steps of training with.
    frozen_epochs : int
        How many epochs `wordkin.TuneEmbedding` waits before training may change the vectors.
    **kwargs
        As any Keras layer takes: ``name``, ``trainable``, ``dtype``; and ``weights``, arrays to
        begin with in place of zeros, which may be used without a copy.

    Raises
    ------
    InputError
        If a size is no whole number, or too small.
    """

    built: bool  # by Keras

    def __init__(
        self,
        n_rows: int,
        dimensions: int,
        *,
        mask: bool = True,
        fingerprint: str | None = None,
        max_norm: float | None = None,
        quantized: Literal["int8"] | None = None,
        lr_factor: float = 1.0,
        frozen_epochs: int = 0,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        weights = kwargs.pop("weights", ())
        # the table is looked up in its own dtype, and only the rows found are cast
        super().__init__(autocast=False, **kwargs)
        self.n_rows = rows.checked_size("n_rows", n_rows, len(SPECIALS))
        self.dimensions = rows.checked_size("dimensions", dimensions, 1)
        self.mask = bool(mask)
        self.fingerprint = fingerprint
        self.max_norm = max_norm
        self.quantized = quantized
        self.lr_factor = lr_factor
        self.frozen_epochs = rows.checked_size("frozen_epochs", frozen_epochs, 0)
        self.supports_masking = True
        self.report: EmbeddingReport | None = None
        self.watched = False  # by a TuneEmbedding
        self._vocabulary: Vocabulary | None = None
        self._make_weights(*weights)

    @classmethod
    def from_matrix(
        cls,
        matrix: ArrayLike,
        vocabulary: Vocabulary,
        **kwargs: Any,  # noqa: ANN401
    ) -> WordEmbedding:
        """Make a layer of rows that are ready, such as `wordkin.embedding_matrix` makes them.

        Parameters
        ----------
        matrix : array_like
            Shape (n_rows, D). Row 0 must be zero.
        vocabulary : Vocabulary
            Says which word has which row. Its specials must be ``("<pad>", "<unk>")``.
        **kwargs
            ``mask``, ``trainable``, ``name``, ``dtype``.

        Returns
        -------
        WordEmbedding
            It holds a copy of the matrix.

        Raises
        ------
        InputError
            If matrix and vocabulary don't fit, or row 0 is not zero.
        """
        table = rows.checked_matrix(matrix, vocabulary)
        if kwargs.get("quantized") is not None:
            raise ConfigError("from_matrix keeps floats; to_keras(quantized='int8') rounds them.")
        mark = vocabulary.fingerprint()
        layer = cls(*table.shape, fingerprint=mark, weights=[np.array(table)], **kwargs)
        layer._vocabulary = vocabulary
        return layer

    @classmethod
    def from_plan(
        cls,
        plan: LayerPlan,
        **kwargs: Any,  # noqa: ANN401
    ) -> WordEmbedding:
        """Make a layer of what `wordkin.layers.plan.plan_rows` made, and check that it gives that.

        Parameters
        ----------
        plan : LayerPlan
            Rows, words and settings.
        **kwargs
            What the plan does not tell.

        Returns
        -------
        WordEmbedding
            It may hold the rows themselves, not a copy: the plan is used up.

        Raises
        ------
        RowError
            If a word does not come back as its vector (which would be a fault of ours).
        """
        wanted = plan.settings
        waits = wanted.frozen_epochs > 0 or wanted.lr_factor != 1
        layer = cls(
            plan.n_rows,
            plan.dimensions,
            mask=wanted.mask,
            fingerprint=plan.vocabulary.fingerprint(),
            max_norm=wanted.max_norm,
            quantized=wanted.quantized,
            lr_factor=wanted.lr_factor,
            frozen_epochs=wanted.frozen_epochs,
            trainable=wanted.trains and not waits,
            dtype=wanted.dtype,
            name=wanted.name,
            weights=[plan.table] if plan.scales is None else [plan.table, plan.scales],
            **kwargs,
        )
        layer._vocabulary = plan.vocabulary
        layer.report = plan.report
        found = ops.cast(layer(plan.probes()), "float32")
        half = keras.backend.standardize_dtype(layer.compute_dtype) in ("float16", "bfloat16")
        plan.check(ops.convert_to_numpy(found), half=half)
        return layer

    def build(self, input_shape: object = None) -> None:  # noqa: D102
        self.built = True  # a layer that knows its sizes has its weights from the beginning

    def _make_weights(
        self, table: NDArray[Any] | None = None, scales: NDArray[np.float32] | None = None
    ) -> None:
        shape = (self.n_rows, self.dimensions)
        if self.quantized is None:
            self.embeddings = self.add_weight(
                shape=shape, initializer=_values(table), name="embeddings"
            )
            # an optimizer knows variables only, not the layers they belong to
            self.embeddings.wordkin_lr_factor = self.lr_factor
        else:
            fixed = {"trainable": False, "autocast": False}
            self.embeddings = self.add_weight(
                shape=shape, dtype="int8", initializer=_values(table), name="embeddings", **fixed
            )
            self.scales = self.add_weight(
                shape=shape[:1],
                dtype="float32",
                initializer=_values(scales),
                name="scales",
                **fixed,
            )
        self.built = True

    @property
    def waits(self) -> bool:
        """Whether the vectors are frozen now and `wordkin.TuneEmbedding` is to change that."""
        return not self.trainable and (self.frozen_epochs > 0 or self.lr_factor != 1)

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the rows; with it a text becomes ids: ``layer.vocabulary.encode_batch``."""
        if self._vocabulary is None:
            raise InputError(
                f"The layer {self.name!r} has no vocabulary: it was made from a config or its "
                "weights alone. Load the whole model from a .keras file, or use "
                "set_vocabulary."
            )
        return self._vocabulary

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Give a layer that lost its vocabulary (a clone, say) the same one again.

        Parameters
        ----------
        vocabulary : Vocabulary
            The one that the rows were made for.

        Raises
        ------
        InputError
            If it is another one.
        """
        if self.fingerprint not in (None, vocabulary.fingerprint()):
            raise InputError(
                "This is another vocabulary than the rows of the layer were made for: its "
                "fingerprint differs."
            )
        if vocabulary.n_rows != self.n_rows:
            raise InputError(
                f"The layer has {self.n_rows} rows, but the vocabulary {vocabulary.n_rows}."
            )
        rows.check_specials(vocabulary)
        self.fingerprint = vocabulary.fingerprint()
        self._vocabulary = vocabulary

    def __call__(self, ids: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Look up vectors.

        Parameters
        ----------
        ids : tensor, array or nested list of int
            Shape (...), any rank.
        *args, **kwargs
            What Keras hands on.

        Returns
        -------
        tensor
            Shape (..., D), in the compute dtype; exact rows of the weights, zero for padding.

        Raises
        ------
        InputError
            If ids are no integers.
        RowError
            If an id is out of range (outside of compiled steps).
        """
        if keras.backend.is_keras_tensor(ids):
            _check_spec(ids)
        elif not ops.is_tensor(ids):
            ids = rows.host_ids(ids, self.n_rows)  # before a backend makes 32 bits of 64
        else:
            rows.check_integer(keras.backend.standardize_dtype(ids.dtype))
            if _has_values(ids):
                rows.check_in_range(ops.convert_to_numpy(ids), self.n_rows)
        return super().__call__(ids, *args, **kwargs)

    def call(self, ids: Any, training: bool | None = None) -> Any:  # noqa: ANN401, D102
        if training and self.waits and not self.watched:
            warn_of_waiting(self.name)
        wide = keras.backend.standardize_dtype(ids.dtype) in ("int64", "uint64")
        ids = ops.cast(ids, "int64" if wide else "int32")
        in_range = ops.logical_and(ids >= 0, ids < self.n_rows)
        found = self._vectors(ops.where(in_range, ids, UNK_ROW))
        # a gradient that is not zero never passes this on its way to the row of padding
        found = ops.where(ops.expand_dims(ids != PAD_ROW, -1), found, ops.zeros_like(found))
        return ops.cast(found, self.compute_dtype)

    def _vectors(self, places: Any) -> Any:  # noqa: ANN401
        found = ops.take(self.embeddings, places, axis=0)
        if self.quantized is not None:
            found = ops.cast(found, "float32")
            found = found * ops.expand_dims(ops.take(self.scales, places, axis=0), -1)
        return found if self.max_norm is None else _clipped(found, self.max_norm)

    def compute_mask(self, ids: Any, previous_mask: object = None) -> Any:  # noqa: ANN401, D102
        return ops.not_equal(ids, PAD_ROW) if self.mask else None

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:  # noqa: D102
        return (*input_shape, self.dimensions)

    def compute_output_spec(self, ids: Any) -> Any:  # noqa: ANN401, D102
        _check_spec(ids)
        return keras.KerasTensor(self.compute_output_shape(ids.shape), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what makes this layer again, without its rows and words.

        Returns
        -------
        dict
            Sizes, settings and the fingerprint of the vocabulary.
        """
        own = {
            "n_rows": self.n_rows,
            "dimensions": self.dimensions,
            "mask": self.mask,
            "fingerprint": self.fingerprint,
            "max_norm": self.max_norm,
            "quantized": self.quantized,
            "lr_factor": self.lr_factor,
            "frozen_epochs": self.frozen_epochs,
        }
        return {**super().get_config(), **own}

    def save_assets(self, dir_path: str) -> None:  # noqa: D102
        if self._vocabulary is not None:
            with atomic_write(Path(dir_path, _ASSET)) as file:
                file.write(rows.vocabulary_to_json(self._vocabulary))

    def load_assets(self, dir_path: str | None) -> None:
        """Read the vocabulary from a folder inside a ``.keras`` file.

        Parameters
        ----------
        dir_path : str or None
            The folder; None or without a vocabulary if the layer had none when it was saved.

        Raises
        ------
        FormatError
            If it is damaged, or not the vocabulary that was saved with the rows.
        """
        path = Path(dir_path or "", _ASSET)
        if not dir_path or not path.exists():
            return
        self._vocabulary = rows.vocabulary_from_json(path, self.fingerprint)


def _check_spec(ids: keras.KerasTensor) -> None:
    rows.check_integer(keras.backend.standardize_dtype(ids.dtype), _FloatIdsError)


def _values(array: NDArray[Any] | None) -> Any:  # noqa: ANN401
    """Make an initialiser of values; zeros without any. Zeros first would be one more table."""
    if array is None:
        return "zeros"
    return lambda shape, dtype: ops.convert_to_tensor(array, dtype=dtype)


def _clipped(vectors: Any, limit: float) -> Any:  # noqa: ANN401
    """Scale down vectors that are longer than a limit."""
    wide = ops.cast(vectors, "float32")
    squares = ops.sum(ops.square(wide), axis=-1, keepdims=True)
    # at least the limit before the root, whose slope at zero is infinite
    return ops.cast(wide * (limit * ops.rsqrt(ops.maximum(squares, limit * limit))), vectors.dtype)


def _has_values(tensor: Any) -> bool:  # noqa: ANN401
    """Tell whether a tensor holds numbers now, or stands for them in a step being compiled."""
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        return not isinstance(tensor, jax.core.Tracer)
    if backend == "torch":
        import torch

        return not (torch.compiler.is_compiling() or tensor.is_meta)
    return hasattr(tensor, "numpy") or isinstance(tensor, np.ndarray)
