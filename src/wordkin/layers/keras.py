"""Word vectors in Keras: on TensorFlow, JAX and PyTorch alike.

Importing this module imports Keras. It also makes our layers known to Keras, which is all that
`keras.saving.load_model` needs; `load_model` here does both.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.errors import FileError, FormatError
from wordkin.frameworks import import_keras
from wordkin.layers.keras_embedding import WordEmbedding as WordEmbedding
from wordkin.layers.keras_heads import cosine_model as cosine_model
from wordkin.layers.keras_heads import text_classifier as text_classifier
from wordkin.layers.keras_tuning import EmbeddingSteps as EmbeddingSteps
from wordkin.layers.keras_tuning import TuneEmbedding as TuneEmbedding
from wordkin.layers.plan import plan_rows
from wordkin.layers.settings import LayerSettings

if TYPE_CHECKING:
    import os
    from typing import Unpack

    import keras

    from wordkin.embedding import Vectors
    from wordkin.layers.settings import LayerOptions
    from wordkin.vocabulary import Vocabulary
else:
    keras = import_keras()


def keras_layer(
    vectors: Vectors, vocabulary: Vocabulary | None = None, **options: Unpack[LayerOptions]
) -> WordEmbedding:
    """Make a Keras layer of word vectors, and check that words come back as their vectors.

    Parameters
    ----------
    vectors : VectorTable or WordVectors
        The vectors.
    vocabulary : Vocabulary, optional
        The words, in order, that the layer shall know, such as those of a training set. By
        default all that have vectors.
    **options
        ``trainable``, ``pad``, ``unk``, ``missing``, ``unknown``, ``mask``, ``dtype``,
        ``max_norm``, ``only``, ``quantized``, ``lr_factor``, ``name``, ``seed``:
        `wordkin.layers.settings.LayerSettings` explains them. ``trainable="after:2"`` and
        ``lr_factor`` work through `wordkin.TuneEmbedding`, a callback for ``fit``; without it
        such a layer stays frozen.

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
    return WordEmbedding.from_plan(plan_rows(vectors, vocabulary, LayerSettings(**options)))


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
    except (ValueError, TypeError, KeyError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise FormatError(f"Can't load {str(path)!r} as a Keras model: {error}") from error
