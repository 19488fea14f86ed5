"""Job: everything that decides what a run will do, checked before it begins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wordkin.config import Model
from wordkin.corpus import Corpus
from wordkin.errors import ConfigError, EmptyCorpusError, InputError
from wordkin.given import number, whole
from wordkin.memory import cores

if TYPE_CHECKING:
    from wordkin.training.progress import Callback

STREAMS = 4
"""Of a deterministic run, unless told otherwise."""
_MOST = 1024


@dataclass(frozen=True, kw_only=True)
class Job:
    """A corpus, a model, and what of the arguments of `train` decides the outcome.

    Parameters
    ----------
    corpus : Corpus
        What to learn from.
    config : Model
        The model.
    seed : int
        Fixes all random choices.
    workers : int
        Threads.
    validation : float
        The share of the tokens to hold out.
    streams : int, default 0
        Streams that learn on replicas; 0 lets threads race.

    Raises
    ------
    InputError
        If the corpus is none, such as the path of a text.
    ConfigError
        If the model is none, or a number is out of its range.
    EmptyCorpusError
        If the vocabulary has fewer than two words.
    """

    corpus: Corpus
    config: Model
    seed: int
    workers: int
    validation: float
    streams: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.corpus, Corpus):
            raise InputError(
                f"The corpus must be a Corpus; got {type(self.corpus).__name__}. "
                "Corpus.from_path(...) makes one of files, Corpus.from_texts([...]) of strings."
            )
        if not isinstance(self.config, Model):
            raise ConfigError(
                f"The model must be one with its settings, such as SkipGram(vector_size=100); got "
                f"{self.config!r}."
            )
        seed, share = whole(self.seed), number(self.validation)
        if seed is None or seed < 0:
            raise ConfigError(f"seed must be a whole number from 0 on; got {self.seed!r}.")
        if share is None or not 0 <= share <= 0.5:
            raise ConfigError(
                f"validation must be the share of the text to hold out, from 0 to 0.5; got "
                f"{self.validation!r}."
            )
        # what is saved with vectors and checkpoints is JSON, which knows no numbers of NumPy
        object.__setattr__(self, "seed", seed)
        object.__setattr__(self, "validation", share)
        words = len(self.corpus.vocabulary)
        if words < 2:
            raise EmptyCorpusError(
                f"The vocabulary has {words} word; at least 2 are needed to learn which go "
                "together. Give more text, or lower min_count."
            )


def checked_workers(workers: int | None) -> int:
    """Return the number of threads: all cores, if it is left open.

    Parameters
    ----------
    workers : int, optional
        What the user said.

    Returns
    -------
    int
        1 to 1024.

    Raises
    ------
    ConfigError
        If it is none.
    """
    return _checked("workers", cores() if workers is None else workers)


def checked_streams(streams: int) -> int:
    """Return the number of streams, if it is one.

    Parameters
    ----------
    streams : int
        What the user said.

    Returns
    -------
    int
        1 to 1024.

    Raises
    ------
    ConfigError
        If it is none.
    """
    return _checked("streams", streams)


def checked_callbacks(callbacks: Iterable[Callback]) -> list[Callback]:
    """Return the callbacks, if they are some.

    Parameters
    ----------
    callbacks : iterable of callable
        What the user said.

    Returns
    -------
    list of callable
        They.

    Raises
    ------
    ConfigError
        If it is no list of them, or one is none.
    """
    if callable(callbacks) or not isinstance(callbacks, Iterable):
        raise ConfigError(
            f"callbacks must be a list; got {callbacks!r:.100}. Write [...] around it."
        )
    given = [*callbacks]
    for each in given:
        if isinstance(each, type) or not callable(each):
            raise ConfigError(
                "Each of callbacks must be something to call with a Progress, such as "
                f"LossCurve(); got {each!r:.100}."
            )
    return given


def _checked(name: str, given: int) -> int:
    n = whole(given)
    if n is None or not 1 <= n <= _MOST:
        raise ConfigError(f"{name} must be a whole number from 1 to {_MOST}; got {given!r}.")
    return n
