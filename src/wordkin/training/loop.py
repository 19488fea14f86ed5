"""Session: a run that goes on, block after block, and what has come of it so far."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from wordkin.engines import Spelling, word_vectors
from wordkin.errors import TrainingError
from wordkin.training import checkpoint
from wordkin.training.checkpoint import Tally
from wordkin.training.meter import Meter
from wordkin.training.nothing import warn_of_nothing
from wordkin.training.progress import Beginner, Ender, EpochRecord, History, Progress
from wordkin.training.schedule import FADING, Schedule

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.engines import Block, Learned, Memory, Run
    from wordkin.subwords import Subwords
    from wordkin.training.held_counts import HeldOutCounts
    from wordkin.training.job import Job
    from wordkin.training.progress import Callback
    from wordkin.training.validation import HeldOut
    from wordkin.vocabulary import Vocabulary


class Finished(NamedTuple):
    """What an engine hands over in the end."""

    arrays: Mapping[str, NDArray[np.float32]]
    """C-contiguous, by name: "input" (V, D), where there are such "context" (V, D) and "documents"
    (a row for each sentence of the corpus)."""
    subwords: Subwords | None = None
    """Rows of n-grams, where the model learns some."""


_log = logging.getLogger("wordkin")
_SECONDS_BETWEEN_LINES = 10.0


class Session:
    """A run that goes on.

    Parameters
    ----------
    job : Job
        What is to be done.
    run : Run
        The engine's part of it.
    held_out : HeldOut or HeldOutCounts
        What is not trained on.
    memory : Memory
        What the run takes.
    tally : Tally, optional
        How far it has come already.
    """

    def __init__(
        self,
        job: Job,
        run: Run,
        *,
        held_out: HeldOut | HeldOutCounts,
        memory: Memory,
        tally: Tally | None = None,
    ) -> None:
        self.tally = tally or Tally()
        self.schedule = Schedule(job.corpus.n_tokens, held_out.segments, job.config)
        self._job = job
        self._run: Run | None = run
        self._held_out = held_out
        self._memory = memory
        # no more threads than streams have work
        self._meter = Meter(min(job.workers, job.streams or job.workers))
        self._began = time.perf_counter() - self.tally.seconds
        self._next_line = 0.0

    @property
    def ended(self) -> bool:
        """Whether all blocks have been learned from."""
        return self.tally.step >= self.schedule.steps

    def go(self, callbacks: Iterable[Callback]) -> None:
        """Learn from all blocks that are left, or until a callback returns True.

        Parameters
        ----------
        callbacks : iterable of callable
            All are called after each block, in order; see `Beginner` and `Ender`, too.
        """
        callbacks, in_order = tuple(callbacks), False
        try:
            self._go(callbacks)
            in_order = True
        finally:
            for each in callbacks:
                if isinstance(each, Ender):
                    each.end_of_run(self, in_order=in_order)
        warn_of_nothing(self._job, self)

    def _go(self, callbacks: Sequence[Callback]) -> None:
        answers = [each.begin(self) for each in callbacks if isinstance(each, Beginner)]
        while not self.ended and not any(answer is True for answer in answers):
            progress = self._advance()
            answers = [callback(progress) for callback in callbacks]

    def finish(self) -> Finished:
        """End the run.

        Returns
        -------
        Finished
            What it has learned.
        """
        run, self._run = self._living(), None
        arrays = run.finish()
        return Finished(arrays, run.subwords() if isinstance(run, Spelling) else None)

    def _advance(self) -> Progress:
        """Learn from the next block."""
        run, block = self._living(), self.schedule.block(self.tally.step)
        learned = self._meter.measured(lambda: run.update(block))
        ended = self.schedule.ends_epoch(block.step)
        self._add(block, learned)
        if ended:
            self._close_epoch(block)
        progress = self._progress(block, ended)
        self._tell(progress)
        return progress

    def _add(self, block: Block, learned: Learned) -> None:
        tally = self.tally
        tally.step += 1
        tally.seen += block.stop - block.start
        tally.trained += learned.tokens
        (loss, pairs), (epoch_loss, epoch_pairs) = tally.recent, tally.epoch
        tally.recent = (FADING * loss + learned.loss, FADING * pairs + learned.pairs)
        tally.epoch = (epoch_loss + learned.loss, epoch_pairs + learned.pairs)
        tally.seconds = time.perf_counter() - self._began

    def _close_epoch(self, block: Block) -> None:
        tally = self.tally
        record = EpochRecord(
            epoch=self.schedule.epoch(block.step),
            loss=_mean(tally.epoch),
            seconds=tally.seconds,
            words_per_second=tally.seen / max(tally.seconds, 1e-9),
            validation_loss=self.validation_loss(),
        )
        tally.history.append(record)
        tally.epoch = (0.0, 0.0)

    def _progress(self, block: Block, epoch_ended: bool) -> Progress:
        tally = self.tally
        return Progress(
            step=tally.step,
            steps=self.schedule.steps,
            epoch=self.schedule.epoch(block.step),
            words=tally.seen,
            total_words=self.schedule.total,
            seconds=tally.seconds,
            alpha=block.alpha,
            loss=_mean(tally.recent),
            busy=self._meter.busy,
            limited_by=self._meter.limited_by,
            held_out=self._held_out.size,
            epoch_ended=epoch_ended,
            history=History(tally.history),
            memory=self._memory,
            live=self,
        )

    def _tell(self, progress: Progress) -> None:
        """Log a line for each epoch, and one now and then."""
        if not _log.isEnabledFor(logging.INFO):
            return
        now = time.monotonic()
        if progress.epoch_ended:
            validation = progress.history[-1].validation_loss
            told = "" if validation is None else f", validation loss {validation:.4f}"
            _log.info("epoch %d: loss %.4f%s", progress.epoch, progress.history[-1].loss, told)
        elif now >= self._next_line:
            _log.info("training: %s", progress)
        else:
            return
        self._next_line = now + _SECONDS_BETWEEN_LINES

    # --- what callbacks reach (see progress.Live)

    def seen(self) -> tuple[int, int]:
        """Return how many words have been seen, and how many will be in all."""
        return self.tally.seen, self.schedule.total

    def history(self) -> Sequence[EpochRecord]:
        """Return what the epochs have come to."""
        return tuple(self.tally.history)

    def vocabulary(self) -> Vocabulary:
        """Return the words."""
        return self._job.corpus.vocabulary

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """Return live views of the matrices."""
        return self._living().arrays()

    def vectors(self) -> NDArray[np.float32]:
        """Return the word vectors: a live view, or a copy where they are made of several tables."""
        return word_vectors(self._living())

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead."""
        self._living().restore(arrays)

    def validation_loss(self) -> float | None:
        """Return the loss on held-out text now."""
        if not self._held_out.size:
            return None
        return self._held_out.loss({**self.arrays(), "input": self.vectors()})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint."""
        checkpoint.write(path, self._job, self.tally, arrays=self.arrays())

    def _living(self) -> Run:
        if self._run is None:
            raise TrainingError("This run has ended; use what train() returned.")
        return self._run


def _mean(loss_and_pairs: tuple[float, ...]) -> float:
    return loss_and_pairs[0] / max(loss_and_pairs[1], 1)
