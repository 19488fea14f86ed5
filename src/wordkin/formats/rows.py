"""What readers and writers share: words as bytes, and names in errors."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from wordkin.errors import FileError, FormatError, InputError, WordkinError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wordkin.table import VectorTable


def encoded_words(words: Sequence[str], *, without: bytes = b"") -> list[bytes]:
    """Encode words as UTF-8, or say which one can't be written.

    Parameters
    ----------
    words : sequence of str
        The words.
    without : bytes
        Bytes that end a word in the format, so that no word may hold them. If there are any,
        a word can't be empty either.

    Returns
    -------
    list of bytes
        The words in UTF-8.

    Raises
    ------
    InputError
        If a word holds such a byte or half a surrogate pair.
    """
    try:
        encoded = [word.encode("utf-8") for word in words]
    except UnicodeEncodeError as error:
        raise InputError(
            f"The word {error.object!r} holds half a surrogate pair and can't be written as UTF-8."
        ) from error
    if without:
        for word in encoded:
            if not word or len(word.translate(None, without)) != len(word):
                raise InputError(
                    f"The word {word.decode()!r} can't be written in this format, where words end "
                    "at white space. Rename it, or save as .safetensors."
                )
    return encoded


def words_to_write(table: VectorTable, *, without: bytes = b"") -> list[bytes]:
    """Encode the words of a table, and see that it can be written at all.

    Parameters
    ----------
    table : VectorTable
        What is to be written.
    without : bytes
        As for `encoded_words`.

    Returns
    -------
    list of bytes
        The words in UTF-8.

    Raises
    ------
    InputError
        If a value is not finite, a word can't be written, or there is none.
    """
    table.check_finite()
    if not len(table):
        raise InputError(
            "There are no words to write (a table of n-grams has none), and this format holds "
            "nothing else. Save as .safetensors."
        )
    return encoded_words(table.vocabulary.words, without=without)


@contextlib.contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Make what goes wrong while a file is read an error about that file.

    Parameters
    ----------
    path : str or path-like
        The file.

    Yields
    ------
    None
        For the time of reading.

    Raises
    ------
    FileError
        For the system's errors.
    FormatError
        For errors about what the file holds.
    """
    name = repr(os.fspath(path))
    try:
        yield
    except WordkinError as error:
        if not isinstance(error, InputError) or name in str(error):
            raise
        raise FormatError(f"{name}: {error}") from error
    except OSError as error:
        raise FileError(f"Can't read {name}: {error.strerror or error}.") from error
