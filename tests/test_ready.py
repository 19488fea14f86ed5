"""Public vectors by name, from an archive that is there."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import wordkin as wk
from wordkin.downloads import registry
from wordkin.downloads.ready import VECTORS
from wordkin.errors import FileError, InputError
from wordkin.progress import displays


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A small glove.6B.zip: four files, as in the real one."""
    monkeypatch.setenv("WORDKIN_HOME", str(tmp_path))
    monkeypatch.setenv("WORDKIN_OFFLINE", "1")
    with zipfile.ZipFile(tmp_path / "glove.6B.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for d in (50, 100, 200, 300):
            lines = (
                f"{word} {' '.join([value] * d)}\n" for word, value in (("a", "1"), ("b", "2"))
            )
            file.writestr(f"glove.6B.{d}d.txt", "".join(lines))
    return tmp_path


@pytest.mark.parametrize("d", [50, 100, 200, 300])
def test_the_file_of_the_archive_that_was_asked_for_is_read(archive, d):
    vectors = wk.pretrained(f"glove.6B.{d}d")
    assert list(vectors.index_to_key) == ["a", "b"]
    assert np.array_equal(vectors["b"], np.full(d, 2, np.float32))
    assert [path.name for path in archive.iterdir()] == ["glove.6B.zip"]  # nothing unpacked


def test_capitals_do_not_matter_and_words_can_be_chosen(archive):
    assert list(wk.pretrained("GLOVE.6b.50D", only=["b", "c"]).index_to_key) == ["b"]
    assert list(wk.pretrained("glove.6B.50d", limit=1).index_to_key) == ["a"]


def test_reading_is_shown_if_asked(archive, capsys, monkeypatch):
    monkeypatch.setattr(displays, "_FIRST_LINE", -1.0)
    wk.pretrained("glove.6B.50d")
    wk.pretrained("glove.6B.50d", progress=lambda *_: None)  # of the download alone
    assert capsys.readouterr() == ("", "")
    wk.pretrained("glove.6B.50d", progress=True)
    assert "reading" in capsys.readouterr().err


def test_a_name_that_there_is_not_tells_those_there_are():
    with pytest.raises(InputError, match=r"called 100\. There are: glove"):
        wk.pretrained(100)
    with pytest.raises(InputError, match=r"'glove'.*glove\.6B\.100d.*wordkin\.load"):
        wk.pretrained("glove")


def test_offline_says_where_the_file_belongs(tmp_path, monkeypatch):
    monkeypatch.setenv("WORDKIN_HOME", str(tmp_path))
    monkeypatch.setenv("WORDKIN_OFFLINE", "1")
    with pytest.raises(FileError, match=r"GoogleNews.*WORDKIN_OFFLINE"):
        wk.pretrained("GoogleNews")


def test_each_name_is_in_the_registry():
    for resource, member in VECTORS.values():
        found = registry.find(resource)
        assert member is None or found.file_name.endswith(".zip")
