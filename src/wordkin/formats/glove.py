"""The text format of Stanford's GloVe: lines of a word and its numbers, without a header.

The number of dimensions is that of most lines at the beginning. Words may hold spaces: the file of
840 billion tokens has ". . ." and "at name@domain.com", which readers that cut at the first space
take for broken lines. ``<unk>``, which GloVe's own program writes last, is a word like others.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from wordkin.errors import FormatError
from wordkin.files import atomic_write, open_bytes
from wordkin.formats.batches import Collector, Pick
from wordkin.formats.lines import read_lines, write_lines
from wordkin.formats.rows import naming, words_to_write

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from wordkin.table import VectorTable

_HEAD = 1 << 20
_SAMPLE = 100  # lines
_BOM = b"\xef\xbb\xbf"
_NUMBER = re.compile(rb"-?[0-9]+\.[0-9]+(?:e[-+]?[0-9]+)?\s", re.IGNORECASE)


def looks_like(head: bytes) -> bool:
    """Tell from its beginning whether a file is in this format.

    Parameters
    ----------
    head : bytes
        The first bytes, as many as a line may have.

    Returns
    -------
    bool
        True if its first lines are words with at least two numbers, the same number in most.
    """
    return _dimensions(head) > 1


def read(
    path: str | os.PathLike[str],
    *,
    limit: int | None = None,
    only: Iterable[str] | None = None,
) -> VectorTable:
    """Read the format; compressed files are decompressed on the way.

    See `wordkin.formats.batches.Collector` for damaged words and repetitions, and
    `wordkin.formats.lines` for what is a number.

    Parameters
    ----------
    path : str or path-like
        The file.
    limit : int, optional
        Read the first so many lines only.
    only : iterable of str, optional
        Of these, keep the words that are in here; other lines cost next to nothing.

    Returns
    -------
    VectorTable
        The vectors in memory.

    Raises
    ------
    FileError
        If there is no such file, or it can't be read.
    FormatError
        If it is not in this format, its last line is cut, or it holds values that are not finite.
    """
    pick = Pick.of(limit, only)
    with naming(path), open_bytes(path) as stream:
        head = stream.read(_HEAD).removeprefix(_BOM)
        dimensions = _dimensions(head)
        if dimensions < 1:
            raise FormatError(
                "In GloVe's format each line holds a word and its numbers, such as "
                f"'the 0.418 0.24968'; this file begins with {head[:40]!r}."
            )
        if all(map(_NUMBER.match, head.splitlines()[:_SAMPLE])):
            raise FormatError(
                "There are only numbers in this file, no words. TensorBoard's vectors.tsv and the "
                "like keep their words beside it: give both to wordkin.WordVectors(words, matrix)."
            )
        rows = Collector(path, dimensions)
        read_lines(stream, rows, pick, dimensions=dimensions, first_line=1, head=head)
        return rows.table("glove", pick)


def write(table: VectorTable, path: str | os.PathLike[str]) -> None:
    """Write the format.

    Parameters
    ----------
    table : VectorTable
        The vectors. Their counts, tokenizer and settings have no place in this format.
    path : str or path-like
        The file; one that is there is replaced when the new one is complete.

    Raises
    ------
    InputError
        If a value is not finite, there are no words, or one is empty or holds white space.
    FileError
        If the file can't be written.
    """
    words = words_to_write(table, without=b" \t\n\r\v\f")
    with atomic_write(path) as file:
        write_lines(file, words, table.matrix)


def _dimensions(head: bytes) -> int:
    """Return how many numbers most of the first lines end with; 0 if they don't."""
    *lines, last = head.removeprefix(_BOM).split(b"\n", _SAMPLE)
    if not lines:  # a single line without an end
        lines = [last]
    numbers = [_n_numbers(line) for line in lines if line.strip()]
    return Counter(numbers).most_common(1)[0][0] if numbers else 0


def _n_numbers(line: bytes) -> int:
    """Count the numbers that a line ends with, but not a word in front."""
    fields = line.split()
    first = 0 if line[:1].isspace() else 1
    n_numbers = 0
    for field in reversed(fields[first:]):
        try:
            float(field)
        except ValueError:
            break
        n_numbers += 1
    return n_numbers
