"""Test sets: files of pairs, analogies, odd words and categories."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.files import open_bytes
from wordkin.neighbors import check_count

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from wordkin.table import VectorTable

    StrPath = str | os.PathLike[str]

KINDS = ("similarity", "analogies", "odd-one-out", "categories")
_LOOKED_AT = 20  # lines, without comments, that tell what kind of set a file is


class GoldSet(NamedTuple):
    """A file of questions with the answers that people gave.

    Attributes
    ----------
    path : str or path-like
        The file, UTF-8, maybe compressed.
    kind : str
        ``"similarity"``: two words and a score on each line; ``"analogies"``: four words, sections
        begin with a colon; ``"odd-one-out"``: words, of which the last does not belong;
        ``"categories"``: a word, a tab, and its category. Recognised by content if not given.
    """

    path: StrPath
    kind: str | None = None

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return Path(self.path).name.split(".")[0]

    def known_kind(self) -> str:
        """Return the kind, recognised by the first lines if it was not given.

        Returns
        -------
        str
            One of `KINDS`.

        Raises
        ------
        InputError
            If it is none of them.
        FormatError
            If the file does not tell.
        """
        if self.kind is None:
            return recognise(self.path)
        if self.kind not in KINDS:
            raise InputError(f"A test set is one of {', '.join(KINDS)}; got {self.kind!r}.")
        return self.kind


class Pair(NamedTuple):
    """Two words and how similar people find them."""

    first: str
    second: str
    score: float


class Question(NamedTuple):
    """An analogy: four words, and the number of the section they stand in."""

    section: int
    words: list[str]


def recognise(path: StrPath) -> str:
    """Tell what kind of test set a file is by its first lines.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    str
        One of `KINDS`. Lines of four words are analogies, unless they are said to be odd ones out.

    Raises
    ------
    FormatError
        If no line tells.
    """
    votes = dict.fromkeys(KINDS, 0)
    items = (line for line in lines_of(path) if line.strip() and not line.startswith("#"))
    for line in islice(items, _LOOKED_AT):
        words = line.split()
        if line.startswith(":"):
            return "analogies"
        if pair_of(line) is not None:
            votes["similarity"] += 1
        elif len(words) == 4:
            votes["analogies"] += 1
        elif len(words) == 2:
            votes["categories"] += 1
        elif len(words) > 2:
            votes["odd-one-out"] += 1
    kind = max(votes, key=lambda each: votes[each])
    if not votes[kind]:
        raise FormatError(f"{str(path)!r} holds no test set: no pairs with scores, no analogies.")
    return kind


def lines_of(path: StrPath) -> Iterator[str]:
    """Read the lines of a file.

    Parameters
    ----------
    path : str or path-like
        A text file, maybe compressed.

    Yields
    ------
    str
        A line, with its end.

    Raises
    ------
    FileError
        If it can't be read.
    FormatError
        If it is no UTF-8.
    """
    with open_bytes(path, bounded=True) as stream:
        for line in stream:
            try:
                yield line.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise FormatError(f"{str(path)!r} is no UTF-8 text: {error}.") from error


def rows_by_word(
    table: VectorTable, restrict_vocab: int | None, *, case_insensitive: bool
) -> dict[str, int]:
    """Make a dict of the words that may be used.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    restrict_vocab : int, optional
        Use the first so many words.
    case_insensitive : bool
        Key them in upper case; of words that differ by case only the first counts.

    Returns
    -------
    dict
        From word to row.

    Raises
    ------
    InputError
        If `restrict_vocab` is no whole number from 1 upwards.
    """
    if restrict_vocab is not None:
        check_count("restrict_vocab", restrict_vocab)
    rows: dict[str, int] = {}
    for row, word in enumerate(table.vocabulary.words[:restrict_vocab]):
        rows.setdefault(word.upper() if case_insensitive else word, row)
    return rows


def pair_of(line: str) -> Pair | None:
    r"""Read a line of two words and a score, between tabs or spaces.

    Parameters
    ----------
    line : str
        The line. Between tabs a part of speech may stand before the score (SimLex-999,
        SimVerb-3500), and more columns behind it.

    Returns
    -------
    Pair or None
        None if it is something else.

    Examples
    --------
    >>> pair_of("old new 1.58")
    Pair(first='old', second='new', score=1.58)
    >>> pair_of("old\tnew\tA\t1.58\t2.72")
    Pair(first='old', second='new', score=1.58)
    """
    tabs = "\t" in line
    fields = [field.strip() for field in line.split("\t" if tabs else None)]
    if len(fields) < 3 or (len(fields) > 3 and not tabs):
        return None
    try:
        score = float(fields[3 if len(fields) > 3 and fields[2].isalpha() else 2])
    except ValueError:
        return None
    return Pair(fields[0], fields[1], score) if np.isfinite(score) else None


def questions_of(path: StrPath, *, case_insensitive: bool) -> tuple[list[str], list[Question], int]:
    """Read analogies.

    Parameters
    ----------
    path : str or path-like
        The file.
    case_insensitive : bool
        Turn words into upper case.

    Returns
    -------
    (list of str, list of Question, int)
        The names of the sections, the questions, and how many lines are none.

    Raises
    ------
    FormatError
        If there is no question.
    """
    names, questions, skipped = ["(no section)"], [], 0
    for line in lines_of(path):
        words = (line.upper() if case_insensitive else line).split()
        if line.startswith(":"):
            names.append(line.lstrip(": ").strip())
        elif len(words) == 4:
            questions.append(Question(len(names) - 1, words))
        elif words:
            skipped += 1
    if not questions:
        raise FormatError(f"{str(path)!r}: no line holds the four words of an analogy.")
    return names, questions, skipped


def groups_of(path: StrPath, *, case_insensitive: bool, least: int) -> tuple[list[list[str]], int]:
    """Read lines of words.

    Parameters
    ----------
    path : str or path-like
        The file. Lines that begin with ``#`` or a colon are no groups.
    case_insensitive : bool
        Turn words into upper case.
    least : int
        How many words a line must hold.

    Returns
    -------
    (list of lists of str, int)
        The groups, and how many lines are none.

    Raises
    ------
    FormatError
        If there is no group.
    """
    groups, skipped = [], 0
    for line in lines_of(path):
        words = (line.upper() if case_insensitive else line).split()
        if not words or line.startswith(("#", ":")):
            continue
        if len(words) < least:
            skipped += 1
        else:
            groups.append(words)
    if not groups:
        raise FormatError(f"{str(path)!r}: no line holds {least} words.")
    return groups, skipped
