"""What every engine promises the training loop. `test_engines_on_backends` runs it again for each
backend of Keras."""

from __future__ import annotations

import itertools
import math
import os

import numpy as np
import pytest

import wordkin as wk
from wordkin.engines import Block, get_engine
from wordkin.errors import ConfigError

ENGINES = os.environ.get("WORDKIN_TEST_ENGINES", "cpu,keras").split(",")
MODELS = [wk.SkipGram, wk.CBOW]
SMALL = {"vector_size": 12, "window": 3, "epochs": 4, "sample": 0}
TOPICS = (["cat", "dog", "bird", "fish", "mouse"], ["one", "two", "three", "four", "five"])


@pytest.fixture(params=ENGINES, scope="module")
def engine(request):
    if request.param == "keras":
        pytest.importorskip("keras", reason="the extra keras is not installed")
    return request.param


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    sentences = [list(rng.choice(TOPICS[i % 2], 8)) for i in range(3_000)]
    return wk.Corpus.from_sentences(sentences, min_count=1)


def start(engine, corpus, config, *, seed=1):
    return get_engine(engine, workers=1).start(corpus, config, seed=seed)


def blocks(corpus, n, alpha=0.05):
    cuts = np.linspace(0, corpus.n_tokens, n + 1).astype(int).tolist()
    return [Block(a, b, alpha, step) for step, (a, b) in enumerate(itertools.pairwise(cuts))]


@pytest.mark.parametrize("model", MODELS)
def test_it_learns_which_words_go_together(engine, corpus, model):
    trained = wk.train(corpus, model(**SMALL), workers=1, engine=engine, validation=0.1)
    for topic in TOPICS:
        for word in topic:
            found = {w for w, _ in trained.vectors.most_similar(word, topn=4)}
            assert found == set(topic) - {word}
    # five words are equally likely; noise words are too, half of them of the other topic
    assert trained.history[-1].validation_loss < 2.1
    assert abs(trained.history[-1].loss - trained.history[-1].validation_loss) < 0.5


@pytest.mark.parametrize("model", MODELS)
def test_matrices_are_those_of_the_moment(engine, corpus, model):
    run = start(engine, corpus, model(**SMALL))
    before = {name: array.copy() for name, array in run.arrays().items()}
    assert before.keys() == {"input", "context"}
    assert not before["context"].any()
    assert 0 < abs(before["input"]).max() <= 0.5 / 12
    learned = run.update(blocks(corpus, 4)[0])
    after = run.arrays()
    for name, array in after.items():
        assert array.shape == (10, 12)
        assert array.dtype == np.float32
        assert (array != before[name]).any(axis=1).all()
    assert learned.tokens == corpus.n_tokens // 4
    assert learned.pairs > 0
    assert 0 < learned.loss / learned.pairs < 6 * math.log(2)
    run.close()


@pytest.mark.parametrize("model", MODELS)
def test_it_goes_on_from_other_matrices(engine, corpus, model):
    rng = np.random.default_rng(0)
    tables = {name: rng.random((10, 12), np.float32) for name in ("input", "context")}
    run = start(engine, corpus, model(**SMALL))
    run.restore(tables)
    for name, array in run.arrays().items():
        assert np.array_equal(array, tables[name])
    run.restore({"input": -tables["input"]})
    assert np.array_equal(run.arrays()["input"], -tables["input"])
    assert np.array_equal(run.arrays()["context"], tables["context"])
    given = tables["context"].copy()
    run.update(blocks(corpus, 4)[0])
    assert np.array_equal(given, tables["context"])  # what was given is not trained on
    run.close()


def test_it_hands_over_what_it_has(engine, corpus):
    run = start(engine, corpus, wk.SkipGram(**SMALL))
    run.update(blocks(corpus, 4)[0])
    before = {name: array.copy() for name, array in run.arrays().items()}
    arrays = run.finish()
    assert arrays.keys() == before.keys()
    for name, array in arrays.items():
        assert np.array_equal(array, before[name])
        assert array.flags.c_contiguous
        assert array.flags.writeable
    run.close()
    run.close()


@pytest.mark.parametrize("model", MODELS)
def test_a_seed_decides_everything(engine, corpus, model):
    def tables(seed):
        run = start(engine, corpus, model(**SMALL | {"sample": 0.01}), seed=seed)
        for block in blocks(corpus, 3):
            run.update(block)
        return b"".join(array.tobytes() for array in run.finish().values())

    assert tables(1) == tables(1)
    assert tables(1) != tables(2)


def test_all_engines_begin_alike(corpus):
    if len(ENGINES) < 2:
        pytest.skip("there is one engine only")
    pytest.importorskip("keras", reason="the extra keras is not installed")
    config = wk.SkipGram(**SMALL)
    first, second = (start(name, corpus, config).arrays()["input"] for name in ENGINES)
    np.testing.assert_allclose(first, second, rtol=1e-6)


def test_words_alone_in_their_sentences_learn_nothing(engine):
    corpus = wk.Corpus.from_sentences([["a"], ["b"], ["c"]] * 50, min_count=1)
    run = start(engine, corpus, wk.SkipGram(**SMALL))
    before = run.arrays()["input"].copy()
    learned = run.update(Block(0, 150, 0.05, 0))
    assert (learned.tokens, learned.loss, learned.pairs) == (150, 0, 0)
    assert np.array_equal(run.arrays()["input"], before)
    run.close()


def test_windows_end_with_the_sentence(engine):
    sentences = [["a", "b"], ["c", "d"]] * 400
    corpus = wk.Corpus.from_sentences(sentences, min_count=1)
    model = wk.train(corpus, wk.SkipGram(**SMALL | {"window": 5}), workers=1, engine=engine)
    scores = model.vectors.vectors @ model.context.vectors.T
    ids = [model.vectors.vocabulary.id(word) for word in "abcd"]
    scores = scores[np.ix_(ids, ids)]
    together = np.array([scores[0, 1], scores[1, 0], scores[2, 3], scores[3, 2]])
    assert together.min() > max(scores[0, 2], scores[0, 3], scores[1, 2], scores[1, 3])


def test_an_empty_block_is_no_work(engine, corpus):
    run = start(engine, corpus, wk.SkipGram(**SMALL))
    before = run.arrays()["input"].copy()
    assert run.update(Block(8, 8, 0.05, 0))[:3] == (0, 0, 0)
    assert np.array_equal(run.arrays()["input"], before)
    run.close()


@pytest.mark.parametrize("model", MODELS)
def test_a_rate_of_zero_changes_nothing(engine, corpus, model):
    run = start(engine, corpus, model(**SMALL))
    before = {name: array.copy() for name, array in run.arrays().items()}
    learned = run.update(blocks(corpus, 4, alpha=0.0)[0])
    assert learned.tokens > 0
    for name, array in run.arrays().items():
        assert np.array_equal(array, before[name])
    run.close()


@pytest.mark.parametrize("model", MODELS)
def test_stopped_and_resumed_is_the_whole_run(engine, corpus, model, tmp_path):
    settings = {"workers": 1, "engine": engine, "validation": 0.1}
    config = model(**SMALL)
    whole = wk.train(corpus, config, **settings)
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, config, **settings, callbacks=[saved, lambda p: p.step == 3])
    resumed = wk.train(corpus, config, **settings, resume=tmp_path)
    assert resumed.vectors.vectors.tobytes() == whole.vectors.vectors.tobytes()
    assert resumed.context.vectors.tobytes() == whole.context.vectors.tobytes()
    assert resumed.account == whole.account
    losses = [record.validation_loss for record in whole.history]
    assert [record.validation_loss for record in resumed.history] == losses


def test_callbacks_work_with_it(engine, corpus):
    look = wk.NearestWords(["cat", "one"], topn=4)
    curve = wk.LossCurve()
    stop = wk.EarlyStopping(min_delta=9.0)  # no loss is so much better than the first
    model = wk.train(
        corpus, wk.SkipGram(**SMALL), workers=1, engine=engine, validation=0.1,
        callbacks=[look, curve, stop],
    )  # fmt: skip
    assert model.account.stopped_early
    assert len(look.reports) == 2
    assert {word for word, _ in look.reports[-1].nearest["cat"]} == set(TOPICS[0]) - {"cat"}
    assert curve.points[-1].validation_loss == model.history[-1].validation_loss


def test_memory_is_told_before(engine):
    need = get_engine(engine, workers=1).memory(1_000_000, wk.SkipGram(vector_size=100))
    assert need.tables >= 2 * 1_000_000 * 100 * 4
    assert need.total > need.tables
    assert "MB" in str(need)


def test_a_model_it_does_not_know_is_told(engine, corpus):
    class Other(wk.SkipGram):
        pass

    for work in (
        lambda: get_engine(engine, workers=1).memory(10, Other()),
        lambda: wk.train(corpus, Other(), engine=engine),
    ):
        with pytest.raises(ConfigError, match="can't train Other; it knows"):
            work()
