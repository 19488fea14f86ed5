"""Skip-gram pairs for those who write their own training loop: what Keras removed, and right.

Keras' old ``skipgrams`` drew its negatives from all words alike, some of them true contexts,
thinned out only the targets, took a fixed window over sentence ends, and returned lists of all
pairs.
Here negatives follow the words' frequencies and are never the true context, both words of a pair
are thinned out, windows end with the sentence, and pairs come in batches while they are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import ConfigError, InputError
from wordkin.given import array_of
from wordkin.pairs.reading import read
from wordkin.pairs.stream import Plan, Skipgrams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from wordkin.corpus import Corpus

_EULER = 0.577
"""Euler's constant, with as many digits as Keras gave it."""


def skipgrams(  # noqa: PLR0913 (the text comes first, the rest by name)
    corpus: Corpus | ArrayLike | Sequence[ArrayLike],
    counts: ArrayLike | None = None,
    *,
    window: int = 5,
    negative: int = 5,
    ns_exponent: float = 0.75,
    sample: float | ArrayLike = 1e-3,
    shrink_windows: bool = True,
    shuffle: bool = True,
    batch_size: int = 8192,
    epochs: int = 1,
    seed: int = 1,
    rows: bool = False,
    specials: int = 0,
) -> Skipgrams:
    """Make skip-gram pairs with negatives, in batches of NumPy arrays.

    The result can be looped over again and again, with the same batches each time. It is made
    while it is looped over: a pool of about a million examples is all that is in memory.

    Parameters
    ----------
    corpus : Corpus, array_like of int, or sequence of those
        The text: a corpus; the ids of one stretch of text; or the ids of each sentence. Ids below
        0 stand for unknown words and are left out.
    counts : array_like of int, optional
        With ids: how often each word occurs, shape (V,). By default they are counted. A word that
        is counted 0 times is never a negative.
    window : int
        The widest distance between target and context.
    negative : int
        Examples with label 0 for each pair: the target, and a word drawn at random that is
        neither target nor context.
    ns_exponent : float
        Negatives are drawn in proportion to count ** ns_exponent.
    sample : float or array_like of float
        Words more frequent than this share of the text are left out at random, as targets and as
        contexts; 0 keeps all. Or the probability to keep each word, shape (V,), such as
        `make_sampling_table` returns.
    shrink_windows : bool
        Draw the window of each target from 1..window, which weighs near words more.
    shuffle : bool
        Mix examples: pieces of the text come in random order, and the examples of many pieces are
        shuffled together. Otherwise they come in order of the text, each pair before its
        negatives.
    batch_size : int
        Examples in a batch; the last batch may have fewer.
    epochs : int
        How often to go through the text; each time other words are left out and drawn.
    seed : int
        Fixes all random choices.
    rows : bool
        With a corpus: give model rows (`Vocabulary.encode` does too), in which padding and unknown
        words come first, so that a batch goes straight into a layer. By default the ids of words,
        0..V-1.
    specials : int
        With ids: the first so many ids stand for no word, are left out, and are never negatives:
        1 for Keras' old convention, 2 for what `Vocabulary.encode` returns.

    Returns
    -------
    Skipgrams
        Iterable of (targets, contexts, labels): int32, int32 and float32, shape (batch_size,).

    Raises
    ------
    ConfigError
        If a setting is out of its range, or does not go with this kind of text.
    InputError
        If the text or the counts are not what they should be.
    RowError
        If an id is beyond the counts.
    EmptyCorpusError
        If there is no token.
    OutOfMemoryError
        If ids are so high that there is no room for a count of each.

    Examples
    --------
    >>> pairs = skipgrams([3, 1, 4, 1, 5], window=1, negative=0, sample=0, shuffle=False)
    >>> [(targets, contexts, labels)] = pairs
    >>> print(targets, contexts, labels)
    [3 1 1 4 4 1 1 5] [1 3 4 1 1 4 5 1] [1. 1. 1. 1. 1. 1. 1. 1.]
    """
    plan = Plan(
        window=window,
        shrink_windows=shrink_windows,
        negative=negative,
        ns_exponent=ns_exponent,
        shuffle=shuffle,
        batch_size=batch_size,
        epochs=epochs,
        seed=seed,
    )
    source = read(corpus, counts, specials=specials, rows=rows)
    others = source.others(plan.ns_exponent, plan.negative)
    return Skipgrams(source.text(sample), others, plan, first=source.first)


def make_sampling_table(
    size: int | ArrayLike, sampling_factor: float = 1e-5
) -> NDArray[np.float64]:
    """Compute the probability to keep each word, so that frequent ones are thinned out.

    It is min(1, sqrt(sampling_factor / frequency)) (Mikolov et al. 2013, section 2.3).

    Parameters
    ----------
    size : int or array_like of int
        How often each word occurs. Or the number of words only: then frequencies are guessed from
        ranks by Zipf's law, and the numbers are those of Keras' old function of this name.
    sampling_factor : float
        The share of the text above which words are thinned out.

    Returns
    -------
    ndarray of float64
        Shape (V,): the probability of each word; 1 for one that does not occur.

    Raises
    ------
    InputError
        If `size` is neither, or a count is negative.
    ConfigError
        If `sampling_factor` is not above 0.

    Examples
    --------
    >>> print(make_sampling_table(4).round(5))
    [0.00315 0.00315 0.00548 0.00742]
    >>> print(make_sampling_table([900, 99, 1], sampling_factor=0.01).round(3))
    [0.105 0.318 1.   ]
    """
    factor = array_of(sampling_factor)
    if factor.dtype.kind not in "iuf" or factor.ndim or not 0 < factor < np.inf:
        raise ConfigError(f"sampling_factor must be a number above 0; got {sampling_factor!r:.60}.")
    given = array_of(size)
    fewest = 1 if given.ndim == 0 else 0
    if (
        given.dtype.kind not in "iu"
        or given.ndim > 1
        or not (given >= fewest).all()
        or not given.size
    ):
        raise InputError(
            "make_sampling_table needs a number of words, or how often each word occurs "
            f"(whole numbers from 0 on, shape (V,)); got {size!r:.100}."
        )
    if given.ndim == 0:
        ranks = np.arange(int(given))
        ranks[:1] = 1  # Keras' id 0 was no word
        inverse = ranks * (np.log(ranks) + _EULER) + 0.5 - 1.0 / (12.0 * ranks)
    else:
        inverse = given.sum() / np.maximum(given, 1)
        inverse[given == 0] = 1 / sampling_factor
    ratio = sampling_factor * inverse
    table: NDArray[np.float64] = np.minimum(1.0, ratio / np.sqrt(ratio))
    return table
