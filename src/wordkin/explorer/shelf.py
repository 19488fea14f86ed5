"""What the explorer knows of one set of vectors: spellings, neighbours, and the map."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import UnknownWordError
from wordkin.explorer.places import MOST, Places, make_places
from wordkin.neighbors import row_of
from wordkin.vocabulary.spelling import nearest_spellings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.vectors import WordVectors


class Shelf:
    """A set of vectors to look at. All methods may be called from several threads.

    Parameters
    ----------
    name : str
        What it is called on the page.
    vectors : WordVectors
        The vectors.
    method : {"pca", "tsne", "umap"}
        How the map is made.
    n_words : int, optional
        How many words are on the map.
    seed : int
        Fixes the map.
    """

    def __init__(
        self,
        name: str,
        vectors: WordVectors,
        *,
        method: str = "pca",
        n_words: int | None = None,
        seed: int = 1,
    ) -> None:
        self.name, self.vectors = name, vectors
        self.n_mapped = min(n_words or MOST[method], len(vectors))
        self._method, self._seed = method, seed
        # a search uses all cores anyway; a map can take minutes, and searches don't wait for it
        self._searching, self._mapping = threading.Lock(), threading.Lock()
        self._places: Places | None = None

    def about(self) -> dict[str, Any]:
        """Tell what there is.

        Returns
        -------
        dict
            Of JSON's kinds.
        """
        return {
            "name": self.name,
            "words": len(self.vectors),
            "dimensions": self.vectors.vector_size,
            "counts": self.vectors.vocabulary.counts is not None,
            "mapped": self.n_mapped,
        }

    @property
    def places(self) -> Places:
        """The map, made when it is first asked for."""
        with self._mapping:
            if self._places is None:
                rows = self.vectors.vectors[: self.n_mapped]
                self._places = make_places(rows, method=self._method, seed=self._seed)
            return self._places

    def prepare(self) -> None:
        """Make the map and the index of spellings, before anybody asks for them."""
        _ = self.places
        self.search("a", 1)

    @cached_property
    def _folded(self) -> tuple[str, NDArray[np.int64]]:
        r"""All words in one string, a line feed before each, and where each begins.

        To find in it takes a millisecond for 400,000 words; a list of them takes a hundred.
        """
        lower = [word.lower().replace("\n", " ") for word in self.vectors.index_to_key]
        lengths = np.fromiter(map(len, lower), np.int64, len(lower))
        return "\n" + "\n".join(lower) + "\n", np.cumsum(lengths + 1) - lengths

    def search(self, text: str, n: int) -> list[tuple[int, str]]:
        """Find words by their spelling, in whatever case.

        Parameters
        ----------
        text : str
            A part of a word.
        n : int
            How many to find at most.

        Returns
        -------
        list of (int, str)
            Rows and words: the word itself, words that begin so, and words that hold it; of each
            kind the most frequent first. If there are none, words that are spelled alike.
        """
        wanted = text.lower().replace("\n", " ")
        if not wanted:
            return []
        with self._searching:
            folded, starts = self._folded
        rows: dict[int, None] = {}
        index = self.vectors.key_to_index
        if text in self.vectors:
            rows[index[text]] = None
        for pattern in (f"\n{wanted}\n", f"\n{wanted}", wanted):
            at = folded.find(pattern)
            while at >= 0 and len(rows) < n:
                line = int(np.searchsorted(starts, at + pattern.startswith("\n"), "right")) - 1
                rows[line] = None
                end = starts[line + 1] - 1 if line + 1 < len(starts) else len(folded) - 1
                at = folded.find(pattern, int(end))
        if not rows:
            rows = dict.fromkeys(index[word] for word in nearest_spellings(text, index, n=n))
        words = self.vectors.index_to_key
        return [(row, words[row]) for row in rows]

    def nearest(
        self, plus: list[str], minus: list[str], *, n: int, top: int | None = None
    ) -> dict[str, Any]:
        """Find the words nearest to a sum of words.

        Parameters
        ----------
        plus, minus : list of str
            The words that are added, and those that are subtracted.
        n : int
            How many to find.
        top : int, optional
            Search the first so many words only.

        Returns
        -------
        dict
            Of JSON's kinds: the terms, and the nearest words with their cosines.

        Raises
        ------
        UnknownWordError
            If a word is not in the vocabulary and has no n-grams.
        """
        terms = [self._term(word, +1) for word in plus] + [self._term(word, -1) for word in minus]
        restrict = None if top is None else min(top, len(self.vectors))
        with self._searching:
            rows, cosines = self.vectors.most_similar(
                plus, minus, topn=n, restrict=restrict, arrays=True
            )
        words = self.vectors.index_to_key
        found = [
            {"row": row, "word": words[row], "cosine": round(cosine, 4), "count": self._count(row)}
            for row, cosine in zip(rows.tolist(), cosines.tolist(), strict=True)  # type: ignore[union-attr]
        ]
        return {"terms": terms, "nearest": found}

    def _term(self, word: str, sign: int) -> dict[str, Any]:
        try:
            row: int | None = row_of(self.vectors.table, word)
        except UnknownWordError:
            self.vectors.get_vector(word)  # of its n-grams, or the same error
            row = None
        return {"word": word, "row": row, "sign": sign, "count": self._count(row)}

    def _count(self, row: int | None) -> int | None:
        counts = self.vectors.vocabulary.counts
        return None if counts is None or row is None else int(counts[row])
