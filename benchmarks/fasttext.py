"""FastText beside Facebook's program on the same text, cores and settings: speed, then quality.

    python benchmarks/fasttext.py --text wiki8.txt --scores EVAL_FOLDER [--peer PYTHON]

The peer is the package `fasttext`, run by the interpreter that has it (``--peer``, by default this
one). Each speed is a ratio of two runs one after the other, from the text in a file to the trained
model, compiling left out: by the clock, and by the processor's time of all threads, which other
programs on the machine disturb less. Both sides have fastText's default settings. The scores are
means over seeds: analogies by syntax and by meaning, WordSim-353, SimLex-999, and the pairs of
both of which one word is seen fewer than 500 times, unknown words by their n-grams.
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
from scores import RARE, SETS, plain_scores

import wordkin as wk
from wordkin.evaluation.statistics import spearman

SCORES = ("syntax %", "meaning %", "WordSim", "SimLex", "rare WordSim", "rare SimLex")
PEER = """
import json, resource, sys, time
import fasttext
text, target, mode, epochs, threads = sys.argv[1:]
start = time.perf_counter()
model = fasttext.train_unsupervised(
    text, model=mode, epoch=int(epochs), thread=int(threads), verbose=0)
wall = time.perf_counter() - start
cpu = resource.getrusage(resource.RUSAGE_SELF).ru_utime
if target:
    model.save_model(target)
print(json.dumps([wall, cpu]))
"""


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        text = plain_text(options.text, Path(folder), options.megabytes)
        for name in options.lines.split(","):
            rows = {"speed": speed, "quality": quality, "compact": compact}[name](options, text)
            print(f"\n### {name}\n\n{table(rows)}", flush=True)


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--megabytes", type=int, help="take the first part of the text only")
    parser.add_argument("--scores", type=Path, default=shared / "eval")
    parser.add_argument("--peer", default=sys.executable, help="a Python that has fasttext")
    parser.add_argument("--modes", default="skipgram,cbow")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5, help="for quality; speed takes one")
    parser.add_argument("--lines", default="speed,quality")
    return parser.parse_args()


def plain_text(path: Path, folder: Path, megabytes: int | None) -> Path:
    """The text as an uncompressed file, so that no clock counts decompression."""
    data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
    target = folder / "text.txt"
    target.write_bytes(data if megabytes is None else data[: megabytes * 1_000_000])
    return target


def theirs(options, text, mode, *, epochs, target="", threads=2) -> tuple[float, float]:
    """Not every package of it takes a seed; with two threads its runs differ anyway."""
    given = [str(text), str(target), mode, str(epochs), str(threads)]
    done = subprocess.run([options.peer, "-c", PEER, *given], check=True, stdout=subprocess.PIPE)
    wall, cpu = json.loads(done.stdout.splitlines()[-1])
    return wall, cpu


def ours(text, mode, *, epochs, seed=1, threads=2, **more):
    """From the file to the model; what compiles has been compiled before."""
    wall, cpu = time.perf_counter(), time.process_time()
    corpus = wk.Corpus.from_path(text, tokenizer="whitespace")
    config = wk.FastText(mode=mode, epochs=epochs, **more)
    model = wk.train(corpus, config, seed=seed, workers=threads)
    return time.perf_counter() - wall, time.process_time() - cpu, model


def speed(options, text) -> list[tuple[str, ...]]:
    """One epoch from file to model, alternating."""
    head = ("one epoch, 2 threads", "times fastText, by the clock", "by processor time")
    rows = [(*head, "seconds", "fastText's")]
    for mode in options.modes.split(","):
        ours(text, mode, epochs=1)  # compiles
        pairs = []
        for _ in range(options.pairs):
            pairs.append((theirs(options, text, mode, epochs=1), ours(text, mode, epochs=1)))
        rows.append((
            mode,
            spread([a[0] / b[0] for a, b in pairs]),
            spread([a[1] / b[1] for a, b in pairs]),
            spread([b[0] for _, b in pairs]),
            spread([a[0] for a, _ in pairs], 0),
        ))  # fmt: skip
    return rows


def quality(options, text) -> list[tuple[str, ...]]:
    """Scores of both, mean and range over seeds."""
    rows = [(f"{options.epochs} epochs, {options.seeds} seeds", *SCORES)]
    counts = counts_of(text)
    for mode in options.modes.split(","):
        for name in ("fastText", "wordkin"):
            runs = []
            for seed in range(1, options.seeds + 1):
                if name == "fastText":
                    target = text.with_name("peer.bin")
                    theirs(options, text, mode, epochs=options.epochs, target=target)
                    vectors = wk.load(target)
                else:
                    vectors = ours(text, mode, epochs=options.epochs, seed=seed)[2].vectors
                runs.append(scores(vectors, options.scores, counts))
            cells = [spread(list(column)) for column in zip(*runs, strict=True)]
            rows.append((f"{name} {mode}", *cells))
    return rows


def compact(options, text) -> list[tuple[str, ...]]:
    """What the small table costs in quality, and what it saves."""
    rows = [("skip-gram", "MB of rows", *SCORES)]
    counts = counts_of(text)
    kinds = {"words and 2,000,000 buckets": {}} | {
        f"compact, {buckets:,} rows": {"compact": True, "buckets": buckets}
        for buckets in (50_000, 200_000)
    }
    for name, more in kinds.items():
        runs, size = [], 0.0
        for seed in range(1, options.seeds + 1):
            vectors = ours(text, "skipgram", epochs=options.epochs, seed=seed, **more)[2].vectors
            rows_of_words = 0 if more else vectors.vectors.nbytes
            size = (vectors.table.subwords.matrix.nbytes + rows_of_words) / 1e6
            runs.append(scores(vectors, options.scores, counts))
        cells = [spread(list(column)) for column in zip(*runs, strict=True)]
        rows.append((name, f"{size:.0f}", *cells))
    return rows


def counts_of(text: Path) -> dict[str, int]:
    vocabulary = wk.Corpus.from_path(text, tokenizer="whitespace", min_count=1).vocabulary
    return dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))


def scores(vectors: wk.WordVectors, folder: Path, counts: dict[str, int]) -> tuple[float, ...]:
    _, meaning, syntax, *similar = plain_scores(vectors, folder)
    return (syntax, meaning, *similar, *(rare(vectors, folder / name, counts) for name in SETS))


def rare(vectors: wk.WordVectors, path: Path, counts: dict[str, int]) -> float:
    """Rank correlation over pairs with a rare word; words that were not learned are composed."""
    said, found = [], []
    for line in path.read_text().splitlines():
        first, second, *rest = line.lower().split()
        if not rest or not rest[0].replace(".", "", 1).isdigit():
            continue
        if min(counts.get(first, 0), counts.get(second, 0)) < RARE:
            a, b = vectors[first], vectors[second]
            said.append(float(rest[0]))
            found.append(float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-9)))
    return 100 * spearman(np.array(said), np.array(found))


if __name__ == "__main__":
    main()
