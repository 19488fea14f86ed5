"""Reading bytes, compressed or not, and writing so that nothing half-written is ever left."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import secrets
import shutil
import stat
import sys
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal, cast, overload

from wordkin.archives import archive_and_member, check_budget, open_member
from wordkin.errors import FileError, FormatError, InputError, WordkinError, require
from wordkin.exchanging import exchanged
from wordkin.given import checked_path
from wordkin.progress import opened, task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    StrPath = str | os.PathLike[str]

_BUFFER = 1 << 20
_HIDDEN = ".wordkin-"  # begins the names of what is not complete
_FOLDER_MARK = ".wordkin"  # in every folder that atomic_folder made, so that it may replace it


# --- writing -------------------------------------------------------------------------------------


@overload
def atomic_write(
    path: StrPath, *, mode: Literal["wb"] = "wb"
) -> AbstractContextManager[BinaryIO]: ...
@overload
def atomic_write(path: StrPath, *, mode: Literal["w"]) -> AbstractContextManager[IO[str]]: ...
@contextlib.contextmanager
def atomic_write(path: StrPath, *, mode: Literal["wb", "w"] = "wb") -> Iterator[Any]:
    """Write a file that appears under its name only when it is complete.

    The bytes go to a hidden file in the same folder, are flushed to disk, and take the name at
    the end. If anything goes wrong before, Ctrl-C included, the hidden file is removed and
    what was there before is still there. A device or a pipe (``/dev/stdout``) is written directly.

    Parameters
    ----------
    path : str or path-like
        The file to write. Its folder must exist. A link is followed.
    mode : {"wb", "w"}
        Bytes, or text in UTF-8 with line feeds as line ends.

    Yields
    ------
    file object
        Open for writing.

    Raises
    ------
    FileError
        If the file can't be written: no folder, no permission, no space left.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_write(folder / "a.txt", mode="w") as file:
    ...     _ = file.write("done")
    >>> (folder / "a.txt").read_text()
    'done'
    """
    target = checked_path(path, "write").resolve()
    text = {} if mode == "wb" else {"encoding": "utf-8", "newline": "\n"}
    with _explained("write", path):
        if target.is_dir():
            raise FileError(f"Can't write {os.fspath(path)!r}: it is a folder. Name a file in it.")
        if target.exists() and not target.is_file():
            with target.open(mode, **text) as file:  # type: ignore[call-overload]
                yield file
            return
        temporary = _sibling(target)
        try:
            with temporary.open(mode.replace("w", "x"), **text) as file:  # type: ignore[call-overload]
                yield file
                with task("flushing to disk"):  # may take longer than all before it
                    file.flush()
                    os.fsync(file.fileno())
            if target.exists():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def atomic_folder(path: StrPath) -> Iterator[Path]:
    """Fill a folder that appears under its name only when it is complete.

    Parameters
    ----------
    path : str or path-like
        The folder to make. The folder around it must exist. If there is one of this name already
        it is replaced at the end, but only if it is empty or was made by this function (it
        then holds a hidden file ``.wordkin``).

    Yields
    ------
    Path
        A hidden folder beside it, to be filled.

    Raises
    ------
    FileError
        If the folder can't be written, or one is there that holds something else.
    """
    target = checked_path(path, "write").resolve()
    with _explained("write", path):
        _check_replaceable(target)
        temporary = _sibling(target)
        temporary.mkdir()
        try:
            (temporary / _FOLDER_MARK).touch()
            yield temporary
            for written in filter(Path.is_file, temporary.rglob("*")):
                with written.open("rb+") as file:
                    os.fsync(file.fileno())
            _swap(temporary, target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def _check_replaceable(target: Path) -> None:
    """Refuse to replace what atomic_folder did not make."""
    if not target.exists():
        return
    if not target.is_dir():
        raise FileError(f"Can't make the folder {str(target)!r}: a file of this name is there.")
    if any(target.iterdir()) and not (target / _FOLDER_MARK).exists():
        raise FileError(
            f"The folder {str(target)!r} holds files that are not ours. Name a new or empty one."
        )


def _swap(temporary: Path, target: Path) -> None:
    """Give a filled folder its name, and put the old one back if that fails."""
    if not target.exists():
        temporary.rename(target)
        return
    old = temporary
    if not exchanged(temporary, target):
        old = _sibling(target)
        target.rename(old)
        try:
            temporary.rename(target)
        except BaseException:
            old.rename(target)
            raise
    shutil.rmtree(old, ignore_errors=True)


def _sibling(target: Path) -> Path:
    """Make up a hidden name in the same folder: only there is a rename atomic."""
    return target.with_name(f"{_HIDDEN}{secrets.token_hex(6)}.tmp")


@contextlib.contextmanager
def _explained(verb: str, path: StrPath) -> Iterator[None]:
    """Turn the system's errors about this path into ours; leave those about other paths alone."""
    try:
        yield
    except WordkinError:
        raise
    except OSError as error:
        # errors of write(), flush() and close() name no file: they are about this one
        if error.filename is not None and not _is_about(Path(path), Path(str(error.filename))):
            raise
        folder = Path(path).resolve().parent
        reason = error.strerror or str(error)
        if isinstance(error, FileNotFoundError) and verb == "write" and not folder.exists():
            reason = f"the folder {str(folder)!r} does not exist"
        raise FileError(f"Can't {verb} {os.fspath(path)!r}: {reason}.") from error


def _is_about(path: Path, named: Path) -> bool:
    """Tell whether an error names this path, or what hides beside it until it is complete."""
    target, named = path.resolve(), named.resolve()
    beside = [each for each in (named, *named.parents) if each.parent == target.parent]
    return any(each == target or each.name.startswith(_HIDDEN) for each in beside)


# --- reading -------------------------------------------------------------------------------------


def open_bytes(path: StrPath, *, bounded: bool = False) -> BinaryIO:
    """Open a file for reading, decompressed on the way in bounded memory.

    Whether it is compressed is seen from its first bytes, not from its name: gzip, bzip2, xz,
    zstandard, or a zip archive with one member. ``"a.zip#member.txt"`` names one of several.

    Parameters
    ----------
    path : str or path-like
        The file.
    bounded : bool
        For who holds all of it in memory: refuse data that become more than 64 MiB and 100 times
        as large as they are on disk.

    Returns
    -------
    BinaryIO
        A buffered stream; close it, or use it in a ``with``.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    InputError
        If an archive has several members and none is named, or not the one that is named.
    FormatError
        If compressed data are damaged or truncated, or far too large (also raised while reading).

    Examples
    --------
    >>> import gzip, tempfile
    >>> path = Path(tempfile.mkdtemp()) / "name-tells-nothing"
    >>> _ = path.write_bytes(gzip.compress(b"hello"))
    >>> with open_bytes(path) as stream:
    ...     stream.read()
    b'hello'
    """
    name = os.fspath(checked_path(path))
    archive, member = archive_and_member(name)
    with _explained("read", archive):
        file = opened(archive)  # the caller closes it
        try:
            return _decompressed(file, name, member, bounded=bounded)
        except BaseException:
            file.close()
            raise


def size_on_disk(path: StrPath) -> int:
    """Return the size of a file as it lies there: of the archive, where a member is named.

    Parameters
    ----------
    path : str or path-like
        What `open_bytes` takes.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    FileError
        If there is no such file.
    """
    archive, _ = archive_and_member(os.fspath(checked_path(path)))
    with _explained("read", archive):
        return Path(archive).stat().st_size


def _decompressed(file: io.BufferedReader, name: str, member: str, *, bounded: bool) -> BinaryIO:
    head = file.peek(10)[:10]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _guarded(open_member(file, name, member), file, name, bounded=bounded)
    if member:
        raise InputError(f"{name!r} names a member, but the file is no zip archive.")
    opener = _opener(head)
    return file if opener is None else _guarded(opener(file), file, name, bounded=bounded)


def _opener(head: bytes) -> Callable[[BinaryIO], Any] | None:
    """Tell the compression from a file's first bytes; None where there is none."""
    if head.startswith(b"\x1f\x8b\x08"):
        return gzip.open
    # "BZh" alone may be a word; after the digit comes a block or, in an empty file, the end
    if head[:3] == b"BZh" and head[4:] in (b"1AY&SY", b"\x17rE8P\x90"):
        return bz2.BZ2File
    if head.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return _open_zstandard
    return None


def _open_zstandard(file: BinaryIO) -> IO[bytes]:
    if sys.version_info >= (3, 14):
        return cast("IO[bytes]", require("compression.zstd", extra="zstd").ZstdFile(file))
    return cast("IO[bytes]", _ZstdFrames(file))


class _ZstdFrames:
    """Read zstandard data to its end; the package's own reader takes half a file for a whole one.

    Python 3.14 brings a reader that doesn't, and this one goes when 3.13 does.
    """

    _AT_ONCE = 1 << 11  # bytes, which can become 64 MiB: 4 bytes can stand for a block of 128 KiB

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start = require("zstandard", extra="zstd").ZstdDecompressor().decompressobj
        self._frame = self._start()
        self._ready = memoryview(b"")

    def read(self, size: int) -> bytes:
        while not self._ready:
            data = self._frame.unused_data or self._file.read(self._AT_ONCE)
            if self._frame.eof:
                if not data:
                    return b""
                self._frame = self._start()
            elif not data:
                raise EOFError("it ends within a frame")
            self._ready = memoryview(self._frame.decompress(data))
        data, self._ready = bytes(self._ready[:size]), self._ready[size:]
        return data

    def close(self) -> None:
        self._ready = memoryview(b"")


def _guarded(stream: IO[bytes], file: io.BufferedReader, name: str, *, bounded: bool) -> BinaryIO:
    packed = os.fstat(file.fileno()).st_size if bounded else None
    return cast(
        "BinaryIO", io.BufferedReader(_Guarded(stream, file, name=name, packed=packed), _BUFFER)
    )


class _Guarded(io.RawIOBase):
    """A decompressing stream with one kind of error, and a bound if the size on disk is given."""

    def __init__(self, stream: IO[bytes], file: BinaryIO, *, name: str, packed: int | None) -> None:
        self._stream, self._file, self._name = stream, file, name
        self._packed, self._read = packed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile) as error:
            raise self._damaged(error) from error
        except Exception as error:
            # the zstandard package has its own error, which can't be named before it is imported
            if type(error).__name__ != "ZstdError":
                raise
            raise self._damaged(error) from error
        self._read += len(data)
        if self._packed is not None:
            check_budget(self._name, self._read, self._packed)
        buffer[: len(data)] = data
        return len(data)

    def _damaged(self, error: Exception) -> FormatError:
        return FormatError(
            f"The compressed file {self._name!r} is damaged or truncated ({error}). Get it again."
        )

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._file.close()
        super().close()
