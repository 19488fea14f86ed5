"""`check_padding` beyond Keras, which tests/contract/test_keras_heads.py tries."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import InputError
from wordkin.layers import padding

TABLE = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
TABLE[0] = 0


def test_functions():
    def pooled(ids, mask):
        words = np.maximum(mask.sum(axis=1, keepdims=True), 1)
        return (TABLE[ids] * mask[..., None]).sum(axis=1) / words

    assert wk.check_padding(lambda ids: pooled(ids, ids > 0), n_rows=9)
    report = wk.check_padding(lambda ids: pooled(ids, ids >= 0), n_rows=9)
    assert not report
    assert report.amount == 24
    assert report.layer is None
    assert "Pool with a mask" in str(report)


def test_each_side_by_itself():
    def last_word_seen(ids):
        state = np.zeros((len(ids), 4), np.float32)
        for column in ids.T:
            state = np.where((column > 0)[:, None], 0.5 * state + TABLE[column], state * 0.5)
        return state

    assert wk.check_padding(last_word_seen, n_rows=9, side="left")
    assert not wk.check_padding(last_word_seen, n_rows=9)


@pytest.mark.parametrize("amounts", [(), (0,), (-1,), (1, 1.5), ("a",), 5, (True,)])
def test_no_padding_shows_nothing(amounts):
    with pytest.raises(InputError, match="amounts must be whole numbers from 1"):
        wk.check_padding(lambda ids: TABLE[ids].mean(axis=1), n_rows=9, amounts=amounts)
    assert not wk.check_padding(
        lambda ids: TABLE[ids].mean(axis=1), n_rows=9, amounts=np.array([1, 3])
    )


class TestTorch:
    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch")

    @pytest.fixture
    def model(self, torch):
        class Mean(torch.nn.Module):
            def forward(self, vectors):
                return vectors.mean(dim=1)

        return torch.nn.Sequential(
            torch.nn.Embedding(9, 4, padding_idx=0), torch.nn.Dropout(0.5), Mean()
        )

    def test_the_part_that_lets_it_in(self, model):
        model.train()
        model[0].eval()
        report = wk.check_padding(model)
        assert not report
        assert report.layer == "2"
        assert [part.training for part in model] == [False, True, True]
        assert not any(part._forward_hooks for part in model)

    def test_ours(self, torch):
        from wordkin.layers.torch import masked_mean

        layer = wk.WordVectors(list("abcdefg"), TABLE[2:]).to_torch()

        class Classifier(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.embed, self.out = layer, torch.nn.Linear(4, 2)

            def forward(self, ids):
                return self.out(masked_mean(self.embed(ids), ids != 0))

        assert wk.check_padding(Classifier())
        assert wk.check_padding(Classifier(), side="left")


def test_jax():
    jax = pytest.importorskip("jax")
    table = jax.numpy.asarray(TABLE)
    assert wk.check_padding(jax.jit(lambda ids: table[ids].sum(axis=1)), n_rows=9)
    assert not wk.check_padding(jax.jit(lambda ids: table[ids].mean(axis=1)), n_rows=9)


def test_examples():
    assert doctest.testmod(padding).failed == 0
