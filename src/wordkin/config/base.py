"""What every model's settings share: frozen values, checked when they are made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from wordkin.errors import ConfigError
from wordkin.given import number, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

RESOURCE = {"resource": True}
"""Metadata of a field that says what a run may take, and decides nothing about what it learns."""
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
    "minn": "min_n",
    "maxn": "max_n",
    "bucket": "buckets",
    "t": "sample",
    "eta": "alpha",
    "window_size": "window",
    "max_iter": "epochs",
    "cds": "context_smoothing",
    "eig": "eigenvalue_weight",
}


@dataclass(frozen=True, kw_only=True)
class Model:
    """Settings of a model (abstract): what the training loop must know of any.

    A model adds its own fields, checks them in `__post_init__`, and tells by the properties how it
    is to be trained. Its engine's file knows all the rest.
    """

    vector_size: int = 100

    def __new__(cls, **settings: Any) -> Self:  # noqa: ANN401, D102
        known = {f.name for f in dataclasses.fields(cls)}
        for name in settings:
            if name not in known:
                hint = _RENAMED.get(name)
                # a name alone is a setting, and not every model has it
                if hint is None or (hint.isidentifier() and hint not in known):
                    hint = f"one of: {', '.join(sorted(known))}"
                raise ConfigError(f"{cls.__name__} has no setting {name!r}. Use {hint}.")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        check_int(self, "vector_size", low=1, high=65_536)

    @property
    def family(self) -> str:
        """By which engines find what trains it."""
        return type(self).__name__

    @property
    def passes(self) -> int:
        """How many times training goes over the corpus."""
        return 1

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rate at the start and at the end; it falls linearly in between."""
        return 0.0, 0.0

    @property
    def holds_out_counts(self) -> bool:
        """Whether it learns from counts, of which its run can hold out some for validation."""
        return False

    def settings(self) -> dict[str, Any]:
        """What decides the outcome: all fields but those that say what a run may take.

        Returns
        -------
        dict
            Values by name.
        """
        fields = dataclasses.fields(self)
        return {f.name: getattr(self, f.name) for f in fields if not f.metadata.get("resource")}

    @property
    def spelling(self) -> Mapping[str, Any] | None:
        """How words are cut into n-grams (as `NgramIndex.settings` tells it), where they are."""
        return None


def check_int(config: object, name: str, *, low: int, high: int) -> None:
    """Check that a setting is a whole number in a range, and make Python's int of NumPy's.

    Parameters
    ----------
    config : object
        The settings.
    name : str
        Which of them.
    low, high : int
        The range, both ends included.

    Raises
    ------
    ConfigError
        If it is not.
    """
    value = getattr(config, name)
    n = whole(value)
    if n is None or not low <= n <= high:
        raise ConfigError(f"{name} must be a whole number from {low:,} to {high:,}; got {value!r}.")
    object.__setattr__(config, name, n)


def check_float(config: object, name: str, *, low: float, high: float) -> None:
    """Check that a setting is a number in a range, and make Python's float of NumPy's.

    Parameters
    ----------
    config : object
        The settings.
    name : str
        Which of them.
    low, high : float
        The range, both ends included.

    Raises
    ------
    ConfigError
        If it is not.
    """
    value = getattr(config, name)
    given = number(value)
    if given is None or not low <= given <= high:
        raise ConfigError(f"{name} must be a number from {low} to {high}; got {value!r}.")
    object.__setattr__(config, name, given)


def check_choice(config: object, name: str, choices: tuple[object, ...]) -> None:
    """Check that a setting is one of a few values.

    Parameters
    ----------
    config : object
        The settings.
    name : str
        Which of them.
    choices : tuple
        The values there are.

    Raises
    ------
    ConfigError
        If it is not.
    """
    value = getattr(config, name)
    # by kind too: to Python 1 is True, and 0 is False
    if not any(isinstance(value, type(choice)) and value == choice for choice in choices):
        raise ConfigError(f"{name} must be one of {', '.join(map(str, choices))}; got {value!r}.")
