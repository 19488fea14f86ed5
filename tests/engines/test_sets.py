"""window="all": sentences that are sets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wordkin as wk
from wordkin.errors import ConfigError
from wordkin.kernels import sampling, seed_state

SMALL = {"vector_size": 8, "epochs": 2, "sample": 0}


def baskets(n, *, size, seed=0):
    """Half of the items go with each other, and half with the others."""
    rng = np.random.default_rng(seed)
    return [rng.permutation(20)[: rng.integers(2, size)] * 2 + i % 2 for i in range(n)]


@pytest.mark.parametrize("model", [wk.SkipGram, wk.CBOW])
@pytest.mark.parametrize("loss", ["negative-sampling", "hierarchical-softmax"])
def test_small_sets_meet_as_in_a_window_that_holds_them(model, loss):
    corpus = wk.Corpus.from_sequences(baskets(500, size=19), min_count=1)
    every = wk.train(corpus, model(window="all", loss=loss, **SMALL), workers=1)
    wide = model(window=64, shrink_windows=False, loss=loss, **SMALL)
    expected = wk.train(corpus, wide, workers=1)
    assert every.vectors.vectors.tobytes() == expected.vectors.vectors.tobytes()


def test_long_baskets_learn_what_goes_together_wherever_it_stands():
    # sorted, so that the two halves of each basket are farther apart than any window reaches
    rng = np.random.default_rng(0)
    items = np.arange(800).reshape(4, 200)  # kinds 0 and 1 are in the one sort of baskets
    sets = []
    for i in range(400):
        kinds = items[2 * (i % 2) : 2 * (i % 2) + 2]
        sets.append(np.concatenate([rng.permutation(kind)[:150] for kind in kinds]))
    corpus = wk.Corpus.from_sequences(sets, min_count=1)
    config = wk.SkipGram(window="all", vector_size=16, epochs=3, sample=0)
    model = wk.train(corpus, config, workers=1)
    rows = model.vectors.vectors / model.vectors.norms[:, None]
    kind = np.array([int(word) // 200 for word in model.vectors.index_to_key])
    mean = np.array([rows[kind == k].mean(axis=0) for k in range(4)])
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    cosines = mean @ mean.T
    assert min(cosines[0, 1], cosines[2, 3]) > cosines[:2, 2:].max() + 0.3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=8), st.integers(1, 6), st.data())
def test_only_long_sentences_are_shuffled(lengths, reach, data):
    starts = np.cumsum([0, *lengths])
    ids = np.arange(starts[-1], dtype=np.int32)
    start = data.draw(st.integers(0, len(ids)))
    stop = data.draw(st.integers(start, len(ids)))
    text = sampling.Text(ids, starts, np.zeros(len(ids), np.uint64))
    part, span = sampling.shuffled(text, sampling.Span(start, stop), reach, seed_state(1))
    assert span == (0, stop - start)
    assert part.starts[0] == 0
    assert part.starts[-1] == stop - start
    for a, b in itertools.pairwise(starts):
        a, b = max(a, start), min(b, stop)
        if a < b:
            assert {a - start, b - start} <= set(part.starts.tolist())
            found = part.ids[a - start : b - start]
            assert sorted(found) == list(range(a, b))
            if b - a <= reach + 1:
                assert found.tolist() == list(range(a, b))
    assert ids.tolist() == list(range(len(ids)))


def test_every_order_is_as_likely():
    text = sampling.Text(np.arange(4, dtype=np.int32), np.array([0, 4]), np.zeros(4, np.uint64))
    state = seed_state(3)
    seen = [
        tuple(sampling.shuffled(text, sampling.Span(0, 4), 1, state)[0].ids) for _ in range(4_800)
    ]
    counts = np.unique(seen, axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert ((counts - 200) ** 2 / 200).sum() < 60  # chi-squared, 23 degrees: 1 in 30,000 is above


def test_reference_losses_know_sets_and_fasttext_does_not():
    corpus = wk.Corpus.from_sequences(baskets(50, size=9), min_count=1)
    every = wk.train(corpus, wk.SkipGram(window="all", loss="softmax", **SMALL), workers=1)
    wide = wk.SkipGram(window=64, shrink_windows=False, loss="softmax", **SMALL)
    expected = wk.train(corpus, wide, workers=1)
    assert np.allclose(every.vectors.vectors, expected.vectors.vectors)
    with pytest.raises(ConfigError, match="SkipGram and CBOW"):
        wk.FastText(window="all")
    with pytest.raises(ConfigError, match="window"):
        wk.SkipGram(window="every")


def test_validation_asks_about_sets():
    corpus = wk.Corpus.from_sequences(baskets(2_000, size=19), min_count=1)
    model = wk.train(corpus, wk.SkipGram(window="all", **SMALL), workers=1, validation=0.1)
    assert model.history[-1].validation_loss < 4.2  # 6 ln 2 = 4.16 is to know nothing
