"""Callbacks: stop early, write checkpoints; those that only look on are in `watching`."""

from __future__ import annotations

import logging
import math
import re
import shutil
import time
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wordkin.errors import ConfigError, FileError, warn
from wordkin.given import checked_path, number, whole
from wordkin.training import checkpoint

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.training.progress import EpochRecord, Live, Progress

_log = logging.getLogger("wordkin")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_SAME = 1e-6
"""By so much may the loss of the same vectors differ on another machine."""


class Moment(Protocol):
    """What an interval asks about a moment; a `Progress` is one."""

    @property
    def step(self) -> int:
        """Steps done."""
        ...

    @property
    def epoch_ended(self) -> bool:
        """Whether an epoch has just ended."""
        ...


class Interval:
    """Tells when it is time again.

    Parameters
    ----------
    every : int, float or str, optional
        A whole number of blocks, seconds as a float, or a time such as "30s", "5m", "1h". None:
        at the end of each epoch.

    Raises
    ------
    ConfigError
        If it is none of these, or not above zero.
    """

    def __init__(self, every: float | str | None) -> None:
        self._in_blocks = whole(every) is not None
        self._amount = _amount(every)
        if self._amount is not None and not self._amount > 0:
            raise ConfigError(
                "every must be a number of blocks (int), seconds (float), or a time such as '30s' "
                f"or '5m'; got {every!r}."
            )
        self.begin()

    def begin(self) -> None:
        """Begin anew: time is counted from the next call of `due` on."""
        self._last: float | None = None

    @property
    def at_epochs(self) -> bool:
        """Whether it is time at the end of each epoch, and never else."""
        return self._amount is None

    def due(self, progress: Moment) -> bool:
        """Tell whether it is time after this block.

        Parameters
        ----------
        progress : Moment
            Where the run stands.

        Returns
        -------
        bool
            Time is counted from the first call on since `begin`.
        """
        if self._amount is None:
            return progress.epoch_ended
        if self._in_blocks:
            return progress.step % self._amount == 0
        now = time.monotonic()
        if self._last is None:
            self._last = now
        if now - self._last < self._amount:
            return False
        self._last = now
        return True


def _amount(every: object) -> float | None:
    """Blocks or seconds; 0 for what is no interval."""
    if isinstance(every, str):
        parts = re.fullmatch(r"(\d+(?:\.\d+)?) ?([smh])", every)
        return float(parts[1]) * _SECONDS[parts[2]] if parts else 0.0
    return None if every is None else number(every) or 0.0


class EarlyStopping:
    """End the training when the validation loss has stopped falling.

    It looks at the end of each epoch, and decides by the history alone, so that a run that is
    resumed stops where it would have stopped; one that it has stopped stays so (a greater
    `patience` lets it go on).

    Parameters
    ----------
    patience : int
        So many epochs in a row without a better loss, and the training ends.
    min_delta : float
        A loss is better if it is lower than the best so far by more than this.
    restore_best : bool
        Return the vectors of the epoch with the best loss (a copy of all tables is kept for that
        while the run goes on: as much memory again). If false, the last ones are returned; so they
        are where another callback ends the training. If a run is resumed from a checkpoint that
        was written later, and no epoch after it is better, the best are lost: a warning tells so,
        and the last ones are returned.

    Attributes
    ----------
    best_epoch : int or None
        The epoch with the best loss, counted from 1.

    Raises
    ------
    ConfigError
        If a number is out of its range; during training, if nothing is held out.

    Warns
    -----
    UserWarning
        At the end of training, if the vectors to return are lost.

    Examples
    --------
    >>> import wordkin as wk
    >>> corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
    >>> stop = wk.EarlyStopping(patience=2)
    >>> model = wk.train(corpus, wk.SkipGram(epochs=3), validation=0.1, callbacks=[stop])
    >>> [epoch.validation_loss < 4.2 for epoch in model.history]
    [True, True, True]
    """

    def __init__(
        self, patience: int = 1, min_delta: float = 0.0, *, restore_best: bool = True
    ) -> None:
        epochs, delta = whole(patience), number(min_delta)
        if epochs is None or epochs < 1:
            raise ConfigError(f"patience must be a whole number from 1 on; got {patience!r}.")
        if delta is None or not delta >= 0:
            raise ConfigError(f"min_delta must be a number from 0 on; got {min_delta!r}.")
        self.patience, self.min_delta, self.restore_best = epochs, delta, restore_best
        self._forget()
        self._kept: dict[str, NDArray[np.float32]] = {}
        self._kept_epoch = 0

    @property
    def keeps_tables(self) -> str:
        """Whether a copy of all tables is kept, in words: empty if it is not."""
        return "EarlyStopping(restore_best=True)" if self.restore_best else ""

    def begin(self, live: Live) -> bool:
        """Forget what was kept of another run; of one that is resumed, see where it stands.

        Parameters
        ----------
        live : Live
            The run.

        Returns
        -------
        bool
            True if it has been stopped already.
        """
        self._forget()
        self._let_go()
        history = live.history()
        if not history or history[-1].validation_loss is None:
            return False
        epochs_since = self._judge(history)
        stops = epochs_since >= self.patience
        if stops:
            _log.info("epoch %d was the best: this run has stopped already", self.best_epoch)
        if self.restore_best:
            seen, total = live.seen()
            self._look_for(history[-1 - epochs_since], live, ends=stops or seen == total)
        return stops

    def __call__(self, progress: Progress) -> bool:
        """Decide after a block.

        Parameters
        ----------
        progress : Progress
            Where the run stands.

        Returns
        -------
        bool
            True to end the training.
        """
        if not progress.held_out:
            raise ConfigError("EarlyStopping needs train(..., validation=0.01) or the like.")
        if not progress.epoch_ended:
            return False
        epochs_since = self._judge(progress.history)
        stops = epochs_since >= self.patience
        ends = stops or progress.step == progress.steps
        if not self.restore_best:
            return stops
        if epochs_since == 0 and not ends:
            self._keep(progress.arrays(), len(progress.history))
        elif ends and epochs_since:
            self._restore(progress)
        return stops

    def end_of_run(self, live: Live, *, in_order: bool) -> None:
        """Let go of the copy, however the run has ended.

        Parameters
        ----------
        live : Live
            The run.
        in_order : bool
            Whether it was not interrupted.
        """
        del live, in_order
        self._let_go()

    def _forget(self) -> None:
        self.best_epoch: int | None = None
        self._best_loss, self._judged = math.inf, 0

    def _let_go(self) -> None:
        self._kept, self._kept_epoch = {}, 0

    def _judge(self, history: Sequence[EpochRecord]) -> int:
        """Find the best epoch, and tell how many there were since; those judged before stay so."""
        best, best_loss = (self.best_epoch or 1) - 1, self._best_loss
        for i in range(self._judged, len(history)):
            loss = history[i].validation_loss or 0.0
            if loss < best_loss - self.min_delta:
                best, best_loss = i, loss
        self.best_epoch, self._best_loss, self._judged = best + 1, best_loss, len(history)
        return len(history) - self.best_epoch

    def _look_for(self, best: EpochRecord, live: Live, *, ends: bool) -> None:
        """Keep the vectors of the best epoch if a resumed run has them; else tell if it ends."""
        # their loss is that of its end; so it is, too, where they were restored before a checkpoint
        is_there = _is_loss(live.validation_loss(), best.validation_loss)
        if is_there and not ends:
            self._keep(live.arrays(), best.epoch)
        elif ends and not is_there:
            self._tell_that_best_is_gone()

    def _keep(self, arrays: Mapping[str, NDArray[np.float32]], epoch: int) -> None:
        for name, array in arrays.items():
            if name not in self._kept or self._kept[name].shape != array.shape:
                self._kept[name] = np.empty(array.shape, array.dtype)
            self._kept[name][:] = array
        self._kept_epoch = epoch

    def _restore(self, progress: Progress) -> None:
        if self._kept_epoch == self.best_epoch:
            progress.restore(self._kept)
        else:
            self._tell_that_best_is_gone()

    def _tell_that_best_is_gone(self) -> None:
        warn(
            f"The vectors of epoch {self.best_epoch}, the best one, are lost: the checkpoint that "
            "this run was resumed from was written later. Returned are those of the last epoch. "
            "To have the best ones, train anew without resume."
        )


def _is_loss(loss: float | None, other: float | None) -> bool:
    """Tell whether two losses can be of the same vectors."""
    return loss is not None and other is not None and math.isclose(loss, other, rel_tol=_SAME)


class Checkpoint:
    """Write a checkpoint now and then, from which ``train(..., resume=folder)`` goes on.

    A checkpoint replaces the one before when it is complete: whenever the process is killed, a
    whole one is there. With one thread a run that was killed and resumed gives the same bytes as
    one that never stopped. Put it last among the callbacks.

    Parameters
    ----------
    folder : path-like
        Where to; made if there is none. It holds one file, of the size of all tables.
    every : int, float or str
        A whole number of blocks, seconds as a float, or a time such as "5m". There is always one
        at the end, also of a run that a callback has stopped; of one that was interrupted there
        is the last one before.

    Raises
    ------
    ConfigError
        If `every` is no interval.
    FileError
        If the folder can't be made, or has no room for a checkpoint when training begins; during
        training, if the file can't be written.
    """

    def __init__(self, folder: str | os.PathLike[str], *, every: float | str = "5m") -> None:
        self._interval = Interval(every)
        self._saved_at = 0  # how many words had been seen
        self.path = checkpoint.file_in(checked_path(folder, "write"))

    def begin(self, live: Live) -> None:
        """Refuse to begin where no checkpoint would have room.

        Parameters
        ----------
        live : Live
            The run.
        """
        self._interval.begin()
        self._saved_at, _ = live.seen()  # what lies before is where it was resumed from
        need = sum(table.nbytes for table in live.arrays().values())
        free = shutil.disk_usage(self.path.parent).free
        if need > free:
            raise FileError(
                f"A checkpoint takes {need / 1e6:,.0f} MB, and the old one stays until the new one "
                f"is complete; {str(self.path.parent)!r} has {free / 1e6:,.0f} MB left. Make room, "
                "or give another folder."
            )

    def __call__(self, progress: Progress) -> None:
        """Write, if it is time.

        Parameters
        ----------
        progress : Progress
            Where the run stands.
        """
        if self._interval.due(progress):
            self._save(progress.live)

    def end_of_run(self, live: Live, *, in_order: bool) -> None:
        """Write what is not in the last checkpoint, unless the run was interrupted.

        Parameters
        ----------
        live : Live
            The run.
        in_order : bool
            Whether it was not.
        """
        if in_order and live.seen()[0] > self._saved_at:
            self._save(live)

    def _save(self, live: Live) -> None:
        live.save(self.path)
        self._saved_at, _ = live.seen()
