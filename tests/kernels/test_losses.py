"""Each loss against its formula, by the gradient and by what it learns."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin.kernels import losses, seed_state
from wordkin.kernels.word2vec import Rule

WORDS, NEGATIVE = 12, 4
DIMENSIONS = 16  # rows are whole cache lines
COUNTS = np.array([50, 40, 30, 25, 20, 16, 12, 9, 7, 5, 3, 2], np.int64)
ALPHA = np.float32(1e-3)


class Draws:
    """Replays what a kernel drew: its noise words, in order."""

    def __init__(self, law, seed):
        from twins.word2vec import SplitMix64

        random = SplitMix64(seed_state(seed)[0])
        self.words = [random.noise(law) for _ in range(NEGATIVE)]


def formula(loss, x, out, centre, drawn, log_expected):
    """The loss as a function of x and the output rows, in float64, straight from the papers."""
    scores = out @ x
    if loss == "softmax":
        return np.log(np.exp(scores).sum()) - scores[centre]
    shifted = scores - log_expected
    if loss == "sampled-softmax":
        among = [centre] + [w for w in drawn if w != centre]
        return np.log(np.exp(shifted[among]).sum()) - shifted[centre]
    if loss == "nce":
        shifted = shifted - np.log(WORDS)
        noise = np.logaddexp(0, shifted[drawn]).sum()
        return np.logaddexp(0, -shifted[centre]) + noise
    noise = sum(np.logaddexp(0, scores[w]) for w in drawn if w != centre)
    return np.logaddexp(0, -scores[centre]) + noise


def slope(function, at):
    """The gradient by central differences."""
    out = np.zeros_like(at)
    for i in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[i] = 1e-6
        out[i] = (function(at + step) - function(at - step)) / 2e-6
    return out


@pytest.mark.parametrize("loss", ["softmax", "sampled-softmax", "nce", "negative-sampling"])
@pytest.mark.parametrize("seed", range(4))
def test_each_loss_goes_down_its_slope(loss, seed):
    rng = np.random.default_rng(seed)
    law = losses.make_law(loss, COUNTS, 0.75, NEGATIVE)
    share = COUNTS**0.75 / (COUNTS**0.75).sum()
    np.testing.assert_allclose(law.log_expected, np.log(NEGATIVE * share), rtol=1e-5)
    output = np.zeros((WORDS + 1, DIMENSIONS), np.float32)
    output[:-1] = rng.normal(size=(WORDS, DIMENSIONS))
    x = (0.6 * rng.normal(size=DIMENSIONS)).astype(np.float32)
    before, centre, change = output.astype(np.float64), int(rng.integers(WORDS)), x * 0
    drawn = Draws(law, seed).words
    rule = Rule(2, False, NEGATIVE, ALPHA)
    told = losses.predictor(loss)(output, x, centre, law, rule, seed_state(seed), change)

    def value(x, out):
        return formula(loss, x, out, centre, drawn, law.log_expected.astype(np.float64))

    rows = before[:-1]
    assert told == pytest.approx(value(x.astype(np.float64), rows), rel=1e-3)
    along_x = slope(lambda at: value(at, rows), x.astype(np.float64))
    along_rows = slope(lambda at: value(x.astype(np.float64), at), rows)
    np.testing.assert_allclose(change / ALPHA, -along_x, atol=1e-2)
    np.testing.assert_allclose((output[:-1] - rows) / ALPHA, -along_rows, atol=1e-2)
    assert not output[-1].any()


@pytest.mark.parametrize("loss", ["softmax", "sampled-softmax", "nce", "hierarchical-softmax"])
def test_each_loss_learns_the_law_that_it_is_shown(loss):
    """One context, whose words come by a known law: p must become that law, in KL divergence."""
    rng = np.random.default_rng(1)
    truth = rng.dirichlet(np.ones(WORDS))
    law = losses.make_law(loss, COUNTS, 0.75, 8)
    output = np.zeros((WORDS + 1, DIMENSIONS), np.float32)
    x = (np.arange(DIMENSIONS) < 6).astype(np.float32)
    predict, state = losses.predictor(loss), seed_state(2)
    for step, word in enumerate(rng.choice(WORDS, 30_000, p=truth)):
        rule = Rule(2, False, 8, np.float32(0.05 / (1 + step / 1000)))
        predict(output, x, int(word), law, rule, state, np.zeros_like(x))
    if loss == "hierarchical-softmax":
        p = np.ones(WORDS)
        for word in range(WORDS):
            path = slice(law.starts[word], law.starts[word + 1])
            right = 1 / (1 + np.exp(-(output[law.nodes[path]] @ x)))
            p[word] = np.prod(np.where(law.turns[path] == 0, right, 1 - right))
    else:
        p = np.exp(output[:-1] @ x)
        if loss == "nce":  # normalised by itself
            assert p.sum() / WORDS == pytest.approx(1, abs=0.1)
        p /= p.sum()
    assert p.sum() == pytest.approx(1, abs=1e-5)
    assert (truth * np.log(truth / p)).sum() < 0.01
