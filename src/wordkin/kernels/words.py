"""An index of words for looking them up: an open-addressing hash table over their bytes.

A slot holds the number of a word, or -1. The slots are a power of two, at least twice the words. A
word belongs where its hash says, or in the next free slot behind (at the end: from the start
again). The hash is FNV-1a (Fowler, Noll, Vo) over the bytes, which begins with the basis XOR a
seed and ends with one more step that brings its upper half into play.
"""

from __future__ import annotations

import numpy as np

from wordkin.kernels import kernel

_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_S32 = np.uint64(32)


@kernel
def index_words(data, offsets, seed, slots, first, limit):
    """Fill an index, and find words that come again.

    Parameters
    ----------
    data : ndarray of uint8
        The words one after the other.
    offsets : ndarray of int64
        Shape (V + 1,): where they begin and end.
    seed : int
        Changes all hashes.
    slots : ndarray of int32
        Shape (a power of two above V,), filled with -1; written.
    first : ndarray of int32
        Shape (V,): written; the first word that has the same bytes (itself, unless it comes again).
    limit : int
        Give up at a word that has to look into more slots. Words that somebody made up to
        share one hash would take for ever; another seed scatters them.

    Returns
    -------
    bool
        Whether all words were indexed.
    """
    mask = np.int64(len(slots) - 1)
    for word in range(len(offsets) - 1):
        start, stop = offsets[word], offsets[word + 1]
        key = _BASIS ^ np.uint64(seed)
        for i in range(start, stop):
            key = (key ^ np.uint64(data[i])) * _PRIME
        at = np.int64(key ^ (key >> _S32)) & mask
        first[word] = word
        tries = 0
        while slots[at] >= 0:
            other = slots[at]
            begin = offsets[other]
            if offsets[other + 1] - begin == stop - start:
                same = 0
                while same < stop - start and data[begin + same] == data[start + same]:
                    same += 1
                if same == stop - start:
                    first[word] = other
                    break
            at = (at + 1) & mask
            tries += 1
            if tries > limit:
                return False
        if first[word] == word:
            slots[at] = word
    return True


@kernel
def binary_rows(data, most, words, offsets, matrix):
    """Take apart rows of a word, a space and D float32 numbers, as far as they are complete.

    Parameters
    ----------
    data : ndarray of uint8
        Shape (n,): rows, the last one perhaps incomplete. Line feeds in front of words are left
        out.
    most : int
        The number of rows to read at most.
    words : ndarray of uint8
        Shape (n,): written, the words one after the other.
    offsets : ndarray of int64
        Shape (rows + 1,): written, where they begin and end.
    matrix : ndarray of uint8
        Shape (rows, 4 * D): written, the bytes of the numbers.

    Returns
    -------
    tuple of int
        The number of rows, and the number of bytes they took.
    """
    position = top = row = 0
    width = matrix.shape[1]
    while row < most:
        i = position
        while i < len(data) and data[i] == 10:
            i += 1
        start = i
        while i < len(data) and data[i] != 32:
            i += 1
        if i + 1 + width > len(data):
            break
        for j in range(start, i):
            words[top] = data[j]
            top += 1
        matrix[row] = data[i + 1 : i + 1 + width]
        row += 1
        offsets[row] = top
        position = i + 1 + width
    return row, position
