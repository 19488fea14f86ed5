"""Vectors of unknown words: every hash against a twin that goes letter by letter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.errors import InputError
from wordkin.subwords import Subwords, sum_rows
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.finalfusion import FinalfusionIndex, ListedIndex, pieces
from wordkin.subwords.floret import FloretIndex
from wordkin.subwords.murmur import murmur3

TEXT = st.text(max_size=12)


def fnv(data):
    value = 2166136261
    for byte in data:
        value = ((value ^ ((byte - 256 if byte > 127 else byte) & 0xFFFFFFFF)) * 16777619) % 2**32
    return value


def naive_rows(word, index):
    """The loop of the paper's program: from each letter, all lengths, no mark alone."""
    if word == "</s>":
        return []
    text = f"<{word}>"
    rows = []
    for start in range(len(text)):
        for n in range(1, index.max_n + 1):
            gram = text[start : start + n]
            if len(gram) < n or n < index.min_n:
                continue
            if n == 1 and (start == 0 or start == len(text) - 1):
                continue
            rows.append(fnv(gram.encode("utf-8", "surrogatepass")) % index.n_buckets)
    return rows


@settings(deadline=None, max_examples=150)
@given(st.lists(TEXT | st.just("</s>"), max_size=5), st.integers(0, 4), st.integers(0, 7))
def test_fasttext_rows_are_those_of_the_naive_loop(words, min_n, max_n):
    index = FastTextIndex(1013, min_n, max_n)
    rows, counts = index.rows([word.encode("utf-8", "surrogatepass") for word in words])
    wanted = [naive_rows(word, index) for word in words]
    assert counts.tolist() == [len(listed) for listed in wanted]
    assert rows.tolist() == [row for listed in wanted for row in listed]


def test_characters_are_hashed_whole_for_old_gensim():
    index = FastTextIndex(997, 3, 3, characters=True, exempt=b"")
    value = 2166136261
    for letter in "<é>":
        value = ((value ^ ord(letter)) * 16777619) % 2**32
    assert index.rows(["é".encode()])[0].tolist() == [value % 997]
    assert index.rows([b"</s>"])[1].tolist() == [4]


def test_buckets_that_were_never_trained_share_a_row():
    whole = FastTextIndex(50, 3, 4)
    rows = whole.rows([b"hello", b"world"])[0]
    kept = np.unique(rows)[::2]
    pairs = np.column_stack([kept, np.arange(len(kept))])
    index = FastTextIndex(50, 3, 4, pairs, rest=len(kept))
    assert index.largest() == len(kept)
    assert index.settings()["rest"] == len(kept)
    some, counts = index.rows([b"hello", b"world"])
    names = kept.tolist()
    assert some.tolist() == [names.index(r) if r in names else len(names) for r in rows.tolist()]
    np.testing.assert_array_equal(counts, whole.rows([b"hello", b"world"])[1])
    everything = index.rows_of(np.arange(50))
    assert np.flatnonzero(everything < len(kept)).tolist() == names


def test_pruned_buckets_have_no_row():
    whole = FastTextIndex(50, 3, 4)
    rows = whole.rows([b"hello", b"world"])[0]
    kept = np.unique(rows)[::2]
    index = FastTextIndex(50, 3, 4, np.column_stack([kept, np.arange(len(kept))]))
    some, counts = index.rows([b"hello", b"world"])
    wanted = [kept.tolist().index(row) for row in rows.tolist() if row in kept]
    assert some.tolist() == wanted
    assert counts.sum() == len(wanted)
    nothing = FastTextIndex(50, 3, 4, np.zeros((0, 2), np.int64))
    assert nothing.largest() == -1
    assert Subwords(np.zeros((0, 3), np.float32), nothing).vector("hello") is None


def test_murmur_has_the_published_values():
    # from the tests of other implementations of MurmurHash3_x64_128
    quick = b"The quick brown fox jumps over the lazy dog"
    got = murmur3([quick, b"", b"hello"], 0)
    low = [int(row[0]) | int(row[1]) << 32 for row in got]
    high = [int(row[2]) | int(row[3]) << 32 for row in got]
    assert (low[0], high[0]) == (0xE34BBC7BBC071B6C, 0x7A433CA9C49A9347)
    assert (low[1], high[1]) == (0, 0)
    assert (low[2], high[2]) == (0xCBD8A7B341BD9B02, 0x5B1E906A48AE1D19)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(max_size=70), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_murmur_of_many_is_that_of_each(data, seed):
    together = murmur3(data, seed)
    alone = np.concatenate([murmur3([piece], seed) for piece in data])
    np.testing.assert_array_equal(together, alone)


def test_floret_has_the_word_and_its_ngrams():
    index = FloretIndex(1000, 3, 4, n_hashes=2)
    rows, counts = index.rows([b"it", b""])
    assert counts.tolist() == [8, 0]  # <it>, <it, it>, <it> again, each twice
    assert rows[:2].tolist() == rows[6:8].tolist()


@given(TEXT, st.integers(1, 3), st.integers(1, 6))
def test_finalfusion_and_listed_ngrams(word, min_n, max_n):
    data = word.encode("utf-8", "surrogatepass")
    grams = pieces(data, min_n, max_n)
    text = f"<{word}>"
    assert sorted(grams) == sorted(
        text[a:b]
        for a in range(len(text))
        for b in range(a + 1, len(text) + 1)
        if min_n <= b - a <= max_n
    )
    listed = {gram: row for row, gram in enumerate(dict.fromkeys(grams[::2]))}
    rows, counts = ListedIndex(listed, min_n, max_n).rows([data, b""])
    assert [gram for gram in grams if gram in listed] == [list(listed)[row] for row in rows][
        : counts[0]
    ]
    hashed, _ = FinalfusionIndex(5, min_n, max_n).rows([data])
    assert len(hashed) == len(grams)
    assert ((hashed >= 0) & (hashed < 32)).all()


@given(st.lists(st.integers(0, 5), max_size=6), st.integers(0, 2**32 - 1))
def test_rows_are_added_one_after_the_other(counts, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((9, 3)).astype(np.float32)
    rows = rng.integers(0, 9, sum(counts))
    out = rng.standard_normal((len(counts), 3)).astype(np.float32)
    wanted, at = out.copy(), 0
    for group, count in enumerate(counts):
        for row in rows[at : at + count]:
            wanted[group] = wanted[group] + matrix[row]
        at += count
    sum_rows(matrix, rows, np.array(counts, np.int64), out=out)
    np.testing.assert_array_equal(out, wanted)


def test_the_vector_is_the_mean_of_the_rows():
    matrix = np.random.default_rng(1).standard_normal((30, 4)).astype(np.float32)
    subwords = Subwords(matrix, FastTextIndex(30, 3, 5))
    rows = subwords.index.rows([b"hello"])[0]
    np.testing.assert_allclose(subwords.vector("hello"), matrix[rows].mean(axis=0), rtol=1e-5)
    unit = Subwords(matrix, subwords.index, unit=True).vector("hello")
    np.testing.assert_allclose(np.linalg.norm(unit), 1, rtol=1e-6)
    vectors, found = subwords.vectors(["hello", "", "x", "\ud800"])
    assert found.tolist() == [True, False, True, True]
    assert not vectors[1].any()
    (row,) = subwords.index.rows([b"x"])[0].tolist()  # "<x>", its only n-gram
    assert vectors[2].tolist() == matrix[row].tolist()


def test_words_without_n_grams_stay_zero_and_blocks_make_the_whole(monkeypatch):
    matrix = np.random.default_rng(1).standard_normal((30, 4)).astype(np.float32)
    words = ["hello", "", "x", "", "world"]
    for unit in (False, True):
        subwords = Subwords(matrix, FastTextIndex(30, 3, 5), unit=unit)
        vectors, found = subwords.vectors(words)
        assert found.tolist() == [True, False, True, False, True]
        assert vectors[~found].tolist() == [[0] * 4] * 2  # of length 0, and no NaN
        monkeypatch.setattr("wordkin.subwords._AT_ONCE", 2)
        again, found_again = subwords.vectors(words)
        monkeypatch.undo()
        np.testing.assert_array_equal(again, vectors)
        assert found_again.tolist() == found.tolist()


def kept(*pairs):
    return np.array(pairs, np.int64)


def test_what_can_just_be():
    for index, largest in [
        (FastTextIndex(1, 0, 0), 0),
        (FastTextIndex(2**32 - 1, 64, 64), 2**32 - 2),
        (FastTextIndex(10, 3, 6, kept((0, 1), (1, 0), (9, 2))), 2),
        (FloretIndex(1, 0, 64, n_hashes=1, seed=0), 0),
        (FloretIndex(2**32 - 1, 3, 6, 4, 2**32 - 1, "<" * 40, ">" * 40), 2**32 - 2),
        (FinalfusionIndex(1, 3, 6), 1),
        (FinalfusionIndex(63, 3, 6), 2**63 - 1),
        (ListedIndex({}, 0, 64), -1),
    ]:
        assert index.largest() == largest


def test_what_can_just_not_be_is_refused():
    for wrong in [
        lambda: FastTextIndex(2**32, 3, 6),
        lambda: FastTextIndex(10, 3, -1),
        lambda: FastTextIndex(10, 3, 6, kept((10, 0))),
        lambda: FastTextIndex(10, 3, 6, kept((3, -1))),
        lambda: FastTextIndex(10, 3, 6, kept((-1, 0))),
        lambda: FastTextIndex(10, 3, 6, kept((3, 0), (3, 1))),
        lambda: FloretIndex(2**32, 3, 6),
        lambda: FloretIndex(10, -1, 6),
        lambda: FloretIndex(10, 3, 65),
        lambda: FloretIndex(10, 3, 6, n_hashes=0),
        lambda: FloretIndex(10, 3, 6, seed=-1),
        lambda: FloretIndex(10, 3, 6, seed=2**32),
        lambda: FloretIndex(10, 3, 6, begin="<" * 41),
        lambda: FloretIndex(10, 3, 6, end=">" * 41),
        lambda: FinalfusionIndex(0, 3, 6),
        lambda: FinalfusionIndex(3, -1, 6),
        lambda: ListedIndex({}, 3, 65),
        lambda: Subwords(np.zeros(10, np.float32), FastTextIndex(10, 3, 6)),
    ]:
        with pytest.raises(InputError):
            wrong()


def test_what_can_not_be_is_refused():
    for wrong in [
        lambda: FastTextIndex(0, 3, 6),
        lambda: FastTextIndex(10, -1, 6),
        lambda: FastTextIndex(10, 3, 65),
        lambda: FastTextIndex(10, 3, 6, np.array([[3, 0], [2, 1]])),
        lambda: FloretIndex(0, 3, 6),
        lambda: FloretIndex(10, 3, 6, n_hashes=5),
        lambda: FinalfusionIndex(64, 3, 6),
        lambda: Subwords(np.zeros((9, 2), np.float32), FastTextIndex(10, 3, 6)),
        lambda: Subwords(np.zeros((9, 2)), FastTextIndex(9, 3, 6)),
    ]:
        with pytest.raises(InputError):
            wrong()
