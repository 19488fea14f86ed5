"""A matrix that is searched again and again, with what is worth keeping between searches."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from wordkin.neighbors import compiled
from wordkin.neighbors.codes import Codes, make_codes, search_codes
from wordkin.neighbors.exact import (
    check_count,
    fits_float32,
    merge,
    nearest_rows,
    row_norms,
    unit_rows,
)
from wordkin.progress import in_pieces, unmentioned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from wordkin.neighbors.exact import Found

    Within = int | NDArray[np.int64] | None

_FEW = 4  # queries that are answered one by one: more are faster together
_GATHERED = 1 << 24  # numbers copied at once when chosen rows are searched: 64 MiB


class Searcher:
    """Finds nearest rows; keeps their lengths and, when it is asked often, a small copy.

    The copy (one byte for each number, a quarter of the matrix) is made when single queries have
    taken as long as making it; from then on a query reads the copy and only the rows that matter.
    The answers are the same to the last bit.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32, C-contiguous. It must not change.
    """

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        self.matrix = matrix
        self._work = 0
        self._codes: Codes | None = None

    @cached_property
    def norms(self) -> NDArray[np.float32]:
        """The Euclidean length of each row: shape (V,)."""
        return row_norms(self.matrix)

    def nearest(
        self,
        queries: Sequence[NDArray[np.float64]],
        *,
        topn: int = 10,
        exclude: Sequence[Sequence[int]] = (),
        within: Within = None,
    ) -> list[Found]:
        """Find the rows with the highest cosine to each query, as `nearest_rows` does.

        Parameters
        ----------
        queries : sequence of ndarray
            B vectors of shape (D,).
        topn : int
            How many rows to return for each query.
        exclude : sequence of sequences of int, optional
            For each query the rows that it must not return.
        within : int or ndarray, optional
            Search the first so many rows only, or these rows (ascending).

        Returns
        -------
        list of (ndarray, ndarray)
            For each query the rows, nearest first, and their cosines.

        Raises
        ------
        InputError
            If `topn` is no number from 1 upwards, or the queries are no finite vectors.
        """
        check_count("topn", topn)
        if isinstance(within, np.ndarray):
            return self._among(queries, topn, exclude, within)
        matrix, norms = self.matrix[:within], self.norms[:within]
        if len(queries) <= _FEW and self._is_asked_often(len(queries) * matrix.size):
            return [
                self._one(matrix, norms, query, topn, exclude[i] if exclude else ())
                for i, query in enumerate(queries)
            ]
        return nearest_rows(matrix, queries, topn=topn, exclude=exclude, norms=norms)

    def _is_asked_often(self, work: int) -> bool:
        self._work += work
        return compiled.pays(self._work)

    def _one(  # noqa: PLR0917
        self,
        matrix: NDArray[np.float32],
        norms: NDArray[np.float32],
        query: NDArray[np.float64],
        topn: int,
        out: Sequence[int],
    ) -> Found:
        found = None
        if query.shape == matrix.shape[1:] and fits_float32(query):
            divisors = self._divisors
            if compiled.can(matrix, self._extremes, topn + len(out)):
                if self._codes is None:
                    self._codes = make_codes(self.matrix, divisors)
                unit = unit_rows(query)
                found = search_codes(matrix, self._codes, unit, topn=topn, exclude=out)
        if found is None:
            return nearest_rows(matrix, [query], topn=topn, exclude=[out], norms=norms)[0]
        return found

    @cached_property
    def _divisors(self) -> NDArray[np.float32]:
        return np.where(self.norms > 0, self.norms, np.float32(1))

    @cached_property
    def _extremes(self) -> NDArray[np.float32]:
        return np.array([self._divisors.min(), self._divisors.max()])

    def _among(  # noqa: PLR0917
        self,
        queries: Sequence[NDArray[np.float64]],
        topn: int,
        exclude: Sequence[Sequence[int]],
        rows: NDArray[np.int64],
    ) -> list[Found]:
        """Search chosen rows, some at a time so that memory is bounded."""
        best: list[Found] = [(np.empty(0, np.int64), np.empty(0)) for _ in queries]
        step = max(1, _GATHERED // self.matrix.shape[1])
        for some in in_pieces(len(rows), step, "searching", unit="rows"):
            chosen = rows[some]
            out = [np.flatnonzero(np.isin(chosen, each)).tolist() for each in exclude]
            with unmentioned():
                found = nearest_rows(
                    self.matrix[chosen], queries, topn=topn, exclude=out, norms=self.norms[chosen]
                )
            best = [
                merge(old, (chosen[here], cosines), topn)
                for old, (here, cosines) in zip(best, found, strict=True)
            ]
        return best
