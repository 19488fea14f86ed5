"""The file of a classifier: complete, checked, and refused when it is not what it should be."""

from __future__ import annotations

import json
import re
import zlib

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import wordkin as wk
from wordkin.classification import saving
from wordkin.errors import FileError, FormatError, InputError
from wordkin.formats.tensors import read_header
from wordkin.text.tokenizers import Words

TEXTS = ["good film", "bad film", "fine song’s", "awful song’s"] * 6
LABELS = ["süß", "sour"] * 12


@pytest.fixture(scope="module")
def clf():
    return wk.TextClassifier(tokenizer=Words(digits=False), letters=(2, 3)).fit(TEXTS, LABELS)


@pytest.fixture
def path(clf, tmp_path):
    clf.save(tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_everything_comes_back(clf, path):
    loaded = wk.load_classifier(path)
    np.testing.assert_array_equal(loaded.classes_, clf.classes_)
    assert loaded.classes_.dtype.kind == "U"
    assert loaded.vocabulary_ == clf.vocabulary_
    assert loaded.get_params() == clf.get_params()
    assert loaded.tokenizer == Words(digits=False)
    texts = [*TEXTS, "", "unheard of"]
    np.testing.assert_array_equal(loaded.predict(texts), clf.predict(texts))
    np.testing.assert_allclose(
        loaded.decision_function(texts), clf.decision_function(texts), atol=1e-6
    )
    assert loaded.explain("good film").terms == clf.explain("good film").terms
    loaded.fit(TEXTS, LABELS)  # and it can learn again


def test_the_safetensors_package_reads_it(path):
    arrays = load_file(path)
    assert {"words", "word_sizes", "head.weights", "head.bias"} <= arrays.keys()


def test_saving_again_gives_the_same_bytes(path):
    data = path.read_bytes()
    wk.load_classifier(path).save(path)
    assert path.read_bytes() == data


def test_what_cannot_be_written_leaves_nothing(clf, tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        clf.save(tmp_path / "nowhere" / "m.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"none\.safetensors"):
        wk.load_classifier(tmp_path / "none.safetensors")


def changed(path, **metadata):
    """Change metadata of a file, leaving its arrays as they are."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] |= metadata
    for key in [key for key, value in metadata.items() if value is None]:
        del header["__metadata__"][key]
    new = json.dumps(header).encode()
    path.write_bytes(len(new).to_bytes(8, "little") + new + data[8 + length :])


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"format": "wordkin"}, "holds no classifier"),
        ({"format_version": "2"}, "version '2' of the classifier format; .* reads version '1'"),
        ({"fingerprint": "0" * 64}, "fingerprint differs"),
        ({"checksum": "crc32:00000000"}, "checksum differs"),
        ({"labels": '["a", "b", "c"]'}, "should be float32 of shape"),
        ({"labels": '["b", "a"]'}, "different and sorted"),
        ({"labels": '["a"]'}, "two or more"),
        ({"labels": "[1, 2]"}, "two or more strings"),
        ({"labels": "no json"}, "no JSON"),
        ({"settings": '{"head": "mean"'}, "no JSON"),
        ({"settings": '{"surprise": 1}'}, "not those of this version"),
        ({"settings": '{"vectors": "x"}'}, "not those of this version"),
        ({"settings": '{"head": "none"}'}, "head must be one of"),
        ({"tokenizer": '{"name": "none"}'}, "not the settings of a tokenizer"),
        ({"tokenizer": None}, "tokenizer should be a JSON"),
    ],
)
def test_what_it_should_not_say_is_refused(path, metadata, says):
    changed(path, **metadata)
    with pytest.raises(InputError, match=says) as caught:
        wk.load_classifier(path)
    assert re.search("m.safetensors", str(caught.value))


def test_damage_anywhere_is_noticed(path):
    data = path.read_bytes()
    with path.open("rb") as file:
        first = min(tensor.start for tensor in read_header(file).tensors.values())
    places = np.random.default_rng(0).integers(first, len(data), size=25).tolist()
    for place in [first, len(data) - 1, *places]:
        broken = bytearray(data)
        broken[place] ^= 0x10
        path.write_bytes(broken)
        with pytest.raises(FormatError):
            wk.load_classifier(path)
    for length in (0, 5, 100, first, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        with pytest.raises(FormatError):
            wk.load_classifier(path)


def forged(path, **arrays):
    """Give a file other arrays (None: not this one) and the checksum that they have."""
    with path.open("rb") as file:
        metadata = read_header(file).metadata
    new = {name: array for name, array in (load_file(path) | arrays).items() if array is not None}
    data = b"".join(name.encode() + new[name].tobytes() for name in sorted(new))
    save_file(new, path, metadata | {"checksum": f"crc32:{zlib.crc32(data):08x}"})


def test_the_checksum_is_that_of_names_and_bytes_in_order(clf, path):
    """Files that there are must stay readable."""
    forged(path)
    texts = [*TEXTS, "unheard of"]
    np.testing.assert_array_equal(wk.load_classifier(path).predict(texts), clf.predict(texts))


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"words": None}, "'words' and 'word_sizes' are missing or no lists"),
        ({"word_sizes": None}, "'words' and 'word_sizes' are missing or no lists"),
        ({"words": np.zeros((2, 3), np.uint8)}, "are missing or no lists"),
        ({"word_sizes": np.array([1, 1], np.uint8)}, "do not add up"),
        ({"word_sizes": np.array([-1, 4], np.int32), "words": np.ones(3, np.uint8)}, "not add up"),
        ({"word_sizes": np.zeros(0, np.uint8)}, "do not add up"),
        ({"words": np.full(1, 0xFF, np.uint8), "word_sizes": np.ones(1, np.uint8)}, "no.* UTF-8"),
        ({"words": np.zeros(2, np.float64)}, "'words' has an unexpected type F64"),
    ],
    ids=repr,
)
def test_arrays_that_hold_no_words_are_refused(path, arrays, says):
    forged(path, **arrays)
    with pytest.raises(FormatError, match=says):
        wk.load_classifier(path)


@pytest.mark.parametrize("length", [0, 1, 255, 256, 70_000])
def test_words_of_any_length_come_back(tmp_path, length):
    words = ["a" * length, "é"]
    bias = np.zeros(2, np.float32)
    vocabulary = wk.Vocabulary(words, tokenizer="words")
    saving.write(tmp_path / "m", saving.Saved({}, vocabulary, ("x", "y"), {"bias": bias}))
    found = saving.read(tmp_path / "m")
    assert found.vocabulary.words == words
    assert (found.labels, found.settings, [*found.arrays]) == (("x", "y"), {}, ["bias"])


def test_words_that_are_no_utf8_are_refused(tmp_path):
    halves = saving.Saved({}, wk.Vocabulary(["a", "\ud83d"]), ("x", "y"), {})
    with pytest.raises(InputError, match=r"'\\ud83d' can't be saved as UTF-8"):
        saving.write(tmp_path / "m", halves)
    assert list(tmp_path.iterdir()) == []


def test_word_vectors_are_no_classifier(tmp_path):
    wk.WordVectors(["a"], [[1.0]]).save(tmp_path / "v.safetensors")
    with pytest.raises(FormatError, match="holds no classifier"):
        wk.load_classifier(tmp_path / "v.safetensors")


def test_a_function_as_tokenizer_is_missed_when_it_is_used(tmp_path):
    clf = wk.TextClassifier(tokenizer=str.split).fit(TEXTS, LABELS)
    clf.save(tmp_path / "m.safetensors")
    loaded = wk.load_classifier(tmp_path / "m.safetensors")
    with pytest.raises(InputError, match=r"function 'str.split', which is not saved"):
        loaded.predict(["good"])
    np.testing.assert_array_equal(
        wk.TextClassifier(tokenizer=str.split).fit(TEXTS, LABELS).predict(["good"]),
        clf.predict(["good"]),
    )


def test_what_is_up_to_the_process_is_not_in_the_file(tmp_path, capsys):
    path = tmp_path / "m.safetensors"
    wk.TextClassifier(progress=True, backend="torch", C=3.0).fit(TEXTS, LABELS).save(path)
    capsys.readouterr()
    for _ in range(2):
        loaded = wk.load_classifier(path)
        assert (loaded.progress, loaded.backend, loaded.C) == (False, None, 3.0)
        loaded.predict(TEXTS)
        assert capsys.readouterr().err == ""
        with path.open("rb") as file:
            settings = json.loads(read_header(file).metadata["settings"])
        # files of before had them
        changed(path, settings=json.dumps(settings | {"progress": True, "backend": "torch"}))
