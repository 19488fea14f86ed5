"""Compiled loops: arrays in, arrays changed in place. The only rooms that know Numba.

A kernel is an ordinary function under `kernel`. It runs without the interpreter's lock, so that
threads share the work, and its machine code is kept on disk, so that only the first run compiles.
"""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from wordkin.kernels.caching import KernelCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = (np.uint64(n) for n in (27, 30, 31))


def kernel(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function at its first call, free of the interpreter's lock, cached on disk.

    Parameters
    ----------
    function : callable
        What to compile.
    **options
        Passed on to `numba.njit`.

    Returns
    -------
    callable
        The compiled function; its Python twin is its ``py_func``.
    """
    if function is None:
        return lambda given: kernel(given, **options)
    settings = {
        "nogil": True,
        "boundscheck": False,
        "error_model": "numpy",
        "no_cfunc_wrapper": True,  # for functions as arguments: a tenth of the time to compile
    } | options
    compiled = numba.njit(**settings)(function)
    # without a folder that it may write to: compile in each process rather than not at all
    with contextlib.suppress(RuntimeError):
        compiled._cache = KernelCache(function)
    return compiled


inline = numba.njit(inline="always", error_model="numpy", boundscheck=False)
"""For helpers that kernels call: Numba pastes them into the caller, nothing to cache."""

inner = partial(kernel, no_cpython_wrapper=True)
"""For kernels that other kernels call. Python must not, and would crash: what takes its arguments
apart needs as long to compile as many a kernel does."""

pasted = partial(inner, forceinline=True)
"""For larger helpers of a hot loop: LLVM pastes their machine code into the caller. A call would
hand over dozens of numbers, since an array is seven, and cost more than such a helper does."""


@inline
def next_random(state):
    """Step a generator and return 64 random bits (SplitMix64; Steele et al. 2014, OOPSLA).

    Parameters
    ----------
    state : ndarray
        Shape (1,), uint64, changed in place.

    Returns
    -------
    uint64
        The next number.
    """
    state[0] += _GAMMA
    z = state[0]
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


def seed_state(*numbers: int) -> NDArray[np.uint64]:
    """Make the start of an independent random stream from a few whole numbers.

    Parameters
    ----------
    *numbers : int
        Such as (seed, block, thread); each combination gives its own stream.

    Returns
    -------
    ndarray
        Shape (1,), uint64.
    """
    sequence = np.random.SeedSequence([n % 2**64 for n in numbers])
    return sequence.generate_state(1, np.uint64).astype(np.uint64)
