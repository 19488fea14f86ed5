"""The training loop: schedule, account, progress, reproducibility, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import ConfigError, EmptyCorpusError, InputError, TrainingError
from wordkin.training import TrainingAccount

SMALL = {"vector_size": 12, "window": 3, "epochs": 3, "sample": 0}


@pytest.fixture(scope="module")
def corpus():
    """Two topics whose words never meet."""
    rng = np.random.default_rng(0)
    topics = (["cat", "dog", "bird", "fish", "mouse"], ["one", "two", "three", "four", "five"])
    sentences = [list(rng.choice(topics[i % 2], 8)) for i in range(4_000)]
    return wk.Corpus.from_sentences(sentences, min_count=1)


@pytest.mark.parametrize(
    "config",
    [
        wk.SkipGram(**SMALL),
        wk.CBOW(**SMALL),
        wk.SkipGram(**SMALL, loss="hierarchical-softmax"),
        wk.CBOW(**SMALL, loss="hierarchical-softmax"),
        wk.SkipGram(**SMALL, group=3, shared_negatives=7, negative=20),
        wk.CBOW(**SMALL, group=1, shared_negatives=2, negative=1),
    ],
    ids=lambda c: f"{type(c).__name__}-{c.loss}-{c.group}",
)
@pytest.mark.parametrize("workers", [1, 2])
def test_words_that_occur_together_become_alike(corpus, config, workers):
    model = wk.train(corpus, config, workers=workers)
    nearest = [word for word, _ in model.vectors.most_similar("cat", topn=4)]
    assert sorted(nearest) == ["bird", "dog", "fish", "mouse"]
    assert model.vectors.vectors.shape == model.context.vectors.shape == (10, 12)
    assert model.vectors.vectors.dtype == np.float32


def test_one_worker_and_one_seed_give_the_same_bytes(corpus):
    runs = [wk.train(corpus, wk.SkipGram(**SMALL), seed=s, workers=1) for s in (3, 3, 4)]
    first, again, other = (run.vectors.vectors.tobytes() for run in runs)
    assert first == again
    assert first != other
    assert runs[0].history[-1].loss == runs[1].history[-1].loss


def test_every_token_is_accounted_for(corpus):
    model = wk.train(corpus, wk.SkipGram(vector_size=4, epochs=2, sample=0.01), workers=2)
    account = model.account
    assert account.presented == 2 * corpus.n_tokens == account.trained + account.subsampled
    assert account.subsampled > 0
    assert f"{account.trained:,}" in str(account)
    assert account.corpus is corpus.account
    with pytest.raises(TrainingError, match="balance"):
        TrainingAccount(corpus.account, 1, 10, 5, 4)


def test_progress_tells_the_truth(corpus):
    seen = []
    config = wk.SkipGram(**SMALL)
    model = wk.train(corpus, config, workers=1, callbacks=[seen.append])
    assert [p.step for p in seen] == list(range(1, len(seen) + 1))
    assert seen[-1].step == seen[-1].steps
    assert seen[-1].words == seen[-1].total_words == 3 * corpus.n_tokens
    assert seen[0].alpha == config.alpha
    assert all(a.alpha > b.alpha > config.min_alpha for a, b in itertools.pairwise(seen))
    assert {p.epoch for p in seen} == {1, 2, 3}
    assert seen[-1].seconds_left == 0
    assert seen[-1].words_per_second > 0
    assert [r.epoch for r in model.history] == [1, 2, 3]
    assert model.history[2].loss < model.history[0].loss
    assert seen[0].loss > 0


def test_the_settings_travel_with_the_vectors(corpus, tmp_path):
    model = wk.train(corpus, wk.SkipGram(**SMALL), seed=9, workers=1)
    model.vectors.save(tmp_path / "v.safetensors")
    settings = wk.load(tmp_path / "v.safetensors").table.settings
    assert settings["model"] == "SkipGram"
    assert settings["config"]["window"] == 3
    assert settings["seed"] == 9


def test_one_endless_sentence_is_shared_out():
    rng = np.random.default_rng(1)
    words = [f"w{i}" for i in rng.integers(0, 50, 60_000)]
    corpus = wk.Corpus.from_sentences([words], min_count=1)
    seen = []
    model = wk.train(corpus, wk.SkipGram(**SMALL), workers=2, callbacks=[seen.append])
    assert len(seen) > 3 * 3
    assert model.account.trained == 3 * 60_000


@pytest.mark.parametrize(
    "arguments",
    [
        {"workers": 0},
        {"workers": 1.5},
        {"workers": True},
        {"seed": -1},
        {"seed": "1"},
        {"engine": "gpu"},
    ],
)
def test_a_wrong_argument_is_refused(corpus, arguments):
    with pytest.raises(ConfigError, match=next(iter(arguments))):
        wk.train(corpus, wk.SkipGram(**SMALL), **arguments)


def test_a_vocabulary_of_one_word_is_refused():
    corpus = wk.Corpus.from_sentences([["only", "only"]] * 10, min_count=1)
    with pytest.raises(EmptyCorpusError, match="at least 2"):
        wk.train(corpus, wk.SkipGram(**SMALL))


@pytest.mark.parametrize("text", ["text.txt", ["a sentence"], None])
def test_what_is_no_corpus_is_refused_with_the_way_to_one(text):
    with pytest.raises(InputError, match=r"got (str|list|NoneType).*from_path"):
        wk.train(text, wk.SkipGram())


@pytest.mark.parametrize("config", [{"vector_size": 10}, wk.SkipGram, "skipgram", None])
def test_what_is_no_model_is_refused(corpus, config):
    with pytest.raises(ConfigError, match="such as SkipGram"):
        wk.train(corpus, config)


def test_vectors_that_explode_are_an_error(corpus):
    with pytest.raises(TrainingError, match="alpha"), np.errstate(all="ignore"):
        wk.train(corpus, wk.CBOW(**SMALL | {"epochs": 200}, alpha=10.0), workers=1)


def test_sentences_of_one_word_teach_nothing_and_break_nothing():
    corpus = wk.Corpus.from_sentences([["a"], ["b"], ["c"]] * 20, min_count=1)
    for config in (wk.SkipGram(**SMALL), wk.CBOW(**SMALL)):
        with pytest.warns(UserWarning, match="share a sentence"):
            model = wk.train(corpus, config, workers=2)
        assert not model.context.vectors.any()
