"""What ``wordkin train`` trains with, what it goes on from, what workers have sent each other."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wordkin.engines.ray_cluster import RayCluster
    from wordkin.training import Checkpoint


class Engine(StrEnum):
    """What can do the work."""

    cpu = "cpu"
    auto = "auto"
    keras = "keras"
    ray = "ray"


def machine_for(engine: Engine, address: str | None) -> str | RayCluster:
    """Return what does the work, as `wordkin.train` takes it.

    Parameters
    ----------
    engine : Engine
        What the user chose.
    address : str, optional
        Of a cluster.

    Returns
    -------
    str or RayCluster
        The engine.

    Raises
    ------
    BadParameter
        If there is an address and no cluster.
    """
    if engine is Engine.ray:
        from wordkin.engines.ray_cluster import RayCluster

        return RayCluster(address=address)
    if address is not None:
        raise typer.BadParameter("it is for --engine ray.", param_hint="--address")
    return engine.value


def reader_of(machine: str | RayCluster) -> RayCluster | None:
    """Return the cluster that can read, if what does the work is one that is there already.

    Parameters
    ----------
    machine : str or RayCluster
        From `machine_for`.

    Returns
    -------
    RayCluster or None
        None where this machine reads: a cluster of it alone would begin and end for that.
    """
    return None if isinstance(machine, str) or machine.is_new else machine


@contextmanager
def telling_traffic(show: Callable[[str], None]) -> Iterator[None]:
    """Show what workers have sent each other, which engines write to a log of its own.

    Parameters
    ----------
    show : callable
        Shows a line.

    Yields
    ------
    None
        While this lasts.
    """
    import logging  # not for --help, which has no use for it

    class Showing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            show(record.getMessage())

    log, handler = logging.getLogger("wordkin.traffic"), Showing()
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.setLevel(before)
        log.removeHandler(handler)


def checkpoint_in(
    folder: Path | None, every: str, *, resume: bool
) -> tuple[list[Checkpoint], Path | None]:
    """Make what writes checkpoints, and find the one to go on from.

    Parameters
    ----------
    folder : Path, optional
        Where they are.
    every : str
        How often.
    resume : bool
        Whether to go on.

    Returns
    -------
    callbacks : list of Checkpoint
        One, or none.
    begun : Path or None
        The checkpoint there is.

    Raises
    ------
    BadParameter
        If it is to go on, and no folder is given.
    """
    if folder is None:
        if resume:
            raise typer.BadParameter(
                "it needs the folder of the checkpoint: --checkpoint FOLDER.",
                param_hint="--resume",
            )
        return [], None
    from wordkin.training import Checkpoint

    writer = Checkpoint(folder, every=every)
    return [writer], writer.path if resume and writer.path.exists() else None
