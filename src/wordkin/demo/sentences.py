"""The data of the demo's classifier: sentences, and the packages that they document."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.datasets import Documentation

_CLASSES = 8
_SENTENCES = 1500  # of each class, at most
_FILES = 20  # of each class, at least
_HELD_OUT = 5  # every fifth file
SHORTEST, LONGEST = 6, 40  # words of a sentence
_WORD = re.compile(r"[A-Za-z]{2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class Sentences(NamedTuple):
    """Texts and their classes, in two parts that share no file."""

    classes: list[str]
    texts: tuple[list[str], list[str]]
    targets: tuple[NDArray[np.int32], NDArray[np.int32]]


def labelled_sentences(documentation: Documentation) -> Sentences:
    """Cut documentation into sentences, labelled with their packages, for training and for test.

    The classes are the packages with most text, of those with 20 files or more. Every fifth
    source file is held out, so that no docstring is in both parts, and no sentence either. Words
    that contain the name of one of the packages are taken out: they would give the answer away.

    Parameters
    ----------
    documentation : Documentation
        The texts.

    Returns
    -------
    Sentences
        At most 1,500 of each class, spread evenly over its files.
    """
    ranked = sorted(documentation.counts.items(), key=lambda item: -item[1].words)
    classes = sorted([label for label, n in ranked if n.files >= _FILES][:_CLASSES])
    giveaway = re.compile(rf"\S*({'|'.join(map(re.escape, classes))})\S*", re.IGNORECASE)
    number = {label: n for n, label in enumerate(classes)}
    found: dict[str, list[tuple[str, bool]]] = {label: [] for label in classes}
    seen: set[str] = set()
    sources = sorted({d.source for d in documentation if d.label in number})
    held_out = set(sources[::_HELD_OUT])
    for docstring in documentation:
        if docstring.label in number:
            for sentence in _sentences(giveaway.sub(" ", docstring.text)):
                if sentence not in seen:
                    seen.add(sentence)
                    found[docstring.label].append((sentence, docstring.source in held_out))
    texts: tuple[list[str], list[str]] = ([], [])
    targets: tuple[list[int], list[int]] = ([], [])
    for label in classes:
        for sentence, held in _evenly(found[label], _SENTENCES):
            texts[held].append(sentence)
            targets[held].append(number[label])
    return Sentences(
        classes, texts, (np.array(targets[0], np.int32), np.array(targets[1], np.int32))
    )


def _sentences(text: str) -> Iterable[str]:
    for paragraph in text.split("\n"):
        for sentence in _SENTENCE_END.split(paragraph):
            if len(_WORD.findall(sentence)) >= SHORTEST:
                yield " ".join(sentence.split()[:LONGEST])


def _evenly(items: list[tuple[str, bool]], most: int) -> list[tuple[str, bool]]:
    """Take so many items at most, from all parts of a list."""
    ends = np.linspace(0, len(items), min(most, len(items)) + 1).astype(int).tolist()
    return [items[start] for start, _ in pairwise(ends)]
