"""``wordkin plot`` and ``wordkin train --watch``."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import wordkin as wk
from wordkin.cli import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plot")
    rng = np.random.default_rng(0)
    words = ["man", "king", "woman", "queen", *(f"w{i}" for i in range(20))]
    wk.WordVectors(words, rng.normal(size=(24, 6))).save(folder / "v.safetensors")
    wk.WordVectors(["a"], [[1, 2]]).save(folder / "one.safetensors")
    (folder / "text.txt").write_text("the cat sat on the mat and the dog ran\n" * 3000)
    return folder


def call(*arguments):
    """Run a command; return its exit code, what it printed, and what it told beside."""
    result = CliRunner().invoke(app._make_app(), [*map(str, arguments)], prog_name="wordkin")
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("map", "V", "--top", "12"),
        ("map", "V", "king", "w3", "-k", "3"),
        ("neighbors", "V", "king", "w1", "-k", "4"),
        ("analogy", "V", "man:king", "woman"),
        ("axis", "V", "w1", "w2", "--from", "man,king", "--to", "woman"),
        ("axis", "V", "w1", "w2", "--from", "man, king,", "--to", " woman"),
    ],
)
@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_pictures_by_command(folder, tmp_path, arguments, ending):
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    out = tmp_path / f"a{ending}"
    given = [folder / "v.safetensors" if each == "V" else each for each in arguments]
    code, printed, _ = call("plot", *given, "-o", out)
    assert code == 0
    assert printed == f"{out}\n"
    start = out.read_bytes()[:200]
    assert start.startswith(b"\x89PNG") if ending == ".png" else b"<svg" in start or b"xml" in start


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("map", "V", "-o", "a.pdf"), 1, "saved as .png or .svg"),
        (("map", "V", "nothing", "-o", "a.png"), 1, "not in the vocabulary"),
        (("map", "none.txt", "-o", "a.png"), 1, "none.txt"),
        (("map", "V", "-o", "none/a.png"), 1, "there is no folder"),
        (("analogy", "V", "a:b:c", "-o", "a.png"), 1, "colon"),
        (("analogy", "V", "man", "-o", "a.png"), 1, "pair of words first"),
        (("training", "V", "-o", "a.png"), 1, "no history"),
        (("training", "not.looked.at", "-o", "a.pdf"), 1, "saved as .png or .svg"),
        (("axis", "V", "w1", "--from", ",", "--to", "w2", "-o", "a.png"), 1, "pole needs a word"),
        (("neighbors", "ONE", "a", "-o", "a.png"), 1, "no other words"),
        (("map", "V", "--method", "mds", "-o", "a.png"), 2, "mds"),
    ],
)
def test_what_can_not_be_drawn_is_told(folder, tmp_path, monkeypatch, arguments, code, told):
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    monkeypatch.chdir(tmp_path)
    files = {"V": folder / "v.safetensors", "ONE": folder / "one.safetensors"}
    given = [files.get(each, each) for each in arguments]
    found, _, err = call("plot", *given)
    assert found == code
    assert told in err
    assert list(tmp_path.iterdir()) == []


def test_a_watched_training_leaves_a_page_and_a_picture(folder, tmp_path):
    vectors, page = tmp_path / "v.safetensors", tmp_path / "run.html"
    code, out, err = call(
        "train", folder / "text.txt", "-o", vectors, "--watch", "--html", page,
        "--probe", "cat", "--probe", "dog", "--vector-size", 8, "--workers", 1,
    )  # fmt: skip
    assert code == 0
    assert "Saved 8 words" in out
    assert re.search(r"^ +0  cat: \w+, ", err, flags=re.M), "before the first block"
    assert err.count("  dog: ") >= 2
    text = page.read_text("utf-8")
    data = json.loads(re.search(r"id=data>(.*)</script>", text)[1])
    assert [probe for probe, _ in data[-1]["nearest"]] == ["cat", "dog"]
    assert data[0]["words"] == 0
    assert data[-1]["share"] == 1.0
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    code, out, _ = call("plot", "training", vectors, "-o", tmp_path / "t.png")
    assert (code, out) == (0, f"{tmp_path / 't.png'}\n")


def test_a_page_without_watching(folder, tmp_path):
    code, _, err = call(
        "train", folder / "text.txt", "-o", tmp_path / "v.txt", "--html",
        tmp_path / "run.html", "--vector-size", 4, "--epochs", 1,
    )  # fmt: skip
    assert code == 0
    assert "cat:" not in err
    assert (tmp_path / "run.html").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--html", "none/run.html"), "there is no folder"),
        (("--html", "v.txt"), "also an input or the output"),
        (("--html", "."), "it is a folder"),
        (("--probe", "zebra"), "not in the vocabulary"),
    ],
)
def test_what_can_not_be_watched_is_told_before_the_training(
    folder, tmp_path, monkeypatch, arguments, told
):
    monkeypatch.chdir(tmp_path)
    code, _, err = call("train", folder / "text.txt", "-o", "v.txt", *arguments)
    assert code == 1
    assert told in err
    assert "training ..." not in err
    assert list(tmp_path.iterdir()) == []
