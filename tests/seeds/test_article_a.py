"""Article A, "Using Gensim Word2Vec Embeddings in Keras" (2016): rows A1 to A14.

Train word vectors on a folder of texts, save them, and use them in a network.
"""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import lzma
from pathlib import Path

import numpy as np
import pytest
from seeds.tools import as_numpy, command

import wordkin as wk
from wordkin import formats
from wordkin.embedding import check_rows
from wordkin.errors import ConfigError, RenamedError, RowError
from wordkin.text.tokenizers import Gensim

DOCS = Path(__file__).resolve().parents[2] / "docs"
LINES = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog"] * 40


@pytest.fixture
def folder(tmp_path):
    """Texts as people keep them: several files, in folders, some compressed."""
    root = tmp_path / "texts"
    (root / "deep").mkdir(parents=True)
    (root / "b.txt").write_text("second file\nof two lines\n", encoding="utf-8")
    with gzip.open(root / "a.txt.gz", "wt", encoding="utf-8") as file:
        file.write("first file\n")
    with lzma.open(root / "deep" / "c.txt.xz", "wt", encoding="utf-8") as file:
        file.write("third file\n")
    (root / ".hidden").write_text("never read\n")
    return root


@pytest.fixture(scope="module")
def model():
    return wk.train(
        wk.Corpus.from_texts(LINES, min_count=1), wk.SkipGram(vector_size=16, epochs=30), workers=1
    )


def test_A1_one_install_of_a_pure_python_package():
    package = importlib.metadata.distribution("wordkin")
    assert "py3-none-any" in (package.read_text("WHEEL") or "")
    base = [line for line in package.requires or [] if "extra ==" not in line]
    names = {line.split(">")[0].strip() for line in base}
    assert names == {"numpy", "numba", "safetensors", "rich", "typer"}  # all have wheels
    sources = Path(wk.__file__).parent.rglob("*.*")
    page = {".html", ".css", ".js"}  # of the explorer
    assert {path.suffix for path in sources} <= {".py", ".pyc", ".typed", ".nbi", ".nbc", *page}


def test_A2_the_tokenizer_has_a_name_and_counts_what_it_drops(tmp_path):
    gensim = pytest.importorskip("gensim.utils", reason="gensim is not installed")
    text = "I can't read 1984, a donaudampfschiffahrtsgesellschaft, or _this_."
    corpus = wk.Corpus.from_texts([text], tokenizer="gensim", min_count=1)
    assert next(corpus.sentences()) == gensim.simple_preprocess(text)
    # what simple_preprocess drops in silence: I, t, 1984, a, the long word, _this_
    assert corpus.n_tokens == len(["can", "read", "or"])
    assert corpus.account.read - corpus.n_tokens == sum(corpus.account.dropped.values()) == 6
    kept = wk.Corpus.from_texts([text], tokenizer="words", min_count=1)
    assert kept.account.read == kept.n_tokens == 8  # I can't read 1984 a ... or this
    # it is saved with the vectors
    vectors = wk.WordVectors(corpus.vocabulary, np.eye(len(corpus.vocabulary)))
    vectors.save(tmp_path / "v.safetensors")
    assert wk.load(tmp_path / "v.safetensors").vocabulary.tokenizer == Gensim()


def test_A3_costly_preprocessing_is_done_once_and_kept(tmp_path):
    calls = []

    def lemmatize(text: str) -> list[str]:
        calls.append(text)
        return [word.removesuffix("s") for word in text.split()]

    corpus = wk.Corpus.from_texts(
        ["cats sat", "cat sits"] * 5, tokenizer=lemmatize, min_count=1, store=tmp_path / "corpus"
    )
    assert len(calls) == 10
    again = wk.Corpus.open(tmp_path / "corpus")
    wk.train(again, wk.SkipGram(vector_size=4, epochs=3, sample=0), workers=1)
    assert len(calls) == 10  # not once more, in three epochs
    assert again.vocabulary.words == corpus.vocabulary.words == ["cat", "sat", "sit"]


def test_A3_an_expensive_function_runs_in_a_pool_of_its_users():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        corpus = wk.Corpus.from_sentences(pool.map(str.split, LINES), min_count=1)
    assert corpus.n_tokens == sum(len(line.split()) for line in LINES)


def test_A4_a_folder_is_read_in_order_with_what_is_below_and_compressed(folder):
    corpus = wk.Corpus.from_path(folder, min_count=1)
    assert list(corpus.sentences()) == [
        ["first", "file"], ["second", "file"], ["of", "two", "lines"], ["third", "file"],
    ]  # fmt: skip


def test_A4_the_encoding_is_stated_and_bad_bytes_are_counted(tmp_path):
    (tmp_path / "latin.txt").write_bytes("der Käse\n".encode("latin-1"))
    latin = wk.Corpus.from_path(tmp_path / "latin.txt", encoding="latin-1", min_count=1)
    assert "käse" in latin.vocabulary
    assert wk.Corpus.from_path(tmp_path / "latin.txt", min_count=1).account.undecodable_bytes == 1


def test_A4_an_iterator_that_can_be_read_once_is_enough():
    once = (line for line in LINES)
    corpus = wk.Corpus.from_texts(once, min_count=1)
    model = wk.train(corpus, wk.SkipGram(vector_size=4, epochs=3), workers=1)
    assert model.account.presented == 3 * corpus.n_tokens


def test_A5_one_call_trains_on_a_folder_and_saves(tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("\n".join(LINES))
    done = command("train", texts, "-o", tmp_path / "v.safetensors", "--vector-size", 8)
    assert done.exit_code == 0
    assert "tokens read" in done.stdout
    assert wk.load(tmp_path / "v.safetensors").vector_size == 8


@pytest.mark.parametrize(("old", "new"), [("size", "vector_size"), ("iter", "epochs")])
def test_A5_an_old_name_is_answered_with_the_new_one(old, new):
    with pytest.raises(ConfigError, match=new):
        wk.SkipGram(**{old: 10})


def test_A6_the_matrix_is_there_without_a_copy_and_as_npy(model, tmp_path):
    matrix = model.vectors.vectors
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    assert np.shares_memory(matrix, model.vectors.table.matrix)
    model.vectors.save(tmp_path / "emb.npy")
    assert np.array_equal(np.load(tmp_path / "emb.npy"), matrix)
    with pytest.raises(RenamedError, match="vectors"):
        model.vectors.syn0  # noqa: B018


def test_A7_vocabulary_to_json(model, tmp_path):
    vocabulary = model.vectors.vocabulary
    vocabulary.to_json(tmp_path / "vocab.json")
    content = json.loads((tmp_path / "vocab.json").read_text())
    assert list(content.values()) == list(range(len(vocabulary)))
    assert list(content) == list(vocabulary.words)
    # the checksum stands in the file that holds vectors and words together
    model.vectors.save(tmp_path / "v.safetensors")
    assert vocabulary.fingerprint().encode() in (tmp_path / "v.safetensors").read_bytes()
    with pytest.raises(RenamedError, match="key_to_index"):
        model.vectors.vocab  # noqa: B018


def test_A8_words_are_rows_and_each_export_checks_it(model):
    vectors = model.vectors
    for i, word in enumerate(vectors.index_to_key):
        assert np.array_equal(vectors.vectors[i], vectors[word])  # a row, not a column
    matrix, _ = wk.embedding_matrix(vectors)
    row = vectors.vocabulary.encode(["cat"])[0]
    assert row == vectors.key_to_index["cat"] + 2  # behind padding and unknown
    assert np.array_equal(matrix[row], vectors["cat"])
    check_rows(matrix, vectors, vectors.vocabulary)
    shifted = np.vstack([matrix[:1], np.roll(matrix[1:], 1, axis=0)])
    with pytest.raises(RowError, match="should be the vector of"):
        check_rows(shifted, vectors, vectors.vocabulary)


def test_A9_words_to_numbers_and_back(model, tmp_path):
    vocabulary = model.vectors.vocabulary
    vocabulary.to_json(tmp_path / "vocab.json")
    again = wk.Vocabulary.from_json(tmp_path / "vocab.json")
    word2idx, idx2word = again.key_to_index, again.words
    assert all(idx2word[i] == word for word, i in word2idx.items())
    assert again.decode(again.encode("the cat sat")) == ["the", "cat", "sat"]


def test_A10_keras_layer_has_its_own_rows_for_padding_and_unknown_and_is_frozen(toy):
    pytest.importorskip("keras", reason="the extra keras is not installed")
    layer = toy.to_keras()
    assert layer.trainable_weights == []
    assert [tuple(weight.shape) for weight in layer.weights] == [(len(toy) + 2, 3)]
    matrix, _ = wk.embedding_matrix(toy)
    assert np.array_equal(as_numpy(layer(np.arange(7))), matrix)
    assert not matrix[0].any()
    assert len(toy.to_keras(trainable=True).trainable_weights) == 1


def test_A11_the_layer_adds_an_axis(toy):
    keras = pytest.importorskip("keras", reason="the extra keras is not installed")
    layer = toy.to_keras()
    sentence = keras.Input((12,), dtype="int32", name="input")
    assert layer(sentence).shape == (None, 12, 3)
    assert tuple(layer(np.ones((4, 12), np.int32)).shape) == (4, 12, 3)


def test_A12_the_cosine_of_two_words_is_the_same_in_and_out_of_keras(toy):
    pytest.importorskip("keras", reason="the extra keras is not installed")
    layer = toy.to_keras()
    cosine = wk.cosine_model(layer)
    cat, mat = layer.vocabulary.encode(["cat", "mat"])
    found = as_numpy(cosine([np.array([cat]), np.array([mat])]))
    assert found == pytest.approx([toy.similarity("cat", "mat")], abs=1e-6)


def test_A13_the_whole_chain_on_the_command_line(tmp_path):
    (tmp_path / "text.txt").write_text("\n".join(LINES))
    vectors = tmp_path / "v.safetensors"
    done = [
        command("train", tmp_path / "text.txt", "-o", vectors, "--vector-size", 8),
        command("info", vectors),
        command("nearest", vectors, "cat", "-k", 2),
        command("convert", vectors, tmp_path / "v.txt"),
        command("similarity", vectors, "cat", "dog"),
    ]
    assert [each.exit_code for each in done] == [0] * 5
    loaded = wk.load(vectors)
    assert float(done[-1].stdout) == pytest.approx(loaded.similarity("cat", "dog"), abs=1e-4)
    assert np.array_equal(formats.read(tmp_path / "v.txt").matrix, loaded.vectors)


def test_A14_the_page_answers_the_threads_that_the_article_links():
    page = (DOCS / "articles" / "train-and-use-in-keras.md").read_text("utf-8")
    for thread in (
        "https://blog.keras.io/using-pre-trained-word-embeddings-in-a-keras-model.html",
        "https://github.com/keras-team/keras/issues/853",
        "https://groups.google.com/g/keras-users/c/4wUnPDutY5o",
    ):
        assert thread in page
