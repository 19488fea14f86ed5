"""Streams: training that gives the same bytes with any number of threads (DESIGN, determinism).

A block is cut into rounds, and a round into as many pieces as there are streams. Each stream learns
from its piece on replicas of the rows that it needs, then all changes are merged in a fixed order
(`kernels/replicas.py` tells how). Which thread does what, and when, makes no difference.

What a stream does with its piece is the model's business; see `word2vec` and `fasttext`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from wordkin.engines import Block, Learned
from wordkin.engines.threads import cut
from wordkin.kernels import replicas
from wordkin.kernels.word2vec import Span, aligned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from wordkin.config import FastText
    from wordkin.config.word2vec import Word2Vec
    from wordkin.engines.replicas import Changes, SharedTable, Side
    from wordkin.engines.threads import Team

_ROUND = 1 << 18
"""Tokens between two merges, at most. More is faster, fewer is nearer to learning one by one."""
_ROUNDS, _ROUNDS_OF_SMALL = 60, 128
"""In an epoch, at least, down to rounds of `_SHORTEST` tokens."""
_SMALL = 10_000_000
"""A corpus of fewer tokens is done in no time: merge more often."""
_SHORTEST = 1 << 12
_ACROSS, _ALONG = 0.1, 1.0
"""How far a row goes for each pair and unit of learning rate; found by trying, see
docs/deterministic-training.md."""
_NOISE = 0.4
"""A noise word's row moves so much less than that of the word predicted."""


class Piece(NamedTuple):
    """What a stream learns from in a round."""

    block: Block
    """The block that it is of."""
    part: int
    """Its number in the block; with that of the block it fixes all draws."""
    span: Span
    """Which tokens."""
    stream: int
    """Whose replicas to use."""


class Learner(Protocol):
    """A model that can learn from a piece of text on replicas."""

    sides: tuple[Side, Side]
    """The inputs and the outputs, in one table or in two."""

    def learn_piece(self, desk: Any, piece: Piece) -> NDArray[np.float64]:  # noqa: ANN401
        """Make the replicas of a stream and learn on them.

        Parameters
        ----------
        desk : object
            What the thread has for itself.
        piece : Piece
            What to learn from.

        Returns
        -------
        ndarray
            Shape (3,), float64: tokens kept, summed loss, predictions.
        """
        ...


class Streams:
    """Cuts blocks into rounds, has the streams learn, and merges what they have changed.

    Parameters
    ----------
    learner : Learner
        The model.
    team : Team
        The threads.
    streams : int
        How many pieces a round has.
    tokens : int
        The size of the corpus.
    """

    def __init__(self, learner: Learner, team: Team[Any], *, streams: int, tokens: int) -> None:
        self._learner, self._team, self._streams = learner, team, streams
        self._tokens = tokens
        self._factors = replicas.cut_back(streams)
        self._tables = list(dict.fromkeys(side.table for side in learner.sides))

    def update(self, block: Block) -> Learned:
        """Learn from a block.

        Parameters
        ----------
        block : Block
            Which tokens, at which rate.

        Returns
        -------
        Learned
            How many tokens took part, and a sample of their loss.
        """
        return summed([self._go(block, n) for n in range(rounds(block, self._tokens))])

    def warm_up(self) -> None:
        """Compile all kernels with pieces of no tokens."""
        piece = Piece(Block(0, 0, 0.0, 0), 0, Span(0, 0), 0)
        self._team.run([lambda desk: self._learner.learn_piece(desk, piece)])
        self.merge(piece.block)

    def _go(self, block: Block, number: int) -> list[NDArray[np.float64]]:
        """Do a round."""
        tallies = self.learn(block, number, range(self._streams))
        self.merge(block)
        return tallies

    def learn(self, block: Block, number: int, streams: Sequence[int]) -> list[NDArray[np.float64]]:
        """Let some streams learn from their pieces of a round.

        Parameters
        ----------
        block : Block
            The block.
        number : int
            The round.
        streams : sequence of int
            Which of the streams.

        Returns
        -------
        list of ndarray
            What each has counted: see `Learner.learn_piece`.
        """
        spans = cut(block, [1] * (rounds(block, self._tokens) * self._streams))
        first = number * self._streams

        def task(stream: int) -> Callable[[Any], NDArray[np.float64]]:
            piece = Piece(block, first + stream, spans[first + stream], stream)
            return lambda desk: self._learn(desk, piece)

        return self._team.run([task(s) for s in streams])

    def _learn(self, desk: Any, piece: Piece) -> NDArray[np.float64]:  # noqa: ANN401
        if piece.span.start == piece.span.stop:
            for table in self._tables:
                table.leave_out(piece.stream)
            return np.zeros(3)
        return self._learner.learn_piece(desk, piece)

    def changes(self, stream: int) -> list[Changes]:
        """Copy what a stream has changed in this round, once, to be merged elsewhere too.

        Parameters
        ----------
        stream : int
            Which.

        Returns
        -------
        list of Changes
            For each table.
        """
        return [table.changes(stream) for table in self._tables]

    def accept(self, stream: int, changes: Sequence[Changes]) -> None:
        """Take what a stream has changed that has learned elsewhere.

        Parameters
        ----------
        stream : int
            Which.
        changes : sequence of Changes
            For each table.
        """
        for table, changed in zip(self._tables, changes, strict=True):
            table.accept(stream, changed)

    def merge(self, block: Block, *, values: bool = True) -> None:
        """Add what the streams have changed in a round to the tables.

        Parameters
        ----------
        block : Block
            The block it is of.
        values : bool
            Whether the replicas are as the streams have left them; False where each stream's
            `changes` have been taken, here or elsewhere.
        """
        dampings = self._dampings(block)
        shares = self._team.workers

        def task(table: SharedTable, damping: replicas.Damping, share: int) -> Callable[..., None]:
            return lambda _: table.merge(damping, share, shares, values=values)

        self._team.run(
            [
                task(table, damping, share)
                for table, damping in zip(self._tables, dampings, strict=True)
                for share in range(shares)
            ]
        )

    def _dampings(self, block: Block) -> list[replicas.Damping]:
        """How far changes are cut back, by what the tables are like before the merge."""
        inputs, outputs = self._learner.sides
        commons = {table: aligned((1, table.table.shape[1])) for table in self._tables}
        for side, other in ((inputs, outputs), (outputs, inputs)):
            length = commons[side.table].shape[1] // len(side.table.uses)
            at = side.part * length
            other.find_common(commons[side.table][0, at : at + length])
        tokens = (block.stop - block.start) / rounds(block, self._tokens) / self._streams
        way = block.alpha * tokens
        across, along = np.float32(_ACROSS * way), np.float32(_ALONG * way)
        return [
            replicas.Damping(self._factors, table.uses, across, along, commons[table])
            for table in self._tables
        ]


def rounds(block: Block, tokens: int) -> int:
    """Tell how many rounds a block has.

    Parameters
    ----------
    block : Block
        Which block.
    tokens : int
        The size of the corpus.

    Returns
    -------
    int
        At least one.
    """
    least = _ROUNDS_OF_SMALL if tokens < _SMALL else _ROUNDS
    size = min(max(tokens // least, _SHORTEST), _ROUND)
    return max(1, -(-(block.stop - block.start) // size))


def summed(tallies: Sequence[Sequence[NDArray[np.float64]]]) -> Learned:
    """Add up what the streams have counted, always in the same order.

    Parameters
    ----------
    tallies : sequence of sequences of ndarray
        Of each round, what each stream has counted (see `Learner.learn_piece`).

    Returns
    -------
    Learned
        The sums.
    """
    tokens, loss, pairs = np.sum([np.sum(each, axis=0) for each in tallies], axis=0)
    return Learned(int(tokens), float(loss), int(pairs))


class InStreams:
    """What every run in streams does with a block; put it before the racing run of the model."""

    streams: Streams

    def update(self, block: Block) -> Learned:
        """Learn from a block, round by round.

        Parameters
        ----------
        block : Block
            Which tokens, at which learning rate.

        Returns
        -------
        Learned
            How many tokens took part, and a sample of their loss.
        """
        return self.streams.update(block)

    def warm_up(self) -> None:
        """Compile the kernels, so that no clock of training counts that."""
        self.streams.warm_up()


def kept_share(counts: NDArray[np.int64], keep: NDArray[np.uint64]) -> NDArray[np.float64]:
    """How many of the kept tokens each word is, for a token of the text.

    Parameters
    ----------
    counts : ndarray of int64
        Shape (V,).
    keep : ndarray of uint64
        Shape (V,), as in `sampling.Text`.

    Returns
    -------
    ndarray
        Shape (V,), float64.
    """
    kept: NDArray[np.float64] = counts / counts.sum() * (keep / 2.0**32)
    return kept


def uses_as_target(
    kept: NDArray[np.float64], counts: NDArray[np.int64], config: Word2Vec | FastText
) -> NDArray[np.float64]:
    """How often each word is predicted, by a pair and a token of the text, or is its noise.

    Parameters
    ----------
    kept : ndarray of float64
        As `kept_share` has it.
    counts : ndarray of int64
        Shape (V,).
    config : Word2Vec or FastText
        The model.

    Returns
    -------
    ndarray
        Shape (V,), float64.
    """
    noise = counts.astype(np.float64) ** config.ns_exponent
    uses: NDArray[np.float64] = kept + _NOISE * config.negative * kept.sum() * noise / noise.sum()
    return uses


def pairs(config: Word2Vec | FastText, *, averages: bool) -> tuple[int, int]:
    """Tell how many predictions a word takes part in on average.

    Parameters
    ----------
    config : Word2Vec or FastText
        The model.
    averages : bool
        Whether a word is predicted once, from the mean of its contexts, as in CBOW.

    Returns
    -------
    as_context, as_centre : int
        In the middle of a long sentence.
    """
    met = config.reach + 1 if config.shrinks else 2 * config.reach
    return met, 1 if averages else met


def piece_tokens(streams: int) -> int:
    """Compute how many tokens a piece of text has at most.

    Parameters
    ----------
    streams : int
        Pieces of a round.

    Returns
    -------
    int
        Tokens.
    """
    return -(-_ROUND // streams)
