"""What the contract of layers asks of a framework, in the framework's own words."""

from __future__ import annotations

import importlib
import zipfile
from pathlib import Path

import numpy as np

WORDS = ["the", "new\nline", "Ünïcode", "日本語", "a b", '"quoted"', "🙂", "\ud800", "\x00", "z"]
RATE, DECAY, STEPS = 0.05, 0.1, 100


def get_adapter(name):
    """The adapter of a framework; "keras-jax" is Keras on JAX."""
    return importlib.import_module(f"contract.layer_{name.partition('-')[0]}").Adapter()


class Adapter:
    """What most frameworks have in common."""

    ending = ".safetensors"
    learns_epochs = True  # whether begin_epoch exists; Keras has a callback instead
    refuses_training = False  # plain arrays train whatever is differentiated
    lookup_takes_max_norm = False

    def numpy(self, tensor):
        """An array in a type that NumPy has."""
        return np.asarray(tensor)

    def dtype(self, tensor):
        return tensor.dtype.name

    def call(self, layer, ids):
        return self.numpy(layer(ids))

    def vocabulary(self, layer):
        return layer.vocabulary

    def trained_as(self, make, trainable, **options):
        return make(trainable=trainable, **options)

    def tamper(self, path, change):
        """Change the bytes that hold the vocabulary, and keep their number."""
        data = path.read_bytes()
        changed = change(data)
        assert len(changed) == len(data)
        assert changed != data
        path.write_bytes(changed)


class Heads:
    """Two heads with weights for positions and neighbours, so that padding gets gradients."""

    def __init__(self, dimensions, length, einsum):
        random = np.random.default_rng(5)
        self.weights = {
            "flatten": [random.normal(size=(length, dimensions)).astype(np.float32)],
            "conv": [random.normal(size=(dimensions, 3)).astype(np.float32) for _ in range(2)],
        }
        self.einsum = einsum

    def apply(self, head, x, weights):
        if head == "flatten":
            return self.einsum("bld,ld->b", x, weights[0])
        near = self.einsum("bld,dk->blk", x[:, :-1], weights[0])
        near = near + self.einsum("bld,dk->blk", x[:, 1:], weights[1])
        return self.einsum("blk,blk->b", near, near) * 0.1


def tamper_zip(path, change):
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, change(data) if name.endswith("vocabulary.json") else data)


def tamper_folder(path, change):
    (file,) = Path(path).rglob("vocabulary.json")
    file.write_bytes(change(file.read_bytes()))
