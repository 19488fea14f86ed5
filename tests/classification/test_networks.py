"""The heads on Keras: what they promise to the classifier that holds them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import wordkin as wk
from wordkin import progress
from wordkin.classification.heads import Lesson, make_head
from wordkin.classification.networks import _batches
from wordkin.errors import FormatError

keras = pytest.importorskip("keras", reason="the extra keras is not installed")

TEXTS = ["good film here", "fine and good music", "bad film here", "awful and bad music"] * 12
LABELS = ["pos", "pos", "neg", "neg"] * 12
VECTORS = wk.WordVectors(
    ["good", "fine", "bad", "awful"], np.array([[1, 0, 1], [1, 0, 2], [0, 1, 1], [0, 1, 2]]) / 2
)

BASE = {
    "epochs": None, "batch_size": 128, "max_length": 50, "backend": None, "seed": 1,
    "vector_size": 4, "learning_rate": None, "trainable": True,
}  # fmt: skip


def classifier(head, **settings):
    own = {"epochs": 12, "batch_size": 16, "learning_rate": 0.01, "vector_size": 8, **settings}
    return wk.TextClassifier(own.pop("vectors", None), head=head, **own)


@pytest.fixture(scope="module", params=["cnn", "gru"])
def fitted(request):
    return classifier(request.param).fit(TEXTS, LABELS)


def test_learns_and_saves_and_loads_the_same(fitted, tmp_path):
    assert fitted.score(TEXTS, LABELS) == 1.0
    assert fitted.history_["loss"][-1] < fitted.history_["loss"][0] / 2
    fitted.save(tmp_path / "a.safetensors")
    again = wk.load_classifier(tmp_path / "a.safetensors")
    texts = [*TEXTS[:4], "", "unseen words only", "good " * 300]
    scores = fitted.decision_function(texts)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(again.decision_function(texts), scores)


def test_the_loss_of_an_epoch_is_the_mean_over_all_texts_whatever_the_last_batch_holds():
    # batches of 40 and 8 come in any order; hardly anything is learned
    for weight in (None, {"pos": 3.0, "neg": 3.0}):
        clf = classifier("cnn", batch_size=40, learning_rate=1e-9, epochs=6, class_weight=weight)
        losses = clf.fit(TEXTS, LABELS).history_["loss"]
        np.testing.assert_allclose(losses, np.log(2), atol=0.1)


def test_the_loss_is_right_where_keras_returns_the_mean_over_all_batches_so_far(monkeypatch):
    """Keras 3.12 does, until its metrics are reset."""
    so_far = []

    def train_on_batch(self, rows, targets, sample_weight):
        so_far.append(sample_weight.sum() / len(rows))  # the loss of each text is 1
        return np.mean(so_far)

    monkeypatch.setattr(keras.Model, "train_on_batch", train_on_batch)
    monkeypatch.setattr(keras.Model, "reset_metrics", lambda self: so_far.clear())
    losses = classifier("cnn", batch_size=40, epochs=3).fit(TEXTS, LABELS).history_["loss"]
    np.testing.assert_allclose(losses, 1.0, rtol=1e-6)


def test_other_texts_of_a_batch_make_no_difference(fitted):
    alone = fitted.decision_function(["good film"])[0]
    among = fitted.decision_function(["good film", "bad " * 60, *TEXTS])[0]
    np.testing.assert_allclose(alone, among, atol=1e-5)


def test_the_same_seed_begins_and_ends_with_the_same_weights():
    first, again, other = (
        classifier("cnn", epochs=2, seed=seed).fit(TEXTS, LABELS)._head.arrays()
        for seed in (1, 1, 2)
    )
    for name, array in first.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)
    assert any((array != other[name]).any() for name, array in first.items())


def test_frozen_vectors_stay_and_tuned_ones_move_but_for_padding():
    frozen, tuned = (
        classifier("cnn", vectors=VECTORS, trainable=trainable).fit(TEXTS, LABELS)
        for trainable in (False, True)
    )
    row = frozen.vocabulary_.encode(["good"])[0]
    np.testing.assert_array_equal(frozen._head.arrays()["embedding"][row], VECTORS["good"])
    moved = tuned._head.arrays()["embedding"]
    assert (moved[row] != VECTORS["good"]).any()
    assert not moved[0].any()
    assert tuned.score(TEXTS, LABELS) == 1.0


def test_words_without_a_vector_are_told_apart():
    clf = classifier("cnn", vectors=VECTORS, trainable=False, epochs=1).fit(TEXTS, LABELS)
    here, film = clf.vocabulary_.encode(["here", "film"])
    rows = clf._head.arrays()["embedding"]
    assert (rows[here] != rows[film]).any()
    assert rows[here].any()


def test_the_best_epoch_is_kept():
    clf = classifier("cnn", epochs=8, patience=None).fit(TEXTS, LABELS, validation=0.25)
    best = int(np.argmin(clf.history_["val_loss"]))
    report = clf.report()
    assert report.accuracy == pytest.approx(clf.history_["val_accuracy"][best])


def test_the_article_s_convolutions(fitted):
    arrays = fitted._head.arrays()
    kernels = [array.shape for name, array in arrays.items() if array.ndim == 3]
    if fitted.head == "cnn":
        assert kernels == [(5, 8, 128), (5, 128, 128), (5, 128, 128)]
    assert all(array.dtype == np.float32 for array in arrays.values())


def test_damaged_arrays_are_refused(fitted):
    head = fitted._head
    good = head.arrays()
    last = list(good)[-1]
    bad = [
        {},
        {name: array for name, array in good.items() if name != last},
        {**good, "more": np.zeros(3, np.float32)},
        {**good, last: good[last].astype(np.float64)},
        {**good, last: good[last][:-1]},
        {**good, "embedding": good["embedding"][:-1]},
    ]
    fresh = make_head(head._plan)
    for arrays in bad:
        with pytest.raises(FormatError):
            fresh.restore(arrays)
    fresh.restore(good)
    assert fresh.arrays().keys() == good.keys()


def test_class_weights_count():
    documents = [*TEXTS[:2], "film here"] * 10
    labels = ["pos", "pos", "neg"] * 10
    plain = classifier("cnn", epochs=1, learning_rate=1e-4)
    heavy = classifier("cnn", epochs=1, learning_rate=1e-4, class_weight={"neg": 50.0, "pos": 1.0})
    p, q = (c.fit(documents, labels).predict_proba(["film here"])[0, 0] for c in (plain, heavy))
    assert q > p


@pytest.mark.parametrize(("n", "epochs"), [(48, 60), (128 * 40, 15), (128 * 500, 10)])
def test_few_texts_are_seen_more_often(fitted, n, epochs):
    head = make_head(replace(fitted._head._plan, settings={**BASE, "head": "cnn"}))
    documents = fitted._documents(["good"] * n)
    lesson = Lesson(documents, np.zeros(n, np.int32), np.ones(n, np.float32))
    head.begin(lesson)
    assert head.epochs == epochs


def test_batches_hold_each_text_once_and_texts_of_like_length():
    chance = np.random.default_rng(1)
    lengths = chance.integers(1, 500, 1000)
    batches = list(_batches(lengths, 32, np.random.default_rng(2)))
    assert sorted(np.concatenate(batches).tolist()) == list(range(1000))
    assert max(map(len, batches)) == 32
    spread = [int(np.ptp(lengths[batch])) for batch in batches]
    assert np.median(spread) < 50
    assert [b.tolist() for b in batches] != [
        b.tolist() for b in _batches(lengths, 32, np.random.default_rng(3))
    ]


def test_an_unfitted_head_has_no_scores(fitted):
    head = make_head(fitted._head._plan)
    with pytest.raises(RuntimeError):
        head.scores(fitted._documents(["x"]))
    lesson = Lesson(
        fitted._documents(TEXTS[:2]), np.array([0, 1], np.int32), np.ones(2, np.float32)
    )
    head.begin(lesson)
    assert head.scores(lesson.documents).shape == (2, 2)


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_a_second_backend_in_one_process_is_refused():
    other = "torch" if keras.config.backend() != "torch" else "jax"
    pytest.importorskip(other)
    with pytest.raises(wk.WordkinError, match=f"KERAS_BACKEND={other}"):
        classifier("cnn", backend=other).fit(TEXTS, LABELS)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_a_file_is_the_same_on_every_backend(backend, tmp_path):
    pytest.importorskip(backend)
    clf = classifier("cnn", epochs=2).fit(TEXTS, LABELS)
    clf.save(tmp_path / "a.safetensors")
    np.save(tmp_path / "a.npy", clf.decision_function(TEXTS[:4]))
    code = (
        "import numpy as np, wordkin as wk, keras\n"
        f"clf = wk.load_classifier({str(tmp_path / 'a.safetensors')!r})\n"
        f"texts = {TEXTS[:4]!r}\n"
        f"expected = np.load({str(tmp_path / 'a.npy')!r})\n"
        "print(keras.config.backend(), abs(clf.decision_function(texts) - expected).max() < 1e-4)\n"
    )
    result = run(code, KERAS_BACKEND=backend)
    assert result.stdout.split()[-2:] == [backend, "True"], result.stderr


def test_C12_the_network_of_the_benchmark_has_the_article_s_parameters():
    import importlib.util

    path = Path(__file__).resolve().parents[2] / "benchmarks" / "newsgroups.py"
    spec = importlib.util.spec_from_file_location("newsgroups", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    embedding = keras.layers.Embedding(174_074 + 1, 100, trainable=False)
    model = module.article_network(keras, embedding, 20)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == 247_316
    assert sum(int(np.prod(w.shape)) for w in model.non_trainable_weights) == 17_407_500
    assert model.output_shape == (None, 20)


def test_each_epoch_tells_how_far_it_has_come():
    done = []

    class Display:
        def begin(self, task):
            pass

        def moved(self, task):
            pass

        def end(self, task):
            done.append((task.what, task.done, task.total))

    texts, labels = ["good film", "bad film"] * 20, ["pos", "neg"] * 20
    with progress.shown_on(Display()):
        classifier("cnn", epochs=2).fit(texts, labels).predict(texts)
    assert ("learning, epoch 1", 40, 40) in done
    assert ("learning, epoch 2", 40, 40) in done
    assert ("judging texts", 40, 40) in done
