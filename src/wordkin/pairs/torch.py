"""Skip-gram pairs as a PyTorch dataset. Importing this module imports PyTorch."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

from wordkin.errors import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from wordkin.pairs.stream import Skipgrams
else:
    torch = require("torch", extra="torch")
    require("torch.utils.data", extra="torch")


class TorchPairs(torch.utils.data.IterableDataset):
    """Batches of (targets, contexts, labels) as tensors, for ``DataLoader(..., batch_size=None)``.

    Each reading goes on with new epochs; with several workers each makes its part of the text.

    Parameters
    ----------
    pairs : Skipgrams
        The pairs.
    """

    def __init__(self, pairs: Skipgrams) -> None:
        super().__init__()
        self._pairs = pairs
        # a worker process gets a copy at each reading: what it counts would be lost with it; what
        # is made for "spawn" can be shared with processes that are begun in any way
        self._readings = multiprocessing.get_context("spawn").Value("q", 0)

    def __iter__(self) -> Iterator[Any]:
        info = torch.utils.data.get_worker_info()
        shard = (0, 1) if info is None else (info.id, info.num_workers)
        with self._readings.get_lock():
            reading = self._readings.value // shard[1]
            self._readings.value += 1
        epochs = self._pairs.plan.epochs
        for batch in self._pairs.stream(reading * epochs, epochs, shard=shard):
            yield tuple(map(torch.from_numpy, batch))
