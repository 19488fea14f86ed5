"""What models that learn from counts promise the training loop: GloVe and PPMI."""

from __future__ import annotations

import numpy as np
import pytest

import wordkin as wk
from wordkin.engines import Block, Composed, HoldingOut, get_engine
from wordkin.errors import ConfigError

TOPICS = (["cat", "dog", "bird", "fish", "mouse"], ["one", "two", "three", "four", "five"])
GLOVE = {"vector_size": 12, "window": 3, "epochs": 100, "alpha": 0.1}
MODELS = [wk.GloVe(**GLOVE), wk.PPMI(vector_size=4, window=3)]


def name_of(config):
    return type(config).__name__


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(0)
    # some words of the other topic: GloVe learns nothing from pairs that never occur
    likely = [0.19] * 5 + [0.01] * 5
    words = [TOPICS[0] + TOPICS[1], TOPICS[1] + TOPICS[0]]
    sentences = [list(rng.choice(words[i % 2], 8, p=likely)) for i in range(2_000)]
    return wk.Corpus.from_sentences(sentences, min_count=1)


def start(corpus, config, *, seed=1):
    return get_engine("cpu", workers=1).start(corpus, config, seed=seed)


@pytest.mark.parametrize("config", MODELS, ids=name_of)
def test_it_learns_which_words_go_together(corpus, config):
    trained = wk.train(corpus, config, workers=2)
    assert trained.vectors.vectors.shape == trained.context.vectors.shape
    assert trained.vectors.vectors.dtype == np.float32
    for topic in TOPICS:
        for word in topic:
            found = {w for w, _ in trained.vectors.most_similar(word, topn=4)}
            assert found == set(topic) - {word}
    assert trained.account.presented == config.passes * corpus.n_tokens
    assert trained.account.subsampled == 0
    assert len(trained.history) == config.passes


def test_biases_of_glove_learn_as_fast_whatever_the_rate_of_vectors_is(corpus):
    biases = []
    for alpha in (1e-6, 1e-4, 2e-3):
        run = start(corpus, wk.GloVe(vector_size=4, alpha=alpha))
        before = run.arrays()["words_bias"].copy()
        run.update(Block(0, corpus.n_tokens, alpha, 0))
        biases.append(run.arrays()["words_bias"] - before)
        run.close()
    assert np.abs(biases[0]).min() > 0.1
    np.testing.assert_allclose(biases[1], biases[0], rtol=0.01)
    np.testing.assert_allclose(biases[2], biases[0], rtol=0.01)


@pytest.mark.parametrize("config", MODELS, ids=name_of)
def test_a_seed_decides_everything(corpus, config):
    def tables(seed):
        model = wk.train(corpus, config, seed=seed, workers=1)
        return model.vectors.vectors.tobytes() + model.context.vectors.tobytes()

    assert tables(1) == tables(1)
    assert tables(1) != tables(2)


@pytest.mark.parametrize("config", MODELS, ids=name_of)
def test_memory_changes_nothing(corpus, config, tmp_path):
    little = {**config.settings(), "memory": 1 << 20, "temp_folder": tmp_path}
    usual = wk.train(corpus, config, workers=1)
    other = wk.train(corpus, type(config)(**little), workers=1)
    assert usual.vectors.vectors.tobytes() == other.vectors.vectors.tobytes()
    assert list(tmp_path.iterdir()) == []
    said = usual.vectors.table.settings["config"]
    assert said["window"] == 3
    assert not {"memory", "temp_folder", "disk_limit"} & said.keys()


@pytest.mark.parametrize("config", MODELS, ids=name_of)
@pytest.mark.parametrize("stop_at", [1, 3])
def test_stopped_and_resumed_is_the_whole_run(corpus, config, stop_at, tmp_path):
    corpus = wk.Corpus.from_sentences([*corpus.sentences()] * 3, min_count=1)
    whole = wk.train(corpus, config, workers=1)
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, config, workers=1, callbacks=[saved, lambda p: p.step == stop_at])
    resumed = wk.train(corpus, config, workers=1, resume=tmp_path)
    assert resumed.vectors.vectors.tobytes() == whole.vectors.vectors.tobytes()
    assert resumed.context.vectors.tobytes() == whole.context.vectors.tobytes()
    assert resumed.account == whole.account
    assert [e.loss for e in resumed.history] == [e.loss for e in whole.history]


def test_a_checkpoint_is_one_of_other_settings_but_not_of_other_memory(corpus, tmp_path):
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, MODELS[0], workers=1, callbacks=[saved, lambda p: p.step == 1])
    wk.train(corpus, wk.GloVe(**GLOVE, memory=1 << 21), workers=1, resume=tmp_path)
    with pytest.raises(ConfigError, match="x_max is 10"):
        wk.train(corpus, wk.GloVe(**GLOVE, x_max=11), workers=1, resume=tmp_path)


def test_a_share_of_the_cells_can_be_held_out(corpus):
    stop = wk.EarlyStopping(min_delta=9.0)  # no loss is so much better than the first
    rng = np.random.default_rng(0)
    words = [f"w{w}" for w in np.minimum(rng.zipf(1.5, 30_000), 300)]
    corpus = wk.Corpus.from_sentences([words], min_count=1)
    config = wk.GloVe(vector_size=2, window=3, epochs=5)
    model = wk.train(corpus, config, workers=1, validation=0.2)
    losses = [epoch.validation_loss for epoch in model.history]
    assert losses[-1] < losses[0]
    assert abs(model.history[-1].loss - losses[-1]) < losses[-1]
    assert model.account.held_out == 0  # no text is
    assert model.account.presented == 5 * corpus.n_tokens
    alone = wk.train(corpus, config, workers=1)
    assert alone.vectors.vectors.tobytes() != model.vectors.vectors.tobytes()
    stopped = wk.train(corpus, config, workers=1, validation=0.2, callbacks=[stop])
    assert stopped.account.stopped_early
    assert len(stopped.history) == 2
    run = start(corpus, config)
    assert isinstance(run, HoldingOut)
    half, quarter = run.hold_out(0.5), run.hold_out(0.25)
    assert 0 < quarter < half
    run.close()


def test_ppmi_has_no_loss_to_hold_out_for(corpus):
    with pytest.raises(ConfigError, match=r"PPMI.*validation=0"):
        wk.train(corpus, MODELS[1], validation=0.1)


def test_glove_goes_on_from_vectors(corpus):
    first = wk.train(corpus, MODELS[0], workers=1)
    for initial in (first, first.vectors):
        run = start(corpus, MODELS[0])
        given = {"input": first.vectors.vectors}
        if initial is first:
            given["context"] = first.context.vectors
        run.restore(given)
        assert isinstance(run, Composed)
        np.testing.assert_allclose(run.vectors(), first.vectors.vectors, atol=1e-6)
        run.close()
        again = wk.train(corpus, MODELS[0], workers=1, initial=initial)
        assert np.isfinite(again.vectors.vectors).all()
    with pytest.raises(ConfigError, match="no beginning for GloVe"):
        wk.train(corpus, MODELS[0], initial=wk.train(corpus, MODELS[1]))
    with pytest.raises(ConfigError, match="PPMI is computed from counts"):
        wk.train(corpus, wk.PPMI(vector_size=12), initial=first.vectors)


def test_words_alone_can_be_had_from_glove(corpus):
    both = wk.train(corpus, MODELS[0], workers=1)
    words = wk.train(corpus, wk.GloVe(**GLOVE, add_context=False), workers=1)
    np.testing.assert_allclose(
        both.vectors.vectors, words.vectors.vectors + words.context.vectors, atol=1e-6
    )
    again = start(corpus, words.config)
    again.restore({"input": words.vectors.vectors})
    assert np.array_equal(again.vectors(), words.vectors.vectors)
    again.close()


def test_the_product_of_ppmis_tables_is_the_information():
    rng = np.random.default_rng(0)
    words = [f"w{w}" for w in np.minimum(rng.zipf(1.5, 4_000), 25)]
    corpus = wk.Corpus.from_sentences([words], min_count=1)
    config = wk.PPMI(vector_size=25, window=2, distance_weighting="flat", shift=1.5)
    from twins import cooccurrence as twin

    for symmetric in (True, False):
        config = wk.PPMI(**config.settings() | {"symmetric": symmetric})
        model = wk.train(corpus, config, workers=2)
        n = len(corpus.vocabulary)
        counts = np.zeros((n, n))
        twins = twin.count([corpus.ids], 2, weighting="flat", symmetric=symmetric)
        for (i, j), x in twins.items():
            counts[i, j] = x
        contexts = counts.sum(0) ** 0.75
        expected = counts.sum(1)[:, None] * (contexts / contexts.sum())
        with np.errstate(divide="ignore"):
            information = np.maximum(np.log(counts / expected) - np.log(1.5), 0)
        product = model.vectors.vectors @ model.context.vectors.T
        np.testing.assert_allclose(product, information, atol=2e-3)
        assert abs(model.history[-1].loss) < 1e-4  # nothing is left out


def test_ppmi_finds_the_singular_vectors(corpus):
    rng = np.random.default_rng(0)
    words = [f"w{w}" for w in np.minimum(rng.zipf(1.3, 20_000), 200)]
    corpus = wk.Corpus.from_sentences([words], min_count=1)
    whole = wk.train(corpus, wk.PPMI(vector_size=len(corpus.vocabulary)), workers=1)
    exact = np.linalg.svd(whole.vectors.vectors @ whole.context.vectors.T)[1]
    for weight in (0.0, 0.5, 1.0):
        config = wk.PPMI(vector_size=10, eigenvalue_weight=weight, iterations=8)
        model = wk.train(corpus, config, workers=1)
        lengths = np.linalg.norm(model.vectors.vectors, axis=0)
        np.testing.assert_allclose(lengths, exact[:10] ** weight, rtol=0.02)
        left_out = 1 - (exact[:10] ** 2).sum() / (exact**2).sum()
        assert model.history[-1].loss == pytest.approx(left_out, abs=0.01)


@pytest.mark.parametrize("config", MODELS, ids=name_of)
def test_words_alone_in_their_sentences_learn_nothing(config):
    corpus = wk.Corpus.from_sentences([["a"], ["b"], ["c"]] * 50, min_count=1)
    run = start(corpus, config)
    learned = run.update(Block(0, 100, 0.05, 0))
    assert (learned.tokens, learned.loss, learned.pairs) == (100, 0, 0)
    assert run.update(Block(8, 8, 0.05, 1))[:3] == (0, 0, 0)
    arrays = run.finish()
    assert all(np.isfinite(array).all() for array in arrays.values())
    run.close()
    run.close()


def test_sentences_end_windows(corpus):
    corpus = wk.Corpus.from_sentences([["a", "b"], ["c", "d"]] * 400, min_count=1)
    model = wk.train(corpus, wk.PPMI(vector_size=4), workers=1)
    scores = model.vectors.vectors @ model.context.vectors.T
    ids = [model.vectors.vocabulary.id(word) for word in "abcd"]
    scores = scores[np.ix_(ids, ids)]
    assert min(scores[0, 1], scores[1, 0], scores[2, 3], scores[3, 2]) > 0.5
    assert max(scores[0, 2], scores[0, 3], scores[1, 2], scores[1, 3]) < 0.1


@pytest.mark.parametrize("config", MODELS, ids=name_of)
def test_callbacks_work_with_it(corpus, config):
    look, curve = wk.NearestWords(["cat", "one"], topn=4), wk.LossCurve()
    wk.train(corpus, config, workers=1, callbacks=[look, curve])
    assert {word for word, _ in look.reports[-1].nearest["cat"]} == set(TOPICS[0]) - {"cat"}
    assert len(look.reports) == config.passes


@pytest.mark.parametrize("config", MODELS, ids=name_of)
def test_memory_is_told_before(config):
    need = get_engine("cpu", workers=2).memory(1_000_000, config)
    assert need.total > need.tables > 1_000_000 * config.vector_size * 4
    assert need.other > config.memory
    assert "MB" in str(need)


@pytest.mark.parametrize(
    ("model", "settings", "told"),
    [
        (wk.GloVe, {"alpha": 0.75}, "learning rate.*weight_exponent"),
        (wk.GloVe, {"eta": 0.05}, "Use alpha"),
        (wk.GloVe, {"x_max": 0}, "x_max must be"),
        (wk.GloVe, {"weight_exponent": -1}, "weight_exponent must be"),
        (wk.GloVe, {"negative": 5}, "no setting 'negative'"),
        (wk.GloVe, {"window": 0}, "window must be"),
        (wk.GloVe, {"distance_weighting": "none"}, "distance_weighting must be one of"),
        (wk.GloVe, {"memory": 1_000}, "memory must be"),
        (wk.GloVe, {"disk_limit": -1}, "disk_limit must be"),
        (wk.GloVe, {"temp_folder": 3}, "temp_folder must be a path"),
        (wk.GloVe, {"min_count": 3}, "pruning is done by the corpus"),
        (wk.PPMI, {"shift": 0.5}, "shift must be"),
        (wk.PPMI, {"cds": 0.75}, "Use context_smoothing"),
        (wk.PPMI, {"eig": 0.5}, "Use eigenvalue_weight"),
        (wk.PPMI, {"epochs": 5}, "no setting 'epochs'"),
    ],
)
def test_bad_settings_are_told(model, settings, told):
    with pytest.raises(ConfigError, match=told):
        model(**settings)


def test_keras_does_not_know_them(corpus):
    pytest.importorskip("keras", reason="the extra keras is not installed")
    with pytest.raises(ConfigError, match="can't train GloVe"):
        wk.train(corpus, MODELS[0], engine="keras")
