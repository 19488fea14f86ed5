"""The named tokenizers as tables: the class of each character, and its lower case.

`wordkin.kernels.text` cuts text by these tables as the tokenizers themselves would, which say the
rules. This room loads Numba, so import it where it is needed.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from wordkin.kernels.text import (
    DIGIT,
    FOREIGN,
    JOINER,
    LETTER,
    LINE_END,
    MARK,
    NUMBER,
    OTHER,
    SPACE,
    Rule,
    plain_letters,
)
from wordkin.text.patterns import JOINERS, KERAS_FILTERS, mark_ranges
from wordkin.text.tokenizers import Gensim, Keras, Whitespace, Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.text.words import Form

    Named = Words | Whitespace | Gensim | Keras

_CODES = 0x110000
_PLANES = 0x40000  # there are no letters above; not to look there saves 0.2 s
_CASED = 0x20000  # nor letters that have a lower case above this


def rule_of(tokenizer: Named) -> Rule:
    """Return the tables of a tokenizer.

    Parameters
    ----------
    tokenizer : Words, Whitespace, Gensim or Keras
        The tokenizer.

    Returns
    -------
    Rule
        They are made once, in about 0.1 s.
    """
    match tokenizer:
        case Words():
            return _rule(_word_classes(tokenizer), _lower_words(tokenizer.lower))
        case Whitespace():
            return _rule(_space_classes(), np.arange(_CODES, dtype=np.int32))
        case Gensim(min_len, max_len):
            return _rule(_gensim_classes(), _lower()[0], (min_len, max_len, ord("_")))
        case Keras():
            return _rule(_keras_classes(), _lower()[0])


def _rule(
    classes: NDArray[np.uint8],
    lower: NDArray[np.int32],
    bounds: tuple[int, int, int] = (1, -1, -1),
) -> Rule:
    return Rule(classes, lower, plain_letters(classes, lower), *bounds)


@functools.cache
def _word_classes(words: Words) -> NDArray[np.uint8]:
    classes = np.full(_CODES, OTHER, dtype=np.uint8)
    _mark(classes, r"[^\W\d_]+", LETTER)
    _mark(classes, r"\d+", DIGIT if words.digits else NUMBER)
    for low, high in mark_ranges():
        classes[low : high + 1] = MARK
    classes[[ord(letter) for letter in JOINERS]] = JOINER
    classes = _finished(classes, lowering=bool(words.lower))
    # what falls out, or depends on the characters beside it, is left to Python
    classes[ord("\xad")] = FOREIGN
    if words.lower == "tr":
        classes[[ord("İ"), 0x307]] = FOREIGN
    if words.normalize:
        classes[_unsettled(words.normalize)] = FOREIGN
    return classes


@functools.cache
def _unsettled(form: Form) -> list[int]:
    """Return the characters whose presence may let a text be changed by normalising it.

    All that has another form itself, and all that may join or change places with what is before it
    (Unicode Standard Annex 15, section 9, "Detecting normalization forms").
    """
    joining = {*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}  # vowels and ends of Hangul
    found = []
    for code in range(0x80, _PLANES):
        letter = chr(code)
        if unicodedata.combining(letter) or not unicodedata.is_normalized(form, letter):
            found.append(code)
        parts = unicodedata.decomposition(letter).split()
        if len(parts) == 2 and parts[0][0] != "<":
            joining.add(int(parts[1], 16))
    return found + sorted(joining)


@functools.cache
def _gensim_classes() -> NDArray[np.uint8]:
    classes = np.full(_CODES, OTHER, dtype=np.uint8)
    _mark(classes, r"[^\W\d]+", LETTER)
    _mark(classes, r"\d+", NUMBER)
    return _finished(classes, lowering=True)


@functools.cache
def _keras_classes() -> NDArray[np.uint8]:
    classes = np.full(_CODES, LETTER, dtype=np.uint8)
    classes[[ord(letter) for letter in KERAS_FILTERS]] = OTHER
    return _finished(classes, lowering=True)


@functools.cache
def _space_classes() -> NDArray[np.uint8]:
    classes = np.full(_CODES, LETTER, dtype=np.uint8)
    _mark(classes, r"\s+", OTHER)
    return _finished(classes, lowering=False)


def _mark(classes: NDArray[np.uint8], pattern: str, kind: int) -> None:
    """Give a class to all characters that an expression matches."""
    for match in re.finditer(pattern, _all_characters()):
        classes[match.start() : match.end()] = kind


@functools.cache
def _all_characters() -> str:
    # twenty times as fast as joining chr(0), chr(1) ...
    return np.arange(_PLANES, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _finished(classes: NDArray[np.uint8], *, lowering: bool) -> NDArray[np.uint8]:
    """Add what is the same for all, and give each character the class of its lower case."""
    classes[[ord(" "), ord("\t")]] = SPACE
    classes[[ord("\n"), ord("\r")]] = LINE_END
    if lowering:
        lower, foreign = _lower()
        classes[:_CASED] = classes[lower[:_CASED]]
        classes[foreign] = FOREIGN
    return classes


@functools.cache
def _lower() -> tuple[NDArray[np.int32], list[int]]:
    """Return what `str.lower` makes of each character, and those where that is not so simple."""
    table = np.arange(_CODES, dtype=np.int32)
    foreign = [ord("Σ")]  # at the end of a word another letter than elsewhere
    for code in range(_CASED):
        lowered = chr(code).lower()
        if len(lowered) != 1:
            foreign.append(code)
        elif lowered != chr(code):
            table[code] = ord(lowered)
    return table, foreign


@functools.cache
def _lower_words(lower: bool | str) -> NDArray[np.int32]:
    """Return the lower case of characters, and of one apostrophe the other."""
    table = _lower()[0].copy() if lower else np.arange(_CODES, dtype=np.int32)
    table[ord("’")] = ord("'")
    if lower == "tr":
        table[ord("I")] = ord("ı")
    return table
