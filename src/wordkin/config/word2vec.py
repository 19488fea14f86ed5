"""Skip-gram and CBOW: words predict their neighbours, or are predicted by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

from wordkin.config.base import Model, check_choice, check_int
from wordkin.config.predicting import check_predicting

_FAST_LOSSES = ("negative-sampling", "hierarchical-softmax")
_SET_REACH = 64
"""In sets: those of up to 65 items meet completely; in a larger one each item meets 128 others,
drawn anew in each epoch, so that time and memory grow with the items and not with their square."""
_REFERENCE_LOSSES = ("softmax", "sampled-softmax", "nce")


@dataclass(frozen=True, kw_only=True)
class Word2Vec(Model):
    """What SkipGram and CBOW share (abstract: use one of the two)."""

    window: int | Literal["all"] = 5
    negative: int = 5
    ns_exponent: float = 0.75
    sample: float = 1e-3
    epochs: int = 5
    alpha: float = 0.035
    min_alpha: float = 1e-4
    shrink_windows: bool = True
    loss: Literal[
        "negative-sampling", "hierarchical-softmax", "softmax", "sampled-softmax", "nce"
    ] = "negative-sampling"
    group: int | None = None
    shared_negatives: int | None = None
    shared_table: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window != "all":
            check_int(self, "window", low=1, high=1_000)
        check_predicting(self)
        check_choice(self, "loss", (*_FAST_LOSSES, *_REFERENCE_LOSSES))
        check_choice(self, "shared_table", (False, True))

    @property
    def family(self) -> str:
        """By which engines find what trains it."""
        return "reference losses" if self.loss in _REFERENCE_LOSSES else super().family

    @property
    def passes(self) -> int:
        """How many times training goes over the corpus."""
        return self.epochs

    @property
    def reach(self) -> int:
        """The widest distance between words that meet."""
        return _SET_REACH if self.window == "all" else int(self.window)

    @property
    def shrinks(self) -> bool:
        """Whether the window of each word is drawn."""
        return self.shrink_windows and self.window != "all"

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rate at the start and at the end; it falls linearly in between."""
        return self.alpha, self.min_alpha

    @property
    def averages(self) -> bool:
        """Whether the mean of the contexts predicts the word, not each of them by itself."""
        return False


@dataclass(frozen=True, kw_only=True)
class SkipGram(Word2Vec):
    """Skip-gram (Mikolov et al. 2013, arXiv:1310.4546): each word predicts those around it.

    Settings are given by name; the names are gensim's where gensim has the thing.

    Parameters
    ----------
    vector_size : int
        Dimensions D of a vector.
    window : int or "all"
        The widest distance, in words, between a word and its context. "all" is for sentences that
        are sets, such as baskets: each word meets all others of its sentence (Barkan and
        Koenigstein 2016, arXiv:1603.04259), or 128 of them, drawn anew in each epoch, if there
        are more than 65.
    negative : int
        Noise words for each (word, context) pair.
    ns_exponent : float
        Noise words are drawn in proportion to count ** ns_exponent.
    sample : float
        Words more frequent than this share of the corpus are left out at random, the more
        frequent the more often (as word2vec does it); 0 keeps all.
    epochs : int
        Passes over the corpus.
    alpha : float
        Learning rate at the start. (0.025, the default of gensim and word2vec, solves fewer
        analogies here: see ``docs/how-training-got-fast.md``.)
    min_alpha : float
        Learning rate at the end; it falls linearly with the words seen.
    shrink_windows : bool
        Draw the window of each word from 1..window, which weighs near words more; sets have no
        near words.
    loss : str
        "negative-sampling" or "hierarchical-softmax" (a Huffman tree; `negative`, `group` and
        `shared_negatives` then mean nothing). For vocabularies of a few thousand words, to compare
        with, there are also "softmax" (exact, over all words), "sampled-softmax" and "nce" (both
        with `negative` noise words for each pair; they want more, such as 64).
    group : int, optional
        Neighbouring words that the kernel learns from at once, 1 to 8. More is faster and less
        exact. By default chosen for the size of the corpus.
    shared_negatives : int, optional
        Noise words that a group shares. Their gradient is scaled as if there were `negative` for
        each pair. By default chosen with the group.
    shared_table : bool
        Learn one table, for words and for contexts, instead of two. A word is then pushed away
        from itself as a context, and scores suffer: it is there for comparison (``engine="keras"``
        only).

    Raises
    ------
    ConfigError
        If a value is out of its range, or a name is that of another library.

    Examples
    --------
    >>> SkipGram(vector_size=50).window
    5
    >>> SkipGram(size=50)
    Traceback (most recent call last):
        ...
    wordkin.errors.ConfigError: SkipGram has no setting 'size'. Use vector_size.
    """

    @classmethod
    def for_items(cls, **settings: Any) -> Self:  # noqa: ANN401 (of its kind each)
        """Settings for baskets, playlists, carts: sets of items.

        ``window="all"``: the items of a set have no order (Barkan and Koenigstein 2016,
        arXiv:1603.04259, section 3). For sessions, whose order tells something, set a window.
        ``ns_exponent=-0.5``, ``sample=1e-4`` and ``epochs=10``: in Caselles-Dupré et al. 2018
        (arXiv:1804.04212, section 4) a negative exponent (noise that is rare rather than
        popular), more subsampling and more epochs are what makes recommendations better than
        the settings for text. (``benchmarks/presets.py``: on articles as sets of words the window
        and the epochs do, and the exponent makes no difference.)

        Parameters
        ----------
        **settings
            What to set otherwise, or besides.

        Returns
        -------
        SkipGram
            The settings.

        Examples
        --------
        >>> SkipGram.for_items(vector_size=64).window
        'all'
        """
        preset: dict[str, Any] = {
            "window": "all",
            "ns_exponent": -0.5,
            "sample": 1e-4,
            "epochs": 10,
        }
        return cls(**(preset | settings))

    @classmethod
    def for_graphs(cls, **settings: Any) -> Self:  # noqa: ANN401 (of its kind each)
        """Settings for random walks over the nodes of a graph.

        ``window=10``, ``vector_size=128`` and ``epochs=1`` are those of node2vec (Grover and
        Leskovec 2016, arXiv:1607.00653, section 4.2, with ten walks of 80 steps from each node);
        DeepWalk (Perozzi et al. 2014, arXiv:1403.6652) has window 10 too. ``sample=0``: a walk
        visits a node in proportion to its degree, and a hub left out would be a hole in the walk.

        Parameters
        ----------
        **settings
            What to set otherwise, or besides.

        Returns
        -------
        SkipGram
            The settings.

        Examples
        --------
        >>> SkipGram.for_graphs().vector_size
        128
        """
        preset: dict[str, Any] = {"window": 10, "vector_size": 128, "epochs": 1, "sample": 0.0}
        return cls(**(preset | settings))

    @classmethod
    def for_small_text(cls, **settings: Any) -> Self:  # noqa: ANN401 (of its kind each)
        """Settings for texts of up to a few million words.

        ``epochs=15`` and ``sample=1e-4`` are those of the script that came with word2vec for 17
        million words (``demo-word.sh``). Less text needs more passes, until rare words have moved
        from where chance put them; and thinning out frequent words more lets windows reach
        farther (Mikolov et al. 2013, arXiv:1310.4546, section 2.3, and Levy et al. 2015, TACL,
        section 3.1). That paper's 5 to 20 noise words for small texts were tried and did
        not help here. Take ``min_count=2`` or 3 for the corpus if rare words matter.

        Parameters
        ----------
        **settings
            What to set otherwise, or besides.

        Returns
        -------
        SkipGram
            The settings.

        Examples
        --------
        >>> SkipGram.for_small_text().epochs
        15
        """
        preset: dict[str, Any] = {"epochs": 15, "sample": 1e-4}
        return cls(**(preset | settings))


@dataclass(frozen=True, kw_only=True)
class CBOW(Word2Vec):
    """Continuous bag of words (Mikolov et al. 2013, arXiv:1301.3781): the mean predicts the word.

    The settings are those of `SkipGram`; only the default of `alpha` differs.

    Parameters
    ----------
    vector_size, window, negative, ns_exponent, sample, epochs
        As in `SkipGram`.
    alpha : float
        Learning rate at the start; CBOW wants a higher one than skip-gram.
    min_alpha, shrink_windows, loss, group, shared_negatives, shared_table
        As in `SkipGram`.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a name is that of another library.

    Examples
    --------
    >>> CBOW().alpha
    0.065
    """

    alpha: float = 0.065

    @property
    def averages(self) -> bool:
        """Whether the mean of the contexts predicts the word, not each of them by itself."""
        return True
