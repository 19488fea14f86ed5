"""Counts don't depend on memory, threads, or how the text is cut up."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from twins import cooccurrence as twin

import wordkin as wk
from wordkin.engines import cooccurrence


class Tiny(cooccurrence.Counter):
    """A counter whose bounds are smaller than any that a config may have."""

    def __init__(self, corpus, config, *, workers, places, events, at_once):
        super().__init__(corpus, config, workers=workers)
        words, kernels = len(corpus.vocabulary), cooccurrence.kernels
        self._layout, n_dense = kernels.make_layout(
            words, config.window, symmetric=config.symmetric, room=places
        )
        self._desks = [cooccurrence._Desk(n_dense, config.window + events) for _ in self._desks]
        self._memory = at_once * 128 * workers


@settings(max_examples=60, deadline=None)
@given(
    sentences=st.lists(st.lists(st.integers(0, 600), min_size=1, max_size=30), min_size=1),
    window=st.integers(1, 12),
    symmetric=st.booleans(),
    workers=st.integers(1, 3),
    places=st.integers(0, 3_000),
    events=st.integers(1, 40),
    at_once=st.integers(1, 50),
    cut=st.floats(0, 1),
)
def test_any_bound_gives_the_same_counts(
    sentences, window, symmetric, workers, places, events, at_once, cut
):
    corpus = wk.Corpus.from_sentences([[str(w) for w in s] for s in sentences], min_count=1)
    config = wk.GloVe(window=window, symmetric=symmetric)
    usual = cooccurrence.count_cells(corpus, config, workers=1)
    least, cooccurrence._LEAST_EVENTS = cooccurrence._LEAST_EVENTS, 1
    try:
        counter = Tiny(
            corpus, config, workers=workers, places=places, events=events, at_once=at_once
        )
        middle = int(cut * corpus.n_tokens)
        counter.count(0, middle)
        counter.count(middle, corpus.n_tokens)
        cells = counter.merged()
        counter.close()
    finally:
        cooccurrence._LEAST_EVENTS = least
    for mine, other in zip(cells, usual, strict=True):
        assert np.array_equal(mine, other)
    ids = [
        np.asarray(corpus.ids)[a:b] for a, b in zip(corpus.starts, corpus.starts[1:], strict=False)
    ]
    expected = twin.count(ids, window, symmetric=symmetric)
    counts = twin.of_cells(cells)
    assert counts.keys() == expected.keys()
    np.testing.assert_allclose([counts[k] for k in expected], list(expected.values()), rtol=1e-6)
