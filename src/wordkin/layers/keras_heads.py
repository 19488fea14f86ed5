"""Small Keras models on top of a layer of word vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wordkin.layers import import_keras

if TYPE_CHECKING:
    import keras
else:
    keras = import_keras()

ops = keras.ops


def cosine_model(layer: keras.layers.Layer, name: str = "cosine_model") -> keras.Model:
    """Make a model that takes the ids of two words and gives the cosine of their vectors.

    It gives the same number as `similarity` does, inside the framework of the layer.

    Parameters
    ----------
    layer : WordEmbedding
        From `keras_layer`. It is shared, not copied.
    name : str
        The name of the model.

    Returns
    -------
    keras.Model
        Two inputs of ids, each of shape (batch,) or (batch, 1); output of shape (batch,), float32
        (float64 if the layer is). It is 0 where a vector is zero.

    Examples
    --------
    >>> import numpy as np
    >>> import wordkin as wk
    >>> from wordkin.layers.keras import keras_layer
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "sat"]), [[3, 0], [0, 4]])
    >>> layer = keras_layer(table)
    >>> cat, sat = layer.vocabulary.encode(["cat", "sat"])
    >>> model = cosine_model(layer)
    >>> print(keras.ops.convert_to_numpy(model([np.array([cat]), np.array([sat])])))
    [0.]
    """
    pair = [keras.Input((), dtype="int32", name=which) for which in ("first", "second")]
    cosine = Cosine(name="cosine")([layer(ids) for ids in pair])
    return keras.Model(pair, cosine, name=name)


@keras.saving.register_keras_serializable(package="wordkin")
class Cosine(keras.layers.Layer):
    """The cosine of two vectors, along the last axis; 0 where one of them is zero.

    Parameters
    ----------
    **kwargs
        As any Keras layer takes.
    """

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        # takes half precision as it comes, to compute in single
        super().__init__(autocast=False, **kwargs)

    def call(self, pair: Any) -> Any:  # noqa: ANN401, D102
        # elementwise, because a GPU may round the factors of a matrix product to 10 bits
        a, b = (_unit(vectors) for vectors in pair)
        return ops.sum(a * b, axis=-1)

    def compute_mask(self, pair: Any, previous_mask: object = None) -> None:  # noqa: ANN401, D102
        return None


def _unit(vectors: Any) -> Any:  # noqa: ANN401
    """Scale vectors to length 1, in two steps so that no square over- or underflows."""
    if keras.backend.standardize_dtype(vectors.dtype) != "float64":
        vectors = ops.cast(vectors, "float32")
    for size in (_largest, _length):
        scale = size(vectors)
        vectors = vectors / ops.where(scale > 0, scale, ops.ones_like(scale))
    return vectors


def _largest(vectors: Any) -> Any:  # noqa: ANN401
    return ops.max(ops.abs(vectors), axis=-1, keepdims=True)


def _length(vectors: Any) -> Any:  # noqa: ANN401
    return ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True))
