"""A folder for each class: on disk, or in a tar or zip archive that is read in place."""

from __future__ import annotations

import os
import tarfile
import zipfile
from functools import partial
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from wordkin.archives import answers, check_budget, listed_files, naming_damage
from wordkin.classification.records import Record
from wordkin.errors import FileError, InputError
from wordkin.files import open_bytes, size_on_disk
from wordkin.progress import opened, told
from wordkin.text.sources import check_plain, not_listed

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator

    from wordkin.classification.records import Decoder

    StrPath = str | os.PathLike[str]
    _Member = tuple[str, int, Callable[[], bytes]]  # its name, its size, and what reads it

_TAR_MAGIC = slice(257, 262)
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


class _File(NamedTuple):
    """A file, by the parts of its name, and its bytes."""

    parts: tuple[str, ...]
    data: bytes


def is_archive(path: StrPath) -> bool:
    """Tell whether a file is a tar archive, compressed or not, or a zip archive of folders.

    Parameters
    ----------
    path : path-like
        An existing file.

    Returns
    -------
    bool
        False for a zip archive of a single file without a folder.
    """
    name = os.fspath(path)
    if not answers(Path(name).is_file):
        return False
    with Path(name).open("rb") as file:
        head = file.read(4)
    if head in _ZIP_MAGIC:
        with naming_damage(name), zipfile.ZipFile(name) as archive:
            return any(len(parts) > 1 for parts in map(_parts, archive.namelist()))
    with open_bytes(name) as stream:
        return stream.read(512)[_TAR_MAGIC] == b"ustar"


def read(
    path: StrPath, decoder: Decoder, *, digits_only: bool, left_out: Counter[str]
) -> Iterator[Record]:
    """Read the texts of class folders.

    Parameters
    ----------
    path : path-like
        The folder that holds them, or an archive. Folders that hold nothing but one folder are
        gone through.
    decoder : Decoder
        Makes text of bytes.
    digits_only : bool
        Read only files whose names are numbers.
    left_out : Counter
        Counts files that are not read, by reason.

    Yields
    ------
    Record
        Sorted by class, then by file.

    Raises
    ------
    FileError
        If it can't be read.
    FormatError
        If an archive is damaged.
    InputError
        If there are no class folders.
    """
    folder = Path(path)
    if folder.is_dir():
        listed = [(file.relative_to(folder).parts, file) for file in _files_below(folder)]
        chosen = _chosen([parts for parts, _ in listed], digits_only, left_out)
        paths = dict(listed)
        files: Iterable[_File] = (_File(parts, _bytes(paths[parts])) for parts in sorted(chosen))
    else:
        everything = {file.parts: file.data for file in _archived(path)}
        chosen = _chosen(list(everything), digits_only, left_out)
        files = (_File(parts, everything[parts]) for parts in sorted(chosen))
    if not chosen:
        raise InputError(
            f"There are no texts in class folders in {str(path)!r}. Expected a folder for each "
            "class, with the texts as files in it."
        )
    for file in told(files, "reading texts", total=len(chosen), unit="texts"):
        label, *rest = chosen[file.parts]
        yield Record(decoder(file.data), label, "/".join([label, *rest]))


def _chosen(
    listed: list[tuple[str, ...]], digits_only: bool, left_out: Counter[str]
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Choose the files that count; each with its name from its class folder on."""
    shown = [parts for parts in listed if not any(part.startswith(".") for part in parts)]
    left_out["hidden files"] += len(listed) - len(shown)
    depth = _common_depth([parts[:-1] for parts in shown])
    if shown and all(len(parts) == depth + 1 for parts in shown):
        depth -= 1  # one class only
    chosen = {}
    for parts in shown:
        inner = parts[depth:] if depth >= 0 else ()
        if len(inner) < 2:
            left_out["files beside the class folders"] += 1
        elif digits_only and not inner[-1].isdigit():
            left_out["files whose names are no numbers"] += 1
        else:
            chosen[parts] = inner
    for reason in [reason for reason, number in left_out.items() if not number]:
        del left_out[reason]
    return chosen


def _common_depth(folders: list[tuple[str, ...]]) -> int:
    """How many folders all are in."""
    # of sorted names the first and the last differ most
    first, last = min(folders, default=()), max(folders, default=())
    same = (a == b for a, b in zip(first, last, strict=False))
    return sum(takewhile(bool, same))


def _files_below(folder: Path) -> list[Path]:
    walk = os.walk(folder, onerror=not_listed)
    return [Path(here, name) for here, _, names in walk for name in names]


def _bytes(file: Path) -> bytes:
    check_plain(file)
    try:
        return file.read_bytes()
    except OSError as error:
        raise FileError(f"Can't read {str(file)!r}: {error.strerror}.") from error


def _archived(path: StrPath) -> Iterator[_File]:
    """Read all files of an archive, in its own order."""
    with naming_damage(str(path)):
        packed = size_on_disk(path)
        with Path(path).open("rb") as file:
            is_zip = file.read(4) in _ZIP_MAGIC
        n_bytes = 0
        # sizes are looked at before anything is unpacked: a few bytes can stand for terabytes
        for name, size, content in _zipped(path) if is_zip else _tarred(path):
            n_bytes += size
            check_budget(str(path), n_bytes, packed)
            yield _File(_parts(name), content())


def _tarred(path: StrPath) -> Iterator[_Member]:
    # a stream: one pass over the compressed bytes, and nothing is unpacked to disk
    with (
        open_bytes(path, bounded=True) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        for member in archive:  # links and devices are no texts
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, member.size, content.read


def _zipped(path: StrPath) -> Iterator[_Member]:
    with opened(os.fspath(path)) as file, zipfile.ZipFile(file) as archive:
        for info in listed_files(archive):
            yield info.filename, info.file_size, partial(archive.read, info)


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in PurePosixPath(name).parts if part not in ("/", "."))
