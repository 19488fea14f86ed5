"""Lines of a word and D numbers, parsed by all cores; word2vec's text and GloVe's are such files.

The last D fields of a line are its numbers, and what stands in front of them is the word; it may
hold spaces. Numbers are as Python's ``float`` reads them, then rounded to float32, with two
exceptions: no underscores, and neither NaN nor infinity, not even by rounding. Nor is there
a hexadecimal form, which ``float`` doesn't know.
"""

from __future__ import annotations

import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from wordkin.errors import FormatError
from wordkin.formats.batches import not_finite
from wordkin.memory import cores
from wordkin.progress import task
from wordkin.vocabulary.packed import packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from wordkin.formats.batches import Collector, Pick
    from wordkin.kernels.numbers import Parsed, Wanted

_LONGEST_WORD = 1 << 16  # bytes; a file without a line feed for so long is no such file
_BLOCK = 1 << 19
_WRITTEN = 1 << 18  # Linux takes 440 MB in pieces of this size in 0.4 s, of 1 MiB in 1.6 s (ext4)
_HARD = 1000  # numbers that Python reads at once
_MOST = 1 << 62
_SPACE = re.compile(rb"[ \t\n\r\v\f]")


class Block(NamedTuple):
    """What became of a block of lines.

    Parameters
    ----------
    data : bytes
        The block.
    parsed : Parsed
        Its rows.
    n_lines : int
        The lines read of it.
    problem : str
        What is wrong with the line behind them; empty if nothing is.
    """

    data: bytes
    parsed: Parsed
    n_lines: int
    problem: str


def read_lines(
    stream: BinaryIO,
    rows: Collector,
    pick: Pick,
    *,
    dimensions: int,
    first_line: int,
    promised: int | None = None,
    head: bytes = b"",
) -> int:
    """Read all lines of a stream, or as many as are asked for.

    Parameters
    ----------
    stream : BinaryIO
        Where the lines come from.
    rows : Collector
        Takes the rows. Lines behind the promised ones are counted in it as unread.
    pick : Pick
        Which lines to read.
    dimensions : int
        The number of numbers in a line.
    first_line : int
        The number of the first line in the file, for messages.
    promised : int, optional
        The number of lines that the header tells.
    head : bytes
        What has been read of the stream already.

    Returns
    -------
    int
        How many lines were read.

    Raises
    ------
    FormatError
        If a line is not a word and D numbers, or an empty line is followed by others.
    """
    stop = min(_MOST if promised is None else promised, pick.limit or _MOST)
    n_lines = 0
    blocks = _in_order(_blocks(stream, head, dimensions), dimensions, _wanted(pick))
    for block in blocks:
        left = stop - n_lines
        _take(rows, block, left)
        n_lines += min(block.n_lines, left)
        if block.n_lines >= left:
            if stop == promised:
                rest = b"\n".join(block.data.split(b"\n", left)[left:])
                rows.unread = _count(rest) + sum(_count(later.data) for later in blocks)
            break
        if block.problem:
            lines = block.data.split(b"\n", block.n_lines)[-1]
            if lines.strip() or any(later.data.strip() for later in blocks):
                raise FormatError(f"Line {first_line + n_lines} {block.problem}")
            break
    return n_lines


def _count(lines: bytes) -> int:
    return sum(1 for line in lines.split(b"\n") if line.strip())


def _take(rows: Collector, block: Block, left: int) -> None:
    """Hand on the rows of a block, but none from behind the last line."""
    parsed = block.parsed
    n_rows = int(np.searchsorted(parsed.lines[: parsed.state[2]], left))
    rows.add(parsed.words, parsed.offsets[: n_rows + 1], parsed.matrix[:n_rows])
    rows.spaces += int(parsed.spaces[:n_rows].sum())


def _blocks(stream: BinaryIO, head: bytes, dimensions: int) -> Iterator[bytes]:
    """Cut a stream at line ends; each block ends in the line feeds that the kernel needs."""
    from wordkin.kernels.numbers import PAD

    longest = _LONGEST_WORD + 64 * dimensions + _BLOCK
    rest, data, padding = b"", head, b"\n" * PAD
    while data or (data := stream.read(_BLOCK)):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield b"".join((rest, memoryview(data)[:cut], padding))
            rest = data[cut:]
        else:
            rest += data
            if len(rest) > longest:
                raise FormatError(f"There is no end to the line that begins with {rest[:40]!r}.")
        data = b""
    if rest:
        yield rest + b"\n" + padding


def _in_order(blocks: Iterator[bytes], dimensions: int, wanted: Wanted) -> Iterator[Block]:
    """Parse blocks with all cores; a few are under way at a time, and they come in their order."""
    n_threads = cores()
    with ThreadPoolExecutor(n_threads) as pool:
        under_way: deque[Future[Block]] = deque()
        try:
            for data in blocks:
                under_way.append(pool.submit(_parse, data, dimensions, wanted))
                if len(under_way) > n_threads + 1:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def _parse(data: bytes, dimensions: int, wanted: Wanted) -> Block:
    from wordkin.kernels.numbers import BLANK, FIELDS, PAUSED, Parsed, parse_rows

    # memory that is not written to costs nothing: this is for the shortest lines there can be
    most = len(data) // (2 * dimensions) + 1
    parsed = Parsed(
        matrix=np.empty((most, dimensions), np.float32),
        words=np.empty(len(data), np.uint8),
        offsets=np.zeros(most + 1, np.int64),
        lines=np.empty(most, np.int64),
        spaces=np.empty(most, np.bool_),
        hard=np.empty((_HARD + dimensions, 4), np.int64),
        state=np.zeros(4, np.int64),
    )
    block = np.frombuffer(data, np.uint8)
    status = PAUSED
    while status == PAUSED:
        status = parse_rows(block, wanted, parsed)
        for start, stop, row, column in parsed.hard[: parsed.state[3]].tolist():
            problem = _read_hard(data[start:stop], parsed, (row, column))
            if problem:
                return Block(data, parsed, int(parsed.lines[row]), problem)
        parsed.state[3] = 0
    problem = ""
    n_lines = int(parsed.state[1])
    if status == BLANK:
        problem = "is empty, but the file goes on."
    elif status == FIELDS:
        line = data[parsed.state[0] :].partition(b"\n")[0]
        problem = (
            f"should hold a word and {dimensions} numbers; it holds {len(line.split())} fields. "
            f"It begins with {line[:40]!r}."
        )
    return Block(data, parsed, n_lines, problem)


def _read_hard(text: bytes, parsed: Parsed, place: tuple[int, int]) -> str:
    """Read a number that the kernel was not sure about; return what is wrong with it."""
    try:
        value = float(text)
        if b"_" in text:
            raise ValueError(f"could not convert string to float: {text!r}")
    except ValueError as error:
        return f"holds what is no number: {error}."
    with np.errstate(over="ignore"):
        parsed.matrix[place] = value
    if np.isfinite(parsed.matrix[place]):
        return ""
    row = place[0]
    word = parsed.words[parsed.offsets[row] : parsed.offsets[row + 1]].tobytes()
    return not_finite(word)


def _wanted(pick: Pick) -> Wanted:
    """Index what the lines of the wanted words begin with: the word, up to its first space."""
    from wordkin.kernels.numbers import Wanted

    if pick.only is None:
        nothing = np.frombuffer(b"", np.uint8)
        return Wanted(nothing, np.zeros(1, np.int64), np.empty(0, np.int32), 0)
    pieces = {_SPACE.split(word.encode("utf-8", "replace"), maxsplit=1)[0] for word in pick.only}
    data = np.frombuffer(b"".join(pieces), np.uint8)
    offsets = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
    index = packed(data, offsets)[0]
    return Wanted(data, offsets, index.slots, index.seed)


def write_lines(
    file: BinaryIO,
    words: Sequence[bytes],
    matrix: NDArray[np.float32],
    *,
    finish: Callable[[bytes], bytes] = bytes,
) -> None:
    """Write lines of a word and its numbers, formatted by all cores.

    Each number has as few digits as are needed to read the same float32 back.

    Parameters
    ----------
    file : BinaryIO
        Open for writing.
    words : sequence of bytes
        The V words.
    matrix : ndarray of float32
        Shape (V, D): finite numbers.
    finish : callable
        Changes a block of whole lines before it is written.
    """
    n_rows = max(1, _WRITTEN // (12 * matrix.shape[1]))
    n_threads = cores()
    with (
        task("writing vectors", len(words), "words") as advance,
        ThreadPoolExecutor(n_threads) as pool,
    ):
        under_way: deque[Future[bytes]] = deque()
        for start in range(0, len(words), n_rows):
            stop = start + n_rows
            under_way.append(pool.submit(_format, words[start:stop], matrix[start:stop]))
            if len(under_way) > n_threads + 1:
                file.write(finish(under_way.popleft().result()))
                advance(n_rows)
        for future in under_way:
            file.write(finish(future.result()))


def _format(words: Sequence[bytes], matrix: NDArray[np.float32]) -> bytes:
    from wordkin.kernels.numbers import HEADROOM, format_rows

    data = b"".join(words)
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    out = np.empty(len(data) + len(words) * (2 + matrix.shape[1] * HEADROOM), np.uint8)
    parts, row = [], 0
    while row < len(words):
        row, n_bytes = format_rows(matrix, row, np.frombuffer(data, np.uint8), offsets, out)
        parts.append(out[:n_bytes].tobytes())
        if row < len(words):  # a row with a number that the kernel was not sure about
            parts.append(words[row] + f" {' '.join(map(str, matrix[row]))}\n".encode())
            row += 1
    return b"".join(parts)
