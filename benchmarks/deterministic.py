"""Training with deterministic=True beside racing threads: bytes, time, scores, rare words.

    python benchmarks/deterministic.py [--data FOLDER] [--models SkipGram,CBOW,FastText]
        [--seeds 3] [--streams 4] [--words N] [--lines bytes,scores,times] [--pairs 40]

`bytes` prints the SHA-256 of input and context vectors with 1, 2, 3 and 8 threads, and with 2
after a checkpoint in the middle. `scores` trains each model in both ways in turns, on two threads;
the ratio of times is that of neighbours, and each score is the mean over seeds with its spread.
`times` is for a machine that others use too: on two threads both ways learn from the same block of
524,288 words in turns; of many such pairs it prints the middle one and the quartiles.
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe, spread, table
from scores import SCORES, scores

import wordkin as wk
from wordkin.engines import Block, cpu

_BLOCK = 1 << 19


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    with lzma.open(options.data / "wiki8.xz") as file:
        words = file.read().decode().split()[: options.words]
    corpus = wk.Corpus.from_sentences([words], min_count=5)
    print(f"{corpus.n_tokens:,} words, {len(corpus.vocabulary):,} types", flush=True)
    for name in options.models.split(","):
        config = getattr(wk, name)()
        if "bytes" in options.lines:
            print_bytes(corpus, config, options.streams)
        if "scores" in options.lines:
            print_scores(corpus, config, options)
        if "times" in options.lines:
            print_times(corpus, config, options)


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=shared)
    parser.add_argument("--models", default="SkipGram,CBOW,FastText")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--streams", type=int, default=4)
    parser.add_argument("--words", type=int, default=None)
    parser.add_argument("--lines", default="bytes,scores")
    parser.add_argument("--pairs", type=int, default=40)
    return parser.parse_args()


def digest(model: wk.TrainedModel) -> str:
    """SHA-256 of the vectors and the context vectors."""
    mark = hashlib.sha256()
    for vectors in (model.vectors, model.context):
        mark.update(np.ascontiguousarray(vectors.vectors).data)
    return mark.hexdigest()


def print_bytes(corpus: wk.Corpus, config: wk.SkipGram, streams: int) -> None:
    """One epoch with several numbers of threads, and once interrupted."""
    config = type(config)(**config.settings() | {"epochs": 1})
    given = {"deterministic": True, "streams": streams}
    for workers in (1, 2, 3, 8):
        model = wk.train(corpus, config, workers=workers, **given)
        print(f"{type(config).__name__}, {workers} threads: {digest(model)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        saved = wk.Checkpoint(folder, every=1)
        half = [saved, lambda progress: progress.step >= progress.steps // 2]
        wk.train(corpus, config, workers=3, callbacks=half, **given)
        model = wk.train(corpus, config, workers=2, resume=folder, **given)
    print(f"{type(config).__name__}, 3 threads, then 2: {digest(model)}", flush=True)


def print_scores(corpus: wk.Corpus, config: wk.SkipGram, options: argparse.Namespace) -> None:
    """Both ways in turns, seed after seed."""
    ways = {
        "racing": {},
        f"{options.streams} streams": {"deterministic": True, "streams": options.streams},
    }
    found = {way: [] for way in ways}
    seconds = {way: [] for way in ways}
    for seed in range(1, options.seeds + 1):
        for way, given in ways.items():
            model = wk.train(corpus, config, workers=2, seed=seed, **given)
            seconds[way].append(model.history[-1].seconds)
            found[way].append(scores(model.vectors, options.data / "eval"))
            print(f"# {way}, seed {seed}: {seconds[way][-1]:.1f} s, {found[way][-1]}", flush=True)
    racing, streams = ways
    ratio = [b / a for a, b in zip(seconds[racing], seconds[streams], strict=True)]
    rows = [(type(config).__name__, "s", "times racing", *SCORES)]
    for way in ways:
        columns = [
            f"{statistics.mean(values):.1f} ({min(values):.1f}-{max(values):.1f})"
            for values in zip(*found[way], strict=True)
        ]
        times = spread(ratio, 2) if way == streams else "1"
        rows.append((way, spread(seconds[way]), times, *columns))
    print(table(rows), flush=True)


def print_times(corpus: wk.Corpus, config: wk.SkipGram, options: argparse.Namespace) -> None:
    """Both ways in turns, block after block, by the clock and by what the processor did."""
    runs = {
        streams: cpu.make_engine(workers=2, streams=streams).start(corpus, config, seed=1)
        for streams in (0, options.streams)
    }
    found = {streams: [] for streams in runs}
    for step in range(options.pairs + 2):  # the first two fill caches
        start = step % max(corpus.n_tokens // _BLOCK, 1) * _BLOCK
        block = Block(start, min(start + _BLOCK, corpus.n_tokens), config.alpha / 2, step)
        for streams, run in runs.items():
            clock, work = time.perf_counter(), time.process_time()
            run.update(block)
            found[streams].append((time.perf_counter() - clock, time.process_time() - work))
    for kind, name in enumerate(("by the clock", "by processor time")):
        racing, streams = (np.array(each)[2:, kind] for each in found.values())
        told = [
            "{1:.3f} ({0:.3f}-{2:.3f})".format(*np.percentile(values, (25, 50, 75)))
            for values in (racing, streams, streams / racing)
        ]
        print(
            f"{type(config).__name__}, {name}: racing {told[0]} s for a block, "
            f"{options.streams} streams {told[1]} s, {told[2]} times as long",
            flush=True,
        )
    for run in runs.values():
        run.close()


if __name__ == "__main__":
    main()
