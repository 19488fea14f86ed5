"""VectorTable: a vocabulary and its matrix, checked when made, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.given import check_unmasked
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.checks import checked_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from wordkin.subwords import Subwords


@dataclass(frozen=True, eq=False)
class VectorTable:
    """Words and their vectors: the bare data that readers make and everybody else works on.

    Parameters
    ----------
    vocabulary : Vocabulary
        The V words; word i has row i of the matrix.
    matrix : ndarray
        Shape (V, D), float32, C-contiguous. May be mapped from a file and read-only.
    settings : mapping, optional
        How the vectors were made (model, seed, epochs, account ...), as JSON-able values.
    subwords : Subwords, optional
        Rows of character n-grams, from which unknown words get a vector.

    Raises
    ------
    InputError
        If it is no array, its shape does not fit the vocabulary, the dtype is not float32, or some
        of it is masked. (Use `from_arrays` to convert and to check the values.)
    """

    vocabulary: Vocabulary
    matrix: NDArray[np.float32]
    settings: Mapping[str, Any] = field(default_factory=dict)
    subwords: Subwords | None = None

    def __post_init__(self) -> None:
        check_unmasked(self.matrix)
        if not isinstance(self.matrix, np.ndarray):
            raise InputError(
                f"The matrix must be an array of NumPy; got {type(self.matrix).__name__}. "
                "VectorTable.from_arrays converts it."
            )
        if self.matrix.ndim != 2 or self.matrix.shape[1] == 0:
            raise InputError(
                f"Vectors come as one matrix of shape (words, dimensions); got an array of shape "
                f"{self.matrix.shape}."
            )
        if self.matrix.shape[0] != len(self.vocabulary):
            raise InputError(
                f"The matrix has {self.matrix.shape[0]} rows, but there are "
                f"{len(self.vocabulary)} words. Give one row for each word, in the same order."
            )
        contiguous = self.matrix.flags.c_contiguous
        if self.matrix.dtype != np.float32 or not contiguous:
            raise InputError(
                f"The matrix must be C-contiguous float32; got {self.matrix.dtype}"
                f"{'' if contiguous else ', not contiguous'}. VectorTable.from_arrays converts it."
            )
        if self.subwords is not None and self.subwords.matrix.shape[1] != self.matrix.shape[1]:
            raise InputError(
                f"Words have {self.matrix.shape[1]} dimensions and n-grams "
                f"{self.subwords.matrix.shape[1]}; they must have as many."
            )

    @classmethod
    def from_arrays(
        cls,
        vocabulary: Vocabulary,
        matrix: ArrayLike,
        *,
        settings: Mapping[str, Any] | None = None,
        subwords: Subwords | None = None,
    ) -> VectorTable:
        """Make a table from anything that is a matrix of finite numbers.

        Parameters
        ----------
        vocabulary : Vocabulary
            The V words.
        matrix : array_like
            Shape (V, D), any real dtype. Copied only if it is not C-contiguous float32 already.
        settings : mapping, optional
            How the vectors were made.
        subwords : Subwords, optional
            Rows of character n-grams.

        Returns
        -------
        VectorTable
            The checked table.

        Raises
        ------
        InputError
            If it is no matrix of V rows, or a value is not a finite float32.
        """
        check_unmasked(matrix)
        try:
            numbers = np.asarray(matrix)
            # NumPy would drop imaginary parts, and read numbers in strings and dates
            if numbers.dtype.kind in "cSUMm":
                raise TypeError(f"got {numbers.dtype}")
            with np.errstate(over="ignore"):
                array = np.ascontiguousarray(numbers, dtype=np.float32)
        except (TypeError, ValueError, RuntimeError) as error:  # PyTorch raises the last
            raise InputError(
                f"Vectors must be a matrix of real numbers with rows of one length: {error}"
            ) from error
        table = cls(vocabulary, array, dict(settings or {}), subwords)
        table.check_finite()
        return table

    def check_finite(self) -> None:
        """Raise an error that names the first word whose vector is not finite.

        Raises
        ------
        InputError
            If a value is NaN or infinite (as float32).
        """
        # float64 sums of float32 rows can't overflow, and one bad value spoils its row's sum
        with np.errstate(invalid="ignore"):  # infinity less infinity
            sums = self.matrix.sum(axis=1, dtype=np.float64)
        bad = np.flatnonzero(~np.isfinite(sums))
        if len(bad):
            word = self.vocabulary.words[int(bad[0])]
            raise InputError(
                f"{len(bad)} of {len(sums)} vectors hold NaN or infinity (as float32); the first "
                f"is row {bad[0]}, word {word!r}. Remove or repair them first."
            )

    def take(self, rows: ArrayLike) -> VectorTable:
        """Take some rows, with their words and counts.

        Parameters
        ----------
        rows : array_like of int
            Shape (n,): rows from 0 to V - 1, each once, in the order wanted.

        Returns
        -------
        VectorTable
            A copy of them; settings and rows of n-grams are shared.

        Raises
        ------
        InputError
            If they are no whole numbers, or one comes twice.
        RowError
            If there is no such row; -1 is none either.
        """
        advice = "Of a mask np.flatnonzero(mask) makes rows."
        chosen = np.array(checked_rows(rows, len(self), advice=advice), np.int64)
        old = self.vocabulary
        vocabulary = Vocabulary(
            [old.words[row] for row in chosen.tolist()],
            None if old.counts is None else old.counts[chosen],
            specials=old.specials,
            tokenizer=old.tokenizer,
        )
        return VectorTable(vocabulary, self.matrix[chosen], self.settings, self.subwords)

    @property
    def dimensions(self) -> int:
        """The length D of each vector."""
        return int(self.matrix.shape[1])

    def __len__(self) -> int:
        return int(self.matrix.shape[0])
