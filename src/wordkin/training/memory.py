"""Whether a run fits into memory, found out before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wordkin.engines import always_in_streams, get_engine
from wordkin.errors import OutOfMemoryError
from wordkin.memory import available_memory
from wordkin.training.job import STREAMS, checked_workers
from wordkin.training.progress import Keeper

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.engines import EngineSettings, Memory
    from wordkin.training.progress import Callback


def memory_needed(
    corpus: Corpus,
    config: Model,
    *,
    workers: int | None = None,
    engine: str | EngineSettings = "cpu",
    streams: int = 0,
    callbacks: Iterable[Callback] = (),
) -> Memory:
    """Work out what training will take: both tables, and a little for threads and laws.

    Parameters
    ----------
    corpus : Corpus
        The text; its own memory is not counted.
    config : Model
        The model.
    workers : int, optional
        Threads; all cores by default.
    engine : str or RayCluster, default "cpu"
        What does the work.
    streams : int, default 0
        Those of a deterministic run; 0 for one that races.
    callbacks : iterable of callable
        Those of the run: `EarlyStopping` keeps a copy of the tables.

    Returns
    -------
    Memory
        In bytes; as text it is a sentence.

    Raises
    ------
    ConfigError
        If workers or engine is none there is.

    Examples
    --------
    >>> import wordkin as wk
    >>> corpus = wk.Corpus.from_texts(["the cat sat on the mat"], min_count=1)
    >>> memory_needed(corpus, wk.SkipGram(vector_size=100), workers=1).tables
    5376
    """
    if always_in_streams(engine):
        streams = streams or STREAMS
    need = get_engine(engine, workers=checked_workers(workers), streams=streams)
    memory = need.memory(len(corpus.vocabulary), config, sentences=len(corpus))
    return with_copies(memory, callbacks)


def with_copies(memory: Memory, callbacks: Iterable[Callback]) -> Memory:
    """Add what callbacks keep.

    Parameters
    ----------
    memory : Memory
        What the run itself takes.
    callbacks : iterable of callable
        Those of the run.

    Returns
    -------
    Memory
        The sum.
    """
    for callback in callbacks:
        if isinstance(callback, Keeper) and callback.keeps_tables:
            memory = memory.with_copy(callback.keeps_tables)
    return memory


def check_fits(need: Memory, available: int | None = None) -> None:
    """Refuse a run that can't fit.

    Parameters
    ----------
    need : Memory
        What it will take.
    available : int, optional
        Bytes there are; by default what the system says.

    Raises
    ------
    OutOfMemoryError
        If there is less than is needed.
    """
    if available is None:
        available = available_memory()
    if available is not None and need.total > available:
        words, floats = need.shape
        sizes = "" if need.layout else f" (2 x {words + 1:,} x {floats} x 4 bytes for the tables)"
        raise OutOfMemoryError(
            f"Training needs {need}{sizes}; {available / 1e6:,.0f} MB are available. Make "
            "fewer words (max_vocab, min_count) or a smaller vector_size, or give it more memory."
        )
