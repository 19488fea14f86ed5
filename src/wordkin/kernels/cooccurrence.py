"""Counting which words stand near which: a dense block, and sorted events for rarer pairs.

A pair of words that meet d words apart adds weights[d], a whole number, to the pair's *cell*. Sums
of whole numbers come out the same in any order: however many threads count, in however little
memory. What windows are symmetric is counted once, for the unordered pair (i <= j).

Pairs of frequent words have a place of their own in a triangle of sums (`Layout`: pairs of which
the product of ranks is small, as in Stanford's program; on 17 million words of Wikipedia 80 MB of
them take in nine pairs of ten). Each other pair is written down as an *event*, one uint64 of its
key and its distance; when there is no more room the events are sorted and added up, and make a
*run*: keys in order, each with its sum.

A *key* orders cells by tiles: TILE neighbouring words against TILE others. So in the end the cells
of a tile lie together, and who works through a tile needs only 2 * TILE rows of a table at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, kernel
from wordkin.kernels.sampling import sentence_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE_BITS = 8
"""Of two tiles' rows as GloVe has them: 2 * 256 * 1,792 bytes with 100 dimensions: 0.9 MB."""
TILE = 1 << TILE_BITS
PLACE_BITS = 2 * TILE_BITS
"""Of a key: where in its tile a cell is."""
_RADIX_BITS = 9
_MASK = TILE - 1
_PLACE_MASK = np.uint64((1 << PLACE_BITS) - 1)


class Layout(NamedTuple):
    """Where pairs are counted."""

    limits: NDArray[np.int64]  # (V,) word i has places for the words below limits[i]
    offsets: NDArray[np.int64]  # (V,) the place of (i, j) is offsets[i] + j
    block_bits: int  # of the number of a block of TILE words
    distance_bits: int
    symmetric: bool


def make_layout(words: int, window: int, *, symmetric: bool, room: int) -> tuple[Layout, int]:
    """Choose which pairs get a place of their own.

    Parameters
    ----------
    words : int
        The size V of the vocabulary, most frequent word first.
    window : int
        The widest distance.
    symmetric : bool
        Whether (i, j) and (j, i) are one cell.
    room : int
        How many places there may be.

    Returns
    -------
    Layout
        What `count` needs.
    int
        How many places there are, at most `room`.
    """
    ranks = np.arange(1, words + 1)
    first = ranks - 1 if symmetric else np.zeros(words, np.int64)
    low, high = 0, words * words
    while low < high:  # the greatest product of ranks for which there is room
        product = (low + high + 1) // 2
        if np.maximum(np.minimum(product // ranks, words) - first, 0).sum() <= room:
            low = product
        else:
            high = product - 1
    limits = np.maximum(np.minimum(low // ranks, words), first)
    sizes = limits - first
    offsets = np.cumsum(sizes) - sizes - first
    block_bits = max(1, ((words - 1) >> TILE_BITS).bit_length())
    layout = Layout(limits, offsets, block_bits, window.bit_length(), symmetric)
    return layout, int(sizes.sum())


def key_bits(layout: Layout) -> int:
    """Bits of a key.

    Parameters
    ----------
    layout : Layout
        Where pairs are counted.

    Returns
    -------
    int
        With the bits of a distance at most 64.
    """
    return 2 * (layout.block_bits + TILE_BITS)


@inline
def _key(i, j, block_bits):
    blocks = (np.uint64(i >> TILE_BITS) << np.uint64(block_bits)) | np.uint64(j >> TILE_BITS)
    place = (np.uint64(i & _MASK) << np.uint64(TILE_BITS)) | np.uint64(j & _MASK)
    return (blocks << np.uint64(PLACE_BITS)) | place


@kernel
def count(ids, starts, weights, layout, cursor, stop, dense, events):
    """Count each token with those before it in its sentence, until `stop` or events are full.

    Parameters
    ----------
    ids, starts
        The corpus.
    weights : ndarray
        Shape (window + 1,), uint64: what a pair at each distance adds.
    layout : Layout
        Where to.
    cursor : ndarray
        Shape (2,), int64: the next token, and the number of events; both are moved on.
    stop : int
        The token after the last one.
    dense : ndarray
        Shape (places,), uint64, changed.
    events : ndarray
        Shape (n,), uint64, written; more than a window's.
    """
    window = len(weights) - 1
    n = cursor[1]
    last = len(events) - window
    shift = np.uint64(layout.distance_bits)
    token = cursor[0]
    sentence = sentence_of(starts, token)
    while token < stop and n <= last:
        while token >= starts[sentence + 1]:
            sentence += 1
        word = np.int64(ids[token])
        for before in range(token - 1, max(starts[sentence], token - window) - 1, -1):
            other = np.int64(ids[before])
            distance = token - before
            i, j = word, other
            if layout.symmetric:
                i, j = min(word, other), max(word, other)
            if j < layout.limits[i]:
                dense[layout.offsets[i] + j] += weights[distance]
            else:
                key = _key(i, j, layout.block_bits)
                events[n] = (key << shift) | np.uint64(distance)
                n += 1
        token += 1
    cursor[0] = token
    cursor[1] = n


@kernel
def sort(keys, values, other_keys, other_values, low, high):
    """Sort keys, and values along with them, by the bits from `low` to below `high` of the keys.

    Least digit first, stable. Values may be empty.

    Parameters
    ----------
    keys, values : ndarray
        Shape (n,), uint64; values may have no length.
    other_keys, other_values : ndarray
        As many; scratch.
    low, high : int
        Bits.

    Returns
    -------
    bool
        Whether the result lies in the others.
    """
    passes = max(1, -(-(high - low) // _RADIX_BITS))
    width = -(-(high - low) // passes)
    mask = np.uint64((1 << width) - 1)
    along = len(values) > 0
    places = np.empty(1 << width, np.int64)
    for p in range(passes):
        shift = np.uint64(low + p * width)
        places[:] = 0
        for k in range(len(keys)):
            places[(keys[k] >> shift) & mask] += 1
        total = 0
        for digit in range(len(places)):
            total, places[digit] = total + places[digit], total
        for k in range(len(keys)):
            digit = (keys[k] >> shift) & mask
            place = places[digit]
            other_keys[place] = keys[k]
            if along:
                other_values[place] = values[k]
            places[digit] = place + 1
        keys, other_keys = other_keys, keys
        values, other_values = other_values, values
    return passes % 2 == 1


@kernel
def add_up_events(events, weights, distance_bits, keys, values):
    """Make a run of sorted events: each key once, with the sum of its weights.

    Parameters
    ----------
    events : ndarray
        Shape (n,), uint64, sorted by key.
    weights : ndarray
        Shape (window + 1,), uint64.
    distance_bits : int
        Of an event, below the key.
    keys, values : ndarray
        Shape (n,), uint64, written; `keys` may be `events` itself.

    Returns
    -------
    int
        How many.
    """
    n = 0
    shift = np.uint64(distance_bits)
    mask = np.uint64((1 << distance_bits) - 1)
    for k in range(len(events)):
        key, weight = events[k] >> shift, weights[events[k] & mask]
        if n > 0 and keys[n - 1] == key:
            values[n - 1] += weight
        else:
            keys[n], values[n] = key, weight
            n += 1
    return n


@kernel
def add_up(keys, values):
    """Give each key of sorted ones once, with the sum of its values, where they are.

    Parameters
    ----------
    keys, values : ndarray
        Shape (n,), uint64, changed.

    Returns
    -------
    int
        How many there are now.
    """
    n = 0
    for k in range(len(keys)):
        if n > 0 and keys[n - 1] == keys[k]:
            values[n - 1] += values[k]
        else:
            keys[n], values[n] = keys[k], values[k]
            n += 1
    return n


@kernel
def empty_dense(dense, layout, cursor, keys, values):
    """Write what the dense block holds as a part of a run, as much as there is room for.

    Parameters
    ----------
    dense : ndarray
        Shape (places,), uint64.
    layout : Layout
        What lies where.
    cursor : ndarray
        Shape (2,), int64: the next tile, by the numbers of its blocks, moved on; at the end the
        first is that of no block.
    keys, values : ndarray
        Shape (n,), uint64, written; room for more than one tile.

    Returns
    -------
    int
        How many were written.
    """
    words = len(layout.limits)
    blocks = -(-words // TILE)
    last = len(keys) - TILE * TILE
    n = 0
    while cursor[0] < blocks and n <= last:
        top, left = cursor[0] * TILE, cursor[1] * TILE
        some = False
        for i in range(top, min(top + TILE, words)):
            first = max(left, i) if layout.symmetric else left
            some = some or layout.limits[i] > left
            for j in range(first, min(layout.limits[i], left + TILE)):
                value = dense[layout.offsets[i] + j]
                if value > 0:
                    keys[n], values[n] = _key(i, j, layout.block_bits), value
                    n += 1
        cursor[1] += 1
        if not some or cursor[1] == blocks:
            cursor[0] += 1
            cursor[1] = cursor[0] if layout.symmetric else 0
    return n


@kernel
def unpack(keys, values, scale, places, counts):
    """Write cells as they are kept: the place in the tile, and the count as a float.

    Parameters
    ----------
    keys, values : ndarray
        Shape (n,), uint64: a run.
    scale : float
        What a count of 1 is as a sum.
    places : ndarray
        Shape (n,), uint32, written: row * TILE + column.
    counts : ndarray
        Shape (n,), float32, written.
    """
    for k in range(len(keys)):
        places[k] = np.uint32(keys[k] & _PLACE_MASK)
        counts[k] = np.float32(np.float64(values[k]) / scale)
