"""Skipgrams: batches that are made while they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from wordkin.config.base import check_choice, check_float, check_int
from wordkin.kernels import pairs as kernels
from wordkin.kernels import seed_state
from wordkin.kernels.word2vec import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from wordkin.kernels.sampling import Text

    Batch = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]

_POOL = 1 << 20
"""Examples that are shuffled together: 8 MB."""
_PIECE = 1 << 14
"""Examples wanted of a piece of text: a pool then holds those of many places."""
_LEAST_TOKENS = 4096
"""Of a piece: a sentence without end loses a pair in a thousand where it is cut."""
_TEXT, _NOISE, _ORDER = range(3)
"""What random streams are for."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which pairs to make; the parameters are those of `skipgrams`.

    Parameters
    ----------
    window, shrink_windows, negative, ns_exponent, shuffle, batch_size, epochs, seed
        As in `skipgrams`.

    Raises
    ------
    ConfigError
        If a number is out of its range.
    """

    window: int
    shrink_windows: bool
    negative: int
    ns_exponent: float
    shuffle: bool
    batch_size: int
    epochs: int
    seed: int

    def __post_init__(self) -> None:
        check_int(self, "window", low=1, high=1_000)
        check_int(self, "negative", low=0, high=1_000)
        check_float(self, "ns_exponent", low=-10.0, high=10.0)
        check_int(self, "batch_size", low=1, high=2**31)
        check_int(self, "epochs", low=1, high=10**6)
        check_int(self, "seed", low=0, high=2**64 - 1)
        check_choice(self, "shrink_windows", (False, True))
        check_choice(self, "shuffle", (False, True))

    @property
    def examples(self) -> int:
        """Examples made of a pair."""
        return 1 + self.negative


@final
class Skipgrams:
    """Batches of skip-gram examples, made while they are read. `wordkin.skipgrams` makes one.

    Iterating gives (targets, contexts, labels): int32, int32 and float32 arrays of shape
    (batch_size,), and the same ones each time; ``len()`` is the number of batches (found by going
    through the text once, without making pairs).

    Parameters
    ----------
    text : Text
        The text as kernels see it.
    others : Others
        The law of the negatives.
    plan : Plan
        Which pairs.
    first : int
        Is added to each id.
    """

    def __init__(self, text: Text, others: kernels.Others, plan: Plan, *, first: int = 0) -> None:
        self.plan = plan
        self._text, self._others, self._first = text, others, first
        self._rule = kernels.PairRule(plan.window, plan.shrink_windows, plan.negative)
        self._cuts = _cut(len(text.ids), text.starts, plan)
        self._counted: dict[int, int] = {}

    def __iter__(self) -> Iterator[Batch]:
        return self.stream(0, self.plan.epochs)

    def __len__(self) -> int:
        """Return the number of batches of all epochs."""
        size = self.plan.batch_size
        return sum(-(-self.n_examples(epoch) // size) for epoch in range(self.plan.epochs))

    def __repr__(self) -> str:
        plan = self.plan
        return (
            f"<Skipgrams of {len(self._text.ids):,} tokens: window {plan.window}, "
            f"{plan.negative} negatives, batches of {plan.batch_size:,}, {plan.epochs} epochs>"
        )

    def n_examples(self, epoch: int = 0) -> int:
        """Count the examples of an epoch, without making them.

        Parameters
        ----------
        epoch : int
            Its number, from 0.

        Returns
        -------
        int
            Pairs and negatives.
        """
        if epoch not in self._counted:
            pairs = sum(self._count(epoch, piece) for piece in range(len(self._cuts) - 1))
            self._counted[epoch] = pairs * self.plan.examples
        return self._counted[epoch]

    def stream(
        self, first_epoch: int, epochs: int = 1, *, shard: tuple[int, int] = (0, 1)
    ) -> Iterator[Batch]:
        """Make the batches of some epochs; each epoch ends with a batch that may be smaller.

        Parameters
        ----------
        first_epoch : int
            The first one's number, from 0; it may be beyond `epochs` of the plan.
        epochs : int
            How many.
        shard : tuple of int
            (i, n): only the i-th of n parts of the text's pieces, for n readers at once.

        Yields
        ------
        tuple of ndarray
            Targets, contexts and labels.
        """
        size = self.plan.batch_size
        for epoch in range(first_epoch, first_epoch + epochs):
            for pool, whole in self._pools(epoch, shard):
                stop = len(pool) if whole else len(pool) // size * size
                for start in range(0, stop, size):
                    yield self._batch(pool[start : start + size])

    def to_tf(self) -> Any:  # noqa: ANN401
        """Return a ``tf.data.Dataset`` of ((targets, contexts), labels), for ``model.fit``.

        Each time it is read it goes on with new epochs: other words are left out and drawn.

        Returns
        -------
        tf.data.Dataset
            With batches as they are here.

        Raises
        ------
        MissingExtraError
            If TensorFlow is not installed.
        """
        from wordkin.pairs.tensorflow import dataset

        return dataset(self)

    def to_torch(self) -> Any:  # noqa: ANN401
        """Return an iterable dataset of (targets, contexts, labels) tensors for a ``DataLoader``.

        Give the loader ``batch_size=None``: there are batches already. With ``num_workers`` each
        worker makes its part. Each time it is read it goes on with new epochs.

        Returns
        -------
        torch.utils.data.IterableDataset
            With batches as they are here.

        Raises
        ------
        MissingExtraError
            If PyTorch is not installed.
        """
        from wordkin.pairs.torch import TorchPairs

        return TorchPairs(self)

    def to_keras(self) -> Any:  # noqa: ANN401
        """Return a ``keras.utils.PyDataset`` of ((targets, contexts), labels), for ``model.fit``.

        One epoch of ``fit`` is all epochs here, and the next one draws anew. All batches are full.

        Returns
        -------
        keras.utils.PyDataset
            With batches as they are here.

        Raises
        ------
        MissingExtraError
            If Keras is not installed.
        """
        from wordkin.pairs.keras import KerasPairs

        return KerasPairs(self)

    def _pools(
        self, epoch: int, shard: tuple[int, int]
    ) -> Iterator[tuple[NDArray[np.uint64], bool]]:
        """Examples of many pieces at a time, and whether no more come.

        What is left of a pool after the last full batch comes again with the next one.
        """
        plan = self.plan
        pieces = np.arange(len(self._cuts) - 1)
        rng = np.random.default_rng([plan.seed, epoch, _ORDER, shard[0]])
        if plan.shuffle:  # all shards must draw the same order
            np.random.default_rng([plan.seed, epoch, _ORDER]).shuffle(pieces)
        state = rng.integers(2**63, size=1, dtype=np.uint64)
        wanted = max(_POOL, 2 * plan.batch_size) if plan.shuffle else plan.batch_size
        pool, n = np.empty(wanted, np.uint64), 0
        for piece in pieces[shard[0] :: shard[1]].tolist():
            room = n + self._count(epoch, piece) * plan.examples
            if room > len(pool):
                pool = np.concatenate((pool[:n], np.empty(room + _PIECE - n, np.uint64)))
            n += self._make(epoch, piece, pool[n:])
            if n >= wanted:
                if plan.shuffle:
                    kernels.shuffle(pool, n, state)
                yield pool[:n], False
                left = n % plan.batch_size
                pool[:left] = pool[n - left : n].copy()
                n = left
        if plan.shuffle:
            kernels.shuffle(pool, n, state)
        yield pool[:n], True

    def _span(self, piece: int) -> Span:
        return Span(int(self._cuts[piece]), int(self._cuts[piece + 1]))

    def _count(self, epoch: int, piece: int) -> int:
        state = seed_state(self.plan.seed, epoch, _TEXT, piece)
        buffer = kernels.make_buffer(self._rule.window)
        return int(kernels.count_pairs(self._text, self._rule, self._span(piece), buffer, state))

    def _make(self, epoch: int, piece: int, out: NDArray[np.uint64]) -> int:
        states = tuple(seed_state(self.plan.seed, epoch, use, piece) for use in (_TEXT, _NOISE))
        span = self._span(piece)
        buffer = kernels.make_buffer(self._rule.window)
        given = (self._text, self._rule, span, self._others, buffer)
        return int(kernels.make_examples(*given, states, out))

    def _batch(self, examples: NDArray[np.uint64]) -> Batch:
        n = len(examples)
        batch = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.float32)
        kernels.unpack(examples, self._first, *batch)
        return batch


def _cut(tokens: int, starts: NDArray[np.int64], plan: Plan) -> NDArray[np.int64]:
    """Cut the text into pieces, between sentences where one ends nearby."""
    each = plan.window * (1 if plan.shrink_windows else 2) * plan.examples
    size = max(_LEAST_TOKENS, _PIECE // each)
    places = np.arange(0, tokens, size)
    ends = starts[np.searchsorted(starts, places)]
    cuts = np.where(ends - places < size, ends, places)
    return np.unique(np.append(cuts, tokens))
