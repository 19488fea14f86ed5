"""Paragraph vectors: each document has a vector, which predicts its words."""

from __future__ import annotations

from dataclasses import dataclass

from wordkin.config.base import Model, check_choice, check_int
from wordkin.config.predicting import check_predicting


@dataclass(frozen=True, kw_only=True)
class Doc2Vec(Model):
    """Vectors of documents, learned by predicting words (Le and Mikolov 2014, arXiv:1405.4053).

    Each sentence of the corpus is a document. With the distributed bag of words (PV-DBOW, section
    2.3) its vector predicts its words one by one; with the distributed memory (PV-DM, section 2.2)
    the mean of its vector and those of the words around predicts a word. Noise words stand for
    those that are not meant, as in `SkipGram`. Defaults are those that Lau and Baldwin 2016
    (arXiv:1607.05368) found best for PV-DBOW, but for `vector_size`, `window` and `sample`, which
    they have at 300, 15 and 1e-5 for corpora of a billion words.

    Parameters
    ----------
    dm : bool
        The distributed memory in place of the distributed bag of words. It learns more slowly: give
        it more epochs.
    dbow_words : bool
        With the distributed bag of words, also learn word vectors, by skip-gram in turn. Without
        it training is several times faster, the word vectors are those that documents predict, and
        vectors of documents are about as good.
    vector_size : int
        Dimensions D of a vector.
    window : int
        The widest distance, in words, between a word and its context.
    negative : int
        Noise words for each prediction.
    ns_exponent : float
        Noise words are drawn in proportion to count ** ns_exponent.
    sample : float
        Words more frequent than this share of the corpus are left out at random, the more
        frequent the more often; 0 keeps all.
    epochs : int
        Passes over the corpus.
    alpha, min_alpha : float
        Learning rate at the start and at the end; it falls linearly in between.
    shrink_windows : bool
        Draw the window of each word from 1..window, which weighs near words more.
    group : int, optional
        Neighbouring words that the kernel learns from at once, 1 to 8. More is faster and less
        exact.
    shared_negatives : int, optional
        Noise words that a group shares.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a name is that of another library.

    Examples
    --------
    >>> Doc2Vec(vector_size=50).epochs
    20
    """

    dm: bool = False
    dbow_words: bool = True
    window: int = 5
    negative: int = 5
    ns_exponent: float = 0.75
    sample: float = 1e-4
    epochs: int = 20
    alpha: float = 0.025
    min_alpha: float = 1e-4
    shrink_windows: bool = True
    group: int | None = None
    shared_negatives: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self, "dm", (False, True))
        check_choice(self, "dbow_words", (False, True))
        check_int(self, "window", low=1, high=1_000)
        check_predicting(self)

    @property
    def passes(self) -> int:
        """How many times training goes over the corpus."""
        return self.epochs

    @property
    def rates(self) -> tuple[float, float]:
        """The learning rate at the start and at the end; it falls linearly in between."""
        return self.alpha, self.min_alpha
