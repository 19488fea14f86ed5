"""A model in one file: its vectors in the native format, and beside them what it takes to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin import config as configs
from wordkin.config import Model
from wordkin.corpus.account import Account
from wordkin.documents.taking import taken
from wordkin.engines import Memory
from wordkin.errors import FormatError
from wordkin.formats import native
from wordkin.formats.rows import naming
from wordkin.training.progress import EpochRecord

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.table import VectorTable

_NAME = "model"


class Stored(NamedTuple):
    """What a file holds beside the vectors."""

    context: NDArray[np.float32] | None
    config: Model
    seed: int
    history: Sequence[EpochRecord]
    account: Mapping[str, Any]
    corpus: Account
    memory: Memory


def write_model(path: str | os.PathLike[str], table: VectorTable, stored: Stored) -> None:
    """Write a model.

    Parameters
    ----------
    path : path-like
        The file.
    table : VectorTable
        The word vectors.
    stored : Stored
        All the rest.

    Raises
    ------
    FileError
        If it can't be written.
    """
    about = {
        "kind": type(stored.config).__name__,
        "config": stored.config.settings(),
        "seed": stored.seed,
        "history": [record._asdict() for record in stored.history],
        "account": dict(stored.account),
        "corpus": stored.corpus.to_dict(),
        "memory": stored.memory._asdict(),
    }
    arrays = {} if stored.context is None else {"context": np.ascontiguousarray(stored.context)}
    native.write(table, path, beside=native.Beside(_NAME, about, arrays))


def read_model(path: str | os.PathLike[str]) -> tuple[VectorTable, Stored]:
    """Read a model; nothing in the file is executed.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    VectorTable, Stored
        The vectors, mapped from the file, and the rest.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it holds no model, or is damaged.
    """
    beside = native.read_beside(path, _NAME)
    with naming(path):
        if beside is None:
            raise FormatError(
                "These are vectors, and no model that was saved by TrainedModel.save: "
                "wordkin.load(path) reads them."
            )
        table = native.read(path)
        context = None
        if "context" in beside.arrays:
            context = taken(beside.arrays, "context", np.float32, shape=table.matrix.shape)
        try:
            about = beside.settings
            memory = Memory(**about["memory"])
            memory = memory._replace(
                tables=int(memory.tables), other=int(memory.other), copies=int(memory.copies)
            )
            return table, Stored(
                context=context,
                config=_config(about["kind"], about["config"]),
                seed=int(about["seed"]),
                history=[EpochRecord.restored(record) for record in about["history"]],
                account=dict(about["account"]),
                corpus=Account(**about["corpus"]),
                memory=memory._replace(shape=(int(memory.shape[0]), int(memory.shape[1]))),
            )
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise FormatError(f"What the model says of itself is damaged: {error}.") from error


def _config(kind: object, settings: Mapping[str, Any]) -> Model:
    made = getattr(configs, kind, None) if isinstance(kind, str) else None
    if not isinstance(made, type) or not issubclass(made, Model) or made is Model:
        raise FormatError(f"There is no model {kind!r} in this version.")
    return made(**settings)
