"""Texts of different lengths as one matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from wordkin.vocabulary.checks import check_at_least, check_choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Side = Literal["left", "right"]


def pad(
    encoded: Sequence[NDArray[np.int32]],
    pad_row: int,
    *,
    max_length: int | None = None,
    padding: Side = "right",
    truncating: Side = "right",
) -> NDArray[np.int32]:
    """Fill up or cut texts to one length.

    Parameters
    ----------
    encoded : sequence of ndarray of int32
        n texts in model rows.
    pad_row : int
        What short texts are filled up with.
    max_length : int, optional
        The length; by default that of the longest text, and 1 at least where there is a text:
        what takes a maximum over words can't take one over nothing.
    padding, truncating : {"right", "left"}
        The side on which short texts are filled up, and on which long texts lose words.

    Returns
    -------
    ndarray of int32
        Shape (n, max_length).

    Raises
    ------
    ConfigError
        If a side or the length is none of the above.

    Examples
    --------
    >>> pad([np.array([2, 3, 4]), np.array([5])], 0, max_length=2, padding="left")
    array([[2, 3],
           [0, 5]], dtype=int32)
    """
    check_choice("padding", padding, ("right", "left"))
    check_choice("truncating", truncating, ("right", "left"))
    if max_length is None:
        max_length = max(map(len, encoded), default=0) or min(1, len(encoded))
    else:
        check_at_least("max_length", max_length, 1)
    batch = np.full((len(encoded), max_length), pad_row, dtype=np.int32)
    for row, rows in zip(batch, encoded, strict=True):
        kept = rows[:max_length] if truncating == "right" else rows[-max_length:]
        start = 0 if padding == "right" else max_length - len(kept)
        row[start : start + len(kept)] = kept
    return batch
