"""train(): blocks, learning rate, validation, callbacks and account of a run. Knows no device.

Start reading here, then `loop`; each other file is one concern of a run.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import TYPE_CHECKING

from wordkin.engines import always_in_streams, get_engine
from wordkin.errors import ConfigError
from wordkin.training import checkpoint
from wordkin.training import validation as held_out_text
from wordkin.training.account import TrainingAccount as TrainingAccount
from wordkin.training.account import account_of
from wordkin.training.callbacks import Checkpoint as Checkpoint
from wordkin.training.callbacks import EarlyStopping as EarlyStopping
from wordkin.training.display import show_training
from wordkin.training.held_counts import hold_out_counts
from wordkin.training.initial import initial_arrays
from wordkin.training.job import STREAMS, Job, checked_callbacks, checked_streams, checked_workers
from wordkin.training.loop import Session
from wordkin.training.memory import check_fits, with_copies
from wordkin.training.memory import memory_needed as memory_needed
from wordkin.training.progress import Callback as Callback  # noqa: TC001 (for users)
from wordkin.training.progress import EpochRecord as EpochRecord
from wordkin.training.progress import Progress as Progress
from wordkin.training.recording import RunPoint as RunPoint
from wordkin.training.recording import RunRecord as RunRecord
from wordkin.training.recording import Snapshot as Snapshot
from wordkin.training.results import TrainedModel as TrainedModel
from wordkin.training.results import make_model
from wordkin.training.updating import UpdateReport as UpdateReport
from wordkin.training.watching import LossCurve as LossCurve
from wordkin.training.watching import LossPoint as LossPoint
from wordkin.training.watching import NearestReport as NearestReport
from wordkin.training.watching import NearestWords as NearestWords

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.engines import Engine, EngineSettings, Memory
    from wordkin.vectors import WordVectors

_log = logging.getLogger("wordkin")


def train(  # noqa: PLR0913 (what to train comes first, the rest by name)
    corpus: Corpus,
    config: Model,
    *,
    seed: int = 1,
    workers: int | None = None,
    engine: str | EngineSettings = "cpu",
    validation: float = 0.0,
    callbacks: Iterable[Callback] = (),
    progress: bool = False,
    initial: TrainedModel | WordVectors | None = None,
    resume: str | os.PathLike[str] | None = None,
    deterministic: bool = False,
    streams: int = STREAMS,
) -> TrainedModel:
    """Train word vectors.

    It takes memory for both tables, and gives them back as they are, without a copy. Ctrl-C ends
    it after the block at hand, with all threads stopped.

    Parameters
    ----------
    corpus : Corpus
        The text, as ids.
    config : Model
        The model and its settings.
    seed : int, default 1
        Fixes all random choices. With one worker the same seed gives the same bytes.
    workers : int, optional
        Threads; all cores by default. Two and more write to the same matrices without locks, so
        that runs differ a little, unless they are `deterministic`.
    engine : str or RayCluster, default "cpu"
        What does the work: "cpu"; "keras" for TensorFlow, JAX or PyTorch, whichever Keras runs
        on, on its device (skip-gram and CBOW with negative sampling); "auto" for the faster of
        these two, tried on the text where there is a GPU, and told in the log; "ray" or a
        `RayCluster` for processes on a Ray cluster, of which there are `workers` (always
        `deterministic`, with the bytes of the CPU).
    validation : float, default 0
        Hold out this share of the text (up to half a million tokens), and compute the loss on it
        at the end of each epoch, in the same way for all settings (`wordkin.training.validation`
        tells how). `GloVe` holds out that share of its cells.
    callbacks : iterable of callable, optional
        Each is called with a `Progress` after each block; one that returns True ends the training.
        There are `EarlyStopping`, `NearestWords`, `LossCurve` and `Checkpoint`.
    progress : bool, default False
        Show a bar on standard error (a line every ten seconds where it is no terminal).
    initial : TrainedModel or WordVectors, optional
        Go on from these vectors instead of random ones; they must have the words of the corpus
        (``Corpus.from_path(..., vocabulary=...)`` makes one that fits).
    resume : path-like, optional
        Go on from this checkpoint (its file, or the folder that was given to `Checkpoint`), of a
        run that was begun with the same arguments. If `EarlyStopping` is among the callbacks, and
        has stopped it, it stays so.
    deterministic : bool, default False
        Give the same bytes with any number of workers, for a fixed seed and number of streams, on
        processors of one kind. It takes about 1.4 times as long (`FastText` twice).
        `SkipGram`, `CBOW` and `FastText` on the CPU.
    streams : int, default 4
        With `deterministic`: how many pieces of text are learned from at the same time; no more
        threads than these have work.

    Returns
    -------
    TrainedModel
        The vectors, the context vectors, the history and the account.

    Raises
    ------
    EmptyCorpusError
        If the vocabulary has fewer than two words.
    ConfigError
        If config, workers, seed, validation, callbacks or engine is none there is; if the
        checkpoint is of another run, or initial and resume are both given.
    InputError
        If the corpus is none, or the initial vectors have other words.
    OutOfMemoryError
        If it can't fit into memory; nothing has been started then.
    FileError
        If the checkpoint can't be read.
    FormatError
        If the checkpoint is damaged.
    TrainingError
        If the vectors are not finite in the end.

    Warns
    -----
    UserWarning
        If nothing was learned, because no two words share a sentence.

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
    job = Job(
        corpus=corpus,
        config=config,
        seed=seed,
        workers=checked_workers(workers),
        validation=validation,
        streams=checked_streams(streams) if deterministic or always_in_streams(engine) else 0,
    )
    if initial is not None and resume is not None:
        raise ConfigError("Give initial or resume: a checkpoint has vectors of its own.")
    arrays = None if initial is None else initial_arrays(initial, job)
    saved = None if resume is None else checkpoint.read(resume, job)
    chosen = get_engine(engine, workers=job.workers, streams=job.streams)
    callbacks = checked_callbacks(callbacks)
    memory = _checked_memory(chosen, job, callbacks)
    text = held_out_text.hold_out(job)
    with ExitStack() as stack:
        if progress:
            callbacks.append(stack.enter_context(show_training()))
        run = chosen.start(corpus, config, seed=job.seed)
        stack.callback(run.close)
        if saved is not None:
            arrays = checkpoint.fitting(saved, run.arrays())
        if arrays is not None:
            run.restore(arrays)
        tally = saved and saved.tally
        del saved, arrays  # a checkpoint that is mapped keeps its room on the disk when replaced
        held_out = hold_out_counts(job, run, text)
        session = Session(job, run, held_out=held_out, memory=memory, tally=tally)
        session.go(callbacks)
        return _model(session, job, held_out=held_out.tokens, memory=memory)


def _checked_memory(engine: Engine, job: Job, callbacks: Iterable[Callback]) -> Memory:
    corpus = job.corpus
    memory = engine.memory(len(corpus.vocabulary), job.config, sentences=len(corpus))
    memory = with_copies(memory, callbacks)
    _log.info("training needs %s", memory)
    check_fits(memory)
    return memory


def _model(session: Session, job: Job, *, held_out: int, memory: Memory) -> TrainedModel:
    account = account_of(job, session, held_out=held_out)
    return make_model(
        job, session.finish(), history=session.tally.history, account=account, memory=memory
    )
