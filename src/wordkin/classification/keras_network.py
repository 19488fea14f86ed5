"""A network that tells the class of a text, in Keras, with its weights as named NumPy arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, final

import numpy as np

from wordkin.frameworks import import_keras
from wordkin.layers.keras_embedding import WordEmbedding
from wordkin.layers.keras_heads import head_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
    from numpy.typing import NDArray

    from wordkin.layers.keras_heads import Head
    from wordkin.vocabulary import Vocabulary
else:
    keras = import_keras()

_HIDDEN = 128
_DROPOUT = 0.5


@final
class Network:
    """Vectors, a head, a hidden layer, and a score for each class.

    Parameters
    ----------
    head : {"cnn", "gru"}
        See `wordkin.layers.keras_heads.head_layers`.
    rows : ndarray of float32
        Shape (n_rows, D): the vectors to begin with, padding and unknown words in front.
    vocabulary : Vocabulary
        The words of the rows.
    n_classes : int
        How many scores come out.
    trainable : bool
        Whether training changes the vectors.
    learning_rate : float
        Of the optimizer, Adam.
    seed : int
        Fixes the weights to begin with, the same on every backend, and dropout.
    """

    def __init__(
        self,
        head: Head,
        rows: NDArray[np.float32],
        vocabulary: Vocabulary,
        *,
        n_classes: int,
        trainable: bool,
        learning_rate: float,
        seed: int,
    ) -> None:
        embedding = WordEmbedding.from_matrix(rows, vocabulary, trainable=trainable)
        parts = [
            *head_layers(head),
            keras.layers.Dense(_HIDDEN, activation="relu"),
            keras.layers.Dropout(_DROPOUT, seed=seed % 2**31),
            # scores stay in single precision whatever the policy
            keras.layers.Dense(n_classes, dtype="float32"),
        ]
        x = ids = keras.Input((None,), dtype="int32")
        for part in [embedding, *parts]:
            x = part(x)
        self._model = keras.Model(ids, x)
        self._weights = {"embedding": embedding.embeddings}
        learned = [weight for part in parts for weight in part.weights]
        random = np.random.default_rng(seed)
        for number, weight in enumerate(learned):
            self._weights[f"{head}.{number}.{weight.name}"] = weight
            if len(weight.shape) > 1 and weight.name != "bias":
                weight.assign(_initial(weight, random))
        self._model.compile(
            optimizer=keras.optimizers.Adam(learning_rate),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

    def step(
        self, rows: NDArray[np.int32], targets: NDArray[np.int32], weights: NDArray[np.float32]
    ) -> float:
        """Learn from a batch.

        Parameters
        ----------
        rows : ndarray of int32
            Shape (b, length): model rows, padded on the right.
        targets : ndarray of int32
            Shape (b,): classes.
        weights : ndarray of float32
            Shape (b,): how much each text counts.

        Returns
        -------
        float
            The sum of the losses of these texts, each as much as it counts.
        """
        # older Keras (3.12) returns the mean over all batches since this
        self._model.reset_metrics()
        # Keras divides by the number of texts, whatever they count
        mean = self._model.train_on_batch(rows, targets, sample_weight=weights)
        return float(mean) * len(rows)

    def logits(self, rows: NDArray[np.int32]) -> NDArray[np.float32]:
        """Score texts.

        Parameters
        ----------
        rows : ndarray of int32
            Shape (b, length): model rows, padded on the right.

        Returns
        -------
        ndarray of float32
            Shape (b, n_classes).
        """
        return np.asarray(self._model.predict_on_batch(rows), np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return copies of the weights.

        Returns
        -------
        dict of str to ndarray of float32
            By name.
        """
        return {
            name: np.array(keras.ops.convert_to_numpy(weight.value), np.float32)
            for name, weight in self._weights.items()
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take weights that `arrays` gave.

        Parameters
        ----------
        arrays : mapping of str to ndarray of float32
            Of the same names and shapes.
        """
        for name, weight in self._weights.items():
            weight.assign(arrays[name])


def _initial(weight: Any, random: np.random.Generator) -> NDArray[np.float32]:  # noqa: ANN401
    """Draw weights as Keras does by default, but from NumPy: the same on every backend.

    Glorot and Bengio 2010 (uniform); for recurrent weights Saxe et al. 2014 (orthogonal).
    """
    shape = tuple(weight.shape)
    if weight.name == "recurrent_kernel":
        normal = random.standard_normal((max(shape), min(shape)))
        q, r = np.linalg.qr(normal)
        q = q * np.sign(np.diag(r))
        return np.asarray(q if q.shape == shape else q.T, np.float32)
    window = math.prod(shape[:-2])
    limit = math.sqrt(6 / (window * (shape[-2] + shape[-1])))
    return random.uniform(-limit, limit, shape).astype(np.float32)
