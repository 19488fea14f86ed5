"""Callbacks: when they are due, what they stop, what they keep."""

from __future__ import annotations

import pickle
import sys
import types

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import ConfigError, TrainingError, UnknownWordError
from wordkin.training import EpochRecord
from wordkin.training.callbacks import Interval

SMALL = {"vector_size": 12, "window": 3, "epochs": 6, "sample": 0}


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    topics = (["cat", "dog", "bird", "fish", "mouse"], ["one", "two", "three", "four", "five"])
    sentences = [list(rng.choice(topics[i % 2], 8)) for i in range(4_000)]
    return wk.Corpus.from_sentences(sentences, min_count=1)


class FakeRun:
    """Epochs that end with given validation losses; its table holds the number of the epoch."""

    def __init__(self, losses, steps=None):
        self.losses, self.steps = losses, steps or len(losses)
        self.table = {"input": np.zeros((2, 2), np.float32)}

    def train(self, callback):
        history = []
        for step, loss in enumerate(self.losses, start=1):
            self.table["input"][:] = step
            history.append(EpochRecord(step, 0.0, 0.0, 0.0, loss))
            progress = types.SimpleNamespace(
                step=step, steps=self.steps, epoch_ended=True, held_out=1, history=tuple(history),
                arrays=lambda: self.table, restore=lambda new: self.table.update(new),
            )  # fmt: skip
            if callback(progress) is True:
                break
        return step, int(self.table["input"][0, 0])


@pytest.mark.parametrize(
    ("losses", "settings", "ends_at", "returned"),
    [
        ([3, 2, 1], {}, 3, 3),
        ([3, 2, 2.5, 1], {}, 3, 2),
        ([3, 2, 2.5, 1], {"patience": 2}, 4, 4),
        ([3, 2, 2.5, 2.4, 1], {"patience": 2}, 4, 2),
        ([3, 2, 2.5, 2.4], {"patience": 9}, 4, 2),  # the epochs run out
        ([3, 2.9, 2.8, 2.0], {"min_delta": 0.5}, 2, 1),
        ([3, 2, 2.5, 1], {"restore_best": False}, 3, 3),
        ([3, float("nan"), 1], {}, 2, 1),
    ],
)
def test_early_stopping(losses, settings, ends_at, returned):
    stop = wk.EarlyStopping(**settings)
    assert FakeRun(losses).train(stop) == (ends_at, returned)
    assert FakeRun(losses).train(stop) == (ends_at, returned)  # it can be used again


def test_training_that_stops_early_returns_the_best_vectors(corpus):
    snapshots = []

    def keep(progress):
        if progress.epoch_ended:
            snapshots.append(progress.vectors().vectors)

    stop = wk.EarlyStopping(min_delta=9.0)  # no loss is so much better than the first
    model = wk.train(
        corpus, wk.SkipGram(**SMALL), workers=1, validation=0.1, callbacks=[keep, stop]
    )
    assert stop.best_epoch == 1
    assert len(model.history) == len(snapshots) == 2
    assert np.array_equal(model.vectors.vectors, snapshots[0])
    assert not np.array_equal(snapshots[0], snapshots[1])
    account = model.account
    assert account.stopped_early
    assert account.epochs == 2
    assert account.presented == 2 * (corpus.n_tokens - account.held_out)
    assert "stopped" in str(account)
    assert model.vectors.table.settings["stopped_early"]


FIRST_IS_BEST = {"min_delta": 9.0}  # no loss is so much better than the first


def trained(corpus, *callbacks, **settings):
    config = wk.SkipGram(**SMALL)
    given = {"workers": 1, "validation": 0.1} | settings
    return wk.train(corpus, config, **given, callbacks=callbacks)


def begun(corpus, folder, epochs):
    """A run that goes on from the end of an epoch."""
    end = lambda p: p.epoch_ended and p.epoch == epochs  # noqa: E731
    return trained(corpus, wk.Checkpoint(folder, every=1), end)


def test_resumed_from_the_best_epoch_a_run_returns_its_vectors(corpus, tmp_path):
    first = begun(corpus, tmp_path, 1)
    resumed = trained(corpus, wk.EarlyStopping(**FIRST_IS_BEST, patience=2), resume=tmp_path)
    assert len(resumed.history) == 3
    assert resumed.vectors.vectors.tobytes() == first.vectors.vectors.tobytes()
    assert resumed.context.vectors.tobytes() == first.context.vectors.tobytes()


def test_resumed_after_the_best_epoch_a_run_tells_that_its_vectors_are_lost(corpus, tmp_path):
    begun(corpus, tmp_path, 2)
    stop = wk.EarlyStopping(**FIRST_IS_BEST, patience=3)
    with pytest.warns(UserWarning, match="epoch 1, the best one, are lost") as told:
        resumed = trained(corpus, stop, resume=tmp_path)
    assert told[0].filename == __file__
    last = begun(corpus, tmp_path, 4)
    assert resumed.vectors.vectors.tobytes() == last.vectors.vectors.tobytes()
    again = wk.EarlyStopping(**FIRST_IS_BEST, restore_best=False)
    begun(corpus, tmp_path, 1)
    trained(corpus, again, resume=tmp_path)  # who wants the last ones is told nothing
    assert again.best_epoch == 1


def test_resumed_before_the_best_epoch_a_run_returns_its_vectors(corpus, tmp_path):
    whole = trained(corpus, wk.EarlyStopping(patience=9))
    begun(corpus, tmp_path, 2)
    stop = wk.EarlyStopping(patience=9)
    resumed = trained(corpus, stop, resume=tmp_path)
    assert stop.best_epoch > 2
    assert resumed.vectors.vectors.tobytes() == whole.vectors.vectors.tobytes()


def test_a_run_that_has_ended_is_resumed_with_its_best_vectors_or_a_word(corpus, tmp_path):
    stop, saved = wk.EarlyStopping(**FIRST_IS_BEST, patience=9), wk.Checkpoint(tmp_path, every="1h")
    best = trained(corpus, stop, saved)
    again = trained(corpus, stop, resume=tmp_path)
    assert again.vectors.vectors.tobytes() == best.vectors.vectors.tobytes()
    trained(corpus, saved, stop)  # there is one at the end, after they were restored
    again = trained(corpus, stop, resume=tmp_path)
    assert again.vectors.vectors.tobytes() == best.vectors.vectors.tobytes()
    trained(corpus, wk.Checkpoint(tmp_path, every=1), stop)  # saved before
    with pytest.warns(UserWarning, match="epoch 1, the best one, are lost"):
        trained(corpus, stop, resume=tmp_path)


def test_what_an_interrupted_run_left_is_not_taken_for_that_of_another(corpus, tmp_path):
    def interrupt(progress):
        if progress.epoch == 2:
            raise KeyboardInterrupt

    begun(corpus, tmp_path, 2)
    stop = wk.EarlyStopping(**FIRST_IS_BEST, patience=3)
    with pytest.raises(KeyboardInterrupt):
        trained(corpus, stop, interrupt, seed=2)
    with pytest.warns(UserWarning, match="are lost"):
        trained(corpus, stop, resume=tmp_path)


def test_an_interrupted_run_leaves_no_copy_behind(corpus):
    wide = wk.SkipGram(**SMALL | {"vector_size": 500})
    stop, sizes = wk.EarlyStopping(**FIRST_IS_BEST, patience=3), []

    def interrupt(progress):
        sizes.append(len(pickle.dumps(stop)))
        if progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wk.train(corpus, wide, workers=1, validation=0.1, callbacks=[stop, interrupt])
    assert sizes[-1] > 2 * 10 * 500 * 4  # two tables of ten words
    assert len(pickle.dumps(stop)) < 1_000


def test_what_another_callback_ends_returns_the_last_vectors(corpus):
    def end(progress):
        return progress.epoch_ended and progress.epoch == 2

    stop = wk.EarlyStopping(**FIRST_IS_BEST, patience=3)
    ended = trained(corpus, stop, end)
    assert stop.best_epoch == 1
    assert ended.vectors.vectors.tobytes() == trained(corpus, end).vectors.vectors.tobytes()


class Noting:
    """A callback that notes what it is told."""

    def __init__(self, fails_at=0):
        self.told, self.fails_at = [], fails_at

    def begin(self, live):
        self.told.append(("begin", *live.seen()))

    def __call__(self, progress):
        if progress.step == self.fails_at:
            raise ZeroDivisionError
        return progress.step == 3

    def end_of_run(self, live, *, in_order):
        self.told.append(("end", live.seen()[0], in_order))


def test_callbacks_are_told_of_the_beginning_and_the_end(corpus):
    first, second = Noting(), Noting()
    model = wk.train(corpus, wk.SkipGram(**SMALL), callbacks=[first, second])
    total, seen = 6 * corpus.n_tokens, model.account.presented
    assert first.told == second.told == [("begin", 0, total), ("end", seen, True)]
    assert 0 < seen < total


def test_callbacks_are_told_that_the_run_has_failed(corpus):
    first, second = Noting(), Noting(fails_at=1)
    with pytest.raises(ZeroDivisionError):
        wk.train(corpus, wk.SkipGram(**SMALL), callbacks=[first, second])
    assert first.told == second.told
    assert first.told[1][0] == "end"
    assert first.told[1][2] is False


@pytest.mark.parametrize("restore_best", [True, False])
def test_a_run_that_has_stopped_stays_so(corpus, tmp_path, restore_best, caplog):
    stop = wk.EarlyStopping(**FIRST_IS_BEST, restore_best=restore_best)
    first = trained(corpus, stop, wk.Checkpoint(tmp_path, every=1))
    blocks = []
    with caplog.at_level("INFO", logger="wordkin"):
        again = trained(corpus, stop, blocks.append, resume=tmp_path)
    assert "epoch 1 was the best: this run has stopped already" in caplog.text
    assert blocks == []
    assert stop.best_epoch == 1
    assert again.history == first.history
    assert again.account == first.account
    assert again.account.stopped_early
    assert again.vectors.vectors.tobytes() == first.vectors.vectors.tobytes()
    more = wk.EarlyStopping(**FIRST_IS_BEST, patience=2, restore_best=restore_best)
    assert len(trained(corpus, more, resume=tmp_path).history) == 3
    assert len(trained(corpus, resume=tmp_path).history) == SMALL["epochs"]


def test_a_run_that_stays_stopped_tells_that_the_best_vectors_are_lost(corpus, tmp_path):
    stop = wk.EarlyStopping(**FIRST_IS_BEST)
    trained(corpus, wk.Checkpoint(tmp_path, every=1), stop)  # what is saved are not the best
    with pytest.warns(UserWarning, match="epoch 1, the best one, are lost"):
        assert len(trained(corpus, stop, resume=tmp_path).history) == 2


def test_only_true_itself_stops_and_all_callbacks_are_called(corpus):
    calls = []

    def truthy(progress):
        return progress.step

    def stop(progress):
        calls.append(("stop", progress.step))
        return progress.step == 3

    model = wk.train(
        corpus, wk.SkipGram(**SMALL), callbacks=[truthy, stop, lambda p: calls.append(p.step)]
    )
    assert calls[-2:] == [("stop", 3), 3]
    assert model.account.stopped_early
    assert 0 < model.account.presented < 6 * corpus.n_tokens
    assert len(model.history) == model.account.epochs - 1  # the last epoch was not ended


def test_a_stop_after_the_last_block_is_none(corpus):
    model = wk.train(corpus, wk.SkipGram(**SMALL), callbacks=[lambda p: p.step == p.steps])
    assert not model.account.stopped_early


def test_early_stopping_without_validation_is_refused(corpus):
    with pytest.raises(ConfigError, match="validation="):
        wk.train(corpus, wk.SkipGram(**SMALL), callbacks=[wk.EarlyStopping()])


@pytest.mark.parametrize("settings", [{"patience": 0}, {"patience": 1.5}, {"min_delta": -1}])
def test_wrong_settings_of_early_stopping(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        wk.EarlyStopping(**settings)


def test_nearest_words_are_those_of_the_vectors_of_the_moment(corpus):
    expected, shown = [], []

    def look(progress):
        if progress.step % 2 == 0:
            expected.append(progress.vectors().most_similar("cat", topn=3))

    probes = wk.NearestWords(["cat", "one"], every=2, topn=3, show=shown.append)
    model = wk.train(corpus, wk.SkipGram(**SMALL), workers=2, callbacks=[probes, look])
    assert [[w for w, _ in r.nearest["cat"]] for r in probes.reports] == [
        [w for w, _ in found] for found in expected
    ]
    for report, found in zip(probes.reports, expected, strict=True):
        np.testing.assert_allclose(
            [c for _, c in report.nearest["cat"]], [c for _, c in found], rtol=1e-6
        )
    assert shown == probes.reports
    assert probes.reports[0].step == 2
    assert probes.reports[0].words < model.account.presented
    last = {word for word, _ in probes.reports[-1].nearest["one"]}
    assert last < {"two", "three", "four", "five"}


def test_an_unknown_probe_is_told_at_once(corpus):
    steps = []
    with pytest.raises(UnknownWordError, match="cat"):
        wk.train(
            corpus, wk.SkipGram(**SMALL),
            callbacks=[lambda p: steps.append(p.step), wk.NearestWords("catt")],
        )  # fmt: skip
    assert steps == [1]


def test_intervals(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def due(every, times=(0, 1, 59, 61, 62, 130), ends=()):
        interval, found = Interval(every), []
        for step, seconds in enumerate(times, start=1):
            now[0] = 100.0 + seconds
            if interval.due(types.SimpleNamespace(step=step, epoch_ended=step in ends)):
                found.append(step)
        return found

    assert due(2) == [2, 4, 6]
    assert due("1m") == [4, 6]
    assert due(60.0) == due("60s") == due("60 s") == [4, 6]
    assert due("1.5m") == [6]
    assert due("1h") == []
    assert due(None, ends=(2, 5)) == [2, 5]
    for wrong in (0, -1, 0.0, "5", "5 days", "", "0s", True, [1], float("nan")):
        with pytest.raises(ConfigError, match="every"):
            Interval(wrong)


@pytest.mark.parametrize(
    ("callbacks", "told"),
    [
        (wk.EarlyStopping(), r"callbacks must be a list; got <.*EarlyStopping.*Write \[\.\.\.\]"),
        (None, "callbacks must be a list; got None"),
        ([wk.LossCurve], "something to call with a Progress, such as LossCurve.*<class"),
        ([print, "curve"], "got 'curve'"),
    ],
    ids=["one", "none", "class", "name"],
)
def test_what_is_no_list_of_callbacks_is_refused_before_training(corpus, callbacks, told):
    with pytest.raises(ConfigError, match=told):
        wk.train(corpus, wk.SkipGram(**SMALL), callbacks=callbacks)
    model = wk.train(corpus, wk.SkipGram(**SMALL | {"epochs": 1}))
    with pytest.raises(ConfigError, match=told):
        model.update(corpus, callbacks=callbacks)


def test_progress_is_of_no_use_after_the_run(corpus):
    seen = []
    wk.train(corpus, wk.SkipGram(**SMALL), callbacks=[seen.append])
    for method in (seen[0].vectors, seen[0].arrays, lambda: seen[0].save("x")):
        with pytest.raises(TrainingError, match="has ended"):
            method()


def test_the_history_of_a_moment_stays_as_it_is_and_costs_no_copy(corpus):
    told = []
    model = trained(corpus, lambda progress: told.append(progress))
    by_epoch = [progress for progress in told if progress.epoch_ended]
    assert [len(progress.history) for progress in by_epoch] == [1, 2, 3, 4, 5, 6]
    assert len(told[0].history) == 0
    assert by_epoch[1].history == tuple(model.history[:2]) == by_epoch[2].history[:2]
    assert by_epoch[1].history != by_epoch[2].history
    assert hash(by_epoch[1].history) == hash(tuple(model.history[:2]))
    assert [record.epoch for record in reversed(by_epoch[1].history)] == [2, 1]
    assert by_epoch[1].history[-1] == model.history[1]
    assert model.history[2] not in by_epoch[1].history
    with pytest.raises(IndexError):
        by_epoch[1].history[2]
    with pytest.raises(TypeError):
        by_epoch[1].history[0] = None
    # a run of a million epochs copied half a million lines at each of them
    assert len({sys.getsizeof(progress.history) for progress in told}) == 1


def test_stopping_early_looks_at_each_epoch_once():
    class Counted(tuple):
        looked = 0

        def __getitem__(self, i):
            Counted.looked += 1
            return super().__getitem__(i)

        __iter__ = None  # would look at all

    stop, lines = wk.EarlyStopping(patience=1000, restore_best=False), []
    for step in range(1, 201):
        lines.append(EpochRecord(step, 0.0, 0.0, 0.0, 9.0 if step < 50 else 1.0 + step))
        moment = {"epoch_ended": True, "held_out": 1, "step": step, "steps": 300}
        stop(types.SimpleNamespace(**moment, history=Counted(lines)))
    assert stop.best_epoch == 1
    assert Counted.looked == 200


@pytest.mark.parametrize(
    "make", [lambda path: wk.Checkpoint(path, every="5m"), lambda path: wk.LossCurve(every="5m")]
)
def test_each_run_counts_its_own_time(monkeypatch, tmp_path, make):
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    live = types.SimpleNamespace(
        seen=lambda: (0, 100), arrays=dict, history=tuple, save=lambda path: saved.append(now)
    )
    callback, saved = make(tmp_path), []
    points = saved if isinstance(callback, wk.Checkpoint) else None

    def block():
        callback(types.SimpleNamespace(
            step=1, words=1, loss=1.0, epoch_ended=False, live=live, history=()
        ))  # fmt: skip
        return len(callback.points) if points is None else len(saved)

    callback.begin(live)
    assert block() == 0
    now = 301.0
    assert block() == 1
    now = 1000.0  # the second run begins long after
    callback.begin(live)
    saved.clear()
    assert block() == 0
    now = 1299.0
    assert block() == 0
    now = 1301.0
    assert block() == 1
