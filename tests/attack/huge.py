"""Run by test_huge in a process of its own: a corpus of an odd shape, read, kept, trained on."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np

import wordkin as wk

WORDS = np.array([f"word{i}" for i in range(1000)])


def write(path, kind, n):
    chance = np.random.default_rng(0)
    with path.open("w") as file:
        for start in range(0, n, 100_000):
            if kind == "sentence":
                words = WORDS[chance.integers(0, 1000, min(100_000, n - start))]
                file.write(" ".join(words) + " ")
            else:
                file.write("\n" * min(100_000, n - start))
        if kind == "empty":
            file.write("the cat sat on the mat\n" * 100)


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def main(folder, kind, n):
    path = folder / "text.txt"
    write(path, kind, n)
    wk.train(wk.Corpus.from_texts(["a b"] * 9, min_count=1), wk.SkipGram(vector_size=8), workers=1)
    before = megabytes()
    corpus = wk.Corpus.from_path(path, min_count=1, store=folder / "c")
    read = megabytes()
    again = wk.Corpus.open(folder / "c")
    assert len(again.ids) == len(corpus.ids)
    model = wk.train(corpus, wk.SkipGram(vector_size=8, epochs=1), seed=1)
    assert np.isfinite(model.vectors.vectors).all()
    report = {
        "tokens": len(corpus.ids),
        "sentences": len(corpus.starts) - 1,
        "empty": corpus.account.empty_sentences,
        "megabytes": [before, read, megabytes()],
    }
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
