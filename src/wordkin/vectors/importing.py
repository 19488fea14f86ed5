"""The way back: from the embedding of a trained model to WordVectors."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.given import array_of
from wordkin.table import VectorTable
from wordkin.vectors import WordVectors
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.checks import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

_KERAS_SPECIALS = ("", "[UNK]")  # as TextVectorization.get_vocabulary() begins


def from_rows(
    matrix: ArrayLike, vocabulary: Vocabulary | Sequence[str], source: str = "matrix"
) -> WordVectors:
    """Make vectors of the rows of a model.

    Parameters
    ----------
    matrix : array_like
        Shape (n_rows, D), as the vocabulary numbers rows, or (words, D) without special rows.
    vocabulary : Vocabulary or sequence of str
        Which row belongs to which word.
    source : str
        What the rows come from, for errors.

    Returns
    -------
    WordVectors
        The words with their rows; special rows are left out.

    Raises
    ------
    InputError
        If there are not as many rows as words, or a value is not finite.

    Examples
    --------
    >>> from_rows([[0, 0], [5, 5], [1, 2]], Vocabulary(["cat"]))["cat"]
    array([1., 2.], dtype=float32)
    """
    words = vocabulary if isinstance(vocabulary, Vocabulary) else Vocabulary(vocabulary)
    table: Any = array_of(matrix)
    if table.ndim != 2 or table.shape[0] not in (words.n_rows, len(words)):
        raise InputError(
            f"The {source} has the shape {table.shape}. With this vocabulary it must be "
            f"({words.n_rows}, D), a row for each of {', '.join(words.specials)} and "
            f"{len(words)} words, or ({len(words)}, D) for the words alone."
        )
    return WordVectors.from_table(VectorTable.from_arrays(words, table[len(table) - len(words) :]))


def from_keras(
    layer: Any,  # noqa: ANN401 (Keras may not be there)
    vocabulary: Vocabulary | Sequence[str] | None = None,
    *,
    name: str | None = None,
) -> WordVectors:
    """Make vectors of a trained embedding in Keras.

    Parameters
    ----------
    layer : keras.layers.Layer or keras.Model
        `keras.layers.Embedding`, the layer of `WordVectors.to_keras`, or a model with one of them.
    vocabulary : Vocabulary or sequence of str, optional
        Which row belongs to which word. A list has a word for each row, such as
        ``TextVectorization.get_vocabulary()`` gives it, or one for each row but the first, which
        is then padding. A layer of ours knows its own.
    name : str, optional
        The name of the layer, where a model has several.

    Returns
    -------
    WordVectors
        The words with their rows, copied; special rows are left out, and so are Keras' ``""``
        (padding) and ``"[UNK]"`` at the beginning of a list.

    Raises
    ------
    InputError
        If there is no embedding, or vocabulary and rows don't fit.

    Examples
    --------
    >>> vectors = WordVectors(["cat", "dog"], [[1, 2], [3, 4]])
    >>> from_keras(vectors.to_keras())["dog"]  # doctest: +SKIP
    array([3., 4.], dtype=float32)
    """
    from wordkin.layers.keras_reading import embedding_of, rows_of

    found = embedding_of(layer, name)
    if vocabulary is None:
        if not hasattr(found, "vocabulary"):
            raise InputError(
                f"The layer {found.name!r} knows no words: give the vocabulary, or a list of words."
            )
        vocabulary = found.vocabulary
    rows = rows_of(found)
    if not isinstance(vocabulary, Vocabulary):
        words = list(listed(vocabulary))
        if len(words) + 1 == len(rows):
            rows = rows[1:]
        n_specials = sum(1 for _ in takewhile(_KERAS_SPECIALS.__contains__, words))
        vocabulary, rows = words[n_specials:], rows[n_specials:]
    return from_rows(rows, vocabulary, "layer")


def from_torch(embedding: Any, vocabulary: Vocabulary | Sequence[str] | None = None) -> WordVectors:  # noqa: ANN401
    """Make vectors of a trained embedding in PyTorch.

    Parameters
    ----------
    embedding : torch.nn.Module or torch.Tensor
        `torch.nn.Embedding`, `torch.nn.EmbeddingBag`, the layer of `WordVectors.to_torch`, or a
        weight of shape (n_rows, D), on any device.
    vocabulary : Vocabulary or sequence of str, optional
        Which row belongs to which word; a list of words stands for rows of words, or of padding,
        unknown and words, by its length. A layer of ours knows its own.

    Returns
    -------
    WordVectors
        The words with their rows, copied; special rows are left out.

    Raises
    ------
    InputError
        If it is no embedding, or vocabulary and rows don't fit.

    Examples
    --------
    >>> vectors = WordVectors(["cat", "dog"], [[1, 2], [3, 4]])
    >>> from_torch(vectors.to_torch())["dog"]  # doctest: +SKIP
    array([3., 4.], dtype=float32)
    """
    weight: Any = getattr(embedding, "weight", embedding)
    if not hasattr(weight, "detach"):
        raise InputError(
            "from_torch takes a module with a weight, as torch.nn.Embedding has one, or the weight "
            f"itself; got {type(embedding).__name__}."
        )
    if vocabulary is None:
        vocabulary = getattr(embedding, "vocabulary", None)
    if vocabulary is None:
        raise InputError("This embedding knows no words: give the vocabulary, or a list of words.")
    rows = weight.detach().cpu().float()
    scales = getattr(embedding, "scales", None)
    if scales is not None:
        rows = rows * scales.detach().cpu().float()
    return from_rows(np.array(rows.numpy()), vocabulary, "weight")
