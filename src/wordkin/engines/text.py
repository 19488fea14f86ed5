"""Text to learn words from, as kernels take it, and how often each word stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.corpus.surveying import counts_of
from wordkin.kernels import sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.corpus import Corpus


def counted_text(corpus: Corpus, *, sample: float) -> tuple[sampling.Text, NDArray[np.int64]]:
    """Make the text of a corpus ready for kernels, without a copy of it.

    Parameters
    ----------
    corpus : Corpus
        What to learn from, its vocabulary of V words with or without counts.
    sample : float
        How much frequent words are thinned out, as in `SkipGram`.

    Returns
    -------
    text : Text
        The ids, where sentences start, and with what chance each word is kept.
    counts : ndarray of int64
        Shape (V,): how often each word occurs; 1 at least.

    Examples
    --------
    >>> from wordkin import Corpus
    >>> text, counts = counted_text(Corpus.from_texts(["a b a"], min_count=1), sample=0)
    >>> text.ids, counts
    (array([0, 1, 0], dtype=int32), array([2, 1]))
    """
    counts = np.maximum(counts_of(corpus), 1)  # of a word that occurs nowhere, too
    keep = sampling.keep_thresholds(counts, sample)
    return sampling.make_text(np.asarray(corpus.ids), np.asarray(corpus.starts), keep), counts
