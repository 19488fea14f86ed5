"""Words to look at: a few frequent ones, drawn with a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.errors import InputError
from wordkin.vocabulary.checks import check_at_least

if TYPE_CHECKING:
    from wordkin.vocabulary import Vocabulary


def probe_words(vocabulary: Vocabulary, k: int = 16, *, top: int = 100, seed: int = 1) -> list[str]:
    """Draw some of the most frequent words, to look at their neighbours.

    Frequent words are the first to find their place, so that they tell early whether training
    works. Only words are drawn: padding and the unknown row are not among them.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words, most frequent first.
    k : int
        How many to draw, each once. A vocabulary with fewer words gives them all.
    top : int
        Draw from the first so many words.
    seed : int
        The same seed draws the same words.

    Returns
    -------
    list of str
        In the order of the vocabulary.

    Raises
    ------
    InputError
        If the vocabulary has no words, or `k` is more than `top`.
    ConfigError
        If a number is below 1, or the seed below 0.

    Examples
    --------
    >>> from wordkin import Vocabulary
    >>> probe_words(Vocabulary(["the", "of", "and", "to", "in"]), 2, top=4)
    ['of', 'and']
    """
    check_at_least("k", k, 1)
    check_at_least("top", top, 1)
    check_at_least("seed", seed, 0)
    if k > top:
        raise InputError(f"{k} different words can't be drawn from the top {top}.")
    if not len(vocabulary):
        raise InputError("There are no words to draw from: the vocabulary is empty.")
    top = min(top, len(vocabulary))
    drawn = np.random.default_rng(seed).choice(top, min(k, top), replace=False)
    return [vocabulary.words[i] for i in sorted(drawn.tolist())]
