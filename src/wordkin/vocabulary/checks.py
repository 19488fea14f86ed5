"""What goes into a vocabulary is checked here, with messages that help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import ConfigError, InputError, RowError
from wordkin.given import check_unmasked
from wordkin.vocabulary.packed import PackedWords

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PAD = "<pad>"
UNK = "<unk>"
_MOST_COUNTED = 2.0**62  # so that sums and products with a few dimensions stay numbers


def check_at_least(name: str, value: object, low: int) -> None:
    """Check a setting that is a whole number.

    Raises
    ------
    ConfigError
        If it is no whole number, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ConfigError(f"{name} must be a whole number from {low} upwards; got {value!r}.")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Check a setting that is one of a few words.

    Raises
    ------
    ConfigError
        If it is not.
    """
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")


def not_a_word(word: object) -> str:
    """Return what to say about something that is no `str`.

    Returns
    -------
    str
        The message.
    """
    hint = " Decode it first: .decode('utf-8')." if isinstance(word, bytes) else ""
    return f"Words and texts must be str; got {type(word).__name__} {word!r:.60}.{hint}"


def checked_words(words: Sequence[str]) -> tuple[Sequence[str], Mapping[str, int]]:
    """Copy words, and number them; packed words are taken as they are.

    Returns
    -------
    words : list of str, or PackedWords
        The words, each a plain `str`.
    index : dict, or PackedIndex
        The position of each.

    Raises
    ------
    InputError
        If they have no order, one is no `str`, or one comes twice.
    """
    if isinstance(words, PackedWords):
        return words, words.index
    if isinstance(words, str | bytes | AbstractSet | Mapping) or not isinstance(words, Iterable):
        raise InputError(
            f"Words come as a list, in the order of their rows; got a {type(words).__name__}."
        )
    copy: list[Any] = list(words)
    if not set(map(type, copy)) <= {str}:
        for word in copy:
            if not isinstance(word, str):
                raise InputError(not_a_word(word))
        copy = list(map(str, copy))  # numpy.str_ and other subclasses
    index = dict(zip(copy, range(len(copy)), strict=True))
    if len(index) < len(copy):
        first = next(i for i, word in enumerate(copy) if index[word] != i)
        raise InputError(
            f"Each word may come only once, but {copy[first]!r} is at {first} and at "
            f"{index[copy[first]]} ({len(copy) - len(index)} repetitions in all). Remove them."
        )
    return copy, index


def checked_counts(counts: ArrayLike, n_words: int) -> NDArray[np.int64]:
    """Copy the counts of words.

    Returns
    -------
    ndarray of int64
        Shape (n_words,), read-only.

    Raises
    ------
    InputError
        If there is not one whole number from 0 upwards for each word, or they are too many.
    """
    check_unmasked(counts)
    try:
        array = np.asarray(counts)
    except ValueError as error:
        raise InputError(f"Counts are one whole number for each word: {error}") from error
    if array.shape != (n_words,) or (array.dtype.kind not in "iu" and n_words):
        raise InputError(
            f"Counts are one whole number for each of the {n_words} words; got an array of shape "
            f"{array.shape} and dtype {array.dtype}."
        )
    if n_words and array.sum(dtype=np.float64) >= _MOST_COUNTED:
        raise InputError("Counts can't add up to more than 2**62: no text is so long.")
    checked = array.astype(np.int64)
    if n_words and checked.min() < 0:
        raise InputError(f"Counts can't be negative; got {checked.min()}.")
    checked.flags.writeable = False
    return checked


def counted_words(
    counts: Mapping[str, int] | tuple[Sequence[str], ArrayLike],
) -> tuple[Sequence[str], NDArray[np.int64]]:
    """Check how often words occur, as `Vocabulary.from_counts` takes it.

    Returns
    -------
    words : list of str, or PackedWords
        The V words.
    counts : ndarray of int64
        Shape (V,).

    Raises
    ------
    InputError
        If it is neither a mapping nor words and their counts, or one of them is not right.
    """
    if isinstance(counts, Mapping):
        counts = list(counts), list(counts.values())
    if not isinstance(counts, tuple | list) or len(counts) != 2 or _is_counted(counts[0]):
        raise InputError(
            f"Counts come as a mapping of words to numbers, or as (words, counts); got a "
            f"{type(counts).__name__}. A list of pairs becomes a mapping by dict(pairs)."
        )
    words, _ = checked_words(counts[0])
    return words, checked_counts(counts[1], len(words))


def _is_counted(pair: object) -> bool:
    """Tell a word and its count from a tuple of words."""
    numbers = int | np.integer
    return isinstance(pair, tuple) and any(isinstance(each, numbers) for each in pair)


def checked_specials(specials: Sequence[str]) -> tuple[str, ...]:
    """Check the names of special rows.

    Returns
    -------
    tuple of str
        The names.

    Raises
    ------
    InputError
        If there is another name than ``"<pad>"`` and ``"<unk>"``, or one comes twice.
    """
    several = isinstance(specials, Iterable) and not isinstance(specials, str)
    names: tuple[Any, ...] = tuple(specials) if several else (specials,)
    known = [name for name in names if isinstance(name, str) and name in (PAD, UNK)]
    if len(known) < len(names) or len(set(known)) < len(known):
        raise InputError(f"specials may hold {PAD!r} and {UNK!r}, each once; got {specials!r}.")
    return names


def checked_rows(
    rows: ArrayLike, n_rows: int, *, advice: str = "Decode a batch row by row."
) -> list[int]:
    """Check rows that come from users, or back from a model; `advice` ends the error.

    Returns
    -------
    list of int
        The rows.

    Raises
    ------
    InputError
        If they are no one-dimensional array of whole numbers.
    RowError
        If one is outside 0 to n_rows - 1.
    """
    check_unmasked(rows)
    try:
        array = np.asarray(rows)
    except ValueError as error:
        raise InputError(
            f"Rows come as one line of whole numbers; got lists of different lengths. {advice}"
        ) from error
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        raise InputError(
            f"Rows come as one line of whole numbers; got an array of shape {array.shape} and "
            f"dtype {array.dtype}. {advice}"
        )
    bad = (array < 0) | (array >= n_rows)
    if bad.any():
        raise RowError(f"There is no row {array[bad][0]}: rows go from 0 to {n_rows - 1}.")
    return [int(row) for row in array]


def listed(items: object) -> Sequence[Any]:
    """Make sure that there is a list, where a single string often comes by mistake.

    Returns
    -------
    sequence
        The same, or a copy of what is no sequence.

    Raises
    ------
    InputError
        If it is a string, or can't be iterated.
    """
    if isinstance(items, bytes):
        raise InputError(not_a_word(items))
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise InputError(f"Expected a list; got {items!r:.60}. Write [...] around a single one.")
    return items if isinstance(items, Sequence) else list(items)
