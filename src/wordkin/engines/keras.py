"""The engine on Keras: TensorFlow, JAX or PyTorch, on a CPU or a GPU.

The host thins out the text, draws windows and noise with the compiled kernels of the CPU engine,
and cuts the rest into batches; the device does the arithmetic (`keras_step`) on tables that stay
there (`keras_tables`). Only skip-gram and CBOW with negative sampling.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from wordkin.config import CBOW, SkipGram
from wordkin.engines import Block, Learned, Memory
from wordkin.engines.keras_step import Batch, make_step
from wordkin.engines.keras_tables import make_tables
from wordkin.engines.text import counted_text
from wordkin.errors import ConfigError
from wordkin.kernels import bands, sampling, seed_state
from wordkin.kernels.word2vec import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.config import Model, Word2Vec
    from wordkin.corpus import Corpus

_STRETCH = 32
"""Centres in a stretch: fewer make small products, more make products of words far apart."""
_NOISE = 64
"""Noise words that a stretch shares: two for each centre, as on the CPU."""
_CENTRES = 256
"""In a step: the fewer, the less rows are out of date."""
_STEPS = 8
"""In a batch, one after the other without coming back to the host: with windows of 1 to 5 a batch
is about 12,000 pairs."""
_FAR = -(2**30)
"""A place that is in nobody's window."""
_INIT_STREAM = 2**40
"""Beyond any block's step number; the CPU engine starts from the same rows."""
_BYTES_PER_TOKEN = 64
_LARGEST_BLOCK = 1 << 19
_BYTES_BESIDE = 1 << 29
"""What a framework holds for itself, and a batch."""


class KerasEngine:
    """Trains on Keras' backend and device, which have their own threads."""

    def memory(self, words: int, config: Model, *, sentences: int = 0) -> Memory:
        """Work out what a run will take, before there is one.

        Parameters
        ----------
        words : int
            The size V of the vocabulary.
        config : Model
            The model.
        sentences : int
            Not looked at: it has no model with a row for each sentence.

        Returns
        -------
        Memory
            Bytes; at most so many, not counting the corpus. Tables on a GPU count too: in the end
            they come to the host.
        """
        del sentences
        checked = _checked(config)
        tables = 2 * words * checked.vector_size * 4
        rest = tables + _LARGEST_BLOCK * _BYTES_PER_TOKEN + words * 64 + _BYTES_BESIDE
        return Memory(tables=tables, other=rest, shape=(words, checked.vector_size))

    def start(self, corpus: Corpus, config: Model, *, seed: int) -> KerasRun:
        """Make the matrices.

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
        KerasRun
            The untrained model.
        """
        return KerasRun(corpus, _checked(config), seed=seed)


def _checked(config: Model) -> Word2Vec:
    if not isinstance(config, SkipGram | CBOW) or type(config) not in (SkipGram, CBOW):
        raise ConfigError(
            f"The Keras engine can't train {type(config).__name__}; it knows SkipGram and CBOW. "
            'Use engine="cpu".'
        )
    if config.loss != "negative-sampling":
        raise ConfigError(
            f'The Keras engine knows negative sampling, not {config.loss!r}. Use engine="cpu".'
        )
    if config.group is not None or config.shared_negatives is not None:
        raise ConfigError(
            "group and shared_negatives are settings of the CPU engine; leave them out for Keras."
        )
    return config


class KerasRun:
    """A model being trained on a device, the input at random at first.

    Parameters
    ----------
    corpus : Corpus
        What to learn from.
    config : Word2Vec
        The model.
    seed : int
        Fixes all draws.
    """

    def __init__(self, corpus: Corpus, config: Word2Vec, *, seed: int) -> None:
        self._text, counts = counted_text(corpus, sample=config.sample)
        self._config, self._seed = config, seed
        self._rule = bands.Reach(config.reach, config.shrinks)
        self._noise = sampling.make_noise(counts, config.ns_exponent)
        shape = (len(counts), config.vector_size)
        rng = np.random.default_rng([seed, _INIT_STREAM])
        first = (rng.random(shape, dtype=np.float32) - np.float32(0.5)) / np.float32(shape[1])
        tables = [first] if config.shared_table else [first, np.zeros(shape, np.float32)]
        self._names = {"input": 0, "context": len(tables) - 1}
        self._tables = make_tables(tables, make_step(config, len(counts)))
        # a batch of nothing compiles the step, so that no clock of training counts that
        empty = np.empty(0, np.int32)
        nothing = bands.Kept(empty, empty, empty)
        for batch in self._batches(nothing, Block(0, 0, config.alpha, 0)):
            _to_host(self._tables.learn(batch))

    def update(self, block: Block) -> Learned:
        """Learn from a block, batch after batch; the device works while the next one is made.

        Parameters
        ----------
        block : Block
            Which tokens, at which learning rate.

        Returns
        -------
        Learned
            How many tokens took part, and a sample of their loss.
        """
        state = seed_state(self._seed, block.step, 0)
        text, span = self._text, Span(block.start, block.stop)
        if self._config.window == "all":
            text, span = sampling.shuffled(text, span, self._rule.window, state)
        kept = bands.keep(text, self._rule, span, state)
        losses = [self._tables.learn(batch) for batch in self._batches(kept, block)]
        loss, pairs = np.sum([_to_host(each) for each in losses], axis=0).tolist()
        return Learned(len(kept.words), float(loss), round(pairs), unwatched=True)

    def _batches(self, kept: bands.Kept, block: Block) -> Iterator[Batch]:
        """Cut kept words into batches of one shape; the last is filled up with nothing."""
        window, stretches = self._rule.window, _CENTRES // _STRETCH
        size = _STEPS * _CENTRES
        n_batches = max(1, -(-len(kept.words) // size))
        room = n_batches * size
        words = _laid_out(kept.words, before=window, room=room, filling=0)
        places = _laid_out(kept.places, before=window, room=room, filling=_FAR)
        reaches = _laid_out(kept.reaches, before=0, room=room, filling=-1)
        noise = np.empty((n_batches, _STEPS, stretches, _NOISE), np.int32)
        bands.draw(self._noise, seed_state(self._seed, block.step, 1), noise.reshape(-1))
        alpha = np.full(_STEPS, block.alpha, np.float32)
        shape = (_STEPS, stretches, -1)
        for i in range(n_batches):
            start, stop = i * size, (i + 1) * size
            yield Batch(
                _stretches(words[start : stop + 2 * window], window).reshape(shape),
                _stretches(places[start : stop + 2 * window], window).reshape(shape),
                reaches[start:stop].reshape(shape),
                noise[i],
                alpha,
            )

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """The matrices as they are now.

        Returns
        -------
        mapping
            "input" and "context", (V, D): each is copied from the device when it is asked for.
        """
        return _Fetched(self)

    def fetch(self, name: str) -> NDArray[np.float32]:
        """Copy a matrix from the device.

        Parameters
        ----------
        name : str
            "input" or "context".

        Returns
        -------
        ndarray
            Shape (V, D).
        """
        return self._tables.get(self._names[name])

    def names(self) -> Iterator[str]:
        """Tell which matrices there are.

        Returns
        -------
        iterator of str
            "input" and "context".
        """
        return iter(self._names)

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead.

        Parameters
        ----------
        arrays : mapping
            "input", "context" or both, (V, D); what is missing stays as it is.
        """
        for name in reversed(self._names):  # of a shared table the input counts
            if name in arrays:
                self._tables.set(self._names[name], arrays[name])

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices.

        Returns
        -------
        mapping
            "input" and "context", C-contiguous (V, D). The run can't be used any more.
        """
        arrays = {name: self.fetch(name) for name in self._names}
        del self._tables
        return arrays

    def close(self) -> None:
        """Do nothing: there are no threads of ours."""


class _Fetched(Mapping[str, "NDArray[np.float32]"]):
    """Matrices of a run, copied from the device one by one."""

    def __init__(self, run: KerasRun) -> None:
        self._run = run

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self._run.fetch(name)

    def __iter__(self) -> Iterator[str]:
        return self._run.names()

    def __len__(self) -> int:
        return len(list(self._run.names()))


def _laid_out(
    values: NDArray[np.int32], *, before: int, room: int, filling: int
) -> NDArray[np.int32]:
    """The values in a larger array."""
    larger = np.full(room + 2 * before, filling, np.int32)
    larger[before : before + len(values)] = values
    return larger


def _stretches(values: NDArray[np.int32], window: int) -> NDArray[np.int32]:
    """Overlapping stretches: each has the words of its centres' windows too."""
    views = np.lib.stride_tricks.sliding_window_view(values, _STRETCH + 2 * window)
    return np.ascontiguousarray(views[::_STRETCH])


def _to_host(tensor: object) -> NDArray[np.float32]:
    return np.asarray(tensor.cpu() if hasattr(tensor, "cpu") else tensor)


def make_engine(*, workers: int, streams: int = 0) -> KerasEngine:
    """Make the engine.

    Parameters
    ----------
    workers : int
        Means nothing here: frameworks have their own threads.
    streams : int, default 0
        Must be 0.

    Returns
    -------
    KerasEngine
        The engine.

    Raises
    ------
    ConfigError
        If streams are asked for.
    """
    if streams:
        raise ConfigError(
            'engine="keras" can\'t train in streams (deterministic=True); engine="cpu" can.'
        )
    del workers
    return KerasEngine()
