"""WordVectors: the desk where the user stands. Each method asks the room that knows.

The names are those of gensim 4's KeyedVectors where the thing is the same. Every method that takes
words raises `UnknownWordError` for one that is not in the vocabulary, with the nearest spellings.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin import formats, neighbors
from wordkin.errors import RenamedError
from wordkin.table import VectorTable
from wordkin.vocabulary import PAD, UNK, Vocabulary

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from wordkin.neighbors import Key, Neighbors, Weighted

_RENAMED = {
    "index2entity": "index_to_key",
    "index2word": "index_to_key",
    "init_sims": "get_vector(word, norm=True); nothing has to be prepared",
    "load_word2vec_format": "wordkin.load(path)",
    "save_word2vec_format": "save(path, format='word2vec') or 'word2vec-binary'",
    "size": "vector_size",
    "syn0": "vectors",
    "syn0norm": "get_vector(word, norm=True)",
    "vectors_norm": "get_vector(word, norm=True)",
    "vocab": "key_to_index for the rows, vocabulary for the rest",
    "word_vec": "get_vector",
    "wv": "this object itself: it holds the vectors",
}


class WordVectors:
    """Words and their vectors.

    Parameters
    ----------
    words : Vocabulary or sequence of str
        The V words, most frequent first.
    matrix : array_like
        Shape (V, D): row i is the vector of word i. C-contiguous float32 is used without a copy,
        anything else is converted.
    counts : array_like of int, optional
        Shape (V,): how often each word occurred.

    Raises
    ------
    InputError
        If the words and the matrix do not fit, or a value is not finite.

    Examples
    --------
    >>> vectors = WordVectors(["king", "queen", "pizza"], [[2, 1], [2, 2], [0, -1]])
    >>> vectors["king"]
    array([2., 1.], dtype=float32)
    >>> [word for word, cosine in vectors.most_similar("king")]
    ['queen', 'pizza']
    >>> vectors.doesnt_match(["king", "queen", "pizza"])
    'pizza'
    """

    def __init__(
        self,
        words: Vocabulary | Sequence[str],
        matrix: ArrayLike,
        counts: ArrayLike | None = None,
    ) -> None:
        if not isinstance(words, Vocabulary):
            words = Vocabulary(words, counts)
        elif counts is not None:
            words = Vocabulary(words.words, counts, tokenizer=words.tokenizer)
        self._hold(VectorTable.from_arrays(words, matrix))

    @classmethod
    def from_table(cls, table: VectorTable) -> WordVectors:
        """Take a table as it is, without looking at its values.

        Parameters
        ----------
        table : VectorTable
            The words and their vectors.

        Returns
        -------
        WordVectors
            Shares the matrix of the table.
        """
        vectors = cls.__new__(cls)
        vectors._hold(table)
        return vectors

    def _hold(self, table: VectorTable) -> None:
        # what goes into a model has a row for padding and one for unknown words
        vocabulary = table.vocabulary.with_specials((PAD, UNK))
        self._table = VectorTable(vocabulary, table.matrix, table.settings)

    @property
    def table(self) -> VectorTable:
        """The bare data: vocabulary, matrix, and how they were made."""
        return self._table

    @property
    def vocabulary(self) -> Vocabulary:
        """The words, with a pad row and an unknown row in front for models."""
        return self._table.vocabulary

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The matrix itself: shape (V, D), C-contiguous float32, one row for each word."""
        return self._table.matrix

    @property
    def index_to_key(self) -> list[str]:
        """The word of each row."""
        return self.vocabulary.words

    @property
    def key_to_index(self) -> dict[str, int]:
        """The row of each word in `vectors`."""
        return self.vocabulary.key_to_index

    @property
    def vector_size(self) -> int:
        """The length D of each vector."""
        return self._table.dimensions

    @cached_property
    def norms(self) -> NDArray[np.float32]:
        """The Euclidean length of each row: shape (V,), computed at the first search."""
        return neighbors.row_norms(self.vectors)

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, word: object) -> bool:
        return word in self.vocabulary

    def __getitem__(self, key: str | int | Iterable[str | int]) -> NDArray[np.float32]:
        """Return the vector (D,) of a word, read-only, or a new matrix (n, D) for n words."""
        if isinstance(key, str | int | np.integer):
            return self.get_vector(key)
        rows = [neighbors.row_of(self._table, item) for item in key]
        return np.take(self.vectors, np.array(rows, np.intp), axis=0)

    def __repr__(self) -> str:
        return f"<WordVectors: {len(self)} words, {self.vector_size} dimensions>"

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name in _RENAMED:
            raise RenamedError(f"{name!r} of old gensim is now: {_RENAMED[name]}.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def get_index(self, key: str | int, default: int | None = None) -> int:
        """Return the row of a word.

        Parameters
        ----------
        key : str or int
            A word, or a row.
        default : int, optional
            What to return if there is no such word.

        Returns
        -------
        int
            The row, 0..V-1.
        """
        if default is not None and isinstance(key, str) and key not in self:
            return default
        return neighbors.row_of(self._table, key)

    def get_vector(self, key: str | int, *, norm: bool = False) -> NDArray[np.float32]:
        """Return the vector of a word.

        Parameters
        ----------
        key : str or int
            A word, or a row.
        norm : bool
            Scale it to length 1 (a zero vector stays zero).

        Returns
        -------
        ndarray
            Shape (D,), float32, read-only.
        """
        row = neighbors.row_of(self._table, key)
        vector: NDArray[np.float32] = self.vectors[row]
        if norm:
            vector = vector / (self.norms[row] or np.float32(1))
        vector.flags.writeable = False  # a changed vector would not fit its norm
        return vector

    def most_similar(
        self,
        positive: Weighted | Iterable[Weighted] = (),
        negative: Weighted | Iterable[Weighted] = (),
        topn: int = 10,
        *,
        restrict_vocab: int | None = None,
    ) -> Neighbors:
        """Find the nearest words; see `wordkin.neighbors.most_similar`.

        Parameters
        ----------
        positive : word, vector, or iterable of them
            What to be near to.
        negative : word, vector, or iterable of them
            What to be far from.
        topn : int
            How many words to return.
        restrict_vocab : int, optional
            Search the first so many words only.

        Returns
        -------
        list of (str, float)
            Words and cosines, nearest first.
        """
        return neighbors.most_similar(
            self._table,
            positive,
            negative,
            topn=topn,
            restrict_vocab=restrict_vocab,
            norms=self.norms,
        )

    def most_similar_batch(
        self, keys: Iterable[Key], topn: int = 10, *, restrict_vocab: int | None = None
    ) -> list[Neighbors]:
        """Find the nearest words of many words at once.

        Parameters
        ----------
        keys : iterable of words or vectors
            What to search for, one search each.
        topn : int
            How many words to return for each.
        restrict_vocab : int, optional
            Search the first so many words only.

        Returns
        -------
        list of lists of (str, float)
            For each of `keys` what `most_similar` returns for it.
        """
        return neighbors.most_similar_batch(
            self._table, keys, topn=topn, restrict_vocab=restrict_vocab, norms=self.norms
        )

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

    def save(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """Save to a file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            The file. Its ending tells the format: ``.safetensors`` keeps everything, ``.txt``,
            ``.vec`` and ``.bin`` are word2vec's, ``.npy`` comes with a ``.vocab.json``.
        format : str, optional
            The format, where the ending does not tell it; see `wordkin.formats.write`.

        Raises
        ------
        InputError
            If the format is not known, a word can't be written in it, or a value is not finite.
        FileError
            If the file can't be written.
        """
        formats.write(self._table, path, format=format)

    def to_keras(self, **settings: Any) -> Any:  # noqa: ANN401 (Keras may not be there)
        """Make a Keras layer that turns model rows into these vectors.

        Parameters
        ----------
        **settings
            As `wordkin.layers.keras.keras_layer` takes them: ``trainable=False`` and others.

        Returns
        -------
        keras.layers.Layer
            Maps int rows (batch, length), as `vocabulary.encode_batch` makes them, to
            (batch, length, D).

        Raises
        ------
        MissingExtraError
            If Keras is not installed.
        """
        from wordkin.layers.keras import keras_layer

        return keras_layer(self._table, **settings)


def load(path: str | os.PathLike[str], *, format: str | None = None) -> WordVectors:
    """Load vectors from a file of any format we know.

    Parameters
    ----------
    path : str or path-like
        The file. A ``.safetensors`` file is mapped: opening it takes no time and no memory.
    format : str, optional
        Its format; by default it is recognised by its content. See `wordkin.formats.read`.

    Returns
    -------
    WordVectors
        The words and their vectors.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If the format is not known, or the file is truncated or damaged.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "v.safetensors"
    >>> WordVectors(["a", "b"], [[1, 2], [3, 4]]).save(path)
    >>> load(path)
    <WordVectors: 2 words, 2 dimensions>
    """
    return WordVectors.from_table(formats.read(path, format=format))
