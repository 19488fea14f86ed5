"""Two names that change places at once, where the system can do that: Linux and macOS."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HERE = -100  # AT_FDCWD of Linux
_SWAP = 2  # RENAME_EXCHANGE of Linux, and RENAME_SWAP of macOS


def exchanged(one: Path, other: Path) -> bool:
    """Let two files or folders change names, so that at no moment one of the names is missing.

    Parameters
    ----------
    one, other : Path
        Both are there, in one file system.

    Returns
    -------
    bool
        Whether it was done; not everywhere it can be.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_text("1"), (folder / "b").write_text("2")
    >>> exchanged(folder / "a", folder / "b") in (True, False)
    True
    """
    names = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None)
        if hasattr(library, "renameat2"):
            return bool(library.renameat2(_HERE, names[0], _HERE, names[1], _SWAP) == 0)
        if hasattr(library, "renamex_np"):
            return bool(library.renamex_np(*names, _SWAP) == 0)
    except (OSError, TypeError):  # no such library: Windows
        pass
    return False
