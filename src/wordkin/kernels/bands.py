"""What the host does for an engine on a device: thin out the text, draw windows and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import kernel
from wordkin.kernels.sampling import PAST, Buffer, begin, draw_noise, fill

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.kernels.sampling import Text
    from wordkin.kernels.word2vec import Span


class Reach(NamedTuple):
    """How far windows reach.

    What is handed to a kernel is a type of this room: Numba keeps a note of it beside the compiled
    code, and imports its module whenever it looks there.
    """

    window: int
    shrink: bool


class Kept(NamedTuple):
    """Tokens that stay, in order; int32 each."""

    words: NDArray[np.int32]
    places: NDArray[np.int32]
    """Their numbers; a gap wider than the window parts two sentences."""
    reaches: NDArray[np.int32]
    """The window of each."""


def keep(text: Text, rule: Reach, span: Span, state: NDArray[np.uint64]) -> Kept:
    """Thin out a span of text.

    Parameters
    ----------
    text : Text
        The corpus.
    rule : Reach
        The widest window, and whether windows are drawn from 1..window.
    span : Span
        Which tokens.
    state : ndarray
        The random stream, changed in place.

    Returns
    -------
    Kept
        What stays.
    """
    start, stop = span
    words, places, reaches = np.empty((3, stop - start + PAST), np.int32)
    buffer = Buffer(words, places, reaches, np.zeros(3, np.int64))
    count = _fill_all(text, rule, span, buffer, state)
    return Kept(words[:count], places[:count], reaches[:count])


@kernel
def _fill_all(text, rule, span, buffer, state):
    begin(text, span, buffer)
    return fill(text, span.stop, buffer, np.int64(0), rule, state)


@kernel
def draw(noise, state, out):
    """Draw noise words.

    Parameters
    ----------
    noise : Noise
        Their law.
    state : ndarray
        The random stream, changed in place.
    out : ndarray
        int32, shape (n,), to be filled.
    """
    for i in range(len(out)):
        out[i] = draw_noise(noise, state)
