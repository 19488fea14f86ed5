"""PPMI: counts turned into mutual information, and their singular vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wordkin.config.base import check_float, check_int
from wordkin.config.counting import Counting


@dataclass(frozen=True, kw_only=True)
class PPMI(Counting):
    """Positive pointwise mutual information and its SVD, as Levy, Goldberg & Dagan 2015 (TACL) do.

    A cell is max(log(P(i, j) / (P(i) P'(j))) - log(shift), 0), where P'(j) is in proportion to
    count ** context_smoothing. Of the matrix U S V' nearest to that of all cells, with D
    dimensions, word vectors are the rows of U S ** eigenvalue_weight. There is no learning rate and
    nothing to repeat: on small corpora this is better than `SkipGram` (``docs/glove.md`` shows from
    which size on it is not).

    Parameters
    ----------
    vector_size : int
        Dimensions D of a vector.
    window : int
        The widest distance, in words, at which a pair is counted.
    distance_weighting : str
        What a pair counts at distance d: "harmonic" 1 / d, "linear" (window - d + 1) / window,
        which is what word2vec's shrinking windows come to, "flat" 1.
    symmetric : bool
        Count what stands on both sides of a word, not only before it.
    shift : float
        From 1 on; log(shift) is subtracted, as skip-gram with so many noise words does it.
    context_smoothing : float
        Frequent contexts count for less with 0.75 than with 1; rare ones no longer attract.
    eigenvalue_weight : float
        What power of the singular values goes to the words; 1 - eigenvalue_weight goes to the
        contexts.
    iterations : int
        Of the subspace iteration that finds the singular vectors.
    memory, disk_limit, temp_folder
        As in `GloVe`.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a name is that of another library.

    Examples
    --------
    >>> PPMI(window=5).context_smoothing
    0.75
    """

    window: int = 5
    distance_weighting: Literal["harmonic", "linear", "flat"] = "linear"
    shift: float = 1.0
    context_smoothing: float = 0.75
    eigenvalue_weight: float = 0.5
    iterations: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_float(self, "shift", low=1.0, high=1e9)
        check_float(self, "context_smoothing", low=0.0, high=10.0)
        check_float(self, "eigenvalue_weight", low=-10.0, high=10.0)
        check_int(self, "iterations", low=0, high=1_000)
