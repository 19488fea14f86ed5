"""What callbacks get: where a run stands, and a hand on its vectors while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, overload, runtime_checkable

import numpy as np

from wordkin.progress import clock
from wordkin.table import VectorTable
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wordkin.engines import Memory
    from wordkin.vocabulary import Vocabulary


class EpochRecord(NamedTuple):
    """One line of the history; an epoch that was stopped before its end has none."""

    epoch: int
    loss: float
    """Mean loss of a (word, context) pair over the epoch, in nats. (`GloVe`: half the weighted
    square of a cell's error. `PPMI`: the share of the squares of all cells that is left out.)"""
    seconds: float
    """Since the start of the run."""
    words_per_second: float
    validation_loss: float | None = None
    """Mean loss on held-out text at the end of the epoch, in nats; None where none is held out."""

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> EpochRecord:
        """Make a record of what a file says.

        Parameters
        ----------
        values : mapping
            By the names of the fields.

        Returns
        -------
        EpochRecord
            The record.

        Raises
        ------
        TypeError, ValueError, OverflowError
            If these are no numbers, or there are others.
        """
        record = cls(**values)
        loss, seconds, speed = map(float, record[1:4])
        validation = record.validation_loss
        if validation is not None:
            validation = float(validation)
        return cls(int(record.epoch), loss, seconds, speed, validation)


class History(Sequence[EpochRecord]):
    """The lines of a history so far: what is added to it later is not in here.

    It is handed out after each block, and a copy of a long history each time would take longer
    than a short block.

    Parameters
    ----------
    records : list of EpochRecord
        To which lines are added only.

    Examples
    --------
    >>> lines = [EpochRecord(1, 0.5, 1.0, 10.0)]
    >>> history = History(lines)
    >>> lines.append(EpochRecord(2, 0.4, 2.0, 10.0))
    >>> len(history), history[-1].epoch, history == tuple(lines[:1])
    (1, 1, True)
    """

    __slots__ = ("_n", "_records")

    def __init__(self, records: list[EpochRecord]) -> None:
        self._records, self._n = records, len(records)

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, i: int) -> EpochRecord: ...
    @overload
    def __getitem__(self, i: slice) -> tuple[EpochRecord, ...]: ...
    def __getitem__(self, i: int | slice) -> EpochRecord | tuple[EpochRecord, ...]:
        """Return a line, or some as a tuple."""
        at = range(self._n)[i]
        if isinstance(at, range):
            return tuple(self._records[j] for j in at)
        return self._records[at]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History | tuple | list):
            return NotImplemented
        return len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))  # equal to a tuple

    def __repr__(self) -> str:
        return repr(tuple(self))


class Live(Protocol):
    """A run that is going on, as far as callbacks can reach it."""

    def seen(self) -> tuple[int, int]:
        """Return how many words have been seen, and how many will be in all."""
        ...

    def history(self) -> Sequence[EpochRecord]:
        """Return what the epochs have come to; of a run that was resumed, those before it too."""
        ...

    def vocabulary(self) -> Vocabulary:
        """Return the words."""
        ...

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """Return live views of the matrices."""
        ...

    def vectors(self) -> NDArray[np.float32]:
        """Return the word vectors: a live view, or a copy where they are made of several tables."""
        ...

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead."""
        ...

    def validation_loss(self) -> float | None:
        """Return the loss on held-out text now."""
        ...

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint."""
        ...


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands; callbacks get one after each block.

    Its numbers are those of its moment. Its methods reach the run as it is when they are called,
    and only while it goes on.
    """

    step: int
    """Blocks done."""
    steps: int
    epoch: int
    """Counted from 1."""
    words: int
    """Words of the corpus seen so far, those seen again in later epochs counted again."""
    total_words: int
    seconds: float
    """Since the start; a run that was resumed goes on counting."""
    alpha: float
    loss: float
    """Mean loss of a (word, context) pair in the last blocks, in nats."""
    busy: float
    """Share of the threads' time in the last blocks that they computed; the rest they waited (with
    `engine="keras"`: the time that the processors computed, wherever that is done)."""
    limited_by: str
    """What the last blocks waited for most: "training" where the threads were busy, "disk" where
    the corpus is mapped and came late, "callbacks" (with validation), or "other programs"."""
    held_out: int
    """Tokens held out for validation; of a model that learns from counts, cells."""
    epoch_ended: bool
    """Whether this block was the last of an epoch, which then has its line in the history."""
    history: Sequence[EpochRecord]
    """A line for each epoch that has ended; it stays as it is."""
    memory: Memory
    """What the run takes."""
    live: Live = field(repr=False, compare=False)
    """The run itself, for the methods."""

    @property
    def words_per_second(self) -> float:
        """Mean speed since the start, compilation left out."""
        return self.words / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float:
        """Time left at that speed."""
        return self.seconds * (self.total_words - self.words) / max(self.words, 1)

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """Look at the matrices without a copy.

        Returns
        -------
        mapping
            Views by name, which training goes on changing: with `SkipGram` and `CBOW` "input" and
            "context", (V, D). Their rows are padded: they are not C-contiguous. With
            ``engine="keras"`` each is a copy of this moment, made when it is asked for.

        Raises
        ------
        TrainingError
            If the run has ended.
        """
        return self.live.arrays()

    def vectors(self) -> WordVectors:
        """Copy the vectors as they are now.

        Returns
        -------
        WordVectors
            A snapshot.

        Raises
        ------
        TrainingError
            If the run has ended.
        """
        matrix = np.array(self.live.vectors(), order="C")
        return WordVectors.from_table(VectorTable(self.live.vocabulary(), matrix))

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Let the run go on from other matrices, such as better ones of before.

        Parameters
        ----------
        arrays : mapping
            Matrices by name, as `arrays` has them.

        Raises
        ------
        TrainingError
            If the run has ended.
        """
        self.live.restore(arrays)

    def validation_loss(self) -> float | None:
        """Compute the loss on held-out text now.

        Returns
        -------
        float or None
            In nats; None where nothing is held out.

        Raises
        ------
        TrainingError
            If the run has ended.
        """
        return self.live.validation_loss()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint, from which ``train(..., resume=path)`` goes on after this block.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced when the new one is complete.

        Raises
        ------
        FileError
            If it can't be written.
        TrainingError
            If the run has ended.
        """
        self.live.save(path)

    def __str__(self) -> str:
        return (
            f"{self.words / self.total_words:4.0%}  epoch {self.epoch}  "
            f"{self.words_per_second / 1e6:.2f} M words/s  {clock(self.seconds_left)} left  "
            f"loss {self.loss:.3f}  rate {self.alpha:.4f}  limit: {self.limited_by}"
        )


class Callback(Protocol):
    """Anything to be called after each block."""

    def __call__(self, progress: Progress) -> object:
        """Take note of the progress.

        Parameters
        ----------
        progress : Progress
            Where the run stands.

        Returns
        -------
        object
            True, and nothing else that is true, ends the training after this block.
        """
        ...


@runtime_checkable
class Keeper(Protocol):
    """A callback that keeps a copy of all tables, which has to find room, too."""

    @property
    def keeps_tables(self) -> str:
        """What for, in words; empty if it does not."""
        ...


@runtime_checkable
class Beginner(Protocol):
    """A callback that wants to look before the first block, too."""

    def begin(self, live: Live) -> object:
        """Take note of how a run begins.

        Parameters
        ----------
        live : Live
            The run, with the vectors it begins with.

        Returns
        -------
        object
            True, and nothing else that is true, ends the training before its first block.
        """
        ...


@runtime_checkable
class Ender(Protocol):
    """A callback that wants to know when a run ends, too."""

    def end_of_run(self, live: Live, *, in_order: bool) -> object:
        """Take note that there will be no other block.

        Parameters
        ----------
        live : Live
            The run, for the last time.
        in_order : bool
            False if an error or Ctrl-C has ended it: its matrices may be in the middle of a block.

        Returns
        -------
        object
            Not looked at.
        """
        ...
