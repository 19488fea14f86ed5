"""Checkpoints: one safetensors file with all tables and all that a run needs to go on.

The file is what the engine's matrices are after a block, and as metadata (JSON under "checkpoint")
how far the run has come and what it is a run of. Random numbers depend on seed, block and thread
alone, so there is no generator to save.
"""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from wordkin.corpus.surveying import text_mark
from wordkin.errors import ConfigError, FileError, FormatError, WordkinError
from wordkin.files import atomic_write
from wordkin.formats import tensors
from wordkin.given import checked_path
from wordkin.training.progress import EpochRecord

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from wordkin.training.job import Job

_NAME = "checkpoint.safetensors"
_VERSION = 1


@dataclass
class Tally:
    """How far a run has come, and what has come of it."""

    step: int = 0
    """Blocks done: the number of the next one."""
    seen: int = 0
    trained: int = 0
    recent: tuple[float, ...] = (0.0, 0.0)
    """Loss and pairs of the last blocks, fading."""
    epoch: tuple[float, ...] = (0.0, 0.0)
    """Loss and pairs of this epoch."""
    history: list[EpochRecord] = field(default_factory=list)
    seconds: float = 0.0


class Saved(NamedTuple):
    """What a checkpoint holds."""

    path: Path
    tally: Tally
    about: Mapping[str, Any]
    arrays: Mapping[str, NDArray[np.float32]]
    """Mapped from the file."""


def file_in(path: Path, *, make: bool = True) -> Path:
    """Return the checkpoint's file in a folder.

    Parameters
    ----------
    path : Path
        The folder.
    make : bool
        Make the folder if there is none.

    Returns
    -------
    Path
        Its file.

    Raises
    ------
    FileError
        If the folder can't be made.
    """
    if make:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(
                f"Can't make the folder {str(path)!r} for checkpoints: {error.strerror or error}."
            ) from error
    return path / _NAME


def write(
    path: str | os.PathLike[str],
    job: Job,
    tally: Tally,
    *,
    arrays: Mapping[str, NDArray[np.float32]],
) -> None:
    """Write a checkpoint; the old one stays until the new one is complete.

    Parameters
    ----------
    path : path-like
        The file.
    job : Job
        What is being done.
    tally : Tally
        How far.
    arrays : mapping
        The matrices.

    Raises
    ------
    FileError
        If it can't be written.
    """
    about = description(job) | {"tally": asdict(tally)}
    about["tally"]["history"] = [record._asdict() for record in tally.history]
    with atomic_write(path) as file:
        tensors.write_arrays(file, arrays, {"checkpoint": json.dumps(about)})


def description(job: Job) -> dict[str, Any]:
    """Describe a run, so that another one can be told from it.

    Parameters
    ----------
    job : Job
        What is being done.

    Returns
    -------
    dict
        Of what JSON knows.
    """
    return {
        "format": _VERSION,
        "wordkin": _package_version(),
        "model": type(job.config).__name__,
        **job.config.settings(),
        "seed": job.seed,
        "validation": job.validation,
        "workers": job.workers,
        "streams": job.streams,
        "tokens": job.corpus.n_tokens,
        "vocabulary": job.corpus.vocabulary.fingerprint(),
        "text": text_mark(job.corpus),
    }


def read(path: str | os.PathLike[str], job: Job) -> Saved:
    """Open a checkpoint, and check that it is one of this run.

    Parameters
    ----------
    path : path-like
        The file, or the folder it is in.
    job : Job
        What is to be done.

    Returns
    -------
    Saved
        The run so far.

    Raises
    ------
    FileError
        If there is none.
    FormatError
        If it is damaged, or no checkpoint.
    ConfigError
        If it is one of another run.
    """
    file = checked_path(path)
    if file.is_dir():
        file = file_in(file, make=False)
    try:
        with file.open("rb") as stream:
            header = tensors.read_header(stream)
            about = _about(header.metadata)
            _check_same(about, description(job))
            arrays = {
                name: tensors.map_array(stream, tensor)
                for name, tensor in header.tensors.items()
                if tensor.dtype in tensors.DTYPES
            }
    except OSError as error:
        if isinstance(error, WordkinError):
            raise
        raise FileError(
            f"Can't read the checkpoint {str(file)!r}: {error.strerror or error}."
        ) from error
    except FormatError as error:
        raise FormatError(f"The checkpoint {str(file)!r} can't be used. {error}") from error
    except ConfigError as error:
        raise ConfigError(f"The checkpoint {str(file)!r} is of another run: {error}") from None
    return Saved(file, _tally(file, about["tally"]), about, arrays)


def fitting(
    saved: Saved, live: Mapping[str, NDArray[np.float32]]
) -> Mapping[str, NDArray[np.float32]]:
    """Return the matrices of a checkpoint, if a run can go on from them.

    Parameters
    ----------
    saved : Saved
        The checkpoint.
    live : mapping
        The matrices of the run.

    Returns
    -------
    mapping
        Those of the checkpoint.

    Raises
    ------
    FormatError
        If one is missing, or has another shape.
    """
    for name, table in live.items():
        array = saved.arrays.get(name)
        if array is None or array.shape != table.shape or array.dtype != table.dtype:
            raise FormatError(
                f"The checkpoint {str(saved.path)!r} is damaged: it should hold the {name} table, "
                f"{table.dtype} of shape {table.shape}."
            )
    return saved.arrays


def _about(metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        about = json.loads(metadata["checkpoint"])
        about["tally"]["history"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise FormatError("It is no checkpoint of wordkin, or it is damaged.") from error
    if about.get("format") != _VERSION:
        raise FormatError(
            f"It is of version {about.get('format')!r}; this wordkin reads version {_VERSION}."
        )
    return dict(about)


def _check_same(there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    # the number of threads may change, and so may wordkin where the format stays
    there = {"streams": 0, **there}  # checkpoints of wordkin 0.1 don't tell
    for name, value in here.items():  # the model first: another one has other settings
        if name not in ("workers", "wordkin") and there.get(name) != value:
            named = {"tokens": "the corpus: its number of tokens", "text": "the corpus: its text"}
            what = named.get(name, name)
            raise ConfigError(
                f"{what} is {there.get(name)!r} there and {value!r} here. Resume with what "
                "it was begun with, or begin anew without resume."
            )


def _tally(path: Path, values: Mapping[str, Any]) -> Tally:
    try:
        if min(int(values[name]) for name in ("step", "seen", "trained")) < 0:
            raise ValueError("a number of blocks or tokens is negative")
        return Tally(
            step=int(values["step"]),
            seen=int(values["seen"]),
            trained=int(values["trained"]),
            recent=_two(values["recent"]),
            epoch=_two(values["epoch"]),
            history=[EpochRecord.restored(record) for record in values["history"]],
            seconds=float(values["seconds"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"The checkpoint {str(path)!r} is damaged: {error}.") from error


def _two(numbers: Sequence[float]) -> tuple[float, float]:
    loss, pairs = map(float, numbers)
    return loss, pairs


def _package_version() -> str:
    try:
        return importlib.metadata.version("wordkin")
    except importlib.metadata.PackageNotFoundError:  # used from its source folder
        return "unknown"
