"""The losses of skip-gram side by side: what a step costs, and what comes of the same text.

    python benchmarks/losses.py --text wiki8.txt [--words 2000,10000] [--scores EVAL_FOLDER]

Article D timed full softmax against noise-contrastive estimation with 64 noise words over 100 steps
of 128 pairs. Here each loss goes over the same tokens in one thread, for each size of vocabulary;
a step of 128 pairs is told for comparison. Then each is trained on the first part of the text, and
judged by the one thing that all of them are to learn, the exact -log p(word | context) of softmax
on held-out text where its scores mean that, and by similarity of words.
"""

from __future__ import annotations

import argparse
import lzma
import os
import time
from pathlib import Path

from machine import describe, spread, table

import wordkin as wk
from wordkin.evaluation import evaluate_similarity

LOSSES = ("softmax", "sampled-softmax", "nce", "negative-sampling", "hierarchical-softmax")
NOISE = {"sampled-softmax": 64, "nce": 64}
PAIRS = 128


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    data = options.text.read_bytes()
    text = lzma.decompress(data) if options.text.suffix == ".xz" else data
    words = text[: options.megabytes * 1_000_000].decode().split()[:-1]
    lines = [words[i : i + 1000] for i in range(0, len(words), 1000)]
    for size in map(int, options.words.split(",")):
        corpus = wk.Corpus.from_sentences(lines, min_count=1, max_vocab=size)
        rows = compare(corpus, size, options)
        print(f"\n### {size:,} words, {corpus.n_tokens:,} tokens\n\n{table(rows)}", flush=True)


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--scores", type=Path, default=shared / "eval")
    parser.add_argument("--megabytes", type=int, default=2)
    parser.add_argument("--words", default="1000,5000")
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def compare(corpus: wk.Corpus, size: int, options) -> list[tuple[str, ...]]:
    rows = [("loss", "pairs/s", "ms for 128 pairs", "held-out loss", "WordSim-353")]
    for loss in LOSSES:
        config = wk.SkipGram(
            vector_size=100, loss=loss, epochs=1, negative=NOISE.get(loss, 5), sample=0,
            window=2, shrink_windows=False, alpha=0.025, group=1, shared_negatives=5,
        )  # fmt: skip
        wk.train(tiny(), config, workers=1)  # compiles
        speeds, losses, similar = [], [], []
        for seed in range(1, options.runs + 1):
            start = time.process_time()
            model = wk.train(corpus, config, seed=seed, workers=1)
            speeds.append(4 * model.account.trained / (time.process_time() - start))
            model = wk.train(corpus, config, seed=seed, workers=1, validation=0.02)
            losses.append(model.history[-1].validation_loss)
            gold = options.scores / "EN-WS-353-ALL.txt"
            similar.append(100 * evaluate_similarity(model.vectors.table, gold).spearman)
        rows.append((
            f"{loss}, {config.negative} noise words" if loss in NOISE else loss,
            spread([s / 1e3 for s in speeds], 0) + " k",
            spread([1e3 * PAIRS / s for s in speeds], 2),
            spread(losses, 3),
            spread(similar),
        ))  # fmt: skip
    return rows


def tiny() -> wk.Corpus:
    return wk.Corpus.from_texts(["the cat sat on the mat"] * 20, min_count=1)


if __name__ == "__main__":
    main()
