"""Source files of the standard library and of installed packages, and the docstrings in them.

Files are parsed, never imported.
"""

from __future__ import annotations

import ast
import gc
import math
import os
import re
import sys
import sysconfig
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_SKIPPED_FOLDERS = frozenset({"test", "tests", "idle_test", "_vendor", "vendored", "__pycache__"})
_TEST_FILES = re.compile(r"(test_.*|.*_test|conftest)\.py")
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_ATTACHING = frozenset({"add_newdoc", "add_docstr", "topics"})


class SourceFile(NamedTuple):
    """A source file: whom it documents, its name from there on, where it is, its size in bytes."""

    label: str
    name: str
    path: Path
    size: int


def source_files(wanted: frozenset[str] | None) -> list[SourceFile]:
    """List the source files of the standard library and of the installed packages.

    Parameters
    ----------
    wanted : frozenset of str, optional
        Only these top-level modules; by default all.

    Returns
    -------
    list of SourceFile
        Sorted; without tests and without copies of other packages.
    """
    library = Path(sysconfig.get_paths()["stdlib"])
    installed = [Path(p) for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
    found: dict[str, SourceFile] = {}
    for root in [library, *installed]:
        for entry in root.iterdir() if root.is_dir() else []:
            label = entry.name.removesuffix(".py")
            if wanted is not None and label not in wanted:
                continue
            for path in _python_files(entry):
                name = path.relative_to(root).as_posix()
                # Python, too, takes the first that it finds; links may lead nowhere
                if name not in found and path.is_file():
                    found[name] = SourceFile(label, name, path, path.stat().st_size)
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


def thin(files: list[SourceFile], max_bytes: int) -> list[SourceFile]:
    """Take every n-th file, so that all parts of a package remain.

    Parameters
    ----------
    files : list of SourceFile
        The files.
    max_bytes : int
        About how many bytes may be left.

    Returns
    -------
    list of SourceFile
        Those that are left.
    """
    step = math.ceil(sum(file.size for file in files) / max_bytes)
    return files[:: max(1, step)]


def docstrings_in(path: Path) -> list[str]:
    """Find the docstrings of a file, and the documentation attached by ``add_newdoc(...)`` calls.

    Parameters
    ----------
    path : Path
        A file of Python source.

    Returns
    -------
    list of str
        In the order of the file.

    Raises
    ------
    OSError, SyntaxError, ValueError, RecursionError, MemoryError
        If it can't be read or parsed.
    """
    source = path.read_bytes()
    # a third of the files have no docstring, and parsing is what takes the time
    if b'"""' not in source and b"'''" not in source:
        return []
    return list(_documentation(ast.parse(source)))


def _documentation(tree: ast.Module) -> Iterator[str]:
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
def quick_parsing() -> Iterator[None]:
    """Silence warnings about other people's source, and keep the collector from their trees.

    It finds nothing there and takes a third of the time.

    Yields
    ------
    None
        While sources are parsed.
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
