"""What grouped kernels have in common: a few targets and their contexts learn from each other.

A *group* is a few neighbouring words of the text, the *centres*. Their output rows and those of the
noise words that they share are its *targets*; the rows around them are its *contexts*. All contexts
meet all targets in one small matrix product that stays in registers (see `make_meet`).

What belongs to each target stands in a vector of WIDE lanes, first the centres, then the noise;
such vectors are loaded straight from the buffer, whose arrays have room for that past their end.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.kernels import inner, pasted
from wordkin.kernels.lanes import (
    LANES,
    ROW_FLOATS,
    WIDE,
    add_products,
    add_to_each,
    exchange,
    first_lanes,
    load,
    load_each,
    load_int32,
    load_int64,
    load_wide,
    load_wide_int,
    prefetch,
    sigmoid,
    splat,
    splat_wide,
    store,
    store_wide,
    sum_each,
    within,
    zero_where,
    zeros,
)
from wordkin.kernels.sampling import Buffer, buffered, make_buffer, most_draws

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

LINE = 64
"""Bytes of a cache line."""
SLICE = 4 * LANES
"""Bytes of a lane vector."""
UNROLLED = 14 if LANES == 8 else 8
"""So many slices at the start of a row are unrolled, those of 100 floats with AVX2 and AVX-512:
where the place in the row is a constant of the instruction, not a register that is added to that of
the row, Intel's processors do one operation for each multiply-add from memory instead of two. For
skip-gram of 100 dimensions that is 10 % of the time."""
FEW_REGISTERS = LANES < 16
"""Whether there are 16 vector registers, as with AVX2 and SSE, not 32 as with AVX-512. (NEON has 32
too; what is done where they are few does no harm there.)"""
LOSS_EVERY = 64
"""Of so many groups one tells its loss, the first among them."""


class Scratch(NamedTuple):
    """What a grouped kernel writes down about the group at hand; one for each thread."""

    weights: NDArray[np.float32]  # (contexts, WIDE) the gradient's coefficient, context x target
    rows: NDArray[np.int64]  # (contexts,) addresses of the context rows
    places: NDArray[np.int32]  # (contexts,)
    centres: NDArray[np.int32]  # (WIDE,) as in Targets
    reaches: NDArray[np.int32]  # (WIDE,) as in Targets
    strength: NDArray[np.float32]  # (WIDE,) as in Targets
    hidden: NDArray[np.float32]  # (WIDE, padded D) CBOW: the mean row of each centre's contexts
    sizes: NDArray[np.int64]  # (WIDE,) CBOW: how many contexts
    members: NDArray[np.int64]  # (WIDE, contexts) CBOW: addresses of the rows it is the mean of


class Room(NamedTuple):
    """What one thread has for itself: the scratch of a group, and what stands in a buffer of text.

    Made in Python once, not by kernels for each block: to compile that takes a second.
    """

    scratch: Scratch
    buffer: Buffer
    rows: NDArray[np.int64]  # the address of each buffered word's rows
    drawn: NDArray[np.int32]  # the noise words of the buffer's groups
    noise_rows: NDArray[np.int64]  # the address of the rows of each
    coming: NDArray[np.int64]  # the addresses of rows that the next groups will need


class Contexts(NamedTuple):
    """The contexts of a group, as addresses: arrays would be counted references, for each group."""

    rows: int  # of n int64, the addresses of their rows
    places: int  # of n int32
    n: int


@pasted
def contexts_at(rows, places, first, n):
    """Take n contexts from entry `first` of two arrays on. These must stay alive meanwhile."""
    return Contexts(rows.ctypes.data + 8 * first, places.ctypes.data + 4 * first, n)


class Targets(NamedTuple):
    """The targets of a group."""

    rows: tuple[int, ...]  # the addresses of their rows
    centres: Any  # WIDE int32: the place of each centre lane
    reaches: Any  # WIDE int32: its reach; -1 in lanes that are no centre
    strength: Any  # WIDE float32: the weight of each noise lane, 0 in the other lanes


def aligned(shape: tuple[int, int]) -> NDArray[np.float32]:
    """Zeros that start at a cache line.

    Parameters
    ----------
    shape : tuple of int
        (rows, floats); lane loads need floats to be a multiple of ROW_FLOATS.

    Returns
    -------
    ndarray
        float32.
    """
    size = shape[0] * shape[1] * 4
    raw = np.zeros(size + LINE, np.uint8)
    offset = -raw.ctypes.data % LINE
    return raw[offset : offset + size].view(np.float32).reshape(shape)


def padded(dimensions: int) -> int:
    """Floats in a row of a table: dimensions, rounded up to whole cache lines.

    Parameters
    ----------
    dimensions : int
        The length D of a vector.

    Returns
    -------
    int
        A multiple of ROW_FLOATS.
    """
    return -(-dimensions // ROW_FLOATS) * ROW_FLOATS


def make_scratch(window: int, dimensions: int) -> Scratch:
    """Room for one thread's group.

    Parameters
    ----------
    window : int
        The widest reach.
    dimensions : int
        The length D of a vector.

    Returns
    -------
    Scratch
        All zeros.
    """
    contexts = 2 * window + WIDE
    return Scratch(
        weights=aligned((contexts, WIDE)),
        rows=np.zeros(contexts, np.int64),
        places=np.zeros(contexts, np.int32),
        centres=np.zeros(WIDE, np.int32),
        reaches=np.zeros(WIDE, np.int32),
        strength=np.zeros(WIDE, np.float32),
        hidden=aligned((WIDE, padded(dimensions))),
        sizes=np.zeros(WIDE, np.int64),
        members=np.zeros((WIDE, contexts), np.int64),
    )


def make_room(window: int, dimensions: int) -> Room:
    """Room for one thread, however many words there are in a group.

    Parameters
    ----------
    window : int
        The widest reach.
    dimensions : int
        The length D of a vector.

    Returns
    -------
    Room
        All zeros.
    """
    buffer = make_buffer(window)
    tokens = len(buffer.words)
    draws = most_draws(tokens)
    return Room(
        make_scratch(window, dimensions),
        buffer,
        rows=np.zeros(tokens, np.int64),
        drawn=np.zeros(draws, np.int32),
        noise_rows=np.zeros(draws, np.int64),
        coming=np.zeros((tokens + 1) * (WIDE + 1), np.int64),
    )


def room_bytes(window: int, dimensions: int) -> int:
    """Tell what `make_room` takes.

    Parameters
    ----------
    window : int
        The widest reach.
    dimensions : int
        The length D of a vector.

    Returns
    -------
    int
        Bytes.
    """
    contexts, tokens = 2 * window + WIDE, buffered(window)
    scratch = contexts * (WIDE * 12 + 12) + WIDE * (padded(dimensions) * 4 + 20) + 2 * LINE
    beside = tokens * 20 + 24 + most_draws(tokens) * 12 + (tokens + 1) * (WIDE + 1) * 8
    return scratch + beside


@lru_cache
def make_meet(targets: int, *, means: bool, ahead: int = 0) -> Callable[..., Any]:
    """The core of the grouped kernels for a given number of targets.

    Parameters
    ----------
    targets : int
        How many.
    means : bool
        Whether the contexts are means of rows (CBOW). Then they become their change alone, for the
        rows that they are the mean of.
    ahead : int
        How many rows it prefetches meanwhile, for the next group.

    Returns
    -------
    callable
        ``meet(contexts, targets, scratch, low, alpha, slices, coming)``: the coefficients are left
        in scratch.weights; a centre that is nearer than `low` is none of the context's; a row has
        so many `slices` (lane vectors). `coming` is the address of the addresses of the rows to
        prefetch; with `ahead` 0 nobody looks there.
    """
    centres = max(ahead - targets, 0)  # of the next group; there are as many means
    apart = FEW_REGISTERS and targets > 8 and not means

    @pasted
    def meet(contexts, group, scratch, low, alpha, slices, coming):
        """Let context rows x and target rows y learn from each other, all from old values.

        x += sum over t of g[t] y[t] and y[t] += sum over x of g[t] x, where
        g = alpha * (label - (label + noise strength) * sigmoid(x . y)).

        The processor waits where it is asked for many cache lines at once. So it is asked for a row
        a line at a time, between products; in the second part only where there are always as many
        rows left, since a loop whose length changes can't be predicted.
        """
        weights = scratch.weights.ctypes.data
        alphas = splat_wide(alpha)
        for c in range(contexts.n):
            x = load_int64(contexts.rows + 8 * c)
            sums = zeros(targets)
            near = load_int64(coming + 8 * min(c, ahead - 1)) if ahead > 0 else 0
            for s in range(UNROLLED):
                if s < slices:
                    if ahead > 0:
                        prefetch(near + s * SLICE)
                    sums = add_products(sums, load(x + s * SLICE), group.rows, s * SLICE)
            for s in range(UNROLLED, slices):
                if ahead > 0:
                    prefetch(near + s * SLICE)
                sums = add_products(sums, load(x + s * SLICE), group.rows, s * SLICE)
            at = weights + c * 4 * WIDE
            if apart:
                store(at, sum_each(sums))
            else:
                store(at, pull(sum_each(sums), contexts, c, group, low, alphas))
        if apart:  # what this needs of the group takes registers from the sums, a tenth of the time
            for c in range(contexts.n):
                at = weights + c * 4 * WIDE
                store(at, pull(load_wide(at), contexts, c, group, low, alphas))
        if not means:
            for c in range(contexts.n, ahead):
                fetch(load_int64(coming + 8 * c), slices * SLICE)
        for s in range(slices):
            offset = s * SLICE
            ys = load_each(group.rows, offset)
            changes = zeros(targets)
            for c in range(contexts.n):
                address = load_int64(contexts.rows + 8 * c) + offset
                x = load(address)
                start = splat(np.float32(0)) if means else x
                new, changes = exchange(start, x, ys, changes, weights + c * 4 * WIDE)
                store(address, new)
            add_to_each(group.rows, offset, changes)
            if means:
                for c in range(centres, ahead):  # a known length is unrolled
                    prefetch(load_int64(coming + 8 * c) + offset)

    return meet


@pasted
def pull(dots, contexts, c, group, low, alphas):
    """The coefficients of context c, from its products with the targets."""
    place = load_int32(contexts.places + 4 * c)
    label, windows = within(place, group.centres, low, group.reaches)
    strength = label + group.strength * splat_wide(windows)
    return alphas * (label - strength * sigmoid(dots))


@pasted
def weigh(strengths, drawn, k, words, g, group):
    """The weights of the noise lanes: 0 where a noise word is one of the centres.

    `strengths` are those before, and drawn[k] is the first noise word, that of lane `group`.
    """
    noise = load_wide_int(drawn.ctypes.data + 4 * (k - group))
    for t in range(group):
        strengths = zero_where(strengths, noise, words[g + t])
    return strengths


@pasted
def centre_lanes(numbers, g, group):
    """What stands at numbers[g:], a number for each centre, -1 in the other lanes."""
    return first_lanes(load_wide_int(numbers.ctypes.data + 4 * g), group)


@pasted
def fetch(row, size):
    """Prefetch the bytes of a row."""
    for offset in range(0, size, LINE):
        prefetch(row + offset)


@pasted
def hull(buffer, g, group, count):
    """The first and last index in the buffer that may be within reach of a word of the group.

    Words of other sentences that lie at the ends are left out.
    """
    end = min(g + group, count) - 1
    left, right = g, end
    for i in range(g, g + group):
        left, right = min(left, i - buffer.reaches[i]), max(right, i + buffer.reaches[i])
    left, right = max(left, 0), min(right, count - 1)
    # within a sentence places are one apart
    while buffer.places[g] - buffer.places[left] > g - left:
        left += 1
    while buffer.places[right] - buffer.places[end] > right - end:
        right -= 1
    return left, right


@pasted
def measure(contexts, targets, scratch, group, low, alpha, groups, tally):
    """Add the loss of the group just learned, if its turn has come; return how many there are now.

    It is worked out from the coefficients. A group without a pair has none, and leaves its turn to
    the next one: else a short text of lonely words might seem to have a loss of 0.
    """
    if groups % LOSS_EVERY != 0:
        return groups + 1
    store_wide(scratch.centres.ctypes.data, targets.centres)
    store_wide(scratch.reaches.ctypes.data, targets.reaches)
    store_wide(scratch.strength.ctypes.data, targets.strength)
    before = tally[2]
    _add_loss(contexts, scratch, group, low, alpha, tally)
    return groups + np.int64(tally[2] > before)


@inner
def _add_loss(contexts, scratch, group, low, alpha, tally):
    floor = np.float32(1e-10)
    for c in range(contexts.n):
        windows, weight = 0, np.float32(0)
        right, rejected = 1.0, 1.0  # products of probabilities, for one logarithm each
        for t in range(group):
            away = abs(load_int32(contexts.places + 4 * c) - scratch.centres[t])
            if low <= away <= scratch.reaches[t]:
                windows += 1
                wrong = scratch.weights[c, t] / alpha  # 1 - sigmoid
                right *= max(np.float32(1) - wrong, floor)
        for t in range(group, WIDE):
            if windows > 0 and scratch.strength[t] > 0:
                weight = scratch.strength[t] * np.float32(windows)  # that of all noise words
                wrong = -scratch.weights[c, t] / (alpha * weight)  # sigmoid
                rejected *= max(np.float32(1) - wrong, floor)
        tally[1] -= np.log(right) + weight * np.log(rejected)
        tally[2] += windows


@pasted
def average(scratch, t, n, slices):
    """Write the mean of the first n members to the t-th row."""
    share = splat(np.float32(1) / np.float32(max(n, 1)))
    for s in range(slices):
        (total,) = zeros(1)
        for m in range(n):
            total = total + load(scratch.members[t, m] + s * SLICE)
        store(scratch.rows[t] + s * SLICE, total * share)


@pasted
def spread(scratch, n, slices):
    """CBOW: give each context what the mean has learned, in full, as word2vec.c does."""
    for t in range(n):
        for m in range(scratch.sizes[t]):
            row = scratch.members[t, m]
            for s in range(slices):
                change = load(scratch.rows[t] + s * SLICE)
                store(row + s * SLICE, load(row + s * SLICE) + change)
