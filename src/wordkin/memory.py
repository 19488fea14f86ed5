"""What this process may use: memory under all limits, and cores; and refusing what can't fit.

A process that takes more than there is gets killed by the system without a word. So whoever is
about to take much asks first, and says in numbers why it can't be.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from wordkin.errors import OutOfMemoryError

_ROOT = Path("/")
_SMALL = 1 << 26  # bytes: asking the system takes 0.2 ms, and so much is always there


def cores(root: Path = _ROOT) -> int:
    """Count the cores that this process may use.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are.

    Returns
    -------
    int
        1 at least. No more than the share of time that the control groups (of either version)
        around this process allow, as a container's ``--cpus=1.5`` does: that is 2.
    """
    if hasattr(os, "sched_getaffinity"):
        there = len(os.sched_getaffinity(0))
    else:
        there = os.cpu_count() or 1
    # more threads would all be stopped together until the next period
    return max(1, math.ceil(min([there, *_quotas(root)])))


def _quotas(root: Path) -> list[float]:
    """How many cores' time each control group allows."""
    groups = root / "sys" / "fs" / "cgroup"
    given = [_read(folder / "cpu.max").split() for folder in _folders(groups, _path(root))]
    given += [
        [_read(folder / f"cpu.cfs_{what}_us").strip() for what in ("quota", "period")]
        for folder in _folders(groups / "cpu", _old_path(root, "cpu"))
    ]
    # "max", or -1, where there is no limit
    limits = [pair for pair in given if len(pair) == 2 and all(map(str.isdecimal, pair))]
    return [int(quota) / int(period) for quota, period in limits if int(period)]


def check_room(n_bytes: int, what: str, *, advice: str) -> None:
    """Refuse to take more memory than there is.

    Parameters
    ----------
    n_bytes : int
        What is about to be taken.
    what : str
        What for, with the arithmetic: begins the message, before "take".
    advice : str
        What to do about it.

    Raises
    ------
    OutOfMemoryError
        If there is less.
    """
    if n_bytes <= _SMALL:
        return
    available = available_memory()
    if available is not None and n_bytes > available:
        raise OutOfMemoryError(
            f"{what} take {n_bytes / 1e6:,.0f} MB; {available / 1e6:,.0f} MB are available. "
            f"{advice}"
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
        Bytes: the least that the machine, the control groups (of either version) around this
        process, ``ulimit -v`` and ``ulimit -d`` leave over. None where the system does not tell
        (other systems than Linux).
    """
    limits = [_machine(root), _container(root), _old_container(root), *_process(root)]
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
    names = "memory.max", "memory.current", "inactive_file"
    return _left(_folders(root / "sys" / "fs" / "cgroup", _path(root)), names)


def _old_container(root: Path) -> int | None:
    """What those of version 1 leave over."""
    names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
    groups = root / "sys" / "fs" / "cgroup" / "memory"
    return _left(_folders(groups, _old_path(root, "memory")), names)


def _path(root: Path) -> str | None:
    """The control group (version 2) of this process."""
    lines = _read(root / "proc" / "self" / "cgroup").splitlines()
    return next((line[3:] for line in lines if line.startswith("0::")), None)


def _old_path(root: Path, controller: str) -> str | None:
    """That of version 1 for a controller."""
    lines = [line.split(":") for line in _read(root / "proc" / "self" / "cgroup").splitlines()]
    return next((g[2] for g in lines if len(g) > 2 and controller in g[1].split(",")), None)


def _folders(groups: Path, path: str | None) -> list[Path]:
    """Where a group and those around it are; the last one is the root."""
    around = [] if path is None else [Path(path), *Path(path).parents]
    return [groups / str(group).lstrip("/") for group in around]


def _left(folders: list[Path], names: tuple[str, str, str]) -> int | None:
    """The least that some groups leave over."""
    left: list[int] = []
    for folder in folders:
        most, used = _read(folder / names[0]).strip(), _read(folder / names[1]).strip()
        if most.isdigit() and used.isdigit():
            left.append(max(0, int(most) - int(used) + _file_pages(folder, names[2])))
    return min(left, default=None)


def _file_pages(folder: Path, name: str) -> int:
    """Bytes that a group uses for files, and gives up when it needs memory."""
    for line in _read(folder / "memory.stat").splitlines():
        if line.startswith(f"{name} "):
            return int(line.split()[1])
    return 0


def _process(root: Path) -> list[int | None]:
    """What ``ulimit -v`` (address space) and ``ulimit -d`` (memory of its own) leave over."""
    try:
        import resource
    except ImportError:  # not on Windows
        return []
    status = _read(root / "proc" / "self" / "status")
    kilobytes = dict(line.split()[:2] for line in status.splitlines() if line.endswith(" kB"))
    left: list[int | None] = []
    for limit, field in ((resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:")):
        most, _ = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY and field in kilobytes:
            left.append(max(0, most - int(kilobytes[field]) * 1024))
    return left
