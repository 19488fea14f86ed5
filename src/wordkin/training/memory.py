"""Whether a run fits into memory, found out before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.engines import get_engine
from wordkin.errors import OutOfMemoryError
from wordkin.training.job import checked_workers

if TYPE_CHECKING:
    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.engines import Memory

_ROOT = Path("/")


def memory_needed(
    corpus: Corpus,
    config: Model,
    *,
    workers: int | None = None,
    engine: str = "cpu",
    streams: int = 0,
) -> Memory:
    """Work out what training will take: both tables, and a little for threads and laws.

    Parameters
    ----------
    corpus : Corpus
        The text; its own memory is not counted.
    config : Model
        The model.
    workers : int, optional
        Threads; all cores by default.
    engine : str, default "cpu"
        What does the work.
    streams : int, default 0
        Those of a deterministic run; 0 for one that races.

    Returns
    -------
    Memory
        In bytes; as text it is a sentence.

    Raises
    ------
    ConfigError
        If workers or engine is none there is.

    Examples
    --------
    >>> import wordkin as wk
    >>> corpus = wk.Corpus.from_texts(["the cat sat on the mat"], min_count=1)
    >>> memory_needed(corpus, wk.SkipGram(vector_size=100), workers=1).tables
    5376
    """
    need = get_engine(engine, workers=checked_workers(workers), streams=streams)
    return need.memory(len(corpus.vocabulary), config, sentences=len(corpus))


def check_fits(need: Memory, available: int | None = None) -> None:
    """Refuse a run that can't fit.

    Parameters
    ----------
    need : Memory
        What it will take.
    available : int, optional
        Bytes there are; by default what the system says.

    Raises
    ------
    OutOfMemoryError
        If there is less than is needed.
    """
    if available is None:
        available = available_memory()
    if available is not None and need.total > available:
        words, floats = need.shape
        sizes = "" if need.layout else f" (2 x {words + 1:,} x {floats} x 4 bytes for the tables)"
        raise OutOfMemoryError(
            f"Training needs {need}{sizes}; {available / 1e6:,.0f} MB are available. Make "
            "fewer words (max_vocab, min_count) or a smaller vector_size, or give it more memory."
        )


def available_memory(root: Path = _ROOT) -> int | None:
    """Find out how much memory can be had, under all limits that the system tells of.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are.

    Returns
    -------
    int or None
        Bytes; None where the system does not tell (other systems than Linux).
    """
    limits = [_machine(root), _container(root), _address_space(root)]
    return min((limit for limit in limits if limit is not None), default=None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _machine(root: Path) -> int | None:
    """What the kernel holds to be available without swapping."""
    for line in _read(root / "proc" / "meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _container(root: Path) -> int | None:
    """What the control groups (version 2) around this process leave over."""
    lines = _read(root / "proc" / "self" / "cgroup").splitlines()
    path = next((line[3:] for line in lines if line.startswith("0::")), None)
    if path is None:
        return None
    left: list[int] = []
    groups = root / "sys" / "fs" / "cgroup"
    for group in ("/", *map(str, Path(path).parents), path):
        folder = groups / group.lstrip("/")
        most, used = _read(folder / "memory.max").strip(), _read(folder / "memory.current").strip()
        if most.isdigit() and used.isdigit():
            left.append(max(0, int(most) - int(used) + _file_pages(folder)))
    return min(left, default=None)


def _file_pages(folder: Path) -> int:
    """Bytes that a group uses for files, and gives up when it needs memory."""
    for line in _read(folder / "memory.stat").splitlines():
        if line.startswith("inactive_file "):
            return int(line.split()[1])
    return 0


def _address_space(root: Path) -> int | None:
    """What ``ulimit -v`` leaves over."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    used = _read(root / "proc" / "self" / "statm").split()
    if most == resource.RLIM_INFINITY or not used:
        return None
    return max(0, most - int(used[0]) * resource.getpagesize())
