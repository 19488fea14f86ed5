"""AdaGrad over a tile beside its slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from twins import cooccurrence as twin

from wordkin.kernels import glove, seed_state
from wordkin.kernels.cooccurrence import TILE
from wordkin.kernels.lanes import rsqrt, splat, store, total
from wordkin.kernels.word2vec import aligned, padded

RULE = {"x_max": 10.0, "exponent": 0.75, "alpha": 0.05}


def make_table(words, size, alpha):
    rng = np.random.default_rng(1)
    table = aligned((words, 4 * padded(size + 2))).reshape(words, 4, -1)
    table[:, [0, 2], : size + 2] = rng.normal(size=(words, 2, size + 2))
    table[:, 0, size + 1] = table[:, 2, size] = 1
    table[:, [1, 3]] = 1
    table[:, 1, size] = table[:, 3, size + 1] = np.float32(alpha) ** 2
    return table


def tiles_of(cells, *, symmetric):
    places = np.array([i * TILE + j for i, j, _ in cells], np.uint32)
    counts = np.array([x for *_, x in cells], np.float32)
    starts, zero = np.array([0, len(cells)]), np.zeros(1, np.int32)
    return glove.Tiles(places, counts, starts, zero, zero, symmetric)


def rule_of(size, *, held_out=0):
    numbers = (np.float32(RULE[name]) for name in ("x_max", "exponent", "alpha"))
    return glove.Rule(size, *numbers, np.uint64(held_out), np.uint64(7))


def learn(table, tiles, rule):
    tally, chosen = np.zeros(3), np.empty(TILE * TILE, np.int32)
    glove.learn(table, tiles, np.zeros(1, np.int64), 0, 1, rule, chosen, seed_state(1), tally)
    return tally


@pytest.mark.parametrize("size", [1, 14, 15, 40])
@pytest.mark.parametrize("cell", [(0, 1, 3.0), (2, 0, 50.0), (1, 1, 0.25)])
def test_a_step_is_the_twins(size, cell):
    table = make_table(3, size, RULE["alpha"])
    slow = twin.GloVe(
        table[:, 0, : size + 1], np.delete(table[:, 2, : size + 2], size, axis=1), **RULE
    )
    for _ in range(4):  # the sums of squares count from the second step on
        tally = learn(table, tiles_of([cell], symmetric=False), rule_of(size))
        assert tally[1] == pytest.approx(slow.learn(*cell), rel=1e-3, abs=1e-6)
        assert tally[2] == 1
    np.testing.assert_allclose(table[:, 0, : size + 1], slow.rows[0], rtol=2e-4, atol=1e-4)
    context = np.delete(table[:, 2, : size + 2], size, axis=1)
    np.testing.assert_allclose(context, slow.rows[1], rtol=2e-4, atol=1e-4)
    np.testing.assert_allclose(table[:, 1, : size + 1], slow.squares[0], rtol=2e-4)
    assert (table[:, 0, size + 1] == 1).all()
    assert (table[:, 2, size] == 1).all()


def test_a_symmetric_cell_is_two_and_one_on_the_diagonal_counts_twice():
    table, other = make_table(3, 8, RULE["alpha"]), make_table(3, 8, RULE["alpha"])
    slow = twin.GloVe(table[:, 0, :9], np.delete(table[:, 2, :10], 8, axis=1), **RULE)
    assert learn(table, tiles_of([(0, 2, 3.0)], symmetric=True), rule_of(8))[2] == 2
    slow.learn(0, 2, 3.0)
    slow.learn(2, 0, 3.0)
    np.testing.assert_allclose(table[:, 0, :9], slow.rows[0], rtol=2e-4, atol=1e-4)
    assert learn(table, tiles_of([(1, 1, 3.0)], symmetric=True), rule_of(8))[2] == 1
    learn(other, tiles_of([(1, 1, 6.0)], symmetric=False), rule_of(8))
    assert np.array_equal(table[1], other[1])


def test_each_cell_is_learned_from_once_or_held_out():
    cells = [(i, j, 2.0) for i in range(20) for j in range(20)]
    table, half = make_table(20, 8, RULE["alpha"]), rule_of(8, held_out=1 << 63)
    assert learn(table, tiles_of(cells, symmetric=False), rule_of(8))[2] == 400
    learned = learn(table, tiles_of(cells, symmetric=False), half)[2]
    tally = np.zeros(3)
    glove.held_out_loss(table, tiles_of(cells, symmetric=False), half, tally)
    assert learned + tally[2] == 400
    assert 150 < learned < 250


def test_held_out_cells_have_the_loss_that_training_would_tell():
    table = make_table(3, 8, RULE["alpha"])
    tiles, tally = tiles_of([(0, 1, 3.0)], symmetric=True), np.zeros(3)
    glove.held_out_loss(table, tiles, rule_of(8, held_out=2**64 - 1), tally)
    first = learn(make_table(3, 8, RULE["alpha"]), tiles, rule_of(8))
    np.testing.assert_allclose(tally, first, rtol=1e-5)


def test_lanes_know_roots_and_sums():
    from wordkin.kernels import kernel

    @kernel
    def roots(x, out):
        value = splat(x)
        store(out.ctypes.data, rsqrt(value))
        return total(value) + np.float32(0) * out[0, 0]

    out = aligned((1, 16))
    for x in (1.0, 2.0, 1e-4, 3e5, 1e12):
        everything = roots(np.float32(x), out)
        np.testing.assert_allclose(out[0, 0], x**-0.5, rtol=5e-6)
        from wordkin.kernels.lanes import LANES

        assert everything == pytest.approx(LANES * x, rel=1e-6)
