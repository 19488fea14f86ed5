"""What every layer can be told, whatever the framework: one definition for all of them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Literal, TypedDict

from wordkin.corpus import Corpus
from wordkin.errors import ConfigError
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.checks import check_at_least

if TYPE_CHECKING:
    from wordkin.embedding import MissingRule, Rule

    Trainable = bool | str
    Only = Vocabulary | Corpus | Iterable[str]

_AFTER = re.compile(r"after:([1-9]\d{0,8})", re.ASCII)


class LayerOptions(TypedDict, total=False):
    """The keywords of `to_keras`, `to_torch`, `to_jax` and `to_tensorflow`, for type checkers.

    `LayerSettings` says what each means and checks it.
    """

    trainable: Trainable
    pad: str | None
    unk: str | None
    missing: MissingRule
    unknown: Rule
    mask: bool
    dtype: str | None
    max_norm: float | None
    only: Only | None
    quantized: Literal["int8"] | None
    lr_factor: float
    name: str | None
    seed: int


@dataclass(frozen=True, kw_only=True)
class LayerSettings:
    """What a layer of word vectors is to be like.

    Parameters
    ----------
    trainable : bool or str
        Whether training may change the vectors (never that of padding). ``"after:2"`` keeps
        them as they are for two epochs, until the layers above have learnt what to do with
        them, and then lets training change them.
    pad : str, optional
        A word of the vectors that stands for padding, such as ``"[PAD]"``: it gets no row of its
        own. Row 0 is zero all the same.
    unk : str, optional
        A word of the vectors that stands for unknown words, such as ``"[UNK]"``: its vector
        becomes that of row 1, and it gets no row of its own.
    missing : {"mean", "zero", "random", "subword"}
        What a word of the vocabulary without a vector gets; see `wordkin.embedding_matrix`.
    unknown : {"mean", "zero", "random"}
        What the row of unknown words gets, unless `unk` names a word.
    mask : bool
        Tell the following layers which positions are padding, where the framework has a way to.
    dtype : str, optional
        The type of the numbers that come out, such as ``"float16"``, ``"bfloat16"``; with Keras
        also the name of a policy, such as ``"mixed_bfloat16"``. By default the framework's own.
    max_norm : float, optional
        The greatest length of a vector that comes out. Longer ones are scaled down at each lookup;
        the table keeps them as they are, and the gradient is that of the scaled vector.
    only : Vocabulary, Corpus or iterable of str, optional
        The words in use. Other words get no row, which saves their memory. Those in use that have
        no vector are unknown; `vocabulary` gives them rows of their own instead.
    quantized : {"int8"}, optional
        Keep the table in one byte a number and one scale a row: a quarter of the memory. Vectors
        are multiplied out at lookup, off by at most half a step of 1/127 of the largest number in
        the row. Frozen tables only.
    lr_factor : float
        What the steps of training are multiplied with for the vectors, whatever the optimizer:
        below 1, they move less than the rest of the model.
    name : str, optional
        The name of the layer, where the framework names them.
    seed : int
        For ``"random"``.

    Raises
    ------
    ConfigError
        If a setting is none of the above, or two of them contradict each other.

    Examples
    --------
    >>> LayerSettings(trainable="after:2").frozen_epochs
    2
    """

    trainable: Trainable = False
    pad: str | None = None
    unk: str | None = None
    missing: MissingRule = "mean"
    unknown: Rule = "mean"
    mask: bool = True
    dtype: str | None = None
    max_norm: float | None = None
    only: Only | None = None
    quantized: Literal["int8"] | None = None
    lr_factor: float = 1.0
    name: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_training()
        check_at_least("seed", self.seed, 0)
        if not isinstance(self.mask, bool):
            raise ConfigError(f"mask must be True or False; got {self.mask!r}.")
        if self.max_norm is not None:
            object.__setattr__(self, "max_norm", _positive("max_norm", self.max_norm))
        if self.quantized not in (None, "int8"):
            raise ConfigError(f"quantized must be None or 'int8'; got {self.quantized!r}.")
        if self.pad is not None and self.pad == self.unk:
            raise ConfigError(
                f"pad and unk are both {self.pad!r}: a model could not tell padding from words."
            )
        if isinstance(self.only, str | bytes) or not isinstance(
            self.only, Vocabulary | Corpus | Iterable | None
        ):
            raise ConfigError(
                "only must be a Vocabulary, a Corpus or several words; got "
                f"{type(self.only).__name__} {self.only!r:.40}."
            )

    def _check_training(self) -> None:
        after = isinstance(self.trainable, str) and _AFTER.fullmatch(self.trainable)
        if not isinstance(self.trainable, bool) and not after:
            raise ConfigError(
                'trainable must be True, False or "after:N" (N epochs, 1 or more); got '
                f"{self.trainable!r}."
            )
        object.__setattr__(self, "lr_factor", _positive("lr_factor", self.lr_factor))
        if self.quantized and self.trains:
            raise ConfigError(
                f"A table of whole numbers can't be trained: quantized={self.quantized!r} goes "
                "with trainable=False only."
            )
        if self.lr_factor != 1 and not self.trains:
            raise ConfigError(
                f"lr_factor={self.lr_factor} says how far training moves the vectors, but "
                "trainable=False keeps it from moving them at all."
            )

    @property
    def trains(self) -> bool:
        """Whether training changes the vectors at some time."""
        return bool(self.trainable)

    @property
    def frozen_epochs(self) -> int:
        """For how many epochs vectors that are to be trained stay as they are: 0 without a wait."""
        found = _AFTER.fullmatch(self.trainable) if isinstance(self.trainable, str) else None
        return int(found.group(1)) if found else 0


def _positive(name: str, value: object) -> float:
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not 1e-12 <= value <= 1e12:  # type: ignore[operator]  # squares fit float32
        raise ConfigError(f"{name} must be a number from 1e-12 to 1e12; got {value!r}.")
    return float(value)  # type: ignore[arg-type]


def warn_of_waiting(name: str) -> None:
    """Warn that training leaves the vectors alone, though it was to change them.

    Parameters
    ----------
    name : str
        That of the layer.
    """
    warnings.warn(
        f"Training does not change the vectors of the layer {name!r}: it was made with "
        'trainable="after:N" or lr_factor, which need fit(..., callbacks=[wordkin.TuneEmbedding()])'
        ", or layer.trainable = True at the time that you choose.",
        UserWarning,
        stacklevel=2,
    )
