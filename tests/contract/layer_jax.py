"""Plain JAX, as the contract of layers sees it, and what only JAX promises."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from contract import layer_adapters
from contract.layer_adapters import DECAY, RATE, STEPS, Heads

from wordkin import WordVectors
from wordkin.errors import ConfigError
from wordkin.layers.jax import jax_rows, load, lookup, mask, masked_mean, save
from wordkin.vectors.importing import from_rows

OPTIMIZERS = {
    "adam": lambda: optax.adamw(RATE, weight_decay=DECAY),
    "sgd": lambda: optax.chain(optax.add_decayed_weights(DECAY), optax.sgd(RATE, momentum=0.9)),
}


class Plain:
    """Rows and words as one object, which JAX does not need."""

    def __init__(self, rows, vocabulary, *, trains=False):
        self.rows, self.vocabulary, self.trains = rows, vocabulary, trains

    def __call__(self, ids):
        return lookup(self.rows, ids)


class Adapter(layer_adapters.Adapter):
    modules = ("jax",)
    refuses_training = True
    lookup_takes_max_norm = True

    def make(self, vectors, *args, **options):
        return Plain(*jax_rows(vectors, *args, **options))

    def trained_as(self, make, trainable, **options):
        layer = make(**options)
        layer.trains = trainable
        return layer

    def tensor(self, ids):
        return jnp.asarray(ids)

    def compiled(self, layer):
        step = jax.jit(lookup)
        return lambda ids: step(layer.rows, ids)

    def rows(self, layer):
        return np.array(layer.rows["weight"])

    def nbytes(self, layer):
        return layer.rows["weight"].nbytes

    def vectors(self, layer):
        table = layer.rows["weight"] * layer.rows.get("scales", 1)
        return from_rows(table, layer.vocabulary)

    def train(self, layer, ids, y, *, head, optimizer):
        heads = Heads(layer.rows["weight"].shape[1], ids.shape[1], jnp.einsum)
        params = {"head": heads.weights[head], **({"words": layer.rows} if layer.trains else {})}
        made = OPTIMIZERS[optimizer]()

        def loss(params):
            x = lookup(params.get("words", layer.rows), ids)
            return ((heads.apply(head, x, params["head"]) - y[:, 0]) ** 2).mean()

        @jax.jit
        def step(params, state):
            updates, state = made.update(jax.grad(loss)(params), state, params)
            return optax.apply_updates(params, updates), state

        state = made.init(params)
        for _ in range(STEPS):
            params, state = step(params, state)
        layer.rows = params.get("words", layer.rows)

    def save(self, layer, path):
        save(path, layer.rows, layer.vocabulary)

    def load(self, path):
        return Plain(*load(path))


IDS = np.array([[2, 3, 0], [4, 0, 0], [0, 0, 0]], np.int32)


@pytest.fixture
def rows(vectors):
    return jax_rows(vectors)[0]


@pytest.mark.parametrize("option", [{"trainable": True}, {"max_norm": 1.0}])
def test_what_arrays_cannot_keep_is_refused(vectors, option):
    with pytest.raises(ValueError, match="Plain arrays can't keep"):
        jax_rows(vectors, **option)


def test_max_norm(rows):
    plain = np.asarray(lookup(rows, IDS))
    limit = float(np.median(np.linalg.norm(plain[plain.any(axis=-1)], axis=-1)))
    found = np.asarray(lookup(rows, IDS, max_norm=limit))
    lengths = np.linalg.norm(plain, axis=-1, keepdims=True)
    assert np.allclose(found, plain * np.minimum(1, limit / np.maximum(lengths, 1e-9)), rtol=1e-6)
    zeros = {"weight": jnp.zeros((5, 4))}
    slope = jax.grad(lambda rows: lookup(rows, IDS, max_norm=0.1).sum())(zeros)
    assert np.isfinite(slope["weight"]).all()


def test_vmap_and_grad(rows):
    def loss(rows, ids):
        return lookup(rows, ids).sum()

    found = jax.vmap(jax.grad(loss), in_axes=(None, 0))(rows, jnp.array([[2, 0], [3, 99]]))
    touched = np.argwhere(np.asarray(found["weight"])[:, :, 0])
    assert touched.tolist() == [[0, 2], [1, 1], [1, 3]]


def test_the_mean_leaves_padding_out(rows):
    x = lookup(rows, IDS)
    mean = np.asarray(masked_mean(x, mask(IDS)))
    assert np.allclose(mean[0], np.asarray(x[0, :2]).mean(axis=0), atol=1e-6)
    assert np.array_equal(mean[1], x[1, 0])
    assert not mean[2].any()


def test_double_precision_has_to_be_switched_on(vectors):
    with pytest.raises(ValueError, match="JAX_ENABLE_X64"):
        jax_rows(vectors, dtype="float64")
    with jax.enable_x64(True):
        rows, _ = jax_rows(vectors, dtype="float64")
        assert lookup(rows, IDS).dtype == "float64"


def test_a_file_with_the_wrong_words_is_not_written(vectors, rows, tmp_path):
    with pytest.raises(ValueError, match="There are 12 rows"):
        save(tmp_path / "a.safetensors", rows, vectors.limit(3).vocabulary)
    assert not list(tmp_path.iterdir())
    WordVectors(["a"], [[1.0]]).save(tmp_path / "vectors.safetensors")
    with pytest.raises(ValueError, match="no layer of word vectors"):
        load(tmp_path / "vectors.safetensors")


@pytest.mark.parametrize("dtype", ["float31", "int8", "float64"])
def test_a_file_is_not_loaded_as_something_else(vectors, rows, tmp_path, dtype):
    save(tmp_path / "a.safetensors", rows, jax_rows(vectors)[1])
    with pytest.raises(ConfigError, match=f"dtype must be one of .* got '{dtype}'"):
        load(tmp_path / "a.safetensors", dtype)
    assert load(tmp_path / "a.safetensors", "bfloat16")[0]["weight"].dtype == "bfloat16"
