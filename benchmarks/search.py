"""Search and evaluation beside gensim on the same vectors, in one run.

    python benchmarks/search.py [--vectors FILE] [--pairs 3] [--lines one,batch,probe,analogies]

By default the vectors are GloVe's 400,000 x 50, turned into 100 dimensions by a random rotation
with a little noise. Each ratio is of two runs one after the other, the table shows the median and
the range. The first searches, which load kernels and make the small copy, are not in it.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors
from machine import describe, spread, table

import wordkin as wk
from wordkin.evaluation import evaluate_analogies

HEAD = ("work", "gensim, s", "wordkin, s", "ratio")
PROBES = [
    "king", "queen", "man", "woman", "paris", "france", "computer", "music",
    "water", "physics", "war", "love", "dog", "city", "red", "one",
]  # fmt: skip


class Search:
    """Both libraries with the same vectors."""

    def __init__(self, vectors: wk.WordVectors, scores: Path, *, pairs: int) -> None:
        self.ours, self.pairs = vectors, pairs
        self.theirs = KeyedVectors(vectors.vector_size)
        self.theirs.add_vectors(list(vectors.index_to_key), vectors.vectors)
        rng = np.random.default_rng(0)
        self.words = [vectors.index_to_key[i] for i in rng.choice(50_000, 1000, replace=False)]
        self.questions = scores / "questions-words.txt"
        self.theirs.most_similar("king")
        self.ours.most_similar_batch(self.words)  # loads the kernels
        self.ours.most_similar("king")  # makes the small copy

    def one(self) -> list[tuple[str, ...]]:
        some = self.words[:100]

        def theirs() -> object:
            return [self.theirs.most_similar(word) for word in some]

        def ours() -> object:
            return [self.ours.most_similar(word) for word in some]

        return [self._row("one query (mean of 100)", theirs, ours, scale=100)]

    def batch(self) -> list[tuple[str, ...]]:
        def theirs() -> object:
            return [self.theirs.most_similar(word) for word in self.words]

        return [
            self._row("1,000 queries", theirs, lambda: self.ours.most_similar_batch(self.words))
        ]

    def probe(self) -> list[tuple[str, ...]]:
        """The article's loop: a cosine in Python for each word, here on a part of the words."""
        share = 100
        words = self.ours.index_to_key[: len(self.ours) // share]
        vectors = {word: self.ours[word] for word in words}

        def article() -> object:
            found = []
            for probe in PROBES:
                mine = self.ours[probe]
                scored = [
                    (float(np.dot(mine, v) / (np.linalg.norm(mine) * np.linalg.norm(v))), word)
                    for word, v in vectors.items()
                ]
                found.append(sorted(scored, reverse=True)[:10])
            return found

        name = f"16 probe words; the article's loop, times {share} from 1/{share} of the words"
        return [self._row(name, article, lambda: self.ours.most_similar_batch(PROBES), times=share)]

    def analogies(self) -> list[tuple[str, ...]]:
        every = 40
        lines = self.questions.read_text().splitlines()
        some = [line for i, line in enumerate(lines) if line.startswith(":") or i % every == 0]
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "some.txt"
            part.write_text("\n".join(some))
            rows = []
            for path, name, times in (
                (part, f"Google's analogies, 1/{every} of them", 1),
                (self.questions, f"all of them; gensim times {every} from 1/{every}", every),
            ):
                rows.append(
                    self._row(
                        name,
                        lambda: self.theirs.evaluate_word_analogies(part),
                        lambda path=path: evaluate_analogies(self.ours.table, path),
                        times=times,
                    )
                )
            score, _ = self.theirs.evaluate_word_analogies(part)
            assert score == evaluate_analogies(self.ours.table, part).accuracy, score
        return rows

    def _row(self, name, theirs, ours, *, times=1, scale=1) -> tuple[str, ...]:
        pairs = []
        for _ in range(self.pairs):
            pairs.append((seconds(theirs) * times / scale, seconds(ours) / scale))
        digits = 4 if scale > 1 else 3
        return (
            name,
            spread([a for a, _ in pairs], digits),
            spread([b for _, b in pairs], digits),
            spread([a / b for a, b in pairs]),
        )


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def hundred_dimensions(path: Path) -> wk.WordVectors:
    """Any vectors as 100-dimensional ones with the same neighbourhoods."""
    loaded = wk.load(path)
    if loaded.vector_size == 100:
        return loaded
    rng = np.random.default_rng(0)
    turn = rng.standard_normal((loaded.vector_size, 100)).astype(np.float32) / 10
    noise = rng.standard_normal((len(loaded), 100), dtype=np.float32)
    matrix = loaded.vectors @ turn + np.float32(0.1) * noise
    return wk.WordVectors(loaded.vocabulary, matrix)


def main() -> None:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", type=Path, default=shared / "glove.6B.50d.txt.xz")
    parser.add_argument("--scores", type=Path, default=shared / "eval")
    parser.add_argument("--pairs", type=int, default=3, help="how often each pair is run")
    parser.add_argument("--lines", default="one,batch,probe,analogies", help="what to run")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(describe(), flush=True)
    vectors = hundred_dimensions(options.vectors)
    bench = Search(vectors, options.scores, pairs=options.pairs)
    print(f"\n### search, {len(vectors):,} x {vectors.vector_size}\n", flush=True)
    rows = [row for name in options.lines.split(",") for row in getattr(bench, name)()]
    print(table([HEAD, *rows]), flush=True)


if __name__ == "__main__":
    main()
