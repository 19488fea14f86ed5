"""Words of a text by a vocabulary that does not know how text was cut: that of most files of words.

Cut at white space alone, "The cat!" would have no word in GloVe's file, which has "the" and "cat".
"""

from __future__ import annotations

import re
import string
from itertools import islice
from typing import TYPE_CHECKING

from wordkin.text.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FIRST = 2000  # words, of files the most frequent ones
_CASED = 0.02  # of them: a third where case was kept, none or some odd signs where it was not
# as the Penn Treebank cuts, and with it Stanford's tokenizer, which cut the text of GloVe
_CONTRACTION = re.compile(r"(.+?)(n't|'[a-z]{1,2})", re.IGNORECASE)

_AROUND = string.punctuation + "“”„‘’«»…–—。，、！？"

_words = Words(lower=False)


def cut(text: str, index: Mapping[str, int]) -> list[str]:
    """Cut a text at white space, and further what is no word then.

    Parameters
    ----------
    text : str
        The text.
    index : mapping of str to int
        The words.

    Returns
    -------
    list of str
        Tokens: what stands between white space, if it is a word, maybe without the punctuation
        around it; or what `Words` finds there, as it is or in lower case; or, if none of that is
        a word, all of it.

    Examples
    --------
    >>> cut("The cat! The c-3po doesn't.", {"the": 0, "cat": 1, "3": 2, "does": 3, "n't": 4})
    ['the', 'cat', 'the', 'c-3po', 'does', "n't"]
    """
    tokens: list[str] = []
    for chunk in text.split():
        inner = chunk.strip(_AROUND)
        if chunk in index:
            tokens.append(chunk)
        elif inner in index:  # a phrase, such as "New_York", that must stay whole
            tokens.append(inner)
        else:
            parts = [part for word in _words(chunk) for part in _spelled(word, index)]
            # a number in an unknown name or item, such as "B-52", is no word of the text
            is_word = any(part in index and not part.isdecimal() for part in parts)
            tokens += parts if is_word else [chunk]
    return tokens


def _spelled(word: str, index: Mapping[str, int]) -> list[str]:
    """Return a word as the index spells it, maybe in two parts."""
    for spelling in (word, word.lower()):
        if spelling in index:
            return [spelling]
        parts = _CONTRACTION.fullmatch(spelling)
        if parts and all(part in index for part in parts.groups()):
            return list(parts.groups())
    return [word]


def are_cased(words: Iterable[str]) -> bool:
    """Tell whether words are as they stood in a text, or were put in lower case.

    Parameters
    ----------
    words : iterable of str
        The words, the most frequent ones first.

    Returns
    -------
    bool
        Whether there are some with capital letters.

    Examples
    --------
    >>> are_cased(["die", "Frau", "und", "der", "Mann"]), are_cased(["the", "cat"])
    (True, False)
    """
    first = list(islice(words, _FIRST))
    return sum(word != word.lower() for word in first) > _CASED * len(first)
