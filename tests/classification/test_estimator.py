"""scikit-learn's conventions, judged by scikit-learn itself (which the library does not need)."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import ConfigError

sklearn = pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier  # noqa: E402
from sklearn.exceptions import SkipTestWarning  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.utils import estimator_checks  # noqa: E402

TEXTS = ["good film", "bad film", "fine song", "awful song"] * 8
LABELS = ["pos", "neg"] * 16

# The checks that are about settings and manners. All others feed matrices of numbers, or columns
# of them, to fit: a classifier of texts refuses those by saying that texts must be str, and
# check_estimator itself runs none of them on an estimator whose input is not two-dimensional.
MANNERS = [
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]
# how each of the others fails: by a refusal of their input that says what was expected
NUMBERS = [
    "check_estimators_dtypes",
    "check_classifiers_train",
    "check_estimators_pickle",
]


@pytest.mark.parametrize("name", MANNERS)
def test_manners(name):
    getattr(estimator_checks, name)("TextClassifier", wk.TextClassifier())


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_refused_in_words(name):
    with pytest.raises(Exception, match=r"Texts must be str|Join tokens") as caught:
        getattr(estimator_checks, name)("TextClassifier", wk.TextClassifier())
    assert isinstance(caught.value, ValueError | AssertionError)


def test_check_estimator_as_a_whole():
    with pytest.warns(SkipTestWarning, match="requires input"):
        results = estimator_checks.check_estimator(wk.TextClassifier(), on_fail=None)
    assert [result["status"] for result in results] == ["passed"] * len(results)


def test_it_is_a_classifier_and_can_be_cloned():
    clf = wk.TextClassifier(ngrams=3, class_weight={"pos": 2.0})
    assert is_classifier(clf)
    twin = clone(clf.fit(TEXTS, LABELS))
    assert twin.get_params() == clf.get_params()
    assert not hasattr(twin, "classes_")


def test_settings_by_name_only():
    with pytest.raises(TypeError):
        wk.TextClassifier(None, "mean")
    with pytest.raises(ConfigError, match=r"no setting 'dim'\. Use one of: vectors, head"):
        wk.TextClassifier().set_params(dim=3)
    assert wk.TextClassifier().set_params(C=3.0).C == 3.0


class Shout(TransformerMixin, BaseEstimator):
    """Something before the classifier."""

    def fit(self, texts, labels=None):
        self.fitted_ = True
        return self

    def transform(self, texts):
        return [text.upper() for text in texts]


def test_it_works_in_a_pipeline():
    model = make_pipeline(Shout(), wk.TextClassifier()).fit(TEXTS, LABELS)
    assert model.score(TEXTS, LABELS) == 1.0
    np.testing.assert_array_equal(model.classes_, ["neg", "pos"])
    assert model.predict_proba(TEXTS).shape == (32, 2)


def test_it_works_in_a_grid_search():
    search = GridSearchCV(wk.TextClassifier(), {"ngrams": [1, 2], "C": [0.1, 1.0]}, cv=2)
    search.fit(TEXTS, LABELS)
    assert search.best_score_ == 1.0
    assert search.predict(["good"]) == ["pos"]


def test_it_works_in_cross_validation():
    for scoring in ("accuracy", "neg_log_loss", "f1_macro"):
        scores = cross_val_score(wk.TextClassifier(), TEXTS, LABELS, cv=4, scoring=scoring)
        assert np.isfinite(scores).all()


def test_it_goes_to_other_processes():
    clf = wk.TextClassifier().fit(TEXTS, LABELS)
    twin = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(twin.predict(TEXTS), clf.predict(TEXTS))


def test_a_clone_has_no_vectors_of_its_own():
    vectors = wk.WordVectors(["good", "bad"], [[1, 2], [3, 4]])
    clf = wk.TextClassifier(vectors).fit(TEXTS, LABELS)
    assert clone(clf).vectors is vectors
    assert not hasattr(clone(clf), "classes_")
