"""Texts that are searched by other texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.neighbors import Searcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray


class DocumentIndex:
    """The vectors of documents, searched by the vectors of texts.

    Parameters
    ----------
    vectors : ndarray of float32
        Shape (n, D): documents, numbered from 0.
    encode : callable
        Makes vectors (m, D) of m texts in the same way.
    """

    def __init__(
        self,
        vectors: NDArray[np.float32],
        encode: Callable[[Iterable[str]], NDArray[np.float32]],
    ) -> None:
        self.vectors = vectors
        self._encode = encode
        self._searcher = Searcher(vectors)

    def __len__(self) -> int:
        return len(self.vectors)

    def search(self, texts: Iterable[str], *, topn: int = 10) -> list[list[tuple[int, float]]]:
        """Find the documents that are nearest to texts.

        Parameters
        ----------
        texts : iterable of str
            m texts.
        topn : int
            How many documents to return for each.

        Returns
        -------
        list of lists of (int, float)
            For each text numbers of documents and cosines, nearest first; nothing for a text
            without a known word.

        Raises
        ------
        InputError
            If texts are no strings, or `topn` is no number from 1 upwards.
        """
        queries = self._encode(texts).astype(np.float64)
        asked = np.flatnonzero(queries.any(axis=1))
        out: list[list[tuple[int, float]]] = [[] for _ in queries]
        found = self._searcher.nearest(list(queries[asked]), topn=topn) if len(asked) else []
        for i, (rows, cosines) in zip(asked.tolist(), found, strict=True):
            out[i] = list(zip(rows.tolist(), cosines.tolist(), strict=True))
        return out
