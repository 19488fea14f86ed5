"""Deterministic training on threads and on Ray: bytes, time, traffic, and a plan.

    python benchmarks/distributed.py TEXT [--words 3000000] [--workers 1 2 4] [--threads 1 2 3 8]

prints the tables of docs/scaling.md: the checksum and the time of each run, what is sent for each
merge, the costs that were measured, and what they make of many machines (a model: see `plan`).
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import tempfile
import time
from pathlib import Path

import numpy as np

import wordkin as wk
from wordkin.engines import Block, get_engine
from wordkin.engines.streams import Piece
from wordkin.kernels.word2vec import Span

STREAMS = 4
CONFIG = wk.SkipGram(vector_size=100, epochs=1)
WORDS = 1e11
CORES = 16  # of a machine, in the plan
NETWORKS = (10, 25, 100)  # Gbit/s
MACHINES = (1, 4, 16, 64, 256)
LATENCY = 2e-3  # seconds for a merge that moves nothing: a call to each actor, and its answer
ROUNDS = (1 << 18, 1 << 20, 1 << 23)


def read(path, words):
    text = Path(path).read_text(encoding="utf-8")[: words * 6].split()[:words]
    lines = (" ".join(text[i : i + 1000]) for i in range(0, len(text), 1000))
    return wk.Corpus.from_texts(lines, tokenizer="whitespace")


def digest(model):
    mark = hashlib.sha256()
    for vectors in (model.vectors, model.context):
        mark.update(np.ascontiguousarray(vectors.vectors).data)
    return mark.hexdigest()


def timed(corpus, **how):
    """The checksum, and the seconds of training: not of starting, nor of handing over."""
    began = time.perf_counter()
    model = wk.train(corpus, CONFIG, **how)
    return digest(model), model.history[-1].seconds, time.perf_counter() - began


class Lines(logging.Handler):
    """Keeps what the engine says about its traffic."""

    def __init__(self):
        super().__init__()
        self.last = ""

    def emit(self, record):
        if "merges;" in record.getMessage():
            self.last = record.getMessage()


def compare(corpus, threads, workers):
    print(f"{len(corpus.vocabulary):,} words, {corpus.n_tokens:,} tokens, {os.cpu_count()} cores")
    print("| run | seconds of training | with start and end | SHA-256 of both tables |")
    print("|---|---:|---:|---|")

    def row(name, found):
        print(f"| {name} | {found[1]:.1f} | {found[2]:.1f} | `{found[0][:16]}` |", flush=True)
        return found

    wk.train(corpus, CONFIG, workers=1, deterministic=True, callbacks=[lambda p: True])  # compile
    row("racing, 2 threads", timed(corpus, workers=2))
    found = [
        row(f"local, {n} threads", timed(corpus, workers=n, deterministic=True)) for n in threads
    ]
    log, lines = logging.getLogger("wordkin"), Lines()
    log.addHandler(lines)
    log.setLevel(logging.INFO)
    told = []
    with tempfile.TemporaryDirectory() as folder:
        corpus.save(Path(folder) / "corpus")
        stored = wk.Corpus.open(Path(folder) / "corpus")
        for n in workers:
            found.append(row(f"Ray, {n} workers", timed(stored, workers=n, engine="ray")))
            told.append(f"{n} workers: {lines.last}")
    print(f"\nall the same: {len({mark for mark, *_ in found}) == 1}")
    print("\n".join(told), flush=True)


def costs(corpus):
    """Seconds for a token learned and for a row merged; rows and bytes of a piece of n tokens."""
    run = get_engine("cpu", workers=1, streams=STREAMS).start(corpus, CONFIG, seed=1)
    size = min(corpus.n_tokens // 60, 1 << 18)  # one round: see wordkin.engines.streams.rounds
    spent = np.zeros(3)
    rows = 0
    for n in range(41):
        block = Block(n * size, (n + 1) * size, 0.02, n)
        times = [time.perf_counter()]
        run.streams.learn(block, 0, range(STREAMS))
        times.append(time.perf_counter())
        changes = [run.streams.changes(stream) for stream in range(STREAMS)]
        for stream, each in enumerate(changes):
            run.streams.accept(stream, each)
        times.append(time.perf_counter())
        run.streams.merge(block, values=False)
        times.append(time.perf_counter())
        if n:  # the first is for the caches
            spent += np.diff(times)
            rows += sum(len(table.words) for each in changes for table in each)
    found = []
    for n in 2 ** np.arange(7, 20):
        piece = Piece(Block(0, int(n), 0.02, 0), 0, Span(0, int(n)), 0)
        run._team.run([lambda desk, piece=piece: run.learn_piece(desk, piece)])
        (changes,) = run.streams.changes(0)
        found.append((n, len(changes.words), changes.nbytes))
        run.streams._tables[0].leave_out(0)
    run.close()
    n, many, nbytes = np.array(found, np.float64).T
    tokens = 40 * size
    print("\n| a piece of | rows | MB | bytes a token |\n|---:|---:|---:|---:|")
    for each in zip(n, many, nbytes, strict=True):
        print(
            f"| {each[0]:,.0f} | {each[1]:,.0f} | {each[2] / 1e6:.2f} | {each[2] / each[0]:,.0f} |"
        )
    fit_rows, fit_bytes = (np.polyfit(np.log(n), np.log(y), 1) for y in (many, nbytes))
    learn, send, merge = spent[0] / tokens, spent[1] / rows, spent[2] / rows
    print(
        f"\nlearning: {learn * 1e6:.3f} microseconds a token on a thread ({1e-6 / learn:.2f} M/s)"
        f"\ncopying changes out and in: {send * 1e9:.0f} ns a row; "
        f"merging: {merge * 1e9:.0f} ns a row"
        f"\nrows of n tokens: {np.exp(fit_rows[1]):.2f} n^{fit_rows[0]:.3f}; "
        f"bytes: {np.exp(fit_bytes[1]):.0f} n^{fit_bytes[0]:.3f}"
    )
    return learn, send + merge, fit_rows, fit_bytes


def plan(learn, merge, fit_rows, fit_bytes):
    """What the measured costs make of many machines.

    A round of L tokens is cut into M pieces (a stream for each machine: its threads are taken to
    share it out at no cost). A machine learns L / (16 M) tokens on each thread, waits until the
    pieces of the others have come through its own network card (nothing overlaps), and merges all
    rows with its 16 threads. Rows and bytes of a piece follow the power law that was measured on
    one corpus. Not in it: machines that are slower than others, a network that is shared, that a
    larger vocabulary has more rows, and what large rounds do to quality.
    """
    for size in ROUNDS:
        print(f"\nRounds of {size:,} tokens, {CORES} threads a machine, 10^11 words:\n")
        print(
            "| machines | " + " | ".join(f"{n} Gbit/s" for n in NETWORKS) + " | received a round |"
        )
        print("|---:|" + "---:|" * (len(NETWORKS) + 1))
        for machines in MACHINES:
            piece = np.log(size / machines)
            rows = machines * np.exp(np.polyval(fit_rows, piece))
            received = (machines - 1) * np.exp(np.polyval(fit_bytes, piece))
            busy = size / machines / CORES * learn + rows / CORES * merge
            cells = []
            for gigabits in NETWORKS:
                seconds = busy + (machines > 1) * (received * 8 / gigabits / 1e9 + LATENCY)
                speed = size / seconds
                cells.append(f"{speed / 1e6:,.1f} M/s, {WORDS / speed / 3600:,.1f} h")
            print(f"| {machines} | " + " | ".join(cells) + f" | {received / 1e6:,.0f} MB |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("--words", type=int, default=3_000_000)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2, 3, 8])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    given = parser.parse_args()
    corpus = read(given.text, given.words)
    compare(corpus, given.threads, given.workers)
    plan(*costs(corpus))


if __name__ == "__main__":
    main()
