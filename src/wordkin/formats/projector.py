"""What TensorBoard's projector shows: numbers, words, and a file that names both; only written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.errors import InputError
from wordkin.files import atomic_write
from wordkin.formats.lines import write_lines
from wordkin.formats.rows import words_to_write

if TYPE_CHECKING:
    from wordkin.table import VectorTable

_CONFIG = "projector_config.pbtxt"  # TensorBoard looks for this name


def looks_like(_head: bytes) -> bool:
    """Tell that no file is recognised as this format: it is only written.

    Parameters
    ----------
    _head : bytes
        The first bytes.

    Returns
    -------
    bool
        False.
    """
    return False


def read(path: str | os.PathLike[str]) -> VectorTable:
    """Refuse to read.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    VectorTable
        Never.

    Raises
    ------
    InputError
        Always.
    """
    raise InputError(
        f"{os.fspath(path)!r}: the projector's files are only written here. Load the file that "
        "they were made from."
    )


def write(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write ``vectors.tsv``, ``vectors.metadata.tsv`` and ``projector_config.pbtxt``.

    Point TensorBoard's ``--logdir`` at the folder, or load both ``.tsv`` files into the projector
    on the web.

    Parameters
    ----------
    table : VectorTable
        The vectors. Counts become a second column of the metadata; tokenizer and settings have no
        place there.
    path : str or path-like
        The file of numbers; words and configuration are put beside it.

    Raises
    ------
    InputError
        If a value is not finite, there are no words, or one is empty or holds a tab or the end of
        a line; or if the name of the file is no UTF-8.
    FileError
        If a file can't be written.
    """
    words = words_to_write(table, without=b"\t\n\r")
    target = Path(path)
    try:
        target.name.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{_CONFIG} names the other files in UTF-8, which can't name {target.name!a}. Give "
            "them another name."
        ) from error
    metadata = target.with_suffix(".metadata.tsv")
    with (
        atomic_write(target) as numbers,
        atomic_write(metadata) as names,
        atomic_write(target.with_name(_CONFIG), mode="w") as config,
    ):
        write_lines(numbers, [b""] * len(words), table.matrix, finish=_tabs)
        counts = table.vocabulary.counts
        if counts is None:
            names.writelines(word + b"\n" for word in words)
        else:
            names.write(b"word\tcount\n")  # a single column has no header
            names.writelines(
                word + f"\t{count}\n".encode()
                for word, count in zip(words, counts.tolist(), strict=True)
            )
        config.write(
            "embeddings {\n"
            f"  tensor_path: {_quoted(target.name)}\n"
            f"  metadata_path: {_quoted(metadata.name)}\n"
            "}\n"
        )


def _tabs(lines: bytes) -> bytes:
    """Put tabs between numbers, and nothing in the place of the word."""
    return lines.replace(b"\n ", b"\n")[1:].replace(b" ", b"\t")


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
