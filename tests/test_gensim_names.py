"""Code written for gensim's KeyedVectors runs on WordVectors, with the same results."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin.errors import InputError, RenamedError, UnknownWordError
from wordkin.vectors import WordVectors

WORDS = [f"w{i}" for i in range(80)]
# not offered: what changes vectors in place, reads or writes files, or needs other packages
LEFT_OUT = {
    "add_lifecycle_event", "add_vector", "add_vectors", "allocate_vecattrs", "evaluate_word_pairs",
    "intersect_word2vec_format", "load", "load_word2vec_format", "log_accuracy",
    "log_evaluate_word_pairs", "resize_vectors", "save_word2vec_format", "set_vecattr",
    "sort_by_descending_frequency", "unit_normalize_all", "vectors_for_all", "wmdistance",
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
    lambda v: v.similar_by_word("w4", topn=3),
    lambda v: v.similar_by_word("w4", 3, 40),
    lambda v: v.similar_by_key("w4", restrict_vocab=10),
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
