"""WordVectors: the desk where the user stands. Each method asks the room that knows.

The names are those of gensim 4's KeyedVectors where the thing is the same. Every method that takes
words raises `UnknownWordError` for one that is not in the vocabulary, with the nearest spellings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin import formats, neighbors
from wordkin.progress import shown
from wordkin.table import VectorTable
from wordkin.vectors.changing import Changing
from wordkin.vectors.exporting import Exporting
from wordkin.vectors.gensim_names import GensimNames
from wordkin.vectors.measuring import Measuring
from wordkin.vocabulary import PAD, UNK, Vocabulary

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray


class WordVectors(GensimNames, Measuring, Changing, Exporting):
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

    def _hold(self, table: VectorTable) -> None:
        # what goes into a model has a row for padding and one for unknown words
        vocabulary = table.vocabulary.with_specials((PAD, UNK))
        self._table = VectorTable(vocabulary, table.matrix, table.settings, table.subwords)

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
    def index_to_key(self) -> Sequence[str]:
        """The word of each row."""
        return self.vocabulary.words

    @property
    def key_to_index(self) -> Mapping[str, int]:
        """The row of each word in `vectors`."""
        return self.vocabulary.key_to_index

    @property
    def vector_size(self) -> int:
        """The length D of each vector."""
        return self._table.dimensions

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key)

    def __getitem__(self, key: str | int | Iterable[str | int]) -> NDArray[np.float32]:
        """Return the vector (D,) of a word, read-only, or a new matrix (n, D) for n words."""
        # bytes are no list of rows, though Python takes them for whole numbers
        if isinstance(key, str | bytes | int | np.integer):
            return self.get_vector(key)  # type: ignore[arg-type]
        keys = list(key)
        if self._table.subwords is not None:
            made = np.array([self.get_vector(item) for item in keys], np.float32)
            return made.reshape(len(keys), self.vector_size)
        rows = [neighbors.row_of(self._table, item) for item in keys]
        return np.take(self.vectors, np.array(rows, np.intp), axis=0)

    def __repr__(self) -> str:
        return f"<WordVectors: {len(self)} words, {self.vector_size} dimensions>"

    def get_index(self, key: str | int, default: int | None = None) -> int:
        """Return the row of a word.

        Parameters
        ----------
        key : str or int
            A word, or a row.
        default : int, optional
            What to return if there is no such word or row.

        Returns
        -------
        int
            The row, 0..V-1.
        """
        if default is not None and key not in self:
            return default
        return neighbors.row_of(self._table, key)

    def get_vector(self, key: str | int, norm: bool = False) -> NDArray[np.float32]:
        """Return the vector of a word.

        Parameters
        ----------
        key : str or int
            A word, or a row. A word that is not in the vocabulary gets the vector of its n-grams,
            where the file had them (fastText, floret).
        norm : bool
            Scale it to length 1 (a zero vector stays zero).

        Returns
        -------
        ndarray
            Shape (D,), float32, read-only.
        """
        made = neighbors.from_ngrams(self._table, key)
        if made is not None:
            vector, length = made, np.linalg.norm(made)
        else:
            row = neighbors.row_of(self._table, key)
            vector, length = self.vectors[row], self.norms[row] if norm else np.float32(1)
        if norm:
            vector = vector / (length or np.float32(1))
        vector.flags.writeable = False  # a changed vector would not fit its norm
        return vector

    def save(
        self, path: str | os.PathLike[str], format: str | None = None, *, progress: bool = False
    ) -> None:
        """Save to a file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            The file. Its ending tells the format: ``.safetensors`` keeps everything, ``.txt``,
            ``.vec`` and ``.bin`` are word2vec's, ``.npy`` comes with a ``.vocab.json``.
        format : str, optional
            The format, where the ending does not tell it; see `wordkin.formats.write`.
        progress : bool
            Show how far it has come.

        Raises
        ------
        InputError
            If the format is not known, a word can't be written in it, or a value is not finite.
        FileError
            If the file can't be written.
        """
        with shown(progress):
            formats.write(self._table, path, format=format)


def load(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    limit: int | None = None,
    only: Iterable[str] | None = None,
    progress: bool = False,
) -> WordVectors:
    """Load vectors from a file of any format we know.

    Parameters
    ----------
    path : str or path-like
        The file; it may be compressed, and ``"a.zip#member"`` names one of several. A
        ``.safetensors`` file is mapped: opening it takes no time and no memory.
    format : str, optional
        Its format; by default it is recognised by its content. See `wordkin.formats.read`.
    limit : int, optional
        Take the first so many words of the file only.
    only : iterable of str, optional
        Of these, take the words that are in here. Lines of text files that hold others cost
        next to nothing.
    progress : bool
        Show how far it has come: a bar on a terminal, plain lines elsewhere.

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
    with shown(progress):
        return WordVectors.from_table(formats.read(path, format=format, limit=limit, only=only))
