"""Texts that are nearly the same: how many stretches of words they share.

The shares are exact up to eight million words; of more, every second, third ... stretch is looked
at. The time grows as the number of words does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.documents.reading import Documents, Reader
from wordkin.text.tokenizers import Words
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WIDTH = 5  # words in a stretch
_COMMON = 50  # a stretch that more texts than this have is a phrase of the language
_MOST = 8_000_000  # stretches that are looked at
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Overlap(NamedTuple):
    """How much of each text another set of texts holds.

    Parameters
    ----------
    share : ndarray of float64
        Shape (n,): the largest share of a text's stretches of words that one of the others has.
    source : ndarray of int64
        Shape (n,): which of the others that is; -1 for none.
    """

    share: NDArray[np.float64]
    source: NDArray[np.int64]


def overlap(texts: Sequence[str], others: Sequence[str]) -> Overlap:
    """Find for each text how much of it stands in one of the others.

    A text is the set of its stretches of five words (Broder 1997, "On the resemblance and
    containment of documents", section 2); what is measured is containment: a reply that quotes a
    post holds that post, and shares much with it. A shorter text is a single stretch.

    Parameters
    ----------
    texts : sequence of str
        n texts, such as those of a test.
    others : sequence of str
        Such as those of the training part.

    Returns
    -------
    Overlap
        For each of the n texts.

    Examples
    --------
    >>> overlap(["one two three four five six"], ["and one two three four five", "six"]).share
    array([0.5])
    """
    everything = Reader(Vocabulary([], tokenizer=Words())).read([*texts, *others])
    owners, marks = _stretches(everything)
    n = len(texts)
    ours = owners < n
    return _matched(
        (owners[ours], marks[ours]), (owners[~ours] - n, marks[~ours]), (n, len(others))
    )


def _stretches(documents: Documents) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return each stretch of words once for each text: the text's number, and its hash."""
    ids, starts, lengths = documents.ids, documents.starts, documents.lengths()
    owners = np.repeat(np.arange(documents.n_documents), lengths)
    stops = starts[1:][owners]
    at = np.arange(len(ids))
    begins = (at + WIDTH <= stops) | (at == starts[:-1][owners])
    at, owners, stops = at[begins], owners[begins], stops[begins]
    marks = np.zeros(len(at), np.uint64)
    for i in range(WIDTH):
        where = np.minimum(at + i, len(ids) - 1)
        word = np.where(at + i < stops, ids[where].astype(np.uint64) + np.uint64(1), np.uint64(0))
        marks = _mixed(marks * _ODD + word)
    every = np.uint64(-(-len(marks) // _MOST) or 1)
    kept = marks % every == 0  # the same stretches in all texts, or they would not meet
    owners, marks = owners[kept], marks[kept]
    order = np.lexsort((marks, owners))
    owners, marks = owners[order], marks[order]
    first = np.ones(len(marks), bool)
    first[1:] = (owners[1:] != owners[:-1]) | (marks[1:] != marks[:-1])
    return owners[first], marks[first]


def _mixed(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread bits (the finalizer of SplitMix64, Steele et al. 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _matched(
    ours: tuple[NDArray[np.int64], NDArray[np.uint64]],
    theirs: tuple[NDArray[np.int64], NDArray[np.uint64]],
    sizes: tuple[int, int],
) -> Overlap:
    n, n_others = sizes
    order = np.argsort(theirs[1], kind="stable")
    owners, marks = theirs[0][order], theirs[1][order]
    low, high = np.searchsorted(marks, ours[1], "left"), np.searchsorted(marks, ours[1], "right")
    counts = high - low
    counts[counts > _COMMON] = 0
    # a pair for each text of ours and each of theirs with the same stretch
    texts = np.repeat(ours[0], counts)
    offsets = np.arange(len(texts)) - np.repeat(np.cumsum(counts) - counts, counts)
    pairs = texts * np.int64(max(1, n_others)) + owners[np.repeat(low, counts) + offsets]
    found, common = np.unique(pairs, return_counts=True)
    text, other = np.divmod(found, max(1, n_others))
    share = common / np.bincount(ours[0], minlength=n)[text]
    best = Overlap(np.zeros(n), np.full(n, -1, np.int64))
    order = np.lexsort((-other, share, text))
    last = order[np.append(text[order][1:] != text[order][:-1], True)] if len(order) else order
    best.share[text[last]] = share[last]
    best.source[text[last]] = other[last]
    return best
