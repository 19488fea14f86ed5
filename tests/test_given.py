"""What users give: whole numbers of NumPy and others are taken as Python's, wherever they come."""

from __future__ import annotations

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import ConfigError, InputError

TEXT = ["the cat sat on the mat with a dog"] * 30
SMALL = wk.SkipGram(vector_size=8, epochs=1)


class Whole:
    """As a number of another library: it can stand for an index, and is no int."""

    def __init__(self, value):
        self._value = value

    def __index__(self):
        return self._value


@pytest.fixture(scope="module")
def corpus():
    return wk.Corpus.from_texts(TEXT, min_count=1)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, Whole])
def test_training_takes_whole_numbers_of_any_kind(corpus, tmp_path, kind):
    plain = wk.train(corpus, SMALL, seed=3, workers=1, deterministic=True, streams=2)
    model = wk.train(
        corpus,
        SMALL,
        seed=kind(3),
        workers=kind(1),
        deterministic=True,
        streams=kind(2),
        callbacks=[wk.Checkpoint(tmp_path, every=kind(1)), wk.LossCurve(every=kind(1))],
    )
    assert np.array_equal(model.vectors.vectors, plain.vectors.vectors)
    model.save(tmp_path / "m.safetensors")  # as JSON the numbers must be Python's
    assert wk.TrainedModel.load(tmp_path / "m.safetensors").seed == 3
    wk.train(corpus, SMALL, seed=3, workers=1, deterministic=True, streams=2, resume=tmp_path)


def test_a_share_of_numpy_is_a_share(corpus):
    stop = wk.EarlyStopping(patience=np.int64(1), min_delta=np.float32(0.5))
    model = wk.train(
        corpus, SMALL, workers=1, validation=np.float32(0.25), callbacks=[stop, wk.LossCurve()]
    )
    assert model.history[-1].validation_loss is not None
    assert type(stop.patience) is int
    assert type(stop.min_delta) is float


@pytest.mark.parametrize("wrong", [True, np.True_, 1.0, np.float64(1), "1", None])
def test_what_is_no_whole_number_is_refused(corpus, wrong):
    for name in ("seed", "streams", "workers"):
        if wrong is None and name == "workers":
            continue
        with pytest.raises(ConfigError, match=f"{name} must be a whole number"):
            wk.train(corpus, SMALL, deterministic=True, **{name: wrong})
    with pytest.raises(ConfigError, match="patience"):
        wk.EarlyStopping(patience=wrong)


def test_a_checkpoint_s_seconds_stay_seconds_and_true_is_no_interval(tmp_path):
    wk.Checkpoint(tmp_path, every=np.float32(0.5))
    for wrong in (True, np.True_, 0, np.int64(0), np.float64("nan"), [1]):
        with pytest.raises(ConfigError, match="every must be"):
            wk.Checkpoint(tmp_path, every=wrong)


def test_encoders_take_numbers_of_numpy(corpus, tmp_path):
    vectors = wk.train(corpus, SMALL, workers=1).vectors
    plain = wk.DocumentEncoder(vectors, weighting="sif", a=0.25, remove=1, workers=1).fit(TEXT)
    encoder = wk.DocumentEncoder(
        vectors, weighting="sif", a=np.float32(0.25), remove=np.int64(1), workers=np.int16(1)
    ).fit(TEXT)
    assert np.array_equal(encoder.encode(["a cat"]), plain.encode(["a cat"]))
    encoder.save(tmp_path / "e.safetensors")
    loaded = wk.DocumentEncoder.load(tmp_path / "e.safetensors")
    assert (loaded.a, loaded.remove) == (0.25, 1)


def test_classifiers_take_numbers_of_numpy(tmp_path):
    texts, labels = ["good film", "bad film", "fine thing", "awful thing"] * 5, [*"pnpn"] * 5
    plain = wk.TextClassifier(seed=2, ngrams=1, letters=(2, 3), C=0.5, workers=1).fit(texts, labels)
    clf = wk.TextClassifier(
        seed=np.int64(2),
        ngrams=np.int32(1),
        letters=(np.int64(2), np.int64(3)),
        C=np.float32(0.5),
        workers=np.int64(1),
    ).fit(texts, labels, validation=None)
    assert np.array_equal(clf.predict_proba(texts), plain.predict_proba(texts))
    clf.save(tmp_path / "c")
    assert wk.load_classifier(tmp_path / "c").letters == (2, 3)
    with pytest.raises(ConfigError, match="letters"):
        wk.TextClassifier(letters=(True, 3)).fit(texts, labels)


def test_corpora_take_numbers_of_numpy(tmp_path):
    corpus = wk.Corpus.from_texts(
        ["new york city"] * 20,
        min_count=np.int64(1),
        max_vocab=np.int64(5),
        phrases=np.int64(1),
        store=tmp_path / "c",
    )
    plain = wk.Corpus.from_texts(["new york city"] * 20, min_count=1, max_vocab=5, phrases=1)
    assert corpus.vocabulary.words == plain.vocabulary.words
    assert wk.RayCluster(threads=np.int64(2)) == wk.RayCluster(threads=2)


HIDDEN = np.ma.array([1.0, 2.0], mask=[False, True])
IDS = np.ma.array([1, 0, 1], mask=[False, True, False])
ROWS = np.ma.array([[1.0, 2.0], [3.0, 4.0]], np.float32, mask=[[0, 0], [0, 1]])
WORDS = wk.WordVectors(["king", "queen"], [[2, 1], [2, 2]])


@pytest.mark.parametrize(
    "take",
    [
        lambda: wk.WordVectors(["a", "b"], ROWS),
        lambda: wk.WordVectors(["a", "b"], list(ROWS)),
        lambda: wk.VectorTable(wk.Vocabulary(["a", "b"]), ROWS),
        lambda: wk.Vocabulary(["a", "b", "c"], IDS),
        lambda: WORDS.vocabulary.decode(IDS),
        lambda: WORDS.table.take(IDS),
        lambda: WORDS.most_similar(HIDDEN),
        lambda: WORDS.most_similar(positive=["king"], negative=[HIDDEN]),
        lambda: WORDS.similar_by_vector(HIDDEN),
        lambda: WORDS.distances(HIDDEN),
        lambda: WORDS.cosine_similarities(HIDDEN, np.eye(2)),
        lambda: WORDS.get_mean_vector(["king", "queen"], weights=HIDDEN),
        lambda: WORDS.most_similar("king", restrict=np.ma.array([True, True], mask=[0, 1])),
        lambda: wk.skipgrams(IDS),
        lambda: wk.skipgrams([IDS, IDS]),
        lambda: wk.make_sampling_table(IDS),
        lambda: wk.Corpus.from_sequences({"g": np.array([1, 1, 2]), "t": IDS}, group_by="g"),
    ],
)
def test_what_is_masked_is_refused_and_not_read(take):
    with pytest.raises(InputError, match=r"masked array came.*compressed"):
        take()


def test_ids_that_are_masked_are_refused_by_layers():
    from wordkin.layers.rows import host_ids

    with pytest.raises(InputError, match="masked"):
        host_ids(IDS, 5)


def test_a_mask_that_hides_nothing_does_no_harm():
    vectors = wk.WordVectors(["a", "b"], np.ma.array([[1.0, 2.0], [3.0, 4.0]]))
    assert type(vectors.vectors) is np.ndarray
    assert vectors.most_similar(np.ma.array([1.0, 2.0]))[0][0] == "a"
