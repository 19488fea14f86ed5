"""The bake-off: scores, error bars and leaks against what can be counted by hand."""

from __future__ import annotations

import csv
import random

import numpy as np
import pytest

import wordkin as wk
from wordkin.classification import comparing
from wordkin.classification.baselines import Majority
from wordkin.classification.comparing import compare
from wordkin.classification.resampling import difference, draw, interval
from wordkin.errors import ConfigError, InputError, MissingExtraError


def topics(n, seed=1, noise=0.0):
    """Texts of two topics."""
    chance = random.Random(seed)
    words = {"sea": ["ship", "wave", "sail", "crew"], "wood": ["tree", "leaf", "root", "moss"]}
    texts, labels = [], []
    for i in range(n):
        label = ("sea", "wood")[i % 2]
        own = words[label] if chance.random() >= noise else words[("wood", "sea")[i % 2]]
        texts.append(" ".join(chance.choices([*own, "the", "a", "of"], k=8)))
        labels.append(label)
    return texts, labels


class Always:
    def __init__(self, label):
        self.label = label

    def fit(self, texts, labels):
        return self

    def predict(self, texts):
        return [self.label] * len(texts)


def test_same_split_for_all_and_rows_for_each():
    texts, labels = topics(200)
    result = compare(texts, labels, models=["majority", "mean"])
    assert [score.name for score in result.scores] == ["majority", "mean"]
    assert (result.n_train, result.n_test, result.n_classes) == (160, 40, 2)
    assert result.baseline == "majority"
    assert result["majority"].accuracy == 0.5
    assert result["majority"].against is None
    assert result["mean"].accuracy == result.best.accuracy == 1.0
    assert result["mean"].against[0].value == 0.5
    assert result["mean"].against[0].low > 0.3
    assert len(result["mean"].predictions) == 40
    assert result["mean"].megabytes > 0
    assert result["mean"].texts_per_second > 0
    with pytest.raises(InputError, match="majority, mean"):
        result["cnn"]


def test_the_same_seed_gives_the_same_numbers():
    texts, labels = topics(150, noise=0.3)
    first, again = (
        compare(texts, labels, models=["majority", "mean"], seed=5, leaks=False) for _ in range(2)
    )
    for one, other in zip(first.scores, again.scores, strict=True):
        assert one.predictions == other.predictions
        assert one.accuracy_interval == other.accuracy_interval
        assert one.against == other.against


def test_models_of_ones_own_are_compared_with_the_baselines():
    texts, labels = topics(100)
    result = compare(texts, labels, models={"sea": Always("sea")}, leaks=False)
    assert result["sea"].accuracy == 0.5
    assert result["sea"].megabytes is None
    assert "majority" in [score.name for score in result.scores]


def test_other_texts_to_test_with():
    result = compare(*topics(60), models="mean", test=topics(21, seed=2), leaks=False)
    assert (result.n_train, result.n_test) == (60, 21)
    assert result.baseline is None
    assert "The best baseline" not in str(result)


def test_table_markdown_and_csv(tmp_path):
    texts, labels = topics(100)
    result = compare(texts, labels, models={"a|b": Always("sea")}, leaks=False)
    lines = result.to_markdown().splitlines()
    assert len(lines) == 2 + len(result.scores)
    assert "a\\|b" in lines[-1]
    result.to_csv(tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text("utf-8").splitlines()))
    assert [row["model"] for row in rows] == [score.name for score in result.scores]
    assert float(rows[-1]["accuracy"]) == 0.5
    assert float(rows[-1]["difference_low"]) <= float(rows[-1]["difference"])
    assert rows[-1]["megabytes"] == ""
    assert "texts to learn from" in str(result)


def test_a_name_that_spreadsheets_would_run_is_text_to_them(tmp_path):
    compare(*topics(40), models={"=1+2": Always("sea")}, leaks=False).to_csv(tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text("utf-8").splitlines()))
    assert rows[-1]["model"] == "'=1+2"


def test_what_can_not_run_is_named_with_the_reason(monkeypatch):
    monkeypatch.setattr(comparing, "find_spec", lambda name: None)
    result = compare(*topics(60), leaks=False)
    assert [score.name for score in result.scores] == ["majority", "mean"]
    assert "wordkin[sklearn]" in result.left_out["tfidf-svm"]
    assert "wordkin[keras]" in result.left_out["cnn"]
    assert "tfidf-svm" in str(result)


def test_a_named_baseline_without_scikit_learn_names_the_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(MissingExtraError, match=r"wordkin\[sklearn\]"):
        compare(*topics(60), models=["tfidf-svm"])


def test_bad_input():
    texts, labels = topics(20)
    cases = [
        ((texts, labels), {"models": ["svm"]}, ConfigError, "tfidf-svm"),
        ((texts, labels), {"models": []}, ConfigError, "models.*empty.*tfidf-svm"),
        ((texts, labels), {"models": ["cnn-tuned"]}, ConfigError, "vectors"),
        ((texts, labels), {"models": {"x": 3}}, InputError, "fit"),
        ((texts, labels), {"test": 2.0}, InputError, "share"),
        ((texts, labels[1:]), {}, InputError, "19"),
        ((texts, ["a"] * 20), {"models": ["mean"]}, InputError, "two labels"),
        ((texts, labels), {"test": ([], [])}, InputError, "test with"),
    ]
    for arguments, settings, error, match in cases:
        with pytest.raises(error, match=match):
            compare(*arguments, **settings)


def test_baselines_are_those_of_scikit_learn():
    texts = pytest.importorskip("sklearn.feature_extraction.text", exc_type=ImportError)
    svm = pytest.importorskip("sklearn.svm", exc_type=ImportError)
    train, test = topics(150, noise=0.2), topics(60, seed=9, noise=0.2)
    result = compare(*train, models=["majority", "tfidf-lr", "tfidf-svm"], test=test, leaks=False)
    words = texts.TfidfVectorizer(sublinear_tf=True)
    model = svm.LinearSVC(random_state=1).fit(words.fit_transform(train[0]), train[1])
    assert result["tfidf-svm"].predictions == tuple(model.predict(words.transform(test[0])))
    assert result["tfidf-lr"].accuracy > 0.7
    assert result["tfidf-svm"].megabytes > 0


def test_majority_breaks_ties_by_the_alphabet():
    assert Majority().fit([""] * 4, ["b", "a", "b", "a"]).predict(["x"]) == ["a"]


# --- resampling ----------------------------------------------------------------------------------


def test_scores_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", exc_type=ImportError)
    chance = np.random.default_rng(1)
    truth, guess = (chance.choice(list("abc"), 90).tolist() for _ in range(2))
    guess[0] = "only guessed"
    [drawn] = draw(truth, [guess], seed=1, resamples=10)
    assert drawn.accuracy == metrics.accuracy_score(truth, guess)
    assert drawn.macro_f1 == pytest.approx(metrics.f1_score(truth, guess, average="macro"))


def test_resamples_are_paired():
    chance = np.random.default_rng(2)
    truth = chance.choice(list("ab"), 400)
    guess = np.where(chance.random(400) < 0.7, truth, "a")
    better = guess.copy()
    wrong = np.flatnonzero(guess != truth)[:12]
    better[wrong] = truth[wrong]  # never worse: the difference can't be below 0
    drawn = draw(truth.tolist(), [better.tolist(), guess.tolist()], seed=1)
    found = difference(*drawn, 400)
    assert found.value == pytest.approx(12 / 400)
    assert found.low > 0
    assert found.p < 0.01
    apart = interval(drawn[0].accuracies)
    assert found.high - found.low < (apart.high - apart.low) / 2
    assert difference(drawn[0], drawn[0], 400).p == 1.0


def test_the_interval_is_as_wide_as_the_binomial_says():
    truth = ["a"] * 1000
    guess = ["a"] * 800 + ["b"] * 200
    [drawn] = draw(truth, [guess], seed=3)
    expected = 1.96 * (0.8 * 0.2 / 1000) ** 0.5
    low, high = interval(drawn.accuracies)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.15)


# --- leaks ---------------------------------------------------------------------------------------


def test_a_header_is_found_and_priced():
    texts, labels = topics(200, noise=0.4)
    mails = [f"From: {label}@news.org\nLines: 3\n\n{text}" for text, label in
             zip(texts, labels, strict=True)]  # fmt: skip
    leaks = compare(mails, labels, models=["majority"]).leaks
    [headers] = [one for one in leaks.removed if one.name == "headers"]
    assert headers.texts == 1.0
    assert headers.with_it == 1.0
    assert headers.without_it < 0.75
    assert headers.bought == headers.with_it - headers.without_it
    found = {token.token: token for token in leaks.tokens}
    assert found["sea@news.org"].label == "sea"
    assert found["sea@news.org"].precision == found["sea@news.org"].recall == 1.0
    [tokens] = [one for one in leaks.removed if "addresses" in one.name]
    assert tokens.without_it < 0.75
    assert "sea@news.org" in str(leaks)
    assert "headers (in 100.0% of the texts)" in str(leaks)


def test_copies_across_the_split_are_found_and_judged_apart():
    texts, labels = topics(100)
    extra = [f"{i} once upon a time {i} there was {i} text number {i}" for i in range(20)]
    others = ([*extra[:10], *topics(30, seed=5)[0]], ["sea"] * 10 + topics(30, seed=5)[1])
    result = compare(
        [*texts, *extra], [*labels, *["wood"] * 20], models={"sea": Always("sea")}, test=others
    )
    assert result.leaks.near_duplicates[:10].all()
    assert result.leaks.same_label < 0.5
    assert result.leaks.accuracies["sea"][0] > result.leaks.accuracies["sea"][1]
    assert "stand by half or more in a training text" in str(result.leaks)


def test_clean_data_has_no_leaks():
    texts, labels = topics(200, noise=0.3)
    chance = random.Random(3)
    texts = [f"{text} {' '.join(chance.choices('klmnopqr', k=12))}" for text in texts]
    leaks = compare(texts, labels, models=["majority"]).leaks
    assert not leaks.near_duplicates.any()
    assert not leaks.removed


def test_public_names():
    assert wk.compare is compare
