"""Approximate indexes and rounded vectors: near the exact answers, and honest about the rest."""

from __future__ import annotations

import builtins
import json

import numpy as np
import pytest

from wordkin.errors import FileError, FormatError, InputError, MissingExtraError
from wordkin.neighbors.approximate import ApproximateIndex
from wordkin.vectors import WordVectors


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((40, 16))
    matrix = centres[rng.integers(0, 40, 2_000)] + rng.standard_normal((2_000, 16))
    return WordVectors([f"w{i}" for i in range(2_000)], matrix)


@pytest.fixture(params=["usearch", "faiss"])
def backend(request):
    pytest.importorskip("faiss" if request.param == "faiss" else "usearch.index")
    return request.param


def test_an_index_finds_what_the_search_finds(vectors, backend):
    index = vectors.index(backend)
    assert 0.9 < index.recall <= 1
    assert f"{backend} of 2,000 words: finds {index.recall:.1%} of the 10 nearest" in repr(index)
    same = 0
    for word in ("w1", "w500", "w1999"):
        ours, exact = index.most_similar(word), vectors.most_similar(word)
        assert word not in dict(ours)
        same += len(set(ours) & set(exact))  # words and scores, to the last bit
    assert same >= 27
    combined = index.most_similar(["w1", "w2"], ["w3"], topn=4)
    assert len(combined) == 4
    assert not {"w1", "w2", "w3"} & set(dict(combined))
    assert index.most_similar_batch(["w1", vectors["w5"]], topn=3)[0] == index.most_similar(
        "w1", topn=3
    )
    assert index.most_similar_batch([]) == []


def test_an_index_is_kept_beside_the_vectors(vectors, backend, tmp_path):
    path = tmp_path / "v.index"
    first = vectors.index(backend, path)
    again = vectors.index(backend, path)
    assert again.recall == first.recall
    assert again.most_similar("w7") == first.most_similar("w7")
    with pytest.raises(FormatError, match="index of other vectors"):
        vectors.normalized().index(backend, path)
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:-9] + b"x" + whole[-8:]):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match="damaged"):
            vectors.index(backend, path)
    path.write_bytes(whole[:30])
    with pytest.raises(FormatError, match="header is damaged"):
        vectors.index(backend, path)
    path.write_bytes(b"something else")
    with pytest.raises(FormatError, match="no index"):
        vectors.index(backend, path)


def test_an_index_of_other_settings_is_refused(vectors, backend, tmp_path):
    path = tmp_path / "v.index"
    vectors.index(backend, path, connectivity=8)
    whole = path.read_bytes()
    other = "faiss" if backend == "usearch" else "usearch"
    for asked, settings, found in [
        (backend, {"connectivity": 24}, "connectivity 24.*has connectivity 8"),
        (backend, {"connectivity": 8, "expansion_search": 64}, "expansion_search 64.*has .*128"),
        (other, {"connectivity": 8}, f"made by {other}.*has {backend}"),
    ]:
        with pytest.raises(InputError, match=found) as caught:
            vectors.index(asked, path, **settings)
        assert str(path) in str(caught.value)
        assert "another path" in str(caught.value)
    assert path.read_bytes() == whole
    # what is as it was made, or not said, is no other wish
    assert vectors.index(backend, path, connectivity=8, expansion_search=128).recall > 0.5
    assert vectors.index(backend, path).facts["settings"] == {"connectivity": 8}


@pytest.mark.parametrize(
    "changes",
    [
        {"recall": None}, {"recall": "x"}, {"recall": float("nan")}, {"recall": 1.5},
        {"recall": ...}, {"settings": []}, {"settings": {"odd": 1, "expansion_search": None}},
        {"backend": []}, {"backend": {}}, {"bytes": ...}, {"checksum": ...},
    ],
)  # fmt: skip
def test_a_damaged_header_of_an_index_is_refused(vectors, backend, tmp_path, changes):
    path = tmp_path / "v.index"
    vectors.index(backend, path)
    magic, header, rest = path.read_bytes().split(b"\n", 2)
    facts = json.loads(header) | changes
    facts = {name: value for name, value in facts.items() if value is not ...}
    path.write_bytes(b"\n".join([magic, json.dumps(facts).encode(), rest]))
    with pytest.raises(FormatError, match=r"header is damaged|settings are damaged"):
        ApproximateIndex.open(vectors.table, path)


def test_a_header_of_an_index_that_is_too_deep_is_refused(vectors, backend, tmp_path):
    path = tmp_path / "v.index"
    vectors.index(backend, path)
    magic, _, rest = path.read_bytes().split(b"\n", 2)
    path.write_bytes(b"\n".join([magic, b"[" * 30_000, rest]))
    with pytest.raises(FormatError, match="header is damaged"):
        ApproximateIndex.open(vectors.table, path)


def test_an_index_of_few_words(backend):
    few = WordVectors(["a", "b", "c"], np.eye(3))
    index = few.index(backend)
    assert index.recall == 1
    assert sorted(dict(index.most_similar("a", topn=10))) == ["b", "c"]
    assert len(index.most_similar_batch(["a", "b"])) == 2


def test_other_backends_are_refused(vectors):
    with pytest.raises(InputError, match="one of usearch, faiss; got 'annoy'"):
        vectors.index("annoy")


def test_a_missing_library_is_named(vectors, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.split(".")[0] == "usearch":
            raise ModuleNotFoundError("no", name="usearch")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    monkeypatch.setattr("importlib.import_module", lambda name: missing(name))
    with pytest.raises(MissingExtraError, match=r"wordkin\[index\]"):
        vectors.index("usearch")


@pytest.mark.parametrize(("kind", "least", "bytes_"), [("int8", 0.9, 20), ("binary", 0.1, 7)])
def test_rounded_vectors_say_what_is_lost(vectors, kind, least, bytes_):
    small = vectors.quantized(kind)
    assert len(small) == 2_000
    assert "w5" in small
    assert small.nbytes <= bytes_ * 2_000
    assert least < small.loss["recall"] <= 1
    assert kind in repr(small)
    assert f"{small.loss['recall']:.1%}" in repr(small)
    found = small.most_similar("w5", topn=5)
    assert len(found) == 5
    assert "w5" not in dict(found)
    assert small.most_similar_batch(["w5", "w6"], topn=5)[0] == found
    assert small.most_similar_batch([]) == []
    assert small.most_similar(["w1"], ["w2"], topn=1)
    for word, cosine in found:
        assert cosine == pytest.approx(small.similarity("w5", word), abs=1e-6)


def test_int8_is_near_the_original_and_zero_stays_zero():
    matrix = np.array([[0, 0], [1, -2], [127, 1]], np.float32)
    small = WordVectors(["zero", "a", "b"], matrix).quantized("int8")
    np.testing.assert_allclose(small.matrix[:], matrix, atol=0.01)
    assert small.similarity("zero", "a") == 0
    with pytest.raises(InputError, match="int8, binary; got 'int4'"):
        WordVectors(["a"], [[1, 2]]).quantized("int4")


def test_blocks_make_no_difference(vectors, monkeypatch):
    small = vectors.quantized("int8")
    before = small.most_similar("w5")
    monkeypatch.setattr("wordkin.neighbors.quantized._BLOCK", 16 * 300)
    assert small.most_similar("w5") == before


def test_an_index_of_no_words(backend, tmp_path):
    none = WordVectors([], np.zeros((0, 3)))
    none.index(backend).save(tmp_path / "v.index")
    for index in (none.index(backend), none.index(backend, tmp_path / "v.index")):
        assert index.recall == 1
        assert index.most_similar(np.ones(3)) == []
        assert index.most_similar_batch([np.ones(3)] * 2) == [[], []]


def test_an_index_that_can_not_be_read_is_named(vectors, backend, tmp_path):
    with pytest.raises(FileError, match="missing"):
        ApproximateIndex.open(vectors.table, tmp_path / "missing")
    with pytest.raises(FileError, match=str(tmp_path)):
        vectors.index(backend, tmp_path)
    path = tmp_path / "v.index"
    vectors.index(backend, path)
    magic, header, data = path.read_bytes().split(b"\n", 2)
    facts = json.loads(header)
    for change in ({"settings": 3}, {"backend": ["usearch"]}, {"backend": "x"}, {"recall": "1"}):
        path.write_bytes(b"\n".join([magic, json.dumps(facts | change).encode(), data]))
        with pytest.raises(FormatError, match="header is damaged"):
            vectors.index(backend, path)


@pytest.mark.parametrize("kind", ["int8", "binary"])
def test_what_has_no_neighbours_loses_none(kind):
    one = WordVectors(["a"], [[1, 2]]).quantized(kind)
    assert one.loss["recall"] == 1
    assert one.most_similar("a") == []
    none = WordVectors([], np.zeros((0, 3))).quantized(kind)
    assert none.loss == {"recall": 1, "cosine": 1}
    assert none.most_similar(np.ones(3)) == []


@pytest.mark.parametrize("rows", [[[1, -2, 3]], [[1, -2, 3]] * 3])
def test_a_table_without_differences_keeps_the_signs_of_its_numbers(rows):
    """Less their mean nothing is left: each was a row of minus ones, with cosine -0.53."""
    words = [f"w{i}" for i in range(len(rows))]
    vectors = WordVectors(words, rows).quantized("binary")
    signs = np.sign(rows[0]) / 3**0.5
    expected = float(signs @ rows[0] / np.linalg.norm(rows[0]))
    assert vectors.loss["cosine"] == pytest.approx(expected, abs=1e-6)
    assert vectors.most_similar(np.array(rows[0], np.float32))[0][1] == pytest.approx(expected)
