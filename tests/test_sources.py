"""Sources: the same sentences whatever the file's form, cut into blocks of bounded size."""

from __future__ import annotations

import bz2
import codecs
import errno
import gzip
import itertools
import lzma
import os
import re
import threading
import tracemalloc
import zipfile

import pytest
from packing import zstd

from wordkin.errors import EmptyCorpusError, FileError, FormatError, InputError
from wordkin.text import sources
from wordkin.text.decoding import COUNTING, counted, without_halves
from wordkin.text.sources import Block, Texts, open_source


def sentences_of(source):
    """Put the sentences of a source together, as a reader of blocks has to."""
    found, last_is_open = [], False
    for block in source:
        pieces, _ = block.sentences()
        if last_is_open:
            found[-1] += pieces.pop(0)
        found += pieces
        last_is_open = not block.ends_sentence
    assert not last_is_open
    return found


def write(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "sentences"),
    [
        (b"", []),
        (b"one", ["one"]),
        (b"one\n", ["one"]),
        (b"\n", [""]),
        (b"one\n\ntwo", ["one", "", "two"]),
        (b"one\r\ntwo\rthree\r\r\nfour\n\r", ["one", "two", "three", "", "four", ""]),
        (codecs.BOM_UTF8 + b"one", ["one"]),
        (codecs.BOM_UTF8, []),
        ("zwölf Boxkämpfer\u2028ü\x0b\n".encode(), ["zwölf Boxkämpfer\u2028ü\x0b"]),
    ],
)
def test_lines_are_sentences(tmp_path, data, sentences):
    assert sentences_of(open_source(write(tmp_path / "a", data))) == sentences


@pytest.mark.parametrize("size", [8, 9, 10, 13, 64])
def test_small_blocks_give_the_same_sentences(tmp_path, monkeypatch, size):
    text = (
        "ab\r\nc\r\rdeee fff\tgggg\n\n\n漢字漢字漢字漢字 x\r\n"
        + "é" * 40
        + "\r"
        + " " * 30
        + "end "
    )
    path = write(tmp_path / "a", text.encode())
    whole = sentences_of(open_source(path))
    monkeypatch.setattr(sources, "BLOCK_BYTES", size)
    blocks = list(open_source(path))
    assert len(blocks) > 2
    assert all(0 < len(block.data) <= size for block in blocks)
    assert b"".join(block.data for block in blocks) == text.encode()
    assert sum(block.bytes_read for block in blocks) == len(text.encode())
    assert (
        sentences_of(blocks) == whole == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    )


def test_a_sentence_ends_with_its_file_also_at_a_block_of_just_that_size(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "BLOCK_BYTES", 8)
    paths = [write(tmp_path / "a", b"1234567 "), write(tmp_path / "b", b"second")]
    assert sentences_of(open_source(paths)) == ["1234567 ", "second"]


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-be", "utf-32", "UTF8"]
)
def test_encodings(tmp_path, monkeypatch, encoding):
    monkeypatch.setattr(sources, "BLOCK_BYTES", 64)
    text = "größer als\r\ndas Ähnliche\n" * 30
    path = write(tmp_path / "a", text.encode(encoding))
    source = open_source(path, encoding=encoding)
    assert sentences_of(source) == ["größer als", "das Ähnliche"] * 30
    assert sum(block.bytes_read for block in source) == path.stat().st_size
    assert sum(block.sentences()[1] for block in source) == 0


def test_a_byte_order_mark_is_no_text(tmp_path):
    path = write(tmp_path / "a", "\ufeffone".encode("utf-16-le"))
    assert sentences_of(open_source(path, encoding="utf-16-le")) == ["one"]


@pytest.mark.parametrize(
    ("encoding", "data", "text", "bad"),
    [
        ("utf-8", b"caf\xe9 ol\xe9\xe9", "caf\ufffd ol\ufffd\ufffd", 3),
        ("utf-8", b"half \xe6\xbc", "half \ufffd", 2),
        ("utf-8", b"real \xef\xbf\xbd", "real \ufffd", 0),
        ("ascii", b"caf\xc3\xa9", "caf\ufffd\ufffd", 2),
        ("cp1252", b"\x81a", "\ufffda", 1),
        ("utf-16-le", b"a\0b", "a\ufffd", 1),
        ("utf-7", b"half +2AA- it is", "half \ufffd it is", 3),
    ],
)
def test_undecodable_bytes_are_replaced_and_counted(tmp_path, encoding, data, text, bad):
    blocks = list(open_source(write(tmp_path / "a", data), encoding=encoding))
    assert sentences_of(blocks) == [text]
    assert sum(block.sentences()[1] for block in blocks) == bad


def test_compressed_files_and_archives(tmp_path):
    text = b"first line\nsecond line\n"
    write(tmp_path / "a.gz", gzip.compress(text))
    write(tmp_path / "b.bz2", bz2.compress(text))
    write(tmp_path / "c.xz", lzma.compress(text))
    write(tmp_path / "d.zst", zstd(text))
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("text", text)
    assert sentences_of(open_source(tmp_path)) == ["first line", "second line"] * 5


def test_one_member_of_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", "one")
        archive.writestr("y", "two")
    assert sentences_of(open_source(f"{tmp_path}/a.zip#y")) == ["two"]
    with pytest.raises(InputError, match="2 files"):
        open_source(tmp_path / "a.zip")


def test_folders_are_read_deep_and_sorted_without_hidden_files(tmp_path):
    for name in ["b.txt", "a/z.txt", "a/b/c.txt", ".hidden", ".git/x", "a-b.txt", "B.txt"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    expected = ["B.txt", "a/b/c.txt", "a/z.txt", "a-b.txt", "b.txt"]
    assert sentences_of(open_source(tmp_path)) == expected
    source = open_source([tmp_path / "b.txt", str(tmp_path / "a")])
    assert sentences_of(source) == ["b.txt", "a/b/c.txt", "a/z.txt"]
    assert sentences_of(source) == ["b.txt", "a/b/c.txt", "a/z.txt"]  # again


@pytest.mark.parametrize("size", [20, 1 << 20])
def test_binary_files_are_refused(tmp_path, size):
    write(tmp_path / "a", b"\x7fELF" + bytes(size))
    with pytest.raises(FormatError, match=r"a' is binary.*no text file"):
        list(open_source(tmp_path))


def test_utf16_is_recognised_in_the_message(tmp_path):
    write(tmp_path / "a", "text".encode("utf-16"))
    with pytest.raises(FormatError, match="encoding='utf-16'"):
        list(open_source(tmp_path))


def test_truncated_archive_is_refused_when_read(tmp_path):
    write(tmp_path / "a.xz", lzma.compress(os.urandom(1000).hex().encode())[:-50])
    source = open_source(tmp_path)
    with pytest.raises(FormatError, match="is damaged or truncated"):
        list(source)


def test_a_folder_below_that_can_not_be_read_is_told(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("a")
    scandir = os.scandir

    def refusing(path):
        if os.fspath(path) == str(tmp_path / "sub"):
            raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "sub"))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(FileError, match=r"Can't read the folder '.*sub': Permission denied"):
        open_source(tmp_path)


@pytest.mark.parametrize("paths", [None, 5, b"a.txt", [1], ["a.txt", None], "", ["a.txt", ""]])
def test_what_is_no_path(paths):
    with pytest.raises(InputError, match="Expected a path or a list of paths; got"):
        open_source(paths)


def test_nothing_to_read(tmp_path):
    with pytest.raises(FileError, match="No such file"):
        open_source(tmp_path / "none")
    with pytest.raises(EmptyCorpusError, match="no file in"):
        open_source(tmp_path)
    with pytest.raises(EmptyCorpusError, match="no path was given"):
        open_source([])


@pytest.mark.parametrize(
    "encoding", ["klingon", "rot13", "zlib", "undefined", "utf-8\0", None, 8, b"utf-8"], ids=repr
)
def test_unknown_encoding(tmp_path, encoding):
    write(tmp_path / "a", b"a")
    with pytest.raises(InputError, match=f"no encoding {re.escape(repr(encoding))}.*utf-8"):
        open_source(tmp_path, encoding=encoding)


def test_a_pipe_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"one\ntwo",))
    writer.start()
    assert sentences_of(open_source(tmp_path / "pipe")) == ["one", "two"]
    writer.join()


def test_memory_is_bounded_whatever_is_unpacked(tmp_path):
    write(tmp_path / "bomb.gz", gzip.compress(b"spam " * 20_000_000))
    tracemalloc.start()
    try:
        total = sum(len(block.data) for block in open_source(tmp_path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 100_000_000
    assert peak < 20_000_000


def test_stopping_early_ends_the_reading_thread(tmp_path):
    path = write(tmp_path / "a", b"line\n" * 3_000_000)
    before = threading.active_count()
    blocks = iter(open_source(path))
    assert list(itertools.islice(blocks, 2))[1].data.startswith(b"line\n")
    blocks.close()
    assert threading.active_count() == before


# --- texts in memory -----------------------------------------------------------------------------


def test_each_text_is_a_sentence():
    source = Texts(["one\ntwo\r\n", "", "three"])
    assert sentences_of(source) == ["one\ntwo\r\n", "", "three"]
    assert sentences_of(source) == ["one\ntwo\r\n", "", "three"]
    assert Block("x").bytes_read == 0


def test_a_generator_is_read_once():
    assert sentences_of(Texts(text for text in ["a", "b"])) == ["a", "b"]


@pytest.mark.parametrize("texts", ["one text", b"bytes", 3, None])
def test_no_list_of_texts(texts):
    with pytest.raises(InputError, match=r"Expected a list of texts.*\[text\]"):
        Texts(texts)


def test_a_table_is_no_list_of_texts():
    """Its columns' names were taken for texts."""

    class Frame(list):
        columns = ("label", "text")

    for table in ({"label": ["x"], "text": ["one text"]}, Frame(Frame.columns)):
        with pytest.raises(InputError, match=r"got a table \(.*pass it to from_rows"):
            Texts(table)


@pytest.mark.parametrize("text", [b"bytes", ["a", "list"], None])
def test_no_text_in_the_list(text):
    with pytest.raises(InputError, match=r"Text 1 is no str"):
        list(Texts(["fine", text]))


def test_what_is_no_text_is_replaced_and_counted():
    assert without_halves("naïve \U00010000") == ("naïve \U00010000", 0)
    assert without_halves("a\ud800\udfffb \udc80") == ("a\ufffd\ufffdb \ufffd", 9)
    for _ in range(2):  # the count begins anew
        assert counted(lambda: b"\xff a \xe2\x82".decode("utf-8", COUNTING)) == (
            "\ufffd a \ufffd",
            3,
        )
    with pytest.raises(UnicodeEncodeError):  # only decoding replaces
        "\ud800".encode("utf-8", COUNTING)
