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
product that stays in registers (`_meet`). This shares negatives as pWord2Vec does (Ji et al. 2016,
arXiv:1604.04661), over neighbouring windows (compare Rengasamy et al. 2017, pSGNScc).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.kernels import kernel
from wordkin.kernels.lanes import (
    LANES,
    ROW_FLOATS,
    WIDE,
    add_products,
    add_to_each,
    exchange,
    load,
    load_each,
    load_wide,
    load_wide_int,
    prefetch,
    row_addresses,
    sigmoid,
    splat,
    splat_wide,
    store,
    sum_each,
    within,
    zeros,
)
from wordkin.kernels.sampling import Span as Span
from wordkin.kernels.sampling import begin, carry, draw_noise, draw_noises, fill, make_buffer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_LOSS_EVERY = 64
_MERGE_EVERY = 4  # buffers of 1,024: with 18 the copies drift apart, and the loss rises by 0.3
_LINE = 64
_SLICE = 4 * LANES  # bytes of a lane vector


class Tables(NamedTuple):
    """The two matrices that are learned, side by side: a word's input row, then its output row.

    Each is padded with zeros to whole cache lines. A word that is read is a context and a centre
    within a few words' time, and two rows that lie together are one page for the processor to
    find: that alone made training 10 % faster. Row V is spare: targets that must not count point
    there. The first rows, those of the most frequent words, can have copies that belong to one
    thread (`hot`; zero rows: none), because cache lines that two cores write in turn are what
    racing threads wait for. `seen` holds these rows as they were when the thread last exchanged
    changes with the others.
    """

    rows: NDArray[np.float32]  # (V + 1, 2 * padded D)
    hot: NDArray[np.float32]  # (H, 2 * padded D)
    seen: NDArray[np.float32]  # (H, 2 * padded D)


class Rule(NamedTuple):
    """How to learn from a block."""

    window: int
    shrink: bool
    negative: int
    alpha: np.float32


class Scratch(NamedTuple):
    """What a grouped kernel writes down about the group at hand; one for each thread."""

    weights: NDArray[np.float32]  # (contexts, WIDE) the gradient's coefficient, context x target
    rows: NDArray[np.int64]  # (contexts,) addresses of the context rows
    places: NDArray[np.int32]  # (contexts,)
    targets: NDArray[np.int32]  # (WIDE,) word of each target lane: the centres, then the noise
    centres: NDArray[np.int32]  # (WIDE,) place of each centre lane
    reaches: NDArray[np.int32]  # (WIDE,) its reach; -1 in lanes that are no centre
    strength: NDArray[np.float32]  # (WIDE,) weight of each noise lane; 0 in the other lanes
    hidden: NDArray[np.float32]  # (WIDE, padded D) CBOW: the mean row of each centre's contexts
    sizes: NDArray[np.int64]  # (WIDE,) CBOW: how many contexts
    members: NDArray[np.int64]  # (WIDE, contexts) CBOW: addresses of the rows it is the mean of


# ------------------------------------------------------------------------------ preparation


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
    raw = np.zeros(size + _LINE, np.uint8)
    offset = -raw.ctypes.data % _LINE
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
        targets=np.zeros(WIDE, np.int32),
        centres=np.zeros(WIDE, np.int32),
        reaches=np.zeros(WIDE, np.int32),
        strength=np.zeros(WIDE, np.float32),
        hidden=aligned((WIDE, padded(dimensions))),
        sizes=np.zeros(WIDE, np.int64),
        members=np.zeros((WIDE, contexts), np.int64),
    )


# -------------------------------------------------------------------------- the plain kernels


@kernel(fastmath=True)
def _step(x, y, label, alpha, change):
    """Logistic regression of one pair of rows; return its loss. x waits: its change is summed."""
    dot = np.float32(0)
    for d in range(len(x)):
        dot += x[d] * y[d]
    p = np.float32(1) / (np.float32(1) + np.exp(-dot))
    g = alpha * (label - p)
    for d in range(len(x)):
        change[d] += g * y[d]
        y[d] += g * x[d]
    return -np.log(max(p if label > 0 else np.float32(1) - p, np.float32(1e-10)))


@kernel
def _against_noise(output, x, centre, noise, rule, state, change):
    """Predict the centre from row x, against noise words; return the loss."""
    loss = _step(x, output[centre], np.float32(1), rule.alpha, change)
    for _ in range(rule.negative):
        word = draw_noise(noise, state)
        if word != centre:
            loss += _step(x, output[word], np.float32(0), rule.alpha, change)
    return loss


@kernel
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
        ``kernel(text, law, tables, rule, span, scratch, state, tally)``. `state` is the random
        stream, a (1,) uint64 array that is changed in place. To `tally`, a (3,) float64 array, are
        added: tokens kept, summed loss, and how many predictions it is summed over.
    """
    predict = _along_path if hierarchical else _against_noise

    @kernel(fastmath=True)
    def plain(text, law, tables, rule, span, scratch, state, tally):
        buffer = make_buffer(rule.window)
        cursor = np.zeros(3, np.int64)
        begin(text, span, cursor)
        half = tables.rows.shape[1] // 2
        inputs, outputs = tables.rows[:, :half], tables.rows[:, half:]
        change = np.zeros(half, np.float32)
        mean = np.zeros(half, np.float32)
        first = count = np.int64(0)
        more = True
        while more:
            before = count
            count = fill(text, cursor, span.stop, buffer, count, rule, state)
            tally[0] += count - before
            more = cursor[0] < span.stop
            last = count - rule.window if more else count  # the others lack their right side yet
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
            start = max(0, last - rule.window)
            count = carry(buffer, start, count)
            first = last - start

    return plain


# ------------------------------------------------------------------------- the grouped kernels


@lru_cache
def _make_meet(targets: int, *, cbow: bool) -> Callable[..., Any]:
    """The core of the grouped kernels for a given number of targets."""

    @kernel
    def meet(scratch, n, rows, low, alpha, slices):
        """Let n context rows x and the target rows y learn from each other, all from old values.

        x += sum over t of g[t] y[t] and y[t] += sum over x of g[t] x, where
        g = alpha * (label - (label + noise strength) * sigmoid(x . y)). For CBOW, whose x are
        means, x becomes its change alone, for the rows that it is the mean of.
        """
        weights = scratch.weights.ctypes.data
        centres = load_wide_int(scratch.centres.ctypes.data)
        reaches = load_wide_int(scratch.reaches.ctypes.data)
        strength = load_wide(scratch.strength.ctypes.data)
        alphas = splat_wide(alpha)
        for c in range(n):
            x = scratch.rows[c]
            sums = zeros(targets)
            for s in range(slices):
                sums = add_products(sums, load(x + s * _SLICE), rows, s * _SLICE)
            label, windows = within(scratch.places[c], centres, low, reaches)
            pull = label + strength * splat_wide(windows)
            store(weights + c * 4 * WIDE, alphas * (label - pull * sigmoid(sum_each(sums))))
        for s in range(slices):
            offset = s * _SLICE
            ys = load_each(rows, offset)
            changes = zeros(targets)
            for c in range(n):
                address = scratch.rows[c] + offset
                x = load(address)
                start = splat(np.float32(0)) if cbow else x
                new, changes = exchange(start, x, ys, changes, weights + c * 4 * WIDE)
                store(address, new)
            add_to_each(rows, offset, changes)

    return meet


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
        ``kernel(text, noise, tables, rule, span, scratch, state, tally)``, as for `make_plain`;
        the loss is that of every 64th group.
    """
    targets = group + shared
    meet = _make_meet(targets, cbow=cbow)
    gather, low = (_gather_means, 0) if cbow else (_gather_contexts, 1)

    @kernel
    def grouped(text, noise, tables, rule, span, scratch, state, tally):
        buffer = make_buffer(rule.window)
        drawn = np.empty((len(buffer.words) // group + 2) * shared, np.int32)
        cursor = np.zeros(3, np.int64)
        begin(text, span, cursor)
        half = tables.rows.shape[1] // 2
        slices = half // LANES
        spare = len(tables.rows) - 1
        strength = np.float32(rule.negative / shared)
        _copy_hot(tables)
        first = count = groups = buffers = np.int64(0)
        more = True
        while more:
            before = count
            count = fill(text, cursor, span.stop, buffer, count, rule, state)
            tally[0] += count - before
            more = cursor[0] < span.stop
            last = count - rule.window if more else count  # the others lack their right side yet
            draw_noises(noise, state, ((last - first) // group + 2) * shared, drawn)
            k = 0
            for g in range(first, last, group):
                size = min(group, last - g)
                _set_centres(scratch, buffer, g, size, group)
                _set_noise(scratch, drawn[k : k + shared], group, strength, spare)
                k += shared
                n = gather(tables, scratch, buffer, g, size, count)
                _fetch_next(
                    tables, buffer, drawn[k : k + shared], g + size, group, rule.window, count
                )
                rows = row_addresses(
                    tables.rows.ctypes.data + half * 4,
                    tables.hot.ctypes.data + half * 4,
                    len(tables.hot),
                    half * 8,
                    scratch.targets.ctypes.data,
                    targets,
                )
                meet(scratch, n, rows, np.int32(low), rule.alpha, slices)
                if cbow:
                    _spread(scratch, n, slices)
                if groups % _LOSS_EVERY == 0:
                    _measure(scratch, n, group, targets, low, rule.alpha, tally)
                groups += 1
            start = max(0, last - rule.window)
            count = carry(buffer, start, count)
            first = last - start
            buffers += 1
            if not more or buffers % _MERGE_EVERY == 0:
                _merge_hot(tables)

    return grouped


@kernel
def _copy_hot(tables):
    """Take the hot rows as they are now."""
    # number by number: to copy rows, Numba compiles what makes an error's text, for 2 seconds
    for i in range(len(tables.hot)):
        for d in range(tables.hot.shape[1]):
            tables.hot[i, d] = tables.seen[i, d] = tables.rows[i, d]


@kernel
def _merge_hot(tables):
    """Add what this thread has changed to the shared rows, and take over what others have."""
    rows, hot, seen = tables
    for i in range(len(hot)):
        for d in range(hot.shape[1]):
            new = rows[i, d] + (hot[i, d] - seen[i, d])
            rows[i, d] = hot[i, d] = seen[i, d] = new


@kernel
def _set_centres(scratch, buffer, g, size, group):
    """The centre lanes; those that a last, smaller group leaves empty are switched off."""
    for t in range(group):
        i = g + min(t, size - 1)
        scratch.targets[t] = buffer.words[i]
        scratch.centres[t] = buffer.places[i]
        scratch.reaches[t] = buffer.reaches[i] if t < size else -1
        scratch.strength[t] = 0
    for t in range(group, WIDE):
        scratch.reaches[t] = -1
        scratch.strength[t] = 0


@kernel
def _set_noise(scratch, drawn, group, strength, spare):
    """The noise lanes. Noise that is a centre must not count: it becomes the spare row."""
    for t in range(len(drawn)):
        word, weight = drawn[t], strength
        for i in range(group):
            if word == scratch.targets[i]:
                word, weight = np.int32(spare), np.float32(0)
        scratch.targets[group + t] = word
        scratch.strength[group + t] = weight


@kernel
def _input_address(tables, word):
    base = tables.hot.ctypes.data if word < len(tables.hot) else tables.rows.ctypes.data
    return base + np.int64(word) * (tables.rows.shape[1] * 4)


@kernel
def _bounds(buffer, i, reach, count):
    """The first and last index in the buffer that are within reach of i and in its sentence."""
    left, right = max(i - reach, 0), min(i + reach, count - 1)
    while buffer.places[left] < buffer.places[i] - reach:
        left += 1
    while buffer.places[right] > buffer.places[i] + reach:
        right -= 1
    return left, right


@kernel
def _gather_contexts(tables, scratch, buffer, g, size, count):
    """Skip-gram: write down the rows and places of all contexts of the group; return how many."""
    left, right = _bounds(buffer, g, buffer.reaches[g], count)
    for i in range(g + 1, g + size):
        left_i, right_i = _bounds(buffer, i, buffer.reaches[i], count)
        left, right = min(left, left_i), max(right, right_i)
    n = 0
    for j in range(left, right + 1):
        scratch.rows[n] = _input_address(tables, buffer.words[j])
        scratch.places[n] = buffer.places[j]
        n += np.int64(size > 1 or j != g)  # a lone centre is nobody's context
    return n


@kernel
def _gather_means(tables, scratch, buffer, g, size, count):
    """CBOW: make the mean row of each centre's contexts; return how many centres."""
    half = tables.rows.shape[1] // 2
    slices = half // LANES
    hidden = scratch.hidden.ctypes.data
    for t in range(size):
        i = g + t
        left, right = _bounds(buffer, i, buffer.reaches[i], count)
        n = 0
        for j in range(left, right + 1):
            scratch.members[t, n] = _input_address(tables, buffer.words[j])
            n += np.int64(j != i)
        scratch.sizes[t] = n
        scratch.reaches[t] = 0 if n > 0 else -1  # low is 0: each mean meets its own centre
        scratch.places[t] = buffer.places[i]
        scratch.rows[t] = hidden + t * half * 4
        share = splat(np.float32(1) / np.float32(max(n, 1)))
        for s in range(slices):
            (total,) = zeros(1)
            for m in range(n):
                total = total + load(scratch.members[t, m] + s * _SLICE)
            store(scratch.rows[t] + s * _SLICE, total * share)
    return size


@kernel
def _spread(scratch, n, slices):
    """CBOW: give each context what the mean has learned, in full, as word2vec.c does."""
    for t in range(n):
        for m in range(scratch.sizes[t]):
            row = scratch.members[t, m]
            for s in range(slices):
                change = load(scratch.rows[t] + s * _SLICE)
                store(row + s * _SLICE, load(row + s * _SLICE) + change)


@kernel
def _fetch_next(tables, buffer, drawn, g, group, window, count):
    """Prefetch what the next group, from g on, will need and this one does not have.

    Those are the output rows of its noise, and both rows of the words that come into reach.
    """
    half = tables.rows.shape[1] * 2
    for t in range(len(drawn)):
        _fetch(tables, drawn[t], half, 2 * half)
    for i in range(g + window, min(g + group + window, count)):
        _fetch(tables, buffer.words[i], 0, 2 * half)


@kernel
def _fetch(tables, word, first, last):
    """Prefetch bytes of a row, unless it is hot and therefore near already."""
    if word >= len(tables.hot):
        row = tables.rows.ctypes.data + np.int64(word) * (tables.rows.shape[1] * 4)
        for offset in range(first, last, _LINE):
            prefetch(row + offset)


@kernel
def _measure(scratch, n, group, targets, low, alpha, tally):
    """Add the loss of the group just learned, worked out from its coefficients."""
    floor = np.float32(1e-10)
    for c in range(n):
        windows = 0
        for t in range(group):
            away = abs(scratch.places[c] - scratch.centres[t])
            if low <= away <= scratch.reaches[t]:
                windows += 1
                wrong = scratch.weights[c, t] / alpha  # 1 - sigmoid
                tally[1] -= np.log(max(np.float32(1) - wrong, floor))
        tally[2] += windows
        for t in range(group, targets):
            weight = scratch.strength[t] * np.float32(windows)
            if weight > 0:
                wrong = -scratch.weights[c, t] / (alpha * weight)  # sigmoid
                tally[1] -= weight * np.log(max(np.float32(1) - wrong, floor))
