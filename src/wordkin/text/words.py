"""Words of any script: the tokenizer that is taken where nobody names another one."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass
from typing import Any, Literal, final

from wordkin.errors import InputError
from wordkin.text.patterns import NUMBERS, ascii_words, unicode_words

Form = Literal["NFC", "NFKC"]
_FORMS = (None, "NFC", "NFKC")
_LOWER = (True, False, "tr")


@final
@dataclass(frozen=True)
class Words:
    """Words of any script, in lower case; punctuation and symbols (emoji too) separate them.

    A word begins with a letter or digit and goes on through letters, digits and combining marks
    (vowel signs, accents written as characters of their own). Apostrophes ``'`` and ``’`` (which
    becomes ``'``) and the zero-width joiners of Persian and Indic scripts are part of a word if
    a letter stands on both sides. Soft hyphens, which only say where a line may break, fall out.
    Scripts without spaces come out in long runs: see `wordkin.text.segmenting`.

    Parameters
    ----------
    digits : bool
        Keep decimal digits as parts of words. Otherwise they separate words, and each run of
        them counts as one dropped token.
    lower : bool or "tr"
        Whether to put words in lower case (`str.lower`), or in that of Turkish and Azerbaijani,
        where ``I`` and ``ı`` are one letter and ``İ`` and ``i`` another.
    normalize : {None, "NFC", "NFKC"}
        Make one word of spellings that Unicode holds to be one: with NFC ``é`` written as one
        character or as two; with NFKC full-width letters, ligatures and the like too. By default
        characters stay as they are, and a word that is spelled in two ways is two words.

    Raises
    ------
    InputError
        If a setting is none of these.

    Examples
    --------
    >>> Words()("Don’t panic: it's 42 हिन्दी books!")
    ["don't", 'panic', "it's", '42', 'हिन्दी', 'books']
    >>> Words(digits=False).split("Catch-22")
    (['catch'], 1)
    >>> Words(lower=False)("Die Frau fragt"), Words(normalize="NFKC")("Ｆｉｎｅ ﬁnish")
    (['Die', 'Frau', 'fragt'], ['fine', 'finish'])
    """

    digits: bool = True
    lower: bool | Literal["tr"] = True
    normalize: Form | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("digits", self.digits, (True, False)),
            ("lower", self.lower, _LOWER),
            ("normalize", self.normalize, _FORMS),
        ):
            # they may come from a file, and to Python 1 is True
            if not any(type(value) is type(choice) and value == choice for choice in known):
                raise InputError(
                    f"{name} must be one of {', '.join(map(repr, known))}; got {value!r:.60}."
                )

    def __call__(self, text: str) -> list[str]:
        """Return the words of a text."""
        return self._found(self._prepared(text))

    def _found(self, prepared: str) -> list[str]:
        find = ascii_words if prepared.isascii() else unicode_words
        return find(self.digits).findall(prepared)

    def _prepared(self, text: str) -> str:
        if not text.isascii():
            # a soft hyphen would keep a letter and its accent apart
            text = text.replace("\xad", "").replace("’", "'")
            if self.normalize:
                text = unicodedata.normalize(self.normalize, text)
        if self.lower == "tr":
            text = text.replace("I\u0307", "i").replace("İ", "i").replace("I", "ı")
        return text.lower() if self.lower else text

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the words, and the number of runs of digits that were dropped."""
        prepared = self._prepared(text)
        return self._found(prepared), 0 if self.digits else len(NUMBERS.findall(prepared))

    def settings(self) -> dict[str, Any]:
        """Return the name and the settings; those that came later only where they say more."""
        given = asdict(self)
        later = {name: given.pop(name) for name in ("lower", "normalize")}
        rest = {name: value for name, value in later.items() if value != getattr(Words, name)}
        return {"name": "words", **given, **rest}
