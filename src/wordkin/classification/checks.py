"""What users give is looked at here, and named when it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from wordkin.documents.texts import checked_texts as checked_texts
from wordkin.documents.texts import hint_for, list_of, shown
from wordkin.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


def checked_labels(labels: Iterable[str], n_texts: int) -> NDArray[np.str_]:
    """Return labels as an array of strings.

    Parameters
    ----------
    labels : iterable of str
        A label for each text.
    n_texts : int
        How many texts there are.

    Returns
    -------
    ndarray of str
        Shape (n_texts,).

    Raises
    ------
    InputError
        If one is no string (a number, None), or there are more or less than texts.
    """
    listed = list_of(labels, "labels", "give one label for each text")
    for i, label in enumerate(listed):
        if not isinstance(label, str):
            raise InputError(
                f"Labels must be str; number {i} is {shown(label)}.{hint_for(label, 'labels')}"
            )
    if len(listed) != n_texts:
        raise InputError(
            f"Each text needs one label; there are {n_texts:,} texts and {len(listed):,} labels."
        )
    # NumPy drops zero characters at the end of a string: two labels would become one
    if any(label.endswith("\0") for label in listed):
        raise InputError("A label must not end with the character NUL.")
    return np.array(listed, np.str_)


def encoded_labels(
    labels: NDArray[np.str_], classes: NDArray[np.str_] | None = None
) -> tuple[NDArray[np.str_], NDArray[np.int32]]:
    """Number the labels.

    Parameters
    ----------
    labels : ndarray of str
        Shape (n,).
    classes : ndarray of str, optional
        The classes, sorted; by default those of the labels.

    Returns
    -------
    classes : ndarray of str
        Shape (k,), sorted.
    targets : ndarray of int32
        Shape (n,): the position of each label in `classes`; -1 for one that is not there.
    """
    if classes is None:
        classes = np.unique(labels)
    at = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    return classes, np.where(classes[at] == labels, at, -1).astype(np.int32)


def class_weights(
    setting: object, classes: NDArray[np.str_], targets: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Return how much a document of each class counts.

    Parameters
    ----------
    setting : None, "balanced" or mapping of label to number
        None counts all alike; "balanced" makes all classes count alike, n / (k * n_c) for each of
        the n_c documents of a class; labels that a mapping lacks count 1.
    classes : ndarray of str
        Shape (k,).
    targets : ndarray of int32
        Shape (n,): the classes of the documents.

    Returns
    -------
    ndarray of float32
        Shape (k,).

    Raises
    ------
    InputError
        If it is something else, names no class, or a number is not positive.
    """
    weights = np.ones(len(classes), np.float32)
    if setting is None:
        return weights
    if isinstance(setting, str) and setting == "balanced":
        counts = np.maximum(np.bincount(targets, minlength=len(classes)), 1)
        return (len(targets) / (len(classes) * counts)).astype(np.float32)
    if not isinstance(setting, Mapping):
        raise InputError(
            "class_weight must be None, 'balanced' or a dict of numbers by label; got "
            f"{setting!r:.80}."
        )
    for label, weight in setting.items():
        where = np.flatnonzero(classes == label)
        if not len(where):
            raise InputError(
                f"class_weight names {label!r}, which is no label here; there are {named(classes)}."
            )
        if not isinstance(weight, Real) or not 1e-30 <= float(weight) <= 1e30:  # fits float32
            raise InputError(
                f"class_weight of {label!r} must be a number from 1e-30 to 1e30; got {weight!r}."
            )
        weights[where] = weight
    return weights


def named(classes: Sequence[str] | NDArray[np.str_]) -> str:
    """Name some classes for a message.

    Parameters
    ----------
    classes : sequence of str
        Labels.

    Returns
    -------
    str
        Up to ten of them.
    """
    some = ", ".join(repr(str(label)) for label in classes[:10])
    return some + (f" and {len(classes) - 10} more" if len(classes) > 10 else "")
