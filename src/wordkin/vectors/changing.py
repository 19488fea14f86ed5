"""The changes of WordVectors. Each returns a new object; the old one stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wordkin import transforms
from wordkin.progress import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

    from wordkin.table import VectorTable


class Changing:
    """What can be made of vectors; see `wordkin.transforms` for the rules and their sources."""

    _table: VectorTable

    @classmethod
    def from_table(cls, table: VectorTable) -> Self:
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
        self._table = table

    def select(self, words: Iterable[str]) -> Self:
        """Take some words, in the order given.

        Parameters
        ----------
        words : iterable of str
            The words, each once.

        Returns
        -------
        WordVectors
            A new object; this one stays as it is.
        """
        return self.from_table(transforms.select(self._table, words))

    def vectors_for_all(
        self, keys: Iterable[str], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> Self:
        """Take those of some words that have a vector, each once, in the order given.

        Parameters
        ----------
        keys : iterable of str
            Any words; those without a vector are left out.
        allow_inference : bool
            Take words out of the vocabulary too, if their n-grams make a vector.
        copy_vecattrs : bool
            Keep the counts, if there are any; 0 for a word that n-grams made.

        Returns
        -------
        WordVectors
            A new object; this one stays as it is.
        """
        table = transforms.known(
            self._table, keys, by_ngrams=allow_inference, counted=copy_vecattrs
        )
        return self.from_table(table)

    def limit(self, n_words: int) -> Self:
        """Take the first (most frequent) words.

        Parameters
        ----------
        n_words : int
            How many.

        Returns
        -------
        WordVectors
            A new object; this one stays as it is.
        """
        return self.from_table(transforms.limit(self._table, n_words))

    def normalized(self) -> Self:
        """Scale every vector to length 1; zero vectors stay zero.

        Returns
        -------
        WordVectors
            A new object; this one stays as it is.
        """
        return self.from_table(transforms.normalized(self._table))

    def merge(self, other: Changing) -> Self:
        """Add the words that another object has and this one lacks.

        Parameters
        ----------
        other : WordVectors
            Vectors in the same space; see `align_to`. Common words keep their vectors from here.

        Returns
        -------
        WordVectors
            A new object; both stay as they are.
        """
        return self.from_table(transforms.merge(self._table, other._table))

    def pca(self, n_dimensions: int, *, progress: bool = False) -> Self:
        """Keep the directions in which the vectors differ most.

        Parameters
        ----------
        n_dimensions : int
            How many.
        progress : bool
            Show how far it has come.

        Returns
        -------
        WordVectors
            A new object of centred, shorter vectors; this one stays as it is.
        """
        with shown(progress):
            return self.from_table(transforms.pca(self._table, n_dimensions))

    def all_but_the_top(self, n_directions: int | None = None, *, progress: bool = False) -> Self:
        """Remove the mean and the strongest directions.

        Parameters
        ----------
        n_directions : int, optional
            How many; by default a hundredth of the dimensions.
        progress : bool
            Show how far it has come.

        Returns
        -------
        WordVectors
            A new object; this one stays as it is.
        """
        with shown(progress):
            return self.from_table(transforms.all_but_the_top(self._table, n_directions))

    def align_to(
        self,
        other: Changing,
        *,
        anchors: Iterable[str] | None = None,
        progress: bool = False,
    ) -> Self:
        """Rotate the vectors so that common words lie where another object has them.

        Parameters
        ----------
        other : WordVectors
            What to fit to; its vectors have the same length.
        anchors : iterable of str, optional
            The words to fit by; by default all common ones, weighted by frequency.
        progress : bool
            Show how far it has come.

        Returns
        -------
        WordVectors
            A new object; both stay as they are.
        """
        with shown(progress):
            return self.from_table(transforms.align(self._table, other._table, anchors=anchors))

    def retrofit(
        self,
        lexicon: Mapping[str, Iterable[str]],
        *,
        iterations: int = 10,
        progress: bool = False,
    ) -> Self:
        """Move words towards those that a lexicon says are related.

        Parameters
        ----------
        lexicon : mapping of str to iterable of str
            For each word those it is related to.
        iterations : int
            How often to go through the lexicon.
        progress : bool
            Show how far it has come.

        Returns
        -------
        WordVectors
            A new object; this one stays as it is.
        """
        with shown(progress):
            return self.from_table(transforms.retrofit(self._table, lexicon, iterations=iterations))
