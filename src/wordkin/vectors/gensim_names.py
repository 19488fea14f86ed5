"""The read-only rest of gensim's KeyedVectors, so that code written for it runs.

Every method here is another way to ask for what `Searching` and the rooms to the left offer.
Old names (before gensim 4) raise an error that tells the new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np

from wordkin import neighbors
from wordkin.errors import InputError, RenamedError
from wordkin.given import array_of
from wordkin.vectors.searching import Searching

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from wordkin.neighbors import Key, Neighbors

_RENAMED = {
    "accuracy": "evaluate_word_analogies",
    "index2entity": "index_to_key",
    "index2word": "index_to_key",
    "init_sims": "get_vector(word, norm=True); nothing has to be prepared",
    "load": "wordkin.load(path)",
    "load_word2vec_format": "wordkin.load(path)",
    "save_word2vec_format": "save(path, format='word2vec') or 'word2vec-binary'",
    "size": "vector_size",
    "syn0": "vectors",
    "syn0norm": "get_vector(word, norm=True)",
    "unit_normalize_all": "normalized(), which gives a new object",
    "vectors_norm": "get_vector(word, norm=True)",
    "vocab": "key_to_index for the rows, vocabulary for the rest",
    "word_vec": "get_vector",
    "words_closer_than": "closer_than",
    "wv": "this object itself: it holds the vectors",
}


_MERGE = "merge(WordVectors(words, matrix)) gives new vectors with more words"
_NOT_HERE = {
    "add": _MERGE,
    "add_vector": _MERGE,
    "add_vectors": _MERGE,
    "allocate_vecattrs": "WordVectors(words, matrix, counts) takes counts",
    "intersect_word2vec_format": "wordkin.load(path).select(words).merge(these) takes the others",
    "resize_vectors": _MERGE,
    "set_vecattr": "WordVectors(words, matrix, counts) takes counts",
    "sort_by_descending_frequency": "select(words) gives new vectors in any order",
    "wmdistance": "save(path, format='word2vec-binary') writes what gensim's "
    "load_word2vec_format(path, binary=True) reads",
}


def _tell_new(name: str) -> None:
    if name in _RENAMED:
        raise RenamedError(f"{name!r} of old gensim is now: {_RENAMED[name]}.")
    if name in _NOT_HERE:
        raise RenamedError(f"{name!r} of gensim is not here: {_NOT_HERE[name]}.")


class _AskedByClass(type):
    """Tells new names where the class is asked, too: some of the old are class methods."""

    def __getattr__(cls, name: str) -> Any:  # noqa: ANN401
        _tell_new(name)
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")


class GensimNames(Searching, metaclass=_AskedByClass):
    """Names that code for gensim's vectors asks for."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        _tell_new(name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def has_index_for(self, key: object) -> bool:
        """Tell whether a word is in the vocabulary, or whether there is such a row.

        Parameters
        ----------
        key : str or int
            A word, or a row.

        Returns
        -------
        bool
            False also for a word that only its n-grams make a vector of (see `get_vector`).
        """
        if isinstance(key, int | np.integer) and not isinstance(key, bool):
            return bool(0 <= key < len(self._table))
        return key in self._table.vocabulary

    def get_vecattr(self, key: str | int, attr: str) -> Any:  # noqa: ANN401 (as gensim)
        """Return what is known about a word: its count.

        Parameters
        ----------
        key : str or int
            A word, or a row.
        attr : str
            ``"count"``.

        Returns
        -------
        int
            How often the word occurred.

        Raises
        ------
        InputError
            If it is another attribute, or nobody knows the counts.
        """
        row = neighbors.row_of(self._table, key)
        counts = self._table.vocabulary.counts
        if attr != "count" or counts is None:
            known = 'only "count" is' if counts is not None else "not even a count is"
            raise InputError(f"There is no attribute {attr!r} of words here: {known} known.")
        return int(counts[row])

    def fill_norms(self, force: bool = False) -> None:
        """Compute the norms now; they never have to be.

        Parameters
        ----------
        force : bool
            No difference: vectors don't change here.
        """
        _ = self.norms

    def get_normed_vectors(self) -> NDArray[np.float32]:
        """Return all vectors scaled to length 1, as a new matrix.

        Returns
        -------
        ndarray
            Shape (V, D), float32; zero vectors stay zero.
        """
        norms = self.norms
        scaled = self._table.matrix / np.where(norms > 0, norms, np.float32(1))[:, None]
        return np.asarray(scaled, np.float32)

    def get_mean_vector(
        self,
        keys: Iterable[Key],
        weights: ArrayLike | None = None,
        *,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> NDArray[np.float32]:
        """Return the weighted mean of vectors; see `wordkin.neighbors.mean_vector`.

        Parameters
        ----------
        keys : iterable of words or vectors
            What to take the mean of.
        weights : array_like, optional
            Shape (n,): one for each key.
        pre_normalize : bool
            Scale the vectors of words to length 1 first.
        post_normalize : bool
            Scale the mean to length 1.
        ignore_missing : bool
            Leave out words that are not in the vocabulary.

        Returns
        -------
        ndarray
            Shape (D,), float32.
        """
        return neighbors.mean_vector(
            self._table,
            keys,
            weights,
            pre_normalize=pre_normalize,
            post_normalize=post_normalize,
            ignore_missing=ignore_missing,
        )

    def most_similar_cosmul(
        self,
        positive: Key | Iterable[Key] | None = None,
        negative: Key | Iterable[Key] | None = None,
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
    ) -> Neighbors:
        """Find words by 3CosMul; see `wordkin.neighbors.most_similar_cosmul`.

        Parameters
        ----------
        positive : word, vector, or iterable of them, optional
            What to be near to.
        negative : word, vector, or iterable of them, optional
            What to be far from.
        topn : int
            How many words to return.
        restrict_vocab : int, optional
            Search the first so many words only.

        Returns
        -------
        list of (str, float)
            Words and products of cosines, highest first.
        """
        return neighbors.most_similar_cosmul(
            self._table,
            positive,
            negative,
            topn=topn,
            restrict=restrict_vocab,
            searcher=self._searcher,
        )

    @overload
    def similar_by_key(
        self, key: str | int, topn: int = ..., restrict_vocab: int | None = ...
    ) -> Neighbors: ...
    @overload
    def similar_by_key(
        self, key: str | int, topn: None, restrict_vocab: int | None = ...
    ) -> NDArray[np.float32]: ...
    def similar_by_key(
        self, key: str | int, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | NDArray[np.float32]:
        """Find the nearest words of one word.

        Parameters
        ----------
        key : str or int
            A word, or a row.
        topn : int or None
            How many words to return. None stands for the cosines of all words, as an array.
        restrict_vocab : int, optional
            Search the first so many words only.

        Returns
        -------
        list of (str, float), or ndarray
            Words and cosines, nearest first; or all cosines, in order of rows.
        """
        return self.most_similar([key], topn=topn, restrict=restrict_vocab)

    similar_by_word = similar_by_key

    @overload
    def similar_by_vector(
        self, vector: ArrayLike, topn: int = ..., restrict_vocab: int | None = ...
    ) -> Neighbors: ...
    @overload
    def similar_by_vector(
        self, vector: ArrayLike, topn: None, restrict_vocab: int | None = ...
    ) -> NDArray[np.float32]: ...
    def similar_by_vector(
        self, vector: ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | NDArray[np.float32]:
        """Find the nearest words of a vector.

        Parameters
        ----------
        vector : array_like
            Shape (D,).
        topn : int or None
            How many words to return. None stands for the cosines of all words, as an array.
        restrict_vocab : int, optional
            Search the first so many words only.

        Returns
        -------
        list of (str, float), or ndarray
            Words and cosines, nearest first; or all cosines, in order of rows.
        """
        return self.most_similar([array_of(vector)], topn=topn, restrict=restrict_vocab)

    def most_similar_to_given(self, key1: Key, keys_list: Iterable[str]) -> str:
        """Choose the word that is nearest to a word.

        Parameters
        ----------
        key1 : word or vector
            What to be near to.
        keys_list : iterable of str
            What to choose from.

        Returns
        -------
        str
            One of them; of equals the first.

        Raises
        ------
        InputError
            If there is nothing to choose from.
        """
        chosen = neighbors.listed(keys_list)
        if not chosen:
            raise InputError("Give some words to choose from; got none.")
        return str(chosen[int(self.similarity_matrix([key1], chosen).argmax())])

    def relative_cosine_similarity(self, wa: str, wb: str, topn: int = 10) -> float:
        """Return the similarity of two words as a share of that of the nearest words.

        Leeuwenberg et al. 2016, "A minimally supervised approach for synonym extraction with word
        embeddings", equation 1: above 0.1 they are more similar than most pairs.

        Parameters
        ----------
        wa, wb : str
            The words.
        topn : int
            How many neighbours of `wa` to compare with.

        Returns
        -------
        float
            The share.

        Raises
        ------
        InputError
            If there are no other words, or their cosines add up to 0.
        """
        near = self.most_similar(wa, topn=topn)
        if not near:
            raise InputError(f"There are no other words to compare {wa!r} with.")
        total = sum(cosine for _, cosine in near)
        if total == 0:
            raise InputError(f"The cosines of {wa!r} with its {len(near)} nearest add up to 0.")
        return self.similarity(wa, wb) / total

    def rank_by_centrality(
        self, words: Iterable[str], use_norm: bool = True
    ) -> list[tuple[float, str]]:
        """Order words by how near they are to the mean of all of them.

        Parameters
        ----------
        words : iterable of str
            The words.
        use_norm : bool
            Let each count with its unit vector; otherwise with its vector as it is.

        Returns
        -------
        list of (float, str)
            Cosines (of vectors as they are: products) and words, nearest first.
        """
        return neighbors.rank_by_centrality(self._table, words, use_norm=use_norm)

    @staticmethod
    def cosine_similarities(
        vector_1: NDArray[np.float32], vectors_all: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Return the cosines of a vector with others.

        Parameters
        ----------
        vector_1 : ndarray
            Shape (D,).
        vectors_all : ndarray
            Shape (n, D).

        Returns
        -------
        ndarray
            Shape (n,), float64; 0 with a zero vector.
        """
        first, others = array_of(vector_1, np.float64), array_of(vectors_all, np.float64)
        return np.asarray(neighbors.unit_rows(others) @ neighbors.unit_rows(first))
