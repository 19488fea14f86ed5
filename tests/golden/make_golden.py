"""Make the small golden files with the original tools, and what these say about them.

Run it in an environment of its own, with what is installed there of: fasttext-wheel, floret,
finalfusion, gensim, spacy, model2vec, tokenizers. Each tool that is missing is skipped:

    python tests/golden/make_golden.py [FOLDER]

``expected.json`` tells for each file the vectors of known and unknown words as the tool computes
them. Magnitude's package no longer installs; its file is made with its documented tables.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "files"
WORDS = [
    "the", "cat", "sat", "on", "a", "mat", "and", "dog", "log", "naïve", "日本", "straße", "don't",
    "x1", "königin",
]  # fmt: skip
LINES = [
    "the quick brown fox jumps over the lazy dog", "größere Hunde jumps", "the foxes and the dogs",
]  # fmt: skip
UNKNOWN = ["cats", "日本語", "naïveté", "zzz", "hound", "ü"]
expected: dict[str, dict[str, object]] = {}


def note(name, known, unknown=None):
    expected[name] = {
        "known": {word: [float(x) for x in vector] for word, vector in known.items()},
        "unknown": {word: [float(x) for x in vector] for word, vector in (unknown or {}).items()},
    }


def text(folder, labels=False):
    chance = random.Random(1)
    lines = []
    for _ in range(200):
        words = chance.choices(WORDS, weights=range(len(WORDS) + 3, 3, -1), k=8)
        label = f"__label__{chance.choice('ab')} " if labels else ""
        lines.append(label + " ".join(words))
    path = folder / ".text.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def fasttext_files(folder):
    import fasttext

    common = {"dim": 6, "bucket": 60, "minCount": 1, "epoch": 3, "thread": 1, "verbose": 0}
    models = {
        "skipgram.bin": fasttext.train_unsupervised(str(text(folder)), minn=2, maxn=4, **common),
        "supervised.bin": fasttext.train_supervised(
            str(text(folder, True)), wordNgrams=2, minn=2, maxn=3, **common
        ),
    }
    for name, options in (("quantized.ftz", {}), ("pruned.ftz", {"cutoff": 300, "qnorm": True})):
        model = fasttext.train_supervised(
            str(text(folder, True)), minn=2, maxn=3, **common | {"bucket": 2000}
        )
        model.quantize(str(folder / ".text.txt"), thread=1, verbose=0, dsub=2, **options)
        models[name] = model
    for name, model in models.items():
        model.save_model(str(folder / name))
        note(
            name,
            {word: model.get_word_vector(word) for word in model.words},
            {word: model.get_word_vector(word) for word in UNKNOWN},
        )


def fasttext_training(folder):
    """What full softmax learns in windows of one word: no random number but for the first rows.

    With one thread fastText fills the first tenth of the rows at random, which holds all rows of
    words, and leaves the others as they come from the system: zeros, in a matrix of this size. The
    rate stays the same until 100 tokens are read: five times the text and the first line.
    """
    import fasttext

    path = folder / ".text.txt"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    arrays = {}
    for model in ("skipgram", "cbow"):
        for moment, rate in (("before", 0.0), ("after", 0.25)):
            trained = fasttext.train_unsupervised(
                str(path), model=model, loss="softmax", lr=rate, ws=1, dim=10, minCount=1, epoch=1,
                thread=1, bucket=4_000, minn=3, maxn=4, t=1e9, verbose=0,
            )  # fmt: skip
            rows = trained.get_input_matrix()
            used = np.flatnonzero(rows.any(axis=1))
            arrays |= {f"{model}_{moment}": rows[used], f"{model}_{moment}_rows": used}
        arrays[f"{model}_context"] = trained.get_output_matrix()
    arrays["words"] = np.array(trained.get_words())
    np.savez_compressed(folder / "training.fasttext.npz", **arrays)


def floret_files(folder):
    import floret

    model = floret.train_unsupervised(
        str(text(folder)), mode="floret", hashCount=2, bucket=60, minn=3, maxn=4, dim=5, minCount=1,
        epoch=2, thread=1, verbose=0,
    )  # fmt: skip
    model.save_floret_vectors(str(folder / "toy.floret"))
    note("toy.floret", {}, {word: model.get_word_vector(word) for word in UNKNOWN})


def gensim_files(folder):
    from gensim.models import FastText, Word2Vec

    sentences = [line.split() for line in text(folder).read_text(encoding="utf-8").split("\n")]
    common = {"vector_size": 5, "min_count": 1, "workers": 1, "epochs": 1}
    model = Word2Vec(sentences, **common)
    known = {word: model.wv[word] for word in model.wv.index_to_key}
    model.save(str(folder / "gensim-word2vec.model"))
    model.wv.save(str(folder / "gensim.kv"))
    model.wv.save(str(folder / "gensim-beside.kv"), sep_limit=0)
    for name in ("gensim-word2vec.model", "gensim.kv", "gensim-beside.kv"):
        note(name, known)
    grams = FastText(sentences, bucket=50, min_n=2, max_n=3, **common)
    grams.save(str(folder / "gensim-fasttext.model"))
    known = {word: grams.wv[word] for word in grams.wv.index_to_key}
    note("gensim-fasttext.model", known, {word: grams.wv[word] for word in UNKNOWN})


def finalfusion_files(folder):
    import finalfusion as ff
    from finalfusion.storage import NdArray, QuantizedArray
    from finalfusion.storage.quantized import PQ
    from finalfusion.subword import ExplicitIndexer, FastTextIndexer, FinalfusionHashIndexer
    from finalfusion.vocab import ExplicitVocab, FastTextVocab, FinalfusionBucketVocab, SimpleVocab

    rng = np.random.default_rng(3)
    listed = ["<ca", "cat", "at>", "日本", "zzz"]
    vocabs = {
        "plain.fifu": (SimpleVocab(WORDS), 0),
        "buckets.fifu": (FinalfusionBucketVocab(WORDS, FinalfusionHashIndexer(4, 3, 5)), 16),
        "fasttext.fifu": (FastTextVocab(WORDS, FastTextIndexer(20, 3, 5)), 20),
        "listed.fifu": (ExplicitVocab(WORDS, ExplicitIndexer(listed, 2, 4)), len(listed)),
    }
    for name, (vocab, more) in vocabs.items():
        rows = rng.standard_normal((len(WORDS) + more, 6)).astype(np.float32)
        embeddings = ff.Embeddings(NdArray(rows), vocab)
        embeddings.write(str(folder / name))
        unknown = {w: embeddings[w] for w in UNKNOWN if more and vocab.idx(w) is not None}
        note(name, {word: embeddings[word] for word in WORDS}, unknown)
    book = PQ(rng.standard_normal((3, 8, 2)).astype(np.float32), np.eye(6, dtype=np.float32)[::-1])
    codes = rng.integers(0, 8, (len(WORDS), 3)).astype(np.uint8)
    norms = rng.uniform(1, 2, len(WORDS)).astype(np.float32)
    quantized = QuantizedArray(book, codes, norms)
    embeddings = ff.Embeddings(quantized, SimpleVocab(WORDS))
    embeddings.write(str(folder / "quantized.fifu"))
    known = dict(zip(WORDS, quantized.embedding(np.arange(len(WORDS))), strict=True))
    note("quantized.fifu", known)


def spacy_files(folder):
    from spacy.strings import StringStore
    from spacy.vectors import Vectors

    rows = np.random.default_rng(4).standard_normal((len(WORDS), 4)).astype(np.float32)
    strings = StringStore([*WORDS, "without a vector"])
    vectors = Vectors(shape=rows.shape, strings=strings)
    for word, row in zip(WORDS, rows, strict=True):
        vectors.add(word, vector=row)
    vectors.to_disk(folder / "spacy")
    note("spacy", {word: vectors[word] for word in WORDS})
    table = Vectors(
        data=rows, strings=StringStore(UNKNOWN), mode="floret", minn=3, maxn=4, hash_count=2,
        hash_seed=7, bow="<", eow=">",
    )  # fmt: skip
    table.to_disk(folder / "spacy-floret")
    note("spacy-floret", {}, {word: table[word] for word in UNKNOWN})


def model2vec_files(folder):
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, pre_tokenizers

    rows = np.random.default_rng(5).standard_normal((len(WORDS) + 1, 4)).astype(np.float32)
    ids = {word: number for number, word in enumerate(["[UNK]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    StaticModel(rows, tokenizer).save_pretrained(folder / "model2vec")
    note("model2vec", {word: rows[number] for word, number in ids.items()})


def magnitude_files(folder):
    rows = np.random.default_rng(6).standard_normal((len(WORDS), 4))
    path = folder / "toy.magnitude"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as db:
        dims = ", ".join(f"dim_{i} INTEGER" for i in range(4))
        db.execute(f"CREATE TABLE `magnitude` (key TEXT COLLATE NOCASE, {dims})")
        db.execute("CREATE TABLE `magnitude_format` (key TEXT COLLATE NOCASE, value INTEGER)")
        scaled = np.round(rows * 10**7).astype(int).tolist()
        for word, row in zip(WORDS, scaled, strict=True):
            db.execute("INSERT INTO magnitude VALUES (?, ?, ?, ?, ?)", (word, *row))
        about = [("size", len(WORDS)), ("dim", 4), ("precision", 7), ("entropy", 2), ("entropy", 0)]
        db.executemany("INSERT INTO magnitude_format VALUES (?, ?)", about)
    db.close()
    note(path.name, dict(zip(WORDS, np.array(scaled) / 10**7, strict=True)))


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    folder.mkdir(exist_ok=True, parents=True)
    about = folder / "expected.json"
    if about.exists():
        expected.update(json.loads(about.read_text(encoding="utf-8")))
    for make in (
        fasttext_files, fasttext_training, floret_files, gensim_files, finalfusion_files,
        spacy_files, model2vec_files, magnitude_files,
    ):  # fmt: skip
        try:
            make(folder)
        except ImportError as error:
            sys.stderr.write(f"{make.__name__} skipped: {error}\n")
    (folder / ".text.txt").unlink(missing_ok=True)
    with about.open("w", encoding="utf-8") as file:
        json.dump(expected, file, ensure_ascii=False)


if __name__ == "__main__":
    main()
