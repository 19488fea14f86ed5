"""Rows of a model: special rows, words without a vector, the report, the self-check."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from wordkin import embedding
from wordkin.embedding import check_rows, embedding_matrix
from wordkin.errors import InputError, RowError
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

WORDS = ["the", "cat", "sat", "mat"]


@pytest.fixture
def table() -> VectorTable:
    matrix = np.random.default_rng(0).normal(0.5, 1, (4, 3))
    return VectorTable.from_arrays(Vocabulary(WORDS, [9, 3, 2, 1]), matrix)


def test_all_words_of_the_vectors_behind_padding_and_unknown(table):
    matrix, report = embedding_matrix(table)
    assert matrix.shape == (6, 3)
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    assert not matrix[0].any()
    np.testing.assert_allclose(matrix[1], table.matrix.mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(matrix[2:], table.matrix)
    assert (report.n_words, report.hits, report.misses) == (4, 4, 0)
    assert (report.hit_tokens, report.miss_tokens) == (15, 0)
    assert (report.n_rows, report.dimensions, report.pad_row, report.unk_row) == (6, 3, 0, 1)
    assert report.fingerprint == Vocabulary(WORDS).fingerprint()


def test_what_encode_says_is_where_the_vector_is(table):
    matrix, _ = embedding_matrix(table)
    rows = table.vocabulary.encode_batch(["the cat purrs"], max_length=4)
    expected = [table.matrix[0], table.matrix[1], table.matrix.mean(axis=0), np.zeros(3)]
    np.testing.assert_allclose(matrix[rows], [expected], rtol=1e-6)


def test_the_matrix_is_a_copy(table):
    matrix, _ = embedding_matrix(table)
    matrix[:] = 7
    assert not (table.matrix == 7).any()


def test_the_words_of_a_model_with_hits_and_misses(table):
    model = Vocabulary(["sat", "dog", "the", "emu", "cow"], [50, 20, 10, 5, 1])
    matrix, report = embedding_matrix(table, model)
    mean = table.matrix.mean(axis=0)
    expected = [np.zeros(3), mean, table.matrix[2], mean, table.matrix[0], mean, mean]
    np.testing.assert_allclose(matrix, expected, rtol=1e-6)
    assert (report.n_words, report.hits, report.misses) == (5, 2, 3)
    assert (report.hit_tokens, report.miss_tokens) == (60, 26)
    assert report.missing_words == ("dog", "emu", "cow")
    assert str(report).splitlines() == [
        "7 rows of 3 numbers: row 0 padding, row 1 unknown words (mean), 5 words",
        "words with a vector:   2 of 5 (40.0 %)",
        "tokens with a vector:  60 of 86 (69.8 %)",
        "words without (mean): 3: dog, emu, cow",
    ]


def test_a_vocabulary_without_counts_has_no_tokens_to_report(table):
    _, report = embedding_matrix(table, Vocabulary(["cat", *map(str, range(30))]))
    assert report.hit_tokens is None
    assert report.miss_tokens is None
    assert len(report.missing_words) == 20
    assert "tokens" not in str(report)
    assert str(report).endswith("18, 19, ...")


@pytest.mark.parametrize("specials", [("<unk>", "<pad>"), ("<unk>",), ("<pad>",), ()])
def test_other_special_rows(table, specials):
    model = table.vocabulary.with_specials(specials)
    matrix, report = embedding_matrix(table, model)
    assert matrix.shape == (4 + len(specials), 3)
    np.testing.assert_array_equal(matrix[len(specials) :], table.matrix)
    if report.pad_row is not None:
        assert not matrix[report.pad_row].any()
    if report.unk_row is not None:
        assert matrix[report.unk_row].any()


@pytest.mark.parametrize("rule", ["mean", "random", "zero"])
def test_only_zero_makes_missing_words_equal_to_padding(table, rule):
    """F5: a word that is missing and padding were the same zero row."""
    model = Vocabulary(["dog", "cat", "emu"])
    missing, _ = embedding_matrix(table, model, missing=rule)
    unknown, _ = embedding_matrix(table, model, unknown=rule)
    assert missing[2].any() == missing[4].any() == (rule != "zero")
    assert unknown[1].any() == (rule != "zero")
    assert missing[1].any()
    assert unknown[2].any()
    np.testing.assert_array_equal(missing[3], table.matrix[1])
    assert not missing[0].any()


def test_random_rows_differ_spread_as_the_vectors_and_follow_the_seed():
    spread = np.array([0.1, 10.0], dtype=np.float32)
    matrix = np.random.default_rng(0).normal([3, -3], spread, (500, 2))
    table = VectorTable.from_arrays(Vocabulary([f"w{i}" for i in range(500)]), matrix)
    model = Vocabulary([f"new{i}" for i in range(2000)])
    rows, _ = embedding_matrix(table, model, missing="random", unknown="random", seed=1)
    drawn = rows[2:]
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.1)
    np.testing.assert_allclose(drawn.mean(axis=0), matrix.mean(axis=0), atol=0.5)
    assert len(np.unique(drawn, axis=0)) == 2000
    same, _ = embedding_matrix(table, model, missing="random", unknown="random", seed=1)
    other, _ = embedding_matrix(table, model, missing="random", unknown="random", seed=2)
    np.testing.assert_array_equal(rows, same)
    assert (rows[1:] != other[1:]).all()


def test_words_whose_own_vector_is_zero_are_reported(table):
    matrix = table.matrix.copy()
    matrix[2] = 0
    zeroed = VectorTable.from_arrays(table.vocabulary, matrix)
    rows, report = embedding_matrix(zeroed, Vocabulary(["sat", "cat", "dog"]), missing="zero")
    assert not rows[2].any()  # exactly its vector
    assert report.zero_words == 1
    assert "vector is zero, as padding is: 1" in str(report)


@pytest.mark.parametrize("tiny", [0, 1e-10])
def test_a_mean_of_nothing_is_not_taken_for_an_unknown_word(tiny):
    matrix = [[1 + tiny, 2], [-1, -2]]
    table = VectorTable.from_arrays(Vocabulary(["a", "b"]), matrix)
    with pytest.raises(InputError, match=r"mean of the vectors is zero.*'random'"):
        embedding_matrix(table)
    rows, _ = embedding_matrix(table, unknown="random")  # no word is missing: no mean is needed
    assert rows[1].any()


@pytest.mark.parametrize("rule", ["mean", "random"])
def test_nothing_can_be_made_of_zeros(rule):
    table = VectorTable.from_arrays(Vocabulary(["a", "b"]), np.zeros((2, 2)))
    with pytest.raises(InputError, match="zero, as padding is"):
        embedding_matrix(table, unknown=rule)
    rows, _ = embedding_matrix(table, unknown="zero")
    assert not rows.any()


def test_vectors_by_either_name_and_of_another_dtype(table):
    doubles = table.matrix.astype(np.float64)
    source = SimpleNamespace(vocabulary=table.vocabulary, vectors=doubles)
    matrix, _ = embedding_matrix(source)
    assert matrix.dtype == np.float32
    np.testing.assert_array_equal(matrix[2:], table.matrix)


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (({"the": [1.0]},), {}, r"got dict.*WordVectors\(words, matrix\)"),
        ((np.eye(3),), {}, "got ndarray"),
        ((None,), {}, "got NoneType"),
        (("table", WORDS), {}, r"got list.*Vocabulary\(words\)"),
        (("table",), {"missing": "average"}, "missing must be one of mean, zero, random"),
        (("table",), {"unknown": None}, "unknown must be one of"),
    ],
)
def test_other_arguments_are_refused(table, arguments, settings, message):
    given = [table if isinstance(a, str) else a for a in arguments]
    with pytest.raises(InputError, match=message):
        embedding_matrix(*given, **settings)


def test_values_that_are_not_finite_are_named(table):
    matrix = table.matrix.copy()
    matrix[1, 1] = np.nan
    broken = VectorTable(table.vocabulary, matrix)
    with pytest.raises(InputError, match="rows hold NaN or infinity: <unk>, cat"):
        embedding_matrix(broken)


def test_no_word_in_common_is_not_an_error_but_reported(table):
    matrix, report = embedding_matrix(table, Vocabulary(["x", "y"]))
    assert (report.hits, report.misses) == (0, 2)
    assert matrix.shape == (4, 3)
    assert str(embedding_matrix(table, Vocabulary([]))[1]).endswith("0 of 0 (0.0 %)")


# --- the self-check ------------------------------------------------------------------------------


def test_a_shift_of_the_rows_is_found(table):
    """F6: without rows for padding and unknown, row 0 is the most frequent word."""
    model = table.vocabulary
    rows, _ = embedding_matrix(table)
    check_rows(rows, table, model)
    with pytest.raises(RowError, match="rows of shape"):
        check_rows(table.matrix, table, model)
    with pytest.raises(RowError, match="vector of 'the'"):
        check_rows(rows[:, ::-1], table, model)
    with pytest.raises(RowError, match="padding"):
        check_rows(np.roll(rows, 1, axis=0), table, model)


@pytest.mark.parametrize("changed", [0, 1, 500, 999])
def test_a_shift_in_any_part_is_found(changed):
    """Rows that are right at first and shifted from some row on."""
    vocabulary = Vocabulary([f"w{i}" for i in range(1000)])
    matrix = np.random.default_rng(0).normal(size=(1000, 2))
    table = VectorTable.from_arrays(vocabulary, matrix)
    rows, _ = embedding_matrix(table)
    rows[2 + changed :] = np.roll(rows[2 + changed :], 1, axis=0) + (changed == 999)
    with pytest.raises(RowError, match="should be the vector"):
        check_rows(rows, table, vocabulary)


@pytest.mark.parametrize("first", range(0, 320, 20))
def test_a_few_rows_that_changed_places_are_found_wherever_they_are(first):
    """Probes lie no further apart than a thirty-second of the words."""
    vocabulary = Vocabulary([f"w{i}" for i in range(320)])
    matrix = np.random.default_rng(0).normal(size=(320, 2))
    table = VectorTable.from_arrays(vocabulary, matrix)
    rows, _ = embedding_matrix(table)
    rows[2 + first : 12 + first] = rows[2 + first : 12 + first][::-1].copy()
    with pytest.raises(RowError, match="should be the vector"):
        check_rows(rows, table, vocabulary)


@pytest.mark.parametrize("changed", range(4))
def test_of_few_words_each_is_looked_up(table, changed):
    rows, _ = embedding_matrix(table)
    rows[2 + changed] += 1
    with pytest.raises(RowError, match=f"vector of {WORDS[changed]!r}"):
        check_rows(rows, table, table.vocabulary)


def test_what_is_made_is_checked(table, monkeypatch):
    """If looking words up ever went wrong, nobody would get the rows."""
    monkeypatch.setattr(embedding, "_ids", lambda source, _: np.roll(np.arange(len(source)), 1))
    with pytest.raises(RowError, match="should be the vector"):
        embedding_matrix(table)


def test_the_report_tells_both_rules(table):
    _, report = embedding_matrix(table, Vocabulary(["dog"]), missing="zero", unknown="random")
    assert (report.missing, report.unknown) == ("zero", "random")


def test_words_beside_no_vectors_are_refused():
    with pytest.raises(InputError, match="got SimpleNamespace"):
        embedding_matrix(SimpleNamespace(vocabulary=Vocabulary(WORDS), matrix=[[1.0]] * 4))


def test_the_report_tells_what_was_made_of_n_grams(table):
    _, report = embedding_matrix(table, Vocabulary(["the", "dog", "emu"]))
    assert "n-grams" not in str(report)
    assert "  of which made from their n-grams: 1" in str(replace(report, made=1)).splitlines()
