"""The story of "Using pre-trained word embeddings in a Keras model" (2016), on 20 Newsgroups.

    python benchmarks/newsgroups.py --data 20_newsgroup.tar.gz --split 20news-bydate-split.tsv \
        --vectors glove.6B.50d.txt.xz --out newsgroups.jsonl

The article's network as printed and with its text as it was, beside what a sensible person would
use instead, and beside ours. Each row is a text (as printed: all before the first empty line is
gone; with headers; without headers, quotes and footers), a split (random 80/20; by date), and a
model. A row that is done is a line in the file given by --out, and is not run again: a run that
broke off goes on where it stopped. ``--list`` names the rows, ``--rows 'printed/*'`` chooses some,
``--table`` prints those that are done. The rows of networks take from ten minutes to an hour each
on two cores.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import time
from pathlib import Path

import numpy as np

import wordkin as wk
from wordkin.classification.baselines import Tfidf
from wordkin.classification.resampling import draw, interval
from wordkin.frameworks import import_keras

TEXTS = {"printed": ["until-blank"], "headers": [], "stripped": ["headers", "quotes", "footers"]}
SPLITS = ("random", "by-date")
WORDS, LENGTH = 20_000, 1000  # the article's MAX_NB_WORDS and MAX_SEQUENCE_LENGTH
ARTICLE = ("article-frozen", "article-tuned", "article-scratch")
OURS = ("mean", "cnn-frozen", "cnn-tuned", "cnn")
BASELINES = ("tfidf-svm", "tfidf-lr")
# the long ones, in the order in which they tell most
STORY = [
    *(f"{text}/{split}/{model}" for split in SPLITS for text in TEXTS
      for model in (*BASELINES, "mean")),
    "printed/random/article-frozen", "headers/random/article-frozen",
    "stripped/random/article-frozen", "printed/by-date/article-frozen",
    "printed/random/cnn-tuned", "printed/random/article-tuned", "printed/random/article-scratch",
    "headers/random/article-scratch", "printed/random/cnn-frozen", "printed/random/cnn",
    "printed/by-date/cnn-tuned", "stripped/by-date/article-frozen",
]  # fmt: skip


class Reshaped:
    """Maximum over windows side by side: what MaxPooling1D does, with a faster gradient in JAX."""

    def __init__(self, keras, pool):
        self.ops, self.pool = keras.ops, pool

    def __call__(self, x):
        _, length, size = x.shape
        n = length // self.pool
        windows = self.ops.reshape(x[:, : n * self.pool], (-1, n, self.pool, size))
        return self.ops.max(windows, axis=2)


def article_network(keras, embedding, n_classes):
    """Make the article's network, layer by layer as it is printed."""
    x = ids = keras.Input((LENGTH,), dtype="int32")
    x = embedding(x)
    for pool in (5, 5, 35):
        x = keras.layers.Conv1D(128, 5, activation="relu")(x)
        x = Reshaped(keras, pool)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(128, activation="relu")(x)
    x = keras.layers.Dense(n_classes, activation="softmax")(x)
    model = keras.Model(ids, x)
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def article(train, test, kind, options):
    """Train it as the article does: words of all texts, padded and cut at the front."""
    keras = import_keras(options.backend)
    keras.utils.set_random_seed(options.seed)
    corpus = wk.Corpus.from_texts([*train.texts, *test.texts], tokenizer="keras", min_count=1)
    known = corpus.vocabulary
    words = wk.Vocabulary(known.words[:WORDS], known.counts[:WORDS], tokenizer="keras")
    ids, judged = (
        words.encode_batch(
            part.texts, max_length=LENGTH, padding="left", truncating="left", unknown="drop"
        )
        for part in (train, test)
    )
    classes = sorted(set(train.labels))
    number = {label: i for i, label in enumerate(classes)}
    targets, expected = (np.array([number[label] for label in p.labels]) for p in (train, test))
    if kind == "article-scratch":
        embedding = keras.layers.Embedding(words.n_rows, 100)
    else:
        embedding = wk.load(options.vectors).to_keras(
            words, trainable=kind == "article-tuned", missing="zero", unknown="zero", mask=False
        )
    model = article_network(keras, embedding, len(classes))
    began, accuracies = time.perf_counter(), []
    seconds = 0.0
    for _ in range(options.epochs):
        start = time.perf_counter()
        model.fit(ids, targets, batch_size=128, verbose=0)
        seconds += time.perf_counter() - start
        guess = model.predict(judged, batch_size=128, verbose=0).argmax(1)
        accuracies.append(float(np.mean(guess == expected)))
        print(f"  epoch {len(accuracies)}: {accuracies[-1]:.4f}", flush=True)
    return [classes[i] for i in guess], {
        "seconds": seconds,
        "epochs": accuracies,
        "wall": time.perf_counter() - began,
        "vectors": None if kind == "article-scratch" else Path(options.vectors).name,
    }


def ours(train, test, kind, options):
    """Train one of ours, or a baseline."""
    settings, vectors = {}, None
    if kind in BASELINES:
        model = Tfidf(kind.removeprefix("tfidf-"), options.seed)
    else:
        head, _, rule = kind.partition("-")
        vectors = options.vectors if rule else None
        settings = {"validation": 0.1} if head != "mean" else {}
        model = wk.TextClassifier(
            None if vectors is None else wk.load(vectors),
            head=head,
            trainable=rule != "frozen",
            backend=None if head == "mean" else options.backend,
            seed=options.seed,
        )
        if head == "mean":  # machine code is loaded once, and is none of the training
            wk.TextClassifier().fit(["a b", "c d"] * 4, ["x", "y"] * 4).predict(["a"])
        else:
            model.set_params(max_vocab=WORDS)
    start = time.perf_counter()
    model.fit(train.texts, train.labels, **settings)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    guess = [str(label) for label in model.predict(test.texts)]
    rate = len(test) / (time.perf_counter() - start)
    more = {"seconds": seconds, "texts_per_second": rate}
    if vectors is not None:
        more["vectors"] = Path(vectors).name
    if hasattr(model, "history_"):
        more["history"] = model.history_
    return guess, more


def run(row, data, options):
    """Run one row, and return what is written down."""
    text, split, kind = row.split("/")
    chosen = data.stripped(TEXTS[text]) if TEXTS[text] else data
    if split == "random":
        train, test = chosen.split(0.2, seed=options.seed)
    else:
        train, test = chosen.split_by_file(options.split)
    guess, more = (article if kind in ARTICLE else ours)(train, test, kind, options)
    [drawn] = draw(test.labels, [guess], seed=options.seed)
    low, high = interval(drawn.accuracies)
    return {
        "row": row,
        "accuracy": drawn.accuracy,
        "low": low,
        "high": high,
        "macro_f1": drawn.macro_f1,
        "train": len(train),
        "test": len(test),
        "seed": options.seed,
        **more,
    }


def table(done):
    """Print the rows that are done, in Markdown."""
    print("| text | split | model | accuracy | 95 % | macro-F1 | train s |")
    print("|---|---|---|---:|---:|---:|---:|")
    for row in STORY:
        if row not in done:
            continue
        found = done[row]
        text, split, kind = row.split("/")
        lines = [(kind, found["accuracy"], f"{100 * found['low']:.1f}-{100 * found['high']:.1f}")]
        if len(found.get("epochs", [])) > 2:
            lines = [(f"{kind}, 2 epochs", found["epochs"][1], ""),
                     (f"{kind}, {len(found['epochs'])} epochs", *lines[0][1:])]  # fmt: skip
        for name, accuracy, bounds in lines:
            last = name == lines[-1][0]
            f1 = f"{100 * found['macro_f1']:.1f}" if last else ""
            seconds = f"{found['seconds']:.0f}" if last else ""
            print(f"| {text} | {split} | {name} | {100 * accuracy:.1f} % | {bounds} | {f1} | "
                  f"{seconds} |")  # fmt: skip


def main():
    """Run the rows that are asked for and not done."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", help="the archive or folder of 20 Newsgroups")
    parser.add_argument("--split", help="the by-date split: lines train<TAB>class/name")
    parser.add_argument("--vectors", help="pretrained vectors")
    parser.add_argument("--out", type=Path, default=Path("newsgroups.jsonl"))
    parser.add_argument("--rows", default="*", help="names or patterns, with commas between")
    parser.add_argument("--epochs", type=int, default=10, help="of the article's network")
    parser.add_argument("--texts", type=int, help="take so many texts only, for a try")
    parser.add_argument("--backend", default="jax", help="of Keras")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--table", action="store_true", help="print the rows that are done")
    options = parser.parse_args()
    if options.list:
        print("\n".join(STORY))
        return
    lines = options.out.read_text("utf-8").splitlines() if options.out.exists() else []
    done = {found["row"]: found for found in map(json.loads, lines)}
    patterns = options.rows.split(",")
    wanted = [row for row in STORY if any(fnmatch.fnmatchcase(row, p) for p in patterns)]
    if not options.table:
        data = wk.read_labelled(options.data, encoding="latin-1", digits_only=True)
        if options.texts:
            few = np.random.default_rng(options.seed).permutation(len(data))[: options.texts]
            data = data.subset(np.sort(few))
        print(f"{data}; {len(wanted)} rows, {sum(row in done for row in wanted)} done", flush=True)
        for row in wanted:
            if row not in done:
                print(row, flush=True)
                done[row] = run(row, data, options)
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(done[row]) + "\n")
    table(done)


if __name__ == "__main__":
    main()
