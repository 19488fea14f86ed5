r"""Where text comes from: files and folders in blocks of bounded size, or texts in memory.

In a file a line is a sentence; ``\n``, ``\r\n`` and ``\r`` end a line. A file is never held in
memory as a whole, however long its lines are or however far it is compressed.
"""

from __future__ import annotations

import codecs
import os
from collections import deque
from collections.abc import Iterable, Mapping, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, final

from wordkin.archives import answers
from wordkin.errors import EmptyCorpusError, FileError, FormatError, InputError
from wordkin.files import open_bytes, size_on_disk
from wordkin.progress import counting_bytes, task
from wordkin.text.decoding import COUNTING, counted, without_halves

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from typing import BinaryIO

    StrPath = str | os.PathLike[str]

BLOCK_BYTES = 1 << 20
_BLOCKS_AHEAD = 4
_BOM = codecs.BOM_UTF8


class Block(NamedTuple):
    """A piece of text of bounded size.

    Blocks are cut behind the end of a line. A line that is longer than a block is cut behind a
    space or a tab (if it has none, between two characters), and its sentence goes on in the next
    block.

    Parameters
    ----------
    data : bytes or str
        From a file: UTF-8 bytes, as they were read or recoded, perhaps with errors in them.
        From memory: a text.
    ends_sentence : bool
        Whether the last sentence ends with the block.
    by_lines : bool
        Whether each line is a sentence; otherwise the whole block is one.
    bytes_read : int
        Bytes that were read from files since the last block, decompressed; 0 for texts in memory.
    undecodable : int
        Bytes that were replaced by U+FFFD in recoding to UTF-8 (other than UTF-8 files only).
    """

    data: bytes | str
    ends_sentence: bool = True
    by_lines: bool = True
    bytes_read: int = 0
    undecodable: int = 0

    def sentences(self) -> tuple[list[str], int]:
        r"""Decode the block, and cut it into sentences.

        Returns
        -------
        sentences : list of str
            At least one. Empty lines are empty sentences. All end here but the last, for which
            `ends_sentence` tells.
        undecodable : int
            Bytes that are no text; each such place is U+FFFD now. Half of a surrogate pair in a
            str counts as three.

        Examples
        --------
        >>> Block(b"one line\r\nanother\r\rlast \xff\n").sentences()
        (['one line', 'another', '', 'last \ufffd'], 1)
        """
        if isinstance(self.data, str):
            text, undecodable = without_halves(self.data)
        else:
            text, undecodable = counted(partial(self.data.decode, "utf-8", COUNTING))
        undecodable += self.undecodable
        if not self.by_lines:
            return [text], undecodable
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text.removesuffix("\n").split("\n"), undecodable


class Source(Protocol):
    """A text as blocks. It can be read again, as far as what is below it can."""

    def __iter__(self) -> Iterator[Block]:
        """Read the text from its beginning."""
        ...


@final
@dataclass(frozen=True)
class Files:
    """The text of files, one after the other.

    Parameters
    ----------
    paths : tuple of str
        The files, compressed or not (see `wordkin.files.open_bytes`).
    encoding : str
        How characters are stored in them.
    """

    paths: tuple[str, ...]
    encoding: str = "utf-8"

    def __iter__(self) -> Iterator[Block]:
        name = self.paths[0] if len(self.paths) == 1 else f"{len(self.paths)} files"
        return _read_ahead(self._blocks(), f"reading {name}", self._size())

    def _blocks(self) -> Generator[Block]:
        for path in self.paths:
            with open_bytes(path) as stream:
                yield from _blocks(stream, path, self.encoding)

    def _size(self) -> int:
        """Bytes on disk; 0 for a pipe."""
        with suppress(FileError):
            return sum(map(size_on_disk, self.paths))
        return 0


@final
@dataclass(frozen=True)
class Texts:
    r"""Texts in memory, each a sentence; line breaks in them are white space.

    Parameters
    ----------
    texts : iterable of str
        Can be read again if this can.

    Raises
    ------
    InputError
        If it is a single str or a table, or holds something that is no str.

    Examples
    --------
    >>> [block.sentences()[0] for block in Texts(["one\ntext", "two"])]
    [['one\ntext'], ['two']]
    """

    texts: Iterable[str]

    def __post_init__(self) -> None:
        if isinstance(self.texts, Mapping) or hasattr(self.texts, "columns"):
            raise InputError(
                f"Expected a list of texts, got a table ({type(self.texts).__name__}). Take one of "
                "its columns, or pass it to from_rows(table, column=...)."
            )
        if isinstance(self.texts, str | bytes) or not isinstance(self.texts, Iterable):
            raise InputError(
                f"Expected a list of texts, got {type(self.texts).__name__} "
                f"{self.texts!r:.50}. For a single text pass [text]; for a file use its path."
            )

    def __iter__(self) -> Iterator[Block]:
        total = len(self.texts) if isinstance(self.texts, Sized) else None
        with task("reading texts", total, "texts") as advance:
            for number, text in enumerate(self.texts):
                if not isinstance(text, str):
                    raise InputError(
                        f"Text {number} is no str but {type(text).__name__}: {text!r:.50}. "
                        "(Lists of tokens go to from_sentences.)"
                    )
                yield Block(text, by_lines=False)
                advance(1)


def open_source(paths: StrPath | Iterable[StrPath], *, encoding: str = "utf-8") -> Files:
    """Find the files of a text.

    Parameters
    ----------
    paths : str, path-like or iterable of them
        A file; a folder, whose files are read in the order of their sorted paths, those in its
        subfolders too, hidden ones and links to folders not; ``"archive.zip#member"``; or several
        of these.
    encoding : str
        How characters are stored. Bytes that are no text are replaced and counted.

    Returns
    -------
    Files
        To be iterated, as often as needed.

    Raises
    ------
    FileError
        If there is no such file or it can't be read.
    FormatError
        If a file is binary, or damaged (when it is read).
    InputError
        If the encoding is unknown, or an archive has several members and none is named.
    EmptyCorpusError
        If there is no file at all.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "b.txt").write_text("second"), (folder / "a.txt").write_text("first")
    >>> [block.data for block in open_source(folder)]
    [b'first', b'second']
    """
    given = _listed(paths)
    found: list[str] = []
    for path in given:
        if answers(Path(path).is_dir):
            found += _files_below(Path(path))
            continue
        if not answers(Path(path).is_fifo):  # opening a pipe would use it up
            open_bytes(path).close()
        found.append(path)
    if not found:
        what = f"no file in {', '.join(given)}" if given else "no path was given"
        raise EmptyCorpusError(f"There is no text to read: {what}.")
    return Files(tuple(found), _checked(encoding))


def _listed(paths: object) -> list[str]:
    """Make a list of what may be one path."""
    several = isinstance(paths, Iterable) and not isinstance(paths, str)
    given: list[Any] = list(paths) if several else [paths]  # type: ignore[call-overload]
    names = [os.fspath(path) if isinstance(path, os.PathLike) else path for path in given]
    # to Path, an empty name is the folder one is in
    if not all(isinstance(name, str) and name for name in names):
        raise InputError(f"Expected a path or a list of paths; got {paths!r:.60}.")
    return names


def _files_below(folder: Path) -> list[str]:
    """List the files of a folder, at any depth, in an order that no file system changes."""
    files = []
    for here, folders, names in os.walk(folder, onerror=not_listed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(here, name) for name in names if not name.startswith(".")]
    for file in files:
        check_plain(file)
    return [str(file) for file in sorted(files, key=lambda file: file.parts)]


def not_listed(error: OSError) -> None:
    """Say what `os.walk` would pass over without a word.

    Parameters
    ----------
    error : OSError
        What it hands to ``onerror=``.

    Raises
    ------
    FileError
        Names the folder.
    """
    raise FileError(f"Can't read the folder {str(error.filename)!r}: {error.strerror}.") from error


def check_plain(file: Path) -> None:
    """Refuse pipes and devices that lie in a folder: reading one may never end.

    Parameters
    ----------
    file : Path
        What was found.

    Raises
    ------
    FileError
        If it is one. (A link to a plain file is none; what can't be read is told when it is.)
    """
    if file.exists() and not file.is_file():
        raise FileError(f"{str(file)!r} is a pipe or a device. Take it out of the folder.")


def _checked(encoding: str) -> str:
    """Return Python's own name of an encoding."""
    try:
        "".encode(encoding)  # looks it up, and refuses codecs that are not for text
        return codecs.lookup(encoding).name
    except (LookupError, TypeError, ValueError) as error:  # no such name, or no name at all
        raise InputError(
            f"There is no encoding {encoding!r:.60}. Common ones: utf-8, utf-16, latin-1, cp1252."
        ) from error


# --- from bytes to blocks ------------------------------------------------------------------------


def _read_ahead(blocks: Generator[Block], what: str, n_bytes: int) -> Iterator[Block]:
    """Read and decompress in a thread of its own, a few blocks ahead of who works on them."""
    with (
        closing(blocks),
        task(what, n_bytes, "B") as advance,
        ThreadPoolExecutor(1, "wordkin-read") as pool,
    ):

        def read() -> Block | None:
            with counting_bytes(advance):  # files are opened in this thread
                return next(blocks, None)

        ahead = deque(pool.submit(read) for _ in range(_BLOCKS_AHEAD))
        while (block := ahead.popleft().result()) is not None:
            ahead.append(pool.submit(read))
            yield block


def _blocks(stream: BinaryIO, path: str, encoding: str) -> Iterator[Block]:
    """Cut a stream into blocks of UTF-8."""
    rest = b""
    read = undecodable = 0
    for piece in _utf8_pieces(stream, path, encoding):
        read += piece.bytes_read
        undecodable += piece.undecodable
        rest += piece.data
        while len(rest) > BLOCK_BYTES:
            at, is_line_end = _cut(rest[:BLOCK_BYTES])
            yield Block(rest[:at], is_line_end, True, read, undecodable)
            rest, read, undecodable = rest[at:], 0, 0
    if rest:
        yield Block(rest, True, True, read, undecodable)


class _Piece(NamedTuple):
    """What was read at once, in UTF-8."""

    data: bytes
    bytes_read: int
    undecodable: int


def _utf8_pieces(stream: BinaryIO, path: str, encoding: str) -> Iterator[_Piece]:
    """Read a stream piece by piece, recoded where it has to be; skip a byte order mark."""
    is_utf8 = encoding in ("utf-8", "utf-8-sig")
    decoder = codecs.getincrementaldecoder(encoding)(errors=COUNTING)
    first = True
    while True:
        raw = stream.read(BLOCK_BYTES)
        if first and not encoding.startswith(("utf-16", "utf-32")):
            _refuse_binary(raw, path)
        if is_utf8:
            data, undecodable = raw, 0
        else:
            try:
                text, undecodable = counted(partial(decoder.decode, raw, not raw))
            except UnicodeError as error:  # no byte order mark, where the encoding wants one
                raise FormatError(f"{path!r} can't be {encoding}: {error}.") from error
            text, halves = without_halves(text)  # which UTF-7 and escapes can make
            data, undecodable = text.encode(), undecodable + halves
        if first:
            data = data.removeprefix(_BOM)
        yield _Piece(data, len(raw), undecodable)
        first = False
        if not raw:
            return


def _refuse_binary(head: bytes, path: str) -> None:
    if b"\0" not in head:
        return
    hint = "It is no text file."
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        hint = "It looks like UTF-16: try encoding='utf-16'."
    raise FormatError(f"{path!r} is binary: there are zero bytes in it. {hint}")


def _cut(block: bytes) -> tuple[int, bool]:
    """Find where to cut, and whether that is the end of a line."""
    # a carriage return at the very end may be half of \r\n
    at = max(block.rfind(b"\n"), block.rfind(b"\r", 0, -1)) + 1
    if at:
        return at, True
    at = max(block.rfind(b" "), block.rfind(b"\t")) + 1
    if at:
        return at, False
    at = len(block) - 1 if block.endswith(b"\r") else len(block)
    # back to the first byte of a character, which has at most four
    start = at - 1
    while start > at - 4 and block[start] & 0xC0 == 0x80:
        start -= 1
    return (start if block[start] >= 0xC0 else at), False
