"""All errors of wordkin, in one tree, the guard for optional packages, and warnings.

::

    WordkinError
    ├── InputError           (ValueError)    an argument or a text is not what was expected
    │   ├── ConfigError                      a setting has a wrong value or an old name
    │   ├── EmptyCorpusError                 nothing to learn from is left
    │   └── FormatError                      a file is not what it should be, or is damaged
    ├── UnknownWordError     (KeyError)      a word is not in the vocabulary
    ├── RowError             (IndexError)    an id points outside the rows there are
    ├── FileError            (OSError)       a path can't be read or written
    ├── TrainingError        (RuntimeError)  training went wrong (vectors that are not finite)
    ├── OutOfMemoryError     (MemoryError)   what was asked for can't fit into memory
    ├── RenamedError         (AttributeError) a name of another library or time
    └── MissingExtraError    (ImportError)   an optional package is not installed

Each is also the built-in kind named beside it, so that code which knows nothing of wordkin can
catch it. A message says what came, what was expected and what to do.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class WordkinError(Exception):
    """The root of all errors that wordkin raises on purpose."""


class InputError(WordkinError, ValueError):
    """An argument or a text is not what was expected."""


class ConfigError(InputError):
    """A setting has a wrong value, or a name from another library or time."""


class EmptyCorpusError(InputError):
    """No token is left to learn from."""


class FormatError(InputError):
    """A file is of another format than expected, or is damaged."""


class UnknownWordError(WordkinError, KeyError):
    """A word is not in the vocabulary.

    Parameters
    ----------
    word : str
        The word that was asked for.
    suggestions : sequence of str, optional
        Words of the vocabulary that are spelled alike, nearest first.
    """

    def __init__(self, word: str, suggestions: Sequence[str] = ()) -> None:
        self.word = word
        self.suggestions = tuple(suggestions)
        hint = f" Did you mean {', '.join(map(repr, suggestions))}?" if suggestions else ""
        super().__init__(f"The word {word!r} is not in the vocabulary.{hint}")

    def __str__(self) -> str:
        # KeyError would show the message in quotes
        return str(self.args[0])

    def __reduce__(self) -> tuple[type[UnknownWordError], tuple[str, tuple[str, ...]]]:
        return type(self), (self.word, self.suggestions)


class RowError(WordkinError, IndexError):
    """An id points outside the rows there are."""


class FileError(WordkinError, OSError):
    """A path can't be read or written."""


class TrainingError(WordkinError, RuntimeError):
    """Training went wrong in a way that more training can't mend."""


class OutOfMemoryError(WordkinError, MemoryError):
    """What was asked for can't fit into memory; nothing has been started."""


class RenamedError(WordkinError, AttributeError):
    """An attribute has another name here than in another library or time."""


class MissingExtraError(WordkinError, ImportError):
    """An optional package is needed and is not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional package, or say which extra brings it.

    Parameters
    ----------
    module : str
        The name that is imported, such as ``"keras"``.
    extra : str
        The extra of wordkin that installs it.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        If it is not installed.

    Examples
    --------
    >>> require("json", extra="none").loads("[1]")
    [1]
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"This needs the package {error.name!r}, which is not installed. "
            f'Install it with: pip install "wordkin[{extra}]"'
        ) from error


def warn(message: str) -> None:
    """Warn at the line that called wordkin, however deep in it the warning comes from.

    Parameters
    ----------
    message : str
        What is the matter, and what to do about it.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as told:
    ...     warnings.simplefilter("always")
    ...     warn("This text has no words. Give another.")
    >>> print(told[0].message)
    This text has no words. Give another.
    """
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "wordkin":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)
