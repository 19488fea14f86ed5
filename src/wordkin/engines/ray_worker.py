"""What a worker of the distributed engine does: some streams of each round, and every merge.

It runs in a process of its own, on any machine, and imports nothing of Ray: `ray_crew` hosts it.
"""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from wordkin.corpus import Corpus
from wordkin.corpus.surveying import text_mark
from wordkin.engines import Composed, Run, Spelling
from wordkin.engines.cpu import CpuEngine
from wordkin.errors import FileError, FormatError, InputError
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.config import Model
    from wordkin.corpus import Account
    from wordkin.engines import Block
    from wordkin.engines.replicas import Changes
    from wordkin.engines.streams import Streams
    from wordkin.subwords import Subwords


class OutOfStepError(Exception):
    """A worker was asked for a round that its tables are not ready for; that one is done again."""


class InStreams(Run, Protocol):
    """A run of the CPU engine whose streams can be asked one by one."""

    streams: Streams


class Task(NamedTuple):
    """All that fixes what a worker does."""

    config: Model
    seed: int
    threads: int
    streams: int
    mark: str
    """Of the corpus, from `mark_of`."""


class Shipped(NamedTuple):
    """A corpus that is in memory, as it is sent to workers: arrays, words and numbers."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    words: list[str]
    counts: NDArray[np.int64] | None
    specials: tuple[str, ...]
    account: Account


class Round(NamedTuple):
    """What is to be done in a step of the crew."""

    version: int
    """How often the tables have been changed before."""
    block: Block
    number: int
    """Of the round in the block."""


class Learnt(NamedTuple):
    """What a worker tells of its part of a round."""

    tallies: dict[int, NDArray[np.float64]]
    """What each of its streams has counted."""
    sent: int
    """Bytes of the changes that go to the other workers."""
    seconds: float
    """Processor time since it was last told."""


class Finished(NamedTuple):
    """What is left of a run that has ended, in memory of its own."""

    arrays: Mapping[str, NDArray[np.float32]]
    subwords: Subwords | None


def ship(corpus: Corpus) -> str | Shipped:
    """Make of a corpus what can be sent: where it is stored, or all of it.

    Parameters
    ----------
    corpus : Corpus
        The corpus.

    Returns
    -------
    str or Shipped
        For `Worker`.
    """
    if isinstance(corpus.ids, np.memmap) and corpus.ids.filename is not None:
        return str(Path(corpus.ids.filename).resolve().parent)
    words = corpus.vocabulary
    return Shipped(
        np.asarray(corpus.ids),
        np.asarray(corpus.starts),
        list(words.words),
        words.counts,
        words.specials,
        corpus.account,
    )


def mark_of(corpus: Corpus) -> str:
    """Tell a corpus from others: its words, its sizes, and checksums of its text.

    Parameters
    ----------
    corpus : Corpus
        The corpus.

    Returns
    -------
    str
        The same for equal ones.
    """
    words = corpus.vocabulary.fingerprint()
    return f"{words} {corpus.n_tokens} {len(corpus)} {text_mark(corpus)}"


class Worker:
    """Holds the tables, learns on replicas of their rows, and merges what all have changed.

    Parameters
    ----------
    task : Task
        What to do.
    corpus : str or Shipped
        The text, from `ship`.

    Raises
    ------
    FileError
        If the corpus is in a folder that can't be read from here.
    InputError
        If it is another one here.
    """

    def __init__(self, task: Task, corpus: str | Shipped) -> None:
        text = _opened(corpus) if isinstance(corpus, str) else _unpacked(corpus)
        if mark_of(text) != task.mark:
            raise InputError(
                f"The corpus in {corpus!r:.200} is another one on the machine of a worker than "
                "where training was started. All machines must see the same folder."
            )
        engine = CpuEngine(workers=task.threads, streams=task.streams)
        self._run: Any = engine.start(text, task.config, seed=task.seed)
        self._version = 0
        self._mine: set[int] = set()
        self._clock = time.process_time()

    def version(self) -> int:
        """Tell how often the tables have been changed."""
        return self._version

    def learn(self, step: Round, streams: Sequence[int]) -> tuple[Learnt, list[list[Changes]]]:
        """Let some streams learn, on replicas; the tables stay as they are.

        Parameters
        ----------
        step : Round
            Which round.
        streams : sequence of int
            Which streams.

        Returns
        -------
        learnt : Learnt
            What they have counted.
        changes : list of lists of Changes
            For each stream, for each table.

        Raises
        ------
        OutOfStepError
            If the tables here are not those that the round begins with.
        """
        self._check(step)
        run: InStreams = self._run
        tallies = run.streams.learn(step.block, step.number, streams)
        changes = [run.streams.changes(stream) for stream in streams]
        self._mine = set(streams)
        clock, self._clock = self._clock, time.process_time()
        sent = sum(each.nbytes for of_stream in changes for each in of_stream)
        told = Learnt(dict(zip(streams, tallies, strict=True)), sent, self._clock - clock)
        return told, changes

    def merge(
        self, step: Round, shares: Sequence[Sequence[int]], *changes: list[list[Changes]] | None
    ) -> int:
        """Merge what all streams have changed in a round.

        Parameters
        ----------
        step : Round
            The round.
        shares : sequence of sequences of int
            Which streams each worker has.
        *changes : list of lists of Changes, or None
            What the workers' `learn` has returned; None for that of this one.

        Returns
        -------
        int
            How often the tables have been changed now.

        Raises
        ------
        OutOfStepError
            If the tables here are not those that the round begins with.
        """
        self._check(step)
        run: InStreams = self._run
        for streams, of_worker in zip(shares, changes, strict=True):
            if of_worker is None and self._mine != set(streams):
                raise OutOfStepError(f"streams {streams} have not learned here")
            for stream, of_stream in zip(streams, of_worker or (), strict=of_worker is not None):
                run.streams.accept(stream, of_stream)
        run.streams.merge(step.block, values=False)
        self._version += 1
        return self._version

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Copy the tables, as checkpoints hold them."""
        return dict(self._run.arrays())

    def vectors(self) -> NDArray[np.float32]:
        """Copy the word vectors, of a run that makes them of several tables."""
        vectors: NDArray[np.float32] = self._run.vectors()
        return vectors

    def restore(self, arrays: Mapping[str, NDArray[np.float32]], version: int) -> int:
        """Go on from these tables.

        Parameters
        ----------
        arrays : mapping
            As `arrays` has them.
        version : int
            How often they have been changed.

        Returns
        -------
        int
            The same.
        """
        self._run.restore(arrays)
        self._version = version
        return version

    def finish(self) -> Finished:
        """End the run and hand its matrices over."""
        arrays = self._run.finish()
        return Finished(arrays, self._run.subwords() if isinstance(self._run, Spelling) else None)

    def is_composed(self) -> bool:
        """Tell whether word vectors are made of several tables."""
        return isinstance(self._run, Composed)

    def _check(self, step: Round) -> None:
        if step.version != self._version:
            raise OutOfStepError(f"at {self._version}, not {step.version}")


def kept(finished: Finished) -> Finished:
    """Copy what came through shared memory, which ends with the connection to the cluster.

    Parameters
    ----------
    finished : Finished
        From a worker.

    Returns
    -------
    Finished
        The same in memory of its own.
    """
    return copy.deepcopy(finished)


def _opened(folder: str) -> Corpus:
    try:
        return Corpus.open(folder)
    except (FileError, FormatError) as error:
        raise FileError(
            f"A worker can't open the corpus: {error} All machines must see the folder under the "
            "same path (a shared file system, or a copy); or use a corpus in memory, which is sent."
        ) from error


def _unpacked(shipped: Shipped) -> Corpus:
    words = Vocabulary(shipped.words, shipped.counts, specials=shipped.specials)
    return Corpus(shipped.ids, shipped.starts, words, shipped.account)
