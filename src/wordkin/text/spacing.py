"""Text that spaces do not cut into words, or that spells one word in two ways: noticed, and said.

A Chinese sentence that is cut at spaces is one long "word"; nothing fails, and the vectors are
worth nothing. So the beginning of each text is looked at: no time if it is ASCII, else 10 to 30 ms.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from wordkin.errors import warn
from wordkin.text.tokenizers import Gensim, Keras, Phrased, Whitespace, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wordkin.text.sources import Block
    from wordkin.text.tokenizers import Tokenizer

_SAMPLE = 100_000  # characters (of files: bytes)
_SPACED = (Words, Whitespace, Gensim, Keras)  # what relies on spaces

# Without Katakana: words in it are long where they are cut, too.
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u309f"
# Thai and Lao, Burmese, Khmer
_SOUTH_EAST = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3"
# A letter of the first stands in a run of 1.5 to 2.5 where words are cut (Chinese, Japanese) and of
# 6 to 12 in running text; of the second 5 to 7 (Thai), and 13 or more.
_RUNS = ((re.compile(f"[{_HAN}{_KANA}]+"), 4.0), (re.compile(f"[{_SOUTH_EAST}]+"), 10.0))
_LETTERS = re.compile(r"[^\W\d_]")
_SHARE = 0.1  # of all letters: a few foreign names are no reason to speak up
_SPELLINGS = 0.01  # of the words between spaces
_HINTS = (
    (re.compile(f"[{_KANA}]"), 0.05, "Japanese", "sudachi", "japanese"),
    (re.compile(f"[{_HAN}]"), 0.5, "Chinese", "jieba", "chinese"),
    (re.compile("[\u0e01-\u0e4e]"), 0.5, "Thai", "pythainlp", "thai"),
)


def watched(blocks: Iterable[Block], tokenizer: Tokenizer) -> Iterator[Block]:
    """Pass a text on, and warn if its beginning is not what the tokenizer is for.

    Parameters
    ----------
    blocks : iterable of Block
        The text.
    tokenizer : Tokenizer
        What will cut it.

    Yields
    ------
    Block
        The same text.
    """
    rest = iter(blocks)
    sample: list[str] = []
    room = _SAMPLE
    for block in rest:
        head = block.data[:room]
        sample.append(head if isinstance(head, str) else head.decode("utf-8", "ignore"))
        room -= len(head)
        yield block
        if room <= 0:
            break
    warn_of_text(sample, tokenizer)
    yield from rest


def warn_of_text(texts: Iterable[str], tokenizer: Tokenizer) -> None:
    """Warn if texts are not what the tokenizer is for.

    Parameters
    ----------
    texts : iterable of str
        Some texts; 100,000 characters are looked at.
    tokenizer : Tokenizer
        What cuts them.

    Warns
    -----
    UserWarning
        If they are written without spaces, which the tokenizer needs; or if they hold letters with
        accents as two characters each, which Unicode takes for the same as one.
    """
    plain = tokenizer.tokenizer if isinstance(tokenizer, Phrased) else tokenizer
    if not isinstance(plain, _SPACED):
        return
    sample = _beginning(texts)
    if sample.isascii():
        return
    name = plain.settings()["name"]
    if (run := _longest_runs(sample)) > 0:
        warn(
            f"This text has no spaces between words: letters stand in runs of {run:.0f}, and the "
            f"tokenizer {name!r} takes each run for one word. {_hint(sample)}"
        )
    if not (isinstance(plain, Words) and plain.normalize) and _has_two_spellings(sample):
        warn(
            "This text writes letters with accents or the like as several characters, which "
            f"Unicode takes for the same as one; to the tokenizer {name!r} words that are spelled "
            'in these two ways are two words. Use tokenizer="words-nfc".'
        )


def _beginning(texts: Iterable[str]) -> str:
    parts: list[str] = []
    room = _SAMPLE
    for text in texts:
        parts.append(text[:room])
        room -= len(text)
        if room <= 0:
            break
    return "\n".join(parts)


def _longest_runs(sample: str) -> float:
    """Return how many letters the run of a letter has, if that is too many; otherwise 0."""
    letters = len(_LETTERS.findall(sample))
    for runs, most in _RUNS:
        sizes = [len(run) for run in runs.findall(sample)]
        if sum(sizes) > _SHARE * letters:
            mean = sum(size * size for size in sizes) / sum(sizes)
            if mean > most:
                return mean
    return 0.0


def _hint(sample: str) -> str:
    any_function = "any function from a str to a list of words"
    letters = len(_LETTERS.findall(sample))
    for script, share, language, name, extra in _HINTS:
        if len(script.findall(sample)) > share * letters:
            return (
                f'If it is {language}, use tokenizer="{name}" (pip install "wordkin[{extra}]"), '
                f"or {any_function}."
            )
    return f"Let a library for its language cut it: as tokenizer give {any_function}."


def _has_two_spellings(sample: str) -> bool:
    if unicodedata.is_normalized("NFC", sample):
        return False
    words = sample.split()
    odd = sum(not unicodedata.is_normalized("NFC", word) for word in words)
    return odd > _SPELLINGS * len(words)
