"""The steps from the plain kernel to the fastest one, on one text: M words/s and loss.

python benchmarks/kernels.py --text wiki8.txt
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
from machine import describe, sgemm_peak, spread, table

import wordkin as wk
from wordkin.kernels import sampling, seed_state, word2vec

SIZE, WINDOW, NEGATIVE, SAMPLE, ALPHA = 100, 5, 5, 1e-4, 0.025


def main() -> None:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=4_000_000, help="to learn from, each run")
    options = parser.parse_args()
    corpus = wk.Corpus.from_path(options.text, tokenizer="whitespace")
    tokens = min(options.tokens, corpus.n_tokens)
    peak = sgemm_peak()
    print(describe(), f"\nsgemm, all threads: {peak:.0f} GFLOP/s\n", flush=True)
    rows = [("one thread, skip-gram 100-d", "M words/s", "times the plain kernel", "loss")]
    plain = None
    for name, kernel in (
        ("plain: pair by pair", word2vec.make_plain(cbow=False, hierarchical=False)),
        ("groups of 1 share 5 noise words", grouped(1, 5)),
        ("groups of 2 share 5", grouped(2, 5)),
        ("groups of 3 share 6", grouped(3, 6)),
        ("groups of 4 share 8", grouped(4, 8)),
        ("groups of 6 share 8", grouped(6, 8)),
    ):
        learn(kernel, corpus, tokens=1000)  # compiles
        runs = [learn(kernel, corpus, tokens=tokens) for _ in range(options.runs)]
        speeds = [tokens / seconds / 1e6 for seconds, _ in runs]
        plain = plain or speeds
        ratios = [a / b for a, b in zip(speeds, plain, strict=True)]
        rows.append((name, spread(speeds), spread(ratios), f"{runs[0][1]:.3f}"))
    print(table(rows))


def grouped(group: int, shared: int):
    return word2vec.make_grouped(cbow=False, group=group, shared=shared)


def learn(kernel, corpus: wk.Corpus, *, tokens: int) -> tuple[float, float]:
    """Seconds and mean loss of learning from the first tokens of a text."""
    counts = corpus.vocabulary.counts
    text = sampling.make_text(
        np.asarray(corpus.ids), np.asarray(corpus.starts), sampling.keep_thresholds(counts, SAMPLE)
    )
    width = 2 * word2vec.padded(SIZE)
    rows, none = word2vec.aligned((len(counts) + 1, width)), word2vec.aligned((0, width))
    rows[:-1, :SIZE] = (
        np.random.default_rng(1).random((len(counts), SIZE), dtype=np.float32) - 0.5
    ) / SIZE
    rule = word2vec.Rule(WINDOW, True, NEGATIVE, np.float32(ALPHA))
    noise, room = sampling.make_noise(counts, 0.75), word2vec.make_room(WINDOW, SIZE)
    tally = np.zeros(3)
    start = time.perf_counter()
    kernel(
        text, noise, word2vec.Tables(rows, none, none), rule,
        word2vec.Span(0, tokens), room, seed_state(1), tally,
    )  # fmt: skip
    return time.perf_counter() - start, tally[1] / max(tally[2], 1)


if __name__ == "__main__":
    main()
