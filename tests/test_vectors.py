"""The desk: gensim's names, no copies, and errors that tell what to do."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import (
    FileError,
    FormatError,
    InputError,
    RenamedError,
    RowError,
    UnknownWordError,
)
from wordkin.table import VectorTable
from wordkin.vectors import WordVectors, load
from wordkin.vocabulary import Vocabulary

WORDS = ["the", "king", "queen", "pizza"]


@pytest.fixture
def vectors():
    matrix = np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32)
    return WordVectors(WORDS, matrix, counts=[9, 3, 2, 1])


def test_names_and_shapes_are_gensims(vectors):
    assert vectors.index_to_key == WORDS
    assert vectors.key_to_index == {word: row for row, word in enumerate(WORDS)}
    assert vectors.vectors.shape == (4, 6)
    assert vectors.vectors.dtype == np.float32
    assert vectors.vectors.flags.c_contiguous
    assert (len(vectors), vectors.vector_size) == (4, 6)
    assert "king" in vectors
    assert "prince" not in vectors
    assert repr(vectors) == "<WordVectors: 4 words, 6 dimensions>"
    assert vectors.vocabulary.counts.tolist() == [9, 3, 2, 1]
    assert vectors.get_index("queen") == 2
    assert vectors.get_index(3) == 3
    assert vectors.get_index("prince", default=-1) == -1


def test_it_can_stand_in_for_keyedvectors(vectors):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    theirs = keyedvectors.KeyedVectors(6)
    theirs.add_vectors(WORDS, vectors.vectors)
    for one in (vectors, theirs):
        assert one.get_index("king") == 1
        np.testing.assert_array_equal(one["king"], vectors.vectors[1])
        np.testing.assert_array_equal(one[["king", "the"]], vectors.vectors[[1, 0]])
        np.testing.assert_allclose(np.linalg.norm(one.get_vector("king", norm=True)), 1, rtol=1e-6)
        assert not one["king"].flags.writeable
    for call in [
        lambda v: v.similarity("king", "queen"),
        lambda v: v.distance("king", "queen"),
        lambda v: v.n_similarity(["king", "the"], ["pizza"]),
        lambda v: v.most_similar("king", topn=3)[0][1],
        lambda v: v.most_similar(["king", "pizza"], ["the"], 2)[0][1],
        lambda v: v.most_similar(positive=["king"], negative=["the"], restrict_vocab=3)[0][1],
    ]:
        assert call(vectors) == pytest.approx(float(call(theirs)), abs=1e-6)
    assert vectors.doesnt_match(WORDS) == theirs.doesnt_match(WORDS)


def test_nothing_is_copied():
    matrix = np.ones((4, 3), np.float32)
    vectors = WordVectors(WORDS, matrix)
    assert vectors.vectors is matrix
    assert np.shares_memory(vectors["king"], matrix)
    assert matrix.flags.writeable
    assert not np.shares_memory(vectors[["king"]], matrix)
    assert vectors[[]].shape == (0, 3)


def test_any_matrix_of_numbers_will_do():
    assert WordVectors(["a", "b"], [[1, 2], [3, 4]]).vectors.dtype == np.float32
    vectors = WordVectors(["a", "b"], np.asfortranarray([[1.0, 2], [3, 4]]))
    assert vectors.vectors.flags.c_contiguous
    assert vectors["b"].tolist() == [3, 4]


def test_a_vocabulary_keeps_its_tokenizer():
    vocabulary = Vocabulary(["a", "b"], tokenizer="whitespace", specials=())
    for counts in (None, [2, 1]):
        vectors = WordVectors(vocabulary, np.eye(2), counts)
        assert vectors.vocabulary.tokenizer == vocabulary.tokenizer
        assert vectors.vocabulary.encode("a b c").tolist() == [2, 3, 1]


def test_counts_are_those_given_or_else_those_of_the_vocabulary():
    vocabulary = Vocabulary(["a", "b"], [7, 5])
    for given, kept in ((None, [7, 5]), ([2, 1], [2, 1])):
        vectors = WordVectors(vocabulary, np.eye(2), given)
        assert vectors.vocabulary.counts.tolist() == kept


def test_the_vocabulary_encodes_model_rows(vectors):
    batch = vectors.vocabulary.encode_batch(["king prince", "the"], max_length=3)
    assert batch.tolist() == [[3, 1, 0], [2, 0, 0]]


def test_searches_of_a_batch(vectors):
    assert vectors.most_similar_batch(["king", "the"], topn=2) == [
        vectors.most_similar("king", topn=2),
        vectors.most_similar("the", topn=2),
    ]


@pytest.mark.parametrize("suffix", [".safetensors", ".txt", ".vec", ".bin", ".npy"])
def test_saved_and_loaded(vectors, tmp_path, suffix):
    vectors.save(tmp_path / f"v{suffix}")
    again = load(str(tmp_path / f"v{suffix}"))
    assert again.index_to_key == WORDS
    np.testing.assert_array_equal(again.vectors, vectors.vectors)
    assert again.most_similar("king") == vectors.most_similar("king")
    assert again.vocabulary == vectors.vocabulary


def test_a_mapped_file_is_not_copied(vectors, tmp_path):
    vectors.save(tmp_path / "v", format="safetensors")
    again = wk.load(tmp_path / "v")
    assert not again.vectors.flags.writeable
    assert np.shares_memory(again["king"], again.vectors)
    again.get_vector("king", norm=True)
    again.save(tmp_path / "v", "safetensors")
    assert again.vocabulary.counts.tolist() == [9, 3, 2, 1]


def test_zero_vectors_stay_zero():
    vectors = WordVectors(["zero", "small"], [[0, 0], [0, 0.25]])
    assert vectors.get_vector("zero", norm=True).tolist() == [0, 0]
    assert vectors.get_normed_vectors().tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("syn0", "vectors"),
        ("index2word", "index_to_key"),
        ("index2entity", "index_to_key"),
        ("vocab", "key_to_index"),
        ("wv", "this object itself"),
        ("word_vec", "get_vector"),
        ("save_word2vec_format", "save"),
        ("vectors_norm", "norm=True"),
    ],
)
def test_old_names_tell_the_new_ones(vectors, old, new):
    with pytest.raises(RenamedError, match=f"'{old}' of old gensim is now: .*{new}"):
        getattr(vectors, old)
    assert not hasattr(vectors, old)
    assert getattr(vectors, old, "default") == "default"


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("load_word2vec_format", r"wordkin\.load\(path\)"),  # a class method, as is the next one
        ("load", r"wordkin\.load\(path\)"),
        ("add", "merge"),
        ("accuracy", "evaluate_word_analogies"),
    ],
)
def test_the_class_tells_the_new_names_too(vectors, name, new):
    for asked in (WordVectors, vectors):
        with pytest.raises(RenamedError, match=f"'{name}' of .*gensim is .*{new}"):
            getattr(asked, name)
        assert not hasattr(asked, name)
    with pytest.raises(AttributeError, match="type object 'WordVectors' has no attribute 'matrix'"):
        _ = WordVectors.matrix


def test_names_that_never_were(vectors):
    with pytest.raises(AttributeError, match="'WordVectors' object has no attribute 'matrix'"):
        _ = vectors.matrix


def test_it_can_be_copied_and_sent(vectors):
    for twin in (copy.copy(vectors), copy.deepcopy(vectors), pickle.loads(pickle.dumps(vectors))):
        assert twin.most_similar("king") == vectors.most_similar("king")


def test_unknown_words_are_named_with_suggestions(vectors):
    for ask in (
        lambda: vectors["quen"],
        lambda: vectors[["the", "quen"]],
        lambda: vectors.get_vector("quen"),
        lambda: vectors.get_index("quen"),
        lambda: vectors.most_similar("quen"),
        lambda: vectors.similarity("the", "quen"),
        lambda: vectors.doesnt_match(["the", "quen"]),
    ):
        with pytest.raises(UnknownWordError, match=r"'quen' is not in the vocabulary.*'queen'"):
            ask()
    with pytest.raises(KeyError):
        _ = vectors["quen"]
    with pytest.raises(RowError, match="rows go from 0 to 3"):
        _ = vectors[4]
    with pytest.raises(RowError):
        _ = vectors[-1]


@pytest.mark.parametrize(
    ("words", "matrix", "counts", "message"),
    [
        (["a"], [[1], [2]], None, "2 rows, but there are 1 words"),
        (["a", "b"], [[1, 2]], None, "1 rows, but there are 2 words"),
        (["a"], [1, 2], None, "shape"),
        (["a", "b"], [[1], [2, 3]], None, "rows of one length"),
        (["a"], [[np.nan]], None, "NaN.*'a'"),
        (["a"], [[1e300]], None, "NaN or infinity"),
        (["a"], [["x"]], None, "real numbers"),
        (["a"], [["1"]], None, "real numbers"),
        (["a"], np.array([["2020"]], "M8[Y]"), None, "real numbers"),
        (["a", "b"], [[1], [2]], [1, [2, 3]], "Counts"),
        (["a", "a"], [[1], [2]], None, "only once"),
        ("ab", [[1], [2]], None, "list"),
        (["a"], [[1]], [1, 2], "Counts"),
        (["a"], [[]], None, "shape"),
    ],
)
def test_wrong_arrays_are_refused(words, matrix, counts, message):
    with pytest.raises(InputError, match=message):
        WordVectors(words, matrix, counts)


def test_a_table_is_taken_as_it_is():
    table = VectorTable(Vocabulary(["a"], specials=()), np.ones((1, 2), np.float32), {"seed": 1})
    vectors = WordVectors.from_table(table)
    assert vectors.table.settings == {"seed": 1}
    assert vectors.vectors is table.matrix
    assert vectors.vocabulary.n_rows == 3


@pytest.mark.parametrize(
    ("name", "module"),
    [("keras", "keras"), ("torch", "torch"), ("jax", "flax"), ("tensorflow",) * 2],
)
def test_the_layer_is_made_by_the_room_of_layers(vectors, monkeypatch, name, module):
    room = SimpleNamespace(**{f"{module}_layer": lambda *given, **options: (*given, options)})
    monkeypatch.setitem(sys.modules, f"wordkin.layers.{module}", room)
    words = Vocabulary(["a"])
    made = getattr(vectors, f"to_{name}")(words, trainable=True)
    assert made == (vectors.table, words, {"trainable": True})


def test_wrong_files_are_refused(vectors, tmp_path):
    with pytest.raises(FileError, match="missing"):
        load(tmp_path / "missing.safetensors")
    (tmp_path / "empty.safetensors").touch()
    with pytest.raises(FormatError, match="is empty"):
        load(tmp_path / "empty.safetensors")
    with pytest.raises(FileError, match="does not exist"):
        vectors.save(tmp_path / "no folder" / "v.safetensors")
    with pytest.raises(InputError, match="does not tell the format"):
        vectors.save(tmp_path / "v")


def test_loading_and_searching_needs_numpy_only(vectors, tmp_path):
    vectors.save(tmp_path / "v.safetensors")
    code = (
        "import sys, wordkin as wk\n"
        "vectors = wk.load(sys.argv[1])\n"
        "vectors.most_similar('king')\n"
        "heavy = {'numba', 'keras', 'rich', 'typer', 'pandas', 'scipy', 'gensim', 'safetensors'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "v.safetensors")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
