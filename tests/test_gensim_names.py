"""Code written for gensim's KeyedVectors runs on WordVectors, with the same results."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin.errors import InputError, RenamedError, UnknownWordError
from wordkin.vectors import WordVectors, load

WORDS = [f"w{i}" for i in range(80)]
# not offered: what changes vectors in place, reads or writes files, or needs other packages
LEFT_OUT = {
    "add_lifecycle_event", "add_vector", "add_vectors", "allocate_vecattrs", "evaluate_word_pairs",
    "intersect_word2vec_format", "load", "load_word2vec_format", "log_accuracy",
    "log_evaluate_word_pairs", "resize_vectors", "save_word2vec_format", "set_vecattr",
    "sort_by_descending_frequency", "unit_normalize_all", "wmdistance",
    "init_sims", "word_vec", "words_closer_than", "similarity_unseen_docs", "vectors_norm",
    "index2entity", "index2word", "vocab",
}  # fmt: skip


@pytest.fixture(scope="module")
def vectors():
    matrix = np.random.default_rng(0).standard_normal((80, 12)).astype(np.float32)
    return WordVectors(WORDS, matrix, counts=np.arange(80, 0, -1))


@pytest.fixture(scope="module")
def theirs(vectors):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    made = keyedvectors.KeyedVectors(12)
    made.add_vectors(WORDS, vectors.vectors)
    for word, count in zip(WORDS, range(80, 0, -1), strict=True):
        made.set_vecattr(word, "count", count)
    return made


def test_every_reading_method_of_gensim_is_here(vectors, theirs):
    names = {name for name in dir(type(theirs)) if not name.startswith("_")}
    missing = {name for name in names - LEFT_OUT if not hasattr(vectors, name)}
    assert missing == set()


CALLS = [
    lambda v: v.most_similar_cosmul(["w1", "w2"], ["w3"], topn=5),
    lambda v: v.most_similar_cosmul("w1", topn=5),
    lambda v: v.most_similar_cosmul(positive=["w1"], negative=["w3", "w4"], topn=100),
    lambda v: v.similar_by_word("w4"),
    lambda v: v.similar_by_word("w4", topn=3),
    lambda v: v.similar_by_word("w4", 3, 40),
    lambda v: v.similar_by_key("w4"),
    lambda v: v.similar_by_key("w4", restrict_vocab=10),
    lambda v: v.similar_by_vector(v["w4"] + v["w5"]),
    lambda v: v.similar_by_vector(v["w4"] + v["w5"], topn=3),
    lambda v: v.distances("w1"),
    lambda v: v.distances("w1", ["w2", "w3"]),
    lambda v: v.distances(v["w1"] * 2, []),
    lambda v: v.closer_than("w1", "w30"),
    lambda v: v.rank("w1", "w30"),
    lambda v: v.rank("w1", "w1"),
    lambda v: v.get_mean_vector(["w1", "w2"]),
    lambda v: v.get_mean_vector(["w1", "nowhere", "w2"], weights=[1, 2, -0.5]),
    lambda v: v.get_mean_vector(["w1", v["w2"]], pre_normalize=False, post_normalize=True),
    lambda v: v.get_mean_vector(["nowhere"]),
    lambda v: v.get_normed_vectors(),
    lambda v: v.get_vecattr("w5", "count"),
    lambda v: v.has_index_for("w5"),
    lambda v: v.has_index_for("nowhere"),
    lambda v: v.most_similar_to_given("w1", ["w5", "w9", "w20"]),
    lambda v: v.relative_cosine_similarity("w1", "w5", topn=4),
    lambda v: v.rank_by_centrality(["w1", "w2", "w3"]),
    lambda v: v.cosine_similarities(v["w1"], v.vectors[:9]),
    lambda v: v.doesnt_match(["w1", "w2", "w3"]),
    lambda v: (v.fill_norms(), v.norms)[1],
]


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`")  # gensim calls its own
@pytest.mark.parametrize("number", range(len(CALLS)))
def test_the_same_results(vectors, theirs, number):
    assert_alike(CALLS[number](vectors), CALLS[number](theirs))


def assert_alike(ours, theirs):
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert_alike(mine, other)
    elif isinstance(theirs, str | bool):
        assert ours == theirs
    else:
        np.testing.assert_allclose(ours, theirs, atol=3e-6)


def test_evaluations_have_gensims_form(vectors, theirs, tmp_path):
    rng = np.random.default_rng(1)
    pairs, questions = tmp_path / "pairs.tsv", tmp_path / "questions.txt"
    pairs.write_text("".join(f"w{a}\tw{b}\t{a + b}\n" for a, b in rng.integers(0, 90, (40, 2))))
    lines = [" ".join(f"w{i}" for i in row) for row in rng.integers(0, 90, (60, 4))]
    questions.write_text(": one\n" + "\n".join(lines[:30]) + "\n: two\n" + "\n".join(lines[30:]))
    ours, other = vectors.evaluate_word_pairs(pairs), theirs.evaluate_word_pairs(pairs)
    assert [ours[0][0], ours[1][0], ours[2]] == pytest.approx([other[0][0], other[1][0], other[2]])
    for settings in ({}, {"dummy4unknown": True}, {"restrict_vocab": 50}):
        ours = vectors.evaluate_word_analogies(questions, **settings)
        other = theirs.evaluate_word_analogies(questions, **settings)
        assert ours[0] == pytest.approx(other[0])
        for mine, section in zip(ours[1], other[1], strict=True):
            assert mine["section"] == section["section"]
            assert mine["correct"] == section["correct"]
            assert sorted(mine["incorrect"]) == sorted(section["incorrect"])


def test_what_is_not_there_is_explained(vectors):
    with pytest.raises(InputError, match='only "count" is known'):
        vectors.get_vecattr("w1", "sample_int")
    with pytest.raises(InputError, match="not even a count"):
        WordVectors(["a"], [[1]]).get_vecattr("a", "count")
    with pytest.raises(UnknownWordError):
        vectors.get_mean_vector(["nowhere"], ignore_missing=False)
    with pytest.raises(InputError, match="one weight for each"):
        vectors.get_mean_vector(["w1"], weights=[1, 2])
    with pytest.raises(RenamedError, match="closer_than"):
        _ = vectors.words_closer_than
    with pytest.raises(InputError, match="one thing"):
        vectors.most_similar("w1", restrict=3, restrict_vocab=3)
    with pytest.raises(InputError, match="to be near to"):
        vectors.most_similar_cosmul([], ["w1"])
    with pytest.raises(InputError, match="3cosmul"):
        vectors.analogy("w1", "w2", "w3", method="4cos")


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`")  # gensim calls its own
def test_calls_that_leave_out_an_argument_by_none(vectors, theirs):
    for call in (
        lambda v: v.most_similar(positive=["w1"], negative=None, topn=3),
        lambda v: v.most_similar(None, ["w1"], topn=3),
        lambda v: v.most_similar_cosmul(positive=["w1"], negative=None, topn=3),
    ):
        assert_alike(call(vectors), call(theirs))


@pytest.mark.parametrize(
    "call",
    [
        lambda v: v.most_similar("w1", topn=None),
        lambda v: v.most_similar(["w1", ("w2", 0.5)], ["w3"], topn=None),
        lambda v: v.most_similar("w1", topn=None, restrict_vocab=30),
        lambda v: v.similar_by_word("w1", topn=None),
        lambda v: v.similar_by_key("w1", topn=None, restrict_vocab=5),
        lambda v: v.similar_by_vector(v["w1"] * 3, topn=None),
    ],
)
def test_without_topn_all_cosines_come_in_order_of_rows(vectors, theirs, call):
    ours, other = call(vectors), call(theirs)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, other, atol=1e-6)


def test_without_topn_the_words_of_restrict_answer(vectors):
    chosen = vectors.most_similar("w1", topn=None, restrict=["w7", "w5"])
    np.testing.assert_array_equal(chosen, vectors.most_similar("w1", topn=None)[[5, 7]])


KEYS = ["w1", "nowhere", 3, 79, 80, -1, np.int64(4), None, 3.5]


def test_what_is_here_is_here_for_gensim_too(vectors, theirs):
    for key in KEYS:
        assert vectors.has_index_for(key) == theirs.has_index_for(key), key
        assert (key in vectors) == (key in theirs), key
        assert vectors.get_index(key, -1) == theirs.get_index(key, -1), key
        assert vectors.get_index(key, default=7) == theirs.get_index(key, default=7), key
    assert not vectors.has_index_for(True)  # gensim: row 1
    with pytest.raises(InputError, match="bytes"):
        vectors.has_index_for(b"w1")


def test_vectors_for_all_are_those_of_gensim(vectors, theirs):
    asked = ["w9", "nowhere", "w2", "w9", "w70"]
    ours, other = vectors.vectors_for_all(asked), theirs.vectors_for_all(asked)
    assert ours.index_to_key == other.index_to_key == ["w9", "w2", "w70"]
    np.testing.assert_array_equal(ours.vectors, other.vectors)
    assert ours.vocabulary.counts is None
    counted = vectors.vectors_for_all(iter(asked), copy_vecattrs=True)
    assert [counted.get_vecattr(word, "count") for word in counted.index_to_key] == [71, 78, 10]
    assert len(vectors.vectors_for_all([])) == len(vectors.vectors_for_all(["nowhere"])) == 0
    for wrong in ("w1", b"w1"):
        with pytest.raises(InputError, match="list of words"):
            vectors.vectors_for_all(wrong)


def test_vectors_for_all_are_made_of_ngrams_as_gensim_makes_them(tmp_path):
    models = pytest.importorskip("gensim.models")
    fasttext = pytest.importorskip("gensim.models.fasttext")
    sentences = [["walking", "talking"], ["walked", "talked"]] * 20
    model = models.FastText(sentences, vector_size=8, min_count=1, epochs=1, bucket=500)
    path = str(tmp_path / "v.bin")
    fasttext.save_facebook_model(model, path)
    ours, theirs = load(path), fasttext.load_facebook_vectors(path)
    asked = ["walking", "balked", "talked", "zzz"]
    for settings in ({}, {"allow_inference": False}, {"copy_vecattrs": True}):
        mine, other = (v.vectors_for_all(asked, **settings) for v in (ours, theirs))
        assert mine.index_to_key == other.index_to_key
        np.testing.assert_allclose(mine.vectors, other.vectors, atol=1e-6)
    assert mine.vocabulary.counts.tolist() == [20, 0, 20, 0]
    assert mine.table.subwords is not None  # it still knows other words
    for keys in (asked, ["zzz"]):
        np.testing.assert_allclose(
            ours.get_mean_vector(keys), theirs.get_mean_vector(keys), atol=1e-6
        )


def test_centrality_by_vectors_as_they_are(vectors, theirs):
    words = ["w1", "w2", "w3", "w4"]
    ours = vectors.rank_by_centrality(words, use_norm=False)
    assert_alike(ours, theirs.rank_by_centrality(words, use_norm=False))


def test_the_nearest_of_some_words_may_come_in_any_list(vectors):
    words = ["w5", "w9", "w20"]
    nearest = vectors.most_similar_to_given("w1", words)
    for some in (tuple(words), np.array(words), iter(words), dict.fromkeys(words)):
        assert vectors.most_similar_to_given("w1", some) == nearest
    assert vectors.most_similar_to_given("w1", "w5") == "w5"  # and not "w"
    with pytest.raises(InputError, match="words to choose from"):
        vectors.most_similar_to_given("w1", [])


def test_a_share_of_nothing_is_explained(vectors):
    with pytest.raises(InputError, match="no other words"):
        WordVectors(["a"], [[1, 2]]).relative_cosine_similarity("a", "a")
    with pytest.raises(InputError, match="add up to 0"):
        WordVectors(["a", "b"], [[0, 0], [0, 0]]).relative_cosine_similarity("a", "b")


def test_unknown_pairs_may_count_as_unlike(vectors, theirs, tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("".join(f"w{i}\tw{i * 2}\t{i % 9}\n" for i in range(1, 60)))
    ours = vectors.evaluate_word_pairs(pairs, dummy4unknown=True)
    other = theirs.evaluate_word_pairs(pairs, dummy4unknown=True)
    assert ours[0][0] == pytest.approx(other[0][0], abs=1e-6)
    assert [ours[1][0], ours[2]] == pytest.approx([other[1][0], other[2]])


def test_unknown_questions_may_count_as_wrong(tmp_path):
    """Two of three known questions are answered, and one in four is of unknown words."""
    grid = {"king": [1, 1], "queen": [1, -1], "man": [3, 1], "woman": [3, -1], "odd": [-1, 0.1]}
    vectors = WordVectors(list(grid), list(grid.values()))
    file = tmp_path / "questions.txt"
    file.write_text(
        ": royal\nman king woman queen\nwoman queen man king\nman king woman odd\na b c d\n"
    )
    for dummy, accuracy in ((False, 2 / 3), (True, 2 / 4)):
        found, (section, total) = vectors.evaluate_word_analogies(file, dummy4unknown=dummy)
        assert found == pytest.approx(accuracy)
        assert len(section["incorrect"]) == len(total["incorrect"]) == 1 + dummy


def test_pairs_are_compared_whatever_their_case(vectors, theirs, tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("".join(f"{'wW'[i % 2]}{i}\tw{i + 9}\t{i * 7 % 13}\n" for i in range(40)))
    ours, other = vectors.evaluate_word_pairs(pairs), theirs.evaluate_word_pairs(pairs)
    assert ours[2] == other[2] == 0
    assert [ours[0][0], ours[1][0]] == pytest.approx([other[0][0], other[1][0]], abs=1e-6)
    assert vectors.evaluate_word_pairs(pairs, case_insensitive=False)[2] == 50


def test_the_norm_may_be_asked_for_by_place(vectors, theirs):
    ours, other = (v.get_vector("w1", True) for v in (vectors, theirs))
    np.testing.assert_allclose(ours, other, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("add_vector", "merge"),
        ("add_vectors", "merge"),
        ("resize_vectors", "merge"),
        ("set_vecattr", "counts"),
        ("sort_by_descending_frequency", "select"),
        ("intersect_word2vec_format", "merge"),
        ("wmdistance", "load_word2vec_format"),
    ],
)
def test_what_gensim_has_and_we_have_not_says_what_to_do(vectors, name, instead):
    with pytest.raises(RenamedError, match=f"'{name}' of gensim is not here: .*{instead}"):
        getattr(vectors, name)
    assert not hasattr(vectors, name)
