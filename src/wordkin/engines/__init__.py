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


class Engine(Protocol):
    """A way of training, such as on the CPU."""

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
