"""TensorFlow without Keras, as the contract of layers sees it, and what only it promises."""

from __future__ import annotations

import gc
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from contract import layer_adapters
from contract.layer_adapters import DECAY, RATE, STEPS, Heads, tamper_folder

from wordkin.errors import FileError, FormatError
from wordkin.layers.tensorflow import WordEmbedding, split_variables
from wordkin.vectors.importing import from_rows


class Adapter(layer_adapters.Adapter):
    modules = ("tensorflow",)
    ending = ""
    tamper = staticmethod(tamper_folder)

    def make(self, vectors, *args, **options):
        return vectors.to_tensorflow(*args, **options)

    def tensor(self, ids):
        return tf.constant(ids)

    def compiled(self, layer):
        return tf.function(layer)

    def rows(self, layer):
        return layer.weight.numpy().copy()

    def nbytes(self, layer):
        return layer.weight.numpy().nbytes

    def trains(self, layer):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer([2]))
        return bool(layer.trainable_variables) and tape.gradient(total, layer.weight) is not None

    def vectors(self, layer):
        scales = 1 if layer.scales is None else layer.scales.numpy()
        return from_rows(layer.weight.numpy() * scales, layer.vocabulary)

    def train(self, layer, ids, y, *, head, optimizer):
        model = Net(layer, ids.shape[1], head)
        made = {
            "adam": lambda: keras.optimizers.AdamW(RATE, weight_decay=DECAY),
            "sgd": lambda: keras.optimizers.SGD(RATE, momentum=0.9, weight_decay=DECAY),
        }[optimizer]()
        made.build(model.trainable_variables)

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(ids) - y[:, 0]) ** 2)
            variables = model.trainable_variables
            made.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

        for _ in range(STEPS):
            step()

    def save(self, layer, path):
        layer.save(path)

    def load(self, path):
        return WordEmbedding.load(path)


class Net(tf.Module):
    def __init__(self, layer, length, head):
        super().__init__()
        self.words, self.head = layer, head
        self.heads = Heads(layer.weight.shape[1], length, tf.einsum)
        self.weights = [tf.Variable(w) for w in self.heads.weights[head]]

    def __call__(self, ids):
        return self.heads.apply(self.head, self.words(tf.constant(ids)), self.weights)


IDS = np.array([[2, 3, 0], [4, 0, 0]], np.int32)


def test_a_saved_model_serves_without_wordkin(vectors, tmp_path):
    layer = vectors.to_tensorflow(max_norm=0.5)
    layer.save(tmp_path / "words")
    served = tf.saved_model.load(str(tmp_path / "words"))
    assert np.array_equal(served.lookup(IDS), layer(IDS))
    found = served.signatures["serving_default"](tf.constant(IDS))
    assert np.array_equal(next(iter(found.values())), layer(IDS))
    assert np.array_equal(served.lookup([99]), layer([1]))


def test_a_part_of_a_larger_model(vectors, tmp_path):
    class Model(tf.Module):
        def __init__(self):
            super().__init__()
            self.words = vectors.to_tensorflow(trainable=True)

        @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)])
        def __call__(self, ids):
            return tf.reduce_sum(self.words(ids), axis=1)

    model = Model()
    tf.saved_model.save(model, str(tmp_path / "model"))
    restored = tf.saved_model.load(str(tmp_path / "model"))
    assert np.array_equal(restored(IDS), model(IDS))
    again = WordEmbedding.from_restored(restored.words)
    assert again.vocabulary == model.words.vocabulary
    with pytest.raises(FormatError, match="no vocabulary_file"):
        WordEmbedding.from_restored(restored)


def test_an_asset_of_another_layer_is_refused(vectors, tmp_path):
    for name, words in (("a", vectors), ("b", vectors.select(vectors.index_to_key[::-1]))):
        words.to_tensorflow().save(tmp_path / name)
    asset = "assets/vocabulary.json"
    (tmp_path / "a" / asset).write_bytes((tmp_path / "b" / asset).read_bytes())
    with pytest.raises(FormatError, match="fingerprint differs"):
        WordEmbedding.load(tmp_path / "a")


def test_an_asset_that_is_lost_is_named(vectors, tmp_path):
    vectors.to_tensorflow().save(tmp_path / "a")
    (tmp_path / "a" / "assets" / "vocabulary.json").unlink()
    with pytest.raises(FormatError, match=r"vocabulary of the SavedModel|as a SavedModel"):
        WordEmbedding.load(tmp_path / "a")


def test_no_such_folder(tmp_path):
    with pytest.raises(FileError, match="no SavedModel"):
        WordEmbedding.load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(FormatError, match="Can't load"):
        WordEmbedding.load(tmp_path)


def test_a_checkpoint(vectors, tmp_path):
    layer, other = vectors.to_tensorflow(), vectors.normalized().to_tensorflow()
    path = tf.train.Checkpoint(words=layer).write(str(tmp_path / "checkpoint"))
    tf.train.Checkpoint(words=other).read(path).assert_consumed()
    assert np.array_equal(other(IDS), layer(IDS))


def test_a_step_is_traced_anew_when_a_layer_thaws(vectors):
    layer = vectors.to_tensorflow(trainable="after:1")
    optimizer = keras.optimizers.AdamW(0.1)
    optimizer.build(layer.trainable_variables)
    other = tf.Variable(1.0)

    @tf.function
    def step(trains):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(tf.constant(IDS))) * other
        slopes = tape.gradient(loss, layer.trainable_variables)
        assert (slopes[0] is not None) == trains
        if trains:
            optimizer.apply_gradients(zip(slopes, layer.trainable_variables, strict=True))

    before = layer.weight.numpy()
    for epoch in range(3):
        step(layer.begin_epoch(epoch))
        assert np.array_equal(layer.weight.numpy(), before) == (epoch == 0)


def test_vectors_learn_at_a_rate_of_their_own(vectors):
    model = Net(vectors.to_tensorflow(trainable=True), 3, "conv")
    rest, words = split_variables(model)
    assert [tuple(v.shape) for v in words] == [(12, 4)]
    assert [tuple(v.shape) for v in rest] == [(4, 3), (4, 3)]
    with pytest.raises(ValueError, match="split_variables"):
        vectors.to_tensorflow(trainable=True, lr_factor=0.1)


def test_the_file_of_the_vocabulary_goes_with_its_layer(vectors):
    layer = vectors.to_tensorflow()
    file = Path(layer.vocabulary_file.asset_path.numpy().decode())
    assert file.is_file()
    del layer
    gc.collect()
    assert not file.parent.exists()


def test_in_a_pipeline_of_data(vectors):
    layer = vectors.to_tensorflow()
    found = next(iter(tf.data.Dataset.from_tensors(IDS).map(layer)))
    assert np.array_equal(found, layer(IDS))


@pytest.mark.parametrize("dtype", ["float8", "mixed_float16", "int8"])
def test_no_such_dtype(vectors, dtype):
    with pytest.raises(ValueError, match="dtype must be one of"):
        vectors.to_tensorflow(dtype=dtype)
