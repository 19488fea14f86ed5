"""Old names that work for a while: they warn, say what to use, and until when they stay."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Given = ParamSpec("_Given")
_Back = TypeVar("_Back")


def warn_deprecated(what: str, *, instead: str, gone_in: str, level: int = 2) -> None:
    """Warn of something that will go: an argument, a value, a name.

    Parameters
    ----------
    what : str
        What was used, such as ``"train(threads=)"``.
    instead : str
        What does the same from now on.
    gone_in : str
        The version that won't have it any more.
    level : int
        How many calls up the user's line is; 2 is the caller of whoever calls this.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     warn_deprecated("train(threads=)", instead="train(workers=)", gone_in="2.0")
    >>> print(told[0].message)
    train(threads=) is deprecated and will be gone in wordkin 2.0. Use train(workers=).
    """
    warnings.warn(
        f"{what} is deprecated and will be gone in wordkin {gone_in}. Use {instead}.",
        DeprecationWarning,
        stacklevel=level + 1,
    )


def deprecated(
    *, instead: str, gone_in: str
) -> Callable[[Callable[_Given, _Back]], Callable[_Given, _Back]]:
    """Let a function or method warn whenever it is called.

    Parameters
    ----------
    instead : str
        What to call from now on.
    gone_in : str
        The version that won't have it any more; a test of the house fails when that is reached.

    Returns
    -------
    callable
        A decorator.

    Examples
    --------
    >>> @deprecated(instead="new()", gone_in="2.0")
    ... def old():
    ...     return 1
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     old()
    1
    >>> print(told[0].message)
    old() is deprecated and will be gone in wordkin 2.0. Use new().
    """

    def decorate(function: Callable[_Given, _Back]) -> Callable[_Given, _Back]:
        @functools.wraps(function)
        def warning(*args: _Given.args, **settings: _Given.kwargs) -> _Back:
            warn_deprecated(f"{function.__qualname__}()", instead=instead, gone_in=gone_in)
            return function(*args, **settings)

        return warning

    return decorate
