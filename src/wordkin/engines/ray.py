"""The distributed engine: the CPU engine's streams in processes of a Ray cluster.

The bytes are those of ``deterministic=True`` on one machine with as many streams. `ray_crew` tells
how workers stay together, `ray_worker` what each one does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from wordkin.engines.cpu import CpuEngine
from wordkin.engines.ray_cluster import RayCluster, import_ray
from wordkin.engines.ray_crew import AllLostError, Crew
from wordkin.engines.ray_worker import Finished, Task, kept, mark_of, ship
from wordkin.engines.streams import rounds, summed
from wordkin.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.engines import Block, Learned, Memory
    from wordkin.subwords import Subwords

ALWAYS_IN_STREAMS = True
"""It has no other way to learn."""
_log, _traffic = logging.getLogger("wordkin"), logging.getLogger("wordkin.traffic")
_SECONDS_BETWEEN_COPIES = 300.0
"""So much work is lost at most when all workers die at once."""


class RayEngine:
    """Trains with processes on a cluster.

    Parameters
    ----------
    cluster : RayCluster
        Where it is.
    workers : int
        Processes, at most as many as streams.
    streams : int
        Pieces of text that are learned from at the same time.
    """

    def __init__(self, cluster: RayCluster, *, workers: int, streams: int) -> None:
        self.cluster, self.streams = cluster, streams
        self.workers = min(workers, streams)

    def memory(self, words: int, config: Model, *, sentences: int = 0) -> Memory:
        """Work out what a run will take on this machine, before there is one.

        Parameters
        ----------
        words : int
            The size V of the vocabulary.
        config : Model
            The model.
        sentences : int
            The number S of sentences, for models that have a row for each.

        Returns
        -------
        Memory
            Bytes; at most so many, not counting the corpus: of all workers where the cluster is
            this machine, otherwise of one, and of the tables that this process keeps.
        """
        local = CpuEngine(workers=self.cluster.threads, streams=self.streams)
        one = local.memory(words, config, sentences=sentences)
        many = self.workers if self.cluster.is_new else 1
        copies = many + 2  # two here: the last one, and while it changes
        return one._replace(
            tables=one.tables * copies,
            other=one.other * many,
            layout=f"{one.what}, in {many} worker{'s' * (many > 1)} and in two copies",
            copies=copies,
        )

    def start(self, corpus: Corpus, config: Model, *, seed: int) -> RayRun:
        """Begin workers that make the matrices.

        Parameters
        ----------
        corpus : Corpus
            What will be learned from.
        config : Model
            The model.
        seed : int
            Fixes the matrices and all draws to come.

        Returns
        -------
        RayRun
            The untrained model.

        Raises
        ------
        ConfigError
            If the model can't be trained in streams, or a worker has other versions.
        TrainingError
            If the cluster can't be reached, or gives no workers.
        """
        disconnect = self.cluster.connect(self.workers)
        with ExitStack() as undo:
            undo.callback(disconnect)
            task = Task(config, seed, self.cluster.threads, self.streams, mark_of(corpus))
            text = import_ray().put(ship(corpus))
            crew = Crew(self.cluster, task, text, workers=self.workers)
            undo.callback(crew.end)
            run = RayRun(crew, disconnect, tokens=corpus.n_tokens)
            if run.is_composed():
                run = ComposedRayRun(crew, disconnect, tokens=corpus.n_tokens)
            undo.pop_all()  # from here on the run does both
        return run


class RayRun:
    """A model being trained by workers on a cluster.

    Parameters
    ----------
    crew : Crew
        The workers.
    disconnect : callable
        Ends the connection to the cluster.
    tokens : int
        The size of the corpus.
    """

    def __init__(self, crew: Crew, disconnect: Callable[[], None], *, tokens: int) -> None:
        self.crew = crew
        self._disconnect, self._tokens = disconnect, tokens
        self._subwords: Subwords | None = None
        self._closed = False
        self._since: list[Block] = []  # what was learned after the last copy
        self._copy: Mapping[str, NDArray[np.float32]] | None = None
        self._copied_at, self._copied_version = time.monotonic(), 0

    def is_composed(self) -> bool:
        """Tell whether word vectors are made of several tables."""
        return bool(self._surely(lambda: self.crew.ask("is_composed")))

    def update(self, block: Block) -> Learned:
        """Learn from a block, round by round.

        Parameters
        ----------
        block : Block
            Which tokens, at which learning rate.

        Returns
        -------
        Learned
            How many tokens took part, and a sample of their loss.
        """
        before = self.crew.seconds
        tallies = self._surely(lambda: self._go(block))
        self._since.append(block)
        if time.monotonic() - self._copied_at > _SECONDS_BETWEEN_COPIES:
            self.fetch()
        _log.debug("block %d: %s", block.step, self.crew.traffic)
        return summed(tallies)._replace(elsewhere=self.crew.seconds - before)

    def _go(self, block: Block) -> list[list[NDArray[np.float64]]]:
        return self.crew.go(block, rounds(block, self._tokens))

    def _surely(self, do: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Do something; if all workers are lost over it, bring new ones to where they were."""
        lost = False
        while True:
            try:
                if lost:
                    self._begin_anew()
                    lost = False
                return do()
            except AllLostError:
                lost = True

    def _begin_anew(self) -> None:
        _log.warning("all workers are lost: %d blocks are learned again", len(self._since))
        self.crew.begin_anew(self._copy, self._copied_version)
        for block in self._since:
            self._go(block)

    def fetch(self) -> Mapping[str, NDArray[np.float32]]:
        """Copy the tables as they are now; the copy is what new workers begin with if all die.

        Returns
        -------
        mapping
            By the names of the model.
        """
        if self._copy is None or self._copied_version != self.crew.version:
            self._copy = self._surely(lambda: self.crew.ask("arrays"))
            self._copied_at, self._copied_version = time.monotonic(), self.crew.version
            self._since = []
        return self._copy

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """The matrices of this moment.

        Returns
        -------
        mapping
            Copies, read-only, which are fetched when the first is asked for.
        """
        return _Fetched(self)

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead.

        Parameters
        ----------
        arrays : mapping
            As the CPU engine takes them.
        """
        self._surely(lambda: self.crew.restore(arrays))
        self.fetch()

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices.

        Returns
        -------
        mapping
            C-contiguous, by name. The run can't be used any more.
        """
        # shared memory ends with the connection: a copy of each
        finished: Finished = kept(self._surely(lambda: self.crew.ask("finish")))
        self._subwords, self._copy = finished.subwords, None
        _traffic.info("%s", self.crew.traffic)
        self.close()
        return finished.arrays

    def close(self) -> None:
        """End the workers, and what was begun to have them."""
        if not self._closed:
            self._closed = True
            self.crew.end()
            self._disconnect()


class ComposedRayRun(RayRun):
    """The same of a model whose word vectors are made from rows of n-grams."""

    def vectors(self) -> NDArray[np.float32]:
        """Make the word vectors as they are now.

        Returns
        -------
        ndarray
            Shape (V, D), float32.
        """
        vectors: NDArray[np.float32] = self._surely(lambda: self.crew.ask("vectors"))
        return vectors

    def subwords(self) -> Subwords:
        """Hand over the rows of n-grams, after `finish`.

        Returns
        -------
        Subwords
            Not a copy.
        """
        if self._subwords is None:
            raise TrainingError("The rows of n-grams are there after finish() alone.")
        return self._subwords


class _Fetched(Mapping[str, "NDArray[np.float32]"]):
    """Matrices of a run, fetched from a worker when they are needed."""

    def __init__(self, run: RayRun) -> None:
        self._run = run

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self._run.fetch()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._run.fetch())

    def __len__(self) -> int:
        return len(self._run.fetch())


def make_engine(*, workers: int, streams: int, settings: RayCluster | None = None) -> RayEngine:
    """Make the engine.

    Parameters
    ----------
    workers : int
        Processes.
    streams : int
        Pieces of text that are learned from at the same time.
    settings : RayCluster, optional
        Where; by default what Ray finds, or a new one of this machine.

    Returns
    -------
    RayEngine
        The engine.
    """
    return RayEngine(settings or RayCluster(), workers=workers, streams=streams)
