"""Mutual information of cells, and products of the sparse matrix they make, tile after tile."""

from __future__ import annotations

import numpy as np

from wordkin.kernels import kernel
from wordkin.kernels.cooccurrence import TILE, TILE_BITS

_MASK = np.uint32(TILE - 1)
_SHIFT = np.uint32(TILE_BITS)


@kernel
def add_margins(tiles, first, last, rows, columns):
    """Add up the counts of each word, and of each context.

    Parameters
    ----------
    tiles : Tiles
        The cells.
    first, last : int
        Which tiles: the first one, and the one after the last.
    rows, columns : ndarray
        Shape (V,), float64, changed.
    """
    for tile in range(first, last):
        for cell in range(tiles.starts[tile], tiles.starts[tile + 1]):
            i = tiles.rows[tile] + np.int64(tiles.places[cell] >> _SHIFT)
            j = tiles.columns[tile] + np.int64(tiles.places[cell] & _MASK)
            rows[i] += tiles.counts[cell]
            columns[j] += tiles.counts[cell]
            if tiles.symmetric:  # also where i == j: it was counted for an unordered pair
                rows[j] += tiles.counts[cell]
                columns[i] += tiles.counts[cell]


@kernel
def information(tiles, first, last, rows, columns, shift, there, back):
    """Compute the positive mutual information of cells, which are parts of a whole.

    Parameters
    ----------
    tiles : Tiles
        The cells.
    first, last : int
        Which tiles.
    rows, columns : ndarray
        Shape (V,), float64: logarithms of how many counts a word has, and of the share of all
        counts a context is expected to have.
    shift : float
        What is taken away from the information.
    there, back : ndarray
        Shape (C,), float32, written: of the cell (i, j), and of (j, i), 0 where there is none.

    Returns
    -------
    float
        The sum of all squares.
    """
    squares = 0.0
    for tile in range(first, last):
        for cell in range(tiles.starts[tile], tiles.starts[tile + 1]):
            i = tiles.rows[tile] + np.int64(tiles.places[cell] >> _SHIFT)
            j = tiles.columns[tile] + np.int64(tiles.places[cell] & _MASK)
            count = np.float64(tiles.counts[cell])
            if tiles.symmetric and i == j:
                count *= 2
            there[cell] = max(np.log(count) - rows[i] - columns[j] - shift, 0.0)
            back[cell] = 0
            if tiles.symmetric and i != j:
                back[cell] = max(np.log(count) - rows[j] - columns[i] - shift, 0.0)
            squares += np.float64(there[cell]) ** 2 + np.float64(back[cell]) ** 2
    return squares


@kernel(fastmath=True)
def multiply(tiles, first, last, there, back, x, out):
    """Add the product of some tiles of the matrix and a dense one.

    Parameters
    ----------
    tiles : Tiles
        The cells.
    first, last : int
        Which tiles.
    there, back : ndarray
        Shape (C,), float32: values of (i, j) and of (j, i). Exchanged, they make the transposed
        matrix.
    x : ndarray
        Shape (V, K), float32.
    out : ndarray
        Shape (V, K), float32, changed: row i gets the value of (i, j) times row j of x.
    """
    for tile in range(first, last):
        for cell in range(tiles.starts[tile], tiles.starts[tile + 1]):
            i = tiles.rows[tile] + np.int64(tiles.places[cell] >> _SHIFT)
            j = tiles.columns[tile] + np.int64(tiles.places[cell] & _MASK)
            if there[cell] > 0:
                for d in range(x.shape[1]):
                    out[i, d] += there[cell] * x[j, d]
            if back[cell] > 0:
                for d in range(x.shape[1]):
                    out[j, d] += back[cell] * x[i, d]
