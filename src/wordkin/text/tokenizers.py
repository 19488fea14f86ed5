"""How text is cut into tokens: named, exact, and saved with the vectors.

What a tokenizer drops by its own rule (numbers, words that are too long) it counts, so that the
account of a corpus balances.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, final, runtime_checkable

from wordkin.config.base import check_int
from wordkin.errors import InputError
from wordkin.text.patterns import KERAS_TO_SPACES, LETTERS_OR_UNDERSCORE, NUMBERS
from wordkin.text.phrases import Phrases
from wordkin.text.segmenting import Segmented
from wordkin.text.words import Words as Words

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 1 << 31  # letters; compiled code counts them in 64 bits


@runtime_checkable
class Tokenizer(Protocol):
    """What cuts a text into tokens. Implementations are frozen and compare by their settings."""

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        ...

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the tokens, and how many more were dropped by the tokenizer's own rule."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return JSON values from which `tokenizer_from_settings` makes it again."""
        ...


@final
@dataclass(frozen=True)
class Whitespace:
    """What stands between white space (``str.split``), unchanged.

    Examples
    --------
    >>> Whitespace()("New_York is  big.")
    ['New_York', 'is', 'big.']
    """

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return text.split()

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the tokens; none is dropped."""
        return text.split(), 0

    def settings(self) -> dict[str, Any]:
        """Return the name."""
        return {"name": "whitespace"}


@final
@dataclass(frozen=True)
class Gensim:
    """The tokens of gensim's ``simple_preprocess``: lower case, 2 to 15 letters, no digits.

    Parameters
    ----------
    min_len, max_len : int
        The lengths of a token that is kept. Others, tokens that begin with ``_`` and runs
        of digits count as dropped.

    Raises
    ------
    ConfigError
        If a length is no whole number from 0 upwards.

    Examples
    --------
    >>> Gensim().split("A cat's 9 lives")
    (['cat', 'lives'], 3)
    """

    min_len: int = 2
    max_len: int = 15

    def __post_init__(self) -> None:
        check_int(self, "min_len", low=0, high=_LONGEST)
        check_int(self, "max_len", low=0, high=_LONGEST)

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return [token for token in LETTERS_OR_UNDERSCORE.findall(text.lower()) if self._fits(token)]

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the tokens, and the number that were dropped."""
        tokens = LETTERS_OR_UNDERSCORE.findall(text.lower())
        kept = [token for token in tokens if self._fits(token)]
        return kept, len(tokens) - len(kept) + len(NUMBERS.findall(text))

    def _fits(self, token: str) -> bool:
        return self.min_len <= len(token) <= self.max_len and token[0] != "_"

    def settings(self) -> dict[str, Any]:
        """Return the name and the settings."""
        return {"name": "gensim", **asdict(self)}


@final
@dataclass(frozen=True)
class Keras:
    """The tokens of Keras' former ``Tokenizer`` with its default settings.

    Lower case; ASCII punctuation except the apostrophe, tabs and line feeds count as spaces;
    single spaces separate. (So a no-break space or a carriage return is part of a token.)

    Examples
    --------
    >>> Keras()("Don't e-mail me!")
    ["don't", 'e', 'mail', 'me']
    """

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return [token for token in text.lower().translate(KERAS_TO_SPACES).split(" ") if token]

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the tokens; none is dropped."""
        return self(text), 0

    def settings(self) -> dict[str, Any]:
        """Return the name."""
        return {"name": "keras"}


@final
@dataclass(frozen=True)
class Regex:
    r"""All matches of a regular expression; an empty match is no token.

    Parameters
    ----------
    pattern : str
        The expression, in the syntax of `re`.
    flags : int
        Its flags.

    Raises
    ------
    InputError
        If it is no valid expression.

    Examples
    --------
    >>> Regex(r"#\w+")("more #words, #please")
    ['#words', '#please']
    """

    pattern: str
    flags: int = 0

    def __post_init__(self) -> None:
        try:
            if not isinstance(self.pattern, str) or isinstance(self.flags, bool):
                raise TypeError("it takes a str, and flags of re")
            re.compile(self.pattern, self.flags)
        except (re.error, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise InputError(f"{self.pattern!r:.200} is no regular expression: {error}.") from error

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        matches = re.compile(self.pattern, self.flags).finditer(text)
        return [match.group() for match in matches if match.group()]

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the tokens; none is dropped."""
        return self(text), 0

    def settings(self) -> dict[str, Any]:
        """Return the name, the expression and its flags."""
        return {"name": "regex", **asdict(self)}


@final
@dataclass(frozen=True)
class Function:
    """A function from a text to its tokens. It can't be saved, only its name can.

    Parameters
    ----------
    name : str
        What it is called, for messages.
    function : callable, optional
        Takes a str and returns a list of str. Missing after loading: then any use is refused.

    Raises
    ------
    InputError
        When called, if the function is missing or returns something else.
    """

    name: str
    function: Callable[[str], object] | None = None

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        if self.function is None:
            raise InputError(
                f"These words were made by the Python function {self.name!r}, which is not saved "
                "with them. Pass a list of tokens, or set a tokenizer: "
                "vocabulary.with_tokenizer(function)."
            )
        got = self.function(text)
        tokens = list(got) if isinstance(got, Iterable) and not isinstance(got, str) else [None]
        words = [token for token in tokens if isinstance(token, str)]
        if len(words) < len(tokens):
            what = f"{got!r:.200}"
            raise InputError(f"The tokenizer {self.name!r} must return a list of str; got {what}.")
        return words

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the tokens; what the function drops it does not tell."""
        return self(text), 0

    def settings(self) -> dict[str, Any]:
        """Return the kind and the function's name."""
        return {"name": "callable", "function": self.name}


@final
@dataclass(frozen=True)
class Phrased:
    """What another tokenizer finds, with phrases joined.

    Parameters
    ----------
    tokenizer : Tokenizer
        What cuts a text into words.
    phrases : Phrases
        What is joined then.
    """

    tokenizer: Tokenizer
    phrases: Phrases

    def __call__(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return self.phrases.join(self.tokenizer(text))

    def split(self, text: str) -> tuple[list[str], int]:
        """Return the tokens, and how many more the other tokenizer dropped."""
        tokens, dropped = self.tokenizer.split(text)
        return self.phrases.join(tokens), dropped

    def settings(self) -> dict[str, Any]:
        """Return the settings of the tokenizer, and the phrases."""
        inner = self.tokenizer.settings()
        return {"name": "phrases", "tokenizer": inner, "phrases": self.phrases.settings()}


_NAMED: dict[str, Callable[..., Tokenizer]] = {
    "words": Words,
    "whitespace": Whitespace,
    "gensim": Gensim,
    "keras": Keras,
    "words-cased": partial(Words, lower=False),
    "words-nfc": partial(Words, normalize="NFC"),
    "words-tr": partial(Words, lower="tr"),
    **{library: partial(Segmented, library) for library in ("jieba", "sudachi", "pythainlp")},
}


def get_tokenizer(
    spec: str | re.Pattern[str] | Callable[[str], list[str]] | Tokenizer,
    **settings: Any,  # noqa: ANN401 (of the tokenizer)
) -> Tokenizer:
    r"""Return the tokenizer that a name, a regular expression or a function stands for.

    Parameters
    ----------
    spec : str, re.Pattern, callable or Tokenizer
        ``"words"``, or ``"words-cased"``, ``"words-nfc"``, ``"words-tr"`` (`Words` with
        ``lower=False``, ``normalize="NFC"``, ``lower="tr"``); ``"whitespace"``, ``"gensim"`` or
        ``"keras"`` (see `Whitespace`, `Gensim`, `Keras`); for languages without spaces
        ``"jieba"``, ``"sudachi"`` or ``"pythainlp"`` (see `Segmented`); a compiled expression
        whose matches are the tokens; a function from a str to a list of str; or a tokenizer.
    **settings
        Those of the tokenizer that is named.

    Returns
    -------
    Tokenizer
        Call it with a text.

    Raises
    ------
    InputError
        If there is none of this name, or it is of another type, or has no such settings.

    Examples
    --------
    >>> get_tokenizer("words")("The cat's mat.")
    ['the', "cat's", 'mat']
    >>> get_tokenizer("words", lower=False, digits=False)("Catch 22")
    ['Catch']
    >>> get_tokenizer(re.compile(r"[a-z]"))("a1b")
    ['a', 'b']
    """
    if isinstance(spec, str):
        if spec not in _NAMED:
            raise InputError(
                f"There is no tokenizer {spec!r}. Use one of {', '.join(map(repr, _NAMED))}, "
                "or re.compile(...) for an expression, or a function."
            )
        try:
            return _NAMED[spec](**settings)
        except TypeError as error:
            raise InputError(f"The tokenizer {spec!r} has other settings: {error}.") from error
    if settings:
        raise InputError(f"Only a tokenizer that is named takes settings; got {settings!r:.200}.")
    if isinstance(spec, re.Pattern) and isinstance(spec.pattern, str):
        return Regex(spec.pattern, spec.flags)
    if isinstance(spec, Tokenizer) and not isinstance(spec, type):
        return spec
    if callable(spec) and not isinstance(spec, type):
        return Function(getattr(spec, "__qualname__", type(spec).__name__), spec)
    raise InputError(f"A tokenizer is a name, re.compile(...) or a function; got {spec!r:.200}.")


def tokenizer_from_settings(settings: Mapping[str, Any]) -> Tokenizer:
    """Make the tokenizer again that gave these settings.

    Parameters
    ----------
    settings : mapping
        What its ``settings()`` returned, perhaps read from a file.

    Returns
    -------
    Tokenizer
        Equal to the one that gave them; but a function is lost, and using it is an error.

    Raises
    ------
    InputError
        If the settings are not those of a tokenizer.

    Examples
    --------
    >>> tokenizer_from_settings({"name": "words", "digits": False})
    Words(digits=False, lower=True, normalize=None)
    """
    if not isinstance(settings, Mapping):  # it may come from a file
        raise InputError(f"These are not the settings of a tokenizer: {settings!r:.200}.")
    rest = dict(settings)
    name = rest.pop("name", None)
    if name == "callable":
        return Function(str(rest.get("function", "unknown")))
    if name == "phrases":
        inner = tokenizer_from_settings(rest.get("tokenizer") or {})
        return Phrased(inner, Phrases.from_settings(rest.get("phrases") or {}))
    make = Regex if name == "regex" else _NAMED.get(str(name))
    if make is None:
        raise InputError(f"These are not the settings of a tokenizer: {dict(settings)!r:.200}.")
    try:
        return make(**rest)
    except TypeError as error:
        raise InputError(f"The tokenizer {name!r} has other settings: {error}.") from error
