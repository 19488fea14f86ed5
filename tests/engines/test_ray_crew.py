"""The crew of engine="ray", whoever dies at whichever call: all in this process, without a cluster.

`Here` does what the crew asks of Ray at once, with Ray's own errors. Each call to a worker has a
number; a worker can be killed before a call or after it, at any of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from functools import partial

import numpy as np
import pytest

import wordkin as wk
from wordkin.engines import Block, ray_crew
from wordkin.engines.ray import RayRun
from wordkin.engines.ray_cluster import RayCluster
from wordkin.engines.ray_crew import AllLostError, Crew
from wordkin.engines.ray_worker import OutOfStepError, Round, Task, Worker, mark_of, ship
from wordkin.engines.threads import Team
from wordkin.errors import ConfigError, FileError, TrainingError

exceptions = pytest.importorskip("ray").exceptions

CONFIG = wk.SkipGram(vector_size=8, epochs=2, shared_negatives=6)
STREAMS = 3


class Result:
    """What a call has come to."""

    def __init__(self, value=None, error=None):
        self.value, self.error = value, error


class Actor:
    """A process that hosts a worker."""

    def __init__(self, here, host):
        self.here, self.host, self.lives = here, host, True

    def __getattr__(self, name):
        return Method(self, name, 1)


class Method:
    def __init__(self, actor, name, returns):
        self.actor, self.name, self.returns = actor, name, returns

    def options(self, *, num_returns):
        return Method(self.actor, self.name, num_returns)

    def remote(self, *given):
        result = self.actor.here.called(self.actor, self.name, given)
        if self.returns == 1:
            return result
        parts = result.value or [None] * self.returns
        return [Result(part, result.error) for part in parts]


class Here:
    """Ray, as far as the crew knows it."""

    exceptions = exceptions

    def __init__(self, room=100):
        self.room, self.actors, self.calls = room, [], []
        self.processors, self.free, self.waits = 100.0, 0.0, 0
        self.before = self.after = lambda n, name, actor: None

    def remote(self, **_):
        return lambda kind: type("Class", (), {"remote": staticmethod(partial(self._begin, kind))})

    def _begin(self, kind):
        self.actors.append(Actor(self, kind()))
        return self.actors[-1]

    def called(self, actor, name, given):
        number, what = len(self.calls), given[0] if name == "call" else name
        self.calls.append(what)
        self.step = given[1] if what in ("learn", "merge") else None
        self.before(number, what, actor)
        if sum(each.lives for each in self.actors) > self.room and name == "about":
            return Result(error=exceptions.GetTimeoutError("none has room"))
        with contextlib.suppress(StopIteration):
            return Result(error=next(g.error for g in given if isinstance(g, Result) and g.error))
        if not actor.lives:
            return Result(error=exceptions.ActorDiedError())
        values = [each.value if isinstance(each, Result) else each for each in given]
        try:
            value = getattr(actor.host, name)(*values)
        except Exception as error:  # noqa: BLE001 (as Ray does)
            return Result(error=exceptions.RayTaskError(name, f"\n{error!r}\n", error))
        self.after(number, what, actor)
        return Result(value) if actor.lives else Result(error=exceptions.ActorDiedError())

    def get(self, results, timeout=None):
        if isinstance(results, Result):
            return self.get([results])[0]
        for each in results:
            self.waits += isinstance(each.error, exceptions.GetTimeoutError)
            if each.error is not None:
                raise each.error
        return [each.value for each in results]

    def put(self, value):
        return Result(value)

    def kill(self, actor):
        actor.lives = False

    def wait(self, results, **_):
        return results, []

    def cluster_resources(self):
        return {"CPU": self.processors}

    def available_resources(self):
        return {"CPU": self.free}


@pytest.fixture(autouse=True)
def no_threads_are_left(monkeypatch):
    """A worker's threads end with its process; these workers share one."""
    teams, begin = [], Team.__init__

    def noted(self, *given):
        begin(self, *given)
        teams.append(self)

    monkeypatch.setattr(Team, "__init__", noted)
    yield
    for team in teams:
        team.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("wordkin-train")]


@pytest.fixture
def here(monkeypatch):
    return install(monkeypatch)


def install(monkeypatch, **settings):
    ray = Here(**settings)
    monkeypatch.setattr("wordkin.engines.ray.import_ray", lambda: ray)
    monkeypatch.setattr(ray_crew, "import_ray", lambda: ray)
    monkeypatch.setattr(RayCluster, "connect", lambda self, workers: lambda: None)
    return ray


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(2)
    words = [f"w{n}" for n in rng.zipf(1.5, 9_000) % 300]
    lines = [words[n : n + 30] for n in range(0, len(words), 30)]
    return wk.Corpus.from_sentences(lines, min_count=1)


@pytest.fixture(scope="module")
def expected(corpus):
    return digest(wk.train(corpus, CONFIG, workers=2, deterministic=True, streams=STREAMS))


def trained(corpus, **how):
    return wk.train(corpus, CONFIG, workers=2, engine="ray", streams=STREAMS, **how)


def digest(model):
    mark = hashlib.sha256()
    for vectors in (model.vectors, model.context):
        mark.update(np.ascontiguousarray(vectors.vectors).data)
    return mark.hexdigest()


def dying(*numbers):
    """Kill whoever is called at these numbers."""

    def kill(number, _what, actor):
        if number in numbers:
            actor.lives = False

    return kill


# ---------------------------------------------------------------------------- whoever dies


def test_nobody_dies(here, corpus, expected):
    assert digest(trained(corpus)) == expected
    for what in ("about", "start", "learn", "merge", "finish"):
        assert what in here.calls


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_dies_at_any_call(monkeypatch, corpus, expected, when):
    whole = install(monkeypatch)
    trained(corpus)
    first = whole.calls.index("is_composed")
    for number in range(first, len(whole.calls)):
        here = install(monkeypatch)
        setattr(here, when, dying(number))
        assert digest(trained(corpus)) == expected, number
        assert not all(actor.lives for actor in here.actors)


@pytest.mark.parametrize("apart", range(1, 12))
def test_another_one_dies_while_the_first_is_replaced(monkeypatch, corpus, expected, apart):
    whole = install(monkeypatch)
    trained(corpus)
    first = whole.calls.index("is_composed")
    for number in range(first, len(whole.calls), 3):
        here = install(monkeypatch)
        here.before = dying(number, number + apart)
        assert digest(trained(corpus)) == expected, number


def test_all_die_after_a_copy_was_made(monkeypatch, corpus, expected):
    here = install(monkeypatch)

    def after(progress):
        if progress.step == 1:
            progress.arrays()["input"]  # as a checkpoint does
            for actor in here.actors:
                actor.lives = False

    assert digest(trained(corpus, callbacks=[after])) == expected
    assert "restore" in here.calls


# ---------------------------------------------------------------------------- who can't go on


def test_six_deaths_at_one_place_end_the_training_and_more_at_others_do_not(
    monkeypatch, corpus, expected
):
    here = install(monkeypatch)
    deaths = []

    def twice_in_each_round(number, what, actor):
        if what == "learn" and deaths.count(here.step.version) < 2:
            deaths.append(here.step.version)
            actor.lives = False

    here.before = twice_in_each_round
    assert digest(trained(corpus)) == expected
    assert len(deaths) == 12
    here = install(monkeypatch)
    hired = []

    def always(_, what, actor):
        if what == "about":
            hired.append(actor)
        if what == "learn":
            actor.lives = False

    here.before = always
    with pytest.raises(TrainingError, match="Workers have died 6 times at the same place"):
        trained(corpus)
    assert len(hired) == 12
    assert not any(actor.lives for actor in here.actors)


def test_without_room_for_another_worker_the_others_take_its_streams(
    monkeypatch, corpus, expected, caplog
):
    here = install(monkeypatch)

    def full(number, _what, actor):
        if number == 12:
            actor.lives = False
            here.room = 1

    here.before = full
    with caplog.at_level(logging.WARNING, "wordkin"):
        assert digest(trained(corpus)) == expected
    assert "going on with 1 workers: The Ray cluster has not given 1 workers" in caplog.text
    assert not any(actor.lives for actor in here.actors)  # ended with the run


def test_what_a_lost_machine_took_with_it_is_not_waited_for(monkeypatch, corpus, expected, caplog):
    here = install(monkeypatch)

    def lost(number, _what, actor):
        if number == 12:
            actor.lives = False
            here.room, here.processors = 1, 1.0

    here.before = lost
    with caplog.at_level(logging.WARNING, "wordkin"):
        assert digest(trained(corpus)) == expected
    assert "going on with 1 workers: 2 workers of 1 threads need 2 processors" in caplog.text
    assert here.waits == 1  # of up to 60
    assert len(here.actors) == 3
    assert not any(actor.lives for actor in here.actors)


@pytest.mark.parametrize("joins", [True, False])
def test_a_machine_that_joins_later_gets_a_worker(monkeypatch, corpus, expected, joins):
    here = install(monkeypatch)

    def lost(number, _what, actor):
        if number == 12:
            actor.lives = False
            here.room, here.processors = 1, 1.0

    def later(progress):
        assert progress.steps > 1
        here.room, here.processors = 2, 2.0
        here.free = 1.0 if joins else 0.0  # others may have taken it

    here.before = lost
    assert digest(trained(corpus, callbacks=[later])) == expected
    assert len(here.actors) == 3 + joins


def test_no_room_for_the_first(monkeypatch, corpus):
    here = install(monkeypatch, room=1)
    with pytest.raises(TrainingError, match="not given 2 workers of 1 threads within 120 seconds"):
        trained(corpus)
    assert not any(actor.lives for actor in here.actors)
    with pytest.raises(ConfigError, match="need 400 processors, and the Ray cluster has 100"):
        wk.train(corpus, CONFIG, workers=2, streams=2, engine=wk.RayCluster(threads=200))


def test_workers_that_die_when_they_begin(here, corpus):
    here.before = lambda _, what, actor: what == "start" and here.kill(actor)
    with pytest.raises(TrainingError, match="A worker can't begin: The actor died"):
        trained(corpus)
    assert not any(actor.lives for actor in here.actors)


@pytest.mark.parametrize("what", ["about", "start", "is_composed"])
def test_ctrl_c_before_there_is_a_run_ends_the_workers(here, corpus, what):
    def interrupt(_, called, _actor):
        if called == what:
            raise KeyboardInterrupt

    here.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        trained(corpus)
    assert len(here.actors) == 2
    assert not any(actor.lives for actor in here.actors)


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("learn", ValueError("no such row"), "A worker has failed: .*ValueError.*no such row"),
        ("merge", FileError("no such folder"), "^no such folder"),
        ("start", MemoryError("too large"), "A worker has failed: .*MemoryError.*too large"),
        ("restore", KeyError("row"), "A worker has failed: .*KeyError.*row"),
    ],
)
def test_an_error_of_our_own_is_no_accident(here, corpus, monkeypatch, name, error, told):
    def fail(*_):
        raise error

    if name == "start":
        monkeypatch.setattr(Worker, "__init__", fail)
    else:
        monkeypatch.setattr(Worker, name, fail)
    if name == "restore":  # by one that is new
        here.before = dying(14)
    with pytest.raises((TrainingError, FileError), match=told):
        trained(corpus)
    assert not any(actor.lives for actor in here.actors)


# ---------------------------------------------------------------------------- a crew of its own


@pytest.fixture
def crew(here, corpus):
    task = Task(CONFIG, 1, 1, STREAMS, mark_of(corpus))
    return Crew(wk.RayCluster(), task, here.put(ship(corpus)), workers=2)


@pytest.mark.parametrize("later", range(6))
def test_tables_are_restored_though_one_dies_over_it(here, crew, later):
    run = RayRun(crew, lambda: None, tokens=9_000)
    tables = {name: array + 1 for name, array in run.fetch().items()}
    here.before = dying(len(here.calls) + later)
    run.restore(tables)
    assert crew.version == 1
    living = [place for place in crew.places if place.host.lives]
    assert living  # a dead one is found at the next call
    assert sum(actor.lives for actor in here.actors) == len(living)
    for place in living:
        given = here.get(place.host.call.remote("arrays"))
        assert all(np.array_equal(given[name], tables[name]) for name in tables)


def test_workers_without_the_tables_make_room(monkeypatch, corpus, expected):
    """The one that has the tables dies when the other is new: with room for two, both are new."""
    here = install(monkeypatch, room=2)
    killed = []

    def kill(_, what, actor):
        if not killed and what == "merge" and here.step.version == 2:
            killed.append(actor)
            actor.lives = False
        elif killed and what == "arrays":
            here.before = lambda *_: None
            killed.append(actor)
            actor.lives = False

    here.before = kill
    assert digest(trained(corpus)) == expected
    assert len(killed) == 2
    assert len(here.actors) == 5


def test_when_all_are_lost_it_says_so(here, crew):
    for actor in here.actors:
        actor.lives = False
    with pytest.raises(AllLostError):
        crew.ask("arrays")
    here.before = lambda _, what, actor: what == "restore" and here.kill(actor)
    with pytest.raises(AllLostError):
        crew.begin_anew({}, 4)
    assert crew.replaced == 2


# ---------------------------------------------------------------------------- a worker


def test_a_worker_refuses_a_round_that_it_is_not_ready_for(corpus):
    task = Task(CONFIG, 1, 1, STREAMS, mark_of(corpus))
    worker = Worker(task, ship(corpus))
    block = Block(0, 4_000, 0.01, step=0)
    step = Round(0, block, 0)
    with pytest.raises(OutOfStepError, match="at 0, not 3"):
        worker.learn(step._replace(version=3), [0])
    _, mine = worker.learn(step, [0, 1])
    with pytest.raises(OutOfStepError, match=r"streams \[0\] have not learned here"):
        worker.merge(step, [[0], [1, 2]], None, mine)
    other = Worker(task, ship(corpus))
    _, theirs = other.learn(step, [2])
    assert worker.merge(step, [[0, 1], [2]], None, theirs) == 1
    assert other.merge(step, [[0, 1], [2]], mine, None) == 1
    ours, theirs = worker.arrays(), other.arrays()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    with pytest.raises(OutOfStepError, match="at 1, not 0"):
        worker.merge(step, [[0, 1], [2]], None, theirs)
