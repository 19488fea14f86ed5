"""What the figures were measured on, and how figures with their spread are printed."""

from __future__ import annotations

import os
import platform
import statistics
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np


def describe() -> str:
    """Machine and versions, in two lines."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        names = [line.split(":")[1].strip() for line in lines if "model name" in line]
        cpu = names[0] if names else cpu
    packages = []
    for name in ("wordkin", "numpy", "numba", "llvmlite", "gensim"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    python = f"Python {platform.python_version()}"
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}\n{python}, {', '.join(packages)}"


def sgemm_peak(size: int = 2048) -> float:
    """GFLOP/s of a large float32 matrix product with all threads that NumPy uses."""
    a = np.random.default_rng(0).random((size, size), dtype=np.float32)
    best = min(_timed(lambda: a @ a) for _ in range(5))
    return 2 * size**3 / best / 1e9


def memory_bandwidth(size: int = 1 << 26) -> float:
    """GB/s of a + s * b over arrays that no cache holds (one thread)."""
    a, b = np.ones(size, np.float32), np.ones(size, np.float32)
    best = min(_timed(lambda: np.add(a, b, out=a)) for _ in range(5))
    return 3 * 4 * size / best / 1e9


def _timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def spread(values: list[float], digits: int = 1) -> str:
    """Median and range, such as '20.4 (19.8-21.0)'."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def mean_of(values: list[float], digits: int = 1) -> str:
    """Mean and range, such as '20.3 (19.8-21.0)'."""
    return (
        f"{statistics.mean(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
    )


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows as Markdown; the first is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
