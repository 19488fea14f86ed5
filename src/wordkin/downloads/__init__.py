"""Public data by name: fetched once, checked, kept in a folder. Data only, never code.

The folder is ``WORDKIN_HOME``, or the user's cache folder if that is not set. With
``WORDKIN_OFFLINE=1`` nothing is fetched, and only what is there already is found.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.downloads import transfer
from wordkin.downloads.registry import RESOURCES as RESOURCES
from wordkin.downloads.registry import Resource as Resource
from wordkin.downloads.registry import find as find
from wordkin.errors import FileError, FormatError
from wordkin.progress import shown

if TYPE_CHECKING:
    from wordkin.downloads.transfer import Progress


def home() -> Path:
    """Return the folder where downloads are kept.

    Returns
    -------
    Path
        ``WORDKIN_HOME``, or ``wordkin`` in the user's cache folder. It may not exist yet.
    """
    named = os.environ.get("WORDKIN_HOME")
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "wordkin"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/wordkin"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wordkin"


def is_offline() -> bool:
    """Tell whether downloads are switched off by ``WORDKIN_OFFLINE``.

    Returns
    -------
    bool
        True unless it is missing, empty or 0.
    """
    return os.environ.get("WORDKIN_OFFLINE", "0") not in ("", "0")


def download(name: str | Resource, *, progress: Progress | bool = False) -> Path:
    """Return the path of a public file; fetch it if it is not there yet.

    A download that broke off goes on where it stopped. The file gets its name when it is
    complete, and its size and SHA-256 are right as far as they are known (`find` tells).

    Parameters
    ----------
    name : str or Resource
        Its name in the registry: one of the `RESOURCES`.
    progress : bool or callable
        Show how far it has come; or what is called with the number of bytes that have come, and
        that of all bytes or None.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If there is none of this name.
    FileError
        If it can't be fetched from any of its addresses; or it is not there, and downloads are
        switched off.
    """
    resource = name if isinstance(name, Resource) else find(name)
    folder = home()
    path = folder / resource.file_name
    if path.is_file():
        return path
    if is_offline():
        raise FileError(
            f"{resource.file_name!r} is not in {str(folder)!r}, and WORDKIN_OFFLINE is set. Put it "
            f"there; its home is {resource.addresses[0]}."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with shown(progress is True):
            _from_anywhere(resource, path, progress if callable(progress) else None)
    except (FileError, FormatError):
        raise
    except OSError as error:
        raise FileError(f"Can't write {str(path)!r}: {error.strerror or error}.") from error
    return path


def _from_anywhere(resource: Resource, path: Path, progress: Progress | None) -> None:
    """Try one address after the other."""
    complaints = []
    for address in resource.addresses:
        try:
            transfer.fetch(resource, address, path, progress=progress)
        except (FileError, FormatError) as error:
            complaints.append(f"{address}: {error}")
        else:
            return
    raise FileError(f"Can't download {resource.name!r}. {'. '.join(complaints)}.")
