"""What to train: frozen settings of the models, checked when they are made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

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
class SkipGram:
    """Skip-gram with negative sampling (Mikolov et al. 2013, arXiv:1310.4546, section 2.2).

    The names are gensim's. Each word predicts the words around it; `negative` words drawn at
    random are held against each true one.

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
        Learning rate at the start.
    min_alpha : float
        Learning rate at the end; it falls linearly with the words seen.
    shrink_windows : bool
        Draw the window of each word from 1..window, which weighs near words more.

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

    vector_size: int = 100
    window: int = 5
    negative: int = 5
    ns_exponent: float = 0.75
    sample: float = 1e-3
    epochs: int = 5
    alpha: float = 0.025
    min_alpha: float = 1e-4
    shrink_windows: bool = True

    def __new__(cls, **settings: Any) -> SkipGram:  # noqa: ANN401, D102
        known = {f.name for f in dataclasses.fields(cls)}
        for name in settings:
            if name not in known:
                hint = _RENAMED.get(name, f"one of: {', '.join(sorted(known))}")
                raise ConfigError(f"{cls.__name__} has no setting {name!r}. Use {hint}.")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        _check_int(self, "vector_size", 1, 65_536)
        _check_int(self, "window", 1, 1_000)
        _check_int(self, "negative", 1, 1_000)
        _check_int(self, "epochs", 1, 1_000_000)
        _check_float(self, "ns_exponent", -10.0, 10.0)
        _check_float(self, "sample", 0.0, 1.0)
        _check_float(self, "alpha", 0.0, 10.0)
        _check_float(self, "min_alpha", 0.0, self.alpha)


def _check_int(config: object, name: str, low: int, high: int) -> None:
    value = getattr(config, name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(f"{name} must be a whole number from {low:,} to {high:,}; got {value!r}.")


def _check_float(config: object, name: str, low: float, high: float) -> None:
    value = getattr(config, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name} must be a number from {low} to {high}; got {value!r}.")
