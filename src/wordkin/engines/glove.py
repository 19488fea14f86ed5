"""GloVe on the CPU: counting, then AdaGrad over the cells by threads that share the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.engines import Block, Learned, Memory
from wordkin.engines.cooccurrence import count_cells
from wordkin.engines.threads import Team
from wordkin.kernels import glove, seed_state
from wordkin.kernels.cooccurrence import TILE
from wordkin.kernels.word2vec import aligned, padded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wordkin.config import GloVe
    from wordkin.corpus import Corpus
    from wordkin.kernels.word2vec import Span

_INIT_STREAM, _ORDER_STREAM, _SALT_STREAM = 2**40, 2**40 + 1, 2**40 + 2
"""Beyond any block's step number, so that no two kinds of draws ever share a stream."""
_ROWS_AT_ONCE = 1 << 12
_BYTES_BESIDE = 32 << 20
_LEAST_RATE = 1e-15  # of 0 squared no root can be taken
_WORD, _WORD_SQUARES, _CONTEXT, _CONTEXT_SQUARES = range(4)


def memory(words: int, config: GloVe, *, workers: int) -> Memory:
    """Work out what a run will take, before there is one.

    Parameters
    ----------
    words : int
        The size V of the vocabulary.
    config : GloVe
        The model.
    workers : int
        Threads.

    Returns
    -------
    Memory
        Bytes; at most so many, not counting the corpus.
    """
    floats = padded(config.vector_size + glove.EXTRA)
    finished = 2 * words * config.vector_size * 4
    scratch = workers * TILE * TILE * 4
    return Memory(
        tables=4 * words * floats * 4,
        other=config.memory + finished + scratch + _BYTES_BESIDE,
        shape=(words, floats),
        layout=f"four tables of {words:,} x {floats}",
    )


class GloVeRun:
    """A model being trained; the corpus is counted when it is made.

    A block of the corpus stands for the same share of an epoch's cells, whole tiles of them.

    Parameters
    ----------
    corpus : Corpus
        What to learn from.
    config : GloVe
        The model.
    seed : int
        Fixes all draws.
    workers : int
        Threads.
    """

    def __init__(self, corpus: Corpus, config: GloVe, *, seed: int, workers: int) -> None:
        words, size = len(corpus.vocabulary), config.vector_size
        self._config, self._seed, self._tokens = config, seed, corpus.n_tokens
        self._tiles = glove.Tiles(*count_cells(corpus, config, workers=workers))
        floats = padded(size + glove.EXTRA)
        self._table = aligned((words, 4 * floats)).reshape(words, 4, floats)
        self._fill(seed)
        self._held_out = np.uint64(0)
        self._salt = seed_state(seed, _SALT_STREAM)[0]
        self._epoch = 0
        self._order = np.arange(len(self._tiles.rows))
        self._before = np.zeros(len(self._order) + 1, np.int64)
        self._team = Team(workers, lambda: np.empty(TILE * TILE, np.int32))

    def _fill(self, seed: int) -> None:
        """Begin with small random vectors and biases."""
        size, rng = self._config.vector_size, np.random.default_rng([seed, _INIT_STREAM])
        for start in range(0, len(self._table), _ROWS_AT_ONCE):  # no second table for a moment
            rows = self._table[start : start + _ROWS_AT_ONCE]
            draws = rng.random((len(rows), 2, size + 1), dtype=np.float32)
            draws = (draws - np.float32(0.5)) / np.float32(size + 1)
            rows[:, _WORD, : size + 1] = draws[:, 0]
            rows[:, _CONTEXT, :size] = draws[:, 1, :size]
            rows[:, _CONTEXT, size + 1] = draws[:, 1, size]
        self._table[:, _WORD, size + 1] = self._table[:, _CONTEXT, size] = 1
        self._table[:, [_WORD_SQUARES, _CONTEXT_SQUARES]] = 1  # of padding too: a root is taken
        square = np.float32(max(self._config.alpha, _LEAST_RATE)) ** 2
        self._table[:, _WORD_SQUARES, size] = self._table[:, _CONTEXT_SQUARES, size + 1] = square

    def hold_out(self, share: float) -> int:
        """Choose cells that are not to be learned from.

        Parameters
        ----------
        share : float
            How many of all, above 0 and up to 0.5.

        Returns
        -------
        int
            How many they are: (i, j) and (j, i) are two, and held out together if counts are
            symmetric.
        """
        self._held_out = np.uint64(share * 2.0**64)
        return int(self._held_out_tally()[2])

    def held_out_loss(self) -> float:
        """Compute the mean loss of a held-out cell now.

        Returns
        -------
        float
            As training tells it of the others: weighted, squared, halved.
        """
        _, loss, cells = self._held_out_tally()
        return float(loss / max(cells, 1))

    def _held_out_tally(self) -> NDArray[np.float64]:
        tally = np.zeros(3)
        glove.held_out_loss(self._table, self._tiles, self._rule(self._config.alpha), tally)
        return tally

    def _rule(self, alpha: float) -> glove.Rule:
        config = self._config
        return glove.Rule(
            config.vector_size,
            np.float32(config.x_max),
            np.float32(config.weight_exponent),
            np.float32(alpha),
            self._held_out,
            self._salt,
        )

    def warm_up(self) -> None:
        """Compile the kernel, so that no clock of training counts that."""
        self.update(Block(0, 0, self._config.alpha, 0))

    def update(self, block: Block) -> Learned:
        """Learn from a share of the cells, cut into parts that the threads take one after another.

        Parameters
        ----------
        block : Block
            Which tokens: a share of the cells is learned from that is as large.

        Returns
        -------
        Learned
            The tokens, the loss and the number of the cells.
        """

        def learn(chosen: NDArray[np.int32], part: int, span: Span) -> NDArray[np.float64]:
            tally, state = np.zeros(3), seed_state(self._seed, block.step, part)
            given = (self._table, self._tiles, self._order)
            glove.learn(*given, span.start, span.stop, rule, chosen, state, tally)
            return tally

        rule = self._rule(block.alpha)
        self._begin(block.epoch)
        cells = int(self._before[-1])
        first, last = (cells * token // self._tokens for token in (block.start, block.stop))
        first, last = np.searchsorted(self._before[:-1], [first, last]).tolist()
        learned = self._team.share(block._replace(start=first, stop=last), learn)
        return learned._replace(tokens=block.stop - block.start)

    def _begin(self, epoch: int) -> None:
        """Put the tiles into the order of an epoch."""
        if epoch == self._epoch:
            return
        rng = np.random.default_rng([self._seed, _ORDER_STREAM, epoch])
        self._epoch, self._order = epoch, rng.permutation(len(self._tiles.rows))
        sizes = np.diff(self._tiles.starts)[self._order]
        self._before = np.concatenate(([0], np.cumsum(sizes)))

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """The matrices as they are now.

        Returns
        -------
        mapping
            Views: "words" and "context" (V, D); the biases (V,); and of all of them the sums of
            squares.
        """
        size, table = self._config.vector_size, self._table
        return {
            "words": table[:, _WORD, :size],
            "words_bias": table[:, _WORD, size],
            "words_squares": table[:, _WORD_SQUARES, : size + 1],
            "context": table[:, _CONTEXT, :size],
            "context_bias": table[:, _CONTEXT, size + 1],
            "context_squares": table[:, _CONTEXT_SQUARES, :size],
            "context_bias_squares": table[:, _CONTEXT_SQUARES, size + 1],
        }

    def vectors(self) -> NDArray[np.float32]:
        """Make the word vectors as they are now.

        Returns
        -------
        ndarray
            Shape (V, D), float32: w + c, or w alone.
        """
        size = self._config.vector_size
        vectors = np.array(self._table[:, _WORD, :size], order="C")
        if self._config.add_context:
            vectors += self._table[:, _CONTEXT, :size]
        return vectors

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead.

        Parameters
        ----------
        arrays : mapping
            As `arrays` has them, or word vectors as "input": if those are w + c, and the contexts
            are not given, each gets a half. What is missing stays as it is.
        """
        live = self.arrays()
        for name, table in live.items():
            if name in arrays:
                table[:] = arrays[name]
        if "input" not in arrays:
            return
        if self._config.add_context and "context" not in arrays:
            live["context"][:] = arrays["input"] / np.float32(2)
        live["words"][:] = arrays["input"]
        if self._config.add_context:
            live["words"][:] -= live["context"]

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices.

        Returns
        -------
        mapping
            "input", the word vectors, and "context", C-contiguous (V, D). The run can't be used
            any more.
        """
        self.close()
        vectors = self.vectors()
        context = np.ascontiguousarray(self.arrays()["context"])
        del self._table, self._tiles
        return {"input": vectors, "context": context}

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped: not longer than a block takes."""
        self._team.close()


make_run = GloVeRun
