"""Vectors of new documents, while the words stay as they are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from wordkin.documents.threads import n_threads
from wordkin.errors import InputError
from wordkin.progress import task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.config import Doc2Vec
    from wordkin.documents.reading import Documents
    from wordkin.table import VectorTable

_PARTS = 4  # for each thread, so that all have something to do until the end
_WORDS = 1 << 20  # a part has no more: done within a second or two


class Inferrer:
    """What new documents get their vectors from.

    Parameters
    ----------
    words : VectorTable
        The V words, with their counts.
    context : ndarray of float32
        Shape (V, D): the rows that documents predict.
    config : Doc2Vec
        What was trained.

    Raises
    ------
    InputError
        If the words have no counts.
    """

    def __init__(self, words: VectorTable, context: NDArray[np.float32], config: Doc2Vec) -> None:
        from wordkin.kernels import doc2vec, sampling

        counts = words.vocabulary.counts
        if counts is None:
            raise InputError("The words have no counts, by which noise words are drawn.")
        counts = np.maximum(counts, 1)
        self._noise = sampling.make_noise(counts, config.ns_exponent)
        keep = sampling.keep_thresholds(counts, config.sample)
        self._frozen = doc2vec.Frozen(context, words.matrix, keep)

    def infer(
        self, documents: Documents, config: Doc2Vec, *, seed: int, workers: int | None
    ) -> NDArray[np.float32]:
        """Make the vectors of documents.

        Parameters
        ----------
        documents : Documents
            n documents, of known words alone.
        config : Doc2Vec
            Epochs and rates.
        seed : int
            Fixes the random choices.
        workers : int or None
            Threads.

        Returns
        -------
        ndarray of float32
            Shape (n, D); zeros for a document without words.
        """
        from wordkin.kernels import doc2vec as kernels

        ids, starts, n = documents.ids, documents.starts, documents.n_documents
        states = np.zeros((n, 1), np.uint64)
        kernels.seeds_of(ids, starts, np.uint64(seed % 2**64), states)
        out = np.zeros((n, self._frozen.outputs.shape[1]), np.float32)
        course = kernels.Course(
            bool(config.dm), config.window, bool(config.shrink_windows), config.negative,
            config.epochs, float(config.alpha), float(config.min_alpha),
        )  # fmt: skip

        def work(part: tuple[int, int]) -> None:
            a, b = part
            given = (ids, starts[a : b + 1], self._frozen, self._noise, course)
            kernels.infer(*given, states[a:b], out[a:b])

        threads = n_threads(workers)
        n_parts = max(_PARTS * threads, len(ids) * config.epochs // _WORDS)
        shares = np.linspace(0, len(ids), n_parts + 1)
        cuts = [0, *np.searchsorted(starts, shares[1:-1]).tolist(), n]
        parts = [(a, b) for a, b in pairwise(cuts) if a < b]
        with (
            task("making vectors of texts", len(ids), "words") as advance,
            ThreadPoolExecutor(threads, "wordkin-infer") as pool,
        ):
            for (a, b), _ in zip(parts, pool.map(work, parts), strict=True):
                advance(int(starts[b] - starts[a]))
        return out
