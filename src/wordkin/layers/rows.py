"""What every layer promises about its rows, checked in NumPy, whatever the framework.

Row 0 is padding and zero, row 1 is unknown, words follow; an id that is no row is an error; the
vocabulary travels with the rows, and a fingerprint tells when it is another one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import FormatError, InputError, RowError
from wordkin.given import array_of, check_unmasked
from wordkin.text.tokenizers import tokenizer_from_settings
from wordkin.vocabulary import PAD, UNK, Vocabulary

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray


SPECIALS = (PAD, UNK)
PAD_ROW = SPECIALS.index(PAD)
UNK_ROW = SPECIALS.index(UNK)


def check_specials(vocabulary: Vocabulary) -> None:
    """Refuse a vocabulary without the special rows that every model has.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words of a model.

    Raises
    ------
    InputError
        If row 0 is not for padding, or row 1 not for unknown words.
    """
    if vocabulary.specials != SPECIALS:
        raise InputError(
            f"In a model row 0 is {PAD!r} and row 1 {UNK!r}, but this vocabulary has the specials "
            f"{vocabulary.specials}. Use vocabulary.with_specials({SPECIALS})."
        )


def checked_matrix(matrix: ArrayLike, vocabulary: Vocabulary) -> NDArray[np.float32]:
    """Return a matrix that fits the vocabulary of a model.

    Parameters
    ----------
    matrix : array_like
        Shape (n_rows, D).
    vocabulary : Vocabulary
        Says which word has which row.

    Returns
    -------
    ndarray of float32
        Shape (n_rows, D).

    Raises
    ------
    InputError
        If the special rows are not as in every model, or the shape does not fit.
    """
    check_specials(vocabulary)
    table = array_of(matrix, np.float32)
    if table.ndim != 2 or table.shape[0] != vocabulary.n_rows or not table.shape[1]:
        raise InputError(
            f"The vocabulary has {vocabulary.n_rows} rows (padding, unknown and {len(vocabulary)} "
            f"words), so the matrix must have the shape ({vocabulary.n_rows}, D); got "
            f"{table.shape}. wordkin.embedding_matrix makes it."
        )
    if table[PAD_ROW].any():
        raise InputError("Row 0 of the matrix is padding and must be zero.")
    return table


def checked_size(name: str, value: object, least: int) -> int:
    """Return a size as Python's int, which is what Keras wants.

    Parameters
    ----------
    name : str
        What the argument is called.
    value : object
        What came.
    least : int
        The smallest size that makes sense.

    Returns
    -------
    int
        The size.

    Raises
    ------
    InputError
        If it is no whole number, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name} must be a whole number from {least} on; got {value!r}.")
    return int(value)


def in_single(number: float) -> float:
    """Round a number to what float32 holds, so that its square has it as its root there.

    Parameters
    ----------
    number : float
        A limit, say.

    Returns
    -------
    float
        With which a vector of just that length is scaled by 1 exactly.
    """
    return float(np.float32(number))


def check_integer(dtype: str, error: type[InputError] = InputError) -> None:
    """Refuse ids that are not whole numbers.

    Parameters
    ----------
    dtype : str
        The name of their dtype.
    error : type
        The kind of error to raise.

    Raises
    ------
    InputError
        If it is the dtype of something else.
    """
    if not dtype.startswith(("int", "uint")):
        advice = "Make them of texts with layer.vocabulary.encode_batch(texts)."
        if "float" in dtype:
            advice = (
                "Convert them (ids.astype('int32')). A keras.Input is of floats unless told "
                'otherwise: keras.Input((None,), dtype="int32").'
            )
        raise error(
            f"Ids must be whole numbers (int32 or another integer dtype); got {dtype}. {advice}"
        )


def check_in_range(ids: NDArray[Any], n_rows: int) -> None:
    """Refuse ids that are no rows.

    Parameters
    ----------
    ids : ndarray of int
        Any shape.
    n_rows : int
        How many rows there are.

    Raises
    ------
    RowError
        If an id is negative or too large.
    """
    if ids.size and (ids.min() < 0 or ids.max() >= n_rows):
        bad = ids[(ids < 0) | (ids >= n_rows)]
        raise RowError(
            f"The id {bad[0]} is out of range: this layer has the rows 0 to {n_rows - 1} "
            f"(0 padding, 1 unknown). So are {bad.size} of {ids.size} ids. Make ids with the "
            "vocabulary of the layer: layer.vocabulary.encode_batch(texts)."
        )


def host_ids(ids: object, n_rows: int) -> NDArray[np.int32]:
    """Make ids of numbers, lists and arrays, before a framework makes 32 bits of 64.

    Parameters
    ----------
    ids : array_like
        Any shape.
    n_rows : int
        How many rows there are.

    Returns
    -------
    ndarray of int32
        The same, all in range.

    Raises
    ------
    InputError
        If they are no whole numbers, or rows of different length.
    RowError
        If an id is out of range.
    """
    check_unmasked(ids)
    try:
        array = np.asarray(ids)
    except ValueError as error:
        raise InputError(
            "Ids must be one array: rows of different length have to be padded first, as "
            "layer.vocabulary.encode_batch(texts) does."
        ) from error
    if not array.size and isinstance(ids, list | tuple):
        array = array.astype(np.int32)  # NumPy takes an empty list for one of floats
    check_integer(array.dtype.name)
    check_in_range(array, n_rows)
    return array.astype(np.int32)


def vocabulary_to_json(vocabulary: Vocabulary) -> bytes:
    """Write a whole vocabulary: words, specials, counts, tokenizer.

    Parameters
    ----------
    vocabulary : Vocabulary
        Its words may be any `str`.

    Returns
    -------
    bytes
        JSON in ASCII.
    """
    counts, tokenizer = vocabulary.counts, vocabulary.tokenizer
    content = {
        "words": list(vocabulary.words),
        "specials": vocabulary.specials,
        "counts": None if counts is None else counts.tolist(),
        "tokenizer": None if tokenizer is None else tokenizer.settings(),
    }
    return json.dumps(content).encode("ascii")


def vocabulary_from_json(path: Path, fingerprint: str | None) -> Vocabulary:
    """Read a vocabulary that `vocabulary_to_json` wrote, if it is the expected one.

    Parameters
    ----------
    path : Path
        The file.
    fingerprint : str or None
        That of the vocabulary that was written.

    Returns
    -------
    Vocabulary
        The same.

    Raises
    ------
    FormatError
        If it is damaged, or another one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _damaged(error) from error
    return vocabulary_of(data, fingerprint)


def vocabulary_of(data: bytes, fingerprint: str | None) -> Vocabulary:
    """Read what `vocabulary_to_json` wrote, if it is the expected vocabulary.

    Parameters
    ----------
    data : bytes
        All of it.
    fingerprint : str or None
        That of the vocabulary that was written.

    Returns
    -------
    Vocabulary
        The same.

    Raises
    ------
    FormatError
        If it is damaged, or another one.
    """
    try:
        content = json.loads(data)
        settings = content["tokenizer"]
        vocabulary = Vocabulary(
            content["words"],
            content["counts"],
            specials=content["specials"],
            tokenizer=None if settings is None else tokenizer_from_settings(settings),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(error) from error
    if vocabulary.fingerprint() != fingerprint:
        raise FormatError(
            "The vocabulary inside the file is not the one that was saved with the vectors: its "
            "fingerprint differs. The file was changed; get it again."
        )
    return vocabulary


def _damaged(error: Exception) -> FormatError:
    return FormatError(f"The vocabulary inside the file is damaged: {error}. Get the file again.")
