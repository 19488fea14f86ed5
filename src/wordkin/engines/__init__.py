"""What learns: the contract between the training loop and the machine that does the work."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from wordkin.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.subwords import Subwords

_ENGINES = ("auto", "cpu", "keras", "ray")


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
    epoch: int = 1
    """The pass over the corpus that it is of."""


class Learned(NamedTuple):
    """What came of a block."""

    tokens: int
    """Tokens left after the frequent ones were thinned out."""
    loss: float
    """The loss, summed over `pairs` (word, context) pairs taken as a sample."""
    pairs: int
    elsewhere: float = 0.0
    """Processor seconds that other processes have spent on it."""
    unwatched: bool = False
    """Whether a device or another's threads did it: that ours wait tells nothing then."""


class Memory(NamedTuple):
    """What a run will take, in bytes."""

    tables: int
    """The matrices, rows padded to what the machine likes."""
    other: int
    """All the rest that grows with vocabulary, threads or settings."""
    shape: tuple[int, int]
    """Of one matrix: words, and floats of a row."""
    layout: str = ""
    """What the tables are, in words, where they are not two of that shape."""
    copies: int = 1
    """How many times over all tables are counted."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.tables + self.other

    @property
    def what(self) -> str:
        """What the tables are, in words."""
        words, floats = self.shape
        return self.layout or f"two tables of {words:,} x {floats}"

    def with_copy(self, whose: str) -> Memory:
        """Count all tables once more.

        Parameters
        ----------
        whose : str
            Who keeps the copy.

        Returns
        -------
        Memory
            The sum.

        Examples
        --------
        >>> print(Memory(60_000_000, 17_000_000, (60_000, 128)).with_copy("a callback"))
        137 MB: 120 for two tables of 60,000 x 128 and a copy for a callback, 17 for the rest
        """
        return self._replace(
            tables=self.tables + self.tables // self.copies,
            layout=f"{self.what} and a copy for {whose}",
            copies=self.copies + 1,
        )

    def __str__(self) -> str:
        return (
            f"{self.total / 1e6:,.0f} MB: {self.tables / 1e6:,.0f} for {self.what}, "
            f"{self.other / 1e6:,.0f} for the rest"
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
            Live views by name (where the matrices are on a device, copies of this moment, each made
            when it is asked for), all that a checkpoint must hold. "input" is (V, D), the word
            vectors, unless the run is `Composed`; "context" is too, where the model has one.
        """
        ...

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead.

        Parameters
        ----------
        arrays : mapping
            Matrices by the names that `arrays` uses; those that are missing stay. "input" stands
            for the word vectors in each model.
        """
        ...

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices without a second copy of them in memory.

        Returns
        -------
        mapping
            C-contiguous matrices by name; "input" (V, D) holds the word vectors. The run can't
            be used any more.
        """
        ...

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped."""
        ...


@runtime_checkable
class Composed(Protocol):
    """A run whose word vectors are no table of it, but are made from several."""

    def vectors(self) -> NDArray[np.float32]:
        """Make the word vectors as they are now.

        Returns
        -------
        ndarray
            Shape (V, D), float32: a copy.
        """
        ...


@runtime_checkable
class Spelling(Protocol):
    """A run that learns rows of n-grams, from which unknown words get a vector."""

    def subwords(self) -> Subwords:
        """Hand over the rows of n-grams, after `finish`.

        Returns
        -------
        Subwords
            Not a copy.
        """
        ...


@runtime_checkable
class HoldingOut(Protocol):
    """A run that learns from counts (`Model.holds_out_counts`), and keeps some for validation."""

    def hold_out(self, share: float) -> int:
        """Choose counts that are not to be learned from, before the first block.

        Parameters
        ----------
        share : float
            How many of all, above 0 and up to 0.5.

        Returns
        -------
        int
            How many they are.
        """
        ...

    def held_out_loss(self) -> float:
        """Compute the mean loss on them now.

        Returns
        -------
        float
            As `Learned` has it for the others.
        """
        ...


def word_vectors(run: Run) -> NDArray[np.float32]:
    """Return the word vectors as they are now, whatever they are made of.

    Parameters
    ----------
    run : Run
        What is being trained.

    Returns
    -------
    ndarray
        Shape (V, D), float32; a live view where there is such a table, a copy otherwise.
    """
    return run.vectors() if isinstance(run, Composed) else run.arrays()["input"]


class Engine(Protocol):
    """A way of training, such as on the CPU."""

    def memory(self, words: int, config: Model, *, sentences: int = 0) -> Memory:
        """Work out what a run will take, before there is one.

        Parameters
        ----------
        words : int
            The size V of the vocabulary.
        config : Model
            The model.
        sentences : int
            The number S of sentences, for models that have a row for each.

        Returns
        -------
        Memory
            Bytes; at most so many, not counting the corpus.
        """
        ...

    def start(self, corpus: Corpus, config: Model, *, seed: int) -> Run:
        """Make the matrices at random.

        Parameters
        ----------
        corpus : Corpus
            What will be learned from.
        config : Model
            The model.
        seed : int
            Fixes the matrices and all draws to come.

        Returns
        -------
        Run
            The untrained model.
        """
        ...


class EngineSettings(Protocol):
    """An engine by name, with settings of its own: what its `make_engine` takes as `settings`."""

    @property
    def engine(self) -> str:
        """The name of the engine."""
        ...


def _module(engine: str | EngineSettings) -> Any:  # noqa: ANN401
    name = engine if isinstance(engine, str) else getattr(engine, "engine", None)
    if name not in _ENGINES:
        raise ConfigError(f"There is no engine {engine!r}. Choose from: {', '.join(_ENGINES)}.")
    return importlib.import_module(f"wordkin.engines.{name}")


def always_in_streams(engine: str | EngineSettings) -> bool:
    """Tell whether an engine has no other way to learn than in streams.

    Parameters
    ----------
    engine : str or EngineSettings
        The engine.

    Returns
    -------
    bool
        True if so: its runs are deterministic.

    Raises
    ------
    ConfigError
        If there is none of that name.
    """
    return bool(getattr(_module(engine), "ALWAYS_IN_STREAMS", False))


def get_engine(engine: str | EngineSettings, *, workers: int, streams: int = 0) -> Engine:
    """Make an engine by name; only that one's module is imported.

    Parameters
    ----------
    engine : str or EngineSettings
        "auto", "cpu", "keras" or "ray", or what has such a name and settings, such as a
        `RayCluster`.
    workers : int
        Threads (or what the engine has instead).
    streams : int, default 0
        For the same bytes with any number of workers: learn in so many streams.

    Returns
    -------
    Engine
        The engine.

    Raises
    ------
    ConfigError
        If there is none of that name, or it knows no streams.
    """
    settings = {} if isinstance(engine, str) else {"settings": engine}
    made: Engine = _module(engine).make_engine(workers=workers, streams=streams, **settings)
    return made
