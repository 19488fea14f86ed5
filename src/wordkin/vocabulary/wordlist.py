"""A list of words on its own: as JSON, and its checksum."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import FileError, FormatError
from wordkin.files import atomic_write
from wordkin.vocabulary.packed import PackedWords

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def checksum(*groups: Sequence[str]) -> str:
    """Return a checksum of lists of words.

    Parameters
    ----------
    *groups : sequence of str
        The lists; where one ends and the next begins counts too.

    Returns
    -------
    str
        SHA-256, as 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for words in groups:
        lengths, data = _as_bytes(words)
        # with the lengths before them, ("ab", "c") and ("a", "bc") differ
        digest.update(len(words).to_bytes(8, "little") + lengths.astype("<i8").tobytes())
        digest.update(data)
    return digest.hexdigest()


def _as_bytes(words: Sequence[str]) -> tuple[NDArray[np.int64], bytes]:
    if isinstance(words, PackedWords):
        return np.diff(words.offsets), words.data.tobytes()
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    return np.fromiter(map(len, encoded), np.int64, len(encoded)), b"".join(encoded)


def write_json(path: Path, words: Sequence[str]) -> None:
    """Write words as a JSON object ``{word: id}``, in order of the ids.

    Parameters
    ----------
    path : Path
        The file to write.
    words : sequence of str
        The words; word i has id i.

    Raises
    ------
    FileError
        If it can't be written.
    """
    ids = {word: i for i, word in enumerate(words)}
    try:
        data = json.dumps(ids, ensure_ascii=False, indent=0).encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate in a word can only be written escaped
        data = json.dumps(ids, indent=0).encode("ascii")
    with atomic_write(path) as file:
        file.write(data + b"\n")


def read_json(path: Path) -> list[str]:
    """Read a JSON object ``{word: id}``.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    list of str
        The words in order of their ids.

    Raises
    ------
    FileError
        If it can't be read.
    FormatError
        If it is no such object, or the ids are not 0, 1, 2 ...
    """
    try:
        # objects become tuples (lists are arrays), so that a repeated key can't hide another
        pairs = json.loads(path.read_bytes(), object_pairs_hook=tuple)
    except OSError as error:
        raise FileError(f"{path} can't be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path} is no JSON file: {error}.") from error
    if not isinstance(pairs, tuple) or any(type(i) is not int for _, i in pairs):
        raise FormatError(f'{path} should hold one JSON object of the form {{"word": id, ...}}.')
    pairs = sorted(pairs, key=lambda pair: pair[1])
    if [i for _, i in pairs] != list(range(len(pairs))):
        low, high = pairs[0][1], pairs[-1][1]
        hint = ""
        if low == 1:
            hint = " Ids that start at 1 (as in Keras' word_index) need 1 subtracted."
        raise FormatError(
            f"{path}: the ids of {len(pairs)} words should be exactly 0 to {len(pairs) - 1}, each "
            f"once; these go from {low} to {high}.{hint}"
        )
    return [word for word, _ in pairs]
