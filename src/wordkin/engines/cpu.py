"""The engine for CPUs: each model has a file beside this one, with compiled kernels and threads."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Protocol

from wordkin.engines import Run
from wordkin.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.engines import Memory

_HOMES = {
    "SkipGram": "word2vec",
    "CBOW": "word2vec",
    "reference losses": "losses",
    "Doc2Vec": "doc2vec",
    "FastText": "fasttext",
    "GloVe": "glove",
    "PPMI": "ppmi",
}
"""The file of each family: it has `memory` and `make_run`, which take what `CpuEngine` does."""
_IN_STREAMS = {
    "SkipGram": "word2vec_streams",
    "CBOW": "word2vec_streams",
    "FastText": "fasttext_streams",
}
"""The same of those that can be trained in streams."""


class CpuRun(Run, Protocol):
    """What `make_run` makes."""

    def warm_up(self) -> None:
        """Begin the threads, and compile the kernels, so that no clock of training counts that."""
        ...


class CpuEngine:
    """Trains with `workers` threads.

    Parameters
    ----------
    workers : int
        Threads. They write to the same matrices without locks (Niu et al. 2011, Hogwild); with
        one thread the same seed gives the same bytes.
    streams : int, default 0
        Learn in so many streams, which gives the same bytes with any number of threads; 0 is to
        race.
    """

    def __init__(self, *, workers: int, streams: int = 0) -> None:
        self.workers, self.streams = workers, streams

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
        home = self._home(config)
        answer: Memory = home.memory(words, config, **self._ways())
        if hasattr(home, "sentence_bytes"):  # the files of most models know no sentences
            rows = sentences * home.sentence_bytes(config)
            # in the end rows are copied into a table without padding
            answer = answer._replace(tables=answer.tables + rows, other=answer.other + rows)
        return answer

    def start(self, corpus: Corpus, config: Model, *, seed: int) -> Run:
        """Make the matrices, and compile the kernels.

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
        run: CpuRun = self._home(config).make_run(corpus, config, seed=seed, **self._ways())
        try:
            run.warm_up()
        except BaseException:  # Ctrl-C, too: whoever asked for the run can't stop its threads
            run.close()
            raise
        return run

    def _ways(self) -> dict[str, int]:
        streams = {"streams": self.streams} if self.streams else {}
        return {"workers": self.workers} | streams

    def _home(self, config: Model) -> Any:  # noqa: ANN401
        return _home(config, _IN_STREAMS if self.streams else _HOMES)


def _home(config: Model, homes: Mapping[str, str]) -> Any:  # noqa: ANN401
    name = homes.get(config.family)
    if name is None and config.family in _HOMES:
        raise ConfigError(
            f"{config.family} can't be trained in streams (deterministic=True); that is for "
            f"{', '.join(_IN_STREAMS)}. With workers=1 the same seed gives the same bytes too."
        )
    if name is None:
        raise ConfigError(
            f"The CPU engine can't train {type(config).__name__}; it knows {', '.join(_HOMES)}."
        )
    if getattr(config, "shared_table", False):
        raise ConfigError(
            'The CPU engine has a table for contexts; shared_table=True needs engine="keras".'
        )
    return importlib.import_module(f"wordkin.engines.{name}")


def make_engine(*, workers: int, streams: int = 0) -> CpuEngine:
    """Make the engine.

    Parameters
    ----------
    workers : int
        Threads.
    streams : int, default 0
        Learn in so many streams; 0 is to race.

    Returns
    -------
    CpuEngine
        The engine.
    """
    return CpuEngine(workers=workers, streams=streams)
