"""Replicas: small copies of the rows that a piece of text needs, and how they become one again.

This is how training gives the same bytes with any number of threads. Several *streams* learn at the
same time, each from a piece of text of its own, and none sees what another does:

1. Each word of a stream's piece gets a *slot* (`collect`, `number`), and so does each of the noise
   words that the piece will meet.
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
from wordkin.kernels.lanes import LANES, load, prefetch, splat, store, subtract, total

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SLICE = 4 * LANES  # bytes of a lane vector
_LINE = 64
_AHEAD = 8  # rows between the call for a row and its use
_BAND = 16  # rows that are looked at together, to see whether any has changed
_STEPS = 64  # entries of the table of factors for each unit of c n
_LONGEST = 16  # the largest c n in it; exp(-16) is nothing


class Replicas(NamedTuple):
    """The replicas of one table, a row for each stream.

    Slots with all parts of a row come first, then those with the last part alone. Each of these two
    lists has its rows in ascending order: so copies and merges go through memory in one direction.
    """

    addresses: NDArray[np.int64]  # (S,) of each replica's first row
    words: NDArray[np.int32]  # (S, W) the row in the table that each slot is a copy of
    sizes: NDArray[np.int64]  # (S, 2) slots, and how many of them, the first, have all parts


class Links(NamedTuple):
    """Finds the slots of all streams that are copies of one row; between merges all -1."""

    heads: NDArray[np.int64]  # (V,) stream * W + slot of the first
    nexts: NDArray[np.int64]  # (S, V) the one after that
    bands: NDArray[np.uint8]  # whether one of some neighbouring rows has any; between merges all 0


def make_links(streams: int, rows: int) -> Links:
    """Links that find nothing.

    Parameters
    ----------
    streams : int
        How many.
    rows : int
        Of the table.

    Returns
    -------
    Links
        For `merge`.
    """
    heads, nexts = np.full(rows, -1, np.int64), np.zeros((streams, rows), np.int64)
    return Links(heads, nexts, np.zeros(-(-rows // _BAND), np.uint8))


class Scratch(NamedTuple):
    """What a thread that merges has for itself."""

    sums: NDArray[np.float32]  # (1, row)
    nothing: NDArray[np.float32]  # (1, row) zeros: what changes are changes of
    places: NDArray[np.int64]  # (S,) addresses of a row's replicas


class Damping(NamedTuple):
    """How far the sum of changes is cut back. A row has one or more parts of equal length."""

    factors: NDArray[np.float32]  # (S + 1, ...) see `cut_back`
    uses: NDArray[np.float32]  # (parts, V) how often a stream uses a row, for each of its tokens
    across: np.float32  # c, times the tokens of a stream between two merges: for all directions ...
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
def choose_lists(starts, values, chosen, cuts, out):
    """Copy lists[i] for i in chosen; list i is values[starts[i]:starts[i + 1]].

    They are written to out, one behind the other, and to cuts where each begins and the last ends.
    """
    n = np.int64(0)
    for i in range(len(chosen)):
        cuts[i] = n
        for k in range(starts[chosen[i]], starts[chosen[i] + 1]):
            out[n] = values[k]
            n += 1
    cuts[len(chosen)] = n


@kernel
def collect(ids, slots, words, used):
    """Write the ids that have no slot yet to words, from `used` on; return how many there are.

    One more place of words may be overwritten.
    """
    for t in range(len(ids)):  # no branch: which words are new can't be predicted
        word = ids[t]
        slot = slots[word]
        words[used] = word
        used += np.int64(slot < 0)
        slots[word] = max(slot, np.int32(0))
    return used


@kernel
def number(slots, words, first, used):
    """Tell the words from `first` on which slots they have."""
    for s in range(first, used):
        slots[words[s]] = s


@kernel
def look_up(slots, ids, out):
    """Write the slots of ids to out."""
    for t in range(len(ids)):
        out[t] = slots[ids[t]]


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
    """Add the changes of all streams to the table: to one of several shares of its rows.

    `values` tells that the replicas hold values, not changes.
    """
    low = _first_of(share, shares, replicas, len(links.heads))
    high = _first_of(share + 1, shares, replicas, len(links.heads))
    n = _link(replicas, links, low, high)
    words = np.empty(n, np.int32)
    _find_linked(links, low, high, words)
    for i in range(n):
        if i + _AHEAD < n:
            _fetch_chain(table, words[i + _AHEAD], replicas, links)
        for part in range(len(damping.uses)):
            _merge_row(table, words[i], part, replicas, links, damping, values, scratch)
        links.heads[words[i]] = -1


@kernel
def _first_of(share, shares, replicas, rows):
    """The first row of a share: in each are neighbouring rows, with about as many slots."""
    words, sizes = replicas.words, replicas.sizes
    if share == shares:
        return rows
    slots = np.int64(0)
    for r in range(len(words)):
        slots += sizes[r, 0]
    low, high = 0, -(-rows // _BAND)
    while low < high:
        middle = (low + high) // 2
        row, before = middle * _BAND, np.int64(0)
        for r in range(len(words)):
            whole = sizes[r, 1]
            before += _find(words[r], 0, whole, row)
            before += _find(words[r], whole, sizes[r, 0], row) - whole
        if before < slots * share // shares:
            low = middle + 1
        else:
            high = middle
    return min(low * _BAND, rows)


@kernel
def _find(words, low, high, row):
    """The first of the ascending words[low:high] that is not below a row."""
    while low < high:
        middle = (low + high) // 2
        if words[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _link(replicas, links, low, high):
    """Chain up the slots that are copies of one row; return how many rows have any."""
    words, sizes = replicas.words, replicas.sizes
    room = words.shape[1]
    n = 0
    for r in range(len(words) - 1, -1, -1):  # backwards, so that chains run forwards
        for start, stop in ((0, sizes[r, 1]), (sizes[r, 1], sizes[r, 0])):
            first = _find(words[r], start, stop, low)
            end = _find(words[r], start, stop, high)
            for s in range(first, end):
                word = words[r, s]
                n += np.int64(links.heads[word] < 0)
                links.bands[word // _BAND] = 1
                links.nexts[r, s] = links.heads[word]
                links.heads[word] = r * room + s
    return n


@kernel
def _find_linked(links, low, high, words):
    """Write down the rows that have slots, in ascending order, and clear the bands."""
    n = 0
    # rounded up: a share that has no rows begins behind the last one, whose band is another's
    for band in range(-(-low // _BAND), -(-high // _BAND)):
        if links.bands[band] != 0:
            links.bands[band] = 0
            for word in range(band * _BAND, min((band + 1) * _BAND, high)):
                if links.heads[word] >= 0:
                    words[n] = word
                    n += 1


# What is called for each row is pasted in: a call with so many arrays takes 200 ns, since each is
# counted up and down, and made a merge 3 times as slow.


@inline
def _fetch_chain(table, word, replicas, links):
    """Prefetch a row and what the streams have made of it."""
    stride = table.shape[1] * 4
    room = replicas.words.shape[1]
    row = table.ctypes.data + np.int64(word) * stride
    for d in range(0, stride, _LINE):
        prefetch(row + d)
    link = links.heads[word]
    while link >= 0:
        r, s = link // room, link % room
        row = replicas.addresses[r] + s * stride
        for d in range(0, stride, _LINE):
            prefetch(row + d)
        link = links.nexts[r, s]


@inline
def _merge_row(table, word, part, replicas, links, damping, values, scratch):
    stride = table.shape[1] * 4
    size = stride // len(damping.uses)
    offset = part * size
    n = _find_changed(links, word, part, replicas, damping, scratch, stride)
    row = table.ctypes.data + np.int64(word) * stride + offset
    places = scratch.places
    origin = row if values else scratch.nothing.ctypes.data
    if n == 1:  # as it is
        for d in range(0, size, _SLICE):
            store(row + d, load(row + d) + subtract(load(places[0] + d), load(origin + d)))
    elif n > 1:
        uses = damping.uses[part, word]
        across = _factor(damping.factors, n, uses * damping.across)
        along = _factor(damping.factors, n, uses * damping.along)
        unit, sums = damping.common.ctypes.data + offset, scratch.sums.ctypes.data
        dots = splat(np.float32(0))
        for d in range(0, size, _SLICE):
            was = load(origin + d)
            changes = subtract(load(places[0] + d), was)
            for i in range(1, n):
                changes = changes + subtract(load(places[i] + d), was)
            store(sums + d, changes)
            dots = dots + changes * load(unit + d)
        scale, extra = splat(across), splat((along - across) * total(dots))
        for d in range(0, size, _SLICE):
            change = scale * load(sums + d) + extra * load(unit + d)
            store(row + d, load(row + d) + change)


@inline
def _find_changed(links, word, part, replicas, damping, scratch, stride):
    """Write down where the streams have copies of a part of a row; return how many have."""
    room = replicas.words.shape[1]
    parts = len(damping.uses)
    offset = part * (stride // parts)
    n = 0
    link = links.heads[word]
    while link >= 0:
        r, s = link // room, link % room
        if part == parts - 1 or s < replicas.sizes[r, 1]:
            scratch.places[n] = replicas.addresses[r] + s * stride + offset
            n += 1
        link = links.nexts[r, s]
    return n


@inline
def _factor(factors, streams, way):
    return factors[streams, min(np.int64(way * np.float32(_STEPS)), factors.shape[1] - 1)]
