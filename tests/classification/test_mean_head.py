"""The mean head: features by two ways, learning by an independent one, compression, vectors."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wordkin as wk
from wordkin.classification.compressing import n_bytes
from wordkin.classification.features import Scorer, learn_features
from wordkin.classification.kinds import Kinds
from wordkin.classification.plain import PlainScorer
from wordkin.documents.reading import Reader
from wordkin.errors import ConfigError, InputError
from wordkin.text.tokenizers import Keras, Words

SETTINGS = {"max_ngrams": 1 << 20, "min_ngram_count": 1, "idf_power": 1.0}
WORDS = st.sampled_from(
    ["a", "b", "c", "ab", "abc", "ba’s", "größe", "日本", "Σίσυφος", "x1", "ΑΣ"]
)
TEXTS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=1, max_size=8)


def features_of(texts, letters=None, longest=2, **changed):
    reader, documents = Reader.fitted(texts, Words(), min_count=1, max_vocab=None)
    kinds = Kinds(len(reader.vocabulary), longest, letters)
    words = reader.vocabulary.words
    return reader, *learn_features(documents, words, kinds, settings=SETTINGS | changed)


def rows_of(bags, i):
    part = slice(bags.starts[i], bags.starts[i + 1])
    return dict(zip(bags.rows[part].tolist(), bags.values[part].tolist(), strict=True))


@settings(deadline=None, max_examples=40)
@given(TEXTS, TEXTS, st.sampled_from([None, (1, 2), (2, 4)]), st.integers(1, 3))
def test_compiled_and_plain_features_are_the_same(texts, others, letters, longest):
    if not any(text for text in texts):
        return
    reader, features, _ = features_of(texts, letters, longest)
    documents = reader.read(others)
    words = reader.vocabulary.words
    compiled = Scorer(features, words).bags(documents)
    plain = PlainScorer(features, words)
    for i in range(len(others)):
        expected = {term.row: term.value for term in plain.terms(documents, i)}
        got = rows_of(compiled, i)
        assert got.keys() == expected.keys()
        np.testing.assert_allclose([got[row] for row in expected], list(expected.values()), 1e-5)


def test_weights_are_those_of_scikit_learn():
    text = pytest.importorskip("sklearn.feature_extraction.text")
    texts = ["a rose is a rose is a rose", "is it a rose", "it is not", "", "not a tulip"]
    *_, bags = features_of(texts, longest=1)
    theirs = text.TfidfVectorizer(sublinear_tf=True, token_pattern=r"\S+").fit_transform(texts)
    for i in range(len(texts)):
        own = sorted(rows_of(bags, i).values())
        np.testing.assert_allclose(own, np.sort(theirs[[i]].data), rtol=1e-5)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.sampled_from([Words(), Keras()]))
def test_both_ways_of_reading_give_the_same_numbers(texts, tokenizer):
    vocabulary = wk.Vocabulary(["a", "b", "ß"], tokenizer=tokenizer)
    reader = Reader(vocabulary)
    plain = reader._plain(texts)
    if isinstance(tokenizer, Keras):
        texts = [text.replace("\r", " ") for text in texts]
        plain = reader._plain(texts)
    compiled = reader._compiled(tokenizer, texts)
    np.testing.assert_array_equal(compiled.ids, plain.ids)
    np.testing.assert_array_equal(compiled.starts, plain.starts)
    assert list(compiled.unknown) == list(plain.unknown)


def test_many_texts_are_read_as_few_are():
    texts = [f"word{i % 700} Straße\nΣίσυφος {i}" for i in range(6000)]
    reader, fitted = Reader.fitted(texts, Words(), min_count=2, max_vocab=500)
    assert len(reader.vocabulary) == 500
    plain = reader._plain(texts)
    for other in (fitted, reader.read(texts)):
        np.testing.assert_array_equal(other.starts, plain.starts)
        known = plain.ids < 500
        np.testing.assert_array_equal(other.ids < 500, known)
        np.testing.assert_array_equal(other.ids[known], plain.ids[known])
        words = [*reader.vocabulary.words, *other.unknown]
        own = [words[i] for i in other.ids[~known][:200].tolist()]
        assert own == [plain.unknown[i - 500] for i in plain.ids[~known][:200].tolist()]


def test_rare_ngrams_are_left_out_and_their_number_is_bounded():
    texts = ["a b c", "a b d", "b c a", "c a b"]
    _, everything, _ = features_of(texts)
    _, frequent, _ = features_of(texts, min_ngram_count=2)
    _, few, bags = features_of(texts, max_ngrams=1)
    # ab in 3 texts, bc and ca in 2 each, bd in 1
    assert (len(everything.keys), len(frequent.keys), len(few.keys)) == (4, 3, 1)
    assert few.keys[0] == everything.keys[0]
    assert rows_of(bags, 0).keys() == {0, 1, 2, 4}


def noisy(n=300, n_classes=4, seed=0):
    """Texts whose classes can't all be told apart."""
    chance = np.random.default_rng(seed)
    labels = chance.integers(n_classes, size=n)
    texts = [
        " ".join(
            f"c{label}w{chance.integers(30)}"
            if chance.random() < 0.3
            else f"w{chance.integers(40)}"
            for _ in range(8)
        )
        for label in labels
    ]
    return texts, [f"l{label}" for label in labels]


@pytest.mark.parametrize("n_classes", [2, 4])
def test_it_finds_what_liblinear_finds(n_classes, monkeypatch):
    """The same features and the same objective: the solution is unique."""
    svm = pytest.importorskip("sklearn.svm")
    monkeypatch.setattr("wordkin.classification.descent.kept_back", lambda *a: np.arange(0))
    texts, labels = noisy(n_classes=n_classes)
    clf = wk.TextClassifier(epochs=300, C=0.7, workers=1).fit(texts, labels)
    head = clf._head
    bags = head._scorer().bags(clf._documents(texts))
    dense = np.zeros((len(texts), len(head.linear.features.idf)))
    for i in range(len(texts)):
        for row, value in rows_of(bags, i).items():
            dense[i, row] = value
    theirs = svm.LinearSVC(C=0.7, tol=1e-6, max_iter=100_000).fit(dense, labels)
    np.testing.assert_allclose(head.linear.weights.T, theirs.coef_, atol=2e-3)
    np.testing.assert_allclose(head.linear.bias, theirs.intercept_, atol=2e-3)


def test_without_a_compiler_predictions_are_the_same(tmp_path):
    texts, labels = noisy()
    clf = wk.TextClassifier(letters=(2, 3)).fit(texts, labels)
    clf.save(tmp_path / "m.safetensors")
    code = (
        "import sys, wordkin as wk; clf = wk.load_classifier(sys.argv[1]); "
        "print(clf.decision_function(sys.argv[2:]).tolist()); "
        "print({'numba', 'keras', 'sklearn', 'rich'} & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "m.safetensors", *texts[:5]],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert out[1] == "set()"
    np.testing.assert_allclose(eval(out[0]), clf.decision_function(texts[:5]), atol=1e-5)


# --- pretrained vectors ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vectors():
    chance = np.random.default_rng(0)
    words = [f"c{c}w{i}" for c in range(4) for i in range(30)]
    matrix = [np.eye(4)[c] * 3 + chance.normal(size=4) for c in range(4) for _ in range(30)]
    return wk.WordVectors(words, np.array(matrix))


def test_vectors_help_where_there_are_few_texts(vectors):
    train, test = noisy(40, seed=1), noisy(400, seed=2)
    scores = {
        "none": wk.TextClassifier().fit(*train).score(*test),
        "tuned": wk.TextClassifier(vectors).fit(*train).score(*test),
        "frozen": wk.TextClassifier(vectors, trainable=False).fit(*train).score(*test),
    }
    assert scores["tuned"] > scores["none"] + 0.05
    assert scores["frozen"] > scores["none"] + 0.05


def test_frozen_vectors_are_all_that_counts(vectors):
    clf = wk.TextClassifier(vectors, trainable=False).fit(*noisy())
    scores = clf.decision_function(["c1w1", "w3", "", "c1w1 c1w1"])
    np.testing.assert_array_equal(scores[1], scores[2])  # a word without a vector
    np.testing.assert_allclose(scores[0], scores[3], rtol=1e-5)  # of unit length
    assert not len(clf._head.linear.features.keys)
    assert clf.history_["loss"][0] < 1


def test_frozen_vectors_are_learned_to_the_solution(vectors, monkeypatch):
    svm = pytest.importorskip("sklearn.svm")
    monkeypatch.setattr("wordkin.classification.mean.MeanHead.end", lambda head: None)
    clf = wk.TextClassifier(vectors, trainable=False, C=3.0).fit(*noisy())
    learner = clf._head._learner
    theirs = svm.LinearSVC(C=3.0, tol=1e-7, max_iter=100_000)
    theirs.fit(learner._means, noisy()[1])
    np.testing.assert_allclose(learner._matrix[:-1].T, theirs.coef_, atol=1e-3)
    np.testing.assert_allclose(learner._matrix[-1], theirs.intercept_, atol=1e-3)


def test_explanations_know_nothing_of_vectors(vectors):
    clf = wk.TextClassifier(vectors).fit(*noisy())
    told = clf.explain("c1w1 c2w2 w1", "l1")
    assert told.logit == pytest.approx(clf.decision_function(["c1w1 c2w2 w1"])[0, 1], abs=1e-5)


# --- compression ----------------------------------------------------------------------------------


def test_it_fits_into_a_size_and_says_what_was_lost(tmp_path):
    texts, labels = noisy(2000)
    clf = wk.TextClassifier().fit(texts, labels, validation=0.25)
    before = clf.predict_proba(texts)
    done = clf.compress("30KB")
    clf.save(tmp_path / "m.safetensors")
    size = (tmp_path / "m.safetensors").stat().st_size
    assert size == done.bytes_after
    assert 28_000 < size <= 30_000
    assert done.features_after < done.features_before
    assert done.accuracy_after == clf.report().accuracy
    assert done.accuracy_after > done.accuracy_before - 0.03
    assert "30 MB" not in str(done)
    assert "accuracy" in str(done)
    assert np.abs(clf.predict_proba(texts) - before).mean() < 0.1
    loaded = wk.load_classifier(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.decision_function(texts), clf.decision_function(texts))
    assert loaded.vocabulary_ == clf.vocabulary_
    # again, smaller
    assert clf.compress(10_000).bytes_after <= 10_000
    with pytest.raises(InputError, match="too few"):
        clf.compress("1KB")


def test_what_fits_is_only_quantised():
    texts, labels = noisy(500)
    clf = wk.TextClassifier().fit(texts, labels)
    words = clf.vocabulary_.words
    before = clf.predict_proba(texts)
    done = clf.compress("10MB")
    assert done.features_after == done.features_before
    assert done.bytes_after < 0.55 * done.bytes_before
    assert (done.accuracy_before, done.accuracy_after) == (None, None)
    assert "no texts to judge by" in str(done)
    assert clf.vocabulary_.words == words
    np.testing.assert_allclose(clf.predict_proba(texts), before, atol=0.02)


def test_the_least_important_goes_first():
    texts, labels = noisy(2000)
    clf = wk.TextClassifier(ngrams=1).fit(texts, labels)
    clf.compress("2500B")
    kept = clf.vocabulary_.words
    assert 0 < len(kept) < 120
    assert all(word.startswith("c") for word in kept)  # none of those that say nothing


@pytest.mark.parametrize("size", ["", "2 parsecs", "-1MB", None, True, 1.5])
def test_sizes_that_are_none_are_refused(size):
    if size == 1.5:
        assert n_bytes(size) == 1
        return
    with pytest.raises(InputError, match="A size is"):
        n_bytes(size)


def test_what_was_compressed_before_is_not_made_larger():
    texts, labels = noisy(500)
    clf = wk.TextClassifier(ngrams=1).fit(texts, labels)
    for size in ("2500B", "2500B", "10MB", "10MB"):
        before = clf.decision_function(texts)
        done = clf.compress(size)
        assert done.bytes_after <= done.bytes_before
    np.testing.assert_array_equal(clf.decision_function(texts), before)
    assert done.bytes_after == done.bytes_before
    assert done.features_after == done.features_before


def test_what_would_grow_by_rounding_stays_as_it_is():
    clf = wk.TextClassifier(ngrams=1).fit(["one", "two"] * 3, ["a", "b"] * 3)
    before, size = clf.decision_function(["one"]), clf.compress(10**6).bytes_before
    assert clf.compress(size).bytes_after <= size
    np.testing.assert_allclose(clf.decision_function(["one"]), before, atol=0.02)


def test_threads_of_predicting_can_be_set_after_learning(tmp_path, monkeypatch):
    from wordkin.classification import features

    texts, labels = noisy(500)
    wk.TextClassifier(workers=1).fit(texts, labels).save(tmp_path / "m")
    clf = wk.load_classifier(tmp_path / "m")
    asked = []
    monkeypatch.setattr(
        features, "n_threads", lambda workers, **_: asked.append(workers) or workers or 1
    )
    for workers in (1, 2, None):
        clf.set_params(workers=workers).predict(texts)
    assert asked == [1, 2, None]
    clf.explain(texts[0])
    monkeypatch.undo()
    clf.set_params(workers=0)
    with pytest.raises(ConfigError, match="workers"):
        clf.predict(texts)
