"""Heads, padding and the way back in Keras, on whatever backend; see test_keras_backends.py."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import ConfigError, InputError

pytest.importorskip("keras", reason="the extra keras is not installed")

from wordkin.layers import keras as layers
from wordkin.layers import keras_heads, keras_pooling
from wordkin.layers.keras import keras_layer, text_classifier
from wordkin.layers.keras_heads import head_layers
from wordkin.layers.keras_pooling import AttentionOverWords, MaxOfWords, MeanOfWords, WindowsOfWords

keras = layers.keras
ops = keras.ops
N, D = 22, 6
HEADS = ("mean", "max", "attention", "cnn", "gru", "lstm")

pytestmark = [
    # what is tried here on purpose: layers that drop the mask
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning"),
]


@pytest.fixture(autouse=True)
def fresh_keras():
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def table():
    matrix = np.random.default_rng(1).normal(size=(N - 2, D)).astype(np.float32)
    return wk.VectorTable.from_arrays(wk.Vocabulary([f"w{i}" for i in range(N - 2)]), matrix)


@pytest.fixture
def layer(table):
    return keras_layer(table)


def model_of(layer, *parts, out=3):
    ids = keras.Input((None,), dtype="int32")
    x = layer(ids)
    for part in parts:
        x = part(x)
    return keras.Model(ids, keras.layers.Dense(out)(x))


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


def texts(seed=5, n=6):
    """Texts of 1 to 11 words, and none."""
    random = np.random.default_rng(seed)
    ids = random.integers(1, N, (n, 11)).astype(np.int32)
    for row, length in zip(ids, [0, 1, 11, *random.integers(1, 11, n - 3)], strict=True):
        row[length:] = 0
    return ids


@pytest.mark.parametrize("head", HEADS)
class TestHeads:
    def test_the_amount_of_padding_behind_makes_no_difference(self, layer, head):
        model = model_of(layer, *head_layers(head))
        ids = texts()
        whole = numpy(model(ids))
        assert np.isfinite(whole).all()
        assert np.ptp(whole, axis=0).min() > 1e-3
        for amount in (1, 4, 25):
            more = np.pad(ids, ((0, 0), (0, amount)))
            np.testing.assert_allclose(numpy(model(more)), whole, atol=2e-5)
        for row, expected in zip(ids[1:3], whole[1:3], strict=True):
            alone = row[row > 0][None]
            np.testing.assert_allclose(numpy(model(alone))[0], expected, atol=2e-5)
        assert wk.check_padding(model, texts(9))

    def test_padding_in_front(self, layer, head):
        if head == "cnn":
            pytest.skip("padding in front moves the borders of pools")
        model = model_of(layer, *head_layers(head))
        assert wk.check_padding(model, side="left")

    def test_through_fit_and_predict(self, layer, head):
        """Compiled, too; and what trained on one amount says the same with another."""
        model = text_classifier(layer, 2, head=head, hidden=8)
        ids = texts(n=16)
        model.fit(ids, np.arange(16) % 2, batch_size=16, epochs=2, verbose=0)
        few = model.predict(ids, verbose=0)
        many = model.predict(np.pad(ids, ((0, 0), (0, 7))), verbose=0)
        assert np.isfinite(few).all()
        np.testing.assert_allclose(few, many, atol=2e-5)

    def test_nothing_but_empty_texts(self, layer, head):
        model = model_of(layer, *head_layers(head))
        empty = numpy(model(texts()))[:1]
        for nothing in ([""], ["", "?"], [[], []]):
            ids = layer.vocabulary.encode_batch(nothing, unknown="drop")
            for found in (numpy(model(ids)), model.predict(ids, verbose=0)):
                np.testing.assert_allclose(found, np.repeat(empty, len(nothing), axis=0), atol=1e-6)

    def test_saved(self, layer, head, tmp_path):
        model = model_of(layer, *head_layers(head, filters=7, width=3))
        model.save(tmp_path / "m.keras")
        again = layers.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose(numpy(again(texts())), numpy(model(texts())), atol=1e-6)


@pytest.mark.parametrize("head", ["max", "attention", "cnn"])
def test_half_precision(table, head):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = model_of(keras_layer(table), *head_layers(head, filters=8))
    found = numpy(ops.cast(model(texts()), "float32"))
    assert np.isfinite(found).all()


def test_no_such_head():
    with pytest.raises(ConfigError, match="'attention'"):
        head_layers("best")


class TestPooling:
    @pytest.fixture
    def vectors(self):
        return np.random.default_rng(7).normal(size=(2, 5, 3)).astype(np.float32) - 3

    MASK = np.array([[True, True, False, True, False], [False] * 5])

    def test_max(self, vectors):
        found = numpy(MaxOfWords()(vectors, mask=self.MASK))
        np.testing.assert_array_equal(found[0], vectors[0][self.MASK[0]].max(axis=0))
        assert not found[1].any()
        np.testing.assert_array_equal(numpy(MaxOfWords()(vectors)), vectors.max(axis=1))

    def test_mean(self, vectors):
        found = numpy(MeanOfWords()(vectors, mask=self.MASK))
        np.testing.assert_allclose(found[0], vectors[0][self.MASK[0]].mean(axis=0), rtol=1e-6)
        assert not found[1].any()

    def test_attention_is_the_formula(self, vectors):
        layer = AttentionOverWords(4)
        found = numpy(layer(vectors, mask=self.MASK))
        w, b, u = (weight.astype(np.float64) for weight in layer.get_weights())
        words = vectors[0][self.MASK[0]].astype(np.float64)
        scores = np.exp(np.tanh(words @ w + b) @ u)
        np.testing.assert_allclose(found[0], (scores * words).sum(0) / scores.sum(), rtol=1e-5)
        assert not found[1].any()

    def test_windows_are_a_convolution(self, vectors):
        layer = WindowsOfWords(2, 3)
        found = numpy(layer(vectors, mask=self.MASK))
        kernel, bias = layer.get_weights()
        seen = np.pad(vectors * self.MASK[..., None], ((0, 0), (1, 1), (0, 0)))
        expected = np.stack([
            np.maximum(np.einsum("bwd,wdf->bf", seen[:, i : i + 3], kernel) + bias, 0)
            for i in range(5)
        ], axis=1) * self.MASK[..., None]  # fmt: skip
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert layer.compute_output_shape((2, 5, 3)) == found.shape

    def test_pools_of_windows(self, vectors):
        plain, pooled = WindowsOfWords(2, 3), WindowsOfWords(2, 3, pool=2)
        plain.build(vectors.shape)
        pooled.build(vectors.shape)
        pooled.set_weights(plain.get_weights())
        each = numpy(plain(vectors, mask=self.MASK))
        found = numpy(pooled(vectors, mask=self.MASK))
        expected = [each[:, :2].max(1), each[:, 2:4].max(1), each[:, 4]]
        np.testing.assert_allclose(found, np.stack(expected, axis=1), atol=1e-6)
        mask = numpy(pooled.compute_mask(vectors, ops.convert_to_tensor(self.MASK)))
        assert mask.tolist() == [[True, True, False], [False] * 3]
        assert pooled.compute_output_shape((2, 5, 3)) == found.shape
        assert pooled.compute_output_shape((None, None, 3)) == (None, None, 2)


class TestCheckPadding:
    def test_a_mean_that_counts_padding(self, table):
        model = model_of(keras_layer(table, mask=False), keras.layers.GlobalAveragePooling1D())
        report = wk.check_padding(model)
        assert not report
        assert report.layer.startswith("global_average_pooling1d")
        assert report.difference > 0.1
        assert "global_average_pooling1d" in str(report)

    def test_a_row_of_padding_that_is_not_zero(self):
        parts = keras.layers.Conv1D(8, 3, padding="same"), keras.layers.GlobalMaxPooling1D()
        model = model_of(keras.layers.Embedding(N, D), *parts)
        report = wk.check_padding(model)
        assert not report
        assert report.layer.startswith("conv1d")

    def test_a_state_that_fades(self, table):
        recurrent = keras.layers.GRU(4)
        assert wk.check_padding(model_of(keras_layer(table), recurrent))
        # the same layer in another model
        report = wk.check_padding(model_of(keras_layer(table, mask=False), recurrent))
        assert not report
        assert report.layer == recurrent.name

    def test_one_length_only(self, layer):
        ids = keras.Input((9,), dtype="int32")
        model = keras.Model(ids, keras.layers.Dense(1)(keras.layers.Flatten()(layer(ids))))
        with pytest.raises(InputError, match="length 9 only"):
            wk.check_padding(model)

    def test_one_output_for_each_word(self, layer):
        with pytest.raises(InputError, match="grows with its input"):
            wk.check_padding(model_of(layer))

    def test_two_inputs(self, layer):
        with pytest.raises(InputError, match="2 inputs"):
            wk.check_padding(wk.cosine_model(layer))

    def test_a_model_of_a_class(self, layer):
        class Own(keras.Model):
            def __init__(self):
                super().__init__()
                self.embed, self.pool = layer, keras.layers.GlobalMaxPooling1D()

            def call(self, ids):
                return self.pool(-ops.abs(self.embed(ids)) - 1)

        report = wk.check_padding(Own())
        assert report.layer.startswith("global_max_pooling1d")
        assert not report

    def test_the_model_is_left_as_it_was(self, layer):
        model = model_of(layer, keras.layers.GRU(3))
        before = [dict(vars(part)) for part in model.layers]
        wk.check_padding(model)
        assert [set(vars(part)) for part in model.layers] == [set(old) for old in before]
        assert not any("call" in vars(part) for part in model.layers)

    def test_dropout_is_off(self, layer):
        model = model_of(layer, keras.layers.Dropout(0.5), MeanOfWords())
        assert wk.check_padding(model)

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            ({}, "nothing to try"),
            ({"n_rows": 2}, "nothing to try"),
            ({"ids": [1, 2]}, "shape"),
            ({"ids": [[1.5]]}, "whole numbers"),
            ({"n_rows": 5, "side": "top"}, "side"),
        ],
    )
    def test_bad_input(self, options, complaint):
        with pytest.raises(InputError, match=complaint):
            wk.check_padding(lambda ids: ids.sum(axis=1, keepdims=True), **options)
        with pytest.raises(InputError, match="something to call"):
            wk.check_padding("model", n_rows=5)

    def test_several_outputs(self):
        with pytest.raises(InputError, match="one array; got a tuple"):
            wk.check_padding(lambda ids: (ids, ids), n_rows=5)

    def test_nan_is_a_difference(self):
        def mean(ids):
            with np.errstate(invalid="ignore"):
                return ids.sum(axis=1, keepdims=True) / np.float32(0)

        assert not wk.check_padding(mean, np.zeros((1, 2), int))


class TestTheWayBack:
    def test_any_embedding(self):
        layer = keras.layers.Embedding(5, 3)
        model = model_of(layer, keras.layers.GlobalMaxPooling1D())
        rows = layer.get_weights()[0]
        words = ["a", "b", "c"]
        for vocabulary in (wk.Vocabulary(words), ["", "[UNK]", *words], ["[UNK]", *words]):
            found = wk.from_keras(model, vocabulary)
            np.testing.assert_array_equal(found["a", "c"], rows[[2, 4]])
            assert found.index_to_key == words
        bare = wk.from_keras(layer, ["z", "y", *words])
        np.testing.assert_array_equal(bare.vectors, rows)
        two = keras.layers.Embedding(2, 3)
        two.build()
        assert len(wk.from_keras(two, ["", "[UNK]"])) == 0  # no words, and not two odd ones
        with pytest.raises(InputError, match="Expected a list"):
            wk.from_keras(layer, "abcde")

    def test_ours_after_training(self, table):
        layer = keras_layer(table, trainable=True, unk="w3")
        model = text_classifier(layer, 2)
        ids = np.minimum(texts(), layer.n_rows - 1)
        model.fit(ids, np.array([0, 1] * 3), verbose=0)
        found = wk.from_keras(model)
        assert found.index_to_key == layer.vocabulary.words
        np.testing.assert_array_equal(found.vectors, layer.get_weights()[0][2:])
        again = found.to_keras()
        np.testing.assert_array_equal(numpy(again([2, 9])), layer.get_weights()[0][[2, 9]])

    def test_whole_numbers(self, table):
        found = wk.from_keras(keras_layer(table, quantized="int8"))
        np.testing.assert_allclose(found.vectors, table.matrix, atol=0.02)
        layer = keras.layers.Embedding(5, 3)
        layer.build()
        rows = layer.get_weights()[0].copy()
        layer.quantize("int8")
        found = wk.from_keras(layer, list("abcde"))
        np.testing.assert_allclose(found.vectors, rows, atol=1e-3)

    def test_several(self):
        ids = keras.Input((4,), dtype="int32")
        both = [keras.layers.Embedding(5, 3, name=name)(ids) for name in ("one", "two")]
        model = keras.Model(ids, keras.layers.Add()(both))
        with pytest.raises(InputError, match="'one', 'two'"):
            wk.from_keras(model, list("abcde"))
        expected = model.get_layer("two").get_weights()[0]
        found = wk.from_keras(model, list("abcde"), name="two")
        np.testing.assert_array_equal(found.vectors, expected)
        with pytest.raises(InputError, match="named 'three'"):
            wk.from_keras(model, list("abcde"), name="three")

    def test_bad_input(self, layer):
        with pytest.raises(InputError, match="Keras layer or model; got list"):
            wk.from_keras([1])
        with pytest.raises(InputError, match="it has none"):
            wk.from_keras(keras.layers.Dense(2))
        with pytest.raises(InputError, match="never built"):
            wk.from_keras(keras.layers.Embedding(5, 3), list("abcde"))
        with pytest.raises(InputError, match="knows no words"):
            wk.from_keras(keras.layers.Embedding(5, 3))
        with pytest.raises(InputError, match="must be"):
            wk.from_keras(layer, ["a", "b"])


@pytest.mark.parametrize("module", [keras_heads, keras_pooling])
def test_examples(module):
    assert doctest.testmod(module).failed == 0
