"""Every reader there is: how to make a good file for it, and what a user does with what it read."""

from __future__ import annotations

import functools
import gzip
import io
import json
import shutil
import tarfile
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import wordkin as wk
from wordkin import formats
from wordkin.classification import saving as classifier_saving
from wordkin.downloads.transfer import Part
from wordkin.errors import EmptyCorpusError
from wordkin.evaluation import evaluate
from wordkin.formats import native
from wordkin.layers import saving as layer_saving
from wordkin.subwords import Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.finalfusion import ListedIndex
from wordkin.subwords.floret import FloretIndex
from wordkin.table import VectorTable
from wordkin.text.phrases import Phrase, Phrases
from wordkin.text.tokenizers import Phrased, Words
from wordkin.vectors import WordVectors

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parents[1] / "golden" / "files"
TEXTS = ["the good film was good", "a bad film", "fine naïve song", "awful 日本 song"] * 6


class Reader(NamedTuple):
    """A reader that is attacked."""

    name: str
    make: Callable[[Path], None]
    """Fills an empty folder with good files."""
    damage: str
    """The name of the file in it that is damaged."""
    use: Callable[[Path], object]
    """Is called with the folder: reads, and does something with what was read."""


class _EqualToAll(str):
    """A checksum that an attacker has set right."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def without_checksums() -> None:
    """Let every checksum of ours fit, as in a file that was made to do harm (not reversible)."""
    fits = _EqualToAll("crc32:00000000")
    classifier_saving._checksum = lambda _arrays: fits
    wk.Vocabulary.fingerprint = lambda _self: fits  # type: ignore[method-assign]


# --- good files


@functools.cache
def table(*, phrases: bool = False) -> VectorTable:
    words = ["the", "naïve", "日本", "new_york", "a"]
    tokenizer: Any = Words()
    if phrases:
        tokenizer = Phrased(Words(), Phrases(((Phrase(("new", "york"), 12.5),),), frozenset("a")))
    vocabulary = wk.Vocabulary(words, [9, 5, 4, 2, 1], tokenizer=tokenizer)
    matrix = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    return VectorTable(vocabulary, matrix, {"epochs": 5})


def _with_ngrams(kind: str) -> VectorTable:
    rows = np.random.default_rng(1).normal(size=(8, 4)).astype(np.float32)
    index: Any = {
        "hashed": lambda: FastTextIndex(100, 3, 4, kept=np.array([[3, 0], [7, 1], [50, 7]])),
        "listed": lambda: ListedIndex({"<th": 0, "he>": 3, "naï": 7}, 3, 4),
        "floret": lambda: FloretIndex(8, 2, 3, 2, 123, "<", ">"),
    }[kind]()
    plain = table()
    return VectorTable(plain.vocabulary, plain.matrix, {}, Subwords(rows, index))


def _native(folder: Path) -> None:
    formats.write(table(phrases=True), folder / "v.safetensors")


def _native_ngrams(kind: str) -> Callable[[Path], None]:
    return lambda folder: formats.write(_with_ngrams(kind), folder / "v.safetensors")


def _native_indexed(folder: Path) -> None:
    few, native._FEW_WORDS = native._FEW_WORDS, 2
    try:
        _native(folder)
    finally:
        native._FEW_WORDS = few


def _written(name: str) -> Callable[[Path], None]:
    return lambda folder: formats.write(table(), folder / name)


def _golden(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        if (GOLDEN / name).is_dir():
            shutil.copytree(GOLDEN / name, folder / name)
        else:
            for path in GOLDEN.glob(f"{name}*"):
                shutil.copy(path, folder)

    return make


def _corpus() -> wk.Corpus:
    return wk.Corpus.from_texts([*TEXTS, ""], min_count=1)


def _labelled_rows() -> list[tuple[str, str]]:
    return [(text, "good" if i % 2 else "bad") for i, text in enumerate(TEXTS[:8])]


def _tar(folder: Path, name: str, mode: str) -> None:
    with tarfile.open(folder / name, mode) as archive:  # type: ignore[call-overload]
        for number, (text, label) in enumerate(_labelled_rows()):
            info = tarfile.TarInfo(f"data/{label}/{number}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))


def _zip(folder: Path, name: str) -> None:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (text, label) in enumerate(_labelled_rows()):
            archive.writestr(f"data/{label}/{number}", text)


def _text_of(kind: str) -> bytes:
    rows = _labelled_rows()
    if kind in ("csv", "tsv"):
        mark = "," if kind == "csv" else "\t"
        lines = [f"text{mark}label", *(f'"{text}"{mark}{label}' for text, label in rows)]
    elif kind == "jsonl":
        lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    elif kind == "json":
        lines = [json.dumps([{"text": text, "label": label} for text, label in rows])]
    else:
        mark = "__label__" if kind == "fasttext" else ""
        lines = [f"{mark}{label} {text}" for text, label in rows]
    return "\n".join(lines).encode()


def _labelled_parquet(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts, labels = zip(*_labelled_rows(), strict=True)
    pq.write_table(pa.table({"text": list(texts), "label": list(labels)}), folder / "d.parquet")


def _file(name: str, content: bytes) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return make


def _zipped_text(folder: Path) -> None:
    with zipfile.ZipFile(folder / "t.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.txt", "\n".join(TEXTS))


def _compressed(kind: str) -> Callable[[Path], None]:
    import bz2
    import lzma

    from packing import zstd

    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd}[kind]
    return _file(f"t.txt.{kind}", pack("\n".join(TEXTS).encode()))


@functools.cache
def _classifier() -> wk.TextClassifier:
    labels = ["süß", "sour"] * 12
    return wk.TextClassifier(letters=(2, 3), epochs=2).fit(TEXTS, labels)


@functools.cache
def _encoder() -> wk.DocumentEncoder:
    return wk.DocumentEncoder(WordVectors.from_table(table())).fit(TEXTS)


@functools.cache
def _trained() -> wk.TrainedModel:
    return wk.train(_corpus(), wk.SkipGram(vector_size=4, epochs=1, sample=0), workers=1)


@functools.cache
def _documents() -> wk.TrainedModel:
    return wk.train(_corpus(), wk.Doc2Vec(vector_size=4, epochs=1, sample=0), workers=1)


_CONFIG = wk.SkipGram(vector_size=4, epochs=2, sample=0)


def _checkpoint(folder: Path) -> None:
    wk.train(
        _corpus(), _CONFIG, workers=1,
        callbacks=[wk.Checkpoint(folder, every=1), lambda p: p.step == 1],
    )  # fmt: skip


def _layer(folder: Path) -> None:
    from wordkin.layers.settings import LayerSettings

    plain = table()
    rows = np.concatenate([np.zeros((2, 4), np.float32), plain.matrix])
    saved = layer_saving.SavedRows(rows, None, plain.vocabulary, LayerSettings())
    layer_saving.save_rows(folder / "l.safetensors", saved)


def _index(folder: Path) -> None:
    _native(folder)
    wk.load(folder / "v.safetensors").index("usearch").save(folder / "v.index")


def _part(folder: Path) -> None:
    Part(folder / "file").begin("http://a.org/file", '"tag"')


# --- what is done with them


def _use_vectors(name: str) -> Callable[[Path], object]:
    def use(folder: Path) -> None:
        # the matrices of the native format are mapped, and not looked at when a file is opened
        with np.errstate(all="ignore"):
            look(folder)

    def look(folder: Path) -> None:
        vectors = wk.load(folder / name)
        words = list(vectors.vocabulary.words)
        assert vectors.vectors.shape == (len(words), vectors.vector_size)
        assert all(isinstance(word, str) for word in words)
        vectors.vocabulary.encode("the new york naïve unknown")
        if words:
            # the index of many words is not checked when a file is opened: it may miss some
            known = words[0] in vectors
            vectors.most_similar(words[0] if known else vectors.vectors[0], topn=2)
        if vectors.table.subwords is not None:
            vectors.table.subwords.vectors(["unknown", "naïve日本", ""])

    return use


def _use_table(name: str, format: str) -> Callable[[Path], object]:
    def use(folder: Path) -> None:
        read = formats.read(folder / name, format=format)
        assert read.matrix.shape == (len(read.vocabulary), read.dimensions)
        assert np.isfinite(read.matrix).all()
        if read.subwords is not None:
            rows, _ = read.subwords.vectors(["unknown", "naïve日本", ""])
            assert np.isfinite(rows).all()

    return use


def _use_corpus(folder: Path) -> None:
    corpus = wk.Corpus.open(folder / "c")
    assert corpus.starts[-1] == len(corpus.ids)
    corpus.vocabulary.decode(corpus.ids[:5] + corpus.vocabulary.first_row)
    str(corpus.account)
    corpus.vocabulary.encode("the good film")
    if len(corpus.vocabulary) < 100:
        with warnings.catch_warnings():
            # a damaged corpus may have sentences of one word alone
            warnings.filterwarnings("ignore", "Nothing was learned", UserWarning)
            wk.train(corpus, wk.SkipGram(vector_size=4, epochs=1, sample=0), workers=1)


def _use_classifier(folder: Path) -> None:
    clf = wk.load_classifier(folder / "m.safetensors")
    clf.predict(["good film", "", "unheard of 日本"])
    probabilities = clf.predict_proba(["good film"])
    assert np.isfinite(probabilities).all()
    clf.explain("good film")


def _use_encoder(folder: Path) -> None:
    encoder = wk.DocumentEncoder.load(folder / "e.safetensors")
    documents = encoder.encode(["the good film", "", "unheard"])
    # its vectors are mapped like those of `_use_vectors`: NaN in, NaN out
    assert np.isfinite(documents).all() or not np.isfinite(encoder.vectors.matrix).all()


def _use_documents(folder: Path) -> None:
    model = wk.DocumentModel.load(folder / "d.safetensors")
    if model.config.epochs < 100:  # a file may ask for more, and then it takes its time
        assert np.isfinite(model.infer(["the good film"])).all()
    model.most_similar(model.tags[0] if model.tags else 0)


def _use_trained(folder: Path) -> None:
    model = wk.TrainedModel.load(folder / "m.safetensors")
    repr(model)
    str(model.account)
    model.vectors.most_similar(model.vectors.index_to_key[0])


def _use_checkpoint(folder: Path) -> None:
    wk.train(_corpus(), _CONFIG, workers=1, resume=folder)


def _use_layer(folder: Path) -> None:
    rows = layer_saving.load_rows(folder / "l.safetensors")
    np.asarray(rows.weight).sum()
    rows.vocabulary.encode("the naïve")


def _use_vocabulary(folder: Path) -> None:
    vocabulary = wk.Vocabulary.from_json(folder / "v.json")
    vocabulary.encode("the naïve unknown")
    list(vocabulary.words)


def _use_labelled(name: str, kind: Any = None) -> Callable[[Path], object]:
    def use(folder: Path) -> None:
        data = wk.read_labelled(folder / name, kind=kind)
        data.counts()
        data.stripped(["headers", "quotes", "footers"])

    return use


def _use_split(folder: Path) -> None:
    rows = _labelled_rows()
    names = [f"line {i}" for i in range(len(rows))]
    from wordkin.classification.labelled import Labelled

    data = Labelled([text for text, _ in rows], [label for _, label in rows], names)
    data.split_by_file(folder / "split.tsv")


def _use_text(name: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    def use(folder: Path) -> None:
        with warnings.catch_warnings():
            # half a character less, and UTF-16 is Chinese without spaces, of which it warns, or
            # has accents of their own
            warnings.filterwarnings(
                "ignore", "This text (has no spaces|writes letters)", UserWarning
            )
            try:
                corpus = wk.Corpus.from_path(folder / name, min_count=1, encoding=encoding)
            except EmptyCorpusError:
                return
        assert corpus.account.read == corpus.account.kept + sum(corpus.account.dropped.values())

    return use


def _use_set(name: str) -> Callable[[Path], object]:
    # the thousand resamples of a plain call take most of the time, and no notice of the file
    return lambda folder: evaluate(WordVectors.from_table(table()), folder / name, resamples=10)


def _use_index(folder: Path) -> None:
    from wordkin.neighbors.approximate import ApproximateIndex

    vectors = wk.load(folder / "v.safetensors")
    repr(ApproximateIndex.open(vectors.table, folder / "v.index"))


def _use_part(folder: Path) -> None:
    part = Part(folder / "file")
    assert isinstance(part.version("http://a.org/file"), str)


def _saved(make: Callable[[], Any], name: str) -> Callable[[Path], None]:
    return lambda folder: make().save(folder / name)


_PAIRS = "the\tnaïve\t3.5\n日本\ta\t1\nnew_york\tthe\t7.25\na\tthe\t2\n".encode()
_ANALOGIES = (
    ": first\nthe naïve 日本 a\na the new_york naïve\n: second\nthe a 日本 naïve\n".encode()
)
_SPLIT = b"train\tline 0\ntest\tline 1\ntrain\tline 3\n"
_UTF16 = "\n".join(TEXTS).encode("utf-16")
_WORDS_JSON = json.dumps({word: i for i, word in enumerate(table().vocabulary.words)}).encode()

READERS = [
    Reader("vectors", _native, "v.safetensors", _use_vectors("v.safetensors")),
    Reader("vectors with an index", _native_indexed, "v.safetensors",
           _use_vectors("v.safetensors")),
    *(
        Reader(f"vectors with {kind} n-grams", _native_ngrams(kind), "v.safetensors",
               _use_vectors("v.safetensors"))
        for kind in ("hashed", "listed", "floret")
    ),
    Reader("NumPy matrix", _written("v.npy"), "v.npy", _use_table("v.npy", "npy")),
    Reader("words of a NumPy matrix", _written("v.npy"), "v.vocab.json",
           _use_table("v.npy", "npy")),
    Reader("word2vec text", _written("v.txt"), "v.txt", _use_table("v.txt", "word2vec")),
    Reader("word2vec binary", _written("v.bin"), "v.bin", _use_table("v.bin", "word2vec-binary")),
    Reader("GloVe text", _file("g.txt", b"the 0.5 1\na 1 -2e-3\nb 3 4\n"), "g.txt",
           _use_table("g.txt", "glove")),
    Reader("table in Parquet", _written("v.parquet"), "v.parquet",
           _use_table("v.parquet", "parquet")),
    Reader("table in Arrow", _written("v.arrow"), "v.arrow", _use_table("v.arrow", "parquet")),
    *(
        Reader(f"fastText {name}", _golden(name), name, _use_table(name, "fasttext"))
        for name in ("skipgram.bin", "supervised.bin", "quantized.ftz", "pruned.ftz")
    ),
    Reader("floret", _golden("toy.floret"), "toy.floret", _use_table("toy.floret", "floret")),
    *(
        Reader(f"finalfusion {name}", _golden(name), name, _use_table(name, "finalfusion"))
        for name in ("plain.fifu", "buckets.fifu", "listed.fifu", "quantized.fifu", "fasttext.fifu")
    ),
    *(
        Reader(f"gensim {name}", _golden(name), name, _use_table(name, "gensim"))
        for name in ("gensim.kv", "gensim-word2vec.model", "gensim-fasttext.model")
    ),
    Reader("gensim array beside", _golden("gensim-beside.kv"), "gensim-beside.kv.vectors.npy",
           _use_table("gensim-beside.kv", "gensim")),
    Reader("Magnitude", _golden("toy.magnitude"), "toy.magnitude",
           _use_table("toy.magnitude", "magnitude")),
    *(
        Reader(f"spaCy {name}", _golden(name.partition("/")[0]), name,
               _use_table(name.partition("/")[0], "spacy"))
        for name in (
            "spacy/key2row", "spacy/vectors", "spacy/strings.json", "spacy-floret/vectors.cfg"
        )
    ),
    *(
        Reader(f"Model2Vec {name}", _golden("model2vec"), f"model2vec/{name}",
               _use_table("model2vec", "model2vec"))
        for name in ("model.safetensors", "tokenizer.json", "config.json")
    ),
    Reader("vocabulary", _file("v.json", _WORDS_JSON), "v.json", _use_vocabulary),
    *(
        Reader(f"corpus {name}", _saved(_corpus, "c"), f"c/{name}", _use_corpus)
        for name in ("corpus.json", "ids.npy", "starts.npy", "empty.npy")
    ),
    Reader("classifier", _saved(_classifier, "m.safetensors"), "m.safetensors", _use_classifier),
    Reader("document encoder", _saved(_encoder, "e.safetensors"), "e.safetensors", _use_encoder),
    Reader("document vectors", _saved(_documents, "d.safetensors"), "d.safetensors",
           _use_documents),
    Reader("trained model", _saved(_trained, "m.safetensors"), "m.safetensors", _use_trained),
    Reader("checkpoint", _checkpoint, "checkpoint.safetensors", _use_checkpoint),
    Reader("layer", _layer, "l.safetensors", _use_layer),
    Reader("index of neighbours", _index, "v.index", _use_index),
    *(
        Reader(f"labelled {kind}", _file(f"d.{kind}", _text_of(kind)), f"d.{kind}",
               _use_labelled(f"d.{kind}", kind))
        for kind in ("csv", "tsv", "jsonl", "json", "fasttext", "lines")
    ),
    Reader("labelled, kind unknown", _file("d", _text_of("csv")), "d", _use_labelled("d")),
    Reader("labelled Parquet", _labelled_parquet, "d.parquet", _use_labelled("d.parquet")),
    Reader("labelled tar", lambda folder: _tar(folder, "d.tar", "w"), "d.tar",
           _use_labelled("d.tar", "folder")),
    Reader("labelled tar.gz", lambda folder: _tar(folder, "d.tar.gz", "w:gz"), "d.tar.gz",
           _use_labelled("d.tar.gz")),
    Reader("labelled zip", lambda folder: _zip(folder, "d.zip"), "d.zip", _use_labelled("d.zip")),
    Reader("split of labelled texts", _file("split.tsv", _SPLIT), "split.tsv", _use_split),
    Reader("text", _file("t.txt", "\n".join(TEXTS).encode()), "t.txt", _use_text("t.txt")),
    Reader("text in UTF-16", _file("t.txt", _UTF16), "t.txt", _use_text("t.txt", "utf-16")),
    Reader("text in a zip", _zipped_text, "t.zip", _use_text("t.zip")),
    *(
        Reader(f"text in {kind}", _compressed(kind), f"t.txt.{kind}", _use_text(f"t.txt.{kind}"))
        for kind in ("gz", "bz2", "xz", "zst")
    ),
    Reader("pairs with scores", _file("pairs.txt", _PAIRS), "pairs.txt", _use_set("pairs.txt")),
    Reader("analogies", _file("analogies.txt", _ANALOGIES), "analogies.txt",
           _use_set("analogies.txt")),
    Reader("half a download", _part, "file.part.json", _use_part),
]  # fmt: skip
