"""Files appear whole or not at all, and compressed ones are recognised by what is in them."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import stat
import sys
import zipfile
from pathlib import Path

import pytest
from packing import zstd

import wordkin as wk
from wordkin.errors import FileError, FormatError, InputError
from wordkin.files import atomic_folder, atomic_write, open_bytes, size_on_disk

TEXT = b"some text, and more of it\n" * 5000
COMPRESS = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- atomic_write --------------------------------------------------------------------------------


def test_write_makes_a_file_and_leaves_nothing_else(tmp_path):
    with atomic_write(tmp_path / "a") as file:
        file.write(b"new")
        assert "a" not in names(tmp_path)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"


def test_text_mode_writes_utf8_and_line_feeds(tmp_path):
    with atomic_write(tmp_path / "a", mode="w") as file:
        file.write("é\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\n"


@pytest.mark.parametrize("error", [ValueError("bug"), KeyboardInterrupt(), SystemExit()])
def test_failure_keeps_the_old_file(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(type(error)), atomic_write(path) as file:  # noqa: PT012
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_full_disk_is_a_file_error_with_the_path(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(FileError, match=r"a': No space left"), atomic_write(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_really_full_device():
    full = Path("/dev/full")
    if not full.is_char_device():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(FileError, match="No space left"), atomic_write(full) as file:
        file.write(b"x")


def test_errors_about_other_files_pass_through(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, atomic_write(tmp_path / "a"):
        Path("/no/such/file").read_bytes()
    assert not isinstance(caught.value, FileError)
    assert names(tmp_path) == []


def test_errors_about_a_file_beside_pass_through_too(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    beside = tmp_path / "b"
    with pytest.raises(FileNotFoundError) as caught, atomic_write(tmp_path / "a"):
        beside.read_bytes()
    assert not isinstance(caught.value, FileError)
    far = Path(f"{tmp_path}-too") / "b"  # its folder begins with the same letters
    with pytest.raises(FileNotFoundError) as caught, atomic_folder(tmp_path / "c"):
        far.read_bytes()
    assert not isinstance(caught.value, FileError)
    assert names(tmp_path) == ["a"]


def test_missing_folder(tmp_path):
    with (
        pytest.raises(FileError, match=r"folder .*none' does not exist"),
        atomic_write(tmp_path / "none" / "a"),
    ):
        pass


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match="Not a directory"), atomic_write(tmp_path / "file" / "a"):
        pass


def test_target_that_is_a_folder(tmp_path):
    with pytest.raises(FileError, match="it is a folder"), atomic_write(tmp_path):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="Permission denied"), atomic_write(tmp_path / "a"):
        pass


def test_permissions_follow_the_umask_or_the_old_file(tmp_path):
    old = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "a"):
            pass
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    (tmp_path / "a").chmod(0o604)
    with atomic_write(tmp_path / "a"):
        pass
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o604


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_pipe_is_written_directly(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with atomic_write(tmp_path / "pipe") as file:
        file.write(b"through")
    assert os.read(end, 100) == b"through"
    os.close(end)
    assert names(tmp_path) == ["pipe"]


# --- atomic_folder -------------------------------------------------------------------------------


def fill(path, name, fail=False):
    with atomic_folder(path) as folder:
        (folder / name).write_text(name)
        if fail:
            raise KeyboardInterrupt


def test_folder_appears_whole_and_replaces_only_its_own_kind(tmp_path):
    path = tmp_path / "corpus"
    fill(path, "one")
    assert (path / "one").read_text() == "one"
    fill(path, "two")
    assert names(path) == [".wordkin", "two"]
    assert names(tmp_path) == ["corpus"]


def test_folder_failure_keeps_the_old_one(tmp_path):
    path = tmp_path / "corpus"
    fill(path, "one")
    with pytest.raises(KeyboardInterrupt):
        fill(path, "two", fail=True)
    assert names(path) == [".wordkin", "one"]
    assert names(tmp_path) == ["corpus"]


def test_folder_swap_failure_puts_the_old_one_back(tmp_path, monkeypatch):
    path = tmp_path / "corpus"
    fill(path, "one")
    rename = Path.rename

    def failing(self, target):
        if target == path and (self / "two").exists():
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr("wordkin.files.exchanged", lambda one, other: False)  # as on Windows
    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(FileError, match="Input/output error"):
        fill(path, "two")
    assert names(path) == [".wordkin", "one"]


def test_an_empty_folder_is_replaced_and_a_foreign_one_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    fill(tmp_path / "empty", "one")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.txt").write_text("years of work")
    with pytest.raises(FileError, match="not ours"):
        fill(tmp_path / "foreign", "one")
    with pytest.raises(FileError, match="a file of this name"):
        fill(tmp_path / "foreign" / "thesis.txt", "one")
    assert (tmp_path / "foreign" / "thesis.txt").read_text() == "years of work"


# --- open_bytes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", COMPRESS)
def test_compression_is_seen_from_the_content(tmp_path, kind):
    path = tmp_path / "name.tells.nothing"
    path.write_bytes(COMPRESS[kind](TEXT))
    with open_bytes(path) as stream:
        assert stream.read() == TEXT
    with open_bytes(str(path)) as stream:
        assert stream.readline() == TEXT[:26]


@pytest.mark.parametrize("kind", COMPRESS)
def test_empty_content(tmp_path, kind):
    (tmp_path / "a").write_bytes(COMPRESS[kind](b""))
    with open_bytes(tmp_path / "a") as stream:
        assert stream.read() == b""


@pytest.mark.parametrize("kind", COMPRESS)
def test_several_compressed_parts_in_one_file(tmp_path, kind):
    (tmp_path / "a").write_bytes(COMPRESS[kind](b"one ") + COMPRESS[kind](b"two"))
    with open_bytes(tmp_path / "a") as stream:
        assert stream.read() == b"one two"


@pytest.mark.parametrize("kind", [kind for kind in COMPRESS if kind != "plain"])
def test_truncated_data_is_refused(tmp_path, kind):
    (tmp_path / "a").write_bytes(COMPRESS[kind](os.urandom(5000))[:-20])
    with (
        open_bytes(tmp_path / "a") as stream,
        pytest.raises(FormatError, match="damaged or truncated"),
    ):
        stream.read()


@pytest.mark.parametrize("kind", [kind for kind in COMPRESS if kind != "plain"])
def test_damaged_data_is_refused(tmp_path, kind):
    data = bytearray(COMPRESS[kind](os.urandom(100_000)))
    data[20:60] = b"\xff" * 40
    (tmp_path / "a").write_bytes(data)
    with (
        pytest.raises(FormatError, match="damaged or truncated"),
        open_bytes(tmp_path / "a") as stream,
    ):
        stream.read()


def test_words_that_look_like_a_magic_number(tmp_path):
    (tmp_path / "a").write_bytes(b"BZh9 is how bzip2 files begin")
    with open_bytes(tmp_path / "a") as stream:
        assert stream.read().startswith(b"BZh9 is")


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_zip_with_one_member(tmp_path):
    make_zip(tmp_path / "a.zip", {"folder/": b"", "folder/text8": TEXT})
    with open_bytes(tmp_path / "a.zip") as stream:
        assert stream.read() == TEXT


def test_zip_with_several_members(tmp_path):
    path = tmp_path / "a.zip"
    make_zip(path, {"one.txt": b"1", "two#.txt": b"2"})
    with pytest.raises(InputError, match=r"2 files \(one.txt, two#.txt\)"):
        open_bytes(path)
    with open_bytes(f"{path}#two#.txt") as stream:
        assert stream.read() == b"2"
    with pytest.raises(InputError, match=r"no such member; there are: one.txt"):
        open_bytes(f"{path}#three")


def test_zip_with_none_or_damaged(tmp_path):
    make_zip(tmp_path / "a.zip", {})
    with pytest.raises(InputError, match="0 files"):
        open_bytes(tmp_path / "a.zip")
    make_zip(tmp_path / "b.zip", {"a": TEXT})
    (tmp_path / "b.zip").write_bytes((tmp_path / "b.zip").read_bytes()[:-30])
    with pytest.raises(FormatError, match="archive"):
        open_bytes(tmp_path / "b.zip")


def test_a_hash_in_a_name(tmp_path):
    (tmp_path / "c#.txt").write_bytes(b"sharp")
    with open_bytes(tmp_path / "c#.txt") as stream:
        assert stream.read() == b"sharp"
    with pytest.raises(InputError, match="no zip archive"):
        open_bytes(f"{tmp_path / 'c#.txt'}#member")


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileError, match=r"none.txt': No such file"):
        open_bytes(tmp_path / "none.txt")
    with pytest.raises(FileError, match="Is a directory"):
        open_bytes(tmp_path)


def test_names_that_the_system_does_not_take(tmp_path):
    """Asking whether there is such a file is an error of the system by itself."""
    long = str(tmp_path / ("a" * 300))
    for read in (open_bytes, size_on_disk, wk.load, wk.Corpus.from_path, wk.read_labelled):
        with pytest.raises(FileError, match=r"aaa.: File name too long"):
            read(long)
    make_zip(tmp_path / "a.zip", {"b" * 300: TEXT})
    with open_bytes(f"{tmp_path}/a.zip#{'b' * 300}") as stream:
        assert stream.read() == TEXT


def test_a_bomb_is_read_piece_by_piece(tmp_path):
    buffer = io.BytesIO()
    with gzip.open(buffer, "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    (tmp_path / "bomb").write_bytes(buffer.getvalue())
    with open_bytes(tmp_path / "bomb") as stream:
        assert len(stream.read(1000)) == 1000
        # what was decompressed but not asked for is at most the buffer
        assert len(stream.peek()) <= 1 << 20


def test_closing_closes_the_file_below(tmp_path):
    (tmp_path / "a").write_bytes(gzip.compress(TEXT))
    stream = open_bytes(tmp_path / "a")
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        stream.read()


@pytest.mark.parametrize(("name", "told"), [("a\0b", "NUL"), ("a\ud800", "ud800")])
def test_names_that_no_path_has_are_told_as_errors_of_files(tmp_path, name, told):
    """Python raises ValueError or UnicodeEncodeError, wherever it happens to look first."""
    path = f"{tmp_path}/{name}.safetensors"
    vectors = wk.WordVectors(["a", "b"], [[1, 2], [3, 4]])
    corpus = wk.Corpus.from_texts(["a b"] * 5, min_count=1)
    config = wk.SkipGram(vector_size=2, epochs=1)
    for touch in (
        lambda: wk.load(path),
        lambda: wk.load(path, format="npy"),
        lambda: vectors.save(path),
        lambda: vectors.save(path, format="model2vec"),
        lambda: wk.Corpus.from_path(path),
        lambda: wk.Corpus.from_path(path + ".jsonl", column="text"),
        lambda: wk.Corpus.from_texts(["a b"], min_count=1, store=path),
        lambda: corpus.save(path),
        lambda: wk.Checkpoint(path),
        lambda: wk.train(corpus, config, resume=path),
        lambda: wk.load_classifier(path),
        lambda: wk.read_labelled(path),
        lambda: size_on_disk(path),
    ):
        with pytest.raises(FileError, match=told):
            touch()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_name_that_is_no_utf8_is_one_but_not_for_the_projector(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    vectors = wk.WordVectors(["a", "b"], [[1, 2], [3, 4]])
    vectors.save(path + ".txt")
    assert wk.load(path + ".txt").index_to_key == ["a", "b"]
    with pytest.raises(InputError, match="another name"):
        vectors.save(path + ".tsv", format="projector")
    assert [each.suffix for each in tmp_path.iterdir()] == [".txt"]
