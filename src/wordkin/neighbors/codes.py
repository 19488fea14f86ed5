"""One query on a rounded copy of the matrix: as exact, and a quarter of the memory to read.

A single query is as slow as memory is. The copy tells which rows may belong to the result, and only
they are read in the matrix itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordkin.neighbors.compiled import exact_cosines, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from wordkin.kernels.topk import Best
    from wordkin.neighbors.exact import Found


@dataclass(frozen=True)
class Codes:
    """A matrix of unit rows in one byte a number, and how far off each row is.

    Parameters
    ----------
    codes : ndarray
        Shape (ceil(V / 64), D, 64), int8.
    steps, errors : ndarray
        Shape (V,), float32: what to multiply a row's codes with, and the length of the error.
    """

    codes: NDArray[np.int8]
    steps: NDArray[np.float32]
    errors: NDArray[np.float32]


def make_codes(matrix: NDArray[np.float32], lengths: NDArray[np.float32]) -> Codes:
    """Round a matrix for `search_codes`: a quarter of its size.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    lengths : ndarray
        Shape (V,): of its rows, with 1 in place of 0.

    Returns
    -------
    Codes
        The rounded rows.
    """
    from wordkin.kernels import topk

    count, size = matrix.shape
    factors = (1 / lengths).astype(np.float32)
    blocks = -(-count // topk.SCREEN)
    made = Codes(
        np.zeros((blocks, size, topk.SCREEN), np.int8),
        np.empty(count, np.float32),
        np.empty(count, np.float32),
    )

    def work(begin: int, end: int) -> None:
        topk.encode(
            matrix[begin:end], factors[begin:end], made.codes[begin // topk.SCREEN :],
            made.steps[begin:end], made.errors[begin:end],
        )  # fmt: skip

    share(work, count, topk.SCREEN)
    return made


def search_codes(
    matrix: NDArray[np.float32],
    codes: Codes,
    unit: NDArray[np.float64],
    *,
    topn: int,
    exclude: Sequence[int],
) -> Found | None:
    """Find the nearest rows of one query, reading a byte where the matrix has a float.

    A product with a rounded row is off by the length of its error at most (Cauchy-Schwarz), so the
    rows that may belong to the result are known, and only they are read in the matrix.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    codes : Codes
        Of the matrix, or of one that begins with it.
    unit : ndarray
        Shape (D,), float64: the query, of length 1 or 0.
    topn : int
        How many rows to find.
    exclude : sequence of int
        The rows not to return.

    Returns
    -------
    (ndarray, ndarray) or None
        As `nearest_rows` returns; None where NumPy has to answer.
    """
    from wordkin.kernels import topk

    count = len(matrix)
    keep = topn + len(exclude)
    scores = np.empty(count, np.float32)
    query = unit.astype(np.float32)

    def work(begin: int, end: int) -> Best:
        best = topk.fresh(1, keep)
        first, last = begin // topk.SCREEN, -(-end // topk.SCREEN)
        topk.screen(
            codes.codes[first:last], codes.steps[begin:end], codes.errors[begin:end], query,
            scores[begin:end], best, begin,
        )  # fmt: skip
        return best

    lowest = np.concatenate([best.scores[0] for best in share(work, count, topk.SCREEN, pieces=8)])
    slack = np.float32(4 * np.finfo(np.float32).eps * (matrix.shape[1] + 2))
    floor = np.partition(lowest, -keep)[-keep] - slack
    rows = np.flatnonzero(scores + codes.errors[:count] >= floor)
    if len(rows) > 20 * keep + 4096:
        return None  # nearly equal rows: as much work as a search without codes
    cosines = exact_cosines(matrix, rows[None], unit[None])[0]
    for row in exclude:
        cosines[rows == row] = -2
    order = np.lexsort((rows, -cosines))[:topn]
    order = order[cosines[order] > -2]
    return rows[order], cosines[order]
