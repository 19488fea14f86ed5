"""Exact search with compiled loops, for work that is worth loading a compiler.

The kernels choose rows by float32 scores, a few more than were asked for. These are scored again in
float64, and where the lowest that was kept is clearly below the last one wanted, no row that was
left out can belong to the result. Where it is not (many equal rows), the query goes back to NumPy.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.memory import cores
from wordkin.progress import task

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
        Shape (V, D).
    lengths : ndarray
        Shape (V,): of its rows, with 1 in place of 0.
    keep : int
        Rows wanted, with those that are not to be returned.

    Returns
    -------
    bool
        False where a float32 may overflow, too many rows are wanted, or the rows are no float32
        that lie one behind the other (those of a model in training don't).
    """
    return (
        len(matrix) >= _FEWEST_ROWS
        and keep + _MORE <= _MOST
        and matrix.dtype == np.float32
        and matrix.flags.c_contiguous
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
    with task("searching", len(units), "words") as advance:

        def searched(rows: int, words: int) -> None:
            advance(words * rows / whole)

        for start in range(0, len(units), _TOGETHER):
            part = units[start : start + _TOGETHER]
            work = partial(_work, matrix, factors, topk.turn(part.astype(np.float32)), keep=keep)
            done = partial(searched, words=len(part))
            parts = share(partial(work, len(part)), whole, topk.ROWS, done=done)
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


def combine(
    plus: NDArray[np.float32],
    minus: NDArray[np.float32],
    numbers: NDArray[np.int32],
    *,
    scores: NDArray[np.float32],
    rows: NDArray[np.int64],
    start: int,
) -> None:
    """Score a block of rows for many analogies, and keep the best.

    Parameters
    ----------
    plus, minus : ndarray
        Shape (W, R), float32: what each of W words gives to each of R rows.
    numbers : ndarray
        Shape (Q, 3), int32: of the words in each question.
    scores, rows : ndarray
        Shape (Q, K): the best so far, changed in place.
    start : int
        The number of the first row.
    """
    from wordkin.kernels import topk

    floors = scores.min(axis=1)

    def work(first: int, last: int) -> None:
        best = topk.Best(scores[first:last], rows[first:last], floors[first:last])
        topk.best_combinations(plus, minus, numbers[first:last], best, start)

    share(work, len(numbers), 1 << 6)


def share(
    work: Callable[[int, int], Any],
    count: int,
    multiple: int,
    *,
    pieces: int = 2,
    done: Callable[[int], None] = lambda _rows: None,
) -> list[Any]:
    """Let the cores take pieces of the rows, one after the other, until none is left.

    So nobody waits for a core that has other things to do: what it did not begin others do.

    Parameters
    ----------
    work : callable
        Takes the first row and the one after the last.
    count : int
        How many rows there are.
    multiple : int
        Where pieces may begin.
    pieces : int
        How many there are for each core.
    done : callable
        Called after a piece with how many rows it had; by one thread at a time.

    Returns
    -------
    list
        What each piece gave, in order.
    """
    pool, cores = _pool()
    step = (-(-count // (cores * pieces * multiple)) or 1) * multiple
    starts = range(0, count, step)
    left, results = iter(starts), [None] * len(starts)
    lock = threading.Lock()

    def take() -> None:
        while True:
            with lock:
                start = next(left, None)
            if start is None:
                return
            stop = min(start + step, count)
            results[start // step] = work(start, stop)
            with lock:
                done(stop - start)

    others = [pool.submit(take) for _ in range(min(cores, len(starts)) - 1)]
    take()
    for other in others:
        if not other.cancel():
            other.result()
    return results


@cache
def _pool() -> tuple[ThreadPoolExecutor, int]:
    """Threads that stay, because starting one on a busy machine takes longer than a search.

    In a forked process they are missing, and the one that asks does all of the work.
    """
    return ThreadPoolExecutor(max(1, cores() - 1), "wordkin-search"), cores()


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
    cosines[rows < 0] = -2  # where a thread had fewer rows than places
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
