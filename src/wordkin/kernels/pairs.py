"""Skip-gram pairs written out: (target, context, label) as arrays, for loops that others write.

An example is one whole number: target, context and label side by side in 64 bits, so that a pool
of a million of them takes 8 MB, and shuffling moves each in one piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, kernel, next_random
from wordkin.kernels.sampling import begin, bounds, make_noise, move_on, refill
from wordkin.kernels.sampling import make_buffer as make_buffer

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LOW = np.uint64(0xFFFFFFFF)
_S32, _S33, _S1 = np.uint64(32), np.uint64(33), np.uint64(1)
_WORD = np.uint64(0x7FFFFFFF)
_TRIES = 64
_SPARE = np.int32(0)  # ends a buffer: here nobody looks past it


class PairRule(NamedTuple):
    """Which pairs to make."""

    window: int
    shrink: bool
    negative: int


class Others(NamedTuple):
    """The law of the negatives."""

    columns: NDArray[np.uint64]  # (V,) `sampling.Noise`: threshold in the low 32 bits, alias above
    common: NDArray[np.int32]  # (3,) likely words: one of them is neither of the two in a pair


def make_others(weights: NDArray[np.float64]) -> Others:
    """The law that negatives are drawn by.

    Parameters
    ----------
    weights : ndarray
        Shape (V,): a word is drawn in proportion; at least three are above 0.

    Returns
    -------
    Others
        The law.
    """
    threshold, alias, _ = make_noise(weights, 1.0)
    common = np.argsort(-weights)[:3].astype(np.int32)
    # what rounding left over must not become a word that has no weight
    never = weights == 0
    threshold[never] = 0
    alias[never & never[alias]] = common[0]
    # a threshold of 2**32 does not fit; its column then stands for itself either way
    alias[threshold > _LOW] = np.flatnonzero(threshold > _LOW)
    columns = np.minimum(threshold, _LOW) | (alias.astype(np.uint64) << _S32)
    return Others(columns, common)


@kernel
def count_pairs(text, rule, span, buffer, state):
    """Count the pairs that `make_examples` would make of a span with the same random stream.

    Parameters
    ----------
    text : Text
        The corpus.
    rule : PairRule
        Window, and whether it shrinks.
    span : Span
        The tokens.
    buffer : Buffer
        Made for the window.
    state : ndarray
        The random stream, changed in place.

    Returns
    -------
    int
        Pairs, without negatives.
    """
    begin(text, span, buffer)
    first = count = pairs = np.int64(0)
    more = True
    while more:
        count, last, more = refill(text, span.stop, buffer, first, count, rule, state, 1, _SPARE)
        for i in range(first, last):
            left, right = bounds(buffer, i, buffer.reaches[i], count)
            pairs += right - left
        _, first, count = move_on(buffer, last, count, rule.window)
    return pairs


@kernel
def make_examples(text, rule, span, others, buffer, states, out):
    """Write the examples of a span: each pair with label 1, and its negatives with label 0.

    Parameters
    ----------
    text : Text
        The corpus.
    rule : PairRule
        Which pairs.
    span : Span
        The tokens.
    others : Others
        The law of the negatives.
    buffer : Buffer
        Made for the window.
    states : tuple of two ndarrays
        Random streams: of the text (as for `count_pairs`), and of the noise.
    out : ndarray
        uint64, with room for pairs * (1 + negative).

    Returns
    -------
    int
        Examples written.
    """
    begin(text, span, buffer)
    first = count = n = np.int64(0)
    more = True
    while more:
        count, last, more = refill(
            text, span.stop, buffer, first, count, rule, states[0], 1, _SPARE
        )
        for i in range(first, last):
            left, right = bounds(buffer, i, buffer.reaches[i], count)
            target = buffer.words[i]
            for j in range(left, right + 1):
                if j == i:
                    continue
                context = buffer.words[j]
                out[n] = _packed(target, context, np.uint64(1))
                n += 1
                for _ in range(rule.negative):
                    other = _draw_other(others, target, context, states[1])
                    out[n] = _packed(target, other, np.uint64(0))
                    n += 1
        _, first, count = move_on(buffer, last, count, rule.window)
    return n


@inline
def _packed(target, context, label):
    return (np.uint64(target) << _S33) | (np.uint64(context) << _S1) | label


@inline
def _draw_other(others, target, context, state):
    """Draw a word that is neither of the two."""
    word = target
    tries = 0
    while word == target or word == context:  # noqa: SIM109 (compiled: no tuple)
        bits = next_random(state)
        column = ((bits >> _S32) * np.uint64(len(others.columns))) >> _S32
        drawn = others.columns[np.int64(column)]
        word = np.int32(column if (bits & _LOW) < (drawn & _LOW) else drawn >> _S32)
        tries += 1
        if tries > _TRIES:  # two words are nearly all of the text: take one of three others
            word = others.common[tries % 3]
    return word


@kernel
def shuffle(pool, n, state):
    """Put pool[:n] into random order (Durstenfeld 1964).

    Parameters
    ----------
    pool : ndarray
        uint64, changed in place.
    n : int
        How many.
    state : ndarray
        The random stream, changed in place.
    """
    for i in range(n - 1, 0, -1):
        j = np.int64(((next_random(state) >> _S32) * np.uint64(i + 1)) >> _S32)
        pool[i], pool[j] = pool[j], pool[i]


@kernel
def unpack(pool, first_row, targets, contexts, labels):
    """Take examples apart.

    Parameters
    ----------
    pool : ndarray
        uint64, shape (n,).
    first_row : int
        Is added to each word.
    targets, contexts : ndarray
        int32, shape (n,), to be filled.
    labels : ndarray
        float32, shape (n,), to be filled.
    """
    for i in range(len(pool)):
        targets[i] = np.int64(pool[i] >> _S33) + first_row
        contexts[i] = np.int64((pool[i] >> _S1) & _WORD) + first_row
        labels[i] = np.int64(pool[i] & _S1)
