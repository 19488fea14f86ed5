"""The searches of WordVectors: thin methods, the work is done in `wordkin.neighbors`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

from wordkin import neighbors
from wordkin.progress import shown

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.neighbors import Key, Neighbors, Restrict, Terms
    from wordkin.neighbors.approximate import ApproximateIndex
    from wordkin.neighbors.exact import Found
    from wordkin.neighbors.quantized import QuantizedVectors
    from wordkin.table import VectorTable


class Searching:
    """What can be asked about words and their vectors."""

    _table: VectorTable

    @cached_property
    def _searcher(self) -> neighbors.Searcher:
        return neighbors.Searcher(self._table.matrix)

    @property
    def norms(self) -> NDArray[np.float32]:
        """The Euclidean length of each row: shape (V,), computed at the first search."""
        return self._searcher.norms

    @overload
    def most_similar(
        self, positive: Terms = ..., negative: Terms = ..., topn: int = ..., *,
        restrict: Restrict = ..., restrict_vocab: int | None = ..., arrays: Literal[False] = ...,
    ) -> Neighbors: ...  # fmt: skip
    @overload
    def most_similar(
        self, positive: Terms = ..., negative: Terms = ..., topn: int = ..., *,
        restrict: Restrict = ..., restrict_vocab: int | None = ..., arrays: bool,
    ) -> Neighbors | Found: ...  # fmt: skip
    @overload
    def most_similar(
        self, positive: Terms = ..., negative: Terms = ..., *, topn: None,
        restrict: Restrict = ..., restrict_vocab: int | None = ..., arrays: bool = ...,
    ) -> NDArray[np.float32]: ...  # fmt: skip
    def most_similar(
        self,
        positive: Terms = None,
        negative: Terms = None,
        topn: int | None = 10,
        *,
        restrict: Restrict = None,
        restrict_vocab: int | None = None,
        arrays: bool = False,
    ) -> Neighbors | Found | NDArray[np.float32]:
        """Find the nearest words; see `wordkin.neighbors.most_similar`.

        Parameters
        ----------
        positive : word, vector, or iterable of them, optional
            What to be near to. A pair ``(word, weight)`` gives a weight in place of 1.
        negative : word, vector, or iterable of them, optional
            What to be far from; the weight of a pair stands in place of -1.
        topn : int or None
            How many words to return. None stands for the cosines of all words, as an array.
        restrict : int, iterable of str, ndarray of bool, or callable, optional
            Which words may answer: the first so many, these, those where a mask (V,) is true, or
            those whose count the callable accepts.
        restrict_vocab : int, optional
            Gensim's name for `restrict` as a number.
        arrays : bool
            Return rows (int64) and cosines (float64) instead of a list.

        Returns
        -------
        list of (str, float), or (ndarray, ndarray), or ndarray
            Words and cosines, nearest first; or all cosines, float32, in order of rows.
        """
        chosen = neighbors.one_of(restrict, restrict_vocab)
        if topn is None:
            return neighbors.cosines(self._table, positive, negative, restrict=chosen)
        return neighbors.most_similar(
            self._table,
            positive,
            negative,
            topn=topn,
            restrict=chosen,
            searcher=self._searcher,
            arrays=arrays,
        )

    @overload
    def most_similar_batch(
        self, keys: Iterable[Key], topn: int = ..., *, restrict: Restrict = ...,
        restrict_vocab: int | None = ..., arrays: Literal[False] = ..., progress: bool = ...,
    ) -> list[Neighbors]: ...  # fmt: skip
    @overload
    def most_similar_batch(
        self, keys: Iterable[Key], topn: int = ..., *, restrict: Restrict = ...,
        restrict_vocab: int | None = ..., arrays: bool, progress: bool = ...,
    ) -> list[Neighbors] | list[Found]: ...  # fmt: skip
    def most_similar_batch(
        self,
        keys: Iterable[Key],
        topn: int = 10,
        *,
        restrict: Restrict = None,
        restrict_vocab: int | None = None,
        arrays: bool = False,
        progress: bool = False,
    ) -> list[Neighbors] | list[Found]:
        """Find the nearest words of many words at once.

        Parameters
        ----------
        keys : iterable of words or vectors
            What to search for, one search each.
        topn : int
            How many words to return for each.
        restrict : int, iterable of str, ndarray of bool, or callable, optional
            Which words may answer, as in `most_similar`.
        restrict_vocab : int, optional
            Gensim's name for `restrict` as a number.
        arrays : bool
            Return rows (int64) and cosines (float64) instead of lists.
        progress : bool
            Show how far it has come.

        Returns
        -------
        list of lists of (str, float), or list of (ndarray, ndarray)
            For each of `keys` what `most_similar` returns for it.
        """
        with shown(progress):
            return neighbors.most_similar_batch(
                self._table,
                keys,
                topn=topn,
                restrict=neighbors.one_of(restrict, restrict_vocab),
                searcher=self._searcher,
                arrays=arrays,
            )

    def analogy(
        self,
        a: Key,
        b: Key,
        c: Key,
        *,
        method: str = "3cosadd",
        topn: int = 10,
        restrict: Restrict = None,
    ) -> Neighbors:
        """Answer "a is to b as c is to what?".

        Parameters
        ----------
        a, b, c : word or vector
            The three that are given.
        method : {"3cosadd", "3cosmul"}
            Add the cosines or multiply them; see `wordkin.neighbors.analogy`.
        topn : int
            How many words to return.
        restrict : int, iterable of str, ndarray of bool, or callable, optional
            Which words may answer, as in `most_similar`.

        Returns
        -------
        list of (str, float)
            Words and scores, best first.
        """
        return neighbors.analogy(
            self._table, a, b, c=c, method=method, topn=topn, restrict=restrict,
            searcher=self._searcher,
        )  # fmt: skip

    def similarity(self, w1: Key, w2: Key) -> float:
        """Return the cosine of the angle between two words.

        Parameters
        ----------
        w1, w2 : word or vector
            What to compare.

        Returns
        -------
        float
            From -1 to 1; 0 where one is a zero vector.
        """
        return neighbors.similarity(self._table, w1, w2)

    def similarity_matrix(
        self, ws1: Iterable[Key], ws2: Iterable[Key] | None = None
    ) -> NDArray[np.float64]:
        """Return the cosines of words with words.

        Parameters
        ----------
        ws1 : iterable of n words or vectors
            The rows of the result.
        ws2 : iterable of m words or vectors, optional
            Its columns; by default the same.

        Returns
        -------
        ndarray
            Shape (n, m), float64.
        """
        return neighbors.similarity_matrix(self._table, ws1, ws2)

    def distance(self, w1: Key, w2: Key) -> float:
        """Return 1 - `similarity`.

        Parameters
        ----------
        w1, w2 : word or vector
            What to compare.

        Returns
        -------
        float
            From 0 to 2.
        """
        return 1.0 - self.similarity(w1, w2)

    def distances(
        self, word_or_vector: Key, other_words: Iterable[Key] = ()
    ) -> NDArray[np.float32]:
        """Return 1 - `similarity` of a word with others.

        Parameters
        ----------
        word_or_vector : word or vector
            What to compare.
        other_words : iterable of words or vectors
            What to compare it with; all words where there are none.

        Returns
        -------
        ndarray
            Shape (n,), float32.
        """
        return neighbors.distances(self._table, word_or_vector, other_words)

    def n_similarity(self, ws1: Iterable[Key], ws2: Iterable[Key]) -> float:
        """Return the cosine between the means of two groups of words.

        Parameters
        ----------
        ws1, ws2 : iterable of words or vectors
            The groups.

        Returns
        -------
        float
            From -1 to 1.
        """
        return neighbors.n_similarity(self._table, ws1, ws2)

    def doesnt_match(self, words: Iterable[str]) -> str:
        """Find the word that does not go with the others.

        Parameters
        ----------
        words : iterable of str
            The words.

        Returns
        -------
        str
            The one furthest from the mean of all.
        """
        return neighbors.doesnt_match(self._table, words)

    def closer_than(self, key1: str | int, key2: str | int) -> list[str]:
        """List the words that are nearer to `key1` than `key2` is.

        Parameters
        ----------
        key1, key2 : word
            The word in the middle, and the limit.

        Returns
        -------
        list of str
            In order of their rows.
        """
        return neighbors.closer_than(self._table, key1, key2)

    def rank(self, key1: str | int, key2: str | int) -> int:
        """Return the place of `key2` among the neighbours of `key1`.

        Parameters
        ----------
        key1, key2 : word
            The word in the middle, and the one whose place is asked for.

        Returns
        -------
        int
            1 if no word is nearer.
        """
        return neighbors.rank(self._table, key1, key2)

    def index(
        self,
        backend: str = "usearch",
        path: str | os.PathLike[str] | None = None,
        *,
        seed: int = 1,
        progress: bool = False,
        **settings: Any,  # noqa: ANN401 (the library's own)
    ) -> ApproximateIndex:
        """Make an approximate index: faster on millions of words, and it may miss some.

        Its `recall` is measured when it is built; look at the object to see it.

        Parameters
        ----------
        backend : {"usearch", "faiss"}
            The library that makes it; ``pip install "wordkin[index]"`` brings usearch.
        path : str or path-like, optional
            A file beside the vectors: an index that is there is opened, else built and saved. One
            that is there must be of this backend, and have the settings that are given.
        seed : int
            Fixes the words that the recall is measured with when it is built.
        progress : bool
            Show how far it has come.
        **settings
            As the library takes them: `connectivity`, `expansion_search` ...

        Returns
        -------
        ApproximateIndex
            With `most_similar`, `most_similar_batch`, `recall` and `save`.

        Raises
        ------
        MissingExtraError
            If the library is not installed.
        FormatError
            If the file holds an index of other vectors.
        ConfigError
            If it holds one of another backend, or with other settings.
        """
        from wordkin.neighbors.approximate import ApproximateIndex

        with shown(progress):
            if path is None:
                return ApproximateIndex.build(self._table, backend, seed=seed, **settings)
            return ApproximateIndex.kept(self._table, backend, path, seed=seed, **settings)

    def quantized(self, kind: str = "int8", *, progress: bool = False) -> QuantizedVectors:
        """Round the vectors to one byte or one bit a number, for exact search in less memory.

        Parameters
        ----------
        kind : {"int8", "binary"}
            About a quarter or a thirtieth of the memory.
        progress : bool
            Show how far it has come.

        Returns
        -------
        QuantizedVectors
            A new object that is searched likewise; its `loss` says what rounding costs.
        """
        from wordkin.neighbors.quantized import QuantizedVectors

        with shown(progress):
            return QuantizedVectors(self._table, kind)
