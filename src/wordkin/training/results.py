"""What train() returns: the tables, the history, and the account."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wordkin.config import Doc2Vec
from wordkin.documents import DocumentModel
from wordkin.errors import FormatError, InputError, TrainingError
from wordkin.table import VectorTable
from wordkin.training import updating
from wordkin.training.account import TrainingAccount, account_of
from wordkin.training.job import Job, checked_workers
from wordkin.training.loop import Finished
from wordkin.training.saving import Stored, read_model, write_model
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.engines import Memory
    from wordkin.training.progress import Callback, EpochRecord
    from wordkin.training.updating import UpdateReport

_ROWS_AT_ONCE = 1 << 14


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
    report : UpdateReport, optional
        What moved, where it comes from `update`.
    """

    vectors: WordVectors
    context: WordVectors | None
    config: Model
    seed: int
    history: Sequence[EpochRecord]
    account: TrainingAccount
    memory: Memory
    documents: DocumentModel | None = None
    report: UpdateReport | None = None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save what was learned.

        Parameters
        ----------
        path : str or path-like
            The file. Its ending tells the format: ``.safetensors`` keeps everything, so that
            `load` can go on with it (`wordkin.load` reads the vectors alone, and documents load
            as their model says); others hold the word vectors.

        Raises
        ------
        InputError
            If the format is not known, or holds no documents.
        FileError
            If the file can't be written.
        """
        native = os.fspath(path).endswith(".safetensors")
        if self.documents is None and native:
            write_model(path, self.vectors.table, self._stored())
        elif self.documents is None:
            self.vectors.save(path)
        elif not native:
            raise InputError(
                f"Vectors of documents are saved as .safetensors; got {os.fspath(path)!r}. "
                "Word vectors alone go into other formats: model.vectors.save(path)."
            )
        else:
            self.documents.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TrainedModel:
        """Load a model that `save` wrote as ``.safetensors``, to go on with it.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        TrainedModel
            Its tables are mapped from the file.

        Raises
        ------
        FileError
            If there is no such file, or it can't be read.
        FormatError
            If it holds vectors alone, or is damaged.
        """
        table, stored = read_model(path)
        context = None
        if stored.context is not None:
            settings = {**table.settings, "table": "context"}
            context = VectorTable(table.vocabulary, stored.context, settings)
        try:
            account = TrainingAccount(corpus=stored.corpus, **stored.account)
        except (TypeError, TrainingError) as error:
            raise FormatError(f"{os.fspath(path)!r} is damaged: {error}") from error
        return cls(
            vectors=WordVectors.from_table(table),
            context=None if context is None else WordVectors.from_table(context),
            config=stored.config,
            seed=stored.seed,
            history=tuple(stored.history),
            account=account,
            memory=stored.memory,
        )

    def _stored(self) -> Stored:
        account = {f.name: getattr(self.account, f.name) for f in fields(self.account)}
        return Stored(
            context=None if self.context is None else self.context.vectors,
            config=self.config,
            seed=self.seed,
            history=self.history,
            corpus=account.pop("corpus"),
            account=account,
            memory=self.memory,
        )

    def update(
        self,
        corpus: Corpus,
        *,
        drift: Literal["pin"] | float = "pin",
        epochs: int | None = None,
        alpha: float | None = None,
        seed: int = 1,
        workers: int | None = None,
        callbacks: Iterable[Callback] = (),
        progress: bool = False,
    ) -> TrainedModel:
        """Learn from new text: new words are added, and old ones stay where they are.

        Old words keep their rows, and new ones follow. For skip-gram and CBOW with negative
        sampling, on the CPU.

        Parameters
        ----------
        corpus : Corpus
            The new text alone, cut by the same tokenizer
            (``tokenizer=model.vectors.vocabulary.tokenizer``), with words of its own choice.
        drift : "pin" or float
            "pin": rows of old words don't move at all, in either table. A number: the greatest
            cosine distance between an old word's vector before and after; each old row stays in
            a ball around where it was, with the radius sqrt(1 - (1 - drift) ** 2) of its length.
        epochs, alpha : optional
            Passes over the new text, and the learning rate; by default those of the model.
        seed, workers, callbacks, progress
            As for `train`.

        Returns
        -------
        TrainedModel
            The new model; this one is as before. Its `report` tells what moved.

        Raises
        ------
        ConfigError
            If the model is of another kind or lacks its second table, or a setting is out of
            range.
        InputError
            If the text was cut by another tokenizer; the message tells the difference.
        OutOfMemoryError
            If it can't fit into memory.
        TrainingError
            If the vectors are not finite in the end.

        Examples
        --------
        >>> import wordkin as wk
        >>> old = wk.Corpus.from_texts(["the cat sat on the mat"] * 50, min_count=1)
        >>> model = wk.train(old, wk.SkipGram(vector_size=8, epochs=1), workers=1)
        >>> new = wk.Corpus.from_texts(["the dog sat on the mat"] * 50, min_count=1)
        >>> later = model.update(new, workers=1)
        >>> later.report.added, later.report.max_drift
        (['dog'], 0.0)
        """
        changed = {"epochs": epochs, "alpha": alpha}
        settings: dict[str, Any] = {k: v for k, v in changed.items() if v is not None}
        if alpha is not None:
            settings["min_alpha"] = min(getattr(self.config, "min_alpha", alpha), alpha)
        known = updating.Known(self.vectors, self.context, self.config)
        updating.check_model(known)
        job = Job(
            corpus=corpus,
            config=replace(self.config, **settings),
            seed=seed,
            workers=checked_workers(workers),
            validation=0.0,
        )
        done = updating.update(known, job, drift=drift, callbacks=callbacks, progress=progress)
        model = make_model(
            done.job,
            Finished(done.arrays),
            history=done.session.tally.history,
            account=account_of(done.job, done.session),
            memory=done.memory,
        )
        return replace(model, report=done.report)


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
