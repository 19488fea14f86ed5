"""Paragraph vectors on the CPU: as `word2vec`, with a row for each sentence of the corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.engines import Block, Memory
from wordkin.engines.text import counted_text
from wordkin.engines.threads import Team
from wordkin.kernels import doc2vec, sampling, seed_state, word2vec
from wordkin.kernels.lanes import WIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from wordkin.config import Doc2Vec
    from wordkin.corpus import Corpus
    from wordkin.engines import Learned

_GROUPS = {"dbow": (4, 6), "dbow with words": (3, 6), "dm": (2, 6)}
"""Centres in a group and noise words it shares."""
_SMALL = 1_000_000
"""A corpus of fewer tokens is done in no time: learn centre by centre."""
_INIT_STREAM = 2**40
"""Beyond any block's step number, so that the first rows and the draws never share a stream."""
_ROWS_AT_ONCE = 1 << 12
_BYTES_PER_WORD = 64
_BYTES_BESIDE = 32 << 20
"""Compiled code, and what Python and NumPy hold for a moment."""


def memory(words: int, config: Doc2Vec, *, workers: int) -> Memory:
    """Work out what a run will take for its words, before there is one.

    Parameters
    ----------
    words : int
        The size V of the vocabulary.
    config : Doc2Vec
        The model.
    workers : int
        Threads.

    Returns
    -------
    Memory
        Bytes; at most so many, not counting the corpus, and for documents `sentence_bytes` each.
    """
    floats = word2vec.padded(config.vector_size)
    room = word2vec.room_bytes(config.window, config.vector_size)
    tables = _sides(config) * (words + 1) * floats * 4
    # in the end all are copied into tables without padding before they go
    return Memory(
        tables=tables,
        other=workers * room + tables + words * _BYTES_PER_WORD + _BYTES_BESIDE,
        shape=(words, floats),
        layout=f"{_sides(config)} tables of {words:,} words x {floats}, and the documents",
    )


def sentence_bytes(config: Doc2Vec) -> int:
    """Work out what each document takes.

    Parameters
    ----------
    config : Doc2Vec
        The model.

    Returns
    -------
    int
        Bytes.
    """
    return word2vec.padded(config.vector_size) * 4


class Doc2VecRun:
    """A model being trained by threads that share its matrices, the rows at random at first.

    Parameters
    ----------
    corpus : Corpus
        What to learn from; each sentence is a document.
    config : Doc2Vec
        The model.
    seed : int
        Fixes all draws.
    workers : int
        Threads.
    """

    def __init__(self, corpus: Corpus, config: Doc2Vec, *, seed: int, workers: int) -> None:
        self._text, counts = counted_text(corpus, sample=config.sample)
        self._config, self._seed = config, seed
        self._kernel = _choose_kernel(config, int(counts.sum()))
        self._noise = sampling.make_noise(counts, config.ns_exponent)
        self._floats = word2vec.padded(config.vector_size)
        self._rows = word2vec.aligned((len(counts) + 1, _sides(config) * self._floats))
        self._documents = word2vec.aligned((len(corpus), self._floats))
        rng = np.random.default_rng([seed, _INIT_STREAM])
        self._scatter(rng, self._documents)
        if _sides(config) == 2:
            self._scatter(rng, word2vec.halves(self._rows[:-1])[0])
        self._nothing_hot = word2vec.aligned((0, self._rows.shape[1]))
        self._team = Team(workers, lambda: word2vec.make_room(config.window, config.vector_size))

    def _scatter(self, rng: np.random.Generator, table: NDArray[np.float32]) -> None:
        size = self._config.vector_size
        for start in range(0, len(table), _ROWS_AT_ONCE):  # no second table for a moment
            rows = table[start : start + _ROWS_AT_ONCE]
            draws = rng.random((len(rows), size), dtype=np.float32)
            # gensim's: twice word2vec's
            rows[:, :size] = (2 * draws - np.float32(1)) / np.float32(size)

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
            How many tokens took part, and a sample of their loss.
        """
        config = self._config
        # without words nobody looks at neighbours
        window = config.window if _sides(config) == 2 else 0
        shrink = bool(config.shrink_windows) and window > 0
        rule = word2vec.Rule(window, shrink, config.negative, np.float32(block.alpha))
        tables = word2vec.Tables(self._rows, self._nothing_hot, self._nothing_hot)

        def learn(room: word2vec.Room, part: int, span: word2vec.Span) -> NDArray[np.float64]:
            tally = np.zeros(3)
            state = seed_state(self._seed, block.step, part)
            given = (self._text, self._noise, tables, self._documents, rule)
            self._kernel(*given, span, room, state, tally)
            return tally

        return self._team.share(block, learn)

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """The matrices as they are now.

        Returns
        -------
        mapping
            Views: "documents" (S, D), "input" and "context" (V, D); the last two are one table
            where words are only predicted.
        """
        size = self._config.vector_size
        rows = self._rows[:-1]
        inputs, outputs = word2vec.halves(rows) if _sides(self._config) == 2 else (rows, rows)
        return {
            "documents": self._documents[:, :size],
            "input": inputs[:, :size],
            "context": outputs[:, :size],
        }

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead.

        Parameters
        ----------
        arrays : mapping
            By the names of `arrays`; what is missing stays as it is.
        """
        for name, table in self.arrays().items():
            if name in arrays:
                table[:] = arrays[name]

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices, copied one after the other.

        Returns
        -------
        mapping
            "documents" (S, D), "input" and "context" (V, D), C-contiguous; the last two are one
            array where words are only predicted. The run can't be used any more.
        """
        self.close()
        live = self.arrays()
        whole = {name: np.ascontiguousarray(live[name]) for name in ("documents", "context")}
        whole["input"] = whole["context"]
        if _sides(self._config) == 2:
            whole["input"] = np.ascontiguousarray(live["input"])
        del self._rows, self._documents
        return whole

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped: not longer than a block takes."""
        self._team.close()


def _kind(config: Doc2Vec) -> str:
    if config.dm:
        return "dm"
    return "dbow with words" if config.dbow_words else "dbow"


def _sides(config: Doc2Vec) -> int:
    """How many rows a word has."""
    return 1 if _kind(config) == "dbow" else 2


def _choose_kernel(config: Doc2Vec, tokens: int) -> Callable[..., None]:
    group, shared = (1, 5) if tokens < _SMALL else _GROUPS[_kind(config)]
    group = config.group or group
    shared = config.shared_negatives or min(shared, WIDE - group)
    return doc2vec.make_grouped(kind=_kind(config), group=group, shared=shared)


make_run = Doc2VecRun
