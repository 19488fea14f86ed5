"""Skip-gram and CBOW over words and their n-grams: fastText's model (Bojanowski et al. 2017).

The vector of a word is the mean of its *pieces*, the rows of one table: its own row and those of
its n-grams. What the vector learns is added to each of its pieces, undivided, as fastText does it;
so the mean changes by just that much. All else is as in `word2vec`.

`make_plain` makes the mean anew for each pair, and hands each pair's change on to all pieces. The
grouped kernel does so once for each token: a word comes into the window, its mean is made, meets
the groups in the neighbourhood as if it were a row of a table, and when it leaves the window its
pieces get what it has learned meanwhile. With 20 pieces to a word and 6 pairs to a token this saves
five sixths of the work. Words in a window that share pieces don't see what the others learn until
these have left it: 10 tokens later.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.kernels import inline, inner, kernel
from wordkin.kernels.groups import (
    SLICE,
    Room,
    Targets,
    aligned,
    centre_lanes,
    contexts_at,
    fetch,
    hull,
    make_meet,
    make_room,
    measure,
    padded,
    spread,
    weigh,
)
from wordkin.kernels.groups import room_bytes as room_bytes
from wordkin.kernels.lanes import (
    WIDE,
    add_products,
    add_to_each,
    lanes_between,
    load,
    load_wide_int,
    row_addresses,
    splat,
    store,
    zeros,
)
from wordkin.kernels.sampling import (
    begin,
    bounds,
    draw_for_groups,
    move_on,
    refill,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_AHEAD = 2  # tokens between the call for the rows of a word's pieces and their use
_FOUR = (0, SLICE, 2 * SLICE, 3 * SLICE)


class Pieces(NamedTuple):
    """The rows that a word is the mean of: rows[starts[w]:starts[w + 1]]."""

    starts: NDArray[np.int64]  # (V + 1,)
    rows: NDArray[np.int32]


class Tables(NamedTuple):
    """The two matrices that are learned, rows padded to whole cache lines; the last is spare."""

    pieces: NDArray[np.float32]  # (P + 1, padded D)
    output: NDArray[np.float32]  # (V + 1, padded D)


class Desk(NamedTuple):
    """What one thread has for itself: room as in `word2vec`, and the means of the tokens around.

    The means lie in a ring: that of the k-th token of a block in slot k modulo its length.
    """

    room: Room
    means: NDArray[np.float32]  # (a power of two, padded D)
    before: NDArray[np.float32]  # the same means when they were made
    bag: NDArray[np.int64]  # (WIDE, contexts) CBOW: how many pieces each context has


def make_desk(window: int, dimensions: int) -> Desk:
    """Room for one thread.

    Parameters
    ----------
    window : int
        The widest reach.
    dimensions : int
        The length D of a vector.

    Returns
    -------
    Desk
        All zeros.
    """
    slots = 1 << (2 * window + 2 * WIDE).bit_length()
    shape = (slots, padded(dimensions))
    room = make_room(window, dimensions)
    return Desk(room, aligned(shape), aligned(shape), np.zeros_like(room.scratch.members))


@kernel
def compose(table, pieces, out):
    """Write the mean of each word's pieces, added up one after the other as fastText does.

    Parameters
    ----------
    table : ndarray
        Shape (P, at least D), float32: the rows of pieces.
    pieces : Pieces
        What each word is made of.
    out : ndarray
        Shape (V, D), float32, written.
    """
    for word in range(len(out)):
        start, stop = pieces.starts[word], pieces.starts[word + 1]
        row = out[word]
        row[:] = 0
        for k in range(start, stop):
            piece = table[pieces.rows[k]]
            for d in range(len(row)):
                row[d] += piece[d]
        share = np.float32(1.0 / (stop - start))
        for d in range(len(row)):
            row[d] *= share


# ------------------------------------------------------------------------------- the plain kernel


@inner(fastmath=True)
def _mean_into(mean, table, pieces, word):
    mean[:] = 0
    for k in range(pieces.starts[word], pieces.starts[word + 1]):
        mean += table[pieces.rows[k]]
    mean /= np.float32(pieces.starts[word + 1] - pieces.starts[word])


@inner(fastmath=True)
def _bag_into(mean, table, pieces, words):
    """The mean of all pieces of all words: those of many pieces weigh more, as in fastText."""
    mean[:] = 0
    n = 0
    for word in words:
        for k in range(pieces.starts[word], pieces.starts[word + 1]):
            mean += table[pieces.rows[k]]
            n += 1
    mean /= np.float32(n)


@inner(fastmath=True)
def _hand_on(change, table, pieces, word):
    for k in range(pieces.starts[word], pieces.starts[word + 1]):
        table[pieces.rows[k]] += change


@lru_cache
def make_plain(predict: Callable[..., Any], *, cbow: bool) -> Callable[..., Any]:
    """The reference kernel: one pair (or one bag) at a time, as in fastText.

    Parameters
    ----------
    predict : callable
        What to learn from a pair: a kernel of `losses`.
    cbow : bool
        Predict from the mean of all pieces of the contexts, not from each context.

    Returns
    -------
    callable
        ``kernel(text, law, tables, pieces, rule, span, desk, state, tally)``: as in `word2vec`;
        `law` is what `predict` takes.
    """

    @kernel(fastmath=True)
    def plain(text, law, tables, pieces, rule, span, desk, state, tally):
        buffer, hidden = desk.room.buffer, desk.room.scratch.hidden
        begin(text, span, buffer)
        spare = np.int32(len(tables.output) - 1)  # a row that nobody looks at
        change, mean = hidden[0], hidden[1]
        first = count = np.int64(0)
        more = True
        while more:
            before = count
            count, last, more = refill(text, span.stop, buffer, first, count, rule, state, 1, spare)
            tally[0] += count - before
            for i in range(first, last):
                left, right = bounds(buffer, i, buffer.reaches[i], count)
                if left == right:
                    continue
                centre = buffer.words[i]
                if cbow:
                    words = np.concatenate((buffer.words[left:i], buffer.words[i + 1 : right + 1]))
                    _bag_into(mean, tables.pieces, pieces, words)
                    change[:] = 0
                    tally[1] += predict(tables.output, mean, centre, law, rule, state, change)
                    tally[2] += 1
                for j in range(left, right + 1):
                    if j == i:
                        continue
                    word = buffer.words[j]
                    if not cbow:
                        _mean_into(mean, tables.pieces, pieces, word)
                        change[:] = 0
                        tally[1] += predict(tables.output, mean, centre, law, rule, state, change)
                        tally[2] += 1
                    _hand_on(change, tables.pieces, pieces, word)
            _, first, count = move_on(buffer, last, count, rule.window)

    return plain


# ----------------------------------------------------------------------------- the grouped kernel
# What is called for each token is pasted in. Numba counts up and down each array that a call is
# given, and there are twenty: without these calls training takes three quarters of the time.


@inline
def _fetch_pieces(table, pieces, word):
    """Prefetch the rows of a word's pieces."""
    stride = table.shape[1] * 4
    for k in range(pieces.starts[word], pieces.starts[word + 1]):
        fetch(table.ctypes.data + pieces.rows[k] * stride, stride)


@inline
def _make_mean(desk, slot, table, pieces, word):
    """Make a word's mean, four lane vectors of each row at a time."""
    stride = table.shape[1] * 4
    base = table.ctypes.data
    mean, before = desk.means.ctypes.data + slot * stride, desk.before.ctypes.data + slot * stride
    start, stop = pieces.starts[word], pieces.starts[word + 1]
    one = splat(np.float32(1))
    share = splat(np.float32(1) / np.float32(stop - start))
    offset = 0
    while offset + 4 * SLICE <= stride:
        sums = zeros(4)
        for k in range(start, stop):
            sums = add_products(sums, one, _FOUR, base + pieces.rows[k] * stride + offset)
        a, b, c, d = sums
        a, b, c, d = a * share, b * share, c * share, d * share
        for at in (mean + offset, before + offset):
            store(at, a)
            store(at + SLICE, b)
            store(at + 2 * SLICE, c)
            store(at + 3 * SLICE, d)
        offset += 4 * SLICE
    while offset < stride:
        (total,) = zeros(1)
        for k in range(start, stop):
            total = total + load(base + pieces.rows[k] * stride + offset)
        store(mean + offset, total * share)
        store(before + offset, total * share)
        offset += SLICE


@inline
def _give_back(desk, slot, table, pieces, word):
    """Add to each piece what its word has learned since its mean was made."""
    stride = table.shape[1] * 4
    base = table.ctypes.data
    mean, before = desk.means.ctypes.data + slot * stride, desk.before.ctypes.data + slot * stride
    start, stop = pieces.starts[word], pieces.starts[word + 1]
    offset = 0
    while offset + 4 * SLICE <= stride:
        at, was = mean + offset, before + offset
        changes = (
            load(at) - load(was),
            load(at + SLICE) - load(was + SLICE),
            load(at + 2 * SLICE) - load(was + 2 * SLICE),
            load(at + 3 * SLICE) - load(was + 3 * SLICE),
        )
        for k in range(start, stop):
            add_to_each(_FOUR, base + pieces.rows[k] * stride + offset, changes)
        offset += 4 * SLICE
    while offset < stride:
        change = load(mean + offset) - load(before + offset)
        for k in range(start, stop):
            row = base + pieces.rows[k] * stride + offset
            store(row, load(row) + change)
        offset += SLICE


@lru_cache
def make_grouped(*, cbow: bool, group: int, shared: int) -> Callable[..., Any]:
    """The fast kernel for a size of group, compiled at its first call.

    Parameters
    ----------
    cbow : bool
        Predict from the mean of all pieces of the contexts, not from each context.
    group : int
        Neighbouring centres that are learned from at once.
    shared : int
        Noise words that a group shares; group + shared is at most WIDE.

    Returns
    -------
    callable
        ``kernel(text, noise, tables, pieces, rule, span, desk, state, tally)``: as in `word2vec`.
    """
    targets = group + shared
    meet = make_meet(targets, means=cbow)
    low = 0 if cbow else 1  # a bag meets its own centre, a context any centre but itself

    @kernel
    def grouped(text, noise, tables, pieces, rule, span, desk, state, tally):
        scratch, buffer, drawn = desk.room.scratch, desk.room.buffer, desk.room.drawn
        begin(text, span, buffer)
        spare = np.int32(len(tables.output) - 1)  # a row that nobody looks at
        output, stride = tables.output.ctypes.data, tables.output.shape[1] * 4
        slices = stride // SLICE
        strengths = lanes_between(np.float32(rule.negative / shared), group, targets)
        mask = len(desk.means) - 1
        base = 0  # the number in the block of the buffer's first token
        live_from = live_to = 0  # the tokens of the buffer that have means in the ring
        first = count = groups = np.int64(0)
        more = True
        while more:
            before = count
            count, last, more = refill(
                text, span.stop, buffer, first, count, rule, state, group, spare
            )
            tally[0] += count - before
            draw_for_groups(noise, state, first, last, group, shared, drawn)
            k = np.int64(group)
            for g in range(first, last, group):
                size = min(group, last - g)
                while live_from < g - rule.window:
                    word = buffer.words[live_from]
                    _give_back(desk, (base + live_from) & mask, tables.pieces, pieces, word)
                    live_from += 1
                while live_to < min(g + size + rule.window, count):
                    if live_to + _AHEAD < count:
                        _fetch_pieces(tables.pieces, pieces, buffer.words[live_to + _AHEAD])
                    word = buffer.words[live_to]
                    _make_mean(desk, (base + live_to) & mask, tables.pieces, pieces, word)
                    live_to += 1
                if cbow:
                    contexts = _gather_bags(desk, pieces, buffer, base, g, size, count)
                    reaches = load_wide_int(scratch.reaches.ctypes.data)
                else:
                    contexts = _gather_contexts(desk, buffer, base, g, group, count)
                    reaches = centre_lanes(buffer.reaches, g, group)
                centres, noises = buffer.words.ctypes.data + 4 * g, drawn.ctypes.data + 4 * k
                around = Targets(
                    row_addresses(output, stride, centres, group)
                    + row_addresses(output, stride, noises, shared),
                    load_wide_int(buffer.places.ctypes.data + 4 * g),
                    reaches,
                    weigh(strengths, drawn, k, buffer.words, g, group),
                )
                k += shared
                for t in range(k, k + shared):
                    fetch(output + np.int64(drawn[t]) * stride, stride)
                for i in range(g + group, min(g + 2 * group, count)):
                    fetch(output + np.int64(buffer.words[i]) * stride, stride)
                meet(contexts, around, scratch, np.int32(low), rule.alpha, slices, 0)
                if cbow:
                    spread(scratch, contexts.n, slices)
                groups = measure(contexts, around, scratch, group, low, rule.alpha, groups, tally)
            until = max(0, last - rule.window) if more else live_to
            while live_from < until:
                word = buffer.words[live_from]
                _give_back(desk, (base + live_from) & mask, tables.pieces, pieces, word)
                live_from += 1
            start, first, count = move_on(buffer, last, count, rule.window)
            live_from, live_to, base = live_from - start, live_to - start, base + start

    return grouped


@inline
def _gather_contexts(desk, buffer, base, g, group, count):
    """Skip-gram: write down the means and places of all contexts; return these."""
    scratch, mask = desk.room.scratch, len(desk.means) - 1
    stride = desk.means.shape[1] * 4
    left, right = hull(buffer, g, group, count)
    for j in range(left, right + 1):
        scratch.rows[j - left] = desk.means.ctypes.data + ((base + j) & mask) * stride
        scratch.places[j - left] = buffer.places[j]
    return contexts_at(scratch.rows, scratch.places, 0, right + 1 - left)


@inline
def _gather_bags(desk, pieces, buffer, base, g, size, count):
    """CBOW: make the mean of all pieces of each centre's contexts; return these means.

    A context's mean changes by what the bag has learned, since all its pieces do.
    """
    scratch, mask = desk.room.scratch, len(desk.means) - 1
    stride = desk.means.shape[1] * 4
    scratch.reaches[:] = -1
    for t in range(size):
        i = g + t
        left, right = bounds(buffer, i, buffer.reaches[i], count)
        n = total = 0
        for j in range(left, right + 1):
            if j != i:
                word = buffer.words[j]
                desk.bag[t, n] = pieces.starts[word + 1] - pieces.starts[word]
                scratch.members[t, n] = desk.means.ctypes.data + ((base + j) & mask) * stride
                total += desk.bag[t, n]
                n += 1
        scratch.sizes[t] = n
        scratch.reaches[t] = 0 if n > 0 else -1  # low is 0: each mean meets its own centre
        scratch.places[t] = buffer.places[i]
        scratch.rows[t] = scratch.hidden.ctypes.data + t * stride
        for offset in range(0, stride, SLICE):
            (bag,) = zeros(1)
            for m in range(n):
                share = splat(np.float32(desk.bag[t, m]) / np.float32(total))
                bag = bag + share * load(scratch.members[t, m] + offset)
            store(scratch.rows[t] + offset, bag)
    return contexts_at(scratch.rows, scratch.places, 0, size)
