"""Making a classifier of the mean head fit into a size: the features that matter, a byte a score.

Joulin et al. (2016, arXiv:1612.03651) prune and quantise fastText's classifiers. Here rows are
short, a number for each class, so that a byte for each number is enough, and product
quantisation would gain nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.classification.kinds import weights_of
from wordkin.errors import InputError
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from wordkin.classification.linear import Linear

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20}
_KEY, _SCALE, _IDF, _WORD_SIZE = 4, 2, 2, 1  # bytes in the file
_LARGEST = int(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Compression:
    """What `TextClassifier.compress` did.

    Parameters
    ----------
    bytes_before, bytes_after : int
        The size of the file.
    features_before, features_after : int
        How many words and n-grams are known.
    accuracy_before, accuracy_after : float or None
        On the texts that it was judged by; None without any.
    """

    bytes_before: int
    bytes_after: int
    features_before: int
    features_after: int
    accuracy_before: float | None = None
    accuracy_after: float | None = None

    def __str__(self) -> str:
        line = (
            f"{self.bytes_before / 1e6:.2f} MB to {self.bytes_after / 1e6:.2f} MB, "
            f"{self.features_before:,} features to {self.features_after:,}"
        )
        if self.accuracy_before is None or self.accuracy_after is None:
            return f"{line}; no texts to judge by"
        return f"{line}; accuracy {self.accuracy_before:.2%} to {self.accuracy_after:.2%}"


def n_bytes(size: str | int) -> int:
    """Read a size.

    Parameters
    ----------
    size : str or int
        Bytes, or a number with a unit: "500KB", "2MB", "1.5 MiB".

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    InputError
        If it is none.

    Examples
    --------
    >>> n_bytes("2MB"), n_bytes("0.5 KiB")
    (2000000, 512)
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", str(size))
    if match is None or match[2].upper() not in _UNITS or isinstance(size, bool):
        raise InputError(f"A size is a number of bytes, or such as '2MB' or '500KB'; got {size!r}.")
    return int(float(match[1]) * _UNITS[match[2].upper()])


class Pruned(NamedTuple):
    """A classifier and its words.

    Parameters
    ----------
    linear : Linear
        What it has learned.
    vocabulary : Vocabulary
        The words that its first rows belong to.
    idf_power : float
        Its setting.
    """

    linear: Linear
    vocabulary: Vocabulary
    idf_power: float


def fitted_into(whole: Pruned, limit: int, measure: Callable[[Pruned], int]) -> Pruned:
    """Prune and quantise until the file is no larger than a limit.

    Parameters
    ----------
    whole : Pruned
        A classifier.
    limit : int
        Bytes.
    measure : callable
        Returns the size of the file of a classifier.

    Returns
    -------
    Pruned
        The largest one found that fits; the same one, if it fits and would not become smaller.

    Raises
    ------
    InputError
        If not even one word fits, or weights are too large for half precision.
    """
    if whole.linear.features.idf.max(initial=0) > _LARGEST:
        raise InputError(
            f"With idf_power={whole.idf_power} the weights of rare words are beyond {_LARGEST:,}, "
            "where half precision ends. Learn with a lower one to compress."
        )
    order = np.argsort(-importance(whole.linear, whole.idf_power), kind="stable")
    sums = np.cumsum(_costs(whole)[order])
    n, size = len(order), measure(whole)
    while n > 0:
        small = _pruned(whole, np.sort(order[:n]))
        rounded = measure(small)
        if n == len(order) and size <= min(limit, rounded):
            return whole  # such as one that was compressed before: nothing is to be won
        over = rounded - limit
        if over <= 0 and len(small.vocabulary):
            return small
        # all but the header is in the sums: the second try fits nearly always
        n = min(n - 1, int(np.searchsorted(sums, sums[n - 1] - over, "right")))
    raise InputError(f"{limit:,} bytes are too few for a classifier of these labels. Give it more.")


def importance(linear: Linear, idf_power: float) -> NDArray[np.float64]:
    """Tell how much would be lost without each feature.

    Parameters
    ----------
    linear : Linear
        A classifier.
    idf_power : float
        Its setting.

    Returns
    -------
    ndarray of float64
        Shape (F,): how far what it adds to the classes lies from the mean over classes, times
        the root of the share of texts that have it.
    """
    weights = linear.weights.astype(np.float64)
    if weights.shape[1] > 1:
        weights -= weights.mean(axis=1, keepdims=True)
    value = linear.features.idf.astype(np.float64)
    added = np.sqrt((weights**2).sum(axis=1)) * value
    idf = value.copy()
    idf[linear.features.kinds.n_words :] /= weights_of(linear.features.keys)
    idf **= 1 / idf_power
    out: NDArray[np.float64] = added * np.exp((1 - idf) / 2)
    return out


def _costs(whole: Pruned) -> NDArray[np.int64]:
    """Return the bytes that each feature takes in the file."""
    rows, columns = whole.linear.weights.shape
    costs = np.full(rows, columns + _SCALE + _IDF + _KEY, np.int64)
    words = [len(word.encode("utf-8")) for word in whole.vocabulary.words]
    costs[: len(words)] += np.array(words, np.int64) + _WORD_SIZE - _KEY
    return costs


def _pruned(whole: Pruned, rows: NDArray[np.int64]) -> Pruned:
    words = whole.vocabulary.words
    kept = [words[i] for i in rows[rows < len(words)].tolist()]
    vocabulary = Vocabulary(kept, tokenizer=whole.vocabulary.tokenizer)
    return whole._replace(linear=whole.linear.take(rows, len(kept)), vocabulary=vocabulary)
