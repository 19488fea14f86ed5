"""The heads that see words in their order: networks on Keras, fed with texts of like length.

Keras itself is imported only when a head is made, on the backend that the settings name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np

from wordkin.embedding import embedding_matrix
from wordkin.errors import FormatError
from wordkin.frameworks import import_keras
from wordkin.progress import in_pieces, task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from wordkin.classification.heads import Lesson, Plan
    from wordkin.classification.keras_network import Network
    from wordkin.documents.reading import Documents

_SIZE = 100  # of vectors that are learned from scratch, as in Chollet's article
_EPOCHS, _MOST_EPOCHS = 10, 60
_STEPS = 600  # a network of few texts needs more passes to get as many steps
_RATE = 1e-3
_WIDTHS = (25, 50, 100, 200, 400, 700)  # each is compiled once
_FEW = 8  # a batch of this size is compiled for predicting a text or two
_POOL = 40  # batches among which texts are sorted by length
_EMBEDDING = "embedding"
_SPREAD = 0.05  # what Keras draws new vectors from: -0.05..0.05


class _NetworkHead:
    """What the networks share: all but their name."""

    def __init__(self, plan: Plan, name: Literal["cnn", "gru"]) -> None:
        # before anything else imports Keras, on whatever backend
        import_keras(plan.settings["backend"])
        self._plan = plan
        self._name: Literal["cnn", "gru"] = name
        self._batch = int(plan.settings["batch_size"])
        self._max_length = int(plan.settings["max_length"])
        self.epochs = int(plan.settings["epochs"] or _EPOCHS)
        self.closing = 0
        self._network: Network | None = None

    def begin(self, lesson: Lesson) -> None:
        """Build the network on pretrained vectors, or on random ones; choose the epochs."""
        if self._plan.settings["epochs"] is None:
            steps = -(-len(lesson.targets) // self._batch)
            self.epochs = min(_MOST_EPOCHS, max(_EPOCHS, -(-_STEPS // max(1, steps))))
        self._build(self._first_rows())

    def _first_rows(self) -> NDArray[np.float32]:
        plan, settings = self._plan, self._plan.settings
        if plan.vectors is not None:
            # random, so that words without a vector are told apart from each other
            rows, _ = embedding_matrix(
                plan.vectors, plan.vocabulary, missing="random", seed=settings["seed"]
            )
            return rows
        random = np.random.default_rng(settings["seed"])
        shape = (plan.vocabulary.n_rows, settings["vector_size"] or _SIZE)
        rows = random.uniform(-_SPREAD, _SPREAD, shape).astype(np.float32)
        rows[: plan.vocabulary.first_row] = 0.0  # no text of the training part moves them
        return rows

    def _build(self, rows: NDArray[np.float32]) -> Network:
        from wordkin.classification.keras_network import Network

        settings = self._plan.settings
        self._network = Network(
            self._name,
            rows,
            self._plan.vocabulary,
            n_classes=self._plan.n_classes,
            trainable=settings["trainable"],
            learning_rate=settings["learning_rate"] or _RATE,
            seed=settings["seed"],
        )
        return self._network

    def learn(self, lesson: Lesson, epoch: int) -> float:
        """Show all texts once, in batches of texts of like length."""
        network = self._built()
        random = np.random.default_rng([self._plan.settings["seed"], epoch])
        lengths = lesson.documents.lengths()
        loss = 0.0
        with task(f"learning, epoch {epoch + 1}", len(lengths), "texts") as advance:
            for chosen in _batches(lengths, self._batch, random):
                rows = self._rows(lesson.documents, chosen, self._batch)
                # a batch that is not full is filled up with empty texts that count nothing
                targets = np.zeros(len(rows), np.int32)
                weights = np.zeros(len(rows), np.float32)
                targets[: len(chosen)] = lesson.targets[chosen]
                weights[: len(chosen)] = lesson.weights[chosen]
                loss += network.step(rows, targets, weights)
                advance(len(chosen))
        return loss / max(float(lesson.weights.sum()), 1e-30)

    def end(self) -> None:
        """Do nothing: what the optimizer keeps belongs to the network."""

    def scores(self, documents: Documents, *, workers: int | None = None) -> NDArray[np.float32]:
        """Return logits, shape (n, k)."""
        del workers  # Keras has threads of its own
        network = self._built()
        out = np.zeros((documents.n_documents, self._plan.n_classes), np.float32)
        order = np.argsort(documents.lengths(), kind="stable")
        for some in in_pieces(len(order), self._batch, "judging texts", unit="texts"):
            chosen = order[some]
            size = _FEW if len(order) <= _FEW else self._batch
            rows = self._rows(documents, chosen, size)
            out[chosen] = network.logits(rows)[: len(chosen)]
        return out

    def _rows(
        self, documents: Documents, chosen: NDArray[np.int64], size: int
    ) -> NDArray[np.int32]:
        """Make model rows of one of the few shapes there are."""
        found = documents.take(chosen).rows(self._plan.vocabulary, self._max_length)
        widths = [w for w in (*_WIDTHS, self._max_length) if w <= self._max_length]
        width = next(w for w in widths if w >= found.shape[1])
        rows = np.zeros((size, width), np.int32)
        rows[: len(found), : found.shape[1]] = found
        return rows

    def _built(self) -> Network:
        if self._network is None:
            raise RuntimeError("begin or restore comes first")
        return self._network

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the weights by name, copied from where the framework keeps them."""
        return self._built().arrays()

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take weights; build the network if there is none yet."""
        rows = arrays.get(_EMBEDDING)
        n_rows = self._plan.vocabulary.n_rows
        if rows is None or rows.ndim != 2 or rows.shape[0] != n_rows or rows.dtype != np.float32:
            found = "missing" if rows is None else f"{rows.dtype} of shape {rows.shape}"
            raise FormatError(
                f"The array {_EMBEDDING!r} should be float32 with {n_rows} rows; it is {found}."
            )
        network = self._network or self._build(np.ascontiguousarray(rows))
        expected = {name: array.shape for name, array in network.arrays().items()}
        got = {name: array.shape for name, array in arrays.items() if array.dtype == np.float32}
        if got != expected or len(got) != len(arrays):
            wrong = sorted(set(expected.items()) ^ set(got.items()))[:3]
            raise FormatError(f"These are not the arrays of a {self._name} network: {wrong}.")
        network.restore(arrays)


def _batches(
    lengths: NDArray[np.int64], size: int, random: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Cut texts into batches in random order; those of a batch are about equally long."""
    order = random.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), _POOL * size):
        pool = order[start : start + _POOL * size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    for i in random.permutation(len(batches)).tolist():
        yield batches[i]


@final
class CNNHead(_NetworkHead):
    """The network of Chollet's article of 2016, with a maximum over the whole text at its end.

    Three convolutions over five words each, with a maximum over five after the first two. So it
    takes texts of any length, where the article's took exactly 1,000 words.

    Parameters
    ----------
    plan : Plan
        What to build from.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, "cnn")


@final
class GRUHead(_NetworkHead):
    """A recurrent network (gated recurrent units) that reads a text word by word.

    Parameters
    ----------
    plan : Plan
        What to build from.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan, "gru")
