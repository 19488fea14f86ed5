"""The kernels against their slow twins, and what must hold whatever is drawn."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from twins.word2vec import SplitMix64, grouped, plain

from wordkin.kernels import seed_state, word2vec
from wordkin.kernels.sampling import Noise, Text, keep_thresholds, make_noise, make_tree

DIMENSIONS = 20
WORDS = 30


def random_text(rng, lengths):
    ids = rng.integers(0, WORDS, sum(lengths)).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    counts = np.bincount(ids, minlength=WORDS) + 1
    return Text(ids, starts, keep_thresholds(counts, 0.02)), make_noise(counts, 0.75)


def random_tables(rng, hot=0, dimensions=DIMENSIONS):
    width = 2 * word2vec.padded(dimensions)
    rows = word2vec.aligned((WORDS + 1, width))
    for table in word2vec.halves(rows):
        table[:-1, :dimensions] = rng.normal(size=(WORDS, dimensions)) * 0.3
    copies = (word2vec.aligned((hot, width)) for _ in range(2))
    return word2vec.Tables(rows, *copies, turn=np.zeros(1, np.int64))


def rule(**changes):
    settings = {"window": 3, "shrink": True, "negative": 5, "alpha": np.float32(0.05)}
    return word2vec.Rule(**(settings | changes))


def learn(kernel, text, law, tables, settings, span=None, seed=7, dimensions=DIMENSIONS):
    tally = np.zeros(3)
    span = word2vec.Span(*(span or (0, len(text.ids))))
    room = word2vec.make_room(settings.window, dimensions)
    word2vec.take_hot(tables)
    kernel(text, law, tables, settings, span, room, seed_state(seed), tally)
    word2vec.give_back(tables)
    return tally


def twin_tables(tables):
    """Both tables, with their padding, which stays zero."""
    return [half[:-1].astype(np.float64) for half in word2vec.halves(tables.rows)]


def assert_equal_tables(tables, twins):
    for half, twin in zip(word2vec.halves(tables.rows), twins, strict=True):
        np.testing.assert_allclose(half[:-1], twin, atol=2e-5)


@pytest.mark.parametrize("cbow", [False, True])
def test_the_plain_kernel_equals_its_twin(cbow):
    rng = np.random.default_rng(1)
    text, noise = random_text(rng, [40, 1, 2, 17, 90])
    tables = random_tables(rng)
    twins = twin_tables(tables)
    kernel = word2vec.make_plain(cbow=cbow, hierarchical=False)
    tally = learn(kernel, text, noise, tables, rule())
    random = SplitMix64(seed_state(7)[0])
    expected = plain(text, noise, twins, rule(), (0, 150), random, cbow=cbow)
    np.testing.assert_allclose(tally, expected, rtol=1e-4)
    assert_equal_tables(tables, twins)


@pytest.mark.parametrize("cbow", [False, True])
@pytest.mark.parametrize(("group", "shared"), [(1, 5), (2, 5), (3, 6)])
def test_the_grouped_kernel_equals_its_twin(cbow, group, shared):
    rng = np.random.default_rng(2)
    text, noise = random_text(rng, [40, 1, 2, 17, 91])
    tables = random_tables(rng)
    twins = twin_tables(tables)
    kernel = word2vec.make_grouped(cbow=cbow, group=group, shared=shared)
    tally = learn(kernel, text, noise, tables, rule())
    random = SplitMix64(seed_state(7)[0])
    expected = grouped(
        text, noise, twins, rule(), (0, 151), random, cbow=cbow, group=group, shared=shared
    )
    assert tally[0] == expected
    assert_equal_tables(tables, twins)


@pytest.mark.parametrize("cbow", [False, True])
@pytest.mark.parametrize("dimensions", [100, 128, 129, 150, 300])
def test_rows_of_any_length_are_learned_whole(cbow, dimensions):
    """The first 128 floats, fewer on small processors, are learned by other code than the rest."""
    rng = np.random.default_rng(17)
    text, noise = random_text(rng, [40, 1, 2, 17])
    tables = random_tables(rng, dimensions=dimensions)
    twins = twin_tables(tables)
    kernel = word2vec.make_grouped(cbow=cbow, group=2, shared=5)
    learn(kernel, text, noise, tables, rule(), dimensions=dimensions)
    random = SplitMix64(seed_state(7)[0])
    grouped(text, noise, twins, rule(), (0, 60), random, cbow=cbow, group=2, shared=5)
    assert_equal_tables(tables, twins)


@pytest.mark.parametrize("cbow", [False, True])
def test_group_one_equals_the_plain_kernel_where_both_draw_alike(cbow):
    """In sentences of two words each word has one context, so sharing shares nothing."""
    rng = np.random.default_rng(3)
    ids = rng.integers(0, WORDS, 400).astype(np.int32)
    text = Text(ids, np.arange(0, 401, 2), keep_thresholds(np.ones(WORDS), 0))
    # the only noise word is one that the text lacks, so that every draw is the same
    text.ids[:] = np.minimum(text.ids, WORDS - 2)
    law = Noise(np.zeros(WORDS, np.uint64), np.full(WORDS, WORDS - 1, np.int32))
    results = []
    for kernel in (
        word2vec.make_plain(cbow=cbow, hierarchical=False),
        word2vec.make_grouped(cbow=cbow, group=1, shared=1),
    ):
        tables = random_tables(np.random.default_rng(4))
        learn(kernel, text, law, tables, rule(negative=1, window=1))
        results.append(tables)
    np.testing.assert_allclose(results[0].rows[:-1], results[1].rows[:-1], atol=2e-6)


@pytest.mark.parametrize("lengths", [[5000], [5] * 1000, [1] * 10, [1023, 2, 1033, 1]])
def test_no_pair_is_lost_between_buffers(lengths):
    rng = np.random.default_rng(5)
    text, noise = random_text(rng, lengths)
    text = text._replace(keep=np.full(WORDS, 2**32, np.uint64))
    settings = rule(window=4, shrink=False, negative=1)
    tally = learn(
        word2vec.make_plain(cbow=False, hierarchical=False),
        text,
        noise,
        random_tables(rng),
        settings,
    )
    pairs = sum(2 * sum(max(n - d, 0) for d in range(1, 5)) for n in lengths)
    assert tally[0] == sum(lengths)
    assert tally[2] == pairs


@pytest.mark.parametrize("cbow", [False, True])
def test_copies_of_hot_rows_change_nothing_where_nobody_else_learns(cbow):
    rng = np.random.default_rng(8)
    text, noise = random_text(rng, [9000])
    kernel = word2vec.make_grouped(cbow=cbow, group=2, shared=5)
    cold, hot = (random_tables(np.random.default_rng(9), hot=h) for h in (0, 12))
    learn(kernel, text, noise, cold, rule(alpha=np.float32(0.01)))
    learn(kernel, text, noise, hot, rule(alpha=np.float32(0.01)))
    # equal to rounding: shared + (copy - seen) for copy
    np.testing.assert_allclose(hot.rows, cold.rows, atol=1e-5)


@numba.njit
def exchange_some(tables):
    """Python can't call it."""
    word2vec.exchange_some(tables)


def tables_of_two(rows):
    """What two threads see that have copies of all rows but one: distinct numbers everywhere."""
    rng = np.random.default_rng(3)
    shared = word2vec.aligned((rows + 1, 16))
    shared[:] = rng.integers(0, 100, shared.shape)
    both = [
        word2vec.Tables(
            shared, *(word2vec.aligned((rows, 16)) for _ in range(2)), np.zeros(1, np.int64), 8
        )
        for _ in range(2)
    ]
    for tables in both:
        word2vec.take_hot(tables)
    return shared, both, rng


def test_an_exchange_adds_the_changes_of_both_threads():
    shared, (mine, other), _ = tables_of_two(1)
    before = shared.copy()
    other.hot[:] += 2
    exchange_some(other)
    mine.hot[:] += 0.5
    exchange_some(mine)
    for array in (shared, mine.hot, mine.seen):
        np.testing.assert_array_equal(array[0], before[0] + 2.5)
    np.testing.assert_array_equal(other.hot[0], before[0] + 2)  # it has not looked again
    np.testing.assert_array_equal(shared[1], before[1])  # of which there is no copy


@pytest.mark.parametrize("rows", [1, 96, 128, 129, 700, 1170])
def test_the_rarer_a_hot_row_is_the_longer_it_waits_for_its_exchange(rows):
    shared, (mine, _), _ = tables_of_two(rows)
    turns = 130
    when = [[] for _ in range(rows)]
    for turn in range(turns):
        before = shared.copy()
        mine.hot[:] += 1
        exchange_some(mine)
        changed = (shared != before).any(axis=1)
        assert not changed[rows]
        for row in np.flatnonzero(changed):
            when[row].append(turn)
    for row in range(rows):
        octave = max(128, 1 << max(row.bit_length() - 1, 0))
        wait = 4 if row < 128 else octave // 8
        expected = range(row // 32 if row < 128 else (row - octave) // 8, turns, wait)
        assert when[row] == list(expected), row
    assert mine.turn[0] == turns


@pytest.mark.parametrize("rows", [1, 96, 700])
def test_nothing_that_a_thread_has_changed_is_lost(rows):
    shared, both, rng = tables_of_two(rows)
    expected = shared.copy()
    for _ in range(40):
        tables = both[rng.integers(2)]
        change = rng.integers(-3, 4, tables.hot.shape)
        tables.hot[:] += change
        expected[:rows] += change
        exchange_some(tables)
    for tables in both:
        word2vec.give_back(tables)
    np.testing.assert_array_equal(shared, expected)  # whole numbers: no rounding


def test_without_copies_there_is_nothing_to_exchange():
    shared, (mine, _), _ = tables_of_two(0)
    before = shared.copy()
    exchange_some(mine)
    np.testing.assert_array_equal(shared, before)
    assert mine.turn[0] == 0


def test_padding_stays_zero_and_the_same_draws_give_the_same_bytes():
    rng = np.random.default_rng(10)
    text, noise = random_text(rng, [300])
    kernel = word2vec.make_grouped(cbow=False, group=2, shared=5)
    first, second = (random_tables(np.random.default_rng(11)) for _ in range(2))
    learn(kernel, text, noise, first, rule())
    learn(kernel, text, noise, second, rule())
    assert first.rows.tobytes() == second.rows.tobytes()
    for half in word2vec.halves(first.rows):
        assert not half[:, DIMENSIONS:].any()


def used_room(rng, window):
    """What a thread has for itself after other blocks, which must not show."""
    room = word2vec.make_room(window, DIMENSIONS)
    for numbers in (room.buffer.places, room.buffer.reaches, room.buffer.cursor):
        numbers[:] = rng.integers(-9, 2_000, len(numbers))
    room.buffer.words[:] = rng.integers(0, WORDS, len(room.buffer.words))
    room.drawn[:] = rng.integers(0, WORDS, len(room.drawn))
    for addresses in (room.rows, room.noise_rows, room.coming, room.scratch.rows):
        addresses[:] = rng.integers(0, 2**40, len(addresses)) * 64  # nobody may look there
    for array in (room.scratch.weights, room.scratch.hidden):
        array[:] = rng.normal(size=array.shape)
    return room


@pytest.mark.parametrize("cbow", [False, True])
@pytest.mark.parametrize("group", [0, 1, 3])
def test_what_a_block_leaves_behind_changes_nothing(cbow, group):
    rng = np.random.default_rng(13)
    text, noise = random_text(rng, [40, 1, 2_500, 17, 1, 90])
    kernel = word2vec.make_plain(cbow=cbow, hierarchical=False)
    if group:
        kernel = word2vec.make_grouped(cbow=cbow, group=group, shared=6)
    learned = []
    for room in (word2vec.make_room(3, DIMENSIONS), used_room(rng, 3)):
        tables = random_tables(np.random.default_rng(14))
        tally = np.zeros(3)
        span = word2vec.Span(0, len(text.ids))
        kernel(text, noise, tables, rule(), span, room, seed_state(7), tally)
        learned.append((tables.rows.tobytes(), tally.tolist()))
    assert learned[0] == learned[1]


@pytest.mark.parametrize("window", [1, 5, 400])
def test_the_room_takes_what_is_told(window):
    room = word2vec.make_room(window, DIMENSIONS)
    made = sum(array.nbytes for array in (*room.scratch, *room.buffer, *room[2:]))
    assert made <= word2vec.room_bytes(window, DIMENSIONS) <= made + 200  # to be aligned


def test_the_sampled_loss_is_near_the_plain_one():
    rng = np.random.default_rng(12)
    text, noise = random_text(rng, [100_000])
    means = []
    for kernel in (
        word2vec.make_plain(cbow=False, hierarchical=False),
        # a group of one leaves out noise as often as the plain kernel does
        word2vec.make_grouped(cbow=False, group=1, shared=5),
    ):
        tables = random_tables(np.random.default_rng(13))
        tally = learn(kernel, text, noise, tables, rule(alpha=np.float32(1e-6)))
        means.append(tally[1] / tally[2])
    assert means[0] == pytest.approx(means[1], rel=0.02)


@pytest.mark.parametrize("cbow", [False, True])
def test_hierarchical_softmax_is_a_probability_and_learns(cbow):
    counts = np.sort(np.random.default_rng(14).integers(1, 1000, WORDS))[::-1].copy()
    tree = make_tree(counts)
    tables = random_tables(np.random.default_rng(15))
    inputs, outputs = word2vec.halves(tables.rows)
    x = inputs[3]
    total = 0.0
    for word in range(WORDS):
        path = slice(tree.starts[word], tree.starts[word + 1])
        label = 1 - tree.turns[path]
        p = sigmoid_of(outputs[tree.nodes[path]] @ x)
        total += np.prod(np.where(label == 1, p, 1 - p))
    assert total == pytest.approx(1.0, abs=1e-5)

    rng = np.random.default_rng(16)
    text, _ = random_text(rng, [2000])
    text.ids[:] = np.arange(2000) % WORDS  # each word predicts its neighbours surely
    kernel = word2vec.make_plain(cbow=cbow, hierarchical=True)
    settings = rule(window=1, alpha=np.float32(0.2))
    text = text._replace(keep=np.full(WORDS, 2**32, np.uint64))
    for seed in range(60):
        tally = learn(kernel, text, tree, tables, settings, seed=seed)
    assert tally[1] / tally[2] < 0.5 * np.log(WORDS)


def sigmoid_of(x):
    return 1 / (1 + np.exp(-x))
