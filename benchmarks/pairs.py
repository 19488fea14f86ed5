"""Skip-gram pairs beside the function that Keras had, on the same ids.

    python benchmarks/pairs.py [--text wiki8.txt] [--tokens 20000] [--pairs 5]

One run of each after the other, several times; the ratio of their speeds in examples a second, its
median and range. Keras' function makes one negative for each pair, and knows no other law than the
uniform one; ours is timed with one negative and with five, both words thinned out or none.
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
from machine import describe, spread, table

import wordkin as wk

WINDOW = 4  # Keras' default


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    corpus = wk.Corpus.from_path(options.text, tokenizer="whitespace")
    ids = np.array(corpus.ids[: options.tokens])
    counts = corpus.vocabulary.counts
    rows = [("examples/s", "ours", "Keras", "times Keras")]
    plain = {"window": WINDOW, "shrink_windows": False, "sample": 0}
    for name, settings in (
        ("all words, 1 negative", {**plain, "negative": 1}),
        ("all words, 5 negatives", {**plain, "negative": 5}),
        ("thinned out, 5 negatives", {"window": WINDOW, "negative": 5, "sample": 1e-4}),
    ):
        for _ in wk.skipgrams(ids, counts, **settings):
            break  # compiled
        ours, theirs = [], []
        for _ in range(options.pairs):
            ours.append(speed_of_ours(ids, counts, settings))
            theirs.append(speed_of_keras(ids, counts, thinned=settings["sample"] > 0))
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        rows.append(
            (name, f"{np.median(ours) / 1e6:.1f} M", f"{np.median(theirs) / 1e6:.3f} M",
             spread(ratios, 0))
        )  # fmt: skip
    print(f"{len(ids):,} ids, window {WINDOW}, {options.pairs} times each\n\n{table(rows)}")


def parse() -> argparse.Namespace:
    shared = os.environ.get("WORDKIN_TEST_DATA", "../shared/data")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", default=f"{shared}/wiki8.xz")
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=5, help="how often each is run")
    return parser.parse_args()


def speed_of_ours(ids, counts, settings) -> float:
    """Examples a second; batches of 8,192, as a loop would read them."""
    start = time.perf_counter()
    made = sum(len(labels) for _, _, labels in wk.skipgrams(ids, counts, **settings))
    return made / (time.perf_counter() - start)


def speed_of_keras(ids, counts, *, thinned: bool) -> float:
    """Examples a second; ids from 1 on, since 0 was no word."""
    from keras.src.legacy.preprocessing.sequence import make_sampling_table, skipgrams

    size = len(counts) + 1
    chances = make_sampling_table(size) if thinned else None
    words = (ids + 1).tolist()
    start = time.perf_counter()
    couples, _ = skipgrams(words, size, WINDOW, sampling_table=chances)
    return len(couples) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
