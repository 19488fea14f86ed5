"""TextClassifier beside fastText supervised and TF-IDF with a linear SVM, in one run.

    python benchmarks/classify.py --data FOLDER [--sets r8,news] [--pairs 3] [--epochs 25]

FOLDER holds ``classify/r8/train.txt`` and ``test.txt`` (label, tab, text), ``classify/trec``,
``classify/sst2``, and ``20_newsgroup.tar.gz`` (headers are skipped as in Chollet's article; a fifth
is the test, drawn by the number of the pair). All get the same words: texts are cut before. At
equal settings, fastText and we go over the texts as often, with pairs of words and as many threads;
"defaults" is ours without any setting, once as it comes and once with letters. fastText (package
``fasttext-numpy2``) and scikit-learn must be installed. Times are those of training from texts in
memory (ours, SVM) or from a file that is there (fastText); of machine code that is there; ratios
are of two runs one after the other.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from machine import describe, spread, table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

import wordkin as wk

sys.path.append(sys.path.pop(0))  # a script beside this one is called as the package is
import fasttext

if not hasattr(fasttext, "train_supervised"):
    raise ModuleNotFoundError("there is only the script beside this one: no package 'fasttext'")

HEAD = ("texts", "what", "accuracy %", "training s", "times as fast as fastText", "texts/s")
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


class Texts(NamedTuple):
    """A training part and a test."""

    train: list[str]
    train_labels: list[str]
    test: list[str]
    test_labels: list[str]


class Ran(NamedTuple):
    """What one run gave."""

    accuracy: float
    seconds: float
    texts_per_second: float


def lines(path: Path, separator: str, *, swap: bool = False) -> tuple[list[str], list[str]]:
    pairs = [
        x.split(separator, 1) for x in path.read_text("latin-1" if swap else "utf-8").splitlines()
    ]
    return [text for _, text in pairs], [label.split(":")[0] for label, _ in pairs]


def of_set(name: str, folder: Path, seed: int) -> Texts:
    if name == "news":
        data = wk.read_labelled(
            folder / "20_newsgroup.tar.gz", encoding="latin-1", digits_only=True
        )
        data = data.stripped(["until-blank"])
        order = np.random.default_rng(seed).permutation(len(data.texts))
        test, train = order[: len(order) // 5].tolist(), order[len(order) // 5 :].tolist()
        first, then = data.subset(train), data.subset(test)
        return Texts(first.texts, first.labels, then.texts, then.labels)
    folder = folder / "classify" / name
    if name == "r8":
        parts = [lines(folder / f"{part}.txt", "\t") for part in ("train", "test")]
    elif name == "trec":
        parts = [lines(folder / f"TREC.{part}", " ", swap=True) for part in ("train", "test")]
    else:
        parts = [lines(folder / f"stsa.binary.{part}", " ") for part in ("train", "test")]
    return Texts(*parts[0], *parts[1])


def cut(texts: Texts) -> Texts:
    """The same words for all: cut, in lower case, with a space between."""
    words = wk.get_tokenizer("words")
    train, test = ([" ".join(words(text)) for text in part] for part in (texts.train, texts.test))
    return texts._replace(train=train, test=test)


def run_fasttext(texts: Texts, epochs: int, seed: int) -> Ran:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        rows = zip(texts.train_labels, texts.train, strict=True)
        path.write_text("".join(f"__label__{label} {text}\n" for label, text in rows), "utf-8")
        start = time.perf_counter()
        model = fasttext.train_supervised(
            str(path), epoch=epochs, wordNgrams=2, lr=0.5, thread=THREADS, seed=seed, verbose=0
        )
        seconds = time.perf_counter() - start
    start = time.perf_counter()
    predicted = [labels[0].removeprefix("__label__") for labels in model.predict(texts.test)[0]]
    rate = len(predicted) / (time.perf_counter() - start)
    return Ran(right(predicted, texts), seconds, rate)


def run_ours(texts: Texts, **settings: object) -> Ran:
    start = time.perf_counter()
    clf = wk.TextClassifier(tokenizer="whitespace", **settings).fit(texts.train, texts.train_labels)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    predicted = clf.predict(texts.test)
    return Ran(right(predicted, texts), seconds, len(predicted) / (time.perf_counter() - start))


def run_svm(texts: Texts) -> Ran:
    """The best of what scikit-learn's guide suggests: logarithmic counts, single words."""
    start = time.perf_counter()
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    svm = LinearSVC().fit(vectorizer.fit_transform(texts.train), texts.train_labels)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    predicted = svm.predict(vectorizer.transform(texts.test))
    return Ran(right(predicted, texts), seconds, len(predicted) / (time.perf_counter() - start))


def right(predicted: object, texts: Texts) -> float:
    return 100 * float(np.mean(np.array(predicted) == np.array(texts.test_labels)))


def rows_of(name: str, folder: Path, *, pairs: int, epochs: int) -> list[tuple[str, ...]]:
    equal = f"wordkin, {epochs} epochs"
    runs: dict[str, list[Ran]] = {}
    for seed in range(pairs):
        texts = cut(of_set(name, folder, seed))
        ran = {
            f"fastText, {epochs} epochs": run_fasttext(texts, epochs, seed),
            equal: run_ours(texts, epochs=epochs, seed=seed, workers=THREADS),
            "wordkin, defaults": run_ours(texts, seed=seed),
            "wordkin, letters": run_ours(texts, letters=(4, 6), seed=seed),
            "TF-IDF, linear SVM": run_svm(texts),
        }
        for what, one in ran.items():
            runs.setdefault(what, []).append(one)
    base = next(iter(runs.values()))
    out = []
    for what, ran in runs.items():
        ratios = [b.seconds / a.seconds for a, b in zip(ran, base, strict=True)]
        out.append(
            (
                name,
                what,
                spread([one.accuracy for one in ran], 2),
                spread([one.seconds for one in ran]),
                spread(ratios),
                f"{np.median([one.texts_per_second for one in ran]):,.0f}",
            )
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default="r8,trec,sst2,news")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=25)
    given = parser.parse_args()
    print(describe())
    few = ["a b c d", "e f g h"] * 2000  # machine code is there before anything is timed
    wk.TextClassifier(tokenizer="whitespace", letters=(2, 3)).fit(few, ["x", "y"] * 2000).predict(
        few
    )
    rows: list[tuple[str, ...]] = [HEAD]
    for name in given.sets.split(","):
        rows += rows_of(name, given.data, pairs=given.pairs, epochs=given.epochs)
    print(table(rows))


if __name__ == "__main__":
    main()
