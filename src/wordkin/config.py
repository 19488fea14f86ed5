"""What to train: frozen settings of the models, checked when they are made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, Self

from wordkin.errors import ConfigError

_RENAMED = {
    "size": "vector_size",
    "iter": "epochs",
    "sg": "the class: SkipGram(...) or CBOW(...)",
    "cbow_mean": "the class: CBOW always takes the mean",
    "min_count": "Corpus.from_path(..., min_count=...): pruning is done by the corpus",
    "max_final_vocab": "Corpus.from_path(..., max_vocab=...): pruning is done by the corpus",
    "max_vocab_size": "Corpus.from_path(..., max_vocab=...): pruning is done by the corpus",
    "seed": "train(..., seed=...)",
    "workers": "train(..., workers=...)",
    "shrink_window": "shrink_windows",
    "dim": "vector_size",
    "epoch": "epochs",
    "lr": "alpha",
    "neg": "negative",
    "ws": "window",
}


@dataclass(frozen=True, kw_only=True)
class Word2Vec:
    """What SkipGram and CBOW share (abstract: use one of the two)."""

    vector_size: int = 100
    window: int = 5
    negative: int = 5
    ns_exponent: float = 0.75
    sample: float = 1e-3
    epochs: int = 5
    alpha: float = 0.035
    min_alpha: float = 1e-4
    shrink_windows: bool = True
    loss: Literal["negative-sampling", "hierarchical-softmax"] = "negative-sampling"
    group: int | None = None
    shared_negatives: int | None = None

    def __new__(cls, **settings: Any) -> Self:  # noqa: ANN401, D102
        known = {f.name for f in dataclasses.fields(cls)}
        for name in settings:
            if name not in known:
                hint = _RENAMED.get(name, f"one of: {', '.join(sorted(known))}")
                raise ConfigError(f"{cls.__name__} has no setting {name!r}. Use {hint}.")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        _check_int(self, "vector_size", low=1, high=65_536)
        _check_int(self, "window", low=1, high=1_000)
        _check_int(self, "negative", low=1, high=1_000)
        _check_int(self, "epochs", low=1, high=1_000_000)
        _check_float(self, "ns_exponent", low=-10.0, high=10.0)
        _check_float(self, "sample", low=0.0, high=1.0)
        _check_float(self, "alpha", low=0.0, high=10.0)
        _check_float(self, "min_alpha", low=0.0, high=self.alpha)
        _check_choice(self, "loss", ("negative-sampling", "hierarchical-softmax"))
        if self.group is not None:
            _check_int(self, "group", low=1, high=8)
        if self.shared_negatives is not None:
            _check_int(self, "shared_negatives", low=1, high=16 - (self.group or 8))


@dataclass(frozen=True, kw_only=True)
class SkipGram(Word2Vec):
    """Skip-gram (Mikolov et al. 2013, arXiv:1310.4546): each word predicts those around it.

    Settings are given by name; the names are gensim's where gensim has the thing.

    Parameters
    ----------
    vector_size : int
        Dimensions D of a vector.
    window : int
        The widest distance, in words, between a word and its context.
    negative : int
        Noise words for each (word, context) pair.
    ns_exponent : float
        Noise words are drawn in proportion to count ** ns_exponent.
    sample : float
        Words more frequent than this share of the corpus are left out at random, the more
        frequent the more often (as word2vec does it); 0 keeps all.
    epochs : int
        Passes over the corpus.
    alpha : float
        Learning rate at the start. (0.025, the default of gensim and word2vec, solves fewer
        analogies here: see ``docs/how-training-got-fast.md``.)
    min_alpha : float
        Learning rate at the end; it falls linearly with the words seen.
    shrink_windows : bool
        Draw the window of each word from 1..window, which weighs near words more.
    loss : str
        "negative-sampling" or "hierarchical-softmax" (a Huffman tree; `negative`, `group` and
        `shared_negatives` then mean nothing).
    group : int, optional
        Neighbouring words that the kernel learns from at once, 1 to 8. More is faster and less
        exact. By default chosen for the size of the corpus.
    shared_negatives : int, optional
        Noise words that a group shares. Their gradient is scaled as if there were `negative` for
        each pair. By default chosen with the group.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a name is that of another library.

    Examples
    --------
    >>> SkipGram(vector_size=50).window
    5
    >>> SkipGram(size=50)
    Traceback (most recent call last):
        ...
    wordkin.errors.ConfigError: SkipGram has no setting 'size'. Use vector_size.
    """


@dataclass(frozen=True, kw_only=True)
class CBOW(Word2Vec):
    """Continuous bag of words (Mikolov et al. 2013, arXiv:1301.3781): the mean predicts the word.

    The settings are those of `SkipGram`; only the default of `alpha` differs.

    Parameters
    ----------
    vector_size, window, negative, ns_exponent, sample, epochs
        As in `SkipGram`.
    alpha : float
        Learning rate at the start; CBOW wants a higher one than skip-gram.
    min_alpha, shrink_windows, loss, group, shared_negatives
        As in `SkipGram`.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a name is that of another library.

    Examples
    --------
    >>> CBOW().alpha
    0.065
    """

    alpha: float = 0.065


def _check_int(config: object, name: str, *, low: int, high: int) -> None:
    value = getattr(config, name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(f"{name} must be a whole number from {low:,} to {high:,}; got {value!r}.")


def _check_float(config: object, name: str, *, low: float, high: float) -> None:
    value = getattr(config, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name} must be a number from {low} to {high}; got {value!r}.")


def _check_choice(config: object, name: str, choices: tuple[str, ...]) -> None:
    value = getattr(config, name)
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}; got {value!r}.")
