"""Vectors in one byte or one bit a number, searched exactly as they are stored.

Nothing is skipped in the search; what is lost is lost by rounding, and is measured when made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, final

import numpy as np

from wordkin import neighbors
from wordkin.errors import InputError
from wordkin.neighbors.exact import check_count, merge, nearest_rows, row_norms, unit_rows
from wordkin.neighbors.keys import listed, sum_of_units
from wordkin.progress import in_pieces, shown, unmentioned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.neighbors.exact import Found
    from wordkin.neighbors.keys import Key, Terms
    from wordkin.table import VectorTable
    from wordkin.vocabulary import Vocabulary

_SAMPLE, _AT = 200, 10  # words whose first neighbours tell the recall
_BLOCK = 1 << 22  # numbers decoded at once


@final
class Int8Rows:
    """Each row as whole numbers from -127 to 127 times a step of its own.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    """

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        self.shape = matrix.shape
        self._steps = np.empty(len(matrix), np.float32)
        self._codes = np.empty(matrix.shape, np.int8)
        step = max(1, _BLOCK // matrix.shape[1])
        for part in in_pieces(len(matrix), step, "rounding vectors", unit="words"):
            steps = np.abs(matrix[part]).max(axis=1) / np.float32(127)
            self._steps[part] = steps
            self._codes[part] = np.rint(
                matrix[part] / np.where(steps > 0, steps, np.float32(1))[:, None]
            )

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return int(self._codes.nbytes + self._steps.nbytes)

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:  # noqa: ANN401 (as NumPy's)
        return np.asarray(self._codes[rows] * self._steps[rows, ..., None], np.float32)


@final
class BinaryRows:
    """The sign of each number, after the mean is taken away; a row's length is kept.

    A number that all rows share, as each does in a table of one word, has its own sign: without it
    nothing would be left.

    Parameters
    ----------
    matrix : ndarray
        Shape (V, D), float32.
    """

    def __init__(self, matrix: NDArray[np.float32]) -> None:
        self.shape = matrix.shape
        total = matrix.sum(axis=0, dtype=np.float64)
        self._mean = (total / max(1, len(matrix))).astype(np.float32)
        self._mean[(matrix == matrix[:1]).all(axis=0)] = 0
        self._bits = np.packbits(matrix > self._mean, axis=1)
        self._scale = row_norms(matrix) / np.float32(np.sqrt(matrix.shape[1]))

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return int(self._bits.nbytes + self._scale.nbytes + self._mean.nbytes)

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:  # noqa: ANN401 (as NumPy's)
        bits = np.unpackbits(self._bits[rows], axis=-1, count=self.shape[1])
        return (bits * np.float32(2) - np.float32(1)) * self._scale[rows, ..., None]


_KINDS: dict[str, Any] = {"int8": Int8Rows, "binary": BinaryRows}


@final
class QuantizedVectors:
    """Words and their rounded vectors, which can be searched.

    Parameters
    ----------
    table : VectorTable
        The vectors; only their words are kept.
    kind : {"int8", "binary"}
        One byte or one bit a number: about a quarter or a thirtieth of the memory.
    seed : int
        Fixes the 200 words that the loss is measured with.

    Raises
    ------
    InputError
        If there is no such kind.
    """

    def __init__(self, table: VectorTable, kind: str = "int8", *, seed: int = 1) -> None:
        if kind not in _KINDS:
            raise InputError(f"Vectors are quantized to {', '.join(_KINDS)}; got {kind!r}.")
        self.kind = kind
        self.vocabulary: Vocabulary = table.vocabulary
        self.matrix = _KINDS[kind](table.matrix)
        self.subwords = None
        self.loss = self._measure(table.matrix, seed)

    @property
    def dimensions(self) -> int:
        """The length D of each vector."""
        return int(self.matrix.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes that the vectors take in memory."""
        return int(self.matrix.nbytes)

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def __contains__(self, word: object) -> bool:
        return word in self.vocabulary

    def __repr__(self) -> str:
        return (
            f"<QuantizedVectors {self.kind}: {len(self):,} words, {self.nbytes / 1e6:.1f} MB; "
            f"finds {self.loss['recall']:.1%} of the {_AT} nearest, cosine with the original "
            f"{self.loss['cosine']:.4f}>"
        )

    def most_similar(
        self,
        positive: Terms = None,
        negative: Terms = None,
        topn: int = 10,
    ) -> list[tuple[str, float]]:
        """Find the nearest words among the rounded vectors.

        Parameters
        ----------
        positive : word, vector, or iterable of them, optional
            What to be near to.
        negative : word, vector, or iterable of them, optional
            What to be far from.
        topn : int
            How many words to return.

        Returns
        -------
        list of (str, float)
            Words and cosines, nearest first.
        """
        query, asked = sum_of_units(self._as_table(), positive, negative)
        return neighbors.named(self._as_table(), self._nearest([query], topn, [asked]))[0]

    def most_similar_batch(
        self, keys: Iterable[Key], topn: int = 10, *, progress: bool = False
    ) -> list[list[tuple[str, float]]]:
        """Find the nearest words of many words.

        Parameters
        ----------
        keys : iterable of words or vectors
            What to search for, one search each.
        topn : int
            How many words to return for each.
        progress : bool
            Show how far it has come.

        Returns
        -------
        list of lists of (str, float)
            For each of `keys` what `most_similar` returns.
        """
        pairs = [sum_of_units(self._as_table(), [key]) for key in listed(keys)]
        with shown(progress):
            found = self._nearest([query for query, _ in pairs], topn, [rows for _, rows in pairs])
        return neighbors.named(self._as_table(), found)

    def similarity(self, w1: Key, w2: Key) -> float:
        """Return the cosine of two words.

        Parameters
        ----------
        w1, w2 : word or vector
            What to compare.

        Returns
        -------
        float
            From -1 to 1.
        """
        return neighbors.similarity(self._as_table(), w1, w2)

    def _as_table(self) -> VectorTable:
        # it has what the searches ask of a table: vocabulary, rows, dimensions
        return cast("VectorTable", self)

    def _nearest(
        self, queries: list[NDArray[np.float64]], topn: int, exclude: list[list[int]]
    ) -> list[Found]:
        check_count("topn", topn)
        best: list[Found] = [(np.empty(0, np.int64), np.empty(0)) for _ in queries]
        step = max(1, _BLOCK // self.dimensions)
        for part in in_pieces(len(self) if queries else 0, step, "searching", unit="rows"):
            start = part.start
            out = [[row - start for row in rows if 0 <= row - start < step] for rows in exclude]
            with unmentioned():
                found = nearest_rows(self.matrix[part], queries, topn=topn, exclude=out)
            best = [
                merge(old, (start + rows, cosines), topn)
                for old, (rows, cosines) in zip(best, found, strict=True)
            ]
        return best

    def _measure(self, matrix: NDArray[np.float32], seed: int) -> dict[str, float]:
        """The share of the ten nearest words that is found, and the mean cosine with the original.

        Both for 200 words, of which each is asked for with its own rounded vector.
        """
        rng = np.random.default_rng(seed)
        sample = np.sort(rng.choice(len(matrix), min(_SAMPLE, len(matrix)), replace=False))
        original, rounded = (m[sample].astype(np.float64) for m in (matrix, self.matrix))
        alone = [[row] for row in sample.tolist()]
        exact = nearest_rows(matrix, original, topn=_AT, exclude=alone)
        found = self._nearest(list(rounded), _AT, alone)
        shares = [
            len(np.intersect1d(rows, mine)) / len(rows)
            for (rows, _), (mine, _) in zip(exact, found, strict=True)
            if len(rows)
        ]
        cosines = (unit_rows(original) * unit_rows(rounded)).sum(axis=1)
        # where there is nothing to find, nothing is lost
        return {
            "recall": float(np.mean(shares)) if shares else 1.0,
            "cosine": float(cosines.mean()) if len(cosines) else 1.0,
        }
