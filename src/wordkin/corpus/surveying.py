"""Looking over a whole text, a stretch at a time, so that none of it is copied as a whole."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.corpus import Corpus

_PIECES, _PIECE = 256, 4096  # of a text, to tell it from others without reading all of it
_AT_ONCE = 1 << 20  # ids, of which NumPy makes a copy of 8 bytes each to count them


def word_counts(ids: NDArray[np.int32], words: int) -> NDArray[np.int64]:
    """Count how often each word stands in a text.

    Parameters
    ----------
    ids : ndarray of int32
        The text.
    words : int
        The size V of the vocabulary.

    Returns
    -------
    ndarray of int64
        Shape (V,).

    Examples
    --------
    >>> word_counts(np.array([0, 2, 0], np.int32), 4)
    array([2, 0, 1, 0])
    """
    counts = np.zeros(words, np.int64)
    at_once = max(_AT_ONCE, words)  # each stretch gives counts of all words
    for start in range(0, len(ids), at_once):
        counts += np.bincount(ids[start : start + at_once], minlength=words)
    return counts


def counts_of(corpus: Corpus) -> NDArray[np.int64]:
    """Tell how often each word occurs: as its vocabulary says, or else counted in the text.

    Parameters
    ----------
    corpus : Corpus
        The text.

    Returns
    -------
    ndarray of int64
        Shape (V,). A vocabulary from elsewhere may have counted a word zero times.
    """
    counts = corpus.vocabulary.counts
    return word_counts(corpus.ids, len(corpus.vocabulary)) if counts is None else counts


def text_mark(corpus: Corpus) -> str:
    """Make a checksum of pieces of a text, of where its sentences end, and of all counts.

    Checkpoints hold it: it must stay as it is.

    Parameters
    ----------
    corpus : Corpus
        The text. Its size and its words are not in the checksum.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    digest = hashlib.sha256()
    for array in (corpus.ids, corpus.starts):
        for start in np.linspace(0, max(0, len(array) - _PIECE), _PIECES).astype(np.int64):
            digest.update(np.ascontiguousarray(array[start : start + _PIECE]).data)
    if corpus.vocabulary.counts is not None:
        digest.update(np.ascontiguousarray(corpus.vocabulary.counts).data)
    return digest.hexdigest()
