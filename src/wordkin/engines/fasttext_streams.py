"""FastText in streams: the same bytes with any number of threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from wordkin.engines import fasttext as racing
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
from wordkin.errors import ConfigError
from wordkin.kernels import sampling, seed_state, subword
from wordkin.kernels.word2vec import Rule, Span, padded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from wordkin.config import FastText
    from wordkin.corpus import Corpus
    from wordkin.engines import Memory

_DRAWS = 8
"""How often the kernel draws, for each word of the pool that it draws from. With 40 a piece learned
to tell just these words: WordSim-353 was a fifth lower."""
_ROWS_PER_TOKEN = 8
"""Of the table of n-grams, in a piece of text, at most as far as was seen: 3 in English."""


def memory(words: int, config: FastText, *, workers: int, streams: int) -> Memory:
    """Estimate what a run will take, before there is one.

    Parameters
    ----------
    words : int
        The size V of the vocabulary.
    config : FastText
        The model.
    workers : int
        Threads.
    streams : int
        Pieces of text that are learned from at the same time.

    Returns
    -------
    Memory
        Bytes, not counting the corpus; for English rather too many.
    """
    least = racing.memory(words, config, workers=workers)
    floats = padded(config.vector_size)
    pieces = least.tables // (floats * 4) - words - 2
    tokens = piece_tokens(streams)
    more = sum(
        replica_bytes(rows, floats, streams=streams, workers=workers, rows=some)
        for rows, some in ((pieces, _ROWS_PER_TOKEN * tokens), (words, 3 * tokens))
    )
    return least._replace(other=least.other + more)


class Desk(NamedTuple):
    """What one thread has for itself: also room for the slots of words and pieces."""

    kernel: subword.Desk
    words: NDArray[np.int32]
    pieces: NDArray[np.int32]


class FastTextStreams(InStreams, racing.FastTextRun):
    """A model being trained by streams that learn on replicas.

    Parameters
    ----------
    corpus : Corpus
        What to learn from.
    config : FastText
        The model.
    seed : int
        Fixes all draws.
    workers : int
        Threads.
    streams : int
        Pieces of text that are learned from at the same time.

    Raises
    ------
    ConfigError
        If the loss is not negative sampling.
    """

    def __init__(
        self, corpus: Corpus, config: FastText, *, seed: int, workers: int, streams: int
    ) -> None:
        if config.loss != "negative-sampling":
            raise ConfigError(
                f"FastText with loss={config.loss!r} can't be trained in streams. Take "
                '"negative-sampling", or workers=1 instead of deterministic=True.'
            )
        super().__init__(corpus, config, seed=seed, workers=workers)
        self._sharing = racing.sharing(config, self._counts)
        inputs, outputs = self._uses()
        self._inputs = SharedTable(self._tables.pieces, inputs, streams)
        self._outputs = SharedTable(self._tables.output, outputs, streams)
        self.sides = make_side(self._inputs, 0), make_side(self._outputs, 0)
        self.streams = Streams(self, self._team, streams=streams, tokens=corpus.n_tokens)

    def _desk_maker(self) -> Callable[[], Desk]:
        size, reach = self._config.vector_size, self._config.reach
        return lambda: Desk(
            subword.make_desk(reach, size),
            np.full(len(self._counts), -1, np.int32),
            np.full(self._spelling.n_rows, -1, np.int32),
        )

    def _uses(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """In how many pairs each row takes part, for a token of the text: pieces, outputs."""
        kept = kept_share(self._counts, self._text.keep)
        as_context, as_centre = pairs(self._config, averages=self._config.averages)
        pieces = self._spelling.pieces
        in_words = np.repeat(kept, np.diff(pieces.starts))
        inputs = np.bincount(pieces.rows, in_words, minlength=self._spelling.n_rows)
        outputs = uses_as_target(kept, self._counts, self._config)
        return (
            (as_context * inputs[None]).astype(np.float32),
            (as_centre * outputs[None]).astype(np.float32),
        )

    def learn_piece(self, desk: Desk, piece: Piece) -> NDArray[np.float64]:
        """Make the replicas of a stream and learn on them.

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
        config, law = self._config, cast("sampling.Noise", self._law)
        state = seed_state(self._seed, piece.block.step, piece.part)
        text = sampling.alone(self._text, piece.span)
        given = Slots(desk.words, self._outputs.words(piece.stream))
        ids, whole = given.number(text.ids, 0)
        group, shared = self._sharing
        size = len(ids) * shared / group / _DRAWS
        noise, slots = draw_pool(law, state, given, used=whole, size=size)
        given.forget(slots)
        output = self._outputs.copy(piece.stream, slots, whole)
        pieces, table = self._replica_of_pieces(desk, given.words[:whole], piece.stream)
        text = sampling.Text(ids, text.starts, text.keep[given.words[:whole]])
        rule = Rule(
            config.reach, config.shrink_windows, config.negative, np.float32(piece.block.alpha)
        )
        tally = np.zeros(3)
        self._kernel(
            text,
            noise,
            subword.Tables(table, output),
            pieces,
            rule,
            Span(0, len(ids)),
            desk.kernel,
            state,
            tally,
        )
        return tally

    def _replica_of_pieces(
        self, desk: Desk, words: NDArray[np.int32], stream: int
    ) -> tuple[subword.Pieces, NDArray[np.float32]]:
        """The pieces of these words as slots, and the table of the slots."""
        starts, rows = choose_lists(*self._spelling.pieces, words)
        given = Slots(desk.pieces, self._inputs.words(stream))
        rows, slots = given.number(rows, 0)
        given.forget(slots)
        return subword.Pieces(starts, rows), self._inputs.copy(stream, slots, slots)


make_run = FastTextStreams
