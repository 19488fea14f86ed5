"""Phrases: neighbouring words that mean one thing, joined to one token ("new_york").

`PhraseRule` says what counts as a phrase, and `Phrases` is what was found in a text: finding them
is the business of `wordkin.corpus.joining`. `wordkin.text.tokenizers.Phrased` is a tokenizer that
joins them, so that whatever is saved with its tokenizer knows its phrases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, final

from wordkin.config.base import check_int
from wordkin.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH_CONNECTORS = frozenset(
    ["a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with",
     "without"]
)  # fmt: skip
"""Words that may stand inside an English phrase ("bank_of_america"), not at its ends."""

_THRESHOLDS = {"default": 10.0, "npmi": 0.5}
_LEAST = {"default": 0.0, "npmi": -1.0}


@dataclass(frozen=True, kw_only=True)
class PhraseRule:
    """What counts as a phrase, in gensim's names and with gensim's meaning.

    Parameters
    ----------
    passes : int
        How often to look for phrases; the second pass finds those of up to four words, and so on.
    min_count : int
        With "default" scores, how much is taken off the count of each pair (so that rare pairs
        score low); with "npmi", how often a pair must occur.
    threshold : float or sequence of float, optional
        A pair whose score is above this is a phrase; a sequence has one number for each pass. By
        default 10, with "npmi" 0.5.
    scoring : str
        "default": (count(ab) - min_count) / (count(a) count(b)), times the number of different
        words and pairs (Mikolov et al. 2013, arXiv:1310.4546, section 4; the factor is gensim's).
        "npmi": ln(p(ab) / (p(a) p(b))) / -ln p(ab), from -1 to 1 (Bouma 2009).
    connectors : "english", or collection of str
        Words that may stand inside a phrase, and don't count in its score.
    delimiter : str
        What joins the words of a phrase.

    Raises
    ------
    ConfigError
        If a value is out of its range.

    Examples
    --------
    >>> PhraseRule(scoring="npmi").thresholds
    (0.5, 0.5)
    >>> PhraseRule(threshold=(20, 10)).thresholds
    (20.0, 10.0)
    """

    passes: int = 2
    min_count: int = 5
    threshold: float | Sequence[float] | None = None
    scoring: Literal["default", "npmi"] = "default"
    connectors: str | Iterable[str] = ()
    delimiter: str = "_"

    def __post_init__(self) -> None:
        check_int(self, "passes", low=1, high=10)
        check_int(self, "min_count", low=1, high=1 << 31)
        if self.scoring not in _THRESHOLDS:
            raise ConfigError(f'scoring must be "default" or "npmi"; got {self.scoring!r}.')
        if not isinstance(self.delimiter, str) or not self.delimiter or self.delimiter.isspace():
            raise ConfigError(f'delimiter must be a str such as "_"; got {self.delimiter!r}.')
        object.__setattr__(self, "connectors", _connectors(self.connectors))
        least = _LEAST[self.scoring]
        for value in self.thresholds:
            if not value >= least or (self.scoring == "npmi" and value >= 1):
                bounds = "from -1 to below 1" if self.scoring == "npmi" else "0 or more"
                raise ConfigError(
                    f"threshold must be {bounds} with {self.scoring!r} scores; got {value!r}."
                )

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The threshold of each pass.

        Raises
        ------
        ConfigError
            If there is not one for each.
        """
        given = _THRESHOLDS[self.scoring] if self.threshold is None else self.threshold
        try:
            if isinstance(given, int | float):
                return (float(given),) * self.passes
            each = tuple(float(value) for value in given)
        except (TypeError, ValueError):
            each = ()
        if len(each) != self.passes:
            raise ConfigError(
                f"threshold must be a number, or one for each of {self.passes} passes; got "
                f"{given!r:.80}."
            )
        return each


def _connectors(given: object) -> frozenset[str]:
    if isinstance(given, str):
        if given != "english":
            raise ConfigError(
                f'connectors must be "english", or a list of words; got {given!r:.60}.'
            )
        return ENGLISH_CONNECTORS
    words = list(given) if isinstance(given, Iterable) else [given]
    if not all(isinstance(word, str) for word in words):
        raise ConfigError(f"connectors must be a list of words; got {given!r:.60}.")
    return frozenset(map(str, words))


class Phrase(NamedTuple):
    """Tokens that are joined, and how strongly they belong together."""

    tokens: tuple[str, ...]
    score: float


@final
@dataclass(frozen=True)
class Phrases:
    """The phrases of a text, by pass: a pass joins what the one before it left.

    Parameters
    ----------
    passes : tuple of tuple of Phrase
        The phrases that each pass joins, with their scores.
    connectors : frozenset of str
        Words that may stand inside a phrase.
    delimiter : str
        What joins the words.

    Examples
    --------
    >>> phrases = Phrases(((Phrase(("new", "york"), 12.5),),))
    >>> phrases.join("in new york they say new york city".split())
    ['in', 'new_york', 'they', 'say', 'new_york', 'city']
    >>> phrases.scores
    {'new_york': 12.5}
    """

    passes: tuple[tuple[Phrase, ...], ...] = ()
    connectors: frozenset[str] = frozenset()
    delimiter: str = "_"

    @cached_property
    def _known(self) -> tuple[frozenset[tuple[str, ...]], ...]:
        return tuple(frozenset(phrase.tokens for phrase in found) for found in self.passes)

    @cached_property
    def scores(self) -> Mapping[str, float]:
        """The joined words of each phrase and its score, highest first within a pass."""
        return {
            self.delimiter.join(phrase.tokens): phrase.score
            for found in self.passes
            for phrase in sorted(found, key=lambda phrase: -phrase.score)
        }

    def __len__(self) -> int:
        return len(self.scores)

    def __contains__(self, phrase: object) -> bool:
        return phrase in self.scores

    def __repr__(self) -> str:
        first = ", ".join([*list(self.scores)[:3], *["..."] * (len(self) > 3)])
        return f"<Phrases: {len(self):,} in {len(self.passes)} passes: {first}>"

    def join(self, tokens: Iterable[str]) -> list[str]:
        """Join the phrases in a sentence.

        From left to right, the first phrase that fits is joined, as gensim does it.

        Parameters
        ----------
        tokens : iterable of str
            The sentence.

        Returns
        -------
        list of str
            The same with phrases as single tokens.

        Raises
        ------
        InputError
            If it is a string.
        """
        if isinstance(tokens, str):
            raise InputError(f"join takes a list of tokens; got a string: {tokens!r:.60}.")
        joined = list(tokens)
        for known in self._known:
            joined = self._pass(joined, known)
        return joined

    def _pass(self, tokens: list[str], known: frozenset[tuple[str, ...]]) -> list[str]:
        done: list[str] = []
        open_: list[str] = []  # a word that may begin a phrase, and connectors behind it
        for token in tokens:
            if token in self.connectors:
                (open_ or done).append(token)
            elif open_ and (*open_, token) in known:
                done.append(self.delimiter.join((*open_, token)))
                open_ = []
            else:
                done += open_
                open_ = [token]
        return done + open_

    def settings(self) -> dict[str, Any]:
        """Return JSON values from which `from_settings` makes it again.

        Returns
        -------
        dict
            Passes, connectors and delimiter.
        """
        return {
            "passes": [[[list(p.tokens), p.score] for p in found] for found in self.passes],
            "connectors": sorted(self.connectors),
            "delimiter": self.delimiter,
        }

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Phrases:
        """Make phrases of what `settings` returned, perhaps read from a file.

        Parameters
        ----------
        settings : mapping
            Passes, connectors and delimiter.

        Returns
        -------
        Phrases
            Equal to those that gave them.

        Raises
        ------
        InputError
            If they are none.
        """
        try:
            passes = tuple(
                tuple(Phrase(tuple(map(_word, tokens)), float(score)) for tokens, score in found)
                for found in settings["passes"]
            )
            connectors = frozenset(map(_word, settings["connectors"]))
            return cls(passes, connectors, _word(settings["delimiter"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"These are not the settings of phrases: {error}.") from error


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is no str")
    return value
