"""What learns: the contract between the training loop and the machine that does the work."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

from wordkin.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.config import Word2Vec
    from wordkin.corpus import Corpus

_ENGINES = ("cpu",)


class Block(NamedTuple):
    """A piece of work: learn from ``corpus.ids[start:stop]``.

    A block may begin and end inside a sentence, so that one endless sentence can be shared out and
    the learning rate can fall within it; windows don't reach across the cut.
    """

    start: int
    stop: int
    alpha: float
    step: int
    """The number of the block in the whole run; with the seed it fixes all random numbers."""


class Learned(NamedTuple):
    """What came of a block."""

    tokens: int
    """Tokens left after the frequent ones were thinned out."""
    loss: float
    """The loss, summed over `pairs` (word, context) pairs taken as a sample."""
    pairs: int


class Memory(NamedTuple):
    """What a run will take, in bytes."""

    tables: int
    """The two matrices, rows padded to what the machine likes."""
    other: int
    """All the rest that grows with vocabulary, threads or settings."""
    shape: tuple[int, int]
    """Of one matrix: words, and floats of a row."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.tables + self.other

    def __str__(self) -> str:
        words, floats = self.shape
        return (
            f"{self.total / 1e6:,.0f} MB: {self.tables / 1e6:,.0f} for two tables of {words:,} x "
            f"{floats}, {self.other / 1e6:,.0f} for the rest"
        )


class Run(Protocol):
    """A model that is being trained."""

    def update(self, block: Block) -> Learned:
        """Learn from a block of the corpus.

        Parameters
        ----------
        block : Block
            Which tokens, at which learning rate.

        Returns
        -------
        Learned
            How many tokens took part, and a sample of the loss.
        """
        ...

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """The matrices as they are now.

        Returns
        -------
        mapping
            Live views by name; "input" is (V, D), and so is "context" where the model has one.
        """
        ...

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead.

        Parameters
        ----------
        arrays : mapping
            Matrices (V, D) by the names that `arrays` uses; those that are missing stay.
        """
        ...

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices without a second copy of them in memory.

        Returns
        -------
        mapping
            C-contiguous matrices (V, D) by name. The run can't be used any more.
        """
        ...

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped."""
        ...


class Engine(Protocol):
    """A way of training, such as on the CPU."""

    def memory(self, words: int, config: Word2Vec) -> Memory:
        """Work out what a run will take, before there is one.

        Parameters
        ----------
        words : int
            The size V of the vocabulary.
        config : Word2Vec
            The model.

        Returns
        -------
        Memory
            Bytes; at most so many, not counting the corpus.
        """
        ...

    def start(self, corpus: Corpus, config: Word2Vec, *, seed: int) -> Run:
        """Make the matrices at random.

        Parameters
        ----------
        corpus : Corpus
            What will be learned from.
        config : Word2Vec
            The model.
        seed : int
            Fixes the matrices and all draws to come.

        Returns
        -------
        Run
            The untrained model.
        """
        ...


def get_engine(name: str, *, workers: int) -> Engine:
    """Make an engine by name; only that one's module is imported.

    Parameters
    ----------
    name : str
        "cpu".
    workers : int
        Threads (or what the engine has instead).

    Returns
    -------
    Engine
        The engine.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    if name not in _ENGINES:
        raise ConfigError(f"There is no engine {name!r}. Choose from: {', '.join(_ENGINES)}.")
    module = importlib.import_module(f"wordkin.engines.{name}")
    engine: Engine = module.make_engine(workers=workers)
    return engine
