"""Replicas of rows, and how they become one table again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.engines.replicas import SharedTable, Slots
from wordkin.kernels import replicas
from wordkin.kernels.lanes import ROW_FLOATS
from wordkin.kernels.word2vec import aligned

WORDS = 70  # several bands of rows, the last one not full


def naive_factor(way, streams):
    """The sum of `streams` changes, each a share of the way, cut back to that of all in turn."""
    one = 1 - np.exp(-way)
    return (1 - np.exp(-way * streams)) / (streams * one)


def test_rare_rows_keep_full_steps_and_frequent_ones_become_the_mean():
    factors = replicas.cut_back(5)
    assert factors.shape[0] == 6
    np.testing.assert_allclose(factors[:, 0], 1, rtol=1e-5)
    np.testing.assert_allclose(factors[1], 1, rtol=1e-6)
    np.testing.assert_allclose(factors[2:, -1], 1 / np.arange(2, 6), rtol=1e-5)
    assert (np.diff(factors[2:], axis=1) <= 1e-7).all()
    np.testing.assert_allclose(factors[4, 64], naive_factor(1.0, 4), rtol=1e-6)


def naive_merge(table, changed, uses, damping, parts):
    """Row by row in float64: changes across the common direction and along it, each cut back."""
    out = table.astype(np.float64)
    size = table.shape[1] // parts
    for word in range(len(table) - 1):
        for part in range(parts):
            cut = slice(part * size, (part + 1) * size)
            unit = damping.common[0, cut].astype(np.float64)
            mine = [
                rows[words.index(word), cut].astype(np.float64)
                for rows, words, whole in changed
                if word in words and (part == parts - 1 or words.index(word) < whole)
            ]
            if not mine:
                continue
            total = sum(row - table[word, cut] for row in mine)
            steps = [int(uses[part, word] * c * 64) / 64 for c in (damping.across, damping.along)]
            across, along = (
                1.0 if step == 0 else naive_factor(min(step, 1023 / 64), len(mine))
                for step in steps
            )
            out[word, cut] += across * total + (along - across) * (total @ unit) * unit
    return out


@st.composite
def streams_of_slots(draw):
    several = draw(st.integers(1, 4))
    slots = [
        draw(st.lists(st.integers(0, WORDS - 1), unique=True, max_size=WORDS // 2))
        for _ in range(several)
    ]
    cuts = [draw(st.integers(0, len(words))) for words in slots]
    return [
        (sorted(words[:n]) + sorted(words[n:]), n) for words, n in zip(slots, cuts, strict=True)
    ]


@given(streams_of_slots(), st.sampled_from([1, 2]), st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_a_merge_is_what_it_says_in_any_number_of_shares(streams, parts, shares, seed):
    rng = np.random.default_rng(seed)
    row = ROW_FLOATS * parts
    table = aligned((WORDS + 1, row))
    table[:] = rng.normal(size=table.shape)
    uses = rng.uniform(0, 3, (parts, WORDS)).astype(np.float32)
    before = table.copy()
    shared = SharedTable(table, uses, len(streams))
    changed = []
    for stream, (words, whole) in enumerate(streams):
        shared.words(stream)[: len(words)] = words
        rows = shared.copy(stream, len(words), whole)
        first = 0 if parts == 1 else row // 2
        for slot, word in enumerate(words):
            begin = 0 if slot < whole else first
            np.testing.assert_array_equal(rows[slot, begin:], before[word, begin:])
            rows[slot, begin:] += rng.normal(size=row - begin)
        changed.append((rows.copy(), words, whole))
    common = aligned((1, row))
    for part in range(parts):
        unit = rng.normal(size=ROW_FLOATS)
        common[0, part * ROW_FLOATS : (part + 1) * ROW_FLOATS] = unit / np.linalg.norm(unit)
    damping = replicas.Damping(
        replicas.cut_back(len(streams)), uses, np.float32(0.3), np.float32(2), common
    )
    for share in reversed(range(shares)):
        shared.merge(damping, share, shares)
    expected = naive_merge(before, changed, uses, damping, parts)
    np.testing.assert_allclose(table, expected, rtol=1e-4, atol=1e-4)
    # links are as before: the next round finds nothing of this one
    for stream in range(len(streams)):
        shared.leave_out(stream)
    again = table.copy()
    shared.merge(damping, 0, 1)
    np.testing.assert_array_equal(table, again)


@pytest.mark.parametrize("streams", [1, 3])
def test_shares_are_as_large_as_they_can_be_and_make_no_difference(streams):
    rng = np.random.default_rng(streams)
    rows, results = 1_000, []
    chosen = [np.sort(rng.choice(rows, 300, replace=False)).astype(np.int32) for _ in range(3)]
    for shares in (1, 2, 7, 100):
        table = aligned((rows + 1, ROW_FLOATS))
        table[:] = np.random.default_rng(1).normal(size=table.shape)
        before = table.copy()
        shared = SharedTable(table, np.ones((1, rows), np.float32), streams)
        for stream, words in enumerate(chosen[:streams]):
            shared.words(stream)[:300] = words
            shared.copy(stream, 300, 300)[:] += np.float32(0.1 * (stream + 1))
        damping = replicas.Damping(
            replicas.cut_back(streams), shared.uses, np.float32(0.3), np.float32(2),
            aligned((1, ROW_FLOATS)),
        )  # fmt: skip
        changed = 0
        for share in range(shares):
            shared.merge(damping, share, shares)
            now = int((table != before).any(axis=1).sum())
            if shares == 2 and streams == 1:
                assert abs(now - changed - 150) <= 16
            changed = now
        assert changed == len(np.unique(np.concatenate(chosen[:streams])))
        results.append(table.tobytes())
    assert len(set(results)) == 1


def test_a_share_without_rows_leaves_alone_what_another_has_linked():
    rows = 10  # of a band of 16: all of it is the first share's, and the second has none
    words, sizes = np.arange(rows, dtype=np.int32)[None], np.array([[rows, rows]])
    some = replicas.Replicas(np.zeros(1, np.int64), words, sizes)
    assert [replicas._first_of(share, 2, some, rows) for share in range(3)] == [0, rows, rows]
    links, found = replicas.make_links(1, rows), np.full(rows, -1, np.int32)
    assert replicas._link(some, links, 0, rows) == rows
    replicas._find_linked(links, rows, rows, found)
    assert (found == -1).all()
    replicas._find_linked(links, 0, rows, found)
    assert found.tolist() == list(range(rows))
    assert not links.bands.any()


def test_all_words_can_have_numbers():
    slots = Slots(np.full(3, -1, np.int32), np.zeros(4, np.int32))
    ids, used = slots.number(np.array([2, 0, 1, 1], np.int32), 0)
    assert used == 3
    assert ids.tolist() == [2, 0, 1, 1]
    again, used = slots.number(ids, used)
    assert used == 3
    assert again.tolist() == [2, 0, 1, 1]


def test_numbers_are_given_in_ascending_order_and_forgotten():
    slots = Slots(np.full(10, -1, np.int32), np.zeros(11, np.int32))
    ids, used = slots.number(np.array([7, 3, 7, 0, 3, 9], np.int32), 0)
    assert used == 4
    assert slots.words[:4].tolist() == [0, 3, 7, 9]
    assert ids.tolist() == [2, 1, 2, 0, 1, 3]
    more, used = slots.number(np.array([8, 7, 1, 8], np.int32), used)
    assert used == 6
    assert slots.words[:6].tolist() == [0, 3, 7, 9, 1, 8]
    assert more.tolist() == [5, 2, 4, 5]
    slots.forget(used)
    assert (slots.of_words == -1).all()


def test_the_common_direction_is_that_of_the_weighted_sum():
    rng = np.random.default_rng(1)
    table = rng.normal(size=(8, 24)).astype(np.float32)
    rows, weights = np.array([5, 0, 2], np.int32), np.array([3, 2, 1], np.float32)
    out = np.zeros(12, np.float32)
    replicas.find_common(table, 12, rows, weights, out)
    total = weights @ table[rows, 12:]
    np.testing.assert_allclose(out, total / np.linalg.norm(total), rtol=1e-5)


def test_no_direction_is_common_to_nothing():
    table, out = np.zeros((3, 4), np.float32), np.ones(4, np.float32)
    replicas.find_common(table, 0, np.zeros(1, np.int32), np.ones(1, np.float32), out)
    assert out.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("parts", [1, 2])
def test_changes_sent_away_merge_to_the_same_bytes(parts):
    rng = np.random.default_rng(0)
    row = ROW_FLOATS * parts
    results = []
    for values in (True, False):
        rng = np.random.default_rng(0)
        table = aligned((WORDS + 1, row))
        table[:] = rng.normal(size=table.shape)
        uses = rng.uniform(0, 3, (parts, WORDS)).astype(np.float32)
        words = np.tile(np.arange(WORDS, dtype=np.int32), (3, 1))
        words[2, :40] = rng.permutation(WORDS)[:40]
        words[2, :30].sort()
        words[2, 30:40].sort()
        sizes = np.array([[WORDS, WORDS], [5, 3], [40, 30]])
        copies = [aligned((WORDS + 1, row)) for _ in range(3)]
        for stream, (slots, whole) in enumerate(sizes.tolist()):
            replicas.copy_rows(table, parts, words[stream], slots, whole, copies[stream])
            copies[stream] += rng.normal(size=table.shape).astype(np.float32)
            if not values:
                replicas.subtract_rows(table, parts, words[stream], slots, whole, copies[stream])
        common = aligned((1, row))
        common[:] = 0.1
        damping = replicas.Damping(
            replicas.cut_back(3), uses, np.float32(0.3), np.float32(2), common
        )
        some = replicas.Replicas(np.array([c.ctypes.data for c in copies]), words, sizes)
        links = replicas.make_links(3, WORDS)
        scratch = replicas.Scratch(aligned((1, row)), aligned((1, row)), np.empty(3, np.int64))
        replicas.merge(table, some, links, damping, values, scratch, 0, 1)
        results.append(table.tobytes())
    assert results[0] == results[1]
