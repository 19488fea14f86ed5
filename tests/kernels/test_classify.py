"""The kernels of the mean head beside plain Python; together they are tried with the head."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.classification import plain
from wordkin.classification.features import spelled
from wordkin.kernels.classify import Bags, bag, descend, fill_slots, score, weigh


def some_bags(chance, n=20, n_rows=30):
    sizes = chance.integers(0, 8, size=n)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    rows = np.concatenate(
        [np.empty(0, np.int64), *(chance.permutation(n_rows)[:size] for size in sizes)]
    )
    values = chance.random(len(rows), np.float32) + np.float32(0.1)
    return Bags(rows.astype(np.int32), values, starts)


def as_matrix(bags, n_rows):
    out = np.zeros((len(bags.starts) - 1, n_rows))
    for i in range(len(out)):
        part = slice(bags.starts[i], bags.starts[i + 1])
        out[i, bags.rows[part]] = bags.values[part]
    return out


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_scores_are_a_product_of_matrices(seed, k):
    chance = np.random.default_rng(seed)
    bags = some_bags(chance)
    weights = chance.normal(size=(30, k)).astype(np.float32)
    out = np.ones((20, k), np.float32)
    score(bags, weights, out)
    np.testing.assert_allclose(out, 1 + as_matrix(bags, 30) @ weights, atol=1e-4)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3, 8, 21]))
def test_a_pass_is_that_of_its_python_twin(seed, k):
    chance = np.random.default_rng(seed)
    bags = some_bags(chance)
    lesson = (
        chance.integers(-1, k + 1, size=20).astype(np.int32),
        chance.uniform(0.1, 2, size=20).astype(np.float32),
    )
    order = chance.permutation(20)
    results = []
    for function in (descend, descend.py_func):
        table = np.zeros((30, k), np.float32), np.zeros(k, np.float32)
        duals = np.zeros((20, k), np.float32)
        losses = [function(bags, lesson, order, table, duals) for _ in range(3)]
        results.append((*table, duals, losses))
    for own, twin in zip(*results, strict=True):
        np.testing.assert_allclose(own, twin, rtol=1e-5, atol=1e-4)


def test_the_solution_is_the_best_there_is():
    """Where the gradient of the squared hinge loss with the penalty is zero."""
    chance = np.random.default_rng(0)
    bags, k = some_bags(chance), 3
    targets = chance.integers(k, size=20).astype(np.int32)
    softness = chance.uniform(0.2, 2, size=20).astype(np.float32)
    table = np.zeros((30, k), np.float32), np.zeros(k, np.float32)
    duals = np.zeros((20, k), np.float32)
    for _ in range(500):
        descend(bags, (targets, softness), chance.permutation(20), table, duals)
    inputs = np.concatenate((as_matrix(bags, 30), np.ones((20, 1))), axis=1)
    w = np.concatenate((table[0], table[1][None]))
    signs = np.where(targets[:, None] == np.arange(k), 1, -1)
    short = np.maximum(1 - signs * (inputs @ w), 0)
    gradient = w - inputs.T @ (signs * short / softness[:, None])
    np.testing.assert_allclose(gradient, 0, atol=1e-4)
    np.testing.assert_allclose(duals, short / softness[:, None], atol=1e-4)


def test_weights_are_of_unit_length_and_new_rows_take_their_place():
    bags = Bags(
        np.array([3, 0, 1, 2], np.int32), np.array([1, 2, 5, 1], np.float32), np.array([0, 3, 3, 4])
    )
    new_rows = np.array([1, -1, 2, 0], np.int32)
    idf = np.array([1.0, 2.0, 3.0], np.float32)
    out = Bags(np.empty(4, np.int32), np.empty(4, np.float32), np.empty(4, np.int64))
    weigh(bags, new_rows, idf, out)
    assert out.starts.tolist() == [0, 2, 2, 3]
    assert out.rows[:3].tolist() == [0, 1, 2]
    first = np.array([1.0, (1 + np.log(2)) * 2])
    np.testing.assert_allclose(out.values[:2], first / np.linalg.norm(first), rtol=1e-6)
    assert out.values[2] == 1.0


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(st.characters(exclude_categories=[])), max_size=6), st.integers(1, 3))
def test_hashes_are_those_of_python(words, low):
    spelling = spelled(words, (low, low + 1))
    own = [plain._added(plain._WORD, word.encode("utf-8", "surrogatepass")) for word in words]
    assert spelling.hashes.tolist() == own
    for w, word in enumerate(words):
        keys = spelling.keys[spelling.starts[w] : spelling.starts[w + 1]].tolist()
        assert keys == [key for _, key in plain._letters(word, low, low + 1)]
        assert all(key & 1 for key in keys)


def test_a_full_table_asks_for_more_slots():
    ids = np.arange(60, dtype=np.int32)
    documents = (ids, np.array([0, 20, 40, 60]))
    spelling = spelled([f"w{i}" for i in range(60)], None)
    bags = Bags(np.empty(120, np.int32), np.empty(120, np.float32), np.zeros(4, np.int64))
    small, grown = np.zeros(128, np.uint64), np.array([1, 0], np.int64)
    # a document may add 40 n-grams to the 38 of two before it, and then half were taken
    assert bag(documents, (60, 2), spelling, small, grown, bags) == 2
    assert grown[1] == 38
    keys = np.unique(np.random.default_rng(0).integers(2, 2**32, size=1000)).astype(np.uint64)
    slots = np.zeros(2048, np.uint64)
    fill_slots(keys, slots)
    taken = slots[slots != 0]
    assert set((taken >> np.uint64(32)).tolist()) == set(keys.tolist())
    assert sorted((taken & np.uint64(2**32 - 1)).tolist()) == list(range(1, len(keys) + 1))
