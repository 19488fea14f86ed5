"""Exact search: the same answers as gensim's, and as a search that looks at one row at a time."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin import neighbors
from wordkin.errors import InputError, RowError, UnknownWordError
from wordkin.neighbors import exact
from wordkin.subwords import Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary


def make_table(n_words=200, dimensions=20, seed=0) -> VectorTable:
    matrix = np.random.default_rng(seed).standard_normal((n_words, dimensions)).astype(np.float32)
    return VectorTable(Vocabulary([f"w{i}" for i in range(n_words)]), matrix)


def naive_nearest(matrix, query, topn, exclude=()):
    """Look at one row at a time."""
    scored = []
    for row, vector in enumerate(np.asarray(matrix, np.float64)):
        if row in exclude:
            continue
        length = np.sqrt((vector**2).sum()) * np.sqrt((np.asarray(query) ** 2).sum())
        scored.append((-float(vector @ query) / length if length else 0.0, row))
    return [(row, -negated) for negated, row in sorted(scored)[:topn]]


def assert_like_naive(matrix, queries, topn, exclude=()):
    found = exact.nearest_rows(matrix, queries, topn=topn, exclude=exclude)
    assert len(found) == len(queries)
    for i, (rows, cosines) in enumerate(found):
        expected = naive_nearest(matrix, queries[i], topn, exclude[i] if exclude else ())
        np.testing.assert_allclose(cosines, [cosine for _, cosine in expected], atol=1e-12)
        # by exact score a row may change places with its equal only where rounding tells them apart
        for row, (other, cosine) in zip(rows, expected, strict=True):
            if row != other:
                own = naive_nearest(matrix[[row]], queries[i], 1)[0][1]
                assert abs(own - cosine) < 1e-12
        assert len(set(rows.tolist())) == len(rows)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(exact, "_SCORES", 21)
    monkeypatch.setattr(exact, "_QUERIES", 3)


# --- rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("topn", [1, 2, 10, 199, 200, 1000])
def test_like_looking_at_one_row_at_a_time(topn, small_blocks):
    table = make_table()
    queries = np.random.default_rng(1).standard_normal((5, 20))
    assert_like_naive(table.matrix, queries, topn)
    assert_like_naive(table.matrix, queries, topn, [[], [1], [2, 3], list(range(190)), [199]])


def test_rows_in_the_worst_order_are_found(small_blocks):
    """Each block is better than all before it, so that none can be skipped."""
    angles = np.linspace(3, 0, 100)
    matrix = np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)
    rows, _ = exact.nearest_rows(matrix, [[1, 0]], topn=5)[0]
    assert rows.tolist() == [99, 98, 97, 96, 95]


def test_of_equal_rows_the_lower_comes_first(small_blocks):
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((4, 50)).astype(np.float32)[rng.integers(0, 4, 60)]
    for query in matrix[:4]:
        rows, cosines = exact.nearest_rows(matrix, [query], topn=25)[0]
        order = np.lexsort((rows, -cosines))
        assert order.tolist() == list(range(25))
        alike = np.flatnonzero((matrix == query).all(axis=1))
        assert rows[: len(alike)].tolist() == alike[:25].tolist()


def test_a_batch_gives_exactly_what_single_queries_give():
    table = make_table(n_words=1000, dimensions=33)
    queries = np.random.default_rng(1).standard_normal((70, 33))
    together = exact.nearest_rows(table.matrix, queries)
    for query, (rows, cosines) in zip(queries, together, strict=True):
        alone = exact.nearest_rows(table.matrix, [query])[0]
        assert rows.tolist() == alone[0].tolist()
        assert cosines.tolist() == alone[1].tolist()


def test_zero_vectors_are_like_nothing():
    matrix = np.array([[0, 0], [1, 0], [-1, 0]], np.float32)
    rows, cosines = exact.nearest_rows(matrix, [[1, 0]], topn=3)[0]
    assert (rows.tolist(), cosines.tolist()) == ([1, 0, 2], [1, 0, -1])
    rows, cosines = exact.nearest_rows(matrix, [[0, 0]], topn=3)[0]
    assert (rows.tolist(), cosines.tolist()) == ([0, 1, 2], [0, 0, 0])


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_very_long_and_very_short_vectors_are_compared(scale):
    matrix = make_table(n_words=30).matrix * np.float32(scale)
    assert_like_naive(matrix, make_table(n_words=3, seed=1).matrix.astype(float), 5)


def test_row_norms_are_those_of_numpy(small_blocks):
    matrix = make_table().matrix
    norms = exact.row_norms(matrix)
    assert norms.dtype == np.float32
    np.testing.assert_allclose(norms, np.linalg.norm(matrix.astype(float), axis=1), rtol=1e-6)


@pytest.mark.parametrize("queries", [[[1.0]], [[np.nan, 0.0]], np.ones((1, 1, 2)), [[np.inf, 0]]])
def test_queries_that_are_no_vectors_are_refused(queries):
    with pytest.raises(InputError, match="finite vectors of 2 numbers"):
        exact.nearest_rows(np.ones((2, 2), np.float32), queries)


def test_exclude_needs_a_list_for_each_query():
    with pytest.raises(InputError, match="2 lists of rows; got 1"):
        exact.nearest_rows(np.ones((2, 2), np.float32), [[1, 0], [0, 1]], exclude=[[0]])


# --- words ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table():
    return make_table()


@pytest.fixture(scope="module")
def gensims(table):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    theirs = keyedvectors.KeyedVectors(table.dimensions)
    theirs.add_vectors(table.vocabulary.words, table.matrix)
    return theirs


def assert_close(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([c for _, c in ours], [c for _, c in theirs], atol=2e-6)


VECTOR = np.arange(20, dtype=np.float32) - 7


@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        ("w3", ()),
        (["w3"], []),
        (["w3", "w4"], ["w5"]),
        ([], ["w5"]),
        ([("w3", 0.5), "w4"], [("w5", -2.0), "w6"]),
        ([("w3", 1.0)], [("w5", 1.0)]),
        (VECTOR, ()),
        ([VECTOR, "w1"], []),
        ([(VECTOR, 0.25), "w1"], [VECTOR * 2]),
        ([7, "w1"], [9]),
        (["w1", "w1", "w1"], "w1"),
    ],
)
@pytest.mark.parametrize("restrict", [None, 50, 10_000])
def test_most_similar_is_gensims(table, gensims, positive, negative, restrict):
    ours = neighbors.most_similar(table, positive, negative, topn=12, restrict=restrict)
    theirs = gensims.most_similar(
        positive,
        negative if isinstance(negative, str) else list(negative),
        topn=12,
        restrict_vocab=restrict,
    )
    assert_close(ours, theirs)


def test_similarities_are_gensims(table, gensims):
    for first, second in [("w1", "w2"), ("w3", "w3"), ("w4", "w199")]:
        ours = neighbors.similarity(table, first, second)
        assert ours == pytest.approx(float(gensims.similarity(first, second)), abs=1e-6)
        assert 1 - ours == pytest.approx(float(gensims.distance(first, second)), abs=1e-6)
    for group, other in [(["w1"], ["w2"]), (["w1", "w2", "w2"], ["w3", "w4"])]:
        ours = neighbors.n_similarity(table, group, other)
        assert ours == pytest.approx(float(gensims.n_similarity(group, other)), abs=1e-6)


def test_the_odd_one_out_is_gensims(table, gensims):
    rng = np.random.default_rng(4)
    for size in (3, 4, 5, 9):
        for _ in range(20):
            words = [f"w{i}" for i in rng.integers(0, 200, size)]
            assert neighbors.doesnt_match(table, words) == gensims.doesnt_match(words)


def test_a_batch_of_words_gives_what_each_gives(table):
    keys = ["w1", 5, VECTOR, "w199"]
    together = neighbors.most_similar_batch(table, keys, topn=7, restrict=100)
    alone = [neighbors.most_similar(table, [key], topn=7, restrict=100) for key in keys]
    assert together == alone
    assert neighbors.most_similar_batch(table, []) == []
    assert neighbors.most_similar_batch(table, "w1") == neighbors.most_similar_batch(table, ["w1"])


def test_a_given_searcher_changes_nothing(table):
    searcher = neighbors.Searcher(table.matrix)
    for limit in (None, 20):
        assert neighbors.most_similar(
            table, "w3", searcher=searcher, restrict=limit
        ) == neighbors.most_similar(table, "w3", restrict=limit)


def test_more_than_there_are_is_all_of_them(table):
    found = neighbors.most_similar(table, ["w3", "w4"], topn=10**6)
    assert len(found) == 198
    assert {word for word, _ in found} == set(table.vocabulary.words) - {"w3", "w4"}


def test_a_vocabulary_of_one_word_has_no_neighbours():
    one = VectorTable(Vocabulary(["only"]), np.ones((1, 2), np.float32))
    assert neighbors.most_similar(one, "only") == []
    assert neighbors.doesnt_match(one, ["only"]) == "only"
    assert neighbors.similarity(one, "only", "only") == pytest.approx(1)


def test_zero_vectors_are_similar_to_nothing():
    zero = VectorTable(Vocabulary(["zero", "one"]), np.array([[0, 0], [1, 1]], np.float32))
    assert neighbors.similarity(zero, "zero", "one") == 0
    assert neighbors.most_similar(zero, "zero") == [("one", 0.0)]
    assert neighbors.most_similar(zero, "one") == [("zero", 0.0)]
    assert neighbors.doesnt_match(zero, ["zero", "one"]) == "zero"


@pytest.mark.parametrize("topn", [0, -1, 1.5, None, True, "3"])
def test_topn_is_checked(table, topn):
    with pytest.raises(InputError, match="topn must be a whole number from 1"):
        neighbors.most_similar(table, "w1", topn=topn)
    with pytest.raises(InputError, match="topn"):
        neighbors.most_similar_batch(table, [], topn=topn)


def test_wrong_questions_are_explained(table):
    with pytest.raises(InputError, match="restrict"):
        neighbors.most_similar(table, "w1", restrict=0)
    with pytest.raises(InputError, match="at least one word"):
        neighbors.most_similar(table, [])
    with pytest.raises(InputError, match="none"):
        neighbors.doesnt_match(table, [])
    with pytest.raises(InputError, match="at least one word each"):
        neighbors.n_similarity(table, ["w1"], [])
    with pytest.raises(InputError, match="20 numbers; got an array of shape"):
        neighbors.most_similar(table, np.ones(3))
    with pytest.raises(InputError, match="finite"):
        neighbors.most_similar(table, np.full(20, np.nan))
    with pytest.raises(InputError, match="dtype complex"):
        neighbors.similarity(table, np.ones(20, complex), "w1")
    with pytest.raises(InputError, match="float"):
        neighbors.most_similar(table, [1.5])
    with pytest.raises(RowError, match="rows go from 0 to 199"):
        neighbors.most_similar(table, 200)
    with pytest.raises(UnknownWordError, match=r"'w1990' is not in the vocabulary.*'w199'"):
        neighbors.most_similar(table, ["w1"], ["w1990"])


# --- which rows may answer, and in what form -----------------------------------------------------


@pytest.mark.parametrize(
    ("restrict", "allowed"),
    [
        (20, range(20)),
        ([f"w{i}" for i in range(5, 40, 3)], range(5, 40, 3)),
        (np.arange(200) % 7 == 0, range(0, 200, 7)),
        (lambda count: count > 150, range(50)),
    ],
)
@pytest.mark.parametrize("step", [exact._SCORES, 60])
def test_only_some_words_may_answer(restrict, allowed, step, monkeypatch):
    monkeypatch.setattr("wordkin.neighbors.searcher._GATHERED", step)
    table = make_table()
    table = VectorTable(Vocabulary(table.vocabulary.words, np.arange(200, 0, -1)), table.matrix)
    everything = neighbors.most_similar(table, ["w3", "w7"], topn=200)
    wanted = [(word, cosine) for word, cosine in everything if int(word[1:]) in allowed][:8]
    assert neighbors.most_similar(table, ["w3", "w7"], topn=8, restrict=restrict) == wanted
    batch = neighbors.most_similar_batch(table, ["w3", "w8"], topn=8, restrict=restrict)
    assert batch[0] == neighbors.most_similar(table, "w3", topn=8, restrict=restrict)
    products = neighbors.most_similar_cosmul(table, ["w3", "w7"], topn=200)
    wanted = [pair for pair in products if int(pair[0][1:]) in allowed][:8]
    some = neighbors.most_similar_cosmul(table, ["w3", "w7"], topn=8, restrict=restrict)
    assert [word for word, _ in some] == [word for word, _ in wanted]


def test_answers_may_come_as_arrays(table):
    rows, cosines = neighbors.most_similar(table, "w3", topn=4, arrays=True)
    assert (rows.dtype, cosines.dtype) == (np.int64, np.float64)
    pairs = [(f"w{row}", cosine) for row, cosine in zip(rows, cosines, strict=True)]
    assert pairs == neighbors.most_similar(table, "w3", topn=4)
    batch = neighbors.most_similar_batch(table, ["w3", "w4"], topn=4, arrays=True)
    assert batch[0][0].tolist() == rows.tolist()


@pytest.mark.parametrize("restrict", [True, 0, 1.5, "w1", np.ones(3, bool), 3j])
def test_wrong_restrictions_are_explained(table, restrict):
    with pytest.raises(InputError, match="restrict"):
        neighbors.most_similar(table, "w1", restrict=restrict)
    with pytest.raises(InputError, match="without counts"):
        neighbors.most_similar(table, "w1", restrict=lambda count: True)


def test_analogies_ask_for_b_minus_a_plus_c(table):
    for method in ("3cosadd", "3cosmul"):
        found = neighbors.analogy(table, "w1", "w2", c="w3", method=method, topn=3)
        assert len(found) == 3
    added = neighbors.analogy(table, "w1", "w2", c="w3")
    assert added == neighbors.most_similar(table, ["w2", "w3"], ["w1"])


def test_a_matrix_of_similarities(table):
    words = ["w1", "w5", VECTOR]
    found = neighbors.similarity_matrix(table, words, ["w2", "w3"])
    for i, word in enumerate(words):
        for j, other in enumerate(["w2", "w3"]):
            assert found[i, j] == pytest.approx(neighbors.similarity(table, word, other))
    square = neighbors.similarity_matrix(table, words)
    np.testing.assert_allclose(square, square.T)
    np.testing.assert_allclose(np.diag(square), 1)
    assert neighbors.similarity_matrix(table, []).shape == (0, 0)


def test_equal_words_are_equally_far():
    matrix = np.random.default_rng(0).standard_normal((50, 7)).astype(np.float32)
    matrix[[10, 20, 30]] = matrix[3]
    table = VectorTable(Vocabulary([f"w{i}" for i in range(50)]), matrix)
    assert neighbors.rank(table, "w3", "w20") == 1
    assert neighbors.closer_than(table, "w3", "w30") == []
    far = neighbors.distances(table, "w5")
    assert far[10] == far[20] == far[3]


# --- what is asked with --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [np.array, lambda words: np.array(words, object), tuple, iter])
def test_words_may_come_in_any_list(table, make):
    words = ["w1", "w2", "w3"]
    assert neighbors.most_similar(table, make(words)) == neighbors.most_similar(table, words)
    assert neighbors.most_similar_batch(table, make(words)) == neighbors.most_similar_batch(
        table, words
    )
    assert neighbors.doesnt_match(table, make(words)) == neighbors.doesnt_match(table, words)
    together = neighbors.n_similarity(table, words, ["w4"])
    assert neighbors.n_similarity(table, make(words), make(["w4"])) == together
    np.testing.assert_array_equal(
        neighbors.distances(table, "w4", make(words)), neighbors.distances(table, "w4", words)
    )
    np.testing.assert_array_equal(
        neighbors.similarity_matrix(table, make(words)), neighbors.similarity_matrix(table, words)
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda table: neighbors.most_similar(table, b"w1"),
        lambda table: neighbors.most_similar(table, "w1", b"w1"),
        lambda table: neighbors.most_similar_cosmul(table, b"w1"),
        lambda table: neighbors.most_similar_batch(table, b"w1"),
        lambda table: neighbors.similarity_matrix(table, b"w1"),
        lambda table: neighbors.distances(table, "w1", b"w1"),
        lambda table: neighbors.doesnt_match(table, b"w1"),
    ],
)
def test_bytes_are_no_rows(table, ask):
    """As a list, b"w1" would be the rows 119 and 49."""
    with pytest.raises(InputError, match=r"got bytes b'w1'\. Decode it"):
        ask(table)


def test_nothing_may_be_given_as_none(table):
    expected = neighbors.most_similar(table, ["w1"])
    assert neighbors.most_similar(table, ["w1"], None) == expected
    assert neighbors.most_similar(table, None, [("w1", 1.0)]) == expected
    products = neighbors.most_similar_cosmul(table, ["w1"])
    assert neighbors.most_similar_cosmul(table, ["w1"], None) == products
    with pytest.raises(InputError, match="at least one word"):
        neighbors.most_similar(table, None, None)


@pytest.mark.parametrize("weight", [0.5, 2, np.float32(3), np.int64(2)])
def test_a_pair_may_stand_alone(table, weight):
    for word in ("w1", VECTOR, np.str_("w1")):
        expected = neighbors.most_similar(table, [(word, weight)])
        assert neighbors.most_similar(table, (word, weight)) == expected
    assert neighbors.most_similar(table, (1, 0.5)) == neighbors.most_similar(table, [(1, 0.5)])
    assert neighbors.most_similar(table, (1, 2)) == neighbors.most_similar(table, [1, 2])
    with pytest.raises(InputError, match=r"pair is a word and a finite number; got \('w1', 'w2'\)"):
        neighbors.most_similar(table, [("w1", "w2")])


def test_numbers_that_no_float32_can_hold_are_refused(table):
    """Squares of them overflow: a cosine with them was 0."""
    huge = VECTOR.astype(np.float64) * 1e200
    for ask in (neighbors.most_similar, neighbors.most_similar_cosmul, neighbors.distances):
        with pytest.raises(InputError, match="finite, in float32 too"):
            ask(table, huge)
    with pytest.raises(InputError, match="finite, in float32 too"):
        neighbors.similarity(table, huge, "w1")
    with pytest.raises(InputError, match="a finite number; got \\('w1', nan\\)"):
        neighbors.most_similar(table, [("w1", float("nan"))])


def test_equally_central_words_may_be_words_and_rows(table):
    word = table.vocabulary.words[0]
    assert neighbors.rank_by_centrality(table, [word, 0, word])[0][1] == word
    assert neighbors.doesnt_match(table, [0, word]) == 0


def test_what_is_no_vector_is_explained(table):
    for key in ([1.0] * 20, (1.0, 2.0, 3.0)):
        with pytest.raises(InputError, match="a vector a NumPy array"):
            neighbors.similarity(table, "w1", key)
    for ask in (
        lambda vector: neighbors.similarity(table, vector, "w1"),
        lambda vector: neighbors.distances(table, vector),
        lambda vector: neighbors.most_similar_cosmul(table, vector),
        lambda vector: neighbors.most_similar(table, vector),
    ):
        for odd in (np.nan, np.inf, 1e39):
            with pytest.raises(InputError, match="finite"):
                ask(np.full(20, odd))
    with pytest.raises(InputError, match="finite, in float32 too"):
        neighbors.most_similar(table, [("w1", 1e300)])


def test_a_mean_takes_words_that_are_made_of_ngrams():
    """As gensim's does, for which such words are in the vocabulary."""
    rows = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    subwords = Subwords(rows, FastTextIndex(50, 3, 6))
    table = VectorTable(Vocabulary(["cat"]), np.ones((1, 4), np.float32), subwords=subwords)
    made = subwords.vector("catty")
    found = neighbors.mean_vector(table, ["cat", "catty"], pre_normalize=False)
    np.testing.assert_allclose(found, (made + 1) / 2, rtol=1e-6)
    alone = neighbors.mean_vector(table, ["catty"], post_normalize=True, ignore_missing=False)
    np.testing.assert_allclose(alone, made / np.linalg.norm(made), rtol=1e-6)
