"""The order of words: by frequency, and what is too rare left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.vocabulary.checks import check_at_least

if TYPE_CHECKING:
    from numpy.typing import NDArray


def frequency_order(
    counts: NDArray[np.integer], *, min_count: int = 1, max_vocab: int | None = None
) -> NDArray[np.int64]:
    """Rank words by frequency: most frequent first, equals in the order they came.

    Parameters
    ----------
    counts : ndarray of int
        Shape (n,): how often each word occurs.
    min_count : int
        Rarer words are left out.
    max_vocab : int, optional
        Keep this many words at most.

    Returns
    -------
    ndarray of int64
        Shape (V,): the positions of the kept words in `counts`, by rank.

    Raises
    ------
    ConfigError
        If `min_count` or `max_vocab` is no whole number from 1 upwards.

    Examples
    --------
    >>> frequency_order(np.array([2, 5, 2, 1]), min_count=2)
    array([1, 0, 2])
    """
    check_pruning(min_count, max_vocab)
    kept = np.flatnonzero(counts >= min_count)  # before sorting: most words of a text are rare
    order = kept[np.argsort(-counts[kept].astype(np.int64), kind="stable")]
    return order[:max_vocab].astype(np.int64)


def check_pruning(min_count: int, max_vocab: int | None) -> None:
    """Check the two settings that prune a vocabulary.

    Raises
    ------
    ConfigError
        If one of them is no whole number from 1 upwards.
    """
    check_at_least("min_count", min_count, 1)
    if max_vocab is not None:
        check_at_least("max_vocab", max_vocab, 1)
