"""Schedule: the blocks of a run, in order, and the learning rate of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.engines import Block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.config import Model

FADING = 0.9
"""What is told of the last blocks (loss, speed, waiting) fades by so much with each: a mean over
about ten is steady to look at, and still recent."""
_BLOCKS_WANTED = 50
_SMALLEST_BLOCK = 1 << 14
_LARGEST_BLOCK = 1 << 19


class Schedule:
    """All blocks of a run. A block's number decides all about it, so that a run can be resumed.

    Parameters
    ----------
    tokens : int
        The size N of the corpus.
    held_out : ndarray of int64
        Shape (n, 2): stretches of the corpus that no block may touch, in order.
    config : Model
        Epochs and learning rates.

    Examples
    --------
    >>> from wordkin.config import SkipGram
    >>> schedule = Schedule(50_000, np.array([[10_000, 20_000]]), SkipGram(epochs=2))
    >>> [(b.start, b.stop) for b in map(schedule.block, range(schedule.steps))][:3]
    [(0, 10000), (20000, 35000), (35000, 50000)]
    """

    def __init__(self, tokens: int, held_out: NDArray[np.int64], config: Model) -> None:
        self._config = config
        edges = np.concatenate(([0], held_out.ravel(), [tokens])).reshape(-1, 2)
        stretches = edges[edges[:, 1] > edges[:, 0]]
        self.tokens = int((stretches[:, 1] - stretches[:, 0]).sum())
        """Of an epoch."""
        # many blocks, so that the rate falls smoothly, but each worth the threads' while
        wanted = self.tokens * config.passes // _BLOCKS_WANTED
        size = min(max(wanted, _SMALLEST_BLOCK), _LARGEST_BLOCK)
        cuts = [
            np.linspace(start, stop, -(-(stop - start) // size) + 1).astype(np.int64)
            for start, stop in stretches.tolist()
        ]
        self._starts = np.concatenate([cut[:-1] for cut in cuts])
        self._stops = np.concatenate([cut[1:] for cut in cuts])
        self._before = np.concatenate(([0], np.cumsum(self._stops - self._starts)))
        self.steps = len(self._starts) * config.passes

    @property
    def total(self) -> int:
        """Tokens of all epochs."""
        return self.tokens * self._config.passes

    def block(self, step: int) -> Block:
        """Return a block; the rate falls linearly from alpha to min_alpha over all epochs.

        Parameters
        ----------
        step : int
            Its number, from 0.

        Returns
        -------
        Block
            Which tokens, at which rate.
        """
        epoch, number = divmod(step, len(self._starts))
        done = (epoch * self.tokens + int(self._before[number])) / self.total
        alpha, last = self._config.rates
        return Block(
            start=int(self._starts[number]),
            stop=int(self._stops[number]),
            alpha=alpha + (last - alpha) * done,
            step=step,
            epoch=epoch + 1,
        )

    def epoch(self, step: int) -> int:
        """Return the epoch of a block, counted from 1.

        Parameters
        ----------
        step : int
            Its number.

        Returns
        -------
        int
            The epoch.
        """
        return step // len(self._starts) + 1

    def ends_epoch(self, step: int) -> bool:
        """Tell whether a block is the last of its epoch.

        Parameters
        ----------
        step : int
            Its number.

        Returns
        -------
        bool
            True if the next one begins an epoch.
        """
        return (step + 1) % len(self._starts) == 0
