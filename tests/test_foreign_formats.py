"""Formats of other tools, written: the tools open them and see the same vectors."""

from __future__ import annotations

import gzip
import json
import pickle
import shutil
import sqlite3
import struct
import unicodedata
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from wordkin import formats, memory
from wordkin.embedding import embedding_matrix
from wordkin.errors import (
    FileError,
    FormatError,
    InputError,
    OutOfMemoryError,
    UnknownWordError,
)
from wordkin.formats import (
    batches,
    binary,
    fasttext,
    floret,
    gensim,
    magnitude,
    model2vec,
    quantized,
    spacy,
)
from wordkin.subwords import Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.floret import FloretIndex
from wordkin.table import VectorTable
from wordkin.text.tokenizers import Words
from wordkin.vectors import WordVectors, load
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.packed import PackedWords

GOLDEN = Path(__file__).parent / "golden" / "files"
FLORET = FloretIndex(40, 2, 4)
WORDS = ["the", "cat", "don't", "naïve", "日本", "42", "x1"]


def make_table(subwords=None, **vocabulary):
    matrix = np.random.default_rng(8).standard_normal((len(WORDS), 5)).astype(np.float32)
    return VectorTable(Vocabulary(WORDS, **vocabulary), matrix, {}, subwords)


def make_subwords(index):
    rows = np.random.default_rng(9).standard_normal((index.n_buckets, 5)).astype(np.float32)
    return Subwords(rows, index)


def assert_same(one, other):
    assert one.vocabulary.words == other.vocabulary.words
    np.testing.assert_array_equal(one.matrix, other.matrix)


# --- fastText ------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_grams", [False, True])
def test_fasttext_is_written_and_read(tmp_path, with_grams):
    subwords = make_subwords(FastTextIndex(40, 2, 4)) if with_grams else None
    table = make_table(subwords, counts=range(7, 0, -1))
    formats.write(table, tmp_path / "v.bin", format="fasttext")
    assert formats.recognise(tmp_path / "v.bin").name == "fasttext"
    back = formats.read(tmp_path / "v.bin")
    assert back.vocabulary.counts.tolist() == list(range(7, 0, -1))
    np.testing.assert_allclose(back.matrix, table.matrix, atol=2e-6 if with_grams else 0)
    if with_grams:
        np.testing.assert_array_equal(
            back.subwords.vector("unknown"), table.subwords.vector("unknown")
        )
    else:
        assert back.subwords is None


def test_a_bin_file_is_fasttexts_where_the_n_grams_are(tmp_path):
    grams, others = make_subwords(FastTextIndex(40, 2, 4)), make_subwords(FLORET)
    for subwords, format, wanted in [
        (grams, None, "fasttext"),
        (grams, "word2vec-binary", "word2vec-binary"),
        (others, None, "word2vec-binary"),
        (None, None, "word2vec-binary"),
    ]:
        for name in ("v.bin", "V.BIN"):
            formats.write(make_table(subwords), tmp_path / name, format=format)
            assert formats.recognise(tmp_path / name).name == wanted
    formats.write(make_table(grams), tmp_path / "v.vec")
    assert formats.recognise(tmp_path / "v.vec").name == "word2vec"


def test_the_oldest_fasttext_models_are_told_by_sensible_settings():
    """They have no mark: the first settings, and how many words and labels there are."""

    def head(dim=100, loss=1, model=2, min_n=3, max_n=6, sizes=(5, 3, 2)):
        args = (dim, 5, 5, 1, 5, 1, loss, model, 10, min_n, max_n, 100, 1e-4)
        return struct.pack("<12id", *args) + struct.pack("<iiiq", *sizes, 10) + b"the\0 and"

    assert len(head()) == 84
    for sensible in (
        {}, {"dim": 1}, {"dim": 65_535}, {"min_n": 0, "max_n": 0}, {"min_n": 255, "max_n": 255},
        {"model": 1}, {"model": 3}, {"loss": 4}, {"sizes": (1, 1, 0)},
    ):  # fmt: skip
        assert fasttext.looks_like(head(**sensible)), sensible
    for wrong in (
        {"dim": 0}, {"dim": 65_536}, {"min_n": -1}, {"min_n": 256}, {"max_n": -1}, {"max_n": 256},
        {"model": 0}, {"model": 4}, {"loss": 0}, {"loss": 5}, {"sizes": (0, 0, 0)},
        {"sizes": (5, 3, 3)},
    ):  # fmt: skip
        assert not fasttext.looks_like(head(**wrong)), wrong
    assert not fasttext.looks_like(head()[:83])


@pytest.mark.parametrize("with_grams", [False, True])
def test_a_fasttext_model_may_have_one_dimension(tmp_path, with_grams):
    matrix = np.arange(1, 3, dtype=np.float32).reshape(-1, 1)
    grams = Subwords(np.ones((4, 1), np.float32), FastTextIndex(4, 2, 3)) if with_grams else None
    fasttext.write(VectorTable(Vocabulary(["a", "b"]), matrix, {}, grams), tmp_path / "v.bin")
    np.testing.assert_allclose(formats.read(tmp_path / "v.bin").matrix, matrix, atol=1e-6)


def test_gensim_opens_the_fasttext_file_we_write(tmp_path):
    peer = pytest.importorskip("gensim.models.fasttext")
    table = make_table(make_subwords(FastTextIndex(40, 2, 4)))
    fasttext.write(table, tmp_path / "v.bin")
    vectors = peer.load_facebook_vectors(str(tmp_path / "v.bin"))
    assert vectors.index_to_key == WORDS
    np.testing.assert_allclose(vectors.vectors, table.matrix, atol=2e-6)
    for word in ("unknown", "日本国"):
        np.testing.assert_allclose(vectors[word], table.subwords.vector(word), atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_fasttext_opens_the_file_we_write(tmp_path):
    peer = pytest.importorskip("fasttext")
    table = make_table(make_subwords(FastTextIndex(40, 2, 4)))
    fasttext.write(table, tmp_path / "v.bin")
    model = peer.load_model(str(tmp_path / "v.bin"))
    for word, row in zip(WORDS, table.matrix, strict=True):
        np.testing.assert_allclose(model.get_word_vector(word), row, atol=2e-6)
    np.testing.assert_array_equal(model.get_word_vector("日本国"), table.subwords.vector("日本国"))


def test_fasttext_reads_old_and_real_files(data_dir):
    folder = data_dir / "formats" / "fasttext"
    for name, n_words in {
        "ft_skipgram.bin": 1760, "ft_supervised.ftz": 2013, "lee_fasttext.bin": 1762,
        "lee_fasttext_new.bin": 1763, "non_ascii_fasttext.bin": 171,
    }.items():  # fmt: skip
        assert len(load(folder / name)) == n_words
    table, text = formats.read(folder / "ft_skipgram.bin"), formats.read(folder / "ft_skipgram.vec")
    assert table.vocabulary.words == text.vocabulary.words
    np.testing.assert_allclose(table.matrix, text.matrix, rtol=1e-4, atol=1e-5)


def test_what_fasttext_can_not_hold_is_refused(tmp_path):
    grams = make_subwords(FloretIndex(10, 3, 4))
    with pytest.raises(InputError, match="floret's"):
        fasttext.write(make_table(grams), tmp_path / "v.bin")
    kept = np.column_stack([np.arange(10), np.arange(10)])
    pruned = make_subwords(FastTextIndex(10, 3, 4, kept))
    with pytest.raises(InputError, match="pruned"):
        fasttext.write(make_table(pruned), tmp_path / "v.bin")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, (5, 5, 1, 5, 1, 2, 2, 1e-4)),
        (
            {"mode": "cbow", "loss": "hierarchical-softmax", "window": 3, "epochs": 2,
             "negative": 0, "sample": 0.5},
            (3, 2, 1, 0, 1, 1, 1, 0.5),
        ),
    ],
)  # fmt: skip
def test_the_settings_stand_where_fasttext_looks_for_them(tmp_path, config, told):
    """The numbers of its losses and models are those of its args.h."""
    table = make_table(make_subwords(FastTextIndex(40, 2, 4)))
    table.settings["config"] = config
    fasttext.write(table, tmp_path / "v.bin")
    found = struct.unpack_from("<12id", (tmp_path / "v.bin").read_bytes(), 8)
    assert found == (5, *told[:7], 40, 2, 4, 100, told[7])
    settings = formats.read(tmp_path / "v.bin").settings
    names = {1: ("cbow", "hs"), 2: ("skipgram", "ns")}[told[6]]
    assert (settings["model"], settings["loss"], settings["sample"]) == (*names, told[7])


def test_bytes_behind_a_fasttext_model_are_refused(tmp_path):
    (tmp_path / "v.bin").write_bytes((GOLDEN / "skipgram.bin").read_bytes() + b"\0")
    with pytest.raises(FormatError, match="vectors end at byte 2556, but the file has 2557"):
        formats.read(tmp_path / "v.bin")


def test_quantised_norms_of_two_numbers_are_refused(tmp_path):
    content = (GOLDEN / "pruned.ftz").read_bytes()
    book = struct.pack("<4i", 1, 1, 1, 1)
    assert content.count(book) == 1
    wider = struct.pack("<4i", 2, 1, 2, 2) + np.ones(256, "<f4").tobytes()
    (tmp_path / "v.ftz").write_bytes(content.replace(book, wider))
    with pytest.raises(FormatError, match="A norm is one number; here it has 2"):
        formats.read(tmp_path / "v.ftz")


def test_a_header_that_promises_too_much_allocates_nothing(tmp_path):
    content = bytearray((GOLDEN / "skipgram.bin").read_bytes())
    path = tmp_path / "v.bin"
    start = 8 + 48 + 8
    content[start : start + 8] = struct.pack("<ii", 2**31 - 1, 2**31 - 1)
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"v\.bin.*21474836470 bytes"):
        formats.read(path)


def test_a_bomb_of_zeros_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "_BOMB_FREE", 1 << 16)
    path = tmp_path / "v.bin.gz"
    path.write_bytes(gzip.compress((GOLDEN / "skipgram.bin").read_bytes()[:16] + bytes(1 << 24)))
    with pytest.raises(FormatError, match="more than 100 times"):
        formats.read(path, format="fasttext")
    path.write_bytes(gzip.compress((GOLDEN / "skipgram.bin").read_bytes()))
    assert_same(formats.read(path), formats.read(GOLDEN / "skipgram.bin"))


def is_mapped(array):
    while not isinstance(array, np.memmap) and hasattr(array, "base"):
        array = array.base
    return isinstance(array, np.memmap)


@pytest.mark.parametrize("name", ["skipgram.bin", "plain.fifu"])
def test_what_is_mapped_is_mapped_of_a_compressed_file_too(tmp_path, name):
    """It is unpacked into a temporary file, not into memory."""
    (tmp_path / "v.gz").write_bytes(gzip.compress((GOLDEN / name).read_bytes()))
    for path in (GOLDEN / name, tmp_path / "v.gz"):
        table = formats.read(path)
        assert is_mapped(table.matrix if table.subwords is None else table.subwords.matrix)
        assert_same(table, formats.read(GOLDEN / name))
        if table.subwords is not None:
            wanted = formats.read(GOLDEN / name).subwords.matrix
            np.testing.assert_array_equal(table.subwords.matrix, wanted)


def test_the_bound_is_that_of_the_file_also_in_a_folder_with_a_number_sign(tmp_path, monkeypatch):
    """The sign names members of archives, too."""
    monkeypatch.setattr(batches, "_BOMB_FREE", 0)
    (tmp_path / "c#").mkdir()
    path = tmp_path / "c#" / "v.bin.gz"
    path.write_bytes(gzip.compress((GOLDEN / "skipgram.bin").read_bytes()))
    assert_same(formats.read(path), formats.read(GOLDEN / "skipgram.bin"))


# --- bytes that are not trusted ------------------------------------------------------------------


def fasttext_with_words(path, words):
    table = make_table()
    rows = np.arange(5 * len(words), dtype=np.float32).reshape(-1, 5)
    fasttext.write(VectorTable(Vocabulary(words), rows, table.settings), path)


def test_long_words_of_a_fasttext_model_are_read(tmp_path):
    lengths = (1, 255, 256, 257, 4352, 5000, 65_000)
    words = [letter * n for letter, n in zip("abcdefg", lengths, strict=True)]
    fasttext_with_words(tmp_path / "v.bin", words)
    assert formats.read(tmp_path / "v.bin").vocabulary.words == words


def test_a_word_without_an_end_is_refused(tmp_path):
    fasttext_with_words(tmp_path / "v.bin", ["a" * 70_000])
    content = (tmp_path / "v.bin").read_bytes()
    for damaged in (content, content[: content.index(b"aaa") + 50_000]):
        (tmp_path / "v.bin").write_bytes(damaged)
        with pytest.raises(FormatError, match="no end to entry 1 of the dictionary: b'aaa"):
            formats.read(tmp_path / "v.bin")


@pytest.mark.parametrize("shape", [(-55, -6), (55, -6), (1 << 41, 0), (0, 6), (54, 6)])
def test_a_matrix_of_an_impossible_shape_is_refused(tmp_path, shape):
    content = (GOLDEN / "skipgram.bin").read_bytes()
    rows = load(GOLDEN / "skipgram.bin").table
    n_rows = len(rows) + len(rows.subwords.matrix)
    head = struct.pack("<qq", n_rows, 6)
    assert content.count(head) == 1
    (tmp_path / "v.bin").write_bytes(content.replace(head, struct.pack("<qq", *shape)))
    with pytest.raises(FormatError, match=r"v\.bin"):
        formats.read(tmp_path / "v.bin")


@pytest.mark.parametrize("name", ["skipgram.bin", "quantized.ftz", "plain.fifu", "listed.fifu"])
def test_every_truncation_is_told(tmp_path, name):
    content = (GOLDEN / name).read_bytes()
    for length in range(12, len(content), max(1, len(content) // 300)):
        (tmp_path / "v").write_bytes(content[:length])
        with pytest.raises(FormatError, match=r"/v': "):
            formats.read(tmp_path / "v", format="fasttext" if name[-4:] != "fifu" else None)


def test_arrays_that_do_not_fit_are_refused_in_numbers(tmp_path, monkeypatch):
    """Those that are mapped take no room."""
    monkeypatch.setattr(memory, "_SMALL", 0)
    monkeypatch.setattr(memory, "available_memory", lambda: 100)
    (tmp_path / "v").write_bytes(bytes(204))
    with binary.ByteReader(tmp_path / "v") as file:
        assert file.array("f4", (25,), "norms").shape == (25,)
        assert file.array("f4", (13, 2), "norms", mapped=True).shape == (13, 2)
        file.seek(0)
        with pytest.raises(OutOfMemoryError, match=r"norms, 13 x 2 numbers of 4 bytes, take 0 MB"):
            file.array("f4", (13, 2), "norms")


@pytest.mark.parametrize(("size", "most"), [(1000, 64 << 20), (700_000, 70_000_000)])
def test_quantised_vectors_may_take_a_hundred_times_the_file_or_64_megabytes(tmp_path, size, most):
    (tmp_path / "v").write_bytes(bytes(size))
    with binary.ByteReader(tmp_path / "v") as file:
        file.check_growth(most, "They")
        with pytest.raises(FormatError, match=f"They would take {most + 1} bytes unpacked"):
            file.check_growth(most + 1, "They")


def test_quantised_vectors_that_grow_too_much_are_refused(tmp_path):
    """A part of 20,000 numbers for each code: 80 KB a byte."""
    dim, n = 20_000, 1000
    head = struct.pack("<IIIIIQII", 0, 0, 1, dim, 1, n, 1, 10)
    words = b"".join(struct.pack("<I", len(word)) + word for word in (b"%d" % i for i in range(n)))
    start = struct.pack("<4s4I", b"FiFu", 0, 2, 1, 4)
    start += struct.pack("<IQQ", 1, 8 + len(words), n) + words
    padding = 4 - (len(start) + 12 + len(head)) % 4
    body = head + bytes(padding) + np.ones(dim, "<f4").tobytes() + bytes(n)
    (tmp_path / "v.fifu").write_bytes(start + struct.pack("<IQ", 4, len(body)) + body)
    with pytest.raises(FormatError, match="quantised vectors would take 80000000 bytes unpacked"):
        formats.read(tmp_path / "v.fifu")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 2e30, -2e30])
@pytest.mark.parametrize("row", [0, (1 << 14) - 1, 1 << 14, 20_000])
def test_one_number_that_can_not_be_used_is_found_in_any_row(bad, row):
    matrix = np.full((20_001, 2), 9e29, np.float32)
    assert binary.all_usable(matrix)
    matrix[row, 1] = bad
    assert not binary.all_usable(matrix)


# --- WordVectors with n-grams --------------------------------------------------------------------


def test_unknown_words_have_vectors_everywhere():
    vectors = load(GOLDEN / "skipgram.bin")
    made = vectors["cats"]
    assert "cats" not in vectors
    assert not made.flags.writeable
    np.testing.assert_array_equal(vectors[["cats", "the"]], [made, vectors["the"]])
    assert vectors[[]].shape == (0, 6)
    norm = vectors.get_vector("cats", norm=True)
    np.testing.assert_allclose(norm, made / np.linalg.norm(made), rtol=1e-6)
    assert 0 < vectors.similarity("cats", "cat") <= 1
    assert len(vectors.most_similar("cats", topn=3)) == 3
    with pytest.raises(UnknownWordError):
        load(GOLDEN / "buckets.fifu")[""]  # too short for its n-grams
    with pytest.raises(UnknownWordError):
        load(GOLDEN / "plain.fifu")["cats"]


def test_rows_of_a_model_from_ngrams():
    vectors = load(GOLDEN / "buckets.fifu")
    for source in (vectors, vectors.table):
        rows, report = embedding_matrix(source, Vocabulary(["cat", "cats", ""]), missing="subword")
        np.testing.assert_array_equal(rows[3], vectors["cats"])
        np.testing.assert_allclose(rows[4], vectors.vectors.mean(axis=0), rtol=1e-5)
        assert (report.hits, report.misses, report.made) == (1, 2, 1)
        assert "made from their n-grams: 1" in str(report)
    with pytest.raises(InputError, match="n-grams, which these vectors"):
        embedding_matrix(load(GOLDEN / "plain.fifu"), missing="subword")
    table = load(GOLDEN / "toy.floret")
    with pytest.raises(InputError, match="unknown='zero'"):
        embedding_matrix(table, Vocabulary(["cat"]), missing="subword")
    rows, _ = embedding_matrix(table, Vocabulary(["cat"]), missing="subword", unknown="zero")
    np.testing.assert_array_equal(rows[2], table["cat"])


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7])
def test_quantised_vectors_are_put_together_block_by_block(n, monkeypatch):
    monkeypatch.setattr(quantized, "_AT_ONCE", 2)
    rng = np.random.default_rng(n)
    parts = tuple(rng.standard_normal((4, size)).astype(np.float32) for size in (3, 3, 1))
    codes, norms = rng.integers(0, 4, (n, 3), np.uint8), rng.random(n, np.float32)
    wanted = [np.concatenate([p[c] for p, c in zip(parts, row, strict=True)]) for row in codes]
    book = quantized.Codebook(parts)
    assert book.dimensions == 7
    np.testing.assert_array_equal(book.decode(codes), np.reshape(wanted, (n, 7)))
    scaled = [vector * norm for vector, norm in zip(wanted, norms, strict=True)]
    np.testing.assert_array_equal(book.decode(codes, norms), np.reshape(scaled, (n, 7)))


# --- floret, spaCy -------------------------------------------------------------------------------


def test_floret_is_written_and_read(tmp_path):
    table = make_table(make_subwords(FloretIndex(30, 3, 5, 4, 7, "«", "»")))
    formats.write(table, tmp_path / "v.floret")
    back = formats.read(tmp_path / "v.floret")
    assert len(back) == 0
    assert back.subwords.index == table.subwords.index
    np.testing.assert_array_equal(back.subwords.matrix, table.subwords.matrix)
    with pytest.raises(InputError, match="don't have"):
        floret.write(make_table(), tmp_path / "w.floret")


@pytest.mark.parametrize("n_rows", [1, 3, 4, 30])
def test_the_memory_of_a_floret_table_grows_with_its_rows(tmp_path, n_rows, monkeypatch):
    monkeypatch.setattr(floret, "_FIRST_ROWS", 3)
    table = make_table(make_subwords(FloretIndex(n_rows, 2, 4)))
    floret.write(table, tmp_path / "v.floret")
    back = floret.read(tmp_path / "v.floret")
    np.testing.assert_array_equal(back.subwords.matrix, table.subwords.matrix)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"2 3 4 5 2 7 < >\n0 1 2 3\n1 4 5 6\n2 7 8 9\n", "goes on behind the 2 rows"),
        (b"2 0 4 5 2 7 < >\n0\n1\n", "0 dimensions"),
        (b"2 3 4 5 2 7 < >\n0 1 2 3\n", "Line 3 should hold the row number 1 and 3 .* 0 fields"),
        (b"2 3 4 5 2 7 < >\n0 1 2 3\n2 4 5 6\n", "Line 3 should hold the row number 1"),
        (b"2 3 4 5 2 7 < >\n0 1 2 3\n1 4 5 6 7\n", "Line 3 .* it has 5 fields"),
        (b"2 3 4 5 2 7 < >\n0 1 2 3\n1 4 x 6\n", "Line 3 holds what is no number"),
        (b"2 3 4 5 2 7 < >\n0 1 2 3\n1 4 nan 6\n", "NaN, infinity"),
        (b"2 3 4 5 2 7 < >\n0 1 2 3\n1 4 1e39 6\n", "NaN, infinity"),
        (b"2 3 4 5 2 7 \xff >\n0 1 2 3\n1 4 5 6\n", "mark of a word.*UTF-8"),
        (b"2 3 4 5 5 7 < >\n0 1 2 3\n1 4 5 6\n", "begins with b'2 3 4 5 5 7"),
        (b"100000 200 4 5 2 7 < >\n0 1 2 3\n", "a trap for memory"),
    ],
)
def test_a_damaged_floret_table_is_refused(tmp_path, text, message):
    (tmp_path / "v.floret").write_bytes(text)
    with pytest.raises(FormatError, match=message):
        floret.read(tmp_path / "v.floret")


def test_what_may_be_in_a_floret_table(tmp_path):
    """Two hashes and a seed of their own, line ends of Windows, and empty lines at the end."""
    data = b"2 3 4 5 2 7 < >\r\n0 1 2 3\r\n1 4 5 6.5\r\n\r\n\n"
    (tmp_path / "v.txt").write_bytes(data)
    assert floret.looks_like(data)
    table = formats.read(tmp_path / "v.txt")
    assert table.settings["format"] == "floret"
    assert table.subwords.index == FloretIndex(2, 4, 5, 2, 7, "<", ">")
    assert table.subwords.matrix.tolist() == [[1, 2, 3], [4, 5, 6.5]]


def test_floret_known_words_are_those_of_the_vec_file(data_dir):
    folder = data_dir / "formats" / "floret"
    vectors, text = load(folder / "floret.floret"), formats.read(folder / "floret.vec")
    # floret adds another row to its first word and leaves </s> zero; spaCy doesn't
    words = [word for word in text.vocabulary.words[1:] if word != "</s>"]
    rows = text.matrix[text.vocabulary.ids(words)]
    np.testing.assert_allclose(vectors[words], rows, atol=5e-5)


def test_spacy_is_written_and_read(tmp_path):
    words = [*WORDS, "", "eight888", "x" * 100]
    matrix = np.random.default_rng(8).standard_normal((len(words), 3)).astype(np.float32)
    table = VectorTable(Vocabulary(words), matrix)
    formats.write(table, tmp_path / "vectors", format="spacy")
    assert_same(formats.read(tmp_path / "vectors"), table)
    assert_same(formats.read(tmp_path / "vectors", format="spacy"), table)


def test_packed_words_are_written_for_spacy(tmp_path):
    """Words that come from a text file are no list."""
    formats.write(make_table(), tmp_path / "v.txt")
    packed = formats.read(tmp_path / "v.txt")
    assert isinstance(packed.vocabulary.words, PackedWords)
    formats.write(packed, tmp_path / "vectors", format="spacy")
    assert_same(formats.read(tmp_path / "vectors"), packed)


@pytest.mark.parametrize(
    "name",
    [
        "word2vec",
        "word2vec-binary",
        "glove",
        "fasttext",
        "parquet",
        "projector",
        "spacy",
        "model2vec",
    ],
)
def test_a_file_of_no_words_is_not_written(tmp_path, name):
    """A floret table has none: its .vec would be a file without vectors that nobody can read."""
    empty = VectorTable(Vocabulary([]), np.zeros((0, 5), np.float32), {}, make_subwords(FLORET))
    with pytest.raises(InputError, match=r"no words to write.*\.safetensors"):
        formats.write(empty, tmp_path / "v.x", format=name)
    assert list(tmp_path.iterdir()) == []


def test_spacy_opens_the_folder_we_write(tmp_path):
    peer = pytest.importorskip("spacy.vectors")
    strings = pytest.importorskip("spacy.strings").StringStore()
    spacy.write(make_table(), tmp_path / "vectors")
    vectors = peer.Vectors(strings=strings).from_disk(tmp_path / "vectors")
    for word, row in zip(WORDS, make_table().matrix, strict=True):
        np.testing.assert_array_equal(vectors[strings[word]], row)


def spacy_with_rows(folder, rows, head=None):
    """Write a folder of 600 rows, and put other MessagePack numbers where its rows are."""
    words = [f"word{i}" for i in range(600)]
    matrix = np.arange(1, 601, dtype=np.float32).reshape(-1, 1)
    spacy.write(VectorTable(Vocabulary(words), matrix), folder)
    packed = (folder / "key2row").read_bytes()  # after 5 bytes, entries of 9 bytes and 5
    keys = [packed[start : start + 9] for start in range(5, len(packed), 14)]
    entries = [key + row for key, row in zip(keys, rows, strict=False)]
    head = head or b"\xdf" + struct.pack(">I", len(entries))
    (folder / "key2row").write_bytes(head + b"".join(entries))


@pytest.mark.parametrize("head", [b"\x8a", b"\xde\0\x0a", b"\xdf\0\0\0\x0a"])
def test_key2row_may_hold_whole_numbers_of_all_widths(tmp_path, head):
    """The MessagePack specification's numbers; writers take the shortest that will do."""
    rows = [b"\x07", b"\xcc\xfe", b"\xcd\x01\x02", b"\xce\0\0\x01\x03",
            b"\xcf" + bytes(6) + b"\x01\x04", b"\xd0\x7f", b"\xd1\x01\x06",
            b"\xd2\0\0\x01\x07", b"\xd3" + bytes(6) + b"\x01\x08", b"\0"]  # fmt: skip
    spacy_with_rows(tmp_path / "v", rows, head)
    table = spacy.read(tmp_path / "v")
    values = {word: table.matrix[i, 0] - 1 for i, word in enumerate(table.vocabulary.words)}
    wanted = [7, 254, 258, 259, 260, 127, 262, 263, 264, 0]
    assert values == {f"word{i}": row for i, row in enumerate(wanted)}


@pytest.mark.parametrize("row", [b"\xff", b"\xe0", b"\xd0\xff", b"\xd1\xff\xff", b"\xcd\x02\x58"])
def test_rows_that_spacy_does_not_have_are_refused(tmp_path, row):
    """-1 or -32 would be taken from the end, 600 is one too many."""
    spacy_with_rows(tmp_path / "v", [b"\x01", row])
    with pytest.raises(FormatError, match="names rows beyond the 600"):
        spacy.read(tmp_path / "v")


def test_a_folder_of_a_spacy_pipeline(tmp_path):
    shutil.copytree(GOLDEN / "spacy", tmp_path / "en" / "vocab")
    assert_same(formats.read(tmp_path / "en"), formats.read(GOLDEN / "spacy"))
    with pytest.raises(FormatError, match="lacks"):
        spacy.read(tmp_path)


# --- gensim --------------------------------------------------------------------------------------


def test_gensim_saves_of_all_times(data_dir):
    folder = data_dir / "formats" / "gensim_old"
    old = formats.read(folder / "w2v-lee-v0.12.0")
    assert old.matrix.shape == (806, 100)
    assert old.vocabulary.counts.max() == 57 or old.vocabulary.counts.max() > 57
    assert gensim.read(folder / "model-from-gensim-3.8.0.w2v").vocabulary.words == list("tes")
    grams = gensim.read(folder / "ft_kv_3.6.0.model.gz")
    assert len(grams) == 12
    assert grams.subwords.vector("humans") is not None


def test_arrays_beside_a_pickle_must_be_there(tmp_path):
    shutil.copy(GOLDEN / "gensim-beside.kv", tmp_path)
    with pytest.raises(FileError, match=r"vectors\.npy' is missing"):
        gensim.read(tmp_path / "gensim-beside.kv")


def keyed_vectors(**attributes):
    """Pickle attributes as those of gensim's class, without gensim."""
    state = pickle.dumps(attributes, 2)[2:-1]
    return b"\x80\x02cgensim.models.keyedvectors\nKeyedVectors\n)\x81" + state + b"b."


@pytest.mark.parametrize("vocab", [None, {}, [1], "cat", {"cat": 3}])
def test_gensim_vectors_without_sensible_counts_have_none(tmp_path, vocab):
    rows = np.eye(2, dtype=np.float32)
    content = keyed_vectors(index2word=["the", "cat"], syn0=rows, vocab=vocab)
    (tmp_path / "v.kv").write_bytes(content)
    table = formats.read(tmp_path / "v.kv")
    assert table.vocabulary.words == ["the", "cat"]
    assert table.vocabulary.counts is None
    np.testing.assert_array_equal(table.matrix, rows)


def test_vectors_that_gensim_saved_are_not_made_from_ngrams_again(tmp_path):
    rows, grams = np.eye(2, dtype=np.float32), np.full((5, 2), 7, np.float32)
    content = keyed_vectors(
        index2word=["the", "cat"], vectors=rows, vectors_vocab=rows * 3, vectors_ngrams=grams,
        bucket=5, min_n=2, max_n=3, compatible_hash=True,
    )  # fmt: skip
    (tmp_path / "v.kv").write_bytes(content)
    table = formats.read(tmp_path / "v.kv")
    np.testing.assert_array_equal(table.matrix, rows)
    np.testing.assert_array_equal(table.subwords.vector("cats"), [7, 7])


def test_rows_of_n_grams_that_are_no_float32_are_refused(tmp_path):
    """Tables of float64 may hold them; NumPy would warn."""
    shutil.copytree(GOLDEN / "spacy-floret", tmp_path / "v")
    with (tmp_path / "v" / "vectors").open("rb") as file:
        rows = np.load(file).astype(np.float64)
    rows[1, 0] = 1e300
    with (tmp_path / "v" / "vectors").open("wb") as file:
        np.save(file, rows)
    with pytest.raises(FormatError, match="NaN, infinity or numbers beyond 1e30"):
        spacy.read(tmp_path / "v")
    content = keyed_vectors(
        index2word=["the", "cat"], vectors_vocab=np.array([[1e300, 0], [0, 1]]),
        vectors_ngrams=np.ones((5, 2)), bucket=5, min_n=2, max_n=3, compatible_hash=True,
    )  # fmt: skip
    (tmp_path / "v.kv").write_bytes(content)
    with pytest.raises(FormatError, match="row 0, word 'the'"):
        gensim.read(tmp_path / "v.kv")


def test_a_pickle_without_words_or_vectors_is_refused(tmp_path):
    path = tmp_path / "v.kv"
    for content, message in [
        (keyed_vectors(vectors=np.eye(2, dtype=np.float32)), "no list of words"),
        (keyed_vectors(index_to_key=["the", "cat"]), "has no vectors"),
        (pickle.dumps({"vectors": [1]}, 2), "no model or vectors of gensim"),
        (pickle.dumps(OrderedDict(vectors=[1]), 2), "no model or vectors of gensim"),
    ]:
        path.write_bytes(content)
        with pytest.raises(FormatError, match=message):
            gensim.read(path)


# --- finalfusion ---------------------------------------------------------------------------------


def quantized_head(content):
    """Where the head of the quantised matrix begins, by the specification of the format."""
    (n_chunks,) = struct.unpack_from("<I", content, 8)
    at = 12 + 4 * n_chunks
    while True:
        kind, length = struct.unpack_from("<IQ", content, at)
        at += 12
        if kind == 4:
            return at
        at += length


@pytest.mark.parametrize(
    "change",
    [
        {"n_parts": 0}, {"n_parts": 7}, {"n_centroids": 0}, {"n_centroids": 257},
        {"codes": 10}, {"centroids": 1},
    ],
    ids=str,
)  # fmt: skip
def test_an_impossible_quantised_matrix_is_refused(tmp_path, change):
    content = bytearray((GOLDEN / "quantized.fifu").read_bytes())
    at = quantized_head(content)
    names = (
        "projected", "norms", "n_parts", "n_columns", "n_centroids", "n_rows", "codes", "centroids",
    )  # fmt: skip
    head = dict(zip(names, struct.unpack_from("<IIIIIQII", content, at), strict=True))
    assert list(head.values()) == [1, 1, 3, 6, 8, 15, 1, 10]
    struct.pack_into("<IIIIIQII", content, at, *(head | change).values())
    (tmp_path / "v.fifu").write_bytes(content)
    with pytest.raises(FormatError, match="head of the quantised matrix can't be"):
        formats.read(tmp_path / "v.fifu")


def test_another_version_of_finalfusion_is_refused(tmp_path):
    content = bytearray((GOLDEN / "plain.fifu").read_bytes())
    content[4] = 1
    (tmp_path / "v.fifu").write_bytes(content)
    with pytest.raises(FormatError, match="version 0 is known; this file has 1"):
        formats.read(tmp_path / "v.fifu")


# --- magnitude, model2vec ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE magnitude",
        "DROP TABLE magnitude_format",
        "UPDATE magnitude_format SET value = 10 WHERE key = 'dim'",
        "UPDATE magnitude_format SET value = 1000000000000 WHERE key = 'size'",
        "UPDATE magnitude_format SET value = 3 WHERE key = 'size'",
        "UPDATE magnitude_format SET value = 'x' WHERE key = 'precision'",
        "UPDATE magnitude SET dim_1 = 'x'",
        "UPDATE magnitude SET dim_1 = NULL",
        "ALTER TABLE magnitude RENAME TO other; CREATE VIEW magnitude AS WITH RECURSIVE n(key) AS "
        "(SELECT 1 UNION ALL SELECT key + 1 FROM n) SELECT key FROM n",
    ],
)
def test_a_wrong_magnitude_file_is_refused(tmp_path, statement):
    path = tmp_path / "v.magnitude"
    shutil.copy(GOLDEN / "toy.magnitude", path)
    db = sqlite3.connect(path)
    db.executescript(statement)
    db.close()
    with pytest.raises(FormatError, match=r"v\.magnitude"):
        formats.read(path)


def magnitude_file(path, rows, **about):
    """Write the tables of a Magnitude file."""
    n = len(rows[0]) - 1
    about = {"size": len(rows), "dim": n, "precision": 7} | about
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE magnitude_format (key, value)")
    connection.executemany("INSERT INTO magnitude_format VALUES (?, ?)", about.items())
    columns = ", ".join(f"dim_{i}" for i in range(n))
    connection.execute(f"CREATE TABLE magnitude (key, {columns})")
    connection.executemany(f"INSERT INTO magnitude VALUES (?{', ?' * n})", rows)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(("precision", "scale"), [(0, 1), (1, 10), (18, 1e18)])
@pytest.mark.parametrize("n", [1, 2])
def test_the_smallest_magnitude_files(tmp_path, precision, scale, n):
    """They are recognised by their content; a number that is a word is a word."""
    rows = [("a", 3, -4)[: n + 1], (42, 5, 6)[: n + 1]]
    magnitude_file(tmp_path / "v.x", rows, precision=precision)
    assert formats.recognise(tmp_path / "v.x").name == "magnitude"
    table = formats.read(tmp_path / "v.x")
    assert table.vocabulary.words == ["a", "42"]
    wanted = np.array([row[1:] for row in rows]) / scale
    np.testing.assert_array_equal(table.matrix, wanted.astype(np.float32))


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"dim": 0}, "dimensions can't be 0"),
        ({"dim": "2"}, "dimensions can't be b'2'"),
        ({"dim": (1 << 15) + 1}, "dimensions can't be 32769"),
        ({"precision": -1}, "precision should be"),
        ({"precision": 19}, "precision should be"),
        ({"precision": 7.0}, "precision should be"),
        ({"size": 0}, "number of words can't be 0"),
        ({"size": "2"}, "number of words can't be b'2'"),
        ({"size": 1_000_000}, "number of words can't be 1000000"),
        ({"size": 50_000}, "promises 50000 words and has 2[.]"),  # ten a byte can be
        ({"size": 1}, "promises 1 words and has more"),
        ({"size": 3}, "promises 3 words and has 2[.]"),
    ],
)
def test_what_a_magnitude_file_can_not_tell(tmp_path, about, message):
    magnitude_file(tmp_path / "v.magnitude", [("a", 3, -4), ("b", 5, 6)], **about)
    with pytest.raises(FormatError, match=message):
        magnitude.read(tmp_path / "v.magnitude")


@pytest.mark.parametrize("n", [1, 63, 64, 65, 200])
def test_magnitude_files_are_read_some_rows_at_a_time(tmp_path, n):
    rows = [(f"w{i}", i, -3 * i) for i in range(n)]
    magnitude_file(tmp_path / "v.magnitude", [*rows, ("w0", 7, 7)], precision=1)
    table = magnitude.read(tmp_path / "v.magnitude")
    assert table.vocabulary.words == [word for word, *_ in rows]
    wanted = np.array([values for _, *values in rows]) / 10
    np.testing.assert_array_equal(table.matrix, wanted.astype(np.float32))
    assert table.settings["duplicates"] == 1


@pytest.mark.parametrize("value", [1e46, -1e46, 1e300, 9e999])
def test_magnitude_numbers_that_are_no_float32_are_refused(tmp_path, value):
    magnitude_file(tmp_path / "v.magnitude", [("a", 3, -4), ("b", 5, value)])
    with pytest.raises(FormatError, match=r"v\.magnitude.* row 1, word 'b'"):
        magnitude.read(tmp_path / "v.magnitude")


def test_a_row_of_no_word_is_refused_in_a_magnitude_file(tmp_path):
    magnitude_file(tmp_path / "v.magnitude", [("a", 3, -4), (None, 5, 6)])
    with pytest.raises(FormatError, match="A word is missing"):
        magnitude.read(tmp_path / "v.magnitude")


@pytest.mark.parametrize(("length", "message"), [(5000, "a trap for memory"), (2 << 20, "damaged")])
def test_a_word_that_stands_in_all_rows_fills_no_memory(tmp_path, monkeypatch, length, message):
    """SQLite keeps the default of a column once, however many rows have it."""
    monkeypatch.setattr(batches, "_BOMB_FREE", 0)
    magnitude_file(tmp_path / "v.magnitude", [("a", i) for i in range(1000)])
    connection = sqlite3.connect(tmp_path / "v.magnitude")
    connection.execute("ALTER TABLE magnitude RENAME COLUMN key TO other")
    connection.execute(f"ALTER TABLE magnitude ADD COLUMN key DEFAULT '{'x' * length}'")
    connection.commit()
    connection.close()
    with pytest.raises(FormatError, match=message):
        magnitude.read(tmp_path / "v.magnitude")


def test_a_magnitude_file_that_does_not_fit_is_refused_in_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "_FIRST_BYTES", 80)
    monkeypatch.setattr(memory, "_SMALL", 0)
    magnitude_file(tmp_path / "v.magnitude", [(f"w{i}", i, i) for i in range(100)])
    monkeypatch.setattr(memory, "available_memory", lambda: 800 - 80)
    assert len(magnitude.read(tmp_path / "v.magnitude")) == 100
    monkeypatch.setattr(memory, "available_memory", lambda: 100)
    with pytest.raises(OutOfMemoryError, match=r"vectors more of .*v\.magnitude.* x 2 x 4 bytes"):
        magnitude.read(tmp_path / "v.magnitude")


def test_a_missing_magnitude_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"v\.magnitude"):
        magnitude.read(tmp_path / "v.magnitude")
    with pytest.raises(InputError, match="does not write"):
        formats.write(make_table(), tmp_path / "v.magnitude")


@pytest.mark.parametrize("tokenizer", [None, "words", "whitespace"])
def test_model2vec_is_written_and_read(tmp_path, tokenizer):
    table = make_table(tokenizer=tokenizer)
    formats.write(table, tmp_path / "model", format="model2vec")
    assert_same(formats.read(tmp_path / "model"), table)
    assert_same(formats.read(tmp_path / "model" / "model.safetensors"), table)
    with pytest.raises(InputError, match="'gensim' can't be written"):
        model2vec.write(make_table(tokenizer="gensim"), tmp_path / "other")


TEXTS = [
    "the cat don't",
    "The naïve’s 日本 zzz Don’t x1 42",
    "a42'x1-the, CAT",
    "x1'the don't'the  ",
    "zzz",
]


@pytest.mark.parametrize("tokenizer", [None, "words"])
def test_model2vec_has_the_mean_of_our_vectors(tmp_path, tokenizer):
    peer = pytest.importorskip("model2vec")
    table = make_table(tokenizer=tokenizer)
    model2vec.write(table, tmp_path / "model")
    model = peer.StaticModel.from_pretrained(tmp_path / "model")
    # a tokenizer.json can't say "where it is no word, cut further", as we do by default
    cut = table.vocabulary.with_tokenizer(tokenizer or "whitespace")
    for text in TEXTS:
        ids = cut.encode(text, unknown="drop") - cut.first_row
        wanted = table.matrix[ids].mean(axis=0) if len(ids) else np.zeros(5)
        np.testing.assert_allclose(model.encode(text), wanted, atol=1e-6)


@pytest.mark.parametrize(
    "text", ["Don’t CO\xadOP", "e\xad\u0301t\u0301 ﬁne", "I\u0307zmir İzmir ISI"], ids=ascii
)
@pytest.mark.parametrize(
    "tokenizer",
    [Words(), Words(lower=False), Words(normalize="NFC"), Words(normalize="NFKC", lower="tr")],
    ids=repr,
)
def test_model2vec_is_told_what_is_done_to_a_text_before_it_is_cut(tmp_path, tokenizer, text):
    """The steps are followed here as the tokenizers package follows them."""
    model2vec.write(make_table(tokenizer=tokenizer), tmp_path / "m")
    about = json.loads((tmp_path / "m" / "tokenizer.json").read_text(encoding="utf-8"))
    prepared = text
    for step in about["normalizer"]["normalizers"]:
        if step["type"] == "Replace":  # the one expression is about the letter sigma
            prepared = prepared.replace(step["pattern"].get("String", "Σ"), step["content"])
        elif step["type"] == "Lowercase":
            prepared = prepared.lower()
        else:
            prepared = unicodedata.normalize(step["type"], prepared)
    assert prepared.split() == tokenizer(text)


def test_rows_of_model2vec_are_mapped(tmp_path):
    """Where each of them is a token's, and has no weight."""
    words = formats.read(GOLDEN / "model2vec").vocabulary.words
    write_tokens(tmp_path / "m", {"vocab": {word: i for i, word in enumerate(words)}})
    table = formats.read(tmp_path / "m")
    assert is_mapped(table.matrix)
    assert_same(table, formats.read(GOLDEN / "model2vec"))


def test_weights_and_mapping_of_model2vec(tmp_path):
    from safetensors.numpy import save_file

    shutil.copytree(GOLDEN / "model2vec", tmp_path / "m")
    tokens = json.loads((tmp_path / "m" / "tokenizer.json").read_text(encoding="utf-8"))
    n = len(tokens["model"]["vocab"])
    rows = np.arange(1, 9, dtype=np.float16).reshape(2, 4)
    arrays = {
        "embeddings": rows,
        "weights": np.linspace(1, 2, n),
        "mapping": np.arange(n, dtype=np.int64) % 2,
    }
    save_file(arrays, tmp_path / "m" / "model.safetensors")
    table = formats.read(tmp_path / "m")
    wanted = rows[arrays["mapping"]] * arrays["weights"][:, None]
    np.testing.assert_allclose(table.matrix, wanted.astype(np.float32))
    for name, wrong in {"mapping": np.full(n, 2), "weights": np.ones(n - 1)}.items():
        save_file(arrays | {name: wrong}, tmp_path / "m" / "model.safetensors")
        with pytest.raises(FormatError, match=name):
            formats.read(tmp_path / "m")


def write_tokens(folder, model, **about):
    """Replace the model of a tokenizer, which may hold anything."""
    shutil.copytree(GOLDEN / "model2vec", folder)
    text = json.dumps({"version": "1.0", "model": model, **about})
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")


def test_tokens_that_were_added_to_a_tokenizer_have_rows(tmp_path):
    golden = formats.read(GOLDEN / "model2vec")
    words = golden.vocabulary.words
    vocab = {word: number for number, word in enumerate(words[:-2])}
    added = [{"content": word, "id": words.index(word)} for word in words[-2:]]
    write_tokens(tmp_path / "m", {"vocab": vocab}, added_tokens=added)
    assert_same(formats.read(tmp_path / "m"), golden)
    write_tokens(tmp_path / "n", {"vocab": [[word, -1.5] for word in words]}, added_tokens=None)
    assert_same(formats.read(tmp_path / "n"), golden)


@pytest.mark.parametrize(
    "vocab", [{"the": -1}, {"the": 1.0}, {"the": True}, {"the": "1"}, [[7, 0.5]], [[None, 0.5]]]
)
def test_a_token_is_a_string_and_its_number_is_one(tmp_path, vocab):
    write_tokens(tmp_path / "m", {"vocab": vocab})
    with pytest.raises(FormatError, match=r"tokenizer\.json.*The token .* has the number"):
        formats.read(tmp_path / "m")


def test_vectors_of_another_format_can_be_saved_as_our_own(tmp_path):
    vectors = load(GOLDEN / "gensim-fasttext.model")
    vectors.save(tmp_path / "v.safetensors")
    assert isinstance(vectors, WordVectors)
    assert_same(formats.read(tmp_path / "v.safetensors"), vectors.table)
