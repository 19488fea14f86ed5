"""Rows of n-grams in the native format: arrays and a line of metadata beside those of the words."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.subwords import NgramIndex, Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.finalfusion import FinalfusionIndex, ListedIndex
from wordkin.subwords.floret import FloretIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

_KINDS: dict[str, Callable[..., NgramIndex]] = {
    "fasttext": FastTextIndex,
    "floret": FloretIndex,
    "finalfusion": FinalfusionIndex,
    "listed": ListedIndex,
}


class Stored(NamedTuple):
    """What a file holds for n-grams.

    Parameters
    ----------
    arrays : mapping
        "ngrams" (B, D) float32, and what the index needs: "ngram_kept" (n, 2) int64, or
        "ngram_names" uint8, "ngram_offsets" int64 and "ngram_rows" int64.
    settings : mapping
        The settings of the index by name, and "unit".
    """

    arrays: Mapping[str, NDArray[Any]]
    settings: Mapping[str, Any]


def stored(subwords: Subwords) -> Stored:
    """Say how rows of n-grams are written.

    Parameters
    ----------
    subwords : Subwords
        The rows and their index.

    Returns
    -------
    Stored
        Arrays and settings.
    """
    index = subwords.index
    arrays: dict[str, NDArray[Any]] = {"ngrams": subwords.matrix}
    if isinstance(index, FastTextIndex) and index.kept is not None:
        arrays["ngram_kept"] = np.ascontiguousarray(index.kept, np.int64)
    if isinstance(index, ListedIndex):
        names = [gram.encode("utf-8", "surrogatepass") for gram in index.listed]
        arrays["ngram_names"] = np.frombuffer(b"".join(names), np.uint8)
        arrays["ngram_offsets"] = np.cumsum([0, *map(len, names)], dtype=np.int64)
        arrays["ngram_rows"] = np.fromiter(index.listed.values(), np.int64, len(names))
    return Stored(arrays, {**index.settings(), "unit": subwords.unit})


def restored(rows: Stored) -> Subwords:
    """Make rows of n-grams of what a file holds.

    Parameters
    ----------
    rows : Stored
        Arrays and settings.

    Returns
    -------
    Subwords
        The rows and their index.

    Raises
    ------
    FormatError
        If they don't fit each other, or are of a kind that is not known.
    """
    settings = dict(rows.settings)
    unit, name = settings.pop("unit", False), settings.pop("name", None)
    if not isinstance(name, str) or name not in _KINDS or not isinstance(unit, bool):
        raise FormatError(f"The n-grams are of a kind that this wordkin does not know: {name!r}.")
    try:
        if name == "fasttext":
            settings["exempt"] = settings["exempt"].encode()
            settings["kept"] = rows.arrays.get("ngram_kept")
        if name == "listed":
            settings["listed"] = _listed(rows.arrays)
        return Subwords(rows.arrays["ngrams"], _KINDS[name](**settings), unit)
    except (InputError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise FormatError(f"The description of the n-grams is damaged: {error}") from error


def _listed(arrays: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    data, offsets = arrays["ngram_names"].tobytes(), arrays["ngram_offsets"]
    rows = arrays["ngram_rows"].tolist()
    rising = len(offsets) == len(rows) + 1 and (np.diff(offsets) >= 0).all()
    if not rising or offsets[0] != 0 or offsets[-1] != len(data):
        raise FormatError(f"The 'ngram_offsets' should rise from 0 to {len(data)}.")
    bounds = offsets.tolist()
    try:
        names = [
            data[start:stop].decode("utf-8", "surrogatepass") for start, stop in pairwise(bounds)
        ]
    except UnicodeDecodeError as error:
        raise FormatError(f"The n-grams are not UTF-8: {error}.") from error
    if len(set(names)) != len(names) or min(rows, default=0) < 0:
        raise FormatError("An n-gram stands twice in the file, or has a negative row.")
    return dict(zip(names, rows, strict=True))
