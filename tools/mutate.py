"""Change one thing at a time in a copy of the source, and see whether the tests notice.

    git clone . /tmp/copy && cd /tmp/copy && python tools/mutate.py vocabulary --count 50 --seed 1

Each mutant has one operator, comparison, constant, condition, return or statement changed. It is
killed if a test fails, or takes far more processor time than before: of the tests of its module
those that ran the changed line when nothing was changed, or all, if none did (what runs in another
process is not seen). What survives is printed: either a test is missing, or the change changes
nothing.

Source files are overwritten and put back, so it refuses to run where Git has changes. Messages of
errors, docstrings and annotations are left as they are.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import functools
import importlib
import inspect
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "wordkin"
# what is imported once, before each mutant gets a process of its own; nothing of ours
AHEAD = (
    "numpy",
    "numba",
    "hypothesis",
    "safetensors.numpy",
    "gensim.models",
    "pyarrow.parquet",
)

# what is changed, and the tests that have to notice
CORPUS = ["tests/test_corpus.py", "tests/test_items.py", "tests/test_columns.py"]
FORMATS = ["tests/test_formats.py", "tests/test_formats_fast.py"]
FOREIGN = ["tests/golden/test_golden.py", "tests/test_foreign_formats.py"]
MODULES = {
    "embedding": (["embedding.py"], ["tests/test_embedding.py", "tests/property/test_rows.py"]),
    "vocabulary": (
        ["vocabulary/*.py"],
        ["tests/test_vocabulary.py", "tests/test_packed.py", "tests/test_probes.py",
         "tests/property/test_vocabulary.py"],
    ),
    "corpus": (
        ["corpus/*.py"], [*CORPUS, "tests/property/test_counting.py",
                          "tests/test_corpus_compiled.py"],
    ),
    "corpus/draft": (
        ["corpus/draft.py"], ["tests/test_corpus.py", "tests/property/test_counting.py"]
    ),
    "corpus/building": (
        ["corpus/building.py"], ["tests/test_corpus.py", "tests/test_phrases.py"]
    ),
    "corpus/store": (["corpus/store.py"], ["tests/test_corpus.py"]),
    "corpus/compiled": (["corpus/compiled.py"], ["tests/test_corpus_compiled.py"]),
    "corpus/account": (["corpus/account.py"], CORPUS),
    "corpus/empties": (["corpus/empties.py"], ["tests/test_corpus.py"]),
    "corpus/choosing": (
        ["corpus/choosing.py"], ["tests/test_corpus.py", "tests/property/test_counting.py"]
    ),
    "corpus/pruning": (["corpus/pruning.py"], ["tests/property/test_counting.py"]),
    "corpus/interning": (["corpus/interning.py"], ["tests/test_corpus.py"]),
    "corpus/pieces": (["corpus/pieces.py"], ["tests/test_corpus.py"]),
    "corpus/reading": (["corpus/reading.py"], [*CORPUS, "tests/test_corpus_compiled.py"]),
    "corpus/making": (
        ["corpus/making.py"], [*CORPUS, "tests/test_languages.py", "tests/test_public_api.py"]
    ),
    "corpus/tabular": (["corpus/tabular.py"], [*CORPUS, "tests/test_public_api.py"]),
    "corpus/joining": (["corpus/joining.py"], ["tests/test_phrases.py"]),
    "corpus/items": (["corpus/items.py"], ["tests/test_items.py"]),
    "text/mail": (["text/mail.py"], ["tests/test_mail.py"]),
    "text/phrases": (["text/phrases.py"], ["tests/test_phrases.py"]),
    "text/tokenizers": (
        ["text/tokenizers.py"], ["tests/test_tokenizers.py", "tests/property/test_text.py"]
    ),
    "text/words": (
        ["text/words.py"],
        ["tests/test_tokenizers.py", "tests/property/test_text.py", "tests/test_languages.py"],
    ),
    "text/patterns": (
        ["text/patterns.py"], ["tests/test_tokenizers.py", "tests/property/test_text.py"]
    ),
    "text/classes": (["text/classes.py"], ["tests/test_corpus_compiled.py"]),
    "text/segmenting": (["text/segmenting.py"], ["tests/test_languages.py"]),
    "text/decoding": (
        ["text/decoding.py"], ["tests/test_sources.py", "tests/property/test_text.py"]
    ),
    "text/sources": (
        ["text/sources.py"], ["tests/test_sources.py", "tests/property/test_text.py"]
    ),
    "text/tables": (["text/tables.py", "text/json_lines.py"], ["tests/test_columns.py"]),
    "text/columns": (["text/columns.py"], ["tests/test_columns.py"]),
    "text/spacing": (["text/spacing.py"], ["tests/test_languages.py"]),
    "native": (["formats/native.py"], FORMATS),
    "word2vec": (["formats/word2vec.py"], FORMATS),
    "lines": (["formats/lines.py"], [*FORMATS, "tests/kernels/test_numbers.py"]),
    "glove": (["formats/glove.py"], FORMATS),
    "fasttext": (["formats/fasttext.py"], [*FOREIGN, "tests/test_subwords.py"]),
    "finalfusion": (["formats/finalfusion.py"], FOREIGN),
    "magnitude": (["formats/magnitude.py"], FOREIGN),
    "quantized": (["formats/quantized.py"], FOREIGN),
    "binary": (["formats/binary.py"], FOREIGN),
    "rows": (["formats/rows.py"], [*FOREIGN, "tests/test_formats.py"]),
    "batches": (["formats/batches.py"], FORMATS),
    "room": (["formats/room.py"], ["tests/test_memory.py"]),
    "parquet": (["formats/parquet.py"], ["tests/test_formats_fast.py"]),
    "ngrams": (["formats/ngrams.py"], ["tests/test_formats.py", *FOREIGN]),
    "npy": (["formats/npy.py"], ["tests/test_formats.py"]),
    "projector": (["formats/projector.py"], [*FORMATS, "tests/test_foreign_formats.py"]),
    "floret": (["formats/floret.py"], [*FOREIGN, "tests/test_subwords.py"]),
    "gensim": (["formats/gensim.py"], [*FOREIGN, "tests/test_pickles.py"]),
    "model2vec": (["formats/model2vec.py"], FOREIGN),
    "spacy": (["formats/spacy.py"], FOREIGN),
    "pickles": (["formats/pickles.py"], ["tests/test_pickles.py", *FOREIGN]),
    "pickled": (["formats/pickled.py"], ["tests/test_pickles.py", *FOREIGN]),
    "tensors": (["formats/tensors.py"], [*FOREIGN, *FORMATS]),
    "formats/__init__": (["formats/__init__.py"], [*FORMATS, *FOREIGN]),
    "corpus/__init__": (["corpus/__init__.py"], CORPUS),
    "corpus/surveying": (["corpus/surveying.py"], ["tests/test_surveying.py"]),
    "vectors": (
        ["vectors/*.py"],
        ["tests/test_vectors.py", "tests/test_gensim_names.py", "tests/test_neighbors.py"],
    ),
    "neighbors": (
        ["neighbors/*.py"],
        ["tests/test_neighbors.py", "tests/test_indexes.py", "tests/test_search_compiled.py",
         "tests/property/test_search.py", "tests/property/test_neighbors.py"],
    ),
    "subwords": (["subwords/*.py"], ["tests/test_subwords.py", *FOREIGN]),
    "evaluation": (["evaluation/*.py"], ["tests/test_evaluation.py", "tests/test_evaluate.py"]),
    "downloads": (["downloads/*.py"], ["tests/test_downloads.py", "tests/test_ready.py"]),
    "training/checkpoint": (["training/checkpoint.py"], ["tests/training/test_checkpoint.py"]),
    "training/schedule": (
        ["training/schedule.py"],
        ["tests/training/test_validation.py",
         "tests/test_training.py::test_progress_tells_the_truth"],
    ),
    "training/validation": (
        ["training/validation.py"], ["tests/training/test_validation.py", "tests/test_surveying.py"]
    ),
    "classification/saving": (
        ["classification/saving.py"], ["tests/classification/test_saving.py"]
    ),
}  # fmt: skip

OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def candidates(tree: ast.AST) -> list[ast.AST]:
    """Return the nodes that can be changed, in a fixed order."""
    found: list[ast.AST] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        found.append(node)
        if isinstance(node, ast.Raise | ast.JoinedStr):  # messages
            return
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "format_spec"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    visit(child)

    visit(tree)
    return [node for node in found if changed(node) is not None]


def changed(node: ast.AST) -> ast.AST | None:
    """Return the node with one thing about it changed, or None where nothing is to be changed."""
    new = copy.deepcopy(node)
    if isinstance(new, ast.Compare) and type(new.ops[0]) in OTHER:
        new.ops[0] = OTHER[type(new.ops[0])]()
    elif isinstance(new, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(new.op) in OTHER:
        new.op = OTHER[type(new.op)]()
    elif isinstance(new, ast.UnaryOp) and isinstance(new.op, ast.Not):
        return new.operand
    elif isinstance(new, ast.IfExp):
        new.body, new.orelse = new.orelse, new.body
    elif isinstance(new, ast.Constant) and isinstance(new.value, bool | int | float | bytes):
        new.value = another(new.value)
    elif isinstance(new, ast.Return) and new.value is not None and ast.unparse(new.value) != "None":
        new.value = ast.Constant(None)
    elif isinstance(new, ast.Raise | ast.Continue) or (
        isinstance(new, ast.Expr) and isinstance(new.value, ast.Call)
    ):
        return ast.Pass()
    elif isinstance(new, ast.Break):
        return ast.Continue()
    else:
        return None
    return new


def another(value: bool | int | float | bytes) -> bool | int | float | bytes:  # noqa: PYI041
    """Return a constant beside this one."""
    if isinstance(value, bool):
        return not value
    return value + b"!" if isinstance(value, bytes) else value + 1


def with_change(source: str, node: ast.AST) -> str:
    """Return the source with one node changed, all else to the letter."""
    lines = source.encode().splitlines(keepends=True)
    start = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    stop = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    text = ast.unparse(changed(node))
    if isinstance(node, ast.expr):
        text = f"({text})"
    return (source.encode()[:start] + text.encode() + source.encode()[stop:]).decode()


def in_a_line(node: ast.AST) -> str:
    """Return the beginning of some source."""
    return f"`{ast.unparse(node).splitlines()[0][:90]}`"


Trace = Callable[[FrameType, str, Any], Any] | None


class Reached:
    """A plugin of pytest: which tests run which lines of some files, and how long they take."""

    def __init__(self, files: list[Path]) -> None:
        self.files = {str(path) for path in files}
        self.tests: dict[str, list[str]] = {}  # by FILE:LINE, as pytest names them
        self.seconds: dict[str, float] = {}  # of the processor, watched
        self._lines: set[tuple[str, int]] = set()

    def _call(self, frame: FrameType, _event: str, _arg: object) -> Trace:
        # the body of a module or class is run by the first test that happens to import it, and
        # tells nothing of the tests that use what it makes
        of_function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
        return self._line if of_function and frame.f_code.co_filename in self.files else None

    def _line(self, frame: FrameType, _event: str, _arg: object) -> Trace:
        self._lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    def _forget(self) -> None:
        """Empty caches: what a test before has put there would be taken without running a line."""
        for module in list(sys.modules.values()):
            if getattr(module, "__file__", None) in self.files:
                for value in list(vars(module).values()):
                    if isinstance(value, functools._lru_cache_wrapper):
                        value.cache_clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Watch one test."""
        self._forget()
        self._lines, before = set(), time.process_time()
        threading.settrace(self._call)
        sys.settrace(self._call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            self.seconds[item.nodeid] = time.process_time() - before
            for name, line in self._lines:
                self.tests.setdefault(f"{name}:{line}", []).append(item.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Leave what was found for the process that began this one."""
        Path(os.environ["REACHED"]).write_text(json.dumps([self.tests, self.seconds]), "utf-8")

    def load(self) -> None:
        """Take what a child of this process has found."""
        self.tests, self.seconds = json.loads(Path(os.environ["REACHED"]).read_text("utf-8"))

    def of(self, path: Path, node: ast.AST, tests: list[str]) -> tuple[list[str], float]:
        """Return the tests for a change, the quickest first, and how long they may take."""
        lines = range(node.lineno, node.end_lineno + 1)
        found = {test for line in lines for test in self.tests.get(f"{path}:{line}", ())}
        some = sorted(found, key=lambda test: (self.seconds[test], test))
        return some or tests, 2 * sum(self.seconds[name] for name in some or self.seconds) + 10


def run_tests(
    tests: list[str], seconds: float, plugins: tuple[object, ...] = ()
) -> tuple[int, float]:
    """Run tests in a child of this process; return its exit code (-1: too long) and its time."""
    before = time.monotonic()
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (16 << 30, 16 << 30))
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        options = [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
        ]
        os._exit(int(pytest.main([*options, *tests], plugins=list(plugins))))
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        took = time.monotonic() - before
        if done:
            return (os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1), took
        if took > 20 * seconds + 300:  # waits for ever, without using the processor
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -1, took
        time.sleep(0.05)


def prepare() -> None:
    """Import what all mutants need, and let nothing else be imported but from this copy."""
    dirty = subprocess.run(
        ["git", "status", "--porcelain", "src"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    if dirty.stdout:
        sys.exit("Git knows of changes in src/: run this in a fresh clone.")
    os.chdir(ROOT)
    # of the same second and size as the source before it, old bytecode would pass for new
    os.environ |= {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT / "src"),
        "REACHED": str(Path(tempfile.mkdtemp()) / "reached.json"),
    }
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(ROOT / "src"))
    for name in AHEAD:
        with contextlib.suppress(ImportError):  # tests that need it are skipped
            importlib.import_module(name)


def main() -> None:
    """Mutate one module, print what survived, and add the counts to a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module", choices=MODULES)
    parser.add_argument("--count", type=int, default=50, help="mutants to draw")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a file of JSON lines to add the result to")
    parser.add_argument("--only", nargs="*", help="mutants by FILE:LINE, instead of a sample")
    args = parser.parse_args()
    patterns, tests = MODULES[args.module]
    prepare()
    files = sorted(path for pattern in patterns for path in SOURCE.glob(pattern))
    everything = [
        (path, node) for path in files for node in candidates(ast.parse(path.read_text("utf-8")))
    ]
    sample = random.Random(args.seed).sample(everything, min(args.count, len(everything)))
    if args.only:
        sample = [
            (path, node) for path, node in everything
            if f"{path.relative_to(SOURCE)}:{node.lineno}" in args.only
        ]  # fmt: skip
    reached = Reached(files)
    code, took = run_tests(tests, 1200, (reached,))
    if code:
        sys.exit(f"The tests fail without any change (exit code {code}): {' '.join(tests)}")
    reached.load()
    print(f"{args.module}: {len(sample)} of {len(everything)} mutants; {took:.0f} s unchanged")
    survivors = []
    for path, node in sample:
        source = path.read_text("utf-8")
        name = f"{path.relative_to(SOURCE)}:{node.lineno}"
        what = f"{in_a_line(node)} -> {in_a_line(changed(node))}"
        try:
            path.write_text(with_change(source, node), "utf-8")
            code, seconds = run_tests(*reached.of(path, node, tests))
        finally:
            path.write_text(source, "utf-8")
        if code == 0:
            survivors.append([name, what])
        print(f"{'SURVIVED' if code == 0 else 'killed'} {seconds:5.1f} s {name} {what}", flush=True)
    print(
        f"{args.module}: {len(sample) - len(survivors)} of {len(sample)} killed, seed {args.seed}"
    )
    if args.out:
        result = {
            "module": args.module, "seed": args.seed, "possible": len(everything),
            "mutants": len(sample), "killed": len(sample) - len(survivors), "survivors": survivors,
        }  # fmt: skip
        with args.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
