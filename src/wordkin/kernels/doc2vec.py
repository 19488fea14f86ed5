"""Paragraph vectors (Le and Mikolov 2014): documents are rows too, and learn as contexts do.

A token knows its document by its place: `fill` leaves window + 1 places between documents, so that
the place of the k-th kept token of a block is k + (documents before its own) * (window + 1).

- dbow: the row of the document predicts each of its words; to the word2vec kernel that is a context
  which all centres have.
- dbow with words: the same, and skip-gram, whose contexts meet the same targets just before.
- dm: the mean of the document's row and the rows of the contexts predicts the word, as in CBOW.

Targets (neighbouring words and the noise words they share) meet in groups as in `word2vec`.
`infer` finds the row of a new document while all else stays as it is, word by word.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.kernels import inline, inner, kernel, next_random, pasted
from wordkin.kernels.groups import (
    SLICE,
    Targets,
    average,
    centre_lanes,
    contexts_at,
    fetch,
    hull,
    make_meet,
    measure,
    spread,
    weigh,
)
from wordkin.kernels.lanes import lanes_between, load_wide_int, row_addresses
from wordkin.kernels.sampling import (
    begin,
    bounds,
    draw_for_groups,
    draw_noise,
    move_on,
    refill,
)
from wordkin.kernels.word2vec import find_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

KINDS = ("dbow", "dbow with words", "dm")
_S32, _S40 = np.uint64(32), np.uint64(40)
_LOW = np.uint64(0xFFFFFFFF)


class Owners(NamedTuple):
    """Where documents lie, and what tells the document of a token from its place."""

    rows: int  # address of the first document's row
    stride: int  # bytes of a row
    first: int  # the document of the block's first token
    base: int  # how many kept tokens of the block are before the buffer
    step: int  # places between documents


@inline
def _owner(owners, buffer, i):
    """The document of a buffered token."""
    return owners.first + (buffer.places[i] - (owners.base + i)) // owners.step


@lru_cache
def make_grouped(*, kind: str, group: int, shared: int) -> Callable[..., Any]:
    """The fast kernel for a size of group, compiled at its first call.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    group : int
        Neighbouring centres that are learned from at once.
    shared : int
        Noise words that a group shares; group + shared is at most WIDE.

    Returns
    -------
    callable
        ``kernel(text, noise, tables, documents, rule, span, room, state, tally)``: as in
        `word2vec`; `documents` are their rows, (S, padded D) float32. For "dbow", whose words have
        output rows only, `tables` holds these alone; none are hot. The loss is that of predicting
        words from documents (and contexts, with "dm").
    """
    targets = group + shared
    dm, words = kind == "dm", kind == "dbow with words"
    meet = make_meet(targets, means=dm)
    sides = 1 if kind == "dbow" else 2

    @kernel
    def grouped(text, noise, tables, documents, rule, span, room, state, tally):
        scratch, buffer, rows, drawn = room.scratch, room.buffer, room.rows, room.drawn
        begin(text, span, buffer)
        spare = np.int32(len(tables.rows) - 1)  # a row that nobody looks at
        first_owner, base = buffer.cursor[1], 0
        width = documents.shape[1] * 4
        slices = width // SLICE
        output = tables.rows.ctypes.data + (sides - 1) * width
        stride = sides * width
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
            draw_for_groups(noise, state, first, last, group, shared, drawn)
            owners = Owners(documents.ctypes.data, width, first_owner, base, rule.window + 1)
            k = np.int64(group)
            for g in range(first, last, group):
                size = min(group, last - g)
                centres, noises = buffer.words.ctypes.data + 4 * g, drawn.ctypes.data + 4 * k
                addresses = row_addresses(output, stride, centres, group) + row_addresses(
                    output, stride, noises, shared
                )
                strength = weigh(strengths, drawn, k, buffer.words, g, group)
                places = load_wide_int(buffer.places.ctypes.data + 4 * g)
                k += shared
                for t in range(k, k + shared):
                    fetch(output + np.int64(drawn[t]) * stride, width)
                for i in range(g + group, min(g + 2 * group, count)):
                    fetch(rows[i] + (sides - 1) * width, width)
                if sides == 2:  # there are contexts
                    for i in range(g + group, min(g + 2 * group, count - rule.window)):
                        fetch(rows[i + rule.window], width)
                if words:
                    left, right = hull(buffer, g, group, count)
                    reaches = centre_lanes(buffer.reaches, g, group)
                    around = Targets(addresses, places, reaches, strength)
                    contexts = contexts_at(rows, buffer.places, left, right + 1 - left)
                    meet(contexts, around, scratch, np.int32(1), rule.alpha, slices, 0)
                if dm:
                    contexts = _gather_means(rows, scratch, buffer, owners, g, size, count)
                else:
                    contexts = _gather_documents(scratch, buffer, owners, g, size)
                    places = load_wide_int(scratch.centres.ctypes.data)
                reaches = load_wide_int(scratch.reaches.ctypes.data)
                around = Targets(addresses, places, reaches, strength)
                meet(contexts, around, scratch, np.int32(0), rule.alpha, slices, 0)
                if dm:
                    spread(scratch, contexts.n, slices)
                groups = measure(contexts, around, scratch, group, 0, rule.alpha, groups, tally)
            start, first, count = move_on(buffer, last, count, rule.window)
            base += start

    return grouped


@pasted
def _gather_documents(scratch, buffer, owners, g, size):
    """Write down the rows of the documents of a group, each in reach of its own words alone."""
    scratch.reaches[:] = -1
    n, before = 0, np.int64(-1)
    for t in range(size):
        owner = _owner(owners, buffer, g + t)
        if owner != before:
            scratch.rows[n] = owners.rows + owner * owners.stride
            scratch.places[n] = n
            before = owner
            n += 1
        scratch.centres[t] = n - 1
        scratch.reaches[t] = 0
    return contexts_at(scratch.rows, scratch.places, 0, n)


@pasted
def _gather_means(rows, scratch, buffer, owners, g, size, count):
    """Make the mean of the document's row and each centre's contexts; return the means."""
    scratch.reaches[:] = -1
    for t in range(size):
        i = g + t
        left, right = bounds(buffer, i, buffer.reaches[i], count)
        scratch.members[t, 0] = owners.rows + _owner(owners, buffer, i) * owners.stride
        n = 1
        for j in range(left, right + 1):
            scratch.members[t, n] = rows[j]
            n += np.int64(j != i)
        scratch.sizes[t] = n
        scratch.reaches[t] = 0  # each mean meets its own centre
        scratch.places[t] = buffer.places[i]
        scratch.rows[t] = scratch.hidden.ctypes.data + t * owners.stride
        average(scratch, t, n, owners.stride // SLICE)
    return contexts_at(scratch.rows, scratch.places, 0, size)


# -------------------------------------------------------------------------------- new documents


class Frozen(NamedTuple):
    """What stays as it is while new documents get their rows."""

    outputs: NDArray[np.float32]  # (V, D)
    inputs: NDArray[np.float32]  # (V, D); looked at with "dm" only
    keep: NDArray[np.uint64]  # (V,) a word stays if 32 random bits are below this


class Course(NamedTuple):
    """How to look for a row."""

    dm: bool
    window: int
    shrink: bool
    negative: int
    epochs: int
    alpha: float
    min_alpha: float


@kernel
def seeds_of(ids, starts, seed, out):
    """Make a random stream for each document of its words alone.

    Parameters
    ----------
    ids : ndarray of int32
        The words of all documents.
    starts : ndarray of int64
        Shape (n + 1,): document i is ``ids[starts[i]:starts[i + 1]]``.
    seed : uint64
        Changes all streams.
    out : ndarray of uint64
        Shape (n, 1): written, the states of the streams.
    """
    for i in range(len(starts) - 1):
        state = out[i]
        state[0] = seed
        for j in range(starts[i], starts[i + 1]):
            state[0] = next_random(state) ^ np.uint64(ids[j])
        next_random(state)


@kernel(fastmath=True)
def infer(ids, starts, frozen, noise, course, states, out):
    """Find the rows of new documents, one by one, each from its own random stream.

    Parameters
    ----------
    ids : ndarray of int32
        The words of all documents, each below V.
    starts : ndarray of int64
        Shape (n + 1,): document i is ``ids[starts[i]:starts[i + 1]]``.
    frozen : Frozen
        The tables.
    noise : Noise
        The law of noise words.
    course : Course
        Epochs and rates.
    states : ndarray of uint64
        Shape (n, 1): where each document's random numbers begin; changed in place.
    out : ndarray of float32
        Shape (n, D): written; zeros for a document without words.
    """
    size = out.shape[1]
    mean = np.empty(size, np.float32)
    change = np.empty(size, np.float32)
    for i in range(len(starts) - 1):
        row, state = out[i], states[i]
        tokens = ids[starts[i] : starts[i + 1]]
        words = np.empty(len(tokens), np.int32)
        reaches = np.empty(len(tokens), np.int64)
        row[:] = 0
        if len(tokens) == 0:
            continue
        for d in range(size):
            unit = np.float32(np.float64(next_random(state) >> _S40) * 2.0**-24)
            row[d] = (unit - np.float32(0.5)) / np.float32(size)
        for epoch in range(course.epochs):
            done = epoch / course.epochs
            alpha = np.float32(course.alpha + (course.min_alpha - course.alpha) * done)
            n = _thin_out(tokens, frozen.keep, course, state, words, reaches)
            for t in range(n):
                mean[:] = row
                if course.dm:
                    left, right = max(0, t - reaches[t]), min(n, t + reaches[t] + 1)
                    for j in range(left, right):
                        if j != t:
                            mean += frozen.inputs[words[j]]
                    mean /= np.float32(right - left)
                change[:] = 0
                _pull(mean, change, frozen.outputs, words[t], noise, course.negative, alpha, state)
                row += change


@inner
def _thin_out(tokens, keep, course, state, words, reaches):
    """Copy the tokens that stay, and draw their reaches; return how many."""
    n = 0
    for j in range(len(tokens)):
        bits = next_random(state)
        words[n] = tokens[j]
        reaches[n] = course.window
        if course.shrink:
            reaches[n] = 1 + np.int64(((bits >> _S32) * np.uint64(course.window)) >> _S32)
        n += np.int64((bits & _LOW) < keep[tokens[j]])
    return n


@inner(fastmath=True)
def _pull(x, change, outputs, word, noise, negative, alpha, state):
    """Add to `change` what x learns of a word and noise words, which stay as they are."""
    for k in range(negative + 1):
        target, label = word, np.float32(1)
        if k > 0:
            target, label = draw_noise(noise, state), np.float32(0)
            if target == word:
                continue
        y = outputs[target]
        dot = np.float32(0)
        for d in range(len(x)):
            dot += x[d] * y[d]
        g = alpha * (label - np.float32(1) / (np.float32(1) + np.exp(-dot)))
        for d in range(len(x)):
            change[d] += g * y[d]
