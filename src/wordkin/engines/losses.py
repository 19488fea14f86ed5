"""Skip-gram and CBOW by the reference losses: pair by pair, for vocabularies of some thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.engines import Block, Memory
from wordkin.engines.text import counted_text
from wordkin.engines.threads import Team
from wordkin.kernels import losses, sampling, seed_state, subword
from wordkin.kernels.word2vec import Rule, aligned, padded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wordkin.config import Word2Vec
    from wordkin.corpus import Corpus
    from wordkin.engines import Learned
    from wordkin.kernels.word2vec import Span

_INIT_STREAM = 2**40
"""Beyond any block's step number, so that the first rows and the draws never share a stream."""
_BYTES_PER_WORD = 80
_BYTES_BESIDE = 32 << 20


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
    floats = padded(config.vector_size)
    scores = workers * words * 4
    return Memory(
        tables=2 * (words + 1) * floats * 4,
        other=scores + words * (config.vector_size * 8 + _BYTES_PER_WORD) + _BYTES_BESIDE,
        shape=(words, floats),
    )


class ReferenceRun:
    """A model being trained pair by pair; a word's only piece is its own row.

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
        self._config, self._seed = config, seed
        words, size = len(counts), config.vector_size
        self._pieces = subword.Pieces(np.arange(words + 1), np.arange(words, dtype=np.int32))
        self._kernel = subword.make_plain(losses.predictor(config.loss), cbow=config.averages)
        self._law = losses.make_law(config.loss, counts, config.ns_exponent, config.negative)
        shape = (words + 1, padded(size))
        self._tables = subword.Tables(aligned(shape), aligned(shape))
        draws = np.random.default_rng([seed, _INIT_STREAM]).random((words, size), np.float32)
        self._tables.pieces[:-1, :size] = (draws - np.float32(0.5)) / np.float32(size)
        self._team = Team(workers, lambda: subword.make_desk(config.reach, size))

    def warm_up(self) -> None:
        """Compile the kernel, so that no clock of training counts that."""
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
            How many tokens took part, and their loss.
        """

        def learn(desk: subword.Desk, part: int, span: Span) -> NDArray[np.float64]:
            tally = np.zeros(3)
            state = seed_state(self._seed, block.step, part)
            text = self._text
            if config.window == "all":
                text, span = sampling.shuffled(text, span, config.reach, state)
            given = (text, self._law, self._tables, self._pieces, rule)
            self._kernel(*given, span, desk, state, tally)
            return tally

        config = self._config
        alpha = np.float32(block.alpha)
        rule = Rule(config.reach, config.shrinks, config.negative, alpha)
        return self._team.share(block, learn)

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """The matrices as they are now.

        Returns
        -------
        mapping
            "input" and "context", (V, D) views.
        """
        names = zip(("input", "context"), self._tables, strict=True)
        return {name: table[:-1, : self._config.vector_size] for name, table in names}

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
        """End the run and hand over copies of its matrices, which are small.

        Returns
        -------
        mapping
            "input" and "context", C-contiguous (V, D).
        """
        self.close()
        return {name: np.ascontiguousarray(table) for name, table in self.arrays().items()}

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped: not longer than a block takes."""
        self._team.close()


make_run = ReferenceRun
