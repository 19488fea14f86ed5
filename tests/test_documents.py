"""DocumentEncoder against a loop over NumPy, scikit-learn's habits, files, and wrong questions."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import wordkin as wk
from wordkin.cli import app
from wordkin.documents.reading import Documents
from wordkin.documents.summing import Rows, sum_rows
from wordkin.errors import ConfigError, FormatError, InputError

WORDS = ["the", "a", "cat", "dog", "film", "größe", "日本", "don't", "x1"]
COUNTS = [50, 40, 9, 8, 5, 3, 2, 2, 1]


@pytest.fixture(scope="module")
def vectors():
    matrix = np.random.default_rng(0).normal(size=(len(WORDS), 6)).astype(np.float32)
    return wk.WordVectors(WORDS, matrix, COUNTS)


TEXTS = [
    "The cat, the dog!", "A film.", "größe 日本 größe", "", "nothing known here", "cat\ncat\r\ndog",
    "don't", "the " * 50,
]  # fmt: skip


def naive(vectors, texts, weights, *, by_weight=False):
    """What everybody writes."""
    cut = wk.get_tokenizer("words")
    out = np.zeros((len(texts), vectors.vector_size))
    for i, text in enumerate(texts):
        known = [vectors.key_to_index[w] for w in cut(text) if w in vectors]
        if known:
            total = sum(weights[w] for w in known) if by_weight else len(known)
            out[i] = sum(weights[w] * vectors.vectors[w].astype(float) for w in known) / total
    return out


def test_means_are_those_of_a_loop(vectors):
    made, report = wk.DocumentEncoder(vectors).encode(TEXTS, report=True)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, naive(vectors, TEXTS, np.ones(9)), atol=1e-6)
    assert (report.documents, report.empty, report.without.tolist()) == (8, 1, [3, 4])
    assert (report.words, report.known, report.by_ngrams) == (66, 63, 0)
    assert "without a known word" in str(report)
    assert report.coverage == 63 / 66


@pytest.mark.parametrize("n", [1, 3_000])
def test_many_texts_and_few_give_the_same_bits(vectors, n):
    """Few go through Python and NumPy in a new process, many through the kernels."""
    few = wk.DocumentEncoder(vectors, weighting="sif").encode(TEXTS)
    many = wk.DocumentEncoder(vectors, weighting="sif", workers=2).encode(TEXTS * n)
    assert many.tobytes() == np.tile(few, (n, 1)).tobytes()


def test_sif_is_that_of_the_paper(vectors):
    p = np.array(COUNTS) / sum(COUNTS)
    weights = 0.01 / (0.01 + p)
    encoder = wk.DocumentEncoder(vectors, weighting="sif", a=0.01)
    plain = naive(vectors, TEXTS, weights)
    np.testing.assert_allclose(encoder.encode(TEXTS), plain, atol=1e-6)  # not fitted: nothing off
    first = np.linalg.svd(plain)[2][0]
    np.testing.assert_allclose(
        encoder.fit_transform(TEXTS), plain - np.outer(plain @ first, first), atol=1e-5
    )
    assert abs(abs(encoder.components_[0] @ first) - 1) < 1e-5
    np.testing.assert_allclose(encoder.weights_, weights, rtol=1e-6)
    # counts that are given weigh more than those of the vectors
    other = wk.DocumentEncoder(vectors, weighting="sif", a=0.01, counts={"cat": 3, "dog": 1})
    share = np.array([0, 0, 0.75, 0.25, 0, 0, 0, 0, 0])
    expected = naive(vectors, TEXTS, 0.01 / (0.01 + share))
    np.testing.assert_allclose(other.encode(TEXTS), expected, atol=1e-6)


def test_sif_counts_words_itself_where_nobody_has(vectors):
    bare = wk.WordVectors(WORDS, vectors.vectors)
    encoder = wk.DocumentEncoder(bare, weighting="sif", a=0.1, remove=0)
    with pytest.raises(InputError, match=r"call fit\(texts\), or give counts="):
        encoder.encode(TEXTS)
    encoder.fit(["the the the cat"])
    expected = 0.1 / (0.1 + np.array([0.75, 0, 0.25, 0, 0, 0, 0, 0, 0]))
    np.testing.assert_allclose(encoder.weights_, expected, rtol=1e-6)


def test_idf_is_scikit_learns(vectors):
    text = pytest.importorskip("sklearn.feature_extraction.text")
    judge = text.TfidfVectorizer(
        vocabulary=WORDS, tokenizer=wk.get_tokenizer("words"), token_pattern=None, norm=None
    ).fit(TEXTS)
    encoder = wk.DocumentEncoder(vectors, weighting="idf")
    with pytest.raises(InputError, match="fit"):
        encoder.encode(TEXTS)
    made = encoder.fit_transform(TEXTS)
    np.testing.assert_allclose(encoder.weights_, judge.idf_, rtol=1e-6)
    np.testing.assert_allclose(made, naive(vectors, TEXTS, judge.idf_, by_weight=True), atol=1e-6)


def test_directions_can_be_taken_off_any_weighting_and_lengths_be_one(vectors):
    encoder = wk.DocumentEncoder(vectors, remove=2, normalize=True).fit(TEXTS)
    made = encoder.encode(TEXTS)
    assert encoder.components_.shape == (2, 6)
    assert abs(made @ encoder.components_.T).max() < 1e-5
    lengths = np.linalg.norm(made, axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 1, 0, 0, 1, 1, 1], atol=1e-6)


def test_ngrams_make_vectors_of_unknown_words():
    texts = ["walking talking", "walked talked"] * 50
    corpus = wk.Corpus.from_texts(texts, min_count=1)
    config = wk.FastText(vector_size=8, epochs=1, buckets=200, sample=0)
    vectors = wk.train(corpus, config, workers=1).vectors
    made, report = wk.DocumentEncoder(vectors).encode(["walking balked", "zzz", "?"], report=True)
    expected = (vectors["walking"] + vectors["balked"]) / 2
    np.testing.assert_allclose(made[0], expected, atol=1e-6)
    assert (report.known, report.by_ngrams) == (1, 2)
    assert report.without.tolist() == [2]
    many = wk.DocumentEncoder(vectors).encode(["walking balked", "zzz", "?"] * 3_000)
    assert many.tobytes() == np.tile(made, (3_000, 1)).tobytes()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_sums_are_those_of_a_loop(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    lengths = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=30))
    n_known, n_others = data.draw(st.integers(1, 9)), data.draw(st.integers(0, 4))
    starts = np.concatenate(([0], np.cumsum(lengths)))
    ids = rng.integers(0, n_known + n_others + 2, starts[-1]).astype(np.int32)
    known, others = (
        Rows(rng.normal(size=(n, 3)).astype(np.float32), rng.integers(0, 3, n).astype(np.float32))
        for n in (n_known, n_others)
    )
    sums = sum_rows(Documents(ids, starts), known, others, workers=2)
    for i in range(len(lengths)):
        vector, weight, words = np.zeros(3), 0.0, 0
        for word in ids[starts[i] : starts[i + 1]].tolist():
            table, row = (known, word) if word < n_known else (others, word - n_known)
            if table is others and (row >= n_others or others.weights[row] == 0):
                continue
            vector += table.weights[row] * table.matrix[row]
            weight += table.weights[row]
            words += 1
        np.testing.assert_allclose(sums.vectors[i], vector, atol=1e-4)
        assert (sums.weights[i], sums.words[i]) == (weight, words)


def test_texts_are_found_by_texts(vectors):
    encoder = wk.DocumentEncoder(vectors)
    index = encoder.index(["the cat", "a dog", "film film", ""])
    assert len(index) == 4
    ((first, cosine), *_), nothing = index.search(["film", "unknown"], topn=2)
    assert first == 2
    assert abs(cosine - 1) < 1e-6
    assert nothing == []
    np.testing.assert_allclose(encoder.similarity(["cat", "cat", ""], ["cat", "dog", "cat"]),
                               [1, vectors.similarity("cat", "dog"), 0], atol=1e-6)  # fmt: skip
    with pytest.raises(InputError, match="2 and 1"):
        encoder.similarity(["cat", "dog"], ["cat"])


def test_scikit_learn_takes_it_as_its_own(vectors):
    sklearn = pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    encoder = wk.DocumentEncoder(vectors, weighting="sif")
    twin = sklearn.base.clone(encoder)
    assert twin.vectors is vectors  # not copied
    assert twin.get_params() == encoder.get_params()
    assert not hasattr(twin.fit(TEXTS) and sklearn.base.clone(twin), "components_")
    texts, labels = (
        ["cat", "the dog", "dog cat", "film", "a film", "film film"] * 5,
        [0, 0, 0, 1, 1, 1] * 5,
    )
    search = GridSearchCV(
        make_pipeline(encoder, LogisticRegression()),
        {"documentencoder__weighting": ["mean", "idf", "sif"]},
        cv=2,
        error_score="raise",
    )
    assert search.fit(np.array(texts), labels).predict(["dog", "film"]).tolist() == [0, 1]
    assert len(search.best_estimator_[:1].get_feature_names_out()) == 6
    assert "weighting='sif'" in repr(encoder)


def test_it_needs_no_scikit_learn_and_few_texts_no_compiler():
    code = (
        "import sys, wordkin as wk; v = wk.WordVectors(['a', 'b'], [[1, 0], [0, 1]]); "
        "e = wk.DocumentEncoder(v, weighting='idf').fit(['a b', 'b']); e.encode(['a']); "
        "e.set_params(a=0.1).get_params(); print({'sklearn', 'numba'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"


@pytest.mark.parametrize("weighting", ["mean", "sif", "idf"])
def test_saved_and_loaded_it_is_the_same(vectors, tmp_path, weighting):
    path = tmp_path / "e.safetensors"
    encoder = wk.DocumentEncoder(
        vectors, weighting=weighting, tokenizer="whitespace", normalize=True, empty="raise", a=0.02
    ).fit(TEXTS)
    encoder.save(path)
    back = wk.DocumentEncoder.load(path)
    assert back.encode(TEXTS[5:6]).tobytes() == encoder.encode(TEXTS[5:6]).tobytes()
    mine, theirs = encoder.get_params(), back.get_params()
    for name in ("weighting", "normalize", "empty", "a", "remove"):
        assert mine[name] == theirs[name]
    assert list(wk.load(path).index_to_key) == WORDS


def test_what_is_no_encoder_is_told(vectors, tmp_path):
    vectors.save(tmp_path / "v.safetensors")
    with pytest.raises(FormatError, match="no encoder"):
        wk.DocumentEncoder.load(tmp_path / "v.safetensors")
    encoder = wk.DocumentEncoder(vectors).fit(TEXTS)
    encoder.save(tmp_path / "e.safetensors")
    data = (tmp_path / "e.safetensors").read_bytes()
    for odd in (b'"weighting": "mean"', b'"unknown": 1.0'):
        assert data.count(odd.replace(b'"', b'\\"')) == 1
        broken = data.replace(odd.replace(b'"', b'\\"'), odd.replace(b'"', b'\\"')[:-3] + b"\\n ")
        (tmp_path / "b.safetensors").write_bytes(broken)
        with pytest.raises(InputError):
            wk.DocumentEncoder.load(tmp_path / "b.safetensors").encode(["cat"])


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        ({"weighting": "max"}, ConfigError, "mean, sif, idf"),
        ({"a": 0.0}, ConfigError, "above 0"),
        ({"remove": 7}, ConfigError, "from 0 to 6"),
        ({"workers": 0}, ConfigError, "workers"),
        ({"empty": "drop"}, ConfigError, "'raise'"),
        ({"normalize": 1}, ConfigError, "normalize"),
        ({"tokenizer": "nobody's"}, InputError, "nobody's"),
        ({"weighting": "sif", "counts": {"bird": 3}}, ConfigError, "above 0 for some word"),
        ({"weighting": "sif", "counts": [1, 2]}, ConfigError, "dict of numbers"),
        ({"weighting": "sif", "counts": {"a": "x"}}, ConfigError, "0 or more"),
        ({"weighting": "sif", "counts": {"a": np.inf}}, ConfigError, "0 or more"),
        ({"vectors": np.ones((2, 2))}, InputError, "WordVectors"),
    ],
)
def test_wrong_settings_are_told(vectors, wrong, kind, message):
    encoder = wk.DocumentEncoder(**{"vectors": vectors} | wrong)
    with pytest.raises(kind, match=message):
        encoder.fit(TEXTS)


def test_wrong_texts_are_told(vectors):
    encoder = wk.DocumentEncoder(vectors, empty="raise")
    with pytest.raises(InputError, match=r"2 of 8 texts .* number 3: ''"):
        encoder.encode(TEXTS)
    for texts in ("one text", [b"bytes"], [None], 7, [["tokens"]]):
        with pytest.raises(InputError):
            encoder.encode(texts)
    with pytest.raises(InputError, match="no text"):
        encoder.fit([])
    with pytest.raises(InputError, match="None of the documents"):
        wk.DocumentEncoder(vectors, weighting="idf").fit(["unknown", ""])
    assert wk.DocumentEncoder(vectors).encode([]).shape == (0, 6)
    fitted = wk.DocumentEncoder(vectors, weighting="idf").fit(TEXTS)
    fitted.vectors = wk.WordVectors(["a", "b"], [[1, 2], [3, 4]])
    with pytest.raises(InputError, match="fit"):
        fitted.encode(["a"])
    with pytest.raises(ConfigError, match="no setting 'weight'"):
        fitted.set_params(weight="sif")


def command(*arguments):
    return CliRunner().invoke(app._make_app(), list(map(str, arguments)), prog_name="wordkin")


def test_the_command_encodes_lines(vectors, tmp_path):
    vectors.save(tmp_path / "v.txt")
    (tmp_path / "t.txt").write_text("The cat\n\na dog film\n", "utf-8")
    out, saved = tmp_path / "o.npy", tmp_path / "e.safetensors"
    first = command("encode", tmp_path / "v.txt", tmp_path / "t.txt", "-o", out,
                    "--weighting", "idf", "--save-encoder", saved)  # fmt: skip
    assert first.exit_code == 0, first.output
    assert "Saved 3 vectors, 6 dimensions" in first.stdout
    made = np.load(out)
    encoder = wk.DocumentEncoder(wk.load(tmp_path / "v.txt"), weighting="idf")
    np.testing.assert_allclose(
        made, encoder.fit_transform(["The cat", "", "a dog film"]), atol=1e-6
    )
    assert command("encode", saved, tmp_path / "t.txt", "-o", out).exit_code == 0
    assert np.load(out).tobytes() == made.tobytes()
    assert command("encode", saved, tmp_path / "t.txt", "-o", out, "--normalize").exit_code == 2
    assert command("encode", saved, tmp_path / "t.txt", "-o", tmp_path / "o.csv").exit_code == 1


def test_the_command_trains_documents_and_infers(tmp_path):
    (tmp_path / "t.txt").write_text("a cat sat\n\nthe dog ran\n" * 20, "utf-8")
    model, out = tmp_path / "d.safetensors", tmp_path / "o.npy"
    options = ["--model", "doc2vec", "--vector-size", "8", "--min-count", "1", "--epochs", "2"]
    assert command("train", tmp_path / "t.txt", "-o", tmp_path / "d.bin", *options).exit_code == 1
    result = command("train", tmp_path / "t.txt", "-o", model, *options, "--dm")
    assert result.exit_code == 0, result.output
    assert "60 documents and 6 words" in result.stdout
    assert wk.DocumentModel.load(model).config.dm
    assert command("encode", model, tmp_path / "t.txt", "-o", out).exit_code == 0
    assert np.load(out).shape == (60, 8)
    assert command("train", tmp_path / "t.txt", "-o", model, "--dm").exit_code == 2


def test_on_real_texts_vectors_tell_what_is_asked_for(data_dir):
    news = wk.read_labelled(
        data_dir / "classify" / "trec" / "TREC.train", kind="lines", encoding="latin-1"
    )
    labels = np.array([label.partition(":")[0] for label in news.labels])
    vectors = wk.load(data_dir / "glove.6B.50d.txt.xz", limit=30_000)

    def share(**settings):
        """Questions whose nearest question is of the same kind."""
        encoder = wk.DocumentEncoder(vectors, normalize=True, **settings)
        x = encoder.fit_transform(news.texts[:2_000])
        cosines = x @ x.T
        np.fill_diagonal(cosines, -1)
        return (labels[:2_000][cosines.argmax(axis=1)] == labels[:2_000]).mean()

    assert share() > 0.5  # the most frequent kind is 0.23 of them
    assert share(weighting="idf") > 0.5
    assert share(weighting="sif") > 0.4  # it thinks little of "who" and "where"


def test_words_of_files_that_keep_case_are_looked_up_with_it():
    """German nouns went missing: the default was lower case."""
    vectors = wk.WordVectors(["Haus", "das", "haus"], [[1, 0], [0, 1], [5, 5]])
    encoder = wk.DocumentEncoder(vectors)
    np.testing.assert_allclose(encoder.encode(["Das Haus!", "das Haus"])[1], [0.5, 0.5])
    lower = wk.WordVectors(["haus", "das"], [[1, 0], [0, 1]])
    np.testing.assert_allclose(wk.DocumentEncoder(lower).encode(["DAS Haus!"]), [[0.5, 0.5]])


class Frame:
    """What a data frame does: going through it gives the names of its columns."""

    columns = ("text", "label")

    def __iter__(self):
        return iter(self.columns)


@pytest.mark.parametrize(
    ("texts", "advice"),
    [
        ({"text": "cat"}, "list.d.values"),
        ({"cat", "dog"}, "no order"),
        (Frame(), "one column"),
    ],
    ids=["dict", "set", "frame"],
)
def test_what_gives_other_things_than_texts_in_order_is_refused(vectors, texts, advice):
    encoder = wk.DocumentEncoder(vectors)
    for what in (encoder.encode, encoder.fit):
        with pytest.raises(InputError, match=advice):
            what(texts)
    assert encoder.encode({"cat": 1}.keys()).shape == (1, 6)  # these have an order


class Missing:
    """As NA of pandas: neither equal to anything nor willing to be asked."""

    def __ne__(self, other):
        return self

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    __hash__ = None


@pytest.mark.parametrize(
    ("text", "advice"),
    [(Missing(), "Leave out what has none"), (np.ones(3), r"Use str\(\)")],
    ids=["missing", "array"],
)
def test_what_can_not_be_compared_is_told_as_well(vectors, text, advice):
    with pytest.raises(InputError, match=f"number 1 is .*{advice}"):
        wk.DocumentEncoder(vectors).encode(["cat", text])


def test_settings_changed_after_fit_wait_for_the_next(vectors, tmp_path):
    encoder = wk.DocumentEncoder(vectors, weighting="idf", normalize=False).fit(TEXTS)
    before = encoder.encode(TEXTS)
    encoder.set_params(weighting="mean", a=0.5)
    np.testing.assert_array_equal(encoder.encode(TEXTS), before)
    encoder.save(tmp_path / "e.safetensors")
    loaded = wk.DocumentEncoder.load(tmp_path / "e.safetensors")
    assert (loaded.weighting, loaded.a) == ("idf", 1e-3)
    np.testing.assert_array_equal(loaded.encode(TEXTS), before)
    means = wk.DocumentEncoder(vectors).encode(TEXTS)
    np.testing.assert_allclose(encoder.fit(TEXTS).encode(TEXTS), means, atol=1e-6)


def test_weights_of_other_words_are_refused(vectors, tmp_path):
    encoder = wk.DocumentEncoder(vectors, weighting="idf").fit(TEXTS)
    same = wk.WordVectors(list(WORDS), vectors.vectors.copy())
    assert encoder.set_params(vectors=same).encode(["cat"]).any()
    encoder.set_params(vectors=wk.WordVectors(WORDS[::-1], vectors.vectors))
    with pytest.raises(InputError, match="others than those of fit"):
        encoder.encode(["cat"])
    with pytest.raises(InputError, match="others than those of fit"):
        encoder.save(tmp_path / "e.safetensors")


def test_counts_that_are_all_zero_are_none():
    uncounted = wk.WordVectors(["cat", "dog"], [[1, 2], [3, 4]], counts=[0, 0])
    with pytest.raises(InputError, match="has to learn from texts how frequent words are"):
        wk.DocumentEncoder(uncounted, weighting="sif").encode(["cat"])
    fitted = wk.DocumentEncoder(uncounted, weighting="sif").fit(["cat dog", "cat"])
    assert np.isfinite(fitted.weights_).all()
    assert fitted.weights_[0] < fitted.weights_[1]


@pytest.mark.parametrize("normalize", [False, True])
def test_what_lies_in_the_directions_that_are_taken_off_is_nothing(vectors, normalize):
    encoder = wk.DocumentEncoder(vectors, weighting="sif", normalize=normalize)
    encoder.fit(["the cat saw a film"] * 3)  # what all have in common is all there is
    assert not encoder.encode(["the cat saw a film"]).any()
    assert encoder.encode(["dog"]).any()


def test_a_document_without_a_known_word_is_near_to_none():
    corpus = wk.Corpus.from_texts(["the cat sat", "", "a dog ran", "the dog sat"] * 9, min_count=1)
    model = wk.train(corpus, wk.Doc2Vec(vector_size=4, epochs=1), workers=1).documents
    assert model.most_similar(1) == []
    assert model.most_similar(model.infer(["nothing known"])[0]) == []
    assert model.tagged(str(i) for i in range(36)).most_similar("5") == []
    assert len(model.most_similar(0, topn=3)) == 3
    with pytest.raises(InputError, match="topn"):
        model.most_similar(1, topn=0)


def test_a_rate_that_is_none_is_refused_when_documents_are_inferred():
    corpus = wk.Corpus.from_texts(["the cat sat", "a dog ran"] * 10, min_count=1)
    config = wk.Doc2Vec(vector_size=4, epochs=1, sample=0)
    model = wk.train(corpus, config, workers=1).documents
    for wrong in ("0.1", -1.0, True):
        with pytest.raises(ConfigError, match="alpha"):
            model.infer(["cat"], alpha=wrong)
    np.testing.assert_array_equal(
        model.infer(["cat"], alpha=np.float32(0.5)), model.infer(["cat"], alpha=0.5)
    )
