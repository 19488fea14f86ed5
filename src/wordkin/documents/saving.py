"""The file of an encoder: vectors in the native format, and beside them what was learned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.documents.taking import taken
from wordkin.errors import FormatError
from wordkin.formats import native
from wordkin.formats.rows import naming

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.table import VectorTable
    from wordkin.vocabulary import Vocabulary

_ENCODER = "encoder"


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
