"""Files of vectors: the same vectors come back, and damaged files are refused by name."""

from __future__ import annotations

import errno
import gzip
import json
import os
import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from wordkin import formats
from wordkin.errors import FileError, FormatError, InputError
from wordkin.formats import batches, native, tensors, word2vec
from wordkin.formats.rows import naming
from wordkin.subwords import Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.finalfusion import FinalfusionIndex, ListedIndex
from wordkin.subwords.floret import FloretIndex
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

WORDS = [
    "the",
    "naïve",
    "日本",
    "x" * 300,
    "\N{NO-BREAK SPACE}",
    "0.5",
    "\ufeffa",
    "a\x00b",
    "\x85",
]


def make_table(words=WORDS, dimensions=3, **vocabulary) -> VectorTable:
    matrix = np.random.default_rng(5).standard_normal((len(words), dimensions)).astype(np.float32)
    return VectorTable(Vocabulary(words, **vocabulary), matrix, {"model": "made up", "seed": 1})


def assert_same(one: VectorTable, other: VectorTable) -> None:
    assert one.vocabulary.words == other.vocabulary.words
    assert one.matrix.dtype == other.matrix.dtype == np.float32
    np.testing.assert_array_equal(one.matrix, other.matrix)


# --- all formats ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v.safetensors", "v.txt", "v.vec", "v.bin", "v.npy", "V.BIN"])
@pytest.mark.parametrize("dimensions", [1, 2, 64])
def test_what_is_written_is_read(tmp_path, name, dimensions):
    table = make_table(dimensions=dimensions)
    formats.write(table, tmp_path / name)
    assert_same(formats.read(tmp_path / name), table)


@pytest.mark.parametrize("name", ["glove", "word2vec", "word2vec-binary", "fasttext", "spacy"])
def test_only_white_space_is_refused_in_a_word(tmp_path, name):
    """Also in vectors of one number."""
    words = [chr(code) for code in range(1, 128) if not chr(code).isspace()]
    table = make_table(words, dimensions=1)
    formats.write(table, tmp_path / "v", format=name)
    assert_same(formats.read(tmp_path / "v", format=name), table)


def test_the_content_tells_the_format_and_not_the_name(tmp_path):
    table = make_table()
    for name in ("safetensors", "word2vec", "word2vec-binary"):
        formats.write(table, tmp_path / "odd.npy", format=name)
        assert formats.recognise(tmp_path / "odd.npy").name == name
        assert_same(formats.read(tmp_path / "odd.npy"), table)
        assert_same(formats.read(tmp_path / "odd.npy", format=name), table)


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"'v.xyz' does not tell the format.*\.safetensors"):
        formats.write(make_table(), "v.xyz")
    with pytest.raises(InputError, match="no format 'hdf5'"):
        formats.write(make_table(), "v.xyz", format="hdf5")
    with pytest.raises(InputError, match="no format 'hdf5'"):
        formats.read("v.xyz", format="hdf5")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"no vectors in here\n", "no file of vectors that we know"),
        (b"\xba\x16O/ and so on", "fastText"),
        (b"FiFu and so on", "finalfusion"),
        (pickle.dumps({}), "pickle"),
    ],
)
def test_files_that_are_no_vectors_are_named(tmp_path, content, message):
    path = tmp_path / "v.model"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message) as caught:
        formats.read(path)
    assert str(path) in str(caught.value)


def test_where_the_content_does_not_tell_the_name_does(tmp_path):
    for suffix, message in [
        (".safetensors", "no safetensors file"),
        (".txt", "first line"),
        (".bin", "first line"),
    ]:
        path = tmp_path / f"v{suffix}"
        path.write_bytes(b"no vectors in here\n")
        with pytest.raises(FormatError, match=message) as caught:
            formats.read(path)
        assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["missing.safetensors", "missing.txt", "missing.npy", "."])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(FileError, match="Can't read"):
        formats.read(tmp_path / name)
    for known in ("safetensors", "word2vec", "word2vec-binary"):
        with pytest.raises(FileError, match="Can't read"):
            formats.read(tmp_path / name, format=known)


@pytest.mark.parametrize(("args", "reason"), [((errno.EIO, "gone"), "gone"), (("odd",), "odd")])
def test_what_the_system_refuses_while_a_file_is_read_is_told(args, reason):
    with pytest.raises(FileError, match=f"Can't read 'a/v': {reason}\\."), naming("a/v"):
        raise OSError(*args)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["v.safetensors", "v.txt", "v.bin", "v.npy"])
def test_values_are_checked_before_anything_is_written(tmp_path, name, bad):
    table = make_table()
    formats.write(table, tmp_path / name)
    before = (tmp_path / name).read_bytes()
    broken = VectorTable(table.vocabulary, table.matrix.copy())
    broken.matrix[1, 0] = bad
    with pytest.raises(InputError, match="row 1, word 'naïve'"):
        formats.write(broken, tmp_path / name)
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", ["v.safetensors", "v.txt", "v.bin", "v.npy"])
def test_a_full_disk_leaves_what_was_there(tmp_path, name, monkeypatch):
    formats.write(make_table(), tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match="No space left"):
        formats.write(make_table(["other"]), tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("name", ["safetensors", "word2vec", "word2vec-binary"])
def test_a_truly_full_disk_is_an_error_of_ours(name):
    with pytest.raises(FileError, match=r"/dev/full.*No space left"):
        formats.write(make_table(), "/dev/full", format=name)


def test_an_interrupted_writer_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "v.safetensors"
    formats.write(make_table(), path)
    before = path.read_bytes()

    def interrupted(file, *_):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(native, "write_arrays", interrupted)
    with pytest.raises(KeyboardInterrupt):
        formats.write(make_table(["other"]), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_half_a_surrogate_pair_is_refused(tmp_path):
    for name in ("v.safetensors", "v.txt", "v.bin"):
        with pytest.raises(InputError, match="surrogate"):
            formats.write(make_table(["fine", "odd\ud800"]), tmp_path / name)
    assert not list(tmp_path.iterdir())


# --- native --------------------------------------------------------------------------------------


def save_native(path: Path, change=lambda arrays, metadata: None) -> None:
    """Write what the safetensors package reads from a file of ours, changed, with that package."""
    native.write(make_table(counts=range(len(WORDS))), path)
    arrays = load_file(path)
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    change(arrays, metadata)
    path.unlink()
    save_file(arrays, path, metadata=metadata)


def test_everything_is_kept(tmp_path):
    path = tmp_path / "v.safetensors"
    vocabulary = Vocabulary(WORDS, range(len(WORDS)), specials=("<unk>",), tokenizer="whitespace")
    settings = {"model": "SkipGram", "seed": np.int64(3), "loss": np.float32(0.5), "n": {"a": [1]}}
    native.write(VectorTable(vocabulary, make_table().matrix, settings), path)
    table = native.read(path)
    assert table.vocabulary == vocabulary
    assert table.vocabulary.specials == ("<unk>",)
    assert table.vocabulary.counts.tolist() == list(range(len(WORDS)))
    assert table.vocabulary.tokenizer == vocabulary.tokenizer
    assert table.settings == {"model": "SkipGram", "seed": 3, "loss": 0.5, "n": {"a": [1]}}
    assert_same(table, make_table())


def test_counts_and_tokenizer_may_be_unknown(tmp_path):
    native.write(make_table(), tmp_path / "v.safetensors")
    table = native.read(tmp_path / "v.safetensors")
    assert table.vocabulary.counts is None
    assert table.vocabulary.tokenizer is None


def test_a_callable_tokenizer_is_remembered_but_not_kept(tmp_path):
    native.write(make_table(tokenizer=lambda text: text.split("-")), tmp_path / "v.safetensors")
    vocabulary = native.read(tmp_path / "v.safetensors").vocabulary
    assert vocabulary.encode(["the"]).tolist() == [2]
    with pytest.raises(InputError, match="tokenizer"):
        vocabulary.encode("the-x")


def test_the_matrix_is_mapped_and_read_only(tmp_path):
    native.write(make_table(), tmp_path / "v.safetensors")
    matrix = native.read(tmp_path / "v.safetensors").matrix
    assert not matrix.flags.writeable
    assert matrix.flags.c_contiguous
    assert matrix.flags.aligned
    assert isinstance(matrix.base, np.memmap)
    assert type(matrix) is np.ndarray


def test_opening_reads_no_vectors(tmp_path):
    """A file of 64 GiB that is all hole: reading it would take minutes and all memory."""
    path = tmp_path / "v.safetensors"
    native.write(make_table(["a", "b"], dimensions=2), path)
    with path.open("rb") as file:
        header = tensors.read_header(file)
        arrays = {key: tensors.read_array(file, t) for key, t in header.tensors.items()}
    entries = {"__metadata__": dict(header.metadata)}
    position = 0
    for key in ("word_offsets", "words"):
        entries[key] = entry_of(arrays[key], position)
        position += arrays[key].nbytes
    n_bytes = 1 << 36
    entries["vectors"] = {
        "dtype": "F32",
        "shape": [2, n_bytes // 8],
        "data_offsets": [position, position + n_bytes],
    }
    write_raw(path, entries, arrays["word_offsets"].tobytes() + arrays["words"].tobytes())
    try:
        os.truncate(path, path.stat().st_size + n_bytes)
    except OSError:
        pytest.skip("this file system can't hold a file with holes")
    table = native.read(path)
    assert table.matrix.shape == (2, n_bytes // 8)
    assert table.matrix[1, -1] == 0


def test_the_safetensors_package_reads_it(tmp_path):
    path = tmp_path / "v.safetensors"
    table = make_table(counts=range(len(WORDS)))
    native.write(table, path)
    arrays = load_file(path)
    offsets, data = arrays["word_offsets"], arrays["words"].tobytes()
    np.testing.assert_array_equal(arrays["vectors"], table.matrix)
    np.testing.assert_array_equal(arrays["counts"], range(len(WORDS)))
    assert [data[a:b].decode() for a, b in pairwise(offsets)] == WORDS
    with safe_open(path, "np") as file:
        assert file.metadata()["format"] == "wordkin"


def test_what_the_safetensors_package_writes_is_read(tmp_path):
    save_native(tmp_path / "v.safetensors")
    assert_same(native.read(tmp_path / "v.safetensors"), make_table())


def test_files_of_version_1_are_read_for_ever(tmp_path):
    """Made without wordkin, as docs/native-format.md describes it: this must never change."""
    arrays = {
        "vectors": np.array([[1, 2], [3, 4]], np.float32),
        "words": np.frombuffer("thenaïve".encode(), np.uint8),
        "word_offsets": np.array([0, 3, 9]),
        "counts": np.array([7, 5]),
    }
    metadata = {
        "format": "wordkin",
        "format_version": "1",
        "fingerprint": "be40c9c8ed901b355158e2c45deaf7e9e3efa822c35848166e0fc04a4c3fce35",
        "specials": '["<pad>", "<unk>"]',
        "settings": '{"seed": 1}',
        "tokenizer": '{"name": "whitespace"}',
    }
    save_file(arrays, tmp_path / "v.safetensors", metadata=metadata)
    table = native.read(tmp_path / "v.safetensors")
    assert table.vocabulary.words == ["the", "naïve"]
    assert table.vocabulary.counts.tolist() == [7, 5]
    assert table.vocabulary.encode("the x naïve").tolist() == [2, 1, 3]
    assert table.matrix.tolist() == [[1, 2], [3, 4]]
    assert table.settings == {"seed": 1}


def test_later_files_may_hold_more(tmp_path):
    def change(arrays, metadata):
        arrays["word_index"] = np.arange(7, dtype=np.uint32)
        metadata["something"] = "new"

    save_native(tmp_path / "v.safetensors", change)
    assert_same(native.read(tmp_path / "v.safetensors"), make_table())


def test_large_arrays_are_written_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(tensors, "_CHUNK", 4)
    native.write(make_table(), tmp_path / "v.safetensors")
    assert_same(native.read(tmp_path / "v.safetensors"), make_table())


def test_a_vocabulary_without_words_is_kept(tmp_path):
    native.write(make_table([]), tmp_path / "v.safetensors")
    assert native.read(tmp_path / "v.safetensors").matrix.shape == (0, 3)


def test_saving_over_the_file_that_is_mapped_is_fine(tmp_path):
    path = tmp_path / "v.safetensors"
    native.write(make_table(), path)
    table = native.read(path)
    native.write(table, path)
    assert_same(native.read(path), table)


def test_the_same_vectors_give_the_same_bytes(tmp_path):
    native.write(make_table(), tmp_path / "a.safetensors")
    native.write(make_table(), tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_settings_that_are_no_json_are_refused(tmp_path):
    table = VectorTable(Vocabulary(["a"]), np.ones((1, 1), np.float32), {"callback": print})
    with pytest.raises(InputError, match=r"settings can't be saved.*builtin_function"):
        native.write(table, tmp_path / "v.safetensors")
    assert not list(tmp_path.iterdir())


def drop(name):
    return lambda arrays, metadata: arrays.pop(name)


def put(name, array):
    return lambda arrays, metadata: arrays.__setitem__(name, array)


def tell(name, value):
    return lambda arrays, metadata: metadata.__setitem__(name, value)


def spoil_words(arrays, metadata):
    arrays["words"] = np.full_like(arrays["words"], 255)


def swap_words(arrays, metadata):
    arrays["words"][:2] = arrays["words"][1::-1].copy()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("vectors"), "'vectors' is missing"),
        (drop("words"), "'words' is missing"),
        (drop("word_offsets"), "'word_offsets' is missing"),
        (put("vectors", np.ones((9, 3))), "'vectors' should be F32"),
        (put("vectors", np.ones(9, np.float32)), "2 axes"),
        (put("vectors", np.ones((8, 3), np.float32)), "should have"),
        (put("vectors", np.ones((9, 0), np.float32)), "shape"),
        (put("counts", np.ones(8, np.int64)), "'counts' should have 9 entries; it has 8"),
        (put("counts", -np.ones(9, np.int64)), "negative"),
        (put("word_offsets", np.zeros(10, np.int64)), "rise from 0"),
        (put("word_offsets", np.arange(10)[::-1].copy()), "rise from 0"),
        (put("words", np.zeros(3, np.uint8)), "rise from 0 to 3"),
        (spoil_words, "words are not UTF-8"),
        (swap_words, "fingerprint"),
        (tell("format", "pt"), "no vectors of wordkin.*'pt'"),
        (tell("format_version", "2"), "version '2'.*Update wordkin"),
        (tell("fingerprint", "0"), "fingerprint"),
        (tell("settings", "{"), "settings in the metadata are no JSON"),
        (tell("settings", "[]"), "settings should be a JSON dict"),
        (tell("specials", "[" * 100_000), "specials in the metadata are no JSON"),
        (tell("specials", '["<s>"]'), "specials"),
        (tell("tokenizer", '{"name": "from the future"}'), "from the future"),
    ],
)
def test_a_damaged_native_file_is_refused(tmp_path, change, message):
    path = tmp_path / "v.safetensors"
    save_native(path, change)
    with pytest.raises(FormatError, match=message) as caught:
        native.read(path)
    assert str(path) in str(caught.value)


def entry_of(array, start):
    names = {"float32": "F32", "int64": "I64", "uint8": "U8"}
    return {
        "dtype": names[array.dtype.name],
        "shape": list(array.shape),
        "data_offsets": [start, start + array.nbytes],
    }


def write_raw(path, entries, data=b"", *, length=None):
    header = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    length = len(header) if length is None else length
    path.write_bytes(length.to_bytes(8, "little") + header + data)


F32 = {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"a": F32 | {"shape": [1, 3]}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"shape": [2**62, 2**62]}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"shape": [-1, -2]}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"shape": [True, 2]}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"shape": "12"}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"dtype": 4}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"data_offsets": [8, 0]}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"data_offsets": [0, 4, 8]}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"data_offsets": [0, 8.0]}}, "is damaged: its header says 'a'"),
        ({"a": F32 | {"more": 1}}, "is damaged: its header says 'a'"),
        ({"a": [1]}, "is damaged: its header says 'a'"),
        ({"a": F32, "b": F32}, "should begin at 8"),
        ({"a": F32 | {"data_offsets": [4, 12]}}, "should begin at 0"),
        ({"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}, "truncated"),
        ({}, "damaged: its arrays should have 0 bytes, and 8"),
        ({"__metadata__": ["a"], "a": F32}, "metadata"),
        ({"__metadata__": {"format": 1}, "a": F32}, "metadata"),
        ({"a": F32}, "no vectors of wordkin"),
        (b'{"a": 1, "a": 2}', "comes twice"),
        (b'{"a": ' + b"[" * 100_000, "no JSON"),
        (b'{"a": \xff}', "no JSON"),
        (b'{"a"', "no JSON"),
    ],
)
def test_a_damaged_header_is_refused(tmp_path, entries, message):
    path = tmp_path / "v.safetensors"
    write_raw(path, entries, b"\0" * 8)
    with pytest.raises(FormatError, match=message) as caught:
        formats.read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": {}}, {"shape": ""}, {"shape": [-1, -2]}, {"shape": [True, 2]},
        {"shape": [1, 2.0]}, {"data_offsets": {"0": 0}}, {"data_offsets": [0, "8"]},
        {"data_offsets": [0, 8, 8]}, {"dtype": ["F32"]},
    ],
    ids=str,
)  # fmt: skip
def test_shapes_and_places_are_lists_of_whole_numbers(tmp_path, change):
    """Whatever else JSON may put there; the safetensors package refuses them, too."""
    path = tmp_path / "v.safetensors"
    entries = {"a": F32 | change}
    write_raw(path, entries, b"\0" * 8)
    with pytest.raises(SafetensorError), safe_open(path, "np"):
        pass
    with path.open("rb") as file, pytest.raises(FormatError, match="its header says 'a' is"):
        tensors.read_header(file)


def test_a_file_may_hold_no_arrays(tmp_path):
    """Then it ends with its header."""
    save_file({}, tmp_path / "v.safetensors", metadata={"about": "nothing"})
    with (tmp_path / "v.safetensors").open("rb") as file:
        assert tensors.read_header(file) == ({"about": "nothing"}, {})


def test_the_longest_header_is_that_of_the_safetensors_package(tmp_path):
    path = tmp_path / "v.safetensors"
    for length, message in [(10**8, "[lL]ength"), (10**8 + 1, "[lL]arge")]:
        write_raw(path, {}, length=length)
        assert tensors.looks_like(path.read_bytes()) == (length == 10**8)
        with pytest.raises(SafetensorError, match=message), safe_open(path, "np"):
            pass


@pytest.mark.parametrize("seed", range(10))
def test_arrays_begin_at_a_cache_line_whatever_the_header_holds(tmp_path, seed):
    path = tmp_path / "v.safetensors"
    with path.open("wb") as file:
        tensors.write_arrays(file, {"a": np.ones(3, np.float32)}, {"about": "x" * 7 * seed})
    assert (8 + int.from_bytes(path.read_bytes()[:8], "little")) % 64 == 0
    np.testing.assert_array_equal(load_file(path)["a"], np.ones(3))


@pytest.mark.parametrize("length", [3, 10**6, 10**8, 10**9, 2**63])
def test_a_header_of_impossible_length_is_refused(tmp_path, length):
    path = tmp_path / "v.safetensors"
    write_raw(path, {"a": F32}, b"\0" * 8, length=length)
    with pytest.raises(FormatError, match=r"safetensors|truncated|JSON"):
        formats.read(path)


def test_every_truncation_of_a_native_file_is_noticed(tmp_path):
    path = tmp_path / "v.safetensors"
    native.write(make_table(), path)
    whole = path.read_bytes()
    for length in [*range(1, 20), *range(20, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError):
            native.read(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(FormatError, match="damaged"):
        native.read(path)


def test_a_compressed_native_file_is_unpacked_and_mapped(tmp_path):
    path = tmp_path / "v.safetensors"
    native.write(make_table(), path)
    path.write_bytes(gzip.compress(path.read_bytes()))
    table = formats.read(path)
    assert_same(table, make_table())
    assert isinstance(table.matrix.base, np.memmap)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError, match="truncated"):
        formats.read(path)


# --- word2vec ------------------------------------------------------------------------------------

GOLDEN = [
    "google_word2vec/w2v_google_c.bin",
    "google_word2vec/w2v_google_c_korean.bin",
    "finalfusion/embeddings.w2v",
    "fasttext/ft_skipgram.vec",
    "floret/floret.vec",
    "finalfusion/embeddings.dims.txt",
    "glove/glove_c_header.txt",
]


@pytest.mark.parametrize("name", GOLDEN)
def test_files_of_the_original_tools_are_read_as_gensim_reads_them(data_dir, name):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    path = data_dir / "formats" / name
    table = formats.read(path)
    binary = table.settings["format"] == "word2vec-binary"
    theirs = keyedvectors.KeyedVectors.load_word2vec_format(path, binary=binary)
    assert table.vocabulary.words == theirs.index_to_key
    np.testing.assert_array_equal(table.matrix, theirs.vectors)
    assert table.settings["repaired"] == table.settings["duplicates"] == 0


@pytest.mark.parametrize(
    ("name", "word"), [("utf8-incomplete.bin", "zee\\xbfn"), ("utf8-incomplete.dims", "zee\\xc3n")]
)
def test_damaged_words_of_a_real_file_are_repaired_and_counted(data_dir, name, word):
    table = formats.read(data_dir / "formats" / "finalfusion" / name)
    assert table.vocabulary.words == ["meren", word, "rivieren"]
    assert table.settings["repaired"] == 1


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_what_we_write(tmp_path, binary):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    table = make_table(["the", "naïve", "日本"], dimensions=50)
    formats.write(table, tmp_path / "v", format="word2vec-binary" if binary else "word2vec")
    theirs = keyedvectors.KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
    assert theirs.index_to_key == table.vocabulary.words
    np.testing.assert_array_equal(theirs.vectors, table.matrix)


@pytest.mark.parametrize("newline", [b"", b"\n"])
def test_binary_rows_may_or_may_not_end_in_a_line_feed(tmp_path, newline, monkeypatch):
    monkeypatch.setattr(word2vec, "_CHUNK", 7)  # rows are cut anywhere
    table = make_table(dimensions=4)
    pairs = zip(table.vocabulary.words, table.matrix, strict=True)
    body = b"".join(word.encode() + b" " + row.tobytes() + newline for word, row in pairs)
    (tmp_path / "v.bin").write_bytes(f"{len(table)} 4\n".encode() + body)
    assert_same(formats.read(tmp_path / "v.bin"), table)


def test_text_lines_may_end_in_spaces_and_carriage_returns(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"\xef\xbb\xbf3 2 \r\na 1 2 \r\nb\t3\t4\r\nc  5  6\n\n")
    table = formats.read(tmp_path / "v.txt")
    assert table.vocabulary.words == ["a", "b", "c"]
    assert table.matrix.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_a_word_in_text_may_hold_spaces_or_nothing(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"3 2\n. . . 1 2\n 3 4\n1 2 5 6\n")
    assert formats.read(tmp_path / "v.txt").vocabulary.words == [". . .", "", "1 2"]


def test_repetitions_are_counted_and_the_first_is_kept(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"4 1\na 1\nb 2\na 3\na 4\n")
    table = formats.read(tmp_path / "v.txt")
    assert table.vocabulary.words == ["a", "b"]
    assert table.matrix.tolist() == [[1], [2]]
    assert table.settings == {
        "format": "word2vec",
        "repaired": 0,
        "duplicates": 2,
        "spaces": 0,
        "unread": 0,
    }


def test_rows_beyond_the_promised_ones_are_counted(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"1 1\na 1\n<unk> 2\n\nb 3")
    table = formats.read(tmp_path / "v.txt")
    assert table.vocabulary.words == ["a"]
    assert table.settings["unread"] == 2


def test_different_damaged_words_stay_different(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"3 1\n\xff 1\n\xfe 2\nok 3\n")
    table = formats.read(tmp_path / "v.txt")
    assert table.vocabulary.words == ["\\xff", "\\xfe", "ok"]
    assert table.settings["repaired"] == 2


def test_memory_grows_with_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "_FIRST_BYTES", 24)  # two rows
    for name in ("v.txt", "v.bin"):
        formats.write(make_table(), tmp_path / name)
        assert_same(formats.read(tmp_path / name), make_table())


@pytest.mark.parametrize("name", ["v.txt", "v.bin"])
def test_compressed_files_are_read(tmp_path, name):
    formats.write(make_table(), tmp_path / name)
    (tmp_path / "v.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    assert_same(formats.read(tmp_path / "v.gz"), make_table())


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("header", [b"1000000000000 100\n", b"1 9999999\n", b"5 1\n"])
def test_a_header_that_promises_too_much_allocates_nothing(tmp_path, header, compress):
    for name, row in (("v.txt", b"a 1.5\n"), ("v.bin", b"a \0\0\0\0\n")):
        (tmp_path / name).write_bytes(compress(header + row))
        with pytest.raises(FormatError, match=r"truncated|fields") as caught:
            formats.read(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"2 2\na 1 2\nb 3\n", "truncated|Line 3 should hold a word and 2 numbers"),
        (b"2 2\na 1 2\nb 3 x\n", "Line 3 holds what is no number"),
        (b"2 2\na 1 2\n\nb 3 4\n", "Line 3 is empty, but the file goes on"),
        (b"1 2\na nan 2\n", "NaN or infinity.*'a'"),
        (b"1 2\na 1e39 2\n", "NaN or infinity.*'a'"),
        (b"1 2\na 1e999 2\n", "NaN or infinity.*'a'"),
        (b"0 5\n", "first line"),
        (b"5 0\n", "first line"),
        (b"-1 5\na 1\n", "first line"),
        (b"1 2 3\na 1\n", "first line"),
        (b"the 0.1 0.2\n", "first line"),
    ],
)
def test_damaged_text_is_refused(tmp_path, content, message):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(FormatError, match=message) as caught:
        formats.read(tmp_path / "v.txt", format="word2vec")
    assert str(tmp_path / "v.txt") in str(caught.value)


def test_damaged_binary_is_refused(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"2 1\na \0\0\0\0\nb \0\0\0\0\nc")
    with pytest.raises(FormatError, match="goes on behind them"):
        formats.read(path)
    path.write_bytes(b"2 1\na \0\0\0\0\n" + b"b" * (3 << 20))
    with pytest.raises(FormatError, match="no end to word 2"):
        formats.read(path)
    path.write_bytes(b"1 1\na \0\0\xc0\x7f\n")
    with pytest.raises(FormatError, match="NaN"):
        formats.read(path)


def test_every_truncation_of_a_binary_file_is_noticed(tmp_path):
    formats.write(make_table(["a", "bc"]), tmp_path / "v.bin")
    whole = (tmp_path / "v.bin").read_bytes()
    for length in range(1, len(whole) - 1):  # the last line feed may be missing
        (tmp_path / "v.bin").write_bytes(whole[:length])
        with pytest.raises(FormatError):
            formats.read(tmp_path / "v.bin")


@pytest.mark.parametrize("word", ["", "a b", "a\nb", "\t"])
def test_words_that_would_not_come_back_are_refused(tmp_path, word):
    with pytest.raises(InputError, match="can't be written in this format"):
        formats.write(make_table(["fine", word]), tmp_path / "v.txt")
    if word != "\t":
        with pytest.raises(InputError, match="can't be written in this format"):
            formats.write(make_table(["fine", word]), tmp_path / "v.bin")
    assert not list(tmp_path.iterdir())


# --- npy -----------------------------------------------------------------------------------------


def test_npy_comes_with_its_words(tmp_path):
    formats.write(make_table(), tmp_path / "emb.npy")
    assert json.loads((tmp_path / "emb.vocab.json").read_text("utf-8")) == {
        word: row for row, word in enumerate(WORDS)
    }
    np.testing.assert_array_equal(np.load(tmp_path / "emb.npy"), make_table().matrix)
    (tmp_path / "emb.vocab.json").rename(tmp_path / "vocab.json")
    assert_same(formats.read(tmp_path / "emb.npy"), make_table())


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int8, ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_real_matrix_is_converted(tmp_path, dtype, order):
    np.save(tmp_path / "emb.npy", np.array([[1, 2], [3, 4]], dtype, order=order))
    (tmp_path / "vocab.json").write_text('{"b": 1, "a": 0}')
    table = formats.read(tmp_path / "emb.npy")
    assert table.vocabulary.words == ["a", "b"]
    assert table.matrix.tolist() == [[1, 2], [3, 4]]
    assert table.matrix.dtype == np.float32


def test_npy_without_words_says_where_it_looked(tmp_path):
    np.save(tmp_path / "emb.npy", np.ones((2, 2)))
    with pytest.raises(FileError, match=r"emb\.vocab\.json.*vocab\.json"):
        formats.read(tmp_path / "emb.npy")


@pytest.mark.parametrize(
    "array",
    [
        np.array([{}, {}], object),
        np.ones((2, 2), complex),
        np.array(["a", "b"]),
        np.ones(2),
        np.ones((3, 2)),
        np.array([[1, np.nan], [1, 1]]),
        np.zeros((2, 0)),
    ],
)
def test_an_array_that_is_no_matrix_of_vectors_is_refused(tmp_path, array):
    np.save(tmp_path / "emb.npy", array, allow_pickle=True)
    (tmp_path / "vocab.json").write_text('{"b": 1, "a": 0}')
    with pytest.raises(FormatError, match=r"emb\.npy"):
        formats.read(tmp_path / "emb.npy")


def test_every_truncation_of_an_npy_file_is_noticed(tmp_path):
    formats.write(make_table(), tmp_path / "emb.npy")
    whole = (tmp_path / "emb.npy").read_bytes()
    for length in range(6, len(whole), 5):
        (tmp_path / "emb.npy").write_bytes(whole[:length])
        with pytest.raises(FormatError):
            formats.read(tmp_path / "emb.npy")


def test_an_npy_header_that_promises_too_much_allocates_nothing(tmp_path):
    (tmp_path / "vocab.json").write_text('{"a": 0}')
    with (tmp_path / "emb.npy").open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (10**12, 100)}
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(FormatError, match="truncated"):
        formats.read(tmp_path / "emb.npy")


# --- rows of n-grams in the native format ---------------------------------------------------------

INDEXES = [
    FastTextIndex(40, 3, 5),
    FastTextIndex(40, 3, 5, np.array([[2, 0], [7, 1], [39, 2]]), exempt=b"", characters=True),
    FloretIndex(40, 2, 4, n_hashes=3, seed=9, begin="^", end="$"),
    FinalfusionIndex(5, 3, 6),
    ListedIndex({"<it": 3, "it>": 0, "é日": 39}, 3, 3),
    ListedIndex({"": 5, "<it": 3, "it>": 0}, 1, 3),
]


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: type(index).__name__)
@pytest.mark.parametrize("unit", [True, False])
def test_n_grams_survive_the_native_format(tmp_path, index, unit):
    rows = np.random.default_rng(6).standard_normal((40, 3)).astype(np.float32)
    table = make_table(["it", "other"])
    table = VectorTable(table.vocabulary, table.matrix, table.settings, Subwords(rows, index, unit))
    formats.write(table, tmp_path / "v.safetensors")
    again = formats.read(tmp_path / "v.safetensors")
    assert_same(again, table)
    words = ["it", "itself", "unheard-of", "é日本", "x", ""]
    for one, other in zip(
        again.subwords.vectors(words), table.subwords.vectors(words), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    assert again.subwords.index.settings() == index.settings()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "of tomorrow"},
        {"n_buckets": 41},
        {"n_buckets": "forty"},
        {"min_n": -1},
        {"unit": "yes"},
        {"more": 1},
    ],
)
def test_a_damaged_description_of_n_grams_is_refused(tmp_path, change):
    path = tmp_path / "v.safetensors"
    rows = np.ones((40, 3), np.float32)
    table = make_table(["it", "other"])
    table = VectorTable(table.vocabulary, table.matrix, {}, Subwords(rows, FastTextIndex(40, 3, 5)))
    formats.write(table, path)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    metadata["ngrams"] = json.dumps(json.loads(metadata["ngrams"]) | change)
    save_file(load_file(path), path, metadata)
    with pytest.raises(FormatError, match="n-grams"):
        formats.read(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"ngram_offsets": [1, 3, 6, 11]}, "rise from 0 to 11"),
        ({"ngram_offsets": [0, 3, 6, 10]}, "rise from 0 to 11"),
        ({"ngram_offsets": [0, 6, 3, 11]}, "rise from 0 to 11"),
        ({"ngram_offsets": [0, 3, 11]}, "rise from 0 to 11"),
        ({"ngram_offsets": [0, 3, 7, 11]}, "not UTF-8"),
        ({"ngram_names": list(b"<it<it" + "é日".encode())}, "stands twice"),
        ({"ngram_rows": [3, -1, 39]}, "negative row"),
        ({"ngram_rows": [3, 0, 40]}, "n-grams"),
    ],
)
def test_damaged_lists_of_n_grams_are_refused(tmp_path, damage, message):
    path = tmp_path / "v.safetensors"
    index = ListedIndex({"<it": 3, "it>": 0, "é日": 39}, 3, 3)
    table = make_table(["it", "other"])
    grams = Subwords(np.ones((40, 3), np.float32), index)
    formats.write(VectorTable(table.vocabulary, table.matrix, {}, grams), path)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    arrays = load_file(path)
    for name, values in damage.items():
        arrays[name] = np.array(values, arrays[name].dtype)
    save_file(arrays, path, metadata)
    with pytest.raises(FormatError, match=message):
        formats.read(path)


def test_a_numpy_array_is_recognised_by_its_content(tmp_path):
    table = make_table(["it", "other"])
    formats.write(table, tmp_path / "v.npy")
    (tmp_path / "v.npy").rename(tmp_path / "v.x")  # its words are in v.vocab.json still
    assert formats.recognise(tmp_path / "v.x").name == "npy"
    np.testing.assert_array_equal(formats.read(tmp_path / "v.x").matrix, table.matrix)


# --- what lies beside the vectors ----------------------------------------------------------------


def test_what_is_written_beside_the_vectors_comes_back(tmp_path):
    """Models, encoders and documents are saved so."""
    path = tmp_path / "v.safetensors"
    given = native.Beside("model", {"seed": 3}, {"context": np.eye(2, dtype=np.float32)})
    native.write(
        VectorTable.from_arrays(Vocabulary(["a", "b"]), np.ones((2, 2))), path, beside=given
    )
    found = native.read_beside(path, "model")
    assert (found.name, found.settings, set(found.arrays)) == ("model", {"seed": 3}, {"context"})
    np.testing.assert_array_equal(found.arrays["context"], np.eye(2))
    assert native.read_beside(path, "encoder") is None
    assert len(native.read(path)) == 2
