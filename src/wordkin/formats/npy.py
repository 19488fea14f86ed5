"""A NumPy matrix in one file and its words as JSON in another: emb.npy and emb.vocab.json."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordkin.arrays import MAGIC, map_npy, write_npy
from wordkin.errors import FileError
from wordkin.files import atomic_write
from wordkin.formats.rows import naming
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    import os


def looks_like(head: bytes) -> bool:
    """Tell from its first bytes whether a file is a NumPy array.

    Parameters
    ----------
    head : bytes
        The first 6 bytes or more.

    Returns
    -------
    bool
        True if it is.
    """
    return head.startswith(MAGIC)


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Read a matrix and, from the file beside it, its words.

    For ``emb.npy`` the words are in ``emb.vocab.json`` or, if there is none, in ``vocab.json`` in
    the same folder: an object ``{word: row}``.

    Parameters
    ----------
    path : str or path-like
        The ``.npy`` file.

    Returns
    -------
    VectorTable
        The matrix is mapped from the file if it is C-contiguous float32, else converted.

    Raises
    ------
    FileError
        If one of the files is missing or can't be read.
    FormatError
        If the array is no matrix of finite real numbers, the words do not fit it, or a file is
        truncated or damaged.
    """
    words = _words_path(Path(path))
    vocabulary = Vocabulary.from_json(words)
    with naming(path):
        return VectorTable.from_arrays(
            vocabulary, np.asarray(map_npy(path)), settings={"format": "npy"}
        )


def write(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write ``emb.npy`` and ``emb.vocab.json``.

    Parameters
    ----------
    table : VectorTable
        The vectors. Counts, tokenizer and settings have no place in this format.
    path : str or path-like
        The ``.npy`` file.

    Raises
    ------
    InputError
        If a value is not finite.
    FileError
        If a file can't be written.
    """
    table.check_finite()
    with atomic_write(path) as file:
        write_npy(file, table.matrix)
        # the words get their name just before the matrix does
        table.vocabulary.to_json(Path(path).with_suffix(".vocab.json"))


def _words_path(path: Path) -> Path:
    candidates = [path.with_suffix(".vocab.json"), path.with_name("vocab.json")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileError(
        f"The words of {str(path)!r} are missing: there is neither {candidates[0].name!r} nor "
        f"{candidates[1].name!r} beside it."
    )
