"""The vectors of documents: weighted sums of the rows of their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wordkin.kernels import kernel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Rows(NamedTuple):
    """Rows of words, and how much each counts."""

    matrix: NDArray[np.float32]  # (V, D)
    weights: NDArray[np.float32]  # (V,)


class Sums(NamedTuple):
    """What is added up for n documents; zeros at first."""

    vectors: NDArray[np.float32]  # (n, D)
    weights: NDArray[np.float32]  # (n,) the sum of the weights
    words: NDArray[np.int64]  # (n,) how many words had a row


@kernel
def add_up(ids, starts, known, others, sums):
    """Add up the rows of the words of each document, one after the other.

    Parameters
    ----------
    ids : ndarray of int32
        Shape (N,): the words of all documents. Those below V have a row in `known`, the others one
        in `others` or, from its end on, none.
    starts : ndarray of int64
        Shape (n + 1,): document i is ``ids[starts[i]:starts[i + 1]]``.
    known, others : Rows
        Rows of words; a word of `others` whose weight is 0 has none either.
    sums : Sums
        For the n documents, changed in place.
    """
    n_known = len(known.weights)
    for i in range(len(starts) - 1):
        out = sums.vectors[i]
        for j in range(starts[i], starts[i + 1]):
            word = ids[j]
            if word < n_known:
                weight, row = known.weights[word], known.matrix[word]
            else:
                word -= n_known
                if word >= len(others.weights) or others.weights[word] == 0:
                    continue
                weight, row = others.weights[word], others.matrix[word]
            for d in range(len(out)):
                out[d] += weight * row[d]
            sums.weights[i] += weight
            sums.words[i] += 1
