"""What the mean head has learned: a row of class scores for each feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.classification.kinds import Features, Kinds
from wordkin.documents.taking import taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_LEVELS = 127


class Linear(NamedTuple):
    """A linear classifier.

    Parameters
    ----------
    features : Features
        Which features there are, F of them.
    weights : ndarray of float32
        Shape (F, c): c is the number of classes, or 1 for two classes, of which the second is
        scored.
    bias : ndarray of float32
        Shape (c,).
    sharpness : float
        What makes logits of sums.
    quantized : bool
        Whether the weights are multiples of a 127th of the largest of their row, and take a byte
        each in a file.
    """

    features: Features
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    sharpness: float
    quantized: bool = False

    def logits(self, sums: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn sums of rows into logits of all classes.

        Parameters
        ----------
        sums : ndarray of float32
            Shape (n, c).

        Returns
        -------
        ndarray of float32
            Shape (n, k).
        """
        return both_classes(sums) * np.float32(self.sharpness)

    def column(self, position: int) -> tuple[NDArray[np.float32], float]:
        """Return what each feature adds to the logit of a class, for a value of 1, and the bias.

        Parameters
        ----------
        position : int
            Of the class, 0..k-1.

        Returns
        -------
        weights : ndarray of float32
            Shape (F,).
        bias : float
            The logit of an empty document.
        """
        sign = self.sharpness if len(self.bias) > 1 or position else -self.sharpness
        at = position if len(self.bias) > 1 else 0
        return self.weights[:, at] * np.float32(sign), float(self.bias[at]) * sign

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return arrays for a file.

        Returns
        -------
        dict of str to ndarray
            What `of` takes.
        """
        shared = {
            "keys": self.features.keys.view(np.int32),
            "bias": self.bias,
            "sharpness": np.array([self.sharpness], np.float32),
        }
        if not self.quantized:
            return shared | {"weights": self.weights, "idf": self.features.idf}
        scales = np.abs(self.weights).max(axis=1, initial=0.0)
        codes = np.rint(self.weights / np.maximum(scales, 1e-30)[:, None] * _LEVELS)
        return shared | {
            "codes": codes.astype(np.int8),
            "scales": scales.astype(np.float16),
            "idf": self.features.idf.astype(np.float16),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], kinds: Kinds, n_classes: int) -> Linear:
        """Take arrays that `arrays` gave.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            Perhaps from a file.
        kinds : Kinds
            Of the classifier.
        n_classes : int
            Its number k of classes.

        Returns
        -------
        Linear
            The same again.

        Raises
        ------
        FormatError
            If they do not fit each other.
        """
        columns = 1 if n_classes == 2 else n_classes
        keys = taken(arrays, "keys", np.int32, shape=(None,))
        rows = kinds.n_words + len(keys)
        quantized = "codes" in arrays
        if quantized:
            codes = taken(arrays, "codes", np.int8, shape=(rows, columns))
            scales = taken(arrays, "scales", np.float16, shape=(rows,)).astype(np.float32)
            weights = codes * (scales[:, None] / np.float32(_LEVELS))
            idf = taken(arrays, "idf", np.float16, shape=(rows,)).astype(np.float32)
        else:
            weights = taken(arrays, "weights", np.float32, shape=(rows, columns))
            idf = taken(arrays, "idf", np.float32, shape=(rows,))
        bias = taken(arrays, "bias", np.float32, shape=(columns,))
        sharpness = float(taken(arrays, "sharpness", np.float32, shape=(1,))[0])
        return cls(Features(kinds, keys.view(np.uint32), idf), weights, bias, sharpness, quantized)

    def take(self, rows: NDArray[np.int64], n_words: int) -> Linear:
        """Return a smaller one.

        Parameters
        ----------
        rows : ndarray of int64
            The rows to keep, ascending.
        n_words : int
            How many of them are words.

        Returns
        -------
        Linear
            With weights of a byte each.
        """
        first = self.features.kinds.n_words
        kinds = self.features.kinds._replace(n_words=n_words)
        kept = Features(kinds, self.features.keys[rows[n_words:] - first], self.features.idf[rows])
        small = self._replace(features=kept, weights=self.weights[rows], quantized=True)
        # what a file would give back, so that there is no difference to what is loaded from it
        return Linear.of(small.arrays(), kinds, max(2, len(self.bias)))


def both_classes(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sums for two classes where there are those of the second only.

    Parameters
    ----------
    sums : ndarray of float32
        Shape (n, c).

    Returns
    -------
    ndarray of float32
        Shape (n, max(2, c)).
    """
    return np.concatenate((-sums, sums), axis=1) if sums.shape[1] == 1 else sums
