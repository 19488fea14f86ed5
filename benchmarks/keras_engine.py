"""Training on Keras beside the loop of 2017: one pair for each train_on_batch; and its quality.

    python benchmarks/keras_engine.py [--text wiki8.txt] [--lines speed,quality] [--seeds 3]

Speed: for each backend that is installed, in a process of its own, pairs a second of
``train(..., engine="keras")`` and of the article's loop (a shared table of 300 dimensions, 10,000
words, RMSprop), one after the other, several times; median and range of the ratio. Quality: scores
of the Keras and the CPU engine with the same settings and seeds on the first tenth of the text.
"""

from __future__ import annotations

import argparse
import importlib.util
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

import wordkin as wk

BACKENDS = ("jax", "tensorflow", "torch")
ARTICLE = {"vector_size": 300, "window": 3}
QUALITY = {"vector_size": 100, "sample": 1e-4}
SETS = ("questions-words.txt", "EN-WS-353-ALL.txt", "EN-SIMLEX-999.txt")


def main() -> None:
    options = parse()
    if options.backend:
        print(json.dumps(measure(options)))
        return
    print(describe(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "text")
        opened = lzma.open if options.text.suffix == ".xz" else open
        with opened(options.text, "rb") as file:
            text.write_bytes(file.read(options.bytes))
        for name in options.lines.split(","):
            rows = {"speed": speed, "quality": quality}[name](options, text)
            print(f"\n### {name}\n\n{table(rows)}", flush=True)


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=shared / "wiki8.xz")
    parser.add_argument("--scores", type=Path, default=shared / "eval")
    parser.add_argument("--bytes", type=int, default=10_000_000, help="of the text")
    parser.add_argument("--lines", default="speed,quality")
    parser.add_argument("--pairs", type=int, default=3, help="how often each speed is taken")
    parser.add_argument("--steps", type=int, default=300, help="of the article's loop")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5, help="for quality")
    parser.add_argument("--backend", help="(for processes that this one starts)")
    return parser.parse_args()


# ------------------------------------------------------------------------------------ speed


def speed(options: argparse.Namespace, text: Path) -> list[tuple[str, ...]]:
    rows = [("backend", "pairs/s", "the article's loop", "times the loop", "report of 16 words")]
    for backend in BACKENDS:
        if importlib.util.find_spec(backend) is None:
            continue
        command = [sys.executable, __file__, "--backend", backend, "--text", str(text)]
        command += ["--pairs", str(options.pairs), "--steps", str(options.steps)]
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout.splitlines()[-1])
        ours, theirs = found["ours"], found["theirs"]
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        rows.append(
            (backend, f"{np.median(ours):,.0f}", f"{np.median(theirs):,.0f}", spread(ratios, 0),
             f"{found['report'] * 1e3:.0f} ms")
        )  # fmt: skip
    return rows


def measure(options: argparse.Namespace) -> dict[str, object]:
    corpus = wk.Corpus.from_path(options.text, tokenizer="whitespace", max_vocab=10_000)
    step = article_loop(corpus)
    ours, theirs = [], []
    for _ in range(options.pairs):
        ours.append(speed_of_ours(corpus))
        start = time.perf_counter()
        for _ in range(options.steps):
            step()
        theirs.append(options.steps / (time.perf_counter() - start))
    return {"ours": ours, "theirs": theirs, "report": seconds_of_a_report(corpus)}


def speed_of_ours(corpus: wk.Corpus) -> float:
    """True pairs a second; each is learned against five noise words."""
    config = wk.SkipGram(epochs=1, **ARTICLE)
    pairs = wk.skipgrams(corpus, window=config.window, sample=config.sample, negative=0)
    model = wk.train(corpus, config, engine="keras")
    return pairs.n_examples() / model.history[-1].seconds


def article_loop(corpus: wk.Corpus):
    """A step of the article, with today's names where the old ones are gone."""
    import keras

    words, size = len(corpus.vocabulary), ARTICLE["vector_size"]
    table = keras.layers.Embedding(words, size)
    inputs = [keras.Input((1,)) for _ in range(2)]
    target, context = (keras.layers.Reshape((size, 1))(table(each)) for each in inputs)
    dot = keras.layers.Reshape((1,))(keras.layers.Dot(axes=1)([target, context]))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(dot))
    model.compile(loss="binary_crossentropy", optimizer="rmsprop")
    batches = iter(wk.skipgrams(corpus, window=3, negative=1, batch_size=1, epochs=100))

    def step() -> None:
        targets, contexts, labels = next(batches)
        model.train_on_batch([targets[:, None], contexts[:, None]], labels)

    for _ in range(10):  # compiled
        step()
    return step


def seconds_of_a_report(corpus: wk.Corpus) -> float:
    """Of NearestWords, with the 16 probes of the article."""
    times = []
    look = wk.NearestWords(corpus.vocabulary.words[:100:6][:16], every=1)

    def timed(progress):
        start = time.perf_counter()
        look(progress)
        times.append(time.perf_counter() - start)

    wk.train(corpus, wk.SkipGram(epochs=1, **ARTICLE), engine="keras", callbacks=[timed])
    return float(np.median(times))


# ------------------------------------------------------------------------------------ quality


def quality(options: argparse.Namespace, text: Path) -> list[tuple[str, ...]]:
    corpus = wk.Corpus.from_path(text, tokenizer="whitespace")
    sets = [options.scores / name for name in SETS]
    rows = [("model", "engine", "analogies %", "WordSim-353", "SimLex-999")]
    for model in (wk.SkipGram, wk.CBOW):
        config = model(epochs=options.epochs, **QUALITY)
        for engine in ("cpu", "keras"):
            scores = []
            for seed in range(1, options.seeds + 1):
                vectors = wk.train(corpus, config, engine=engine, seed=seed).vectors
                found = wk.evaluate(vectors, *sets, resamples=100).scores
                scores.append([score.value for score in found])
            analogies, similar, alike = np.transpose(scores).tolist()
            percent = [100 * score for score in analogies]
            rows.append(
                (model.__name__, engine, spread(percent), spread(similar, 3), spread(alike, 3))
            )
    return rows


if __name__ == "__main__":
    main()
