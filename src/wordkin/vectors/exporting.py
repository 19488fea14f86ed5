"""The ways of WordVectors into models: a layer for each framework, all told the same things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Unpack

    from wordkin.layers.settings import LayerOptions
    from wordkin.table import VectorTable
    from wordkin.vocabulary import Vocabulary


class Exporting:
    """Makes layers of frameworks that need not be installed for anything else."""

    _table: VectorTable

    def to_keras(
        self, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]
    ) -> Any:  # noqa: ANN401 (Keras may not be there)
        """Make a Keras layer that turns model rows into these vectors.

        Parameters
        ----------
        vocabulary : Vocabulary, optional
            The words that the layer shall know, in order; by default all of these.
        **options
            `wordkin.layers.settings.LayerSettings` explains them: ``trainable=False``,
            ``pad``, ``unk``, ``missing``, ``unknown``, ``mask``, ``dtype``, ``max_norm``,
            ``only``, ``quantized`` and others. They are the same for every framework.

        Returns
        -------
        wordkin.layers.keras.WordEmbedding
            A `keras.layers.Layer`: int rows (batch, length), as its ``vocabulary.encode_batch``
            makes them, to (batch, length, D).

        Raises
        ------
        MissingExtraError
            If Keras is not installed.
        """
        from wordkin.layers.keras import keras_layer

        return keras_layer(self._table, vocabulary, **options)

    def to_torch(
        self, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]
    ) -> Any:  # noqa: ANN401
        """Make a PyTorch module that turns model rows into these vectors.

        Parameters
        ----------
        vocabulary : Vocabulary, optional
            As for `to_keras`.
        **options
            As for `to_keras`.

        Returns
        -------
        wordkin.layers.torch.WordEmbedding
            A `torch.nn.Module`, with its ``vocabulary``.

        Raises
        ------
        MissingExtraError
            If PyTorch is not installed.
        """
        from wordkin.layers.torch import torch_layer

        return torch_layer(self._table, vocabulary, **options)

    def to_jax(self, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]) -> Any:  # noqa: ANN401
        """Make a Flax NNX module that turns model rows into these vectors.

        Plain functions of a dict of arrays, without Flax, are in `wordkin.layers.jax`.

        Parameters
        ----------
        vocabulary : Vocabulary, optional
            As for `to_keras`.
        **options
            As for `to_keras`.

        Returns
        -------
        wordkin.layers.flax.WordEmbedding
            A `flax.nnx.Module`, with its ``vocabulary``.

        Raises
        ------
        MissingExtraError
            If JAX or Flax is not installed.
        """
        from wordkin.layers.flax import flax_layer

        return flax_layer(self._table, vocabulary, **options)

    def to_tensorflow(
        self, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]
    ) -> Any:  # noqa: ANN401
        """Make a TensorFlow module that turns model rows into these vectors, without Keras.

        Parameters
        ----------
        vocabulary : Vocabulary, optional
            As for `to_keras`.
        **options
            As for `to_keras`.

        Returns
        -------
        wordkin.layers.tensorflow.WordEmbedding
            A `tf.Module`, with its ``vocabulary``.

        Raises
        ------
        MissingExtraError
            If TensorFlow is not installed.
        """
        from wordkin.layers.tensorflow import tensorflow_layer

        return tensorflow_layer(self._table, vocabulary, **options)
