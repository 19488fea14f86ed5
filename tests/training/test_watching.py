"""Callbacks that look on: in our training, and in Keras models of one's own."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import ConfigError, FileError, InputError, TrainingError, UnknownWordError

SMALL = {"vector_size": 12, "window": 3, "epochs": 3, "sample": 0}
TOPICS = (["cat", "dog", "bird", "fish", "mouse"], ["one", "two", "three", "four", "five"])


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    sentences = [list(rng.choice(TOPICS[i % 2], 8)) for i in range(2_500)]
    return wk.Corpus.from_sentences(sentences, min_count=1)


# ----------------------------------------------------------------------- the loss curve


def test_the_curve_has_the_losses_of_the_run(corpus, tmp_path):
    seen = []
    every, second = wk.LossCurve(), wk.LossCurve(every=4)
    model = wk.train(
        corpus, wk.SkipGram(**SMALL), validation=0.1, callbacks=[every, second, seen.append]
    )
    assert [(p.step, p.words, p.loss) for p in every.points] == [
        (p.step, p.words, p.loss) for p in seen
    ]
    ends = [p.validation_loss for p in every.points if p.validation_loss is not None]
    assert ends == [record.validation_loss for record in model.history]
    assert [p.step for p in second.points] == [
        p.step for p in seen if p.step % 4 == 0 or p.epoch_ended
    ]
    every.to_csv(tmp_path / "curve.csv")
    with (tmp_path / "curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0].keys() == {"step", "words", "loss", "validation_loss"}
    assert [float(row["loss"]) for row in rows] == [p.loss for p in every.points]
    assert rows[0]["validation_loss"] == "" or len(model.history) == len(rows)
    with pytest.raises(FileError):
        every.to_csv(tmp_path / "nowhere" / "curve.csv")


def test_they_begin_anew_with_another_run(corpus):
    curve, look = wk.LossCurve(), wk.NearestWords(["cat"])
    taken = []
    for seed in (1, 2):
        settings = {"workers": 1, "seed": seed, "callbacks": [curve, look]}
        wk.train(corpus, wk.SkipGram(**SMALL), **settings)
        taken.append((curve.points, look.reports))
    for first, second in zip(*taken, strict=True):  # what is held of the first run stays
        assert [each.words for each in first] == [each.words for each in second]
        assert first != second


def test_with_a_run_that_is_resumed_they_go_on(corpus, tmp_path):
    curve, look, seen = wk.LossCurve(), wk.NearestWords(["cat"], every=1), []
    saved = wk.Checkpoint(tmp_path, every=2)
    settings = {"config": wk.SkipGram(**SMALL), "workers": 1}
    whole = wk.LossCurve()
    wk.train(corpus, **settings, callbacks=[whole])
    with pytest.raises(ZeroDivisionError):
        wk.train(corpus, **settings, callbacks=[curve, look, saved, lambda p: 1 / (p.step - 3)])
    wk.train(corpus, **settings, callbacks=[curve, look, seen.append], resume=tmp_path)
    assert seen[0].step == 3  # it is learned again
    assert curve.points == whole.points
    assert [report.step for report in look.reports] == [point.step for point in whole.points]


def test_the_curve_is_drawn(corpus):
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    curve = wk.LossCurve()
    wk.train(corpus, wk.SkipGram(**SMALL), validation=0.1, callbacks=[curve])
    axes = curve.plot()
    training, held_out = axes.lines
    assert training.get_ydata().tolist() == [p.loss for p in curve.points]
    assert len(held_out.get_xdata()) == 3
    assert curve.plot(axes) is axes
    plain = wk.LossCurve()
    wk.train(corpus, wk.SkipGram(**SMALL), callbacks=[plain])
    assert len(plain.plot().lines) == 1


def test_wrong_intervals_are_told():
    with pytest.raises(ConfigError, match="every"):
        wk.LossCurve(every=0)


# ----------------------------------------------------------------------- Keras models


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras", reason="the extra keras is not installed")


def article_d(keras, rows):
    """Two tables, and their dot product as logit."""
    words = [keras.Input((), dtype="int32") for _ in range(2)]
    tables = [keras.layers.Embedding(rows, 8) for _ in range(2)]
    model = keras.Model(words, keras.layers.Dot(-1)([t(w) for t, w in zip(tables, words)]))  # noqa: B905
    model.compile(keras.optimizers.Adam(0.02), keras.losses.BinaryCrossentropy(from_logits=True))
    return model, tables[0]


@pytest.mark.parametrize("rows", [False, True])
def test_nearest_words_of_ones_own_model(keras, corpus, rows):
    vocabulary, shown = corpus.vocabulary, []
    model, table = article_d(keras, vocabulary.n_rows if rows else len(vocabulary))
    look = wk.NearestWords(["cat", "one"], every=20, topn=4, show=shown.append)
    ends = wk.NearestWords(["cat"])
    pairs = wk.skipgrams(corpus, sample=0, window=3, rows=rows).to_keras()
    curve = wk.LossCurve(every=10)
    fitted = model.fit(
        pairs, epochs=3, verbose=0,
        callbacks=[
            look.for_keras(table, vocabulary), ends.for_keras(table, vocabulary),
            curve.for_keras(),
        ],
    )  # fmt: skip
    steps = 3 * len(pairs)
    assert [report.step for report in look.reports] == list(range(20, steps + 1, 20))
    assert shown == look.reports
    assert {word for word, _ in look.reports[-1].nearest["one"]} == set(TOPICS[1]) - {"one"}
    # the vectors of the moment, on JAX too, where the weights are elsewhere during an epoch
    assert look.reports[0].nearest["cat"] != look.reports[-1].nearest["cat"]
    assert len(ends.reports) == 3
    first = 2 if rows else 0
    vectors = wk.WordVectors(vocabulary, table.get_weights()[0][first:])
    expected = vectors.most_similar("cat", topn=8)
    assert [w for w, _ in ends.reports[-1].nearest["cat"]] == [w for w, _ in expected]
    assert curve.points[-1].step == steps
    assert [p.loss for p in curve.points if p.step % len(pairs) == 0] == pytest.approx(
        fitted.history["loss"]
    )


def test_another_model_begins_a_curve_anew_and_another_fit_goes_on(keras):
    curve, x, y = wk.LossCurve(), np.zeros((8, 2)), np.ones((8, 1))
    for _ in range(2):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        callback = curve.for_keras()
        model.fit(x, y, batch_size=4, verbose=0, callbacks=[callback])
        model.fit(x, y, batch_size=4, verbose=0, callbacks=[callback])
        assert [p.step for p in curve.points] == [1, 2, 3, 4]


def test_another_model_begins_reports_anew(keras, corpus):
    look = wk.NearestWords(["cat"])
    for _ in range(2):
        model, table = article_d(keras, len(corpus.vocabulary))
        x, y = [np.zeros(8, np.int32)] * 2, np.ones((8, 1))
        model.fit(x, y, verbose=0, callbacks=[look.for_keras(table, corpus.vocabulary)])
        assert len(look.reports) == 1


def test_held_out_loss_of_ones_own_model(keras):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.zeros((8, 2)), np.ones((8, 1))
    curve = wk.LossCurve()
    fitted = model.fit(
        x, y, epochs=2, verbose=0, validation_data=(x, y), callbacks=[curve.for_keras()]
    )
    assert [p.validation_loss for p in curve.points] == fitted.history["val_loss"]


def test_a_layer_of_ours_knows_its_words(keras, corpus):
    vectors = wk.WordVectors(corpus.vocabulary, np.random.default_rng(0).normal(size=(10, 4)))
    layer = vectors.to_keras()
    look = wk.NearestWords(["cat"], topn=3)
    callback = look.for_keras(layer)
    callback.on_epoch_end(0)
    words = [word for word, _ in look.reports[0].nearest["cat"]]
    assert words == [word for word, _ in vectors.most_similar("cat", topn=3)]


def test_vectors_that_have_exploded_are_told_as_such(corpus):
    matrix = np.ones((len(corpus.vocabulary), 4), np.float32)
    matrix[corpus.vocabulary.id("cat"), 2] = np.inf
    with pytest.raises(TrainingError, match="no longer finite: the learning rate is too high"):
        wk.NearestWords(["dog", "cat"]).look(matrix, corpus.vocabulary, step=1)


def test_layers_that_do_not_fit_are_told(keras, corpus):
    table = keras.layers.Embedding(7, 4)
    look = wk.NearestWords(["cat"])
    with pytest.raises(InputError, match="no vocabulary"):
        look.for_keras(table)
    with pytest.raises(UnknownWordError, match="catt"):
        wk.NearestWords(["catt"]).for_keras(table, corpus.vocabulary)
    table.build(None)
    with pytest.raises(InputError, match="7 rows, the vocabulary 10 words"):
        look.for_keras(table, corpus.vocabulary)
    with pytest.raises(InputError, match="no matrix"):
        look.for_keras(keras.layers.Dense(3), corpus.vocabulary).on_epoch_end(0)
