"""Layers that make one vector of the vectors of a text, and never look at padding.

Each takes vectors of shape (texts, length, D) and the mask that a layer of word vectors makes, and
gives the same for any amount of padding, on either side unless it says otherwise. A text without
words gives zeros, not NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wordkin.frameworks import import_keras

if TYPE_CHECKING:
    import keras
else:
    keras = import_keras()

ops = keras.ops


class _Pooling(keras.layers.Layer):
    """What the layers here share: the mask ends with them."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, vectors: Any, previous_mask: object = None) -> None:  # noqa: ANN401
        return None

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-2], input_shape[-1])


@keras.saving.register_keras_serializable(package="wordkin")
class MeanOfWords(_Pooling):
    """The mean of the vectors that are not padding; zero for a text without words.

    `keras.layers.GlobalAveragePooling1D` divides by zero there, and one empty text then turns the
    weights of a network into NaN.

    Parameters
    ----------
    **kwargs
        As any Keras layer takes.
    """

    def call(self, vectors: Any, mask: Any = None) -> Any:  # noqa: ANN401, D102
        weights = _weights(vectors, mask)
        words = ops.sum(weights, axis=-2)
        return ops.sum(vectors * weights, axis=-2) / ops.maximum(words, ops.ones_like(words))


@keras.saving.register_keras_serializable(package="wordkin")
class MaxOfWords(_Pooling):
    """The largest number in each dimension, padding left out; zero for a text without words.

    `keras.layers.GlobalMaxPooling1D` takes padding for a word.

    Parameters
    ----------
    **kwargs
        As any Keras layer takes.
    """

    def call(self, vectors: Any, mask: Any = None) -> Any:  # noqa: ANN401, D102
        here = _weights(vectors, mask) > 0
        lowest = ops.full_like(vectors, -6e4)  # half precision ends at -65504
        largest = ops.max(ops.where(here, vectors, lowest), axis=-2)
        return ops.where(ops.any(here, axis=-2), largest, ops.zeros_like(largest))


@keras.saving.register_keras_serializable(package="wordkin")
class AttentionOverWords(_Pooling):
    """A mean of the vectors in which each word has the weight that the layer learns to give it.

    Yang et al. (2016), "Hierarchical attention networks for document classification", section 2.2:
    the weights are a softmax of u . tanh(W x + b) over the words.

    Parameters
    ----------
    units : int
        The length of u.
    **kwargs
        As any Keras layer takes.
    """

    def __init__(self, units: int = 64, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**kwargs)
        self.units = units
        self.hidden = keras.layers.Dense(units, activation="tanh", dtype=self.dtype_policy)
        self.score = keras.layers.Dense(1, use_bias=False, dtype=self.dtype_policy)

    def build(self, input_shape: tuple[int | None, ...]) -> None:  # noqa: D102
        self.hidden.build(input_shape)
        self.score.build((*input_shape[:-1], self.units))
        self.built = True

    def call(self, vectors: Any, mask: Any = None) -> Any:  # noqa: ANN401, D102
        here = _weights(vectors, mask)
        scores = self.score(self.hidden(vectors))
        # tanh and softmax: no score is far from another, and padding takes no part in the maximum
        scores = ops.where(here > 0, scores, ops.full_like(scores, -6e4))
        scores = scores - ops.max(scores, axis=-2, keepdims=True)
        weights = ops.exp(scores) * here
        total = ops.sum(weights, axis=-2)
        return ops.sum(vectors * weights, axis=-2) / ops.where(total > 0, total, 1)

    def get_config(self) -> dict[str, Any]:  # noqa: D102
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="wordkin")
class WindowsOfWords(keras.layers.Layer):
    """Convolution over windows of words, with ReLU and, if asked for, pooling; it keeps the mask.

    A window is centred at a word; beyond the ends of the text, and where padding is, it sees zeros.
    So what comes out does not depend on the amount of padding behind the text. Padding in front
    makes no difference either while ``pool`` is 1; otherwise it moves the borders between pools.

    Parameters
    ----------
    filters : int
        How many numbers come out for each window.
    width : int
        How many words a window spans.
    pool : int
        Of how many windows next to each other the largest numbers are taken.
    **kwargs
        As any Keras layer takes.
    """

    def __init__(
        self,
        filters: int = 128,
        width: int = 5,
        *,
        pool: int = 1,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.width = width
        self.pool = pool
        self.supports_masking = True
        self.convolution = keras.layers.Conv1D(
            filters,
            width,
            padding="same",
            activation="relu",
            data_format="channels_last",
            dtype=self.dtype_policy,
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:  # noqa: D102
        self.convolution.build(input_shape)
        self.built = True

    def call(self, vectors: Any, mask: Any = None) -> Any:  # noqa: ANN401, D102
        here = _weights(vectors, mask)
        # zero where there is no word, which no ReLU goes below: a maximum never takes it by mistake
        found = self.convolution(vectors * here) * here
        return self._pooled(found)

    def compute_mask(self, vectors: Any, previous_mask: Any = None) -> Any:  # noqa: ANN401, D102
        if previous_mask is None or self.pool == 1:
            return previous_mask
        here = ops.expand_dims(ops.cast(previous_mask, "float32"), -1)
        return ops.squeeze(self._pooled(here), -1) > 0

    def _pooled(self, found: Any) -> Any:  # noqa: ANN401
        if self.pool == 1:
            return found
        # filled up behind: "same" fills up on both sides, and so moves the pools with the length
        found = ops.pad(found, [[0, 0], [0, self.pool - 1], [0, 0]])
        return ops.max_pool(found, self.pool, strides=self.pool, data_format="channels_last")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:  # noqa: D102
        texts, length, _ = input_shape
        return (texts, None if length is None else -(-length // self.pool), self.filters)

    def get_config(self) -> dict[str, Any]:  # noqa: D102
        own = {"filters": self.filters, "width": self.width, "pool": self.pool}
        return {**super().get_config(), **own}


def _weights(vectors: Any, mask: Any) -> Any:  # noqa: ANN401
    """1 for words and 0 for padding, of shape (..., length, 1)."""
    if mask is None:
        return ops.ones_like(vectors[..., :1])
    return ops.expand_dims(ops.cast(mask, vectors.dtype), -1)
