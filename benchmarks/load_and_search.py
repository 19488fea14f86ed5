"""Loading, saving and reopening vectors beside gensim on the same files, in one run.

    python benchmarks/load_and_search.py [--glove FILE] [--pairs 3] [--lines text,binary,...]

The text file is GloVe's 400,000 x 50; the other lines take as many words with 100 random numbers.
All files lie in the system's file cache. Each ratio is of two runs one after the other, and the
table shows median and range; kernels were compiled before. Then ``search.py`` prints its lines.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gensim.models import KeyedVectors
from machine import describe, spread, table

import wordkin as wk

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = ("work", "gensim, s", "wordkin, s", "ratio")
MANY = 3_000_000
PEAK = """
import sys, wordkin as wk
from wordkin import formats
def peak():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
wk.load(sys.argv[2])
before = peak()
loaded = wk.load(sys.argv[1])
words = loaded.vocabulary.words
kept = loaded.vectors.nbytes + words.data.nbytes + words.offsets.nbytes + words.slots.nbytes
print(peak() - before, kept / 2**20)
"""
ROWS = """
import sys, wordkin as wk
def resident():
    status = open("/proc/self/status").read()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
vectors = wk.load(sys.argv[1])
vectors["the"]
before = resident()
for count in (100, 10_000, 400_000):
    vectors.vectors[:count].sum()
    print(count, round(resident() - before, 1), end="; ")
"""


class Loading:
    """The lines of the table, each a method."""

    def __init__(self, glove: Path, folder: Path, pairs: int) -> None:
        self.glove, self.folder, self.pairs = glove, folder, pairs
        self.tiny = folder / "tiny.txt"
        self.tiny.write_text("a 1 2\nb 3 4\n")
        wk.load(self.tiny).save(folder / "tiny.vec")  # loads the kernels
        words = list(wk.load(glove).index_to_key)
        rng = np.random.default_rng(0)
        matrix = rng.standard_normal((len(words), 100), dtype=np.float32)
        self.ours = wk.WordVectors(words, matrix)
        self.theirs = KeyedVectors(100)
        self.theirs.add_vectors(words, matrix)

    def text(self) -> list[tuple[str, ...]]:
        def theirs() -> object:
            return KeyedVectors.load_word2vec_format(self.glove, binary=False, no_header=True)

        row = self._row("GloVe text, 400,000 x 50: load", theirs, lambda: wk.load(self.glove))
        peak, kept = map(float, self._child(PEAK, self.glove, self.tiny).split())
        memory = f"{peak:.0f} MiB, {peak / kept:.2f} times matrix and words ({kept:.0f} MiB)"
        return [row, ("   its peak memory above the interpreter's", "", memory, "")]

    def binary(self) -> list[tuple[str, ...]]:
        path = self.folder / "v.bin"
        self.ours.save(path)

        def theirs() -> object:
            return KeyedVectors.load_word2vec_format(path, binary=True)

        rows = [self._row("word2vec binary, 400,000 x 100: load", theirs, lambda: wk.load(path))]
        start = time.perf_counter()
        path.read_bytes()
        took = time.perf_counter() - start
        return [*rows, ("   reading its bytes and nothing else", "", f"{took:.2f}", "")]

    def save(self) -> list[tuple[str, ...]]:
        path = self.folder / "v.txt"
        return [
            self._row(
                "text, 400,000 x 100: save",
                lambda: self.theirs.save_word2vec_format(path, binary=False),
                lambda: self.ours.save(path),
            ),
            self._row(
                "word2vec binary, 400,000 x 100: save",
                lambda: self.theirs.save_word2vec_format(path, binary=True),
                lambda: self.ours.save(path, format="word2vec-binary"),
            ),
        ]

    def native(self) -> list[tuple[str, ...]]:
        path, theirs = self.folder / "v.safetensors", self.folder / "v.kv"
        wk.load(self.glove).save(path)
        first = [_timed(lambda: wk.load(self.glove)) for _ in range(self.pairs)]
        again = [_timed(lambda: wk.load(path)["the"]) for _ in range(self.pairs)]
        ratios = [a / b for a, b in zip(first, again, strict=True)]
        KeyedVectors.load_word2vec_format(self.glove, binary=False, no_header=True).save(
            str(theirs)
        )
        return [
            self._row(
                "native, 400,000 x 50: open, one word",
                lambda: KeyedVectors.load(str(theirs), mmap="r")["the"],
                lambda: wk.load(path)["the"],
            ),
            ("   against our own first load of the text", "", "", f"{spread(ratios, 0)}"),
            ("   MiB that become resident by rows read", "", self._child(ROWS, path), ""),
        ]

    def many(self) -> list[tuple[str, ...]]:
        path = self.folder / "many.safetensors"
        words = [f"{i * 7919 % MANY}_{i}" for i in range(MANY)]
        wk.WordVectors(words, np.ones((MANY, 8), np.float32)).save(path)
        code = (
            "import sys, time, wordkin as wk; wk.load(sys.argv[2])['a']; v = wk.load(sys.argv[1]);"
            "t = time.perf_counter(); v['7919_1']; print(1000 * (time.perf_counter() - t))"
        )
        took = [float(self._child(code, path, self.tiny)) for _ in range(self.pairs)]
        opened = [1000 * _timed(lambda: wk.load(path)) for _ in range(self.pairs)]
        return [
            ("native, 3 million words: open, ms", "", spread(opened, 2), ""),
            ("   first word after it, ms, new process", "", spread(took, 2), ""),
        ]

    def _row(
        self, name: str, theirs: Callable[[], object], ours: Callable[[], object]
    ) -> tuple[str, ...]:
        pairs = [(_timed(theirs), _timed(ours)) for _ in range(self.pairs)]
        ratios = [a / b for a, b in pairs]
        seconds = [statistics.median(side) for side in zip(*pairs, strict=True)]
        return name, f"{seconds[0]:.3g}", f"{seconds[1]:.3g}", spread(ratios)

    def _child(self, code: str, *paths: Path) -> str:
        command = [sys.executable, "-c", code, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip().removesuffix(";")


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    kept = work()
    took = time.perf_counter() - start
    del kept  # not timed
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    data = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser.add_argument("--glove", type=Path, default=data / "glove.6B.50d.txt.xz")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--lines", default="text,binary,native,many,save,search")
    options = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as name:
        glove = options.glove
        if glove.suffix != ".txt":
            from wordkin.files import open_bytes

            glove = Path(name) / "glove.txt"
            with open_bytes(options.glove) as stream:
                glove.write_bytes(stream.read())
        loading = Loading(glove, Path(name), options.pairs)
        rows = [HEAD]
        for line in options.lines.split(","):
            if line != "search":
                rows += getattr(loading, line)()
        print(table(rows), flush=True)
    if "search" in options.lines:
        subprocess.run([sys.executable, Path(__file__).with_name("search.py")], check=True)


if __name__ == "__main__":
    main()
