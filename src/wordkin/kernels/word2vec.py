"""Skip-gram and CBOW with negative sampling, from the plain pair loop to the grouped kernels.

How a block of text is learned from, whatever the kernel:

1. `fill` copies tokens into a short buffer. Frequent words are left out at random, each kept
   token gets a *place* (its number among the kept ones; a gap wider than the window parts two
   sentences) and a *reach* (its window, drawn from 1..window).
2. The kernel visits each buffered word, the *centre*. Words whose place is within reach are its
   *contexts*. A context's row of the input table is pulled towards the centre's row of the output
   table, and pushed away from the output rows of a few *noise* words (word2vec's negatives).

CBOW pulls the mean of the contexts instead of each context.

`make_plain` does this pair by pair, as word2vec.c does, and is the reference. The grouped kernels
take `group` neighbouring centres and `shared` noise words at once: these T = group +
shared output rows, the *targets*, meet every context in the neighbourhood in one small matrix
product that stays in registers (`groups.make_meet`). This shares negatives as pWord2Vec does (Ji
et al. 2016, arXiv:1604.04661), over neighbouring windows (compare Rengasamy et al. 2017, pSGNScc).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.kernels import inline, inner, kernel, pasted
from wordkin.kernels.groups import (
    SLICE,
    Targets,
    average,
    centre_lanes,
    contexts_at,
    hull,
    make_meet,
    measure,
    spread,
    weigh,
)
from wordkin.kernels.groups import Room as Room
from wordkin.kernels.groups import aligned as aligned
from wordkin.kernels.groups import make_room as make_room
from wordkin.kernels.groups import padded as padded
from wordkin.kernels.groups import room_bytes as room_bytes
from wordkin.kernels.lanes import (
    WIDE,
    lanes_between,
    load_addresses,
    load_wide,
    load_wide_int,
    splat_wide,
    store_wide,
    total,
)
from wordkin.kernels.sampling import Span as Span
from wordkin.kernels.sampling import (
    begin,
    bounds,
    draw_for_groups,
    draw_noise,
    move_on,
    refill,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FIRST, AT_ONCE = 128, 32  # of the first 128 hot rows 32 are exchanged after each buffer
_NO_TURN = np.zeros(1, np.int64)


class Tables(NamedTuple):
    """The two matrices that are learned, side by side: a word's input row, then its output row.

    Each is padded with zeros to whole cache lines. A word that is read is a context and a centre
    within a few words' time, and two rows that lie together are one page for the processor to
    find: that alone made training 10 % faster. Row V is spare: targets that must not count point
    there. The first rows, those of the most frequent words, can have copies that belong to one
    thread (`hot`; zero rows: none), because cache lines that two cores write in turn are what
    racing threads wait for. `seen` holds these rows as they were when the thread last exchanged
    changes with the others (see `exchange_some`).
    """

    rows: NDArray[np.float32]  # (V + 1, 2 * padded D)
    hot: NDArray[np.float32]  # (H, 2 * padded D)
    seen: NDArray[np.float32]  # (H, 2 * padded D)
    turn: NDArray[np.int64] = _NO_TURN  # (1,) how often the thread has exchanged some
    pace: int = AT_ONCE  # of rows 128 to 255, 256 to 511 and so on, so many are exchanged each time


class Rule(NamedTuple):
    """How to learn from a block."""

    window: int
    shrink: bool
    negative: int
    alpha: np.float32


# ------------------------------------------------------------------------------ preparation


def take_hot(tables: Tables) -> None:
    """Take the hot rows as they are now, before a thread begins.

    Parameters
    ----------
    tables : Tables
        The thread's.
    """
    tables.hot[:] = tables.rows[: len(tables.hot)]
    tables.seen[:] = tables.hot


def give_back(tables: Tables) -> None:
    """Add what the thread has changed in its copies to the shared rows, when it ends.

    Parameters
    ----------
    tables : Tables
        The thread's. Its copies are no longer of use: take them anew.
    """
    np.subtract(tables.hot, tables.seen, out=tables.seen)
    tables.rows[: len(tables.hot)] += tables.seen


def halves(rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The two matrices that lie side by side in the rows of `Tables`.

    Parameters
    ----------
    rows : ndarray of float32
        Shape (n, 2 * padded D).

    Returns
    -------
    input, output : ndarray of float32
        Views of shape (n, padded D).
    """
    half = rows.shape[1] // 2
    return rows[:, :half], rows[:, half:]


# -------------------------------------------------------------------------- the plain kernels


@inline
def _step(x, y, label, alpha, change):
    """Logistic regression of one pair of rows; return its loss. x waits: its change is summed.

    All three are rows of whole cache lines. (As vectors, since LLVM sees no row of numbers that lie
    together in half of a wider row, and would take them one by one.)
    """
    x_at, y_at, change_at = x.ctypes.data, y.ctypes.data, change.ctypes.data
    dots = splat_wide(np.float32(0))
    for byte in range(0, 4 * len(x), 4 * WIDE):
        dots = dots + load_wide(x_at + byte) * load_wide(y_at + byte)
    p = np.float32(1) / (np.float32(1) + np.exp(-total(dots)))
    g = splat_wide(alpha * (label - p))
    for byte in range(0, 4 * len(x), 4 * WIDE):
        old = load_wide(y_at + byte)
        store_wide(change_at + byte, load_wide(change_at + byte) + g * old)
        store_wide(y_at + byte, old + g * load_wide(x_at + byte))
    return -np.log(max(p if label > 0 else np.float32(1) - p, np.float32(1e-10)))


@inline
def _against_noise(output, x, centre, noise, rule, state, change):
    """Predict the centre from row x, against noise words; return the loss."""
    loss = _step(x, output[centre], np.float32(1), rule.alpha, change)
    for _ in range(rule.negative):
        word = draw_noise(noise, state)
        if word != centre:
            loss += _step(x, output[word], np.float32(0), rule.alpha, change)
    return loss


@inline
def _along_path(output, x, centre, tree, rule, state, change):
    """Predict the centre from row x, turn by turn through the tree; return the loss."""
    loss = 0.0
    for i in range(tree.starts[centre], tree.starts[centre + 1]):
        label = np.float32(1) - tree.turns[i]
        loss += _step(x, output[tree.nodes[i]], label, rule.alpha, change)
    return loss


@lru_cache
def make_plain(*, cbow: bool, hierarchical: bool) -> Callable[..., Any]:
    """The reference kernel: one pair (or one mean) at a time, as in word2vec.c.

    Parameters
    ----------
    cbow : bool
        Predict from the mean of the contexts, not from each of them.
    hierarchical : bool
        Use a Huffman tree (the second argument is a Tree) rather than noise words (a Noise).

    Returns
    -------
    callable
        ``kernel(text, law, tables, rule, span, room, state, tally)``. `state` is the random
        stream, a (1,) uint64 array that is changed in place. To `tally`, a (3,) float64 array, are
        added: tokens kept, summed loss, and how many predictions it is summed over.
    """
    predict = _along_path if hierarchical else _against_noise

    @kernel(fastmath=True)
    def plain(text, law, tables, rule, span, room, state, tally):
        buffer = room.buffer
        begin(text, span, buffer)
        spare = np.int32(len(tables.rows) - 1)  # a row that nobody looks at
        half = tables.rows.shape[1] // 2
        inputs, outputs = tables.rows[:, :half], tables.rows[:, half:]
        change, mean = room.scratch.hidden[0], room.scratch.hidden[1]
        first = count = np.int64(0)
        more = True
        while more:
            before = count
            count, last, more = refill(text, span.stop, buffer, first, count, rule, state, 1, spare)
            tally[0] += count - before
            for i in range(first, last):
                centre, reach = buffer.words[i], buffer.reaches[i]
                left, right = max(0, i - reach), min(count, i + reach + 1)
                while buffer.places[left] < buffer.places[i] - reach:  # another sentence
                    left += 1
                while buffer.places[right - 1] > buffer.places[i] + reach:
                    right -= 1
                if right - left < 2:
                    continue
                if cbow:
                    mean[:] = 0
                    for j in range(left, right):
                        if j != i:
                            mean += inputs[buffer.words[j]]
                    mean /= np.float32(right - left - 1)
                    change[:] = 0
                    tally[1] += predict(outputs, mean, centre, law, rule, state, change)
                    tally[2] += 1
                for j in range(left, right):
                    if j != i:
                        x = inputs[buffer.words[j]]
                        if not cbow:
                            change[:] = 0
                            tally[1] += predict(outputs, x, centre, law, rule, state, change)
                            tally[2] += 1
                        x += change
            _, first, count = move_on(buffer, last, count, rule.window)

    return plain


# ------------------------------------------------------------------------- the grouped kernels


@lru_cache
def make_grouped(*, cbow: bool, group: int, shared: int) -> Callable[..., Any]:
    """The fast kernel for a size of group, compiled at its first call.

    Parameters
    ----------
    cbow : bool
        Predict from the mean of the contexts, not from each of them.
    group : int
        Neighbouring centres that are learned from at once.
    shared : int
        Noise words that a group shares; group + shared is at most WIDE. Their gradient is scaled
        so that its expectation is that of `rule.negative` words for each prediction.

    Returns
    -------
    callable
        ``kernel(text, noise, tables, rule, span, room, state, tally)``, as for `make_plain`;
        the loss is that of every 64th group.
    """
    targets = group + shared
    ahead = 2 * group + shared  # rows that a group needs and the one before has not
    meet = make_meet(targets, means=cbow, ahead=ahead)
    low = 0 if cbow else 1  # a mean meets its own centre, a context any centre but itself

    @kernel
    def grouped(text, noise, tables, rule, span, room, state, tally):
        scratch, buffer, rows, drawn, noise_rows, coming = room
        begin(text, span, buffer)
        spare = np.int32(len(tables.rows) - 1)  # a row that nobody looks at
        half = tables.rows.shape[1] // 2 * 4  # bytes
        slices = half // SLICE
        strengths = lanes_between(np.float32(rule.negative / shared), group, targets)
        first = count = groups = np.int64(0)
        more = True
        while more:
            before = count
            count, last, more = refill(
                text, span.stop, buffer, first, count, rule, state, group, spare
            )
            tally[0] += count - before
            find_rows(tables, buffer.words, count + group, rows)
            draws = draw_for_groups(noise, state, first, last, group, shared, drawn)
            find_rows(tables, drawn, draws, noise_rows)
            look_ahead(rows, noise_rows, half, first, last, group, shared, rule.window, coming)
            k, n = np.int64(group), np.int64(0)
            for g in range(first, last, group):
                if cbow:
                    contexts = _gather_means(buffer, rows, scratch, g, min(group, last - g), count)
                    reaches = load_wide_int(scratch.reaches.ctypes.data)
                else:
                    left, right = hull(buffer, g, group, count)
                    contexts = contexts_at(rows, buffer.places, left, right + 1 - left)
                    reaches = centre_lanes(buffer.reaches, g, group)
                around = Targets(
                    load_addresses(rows.ctypes.data + 8 * g, half, group)
                    + load_addresses(noise_rows.ctypes.data + 8 * k, half, shared),
                    load_wide_int(buffer.places.ctypes.data + 4 * g),
                    reaches,
                    weigh(strengths, drawn, k, buffer.words, g, group),
                )
                # worked out anew: an address that is moved on in a loop becomes a float to Numba
                soon = coming.ctypes.data + 8 * n
                meet(contexts, around, scratch, np.int32(low), rule.alpha, slices, soon)
                k, n = k + shared, n + ahead
                if cbow:
                    spread(scratch, contexts.n, slices)
                groups = measure(contexts, around, scratch, group, low, rule.alpha, groups, tally)
            _, first, count = move_on(buffer, last, count, rule.window)
            exchange_some(tables)

    return grouped


@inner
def exchange_some(tables):
    """Exchange changes of some hot rows with the other threads, after each buffer.

    All of the first rows have their turn after 4 buffers of 1,024: with 18 their copies drift
    apart, and the loss rises by 0.3. Of the rows from 128 on, from 256 on, from 512 on and so on,
    `pace` have it each time: words that are half as frequent wait about twice as long.
    """
    hots, turn = len(tables.hot), tables.turn[0]
    if hots == 0:
        return
    tables.turn[0] += 1
    start = turn * AT_ONCE % FIRST
    _exchange(tables, start, min(start + AT_ONCE, hots))
    octave = np.int64(FIRST)
    while octave < hots:
        start = octave + turn * tables.pace % octave
        _exchange(tables, start, min(start + tables.pace, hots, 2 * octave))
        octave *= 2


@inner
def _exchange(tables, start, stop):
    """Add what this thread has changed to shared rows, and take over what others have."""
    size = tables.hot.shape[1] * 4
    for byte in range(start * size, stop * size, 4 * WIDE):
        row, hot = tables.rows.ctypes.data + byte, tables.hot.ctypes.data + byte
        seen = tables.seen.ctypes.data + byte
        new = load_wide(row) + (load_wide(hot) - load_wide(seen))
        store_wide(row, new)
        store_wide(hot, new)
        store_wide(seen, new)


@pasted
def row_of(tables, word):
    """The address of a word's rows: the input row, and behind it the output row."""
    base = tables.hot.ctypes.data if word < len(tables.hot) else tables.rows.ctypes.data
    return base + np.int64(word) * (tables.rows.shape[1] * 4)


@inner
def find_rows(tables, words, n, rows):
    """Write down the addresses of the rows of the first n words."""
    for i in range(n):
        rows[i] = row_of(tables, words[i])


@inner
def look_ahead(rows, noise_rows, half, first, last, group, shared, window, coming):
    """Write down which rows the next group will need that this one has not, for each group.

    Those are the output rows (`half` a pair of rows further) of its words and of its noise words,
    and the input rows of the words that come into reach. Past the end of the buffer there may be
    any row.
    """
    n = 0
    for g in range(first, last, group):
        for i in range(g + group, g + 2 * group):
            coming[n] = rows[min(i, len(rows) - 1)] + half
            coming[n + group] = rows[min(i + window, len(rows) - 1)]
            n += 1
        n += group
        noise = group + ((g - first) // group + 1) * shared
        for t in range(noise, noise + shared):
            coming[n] = noise_rows[t] + half
            n += 1


@pasted
def _gather_means(buffer, rows, scratch, g, size, count):
    """CBOW: make the mean row of each centre's contexts; return the means."""
    stride = scratch.hidden.shape[1] * 4
    scratch.reaches[:] = -1
    for t in range(size):
        i = g + t
        left, right = bounds(buffer, i, buffer.reaches[i], count)
        n = 0
        for j in range(left, right + 1):
            scratch.members[t, n] = rows[j]
            n += np.int64(j != i)
        scratch.sizes[t] = n
        scratch.reaches[t] = 0 if n > 0 else -1  # each mean meets its own centre
        scratch.places[t] = buffer.places[i]
        scratch.rows[t] = scratch.hidden.ctypes.data + t * stride
        average(scratch, t, n, stride // SLICE)
    return contexts_at(scratch.rows, scratch.places, 0, size)
