"""What the features of a text are: the words and n-grams that the mean head looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Kinds(NamedTuple):
    """What is a feature.

    Parameters
    ----------
    n_words : int
        The number V of known words.
    longest : int
        Words of the longest n-gram.
    letters : tuple of (int, int) or None
        Letters of the shortest and the longest n-gram of letters; None for none.
    """

    n_words: int
    longest: int
    letters: tuple[int, int] | None


class Features(NamedTuple):
    """Which features there are.

    Parameters
    ----------
    kinds : Kinds
        Of which kinds.
    keys : ndarray of uint32
        Shape (r,): the hash of each n-gram that is known. It has row V + its position here.
    idf : ndarray of float32
        Shape (V + r,): how much each feature tells by itself.
    """

    kinds: Kinds
    keys: NDArray[np.uint32]
    idf: NDArray[np.float32]
