"""Labelled texts, from whatever they are in, are the same texts and labels."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import tarfile
import zipfile

import numpy as np
import pytest

from wordkin.classification.reading import read_labelled
from wordkin.errors import FileError, FormatError, InputError, WordkinError

TEXTS = ["Good, really", 'so "fine"\nindeed', "Bad\ttaste", "", "naïve ending"]
LABELS = ["pos", "pos", "neg", "neg", "1"]


def write_csv(path, separator=","):
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(["id", "label", "text"])
        writer.writerows([i, b, a] for i, (a, b) in enumerate(zip(TEXTS, LABELS, strict=True)))


def write_jsonl(path):
    rows = [json.dumps({"text": a, "label": b}) for a, b in zip(TEXTS, LABELS, strict=True)]
    path.write_text("\n".join(rows) + "\n\n")


def write_json(path):
    rows = [{"text": a, "label": b} for a, b in zip(TEXTS, LABELS, strict=True)]
    path.write_text(json.dumps(rows, indent=1))


def write_parquet(path):
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow.table({"label": LABELS, "text": TEXTS}), path)


WRITERS = {
    "a.csv": write_csv,
    "a.tsv": lambda path: write_csv(path, "\t"),
    "a.jsonl": write_jsonl,
    "a.json": write_json,
    "a.parquet": write_parquet,
    "nameless": write_jsonl,
}


@pytest.mark.parametrize("name", WRITERS)
def test_tables(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    data = read_labelled(path)
    assert (data.texts, data.labels) == (TEXTS, LABELS)
    assert data.account == {"texts": 5}


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_compressed(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path)
    packed = tmp_path / f"{name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_labelled(packed).texts == TEXTS


def test_columns_by_name_and_by_number(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("title,rubric\na b,x\nc,y\n")
    data = read_labelled(path, text="title", label="rubric")
    assert (data.texts, data.labels, data.names) == (["a b", "c"], ["x", "y"], ["line 2", "line 3"])
    numbered = read_labelled(path, text=0, label=1)
    assert numbered.texts == ["title", "a b", "c"]
    with pytest.raises(InputError, match=r"'title', 'rubric'.*text="):
        read_labelled(path)
    with pytest.raises(InputError, match="no column 'rub'"):
        read_labelled(path, text="title", label="rub")
    with pytest.raises(FormatError, match=r"Line 1 .* has 2 columns"):
        read_labelled(path, text=0, label=2)


def test_a_tsv_without_any_quoting(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('label\ttext\npos\t"Fine" she said\nneg\ta 3" pipe\n')
    assert read_labelled(path).texts == ['"Fine" she said', 'a 3" pipe']


def test_numbers_and_truth_values_are_labels_and_nothing_else_is(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "label": 1}\n{"text": "b", "label": true}\n')
    assert read_labelled(path).labels == ["1", "True"]
    for bad in ('{"text": "a", "label": null}', '{"text": "a", "label": " "}',
                '{"text": "a", "label": 1.5}', '{"text": null, "label": "x"}',
                '{"text": "a"}', "[1]", "{not json"):  # fmt: skip
        path.write_text('{"text": "a", "label": 1}\n' + bad)
        with pytest.raises((FormatError, InputError), match=r"Line 2|Which column"):
            read_labelled(path)


def test_lines(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("__label__b two words\n\n__label__a one\r\n__label__a\n")
    data = read_labelled(path)
    assert (data.texts, data.labels) == (["two words", "one", ""], ["b", "a", "a"])
    path.write_text("NUM:dist How far?\n0 bad\n")
    data = read_labelled(path, kind="lines")
    assert (data.texts, data.labels) == (["How far?", "bad"], ["NUM:dist", "0"])
    with pytest.raises(FormatError, match="kind='lines'"):
        read_labelled(path)
    path.write_text("__label__a x\nno label\n")
    with pytest.raises(FormatError, match="Line 2"):
        read_labelled(path)
    path.write_text("__label__a __label__b x\n")
    with pytest.raises(FormatError, match="more than one label"):
        read_labelled(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_other_encodings(tmp_path, encoding):
    path = tmp_path / "a.data"
    for content in ("text\tlabel\r\nnaïve\tx\r\nn\ty\r\n", "__label__x naïve\n__label__y n\n",
                    '{"text": "naïve", "label": "x"}\n{"text": "n", "label": "y"}'):  # fmt: skip
        path.write_bytes(content.encode(encoding))
        data = read_labelled(path, encoding=encoding)
        assert (data.texts, data.labels) == (["naïve", "n"], ["x", "y"])


FILES = {
    "news/b/2": b"two", "news/b/10": b"ten", "news/a/1": b"caf\xe9", "news/a/.hidden": b"no",
    "news/a/readme": b"hm", "news/about": b"beside",
}  # fmt: skip


def as_folder(root):
    for name, data in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root / "news"


def as_tar(root):
    with tarfile.open(root / "news.tar.gz", "w:gz") as archive:
        for name, data in reversed(FILES.items()):
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return root / "news.tar.gz"


def as_zip(root):
    with zipfile.ZipFile(root / "news.zip", "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    return root / "news.zip"


@pytest.mark.parametrize("make", [as_folder, as_tar, as_zip])
def test_class_folders_and_archives_of_them(tmp_path, make):
    path = make(tmp_path)
    data = read_labelled(path, encoding="latin-1", digits_only=True)
    # sorted as strings, as the article's os.listdir is
    assert data.names == ["a/1", "b/10", "b/2"]
    assert (data.texts, data.labels) == (["café", "ten", "two"], ["a", "b", "b"])
    assert data.account == {
        "texts": 3, "hidden files": 1, "files beside the class folders": 1,
        "files whose names are no numbers": 1,
    }  # fmt: skip
    everything = read_labelled(path)
    assert everything.names == ["a/1", "a/readme", "b/10", "b/2"]
    assert everything.texts[0] == "caf\ufffd"
    assert everything.account["with undecodable bytes"] == 1


def test_a_single_class_folder(tmp_path):
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "1").write_text("text")
    assert read_labelled(tmp_path).labels == ["only"]


def test_a_folder_of_a_class_that_can_not_be_read_is_told(tmp_path, monkeypatch):
    as_folder(tmp_path)
    shut = tmp_path / "shut"
    shut.mkdir()
    scandir = os.scandir

    def refusing(path):
        if os.fspath(path) == str(shut):
            raise PermissionError(errno.EACCES, "Permission denied", str(shut))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(FileError, match=r"Can't read the folder '.*shut': Permission denied"):
        read_labelled(tmp_path)


def test_strip_on_the_way(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1").write_bytes(b"Subject: x\r\n\r\n> quoted\r\nmine\r\n")
    assert read_labelled(tmp_path, strip=["headers", "quotes"]).texts == ["mine\n"]
    assert read_labelled(tmp_path).stripped("headers").texts == ["> quoted\nmine\n"]


def test_bad_input(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing.csv").write_text("")
    cases = [
        ("missing.csv", {}, FileError, "missing.csv"),
        ("empty", {}, InputError, "class folders"),
        ("nothing.csv", {}, InputError, "Which column"),
        ("nothing.csv", {"kind": "xml"}, InputError, "no kind 'xml'"),
        ("nothing.csv", {"encoding": "latin-99"}, InputError, "latin-99"),
        ("nothing.csv", {"strip": ["head"]}, InputError, "'head'"),
        ("nothing.csv", {"kind": "lines"}, InputError, "no text"),
    ]
    for name, settings, error, match in cases:
        with pytest.raises(error, match=match):
            read_labelled(tmp_path / name, **settings)
    damaged = as_tar(tmp_path)
    damaged.write_bytes(damaged.read_bytes()[:-40])
    with pytest.raises(FormatError):
        read_labelled(damaged)
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(20))
    with pytest.raises(WordkinError):
        read_labelled(tmp_path / "a.parquet")


def test_splits(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f"t{i},{'ab'[i % 4 == 0]}\n" for i in range(40)))
    data = read_labelled(path)
    train, test = data.split(0.25, seed=3)
    assert len(test) == 10
    assert test.counts()["b"] in (2, 3)  # a quarter of 10
    assert test.counts()["a"] in (7, 8)
    assert sorted(train.names + test.names) == sorted(data.names)
    assert data.split(0.25, seed=3)[1].names == test.names
    assert data.split(0.25, seed=4)[1].names != test.names
    for bad in (0, 1, 1.5, True, "x"):
        with pytest.raises(InputError, match="share"):
            data.split(bad)
    file = tmp_path / "split.tsv"
    file.write_text("test\tline 3\ntrain\tline 5\ntrain\tline 2\n")
    train, test = data.split_by_file(file)
    assert (train.texts, test.texts) == (["t3", "t0"], ["t1"])
    assert train.account == {"texts": 2, "left out": 38}
    for bad in ("dev\tline 3\n", "test\tline 99\n", "test\tline 3\ntest\tline 3\n"):
        file.write_text(bad)
        with pytest.raises(InputError, match="Line"):
            data.split_by_file(file)


def test_r8_and_trec_and_sst2(data_dir):
    folder = data_dir / "classify"
    r8 = read_labelled(folder / "r8" / "train.txt", text=1, label=0)
    assert (len(r8), len(r8.counts())) == (5_485, 8)
    trec = read_labelled(folder / "trec" / "TREC.train", kind="lines", encoding="latin-1")
    assert (len(trec), len({label.split(":")[0] for label in trec.labels})) == (5_452, 6)
    sst2 = read_labelled(folder / "sst2" / "stsa.binary.test", kind="lines")
    assert (len(sst2), set(sst2.labels)) == (1_821, {"0", "1"})


def test_the_by_date_split(data_dir):
    data = read_labelled(data_dir / "20_newsgroup.tar.gz", encoding="latin-1", digits_only=True)
    train, test = data.split_by_file(data_dir / "20news-bydate-split.tsv")
    assert (len(train), len(test)) == (11_314, 7_532)
    train, test = data.split(0.2)
    assert (len(train), len(test)) == (15_998, 3_999)


def test_a_part_is_told_by_numbers_not_by_a_mask(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f"t{i},{'ab'[i % 2]}\n" for i in range(4)))
    data = read_labelled(path)
    assert data.subset(np.array([3, 0], np.uint8)).texts == ["t3", "t0"]
    assert data.subset([]).texts == []
    for bad in ([True, False, True, False], [0.5], [[0, 1]], ["0"], 1):
        with pytest.raises(InputError, match=r"whole numbers.*flatnonzero\(mask\)"):
            data.subset(bad)


def test_columns_are_counted_from_the_first(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,a b\ny,c\n")
    for numbers in ({"text": -1, "label": 0}, {"text": 1, "label": -3}):
        with pytest.raises(InputError, match="numbered from 0"):
            read_labelled(path, **numbers)


def test_a_split_may_begin_with_a_mark_of_its_encoding(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\nt0,a\nt1,b\n")
    file = tmp_path / "split.tsv"
    file.write_text("train\tline 2\r\ntest\tline 3\r\n", encoding="utf-8-sig", newline="")
    train, test = read_labelled(path).split_by_file(file)
    assert (train.texts, test.texts) == (["t0"], ["t1"])
