"""From numbered words to weighted features: words, n-grams of words, n-grams of letters.

This is the compiled way, for many documents; `plain` does the same with NumPy alone, for few.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.classification.kinds import Features, Kinds, weights_of
from wordkin.documents.threads import n_threads
from wordkin.kernels.classify import (
    Bags,
    Spelling,
    bag,
    fill_slots,
    letter_keys,
    score,
    weigh,
    word_hashes,
)
from wordkin.progress import task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.documents.reading import Documents

_FEW_SLOTS = 1 << 16
_PART = 1 << 20  # features that are counted by one call while learning
_SMALL_PART = 1 << 16  # and while predicting: small enough to stay in the cache


class _Text(NamedTuple):
    """Documents as the kernels take them, and how much room their features may need."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    spelling: Spelling
    sums: NDArray[np.int64]  # (n + 1,) features of the documents before each, at most
    limits: tuple[int, int]

    @classmethod
    def of(cls, documents: Documents, known: Spelling, kinds: Kinds) -> _Text:
        spelling = _joined_spelling(known, spelled(documents.unknown, kinds.letters))
        sums = documents.starts * kinds.longest
        if kinds.letters is not None:
            own = np.diff(spelling.starts)[documents.ids]
            sums = sums + np.concatenate(([0], np.cumsum(own)))[documents.starts]
        limits = (kinds.n_words, kinds.longest)
        return cls(documents.ids, documents.starts, spelling, sums, limits)

    def parts(self, size: int) -> list[tuple[int, int]]:
        """Cut the documents into stretches of about `size` features."""
        n = len(self.starts) - 1
        cuts = [0]
        while cuts[-1] < n:
            after = int(np.searchsorted(self.sums, self.sums[cuts[-1]] + size, "right")) - 1
            cuts.append(min(max(after, cuts[-1] + 1), n))
        return list(pairwise(cuts))

    def counted(
        self, part: tuple[int, int], slots: NDArray[np.uint64], grown: NDArray[np.int64]
    ) -> Bags:
        """Count the features of some documents, or of the first of them if slots run out."""
        first, last = part
        room = int(self.sums[last] - self.sums[first])
        bags = _room(room, last - first)
        documents = (self.ids, self.starts[first : last + 1])
        n = bag(documents, self.limits, self.spelling, slots, grown, bags)
        m = bags.starts[n]
        return Bags(bags.rows[:m], bags.values[:m], bags.starts[: n + 1])


def _room(n_features: int, n_documents: int) -> Bags:
    return Bags(
        np.empty(n_features, np.int32),
        np.empty(n_features, np.float32),
        np.zeros(n_documents + 1, np.int64),
    )


def spelled(words: Sequence[str], letters: tuple[int, int] | None) -> Spelling:
    """Hash words and their letter n-grams.

    Parameters
    ----------
    words : sequence of str
        The words.
    letters : tuple of (int, int) or None
        Letters of the shortest and the longest n-gram; None for none.

    Returns
    -------
    Spelling
        Of these words.
    """
    marked = [f"<{word}>".encode("utf-8", "surrogatepass") for word in words]
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) for word in marked], out=offsets[1:])
    text = np.frombuffer(b"".join(marked), np.uint8)
    spelling = Spelling(
        np.empty(len(words), np.uint64), np.empty(0, np.uint64), np.zeros(len(words) + 1, np.int64)
    )
    word_hashes(text, offsets, spelling.hashes)
    if letters is not None:
        letter_keys(text, offsets, letters, spelling)
        spelling = spelling._replace(keys=np.empty(spelling.starts[-1], np.uint64))
        letter_keys(text, offsets, letters, spelling)
    return spelling


def _joined_spelling(first: Spelling, then: Spelling) -> Spelling:
    return Spelling(
        np.concatenate((first.hashes, then.hashes)),
        np.concatenate((first.keys, then.keys)),
        np.concatenate((first.starts, first.starts[-1] + then.starts[1:])),
    )


def learn_features(
    documents: Documents, words: Sequence[str], kinds: Kinds, *, settings: Mapping[str, Any]
) -> tuple[Features, Bags]:
    """Choose the features of a training part, and weigh them.

    Parameters
    ----------
    documents : Documents
        n documents.
    words : sequence of str
        The V known words.
    kinds : Kinds
        What is a feature.
    settings : mapping
        "max_ngrams", "min_ngram_count" and "idf_power" of the classifier.

    Returns
    -------
    Features, Bags
        And the documents in them.
    """
    text = _Text.of(documents, spelled(words, kinds.letters), kinds)
    slots = np.zeros(_FEW_SLOTS, np.uint64)
    grown = np.array([1, 0], np.int64)
    parts: list[Bags] = []
    for begin, last in text.parts(_PART):
        first = begin
        while first < last:
            bags = text.counted((first, last), slots, grown)
            parts.append(Bags(bags.rows.copy(), bags.values.copy(), bags.starts))
            first += len(bags.starts) - 1
            if first < last:
                slots = _filled(_keys(slots, int(grown[1])), 4 * len(slots))
    counts = _joined(parts)
    n_words = kinds.n_words
    frequency = np.bincount(counts.rows, minlength=n_words + int(grown[1]))
    kept = np.flatnonzero(frequency[n_words:] >= settings["min_ngram_count"])
    # frequent rows side by side: they are what is read most
    kept = kept[np.argsort(-frequency[n_words + kept], kind="stable")][: settings["max_ngrams"]]
    rows = np.concatenate((np.arange(n_words), n_words + kept))
    new_rows = np.full(len(frequency), -1, np.int32)
    new_rows[rows] = np.arange(len(rows))
    keys = _keys(slots, int(grown[1]))[kept].astype(np.uint32)
    idf = np.log((1 + documents.n_documents) / (1 + frequency[rows])) + 1
    idf = (idf ** settings["idf_power"]).astype(np.float32)
    idf[n_words:] *= weights_of(keys)
    features = Features(kinds, keys, idf)
    out = _room(len(counts.rows), documents.n_documents)
    weigh(counts, new_rows, idf, out)
    m = out.starts[-1]
    return features, Bags(out.rows[:m], out.values[:m], out.starts)


def _joined(parts: list[Bags]) -> Bags:
    sizes = np.cumsum([0] + [len(part.rows) for part in parts])
    starts = [part.starts[1:] + size for part, size in zip(parts, sizes[:-1].tolist(), strict=True)]
    return Bags(
        np.concatenate([np.empty(0, np.int32), *(part.rows for part in parts)]),
        np.concatenate([np.empty(0, np.float32), *(part.values for part in parts)]),
        np.concatenate([np.zeros(1, np.int64), *starts]),
    )


def _keys(slots: NDArray[np.uint64], n_keys: int) -> NDArray[np.uint64]:
    """Return the keys of a table in the order of their rows."""
    taken = slots[slots != 0]
    keys = np.zeros(n_keys, np.uint64)
    keys[(taken & np.uint64(0xFFFFFFFF)).astype(np.int64) - 1] = taken >> np.uint64(32)
    return keys


def _filled(keys: NDArray[np.uint64], n_slots: int) -> NDArray[np.uint64]:
    slots = np.zeros(n_slots, np.uint64)
    fill_slots(keys, slots)
    return slots


class Scorer:
    """Add up the scores of the features of documents, in threads.

    Parameters
    ----------
    features : Features
        Which features there are.
    words : sequence of str
        The V known words.
    """

    def __init__(self, features: Features, words: Sequence[str]) -> None:
        self._features = features
        self._spelling = spelled(words, features.kinds.letters)
        n_slots = max(16, 1 << (2 * len(features.keys)).bit_length())
        self._slots = _filled(features.keys.astype(np.uint64), n_slots)
        self._rows = np.arange(len(features.idf), dtype=np.int32)

    def bags(self, documents: Documents) -> Bags:
        """Return the weighted features of documents.

        Parameters
        ----------
        documents : Documents
            n documents.

        Returns
        -------
        Bags
            Of n documents.
        """
        text = _Text.of(documents, self._spelling, self._features.kinds)
        return _joined([self._bags(text, part) for part in text.parts(_PART)])

    def _bags(self, text: _Text, part: tuple[int, int]) -> Bags:
        bags = text.counted(part, self._slots, np.zeros(2, np.int64))
        weigh(bags, self._rows, self._features.idf, bags)
        return bags

    def scores(
        self,
        documents: Documents,
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        *,
        workers: int | None,
    ) -> NDArray[np.float32]:
        """Return the sum of the rows of each document, and the bias.

        Parameters
        ----------
        documents : Documents
            n documents.
        weights : ndarray of float32
            Shape (features, k).
        bias : ndarray of float32
            Shape (k,).
        workers : int or None
            Threads.

        Returns
        -------
        ndarray of float32
            Shape (n, k).
        """
        text = _Text.of(documents, self._spelling, self._features.kinds)
        out = np.tile(bias, (documents.n_documents, 1))

        def work(part: tuple[int, int]) -> None:
            score(self._bags(text, part), weights, out[part[0] : part[1]])

        parts = text.parts(_SMALL_PART)
        threads = n_threads(workers, at_most=len(parts))
        with task("judging texts", documents.n_documents, "texts") as advance:
            if threads <= 1:
                for part in parts:
                    work(part)
                    advance(part[1] - part[0])
                return out
            with ThreadPoolExecutor(threads, "wordkin-classify") as pool:
                for part, _ in zip(parts, pool.map(work, parts), strict=True):
                    advance(part[1] - part[0])
        return out
