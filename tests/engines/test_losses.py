"""SkipGram, CBOW and FastText by the reference losses, through train()."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import ConfigError
from wordkin.training import memory_needed

LOSSES = ["softmax", "sampled-softmax", "nce"]
CONFIG = wk.SkipGram(vector_size=10, window=2, epochs=3, negative=8, sample=0)


@pytest.fixture(scope="module")
def corpus():
    """Two sets of words that never meet."""
    rng = np.random.default_rng(0)
    sentences = []
    for _ in range(1500):
        first = "ab"[rng.integers(2)]
        sentences.append([f"{first}{i}" for i in rng.integers(0, 8, 12)])
    return wk.Corpus.from_sentences(sentences, min_count=1)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", [wk.SkipGram, wk.CBOW, wk.FastText])
def test_words_that_meet_become_alike(corpus, loss, kind):
    config = kind(vector_size=10, window=2, epochs=3, negative=8, sample=0, loss=loss)
    model = wk.train(corpus, config, workers=1, validation=0.05)
    near = [word for word, _ in model.vectors.most_similar("a0", topn=7)]
    assert all(word.startswith("a") for word in near)
    # half of the words never come: log 8 is what can be reached, and log 16 where one begins
    assert np.log(7.5) < model.history[-1].validation_loss < np.log(9.5)


@pytest.mark.parametrize("loss", LOSSES)
def test_same_bytes_and_resumed_bytes(corpus, loss, tmp_path):
    config = replace(CONFIG, loss=loss)
    one, two = (wk.train(corpus, config, workers=1) for _ in range(2))
    assert one.vectors.vectors.tobytes() == two.vectors.vectors.tobytes()
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, config, workers=1, callbacks=[saved, lambda p: p.step == 2])
    again = wk.train(corpus, config, workers=1, resume=saved.path)
    assert again.context.vectors.tobytes() == one.context.vectors.tobytes()
    on = wk.train(corpus, config, workers=2, initial=one)
    assert on.vectors.vectors.shape == one.vectors.vectors.shape


def test_the_validation_loss_of_softmax_is_exact(corpus):
    from wordkin.training.job import Job
    from wordkin.training.validation import hold_out

    config = replace(CONFIG, loss="softmax")
    held_out = hold_out(Job(corpus=corpus, config=config, seed=1, workers=1, validation=0.05))
    asked = held_out.questions
    rng = np.random.default_rng(3)
    arrays = {name: rng.normal(size=(16, 10)).astype(np.float32) for name in ("input", "context")}
    expected = 0.0
    for context, target in zip(asked.contexts, asked.targets, strict=True):
        scores = arrays["context"].astype(float) @ arrays["input"][context].astype(float)
        expected += np.log(np.exp(scores).sum()) - scores[target]
    assert held_out.loss(arrays) == pytest.approx(expected / len(asked.targets), rel=1e-5)


def test_models_of_other_losses_are_told_apart(corpus):
    model = wk.train(corpus, replace(CONFIG, loss="softmax", epochs=1), workers=1)
    with pytest.raises(ConfigError, match="softmax"):
        wk.train(corpus, CONFIG, workers=1, initial=model)
    with pytest.raises(ConfigError, match="loss must be one of"):
        wk.SkipGram(loss="hinge")
    assert memory_needed(corpus, replace(CONFIG, loss="nce"), workers=1).tables == 2 * 17 * 16 * 4
