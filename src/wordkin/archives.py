"""Archives and compressed files that mean harm: what goes wrong in them has one name, and a limit.

Nothing here or above ever unpacks a member to a name that the archive chose.
"""

from __future__ import annotations

import contextlib
import errno
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from wordkin.errors import FormatError, InputError, WordkinError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO, BinaryIO

_FREE, _RATIO = 1 << 26, 100  # text becomes 3 to 20 times as large, a bomb a thousand times
# RuntimeError: encrypted; NotImplementedError: a compression that Python lacks; the others are what
# zipfile and tarfile run into when an archive contradicts itself
_DAMAGES = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, EOFError,
    RuntimeError, IndexError, ValueError, OverflowError, MemoryError,
)  # fmt: skip


@contextlib.contextmanager
def naming_damage(name: str) -> Iterator[None]:
    """Make whatever goes wrong in an archive a `FormatError` that names it.

    Parameters
    ----------
    name : str
        The archive.

    Yields
    ------
    None
        For the time in which it is read.

    Raises
    ------
    FormatError
        If it is damaged, or encrypted, or compressed in a way that Python does not know.
    """
    try:
        yield
    except WordkinError:
        raise
    except _DAMAGES as error:
        what = str(error) or "it ends early"
        raise FormatError(f"Can't read the archive {name!r}: {what}.") from error
    except OSError as error:
        # a place before the beginning of the file, or damage that a decompressor has found
        if error.errno not in (None, errno.EINVAL):
            raise
        raise FormatError(f"Can't read the archive {name!r}: {error}.") from error


def check_budget(name: str, n_bytes: int, packed: int) -> None:
    """Refuse what grows far beyond its size on disk: the memory of a reader has to be bounded.

    Parameters
    ----------
    name : str
        The file.
    n_bytes : int
        How large it has become, or will.
    packed : int
        How large it is on disk.

    Raises
    ------
    FormatError
        If that is more than 64 MiB and 100 times the size on disk.

    Examples
    --------
    >>> check_budget("book.txt.gz", 5_000_000, 1_000_000)
    """
    if n_bytes > _FREE + _RATIO * packed:
        raise FormatError(
            f"{name!r} becomes more than {_RATIO} times as large as it is on disk. That is most "
            "likely a trap for memory; decompress it first if you trust it."
        )


def listed_files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """List the files of a zip archive, without its folders.

    Parameters
    ----------
    archive : ZipFile
        The archive.

    Returns
    -------
    list of ZipInfo
        In the archive's own order.

    Raises
    ------
    BadZipFile
        If two of them lie at one place: so bombs are made of a few bytes, and nobody packs so.
    """
    listed = archive.infolist()
    places = Counter(info.header_offset for info in listed)
    for info in listed:
        if places[info.header_offset] > 1:
            raise zipfile.BadZipFile(f"{info.filename!r} lies where another file does")
    return [info for info in listed if not info.is_dir()]


def open_member(file: BinaryIO, name: str, member: str) -> IO[bytes]:
    """Open the named member of a zip archive, or its only one.

    Parameters
    ----------
    file : BinaryIO
        The archive.
    name : str
        What to call it in messages.
    member : str
        The member, or an empty string.

    Returns
    -------
    IO
        The bytes of the member.

    Raises
    ------
    InputError
        If there is no such member, or none is named and there are several.
    FormatError
        If the archive is damaged, or means harm.
    """
    with naming_damage(name):
        archive = zipfile.ZipFile(file)
        names = [info.filename for info in listed_files(archive)]
        if not member and len(names) != 1:
            listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
            raise InputError(
                f"{name!r} holds {len(names)} files ({listed or 'it is empty'}). "
                f"Name one of them: {name + '#MEMBER'!r}."
            )
        if member and member not in names:
            raise InputError(f"{name!r}: no such member; there are: {', '.join(names[:10])}.")
        chosen = member or names[0]
        if leaves_folder(chosen):
            # nothing is ever unpacked to a name from an archive; but who made this meant harm
            raise FormatError(f"The member {chosen!r} of {name!r} would leave its folder.")
        return archive.open(chosen)


def archive_and_member(name: str) -> tuple[str, str]:
    """Split "archive.zip#member"; a file that is really called so comes first.

    Parameters
    ----------
    name : str
        A path, maybe with a member.

    Returns
    -------
    archive, member : str
        The path, and the member or an empty string.
    """
    if not answers(Path(name).exists):
        for position, letter in enumerate(name):
            if letter == "#" and answers(Path(name[:position]).is_file):
                return name[:position], name[position + 1 :]
    return name, ""


def answers(question: Callable[[], bool]) -> bool:
    """Ask about a path, such as whether it is a folder.

    Parameters
    ----------
    question : callable
        A method of the path, such as ``is_dir``.

    Returns
    -------
    bool
        False also where the system does not say (no permission, a name too long): whoever opens the
        path is told why.

    Examples
    --------
    >>> answers(Path("x" * 1000).is_dir)
    False
    """
    try:
        return question()
    except OSError:
        return False


def leaves_folder(member: str) -> bool:
    r"""Tell whether the name of a member leads out of the folder that an archive is unpacked to.

    Parameters
    ----------
    member : str
        The name.

    Returns
    -------
    bool
        True for ``..``, absolute paths and drives.

    Examples
    --------
    >>> [leaves_folder(name) for name in ("a/b.txt", "../b.txt", "/etc/b", "c:\\b", "a\\..\\b")]
    [False, True, True, True, True]
    """
    parts = member.replace("\\", "/").split("/")
    return ".." in parts or not parts[0] or ":" in parts[0]
