"""The folder that holds a corpus: written whole or not at all, checked when opened.

The format is described in ``docs/corpus-format.md``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.arrays import map_npy, write_npy
from wordkin.corpus.account import Account
from wordkin.errors import FileError, FormatError, InputError
from wordkin.files import atomic_folder
from wordkin.text.tokenizers import tokenizer_from_settings
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_FORMAT = "wordkin-corpus"
_VERSION = 1
_BLOCK = 1 << 22  # numbers that are checked at once


class Parts(NamedTuple):
    """What a corpus consists of; see `wordkin.Corpus`."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    vocabulary: Vocabulary
    account: Account
    empty: NDArray[np.int64] | None = None


def write(folder: Path, parts: Parts) -> None:
    """Write a corpus.

    Parameters
    ----------
    folder : Path
        The folder to make or, if it holds a corpus, to replace.
    parts : Parts
        The corpus.

    Raises
    ------
    FileError
        If it can't be written, or the folder holds something else.
    """
    vocabulary = parts.vocabulary
    about = {
        "format": _FORMAT,
        "version": _VERSION,
        "tokens": len(parts.ids),
        "sentences": len(parts.starts) - 1,
        "fingerprint": vocabulary.fingerprint(),
        "tokenizer": vocabulary.tokenizer and vocabulary.tokenizer.settings(),
        "specials": vocabulary.specials,
        "account": parts.account.to_dict(),
        "words": list(vocabulary.words),
        "counts": None if vocabulary.counts is None else vocabulary.counts.tolist(),
    }
    with atomic_folder(folder) as hidden:
        for name in ("ids", "starts", "empty"):
            array = getattr(parts, name)
            if array is not None:
                with (hidden / f"{name}.npy").open("wb") as file:
                    write_npy(file, array)
        (hidden / "corpus.json").write_text(json.dumps(about), encoding="ascii")


def read(folder: Path) -> Parts:
    """Map a corpus from a folder, and check all of it.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    Parts
        The corpus; the arrays are mapped read-only.

    Raises
    ------
    FileError
        If there is no such folder, or it can't be read.
    FormatError
        If it holds no corpus, or a damaged one.
    """
    if not folder.is_dir():
        raise FileError(f"There is no folder {str(folder)!r}.")
    about = _read_about(folder / "corpus.json")
    ids = _map(folder / "ids.npy", np.dtype("<i4"), about["tokens"])
    starts = _map(folder / "starts.npy", np.dtype("<i8"), about["sentences"] + 1)
    vocabulary, account = _vocabulary_and_account(folder / "corpus.json", about)
    empty = None
    if (folder / "empty.npy").exists():  # the first corpora had none
        empty = _map(folder / "empty.npy", np.dtype("<i8"), account.empty_sentences)
    parts = Parts(ids, starts, vocabulary, account, empty)
    check(parts, folder / "ids.npy", folder / "starts.npy")
    return parts


def check(parts: Parts, ids_name: object = "ids", starts_name: object = "starts") -> None:
    """Check the arrays of a corpus, each number: kernels use them as addresses without looking.

    Parameters
    ----------
    parts : Parts
        The corpus.
    ids_name, starts_name : object
        What to call the arrays in a message.

    Raises
    ------
    FormatError
        If sentences are not in order or empty, or an id is outside the vocabulary.
    """
    ids, starts, words = parts.ids, parts.starts, len(parts.vocabulary)
    if ids.ndim != 1 or ids.dtype != np.int32 or not len(ids):
        raise FormatError(f"{ids_name}: expected int32 in one dimension, and at least one.")
    if starts.ndim != 1 or starts.dtype != np.int64 or len(starts) < 2:
        raise FormatError(f"{starts_name}: expected int64 in one dimension, and at least two.")
    steps = range(0, len(starts), _BLOCK)
    ascending = all((np.diff(starts[i : i + _BLOCK + 1]) > 0).all() for i in steps)
    if starts[0] != 0 or starts[-1] != len(ids) or not ascending:
        raise FormatError(f"{starts_name}: numbers should ascend from 0 to {len(ids)}; remake it.")
    if parts.empty is not None and len(parts.empty):
        texts = len(starts) - 1 + len(parts.empty)
        inside = parts.empty[0] >= 0 and parts.empty[-1] < texts
        if not inside or (np.diff(parts.empty) <= 0).any():
            raise FormatError(f"empty: numbers should ascend from 0 to {texts - 1}; remake it.")
    for i in range(0, len(ids), _BLOCK):
        block = ids[i : i + _BLOCK]
        if block.min() < 0 or block.max() >= words:
            raise FormatError(f"{ids_name}: there are ids outside 0 to {words - 1}; remake it.")


def _read_about(path: Path) -> dict[str, Any]:
    kinds = {"version": int, "tokens": int, "sentences": int, "words": list, "account": dict}
    try:
        about = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise FormatError(f"{str(path.parent)!r} is no corpus: it has no {path.name}.") from error
    except OSError as error:
        raise FileError(f"Can't read {str(path)!r}: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{str(path)!r} is damaged: {error}.") from error
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise FormatError(f"{str(path)!r} does not describe a corpus of wordkin.")
    if about.get("version") != _VERSION:
        raise FormatError(
            f"{str(path)!r} is of version {about.get('version')!r}; this wordkin reads version "
            f"{_VERSION}. Make the corpus again, or update wordkin."
        )
    for key, kind in kinds.items():
        if type(about.get(key)) is not kind:
            raise FormatError(f"{str(path)!r} is damaged: {key!r} should be of type {kind}.")
    return about


def _vocabulary_and_account(path: Path, about: dict[str, Any]) -> tuple[Vocabulary, Account]:
    try:
        settings = about.get("tokenizer")
        vocabulary = Vocabulary(
            about["words"],
            about.get("counts"),
            specials=about.get("specials", ()),
            tokenizer=None if settings is None else tokenizer_from_settings(settings),
        )
        account = Account(**about["account"])
    except (InputError, TypeError, ValueError) as error:
        raise FormatError(f"{str(path)!r} is damaged: {error}") from error
    if vocabulary.fingerprint() != about.get("fingerprint"):
        raise FormatError(f"{str(path)!r} is damaged: its words do not have its fingerprint.")
    if account.kept != about["tokens"]:
        raise FormatError(f"{str(path)!r} is damaged: its account is of another corpus.")
    return vocabulary, account


def _map(path: Path, dtype: np.dtype[Any], length: int) -> NDArray[Any]:
    try:
        array = map_npy(path)
    except FileNotFoundError as error:
        raise FormatError(f"{str(path.parent)!r} is no corpus: it has no {path.name}.") from error
    except OSError as error:
        raise FileError(f"Can't read {str(path)!r}: {error.strerror or error}.") from error
    except FormatError as error:
        raise FormatError(f"{str(path)!r} is damaged or truncated: {error}") from error
    if array.shape != (length,) or array.dtype != dtype:
        raise FormatError(
            f"{str(path)!r} should hold {length!s:.40} numbers of type {dtype}, as corpus.json "
            f"says; it holds {array.shape} of {array.dtype}."
        )
    return array
