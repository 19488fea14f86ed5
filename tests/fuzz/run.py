"""Throw damaged files at every reader, for as long as wanted: ``python tests/fuzz/run.py --help``.

Each reader runs in a process of its own, with a limit on memory and on the time of each file, so
that a crash is seen and named. What may happen with a damaged file: it is read after all, or there
is an error of `wordkin.errors`. What counts as a finding: any other error or warning, a dead
process, 20 seconds of work, 256 MB of memory, a file that is left behind or stays open.

Files that reach lines of wordkin which no file before reached are kept, and damaged further.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import faulthandler
import gc
import json
import os
import platform
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

SECONDS = 20  # of one file
GROWTH = 256  # MB that one file may take
ADDRESS_SPACE = 4 << 30  # bytes that a process may take beyond what it begins with
TRACED = 16  # one file in so many is watched line by line, which takes several times as long
KEPT = 400  # files that reached something new, for each reader


class Coverage:
    """The lines of wordkin that have run, by name of file and number."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._known: dict[Any, bool] = {}
        self.lines: set[tuple[int, int]] = set()

    def _call(self, frame: Any, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        ours = self._known.get(code)
        if ours is None:
            name = code.co_filename
            ours = self._known[code] = name.startswith(self._package) and "/kernels/" not in name
        return self._line if ours else None

    def _line(self, frame: Any, _event: str, _arg: Any) -> Any:
        self.lines.add((id(frame.f_code), frame.f_lineno))
        return self._line

    @contextlib.contextmanager
    def watching(self) -> Any:
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            yield
        finally:
            sys.settrace(before)


class Attack:
    """One reader under attack, in this process."""

    def __init__(self, name: str, folder: Path, seed: int) -> None:
        from fuzz import readers

        import wordkin

        self.reader = next(reader for reader in readers.READERS if reader.name == name)
        self.folder = folder
        self.chance = random.Random(f"{seed} {name}")
        self.reader.make(folder)
        self.path = folder / self.reader.damage
        self.good = self.path.read_bytes()
        self.others = [self.good]
        self.coverage = Coverage(str(Path(wordkin.__file__).parent))
        self.errors: Counter[str] = Counter()
        self.findings: dict[str, tuple[str, bytes]] = {}
        self.reader.use(folder)  # the good file must pass, and compiles what there is to compile
        with self.coverage.watching():
            self.reader.use(folder)
        self._listed = self._files()

    def _files(self) -> set[str]:
        places = (self.folder, Path(tempfile.gettempdir()))
        return {str(path) for place in places for path in place.rglob("*")}

    def once(self, number: int) -> None:
        """Damage one file and read it."""
        from fuzz.damage import damaged

        start = self.chance.choice(self.others) if self.chance.random() < 0.5 else self.good
        content = damaged(start, self.chance, self.others)
        self.path.write_bytes(content)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        before, lines = _megabytes(), len(self.coverage.lines)
        if number % TRACED:
            self._read(content)
        else:
            with self.coverage.watching():
                self._read(content)
            if len(self.coverage.lines) > lines and len(self.others) < KEPT:
                self.others.append(content)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if _megabytes() > before + GROWTH:
            self._found(f"memory: {_megabytes() - before} MB", content, "")
        if number % 50 == 0:
            self._look_around(content)

    def _look_around(self, content: bytes) -> None:
        gc.collect()  # maps of files that are gone
        new = self._files() - self._listed
        if new:
            self._found("left behind", content, str(sorted(new)[:5]))
            self._listed |= new
        if len(list(Path("/proc/self/fd").iterdir())) > 60:
            self._found("files stay open", content, "")

    def _read(self, content: bytes) -> None:
        from wordkin.errors import WordkinError

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                self.reader.use(self.folder)
            self.errors["read after all"] += 1
        except WordkinError as error:
            self.errors[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001 (this is what is looked for)
            frames = traceback.extract_tb(error.__traceback__)
            last = ([frame for frame in frames if "/wordkin/" in frame.filename] or frames)[-1]
            place = f"{'/'.join(Path(last.filename).parts[-2:])}:{last.lineno}"
            text = "".join(traceback.format_exception(error)[-8:])
            self._found(f"{type(error).__name__} at {place}", content, text)

    def _found(self, what: str, content: bytes, text: str) -> None:
        self.errors[f"FOUND {what}"] += 1
        self.findings.setdefault(what, (text[-3000:], content))


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _limit() -> None:
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + ADDRESS_SPACE, size + ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def attack(args: argparse.Namespace) -> None:
    """Attack one reader in this process, and print what happened as a line of JSON."""
    faulthandler.enable()
    folder = Path(args.folder) / "files"
    folder.mkdir()
    (Path(args.folder) / "tmp").mkdir()
    tempfile.tempdir = str(Path(args.folder) / "tmp")
    if args.forged:
        from fuzz.readers import without_checksums
    under = Attack(args.attack, folder, args.seed)
    if args.forged:
        without_checksums()
    _limit()
    began, number = time.process_time(), 0
    while number < args.inputs and time.process_time() - began < args.seconds:
        under.once(number)
        number += 1
    report = {
        "inputs": number,
        "outcomes": under.errors,
        "lines": len(under.coverage.lines),
        "kept": len(under.others) - 1,
        "findings": [
            [what, text, base64.b64encode(content[: 1 << 20]).decode()]
            for what, (text, content) in under.findings.items()
        ],
    }
    sys.stdout.write(json.dumps(report) + "\n")


class Tally:
    """What has happened so far, in a file of JSON."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.out.mkdir(parents=True, exist_ok=True)
        path = out / "tally.json"
        self.by_reader: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def add(self, name: str, inputs: int, outcomes: dict[str, int], lines: int) -> None:
        mine = self.by_reader.setdefault(name, {"inputs": 0, "outcomes": {}, "lines": 0})
        mine["inputs"] += inputs
        mine["lines"] = max(mine["lines"], lines)
        for what, n in outcomes.items():
            mine["outcomes"][what] = mine["outcomes"].get(what, 0) + n
        (self.out / "tally.json").write_text(json.dumps(self.by_reader, indent=1))

    def keep(self, name: str, what: str, text: str, content: bytes) -> None:
        folder = self.out / "findings"
        folder.mkdir(exist_ok=True)
        stem = "".join(c if c.isalnum() else "-" for c in f"{name} {what}")[:120]
        if not (folder / f"{stem}.txt").exists():
            (folder / f"{stem}.txt").write_text(f"{name}\n{what}\n{text}\n")
            (folder / f"{stem}.bin").write_bytes(content)
            sys.stdout.write(f"FOUND in {name}: {what}\n")
            sys.stdout.flush()


def in_child(name: str, args: argparse.Namespace, seed: int, tally: Tally) -> None:
    """Attack one reader in a process of its own, and take down how it ended."""
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        command = [
            sys.executable, __file__, "--attack", name, "--folder", folder, "--seed", str(seed),
            "--inputs", str(args.chunk), "--seconds", str(args.patience),
            *(["--forged"] if seed % 2 else []),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=_quiet())
        last = done.stdout.strip().rpartition("\n")[2]
        if done.returncode == 0 and last.startswith("{"):
            report = json.loads(last)
            tally.add(name, report["inputs"], report["outcomes"], report["lines"])
            for what, text, content in report["findings"]:
                tally.keep(name, what, text, base64.b64decode(content))
            return
        from fuzz import readers

        reader = next(reader for reader in readers.READERS if reader.name == name)
        path = Path(folder) / "files" / reader.damage
        content = path.read_bytes() if path.exists() else b""
        code = done.returncode
        what = f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        tally.add(name, 0, {f"FOUND {what}": 1}, 0)
        tally.keep(name, f"{what} seed {seed}", done.stderr[-4000:], content)


def _quiet() -> dict[str, str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    one["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others take address space ahead
    places = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    one["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    return os.environ | one | {"PYTHONWARNINGS": "ignore"}


def table(tally: Tally) -> str:
    """Return the counts as a table of Markdown."""
    lines = ["| reader | damaged files | refused | read after all | lines reached | findings |",
             "|---|---:|---:|---:|---:|---:|"]  # fmt: skip
    from fuzz import readers

    total = Counter[str]()
    for name in [reader.name for reader in readers.READERS if reader.name in tally.by_reader]:
        mine = tally.by_reader[name]
        outcomes = mine["outcomes"]
        found = sum(n for what, n in outcomes.items() if what.startswith("FOUND"))
        passed = outcomes.get("read after all", 0)
        refused = sum(outcomes.values()) - found - passed
        total.update(inputs=mine["inputs"], refused=refused, passed=passed, found=found)
        numbers = (mine["inputs"], refused, passed, mine["lines"], found)
        lines.append(f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |")
    lines.append(f"| **together** | **{total['inputs']:,}** | {total['refused']:,} | "
                 f"{total['passed']:,} | | {total['found']:,} |")  # fmt: skip
    return "\n".join(lines)


def versions() -> str:
    """Return date and versions, for the heading of the table."""
    from importlib.metadata import version

    names = ("numpy", "numba", "safetensors", "pyarrow", "zstandard")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {packages}"


def main() -> None:
    """Attack all readers in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="damaged files in all")
    parser.add_argument("--chunk", type=int, default=2000, help="files in one process")
    parser.add_argument(
        "--patience", type=float, default=600, help="processor seconds of a process"
    )
    parser.add_argument("--only", default="", help="readers whose names hold this")
    parser.add_argument("--seed", type=int, default=0, help="even: checksums count; odd: forged")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings go")
    parser.add_argument("--scratch", default=None, help="where damaged files lie")
    for hidden in ("--attack", "--folder"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--forged", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=1e9, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.attack:
        attack(args)
        return
    from fuzz import readers

    tally, seed, done = Tally(args.out), args.seed, 0
    names = [reader.name for reader in readers.READERS if args.only in reader.name]
    while done < args.inputs:
        random.Random(seed).shuffle(names)
        for name in names:
            in_child(name, args, seed, tally)
            done += args.chunk
        seed += 1
        (args.out / "table.md").write_text(f"{versions()}\n\n{table(tally)}\n")
    sys.stdout.write(f"{versions()}\n\n{table(tally)}\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
