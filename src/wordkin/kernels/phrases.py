"""Phrases over ids: pairs of words are counted, scored, and joined where they are.

A *pair* is a word, any number of connectors, and a word. It is known by a hash of the words it
consists of (63 bits: among a hundred million pairs, two have the same with a probability of
0.05 %), so that "new_york city" and "new york_city" of a second pass are one pair. Tables are open
hash tables, a key and a value side by side in each slot; key 0 means a free slot. They outgrow
every cache, so that a slot is asked for some pairs before it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, inner, kernel
from wordkin.kernels.lanes import prefetch

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AHEAD = 32  # 1.8 times as fast as without on wiki8; 16 and 64 are no faster
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S29, _S32, _S58, _1 = (np.uint64(n) for n in (29, 32, 58, 1))


class Sequences(NamedTuple):
    """A text as kernels see it."""

    ids: NDArray[np.int32]  # (N,)
    ends: NDArray[np.int64]  # (S + 1,) sentence s is ids[ends[s]:ends[s + 1]]


class Words(NamedTuple):
    """The words of the text at this pass."""

    counts: NDArray[np.int64]  # (V,)
    connects: NDArray[np.bool_]  # (V,) whether it is a connector
    plain: int  # words from here on are phrases of an earlier pass
    parts: NDArray[np.int64]  # (P,) the plain words that each phrase consists of
    bounds: NDArray[np.int64]  # (V - plain + 1,) where they begin


class Counts(NamedTuple):
    """How often pairs occur."""

    table: NDArray[np.uint64]  # (slots, 2)
    sieve: NDArray[np.uint64]  # 64 marks each: what is not marked is not in the table


class Score(NamedTuple):
    """How pairs are scored."""

    npmi: bool
    discount: float
    factor: float  # with npmi: the number of tokens
    threshold: float


class Found(NamedTuple):
    """Phrases: each is ids[firsts[i]:firsts[i] + lengths[i]]."""

    table: NDArray[np.uint64]  # (slots, 2) their hashes by words of this pass, and i
    firsts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    scores: NDArray[np.float64]


class Cursor(NamedTuple):
    """Where a kernel stopped and goes on; all of shape (1,), int64."""

    token: NDArray[np.int64]
    sentence: NDArray[np.int64]
    start: NDArray[np.int64]  # the token that may begin a pair, or -1
    used: NDArray[np.int64]  # slots, or phrases


def make_cursor() -> Cursor:
    """The beginning of a text.

    Returns
    -------
    Cursor
        With nothing used.
    """
    token, sentence, start, used = (np.zeros(1, np.int64) for _ in range(4))
    start[0] = -1
    return Cursor(token, sentence, start, used)


@inline
def _fold(key, number):
    """Add a number to a hash."""
    key = (key ^ (np.uint64(number) + _1)) * _MIX_1
    key = (key ^ (key >> _S29)) * _MIX_2
    return key ^ (key >> _S32)


@inner
def _fold_parts(key, words, word):
    """Add all parts of a word to a hash."""
    if word < words.plain:  # nearly all, and nothing to look up
        return _fold(key, word)
    phrase = word - words.plain
    for part in range(words.bounds[phrase], words.bounds[phrase + 1]):
        key = _fold(key, words.parts[part])
    return key


@inline
def _find_slot(table, key):
    """The slot of a key, or the free one where it belongs."""
    mask = np.int64(len(table) - 1)
    slot = np.int64(key) & mask
    while table[slot, 0] != key and table[slot, 0] != 0:
        slot = (slot + 1) & mask
    return slot


@inline
def _add(table, key, value):
    """Add to the value of a key; return 1 if the key is new."""
    slot = _find_slot(table, key)
    new = np.int64(table[slot, 0] == 0)
    table[slot, 0] = key
    table[slot, 1] += value
    return new


@kernel
def refill(old, new, least):
    """Copy what has a value of at least so much to another table.

    Parameters
    ----------
    old, new : ndarray of uint64
        Shape (slots, 2); powers of two, the new one empty and large enough.
    least : uint64
        The least value that is kept.

    Returns
    -------
    int
        How many keys there are now.
    """
    used = 0
    for i in range(len(old)):
        if old[i, 0] != 0 and old[i, 1] >= least:
            used += _add(new, old[i, 0], old[i, 1])
    return used


@kernel
def count_pairs(text, words, table, cursor, limits):
    """Count the pairs of a text.

    Parameters
    ----------
    text : Sequences
        The text.
    words : Words
        Its words.
    table : ndarray of uint64
        Shape (slots, 2): pairs and their counts; changed.
    cursor : Cursor
        Where to begin, and how many slots are used; changed.
    limits : ndarray of int64
        Shape (2,): stop before this token, and with more slots in use than this (`_AHEAD` more
        must be free).
    """
    ids, ends = text.ids, text.ends
    mask = np.int64(len(table) - 1)
    address = table.ctypes.data
    ring = np.zeros(_AHEAD, np.uint64)
    n = 0
    token, sentence, start = cursor.token[0], cursor.sentence[0], cursor.start[0]
    used = cursor.used[0]
    key = np.uint64(0)
    if start >= 0:
        for i in range(start, token):
            key = _fold_parts(key, words, ids[i])
    while token < limits[0] and used <= limits[1]:
        while token == ends[sentence + 1]:
            sentence += 1
            start = -1
        word = ids[token]
        if words.connects[word]:
            key = _fold_parts(key, words, word)
        else:
            if start >= 0:
                key = _fold_parts(key, words, word) | _1
                prefetch(address + (np.int64(key) & mask) * 16)
                if n >= _AHEAD:
                    used += _add(table, ring[n % _AHEAD], _1)
                ring[n % _AHEAD] = key
                n += 1
            start = token
            key = _fold_parts(np.uint64(0), words, word)
        token += 1
    for i in range(max(0, n - _AHEAD), n):
        used += _add(table, ring[i % _AHEAD], _1)
    cursor.token[0], cursor.sentence[0], cursor.start[0] = token, sentence, start
    cursor.used[0] = used


@inline
def _score(rule, count, count_a, count_b):
    """The score of a pair; operations in gensim's order, for the same last bit."""
    if rule.npmi:
        p_ab = count / rule.factor
        p_a, p_b = count_a / rule.factor, count_b / rule.factor
        return np.log(p_ab / (p_a * p_b)) / -np.log(p_ab)
    return (count - rule.discount) / (float(count_a) * float(count_b)) * rule.factor


@kernel
def sift(table, sieve):
    """Mark the keys of a table in a sieve, so that most others need not be looked for.

    Parameters
    ----------
    table : ndarray of uint64
        Shape (slots, 2).
    sieve : ndarray of uint64
        Shape (a power of two,), zeros: 64 marks each; written.
    """
    mask = np.uint64(len(sieve) - 1)
    for i in range(len(table)):
        key = table[i, 0]
        if key != 0:
            sieve[(key >> _S32) & mask] |= _1 << (key >> _S58)


@kernel
def find_phrases(text, words, counts, rule, found, cursor):
    """Score all pairs of a text, and write down those above the threshold.

    Parameters
    ----------
    text : Sequences
        The text.
    words : Words
        Its words.
    counts : Counts
        The pairs that are frequent enough.
    rule : Score
        How pairs are scored.
    found : Found
        Where to write; `table` with two slots or more for each.
    cursor : Cursor
        Where to begin, and how many phrases there are; changed.

    Returns
    -------
    bool
        False if `found` is full: make it larger and go on.
    """
    ids, ends = text.ids, text.ends
    table, sieve = counts
    mask = np.uint64(len(sieve) - 1)
    token, sentence, start = cursor.token[0], cursor.sentence[0], cursor.start[0]
    used = cursor.used[0]
    key = np.uint64(0)
    if start >= 0:
        for i in range(start, token):
            key = _fold_parts(key, words, ids[i])
    while token < len(ids) and used < len(found.firsts):
        while token == ends[sentence + 1]:
            sentence += 1
            start = -1
        word = ids[token]
        if words.connects[word]:
            key = _fold_parts(key, words, word)
        else:
            if start >= 0:
                key = _fold_parts(key, words, word) | _1
                count = np.uint64(0)
                if (sieve[(key >> _S32) & mask] >> (key >> _S58)) & _1:
                    count = table[_find_slot(table, key), 1]
                if count > 0:
                    score = _score(rule, float(count), words.counts[ids[start]], words.counts[word])
                    if score > rule.threshold:
                        _note(found, ids, start, token + 1, score, cursor.used)
                        used = cursor.used[0]
            start = token
            key = _fold_parts(np.uint64(0), words, word)
        token += 1
    cursor.token[0], cursor.sentence[0], cursor.start[0] = token, sentence, start
    return token == len(ids)


@inner
def _note(found, ids, start, stop, score, used):
    """Write down a phrase, unless it was seen before."""
    key = np.uint64(0)
    for i in range(start, stop):
        key = _fold(key, ids[i])
    slot = _find_slot(found.table, key | _1)
    if found.table[slot, 0] == 0:
        n = used[0]
        found.table[slot, 0] = key | _1
        found.table[slot, 1] = n
        found.firsts[n], found.lengths[n], found.scores[n] = start, stop - start, score
        used[0] = n + 1


@kernel
def index_phrases(tokens, bounds, table):
    """Fill a table with the hashes of phrases.

    Parameters
    ----------
    tokens : ndarray of int64
        The words of all phrases.
    bounds : ndarray of int64
        Shape (n + 1,): phrase i is ``tokens[bounds[i]:bounds[i + 1]]``; each is another.
    table : ndarray of uint64
        Shape (slots, 2), zeros, 2 n slots or more; written.
    """
    for i in range(len(bounds) - 1):
        key = np.uint64(0)
        for j in range(bounds[i], bounds[i + 1]):
            key = _fold(key, tokens[j])
        slot = _find_slot(table, key | _1)
        table[slot, 0], table[slot, 1] = key | _1, i


@kernel
def join_in_place(text, connects, table, names, counts):
    """Join the phrases of a text where they are: from left to right, the first that fits.

    What is written never overtakes what is read, because tokens only get fewer.

    Parameters
    ----------
    text : Sequences
        The text; overwritten.
    connects : ndarray of bool
        Shape (V,): whether a word is a connector.
    table : ndarray of uint64
        Shape (slots, 2): the hashes of phrases, and their numbers.
    names : ndarray of int32
        The word that each phrase becomes.
    counts : ndarray of int64
        The counts of all words, new ones too; changed.

    Returns
    -------
    int
        The number of tokens now.
    """
    ids, ends = text.ids, text.ends
    written = begin = 0
    for sentence in range(len(ends) - 1):
        stop = ends[sentence + 1]
        start = -1
        key = np.uint64(0)
        for token in range(begin, stop):
            word = ids[token]
            if connects[word]:
                if start < 0:
                    ids[written] = word
                    written += 1
                else:
                    key = _fold(key, word)
                continue
            if start >= 0:
                slot = _find_slot(table, _fold(key, word) | _1)
                if table[slot, 0] != 0:
                    for i in range(start, token + 1):
                        counts[ids[i]] -= 1
                    ids[written] = names[table[slot, 1]]
                    counts[ids[written]] += 1
                    written += 1
                    start = -1
                    continue
                for i in range(start, token):
                    ids[written] = ids[i]
                    written += 1
            start = token
            key = _fold(np.uint64(0), word)
        if start >= 0:
            for i in range(start, stop):
                ids[written] = ids[i]
                written += 1
        begin = stop
        ends[sentence + 1] = written
    return written
