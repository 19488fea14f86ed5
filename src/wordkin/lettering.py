"""Words as they can be drawn: in fonts that have their characters, and never as something else.

Matplotlib's own font, DejaVu Sans, has Latin, Greek, Cyrillic, Arabic, Hebrew and more. For other
scripts a font is looked for among those that are installed. A character that none of them has is
drawn as an empty box, and one line of the log tells of them.
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_log = logging.getLogger("wordkin")
_BASE = "DejaVu Sans"  # comes with Matplotlib
_BOX = "\u25af"
_LONGEST = 32  # characters of a word
# of the installed fonts these come first, for they are made to go together
_PREFERRED = ("Noto Sans", "Noto Sans CJK", "Source Han Sans", "WenQuanYi", "IPA", "Droid Sans")


class Lettering(NamedTuple):
    """How some words can be drawn."""

    families: list[str]
    """Fonts, the first that has a character draws it."""
    missing: frozenset[str]
    """Characters that no font has."""

    def drawn(self, word: str) -> str:
        r"""Return a word as it is drawn.

        Parameters
        ----------
        word : str
            Any text.

        Returns
        -------
        str
            One line: what can't be printed as an escape, what no font has as a box, and no more
            than 32 characters.

        Examples
        --------
        >>> Lettering([], frozenset("\u4e2d")).drawn("a\n\u4e2d")
        'a\\n▯'
        """
        if len(word) > _LONGEST:
            word = word[: _LONGEST - 1] + "…"
        return "".join(self._drawn(letter) for letter in word)

    def _drawn(self, letter: str) -> str:
        if letter in self.missing:
            return "" if _is_invisible(letter) else _BOX
        if letter.isprintable() or letter == " " or _is_invisible(letter):
            return letter
        return letter.encode("unicode_escape").decode()


def lettering(words: Iterable[str]) -> Lettering:
    """Find fonts for words.

    Parameters
    ----------
    words : iterable of str
        All that will be drawn.

    Returns
    -------
    Lettering
        How to draw them.
    """
    wanted = {ord(c) for word in words for c in word if c.isprintable() or _is_invisible(c)}
    families = [_BASE]
    missing = wanted - _characters(_path_of(_BASE))
    for family, path in _installed() if missing else ():
        has = missing & _characters(path)
        if has:
            families.append(family)
            missing -= has
        if not missing:
            break
    letters = frozenset(map(chr, missing))
    seen = "".join(sorted(c for c in letters if not _is_invisible(c)))
    if seen:
        _log.warning(
            "no installed font has %r: drawn as empty boxes. Install one that does, such as "
            "Noto Sans of that script.",
            seen[:40],
        )
    return Lettering(families, letters)


def _is_invisible(letter: str) -> bool:
    """Tell joiners, marks of direction and variants: they shape what is around them."""
    return letter in "\u200b\u200c\u200d\u200e\u200f\ufe0e\ufe0f"


def _path_of(family: str) -> str:
    from matplotlib import font_manager

    return str(font_manager.findfont(family))


@functools.cache
def _characters(path: str) -> frozenset[int]:
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(path).get_charmap())


@functools.cache
def _installed() -> list[tuple[str, str]]:
    """List the upright fonts of normal weight: name and file, the preferred first."""
    from matplotlib import font_manager

    found = {
        entry.name: entry.fname
        for entry in font_manager.fontManager.ttflist
        if entry.style == "normal" and entry.weight in (400, "normal", "regular")
        # "last resort" fonts have a picture of a box for everything
        if "resort" not in entry.name.lower() and entry.name != _BASE
    }

    def rank(name: str) -> tuple[int, str]:
        places = [i for i, start in enumerate(_PREFERRED) if name.startswith(start)]
        return (min(places, default=len(_PREFERRED)), name)

    return [(name, found[name]) for name in sorted(found, key=rank)]
