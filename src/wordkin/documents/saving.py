"""Files: vectors of words in the native format, and beside them what was made of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.config import Doc2Vec
from wordkin.documents.taking import taken
from wordkin.errors import FormatError, InputError
from wordkin.files import open_bytes
from wordkin.formats import native
from wordkin.formats.rows import encoded_words, naming

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.table import VectorTable
    from wordkin.vocabulary import Vocabulary

_ENCODER, _DOCUMENTS = "encoder", "documents"


class Saved(NamedTuple):
    """What an encoder is, beside its vectors.

    Parameters
    ----------
    settings : mapping
        JSON values by name.
    weights : ndarray of float32
        Shape (V,): how much each word counts.
    unknown : float
        How much a word counts that gets a vector of its n-grams.
    components : ndarray of float32
        Shape (k, D): the directions that are taken off.
    """

    settings: Mapping[str, Any]
    weights: NDArray[np.float32]
    unknown: float
    components: NDArray[np.float32]


def write_encoder(
    path: str | os.PathLike[str], table: VectorTable, vocabulary: Vocabulary, *, saved: Saved
) -> None:
    """Write an encoder.

    Parameters
    ----------
    path : path-like
        The file.
    table : VectorTable
        The vectors.
    vocabulary : Vocabulary
        Their words, with the tokenizer of the encoder.
    saved : Saved
        All the rest.

    Raises
    ------
    FileError
        If it can't be written.
    InputError
        If the tokenizer can't be saved.
    """
    about = {"settings": dict(saved.settings), "unknown": saved.unknown}
    arrays = {"weights": saved.weights, "components": saved.components}
    native.write(
        replace(table, vocabulary=vocabulary),
        path,
        beside=native.Beside(_ENCODER, about, arrays),
    )


def read_encoder(
    path: str | os.PathLike[str], *, known: Sequence[str]
) -> tuple[VectorTable, Saved]:
    """Read an encoder; nothing in the file is executed.

    Parameters
    ----------
    path : path-like
        The file.
    known : sequence of str
        The settings that there are.

    Returns
    -------
    VectorTable, Saved
        The vectors, mapped from the file, and the rest.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it holds no encoder, or is damaged.
    """
    beside = native.read_beside(path, _ENCODER)
    with naming(path):
        if beside is None:
            raise FormatError(
                "These are vectors, and no encoder that was saved: DocumentEncoder(load(path)) "
                "makes one of them."
            )
        table = native.read(path)
        weights = taken(beside.arrays, "weights", np.float32, shape=(len(table),))
        components = taken(beside.arrays, "components", np.float32, shape=(None, table.dimensions))
        settings, unknown = beside.settings.get("settings"), beside.settings.get("unknown")
        if not isinstance(settings, dict) or not settings.keys() <= set(known):
            raise FormatError(f"The settings are not those of this version: {settings!r:.80}.")
        if not isinstance(unknown, int | float):
            raise FormatError(f"The weight of unknown words should be a number; got {unknown!r}.")
    return table, Saved(settings, weights, float(unknown), components)


def write_documents(
    path: str | os.PathLike[str],
    words: VectorTable,
    *,
    context: NDArray[np.float32],
    vectors: NDArray[np.float32],
    tags: Sequence[str] | None,
    settings: Mapping[str, Any],
) -> None:
    """Write vectors of documents.

    Parameters
    ----------
    path : path-like
        The file.
    words : VectorTable
        The vectors of the V words.
    context : ndarray of float32
        Shape (V, D): their rows that are predicted; not written where they are the vectors.
    vectors : ndarray of float32
        Shape (n, D): the documents.
    tags : sequence of str or None
        Their n names.
    settings : mapping
        Of the model.

    Raises
    ------
    FileError
        If it can't be written.
    InputError
        If a tag or word is no UTF-8, or the tokenizer can't be saved.
    """
    arrays: dict[str, NDArray[Any]] = {"vectors": vectors}
    if context is not words.matrix:
        arrays["context"] = context
    if tags is not None:
        encoded = encoded_words(tags)
        arrays["tags"] = np.frombuffer(b"".join(encoded), np.uint8)
        arrays["tag_offsets"] = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    native.write(words, path, beside=native.Beside(_DOCUMENTS, settings, arrays))


def read_documents(
    path: str | os.PathLike[str],
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Read vectors of documents; nothing in the file is executed.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    vectors : ndarray of float32
        Shape (n, D).
    rest : dict
        "words", "context", "config" and "tags", as `DocumentModel` takes them.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it holds no documents, or is damaged.
    """
    beside = native.read_beside(path, _DOCUMENTS)
    with naming(path):
        if beside is None:
            raise FormatError("There are no vectors of documents in it, only vectors of words.")
        words = native.read(path)
        vectors = taken(beside.arrays, "vectors", np.float32, shape=(None, words.dimensions))
        context = words.matrix
        if "context" in beside.arrays:
            context = taken(beside.arrays, "context", np.float32, shape=words.matrix.shape)
        if words.vocabulary.counts is None:
            raise FormatError("The words have no counts, by which noise words are drawn.")
        try:
            config = Doc2Vec(**beside.settings)
        except InputError as error:
            raise FormatError(f"The settings are not those of this version: {error}") from error
        tags = _tags(beside.arrays, len(vectors))
    return vectors, {"words": words, "context": context, "config": config, "tags": tags}


def _tags(arrays: Mapping[str, NDArray[Any]], n: int) -> list[str] | None:
    if "tags" not in arrays:
        return None
    data = taken(arrays, "tags", np.uint8, shape=(None,)).tobytes()
    offsets = taken(arrays, "tag_offsets", np.int64, shape=(n + 1,))
    if offsets[0] != 0 or offsets[-1] != len(data) or (np.diff(offsets) < 0).any():
        raise FormatError(f"The ends of tags should rise from 0 to {len(data)}.")
    try:
        tags = [data[a:b].decode("utf-8") for a, b in pairwise(offsets.tolist())]
    except UnicodeDecodeError as error:
        raise FormatError(f"The tags are not UTF-8: {error}.") from error
    if len(set(tags)) != n:
        raise FormatError("The tags should be different.")
    return tags


def kind_of(path: str | os.PathLike[str]) -> str | None:
    """Tell what lies in a file beside vectors of words.

    Parameters
    ----------
    path : path-like
        A file of vectors, of any format.

    Returns
    -------
    str or None
        "encoder" (`DocumentEncoder`), "documents" (`DocumentModel`), or None for neither.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    """
    with open_bytes(path) as file:
        if not native.looks_like(file.read(9)):
            return None
    try:
        found = (kind for kind in (_ENCODER, _DOCUMENTS) if native.read_beside(path, kind))
        return next(found, None)
    except FormatError:  # tensors of somebody else
        return None
