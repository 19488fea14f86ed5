"""Words of scripts that are written without spaces, found by a library that knows the language."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from wordkin.errors import InputError, require
from wordkin.text.words import Words

Cut = Callable[[str], list[str]]

_LONGEST = 4000  # characters that a library gets at once: Sudachi takes up to 49,149 bytes
_ENDS = rf"[\n。！？!?]{{1,{_LONGEST}}}"
_PIECES = re.compile(rf"[^\n。！？!?]{{1,{_LONGEST}}}(?:{_ENDS})?|{_ENDS}")
_WORDS = Words()


@final
@dataclass(frozen=True)
class Segmented:
    """Words as a library finds them, without punctuation, otherwise as `Words` has them.

    It is saved with vectors by its name, and needs the library again when they are used on texts.

    Parameters
    ----------
    library : {"jieba", "sudachi", "pythainlp"}
        For Chinese (rjieba), Japanese (SudachiPy, its shortest units) and Thai (PyThaiNLP).

    Raises
    ------
    InputError
        If it is none of these.
    MissingExtraError
        When called, if the library is not installed; the message names the extra that brings it.
    """

    library: str

    def __post_init__(self) -> None:
        if self.library not in _LIBRARIES:
            known = ", ".join(map(repr, _LIBRARIES))
            raise InputError(f"library must be one of {known}; got {self.library!r:.60}.")

    def __call__(self, text: str) -> list[str]:
        """Return the words of a text."""
        cut = _LIBRARIES[self.library]()
        # no half characters: what is written in C or Rust takes only what is UTF-8
        text = text.encode("utf-8", "replace").decode("utf-8")
        found = [part for piece in _PIECES.findall(text) for part in cut(piece)]
        return [word for part in found for word in _WORDS(part)]

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the words; none is dropped."""
        return self(text), 0

    def settings(self) -> dict[str, Any]:
        """Return the name of the library."""
        return {"name": self.library}


@functools.cache
def _jieba() -> Cut:
    cut: Cut = require("rjieba", extra="chinese").cut
    return cut


@functools.cache
def _sudachi() -> Cut:
    package = require("sudachipy", extra="japanese")
    require("sudachidict_core", extra="japanese")
    dictionary = package.Dictionary(dict="core")
    make = getattr(dictionary, "tokenizer", None) or dictionary.create  # before 0.7
    own = threading.local()  # two threads can't use one of its tokenizers at a time

    def cut(text: str) -> list[str]:
        if not hasattr(own, "tokenizer"):
            own.tokenizer = make(mode=package.SplitMode.A)
        return [part.surface() for part in own.tokenizer.tokenize(text)]

    return cut


@functools.cache
def _pythainlp() -> Cut:
    return functools.partial(
        require("pythainlp.tokenize", extra="thai").word_tokenize,
        engine="newmm",
        keep_whitespace=False,
    )


_LIBRARIES: dict[str, Callable[[], Cut]] = {
    "jieba": _jieba,
    "sudachi": _sudachi,
    "pythainlp": _pythainlp,
}
