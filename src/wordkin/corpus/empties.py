"""Which texts will be no sentence of a corpus, because no word of them is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 1 << 20  # sentences that are looked at together
_FEW_WORDS = 16  # looked at in all sentences at once; then sentence by sentence


def empty_sentences(
    ids: NDArray[np.int32], ends: NDArray[np.int64], ranks: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Find the sentences of which nothing will be left.

    Most sentences keep one of their first words, and no more is looked at then.

    Parameters
    ----------
    ids : ndarray of int32
        The provisional number of each token.
    ends : ndarray of int64
        Shape (s + 1,): 0, then where sentences end.
    ranks : ndarray of int32
        The id of each provisional number; -1 for what is left out.

    Returns
    -------
    ndarray of int64
        The numbers of these sentences, ascending.

    Examples
    --------
    >>> ids, ends = np.array([0, 1, 1, 1, 0]), np.array([0, 2, 2, 4, 5])
    >>> empty_sentences(ids, ends, np.array([0, -1]))
    array([1, 2])
    """
    found = [np.zeros(0, np.int64)]
    for first in range(0, len(ends) - 1, _BLOCK):
        at = np.asarray(ends[first : first + _BLOCK])
        stops = np.asarray(ends[first + 1 : first + 1 + len(at)])
        at = at[: len(stops)].copy()
        left = np.arange(len(stops))
        for _ in range(_FEW_WORDS):
            going = at[left] < stops[left]
            going[going] = ranks[ids[at[left[going]]]] < 0
            # those at their end stay as they are; those that keep this word are out
            left = left[going | (at[left] >= stops[left])]
            at[left] += at[left] < stops[left]
        nothing = [i for i in left.tolist() if not (ranks[ids[at[i] : stops[i]]] >= 0).any()]
        found.append(np.array(nothing, np.int64) + first)
    return np.concatenate(found)
