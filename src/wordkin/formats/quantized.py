"""Product quantisation: parts of vectors are numbers of centroids.

Jégou, Douze, Schmid (2011), "Product quantization for nearest neighbor search", section II.B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_ONCE = 1 << 14  # rows


class Codebook(NamedTuple):
    """The centroids of each part of a vector.

    Parameters
    ----------
    parts : tuple of ndarray
        For each part its centroids, shape (K, d), float32.
    """

    parts: tuple[NDArray[np.float32], ...]

    @property
    def dimensions(self) -> int:
        """The length of a whole vector."""
        return sum(part.shape[1] for part in self.parts)

    def decode(
        self, codes: NDArray[np.uint8], norms: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Put vectors together from their centroids.

        Parameters
        ----------
        codes : ndarray of uint8
            Shape (n, parts).
        norms : ndarray, optional
            Shape (n,): what each vector is multiplied with.

        Returns
        -------
        ndarray
            Shape (n, D), float32.
        """
        out = np.empty((len(codes), self.dimensions), np.float32)
        for start in range(0, len(codes), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            place = 0
            for number, part in enumerate(self.parts):
                out[rows, place : place + part.shape[1]] = part[codes[rows, number]]
                place += part.shape[1]
        if norms is not None:
            with np.errstate(over="ignore", invalid="ignore"):  # refused when the table is made
                out *= norms[:, None]
        return out
