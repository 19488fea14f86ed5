"""Keras, on the backend of this process, as the contract of layers sees it."""

from __future__ import annotations

import numpy as np
from contract import layer_adapters
from contract.layer_adapters import DECAY, RATE, STEPS, tamper_zip

import wordkin as wk
from wordkin.frameworks import import_keras
from wordkin.layers.keras import WordEmbedding, load_model

keras = import_keras()


def is_compiled_whole():
    """Tell whether Keras' own layers are (by Keras 3.12 with PyTorch 2.4 to 2.8 they aren't)."""
    import torch

    plain = torch.compile(keras.layers.Identity(), backend="eager", fullgraph=True)
    try:
        plain(torch.zeros(1))
    except torch._dynamo.exc.TorchDynamoException:
        return False
    return True


class Adapter(layer_adapters.Adapter):
    modules = ("keras_embedding",)
    ending = ".keras"
    learns_epochs = False
    tamper = staticmethod(tamper_zip)

    def make(self, vectors, *args, **options):
        return vectors.to_keras(*args, **options)

    def numpy(self, tensor):
        if self.dtype(tensor) == "bfloat16":
            tensor = keras.ops.cast(tensor, "float32")
        return keras.ops.convert_to_numpy(tensor)

    def dtype(self, tensor):
        return keras.backend.standardize_dtype(tensor.dtype)

    def tensor(self, ids):
        return keras.ops.convert_to_tensor(ids)

    def compiled(self, layer):
        if keras.config.backend() == "jax":
            import jax

            return jax.jit(layer)
        if keras.config.backend() == "tensorflow":
            import tensorflow as tf

            return tf.function(layer)
        import torch

        # no code generator, so that no C++ compiler is needed
        return torch.compile(layer, backend="eager", fullgraph=is_compiled_whole())

    def rows(self, layer):
        return layer.get_weights()[0].copy()

    def nbytes(self, layer):
        return layer.get_weights()[0].nbytes

    def trains(self, layer):
        return bool(layer.trainable_weights)

    def vectors(self, layer):
        return wk.from_keras(layer)

    def train(self, layer, ids, y, *, head, optimizer):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((ids.shape[1],), dtype="int32")
        x = layer(inputs)
        if head == "conv":
            x = keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(3, 2)(x))
        else:
            x = keras.layers.Flatten()(x)
        model = keras.Model(inputs, keras.layers.Dense(1)(x))
        made = {
            "adam": lambda: keras.optimizers.AdamW(RATE, weight_decay=DECAY),
            "sgd": lambda: keras.optimizers.SGD(RATE, momentum=0.9, weight_decay=DECAY),
        }[optimizer]()
        model.compile(made, "mse")
        at_once = 50  # an epoch costs more than a step
        many = np.tile(ids, (at_once, 1)), np.tile(y, (at_once, 1))
        model.fit(*many, batch_size=len(ids), epochs=STEPS // at_once, verbose=0, shuffle=False)

    def save(self, layer, path):
        inputs = keras.Input((None,), dtype="int32")
        keras.Model(inputs, keras.layers.Dense(1)(layer(inputs))).save(path)

    def load(self, path):
        return next(x for x in load_model(path).layers if isinstance(x, WordEmbedding))


def test_the_backend_is_the_one_that_was_asked_for():
    import os

    wanted = os.environ["WORDKIN_TEST_LAYER"].partition("-")[2]
    assert keras.config.backend() == wanted
    assert np.array_equal(keras.ops.convert_to_numpy(keras.ops.ones(1)), [1])
