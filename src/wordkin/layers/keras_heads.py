"""Small Keras models on top of a layer of word vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from wordkin.errors import ConfigError
from wordkin.frameworks import import_keras
from wordkin.layers.keras_pooling import (
    AttentionOverWords,
    MaxOfWords,
    WindowsOfWords,
)
from wordkin.layers.keras_pooling import MeanOfWords as MeanOfWords

if TYPE_CHECKING:
    import keras
else:
    keras = import_keras()

ops = keras.ops

Head = Literal["mean", "max", "attention", "cnn", "gru", "lstm"]


def head_layers(head: Head, *, filters: int = 128, width: int = 5) -> list[keras.layers.Layer]:
    """Make the layers that turn the vectors of a text into one vector, heedless of padding.

    Parameters
    ----------
    head : {"mean", "max", "attention", "cnn", "gru", "lstm"}
        ``"mean"``, ``"max"`` and ``"attention"`` forget the order of the words. ``"cnn"`` is three
        convolutions over windows of words with a maximum over 5 after each of the first two and
        over all at the end, as in Chollet's article of 2016, but for texts of any length.
        ``"gru"`` and ``"lstm"`` read the words in their order.
    filters : int
        The length of the vector that comes out of ``"cnn"``, ``"gru"`` and ``"lstm"``.
    width : int
        How many words a window of ``"cnn"`` spans.

    Returns
    -------
    list of keras.layers.Layer
        To be called one after the other, as `keras.Sequential` does.

    Raises
    ------
    ConfigError
        If there is no such head.

    Examples
    --------
    >>> [layer.name.rstrip("_0123456789") for layer in head_layers("cnn")]
    ['windows_of_words', 'windows_of_words', 'windows_of_words', 'max_of_words']
    """
    match head:
        case "mean":
            return [MeanOfWords()]
        case "max":
            return [MaxOfWords()]
        case "attention":
            return [AttentionOverWords()]
        case "gru":
            return [keras.layers.GRU(filters)]
        case "lstm":
            return [keras.layers.LSTM(filters)]
        case "cnn":
            windows = [WindowsOfWords(filters, width, pool=pool) for pool in (5, 5, 1)]
            return [*windows, MaxOfWords()]
    raise ConfigError(
        f"head must be 'mean', 'max', 'attention', 'cnn', 'gru' or 'lstm'; got {head!r}."
    )


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


def text_classifier(
    layer: keras.layers.Layer,
    n_classes: int,
    *,
    head: Head = "mean",
    hidden: int = 128,
    dropout: float = 0.3,
    learning_rate: float = 2e-3,
    name: str = "text_classifier",
) -> keras.Model:
    """Make a small network that tells the class of a text from the vectors of its words.

    The head, batch normalisation, one hidden layer, dropout, softmax. With the mean of the words
    for a head, it forgets their order, and trains in seconds on a CPU.

    Parameters
    ----------
    layer : WordEmbedding
        From `keras_layer`. It is shared, not copied.
    n_classes : int
        How many classes there are.
    head : {"mean", "max", "attention", "cnn", "gru", "lstm"}
        What makes one vector of those of the words; see `head_layers`.
    hidden : int
        Units of the hidden layer.
    dropout : float
        Share of the hidden units that are left out at random while training.
    learning_rate : float
        Of the optimizer, Adam.
    name : str
        The name of the model.

    Returns
    -------
    keras.Model
        Compiled. It takes ids of shape (texts, length), any length, and class numbers from 0 to
        ``n_classes`` - 1; it gives probabilities of shape (texts, ``n_classes``).

    Examples
    --------
    >>> import wordkin as wk
    >>> from wordkin.layers.keras import keras_layer
    >>> table = wk.VectorTable.from_arrays(wk.Vocabulary(["cat", "dog"]), [[1, 0], [0, 1]])
    >>> layer = keras_layer(table)
    >>> model = text_classifier(layer, 2)
    >>> texts, labels = ["cat cat", "dog"] * 20, keras.ops.array([0, 1] * 20)
    >>> history = model.fit(
    ...     layer.vocabulary.encode_batch(texts), labels, epochs=20, verbose=0
    ... )
    >>> print(model.predict(layer.vocabulary.encode_batch(["dog dog", "cat"]), verbose=0).argmax(1))
    [1 0]
    """
    ids = keras.Input((None,), dtype="int32", name="ids")
    x = layer(ids)
    for part in head_layers(head):
        x = part(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dense(hidden, activation="relu")(x)
    x = keras.layers.Dropout(dropout)(x)
    # probabilities stay in single precision whatever the policy, to add up to 1
    x = keras.layers.Dense(n_classes, activation="softmax", dtype="float32")(x)
    model = keras.Model(ids, x, name=name)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


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
