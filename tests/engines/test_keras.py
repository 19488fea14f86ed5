"""The Keras engine against a slow twin, its settings, and what it can't do."""

from __future__ import annotations

import numpy as np
import pytest
from twins import keras_step as twin

pytest.importorskip("keras", reason="the extra keras is not installed")

import wordkin as wk
from wordkin.engines import Block, get_engine, keras_step, keras_tables
from wordkin.engines import keras as engine
from wordkin.errors import ConfigError

WORDS, SIZE, WINDOW = 20, 6, 2


def random_batch(rng, alpha=0.05, stretches=3, centres=4, noise=5):
    shape = (stretches, centres + 2 * WINDOW)
    places = np.arange(stretches * shape[1], dtype=np.int32).reshape(shape)
    places[1, 5:] += 10  # a sentence ends here
    places[2, 6:] = -(2**30)  # and the text here
    reaches = rng.integers(1, WINDOW + 1, (stretches, centres)).astype(np.int32)
    reaches[2, 2:] = -1
    return keras_step.Batch(
        rng.integers(0, WORDS, shape).astype(np.int32),
        places,
        reaches,
        rng.integers(0, WORDS, (stretches, noise)).astype(np.int32),
        np.float32(alpha),
    )


def stacked(*batches):
    return keras_step.Batch(*(np.stack(arrays) for arrays in zip(*batches, strict=True)))


@pytest.mark.parametrize("model", [wk.SkipGram, wk.CBOW])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("alpha", [0.05, 2.0])  # the second makes steps that are shortened
def test_a_step_does_what_its_twin_does(model, shared, alpha):
    rng = np.random.default_rng(3)
    config = model(vector_size=SIZE, negative=3, shared_table=shared)
    tables = [rng.normal(size=(WORDS, SIZE)).astype(np.float32) for _ in range(2 - shared)]
    batches = [random_batch(rng, alpha), random_batch(rng, alpha)]
    expected, told = tables, np.zeros(2)
    for batch in batches:
        expected, loss = twin.step(
            expected, batch, negative=3, cbow=model is wk.CBOW, caution=keras_step._CAUTION
        )
        told += loss
    on_device = keras_tables.make_tables(tables, keras_step.make_step(config, WORDS))
    loss = on_device.learn(stacked(*batches))
    for number, table in enumerate(expected):
        np.testing.assert_allclose(on_device.get(number), table, rtol=2e-4, atol=2e-5)
        assert not np.allclose(table, tables[number], atol=1e-2)
    np.testing.assert_allclose(engine._to_host(loss), told, rtol=1e-4)


def test_batches_hold_the_text_in_order():
    corpus = wk.Corpus.from_sentences([["a", "b", "c"] * 1_500] * 2, min_count=1)
    run = get_engine("keras", workers=1).start(corpus, wk.SkipGram(window=3, sample=0), seed=1)
    kept = engine.bands.keep(run._text, run._rule, engine.Span(0, 9_000), np.ones(1, np.uint64))
    batches = list(run._batches(kept, Block(0, 9_000, 0.5, 0)))
    size = engine._STEPS * engine._CENTRES
    assert len(batches) == -(-9_000 // size)
    centres = [np.asarray(b.contexts)[:, :, 3:-3].ravel() for b in batches]
    assert np.array_equal(np.concatenate(centres)[:9_000], corpus.ids)
    reaches = np.concatenate([b.reaches.ravel() for b in batches])
    assert (reaches[:9_000] > 0).all()
    assert (reaches[9_000:] == -1).all()
    first, second = batches[0].contexts.reshape(-1, batches[0].contexts.shape[-1])[:2]
    assert np.array_equal(first[-6:], second[:6])  # neighbouring stretches share their margins
    for batch in batches:
        assert batch.noise.min() >= 0
        assert batch.noise.max() < 3


@pytest.mark.parametrize("model", [wk.SkipGram, wk.CBOW])
def test_one_table_for_both(model):
    rng = np.random.default_rng(0)
    corpus = wk.Corpus.from_sentences([list(rng.choice(list("abcde"), 9)) for _ in range(400)])
    config = model(vector_size=8, epochs=1, shared_table=True)
    trained = wk.train(corpus, config, engine="keras")
    assert np.array_equal(trained.vectors.vectors, trained.context.vectors)
    with pytest.raises(ConfigError, match='engine="keras"'):
        wk.train(corpus, config)


def test_training_does_not_explode():
    """Nine words of equal count, all of them in each batch hundreds of times, at a high rate."""
    rng = np.random.default_rng(0)
    sentences = [list(rng.choice(list("abcdefghi"), 20)) for _ in range(2_000)]
    corpus = wk.Corpus.from_sentences(sentences)
    for model in (wk.SkipGram, wk.CBOW):
        config = model(vector_size=16, epochs=2, sample=0, alpha=1.0)
        trained = wk.train(corpus, config, engine="keras")
        assert np.isfinite(trained.vectors.vectors).all()
        assert trained.history[-1].loss < 20


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"loss": "hierarchical-softmax"}, "negative sampling"),
        ({"group": 2}, "settings of the CPU engine"),
        ({"shared_negatives": 2}, "settings of the CPU engine"),
    ],
)
def test_what_it_cannot_do_is_told(settings, told):
    corpus = wk.Corpus.from_texts(["a b c"], min_count=1)
    with pytest.raises(ConfigError, match=told):
        wk.train(corpus, wk.SkipGram(**settings), engine="keras")


def test_a_backend_that_cannot_train_is_told(monkeypatch):
    monkeypatch.setattr("keras.config.backend", lambda: "openvino")
    corpus = wk.Corpus.from_texts(["a b c"], min_count=1)
    with pytest.raises(ConfigError, match="KERAS_BACKEND"):
        wk.train(corpus, wk.SkipGram(), engine="keras")


def test_a_vocabulary_without_counts():
    corpus = wk.Corpus.from_texts(["a b c d"] * 50, min_count=1)
    bare = wk.Vocabulary(corpus.vocabulary.words)
    other = wk.Corpus(corpus.ids, corpus.starts, bare, corpus.account)
    config = wk.SkipGram(vector_size=4, epochs=1)
    one, two = (wk.train(c, config, engine="keras").vectors.vectors for c in (corpus, other))
    assert np.array_equal(one, two)


def test_what_comes_from_it_is_no_view_of_its_tables():
    corpus = wk.Corpus.from_texts(["a b c d"] * 500, min_count=1)
    config = wk.SkipGram(vector_size=4, sample=0)
    run = get_engine("keras", workers=1).start(corpus, config, seed=1)
    before = run.arrays()["input"]
    kept = before.copy()
    learned = run.update(Block(0, corpus.n_tokens, 0.1, 0))
    assert learned.unwatched  # nobody takes the time of a device
    assert np.array_equal(before, kept)
    assert not np.array_equal(run.arrays()["input"], kept)
    assert len(run.arrays()) == 2
