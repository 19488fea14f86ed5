"""PPMI beside SkipGram on growing parts of a text: which wins from which size on.

    python benchmarks/small_corpora.py --text wiki8.txt --scores EVAL_FOLDER

Both have their defaults, PPMI once (its random start decides nothing that can be seen), SkipGram
with several seeds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from glove import plain_text, scores
from machine import describe, spread, table
from scores import SETS

import wordkin as wk
from wordkin.evaluation import evaluate_similarity

COLUMNS = (0, 3, 4)  # of the scores: analogies, WordSim-353, SimLex-999


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        data = plain_text(options.text, Path(folder), None).read_bytes().split()
    head = ("words", "model", "analogies %", "WordSim", "SimLex", "pairs known", "seconds")
    rows = [head]
    for size in (int(float(n) * 1e6) for n in options.millions.split(",")):
        text = b" ".join(data[:size]).decode()
        corpus = wk.Corpus.from_texts([text], tokenizer="whitespace")
        kinds = {"PPMI": (wk.PPMI(), 1), "SkipGram": (wk.SkipGram(), options.seeds)}
        for name, (config, seeds) in kinds.items():
            found, seconds = [], []
            for seed in range(1, seeds + 1):
                start = time.perf_counter()
                model = wk.train(corpus, config, seed=seed)
                seconds.append(time.perf_counter() - start)
                found.append(scores(model.vectors, options.scores))
            cells = [spread([run[column] for run in found]) for column in COLUMNS]
            known = [known_pairs(model.vectors, options.scores / name) for name in SETS]
            rows.append((f"{size:,}", name, *cells, " ".join(map(str, known)), spread(seconds)))
            print(rows[-1], flush=True)
    print(f"\n{table(rows)}")


def known_pairs(vectors: wk.WordVectors, path: Path) -> int:
    return evaluate_similarity(vectors.table, path).covered


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--scores", type=Path, default=shared / "eval")
    parser.add_argument("--millions", default="0.1,0.3,1,3")
    parser.add_argument("--seeds", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
