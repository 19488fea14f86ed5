"""The crew: workers on a Ray cluster that go from round to round together, and are replaced.

Each worker holds all tables. In a round each learns with its share of the streams, and what they
have changed goes through Ray's object store to the others; then each merges the changes of all, in
the order of the streams, and so all tables stay the same. A round is a pure function of the tables
before it. So when a worker dies, nothing is lost that another one has: a new one gets the tables
of the one that is furthest, and the round is done again by those that have not merged it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.engines.ray_cluster import check_versions, host_class, import_ray
from wordkin.engines.ray_traffic import Traffic
from wordkin.engines.ray_worker import Learnt, OutOfStepError, Round
from wordkin.errors import ConfigError, TrainingError, WordkinError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.engines import Block
    from wordkin.engines.ray_cluster import RayCluster
    from wordkin.engines.ray_worker import Task

_log = logging.getLogger("wordkin")
_FAILURES = 5
"""In a row, without a round between them, after which training ends."""
_LOOK = 2.0
"""Seconds after which it is looked again whether the cluster still has room."""


class AllLostError(Exception):
    """No worker is left that has the tables."""


class Place(NamedTuple):
    """A worker as the driver sees it."""

    host: Any
    """Its handle in Ray."""
    machine: str
    pid: int


class Crew:
    """Workers that hold the same tables.

    Parameters
    ----------
    cluster : RayCluster
        Where they are; connected.
    task : Task
        What they do.
    corpus : object
        From `ray_worker.ship`, in Ray's store.
    workers : int
        How many.
    """

    def __init__(self, cluster: RayCluster, task: Task, corpus: object, *, workers: int) -> None:
        self._ray = import_ray()
        self._cluster, self._task, self._corpus = cluster, task, corpus
        self._class = self._ray.remote(num_cpus=cluster.threads, max_restarts=0)(host_class())
        self._wanted, self._failures, self._furthest = workers, 0, 0
        self._next_look = 0.0
        self._places: list[Place] = []
        self.version = 0
        """How often the tables have been changed."""
        self.replaced = 0
        """Workers that took the place of a dead one."""
        self.traffic = Traffic()
        self.seconds = 0.0
        """Processor time of all workers so far."""
        self._check_room()
        self._places = self._hire(workers)

    @property
    def places(self) -> tuple[Place, ...]:
        """The workers there are."""
        return tuple(self._places)

    def go(self, block: Block, rounds: int) -> list[list[NDArray[np.float64]]]:
        """Learn from a block.

        Parameters
        ----------
        block : Block
            Which tokens.
        rounds : int
            In how many rounds.

        Returns
        -------
        list of lists of ndarray
            For each round, for each stream, what it has counted.

        Raises
        ------
        AllLostError
            If there is no worker left that has the tables.
        TrainingError
            If workers die again and again.
        """
        self._fill_up()
        first = self.version
        learnt: dict[int, list[Any]] = {}
        while self.version < first + rounds:
            steps = [Round(first + n, block, n) for n in range(self.version - first, rounds)]
            self._try(lambda steps=steps: self._attempt(steps, learnt))  # type: ignore[misc]
        return [self._told(learnt[first + n]) for n in range(rounds)]

    def _attempt(self, steps: Sequence[Round], learnt: dict[int, list[Any]]) -> None:
        """Ask for rounds, all at once: each worker waits for what it needs by itself."""
        hosts = [place.host for place in self._places]
        cuts = np.array_split(np.arange(self._task.streams), len(hosts))
        shares = [cut.tolist() for cut in cuts]
        asked: list[Any] = []
        for step in steps:
            answers = [
                host.call.options(num_returns=2).remote("learn", step, share)
                for host, share in zip(hosts, shares, strict=True)
            ]
            learnt[step.version] = [told for told, _ in answers]
            for mine, host in enumerate(hosts):
                changes = [None if n == mine else each for n, (_, each) in enumerate(answers)]
                asked.append(host.call.remote("merge", step, shares, *changes))
        # changes are forgotten when all have merged them, as nothing refers to them then
        self._wait(asked)
        self._ray.get(asked)
        self.version = steps[-1].version + 1

    def ask(self, name: str, *given: object) -> Any:  # noqa: ANN401
        """Ask a worker, whichever answers.

        Parameters
        ----------
        name : str
            A method of `Worker`.
        *given : object
            Its arguments.

        Returns
        -------
        object
            The answer.

        Raises
        ------
        AllLostError
            If there is no worker left that has the tables.
        """
        return self._try(lambda: self._ray.get(self._places[0].host.call.remote(name, *given)))

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from other tables: one worker takes them over, and the others take its.

        Parameters
        ----------
        arrays : mapping
            As the run takes them.
        """
        ref, target = self._ray.put(dict(arrays)), self.version + 1
        while self.version < target:  # again, if the only one that has taken them dies
            self.ask("restore", ref, target)
            self.version = target
            self._try(self._bring_up)

    def begin_anew(self, arrays: Mapping[str, NDArray[np.float32]] | None, version: int) -> None:
        """Hire all workers again, when all are lost.

        Parameters
        ----------
        arrays : mapping, optional
            The tables; by default those that the seed makes.
        version : int
            How often they have been changed.
        """
        self.end()  # those that live have no tables, but take the room of others
        self.version, self._places = version, self._hire(self._wanted)
        self.replaced += len(self._places)
        if arrays is not None:
            given = self._ray.put(dict(arrays)), version
            try:
                self._ray.get([p.host.call.remote("restore", *given) for p in self._places])
            except self._ray.exceptions.RayError as error:
                self._raise_own(error)
                self._count_failure(error)
                raise AllLostError from error

    def end(self) -> None:
        """End all workers."""
        for place in self._places:
            self._ray.kill(place.host)
        self._places = []

    # --- when something goes wrong

    def _try(self, do: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Do something; if a worker dies over it, mend the crew and do it again.

        Rounds are not done again where they have moved `version`: those are counted by that.
        """
        before, broken = self.version, False
        while True:
            try:
                if broken:
                    self._mend()
                    broken = False
                    if self.version > before:
                        return None
                answer = do()
            except (self._ray.exceptions.RayError, OutOfStepError) as error:
                self._raise_own(error)
                self._count_failure(error)
                broken = True
            else:
                return answer

    def _count_failure(self, error: Exception) -> None:
        if self.version > self._furthest:
            self._furthest, self._failures = self.version, 0
        self._failures += 1
        if self._failures > _FAILURES:
            raise TrainingError(
                f"Workers have died {self._failures} times at the same place; the last time: "
                f"{_first_lines(error)}"
            ) from error
        _log.warning("a worker is lost, and will be replaced: %s", _first_lines(error))

    def _raise_own(self, error: Exception) -> None:
        """Raise what is no accident of a machine but an error within a worker."""
        ray = self._ray.exceptions
        if not isinstance(error, ray.RayTaskError):
            return
        cause = error.cause
        if isinstance(cause, WordkinError):
            raise cause from None
        if not isinstance(cause, OutOfStepError | ray.RayError):
            raise TrainingError(f"A worker has failed: {_first_lines(error, 20)}") from error

    def _mend(self) -> None:
        """Replace the dead, and bring all to where the first one is."""
        versions = [self._version_of(place) for place in self._places]
        living = [p for p, version in zip(self._places, versions, strict=True) if version >= 0]
        for place in self._places:
            if place not in living:
                self._ray.kill(place.host)
        self._places = living
        if not living or max(versions) < self.version:  # or new ones alone, without the tables
            raise AllLostError
        self.version = max(versions)
        missing = self._wanted - len(living)
        if missing:
            try:
                new = self._hire(missing)
            except WordkinError as error:
                _log.warning("going on with %d workers: %s", len(living), error)
                new = []
            self.replaced += len(new)
            self._places = living + new
        self._bring_up()

    def _bring_up(self) -> None:
        """Give the tables of a worker that is furthest to those that are not so far."""
        versions = [self._version_of(place) for place in self._places]
        if self.version not in versions:
            raise AllLostError
        first = self._places[versions.index(self.version)]
        behind = [
            p for p, v in zip(self._places, versions, strict=True) if v not in (self.version, -1)
        ]
        if behind:
            tables = first.host.call.remote("arrays")
            self._ray.get([p.host.call.remote("restore", tables, self.version) for p in behind])
        # the one that is furthest is asked first from now on
        self._places.remove(first)
        self._places.insert(0, first)

    def _version_of(self, place: Place) -> int:
        """How far a worker is; -1 if it is dead."""
        try:
            return int(self._ray.get(place.host.call.remote("version")))
        except self._ray.exceptions.RayError:
            return -1

    def _wait(self, refs: list[Any]) -> None:
        """Until all have come to an end, good or bad: no worker is at work then."""
        self._ray.wait(refs, num_returns=len(refs), fetch_local=False)

    # --- hiring

    def _fill_up(self) -> None:
        """Hire those who are missing, if machines have joined (or got free) since."""
        missing = self._wanted - len(self._places)
        if missing and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + self._cluster.timeout  # hiring may take as long
            if self._ray.available_resources().get("CPU", 0) >= missing * self._cluster.threads:
                self._try(self._mend)

    def _check_room(self) -> None:
        processors = self._ray.cluster_resources().get("CPU", 0)
        needed = self._wanted * self._cluster.threads
        if processors < needed:
            raise ConfigError(
                f"{self._wanted} workers of {self._cluster.threads} threads need {needed} "
                f"processors, and the Ray cluster has {processors:g}. Take fewer workers, or join "
                "more machines to it."
            )

    def _hire(self, workers: int) -> list[Place]:
        """Begin new workers, and see that they are like this process."""
        hosts = [self._class.remote() for _ in range(workers)]
        try:
            about = self._introduced(hosts)
            for versions, machine, _ in about:
                check_versions(versions, machine)
            self._ray.get([host.start.remote(self._task, self._corpus) for host in hosts])
        except BaseException as error:
            # at Ctrl-C, too: who holds the traceback, as a notebook does, holds their processors
            for host in hosts:
                self._ray.kill(host)
            self._raise_why(error, workers)
            raise
        return [Place(h, machine, pid) for h, (_, machine, pid) in zip(hosts, about, strict=True)]

    def _raise_why(self, error: BaseException, workers: int) -> None:
        """Raise what Ray says about new workers as an error of ours."""
        ray = self._ray
        if isinstance(error, ray.exceptions.GetTimeoutError):
            free = ray.available_resources().get("CPU", 0)
            raise TrainingError(
                f"The Ray cluster has not given {workers} workers of {self._cluster.threads} "
                f"threads within {self._cluster.timeout:g} seconds; {free:g} processors are free "
                "now. Take fewer workers, or wait until others have ended."
            ) from error
        if isinstance(error, ray.exceptions.RayError):
            self._raise_own(error)
            raise TrainingError(f"A worker can't begin: {_first_lines(error)}") from error

    def _introduced(self, hosts: Sequence[Any]) -> list[tuple[dict[str, str], str, int]]:
        """Wait until new workers tell about themselves.

        Where there are others, it waits no longer than the cluster has room for all: what a lost
        machine has taken with it does not come back by waiting.
        """
        asked, left = [host.about.remote() for host in hosts], self._cluster.timeout
        while True:
            wait = min(left, _LOOK)
            try:
                about: list[tuple[dict[str, str], str, int]] = self._ray.get(asked, timeout=wait)
            except self._ray.exceptions.GetTimeoutError:
                left -= wait
                if left <= 0:
                    raise
                if self._places:
                    self._check_room()
            else:
                return about

    def _told(self, learnt: list[Any]) -> list[NDArray[np.float64]]:
        """What the streams have counted in a round, in their order."""
        told: list[Learnt] = self._ray.get(learnt)
        self.seconds += sum(each.seconds for each in told)
        self.traffic.add([each.sent for each in told])
        tallies: dict[int, NDArray[np.float64]] = {}
        for each in told:
            tallies |= each.tallies
        return [tallies[stream] for stream in range(self._task.streams)]


def _first_lines(error: Exception, lines: int = 1) -> str:
    text = [line for line in str(error).splitlines() if line.strip()]
    return " ".join(text[-lines:] if lines > 1 else text[:1]) or type(error).__name__
