"""``wordkin classify`` and ``wordkin compare``: what they print and what they leave behind."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from wordkin.cli import app

if TYPE_CHECKING:
    from pathlib import Path


def wk(*arguments: object, stdin: str | None = None) -> Any:
    """Run a command in this process."""
    command = list(map(str, arguments))
    return CliRunner().invoke(app._make_app(), command, input=stdin, prog_name="wordkin")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A table of 80 texts of two classes."""
    rows = ["good film,pos", "fine music,pos", "bad film,neg", "awful music,neg"] * 20
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def model(tmp_path: Path, data: Path) -> Path:
    """A classifier of them."""
    path = tmp_path / "model.safetensors"
    done = wk("classify", "fit", data, "-o", path, "--workers", 1)
    assert done.exit_code == 0, done.stderr
    assert "80 texts of 2 classes" in done.stderr
    assert "accuracy 1.000" in done.stdout
    assert f"Saved a classifier of 2 classes: {path}" in done.stdout
    return path


def test_predict_from_standard_input_and_from_a_file(tmp_path, model):
    assert wk("classify", "predict", model, stdin="a good one\nawful\n").stdout == "pos\nneg\n"
    texts = tmp_path / "texts.txt"
    texts.write_bytes(b"good caf\xe9\n\nbad\n")
    lines = wk("classify", "predict", model, texts, "--encoding", "latin-1").stdout.splitlines()
    assert len(lines) == 3  # an empty line is a text, too
    assert (lines[0], lines[2]) == ("pos", "neg")


def test_predict_with_probabilities(model):
    [line] = wk("classify", "predict", model, "-k", 2, stdin="good\n").stdout.splitlines()
    first, second = (part.split() for part in line.split("\t"))
    assert (first[0], second[0]) == ("pos", "neg")
    assert float(first[1]) + float(second[1]) == pytest.approx(1, abs=1e-3)
    found = json.loads(wk("classify", "predict", model, "--json", stdin="good\n").stdout)
    assert (found["text"], found["label"]) == ("good", "pos")
    assert sum(found["probabilities"].values()) == pytest.approx(1)


def test_score_and_explain(model, data):
    assert "accuracy 1.000" in wk("classify", "score", model, data).stdout
    found = json.loads(wk("classify", "score", model, data, "--json").stdout)
    assert found["accuracy"] == found["macro_f1"] == 1.0
    assert [one["label"] for one in found["classes"]] == ["neg", "pos"]
    assert "good" in wk("classify", "explain", model, "good film").stdout
    why = json.loads(wk("classify", "explain", model, "good", "--label", "neg", "--json").stdout)
    assert why["label"] == "neg"
    assert why["score"] == pytest.approx(why["bias"] + sum(one["adds"] for one in why["terms"]))


def test_numbered_columns_and_the_other_options(tmp_path, data):
    path = tmp_path / "small.safetensors"
    done = wk(
        "classify", "fit", data, "-o", path, "--text", 0, "--label", "1", "--kind", "csv",
        "--validation", 0, "--ngrams", 1, "--epochs", 3, "--balanced", "--max-vocab", 4,
        "--strip", "headers, quotes",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "81 texts of 3 classes" in done.stderr  # the line of names is a text here
    assert "accuracy" not in done.stdout


def test_mistakes_are_one_line(tmp_path, data, model):
    empty = tmp_path / "empty.csv"
    empty.touch()
    cases = [
        (("classify", "fit", data, "-o", tmp_path / "no" / "x"), 1, "there is no folder"),
        (("classify", "fit", data, "-o", tmp_path), 1, "it is a folder"),
        (("classify", "fit", data, "-o", tmp_path / "x", "--label", "rubric"), 1, "'rubric'"),
        (("classify", "fit", data, "-o", tmp_path / "x", "--epochs", 0), 2, "epochs"),
        (("classify", "predict", data), 1, "safetensors"),
        (("classify", "score", model, empty), 1, "the table is empty"),
        (("classify", "score", model, tmp_path / "none.csv"), 1, "none.csv"),
        (("compare", data, "--models", "best"), 2, "best"),
        (("compare", data, "--test", "1.5"), 1, "share"),
        (("compare", data, "--split", data, "--test", "0.3"), 2, "not both"),
    ]
    for arguments, code, message in cases:
        done = wk(*arguments)
        assert done.exit_code == code, (arguments, done.stderr)
        last = done.stderr.splitlines()[-1]
        assert last.startswith("wordkin: ")
        assert message in last
    assert not (tmp_path / "x").exists()


def test_lines_of_two_byte_characters_and_bytes_that_are_no_text(tmp_path, model):
    texts = tmp_path / "texts.txt"
    texts.write_bytes("a good one\nawful\n".encode("utf-16"))
    done = wk("classify", "predict", model, texts, "--encoding", "utf-16")
    assert (done.stdout, done.stderr) == ("pos\nneg\n", "")  # not a third for the end of the file
    texts.write_bytes(b"good \xff\nbad\n")
    done = wk("classify", "predict", model, texts)
    assert done.stdout == "pos\nneg\n"
    assert done.stderr == "1 with undecodable bytes\n"


def test_texts_that_are_too_few_to_hold_out_some(tmp_path):
    data, path = tmp_path / "two.csv", tmp_path / "m.safetensors"
    data.write_text("text,label\ngood film,pos\nbad film,neg\n")
    done = wk("classify", "fit", data, "-o", path, "--workers", 1)
    assert done.exit_code == 0, done.stderr
    assert "too few texts to hold out" in done.stderr
    assert done.stdout.startswith("Saved a classifier of 2 classes")
    assert path.exists()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--compress", "2XB"), 1, "A size is"),
        (("--compress", "2MB", "--head", "cnn"), 2, "it is for --head mean"),
        (("--frozen",), 2, "it needs pretrained --vectors"),
    ],
)
def test_what_can_not_be_done_is_told_before_the_texts_are_read(
    tmp_path, data, options, code, message
):
    done = wk("classify", "fit", data, "-o", tmp_path / "x", *options)
    assert done.exit_code == code
    assert message in done.stderr
    assert "reading" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_labels_can_not_disturb_a_terminal(tmp_path):
    rows = ["good film,\u597d\u8bc4", 'bad film,"\x1b[31mred\nline"'] * 20
    data, path = tmp_path / "odd.csv", tmp_path / "m.safetensors"
    data.write_text("text,label\n" + "\n".join(rows) + "\n", "utf-8")
    escaped = "\\x1b[31mred\\nline"
    fitted = wk("classify", "fit", data, "-o", path, "--workers", 1)
    scored = wk("classify", "score", path, data)
    explained = wk("classify", "explain", path, "bad")
    for done in (fitted, scored, explained):
        assert done.exit_code == 0, done.stderr
        assert "\x1b" not in done.stdout
        assert escaped in done.stdout
    head, *lines = scored.stdout.splitlines()
    assert len(lines) == 4  # two classes, their mean, the accuracy
    # a Chinese character is two columns wide
    assert lines[1] == "\u597d\u8bc4" + " " * (len(escaped) - 4) + lines[0][len(escaped) :]
    assert head.split() == ["precision", "recall", "F1", "texts"]


def test_what_can_not_be_written_is_told_before_the_work(tmp_path, data):
    before, words = data.read_bytes(), tmp_path / "words.txt"
    words.write_text("good 1 2\nbad 2 1\n")
    for arguments, message in [
        (("classify", "fit", data, "-o", data), "also an input"),
        (("classify", "fit", data, "--vectors", words, "-o", words), "also an input"),
        (("compare", data, "--csv", tmp_path / "none" / "t.csv"), "there is no folder"),
        (("compare", data, "--csv", data), "also an input"),
        (("compare", data, "--test", words, "--csv", words), "also an input"),
        (("evaluate", words, "--html", tmp_path / "none" / "t.html"), "there is no folder"),
        (("evaluate", words, "--html", words), "also an input"),
        (("encode", words, data, "-o", tmp_path / "none" / "m.npy"), "there is no folder"),
        (("encode", words, data, "-o", tmp_path / "m.npy", "--save-encoder", words), "also an in"),
        (("convert", words, tmp_path / "none" / "v.bin"), "there is no folder"),
        (("convert", words, words), "also an input"),
        (("convert", words, words, "--format", "glove", "--limit", "1"), "also an input"),
    ]:
        done = wk(*arguments)
        assert done.exit_code == 1, (arguments, done.stderr)
        [line] = done.stderr.splitlines()  # nothing has been read yet
        assert message in line
    assert data.read_bytes() == before
    assert words.read_text() == "good 1 2\nbad 2 1\n"
    assert sorted(tmp_path.iterdir()) == [data, words]


def test_compare(tmp_path, data):
    table = tmp_path / "table.csv"
    done = wk("compare", data, "--models", "majority,mean", "--csv", table)
    assert done.exit_code == 0, done.stderr
    assert "training mean" in done.stderr
    assert done.stdout.splitlines()[0].startswith("model     accuracy")
    assert "64 texts to learn from, 16 to test with, 2 labels." in done.stdout
    assert "What makes this test easier" in done.stdout
    assert "stand by half or more in a training text" in done.stdout  # all are repeated
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert [row["model"] for row in rows] == ["majority", "mean"]


@pytest.mark.parametrize("models", ["", " , "])
def test_compare_without_a_model_is_refused(data, models):
    done = wk("compare", data, "--models", models)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "tfidf-svm" in done.stderr


def test_compare_with_other_data_with_a_split_and_in_markdown(tmp_path, data):
    done = wk("compare", data, "--models", "mean", "--test", data, "--no-leaks", "--markdown")
    assert "80 texts to learn from, 80 to test with" in done.stdout
    assert "| mean | 100.0 % |" in done.stdout
    assert "easier" not in done.stdout
    split = tmp_path / "split.tsv"
    parts = ["test" if i % 4 == 0 else "train" for i in range(40)]
    split.write_text("".join(f"{part}\tline {i + 2}\n" for i, part in enumerate(parts)))
    done = wk("compare", data, "--models", "majority", "--split", split, "--no-leaks")
    assert "30 texts to learn from, 10 to test with" in done.stdout, done.stderr
