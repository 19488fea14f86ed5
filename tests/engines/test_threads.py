"""Threads that share a block out: every part is done once, and nothing is left running."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wordkin as wk
from wordkin.engines import Block, fasttext_streams, word2vec_streams
from wordkin.engines.threads import Team, cut


@pytest.fixture(params=[1, 2, 3])
def team(request):
    numbers = iter(range(3))
    team = Team(request.param, lambda: [next(numbers)])
    team.run([])  # begins its threads
    yield team
    team.close()


@given(st.integers(0, 99), st.integers(0, 999), st.lists(st.integers(1, 9), min_size=1))
def test_the_parts_of_a_block_are_all_of_it_in_order(start, tokens, sizes):
    spans = cut(Block(start, start + tokens, 0.1, 0), sizes)
    assert [t for span in spans for t in range(*span)] == list(range(start, start + tokens))
    for span, size in zip(spans, sizes, strict=True):
        assert abs((span.stop - span.start) - tokens * size / sum(sizes)) <= 1


@pytest.mark.parametrize("tasks", [0, 1, 2, 50])
def test_each_task_is_done_once_and_results_are_in_order(team, tasks):
    done = []

    def task(number):
        return lambda desk: (done.append(number), number, desk[0])[1:]

    results = team.run([task(number) for number in range(tasks)])
    assert [number for number, _ in results] == list(range(tasks)) == sorted(done)
    assert {desk for _, desk in results} <= set(range(team.workers))


def test_threads_work_at_the_same_time_each_at_a_desk_of_its_own():
    numbers = iter(range(3))
    team = Team(3, lambda: next(numbers))
    meeting = threading.Barrier(3, timeout=10)

    def task(desk):
        meeting.wait()  # for three threads
        return desk

    assert sorted(team.run([task] * 3)) == [0, 1, 2]
    team.close()


def test_a_block_is_learned_from_whole_and_what_is_told_is_summed(team):
    seen = []

    def learn(desk, part, span):
        del desk, part
        seen.extend(range(*span))
        return np.array([span.stop - span.start, 0.5, 2])

    learned = team.share(Block(10, 1010, 0.1, 0), learn)
    assert sorted(seen) == list(range(10, 1010))
    assert learned.tokens == 1000
    assert learned.loss * 4 == learned.pairs


@pytest.mark.parametrize("inside", ["the caller", "another thread"])
def test_an_error_is_told_after_all_have_stopped_and_the_team_goes_on(inside):
    team, caller = Team(2, lambda: None), threading.get_ident()
    both, ended = threading.Barrier(2, timeout=10), []

    def task(_):
        both.wait()
        if (threading.get_ident() == caller) == (inside == "the caller"):
            raise IndexError("of the task")
        time.sleep(0.05)
        ended.append(1)

    with pytest.raises(IndexError, match="of the task"):
        team.run([task] * 2)
    assert ended == [1]
    assert team.run([lambda _: 1] * 5) == [1] * 5
    team.close()


def test_after_an_error_no_other_task_is_begun():
    team, begun = Team(2, lambda: None), []

    def fail(_):
        raise KeyboardInterrupt

    def slow(_):
        begun.append(1)
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        team.run([fail, *[slow] * 100])
    assert len(begun) < 50
    team.close()


def test_closing_ends_all_threads_and_may_be_done_twice():
    before = threading.active_count()
    team = Team(4, lambda: None)
    assert threading.active_count() == before  # they begin with the first tasks
    team.run([lambda _: None] * 8)
    assert threading.active_count() == before + 3
    team.close()
    team.close()
    assert threading.active_count() == before


def test_threads_that_were_begun_end_where_another_can_not_begin(monkeypatch):
    before, begin, begun = threading.active_count(), threading.Thread.start, []

    def start(thread):
        begun.append(thread)
        if len(begun) == 3:
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    team = Team(5, lambda: None)
    with pytest.raises(RuntimeError, match="new thread"):
        team.run([lambda _: None])
    team.close()
    assert threading.active_count() == before


RUNS = [
    (wk.SkipGram(), False),
    (wk.CBOW(loss="softmax"), False),
    (wk.FastText(), False),
    (wk.GloVe(memory=1 << 20), False),
    (wk.Doc2Vec(), False),
    (wk.SkipGram(), True),
    (wk.FastText(), True),
]


@pytest.fixture
def corpus():
    return wk.Corpus.from_texts(["the cat sat on the mat"] * 5, min_count=1)


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(("config", "deterministic"), RUNS)
def test_ctrl_c_while_kernels_are_compiled_leaves_no_thread(
    corpus, config, deterministic, monkeypatch
):
    before = threading.active_count()
    monkeypatch.setattr(Team, "run", interrupt)  # which compiles them
    with pytest.raises(KeyboardInterrupt) as told:
        wk.train(corpus, config, workers=3, deterministic=deterministic)
    assert threading.active_count() == before
    del told  # until here a traceback held the run, as a notebook does


@pytest.mark.parametrize("room", [word2vec_streams, fasttext_streams])
def test_ctrl_c_while_replicas_are_made_leaves_no_thread(corpus, room, monkeypatch):
    before = threading.active_count()
    monkeypatch.setattr(room, "SharedTable", interrupt)
    config = wk.SkipGram() if room is word2vec_streams else wk.FastText()
    with pytest.raises(KeyboardInterrupt) as told:
        wk.train(corpus, config, workers=3, deterministic=True)
    assert threading.active_count() == before
    del told
