"""A disk that is full at any byte: an error of ours, and what was there is still there."""

from __future__ import annotations

import resource
import sys

import numpy as np
import pytest
from fuzz import readers

import wordkin as wk
from wordkin import formats
from wordkin.corpus.draft import Spool
from wordkin.errors import FileError, WordkinError
from wordkin.subwords import Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.floret import FloretIndex
from wordkin.table import VectorTable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")


@pytest.fixture(scope="module")
def table():
    """Vectors that are larger than what is written at once."""
    words = [f"word{i}" for i in range(20_000)]
    matrix = np.random.default_rng(0).normal(size=(20_000, 4)).astype(np.float32)
    return VectorTable(wk.Vocabulary(words, range(20_000, 0, -1)), matrix)


def with_rows(table, index):
    rows = np.ones((index.largest() + 1, 4), np.float32)
    return VectorTable(table.vocabulary, table.matrix, {}, Subwords(rows, index))


def recorded():
    curve, record = wk.LossCurve(), wk.RunRecord(topn=2)
    corpus = wk.Corpus.from_texts(readers.TEXTS, min_count=1)
    wk.train(corpus, wk.SkipGram(vector_size=4, epochs=2), workers=1, callbacks=[curve, record])
    return curve, record


def savers(table):
    """All calls that save something: a name, and what writes it."""
    vectors = wk.WordVectors.from_table(table)
    curve, record = recorded()
    names = (".safetensors", ".txt", ".vec", ".bin", ".npy", ".parquet", ".arrow", ".tsv")
    yield from ((f"v{name}", lambda p: formats.write(table, p)) for name in names)
    yield "g.txt", lambda p: formats.write(table, p, format="glove")
    for name in ("spacy", "model2vec"):
        yield f"folder-{name}", lambda p, name=name: formats.write(table, p, format=name)
    yield "f.bin", lambda p: formats.write(with_rows(table, FastTextIndex(500, 3, 4)), p)
    yield "f.floret", lambda p: formats.write(with_rows(table, FloretIndex(500, 3, 4)), p)
    yield "words.json", table.vocabulary.to_json
    yield "corpus", wk.Corpus.from_texts([" ".join(table.vocabulary.words)], min_count=1).save
    yield "clf.safetensors", readers._classifier().save
    yield "encoder.safetensors", readers._encoder().save
    yield "documents.safetensors", readers._documents().save
    yield "model.safetensors", readers._trained().save
    yield "curve.csv", curve.to_csv
    yield "record.html", record.to_html
    yield "page.html", lambda p: wk.explore(vectors, output=p, words=200)
    yield "near.index", vectors.index("usearch").save


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def disk():
    """Let no file become larger than so many bytes; None lets all."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limited(n_bytes):
        soft = resource.RLIM_INFINITY if n_bytes is None else n_bytes
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield limited
    limited(None)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_disk_that_is_full_at_any_byte_keeps_what_was_there(table, tmp_path, disk):
    for name, save in savers(table):
        folder = tmp_path / name
        folder.mkdir()
        save(folder / name)
        before = content(folder)
        size = max(len(data or b"") for data in before.values())
        errors = []
        for limit in sorted({0, 1, 8, 100, size // 3, size // 2, size - 1}):
            disk(limit)
            try:
                save(folder / name)
            except WordkinError as error:
                errors.append(error)
            finally:
                disk(None)
            assert content(folder) == before, (name, limit)
        assert len(errors) >= 6, name
        for error in errors:
            assert isinstance(error, FileError), (name, error)
            assert "too large" in str(error), (name, error)
        if "." in name and not name.endswith((".npy", ".tsv")):
            new = folder / "new"
            new.mkdir()
            disk(min(100, size - 1))
            with pytest.raises(FileError):
                save(new / name)
            disk(None)
            assert content(new) == {}, name


def test_a_checkpoint_on_a_full_disk_ends_the_run_with_an_error(tmp_path, disk):
    corpus = wk.Corpus.from_texts(readers.TEXTS, min_count=1)
    saved = wk.Checkpoint(tmp_path, every=1)
    config = wk.SkipGram(vector_size=4, epochs=1, sample=0)
    wk.train(corpus, config, workers=1, callbacks=[saved])
    before = content(tmp_path)
    disk(500)
    with pytest.raises(FileError, match="too large"):
        wk.train(corpus, wk.SkipGram(vector_size=4, epochs=2), workers=1, callbacks=[saved])
    disk(None)
    assert content(tmp_path) == before


@pytest.mark.parametrize("limit", [0, 100, 9_999])
def test_numbers_on_a_full_disk_are_told_of_wherever_they_wait(tmp_path, disk, limit):
    """By the first write, or by the last, when a buffer has held them back till then."""

    def fill(spool, size):
        for _ in range(10_000 // size):
            spool.append(np.zeros(size, np.uint8))
        return spool.array()

    for size in (1, 100, 10_000):
        spool = Spool(np.uint8, directory=tmp_path, bound=0)
        disk(limit)
        with pytest.raises(FileError, match="Can't write a temporary file"):
            fill(spool, size)
        spool.close()  # silently: what still waits nobody needs
        disk(None)
    assert list(tmp_path.iterdir()) == []
