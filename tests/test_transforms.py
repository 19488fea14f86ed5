"""Changing vectors: naive twins, properties of each change, and the old object left alone."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin import transforms
from wordkin.errors import InputError, UnknownWordError
from wordkin.table import VectorTable
from wordkin.vectors import WordVectors
from wordkin.vocabulary import Vocabulary

WORDS = [f"w{i}" for i in range(60)]


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    matrix = (rng.standard_normal((60, 8)) * np.arange(8, 0, -1) + 3).astype(np.float32)
    return VectorTable(Vocabulary(WORDS, np.arange(60, 0, -1)), matrix, {"seed": 5})


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(transforms, "_BLOCK", 56)


def test_words_are_selected_in_order(table):
    chosen = transforms.select(table, ["w7", "w3"])
    assert list(chosen.vocabulary.words) == ["w7", "w3"]
    assert chosen.vocabulary.counts.tolist() == [53, 57]
    np.testing.assert_array_equal(chosen.matrix, table.matrix[[7, 3]])
    assert chosen.settings == {"seed": 5, "transforms": ["select"]}
    assert table.settings == {"seed": 5}


def test_the_first_words_are_taken(table):
    assert list(transforms.limit(table, 3).vocabulary.words) == WORDS[:3]
    assert len(transforms.limit(table, 10**6)) == 60
    assert not np.shares_memory(transforms.limit(table, 3).matrix, table.matrix)


def test_normalized_vectors_have_length_one():
    table = VectorTable(Vocabulary(["a", "b"]), np.array([[3, 4], [0, 0]], np.float32))
    np.testing.assert_allclose(transforms.normalized(table).matrix, [[0.6, 0.8], [0, 0]])
    assert table.matrix[0, 0] == 3


def test_merged_tables_keep_the_first_vectors(table):
    other = VectorTable(Vocabulary(["new", "w3", "newer"], [9, 8, 7]), np.ones((3, 8), np.float32))
    merged = transforms.merge(table, other)
    assert list(merged.vocabulary.words) == [*WORDS, "new", "newer"]
    assert merged.vocabulary.counts.tolist()[-2:] == [9, 7]
    np.testing.assert_array_equal(merged.matrix[3], table.matrix[3])
    np.testing.assert_array_equal(merged.matrix[-1], np.ones(8))
    bare = VectorTable(Vocabulary(["new"]), np.ones((1, 8), np.float32))
    assert transforms.merge(table, bare).vocabulary.counts is None


def test_pca_is_that_of_a_singular_value_decomposition(table):
    centred = table.matrix.astype(float) - table.matrix.astype(float).mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:3]
    ours = transforms.pca(table, 3).matrix
    assert ours.shape == (60, 3)
    np.testing.assert_allclose(np.abs(ours), np.abs(centred @ axes.T), rtol=1e-4, atol=1e-4)
    assert (np.diff(ours.var(axis=0)) < 0).all()
    full = transforms.pca(table, 8).matrix.astype(float)
    np.testing.assert_allclose(full @ full.T, centred @ centred.T, rtol=1e-3, atol=1e-2)


def test_all_but_the_top_is_the_papers_algorithm(table):
    centred = table.matrix.astype(float) - table.matrix.astype(float).mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    expected = centred - sum(np.outer(centred @ axis, axis) for axis in axes)
    ours = transforms.all_but_the_top(table, 2).matrix
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(
        transforms.all_but_the_top(table).matrix, centred, rtol=1e-4, atol=1e-5
    )


def test_a_rotation_is_found_again(table):
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((8, 8)))[0]
    order = np.random.default_rng(2).permutation(60)[:50]
    other = VectorTable(
        Vocabulary([WORDS[i] for i in order]), (table.matrix[order] @ turn).astype(np.float32)
    )
    aligned = transforms.align(table, other)
    np.testing.assert_allclose(aligned.matrix[order], other.matrix, rtol=1e-3, atol=1e-3)
    few = transforms.align(table, other, anchors=[WORDS[i] for i in order[:20]])
    np.testing.assert_allclose(few.matrix[order], other.matrix, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        few.matrix @ few.matrix.T, table.matrix @ table.matrix.T, rtol=1e-3, atol=1e-3
    )


def test_frequent_words_weigh_more(table):
    """Two groups of words that ask for opposite rotations: the frequent one gets its way."""
    plane = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float32)
    turned = np.array([[0, 1], [-1, 0], [1, 0], [0, 1]], np.float32)
    words = Vocabulary(["a", "b", "c", "d"], [1000, 1000, 1, 1])
    aligned = transforms.align(VectorTable(words, plane), VectorTable(words, turned))
    assert np.linalg.norm(aligned.matrix[0] - turned[0]) < 0.1


def test_retrofitting_is_the_papers_update(table):
    lexicon = {"w1": ["w2", "w3", "nowhere"], "w2": ["w1"], "missing": ["w1"], "w4": ["w4"]}
    matrix = table.matrix.astype(float)
    for _ in range(4):
        matrix[1] = (table.matrix[1] + (matrix[2] + matrix[3]) / 2) / 2
        matrix[2] = (table.matrix[2] + matrix[1]) / 2
    ours = transforms.retrofit(table, lexicon, iterations=4)
    np.testing.assert_allclose(ours.matrix, matrix, rtol=1e-5, atol=1e-5)
    assert ours.settings["transforms"] == ["retrofit 2 words"]


def test_each_method_returns_a_new_object(table):
    vectors = WordVectors.from_table(table)
    before = table.matrix.copy()
    for changed in (
        vectors.select(["w1"]),
        vectors.limit(5),
        vectors.normalized(),
        vectors.merge(vectors),
        vectors.pca(2),
        vectors.all_but_the_top(1),
        vectors.align_to(vectors),
        vectors.retrofit({"w1": ["w2"]}),
    ):
        assert type(changed) is WordVectors
        assert changed is not vectors
        assert len(changed.table.settings["transforms"]) == 1
        changed.most_similar(changed.index_to_key[0])
    np.testing.assert_array_equal(vectors.vectors, before)
    twice = vectors.limit(5).pca(2)
    assert twice.table.settings["transforms"] == ["limit 5", "pca 2"]


def test_wrong_wishes_are_explained(table):
    other = VectorTable(Vocabulary(["w1"]), np.ones((1, 3), np.float32))
    stranger = VectorTable(Vocabulary(["x"]), np.ones((1, 8), np.float32))
    nothing = VectorTable(Vocabulary([]), np.ones((0, 8), np.float32))
    for call, message in [
        (lambda: transforms.select(table, "w1"), "a list of words"),
        (lambda: transforms.select(table, b"w1"), "a list of words"),
        (lambda: transforms.select(table, []), "at least one word"),
        (lambda: transforms.align(table, table, anchors="w1"), "anchors takes a list of words"),
        (lambda: transforms.pca(nothing, 1), "no vectors"),
        (lambda: transforms.all_but_the_top(nothing, 1), "no vectors"),
        (lambda: transforms.select(table, ["w1", "w1"]), "only once"),
        (lambda: transforms.limit(table, 0), "limit takes a whole number from 1 upwards; got 0"),
        (lambda: transforms.pca(table, 9), "pca takes a whole number from 1 to 8; got 9"),
        (lambda: transforms.all_but_the_top(table, -1), "from 0 to 8"),
        (lambda: transforms.merge(table, other), "differ in length: 8 and 3"),
        (lambda: transforms.align(table, other), "differ in length"),
        (lambda: transforms.align(table, stranger), "no word in common"),
        (lambda: transforms.retrofit(table, {"w1": "w2"}), "give a list"),
        (lambda: transforms.retrofit(table, {}, iterations=True), "iterations"),
    ]:
        with pytest.raises(InputError, match=message):
            call()
    with pytest.raises(UnknownWordError):
        transforms.select(table, ["nowhere"])
    with pytest.raises(UnknownWordError):
        transforms.align(table, stranger, anchors=["w1"])
