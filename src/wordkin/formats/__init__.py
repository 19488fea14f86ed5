"""Files of vectors: recognised by what is in them, read into a VectorTable, written from one.

Each format has a file of its own here. To add one: write `looks_like`, `read` and `write` in a new
file and add a line to `_FORMATS`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wordkin.archives import answers
from wordkin.errors import FileError, FormatError, InputError
from wordkin.files import open_bytes, size_on_disk
from wordkin.formats import (
    fasttext,
    finalfusion,
    floret,
    gensim,
    glove,
    magnitude,
    model2vec,
    native,
    npy,
    parquet,
    projector,
    spacy,
    word2vec,
)
from wordkin.formats.batches import Pick
from wordkin.progress import counting_bytes, task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wordkin.table import VectorTable

__all__ = ["Format", "read", "recognise", "write", "writer"]

_HEAD = 1 << 20  # bytes looked at: more than the first line of any text file has


class Format(NamedTuple):
    """A format of files of vectors.

    Parameters
    ----------
    name : str
        What users call it.
    suffixes : tuple of str
        The endings of its file names.
    looks_like : callable
        Tells from its first bytes whether a file is of this format.
    read : callable
        Makes a table of a file.
    write : callable
        Makes a file of a table; None where we only read.
    looks_like_folder : callable, optional
        Tells whether a folder is of this format.
    picks : bool
        Whether `read` takes ``limit=`` and ``only=``; otherwise all is read and then picked.
    """

    name: str
    suffixes: tuple[str, ...]
    looks_like: Callable[[bytes], bool]
    read: Callable[..., VectorTable]
    write: Callable[[VectorTable, str | os.PathLike[str]], None] | None
    looks_like_folder: Callable[[Path], bool] | None = None
    picks: bool = False


_FORMATS = (
    Format(
        "model2vec",
        (),
        model2vec.looks_like,
        model2vec.read,
        model2vec.write,
        model2vec.looks_like_folder,
    ),
    Format("safetensors", (".safetensors",), native.looks_like, native.read, native.write),
    Format("npy", (".npy",), npy.looks_like, npy.read, npy.write),
    Format("fasttext", (".ftz",), fasttext.looks_like, fasttext.read, fasttext.write),
    Format("floret", (".floret",), floret.looks_like, floret.read, floret.write),
    Format("finalfusion", (".fifu",), finalfusion.looks_like, finalfusion.read, None),
    Format("gensim", (), gensim.looks_like, gensim.read, None),
    Format("magnitude", (".magnitude",), magnitude.looks_like, magnitude.read, None),
    Format("spacy", (), lambda _head: False, spacy.read, spacy.write, spacy.looks_like_folder),
    Format(
        "word2vec",
        (".txt", ".vec"),
        word2vec.looks_like_text,
        word2vec.read_text,
        word2vec.write_text,
        picks=True,
    ),
    Format(
        "word2vec-binary",
        (".bin",),
        word2vec.looks_like_binary,
        word2vec.read_binary,
        word2vec.write_binary,
        picks=True,
    ),
    Format("glove", (), glove.looks_like, glove.read, glove.write, picks=True),
    Format(
        "parquet",
        (".parquet", ".arrow", ".feather"),
        parquet.looks_like,
        parquet.read,
        parquet.write,
    ),
    Format("projector", (".tsv",), projector.looks_like, projector.read, projector.write),
)


def read(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    limit: int | None = None,
    only: Iterable[str] | None = None,
) -> VectorTable:
    """Read vectors from a file of any format we know.

    Parameters
    ----------
    path : str or path-like
        The file.
    format : str, optional
        Its format, by the name in the table of docs/formats.md. By default it is recognised by what
        is in the file.
    limit : int, optional
        Take the first so many words of the file only.
    only : iterable of str, optional
        Of these, take the words that are in here.

    Returns
    -------
    VectorTable
        The words and their vectors.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If the format is not known, or the file is truncated or damaged.
    InputError
        If `format` is none of the above.
    """
    chosen = recognise(path) if format is None else _named(format)
    total = None if answers(Path(path).is_dir) else size_on_disk(path)
    with task(f"reading {os.fspath(path)}", total, "B") as advance, counting_bytes(advance):
        if chosen.picks:
            return chosen.read(path, limit=limit, only=only)
        pick = Pick.of(limit, only)
        return pick.rows(chosen.read(path))


def write(
    table: VectorTable,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
) -> None:
    """Write vectors to a file, whole or not at all.

    Parameters
    ----------
    table : VectorTable
        The words and their vectors.
    path : str or path-like
        The file; one that is there is replaced when the new one is complete.
    format : str, optional
        The format, by the name in the table of docs/formats.md. By default the ending of the name
        tells: ``.safetensors``, ``.npy``, ``.txt`` or ``.vec``, ``.bin`` ... (A ``.bin`` is
        fastText's where the vectors have fastText's n-grams, else word2vec's.)

    Raises
    ------
    InputError
        If no format is known for the ending, or the format can't hold the words.
    FileError
        If the file can't be written.
    """
    if format is None and Path(path).suffix.lower() == ".bin" and fasttext.suits(table):
        format = "fasttext"
    writer(path, format)(table, path)


def writer(
    path: str | os.PathLike[str], format: str | None = None
) -> Callable[[VectorTable, str | os.PathLike[str]], None]:
    """Find what writes a file, before there is anything to write.

    Parameters
    ----------
    path : str or path-like
        The file.
    format : str, optional
        The format, where the ending of the name does not tell.

    Returns
    -------
    callable
        Called with a table and the path.

    Raises
    ------
    InputError
        If no format is known for the ending, or we only read the format.
    """
    chosen = _by_suffix(path) if format is None else _named(format)
    if chosen is None:
        endings = ", ".join(suffix for known in _FORMATS for suffix in known.suffixes)
        raise InputError(
            f"{os.fspath(path)!r} does not tell the format. Let the name end in one of {endings}, "
            f"or give format=, one of {', '.join(known.name for known in _FORMATS)}."
        )
    if chosen.write is None:
        raise InputError(f"wordkin reads the format {chosen.name!r}, but does not write it.")
    return chosen.write


def recognise(path: str | os.PathLike[str]) -> Format:
    """Tell the format of a file: by its content and, where that does not tell, by its name.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Format
        The format.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If the file is empty, or of no format we know.
    """
    name = os.fspath(path)
    if answers(Path(path).is_dir):
        return _recognised_folder(Path(path))
    with open_bytes(path) as stream:
        head = stream.read(_HEAD)
    if not head:
        raise FormatError(f"{name!r} is empty: there are no vectors in it.")
    for known in _FORMATS:
        if known.looks_like(head):
            return known
    if head.startswith(gensim.PICKLES):
        raise FormatError(
            f"{name!r} is a pickle, but none of gensim's, and pickles can run any code. It can't "
            "be read (yet)."
        )
    # the reader then says what is missing
    by_suffix = _by_suffix(path)
    if by_suffix is None:
        raise FormatError(
            f"{name!r} is no file of vectors that we know ("
            f"{', '.join(known.name for known in _FORMATS)}); it begins with {head[:20]!r}."
        )
    return by_suffix


def _recognised_folder(path: Path) -> Format:
    for known in _FORMATS:
        if known.looks_like_folder is not None and known.looks_like_folder(path):
            return known
    raise FileError(
        f"Can't read {str(path)!r}: it is a folder without vectors that we know. Name a file in it."
    )


def _by_suffix(path: str | os.PathLike[str]) -> Format | None:
    suffix = Path(path).suffix.lower()
    return next((known for known in _FORMATS if suffix in known.suffixes), None)


def _named(name: str) -> Format:
    for known in _FORMATS:
        if known.name == name:
            return known
    raise InputError(
        f"There is no format {name!r}. Use one of {', '.join(known.name for known in _FORMATS)}."
    )
