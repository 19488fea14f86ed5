"""Chooses between the CPU and a GPU by trying both on the text at hand."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.engines import Block, get_engine
from wordkin.errors import ConfigError, MissingExtraError
from wordkin.frameworks import import_keras

if TYPE_CHECKING:
    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.engines import Engine, Memory, Run

_log = logging.getLogger("wordkin")
_TRIED = 1 << 17
"""Tokens that each learns from: a fraction of a second on either."""
_DRIVERS = (Path("/proc/driver/nvidia/gpus"), Path("/dev/kfd"))
"""Where a GPU of NVIDIA or AMD shows itself; without one no framework needs to be imported."""


class AutoEngine:
    """The CPU, unless a GPU is there and turns out to be faster.

    Parameters
    ----------
    workers : int
        Threads of the CPU.
    """

    def __init__(self, *, workers: int) -> None:
        self._cpu = get_engine("cpu", workers=workers)

    def memory(self, words: int, config: Model, *, sentences: int = 0) -> Memory:
        """Work out what a run on the CPU will take, before there is one.

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
        return self._cpu.memory(words, config, sentences=sentences)

    def start(self, corpus: Corpus, config: Model, *, seed: int) -> Run:
        """Make the matrices where training is faster; the log tells where and why.

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
        device = self._device(corpus, config)
        if device is None:
            return self._cpu.start(corpus, config, seed=seed)
        speeds = [_speed(each, corpus, config) for each in (self._cpu, device)]
        _log.info("engine auto: words a second, CPU %.0f, GPU %.0f; the faster is taken", *speeds)
        faster = device if speeds[1] > speeds[0] else self._cpu
        return faster.start(corpus, config, seed=seed)

    def _device(self, corpus: Corpus, config: Model) -> Engine | None:
        """The engine of a GPU, if there is one and it knows the model."""
        if not gpu_is_there():
            _log.info("engine auto: there is no GPU, so the CPU trains")
            return None
        try:
            device = get_engine("keras", workers=1)
            device.memory(len(corpus.vocabulary), config)  # refuses models that it does not know
        except ConfigError as error:
            _log.info("engine auto: the CPU trains. %s", error)
            return None
        return device


def gpu_is_there() -> bool:
    """Tell whether Keras' backend sees a GPU.

    Returns
    -------
    bool
        False, too, where Keras is not installed, or runs on what trains on no GPU.
    """
    if not any(path.exists() for path in _DRIVERS):
        return False
    try:
        name = import_keras().config.backend()
    except MissingExtraError:
        return False
    if name == "torch":
        import torch

        return bool(torch.cuda.is_available())
    if name == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if name == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")
    return False


def _speed(engine: Engine, corpus: Corpus, config: Model) -> float:
    """Words a second, after everything is compiled; what is learned is thrown away."""
    tokens = min(corpus.n_tokens, _TRIED)
    alpha = config.rates[0]
    run = engine.start(corpus, config, seed=0)
    try:
        run.update(Block(0, tokens, alpha, 0))
        began = time.perf_counter()
        run.update(Block(0, tokens, alpha, 1))
        return tokens / (time.perf_counter() - began)
    finally:
        run.close()


def make_engine(*, workers: int, streams: int = 0) -> Engine:
    """Make the engine.

    Parameters
    ----------
    workers : int
        Threads of the CPU.
    streams : int, default 0
        For the same bytes with any number of threads: then it is the CPU's.

    Returns
    -------
    Engine
        The engine.
    """
    if streams:
        return get_engine("cpu", workers=workers, streams=streams)
    return AutoEngine(workers=workers)
