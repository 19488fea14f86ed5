"""Which rows of a matrix score highest: products and the choice among them in one pass.

`best_rows` multiplies tiles of `ROWS` rows with `PANEL` lane vectors of queries. The products stay
in registers until they are compared with what each query has found so far, so that no matrix of
scores is ever written. `screen` scores one query on rows of one byte a number, because one query
is as slow as memory is. Twins in plain NumPy: `neighbors/exact.py` and `neighbors/analogies.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, inner, kernel
from wordkin.kernels.lanes import LANES, zeros
from wordkin.kernels.tiles import (
    PANEL,
    add_codes,
    add_outer,
    store_each,
    store_reaching,
    zeros_wide,
)
from wordkin.kernels.word2vec import aligned

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 8 if LANES == 16 else 4  # 24 sums in 32 registers, or 12 in 16
_SUMS = ROWS * PANEL
COLUMNS = PANEL * LANES  # queries in a panel
SCREEN = 64  # rows whose codes stand together: a cache line for each dimension
_STRETCH = 512  # rows for which what a thousand words give stays in the second cache
_STRIP = 64  # rows for which a panel stays in the first cache


class Best(NamedTuple):
    """The best rows of each query so far, in no order."""

    scores: np.ndarray  # (B, K) float32, -inf where there is none yet
    rows: np.ndarray  # (B, K) int64
    floors: np.ndarray  # (padded B,) float32: the lowest of a query's scores; inf past the last


def fresh(n_queries: int, keep: int) -> Best:
    """Make room for the best rows of some queries.

    Parameters
    ----------
    n_queries : int
        How many queries.
    keep : int
        How many rows to keep for each.

    Returns
    -------
    Best
        With nothing in it.
    """
    floors = np.full(-(-n_queries // COLUMNS) * COLUMNS, np.inf, np.float32)
    floors[:n_queries] = -np.inf
    shape = (n_queries, keep)
    return Best(np.full(shape, -np.inf, np.float32), np.full(shape, -1, np.int64), floors)


def turn(queries: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay queries out as `best_rows` reads them.

    Parameters
    ----------
    queries : ndarray
        Shape (B, D), float32.

    Returns
    -------
    ndarray
        Shape (P, D, COLUMNS), float32, at a cache line; zeros past the last query.
    """
    count, size = queries.shape
    n_panels = -(-count // COLUMNS)
    flat = np.zeros((n_panels * COLUMNS, size), np.float32)
    flat[:count] = queries
    panels = aligned((n_panels * size, COLUMNS)).reshape(n_panels, size, COLUMNS)
    panels[:] = flat.reshape(n_panels, COLUMNS, size).transpose(0, 2, 1)
    return panels


@inline
def _keep(best, query, score, row):
    """Put a row in the place of the lowest."""
    scores = best.scores[query]
    lowest = 0
    for i in range(1, len(scores)):
        if scores[i] < scores[lowest]:
            lowest = i
    scores[lowest] = score
    best.rows[query, lowest] = row
    floor = scores[0]
    for i in range(1, len(scores)):
        floor = min(floor, scores[i])
    best.floors[query] = floor


@kernel
def best_rows(matrix, factors, panels, best, first):
    """Score all rows with all queries and keep the best.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32, C-contiguous; V is a multiple of `ROWS`.
    factors : ndarray
        Shape (V,), float32: what the products with a row are multiplied by.
    panels : ndarray
        Shape (P, D, COLUMNS), float32, C-contiguous: the queries, turned over.
    best : Best
        Changed in place.
    first : int
        The number of the first row.
    """
    n_rows, size = matrix.shape
    scratch = np.empty(_SUMS * LANES, np.float32)
    for strip in range(0, n_rows, _STRIP):
        for panel in range(len(panels)):
            floors = best.floors.ctypes.data + 4 * panel * COLUMNS
            for row in range(strip, min(strip + _STRIP, n_rows), ROWS):
                base = matrix.ctypes.data + 4 * row * size
                column = panels.ctypes.data + 4 * panel * size * COLUMNS
                sums = zeros(_SUMS)
                for _ in range(size):
                    sums = add_outer(sums, _row_starts(base, 4 * size), column)
                    base += 4
                    column += 4 * COLUMNS
                found = store_reaching(
                    sums, factors.ctypes.data + 4 * row, floors, scratch.ctypes.data
                )
                if found:
                    _keep_reaching(best, scratch, panel, found, first + row)


@inline
def _row_starts(base, stride):
    if ROWS == 8:
        return (
            base, base + stride, base + 2 * stride, base + 3 * stride,
            base + 4 * stride, base + 5 * stride, base + 6 * stride, base + 7 * stride,
        )  # fmt: skip
    return (base, base + stride, base + 2 * stride, base + 3 * stride)


@inner
def _keep_reaching(best, scratch, panel, lanes, row):
    """Look at the lanes in which some score of a tile reached its floor."""
    for lane in range(LANES):
        if not lanes >> lane & 1:
            continue
        for part in range(PANEL):
            query = panel * COLUMNS + part * LANES + lane
            for r in range(ROWS):
                score = scratch[(r * PANEL + part) * LANES + lane]
                if score >= best.floors[query]:
                    _keep(best, query, score, row + r)


@kernel
def encode(matrix, factors, codes, steps, errors):
    """Round each row to whole numbers from -127 to 127 times a step of its own.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    factors : ndarray
        Shape (V,), float32: what makes a row a unit vector.
    codes : ndarray
        Shape (ceil(V / SCREEN), D, SCREEN), int8: changed.
    steps : ndarray
        Shape (V,), float32: changed. A unit row is about code * step.
    errors : ndarray
        Shape (V,), float32: changed. The length of the difference, which bounds that of a product
        with any unit vector.
    """
    for row in range(len(matrix)):
        top = np.float32(0)
        for x in matrix[row]:
            top = max(top, abs(x))
        step = np.float64(top) / 127
        block, lane = divmod(row, SCREEN)
        error = 0.0
        for d in range(matrix.shape[1]):
            code = np.round(matrix[row, d] / step) if step > 0 else 0.0
            codes[block, d, lane] = np.int8(code)
            error += (matrix[row, d] - code * step) ** 2
        steps[row] = step * factors[row]
        errors[row] = np.sqrt(error) * factors[row]


@kernel
def screen(codes, steps, errors, query, scores, best, first):
    """Score all rows roughly, and keep the best of what their scores are at least.

    Parameters
    ----------
    codes, steps, errors : ndarray
        As `encode` made them, for V rows.
    query : ndarray
        Shape (D,), float32.
    scores : ndarray
        Shape (V,), float32: changed.
    best : Best
        Of one query; changed in place.
    first : int
        The number of the first row.
    """
    wide = np.empty(SCREEN, np.float32)
    size = len(query)
    for block in range(len(codes)):
        sums = zeros_wide(4)
        address = codes.ctypes.data + block * size * SCREEN
        for d in range(size):
            sums = add_codes(sums, address, query[d])
            address += SCREEN
        store_each(sums, wide.ctypes.data)
        start = block * SCREEN
        for row in range(start, min(start + SCREEN, len(scores))):
            scores[row] = wide[row - start] * steps[row]
            if scores[row] - errors[row] > best.floors[0]:
                _keep(best, 0, scores[row] - errors[row], first + row)


@kernel
def best_combinations(plus, minus, questions, best, first):
    """For each question (a, b, c) keep the rows with the highest plus[b] + plus[c] - minus[a].

    Parameters
    ----------
    plus, minus : ndarray
        Shape (W, R), float32: what each of W words gives to each of R rows.
    questions : ndarray
        Shape (B, 3), int32: numbers of words.
    best : Best
        Changed in place.
    first : int
        The number of the first row.
    """
    scores = np.empty(_STRETCH, np.float32)
    for begin in range(0, plus.shape[1], _STRETCH):
        size = min(_STRETCH, plus.shape[1] - begin)
        for query in range(len(questions)):
            a, b, c = questions[query]
            away, near = minus[a, begin : begin + size], plus[b, begin : begin + size]
            also = plus[c, begin : begin + size]
            floor = best.floors[query]
            reaching = 0  # a sum of whole numbers is vectorised, a maximum of floats is not
            for i in range(size):
                scores[i] = near[i] + also[i] - away[i]
                reaching += scores[i] > floor
            if reaching:
                for i in range(size):
                    if scores[i] > best.floors[query]:
                        _keep(best, query, scores[i], first + begin + i)
