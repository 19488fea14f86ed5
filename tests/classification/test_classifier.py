"""TextClassifier: texts in, labels out; what it refuses, and what it tells."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import wordkin as wk
from wordkin.classification.reporting import Report
from wordkin.classification.splits import stratified_split
from wordkin.errors import (
    ConfigError,
    EmptyCorpusError,
    InputError,
    MissingExtraError,
    TrainingError,
)

GOOD = ("good", "fine", "great", "lovely")
BAD = ("bad", "awful", "poor", "dreadful")
TOPICS = ("film", "book", "song", "play")


def reviews(n=120, seed=0):
    """Texts whose label hangs on one word, with noise around it."""
    chance = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(n):
        words = GOOD if i % 2 else BAD
        noise = [f"w{chance.integers(50)}" for _ in range(6)]
        said = [str(chance.choice(words)), str(chance.choice(TOPICS))]
        texts.append(" ".join([*noise[:3], *said, *noise[3:]]))
        labels.append("pos" if i % 2 else "neg")
    return texts, labels


@pytest.fixture(scope="module")
def fitted():
    return wk.TextClassifier(workers=1).fit(*reviews(), validation=0.25)


def test_it_learns_and_gives_strings_and_probabilities(fitted):
    texts, labels = reviews(seed=1)
    predicted = fitted.predict(texts)
    assert predicted.dtype.kind == "U"
    assert np.mean(predicted == np.array(labels)) > 0.95
    p = fitted.predict_proba(texts)
    assert p.shape == (len(texts), 2)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert list(fitted.classes_) == ["neg", "pos"]
    assert (fitted.classes_[p.argmax(axis=1)] == predicted).all()
    assert fitted.score(texts, labels) == np.mean(predicted == np.array(labels))


def test_probabilities_are_neither_sure_of_all_nor_of_nothing():
    """Labels of which a fifth are wrong: the probability says about that much."""
    texts, labels = reviews(2000)
    chance = np.random.default_rng(3)
    wrong = chance.random(len(labels)) < 0.2
    noisy = [
        ("neg" if x == "pos" else "pos") if w else x for x, w in zip(labels, wrong, strict=True)
    ]
    clf = wk.TextClassifier().fit(texts, noisy)
    sure = clf.predict_proba(reviews(500, seed=9)[0]).max(axis=1).mean()
    assert 0.65 < sure < 0.9


@pytest.mark.parametrize("texts", [["", "  \n "], ["qwertz uiop", "?!"], ["\ud800", "Σ"]])
def test_texts_without_known_words_have_a_defined_result(fitted, texts):
    empty = fitted.predict_proba([""])
    p = fitted.predict_proba(texts)
    assert np.isfinite(p).all()
    np.testing.assert_allclose(p, np.repeat(empty, len(texts), axis=0))
    assert set(fitted.predict(texts)) <= {"neg", "pos"}


def test_no_texts_at_all_give_no_predictions(fitted):
    assert fitted.predict([]).shape == (0,)
    assert fitted.predict_proba([]).shape == (0, 2)


def test_empty_texts_do_not_hinder_learning():
    texts, labels = reviews()
    clf = wk.TextClassifier().fit([*texts, "", "?"], [*labels, "pos", "neg"])
    assert np.isfinite(clf.predict_proba(["", "good film"])).all()


# --- bad input ------------------------------------------------------------------------------------


def test_one_class_only_is_refused():
    with pytest.raises(InputError, match="two classes at least; got 2 texts, all of 'a'"):
        wk.TextClassifier().fit(["x", "y"], ["a", "a"])
    with pytest.raises(InputError, match="two classes"):
        wk.TextClassifier().fit([], [])


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([0, 1], r"number 0 is int 0. Use str\(\)"),
        (["a", None], "number 1 is NoneType None. Leave out"),
        (["a", float("nan")], "number 1 is float nan. Leave out"),
        (np.array([1.5, 2.5]), "number 0 is float 1.5"),
        ([b"a", b"b"], "decode"),
        ("ab", "Give labels as a list"),
        (["a"], "there are 2 texts and 1 labels"),
        (["a", "b", "c"], "there are 2 texts and 3 labels"),
        (["a\0", "a"], "NUL"),
    ],
)
def test_labels_that_are_none_are_refused(labels, says):
    with pytest.raises(InputError, match=f"(?i){says}"):
        wk.TextClassifier().fit(["x", "y"], labels)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ("a text", "a list with one text is"),
        ([b"x", "y"], "Decode"),
        (["x", None], "number 1 is NoneType None. Leave out what has none"),
        ([["x"], ["y"]], "Join tokens"),
        ([1, 2], "number 0 is int 1"),
        (3, "Give texts as a list"),
    ],
)
def test_texts_that_are_none_are_refused(fitted, texts, says):
    with pytest.raises(InputError, match=says):
        wk.TextClassifier().fit(texts, ["a", "b"])
    with pytest.raises(InputError, match=says):
        fitted.predict(texts)


def test_arrays_and_generators_are_taken():
    texts, labels = reviews(40)
    from_lists = wk.TextClassifier(workers=1).fit(texts, labels)
    arrays = np.array(texts), np.array(labels, dtype=object)
    from_arrays = wk.TextClassifier(workers=1).fit(*arrays)
    from_generators = wk.TextClassifier(workers=1).fit(iter(texts), iter(labels))
    expected = from_lists.decision_function(texts)
    for other in (from_arrays, from_generators):
        np.testing.assert_array_equal(other.decision_function(np.array(texts)), expected)


def test_a_label_only_in_the_validation_part_is_refused():
    with pytest.raises(InputError, match="labels that no training text has: 'c'"):
        wk.TextClassifier().fit(["x", "y"], ["a", "b"], validation=(["z"], ["c"]))


def test_each_class_keeps_a_text_to_learn_from():
    clf = wk.TextClassifier().fit(["x", "y", "y", "y"], ["a", "b", "b", "b"], validation=0.9)
    assert list(clf.classes_) == ["a", "b"]


@pytest.mark.parametrize("validation", [1, 0.0, 1.0, "x", (["x"],)])
def test_a_validation_part_that_is_none_is_refused(validation):
    with pytest.raises(InputError, match="validation is a share"):
        wk.TextClassifier().fit(["x", "y"], ["a", "b"], validation=validation)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function", "explain"])
def test_nothing_is_predicted_before_fit(method):
    with pytest.raises(InputError, match="has learned nothing yet"):
        getattr(wk.TextClassifier(), method)(["x"])
    with pytest.raises(InputError, match="has learned nothing yet"):
        wk.TextClassifier().save("never.safetensors")
    with pytest.raises(InputError, match="has learned nothing yet"):
        wk.TextClassifier().compress("1MB")


def test_texts_without_any_word_are_refused():
    with pytest.raises(EmptyCorpusError, match="No word is left"):
        wk.TextClassifier().fit(["?", "!"], ["a", "b"])
    with pytest.raises(EmptyCorpusError, match="none of which occurs 5 times"):
        wk.TextClassifier(min_count=5).fit(["x", "y"], ["a", "b"])


@pytest.mark.parametrize(
    "setting",
    [
        {"head": "lstm"},
        {"backend": "mxnet"},
        {"ngrams": 0},
        {"epochs": 1.5},
        {"C": 0},
        {"C": "1"},
        {"idf_power": -1},
        {"letters": (5, 3)},
        {"letters": 3},
        {"learning_rate": -1},
        {"min_count": True},
        {"trainable": 1},
        {"seed": -1},
        {"progress": None},
    ],
)
def test_settings_that_are_none_are_refused_by_fit(setting):
    clf = wk.TextClassifier(**setting)
    with pytest.raises(ConfigError, match=next(iter(setting))):
        clf.fit(["x", "y"], ["a", "b"])


@pytest.mark.parametrize(
    "weights", [{"c": 1}, {"a": 0}, {"a": "x"}, "other", 3, {"a": 1e-60}, {"a": 1e60}]
)
def test_class_weights_that_are_none_are_refused(weights):
    with pytest.raises(InputError, match="class_weight"):
        wk.TextClassifier(class_weight=weights).fit(["x", "y"], ["a", "b"])


def test_vectors_must_be_vectors_and_of_the_texts():
    with pytest.raises(InputError, match="vectors must be WordVectors"):
        wk.TextClassifier("glove.txt").fit(["x", "y"], ["a", "b"])
    vectors = wk.WordVectors(["Haus"], [[1.0, 2.0]])
    with pytest.raises(InputError, match="None of the words"):
        wk.TextClassifier(vectors).fit(["x", "y"], ["a", "b"])


def test_a_missing_framework_names_the_extra(monkeypatch):
    def missing(name, *rest, **more):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    clf = wk.TextClassifier().fit(["x", "y"], ["a", "b"])
    monkeypatch.setattr("wordkin.errors.importlib.import_module", missing)
    with pytest.raises(MissingExtraError, match=r"wordkin\[plot\]"):
        clf.plot_learning_curve()


# --- learning -------------------------------------------------------------------------------------


def test_held_out_words_are_not_in_the_vocabulary():
    texts = ["common a", "common b"] * 10
    clf = wk.TextClassifier().fit(texts, ["x", "y"] * 10, validation=(["held", "out"], ["x", "y"]))
    assert set(clf.vocabulary_.words) == {"common", "a", "b"}
    # by a share: each text has a word of its own, and those held out are not known
    texts = [f"word{i}" for i in range(100)]
    clf = wk.TextClassifier().fit(texts, ["x", "y"] * 50, validation=0.2)
    assert len(clf.vocabulary_) == 80


@pytest.mark.parametrize(
    ("first", "closing"),
    [(0, 2), (60, 1), (100, 1)],  # closing passes that make it better are made both
)
def test_the_best_epoch_is_kept_and_learning_stops_early(first, closing):
    texts, labels = reviews(200)
    noisy = [*labels[:100], *labels[101:], labels[0]]  # half of the labels say nothing
    judged = texts[first : first + 60], labels[first : first + 60]
    clf = wk.TextClassifier(epochs=40, patience=2, workers=1).fit(texts, noisy, judged)
    losses = clf.history_["val_loss"]
    before = losses[:-closing]
    assert len(before) - 1 - int(np.argmin(before)) == 2
    assert (min(losses) < min(before)) == (closing == 2)
    p = clf.predict_proba(judged[0])
    at = np.searchsorted(clf.classes_, judged[1])
    kept = -np.log(p[np.arange(60), at]).mean()
    assert kept == pytest.approx(min(losses), rel=1e-4)


def test_without_patience_learning_goes_on_as_long_as_it_gets_better():
    texts, labels = reviews(200)
    clf = wk.TextClassifier(epochs=40, patience=0, workers=1)
    losses = clf.fit(texts, labels, validation=0.3).history_["val_loss"]
    before = losses[:-2]
    assert 2 <= len(before) < 38
    assert np.all(np.diff(before)[:-1] <= 0)
    assert before[-1] > before[-2]


def test_history_tells_of_each_epoch(fitted):
    history = fitted.history_
    assert set(history) == {"loss", "seconds", "val_loss", "val_accuracy"}
    assert len({len(values) for values in history.values()}) == 1
    assert fitted.report().accuracy == pytest.approx(
        history["val_accuracy"][int(np.argmin(history["val_loss"]))]
    )


def test_a_loss_that_is_not_finite_is_an_error(monkeypatch):
    monkeypatch.setattr("wordkin.classification.mean.MeanHead.learn", lambda *a: float("nan"))
    with pytest.raises(TrainingError, match="The loss is nan in epoch 1"):
        wk.TextClassifier().fit(["x", "y"], ["a", "b"])


def test_any_number_of_threads_gives_the_same_bytes():
    texts, labels = reviews()
    labels = [f"{label}{i % 3}" for i, label in enumerate(labels)]
    scores = [
        wk.TextClassifier(workers=n).fit(texts, labels).decision_function(texts)
        for n in (1, 2, 3, 16)
    ]
    for other in scores[1:]:
        np.testing.assert_array_equal(other, scores[0])


def test_the_seed_decides():
    texts, labels = reviews()
    a, b, c = (
        wk.TextClassifier(seed=seed, epochs=2).fit(texts, labels).decision_function(texts)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_class_weights_help_the_rare_class():
    texts, labels = reviews(400)
    rare = [i for i in range(400) if labels[i] == "neg" or i % 20 == 1]
    chance = np.random.default_rng(0)
    # noise, so that not all can be told apart
    mixed = [texts[i] if chance.random() < 0.8 else "good bad" for i in rare]
    given = [labels[i] for i in rare]
    plain = wk.TextClassifier().fit(mixed, given)
    balanced = wk.TextClassifier(class_weight="balanced").fit(mixed, given)
    by_hand = wk.TextClassifier(class_weight={"pos": 10.0}).fit(mixed, given)
    p = [clf.predict_proba(["good bad"])[0, 1] for clf in (plain, balanced, by_hand)]
    assert p[0] < p[1]
    assert p[0] < p[2]


def test_progress_is_shown(capsys):
    wk.TextClassifier(progress=True, epochs=2).fit(*reviews(40), validation=0.5)
    shown = capsys.readouterr().err
    assert "epoch 2/2, loss" in shown
    assert "held out" in shown


def test_a_split_keeps_shares_and_sizes():
    targets = np.repeat(np.arange(4, dtype=np.int32), [100, 50, 9, 1])
    train, held_out = stratified_split(targets, 0.2, seed=3)
    assert sorted([*train, *held_out]) == list(range(160))
    assert abs(len(held_out) - 32) <= 1
    counts = np.bincount(targets[held_out], minlength=4)
    assert counts.tolist() == [20, 10, 2, 0]
    again = stratified_split(targets, 0.2, seed=3)[1]
    np.testing.assert_array_equal(held_out, again)
    assert (stratified_split(targets, 0.2, seed=4)[1] != held_out).any()


# --- what it tells --------------------------------------------------------------------------------


def test_report_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    chance = np.random.default_rng(0)
    labels = np.array(["a", "b", "c", "d"])
    expected, predicted = labels[chance.integers(4, size=200)], labels[chance.integers(3, size=200)]
    report = Report.of(expected, predicted)
    np.testing.assert_array_equal(report.confusion, metrics.confusion_matrix(expected, predicted))
    theirs = metrics.precision_recall_fscore_support(expected, predicted, zero_division=0)
    for own, other in zip(
        (report.precision, report.recall, report.f1, report.support), theirs, strict=True
    ):
        np.testing.assert_allclose(own, other)
    assert report.macro_f1 == pytest.approx(metrics.f1_score(expected, predicted, average="macro"))
    assert report.accuracy == pytest.approx(metrics.accuracy_score(expected, predicted))


def test_a_report_needs_something_to_judge_by(fitted):
    assert "accuracy" in str(fitted.report())
    alone = wk.TextClassifier().fit(["x", "y"], ["a", "b"])
    with pytest.raises(InputError, match="no held-out texts"):
        alone.report()
    with pytest.raises(InputError, match="Give texts and labels"):
        fitted.report(["x"])
    with pytest.raises(InputError, match="one at least"):
        fitted.score([], [])


def test_labels_that_it_never_saw_are_all_wrong(fitted):
    report = fitted.report(["good film", "bad film"], ["pos", "other"])
    assert report.accuracy == 0.5
    assert list(report.classes) == ["neg", "other", "pos"]


@pytest.mark.parametrize("letters", [None, (2, 4)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_an_explanation_adds_up_to_the_logit(letters, n_classes):
    texts, labels = reviews()
    if n_classes == 3:
        labels = ["odd" if i % 7 == 0 else label for i, label in enumerate(labels)]
    clf = wk.TextClassifier(letters=letters).fit(texts, labels)
    text = "a good film, an awful good film w1 w2 unheard-of"
    for k, label in enumerate(clf.classes_):
        told = clf.explain(text, label)
        assert told.label == label
        total = told.bias + sum(value for _, value in told.terms)
        assert told.logit == pytest.approx(total, abs=1e-12)
        assert told.logit == pytest.approx(clf.decision_function([text])[0, k], abs=1e-5)
        assert told.probability == pytest.approx(clf.predict_proba([text])[0, k], abs=1e-6)
        assert len({name for name, _ in told.terms}) == len(told.terms)
    assert {"good", "film", "good film"} <= {name for name, _ in told.terms}
    assert ("*oo*" in {name for name, _ in told.terms}) == (letters is not None)


def test_an_explanation_is_of_the_best_class_and_shows_what_matters(fitted):
    told = fitted.explain("an awful film")
    assert told.label == "neg"
    assert "awful" in told.terms[0][0]
    assert told.terms[0][1] > 0
    assert str(told).startswith("neg: probability")
    with pytest.raises(InputError, match="There is no label 'x'; there are 'neg', 'pos'"):
        fitted.explain("a film", "x")
    assert fitted.explain("").terms == ()


def test_pictures_are_drawn_on_what_is_given(fitted):
    class Axes:
        """Takes down what is drawn; Matplotlib itself is an extra."""

        def __init__(self):
            self.calls = []
            self.figure = self

        def __getattr__(self, name):
            def call(*args, **options):
                self.calls.append(name)
                return [name] if name == "plot" else self

            return call

    axes = Axes()
    assert fitted.plot_confusion(axes=axes) is axes
    assert {"imshow", "set_xticks", "text", "colorbar"} <= set(axes.calls)
    axes = Axes()
    assert fitted.plot_learning_curve(axes) is axes
    assert axes.calls.count("plot") == 3


def test_pictures_by_matplotlib(fitted):
    pytest.importorskip("matplotlib")
    assert fitted.plot_confusion().get_ylabel() == "class"
    assert fitted.plot_learning_curve().get_xlabel() == "epoch"


def test_a_classifier_shows_its_settings():
    assert repr(wk.TextClassifier()) == "TextClassifier()"
    assert repr(wk.TextClassifier(ngrams=1, seed=3)) == "TextClassifier(ngrams=1, seed=3)"


# --- what must not slip through -------------------------------------------------------------------


class Frame:
    """What a data frame does: going through it gives the names of its columns."""

    columns = ("text", "label")

    def __iter__(self):
        return iter(self.columns)


@pytest.mark.parametrize(
    "texts", [{"a": "x", "b": "y"}, {"x", "y"}, Frame()], ids=["dict", "set", "frame"]
)
def test_what_gives_other_things_than_texts_in_order_is_refused(fitted, texts):
    with pytest.raises(InputError, match="Give texts as a list"):
        fitted.predict(texts)
    with pytest.raises(InputError, match="Give labels as a list"):
        wk.TextClassifier().fit(["x", "y"], texts)


@pytest.mark.parametrize("labels", [None, np.array(["a", "b"])], ids=["without", "only"])
def test_half_of_what_a_report_needs_is_refused_in_arrays_too(fitted, labels):
    texts = np.array(["good film", "bad film"]) if labels is None else None
    with pytest.raises(InputError, match="Give texts and labels"):
        fitted.report(texts, labels)
    alone = wk.TextClassifier().fit(["x", "y"], ["a", "b"])
    with pytest.raises(InputError, match="Give texts and labels"):
        alone.compress("1MB", texts, labels)


@pytest.mark.parametrize("kind", [np.int64, np.float32, np.uint8])
def test_class_weights_may_be_numbers_of_numpy(kind):
    texts, labels = reviews(60)
    given = wk.TextClassifier(class_weight={"pos": kind(3)}).fit(texts, labels)
    plain = wk.TextClassifier(class_weight={"pos": 3}).fit(texts, labels)
    np.testing.assert_array_equal(given.predict_proba(texts), plain.predict_proba(texts))


class Series:
    """What a column of a data frame does when it is compared."""

    def __eq__(self, other):
        return np.array([False, True])

    def items(self):
        return [("a", 1.0)]

    __hash__ = None


def test_class_weights_in_a_column_are_refused_in_words():
    with pytest.raises(InputError, match="class_weight must be None, 'balanced' or a dict"):
        wk.TextClassifier(class_weight=Series()).fit(["x", "y"], ["a", "b"])


def test_settings_are_looked_at_before_texts():
    def texts():
        raise AssertionError("read")
        yield

    for setting in ({"head": "none"}, {"C": -1}, {"seed": -1}, {"letters": 3}):
        with pytest.raises(ConfigError, match=next(iter(setting))):
            wk.TextClassifier(**setting).fit(texts(), ["a"], validation=0.5)


def test_nothing_can_be_frozen_without_vectors():
    with pytest.raises(ConfigError, match="there are none: give vectors="):
        wk.TextClassifier(trainable=False).fit(*reviews(20))


@pytest.mark.parametrize("changed", [{"ngrams": 1}, {"letters": (2, 3)}, {"head": "cnn"}])
def test_settings_changed_after_fit_wait_for_the_next(changed, tmp_path):
    # "bad" and "good" alone tell nothing here: the pairs do
    texts = ["not bad", "good", "not good", "bad", "so good", "so bad"] * 10
    labels = ["pos", "pos", "neg", "neg", "pos", "neg"] * 10
    clf = wk.TextClassifier().fit(texts, labels)
    before = clf.predict_proba(texts)
    clf.set_params(**changed)
    np.testing.assert_array_equal(clf.predict_proba(texts), before)
    clf.save(tmp_path / "m.safetensors")
    loaded = wk.load_classifier(tmp_path / "m.safetensors")
    np.testing.assert_allclose(loaded.predict_proba(texts), before, atol=1e-6)
    clf.compress("20KB")
    np.testing.assert_array_equal(clf.predict(texts), labels)
    clf.save(tmp_path / "m.safetensors")
    loaded = wk.load_classifier(tmp_path / "m.safetensors")
    np.testing.assert_allclose(loaded.predict_proba(texts), clf.predict_proba(texts), atol=1e-6)


def test_a_class_does_not_pay_for_those_that_have_nothing_to_give():
    # a long tail, as occupations and products have it
    targets = np.concatenate([np.arange(1000), np.full(100, 1000), np.full(50, 1001)])
    train, held_out = stratified_split(targets.astype(np.int32), 0.2, seed=1)
    counts = np.bincount(targets[held_out], minlength=1002)
    assert not counts[:1000].any()
    assert 20 <= counts[1000] <= 21
    assert 10 <= counts[1001] <= 11
    assert len(train) + len(held_out) == len(targets)


def test_one_pass_is_over_all_texts():
    words = [f"word{i}" for i in range(20)]
    clf = wk.TextClassifier(epochs=1).fit(words, words)
    np.testing.assert_array_equal(clf.predict(words), words)


def test_what_was_learned_from_is_let_go():
    texts, labels = reviews(40)
    clf = wk.TextClassifier().fit(texts * 100, labels * 100)
    few = wk.TextClassifier().fit(texts, labels)
    # the same words and pairs, a hundred times as many texts
    assert len(pickle.dumps(clf)) < 1.1 * len(pickle.dumps(few))
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(clf)).predict(texts), clf.predict(texts)
    )


def test_a_seed_that_is_none_is_refused_wherever_texts_are_split():
    texts, labels = reviews(20)
    with pytest.raises(ConfigError, match="seed"):
        wk.compare(texts, labels, models=["majority"], seed=-1)


def test_vectors_that_tell_nothing_apart_are_told_as_such():
    for words in (["good"], ["good", "bad"]):
        vectors = wk.WordVectors(words, [[1.0, 2.0]] * len(words))
        with pytest.raises(InputError, match=rf"\({len(words)} of [\d,]+\) all have the same"):
            wk.TextClassifier(vectors).fit(*reviews(20))


def test_shares_may_be_numbers_of_numpy():
    texts, labels = reviews(60)
    clf = wk.TextClassifier().fit(texts, labels, validation=np.float32(0.25))
    assert len(clf.report().classes) == 2
    found = wk.compare(texts, labels, models=["majority"], leaks=False, test=np.float32(0.25))
    assert found.n_test == 15


def test_stopping_early_leaves_out_no_text():
    words = [f"word{i}" for i in range(20)]
    clf = wk.TextClassifier(epochs=40, patience=1, seed=2).fit(words, words, (words, words))
    assert len(clf.history_["loss"]) < 40
    np.testing.assert_array_equal(clf.predict(words), words)


def test_weights_beyond_half_precision_are_not_compressed():
    texts, labels = reviews(400)
    clf = wk.TextClassifier(idf_power=10).fit(texts, labels)
    before = clf.predict_proba(texts)
    with pytest.raises(InputError, match=r"idf_power=10 .* beyond 65,504"):
        clf.compress("1MB")
    np.testing.assert_array_equal(clf.predict_proba(texts), before)


def test_one_text_does_not_ask_how_many_cores_there_are(monkeypatch):
    """Asking takes longer than the text."""
    clf = wk.TextClassifier(epochs=2).fit(["good", "bad"] * 5, ["a", "b"] * 5)
    monkeypatch.setattr("wordkin.documents.threads.cores", None)
    assert clf.predict(["good"]).tolist() == ["a"]
