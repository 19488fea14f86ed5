"""The kernels of paragraph vectors against their slow twins."""

from __future__ import annotations

import numpy as np
import pytest
from twins import doc2vec as twins
from twins.word2vec import SplitMix64

from wordkin.kernels import doc2vec, seed_state, word2vec
from wordkin.kernels.sampling import Text, keep_thresholds, make_noise

SIZE, WORDS = 20, 30
LENGTHS = [40, 1, 2, 17, 1, 1, 90]


@pytest.fixture(scope="module")
def text():
    rng = np.random.default_rng(1)
    ids = rng.integers(0, WORDS, sum(LENGTHS)).astype(np.int32)
    counts = np.bincount(ids, minlength=WORDS) + 1
    starts = np.concatenate([[0], np.cumsum(LENGTHS)]).astype(np.int64)
    return Text(ids, starts, keep_thresholds(counts, 0.02)), make_noise(counts, 0.75)


def random_rows(rng, n, sides=1):
    rows = word2vec.aligned((n, sides * word2vec.padded(SIZE)))
    for side in np.split(rows, sides, axis=1):
        side[:, :SIZE] = rng.normal(size=(n, SIZE)) * 0.3
    return rows


@pytest.mark.parametrize("kind", doc2vec.KINDS)
@pytest.mark.parametrize(("group", "shared"), [(1, 5), (4, 6)])
@pytest.mark.parametrize("span", [(0, 152), (13, 140)])
def test_the_kernel_equals_its_twin(text, kind, group, shared, span):
    rng = np.random.default_rng(2)
    sides = 1 if kind == "dbow" else 2
    rows = random_rows(rng, WORDS + 1, sides)
    rows[-1] = 0
    documents = random_rows(rng, len(LENGTHS))
    words, targets = word2vec.halves(rows) if sides == 2 else (None, rows)
    slow = [
        None if table is None else table[:, :SIZE].astype(float)
        for table in (words, targets, documents)
    ]
    window = 0 if kind == "dbow" else 3
    rule = word2vec.Rule(window, kind != "dbow", 5, np.float32(0.05))
    nothing = word2vec.aligned((0, rows.shape[1]))
    tally = np.zeros(3)
    kernel = doc2vec.make_grouped(kind=kind, group=group, shared=shared)
    kernel(
        *text, word2vec.Tables(rows, nothing, nothing), documents, rule, word2vec.Span(*span),
        word2vec.make_room(window, SIZE), seed_state(7), tally,
    )  # fmt: skip
    kept = twins.grouped(
        *text, slow, rule, span, SplitMix64(seed_state(7)[0]), kind=kind, group=group, shared=shared
    )
    assert tally[0] == kept
    assert tally[1] > 0
    for fast, twin in zip((words, targets, documents), slow, strict=True):
        if twin is not None:
            n = len(twin) - (len(twin) > WORDS)  # without the spare row
            np.testing.assert_allclose(fast[:n, :SIZE], twin[:n], atol=2e-5)


@pytest.mark.parametrize("dm", [False, True])
@pytest.mark.parametrize("shrink", [False, True])
def test_inference_equals_its_twin_and_leaves_words_alone(text, dm, shrink):
    rng = np.random.default_rng(3)
    (ids, starts, keep, _), noise = text
    tables = [(rng.normal(size=(WORDS, SIZE)) * 0.3).astype(np.float32) for _ in range(2)]
    before = [table.copy() for table in tables]
    frozen = doc2vec.Frozen(*tables, keep)
    course = doc2vec.Course(dm, 3, shrink, 5, 4, 0.1, 0.01)
    states = np.zeros((len(LENGTHS), 1), np.uint64)
    doc2vec.seeds_of(ids, starts, np.uint64(5), states)
    out = np.empty((len(LENGTHS), SIZE), np.float32)
    doc2vec.infer(ids, starts, frozen, noise, course, states, out)
    for i, row in enumerate(out):
        own = ids[starts[i] : starts[i + 1]].tolist()
        np.testing.assert_allclose(row, twins.infer(own, frozen, noise, course, 5), atol=2e-5)
    for table, was in zip(tables, before, strict=True):
        assert np.array_equal(table, was)
