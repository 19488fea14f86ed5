"""The rows of an embedding layer in Keras, of ours or any other, back in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.frameworks import import_keras
from wordkin.layers.keras_embedding import WordEmbedding

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray
else:
    keras = import_keras()

_AT_ONCE = 8192  # rows that are looked up at a time


def embedding_of(source: Any, name: str | None = None) -> Any:  # noqa: ANN401
    """Find the embedding layer.

    Parameters
    ----------
    source : keras.Layer or keras.Model
        An embedding layer, or what has one in it, at any depth.
    name : str, optional
        The name of the layer, where there are several.

    Returns
    -------
    WordEmbedding or keras.layers.Embedding
        The layer.

    Raises
    ------
    InputError
        If there is none, or more than one.
    """
    if not isinstance(source, keras.layers.Layer):
        raise InputError(f"Pass a Keras layer or model; got {type(source).__name__}.")
    kinds = (WordEmbedding, keras.layers.Embedding)
    found = {id(layer): layer for layer in source._flatten_layers() if isinstance(layer, kinds)}
    names = [layer.name for layer in found.values()]
    if name is not None:
        found = {key: layer for key, layer in found.items() if layer.name == name}
    if len(found) != 1:
        raise InputError(
            f"There must be one embedding layer{f' named {name!r}' if name else ''} in "
            f"{source.name!r}; it has {', '.join(map(repr, names)) or 'none'}. Name one by name=."
        )
    return next(iter(found.values()))


def rows_of(layer: Any) -> NDArray[np.float32]:  # noqa: ANN401
    """Read the rows of an embedding layer.

    Parameters
    ----------
    layer : WordEmbedding or keras.layers.Embedding
        Built; also quantised, or with LoRA.

    Returns
    -------
    ndarray
        Shape (n_rows, D), float32, a copy.

    Raises
    ------
    InputError
        If it was never built, so that it has no rows.
    """
    if not layer.built:
        raise InputError(f"The layer {layer.name!r} was never built: it has no rows yet.")
    if isinstance(layer, WordEmbedding):
        table, *scales = layer.get_weights()
        rows: NDArray[np.float32] = table.astype(np.float32)  # a copy also of what is float32
        if scales:
            rows *= scales[0][:, None]
        return rows
    if getattr(layer, "quantization_mode", None) is None:
        return np.array(keras.ops.convert_to_numpy(layer.embeddings), np.float32)
    # nobody knows better than the layer how its numbers are packed
    parts = range(0, layer.input_dim, _AT_ONCE)
    ids = (np.arange(i, min(i + _AT_ONCE, layer.input_dim), dtype=np.int32) for i in parts)
    found = [keras.ops.convert_to_numpy(keras.ops.cast(layer(part), "float32")) for part in ids]
    return np.concatenate(found)
