"""Word vectors as a Keras layer: the same on TensorFlow, JAX and PyTorch.

Importing this module imports Keras. It also makes the layer known to Keras, which is all that
`keras.saving.load_model` needs; `load_model` here does both.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.embedding import embedding_matrix
from wordkin.errors import FileError, FormatError, InputError
from wordkin.files import atomic_write
from wordkin.frameworks import import_keras
from wordkin.layers import rows
from wordkin.layers.keras_heads import cosine_model as cosine_model
from wordkin.layers.keras_heads import text_classifier as text_classifier
from wordkin.layers.rows import PAD_ROW, SPECIALS, UNK_ROW

if TYPE_CHECKING:
    import os

    import keras
    from numpy.typing import ArrayLike

    from wordkin.embedding import EmbeddingReport, Rule, Vectors
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
    **kwargs
        As any Keras layer takes: ``name``, ``trainable``, ``dtype``.

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
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        # the table is looked up in its own dtype, and only the rows found are cast
        super().__init__(autocast=False, **kwargs)
        self.n_rows = rows.checked_size("n_rows", n_rows, len(SPECIALS))
        self.dimensions = rows.checked_size("dimensions", dimensions, 1)
        self.mask = bool(mask)
        self.fingerprint = fingerprint
        self.supports_masking = True
        self.report: EmbeddingReport | None = None
        self._vocabulary: Vocabulary | None = None
        self.build()

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
        layer = cls(*table.shape, fingerprint=vocabulary.fingerprint(), **kwargs)
        layer.set_weights([table])
        layer._vocabulary = vocabulary
        return layer

    def build(self, input_shape: object = None) -> None:  # noqa: D102
        if not self.built:
            self.embeddings = self.add_weight(
                shape=(self.n_rows, self.dimensions), initializer="zeros", name="embeddings"
            )
            self.built = True

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

    def call(self, ids: Any) -> Any:  # noqa: ANN401, D102
        wide = keras.backend.standardize_dtype(ids.dtype) in ("int64", "uint64")
        ids = ops.cast(ids, "int64" if wide else "int32")
        in_range = ops.logical_and(ids >= 0, ids < self.n_rows)
        found = ops.take(self.embeddings, ops.where(in_range, ids, UNK_ROW), axis=0)
        # a gradient that is not zero never passes this on its way to the row of padding
        found = ops.where(ops.expand_dims(ids != PAD_ROW, -1), found, ops.zeros_like(found))
        return ops.cast(found, self.compute_dtype)

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


def keras_layer(
    table: Vectors,
    vocabulary: Vocabulary | None = None,
    *,
    trainable: bool = False,
    missing: Rule = "mean",
    unknown: Rule = "mean",
    mask: bool = True,
    name: str | None = None,
    seed: int = 0,
) -> WordEmbedding:
    """Make a Keras layer of word vectors, and check that words come back as their vectors.

    Parameters
    ----------
    table : VectorTable or WordVectors
        The vectors.
    vocabulary : Vocabulary, optional
        The words, in order, that the layer shall know, such as those of a training set. By
        default all that have vectors.
    trainable : bool
        Whether training may change the vectors (never that of padding).
    missing : {"mean", "zero", "random"}
        What a word without a vector gets, as in `wordkin.embedding_matrix`.
    unknown : {"mean", "zero", "random"}
        What the row of unknown words gets.
    mask : bool
        Tell the following layers which positions are padding.
    name : str, optional
        The name of the layer.
    seed : int
        For ``"random"``.

    Returns
    -------
    WordEmbedding
        With ``.vocabulary``, which makes ids of texts, and ``.report``, which counts hits and
        misses.

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
    >>> layer = keras_layer(table)
    >>> ids = layer.vocabulary.encode_batch(["cat sat", "sat"])
    >>> print(keras.ops.convert_to_numpy(layer(ids)))
    [[[1. 2.]
      [3. 4.]]
    <BLANKLINE>
     [[3. 4.]
      [0. 0.]]]
    """
    if vocabulary is None:
        vocabulary = table.vocabulary.with_specials(SPECIALS)
    matrix, report = embedding_matrix(
        table, vocabulary, missing=missing, unknown=unknown, seed=seed
    )
    layer = WordEmbedding.from_matrix(matrix, vocabulary, trainable=trainable, mask=mask, name=name)
    layer.report = report
    words, vectors = rows.probes(table, vocabulary)
    same = layer(vocabulary.encode(words)) == ops.cast(vectors, layer.compute_dtype)
    rows.check_probes(words, ops.convert_to_numpy(ops.all(same, axis=-1)))
    return layer


def load_model(path: str | os.PathLike[str]) -> keras.Model:
    """Load a model with a `WordEmbedding` in it from a ``.keras`` file.

    `keras.saving.load_model` does the same where this module is imported, but wraps what goes
    wrong in errors of other kinds.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    keras.Model
        The model; each `WordEmbedding` in it with its vocabulary.

    Raises
    ------
    FileError
        If there is no such file.
    FormatError
        If it is no such model, or is damaged or changed.
    """
    if not Path(path).is_file():
        raise FileError(f"There is no file {str(path)!r}. Name a model that was saved as .keras.")
    try:
        return keras.saving.load_model(path)
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise FormatError(f"Can't load {str(path)!r} as a Keras model: {error}") from error


def _check_spec(ids: keras.KerasTensor) -> None:
    rows.check_integer(keras.backend.standardize_dtype(ids.dtype), _FloatIdsError)


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
