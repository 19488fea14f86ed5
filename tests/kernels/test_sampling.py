"""The laws that kernels draw by."""

from __future__ import annotations

import heapq

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twins.word2vec import SplitMix64

from wordkin.kernels import next_random, seed_state
from wordkin.kernels.sampling import (
    Span,
    Text,
    begin,
    draw_noise,
    draw_noises,
    fill,
    keep_thresholds,
    make_buffer,
    make_noise,
    make_text,
    make_tree,
    with_stream,
)
from wordkin.kernels.word2vec import Rule

COUNTS = st.lists(st.integers(1, 10**6), min_size=2, max_size=200).map(
    lambda counts: np.array(sorted(counts, reverse=True))
)


def test_the_generator_equals_its_definition():
    state = seed_state(1, 2)
    naive = SplitMix64(state[0])
    assert [int(next_random(state)) for _ in range(5)] == [naive.bits() for _ in range(5)]


@given(COUNTS, st.sampled_from([0.75, 1.0, 0.0, -0.5]))
@settings(max_examples=50, deadline=None)
def test_the_alias_table_holds_the_law_exactly(counts, exponent):
    noise = make_noise(counts, exponent)
    kept = noise.threshold / 2**32
    law = kept.copy()
    np.add.at(law, noise.alias, 1 - kept)
    expected = counts.astype(float) ** exponent
    np.testing.assert_allclose(law / len(law), expected / expected.sum(), rtol=1e-6, atol=1e-9)


def test_draws_follow_the_law():
    noise = make_noise(np.array([100, 10, 1]), 1.0)
    state = seed_state(3)
    drawn = np.bincount([draw_noise(noise, state) for _ in range(20_000)]) / 20_000
    np.testing.assert_allclose(drawn, np.array([100, 10, 1]) / 111, atol=0.01)


@given(COUNTS, st.sampled_from([0.75, 1.0, 0.0, -0.5]))
@settings(max_examples=30, deadline=None)
def test_the_stream_holds_the_law_to_the_next_whole_number(counts, exponent):
    stream = with_stream(make_noise(counts, exponent), counts, exponent).stream
    assert len(stream) >= 1 << 16
    expected = counts.astype(float) ** exponent
    expected *= len(stream) / expected.sum()
    assert np.abs(np.bincount(stream, minlength=len(counts)) - expected).max() <= 1.0 + 1e-6


def test_the_stream_is_shuffled_and_read_in_order_from_anywhere():
    counts = np.array([100, 10, 1])
    noise = with_stream(make_noise(counts, 1.0), counts, 1.0)
    pieces = np.array_split(noise.stream, 16)
    share = [np.bincount(piece, minlength=3) / len(piece) for piece in pieces]
    np.testing.assert_allclose(share, np.tile(counts / 111, (16, 1)), atol=0.03)
    naive = SplitMix64(seed_state(4)[0])
    out, state = np.zeros(500, np.int32), seed_state(4)
    draw_noises(noise, state, 500, out)
    start = (naive.bits() >> 32) * (len(noise.stream) - 500) >> 32
    np.testing.assert_array_equal(out, noise.stream[start : start + 500])


def test_without_a_stream_each_word_is_drawn():
    noise = make_noise(np.array([3, 2, 1]), 1.0)
    out, state, again = np.zeros(50, np.int32), seed_state(4), seed_state(4)
    draw_noises(noise, state, 50, out)
    assert out.tolist() == [draw_noise(noise, again) for _ in range(50)]


def test_too_many_words_have_no_stream():
    counts = np.ones(600_000, np.int64)
    assert len(with_stream(make_noise(counts, 1.0), counts, 1.0).stream) == 0


def test_keep_thresholds_are_those_of_word2vec():
    counts = np.array([50_000, 1_000, 10, 1])
    sample = 1e-3
    share = counts / counts.sum()
    expected = np.minimum(np.sqrt(sample / share) + sample / share, 1)
    np.testing.assert_allclose(keep_thresholds(counts, sample) / 2**32, expected, rtol=1e-6)
    assert (keep_thresholds(counts, 0) == 2**32).all()


@given(COUNTS)
@settings(max_examples=50, deadline=None)
def test_the_tree_is_a_huffman_code(counts):
    tree = make_tree(counts)
    lengths = np.diff(tree.starts)
    assert (2.0**-lengths).sum() == pytest.approx(1.0)
    assert tree.nodes.min() >= 0
    assert tree.nodes.max() == len(counts) - 2
    codes = {tuple(tree.turns[tree.starts[w] : tree.starts[w + 1]]) for w in range(len(counts))}
    assert len(codes) == len(counts)
    heap = [int(c) for c in counts]
    heapq.heapify(heap)
    cost = 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        cost += both
        heapq.heappush(heap, both)
    assert (lengths * counts).sum() == cost


@numba.njit
def read(text, span, buffer, rule, state):
    """What kernels do first; Python can't call these two."""
    begin(text, span, buffer)
    return fill(text, span.stop, buffer, np.int64(0), rule, state)


@pytest.mark.parametrize("sample", [0, 1e-3, 0.5])
def test_only_frequent_words_are_looked_up_and_the_same_tokens_stay(sample):
    rng = np.random.default_rng(3)
    ids = rng.integers(0, 50, 800).astype(np.int32)
    counts = np.sort(rng.integers(1, 10_000, 50))[::-1].copy()
    keep = keep_thresholds(counts, sample)
    starts = np.array([0, 300, 800])
    kept = []
    for text in (Text(ids, starts, keep), make_text(ids, starts, keep)):
        buffer, rule = make_buffer(5), Rule(5, True, 5, np.float32(0.05))
        n = read(text, Span(0, 800), buffer, rule, seed_state(1))
        kept.append([array[:n].tolist() for array in (buffer.words, buffer.places, buffer.reaches)])
    assert kept[0] == kept[1]
    assert make_text(ids, starts, keep).thinned <= np.sum(keep < 2**32)
