"""Bags of words and n-grams, and linear classifiers over them: the mean head of `classification`.

A document becomes a sparse vector in three steps. `bag` counts its features: words by their number,
and n-grams (of words, or of the letters of words) by a 32-bit hash that an open table turns into a
row. `weigh` turns counts into weights, logarithmic term frequency by inverse document frequency,
at unit length. Then `descend` learns a row of class scores for each feature, and `score` adds up
the rows of a document.

The table keeps 30 bits of a hash, and one that parts the two kinds: two n-grams have one key in one
of a billion cases. Of a million n-grams some 500 pairs share a row, and of the n-grams that were
never learned from one in a thousand is taken for another (in a table without keys, such as
fastText's buckets, every one is).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_LOW = np.uint64(0xFFFFFFFF)
_0, _1, _32 = (np.uint64(n) for n in (0, 1, 32))
# where hashes start, so that a word and its letters differ
_WORD, _LETTERS = np.uint64(0x2545F4914F6CDD1D), np.uint64(0x5851F42D4C957F2D)

_ALIKE = {"nnan", "ninf", "nsz"}
"""Neither fused nor reordered: how many classes a thread has decides which of them are done in
whole vectors and which one by one, and both must round alike."""


class Bags(NamedTuple):
    """The features of documents."""

    rows: NDArray[np.int32]  # (m,) words 0..V-1, n-grams from V on
    values: NDArray[np.float32]  # (m,) counts, then weights
    starts: NDArray[np.int64]  # (n + 1,) document i has starts[i] up to starts[i + 1]


class Spelling(NamedTuple):
    """What there is to know of words by how they are spelled."""

    hashes: NDArray[np.uint64]  # (w,) of whole words
    keys: NDArray[np.uint64]  # of the letter n-grams of all words
    starts: NDArray[np.int64]  # (w + 1,) word t has keys starts[t] up to starts[t + 1]


# ------------------------------------------------------------------------------ hashing


@inline
def _mixed(number):
    """Spread the bits of a number over all 64."""
    number = (number ^ number >> _32) * _MIX
    return number ^ number >> _32


@inline
def _key(number, of_letters):
    """Return the key of a hash: 30 bits of it, a 1, and whether it is one of letters."""
    # with the 1 it is never 0, which is a free slot
    return (number >> _32 | np.uint64(2)) & ~_1 | of_letters


@inline
def _find(slots, key):
    """Return where a key is, or the free slot where it belongs."""
    mask = np.uint64(len(slots) - 1)
    at = (key * _GOLDEN >> _32) & mask
    while slots[at] != _0 and slots[at] >> _32 != key:
        at = (at + _1) & mask
    return at


@kernel
def fill_slots(keys, slots):
    """Enter keys with the rows 0, 1 ... into an empty table.

    Parameters
    ----------
    keys : ndarray of uint64
        Shape (n,): each once, 32 bits, none 0.
    slots : ndarray of uint64
        Zeros; a power of two of them, 2 n or more.
    """
    for row in range(len(keys)):
        slots[_find(slots, keys[row])] = keys[row] << _32 | np.uint64(row + 1)


@kernel
def word_hashes(text, offsets, hashes):
    """Hash words.

    Parameters
    ----------
    text : ndarray of uint8
        The words in UTF-8, each between the marks ``<`` and ``>``.
    offsets : ndarray of int64
        Shape (w + 1,): word t is ``text[offsets[t]:offsets[t + 1]]``.
    hashes : ndarray of uint64
        Shape (w,): what is written.
    """
    for w in range(len(offsets) - 1):
        number = _WORD
        for at in range(offsets[w] + 1, offsets[w + 1] - 1):
            number = _mixed(number + np.uint64(text[at]) + _1)
        hashes[w] = number


@kernel
def letter_keys(text, offsets, sizes, spelling):
    """Hash the letter n-grams of words, with a mark at both ends; the word as a whole is left out.

    Parameters
    ----------
    text : ndarray of uint8
        The words in UTF-8, each between the marks ``<`` and ``>``.
    offsets : ndarray of int64
        Shape (w + 1,): word t is ``text[offsets[t]:offsets[t + 1]]``.
    sizes : tuple of (int, int)
        The shortest and the longest n-gram, in characters.
    spelling : Spelling
        Where they are written; with empty `keys`, only how many there are.
    """
    low, high = sizes
    keys, starts = spelling.keys, spelling.starts
    n = 0
    starts[0] = 0
    for w in range(len(offsets) - 1):
        begin, stop = offsets[w], offsets[w + 1]
        for first in range(begin, stop):
            if text[first] & 0xC0 == 0x80:
                continue
            number = _LETTERS
            chars = 0
            at = first
            while at < stop and chars < high:
                number = _mixed(number + np.uint64(text[at]) + _1)
                at += 1
                while at < stop and text[at] & 0xC0 == 0x80:
                    number = _mixed(number + np.uint64(text[at]) + _1)
                    at += 1
                chars += 1
                if chars >= low and not (first == begin and at == stop):
                    if len(keys):
                        keys[n] = _key(_mixed(number), _1)
                    n += 1
        starts[w + 1] = n


# ------------------------------------------------------------------------------ counting


@inline
def _count(seen, touched, fill, row):
    """Count a row of the document at hand in a small table that stays in the cache."""
    mask = np.uint64(len(seen) - 1)
    at = (np.uint64(row) * _GOLDEN >> _32) & mask
    while seen[at, 0] != row + 1 and seen[at, 0] != 0:
        at = (at + _1) & mask
    if seen[at, 0] == 0:
        seen[at, 0] = row + 1
        seen[at, 1] = 0
        touched[fill[0]] = at
        fill[0] += 1
    seen[at, 1] += 1


@kernel
def bag(documents, limits, spelling, slots, grown, bags):
    """Count the features of documents.

    Parameters
    ----------
    documents : tuple of (ndarray of int32, ndarray of int64)
        The numbers of the words, and where documents start among them, shape (n + 1,).
    limits : tuple of (int, int)
        The number V of words: numbers from V on are unknown words, which are no features by
        themselves. And how many words the longest n-gram has.
    spelling : Spelling
        Of all words, the unknown ones too.
    slots : ndarray of uint64
        The table of n-grams: the key in the upper half, row + 1 in the lower.
    grown : ndarray of int64
        Shape (2,): 1 to enter unknown n-grams into the table, 0 to leave them out; and how many
        it has.
    bags : Bags
        What is written, with room for all; `values` are counts.

    Returns
    -------
    int
        How many documents were done: less than n if the table needs more slots.
    """
    ids, starts = documents
    n_words, longest = limits
    rows, values, ends = bags
    hashes, keys, pieces = spelling
    most = 0
    for i in range(len(starts) - 1):
        size = (starts[i + 1] - starts[i]) * longest
        for t in range(starts[i], starts[i + 1]):
            size += pieces[ids[t] + 1] - pieces[ids[t]]
        most = max(most, size)
    room = 16
    while room < 2 * most:
        room *= 2
    seen = np.zeros((room, 2), np.int64)
    touched = np.empty(most + 1, np.uint64)
    fill = np.zeros(1, np.int64)
    out = 0
    ends[0] = 0
    for i in range(len(starts) - 1):
        begin, stop = starts[i], starts[i + 1]
        # a document adds this many at most; the table stays half empty
        if grown[0] and 2 * (grown[1] + most) > len(slots):
            return i
        fill[0] = 0
        for t in range(begin, stop):
            word = np.int64(ids[t])
            if word < n_words:
                _count(seen, touched, fill, word)
            number = hashes[word]
            for u in range(t + 1, min(t + longest, stop)):
                number = _mixed(number) + hashes[ids[u]]
                row = _row(slots, grown, _key(_mixed(number), _0))
                if row >= 0:
                    _count(seen, touched, fill, n_words + row)
            for p in range(pieces[word], pieces[word + 1]):
                row = _row(slots, grown, keys[p])
                if row >= 0:
                    _count(seen, touched, fill, n_words + row)
        for f in range(fill[0]):
            at = touched[f]
            rows[out] = seen[at, 0] - 1
            values[out] = seen[at, 1]
            seen[at, 0] = 0
            out += 1
        ends[i + 1] = out
    return len(starts) - 1


@inline
def _row(slots, grown, key):
    """Return the row of a key; -1 if it is not in the table and must not be entered."""
    at = _find(slots, key)
    if slots[at] != _0:
        return np.int64(slots[at] & _LOW) - 1
    if grown[0] == 0:
        return np.int64(-1)
    grown[1] += 1
    slots[at] = key << _32 | np.uint64(grown[1])
    return grown[1] - 1


@kernel
def weigh(bags, new_rows, idf, out):
    """Turn counts into weights of unit length: (1 + log count) * idf, by new numbers of the rows.

    Salton and Buckley (1988), Information Processing & Management 24(5), section 3.

    Parameters
    ----------
    bags : Bags
        Counts.
    new_rows : ndarray of int32
        The number that each row gets; -1 leaves it out.
    idf : ndarray of float32
        By new rows.
    out : Bags
        What is written: as many documents, as many features or less.
    """
    m = 0
    out.starts[0] = 0
    for i in range(len(bags.starts) - 1):
        first = m
        square = 0.0
        for j in range(bags.starts[i], bags.starts[i + 1]):
            row = new_rows[bags.rows[j]]
            if row >= 0:
                value = (1.0 + np.log(bags.values[j])) * idf[row]
                square += value * value
                out.rows[m] = row
                out.values[m] = value
                m += 1
        if square > 0.0:
            scale = 1.0 / np.sqrt(square)
            for j in range(first, m):
                out.values[j] *= scale
        out.starts[i + 1] = m


# ------------------------------------------------------------------------------ learning


@kernel(fastmath=_ALIKE)
def descend(bags, lesson, order, table, duals):
    """Pass once over documents, each class against the rest, by dual coordinate descent.

    Hsieh et al. (2008), ICML, algorithm 1, for the squared hinge loss (their D_ii = 1 / 2C): each
    step solves for one document and class exactly, so that there is no learning rate. All
    classes of a document are done at once, as their scores lie side by side. Classes do not
    depend on each other: threads take some of them each, and any number of threads gives the same.

    Parameters
    ----------
    bags : Bags
        n documents.
    lesson : tuple of (ndarray of int32, ndarray of float32)
        Shape (n,): the class of each, less the first class of this table; and 1 / 2C for each.
    order : ndarray of int64
        The documents in the order to go.
    table : tuple of (ndarray of float32, ndarray of float32)
        Scores of k classes, shape (features, k), and their biases, shape (k,); changed in place.
    duals : ndarray of float32
        Shape (n, k), zeros at first; changed in place.

    Returns
    -------
    float
        The sum over documents and classes of the squared hinge loss before each step.
    """
    rows, values, starts = bags
    targets, softness = lesson
    weights, bias = table
    k = len(bias)
    margins = np.empty(k, np.float32)
    loss = 0.0
    for i in order:
        margins[:] = bias
        square = np.float32(1.0)
        for j in range(starts[i], starts[i + 1]):
            value = values[j]
            square += value * value
            row = weights[rows[j]]
            for c in range(k):
                margins[c] += value * row[c]
        soft = softness[i]
        step = np.float32(1.0) / (square + soft)
        moved = False
        for c in range(k):
            sign = np.float32(1.0) if targets[i] == c else np.float32(-1.0)
            short = np.float32(1.0) - sign * margins[c]
            loss += max(short, np.float32(0.0)) ** 2
            old = duals[i, c]
            new = max(old + (short - soft * old) * step, np.float32(0.0))
            duals[i, c] = new
            margins[c] = (new - old) * sign
            moved |= new != old
        if moved:
            for c in range(k):
                bias[c] += margins[c]
            for j in range(starts[i], starts[i + 1]):
                value = values[j]
                row = weights[rows[j]]
                for c in range(k):
                    row[c] += value * margins[c]
    return loss


@kernel(fastmath=_ALIKE)
def score(bags, weights, out):
    """Add up the rows of documents.

    Parameters
    ----------
    bags : Bags
        n documents.
    weights : ndarray of float32
        Shape (features, k).
    out : ndarray of float32
        Shape (n, k): what is added to, the biases at first.
    """
    rows, values, starts = bags
    for i in range(len(starts) - 1):
        sums = out[i]
        for j in range(starts[i], starts[i + 1]):
            value = values[j]
            row = weights[rows[j]]
            for c in range(len(sums)):
                sums[c] += value * row[c]
