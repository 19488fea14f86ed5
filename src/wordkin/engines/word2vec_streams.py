"""Skip-gram and CBOW in streams: the same bytes with any number of threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.config import CBOW
from wordkin.engines import word2vec as racing
from wordkin.engines.replicas import (
    SharedTable,
    Slots,
    choose_lists,
    draw_pool,
    make_side,
    replica_bytes,
)
from wordkin.engines.streams import (
    InStreams,
    Piece,
    Streams,
    kept_share,
    pairs,
    piece_tokens,
    uses_as_target,
)
from wordkin.kernels import sampling, seed_state, word2vec

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from wordkin.config import Word2Vec
    from wordkin.corpus import Corpus
    from wordkin.engines import Memory

_DRAWS = 14
"""How often the kernel draws, for each word of the pool that it draws from."""


def memory(words: int, config: Word2Vec, *, workers: int, streams: int) -> Memory:
    """Work out what a run will take, before there is one.

    Parameters
    ----------
    words : int
        The size V of the vocabulary.
    config : Word2Vec
        The model.
    workers : int
        Threads.
    streams : int
        Pieces of text that are learned from at the same time.

    Returns
    -------
    Memory
        Bytes; at most so many, not counting the corpus.
    """
    least = racing.memory(words, config, workers=workers)
    tokens = piece_tokens(streams)
    rows = words if config.loss == "hierarchical-softmax" else 3 * tokens
    row = 2 * word2vec.padded(config.vector_size)
    more = replica_bytes(words, row, streams=streams, workers=workers, rows=rows)
    return least._replace(other=least.other + more)


class Desk(racing.Desk):
    """What one thread has for itself: also room for the slots of words."""

    def __init__(self, config: Word2Vec, width: int, words: int) -> None:
        super().__init__(config, (0, width))
        self.slots = np.full(words, -1, np.int32)


class Word2VecStreams(InStreams, racing.Word2VecRun):
    """A model being trained by streams that learn on replicas.

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
    streams : int
        Pieces of text that are learned from at the same time.
    """

    def __init__(
        self, corpus: Corpus, config: Word2Vec, *, seed: int, workers: int, streams: int
    ) -> None:
        super().__init__(corpus, config, seed=seed, workers=workers)
        self._sharing = racing.sharing(config, self._counts)
        self._table = SharedTable(self._rows, self._uses(), streams)
        self.sides = make_side(self._table, 0), make_side(self._table, 1)
        self.streams = Streams(self, self._team, streams=streams, tokens=corpus.n_tokens)

    def _desk_maker(self, counts: NDArray[np.int64], workers: int) -> Callable[[], Desk]:
        return lambda: Desk(self._config, self._rows.shape[1], len(counts))

    def _uses(self) -> NDArray[np.float32]:
        """In how many pairs each row takes part, for a token of the text: inputs, outputs."""
        kept = kept_share(self._counts, self._text.keep)
        outputs: NDArray[np.float64]
        if isinstance(self._law, sampling.Tree):
            on_path = np.repeat(kept, np.diff(self._law.starts))
            outputs = np.bincount(self._law.nodes, on_path, len(kept)).astype(np.float64)
        else:
            outputs = uses_as_target(kept, self._counts, self._config)
        as_context, as_centre = pairs(self._config, averages=isinstance(self._config, CBOW))
        return np.stack([as_context * kept, as_centre * outputs]).astype(np.float32)

    def learn_piece(self, desk: Desk, piece: Piece) -> NDArray[np.float64]:
        """Make the replica of a stream and learn on it.

        Parameters
        ----------
        desk : Desk
            What the thread has for itself.
        piece : Piece
            What to learn from.

        Returns
        -------
        ndarray
            Shape (3,), float64: tokens kept, summed loss, predictions.
        """
        config = self._config
        state = seed_state(self._seed, piece.block.step, piece.part)
        text = sampling.alone(self._text, piece.span)
        if config.window == "all":
            text, _ = sampling.shuffled(text, word2vec.Span(0, len(text.ids)), config.reach, state)
        given = Slots(desk.slots, self._table.words(piece.stream))
        ids, whole = given.number(text.ids, 0)
        law, slots = self._local_law(given, whole, state, tokens=len(ids))
        given.forget(slots)
        rows = self._table.copy(piece.stream, slots, whole)
        text = sampling.Text(ids, text.starts, text.keep[given.words[:whole]])
        tables = desk.tables(rows)
        rule = word2vec.Rule(
            config.reach, config.shrinks, config.negative, np.float32(piece.block.alpha)
        )
        tally = np.zeros(3)
        everything = word2vec.Span(0, len(ids))
        self._kernel(text, law, tables, rule, everything, desk.room, state, tally)
        return tally

    def _local_law(
        self, slots: Slots, whole: int, state: NDArray[np.uint64], *, tokens: int
    ) -> tuple[sampling.Noise | sampling.Tree, int]:
        """The law of noise, or the paths of the tree, over slots; and how many slots there are."""
        law = self._law
        if not isinstance(law, sampling.Tree):
            group, shared = self._sharing
            size = tokens * shared / group / _DRAWS
            return draw_pool(law, state, slots, used=whole, size=size)
        _, turns = choose_lists(law.starts, law.turns, slots.words[:whole])
        starts, nodes = choose_lists(law.starts, law.nodes, slots.words[:whole])
        nodes, used = slots.number(nodes, whole)
        return sampling.Tree(starts, nodes, turns), used


make_run = Word2VecStreams
