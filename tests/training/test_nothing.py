"""A run that has nothing to learn from says so, once; one that has a little does not."""

from __future__ import annotations

import pytest

import wordkin as wk

LONE = [[word] for word in "abcd"] * 50
MODELS = [
    wk.SkipGram(vector_size=4, epochs=2),
    wk.SkipGram(vector_size=4, epochs=2, loss="hierarchical-softmax"),
    wk.CBOW(vector_size=4, epochs=2),
    wk.FastText(vector_size=4, epochs=2),
    wk.GloVe(vector_size=4, epochs=2),
    wk.PPMI(vector_size=4),
]


def lone(sentences=LONE, **settings):
    return wk.Corpus.from_sentences(sentences, **{"min_count": 1} | settings)


@pytest.mark.parametrize("config", MODELS, ids=lambda c: f"{type(c).__name__}-{c.family}")
def test_a_text_of_lone_words_is_told_once(config):
    with pytest.warns(UserWarning, match="no two words of this text share a sentence") as told:
        wk.train(lone(), config, workers=1)
    assert len(told) == 1
    assert told[0].filename == __file__


def test_words_that_min_count_left_alone_are_told():
    corpus = lone([[word, f"rare{i}"] for i, word in enumerate("abab" * 20)], min_count=5)
    with pytest.warns(UserWarning, match="lower it"):
        wk.train(corpus, MODELS[0], workers=1)


@pytest.mark.parametrize("settings", [{}, {"deterministic": True}])
def test_words_that_are_alone_after_thinning_are_told(settings):
    corpus = lone([["a", "b"]] * 20)
    with pytest.warns(UserWarning, match=r"thinned out \(sample=1e-09\)") as told:
        model = wk.train(corpus, wk.SkipGram(vector_size=4, sample=1e-9), workers=1, **settings)
    assert len(told) == 1
    assert not model.context.vectors.any()


def test_new_text_of_lone_words_is_told():
    config = wk.SkipGram(vector_size=4, epochs=1, sample=0)
    model = wk.train(lone([["a", "b"]] * 20), config, workers=1)
    with pytest.warns(UserWarning, match="share a sentence"):
        model.update(lone(), workers=1)


def test_who_learns_something_is_told_nothing():
    wk.train(lone(), wk.Doc2Vec(vector_size=4, epochs=1, sample=0), workers=1)
    few = [*LONE, ["a", "b"]]
    model = wk.train(lone(few), wk.SkipGram(vector_size=4, epochs=1, sample=0), workers=1)
    assert model.history[0].loss > 0
    assert model.context.vectors.any()


@pytest.mark.parametrize("kind", [wk.SkipGram, wk.CBOW, wk.FastText, wk.Doc2Vec])
def test_few_pairs_after_many_lonely_words_have_a_loss(kind):
    """Only one group in 64 tells its loss: one without a pair leaves its turn to the next."""
    sentences = [[f"lonely{i}"] for i in range(70)] + [["a", "b"], ["b", "c"], ["c", "a"]] * 5
    corpus = wk.Corpus.from_sentences(sentences, min_count=1)
    model = wk.train(corpus, kind(vector_size=4, epochs=2, sample=0), workers=1)
    assert all(0.1 < epoch.loss < 10 for epoch in model.history)
