"""Where machine code is kept on disk, and by which key it is found again.

Numba finds the code of a kernel by the kernel's file and byte code, and by what its closure holds.
It describes a compiled function in a closure by a number that each process draws anew, so that the
code would never be found again; here such a function is described by what it is. And machine code
is out of date, too, when another file changes whose functions were pasted into it.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

if TYPE_CHECKING:
    from collections.abc import Callable


class KernelCache(FunctionCache):
    """The machine code of a kernel on disk.

    Parameters
    ----------
    function : callable
        The kernel's Python twin.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the machine code for a signature, or None: then it is compiled anew.

        Parameters
        ----------
        sig : object
            Numba's signature.
        target_context : object
            Numba's context.

        Returns
        -------
        object or None
            What Numba loads.
        """
        try:
            return super().load_overload(sig, target_context)
        except (
            EOFError, UnpicklingError, ValueError, IndexError, KeyError,
            AttributeError, ImportError, TypeError,
        ):  # fmt: skip
            # a file that lost its bytes, to a power cut for one, or that names a type which this
            # version no longer has, must not end each later run
            with suppress(OSError):
                self.flush()
            return None

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return sig, codegen.magic_tuple(), described(self._py_func), _sources()


@lru_cache
def _sources() -> tuple[tuple[str, int, int], ...]:
    """Tell the state of all kernels' files: machine code holds what other files' functions do."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in files)


def described(function: Callable[..., Any]) -> str:
    """Describe a function by its byte code and what its closure holds, the same in each process.

    Parameters
    ----------
    function : callable
        A Python function.

    Returns
    -------
    str
        A hash.

    Examples
    --------
    >>> def adder(step):
    ...     return lambda x: x + step
    >>> described(adder(1)) == described(adder(1)) != described(adder(2))
    True
    """
    parts = [function.__module__.encode(), function.__qualname__.encode()]
    parts.append(function.__code__.co_code)
    for cell in function.__closure__ or ():
        held = cell.cell_contents
        inner = getattr(held, "py_func", None)
        parts.append(dumps(held) if inner is None else described(inner).encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
