"""The embedded demo corpus: the documentation that is already on this machine.

It is made of the docstrings of the standard library and of the installed packages, and of the
language reference behind Python's ``help()``. Source files are parsed, never imported. The label
of a text is the top-level module that it documents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from wordkin.datasets.prose import english
from wordkin.datasets.sources import docstrings_in, quick_parsing, source_files, thin
from wordkin.vocabulary.checks import check_at_least, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wordkin.datasets.sources import SourceFile


class Docstring(NamedTuple):
    """One docstring, cleaned: a paragraph in each line, and what it documents."""

    text: str
    label: str
    source: str


@dataclass
class LabelCounts:
    """How much text one top-level module gave."""

    files: int = 0
    docstrings: int = 0
    words: int = 0


@dataclass(frozen=True)
class Documentation:
    """The documentation found on this machine, and the account of how it was found.

    Parameters
    ----------
    docstrings : list of Docstring
        In the order of labels, files and lines: the same machine gives the same list.
    counts : mapping
        Files, docstrings and words for each label.
    files : int
        Source files that were read.
    thinned : int
        Source files that were passed over because their package is too big.
    unreadable : int
        Source files that could not be read or parsed.
    repeated : int
        Paragraphs left out because they came before.
    """

    docstrings: list[Docstring]
    counts: Mapping[str, LabelCounts]
    files: int
    thinned: int
    unreadable: int
    repeated: int

    @property
    def words(self) -> int:
        """Words in all, as white space separates them."""
        return sum(counts.words for counts in self.counts.values())

    def paragraphs(self) -> Iterator[str]:
        """Go through all paragraphs.

        Yields
        ------
        str
            The text of one paragraph.
        """
        for docstring in self.docstrings:
            yield from docstring.text.split("\n")

    def __iter__(self) -> Iterator[Docstring]:
        return iter(self.docstrings)

    def __len__(self) -> int:
        return len(self.docstrings)


def documentation_corpus(
    labels: Iterable[str] | None = None,
    *,
    max_package_bytes: int = 16_000_000,
    max_bytes: int = 100_000_000,
) -> Documentation:
    """Collect the documentation of the standard library and of the installed packages.

    Nothing is imported and nothing is downloaded. What comes out depends on the machine: expect
    one to several million words, at about a second for each 8 MB of source.

    Parameters
    ----------
    labels : iterable of str, optional
        Only these top-level modules, such as ``["json", "numpy"]``; by default all.
    max_package_bytes : int
        Of a package with more source than this only every second, third ... file is read.
    max_bytes : int
        The same for all packages together.

    Returns
    -------
    Documentation
        The docstrings with their labels, and the account.

    Raises
    ------
    InputError
        If `labels` is one name.
    ConfigError
        If a bound is no whole number from 1 upwards.

    Examples
    --------
    >>> found = documentation_corpus(["json", "textwrap"])
    >>> found.docstrings[0].label
    'json'
    >>> found.unreadable
    0
    """
    check_at_least("max_package_bytes", max_package_bytes, 1)
    check_at_least("max_bytes", max_bytes, 1)
    wanted = None if labels is None else frozenset(listed(labels))
    every = source_files(wanted)
    packages = groupby(every, key=lambda file: file.label)  # they are sorted by it
    kept = [file for _, files in packages for file in thin(list(files), max_package_bytes)]
    kept = thin(kept, max_bytes)
    found = _Collection(thinned=len(every) - len(kept))
    with quick_parsing():
        for file in kept:
            found.read(file)
    return Documentation(
        docstrings=found.docstrings,
        counts=found.counts,
        files=len(kept),
        thinned=found.thinned,
        unreadable=found.unreadable,
        repeated=found.repeated,
    )


@dataclass
class _Collection:
    """What was found so far."""

    docstrings: list[Docstring] = field(default_factory=list)
    counts: dict[str, LabelCounts] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    thinned: int = 0
    unreadable: int = 0
    repeated: int = 0

    def read(self, file: SourceFile) -> None:
        """Add the docstrings of one file."""
        try:
            found = docstrings_in(file.path)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            self.unreadable += 1
            return
        counts = self.counts.setdefault(file.label, LabelCounts())
        counts.files += 1
        for docstring in found:
            text = self._unseen(english(docstring))
            if text:
                self.docstrings.append(Docstring(text, file.label, file.name))
                counts.docstrings += 1
                counts.words += text.count(" ") + text.count("\n") + 1

    def _unseen(self, text: str) -> str:
        """Leave out the paragraphs that came before."""
        new = []
        for paragraph in text.split("\n"):
            if paragraph in self.seen:
                self.repeated += 1
            elif paragraph:
                self.seen.add(paragraph)
                new.append(paragraph)
        return "\n".join(new)
