"""GloVe's regression: AdaGrad over cells, tile after tile.

A cell (i, j) with the count X asks for w_i . c_j + b_i + b'_j = log X. Its error, times the weight
f(X), moves both rows against the gradient; each number moves by its gradient times the rate over
the root of the sum of such steps' squares so far (Duchi et al. 2011; Pennington et al. 2014,
section 4.2). Those sums begin at 1, and those of biases at the rate squared. There the rate cancels
out: biases learn with a rate of 1, as in Stanford's program (in its first versions with the same as
all else).

Cells come in tiles (`cooccurrence`). The tiles of an epoch come in random order, and so do the
cells of a tile. A tile has 512 rows, which stay in a processor's own cache, where Stanford's
program, which shuffles all cells, waits for memory with nearly each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, inner, kernel, next_random
from wordkin.kernels.cooccurrence import TILE, TILE_BITS
from wordkin.kernels.lanes import LANES, load, rsqrt, splat, store, total, zeros

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXTRA = 2
"""Numbers of a row beside its vector: a bias, and a 1 that meets the other's bias."""
_SLICE = 4 * LANES
_MASK = np.uint32(TILE - 1)
_SHIFT = np.uint32(TILE_BITS)
_MIX_1, _MIX_2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_S32, _S33 = np.uint64(32), np.uint64(33)


class Tiles(NamedTuple):
    """Cells, as `engines.cooccurrence.Cells` has them."""

    places: NDArray[np.uint32]
    counts: NDArray[np.float32]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    symmetric: bool


class Rule(NamedTuple):
    """How to learn."""

    size: int  # D
    x_max: np.float32
    exponent: np.float32
    alpha: np.float32
    held_out: np.uint64  # cells whose lot is below this are held out
    salt: np.uint64  # decides about lots


@inline
def _lot(i, j, salt):
    """A number that is drawn for a cell once and for all (the finaliser of MurmurHash3)."""
    h = ((np.uint64(i) << _S32) | np.uint64(j)) ^ salt
    h = (h ^ (h >> _S33)) * _MIX_1
    h = (h ^ (h >> _S33)) * _MIX_2
    return h ^ (h >> _S33)


@inline
def _weight(x, rule):
    return np.float32(1) if x >= rule.x_max else (x / rule.x_max) ** rule.exponent


@inner
def _error(word, context, wanted, slices):
    (dots,) = zeros(1)
    for s in range(slices):
        dots = dots + load(word + s * _SLICE) * load(context + s * _SLICE)
    return total(dots) - wanted


@inner
def _move(word, context, stride, step, slices):
    """Move two rows along each other; the sums of squares lie one row behind each."""
    pace = splat(step)
    for s in range(slices):
        at, beside = word + s * _SLICE, context + s * _SLICE
        x, y = load(at), load(beside)
        x_squares, y_squares = load(at + stride), load(beside + stride)
        x_step, y_step = pace * y, pace * x
        store(at, x - x_step * rsqrt(x_squares))
        store(beside, y - y_step * rsqrt(y_squares))
        store(at + stride, x_squares + x_step * x_step)
        store(beside + stride, y_squares + y_step * y_step)


@kernel
def learn(table, tiles, order, first, last, rule, chosen, state, tally):
    """Learn from tiles.

    Parameters
    ----------
    table : ndarray
        Shape (V, 4, P), float32, changed: for each word its row (w, b, 1), its sums of squares, its
        row as a context (c, 1, b'), and the sums of that.
    tiles : Tiles
        The cells.
    order : ndarray
        Shape (T,), int64: the tiles of an epoch.
    first, last : int
        Which of these to learn from: the first one, and the one after the last.
    rule : Rule
        How.
    chosen : ndarray
        Shape (TILE * TILE,), int32: scratch.
    state : ndarray
        Random numbers' state.
    tally : ndarray
        Shape (3,), float64: the loss and the number of cells are added to [1] and [2].
    """
    stride = table.shape[2] * 4
    slices = table.shape[2] // LANES
    base = table.ctypes.data
    one, other = rule.size, rule.size + 1  # of a word the bias and the 1, of a context reversed
    loss = 0.0
    cells = 0
    for t in range(first, last):
        tile = order[t]
        top, left, start = tiles.rows[tile], tiles.columns[tile], tiles.starts[tile]
        n = 0
        for cell in range(tiles.starts[tile + 1] - start):
            place = tiles.places[start + cell]
            lot = _lot(top + (place >> _SHIFT), left + (place & _MASK), rule.salt)
            chosen[n] = cell
            n += np.int64(lot >= rule.held_out)
        for k in range(n - 1, 0, -1):
            swapped = np.int64(((next_random(state) >> _S32) * np.uint64(k + 1)) >> _S32)
            chosen[k], chosen[swapped] = chosen[swapped], chosen[k]
        for k in range(n):
            cell = start + chosen[k]
            i = np.int64(top) + np.int64(tiles.places[cell] >> _SHIFT)
            j = np.int64(left) + np.int64(tiles.places[cell] & _MASK)
            x = tiles.counts[cell]
            if tiles.symmetric and i == j:
                x *= np.float32(2)  # it was counted for an unordered pair
            wanted, weight = np.log(x), _weight(x, rule)
            for turn in range(1 + np.int64(tiles.symmetric and i != j)):
                if turn == 1:
                    i, j = j, i
                word, context = base + i * 4 * stride, base + (j * 4 + 2) * stride
                error = _error(word, context, wanted, slices)
                weighted = weight * error
                _move(word, context, stride, rule.alpha * weighted, slices)
                table[i, 0, other] = np.float32(1)
                table[j, 2, one] = np.float32(1)
                loss += np.float64(0.5) * weighted * error
                cells += 1
    tally[1] += loss
    tally[2] += cells


@kernel
def held_out_loss(table, tiles, rule, tally):
    """Compute the loss of the cells that are held out.

    Parameters
    ----------
    table : ndarray
        Shape (V, 4, P), float32.
    tiles : Tiles
        The cells.
    rule : Rule
        Which are held out, and how they weigh.
    tally : ndarray
        Shape (3,), float64: the loss and the number of cells are added to [1] and [2].
    """
    for tile in range(len(tiles.rows)):
        for cell in range(tiles.starts[tile], tiles.starts[tile + 1]):
            i = tiles.rows[tile] + np.int64(tiles.places[cell] >> _SHIFT)
            j = tiles.columns[tile] + np.int64(tiles.places[cell] & _MASK)
            if _lot(i, j, rule.salt) >= rule.held_out:
                continue
            x = tiles.counts[cell]
            if tiles.symmetric and i == j:
                x *= np.float32(2)
            for turn in range(1 + np.int64(tiles.symmetric and i != j)):
                if turn == 1:
                    i, j = j, i
                error = np.float32(0)
                for d in range(rule.size + EXTRA):
                    error += table[i, 0, d] * table[j, 2, d]
                error -= np.log(x)
                tally[1] += np.float64(0.5) * _weight(x, rule) * error * error
                tally[2] += 1
