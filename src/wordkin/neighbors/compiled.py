"""Exact search with compiled loops, for work that is worth loading a compiler.

The kernels choose rows by float32 scores, a few more than were asked for. These are scored again in
float64, and where the lowest that was kept is clearly below the last one wanted, no row that was
left out can belong to the result. Where it is not (many equal rows), the query goes back to NumPy.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from wordkin.kernels.topk import Best

    Found = tuple[NDArray[np.int64], NDArray[np.float64]]

PATIENCE = 1 << 32
"""Multiplications that NumPy does in the time (half a second) that loading the kernels takes."""

_MORE = 14  # rows kept beyond those wanted, to prove that none is missing
_MOST = 256  # rows a kernel keeps for a query: it looks through all of them at each change
_FEWEST_ROWS = 1 << 12
_TOGETHER = 1 << 10  # queries at once: their panels fit the second cache


def pays(work: int) -> bool:
    """Tell whether work should be done by the kernels.

    Parameters
    ----------
    work : int
        How many multiplications it takes.

    Returns
    -------
    bool
        True if that takes longer than loading them, or they are there.
    """
    return work >= (PATIENCE >> 8 if "wordkin.kernels.topk" in sys.modules else PATIENCE)


def can(matrix: NDArray[np.float32], lengths: NDArray[np.float32], keep: int) -> bool:
    """Tell whether the kernels can search a matrix.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    lengths : ndarray
        Shape (V,): of its rows, with 1 in place of 0.
    keep : int
        Rows wanted, with those that are not to be returned.

    Returns
    -------
    bool
        False where a float32 may overflow, or too many rows are wanted.
    """
    return (
        len(matrix) >= _FEWEST_ROWS
        and keep + _MORE <= _MOST
        and matrix.flags.aligned
        and float(lengths.min()) > 1e-30
        and float(lengths.max()) < 1e30
    )


def search(
    matrix: NDArray[np.float32],
    lengths: NDArray[np.float32],
    units: NDArray[np.float64],
    *,
    topn: int,
    exclude: Sequence[Sequence[int]],
) -> list[Found | None]:
    """Find the nearest rows of many queries.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    lengths : ndarray
        Shape (V,): of its rows, with 1 in place of 0.
    units : ndarray
        Shape (B, D), float64: queries of length 1 or 0.
    topn : int
        How many rows to find.
    exclude : sequence of sequences of int
        For each query the rows that it must not return, or nothing at all.

    Returns
    -------
    list of (ndarray, ndarray) or None
        As `nearest_rows` returns; None for a query that NumPy has to answer.
    """
    from wordkin.kernels import topk

    factors = (1 / lengths).astype(np.float32)
    out = _padded(exclude, len(units))
    keep = topn + out.shape[1] + _MORE
    whole = len(matrix) - len(matrix) % topk.ROWS
    results: list[Found | None] = []
    for start in range(0, len(units), _TOGETHER):
        part = units[start : start + _TOGETHER]
        work = partial(_work, matrix, factors, topk.turn(part.astype(np.float32)), keep=keep)
        parts = share(partial(work, len(part)), whole, topk.ROWS)
        results += settle(
            matrix, part, gathered(parts, keep, range(whole, len(matrix))),
            topn=topn, out=out[start : start + _TOGETHER],
        )  # fmt: skip
    return results


def _work(  # noqa: PLR0917
    matrix: NDArray[np.float32],
    factors: NDArray[np.float32],
    panels: NDArray[np.float32],
    count: int,
    begin: int,
    end: int,
    *,
    keep: int,
) -> Best:
    """What a thread does: look through rows `begin` to `end` for all queries."""
    from wordkin.kernels import topk

    best = topk.fresh(count, keep)
    topk.best_rows(matrix[begin:end], factors[begin:end], panels, best, begin)
    return best


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

    lowest = np.concatenate([best.scores[0] for best in share(work, count, topk.SCREEN)])
    slack = np.float32(4 * np.finfo(np.float32).eps * (matrix.shape[1] + 2))
    floor = np.partition(lowest, -keep)[-keep] - slack
    rows = np.flatnonzero(scores + codes.errors[:count] >= floor)
    if len(rows) > 20 * keep + 4096:
        return None  # nearly equal rows: as much work as a search without codes
    cosines = exact_cosines(matrix, rows[None], unit[None])[0]
    cosines[np.isin(rows, np.asarray(exclude, np.int64))] = -2
    order = np.lexsort((rows, -cosines))[:topn]
    order = order[cosines[order] > -2]
    return rows[order], cosines[order]


def share(work: Callable[[int, int], object], count: int, multiple: int) -> list:  # type: ignore[type-arg]
    """Let each core do a part of the rows.

    Parameters
    ----------
    work : callable
        Takes the first row and the one after the last.
    count : int
        How many rows there are.
    multiple : int
        Where parts may begin.

    Returns
    -------
    list
        What each part gave.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    step = max(-(-count // (cores or 1) // multiple) + 1, 1) * multiple
    starts = range(0, count, step)
    if len(starts) < 2:
        return [work(start, count) for start in starts]
    with ThreadPoolExecutor(len(starts) - 1) as pool:
        others = [pool.submit(work, start, min(start + step, count)) for start in starts[1:]]
        return [work(0, step), *(other.result() for other in others)]


def gathered(parts: Sequence[Best], keep: int, also: range) -> tuple[NDArray, NDArray]:  # type: ignore[type-arg]
    """Put together what the threads found: rows (B, K), and the highest score left out (B,).

    Parameters
    ----------
    parts : sequence of Best
        What each found.
    keep : int
        How many rows of each query to go on with.
    also : range
        Rows that no thread looked at.

    Returns
    -------
    (ndarray, ndarray)
        The rows, and for each query a score that no other row exceeds.
    """
    scores = np.concatenate([part.scores for part in parts], axis=1)
    rows = np.concatenate([part.rows for part in parts], axis=1)
    if scores.shape[1] > keep:
        order = np.argpartition(scores, -keep, axis=1)[:, -keep:]
        rows = np.take_along_axis(rows, order, axis=1)
        scores = np.take_along_axis(scores, order, axis=1)
    missed = scores.min(axis=1)
    extra = np.broadcast_to(np.array(also, np.int64), (len(rows), len(also)))
    return np.concatenate((rows, extra), axis=1), missed


def settle(
    matrix: NDArray[np.float32],
    units: NDArray[np.float64],
    candidates: tuple[NDArray[np.int64], NDArray[np.float32]],
    *,
    topn: int,
    out: NDArray[np.int64],
) -> list[Found | None]:
    """Order candidates by their exact cosines, and say where they may not be all.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    units : ndarray
        Shape (B, D), float64.
    candidates : (ndarray, ndarray)
        From `gathered`: rows, and the highest score left out, off by rounding at most.
    topn : int
        How many rows are wanted.
    out : ndarray
        Shape (B, E): rows not to return, -1 for none.

    Returns
    -------
    list of (ndarray, ndarray) or None
        As `search` returns.
    """
    rows, missed = candidates
    cosines = exact_cosines(matrix, rows, units)
    for column in out.T:
        cosines[rows == column[:, None]] = -2
    order = np.lexsort((rows, -cosines), axis=1)[:, :topn]
    rows = np.take_along_axis(rows, order, axis=1)
    cosines = np.take_along_axis(cosines, order, axis=1)
    slack = 2 * np.finfo(np.float32).eps * (matrix.shape[1] + 4)
    proven = (cosines[:, -1] - slack > missed) & (cosines[:, -1] > -2)
    return [(rows[i], cosines[i]) if sure else None for i, sure in enumerate(proven.tolist())]


def exact_cosines(
    matrix: NDArray[np.float32], rows: NDArray[np.int64], units: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Score rows again, each by itself in float64.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    rows : ndarray
        Shape (B, K): rows of the matrix.
    units : ndarray
        Shape (B, D), float64.

    Returns
    -------
    ndarray
        Shape (B, K), float64, from -1 to 1; 0 for zero rows.
    """
    cosines = np.empty(rows.shape)
    step = max(1, (1 << 19) // (rows.shape[1] * matrix.shape[1] + 1))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        vectors = matrix[rows[part]].astype(np.float64)
        lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
        vectors /= np.where(lengths > 0, lengths, 1.0)
        # not a matrix product, whose rounding depends on how many rows there are
        vectors *= units[part, None, :]
        cosines[part] = vectors.sum(axis=-1)
    return cosines.clip(-1.0, 1.0)


def _padded(exclude: Sequence[Sequence[int]], count: int) -> NDArray[np.int64]:
    """As a matrix, filled up with -1."""
    out = np.full((count, max(map(len, exclude), default=0)), -1, np.int64)
    for i, rows in enumerate(exclude):
        out[i, : len(rows)] = rows
    return out
