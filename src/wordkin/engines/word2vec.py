"""Skip-gram and CBOW on the CPU: compiled kernels under threads that share the matrices."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.config import CBOW, SkipGram
from wordkin.engines import Block, Memory
from wordkin.engines.text import counted_text
from wordkin.engines.threads import Team
from wordkin.kernels import sampling, seed_state, word2vec
from wordkin.kernels.lanes import WIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from wordkin.config import Word2Vec
    from wordkin.corpus import Corpus
    from wordkin.engines import Learned

_GROUPS = {SkipGram: (3, 6), CBOW: (2, 10)}
"""Centres in a group and noise words it shares: the fastest that score as gensim does."""
_SMALL = {SkipGram: 10_000_000, CBOW: 1_000_000}
"""A corpus of fewer tokens is done in no time, and skip-gram loses two points of SimLex-999 by
sharing: learn as word2vec.c does, centre by centre."""
_HOT_ROWS, _HOT_BYTES = 96, 1 << 20
"""Of so many most frequent words each thread has its own rows, if there is more than one thread; if
there are few, and the corpus is not small, of as many as have room in a megabyte, about what a
core's own cache holds."""
_FEW, _PACE = 4, 8
"""Up to so many threads are few. Between two exchanges of a row all of them add to it, and the sum
overshoots: so each exchanges, for each thread that there is, so many more rows at a time."""
_HOTTEST = 0.005
"""The greatest share of the kept words that a word with copies may have."""
_INIT_STREAM = 2**40
"""Beyond any block's step number, so that the first rows and the draws never share a stream."""
_ROWS_AT_ONCE = 1 << 12
_BYTES_PER_WORD = {"negative-sampling": 64, "hierarchical-softmax": 400}
"""Counts and thresholds, and the noise law or the paths of a Huffman tree while they are made."""
_BYTES_BESIDE = 16 << 20
"""Compiled code, and what Python and NumPy hold for a moment."""


def memory(words: int, config: Word2Vec, *, workers: int) -> Memory:
    """Work out what a run will take, before there is one.

    Parameters
    ----------
    words : int
        The size V of the vocabulary.
    config : Word2Vec
        The model.
    workers : int
        Threads.

    Returns
    -------
    Memory
        Bytes; at most so many, not counting the corpus.
    """
    floats = word2vec.padded(config.vector_size)
    room = word2vec.room_bytes(config.reach, config.vector_size)
    hot = min(_most_hot(floats, workers), words)
    desks = workers * (2 * hot * floats * 8 + room)
    law = words * _BYTES_PER_WORD[config.loss]
    if config.loss == "negative-sampling":
        law += sampling.stream_size(words) * 4
    return Memory(
        tables=2 * (words + 1) * floats * 4,
        other=desks + law + _BYTES_BESIDE,
        shape=(words, floats),
    )


class Word2VecRun:
    """A model being trained by threads that share its matrices, the input at random at first.

    Parameters
    ----------
    corpus : Corpus
        What to learn from.
    config : Word2Vec
        The model.
    seed : int
        Fixes all draws.
    workers : int
        Threads.
    """

    def __init__(self, corpus: Corpus, config: Word2Vec, *, seed: int, workers: int) -> None:
        self._text, counts = counted_text(corpus, sample=config.sample)
        self._config, self._seed, self._counts = config, seed, counts
        self._kernel, self._law = _choose_kernel(config, counts)
        width = 2 * word2vec.padded(config.vector_size)
        self._rows = word2vec.aligned((len(counts) + 1, width))
        rng = np.random.default_rng([seed, _INIT_STREAM])
        for start in range(0, len(counts), _ROWS_AT_ONCE):  # no second table for a moment
            rows = self._rows[start : min(start + _ROWS_AT_ONCE, len(counts))]
            draws = rng.random((len(rows), config.vector_size), dtype=np.float32)
            rows[:, : config.vector_size] = (draws - 0.5) / config.vector_size
        self._team = Team(workers, self._desk_maker(counts, workers))

    def _desk_maker(self, counts: NDArray[np.int64], workers: int) -> Callable[[], Desk]:
        width = self._rows.shape[1]
        hot = _hot_rows(self._config, counts, self._text.keep, workers=workers)
        return lambda: Desk(self._config, (hot, width), pace=_PACE * workers)

    def warm_up(self) -> None:
        """Compile the kernels, so that no clock of training counts that."""
        self.update(Block(0, 0, self._config.alpha, 0))

    def update(self, block: Block) -> Learned:
        """Learn from a block, cut into parts that the threads take one after the other.

        Parameters
        ----------
        block : Block
            Which tokens, at which learning rate.

        Returns
        -------
        Learned
            How many tokens took part, and a sample of their loss.
        """

        def learn(desk: Desk, part: int, span: word2vec.Span) -> NDArray[np.float64]:
            tally, text = np.zeros(3), self._text
            state = seed_state(self._seed, block.step, part)
            if config.window == "all":
                text, span = sampling.shuffled(text, span, config.reach, state)
            tables = desk.tables(self._rows)
            self._kernel(text, self._law, tables, rule, span, desk.room, state, tally)
            return tally

        config = self._config
        alpha = np.float32(block.alpha)
        rule = word2vec.Rule(config.reach, config.shrinks, config.negative, alpha)
        return self._team.share(block, learn, self._with_copies)

    @contextlib.contextmanager
    def _with_copies(self, desk: Desk) -> Iterator[None]:
        """Let a thread have its own copies of the hot rows, and give back what it did to them."""
        tables = desk.tables(self._rows)
        word2vec.take_hot(tables)
        try:
            yield
        finally:
            word2vec.give_back(tables)

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """The matrices as they are now.

        Returns
        -------
        mapping
            "input" and "context", (V, D) views.
        """
        return _parts(self._rows[:-1], self._config.vector_size)

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead.

        Parameters
        ----------
        arrays : mapping
            "input", "context" or both, (V, D); what is missing stays as it is.
        """
        for name, table in self.arrays().items():
            if name in arrays:
                table[:] = arrays[name]

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices without a second copy of them in memory.

        Returns
        -------
        mapping
            "input" and "context", C-contiguous (V, D). The run can't be used any more.
        """
        self.close()
        size, (words, width) = self._config.vector_size, self._rows[:-1].shape
        whole = {name: np.empty((words, size), np.float32) for name in ("input", "context")}
        memory: Any = self._rows.base
        first = self._rows.ctypes.data - memory.ctypes.data
        del self._rows
        for start in reversed(range(0, words, _ROWS_AT_ONCE)):
            stop = min(start + _ROWS_AT_ONCE, words)
            cut = first + start * width * 4
            rows = memory[cut : first + stop * width * 4].view(np.float32).reshape(-1, width)
            for name, part in _parts(rows, size).items():
                whole[name][start:stop] = part
            del rows, part
            # gives back what was copied; it stays where somebody still looks at the live rows
            with contextlib.suppress(ValueError):
                memory.resize(cut)
        return whole

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped: not longer than a block takes."""
        self._team.close()


def _most_hot(floats: int, workers: int) -> int:
    """How many rows, of so many numbers for input and output each, have copies at most."""
    if workers == 1:
        return 0
    if workers > _FEW:
        return _HOT_ROWS
    return max(_HOT_ROWS, _HOT_BYTES // (2 * floats * 4))


def _hot_rows(
    config: Word2Vec, counts: NDArray[np.int64], keep: NDArray[np.uint64], *, workers: int
) -> int:
    """How many of the most frequent rows each thread should have copies of.

    None for one thread, where a word is so frequent that copies would drift apart between two
    exchanges, and for hierarchical softmax, whose kernel knows no copies.
    """
    kept = counts * keep.astype(np.float64)
    drifts = kept.max() > _HOTTEST * kept.sum()
    if drifts or config.loss == "hierarchical-softmax":
        return 0
    most = _most_hot(word2vec.padded(config.vector_size), workers)
    if counts.sum() < _SMALL[type(config)]:
        most = min(most, _HOT_ROWS)
    return min(most, len(counts))


class Desk:
    """What one thread has for itself: room for kernels, and for copies of the hottest rows."""

    def __init__(
        self, config: Word2Vec, hot_shape: tuple[int, int], *, pace: int = word2vec.AT_ONCE
    ) -> None:
        self.room = word2vec.make_room(config.reach, config.vector_size)
        self._hot, self._seen = (word2vec.aligned(hot_shape) for _ in range(2))
        self._turn, self._pace = np.zeros(1, np.int64), pace

    def tables(self, rows: NDArray[np.float32]) -> word2vec.Tables:
        """These rows, with what the thread has for itself of them."""
        return word2vec.Tables(rows, self._hot, self._seen, self._turn, self._pace)


def _parts(rows: NDArray[np.float32], dimensions: int) -> dict[str, NDArray[np.float32]]:
    tables = zip(("input", "context"), word2vec.halves(rows), strict=True)
    return {name: table[:, :dimensions] for name, table in tables}


def sharing(config: Word2Vec, counts: NDArray[np.int64]) -> tuple[int, int]:
    """Tell how the grouped kernel shares noise words.

    Parameters
    ----------
    config : Word2Vec
        The model.
    counts : ndarray of int64
        Shape (V,).

    Returns
    -------
    group, shared : int
        Centres in a group, and noise words that they share.
    """
    kind = type(config)
    group, shared = (1, 5) if counts.sum() < _SMALL[kind] else _GROUPS[kind]
    group = config.group or group
    shared = config.shared_negatives or min(shared, WIDE - group)
    return group, shared


def _choose_kernel(
    config: Word2Vec, counts: NDArray[np.int64]
) -> tuple[Callable[..., None], sampling.Noise | sampling.Tree]:
    """The compiled loop for these settings, and the law it predicts words by."""
    cbow = isinstance(config, CBOW)
    if config.loss == "hierarchical-softmax":
        return word2vec.make_plain(cbow=cbow, hierarchical=True), sampling.make_tree(counts)
    group, shared = sharing(config, counts)
    kernel = word2vec.make_grouped(cbow=cbow, group=group, shared=shared)
    noise = sampling.make_noise(counts, config.ns_exponent)
    return kernel, sampling.with_stream(noise, counts, config.ns_exponent)


make_run = Word2VecRun
