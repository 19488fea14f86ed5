"""The embedded demo corpus: the documentation that is already on this machine.

It is made of the docstrings of the standard library and of the installed packages, and of the
language reference behind Python's ``help()``. Source files are parsed, never imported. The label
of a text is the top-level module that it documents.

What is done to make English of docstrings, line by line and by these rules only:

- examples are left out: doctests, fenced code, literal blocks after ``::``, directives;
- headings and the ``name : type`` lines of parameter lists are left out, and tables and formulas:
  lines in which more than 15 of 100 characters are digits or signs that prose seldom has;
- marks are taken off words: backquotes, ``:role:`` names, ``:param x:``, bullets, emphasis,
  citations, addresses;
- the lines of a paragraph and of an item of a list are joined. It is left out when it came before,
  in this docstring or another, or when it has fewer than five words.
"""

from __future__ import annotations

import ast
import gc
import inspect
import math
import os
import re
import sys
import sysconfig
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SKIPPED_FOLDERS = frozenset({"test", "tests", "idle_test", "_vendor", "vendored", "__pycache__"})
_TEST_FILES = re.compile(r"(test_.*|.*_test|conftest)\.py")
_MIN_WORDS = 5  # of a paragraph
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_ATTACHING = frozenset({"add_newdoc", "add_docstr", "topics"})

_CODE = re.compile(r"^(```|~~~).*?(^\1|\Z)", re.MULTILINE | re.DOTALL)
_DOCTEST = re.compile(r"^[ \t]*>>>.*(\n[ \t]*\S.*)*", re.MULTILINE)
# the line that ends in "::", and all that is empty or indented deeper than it
_LITERAL = re.compile(r"^([ \t]*)(.*)::[^\n]*((?:\n[ \t]*$|\n\1[ \t]+\S.*)*)", re.MULTILINE)
_PARAMETER = re.compile(r"\s*\*{0,2}\w+(, ?\*{0,2}\w+)*(, \.\.\.)? : ?[^.]*$")
_HEADING = re.compile(r"\s*[A-Z]\w*( \w+)?:$")
_UNDERLINE = re.compile(r"\s*([-=~^*#+_\"])\1{2,}\s*$")
_ITEM = re.compile(r"\s*(#+ |[-*+•] |\(?\w{1,2}[.)] |:\w+ [\w*]+: |:\w+: |\.\. \[\w+\] |(?=\w+: ))")
_MARKS = re.compile(
    r"\[(?=[^]]{1,99}\]\()|\]\(\S*\)|https?://\S+|:[a-z:]+:(?=`)|\s<[\w.-]+>(?=`)|`+|\*+"
    r"|\[[\w-]+\]_|\|(?=\w)|(?<=\w)\|"
)
_ODD = re.compile(r"[\d_]|[^\w\s.,;:'\"()-]")  # characters that English prose has few of


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
    max_bytes: int = 160_000_000,
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

    Examples
    --------
    >>> found = documentation_corpus(["json", "textwrap"])
    >>> found.docstrings[0].label
    'json'
    >>> found.unreadable
    0
    """
    wanted = None if labels is None else frozenset(labels)
    every = _source_files(wanted)
    kept = [
        file
        for label in sorted({file.label for file in every})
        for file in _thin([f for f in every if f.label == label], max_package_bytes)
    ]
    kept = _thin(kept, max_bytes)
    found = _Collection(thinned=len(every) - len(kept))
    with _quick_parsing():
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


def english(docstring: str) -> str:
    r"""Reduce a docstring to its prose, by the rules that the head of this module lists.

    Parameters
    ----------
    docstring : str
        The docstring as it stands in the source.

    Returns
    -------
    str
        One paragraph in each line; empty if nothing is left.

    Examples
    --------
    >>> english('''Return the ``sum`` of two :class:`Number` objects.
    ...
    ...     Parameters
    ...     ----------
    ...     a, b : int
    ...         The numbers that
    ...         are added.
    ...
    ...     >>> add(1, 2)
    ...     3
    ...     ''')
    'Return the sum of two Number objects.\nThe numbers that are added.'
    """
    text = inspect.cleandoc(docstring)
    if "```" in text or "~~~" in text:
        text = _CODE.sub("", text)
    if ">>>" in text:
        text = _DOCTEST.sub("", text)
    if "::" in text:
        text = _LITERAL.sub(_before_literal, text)
    paragraphs: list[list[str]] = [[]]
    for line in text.split("\n"):
        _add_line(line, paragraphs)
    joined = (" ".join(lines).split() for lines in paragraphs)
    return "\n".join(" ".join(words) for words in joined if len(words) >= _MIN_WORDS)


def _before_literal(match: re.Match[str]) -> str:
    """Keep the sentence that announces a literal block; a directive goes with its block."""
    indent, sentence = match[1], match[2]
    return "" if sentence.startswith("..") else f"{indent}{sentence}:\n"


def _add_line(line: str, paragraphs: list[list[str]]) -> None:
    """Add a line to the last paragraph, or begin a new one, or leave the line out."""
    if not line or line.isspace() or _HEADING.match(line):
        paragraphs.append([])
    elif _UNDERLINE.match(line):  # what stands above it is a heading
        paragraphs[-1] = paragraphs[-1][:-1]
        paragraphs.append([])
    elif _PARAMETER.match(line):
        paragraphs.append([])
    else:
        item = _ITEM.match(line)
        if item:
            paragraphs.append([])
            line = line[item.end() :]
        line = _MARKS.sub("", line)
        if len(_ODD.findall(line)) <= 0.15 * len(line):
            paragraphs[-1].append(line)


class _SourceFile(NamedTuple):
    label: str
    name: str
    path: Path
    size: int


def _source_files(wanted: frozenset[str] | None) -> list[_SourceFile]:
    """List the source files of the standard library and of the installed packages, sorted."""
    library = Path(sysconfig.get_paths()["stdlib"])
    installed = [Path(p) for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    found: dict[str, _SourceFile] = {}
    for root in [library, *installed]:
        for entry in root.iterdir() if root.is_dir() else []:
            label = entry.name.removesuffix(".py")
            if wanted is not None and label not in wanted:
                continue
            for path in _python_files(entry):
                name = path.relative_to(root).as_posix()
                if name not in found:  # Python, too, takes the first that it finds
                    found[name] = _SourceFile(label, name, path, path.stat().st_size)
    return sorted(found.values())


def _python_files(entry: Path) -> Iterator[Path]:
    """Go through the files of a package, or give the module itself."""
    if entry.suffix == ".py":
        yield entry
    elif _is_package_folder(entry.name):
        for folder, names, files in os.walk(entry):
            names[:] = filter(_is_package_folder, names)
            for name in files:
                if name.endswith(".py") and not _TEST_FILES.fullmatch(name):
                    yield Path(folder, name)


def _is_package_folder(name: str) -> bool:
    """Tell packages from tests, caches, metadata folders and copies of other packages."""
    return name.isidentifier() and name not in _SKIPPED_FOLDERS


def _thin(files: list[_SourceFile], max_bytes: int) -> list[_SourceFile]:
    """Take every n-th file, so that about `max_bytes` are left, from all parts of a package."""
    step = math.ceil(sum(file.size for file in files) / max_bytes)
    return files[:: max(1, step)]


@dataclass
class _Collection:
    """What was found so far."""

    docstrings: list[Docstring] = field(default_factory=list)
    counts: dict[str, LabelCounts] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    thinned: int = 0
    unreadable: int = 0
    repeated: int = 0

    def read(self, file: _SourceFile) -> None:
        """Add the docstrings of one file."""
        try:
            source = file.path.read_bytes()
            # a third of the files have no docstring, and parsing is what takes the time
            if b'"""' not in source and b"'''" not in source:
                return
            tree = ast.parse(source)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            self.unreadable += 1
            return
        counts = self.counts.setdefault(file.label, LabelCounts())
        counts.files += 1
        for docstring in _docstrings(tree):
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


def _docstrings(tree: ast.Module) -> Iterator[str]:
    """Find the docstrings, and the documentation that is attached by ``add_newdoc(...)`` calls."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, _DOCUMENTED):
            docstring = ast.get_docstring(node, clean=False)
            if docstring:
                yield docstring
        elif isinstance(node, ast.Expr | ast.Assign):
            yield from _attached(node)
        for name in ("finalbody", "orelse", "handlers", "body"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                todo += reversed(inner)


def _attached(statement: ast.Expr | ast.Assign) -> Iterator[str]:
    """Take the texts in ``add_newdoc(...)`` and in ``topics = ...`` of the language reference."""
    if isinstance(statement, ast.Expr):
        value = statement.value
        if not (isinstance(value, ast.Call) and isinstance(value.func, ast.Name)):
            return
        name = value.func.id
    else:
        target = statement.targets[0]
        if not isinstance(target, ast.Name):
            return
        name = target.id
    if name in _ATTACHING:
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
                yield node.value


@contextmanager
def _quick_parsing() -> Iterator[None]:
    """Silence warnings about other people's source, and let no garbage collector walk its trees.

    The collector finds nothing there and takes a third of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if enabled:
            gc.enable()
