"""``wordkin convert``, ``info`` and ``download``: what they print and what they leave behind."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from test_downloads import SHA256, resource, server  # noqa: F401 (a fixture)
from typer.testing import CliRunner

from wordkin import Corpus, FastText, downloads, formats, train
from wordkin.cli import app, interrupt
from wordkin.vectors import WordVectors, load


def wk(*arguments):
    return CliRunner().invoke(app._make_app(), list(map(str, arguments)), prog_name="wordkin")


@pytest.fixture
def odd(tmp_path):
    path = tmp_path / "odd.txt"
    path.write_bytes(b"the 1 2\n. . . 3 4\nna\xefve 5 6\nthe 7 8\n")
    return path


def test_a_file_is_converted_and_repairs_are_told(odd, tmp_path):
    target = tmp_path / "v.safetensors"
    result = wk("convert", odd, target)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{target}: 3 words, 2 dimensions, ")
    assert lines[1] == "repaired or left out: 1 damaged token, 1 duplicate, 1 token with spaces"
    assert list(load(target).index_to_key) == ["the", ". . .", "na\\xefve"]


def test_a_member_of_an_archive_is_converted_in_part(odd, tmp_path):
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        archive.write(odd, "a/odd.txt")
        archive.writestr("b.txt", "")
    source, target = f"{tmp_path}/g.zip#a/odd.txt", tmp_path / "v.out"
    result = wk("convert", source, target, "--format", "word2vec", "--limit", "1")
    assert result.exit_code == 0
    assert target.read_text() == "1 2\nthe 1.0 2.0\n"
    info = wk("info", source)
    assert info.exit_code == 0
    assert "glove" in info.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [("v.xyz", "does not tell the format"), ("v.fifu", "does not write it"), ("v.txt", "'. . .'")],
)
def test_what_cannot_be_written_leaves_nothing(odd, tmp_path, name, message):
    result = wk("convert", odd, tmp_path / name)
    assert result.exit_code == 1
    assert message in result.stderr
    assert list(tmp_path.iterdir()) == [odd]


def test_nothing_is_converted_to_where_it_comes_from(odd, tmp_path):
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        archive.write(odd, "a/odd.txt")
    link = tmp_path / "link.txt"
    link.symlink_to(odd)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for source, target in [(odd, link), (f"{tmp_path}/g.zip#a/odd.txt", tmp_path / "g.zip")]:
        result = wk("convert", source, target, "--format", "glove")
        assert result.exit_code == 1
        assert "also an input" in result.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_is_not_converted_to_where_it_comes_from(tmp_path):
    folder = tmp_path / "m"
    formats.write(WordVectors(["a", "b"], [[1, 2], [3, 4]]).table, folder, format="model2vec")
    before = sorted(folder.iterdir())
    result = wk("convert", folder, folder, "--format", "model2vec", "--limit", "1")
    assert result.exit_code == 1
    assert "also an input" in result.stderr
    assert sorted(folder.iterdir()) == before
    assert len(load(folder)) == 2


def test_n_grams_go_into_a_bin(tmp_path):
    corpus = Corpus.from_texts(["the cat sat on the mat"] * 20, min_count=1)
    model = train(corpus, FastText(vector_size=4, epochs=1, buckets=50, sample=0))
    source, target = tmp_path / "v.safetensors", tmp_path / "v.bin"
    model.vectors.save(source)
    assert wk("convert", source, target).exit_code == 0
    assert formats.recognise(target).name == "fasttext"
    assert (load(target)["unheard"] == model.vectors["unheard"]).all()


def test_info_of_a_table_without_words(tmp_path):
    """As floret has it."""
    corpus = Corpus.from_texts(["the cat sat on the mat"] * 20, min_count=1)
    config = FastText(vector_size=4, epochs=1, buckets=50, sample=0, compact=True)
    train(corpus, config).vectors.save(tmp_path / "v.floret")
    WordVectors([], np.zeros((0, 4))).save(tmp_path / "v.safetensors")
    for name in ("v.floret", "v.safetensors"):
        shown = wk("info", tmp_path / name)
        assert shown.exit_code == 0, shown.exception
        assert "norms       none" in shown.stdout
        facts = json.loads(wk("info", tmp_path / name, "--json").stdout)
        assert (facts["words"], facts["norms"], facts["first_words"]) == (0, None, [])


def test_info_tells_of_repairs(odd):
    result = wk("info", odd)
    assert result.exit_code == 0
    assert "1 damaged token, 1 duplicate, 1 token with spaces" in result.stdout
    facts = json.loads(wk("info", odd, "--json").stdout)
    assert facts["repairs"] == {"repaired": 1, "duplicates": 1, "spaces": 1, "unread": 0}
    assert facts["format"] == "glove"
    assert facts["bytes"] == odd.stat().st_size


def test_downloads_are_listed():
    result = wk("download")
    assert result.exit_code == 0
    assert "glove.6B" in result.stdout
    assert str(downloads.home()) in result.stdout


@pytest.mark.parametrize("sha256", [None, SHA256])
def test_a_download_is_fetched_and_described(server, monkeypatch, tmp_path, sha256):  # noqa: F811
    known = resource(server, "data", sha256=sha256)
    monkeypatch.setattr(downloads, "find", lambda _name: known)
    result = wk("download", "made-up")
    assert result.exit_code == 0
    assert result.stdout.startswith(str(tmp_path / "home" / "data.zip"))
    assert f"{SHA256} ({'as known' if sha256 else 'none is known'}" in result.stdout


@pytest.mark.parametrize(("kind", "code"), [(KeyboardInterrupt, 130), (interrupt.Terminated, 143)])
def test_an_interrupted_download_says_that_it_goes_on(monkeypatch, kind, code):
    def stop(_resource):
        raise kind

    monkeypatch.setattr("wordkin.downloads.download", stop)
    result = wk("download", "text8")
    assert result.exit_code == code
    assert "what has come is kept" in result.stderr
    assert "nothing was saved" not in result.stderr


def test_an_unknown_download_is_refused():
    result = wk("download", "nonesuch")
    assert result.exit_code == 1
    assert "glove.6B" in result.stderr
