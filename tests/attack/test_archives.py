"""Archives that mean harm: bombs, names that lead elsewhere, links, devices."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile

import pytest

import wordkin as wk
from wordkin import formats
from wordkin.archives import leaves_folder
from wordkin.classification.labelled import Labelled
from wordkin.errors import FileError, FormatError, InputError
from wordkin.files import open_bytes

MANY = 80 << 20  # bytes, of which nothing but a few hundred lie on disk


@pytest.fixture(scope="module")
def bombs(tmp_path_factory):
    """A hundred megabytes of zeros, packed by everything that unpacks."""
    folder = tmp_path_factory.mktemp("bombs")
    data = bytes(MANY)
    for name, pack in (("b.gz", gzip.compress), ("b.bz2", bz2.compress), ("b.xz", lzma.compress)):
        (folder / name).write_bytes(pack(data))
    with zipfile.ZipFile(folder / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", data)
    return sorted(folder.iterdir())


def size_of(stream):
    return sum(len(piece) for piece in iter(lambda: stream.read(1 << 20), b""))


def test_bombs_are_refused_by_who_holds_all_in_memory(bombs):
    data = Labelled(["a"], ["b"], ["c"])
    vectors = wk.WordVectors(["a", "b"], [[1, 0], [0, 1]])
    readers = [
        *(lambda path, kind=kind: wk.read_labelled(path, kind=kind)
          for kind in ("csv", "tsv", "json", "jsonl", "lines", "fasttext", "parquet")),
        *(lambda path, name=name: formats.read(path, format=name)
          for name in ("safetensors", "fasttext", "finalfusion", "gensim")),
        lambda path: data.split_by_file(path),
        lambda path: wk.evaluate(vectors, path),
        lambda path: wk.load_classifier(path),
        lambda path: wk.TrainedModel.load(path),
        lambda path: wk.DocumentEncoder.load(path),
    ]  # fmt: skip
    path = next(path for path in bombs if path.name == "b.gz")
    assert path.stat().st_size < MANY // 500
    for reader in readers:
        with pytest.raises((FormatError, InputError)) as error:
            reader(path)
        assert "MemoryError" not in str(error.value)
    assert sorted(bombs[0].parent.iterdir()) == bombs


def test_what_is_bounded_ends_at_the_bound(bombs):
    for path in bombs:
        with open_bytes(path, bounded=True) as stream, pytest.raises(FormatError, match="trap"):
            size_of(stream)
        with open_bytes(path) as stream:  # who reads piece by piece may read on
            assert size_of(stream) == MANY


def test_sizes_that_an_archive_promises_are_looked_at_first(tmp_path):
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        for name in ("x/a/1", "x/b/2"):
            info = tarfile.TarInfo(name)
            info.size = MANY
            archive.addfile(info, io.BytesIO(bytes(MANY)))
    with pytest.raises(FormatError, match="trap"):
        wk.read_labelled(tmp_path / "b.tar.gz")
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("x/a/1", "x/b/2"):
            archive.writestr(name, bytes(MANY))
    with pytest.raises(FormatError, match="trap"):
        wk.read_labelled(tmp_path / "b.zip")


def test_a_sparse_file_in_a_tar_archive_is_a_bomb_too(tmp_path):
    """GNU tar's old way: a header that promises 8 GB, and nothing behind it."""
    info = tarfile.TarInfo("x/a/1")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[483:495] = b"%011o\0" % (8 << 30)  # the real size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "s.tar").write_bytes(bytes(header) + bytes(1024))
    with pytest.raises(FormatError, match="trap"):
        wk.read_labelled(tmp_path / "s.tar", kind="folder")


NAMES = ["../evil", "/tmp/evil", "a/../../evil", "c:\\evil", "..\\evil", "x/a/1"]


def test_names_that_lead_elsewhere_write_nothing(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    with tarfile.open(inside / "t.tar", "w") as archive:
        for name in NAMES:
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"evil"))
        for kind, name in (
            (tarfile.SYMTYPE, "x/a/link"), (tarfile.LNKTYPE, "x/b/hard"),
            (tarfile.CHRTYPE, "x/a/device"), (tarfile.FIFOTYPE, "x/b/pipe"),
        ):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    with zipfile.ZipFile(inside / "z.zip", "w") as archive:
        for name in NAMES:
            archive.writestr(name, "evil")
        link = zipfile.ZipInfo("x/b/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    for name in ("t.tar", "z.zip"):
        texts = wk.read_labelled(inside / name, kind="folder").texts
        assert set(texts) <= {
            "evil",
            "/etc/passwd",
        }  # what is in the archive, and nothing behind it
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
    assert sorted(path.name for path in inside.iterdir()) == ["t.tar", "z.zip"]


@pytest.mark.parametrize("name", [name for name in NAMES if leaves_folder(name)])
def test_a_single_member_with_such_a_name_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(name, "a b c")
    with pytest.raises(FormatError, match="leave"):
        wk.Corpus.from_path(tmp_path / "z.zip", min_count=1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes of POSIX")
def test_a_pipe_in_a_folder_is_refused_instead_of_waited_for(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1").write_text("text")
    os.mkfifo(tmp_path / "a" / "pipe")
    with pytest.raises(FileError, match="is a pipe"):
        wk.read_labelled(tmp_path)
    with pytest.raises(FileError, match="is a pipe"):
        wk.Corpus.from_path(tmp_path, min_count=1)


def test_an_archive_with_a_password_says_so(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("x/a/1", "text")
        archive.writestr("x/b/2", "text")
    data = bytearray((tmp_path / "z.zip").read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + place] |= 1
    (tmp_path / "z.zip").write_bytes(data)
    with pytest.raises(FormatError, match="password"):
        wk.read_labelled(tmp_path / "z.zip")


@pytest.mark.parametrize("name", ["x/a/1", "x/a/2"])
def test_files_of_an_archive_that_lie_at_one_place_are_refused(tmp_path, name):
    """A few bytes that are listed many times are how bombs are made; nobody packs so."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for written in ("x/a/1", "x/a/2", "x/b/3"):
            archive.writestr(written, "text")
        first, second, _ = archive.infolist()
        second.filename, second.header_offset = name, first.header_offset
    for read in (
        lambda: wk.read_labelled(tmp_path / "z.zip"),
        lambda: wk.Corpus.from_path(f"{tmp_path / 'z.zip'}#x/b/3", min_count=1),
    ):
        with pytest.raises(FormatError, match=r"x/a/1.*lies where another file does"):
            read()
