"""Flax NNX, as the contract of layers sees it, and what only Flax promises."""

from __future__ import annotations

import importlib.util

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from contract import layer_adapters
from contract.layer_adapters import STEPS, Heads
from contract.layer_jax import OPTIMIZERS
from flax import nnx

from wordkin.layers.flax import WordEmbedding, WordRows, scale_words
from wordkin.vectors.importing import from_rows


class Net(nnx.Module):
    def __init__(self, layer, heads, head):
        self.words, self.heads, self.head = layer, heads, head
        self.weights = nnx.List([nnx.Param(jnp.asarray(w)) for w in heads.weights[head]])

    def __call__(self, ids):
        weights = [w[...] for w in self.weights]
        return self.heads.apply(self.head, self.words(ids), weights)


class Adapter(layer_adapters.Adapter):
    modules = ("flax", "jax")

    def make(self, vectors, *args, **options):
        return vectors.to_jax(*args, **options)

    def tensor(self, ids):
        return jnp.asarray(ids)

    def compiled(self, layer):
        step = nnx.jit(lambda layer, ids: layer(ids))
        return lambda ids: step(layer, ids)

    def rows(self, layer):
        return np.array(layer.arrays["weight"])

    def nbytes(self, layer):
        return layer.arrays["weight"].nbytes

    def trains(self, layer):
        return "weight" in nnx.state(layer, nnx.Param)

    def vectors(self, layer):
        return from_rows(layer.arrays["weight"] * layer.arrays.get("scales", 1), layer.vocabulary)

    def train(self, layer, ids, y, *, head, optimizer):
        heads = Heads(layer.arrays["weight"].shape[1], ids.shape[1], jnp.einsum)
        model = Net(layer, heads, head)
        made = nnx.Optimizer(model, OPTIMIZERS[optimizer](), wrt=nnx.Param)
        for _ in range(STEPS):
            step(model, made, jnp.asarray(ids), y)

    def save(self, layer, path):
        layer.save(path)

    def load(self, path):
        return WordEmbedding.load(path)


@nnx.jit
def step(model, optimizer, ids, y):
    def loss(model):
        return ((model(ids) - y[:, 0]) ** 2).mean()

    optimizer.update(model, nnx.grad(loss)(model))


IDS = jnp.array([[2, 3, 0], [4, 0, 0]])


@pytest.fixture
def layer(vectors):
    return vectors.to_jax(trainable=True)


def test_a_state_carries_the_words(layer, vectors):
    other = vectors.select(vectors.index_to_key[::-1]).to_jax(trainable=True)
    assert other.vocabulary != layer.vocabulary
    nnx.update(other, nnx.state(layer))
    assert other.vocabulary == layer.vocabulary
    assert np.array_equal(other(IDS), layer(IDS))


def test_a_copy_has_the_words(layer):
    graph, state = nnx.split(layer)
    for again in (nnx.clone(layer), nnx.merge(graph, state)):
        assert again.vocabulary == layer.vocabulary
        assert np.array_equal(again(IDS), layer(IDS))


def test_a_step_is_compiled_once(layer):
    traces = []

    @nnx.jit
    def step(layer, ids):
        traces.append(1)
        return layer(ids)

    for _ in range(3):
        step(layer, IDS)
        assert layer.vocabulary.n_rows == layer.n_rows
    assert len(traces) == 1


def test_a_thawed_layer_is_trained(vectors):
    layer = vectors.to_jax(trainable="after:1")
    heads = Heads(4, 3, jnp.einsum)
    model = Net(layer, heads, "flatten")
    y = np.ones((2, 1), np.float32)
    before = np.array(layer.arrays["weight"])
    trains = None
    for epoch in range(2):
        if layer.begin_epoch(epoch) != trains:
            trains = isinstance(layer.weight, WordRows)
            optimizer = nnx.Optimizer(model, optax.adamw(0.1), wrt=nnx.Param)
        step(model, optimizer, IDS, y)
        assert np.array_equal(layer.arrays["weight"], before) == (epoch == 0)


@pytest.mark.parametrize("factor", [None, 0.5])
def test_vectors_move_by_a_factor_less(vectors, factor):
    layer = vectors.to_jax(trainable=True, lr_factor=0.1)
    model = Net(layer, Heads(4, 3, jnp.einsum), "flatten")
    before, weight = np.array(layer.arrays["weight"]), np.array(model.weights[0][...])
    steps = optax.chain(optax.adam(0.01), scale_words(model, factor))
    step(model, nnx.Optimizer(model, steps, wrt=nnx.Param), IDS, np.ones((2, 1), np.float32))
    moved = np.abs(np.asarray(layer.arrays["weight"]) - before)
    assert np.allclose(moved[2:5], 0.01 * (factor or 0.1), rtol=1e-3)
    assert np.allclose(np.abs(model.weights[0][...] - weight)[:2], 0.01, rtol=1e-3)


def test_no_vectors_to_scale(vectors):
    with pytest.raises(ValueError, match="No word vectors"):
        scale_words(vectors.to_jax())


def test_the_mask(layer):
    assert layer.mask(IDS).tolist() == [[True, True, False], [True, False, False]]


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("options", [{}, {"quantized": "int8"}])
def test_one_file_for_pytorch_and_jax(vectors, tmp_path, options):
    import torch
    from safetensors.torch import load_file, save_file

    from wordkin.layers.torch import WordEmbedding as TorchEmbedding

    ids = np.arange(12, dtype=np.int32)
    ours, theirs = vectors.to_jax(**options), vectors.to_torch(max_norm=0.5, **options)
    ours.save(tmp_path / "a.safetensors")
    there = TorchEmbedding.from_state(load_file(tmp_path / "a.safetensors"))
    assert np.array_equal(there(torch.from_numpy(ids)).detach().numpy(), ours(ids))
    assert there.vocabulary == ours.vocabulary
    save_file(theirs.state_dict(), tmp_path / "b.safetensors")
    here = WordEmbedding.load(tmp_path / "b.safetensors")
    assert np.allclose(here(ids), theirs(torch.from_numpy(ids)).detach().numpy(), atol=1e-7)
    save_file(theirs.bfloat16().state_dict(), tmp_path / "c.safetensors")
    with pytest.raises(ValueError, match=r"layer\.float"):
        WordEmbedding.load(tmp_path / "c.safetensors")
