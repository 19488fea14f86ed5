"""Skip-gram pairs as a Keras dataset. Importing this module imports Keras."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any

from wordkin.errors import EmptyCorpusError
from wordkin.frameworks import import_keras

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras

    from wordkin.pairs.stream import Skipgrams
else:
    keras = import_keras()


class KerasPairs(keras.utils.PyDataset):
    """Batches of ((targets, contexts), labels) for ``model.fit`` on any backend.

    Keras may ask for its batches in any order: it gets the next one there is, since they are mixed
    already. All are full: what is left at the end of an epoch is dropped. Each epoch is as long as
    the first one. Threads may ask at once, other processes may not.

    Parameters
    ----------
    pairs : Skipgrams
        The pairs.

    Raises
    ------
    EmptyCorpusError
        If there are none.
    """

    def __init__(self, pairs: Skipgrams) -> None:
        super().__init__()
        self._pairs = pairs
        self._lock = threading.Lock()
        self._next = self._endless()
        size = pairs.plan.batch_size
        examples = [pairs.n_examples(epoch) for epoch in range(pairs.plan.epochs)]
        if not any(examples):
            raise EmptyCorpusError(
                "There is no pair to learn from: no two words stand in one sentence, or sample "
                "has left out all. Give longer sentences, or a larger sample."
            )
        self._length = max(1, sum(n // size for n in examples))

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:  # noqa: ANN401
        with self._lock:
            targets, contexts, labels = next(self._next)
        return (targets, contexts), labels

    def _endless(self) -> Iterator[Any]:
        size = self._pairs.plan.batch_size
        for epoch in itertools.count():
            small = self._pairs.n_examples(epoch) < size
            # a step compiled for full batches would be compiled again for the rest
            yield from (b for b in self._pairs.stream(epoch) if small or len(b[0]) == size)
