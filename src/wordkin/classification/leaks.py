"""What a test gives away: texts that are in the training part too, tokens, headers, quotes.

For each leak: how large it is, and what it buys, which is the accuracy with it less that without.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.classification.duplicates import overlap
from wordkin.classification.giveaways import Giveaway, giveaways, without
from wordkin.classification.progress import doing
from wordkin.text.mail import strip_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wordkin.classification.baselines import Model

    Texts = Sequence[str]

PARTS = ("headers", "quotes", "footers")
_SAME = 0.5  # share of a text's stretches of words that makes it a near-duplicate
_WORTH = 0.05  # a part of fewer texts is not looked at
_SHOWN = 8


class Parts(NamedTuple):
    """The training part and the test.

    Parameters
    ----------
    train, test : sequence of str
        Texts.
    train_labels, test_labels : sequence of str
        Their labels.
    """

    train: Texts
    train_labels: Texts
    test: Texts
    test_labels: Texts


class Removed(NamedTuple):
    """What taking something off all texts does.

    Parameters
    ----------
    name : str
        What is taken off.
    texts : float
        The share of all texts that have it.
    with_it, without_it : float
        Accuracy of a model that learns and is tested with it, and without it.
    """

    name: str
    texts: float
    with_it: float
    without_it: float

    @property
    def bought(self) -> float:
        """What it adds to the accuracy."""
        return self.with_it - self.without_it


@dataclass(frozen=True)
class Leaks:
    """What `find_leaks` found.

    Parameters
    ----------
    model : str
        What the accuracies are of.
    near_duplicates : ndarray of bool
        Shape (n,): test texts of which half or more stands in one training text.
    same_label : float
        The share of these that have the label of that text.
    tokens : tuple of Giveaway
        Tokens that give the label away.
    removed : tuple of Removed
        Headers, quotes, footers, all of them, and tokens.
    accuracies : mapping of str to (float, float), optional
        For each model its accuracy on near-duplicates and on the other texts.
    """

    model: str
    near_duplicates: np.ndarray
    same_label: float
    tokens: tuple[Giveaway, ...]
    removed: tuple[Removed, ...]
    accuracies: dict[str, tuple[float, float]]

    def judged(self, expected: Texts, predictions: dict[str, Texts]) -> Leaks:
        """Add how models do on near-duplicates and on the others.

        Parameters
        ----------
        expected : sequence of str
            The labels of the test.
        predictions : dict of str to sequence of str
            What each model says.

        Returns
        -------
        Leaks
            The same with `accuracies`.
        """
        truth, copies = np.asarray(expected, dtype=object), self.near_duplicates
        found = {}
        for name, labels in predictions.items():
            right = np.asarray(labels, dtype=object) == truth
            found[name] = (_mean(right[copies]), _mean(right[~copies]))
        return replace(self, accuracies=found)

    def __str__(self) -> str:
        n, copies = len(self.near_duplicates), int(self.near_duplicates.sum())
        lines = [
            f"{copies:,} of {n:,} test texts ({copies / max(1, n):.1%}) stand by half or more in a "
            "training text"
            + (f"; {self.same_label:.1%} of them have its label." if copies else ".")
        ]
        lines += [
            f"  {name}: accuracy {on_copies:.1%} on these, {on_others:.1%} on the others"
            for name, (on_copies, on_others) in self.accuracies.items()
            if copies and copies < n
        ]
        suspect = [one for one in self.tokens if one.kind != "word"]
        words = [one for one in self.tokens if one.kind == "word"]
        if suspect:
            lines.append(
                f"{len(suspect):,} labels, addresses and numbers give the label away alone:"
            )
            lines += [
                f"  {one.token} ({one.kind}): {one.label} in {one.precision:.1%} of {one.texts:,} "
                f"texts, {one.recall:.1%} of that class"
                for one in suspect[:_SHOWN]
            ]
        if words:
            listed = ", ".join(f"{one.token} ({one.label})" for one in words[:_SHOWN])
            lines.append(
                f"{len(words):,} plain words do so too, as the subject or the habit of somebody: "
                f"{listed}{' ...' if len(words) > _SHOWN else ''}"
            )
        if self.removed:
            lines.append(f"What it buys ({self.model}, trained and tested with it and without):")
            lines += [
                f"  {one.name} (in {one.texts:.1%} of the texts): {one.with_it:.1%} with, "
                f"{one.without_it:.1%} without: {100 * one.bought:+.1f} points"
                for one in self.removed
            ]
        return "\n".join(lines)


def find_leaks(
    parts: Parts, make: Callable[[], Model], name: str, *, tell: Callable[[str], None]
) -> Leaks:
    """Look for what makes a test easier than the world will be.

    Parameters
    ----------
    parts : Parts
        The training part and the test.
    make : callable
        Makes a model that has learned nothing; it is trained once for each leak.
    name : str
        What this model is called.
    tell : callable
        Called with what is being done.

    Returns
    -------
    Leaks
        Without `accuracies`.
    """
    with doing("looking for near-duplicates", tell):
        found = overlap(parts.test, parts.train)
    copies = found.share >= _SAME
    ours = np.asarray(parts.test_labels, dtype=object)[copies]
    theirs = np.asarray(parts.train_labels, dtype=object)[found.source[copies]]
    with doing("looking for tokens that give the label away", tell):
        tokens = giveaways(parts.train, parts.train_labels)
        candidates = _stripped(parts)
        suspect = frozenset(one.token for one in tokens if one.kind != "word")
        if suspect:
            cleaned = (without(parts.train, suspect), without(parts.test, suspect))
            candidates[f"{len(suspect)} labels, addresses and numbers"] = cleaned
    removed = []
    if candidates:
        with doing(f"training {name}", tell):
            before = _accuracy(make(), parts)
        for what, (train, test) in candidates.items():
            texts = _changed((*parts.train, *parts.test), (*train, *test))
            with doing(f"training {name} without {what}", tell):
                after = _accuracy(make(), parts._replace(train=train, test=test))
            removed.append(Removed(what, texts, before, after))
    return Leaks(name, copies, _mean(ours == theirs), tuple(tokens), tuple(removed), {})


def _stripped(parts: Parts) -> dict[str, tuple[list[str], list[str]]]:
    """Take off each part of mails that enough texts have; and all of them, if several."""
    found = {}
    for part in PARTS:
        train, test = _without_parts(parts, (part,))
        if _changed((*parts.train, *parts.test), (*train, *test)) >= _WORTH:
            found[part] = train, test
    if len(found) > 1:
        found[", ".join(found)] = _without_parts(parts, tuple(found))
    return found


def _without_parts(parts: Parts, names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    return (
        [strip_parts(text, names) for text in parts.train],
        [strip_parts(text, names) for text in parts.test],
    )


def _changed(before: Texts, after: Texts) -> float:
    return _mean(np.array([a.split() != b.split() for a, b in zip(before, after, strict=True)]))


def _accuracy(model: Model, parts: Parts) -> float:
    model.fit(parts.train, parts.train_labels)
    guess = np.asarray(model.predict(parts.test), dtype=object)
    return _mean(guess == np.asarray(parts.test_labels, dtype=object))


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
