"""One file over HTTP: resumed after a break, and looked at before anybody uses it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

from wordkin.errors import FileError, FormatError, InputError
from wordkin.progress import counting_bytes, opened, task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wordkin.downloads.registry import Resource

    Progress = Callable[[int, int | None], None]

_CHUNK = 1 << 18
_TIMEOUT = 30.0  # seconds without a byte
_TRIES = 5
_FIRST_WAIT = 0.5  # seconds after a break; doubled after each
_BROKEN = (http.client.HTTPException, ConnectionError, TimeoutError)


class Part:
    """A file that is on its way: what has come, and which version on the server it belongs to.

    Parameters
    ----------
    path : Path
        Where the whole file will be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + ".part")
        self._about = path.with_name(path.name + ".part.json")

    @property
    def size(self) -> int:
        """How many bytes have come."""
        return self.path.stat().st_size if self.path.exists() else 0

    def version(self, address: str) -> str:
        """Return the mark of the version that has begun to come from an address.

        Parameters
        ----------
        address : str
            The address.

        Returns
        -------
        str
            An ETag or a date; empty if there is none, and then nothing can be resumed.
        """
        # who was killed while writing it leaves half of it
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            about = json.loads(self._about.read_bytes())
            if about["address"] == address:
                return str(about["version"])
        return ""

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process gets the same file; who is killed lets go of it.

        Yields
        ------
        None
            For the body of a ``with``.
        """
        if sys.platform == "win32":
            yield
            return
        import fcntl

        name = self.path.with_name(self.path.name + ".lock")
        mine = False
        while not mine:
            with name.open("wb") as file:
                with contextlib.suppress(OSError):  # file systems that know no locks
                    fcntl.flock(file, fcntl.LOCK_EX)
                # who held it before has removed it, and somebody may have made another one
                with contextlib.suppress(FileNotFoundError):
                    mine = name.stat().st_ino == os.fstat(file.fileno()).st_ino
                if mine:
                    try:
                        yield
                    finally:
                        name.unlink(missing_ok=True)

    def begin(self, address: str, version: str) -> None:
        """Start anew.

        Parameters
        ----------
        address : str
            Where the file comes from.
        version : str
            The mark of its version.
        """
        self.path.write_bytes(b"")
        self._about.write_text(json.dumps({"address": address, "version": version}))

    def remove(self) -> None:
        """Throw away what has come."""
        self.path.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)

    def finish(self, path: Path) -> None:
        """Give the file its name.

        Parameters
        ----------
        path : Path
            The name.
        """
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        # in this order: who is killed in between downloads again, but leaves nothing for ever
        self._about.unlink(missing_ok=True)
        self.path.replace(path)


def fetch(
    resource: Resource, address: str, path: Path, *, progress: Progress | None = None
) -> None:
    """Download a file from one address; breaks are waited out and what has come is kept.

    Parameters
    ----------
    resource : Resource
        What is known of the file.
    address : str
        Where it is.
    path : Path
        Where it goes, under this name only when it is whole and checked.
    progress : callable, optional
        Called with the bytes that have come, and all bytes or None.

    Raises
    ------
    FileError
        If the server can't be reached or has no such file, or the connection keeps breaking.
    FormatError
        If what came is something else.
    """
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        raise InputError(f"Only http and https addresses are fetched; got {address!r}.")
    part = Part(path)
    with part.alone():
        if path.is_file():  # another process was quicker
            return
        try:
            _persist(resource, address, part, progress=progress)
            check(resource, part.path)
        except FormatError:
            part.remove()
            raise
        part.finish(path)


def _persist(resource: Resource, address: str, part: Part, *, progress: Progress | None) -> None:
    """Try again after a break, unless nothing comes any more."""
    failures = 0
    while True:
        before = part.size
        try:
            _continue(resource, address, part, progress=progress)
            return
        except _BROKEN as error:
            reason = f"the connection broke after {part.size:,} bytes ({error or 'no answer'})"
        except urllib.error.HTTPError as error:
            raise FileError(f"the server says {error.code} {error.reason}") from error
        except urllib.error.URLError as error:
            reason = f"it can't be reached ({error.reason})"
        failures = 1 if part.size > before else failures + 1
        if failures == _TRIES:
            raise FileError(f"{reason}; what has come is kept for the next try")
        time.sleep(_FIRST_WAIT * 2 ** (failures - 1))


def check(resource: Resource, path: Path) -> None:
    """Check that a file is the one that was asked for.

    Parameters
    ----------
    resource : Resource
        What is known of it.
    path : Path
        The file.

    Raises
    ------
    FormatError
        If it is a web page, or has another size or checksum than is known.
    """
    with path.open("rb") as file:
        _check_no_page(resource, file.read(512), "")
    size = path.stat().st_size
    if resource.n_bytes is not None and size != resource.n_bytes:
        raise FormatError(f"it should have {resource.n_bytes:,} bytes, and {size:,} came")
    if resource.sha256 is not None and checksum(path) != resource.sha256:
        raise FormatError("its SHA-256 is not what it should be: it is another file, or damaged")


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    with (
        task(f"checking {path.name}", path.stat().st_size, "B") as advance,
        counting_bytes(advance),
        opened(str(path)) as file,
    ):
        return hashlib.file_digest(file, "sha256").hexdigest()


def _continue(resource: Resource, address: str, part: Part, *, progress: Progress | None) -> None:
    """Ask for what is missing, and write it behind what is there."""
    version, size = part.version(address), part.size
    headers = {"User-Agent": "wordkin", "Accept-Encoding": "identity"}
    if version and size:
        headers |= {"Range": f"bytes={size}-", "If-Range": version}
    request = urllib.request.Request(address, headers=headers)
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416:  # there is nothing behind what we have
            raise
        if size != resource.n_bytes:
            part.remove()
            raise ConnectionError("it has become shorter") from error
        return
    with answer:
        if answer.status != 206 or not _starts_at(answer, size):
            _check_answer(resource, answer)
            part.begin(address, _version(answer))
            size = 0
        left = answer.headers.get("Content-Length", "")
        total = size + int(left) if left.isdecimal() else None
        most = resource.n_bytes
        _receive(answer, part, total or most, most=most, progress=progress)
        if total is not None and part.size != total:
            raise http.client.IncompleteRead(b"", total - part.size)


def _receive(
    answer: Any,  # noqa: ANN401
    part: Part,
    total: int | None,
    *,
    most: int | None,
    progress: Progress | None,
) -> None:
    size = part.size
    # what came before a break counts for how much is left, not for the rate
    left = None if total is None else total - size
    with task(f"downloading {part.path.stem}", left, "B") as advance, part.path.open("ab") as file:
        if progress is not None:
            progress(size, total)
        while data := _more_of(answer):
            file.write(data)
            size += len(data)
            if most is not None and size > most:  # a server that goes on may go on for ever
                raise FormatError(f"more comes than the {most:,} bytes that it should have")
            advance(len(data))
            if progress is not None:
                progress(size, total)


def _more_of(answer: Any) -> bytes:  # noqa: ANN401
    try:
        return bytes(answer.read1(_CHUNK))
    except _BROKEN:
        raise
    except OSError as error:  # of TLS, of routes; one of our disk comes from elsewhere
        raise ConnectionError(str(error)) from error


def _starts_at(answer: Any, size: int) -> bool:  # noqa: ANN401
    return str(answer.headers.get("Content-Range", "")).startswith(f"bytes {size}-")


def _version(answer: Any) -> str:  # noqa: ANN401
    tag = str(answer.headers.get("ETag") or "")
    # a weak tag promises no equal bytes
    return "" if tag.startswith("W/") else tag or str(answer.headers.get("Last-Modified") or "")


def _check_answer(resource: Resource, answer: Any) -> None:  # noqa: ANN401
    """Refuse before much has come."""
    _check_no_page(resource, b"", str(answer.headers.get("Content-Type", "")))
    length = str(answer.headers.get("Content-Length", ""))
    if resource.n_bytes is not None and length.isdecimal() and int(length) != resource.n_bytes:
        raise FormatError(
            f"it should have {resource.n_bytes:,} bytes, and the server offers {int(length):,}"
        )


def _check_no_page(resource: Resource, head: bytes, kind: str) -> None:
    start = head.lstrip()[:9].lower()
    if kind.startswith("text/html") or start == b"<!doctype" or start.startswith(b"<html"):
        raise FormatError(f"the server sent a web page instead of {resource.file_name}")
