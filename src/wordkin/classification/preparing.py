"""From texts and labels to what a head learns from and what it is judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.classification import checks
from wordkin.classification.heads import Lesson
from wordkin.classification.plans import check_settings, reader_of
from wordkin.classification.splits import stratified_split
from wordkin.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from wordkin.classification.classifier import TextClassifier
    from wordkin.documents.reading import Reader
    from wordkin.table import VectorTable

    Pair = tuple[Iterable[str], Iterable[str]]
    Validation = float | Pair | None


class Given(NamedTuple):
    """Texts with their labels.

    Parameters
    ----------
    texts : list of str
        n texts.
    labels : ndarray of str
        Shape (n,).
    """

    texts: list[str]
    labels: NDArray[np.str_]

    @classmethod
    def of(cls, pair: Pair) -> Given:
        """Check texts and labels.

        Parameters
        ----------
        pair : tuple of (iterable of str, iterable of str)
            Texts and labels.

        Returns
        -------
        Given
            As many of both.

        Raises
        ------
        InputError
            If they are no strings, or there are more of one than of the other.
        """
        texts = checks.checked_texts(pair[0])
        return cls(texts, checks.checked_labels(pair[1], len(texts)))

    def take(self, chosen: NDArray[np.int64]) -> Given:
        """Return a part.

        Parameters
        ----------
        chosen : ndarray of int64
            Positions.

        Returns
        -------
        Given
            In their order.
        """
        return Given([self.texts[i] for i in chosen.tolist()], self.labels[chosen])


class Prepared(NamedTuple):
    """What fitting begins with.

    Parameters
    ----------
    classes : ndarray of str
        Shape (k,): the labels, sorted.
    reader : Reader
        With the vocabulary of the training part.
    lesson : Lesson
        The training part.
    held_out : Lesson or None
        What to judge by.
    judged_by : Given or None
        The same as texts.
    """

    classes: NDArray[np.str_]
    reader: Reader
    lesson: Lesson
    held_out: Lesson | None
    judged_by: Given | None


def prepared(
    settings: TextClassifier,
    pair: Pair,
    validation: Validation,
    *,
    vectors: VectorTable | None,
) -> Prepared:
    """Check what the user gave, part it, and turn it into numbers.

    Parameters
    ----------
    settings : TextClassifier
        Its settings.
    pair : tuple of (iterable of str, iterable of str)
        Texts and labels.
    validation : float, (texts, labels) or None
        What `TextClassifier.fit` was given.
    vectors : VectorTable or None
        Pretrained vectors.

    Returns
    -------
    Prepared
        Ready to learn from.

    Raises
    ------
    InputError
        If something is not as it should be.
    ConfigError
        If a setting is out of range, or they contradict each other.
    """
    check_settings(settings)
    if vectors is None and not settings.trainable:
        raise ConfigError(
            "trainable=False keeps pretrained vectors as they are, and there are none: give "
            "vectors=wordkin.load(path), or leave it out."
        )
    everything = Given.of(pair)
    classes, targets = checks.encoded_labels(everything.labels)
    if len(classes) < 2:
        raise InputError(
            f"A classifier needs texts of two classes at least; got {len(targets):,} texts, all "
            f"of {checks.named(classes) or 'none'}."
        )
    if validation is None:
        train, judged_by = everything, None
    elif isinstance(validation, tuple | list) and len(validation) == 2:
        train, judged_by = everything, _others((validation[0], validation[1]), classes)
    else:
        share = _share(validation)
        first, then = stratified_split(targets, share, settings.seed)
        train, judged_by = everything.take(first), everything.take(then) if len(then) else None
    weights = checks.class_weights(settings.class_weight, classes, targets)
    reader, documents = reader_of(settings, train.texts, vectors)
    held_out = None
    if judged_by is not None:
        own = checks.encoded_labels(judged_by.labels, classes)[1]
        held_out = Lesson(reader.read(judged_by.texts), own, weights[own])
    own = checks.encoded_labels(train.labels, classes)[1]
    return Prepared(classes, reader, Lesson(documents, own, weights[own]), held_out, judged_by)


def _others(pair: Pair, classes: NDArray[np.str_]) -> Given | None:
    others = Given.of(pair)
    new = np.setdiff1d(others.labels, classes)
    if len(new):
        raise InputError(
            f"The validation part has labels that no training text has: {checks.named(new)}. "
            "Leave such texts out, or add some to the training part."
        )
    return others if others.texts else None


def _share(validation: object) -> float:
    if not isinstance(validation, float | np.floating) or not 0 < validation < 1:
        raise InputError(
            "validation is a share between 0.0 and 1.0, or (texts, labels), or None; got "
            f"{validation!r:.80}."
        )
    return float(validation)
