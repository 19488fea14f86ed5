"""Validation where no text can be held out: a run keeps some counts, and tells their loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from wordkin.engines import HoldingOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wordkin.engines import Run
    from wordkin.training.job import Job
    from wordkin.training.validation import HeldOut


@dataclass(frozen=True)
class HeldOutCounts:
    """Counts that are held out, of which their run knows the loss; no text is.

    Parameters
    ----------
    run : HoldingOut
        What keeps them.
    size : int
        How many.
    """

    run: HoldingOut
    size: int
    segments: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))
    tokens: int = 0

    def loss(self, arrays: Mapping[str, NDArray[np.float32]]) -> float:
        """Compute the loss of the run as it is now.

        Parameters
        ----------
        arrays : mapping
            Not needed.

        Returns
        -------
        float
            As the run tells it while it learns.
        """
        return self.run.held_out_loss()


def hold_out_counts(job: Job, run: Run, text: HeldOut) -> HeldOut | HeldOutCounts:
    """Let a run choose what it holds out, if it is one that learns from counts.

    Parameters
    ----------
    job : Job
        The share to hold out.
    run : Run
        What is to be trained.
    text : HeldOut
        What was held out before, which is nothing then.

    Returns
    -------
    HeldOut or HeldOutCounts
        What there is to compute a loss of.
    """
    if job.validation and isinstance(run, HoldingOut):
        return HeldOutCounts(run, run.hold_out(job.validation))
    return text
