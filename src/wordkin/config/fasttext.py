"""fastText: words are the sum of their parts, so that unknown words have vectors too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wordkin.config.base import check_choice, check_int
from wordkin.config.word2vec import Word2Vec
from wordkin.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUCKETS, _COMPACT_BUCKETS = 2_000_000, 50_000


@dataclass(frozen=True, kw_only=True)
class FastText(Word2Vec):
    """Skip-gram or CBOW over words and their character n-grams (Bojanowski et al. 2017).

    The vector of a word is the mean of its own row and the rows of its n-grams (section 3.2 of
    arXiv:1607.04606): words that are spelled alike share rows, rare words get better vectors, and
    unknown words get one. N-grams share `buckets` rows by the hash of Facebook's fastText. What is
    learned saves as a ``.bin`` that fastText and gensim open. The defaults are fastText's own,
    where they differ from those of `SkipGram`.

    Parameters
    ----------
    vector_size, window, negative, epochs, min_alpha, shrink_windows, group, shared_negatives
        As in `SkipGram`.
    ns_exponent : float
        Noise words are drawn in proportion to count ** ns_exponent; fastText takes the root.
    sample : float
        As in `SkipGram`; fastText thins out ten times as much as word2vec.
    alpha : float
        Learning rate at the start.
    loss : str
        As in `SkipGram`.
    mode : str
        "skipgram" or "cbow".
    min_n, max_n : int
        The least and the greatest length of an n-gram in characters, the marks at the beginning
        and the end of a word counted as one each.
    buckets : int, optional
        Rows for n-grams. By default 2,000,000, with `compact` 50,000. Memory is taken for those
        that some word of the corpus has.
    compact : bool
        Keep words and n-grams in one small table, each hashed to several rows of it (Bloom
        embeddings, as in floret): a tenth of the size, and no row belongs to a word alone. Saves
        as ``.floret``, which spaCy reads.
    hashes : int
        With `compact`, rows of a word or n-gram: 1 to 4.

    Raises
    ------
    ConfigError
        If a value is out of its range, or a name is that of another library.

    Examples
    --------
    >>> FastText(min_n=4).max_n
    6
    >>> FastText(min_n=5, max_n=4)
    Traceback (most recent call last):
        ...
    wordkin.errors.ConfigError: max_n must be at least min_n=5; got 4. ...
    """

    ns_exponent: float = 0.5
    sample: float = 1e-4
    alpha: float = 0.05
    mode: Literal["skipgram", "cbow"] = "skipgram"
    min_n: int = 3
    max_n: int = 6
    buckets: int | None = None
    compact: bool = False
    hashes: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice(self, "mode", ("skipgram", "cbow"))
        if self.window == "all":
            raise ConfigError('window="all" is for SkipGram and CBOW: items have no n-grams.')
        if self.shared_table:
            raise ConfigError("shared_table is for SkipGram and CBOW: contexts have no n-grams.")
        check_int(self, "min_n", low=1, high=64)
        check_int(self, "max_n", low=1, high=64)
        if self.max_n < self.min_n:
            raise ConfigError(
                f"max_n must be at least min_n={self.min_n}; got {self.max_n}. There would be no "
                "n-grams: for words alone use SkipGram or CBOW."
            )
        if self.buckets is not None:
            check_int(self, "buckets", low=1, high=1 << 31)
        check_choice(self, "compact", (False, True))
        check_int(self, "hashes", low=1, high=4)

    @property
    def family(self) -> str:
        """By which engines find what trains it: one file knows all losses."""
        return "FastText"

    @property
    def averages(self) -> bool:
        """Whether the mean of the contexts predicts the word, not each of them by itself."""
        return self.mode == "cbow"

    @property
    def spelling(self) -> Mapping[str, Any]:
        """How words are cut into n-grams, as `NgramIndex.settings` tells it."""
        cut = {"min_n": self.min_n, "max_n": self.max_n}
        if self.compact:
            rows = self.buckets or _COMPACT_BUCKETS
            return {"name": "floret", "n_buckets": rows, **cut, "n_hashes": self.hashes}
        return {"name": "fasttext", "n_buckets": self.buckets or _BUCKETS, **cut}
