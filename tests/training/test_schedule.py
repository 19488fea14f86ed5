"""Blocks of a run against a list of all its tokens."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from wordkin.config import SkipGram
from wordkin.training.checkpoint import Tally
from wordkin.training.schedule import Schedule


@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=7), st.integers(1, 3), st.booleans())
def test_each_epoch_has_each_token_once_in_order(lengths, epochs, held_first):
    edges = np.concatenate(([0], np.cumsum(lengths)))
    held_out = np.stack([edges[:-1], edges[1:]], axis=1)[0 if held_first else 1 :: 2]
    kept = np.ones(edges[-1], bool)
    for start, stop in held_out:
        kept[start:stop] = False
    assume(kept.any())
    config = SkipGram(epochs=epochs, alpha=0.05, min_alpha=0.01)
    schedule = Schedule(int(edges[-1]), held_out, config)
    blocks = [schedule.block(step) for step in range(schedule.steps)]
    assert schedule.tokens == kept.sum()
    assert schedule.total == kept.sum() * epochs
    done = 0
    for epoch in range(1, epochs + 1):
        own = [block for block in blocks if block.epoch == epoch]
        tokens = np.concatenate([np.arange(block.start, block.stop) for block in own])
        np.testing.assert_array_equal(tokens, np.flatnonzero(kept))
        for block in own:
            assert schedule.ends_epoch(block.step) == (block is own[-1])
            assert schedule.epoch(block.step) == epoch
            np.testing.assert_allclose(block.alpha, 0.05 - 0.04 * done / schedule.total, rtol=1e-9)
            done += block.stop - block.start
    assert [block.step for block in blocks] == list(range(schedule.steps))


def test_blocks_are_a_fiftieth_of_the_run_within_bounds():
    for tokens, epochs, size in ((10_000, 1, 10_000), (5_000_000, 1, 100_000),
                                 (10_000_000, 2, 400_000), (10**8, 5, 2**19)):  # fmt: skip
        schedule = Schedule(tokens, np.empty((0, 2), np.int64), SkipGram(epochs=epochs))
        sizes = [block.stop - block.start for block in map(schedule.block, range(schedule.steps))]
        assert 0.95 * size <= min(sizes) <= max(sizes) <= size


def test_nothing_is_counted_before_the_first_block():
    assert Tally().recent == Tally().epoch == (0, 0)
