"""What it costs to check ids before they are looked up, beside the framework's own lookup.

    python benchmarks/layers.py [torch | jax | tensorflow] ...

Prints, for each framework, the median and the spread of its own lookup, of ours, and of the check
alone, on a batch of 256 texts of 200 words (half of it padding) and a table of 100,000 x 300.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from wordkin import VectorTable, Vocabulary
from wordkin.layers import rows

WORDS, DIMENSIONS, TEXTS, LENGTH, TURNS = 100_000, 300, 256, 200, 15


def torch(table, ids):
    import torch

    from wordkin.layers.torch import torch_layer

    layer, tensor = torch_layer(table), torch.from_numpy(ids)
    plain = torch.nn.Embedding.from_pretrained(layer.weight.detach(), padding_idx=0)
    with torch.no_grad():
        yield "nn.Embedding", lambda: plain(tensor)
        yield "ours", lambda: layer(tensor)
        yield "check", lambda: layer._checked(tensor)


def jax(table, ids):
    import jax
    import jax.numpy as jnp

    from wordkin.layers.jax import _checked, jax_rows, lookup

    made, _ = jax_rows(table)
    array = jnp.asarray(ids)
    take = jax.jit(lambda rows, ids: jnp.take(rows["weight"], ids, axis=0))
    ours = jax.jit(lookup)
    yield "jnp.take, jit", lambda: take(made, array).block_until_ready()
    yield "ours, jit", lambda: ours(made, array).block_until_ready()
    yield "ours", lambda: lookup(made, array).block_until_ready()
    yield "check", lambda: _checked(array, WORDS + 2)


def tensorflow(table, ids):
    import tensorflow as tf

    from wordkin.layers.tensorflow import tensorflow_layer

    layer, tensor = tensorflow_layer(table), tf.constant(ids)
    compiled = tf.function(layer)
    yield "tf.gather", lambda: tf.gather(layer.weight, tensor)
    yield "ours", lambda: layer(tensor)
    yield "ours, tf.function", lambda: compiled(tensor)
    yield "check", lambda: rows.check_in_range(tensor.numpy(), layer.n_rows)


def main(names):
    random = np.random.default_rng(0)
    words = Vocabulary([f"w{i}" for i in range(WORDS)])
    table = VectorTable(words, random.normal(size=(WORDS, DIMENSIONS)).astype(np.float32))
    ids = random.integers(2, WORDS + 2, (TEXTS, LENGTH)).astype(np.int32)
    ids[:, LENGTH // 2 :] = 0
    for name in names or ("torch", "jax", "tensorflow"):
        steps = dict(globals()[name](table, ids))
        times = {step: [] for step in steps}
        for turn in range(TURNS + 2):
            for step, run in steps.items():
                start = time.perf_counter()
                run()
                if turn > 1:
                    times[step].append(1e3 * (time.perf_counter() - start))
        for step, taken in times.items():
            low, *_, high = sorted(taken)
            print(f"{name:10} {step:18} {statistics.median(taken):9.3f} ms  {low:.3f}-{high:.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
