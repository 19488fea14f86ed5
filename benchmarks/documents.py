"""Vectors of documents: DocumentEncoder beside NumPy and gensim, Doc2Vec beside gensim's.

    python benchmarks/documents.py [--only speed|quality|doc2vec] [--documents 4000] [--runs 3]

Speed of encoding: sentences of ten words of wiki8, GloVe vectors; beside it the loop that everybody
writes with NumPy, and gensim's `get_mean_vector`. Quality of encoding and of Doc2Vec: 20
Newsgroups by date (headers, quotes and footers taken off), accuracy of logistic regression on the
vectors, and how often the nearest training document is of the same group. Doc2Vec and gensim's
have equal settings and learn from the training part alone; test documents get inferred vectors.
Each pair is one run after the other, several times; the ratio is told with its range.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from pathlib import Path

import numpy as np
from machine import describe, spread, table

import wordkin as wk

EPOCHS, SIZE = 20, 100
KINDS = {
    "PV-DBOW": {"dm": False, "dbow_words": False},
    "PV-DBOW, words too": {"dm": False, "dbow_words": True},
    "PV-DM": {"dm": True},
}


def main() -> None:
    options = parse()
    print(describe(), flush=True)
    vectors = wk.load(options.vectors, limit=100_000)
    for name, work in (("speed", speed), ("quality", quality), ("doc2vec", doc2vec)):
        if options.only in (None, name):
            print(f"\n{work(options, vectors)}", flush=True)


def parse() -> argparse.Namespace:
    shared = Path(os.environ.get("WORDKIN_TEST_DATA", "../shared/data"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", default=shared / "wiki8.xz")
    parser.add_argument("--vectors", default=shared / "glove.6B.50d.txt.xz")
    parser.add_argument("--news", default=shared / "20_newsgroup.tar.gz")
    parser.add_argument("--split", type=Path, default=shared / "20news-bydate-split.tsv")
    parser.add_argument("--documents", type=int, default=4_000, help="of the training part")
    parser.add_argument("--only", choices=["speed", "quality", "doc2vec"])
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sample", type=float, default=1e-4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


# ------------------------------------------------------------------------------------- encoding


def speed(options, vectors) -> str:
    """Documents a second."""
    corpus = wk.Corpus.from_path(options.text, tokenizer="whitespace", min_count=1)
    words = corpus.vocabulary.decode(corpus.ids[:4_000_000] + corpus.vocabulary.first_row)
    texts = [" ".join(words[i : i + 10]) for i in range(0, len(words), 10)]
    rows = [("documents/s", "ours", "the other", "times")]
    encoder = wk.DocumentEncoder(vectors, workers=options.workers)
    encoder.encode(texts)
    few = texts[:20_000]
    import gensim

    theirs = gensim.models.KeyedVectors(vectors.vector_size)
    theirs.add_vectors(list(vectors.index_to_key), vectors.vectors)
    for name, work in (
        ("a loop over NumPy", lambda: numpy_means(vectors, few)),
        ("gensim get_mean_vector", lambda: gensim_means(theirs, few)),
    ):
        pairs = [
            (rate(lambda: encoder.encode(texts), texts), rate(work, few))
            for _ in range(options.runs)
        ]
        ours, others = np.median(pairs, axis=0)
        ratios = [a / b for a, b in pairs]
        rows.append((name, f"{ours:,.0f}", f"{others:,.0f}", spread(ratios, 1)))
    assert np.allclose(encoder.encode(few), numpy_means(vectors, few), atol=1e-5)
    return f"{len(texts):,} documents of ten words, {options.workers} threads\n\n{table(rows)}"


def rate(work, texts) -> float:
    start = time.perf_counter()
    work()
    return len(texts) / (time.perf_counter() - start)


def numpy_means(vectors, texts):
    """What everybody writes."""
    index, matrix = dict(vectors.key_to_index), vectors.vectors
    out = np.zeros((len(texts), matrix.shape[1]), np.float32)
    for i, text in enumerate(texts):
        ids = [index[word] for word in re.findall(r"\w+", text.lower()) if word in index]
        if ids:
            out[i] = matrix[ids].mean(axis=0)
    return out


def gensim_means(vectors, texts):
    return [vectors.get_mean_vector(text.lower().split(), pre_normalize=False) for text in texts]


# -------------------------------------------------------------------------------------- quality


def newsgroups(options):
    """Texts and groups of the two parts: the first so many of one mixed, all of the other."""
    news = wk.read_labelled(
        options.news, strip=["headers", "quotes", "footers"], encoding="latin-1", digits_only=True
    )
    part_of = {}
    for line in options.split.read_text().splitlines():
        part, name = line.split("\t")
        part_of[name] = part
    parts = {"train": ([], []), "test": ([], [])}
    for text, label, name in zip(news.texts, news.labels, news.names, strict=True):
        part = part_of.get("/".join(Path(name).parts[-2:]))
        if part and text.strip():
            parts[part][0].append(text)
            parts[part][1].append(label)
    rng = np.random.default_rng(0)
    out = []
    for part, most in (("train", options.documents), ("test", options.documents // 2)):
        texts, labels = parts[part]
        chosen = rng.permutation(len(texts))[:most]
        out.append(([texts[i] for i in chosen], np.array([labels[i] for i in chosen])))
    return out


def judged(train, test) -> tuple[float, float]:
    """Accuracy of logistic regression, and of the nearest neighbour, in percent."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=300))
    model.fit(*train)
    units = [x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
             for x in (train[0], test[0])]  # fmt: skip
    nearest = (units[1] @ units[0].T).argmax(axis=1)
    return 100 * model.score(*test), 100 * float((train[1][nearest] == test[1]).mean())


def quality(options, vectors) -> str:
    """What the weightings are worth."""
    (texts, labels), (others, answers) = newsgroups(options)
    rows = [("GloVe 50d, 20 Newsgroups", "logistic regression %", "nearest neighbour %")]
    for name, settings in (
        ("mean", {}),
        ("mean, 1 direction off", {"remove": 1}),
        ("idf", {"weighting": "idf"}),
        ("sif", {"weighting": "sif"}),
        ("sif, a=1e-4", {"weighting": "sif", "a": 1e-4}),
    ):
        encoder = wk.DocumentEncoder(vectors, **settings)
        train = encoder.fit_transform(texts)
        scores = judged((train, labels), (encoder.encode(others), answers))
        rows.append((name, *(f"{score:.1f}" for score in scores)))
    return f"{len(texts):,} training texts, {len(others):,} of the test\n\n{table(rows)}"


# -------------------------------------------------------------------------------------- doc2vec


def doc2vec(options, _) -> str:
    """Ours and gensim's at equal settings, one after the other."""
    train, test = newsgroups(options)
    tokens = [wk.get_tokenizer("words")(text) for text in train[0]]
    rows = [("Doc2Vec", "words/s", "inferred/s", "logistic regression %", "nearest neighbour %")]
    for kind in options.kinds:
        both = {"wordkin": [], "gensim": []}
        for seed in range(1, options.runs + 1):
            both["wordkin"].append(ours(train, test, kind, options, seed))
            both["gensim"].append(theirs(train, test, kind, options, seed, tokens))
        for name, results in both.items():
            median = np.median(results, axis=0)
            rows.append((f"{kind}, {name}", f"{median[0] / 1e6:.2f} M", f"{median[1]:,.0f}",
                         *(f"{score:.1f}" for score in median[2:])))  # fmt: skip
        ratios = np.array(both["wordkin"]) / np.array(both["gensim"])
        rows.append(("  times", spread(ratios[:, 0], 1), spread(ratios[:, 1], 1), "", ""))
    return (
        f"{len(tokens):,} documents, {sum(map(len, tokens)):,} words, {EPOCHS} epochs, "
        f"{SIZE} dimensions, {options.workers} threads, sample {options.sample}\n\n{table(rows)}"
    )


def ours(train, test, kind, options, seed):
    corpus = wk.Corpus.from_texts(train[0])
    config = wk.Doc2Vec(
        vector_size=SIZE, epochs=EPOCHS, sample=options.sample, alpha=0.025, **KINDS[kind]
    )
    start = time.perf_counter()
    model = wk.train(corpus, config, seed=seed, workers=options.workers).documents
    trained = time.perf_counter() - start
    model.infer(test[0][:1])  # compiled
    start = time.perf_counter()
    made = model.infer(test[0], workers=1)
    inferred = time.perf_counter() - start
    return (
        corpus.n_tokens * EPOCHS / trained,
        len(made) / inferred,
        *judged((model.vectors, train[1]), (made, test[1])),
    )


def theirs(train, test, kind, options, seed, tokens):
    from gensim.models.doc2vec import Doc2Vec, TaggedDocument

    settings = {"dm": int(KINDS[kind]["dm"]), "dbow_words": int(KINDS[kind].get("dbow_words", 0))}
    documents = [TaggedDocument(words, [i]) for i, words in enumerate(tokens)]
    model = Doc2Vec(
        vector_size=SIZE, window=5, min_count=5, sample=options.sample, negative=5, hs=0,
        epochs=EPOCHS, alpha=0.025, min_alpha=1e-4, workers=options.workers, seed=seed, **settings,
    )  # fmt: skip
    model.build_vocab(documents)
    start = time.perf_counter()
    model.train(documents, total_examples=len(documents), epochs=EPOCHS)
    trained = time.perf_counter() - start
    cut = [wk.get_tokenizer("words")(text) for text in test[0]]
    start = time.perf_counter()
    made = np.array([model.infer_vector(words) for words in cut])
    inferred = time.perf_counter() - start
    n = sum(word in model.wv for words in tokens for word in words)
    return (
        n * EPOCHS / trained,
        len(made) / inferred,
        *judged((model.dv.vectors, train[1]), (made, test[1])),
    )


if __name__ == "__main__":
    main()
