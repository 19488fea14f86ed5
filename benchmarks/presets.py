"""The presets beside the default settings, on data they are for.

    python benchmarks/presets.py [--data FOLDER] [--runs 3] [--only items,graphs,text]

Items: Reuters articles (R8) as sets of words, one word of each hidden; how often is it among the
ten items nearest to the mean of the others? Graphs: words that are strongly associated in
Wikipedia are linked, a fifth of the links is hidden; how often is a hidden link nearer than a pair
that is not linked (AUC)? Small text: WordSim-353 from the first 300,000 and 1,000,000 words of
Wikipedia. Each row differs from the preset in one setting, so that each value has its line.
"""

from __future__ import annotations

import argparse
import lzma
import os
import time
from pathlib import Path

import numpy as np
from machine import describe, spread, table

import wordkin as wk
from wordkin.evaluation import evaluate_similarity

ITEMS = {
    "SkipGram()": wk.SkipGram(),
    'SkipGram(window="all")': wk.SkipGram(window="all"),
    "for_items()": wk.SkipGram.for_items(),
    "for_items(ns_exponent=0.75)": wk.SkipGram.for_items(ns_exponent=0.75),
    "for_items(sample=1e-3)": wk.SkipGram.for_items(sample=1e-3),
    "for_items(epochs=5)": wk.SkipGram.for_items(epochs=5),
}
GRAPHS = {
    "SkipGram()": wk.SkipGram(),
    "for_graphs()": wk.SkipGram.for_graphs(),
    "for_graphs(window=5)": wk.SkipGram.for_graphs(window=5),
    "for_graphs(sample=1e-3)": wk.SkipGram.for_graphs(sample=1e-3),
    "for_graphs(epochs=5)": wk.SkipGram.for_graphs(epochs=5),
}
TEXT = {
    "SkipGram()": wk.SkipGram(),
    "for_small_text()": wk.SkipGram.for_small_text(),
    "for_small_text(epochs=5)": wk.SkipGram.for_small_text(epochs=5),
    "for_small_text(sample=1e-3)": wk.SkipGram.for_small_text(sample=1e-3),
    "for_small_text(negative=15)": wk.SkipGram.for_small_text(negative=15),
}


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    wanted = options.only.split(",")
    if "items" in wanted:
        items(options)
    if "graphs" in wanted or "text" in wanted:
        words = wikipedia(options.data)
        if "graphs" in wanted:
            graphs(words[:2_000_000], options)
        if "text" in wanted:
            for n in (300_000, 1_000_000):
                small_text(words[:n], options)


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=shared)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="items,graphs,text")
    return parser.parse_args()


def wikipedia(data: Path) -> list[str]:
    with lzma.open(data / "wiki8.xz") as file:
        return file.read(12_500_000).decode().split()[:-1]


def compare(title: str, corpus, models, score, options) -> None:
    """Train each, with several seeds, and print what they score."""
    rows = [("settings", title, "seconds")]
    for name, config in models.items():
        scores, seconds = [], []
        for seed in range(1, options.runs + 1):
            start = time.perf_counter()
            model = wk.train(corpus, config, seed=seed)
            seconds.append(time.perf_counter() - start)
            scores.append(100 * score(model.vectors))
        rows.append((name, spread(scores), spread(seconds)))
    print(f"\n{corpus}\n\n{table(rows)}", flush=True)


# ---------------------------------------------------------------------------------------- items


def items(options) -> None:
    path = next((options.data / "classify" / "r8").glob("*train*"))
    cut, rng = wk.get_tokenizer("words"), np.random.default_rng(0)
    baskets, hidden = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        basket = rng.permutation(sorted(set(cut(line.split("\t", 1)[1])))).tolist()
        if len(basket) >= 10:
            hidden.append((basket[1:], basket[0]))
            basket = basket[1:]
        baskets.append(basket)
    corpus = wk.Corpus.from_sequences(baskets, min_count=5)

    def score(vectors) -> float:
        rows = vectors.vectors / np.maximum(vectors.norms[:, None], 1e-9)
        known, hits = vectors.key_to_index, []
        for basket, item in hidden[:2000]:
            given = [known[word] for word in basket if word in known]
            if item in known and given:
                near = rows @ rows[given].mean(axis=0)
                near[given] = -np.inf
                hits.append((near > near[known[item]]).sum() < 10)
        return float(np.mean(hits))

    compare("hit rate at 10, %", corpus, ITEMS, score, options)


# --------------------------------------------------------------------------------------- graphs


def graphs(words: list[str], options) -> None:
    edges, n = association_graph(words)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(edges))
    hidden, seen = edges[order[: len(edges) // 5]], edges[order[len(edges) // 5 :]]
    corpus = wk.Corpus.from_sequences(walks(seen, n, rng), min_count=1)
    linked = set(map(tuple, edges.tolist()))
    pairs = rng.integers(n, size=(4 * len(hidden), 2))
    apart = [p for p in pairs.tolist() if p[0] != p[1] and tuple(sorted(p)) not in linked]

    def score(vectors) -> float:
        rows = np.zeros((n, vectors.vector_size), np.float32)
        index = [int(word) for word in vectors.index_to_key]
        rows[index] = vectors.vectors / np.maximum(vectors.norms[:, None], 1e-9)
        near, far = (
            np.sort((rows[p[:, 0]] * rows[p[:, 1]]).sum(axis=1)) for p in (hidden, np.array(apart))
        )
        return float(np.searchsorted(far, near).mean() / len(far))

    compare("AUC of hidden links, %", corpus, GRAPHS, score, options)


def association_graph(words: list[str], n: int = 3000, links: int = 10):
    """Link each of the n words to those that its pointwise mutual information is highest with."""
    corpus = wk.Corpus.from_sentences([words], min_count=1)
    ids = np.asarray(corpus.ids) - 100  # the most frequent words go with everything
    counts = np.zeros((n, n), np.float32)
    for distance in range(1, 6):
        a, b = ids[:-distance], ids[distance:]
        both = (a >= 0) & (a < n) & (b >= 0) & (b < n)
        np.add.at(counts, (a[both], b[both]), 1)
    counts += counts.T
    each = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.where(counts >= 5, np.log(counts * each.sum() / np.outer(each, each)), 0)
    best = np.argpartition(-pmi, links, axis=1)[:, :links]
    edges = {
        (min(i, j), max(i, j))
        for i in range(n) for j in best[i].tolist() if i != j and pmi[i, j] > 0
    }  # fmt: skip
    return np.array(sorted(edges)), n


def walks(edges: np.ndarray, n: int, rng, *, each: int = 10, steps: int = 80) -> np.ndarray:
    """Uniform random walks (DeepWalk), all of a round at once."""
    both = np.vstack([edges, edges[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    first = np.searchsorted(both[:, 0], np.arange(n + 1))
    degree = np.diff(first)
    at = np.tile(np.flatnonzero(degree), each)
    walk = np.empty((len(at), steps), np.int64)
    for step in range(steps):
        walk[:, step] = at
        at = both[first[at] + (rng.random(len(at)) * degree[at]).astype(np.int64), 1]
    return walk


# ----------------------------------------------------------------------------------- small text


def small_text(words: list[str], options) -> None:
    lines = [words[i : i + 1000] for i in range(0, len(words), 1000)]
    gold = options.data / "eval" / "EN-WS-353-ALL.txt"

    def score(vectors) -> float:
        return evaluate_similarity(vectors.table, gold).spearman

    compare("WordSim-353", wk.Corpus.from_sentences(lines), TEXT, score, options)


if __name__ == "__main__":
    main()
