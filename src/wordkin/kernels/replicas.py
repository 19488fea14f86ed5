"""Replicas: small copies of the rows that a piece of text needs, and how they become one again.

This is how training gives the same bytes with any number of threads. Several *streams* learn at the
same time, each from a piece of text of its own, and none sees what another does:

1. `number` gives each word of a stream's piece a *slot*, in order of appearance; `draw_pool` does
   so for the noise words that the piece will meet.
2. `copy_rows` copies the rows of these words into the stream's replica, a table with a row for each
   slot. The kernels of training run on it as if it were the whole table.
3. When all streams are done, `merge` adds what each has changed to the shared table, row by row,
   always in the order of the streams.

Adding changes of several streams would overshoot where each of them has gone all the way to where
the row is drawn to: S streams would then go S times as far, and training explodes. A row that is
used n times goes a share 1 - exp(-c n) of its way, for some c. S streams one after the other would
go 1 - exp(-c n S), so that is how far their sum is cut back (`cut_back`). Rare rows (c n near 0)
keep full steps, rows that everybody has moved to the end of their way become the mean. The way
*along* the direction that all opposite rows have in common is much shorter than the ways across
(the rows lie in a narrow cone: Mimno and Thompson 2017), so it has a c of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, kernel
from wordkin.kernels.lanes import LANES, load, prefetch, splat, store, total
from wordkin.kernels.sampling import draw_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SLICE = 4 * LANES  # bytes of a lane vector
_LINE = 64
_AHEAD = 8  # rows between the call for a row and its use
_STEPS = 64  # entries of the table of factors for each unit of c n
_LONGEST = 16  # the largest c n in it; exp(-16) is nothing


class Replicas(NamedTuple):
    """The replicas of one table, a row for each stream."""

    addresses: NDArray[np.int64]  # (S,) of each replica's first row
    words: NDArray[np.int32]  # (S, W) the row in the table that each slot is a copy of
    sizes: NDArray[np.int64]  # (S, 2) slots, and how many of them, the first, have all parts


class Links(NamedTuple):
    """Finds the slots of all streams that are copies of one row; between merges all -1."""

    heads: NDArray[np.int64]  # (V,) stream * W + slot of the first
    nexts: NDArray[np.int64]  # (S, W) the one after that


class Damping(NamedTuple):
    """How far the sum of changes is cut back. A row has one or more parts of equal length."""

    factors: NDArray[np.float32]  # (S + 1, ...) see `cut_back`
    uses: NDArray[np.float32]  # (parts, V) how often a stream uses a row between two merges
    across: np.float32  # c for all directions ...
    along: np.float32  # ... but that which is in `common`
    common: NDArray[np.float32]  # (1, row) a unit vector for each part, in its place


def cut_back(streams: int) -> NDArray[np.float32]:
    """The share of a sum of changes that is to be added.

    Parameters
    ----------
    streams : int
        The largest number S of streams that change a row.

    Returns
    -------
    ndarray
        Shape (S + 1, n), float32: in row s, for s streams, at c n = 0, 1/64, 2/64 ... the factor
        (1 - exp(-c n s)) / (s (1 - exp(-c n))).
    """
    n = np.arange(_STEPS * _LONGEST) / _STEPS
    n[0] = 1e-9
    some = np.arange(1, streams + 1)[:, None]
    factors = np.ones((streams + 1, len(n)), np.float32)
    factors[1:] = np.expm1(-n * some) / (some * np.expm1(-n))
    return factors


# ---------------------------------------------------------------------------------- the copies


@kernel
def number(ids, slots, words, used, out):
    """Write the slots of ids to out, new ones from `used` on; return how many there are now."""
    for t in range(len(ids)):
        word = ids[t]
        slot = slots[word]
        if slot < 0:
            slot = np.int32(used)
            slots[word] = slot
            words[slot] = word
            used += 1
        out[t] = slot
    return used


@kernel
def draw_pool(noise, state, slots, words, used, pool):
    """Fill pool with the slots of noise words; return how many slots there are now."""
    for k in range(len(pool)):
        word = draw_noise(noise, state)
        slot = slots[word]
        if slot < 0:
            slot = np.int32(used)
            slots[word] = slot
            words[slot] = word
            used += 1
        pool[k] = slot
    return used


@kernel
def forget(slots, words, used):
    """Make all slots -1 again."""
    for s in range(used):
        slots[words[s]] = -1


@inline
def _span_of(slot, whole, parts, stride):
    """The bytes of a row that a slot has a copy of: from here to the end."""
    return 0 if slot < whole else stride - stride // parts


@kernel
def copy_rows(table, parts, words, used, whole, rows):
    """Make a replica: rows[slot] = table[words[slot]]; slots from `whole` on, the last part."""
    stride = table.shape[1] * 4
    base, mine = table.ctypes.data, rows.ctypes.data
    for s in range(used):
        if s + _AHEAD < used:
            ahead = base + np.int64(words[s + _AHEAD]) * stride
            for d in range(_span_of(s + _AHEAD, whole, parts, stride), stride, _LINE):
                prefetch(ahead + d)
        source, target = base + np.int64(words[s]) * stride, mine + s * stride
        for d in range(_span_of(s, whole, parts, stride), stride, _SLICE):
            store(target + d, load(source + d))


@kernel
def subtract_rows(table, parts, words, used, whole, rows):
    """Turn a replica into its changes, to be sent away and merged elsewhere."""
    stride = table.shape[1] * 4
    base, mine = table.ctypes.data, rows.ctypes.data
    for s in range(used):
        source, target = base + np.int64(words[s]) * stride, mine + s * stride
        for d in range(_span_of(s, whole, parts, stride), stride, _SLICE):
            store(target + d, load(target + d) - load(source + d))


# ---------------------------------------------------------------------------------- the merge


@kernel
def find_common(table, first, rows, weights, out):
    """Write to out the direction of the weighted sum of table[rows, first : first + len(out)]."""
    out[:] = 0
    for i in range(len(rows)):
        for d in range(len(out)):
            out[d] += weights[i] * table[rows[i], first + d]
    length = np.float32(0)
    for d in range(len(out)):
        length += out[d] * out[d]
    out /= max(np.sqrt(length), np.float32(1e-12))


@kernel
def merge(table, replicas, links, damping, values, scratch, share, shares):
    """Add the changes of all streams to the table: to those rows w with w % shares == share.

    `values` tells that the replicas hold values, not changes. `scratch` is a part of a row.
    """
    words, sizes = replicas.words, replicas.sizes
    parts = len(damping.uses)
    room = words.shape[1]
    for r in range(len(words) - 1, -1, -1):  # backwards, so that chains run forwards
        for s in range(sizes[r, 0]):
            word = words[r, s]
            if word % shares == share:
                links.nexts[r, s] = links.heads[word]
                links.heads[word] = r * room + s
    for r in range(len(words)):
        for s in range(sizes[r, 0]):
            if s + _AHEAD < sizes[r, 0] and words[r, s + _AHEAD] % shares == share:
                _fetch_chain(table, words[r, s + _AHEAD], replicas, links)
            word = words[r, s]
            if word % shares == share and links.heads[word] == r * room + s:
                for part in range(parts):
                    _merge_row(table, word, part, replicas, links, damping, values, scratch)
                links.heads[word] = -1


@kernel
def _fetch_chain(table, word, replicas, links):
    """Prefetch a row and what the streams have made of it."""
    stride = table.shape[1] * 4
    room = replicas.words.shape[1]
    link = links.heads[word]
    if link >= 0:
        row = table.ctypes.data + np.int64(word) * stride
        for d in range(0, stride, _LINE):
            prefetch(row + d)
    while link >= 0:
        r, s = link // room, link % room
        row = replicas.addresses[r] + s * stride
        for d in range(0, stride, _LINE):
            prefetch(row + d)
        link = links.nexts[r, s]


@kernel
def _merge_row(table, word, part, replicas, links, damping, values, scratch):
    stride = table.shape[1] * 4
    size = stride // len(damping.uses)
    offset = part * size
    row = table.ctypes.data + np.int64(word) * stride + offset
    last = part == len(damping.uses) - 1
    streams = _chain_length(links, links.heads[word], replicas, last)
    if streams == 0:
        return
    uses = damping.uses[part, word]
    across = _factor(damping.factors, streams, uses * damping.across)
    along = _factor(damping.factors, streams, uses * damping.along)
    room = replicas.words.shape[1]
    unit, sums = damping.common.ctypes.data + offset, scratch.ctypes.data
    scale = splat(across)
    nothing = splat(np.float32(0))
    for d in range(0, size, _SLICE):
        store(sums + d, nothing)
    link = links.heads[word]
    while link >= 0:
        r, s = link // room, link % room
        link = links.nexts[r, s]
        if last or s < replicas.sizes[r, 1]:
            mine = replicas.addresses[r] + s * stride + offset
            if along == across:
                for d in range(0, size, _SLICE):
                    change = scale * _change(mine + d, row + d, values)
                    store(sums + d, load(sums + d) + change)
            else:
                dots = nothing
                for d in range(0, size, _SLICE):
                    dots = dots + _change(mine + d, row + d, values) * load(unit + d)
                extra = splat((along - across) * total(dots))
                for d in range(0, size, _SLICE):
                    change = scale * _change(mine + d, row + d, values) + extra * load(unit + d)
                    store(sums + d, load(sums + d) + change)
    for d in range(0, size, _SLICE):
        store(row + d, load(row + d) + load(sums + d))


@inline
def _change(mine, row, values):
    return load(mine) - load(row) if values else load(mine)


@inline
def _factor(factors, streams, way):
    return factors[streams, min(np.int64(way * np.float32(_STEPS)), factors.shape[1] - 1)]


@kernel
def _chain_length(links, link, replicas, last):
    """How many streams have changed a part of a row."""
    room = replicas.words.shape[1]
    streams = 0
    while link >= 0:
        r, s = link // room, link % room
        streams += np.int64(last or s < replicas.sizes[r, 1])
        link = links.nexts[r, s]
    return streams
