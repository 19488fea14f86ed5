"""What a layer keeps beside its rows, as bytes; and all of it in one safetensors file.

The file is the same for every framework. It holds what ``state_dict`` of the PyTorch module holds,
under the same names.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.errors import ConfigError, FormatError, InputError
from wordkin.files import atomic_write
from wordkin.formats import tensors
from wordkin.formats.batches import seekable
from wordkin.formats.rows import naming
from wordkin.layers import rows
from wordkin.layers.settings import LayerSettings

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from wordkin.vocabulary import Vocabulary

WORDS = "_extra_state"
_KEPT = ("trainable", "max_norm", "lr_factor")  # what says how rows are used
_DTYPES = {"F16", "F32", "F64", "I8"}


class SavedRows(NamedTuple):
    """What a file of a layer holds.

    Parameters
    ----------
    weight : ndarray
        Shape (n_rows, D): float32, float16, float64 or int8.
    scales : ndarray or None
        Shape (n_rows, 1), for int8: what a row is multiplied with.
    vocabulary : Vocabulary
        Which row belongs to which word.
    settings : LayerSettings
        How the rows are used.
    """

    weight: NDArray[Any]
    scales: NDArray[Any] | None
    vocabulary: Vocabulary
    settings: LayerSettings


def pack(vocabulary: Vocabulary, settings: LayerSettings) -> bytes:
    """Write what belongs to rows, for states that hold nothing but arrays.

    Parameters
    ----------
    vocabulary : Vocabulary
        Which row belongs to which word.
    settings : LayerSettings
        How the rows are used: ``trainable``, ``max_norm`` and ``lr_factor`` are kept.

    Returns
    -------
    bytes
        Three lines: the fingerprint of the vocabulary, settings in JSON, the vocabulary in JSON.
    """
    kept = {name: getattr(settings, name) for name in _KEPT}
    words = rows.vocabulary_to_json(vocabulary)
    return b"\n".join([vocabulary.fingerprint().encode(), json.dumps(kept).encode(), words])


def unpack(data: bytes) -> tuple[Vocabulary, LayerSettings]:
    """Read what `pack` wrote.

    Parameters
    ----------
    data : bytes
        All of it.

    Returns
    -------
    vocabulary : Vocabulary
        The same.
    settings : LayerSettings
        With what is kept of them.

    Raises
    ------
    FormatError
        If it is damaged, or the vocabulary was changed.
    """
    fingerprint, _, rest = data.partition(b"\n")
    kept, _, words = rest.partition(b"\n")
    vocabulary = rows.vocabulary_of(words, fingerprint.decode("ascii", "replace"))
    try:
        return vocabulary, LayerSettings(**json.loads(kept))
    except (TypeError, ValueError, ConfigError) as error:
        raise FormatError(f"The settings of the layer are damaged: {error}.") from error


def save_rows(path: str | os.PathLike[str], saved: SavedRows) -> None:
    """Save rows and vocabulary, whole or not at all.

    Parameters
    ----------
    path : str or path-like
        The file, ``.safetensors``.
    saved : SavedRows
        What goes into it. Types that NumPy lacks (bfloat16) are written as float32.

    Raises
    ------
    InputError
        If it is not the vocabulary of these rows.
    FileError
        If the file can't be written.
    """
    rows.check_specials(saved.vocabulary)
    if len(saved.weight) != saved.vocabulary.n_rows:
        raise InputError(
            f"There are {len(saved.weight)} rows, but this vocabulary has "
            f"{saved.vocabulary.n_rows}."
        )
    words = np.frombuffer(pack(saved.vocabulary, saved.settings), np.uint8)
    arrays = {"weight": _plain(saved.weight), WORDS: words}
    if saved.scales is not None:
        arrays["scales"] = _plain(saved.scales)
    with atomic_write(path) as file:
        tensors.write_arrays(file, arrays, {"format": "wordkin-layer"})


def load_rows(path: str | os.PathLike[str]) -> SavedRows:
    """Open what `save_rows` or ``safetensors.torch.save_file(layer.state_dict(), path)`` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    SavedRows
        The weight is mapped from the file, and read only when it is used.

    Raises
    ------
    FileError
        If there is no such file.
    FormatError
        If it holds no layer, or its vocabulary was changed.
    """
    with naming(path), seekable(path) as file:
        found = tensors.read_header(file).tensors
        if not {"weight", WORDS} <= found.keys():
            raise FormatError(
                f"There is no layer of word vectors in it, but the arrays {sorted(found)[:8]}."
            )
        kinds = {found[name].dtype for name in ("weight", "scales") if name in found}
        if not kinds <= _DTYPES or found[WORDS].dtype != "U8":
            raise FormatError(
                f"The rows are of the types {sorted(kinds)}; this reads {sorted(_DTYPES)}. Convert "
                "the layer first, as with layer.float() in PyTorch."
            )
        vocabulary, settings = unpack(tensors.read_array(file, found[WORDS]).tobytes())
        scales = tensors.read_array(file, found["scales"]) if "scales" in found else None
        weight = tensors.map_array(file, found["weight"])
        rows.check_specials(vocabulary)
        if weight.ndim != 2 or len(weight) != vocabulary.n_rows:
            raise FormatError(
                f"The file is damaged: {weight.shape} is no shape of {vocabulary.n_rows} rows."
            )
        _check_scales(weight, scales)
    return SavedRows(weight, scales, vocabulary, settings)


def _check_scales(weight: NDArray[Any], scales: NDArray[Any] | None) -> None:
    """See that whole numbers, and only they, have a scale for each row."""
    if weight.dtype.kind != "i" and scales is None:
        return
    fits = scales is not None and scales.shape == (len(weight), 1) and scales.dtype.kind == "f"
    if weight.dtype.kind != "i" or not fits:
        told = "no scales" if scales is None else f"{scales.dtype} scales of shape {scales.shape}"
        raise FormatError(
            f"The file is damaged: rows of int8, and only they, have scales of shape "
            f"{(len(weight), 1)}; here are rows of {weight.dtype} and {told}."
        )


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.dtype.kind in "fi" else array.astype(np.float32)
