"""GloVe: vectors whose products are the logarithms of counts."""

from __future__ import annotations

from dataclasses import dataclass

from wordkin.config.base import check_choice, check_float, check_int
from wordkin.config.counting import Counting
from wordkin.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class GloVe(Counting):
    """Global vectors (Pennington, Socher & Manning 2014, EMNLP): counts first, then regression.

    All pairs of words within a window are counted, a pair d words apart as 1 / d. Then vectors w
    and c and biases are learned by AdaGrad such that w_i . c_j + b_i + b'_j comes near log X_ij:
    each cell's error squared, times (X_ij / x_max) ** weight_exponent (at most 1), halved. Counting
    goes over the text once; an epoch over the cells costs the same for any length of text with so
    many cells. The names are those of the other models, not of Stanford's program: what is `eta`
    there is `alpha` here, and what is `alpha` there is `weight_exponent`.

    Parameters
    ----------
    vector_size : int
        Dimensions D of a vector.
    window : int
        The widest distance, in words, at which a pair is counted.
    distance_weighting : str
        What a pair counts at distance d: "harmonic" 1 / d, "linear" (window - d + 1) / window,
        "flat" 1.
    symmetric : bool
        Count what stands on both sides of a word, not only before it.
    x_max : float
        Cells from this count on have full weight. (The paper has 100, for billions of words.)
    weight_exponent : float
        How steeply the weight of a cell rises below that.
    alpha : float
        Learning rate of the vectors; AdaGrad lowers it for each number by itself. Biases have 1,
        as in Stanford's program.
    epochs : int
        Passes over the cells.
    add_context : bool
        Return w + c as the word vectors, as the paper does; if false, w alone.
    memory : int
        Bytes that counting may take; what does not fit goes to temporary files. It changes nothing
        about the result.
    disk_limit : int, optional
        Bytes that may be written to them, sooner than this is exceeded counting ends with an
        error.
    temp_folder : path-like, optional
        Where they go; by default where the system has such files. They have no name, so that
        nothing is left behind whatever happens.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a name is that of another library.

    Examples
    --------
    >>> GloVe(x_max=100).weight_exponent
    0.75
    >>> GloVe(alpha=0.75)
    Traceback (most recent call last):
        ...
    wordkin.errors.ConfigError: alpha is the learning rate, a number from 0 to 0.5; got 0.75. ...
    """

    x_max: float = 10.0
    weight_exponent: float = 0.75
    alpha: float = 0.05
    epochs: int = 15
    add_context: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_float(self, "x_max", low=1e-6, high=1e12)
        check_float(self, "weight_exponent", low=0.0, high=10.0)
        check_int(self, "epochs", low=1, high=1_000_000)
        check_choice(self, "add_context", (False, True))
        try:
            check_float(self, "alpha", low=0.0, high=0.5)
        except ConfigError:
            raise ConfigError(
                f"alpha is the learning rate, a number from 0 to 0.5; got {self.alpha!r}. What "
                "Stanford's program calls alpha is weight_exponent here."
            ) from None

    @property
    def passes(self) -> int:
        """How many times training goes over the cells."""
        return self.epochs

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rate: it stays."""
        return self.alpha, self.alpha

    @property
    def holds_out_counts(self) -> bool:
        """Some cells can be held out."""
        return True
