"""What train() returns: the tables, the history, and the account."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.config import Doc2Vec
from wordkin.documents import DocumentModel
from wordkin.errors import InputError, TrainingError
from wordkin.table import VectorTable
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.config import Model
    from wordkin.corpus import Account
    from wordkin.engines import Memory
    from wordkin.subwords import Subwords
    from wordkin.training.job import Job
    from wordkin.training.progress import EpochRecord

_ROWS_AT_ONCE = 1 << 14


@dataclass(frozen=True)
class TrainingAccount:
    """Where the tokens went: of the text, and of all epochs.

    ``presented == trained + subsampled``, and the corpus' own account balances too.

    Parameters
    ----------
    corpus : Account
        From the text to the corpus.
    epochs : int
        Epochs that were begun.
    presented : int
        Tokens of the corpus that training came to, in all epochs.
    trained : int
        Those of them that it learned from.
    subsampled : int
        Those that were left out because their words are so frequent.
    held_out : int
        Tokens of the corpus that were kept for validation, in each epoch the same.
    stopped_early : bool
        Whether a callback ended the training before its time.

    Raises
    ------
    TrainingError
        If it does not balance.
    """

    corpus: Account
    epochs: int
    presented: int
    trained: int
    subsampled: int
    held_out: int = 0
    stopped_early: bool = False

    def __post_init__(self) -> None:
        if self.presented != self.trained + self.subsampled:
            raise TrainingError(
                f"The account does not balance: {self.presented} tokens presented, "
                f"{self.trained} trained, {self.subsampled} subsampled. This is a bug in wordkin."
            )

    def __str__(self) -> str:
        presented = f"presented in {self.epochs} epochs"
        if self.stopped_early:
            presented += ", stopped"
        lines = [("held out", self.held_out)] if self.held_out else []
        lines += [
            (presented, self.presented),
            ("- left out as too frequent", self.subsampled),
            ("= trained on", self.trained),
        ]
        return "\n".join([str(self.corpus)] + [f"{name:<26}{n:>16,}" for name, n in lines])


@dataclass(frozen=True)
class TrainedModel:
    """What train() returns.

    Parameters
    ----------
    vectors : WordVectors
        The word vectors.
    context : WordVectors or None
        The second table, where the model has one: the vectors of the words as targets of
        prediction (with hierarchical softmax, row i is that of the inner node i of the tree).
    config : Model
        What was trained.
    seed : int
        With which seed.
    history : sequence of EpochRecord
        One for each whole epoch.
    account : TrainingAccount
        Where the tokens went.
    memory : Memory
        What the training took.
    documents : DocumentModel, optional
        The vectors of documents, where the model learns some (`wordkin.Doc2Vec`).
    """

    vectors: WordVectors
    context: WordVectors | None
    config: Model
    seed: int
    history: Sequence[EpochRecord]
    account: TrainingAccount
    memory: Memory
    documents: DocumentModel | None = None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save what was learned: the word vectors, and all that belongs to documents.

        Parameters
        ----------
        path : str or path-like
            The file. Its ending tells the format, as for `WordVectors.save`; documents need
            ``.safetensors``.

        Raises
        ------
        InputError
            If the format is not known, or holds no documents.
        FileError
            If the file can't be written.
        """
        if self.documents is None:
            self.vectors.save(path)
        elif not os.fspath(path).endswith(".safetensors"):
            raise InputError(
                f"Vectors of documents are saved as .safetensors; got {os.fspath(path)!r}. "
                "Word vectors alone go into other formats: model.vectors.save(path)."
            )
        else:
            self.documents.save(path)


class Finished(NamedTuple):
    """What an engine hands over in the end."""

    arrays: Mapping[str, NDArray[np.float32]]
    """C-contiguous, by name: "input" (V, D), where there are such "context" (V, D) and "documents"
    (a row for each sentence of the corpus)."""
    subwords: Subwords | None = None
    """Rows of n-grams, where the model learns some."""


def make_model(
    job: Job,
    finished: Finished,
    *,
    history: Sequence[EpochRecord],
    account: TrainingAccount,
    memory: Memory,
) -> TrainedModel:
    """Put together what train() returns.

    Parameters
    ----------
    job : Job
        What was done.
    finished : Finished
        What the engine hands over: "input", and "context" where there is one, C-contiguous
        (V, D). They are not copied.
    history : sequence of EpochRecord
        Of the run.
    account : TrainingAccount
        Of the run.
    memory : Memory
        What the run took.

    Returns
    -------
    TrainedModel
        The model.

    Raises
    ------
    TrainingError
        If the vectors are not finite.
    """
    settings: dict[str, Any] = {
        "model": type(job.config).__name__,
        "config": job.config.settings(),
        "seed": job.seed,
        "workers": job.workers,
        "validation": job.validation,
        "tokens": job.corpus.n_tokens,
        "stopped_early": account.stopped_early,
        "history": [record._asdict() for record in history],
    }
    if finished.subwords is not None:
        _check_finite("subword", finished.subwords.matrix, job.config)
    tables = {}
    for name in ("input", "context"):
        if name in finished.arrays:
            array = finished.arrays[name]
            _check_finite(name, array, job.config)
            subwords = finished.subwords if name == "input" else None
            made = settings | {"table": name}
            tables[name] = WordVectors.from_table(
                VectorTable(job.corpus.vocabulary, array, made, subwords)
            )
    return TrainedModel(
        vectors=tables["input"],
        context=tables.get("context"),
        config=job.config,
        seed=job.seed,
        history=tuple(history),
        account=account,
        memory=memory,
        documents=_documents(job, finished.arrays, tables),
    )


def _documents(
    job: Job, arrays: Mapping[str, NDArray[np.float32]], tables: Mapping[str, WordVectors]
) -> DocumentModel | None:
    """Put vectors of documents back where their texts were: those without a word become zeros."""
    if "documents" not in arrays or not isinstance(job.config, Doc2Vec):
        return None
    rows, empty = arrays["documents"], job.corpus.empty
    _check_finite("document", rows, job.config)
    if empty is not None and len(empty):
        whole = np.zeros((len(rows) + len(empty), rows.shape[1]), np.float32)
        whole[np.setdiff1d(np.arange(len(whole)), empty)] = rows
        rows = whole
    context = tables["context"].table.matrix
    return DocumentModel(rows, tables["input"].table, context=context, config=job.config)


def _check_finite(name: str, array: NDArray[np.float32], config: Model) -> None:
    for start in range(0, len(array), _ROWS_AT_ONCE):
        if not np.isfinite(array[start : start + _ROWS_AT_ONCE]).all():
            raise TrainingError(
                f"The {name} vectors are no longer finite: the learning rate alpha="
                f"{config.rates[0]} is too high for this corpus. Lower it."
            )
