"""How training moves vectors in Keras, on whatever backend; see test_keras_backends.py."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import ConfigError, InputError

pytest.importorskip("keras", reason="the extra keras is not installed")

from wordkin.layers import keras as layers
from wordkin.layers import keras_tuning
from wordkin.layers.keras import EmbeddingSteps, keras_layer

keras = layers.keras
N, D = 12, 4

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning"),
]


@pytest.fixture
def table():
    keras.utils.set_random_seed(0)
    matrix = np.random.default_rng(1).normal(size=(N - 2, D)).astype(np.float32)
    return wk.VectorTable.from_arrays(wk.Vocabulary([f"w{i}" for i in range(N - 2)]), matrix)


IDS = np.random.default_rng(2).integers(0, N, (32, 5)).astype(np.int32)
Y = np.random.default_rng(3).normal(size=(32, 1)).astype(np.float32)

OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.01),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.3),
    "sgd": lambda: keras.optimizers.SGD(0.1, weight_decay=0.3),
}


def model_of(layer, optimizer):
    keras.utils.set_random_seed(0)
    ids = keras.Input((5,), dtype="int32")
    x = keras.layers.Dense(1)(keras.layers.Flatten()(layer(ids)))
    model = keras.Model(ids, x)
    model.compile(optimizer, "mse")
    return model


class Rows(keras.callbacks.Callback):
    """Notes the rows after each epoch."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.seen = layer, [rows(layer)]

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(rows(self.layer))


def rows(layer):
    return layer.get_weights()[0].copy()


def fit(layer, optimizer, epochs=1, callbacks=None):
    model, noted = model_of(layer, optimizer), Rows(layer)
    callbacks = [wk.TuneEmbedding()] if callbacks is None else callbacks
    # one batch an epoch: one step
    model.fit(
        IDS, Y, batch_size=32, epochs=epochs, verbose=0, shuffle=False,
        callbacks=[*callbacks, noted],
    )  # fmt: skip
    return model, noted.seen


class TestFactor:
    @pytest.mark.parametrize(("name", "factor"), [("adam", 0.1), ("adamw", 3.0), ("sgd", 0.1)])
    def test_a_step_is_scaled_whatever_the_optimizer(self, table, name, factor):
        make = OPTIMIZERS[name]
        whole, before = keras_layer(table, trainable=True), keras_layer(table)
        scaled = keras_layer(table, trainable=True, lr_factor=factor)
        model, _ = fit(whole, make(), callbacks=[])
        other, _ = fit(scaled, make())
        moved, expected = rows(scaled) - rows(before), rows(whole) - rows(before)
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(moved, factor * expected, rtol=1e-3, atol=1e-6)
        # the rest of the model goes its own way
        for mine, theirs in zip(model.layers[-1].get_weights(), other.layers[-1].get_weights(),
                                strict=True):  # fmt: skip
            np.testing.assert_allclose(mine, theirs, atol=1e-6)

    def test_padding_stays_zero(self, table):
        layer = keras_layer(table, trainable=True, lr_factor=2.0, max_norm=0.5, mask=False)
        fit(layer, OPTIMIZERS["adamw"](), epochs=30)
        assert not rows(layer)[0].any()
        assert np.isfinite(rows(layer)).all()

    def test_a_learning_rate_can_be_changed(self, table):
        model, _ = fit(keras_layer(table, trainable=True, lr_factor=0.5), "adam")
        assert isinstance(model.optimizer, EmbeddingSteps)
        assert int(model.optimizer.iterations) == 1
        model.optimizer.learning_rate = 0.125
        assert float(model.optimizer.learning_rate) == 0.125
        assert float(model.optimizer.inner_optimizer.learning_rate) == 0.125

    def test_moving_averages_are_refused(self):
        with pytest.raises(ConfigError, match="use_ema"):
            EmbeddingSteps(keras.optimizers.SGD(0.1, use_ema=True))

    def test_half_precision_with_a_scaled_loss(self, table):
        keras.config.set_dtype_policy("mixed_float16")
        try:
            model, seen = fit(keras_layer(table, trainable="after:1", lr_factor=0.1), "sgd", 3)
        finally:
            keras.config.set_dtype_policy("float32")
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        assert isinstance(model.optimizer.inner_optimizer, EmbeddingSteps)
        assert np.array_equal(seen[0], seen[1])
        assert not np.array_equal(seen[1], seen[3])
        assert np.isfinite(seen[3]).all()


class TestThaw:
    @pytest.mark.parametrize("name", ["adamw", "sgd"])
    def test_frozen_first(self, table, name):
        layer = keras_layer(table, trainable="after:2")
        assert layer.waits
        assert not layer.trainable_weights
        _, seen = fit(layer, OPTIMIZERS[name](), epochs=4)
        assert np.array_equal(seen[0], seen[2])
        assert (seen[3] != seen[2])[2:].any()
        assert (seen[4] != seen[3])[2:].any()
        assert layer.trainable
        assert not layer.waits

    def test_what_the_optimizer_knows_is_kept(self, table):
        """The rest of the model moves as if nothing had happened to its optimizer."""
        frozen, _ = fit(keras_layer(table), keras.optimizers.Adam(0.01), epochs=2, callbacks=[])
        adam = keras.optimizers.Adam(0.01, name="steady")
        thawed, seen = fit(keras_layer(table, trainable="after:1"), adam, epochs=2)
        # the second step is made for the same rows still, so the dense layer has the same gradient
        assert np.array_equal(seen[0], seen[1])
        for mine, theirs in zip(frozen.layers[-1].get_weights(), thawed.layers[-1].get_weights(),
                                strict=True):  # fmt: skip
            np.testing.assert_allclose(mine, theirs, atol=1e-6)
        assert int(thawed.optimizer.iterations) == 2
        assert thawed.optimizer.name == "steady"

    def test_epochs_of_several_fits_add_up(self, table):
        layer, tune = keras_layer(table, trainable="after:2"), wk.TuneEmbedding()
        model, before = model_of(layer, "sgd"), rows(layer)
        for done in range(3):
            model.fit(IDS, Y, batch_size=32, verbose=0, callbacks=[tune])
            assert np.array_equal(rows(layer), before) == (done < 2)

    def test_in_the_middle_of_a_schedule(self, table):
        layer = keras_layer(table, trainable="after:2")
        model, before = model_of(layer, "sgd"), rows(layer)
        model.fit(IDS, Y, epochs=3, initial_epoch=2, verbose=0, callbacks=[wk.TuneEmbedding()])
        assert not np.array_equal(rows(layer), before)

    # pytest.warns hands on all other warnings, those too that the backends' own filters silence
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_without_the_callback_it_stays_frozen_and_says_so(self, table):
        layer = keras_layer(table, trainable="after:1")
        with pytest.warns(UserWarning, match="callbacks=.wordkin.TuneEmbedding"):
            _, seen = fit(layer, "sgd", epochs=3, callbacks=[])
        assert np.array_equal(seen[0], seen[3])

    def test_a_model_without_such_a_layer(self, table):
        for layer in (keras_layer(table), keras.layers.Embedding(N, D)):
            with pytest.raises(InputError, match="no layer to tune"):
                fit(layer, "sgd")

    @pytest.mark.parametrize(("optimizer", "factor"), [("adam", 1.0), ("adam", 0.1)])
    def test_saved_and_gone_on_with(self, table, tmp_path, optimizer, factor):
        layer = keras_layer(table, trainable="after:1", lr_factor=factor)
        model, _ = fit(layer, optimizer, epochs=2)
        model.save(tmp_path / "m.keras")
        again = layers.load_model(tmp_path / "m.keras")
        (loaded,) = keras_tuning.word_embeddings(again)
        assert loaded.trainable
        assert loaded.lr_factor == factor
        assert loaded.frozen_epochs == 1
        assert type(again.optimizer) is type(model.optimizer)
        for one in (model, again):
            one.fit(IDS, Y, batch_size=32, verbose=0, shuffle=False)
        np.testing.assert_allclose(rows(loaded), rows(layer), atol=1e-6)

    def test_saved_while_it_waits(self, table, tmp_path):
        model, _ = fit(keras_layer(table, trainable="after:2"), "sgd", epochs=1)
        model.save(tmp_path / "m.keras")
        (loaded,) = keras_tuning.word_embeddings(layers.load_model(tmp_path / "m.keras"))
        assert loaded.waits

    def test_deep_inside(self, table):
        layer = keras_layer(table, trainable="after:1")
        ids = keras.Input((5,), dtype="int32")
        inner = keras.Model(ids, keras.layers.Flatten()(layer(ids)))
        outer = keras.Sequential([keras.Input((5,), dtype="int32"), inner, keras.layers.Dense(1)])
        outer.compile("sgd", "mse")
        before = rows(layer)
        outer.fit(IDS, Y, epochs=2, verbose=0, callbacks=[wk.TuneEmbedding()])
        assert not np.array_equal(rows(layer), before)


def test_a_loop_of_ones_own(table):
    """EmbeddingSteps as any other optimizer: `apply` with gradients."""
    layer = keras_layer(table, trainable=True)
    layer.embeddings.wordkin_lr_factor = 0.5
    steps = EmbeddingSteps(keras.optimizers.SGD(1.0))
    steps.build(layer.trainable_variables)
    before = rows(layer)
    steps.apply([keras.ops.ones((N, D))], layer.trainable_variables)
    np.testing.assert_allclose(rows(layer), before - 0.5, atol=1e-6)


def test_examples():
    assert doctest.testmod(keras_tuning).failed == 0
