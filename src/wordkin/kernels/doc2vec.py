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

from wordkin.kernels import inline, kernel, next_random
from wordkin.kernels.lanes import LANES, load, prefetch, row_addresses, splat, store, zeros
from wordkin.kernels.sampling import begin, carry, draw_noise, fill, make_buffer
from wordkin.kernels.word2vec import (
    _LINE,
    _LOSS_EVERY,
    _MERGE_EVERY,
    _SLICE,
    _bounds,
    _copy_hot,
    _fetch_next,
    _gather_contexts,
    _input_address,
    _make_meet,
    _measure,
    _merge_hot,
    _set_centres,
    _set_noise,
    _spread,
)

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
        ``kernel(text, noise, tables, documents, rule, span, scratch, state, tally)``: as in
        `word2vec`; `documents` are their rows, (S, padded D) float32. For "dbow", whose words have
        output rows only, `tables` holds these alone. The loss is that of predicting words from
        documents (and contexts, with "dm").
    """
    targets = group + shared
    dm, words = kind == "dm", kind == "dbow with words"
    meet = _make_meet(targets, cbow=dm)
    sides = 1 if kind == "dbow" else 2

    @kernel
    def grouped(text, noise, tables, documents, rule, span, scratch, state, tally):
        buffer = make_buffer(rule.window)
        drawn = np.empty((len(buffer.words) // group + 2) * shared, np.int32)
        cursor = np.zeros(3, np.int64)
        begin(text, span, cursor)
        first_owner, base = cursor[1], 0
        width = documents.shape[1] * 4
        slices = documents.shape[1] // LANES
        output = tables.rows.ctypes.data + (sides - 1) * width
        hot_output = tables.hot.ctypes.data + (sides - 1) * width
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
            for k in range(((last - first) // group + 2) * shared):
                drawn[k] = draw_noise(noise, state)
            owners = Owners(documents.ctypes.data, width, first_owner, base, rule.window + 1)
            k = 0
            for g in range(first, last, group):
                size = min(group, last - g)
                _set_centres(scratch, buffer, g, size, group)
                _set_noise(scratch, drawn[k : k + shared], group, strength, spare)
                k += shared
                following = drawn[k : k + shared]
                if sides == 1:
                    _fetch_targets(output, width, buffer, following, g + size, group, count)
                else:
                    _fetch_next(tables, buffer, following, g + size, group, rule.window, count)
                rows = row_addresses(
                    output,
                    hot_output,
                    len(tables.hot),
                    sides * width,
                    scratch.targets.ctypes.data,
                    targets,
                )
                if dm:
                    n = _gather_means(tables, scratch, buffer, owners, g, size, count)
                    meet(scratch, n, rows, np.int32(0), rule.alpha, slices)
                    _spread(scratch, n, slices)
                else:
                    if words:
                        n = _gather_contexts(tables, scratch, buffer, g, size, count)
                        meet(scratch, n, rows, np.int32(1), rule.alpha, slices)
                    n = _gather_documents(scratch, buffer, owners, g, size)
                    meet(scratch, n, rows, np.int32(0), rule.alpha, slices)
                if groups % _LOSS_EVERY == 0:
                    _measure(scratch, n, group, targets, 0, rule.alpha, tally)
                groups += 1
            start = max(0, last - rule.window)
            count = carry(buffer, start, count)
            first = last - start
            base += start
            buffers += 1
            if not more or buffers % _MERGE_EVERY == 0:
                _merge_hot(tables)

    return grouped


@kernel
def _fetch_targets(output, stride, buffer, drawn, g, group, count):
    """Prefetch the targets of the next group, which begins at g."""
    for t in range(len(drawn) + group):
        i = min(g + t - len(drawn), count - 1)
        word = drawn[t] if t < len(drawn) else buffer.words[i]
        for offset in range(0, stride, _LINE):
            prefetch(output + np.int64(word) * stride + offset)


@kernel
def _gather_documents(scratch, buffer, owners, g, size):
    """Write down the rows of the documents of a group, each in reach of its own words alone."""
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
    return n


@kernel
def _gather_means(tables, scratch, buffer, owners, g, size, count):
    """Make the mean of the document's row and each centre's contexts; return how many centres."""
    slices = owners.stride // _SLICE
    hidden = scratch.hidden.ctypes.data
    for t in range(size):
        i = g + t
        left, right = _bounds(buffer, i, buffer.reaches[i], count)
        scratch.members[t, 0] = owners.rows + _owner(owners, buffer, i) * owners.stride
        n = 1
        for j in range(left, right + 1):
            scratch.members[t, n] = _input_address(tables, buffer.words[j])
            n += np.int64(j != i)
        scratch.sizes[t] = n
        scratch.reaches[t] = 0  # each mean meets its own centre
        scratch.places[t] = buffer.places[i]
        scratch.rows[t] = hidden + t * owners.stride
        share = splat(np.float32(1) / np.float32(n))
        for s in range(slices):
            (total,) = zeros(1)
            for m in range(n):
                total = total + load(scratch.members[t, m] + s * _SLICE)
            store(scratch.rows[t] + s * _SLICE, total * share)
    return size


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


@kernel
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


@kernel(fastmath=True)
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
