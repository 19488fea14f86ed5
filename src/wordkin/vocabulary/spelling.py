"""Words that are spelled like another, for "did you mean"; and words fit for a terminal."""

from __future__ import annotations

import difflib
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FREQUENT = 5000
_LONGEST = 40  # letters; the work grows with their square


def nearest_spellings(word: str, index: Mapping[str, int], *, n: int = 3) -> list[str]:
    """Suggest words that are spelled like another.

    Spellings one typing error away are made and looked up, then some that are two away; only the
    most frequent words are compared letter by letter. So the time does not grow with the number
    of words (about 10 ms).

    Parameters
    ----------
    word : str
        What was asked for.
    index : mapping of str to int
        The words there are, most frequent first.
    n : int
        How many to suggest at most.

    Returns
    -------
    list of str
        Words of the index, the likeliest first.

    Examples
    --------
    >>> nearest_spellings("quene", {"the": 0, "queen": 1, "queue": 2})
    ['queen', 'queue']
    """
    if len(word) > _LONGEST:
        return []
    frequent = list(islice(index, _FREQUENT))
    letters = sorted(set("".join(frequent[:1000])))[:100]
    near = {word.lower(), word.title(), word.upper(), word.strip()}
    near |= {unicodedata.normalize(form, word) for form in ("NFC", "NFD", "NFKC")}
    near |= _shorter_or_swapped(word) | _changed_or_longer([word], letters)
    found = _known(near, index)
    if not found:
        found = _known(_changed_or_longer(_shorter_or_swapped(word), letters), index)
    if not found:
        found = difflib.get_close_matches(word, frequent, n, cutoff=0.75)
    return [other for other in found if other != word][:n]


def _known(words: set[str], index: Mapping[str, int]) -> list[str]:
    """Keep the words that there are, most frequent first."""
    return sorted((word for word in words if word in index), key=index.__getitem__)


def _shorter_or_swapped(word: str) -> set[str]:
    """Leave out each letter in turn, and swap each two neighbours."""
    cuts = [(word[:i], word[i:]) for i in range(len(word))]
    return {a + b[1:] for a, b in cuts} | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}


def _changed_or_longer(words: Iterable[str], letters: Sequence[str]) -> set[str]:
    """Put each letter in the place of each other, and between each two."""
    cuts = [(word[:i], word[i:]) for word in words for i in range(len(word) + 1)]
    changed = {a + c + b[1:] for a, b in cuts if b for c in letters}
    return changed | {a + c + b for a, b in cuts for c in letters}


_JOINERS = "\u200c\u200d"  # Persian, Hindi and families of emoji are written with them


def shown(word: str) -> str:
    r"""Return a word in a form that can't disturb a terminal.

    Parameters
    ----------
    word : str
        A word from somebody's file.

    Returns
    -------
    str
        The same, but characters that are not to be printed as escapes.

    Examples
    --------
    >>> shown("naïve"), shown("\x1b[2J")
    ('naïve', '\\x1b[2J')
    """
    if word.isprintable():
        return word
    return "".join(
        c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in word
    )
