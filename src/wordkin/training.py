"""train(): blocks, learning rate, progress and account of a run. Knows no device."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from wordkin.engines import Block, get_engine
from wordkin.errors import ConfigError, EmptyCorpusError, TrainingError
from wordkin.table import VectorTable
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from wordkin.config import Word2Vec
    from wordkin.corpus import Account, Corpus
    from wordkin.engines import Learned, Run

_BLOCKS_WANTED = 400
_SMALLEST_BLOCK = 1 << 14
_LARGEST_BLOCK = 1 << 19


class Progress(NamedTuple):
    """Where a run stands; callbacks get one after each block."""

    step: int
    steps: int
    epoch: int
    """Counted from 1."""
    words: int
    """Words of the corpus seen so far, those seen again in later epochs counted again."""
    total_words: int
    seconds: float
    alpha: float
    loss: float
    """Mean loss of a (word, context) pair in the last blocks, in nats."""

    @property
    def words_per_second(self) -> float:
        """Mean speed since the start, compilation left out."""
        return self.words / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float:
        """Time left at that speed."""
        return self.seconds * (self.total_words - self.words) / max(self.words, 1)


class Callback(Protocol):
    """Anything to be called after each block."""

    def __call__(self, progress: Progress) -> object:
        """Take note of the progress.

        Parameters
        ----------
        progress : Progress
            Where the run stands.
        """
        ...


class EpochRecord(NamedTuple):
    """One line of the history."""

    epoch: int
    loss: float
    """Mean loss of a (word, context) pair over the epoch, in nats."""
    seconds: float
    """Since the start of the run."""
    words_per_second: float


@dataclass(frozen=True)
class TrainingAccount:
    """Where the tokens went: of the text, and of all epochs.

    ``presented == trained + subsampled``, and the corpus' own account balances too.
    """

    corpus: Account
    epochs: int
    presented: int
    trained: int
    subsampled: int

    def __post_init__(self) -> None:
        if self.presented != self.trained + self.subsampled:
            raise TrainingError(
                f"The account does not balance: {self.presented} tokens presented, "
                f"{self.trained} trained, {self.subsampled} subsampled. This is a bug in wordkin."
            )

    def __str__(self) -> str:
        return (
            f"{self.corpus}\n"
            f"presented in {self.epochs} epochs  {self.presented:>15,}\n"
            f"  left out as too frequent  {self.subsampled:>15,}\n"
            f"  trained on                {self.trained:>15,}"
        )


@dataclass(frozen=True)
class TrainedModel:
    """What train() returns.

    Parameters
    ----------
    vectors : WordVectors
        The word vectors.
    context : WordVectors
        The second table: the vectors of the words as targets of prediction.
    config : Word2Vec
        What was trained.
    seed : int
        With which seed.
    history : sequence of EpochRecord
        One for each epoch.
    account : TrainingAccount
        Where the tokens went.
    """

    vectors: WordVectors
    context: WordVectors
    config: Word2Vec
    seed: int
    history: Sequence[EpochRecord]
    account: TrainingAccount


def train(
    corpus: Corpus,
    config: Word2Vec,
    *,
    seed: int = 1,
    workers: int | None = None,
    engine: str = "cpu",
    callbacks: Iterable[Callback] = (),
) -> TrainedModel:
    """Train word vectors.

    Parameters
    ----------
    corpus : Corpus
        The text, as ids.
    config : Word2Vec
        The model and its settings.
    seed : int, default 1
        Fixes all random choices. With one worker the same seed gives the same bytes.
    workers : int, optional
        Threads; all cores by default. Two and more write to the same matrices without locks, so
        that runs differ a little.
    engine : str, default "cpu"
        What does the work.
    callbacks : iterable of callable, optional
        Each is called with a `Progress` after each block.

    Returns
    -------
    TrainedModel
        The vectors, the context vectors, the history and the account.

    Raises
    ------
    EmptyCorpusError
        If the vocabulary has fewer than two words.
    ConfigError
        If workers, seed or engine is none there is.
    TrainingError
        If the vectors are not finite in the end.

    Examples
    --------
    >>> import wordkin as wk
    >>> corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
    >>> model = wk.train(corpus, wk.SkipGram(vector_size=8, epochs=1), workers=1)
    >>> model.vectors["cat"].shape
    (8,)
    >>> model.account.presented
    300
    """
    workers = _check_workers(workers)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError(f"seed must be a whole number from 0 on; got {seed!r}.")
    if len(corpus.vocabulary) < 2:
        raise EmptyCorpusError(
            f"The vocabulary has {len(corpus.vocabulary)} word; at least 2 are needed to learn "
            "which go together. Give more text, or lower min_count."
        )
    run = get_engine(engine, workers=workers).start(corpus, config, seed=seed)
    loop = _Loop(corpus.n_tokens, config)
    for block in loop.blocks():
        progress = loop.note(block, run.update(block))
        for callback in callbacks:
            callback(progress)
    account = TrainingAccount(
        corpus.account, config.epochs, loop.seen, loop.trained, loop.seen - loop.trained
    )
    return _finish(run, corpus, config, seed=seed, history=loop.history, account=account)


def _check_workers(workers: int | None) -> int:
    if workers is None:
        return os.cpu_count() or 1
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= 1024:
        raise ConfigError(f"workers must be a whole number from 1 to 1024; got {workers!r}.")
    return workers


@dataclass
class _Loop:
    """The schedule of a run, and what has come of it so far."""

    tokens: int
    config: Word2Vec
    seen: int = 0
    trained: int = 0
    history: list[EpochRecord] = field(default_factory=list)
    _recent: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    _epoch: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    _began: float = 0.0

    def _block_size(self) -> int:
        """Many blocks, so that the rate falls smoothly, but each worth the threads' while."""
        wanted = self.tokens * self.config.epochs // _BLOCKS_WANTED
        return min(max(wanted, _SMALLEST_BLOCK), _LARGEST_BLOCK)

    def blocks(self) -> Iterator[Block]:
        """All blocks in order; the rate falls linearly from alpha to min_alpha over all epochs."""
        size, config = self._block_size(), self.config
        starts = range(0, self.tokens, size)
        self._steps = len(starts) * config.epochs
        total = self.tokens * config.epochs
        self._began = time.perf_counter()
        for epoch in range(config.epochs):
            for number, start in enumerate(starts):
                done = (epoch * self.tokens + start) / total
                yield Block(
                    start=start,
                    stop=min(start + size, self.tokens),
                    alpha=config.alpha + (config.min_alpha - config.alpha) * done,
                    step=epoch * len(starts) + number,
                )

    def note(self, block: Block, learned: Learned) -> Progress:
        """Add a block to the account and say where the run stands."""
        self.seen += block.stop - block.start
        self.trained += learned.tokens
        # an exponential mean over about ten blocks: steady to look at, and still recent
        self._recent = 0.9 * self._recent + (learned.loss, learned.pairs)
        self._epoch += (learned.loss, learned.pairs)
        epoch = (self.seen - 1) // self.tokens + 1
        progress = Progress(
            step=block.step + 1,
            steps=self._steps,
            epoch=epoch,
            words=self.seen,
            total_words=self.tokens * self.config.epochs,
            seconds=time.perf_counter() - self._began,
            alpha=block.alpha,
            loss=_mean(self._recent),
        )
        if block.stop == self.tokens:
            record = EpochRecord(
                epoch, _mean(self._epoch), progress.seconds, progress.words_per_second
            )
            self.history.append(record)
            self._epoch = np.zeros(2)
        return progress


def _mean(loss_and_pairs: NDArray[np.float64]) -> float:
    return float(loss_and_pairs[0] / max(loss_and_pairs[1], 1))


def _finish(
    run: Run,
    corpus: Corpus,
    config: Word2Vec,
    *,
    seed: int,
    history: list[EpochRecord],
    account: TrainingAccount,
) -> TrainedModel:
    settings: dict[str, Any] = {
        "model": type(config).__name__,
        "config": asdict(config),
        "seed": seed,
        "tokens": corpus.n_tokens,
        "history": [record._asdict() for record in history],
    }
    tables = {}
    for name, array in run.arrays().items():
        if not np.isfinite(array).all():
            raise TrainingError(
                f"The {name} vectors are no longer finite: the learning rate alpha="
                f"{config.alpha} is too high for this corpus. Lower it."
            )
        tables[name] = VectorTable(
            corpus.vocabulary, np.ascontiguousarray(array), settings | {"table": name}
        )
    return TrainedModel(
        vectors=WordVectors.from_table(tables["input"]),
        context=WordVectors.from_table(tables["context"]),
        config=config,
        seed=seed,
        history=tuple(history),
        account=account,
    )
