"""GloVe's text, parts of files, compressed files, the native index, tables and the projector."""

from __future__ import annotations

import ast
import bz2
import gzip
import lzma
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin import formats
from wordkin.errors import ConfigError, FormatError, InputError
from wordkin.formats import batches, glove, lines, native, parquet, projector, tensors
from wordkin.formats.batches import repairs
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary
from wordkin.vocabulary.packed import PackedWords

ODD = b"the 1 2\n. . . 3 4\nat a@b.c 5 6\nna\xefve 7 8\nthe 9 9\n<unk> 0 1\nx\xc2\xa0y -1 1e-3\n"
ODD_WORDS = ["the", ". . .", "at a@b.c", "na\\xefve", "<unk>", "x\N{NO-BREAK SPACE}y"]


def make_table(n=5, dimensions=3, counts=None):
    matrix = np.random.default_rng(5).standard_normal((n, dimensions)).astype(np.float32)
    return VectorTable(Vocabulary([f"w{i}" for i in range(n)], counts), matrix)


def assert_same(one, other):
    assert one.vocabulary.words == other.vocabulary.words
    np.testing.assert_array_equal(one.matrix, other.matrix)


def assert_vectors_or_format_error(read, path):
    try:
        table = read(path)
    except FormatError as error:
        message = str(error)
        assert str(path) in message
    else:
        assert table.matrix.shape == (len(table.vocabulary), table.dimensions)
        assert np.isfinite(table.matrix).all()


# --- GloVe ---------------------------------------------------------------------------------------


def test_odd_words_are_kept_and_counted(tmp_path):
    (tmp_path / "v").write_bytes(ODD)
    table = formats.read(tmp_path / "v")
    assert table.vocabulary.words == ODD_WORDS
    assert table.matrix[:4].tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert table.settings["format"] == "glove"
    assert repairs(table.settings) == "1 damaged token, 1 duplicate, 2 tokens with spaces"


@pytest.mark.filterwarnings("ignore:.*unclosed file:ResourceWarning")  # gensim's
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", ["glove_c.txt", "test_glove.txt"])
def test_files_of_the_original_tool_are_read_as_gensim_reads_them(data_dir, name):
    keyedvectors = pytest.importorskip("gensim.models.keyedvectors")
    path = data_dir / "formats" / "glove" / name
    ours = formats.read(path)
    theirs = keyedvectors.KeyedVectors.load_word2vec_format(path, no_header=True)
    assert ours.vocabulary.words == theirs.index_to_key
    np.testing.assert_array_equal(ours.matrix, theirs.vectors)


def test_a_byte_order_mark_and_empty_lines_at_the_end_are_no_words(tmp_path):
    (tmp_path / "v").write_bytes(b"\xef\xbb\xbfa 1 2\r\nb 3 4\r\n\r\n \n")
    assert formats.read(tmp_path / "v").vocabulary.words == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a 1 2\nb 3\n", "Line 2 should hold a word and 2 numbers; it holds 2 fields"),
        (b"a 1 2\nb 3 x\nc 1 2\n", r"Line 2 holds what is no number.*'x'"),
        (b"a 1 2\nb 3 1_0\nc 1 2\n", "Line 2 holds what is no number"),
        (b"a 1 2\nb 3 0x10\nc 1 2\n", "Line 2 holds what is no number"),
        (b"a 1 2\nb 3 nan\n", "Line 2 holds NaN or infinity.*'b'"),
        (b"a 1 2\nb 3 -inf\n", "Line 2 holds NaN or infinity"),
        (b"a 1 2\nb 3 3.5e38\n", "Line 2 holds NaN or infinity"),
        (b"a 1 2\n\nb 3 4\n", "Line 2 is empty"),
        (b"a 1 2\n1 2\n", "Line 2 should hold"),
        (b"a b c\n", "GloVe's format"),
        (b"", "GloVe's format"),
    ],
)
def test_damaged_lines_are_named(tmp_path, content, message):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(FormatError, match=message) as caught:
        formats.read(tmp_path / "v", format="glove")
    assert str(tmp_path / "v") in str(caught.value)


def test_a_header_with_too_few_dimensions_is_refused(tmp_path):
    (tmp_path / "v.txt").write_bytes(b"2 2\nthe 1.5 2 3\na -1e-3 3 4\n")
    with pytest.raises(FormatError, match="promises 2 dimensions, but all lines hold more"):
        formats.read(tmp_path / "v.txt")
    (tmp_path / "v.txt").write_bytes(b"2 2\nnew york 2 3\nroute 66 3 4\n")
    assert formats.read(tmp_path / "v.txt").vocabulary.words == ["new york", "route 66"]


def test_a_line_without_an_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_BLOCK", 1000)
    monkeypatch.setattr(glove, "_HEAD", 30)
    (tmp_path / "v").write_bytes(b"a 1 2\n" * 5 + b"b" * (1 << 18))
    with pytest.raises(FormatError, match="no end to the line"):
        glove.read(tmp_path / "v")


def test_the_first_word_may_be_empty(tmp_path):
    """Then its line begins with a space, and has as many numbers as the others."""
    (tmp_path / "v").write_bytes(b" 1 2 3\nb 4 5 6\n")
    table = formats.read(tmp_path / "v", format="glove")
    assert table.vocabulary.words == ["", "b"]
    assert table.matrix.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_matrix_without_words_is_refused(tmp_path):
    """Its first column would become words."""
    for content in (b"0.5\t1.5\t2.5\n-1.5\t1e-3\t3.5\n", b"1.0e5 2.5 3.5"):
        (tmp_path / "v").write_bytes(content)
        with pytest.raises(FormatError, match=r"only numbers in this file, no words"):
            formats.read(tmp_path / "v", format="glove")
    (tmp_path / "v").write_bytes(b"0.5 1.5 2.5\nx 1.5 2.5\n")  # numbers are words, too
    assert formats.read(tmp_path / "v", format="glove").vocabulary.words == ["0.5", "x"]


def test_texts_are_not_taken_for_vectors():
    assert not glove.looks_like(b"It was in 1984.\nIn 1984 it was.\n")
    assert not glove.looks_like(b"a 1\nb 2\n")
    assert not glove.looks_like(b"\n\n")
    assert glove.looks_like(b"a 1 2")


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_changed_bytes_give_vectors_or_a_format_error(tmp_path_factory, data):
    content = bytearray(ODD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.sampled_from([0, 10, 13, 32, 45, 46, 48, 101, 255]))
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    path.write_bytes(content)
    assert_vectors_or_format_error(glove.read, path)


# --- a part of a file ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.safetensors", "v.npy", "v.glove"])
def test_limit_and_only_take_a_part(tmp_path, name, monkeypatch):
    monkeypatch.setattr(lines, "_BLOCK", 64)
    table = make_table(30)
    formats.write(table, tmp_path / name, format="glove" if name == "v.glove" else None)
    part = formats.read(tmp_path / name, limit=10, only=["w3", "w12", "w9", "other"])
    assert part.vocabulary.words == ["w3", "w9"]
    np.testing.assert_array_equal(part.matrix, table.matrix[[3, 9]])
    assert_same(formats.read(tmp_path / name, limit=100), table)
    assert len(formats.read(tmp_path / name, limit=7)) == 7
    assert formats.read(tmp_path / name, limit=1).vocabulary.words == ["w0"]
    assert len(formats.read(tmp_path / name, only=[])) == 0
    with pytest.raises(ConfigError, match="limit"):
        formats.read(tmp_path / name, limit=0)
    with pytest.raises(InputError):
        formats.read(tmp_path / name, only="w3")


def test_only_finds_words_with_spaces(tmp_path):
    (tmp_path / "v").write_bytes(ODD)
    assert glove.read(tmp_path / "v", only=[". . .", "at"]).vocabulary.words == [". . ."]
    (tmp_path / "v.txt").write_bytes(b"3 1\na 2\n 1\na b 3\n")
    read = formats.read(tmp_path / "v.txt", only=["", "a b"])
    assert read.vocabulary.words == ["", "a b"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"a 1 2\nb 3 4\nc x y\n", "glove"),
        (b"3 2\na 1 2\nb 3 4\nc x y\n", "word2vec"),
        (b"3 2\na " + bytes(8) + b"\nb " + bytes(8) + b"\nc " + b"\xff" * 8, "word2vec-binary"),
    ],
)
def test_what_is_wrong_behind_the_limit_does_not_matter(tmp_path, content, name):
    (tmp_path / "v").write_bytes(content)
    assert len(formats.read(tmp_path / "v", format=name, limit=2)) == 2
    with pytest.raises(FormatError):
        formats.read(tmp_path / "v", format=name, limit=3)


def test_counts_are_picked_too(tmp_path):
    formats.write(make_table(4, counts=[9, 8, 7, 6]), tmp_path / "v.safetensors")
    part = formats.read(tmp_path / "v.safetensors", only=["w2"])
    assert part.vocabulary.counts.tolist() == [7]


# --- compressed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.glove"])
def test_compressed_files_are_read(tmp_path, compress, name):
    table = make_table()
    formats.write(table, tmp_path / name, format="glove" if name == "v.glove" else None)
    (tmp_path / "c").write_bytes(compress((tmp_path / name).read_bytes()))
    assert_same(formats.read(tmp_path / "c"), table)
    for cut in (20, 40):
        (tmp_path / "c").write_bytes(compress((tmp_path / name).read_bytes())[:-cut])
        with pytest.raises(FormatError):
            formats.read(tmp_path / "c")


def test_a_member_of_an_archive_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "g.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("g/a.txt", "a 1 2\nb 3 4\n")
        archive.writestr("b.txt", "x 5 6\ny 7 8\n")
        archive.writestr("../c.txt", "x 5 6\ny 7 8\n")
    assert formats.read(f"{tmp_path}/g.zip#g/a.txt").vocabulary.words == ["a", "b"]
    with pytest.raises(InputError, match=r"g/a\.txt, b\.txt"):
        formats.read(tmp_path / "g.zip")
    with pytest.raises(FormatError, match="would leave"):
        formats.read(f"{tmp_path}/g.zip#../c.txt")


@pytest.mark.parametrize("header", [b"", b"50000 4\n"])
def test_what_grows_beyond_all_bounds_is_refused(tmp_path, monkeypatch, header):
    monkeypatch.setattr(batches, "_BOMB_FREE", 1 << 10)
    monkeypatch.setattr(batches, "_FIRST_BYTES", 1 << 10)
    (tmp_path / "v").write_bytes(gzip.compress(header + b"a 0 0 0 0\n" * 50_000))
    with pytest.raises(FormatError, match="more than 100 times"):
        formats.read(tmp_path / "v")


@pytest.mark.parametrize("header", [b"", b"200 2\n"])
def test_words_count_in_what_a_compressed_file_becomes(tmp_path, monkeypatch, header):
    monkeypatch.setattr(batches, "_BOMB_FREE", 0)
    text = b"".join(b"%d%s 1 2\n" % (i, b"a" * 10_000) for i in range(200))
    (tmp_path / "v").write_bytes(gzip.compress(header + text))
    with pytest.raises(FormatError, match="more than 100 times"):
        formats.read(tmp_path / "v")


def test_what_a_file_may_become_is_64_megabytes_and_a_hundred_times_its_size(tmp_path):
    (tmp_path / "v").write_bytes(bytes(10))
    batches.check_budget(tmp_path / "v", (64 << 20) + 1000)
    with pytest.raises(FormatError, match="a trap for memory"):
        batches.check_budget(tmp_path / "v", (64 << 20) + 1001)


@pytest.mark.parametrize(("free", "enough"), [(28, False), (29, True)])
def test_the_bytes_of_words_and_of_numbers_are_counted(tmp_path, monkeypatch, free, enough):
    """Five bytes of words and six numbers of four bytes."""
    monkeypatch.setattr(batches, "_BOMB_FREE", free)
    (tmp_path / "v").touch()
    rows = batches.Collector(tmp_path / "v", 3)
    pieces = np.frombuffer(b"onewo", np.uint8), np.array([0, 3, 5]), np.ones((2, 3), np.float32)
    if enough:
        rows.add(*pieces)
        assert rows.words() == [b"one", b"wo"]
    else:
        with pytest.raises(FormatError, match="a trap for memory"):
            rows.add(*pieces)


def test_of_many_words_that_come_again_the_first_is_kept(tmp_path):
    """More rows than are moved together."""
    words = [f"w{(n // 2) ** 2 % 9973}" for n in range(12_000)]
    text = "".join(f"{word} {row} {-row}\n" for row, word in enumerate(words))
    (tmp_path / "v").write_text(text)
    wanted = {}
    for row, word in enumerate(words):
        wanted.setdefault(word, [row, -row])
    assert len(wanted) > 4096
    table = formats.read(tmp_path / "v", format="glove")
    assert dict(zip(table.vocabulary.words, table.matrix.tolist(), strict=True)) == wanted
    assert table.settings["duplicates"] == len(words) - len(wanted)


def test_memory_grows_by_little(tmp_path, monkeypatch):
    """Doubling would take twice as much as is needed."""
    monkeypatch.setattr(batches, "_FIRST_BYTES", 1 << 10)
    monkeypatch.setattr(lines, "_BLOCK", 1 << 9)
    monkeypatch.setattr(glove, "_HEAD", 1 << 9)
    asked = []
    monkeypatch.setattr(batches, "check_matrix", lambda path, n_rows, _: asked.append(n_rows))
    (tmp_path / "v").write_bytes(b"".join(b"w%d 1 2\n" % i for i in range(20_000)))
    assert len(formats.read(tmp_path / "v", format="glove")) == 20_000
    assert 20_000 <= 128 + sum(asked) < 20_000 * 34 // 32
    assert len(asked) < 250


def test_words_may_lie_anywhere_in_what_a_reader_hands_on(tmp_path):
    """Also where some are repaired."""
    (tmp_path / "v").touch()
    data = np.frombuffer(b"....onetwo\xffthree...", np.uint8)
    for stop, words in ((3, ["one", "two"]), (4, ["one", "two", "\\xffthree"])):
        rows = batches.Collector(tmp_path / "v", 1)
        offsets = np.array([4, 7, 10, 16])[:stop]
        rows.add(data, offsets, np.arange(stop - 1, dtype=np.float32)[:, None])
        table = rows.table("made up", batches.Pick())
        assert table.vocabulary.words == words
        assert table.matrix[:, 0].tolist() == list(range(len(words)))


# --- the native index ----------------------------------------------------------------------------


@pytest.fixture
def indexed(tmp_path, monkeypatch):
    monkeypatch.setattr(native, "_FEW_WORDS", 3)
    native.write(make_table(50, counts=range(50)), tmp_path / "v.safetensors")
    return tmp_path / "v.safetensors"


def change(path, name, at, value):
    with path.open("rb") as file:
        start = tensors.read_header(file).tensors[name].start
    content = bytearray(path.read_bytes())
    content[start + at] = value
    path.write_bytes(content)


def test_an_index_is_used_and_the_words_are_not_read(indexed):
    table = native.read(indexed)
    assert isinstance(table.vocabulary.words, PackedWords)
    assert table.vocabulary.id("w17") == 17
    assert_same(table, make_table(50))
    assert table.vocabulary.fingerprint() == make_table(50).vocabulary.fingerprint()
    native.check(indexed)
    before = indexed.read_bytes()
    native.write(table, indexed)
    assert indexed.read_bytes() == before


def test_few_words_have_no_index_and_are_checked_at_once(tmp_path):
    native.write(make_table(), tmp_path / "v.safetensors")
    assert isinstance(native.read(tmp_path / "v.safetensors").vocabulary.words, list)
    native.check(tmp_path / "v.safetensors")


@pytest.mark.parametrize(
    ("name", "value"), [("words", 255), ("words", 66), ("word_slots", 3), ("word_offsets", 1)]
)
def test_damage_that_opening_overlooks_is_found_by_the_check(indexed, name, value):
    change(indexed, name, 16, value)
    native.read(indexed)
    with pytest.raises(FormatError, match=r"v\.safetensors"):
        native.check(indexed)


def test_an_index_that_does_not_fit_is_refused(tmp_path, monkeypatch, indexed):
    table = native.read(indexed)
    words = table.vocabulary.words
    for slots in (words.slots[:-1], words.slots[:32]):
        broken = PackedWords(words.data, words.offsets, slots=slots.copy(), seed=0)
        native.write(VectorTable(Vocabulary(broken), table.matrix), tmp_path / "b.safetensors")
        with pytest.raises(FormatError, match="power of two"):
            native.read(tmp_path / "b.safetensors")


@pytest.mark.parametrize("end", [0, -1])
def test_words_that_are_mapped_fill_their_bytes(tmp_path, indexed, end):
    table = native.read(indexed)
    words = table.vocabulary.words
    offsets = words.offsets.copy()
    offsets[end] += 1
    broken = PackedWords(words.data, offsets, slots=words.slots, seed=words.seed)
    native.write(VectorTable(Vocabulary(broken), table.matrix), tmp_path / "b.safetensors")
    with pytest.raises(FormatError, match="rise from 0"):
        native.read(tmp_path / "b.safetensors")


def test_an_index_of_an_unknown_kind_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(native, "_FEW_WORDS", 3)
    monkeypatch.setattr(native, "_HASH", "sha3:")
    native.write(make_table(50), tmp_path / "v.safetensors")
    monkeypatch.setattr(native, "_HASH", "fnv1a-64:")
    table = native.read(tmp_path / "v.safetensors")
    assert isinstance(table.vocabulary.words, list)
    assert_same(table, make_table(50))


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_index_gives_right_rows_or_a_format_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "v.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "_FEW_WORDS", 3)
        table = make_table(20)
        native.write(table, path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        back = native.read(path)
        found = [back.vocabulary.key_to_index.get(f"w{i}") for i in range(20)]
        assert all(row in (i, None) or back.vocabulary.words[row] == f"w{i}"
                   for i, row in enumerate(found))  # fmt: skip
        list(back.vocabulary.words)
    except FormatError:
        pass


# --- tables and the projector --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v.parquet", "v.arrow", "v.feather"])
@pytest.mark.parametrize("counts", [None, [5, 4, 3, 2, 1]])
def test_tables_come_back(tmp_path, name, counts):
    pytest.importorskip("pyarrow")
    table = make_table(counts=counts)
    formats.write(table, tmp_path / name)
    back = formats.read(tmp_path / name)
    assert_same(back, table)
    assert (back.vocabulary.counts is None) == (counts is None)
    assert counts is None or back.vocabulary.counts.tolist() == counts


@pytest.mark.parametrize("name", ["v.parquet", "v.arrow"])
def test_tables_may_be_compressed_as_a_whole(tmp_path, name):
    pytest.importorskip("pyarrow")
    formats.write(make_table(), tmp_path / name)
    with zipfile.ZipFile(tmp_path / "v.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / name, name)
    (tmp_path / "v.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    for path in (tmp_path / "v.gz", f"{tmp_path}/v.zip#{name}"):
        assert_same(formats.read(path), make_table())


def test_tables_of_others_are_read(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as arrow_parquet

    columns = {"id": [1, 2], "token": ["a", "b"], "embedding": [[1.0, 2.0], [3.0, 4.5]]}
    arrow_parquet.write_table(arrow.table(columns), tmp_path / "v")
    table = formats.read(tmp_path / "v")
    assert table.vocabulary.words == ["a", "b"]
    assert table.matrix.tolist() == [[1, 2], [3, 4.5]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"word": ["a"], "x": [1]}, "column of words"),
        ({"word": ["a", "b"], "vector": [[1.0], [1.0, 2.0]]}, "one length"),
        ({"word": ["a"], "vector": [None]}, "lists of numbers"),
        ({"word": ["a"], "vector": [[None]]}, "missing"),
        ({"word": ["a"], "vector": [["x"]]}, "should be numbers"),
        ({"word": ["a"], "vector": [1.0]}, "lists of numbers"),
        ({"word": ["a", "a"], "vector": [[1.0], [2.0]]}, "only once"),
        ({"word": [None], "vector": [[1.0]]}, "must be str"),
        ({"word": ["a"], "vector": [[float("nan")]]}, "NaN"),
    ],
)
def test_tables_that_hold_no_vectors_are_refused(tmp_path, columns, message):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as arrow_parquet

    arrow_parquet.write_table(arrow.table(columns), tmp_path / "v")
    with pytest.raises(FormatError, match=message) as caught:
        formats.read(tmp_path / "v")
    assert str(tmp_path / "v") in str(caught.value)


def test_places_in_a_table_are_looked_at_before_they_are_followed(tmp_path):
    """Arrow itself believes them, and would read what lies anywhere in memory."""
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"word": [f"w{i}" for i in range(5)], "vector": [[0.5] * 3] * 5})
    with arrow.ipc.new_file(tmp_path / "v.arrow", table.schema) as writer:
        writer.write_table(table)
    content = (tmp_path / "v.arrow").read_bytes()
    for width in (2, 3):
        places = np.arange(6, dtype="<i4") * width
        assert content.count(places.tobytes()) == 1
        odd = places.copy()
        odd[2] = 1 << 30
        (tmp_path / "v.arrow").write_bytes(content.replace(places.tobytes(), odd.tobytes()))
        with pytest.raises(FormatError, match=r"v\.arrow.*This is no table"):
            formats.read(tmp_path / "v.arrow")


@pytest.mark.parametrize("kind", ["list_", "large_list", "fixed"])
@pytest.mark.parametrize("numbers", ["float16", "float32", "float64", "int8", "uint64"])
def test_lists_of_all_kinds_of_numbers_are_vectors(tmp_path, kind, numbers):
    arrow = pytest.importorskip("pyarrow")
    of = getattr(arrow, numbers)()
    made = arrow.list_(of, 2) if kind == "fixed" else getattr(arrow, kind)(of)
    rows = [[1, 2], [3, 4], [5, 6]]
    values = np.array(rows, numbers) if numbers == "float16" else rows
    columns = [arrow.array(["a", "b", "c"]), arrow.array(list(values), made)]
    table = arrow.table(dict(zip(("key", "embeddings"), columns, strict=True)))
    with arrow.ipc.new_file(tmp_path / "v", table.schema) as writer:
        writer.write_table(table, 2)  # rows at once
    read = formats.read(tmp_path / "v")
    assert read.vocabulary.words == ["a", "b", "c"]
    assert read.matrix.tolist() == rows


@pytest.mark.parametrize(
    ("counts", "message"),
    [([2, None], "A number is missing"), (["2", "1"], "should be numbers"), ([2, -1], "negative")],
)
def test_counts_of_a_table_are_whole_numbers(tmp_path, counts, message):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as arrow_parquet

    columns = {"word": ["a", "b"], "vector": [[1.0], [2.0]], "count": counts}
    arrow_parquet.write_table(arrow.table(columns), tmp_path / "v")
    with pytest.raises(FormatError, match=message):
        formats.read(tmp_path / "v")


def test_a_table_of_no_rows_says_so(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as arrow_parquet

    kinds = {"word": arrow.string(), "vector": arrow.list_(arrow.float32())}
    arrow_parquet.write_table(arrow.schema(kinds).empty_table(), tmp_path / "v")
    with pytest.raises(FormatError, match="The table has no rows"):
        formats.read(tmp_path / "v")
    with arrow.ipc.new_file(tmp_path / "v", arrow.schema(kinds)) as writer:
        writer.write_batch(arrow.RecordBatch.from_pylist([], arrow.schema(kinds)))
    with pytest.raises(FormatError, match="The table has no rows"):
        formats.read(tmp_path / "v")


@settings(deadline=None, max_examples=80)
@given(st.data(), st.sampled_from(["v.parquet", "v.arrow"]))
def test_damaged_tables_give_vectors_or_a_format_error(tmp_path_factory, data, name):
    pytest.importorskip("pyarrow")
    path = tmp_path_factory.getbasetemp() / name
    formats.write(make_table(), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(8, len(content)))])
    assert_vectors_or_format_error(parquet.read, path)


def test_a_missing_pyarrow_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"wordkin\[parquet\]"):
        formats.write(make_table(), tmp_path / "v.parquet")


@pytest.mark.parametrize("counts", [None, [5, 4, 3, 2, 1]])
def test_the_projector_gets_its_three_files(tmp_path, counts):
    table = make_table(counts=counts)
    formats.write(table, tmp_path / "v.tsv")
    numbers = np.loadtxt(tmp_path / "v.tsv", delimiter="\t", dtype=np.float64).astype(np.float32)
    np.testing.assert_array_equal(numbers, table.matrix)
    head, rows = ([], 0) if counts is None else (["word\tcount"], 1)
    names = (tmp_path / "v.metadata.tsv").read_text().splitlines()
    assert names[:rows] == head
    assert [line.split("\t")[0] for line in names[rows:]] == table.vocabulary.words
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert 'tensor_path: "v.tsv"' in config
    assert 'metadata_path: "v.metadata.tsv"' in config
    with pytest.raises(InputError, match="only written"):
        projector.read(tmp_path / "v.tsv")


def test_odd_names_of_files_are_quoted_for_the_projector(tmp_path):
    """As in Python: its strings and those of Protocol Buffers know the same marks and escapes."""
    name = 'a"b\\n c.tsv'
    formats.write(make_table(), tmp_path / name)
    lines_ = (tmp_path / "projector_config.pbtxt").read_text().splitlines()
    told = dict(line.split(": ", 1) for line in lines_ if ": " in line)
    assert ast.literal_eval(told["  tensor_path"]) == name
    beside = ast.literal_eval(told["  metadata_path"])
    assert (tmp_path / beside).read_text().splitlines() == [f"w{i}" for i in range(5)]


def test_rows_are_written_in_any_number_of_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_WRITTEN", 100)
    table = make_table(100)
    formats.write(table, tmp_path / "v.tsv")
    numbers = np.loadtxt(tmp_path / "v.tsv", delimiter="\t", dtype=np.float64).astype(np.float32)
    np.testing.assert_array_equal(numbers, table.matrix)


def test_where_the_system_tells_of_no_cores_for_a_process_all_are_taken(tmp_path, monkeypatch):
    """macOS and Windows know no affinity."""
    table = make_table()
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("wordkin.memory._quotas", lambda _root: [])
    for count in (3, None):
        monkeypatch.setattr("os.cpu_count", lambda count=count: count)
        assert lines.cores() == (count or 1)
        formats.write(table, tmp_path / "v.txt")
        assert_same(formats.read(tmp_path / "v.txt"), table)


def test_a_line_may_be_longer_than_a_block_if_it_has_the_numbers(tmp_path):
    matrix = np.random.default_rng(0).normal(size=(2, 60_000)).astype(np.float32)
    formats.write(VectorTable(Vocabulary(["a", "b"]), matrix), tmp_path / "v.txt")
    assert (tmp_path / "v.txt").stat().st_size > 2 * lines._BLOCK
    np.testing.assert_array_equal(formats.read(tmp_path / "v.txt").matrix, matrix)
