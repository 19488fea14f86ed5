"""Which model? Each with its defaults on the same text: time, memory, size and scores.

    python benchmarks/models.py --text wiki8.txt --scores EVAL_FOLDER [--models SkipGram,CBOW,...]

Each model is trained in a process of its own, from the text in a file to the file of its vectors,
on two threads. Seconds are those of the whole process, machine code being on disk; memory is the
greatest that the process had resident. Scores: analogies (3CosAdd over the 30,000 most frequent
words), WordSim-353, SimLex-999 and their pairs with a word seen fewer than 500 times (Spearman's
correlation, times 100), means over seeds. With ``--megabytes`` only the first part of the text is
taken.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe, spread, table
from scores import SCORES, scores

import wordkin as wk

MODELS = {
    "SkipGram": lambda: wk.SkipGram(),
    "SkipGram-300": lambda: wk.SkipGram(vector_size=300),
    "CBOW": lambda: wk.CBOW(),
    "FastText": lambda: wk.FastText(),
    "GloVe": lambda: wk.GloVe(),
    "PPMI": lambda: wk.PPMI(),
}


def main() -> None:
    options = parse()
    if options.one:
        train(options)
        return
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options.text = plain_text(options.text, folder, options.megabytes)
        short = folder / "short.txt"
        # more than a million words: what is smaller is learned from by other kernels
        short.write_bytes(options.text.read_bytes()[:7_000_000].rpartition(b" ")[0])
        rows = [("model", "seconds", "M words/s", "memory MB", "file MB", *SCORES)]
        for model in options.models.split(","):
            run(model, short, folder, 1)  # compiles
            runs = [run(model, options.text, folder, seed) for seed in range(1, options.seeds + 1)]
            marks = [
                scores(wk.load(folder / f"{model}-{seed}.safetensors"), options.scores)
                for seed in range(1, options.seeds + 1)
            ]
            figures = (spread(list(column)) for column in zip(*runs, strict=True))
            rows.append((model, *figures, *(f"{x:.1f}" for x in np.mean(marks, axis=0))))
            print(rows[-1], flush=True)
    print(table(rows))


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--scores", type=Path, default=shared / "eval")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--megabytes", type=int, help="of the text; all of it unless told")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--target", help=argparse.SUPPRESS)
    return parser.parse_args()


def plain_text(path: Path, folder: Path, megabytes: int | None) -> Path:
    """The text, decompressed and cut, so that no clock counts that."""
    opened = lzma.open if path.suffix == ".xz" else open
    target = folder / "text"
    with opened(path, "rb") as file:
        target.write_bytes(file.read(-1 if megabytes is None else megabytes * 1_000_000))
    return target


def train(options: argparse.Namespace) -> None:
    """What the process of one model does."""
    corpus = wk.Corpus.from_path(options.text, tokenizer="whitespace")
    model = wk.train(corpus, MODELS[options.one](), workers=2, seed=options.seeds)
    model.vectors.save(options.target)
    print(json.dumps(corpus.account.read))


def run(model: str, text: Path, folder: Path, seed: int) -> tuple[float, float, float, float]:
    """Seconds, million words a second and epoch, memory and file in megabytes."""
    target = folder / f"{model}-{seed}.safetensors"
    command = [sys.executable, __file__, "--one", model, "--text", str(text), "--seeds", str(seed),
               "--target", str(target)]  # fmt: skip
    environment = dict(os.environ, NUMBA_CACHE_DIR=str(folder / "cache"))
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.02)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(process.returncode)
    words = json.loads(process.stdout.read().split()[-1]) * getattr(MODELS[model](), "epochs", 1)
    return seconds, words / seconds / 1e6, peak, target.stat().st_size / 1e6


def resident(pid: int) -> float:
    """The greatest memory that a process had so far, in megabytes; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(x.split()[1]) * 1024e-6 for x in lines if x.startswith("VmHWM")), 0.0)


if __name__ == "__main__":
    main()
