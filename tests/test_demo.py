"""The demo: that it goes the whole way, and what it does where something is missing."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

import wordkin as wk
from wordkin import demo, frameworks
from wordkin.datasets import Docstring, Documentation, LabelCounts, documentation_corpus
from wordkin.demo import models, sentences
from wordkin.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# all have more than twenty files, so that there is something to classify
LABELS = ["asyncio", "email", "numpy"]


class Recorder:
    """A screen that keeps what it is shown."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.calls = 0

    def heading(self, text: str) -> None:
        self.lines.append(text)

    def line(self, text: str = "", style: str = "") -> None:
        self.lines.append(text)

    def table(self, rows: Sequence[Sequence[str]], align: str = "", indent: int = 2) -> None:
        assert len({len(row) for row in rows}) == 1
        self.lines += [" | ".join(row) for row in rows]

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        yield

    @contextmanager
    def training(self) -> Iterator[object]:
        def count(progress: object) -> None:
            self.calls += 1

        yield count

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def vectors() -> wk.WordVectors:
    """Twelve words that are known well, on a circle."""
    words = ["red", "green", "blue", "thread", "array", "arrays", "matrix", "matrices"]
    words += ["file", "files", "the", "of"]
    angles = np.linspace(0, 6, len(words))
    matrix = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return wk.WordVectors(words, matrix, counts=[100] * len(words))


def test_the_whole_way(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="the extra keras is not installed")
    output = tmp_path / "demo.safetensors"
    screen = Recorder()
    demo.run(screen, output, labels=LABELS, workers=1)
    headings = [line[:2] for line in screen.lines if re.match(r"\d\. [A-Z]", line)]
    assert headings == ["1.", "2.", "3.", "4.", "5.", "6."]
    assert screen.calls > 0
    assert "tokens read" in screen.text
    assert "Nearest of the" in screen.text
    assert "exactly the vectors that were trained: yes" in screen.text
    assert "SOMETHING ELSE" not in screen.text
    assert "(padding) | 0 |" in screen.text
    assert "qwrtzp (unknown) | 1 |" in screen.text
    assert "Classes: asyncio, email, numpy" in screen.text
    accuracy, majority = (
        float(line.partition("| ")[2].rstrip("%"))
        for line in screen.lines
        if line.startswith(("held-out accuracy", "always"))
    )
    assert accuracy > majority + 10
    saved = wk.load(output)
    assert f"{len(saved):,} vectors" in screen.text
    assert [line.split()[1] for line in screen.lines if line.startswith("  wordkin ")] == [
        "nearest",
        "info",
        "train",
    ]


def test_without_keras_it_says_what_to_install_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise MissingExtraError('pip install "wordkin[keras]"')

    monkeypatch.setattr(frameworks, "import_keras", missing)
    screen = Recorder()
    demo.run(screen, tmp_path / "demo.vec", labels=["json", "email"], workers=1)
    assert 'Left out: pip install "wordkin[keras]"' in screen.text
    assert "5. " not in screen.text
    assert (tmp_path / "demo.vec").exists()


def test_questions_are_those_that_the_vocabulary_can_answer(vectors: wk.WordVectors) -> None:
    screen = Recorder()
    demo.ask(screen, vectors)
    assert [line.split(" | ")[0] for line in screen.lines if " | " in line] == ["file", "array",
        "thread", "matrix"]  # fmt: skip
    assert "The odd one out of red, green, blue, thread" in screen.text
    assert "array is to arrays as matrix is to: matrices" in screen.text
    assert "minimum" not in screen.text


def test_rare_words_are_not_asked_for(vectors: wk.WordVectors) -> None:
    rare = wk.WordVectors(vectors.index_to_key, vectors.vectors, counts=[1] * len(vectors))
    screen = Recorder()
    demo.ask(screen, rare)
    assert screen.lines == ["3. What the vectors know"]


def test_a_layer_that_gives_something_else_is_not_passed_over() -> None:
    row = np.ones(2, np.float32)
    assert models._verdict(row, row, 5) == "its trained vector"
    assert models._verdict(row, row + 1, 5) == "SOMETHING ELSE"
    assert models._verdict(row, None, 0) == "SOMETHING ELSE"
    assert models._verdict(row * 0, None, 0) == "zero"


def made_up(files: int, sentences_of_each: int = 3) -> Documentation:
    """Make documentation of two packages."""
    docstrings, counts = [], {}
    for label, thing in (("apple", "fruit"), ("bolt", "screw")):
        for f in range(files):
            lines = [
                f"Make a {thing} of number {'x' * (f + 1)} and {label}py of length {'y' * (s + 1)}."
                for s in range(sentences_of_each)
            ]
            text = "Too short. " + " ".join(lines) + f"\nThe same sentence is in all of {thing}s."
            docstrings.append(Docstring(text, label, f"{label}/{f:03}.py"))
        counts[label] = LabelCounts(files=files, docstrings=files, words=1000)
    return Documentation(docstrings, counts, files, thinned=0, unreadable=0, repeated=0)


def test_sentences_are_split_by_files_and_masked() -> None:
    data = sentences.labelled_sentences(made_up(25))
    assert data.classes == ["apple", "bolt"]
    together = data.texts[0] + data.texts[1]
    assert len(set(together)) == len(together) == 2 * (25 * 3 + 1)
    assert not [text for text in together if re.search("apple|bolt", text)]
    assert set(data.targets[0]) == set(data.targets[1]) == {0, 1}
    for texts, targets in zip(data.texts, data.targets, strict=True):
        assert [("screw" in text) == bool(target) for text, target in zip(texts, targets)]  # noqa: B905
    # files show in the run of x: a file is on one side only
    sides = [{re.search("x+", text)[0] for text in texts if "x" in text} for texts in data.texts]
    fruit = [{re.search("x+", t)[0] for t in texts if "fruit of" in t} for texts in data.texts]
    assert not fruit[0] & fruit[1]
    assert len(sides[1]) >= 5


def test_big_classes_are_cut_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "_SENTENCES", 20)
    data = sentences.labelled_sentences(made_up(25))
    assert len(data.texts[0]) + len(data.texts[1]) == 40
    assert len({re.search("x+", text)[0] for text in data.texts[0] if "fruit of" in text}) > 10


def test_a_classifier_needs_two_packages() -> None:
    screen = Recorder()
    models.classify(screen, made_up(3), None)
    assert screen.lines[-1].startswith("Left out")


def test_real_sentences_share_no_docstring() -> None:
    documentation = documentation_corpus(LABELS)
    data = sentences.labelled_sentences(documentation)
    assert data.classes == LABELS
    assert not set(data.texts[0]) & set(data.texts[1])
    assert len(data.texts[1]) > 50
    assert not [text for texts in data.texts for text in texts if "asyncio" in text.lower()]
