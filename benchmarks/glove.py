"""GloVe beside Stanford's C programs on the same text, cores and settings: speed and quality.

    python benchmarks/glove.py --text wiki8.txt --peer GLOVE/build --scores EVAL_FOLDER

The folder of the peer holds `vocab_count`, `cooccur`, `shuffle` and `glove`, built by the Makefile
of github.com/stanfordnlp/GloVe. Each ratio is of two runs one after the other, from the text in a
file to the vectors (theirs to a file of text, which is how the programs give them), compiling left
out: by the clock, and by the processor's time of all threads, which other programs on the machine
disturb less. Both sides have the same window, x_max, epochs, dimensions and `min_count`.
"""

from __future__ import annotations

import argparse
import lzma
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe, spread, table
from scores import PLAIN, plain_scores

import wordkin as wk


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = plain_text(options.text, folder, options.megabytes)
        ours(folder, short(text, folder), options, 1)  # compiles
        runs = []
        for seed in range(1, options.pairs + 1):
            runs.append((theirs(folder, text, options, seed), ours(folder, text, options, seed)))
            print(f"pair {seed}: theirs {runs[-1][0]}, ours {runs[-1][1]}", flush=True)
    print(f"\n{speed(runs, options)}\n\n{quality(runs, options)}")


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--megabytes", type=int, help="take the first part of the text only")
    parser.add_argument("--scores", type=Path, default=shared / "eval")
    parser.add_argument("--peer", type=Path, required=True, help="folder of the C programs")
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--window", type=int, default=10)
    parser.add_argument("--x-max", type=float, default=10.0)
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def plain_text(path: Path, folder: Path, megabytes: int | None) -> Path:
    """The text as an uncompressed file, so that no clock counts decompression."""
    data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    target = folder / "text.txt"
    target.write_bytes(data if megabytes is None else data[: megabytes * 1_000_000])
    return target


def short(text: Path, folder: Path) -> Path:
    with text.open("rb") as file:
        (folder / "short.txt").write_bytes(file.read(300_000))
    return folder / "short.txt"


def theirs(folder, text, options, seed):
    """Seconds by the clock, of the processor, of counting alone (both), and the scores."""
    programs = {name: options.peer.resolve() / name for name in ("vocab_count", "cooccur", "glove")}
    vocabulary, cells, shuffled = (folder / name for name in ("vocab", "cells", "shuffled"))
    wall, cpu = time.perf_counter(), children()

    def run(program, *arguments, given=None, to=None):
        nothing = Path(os.devnull)
        with (given or nothing).open("rb") as reads, (to or nothing).open("wb") as writes:
            subprocess.run(
                [program, *map(str, arguments)], cwd=folder, check=True, stdin=reads,
                stdout=writes, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    run(programs["vocab_count"], "-min-count", 5, given=text, to=vocabulary)
    run(
        programs["cooccur"], "-memory", 4.0, "-vocab-file", vocabulary, "-window-size",
        options.window, given=text, to=cells,
    )  # fmt: skip
    run(options.peer.resolve() / "shuffle", "-memory", 4.0, "-seed", seed, given=cells, to=shuffled)
    counted = time.perf_counter() - wall, children() - cpu
    run(
        programs["glove"], "-save-file", "vectors", "-threads", options.threads, "-input-file",
        shuffled, "-x-max", options.x_max, "-iter", options.epochs, "-vector-size",
        options.vector_size, "-vocab-file", vocabulary, "-seed", seed, "-binary", 0,
    )  # fmt: skip
    wall, cpu = time.perf_counter() - wall, children() - cpu
    for path in (cells, shuffled):
        path.unlink()
    return wall, cpu, *counted, *scores(wk.load(folder / "vectors.txt"), options.scores)


def ours(folder, text, options, seed):
    wall, cpu = time.perf_counter(), time.process_time()
    corpus = wk.Corpus.from_path(text, tokenizer="whitespace")
    config = wk.GloVe(
        vector_size=options.vector_size, window=options.window, x_max=options.x_max,
        epochs=options.epochs, temp_folder=folder,
    )  # fmt: skip
    counted = []

    def first(progress):
        if not counted:
            counted.extend(
                (time.perf_counter() - wall - progress.seconds, time.process_time() - cpu)
            )

    model = wk.train(corpus, config, seed=seed, workers=options.threads, callbacks=[first])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall, cpu, *counted, *scores(model.vectors, options.scores)


def children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def scores(vectors: wk.WordVectors, folder: Path) -> list[float]:
    return np.round(plain_scores(vectors, folder), 2).tolist()


def speed(runs, options) -> str:
    rows = [("", "times Stanford's, by the clock", "by processor time", "seconds", "theirs")]
    for name, clock, processor in (("file to vectors", 0, 1), ("counting and shuffling", 2, 3)):
        rows.append((
            f"{name}, {options.threads} threads, {options.epochs} epochs",
            spread([a[clock] / b[clock] for a, b in runs]),
            spread([a[processor] / b[processor] for a, b in runs]),
            spread([b[clock] for _, b in runs]),
            spread([a[clock] for a, _ in runs], 0),
        ))  # fmt: skip
    return table(rows)


def quality(runs, options) -> str:
    rows = [(f"{options.epochs} epochs, {len(runs)} seeds", *PLAIN)]
    for side, name in enumerate(("Stanford", "wordkin")):
        columns = zip(*[pair[side][4:] for pair in runs], strict=True)
        rows.append((name, *[spread(list(column)) for column in columns]))
    return table(rows)


if __name__ == "__main__":
    main()
