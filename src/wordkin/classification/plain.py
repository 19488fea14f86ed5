"""What `features` does, for few documents and with NumPy alone: no compiler has to be loaded.

It also knows what each feature is called, which explanations need.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from wordkin.classification.kinds import Features
    from wordkin.documents.reading import Documents

_MIX = 0xD6E8FEB86659FD93
_WORD, _LETTERS = 0x2545F4914F6CDD1D, 0x5851F42D4C957F2D
_64_BITS = (1 << 64) - 1


class Term(NamedTuple):
    """A feature of a document.

    Parameters
    ----------
    name : str
        The word, the words of an n-gram with spaces between, or letters with ``*`` where the word
        goes on.
    row : int
        Its row.
    value : float
        Its weight in the document.
    """

    name: str
    row: int
    value: float


def _mixed(number: int) -> int:
    number = ((number ^ number >> 32) * _MIX) & _64_BITS
    return number ^ number >> 32


def _key(number: int, *, of_letters: bool) -> int:
    return (_mixed(number) >> 32 | 2) & ~1 | of_letters


def _added(number: int, data: bytes) -> int:
    for byte in data:
        number = _mixed((number + byte + 1) & _64_BITS)
    return number


def _letters(word: str, low: int, high: int) -> Iterator[tuple[str, int]]:
    """Name and hash the letter n-grams of a word, the whole word left out."""
    characters = [c.encode("utf-8", "surrogatepass") for c in f"<{word}>"]
    for first in range(len(characters)):
        number = _LETTERS
        for last in range(first, min(first + high, len(characters))):
            number = _added(number, characters[last])
            whole = first == 0 and last == len(characters) - 1
            if last - first + 1 >= low and not whole:
                inner = f"<{word}>"[first : last + 1].strip("<>")
                before = "" if first == 0 else "*"
                after = "" if last == len(characters) - 1 else "*"
                yield before + inner + after, _key(number, of_letters=True)


class PlainScorer:
    """Find and weigh the features of documents, one document after the other.

    Parameters
    ----------
    features : Features
        Which features there are.
    words : sequence of str
        The V known words.
    """

    def __init__(self, features: Features, words: Sequence[str]) -> None:
        self._features, self._words = features, words
        self._order = np.argsort(features.keys)
        self._sorted = features.keys[self._order]

    def scores(
        self, documents: Documents, weights: NDArray[np.float32], bias: NDArray[np.float32]
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

        Returns
        -------
        ndarray of float32
            Shape (n, k).
        """
        out = np.tile(bias, (documents.n_documents, 1))
        for i in range(documents.n_documents):
            terms = self.terms(documents, i)
            if terms:
                values = np.array([term.value for term in terms], np.float32)
                out[i] += values @ weights[[term.row for term in terms]]
        return out

    def terms(self, documents: Documents, position: int) -> list[Term]:
        """Return the features of one document.

        Parameters
        ----------
        documents : Documents
            Some documents.
        position : int
            Which of them.

        Returns
        -------
        list of Term
            Each feature once.
        """
        ids = documents.ids[documents.starts[position] : documents.starts[position + 1]].tolist()
        kinds = self._features.kinds
        names, keys = self._hashed([self._word(i, documents) for i in ids])
        rows = [*(i for i in ids if i < kinds.n_words), *self._rows(keys)]
        called = [*(self._words[i] for i in ids if i < kinds.n_words), *names]
        counts = Counter(row for row in rows if row >= 0)
        # two n-grams of one hash have one row, and the name of the first
        first = dict(zip(reversed(rows), reversed(called), strict=True))
        found = np.array(list(counts), np.int64)
        values = 1 + np.log(np.array(list(counts.values()), np.float64))
        values *= self._features.idf[found]
        values /= np.sqrt(values @ values) or 1.0
        pairs = zip(counts, values.tolist(), strict=True)
        return [Term(first[row], row, value) for row, value in pairs]

    def _word(self, number: int, documents: Documents) -> str:
        n_words = self._features.kinds.n_words
        return self._words[number] if number < n_words else documents.unknown[number - n_words]

    def _hashed(self, words: list[str]) -> tuple[list[str], list[int]]:
        """Name and hash the n-grams of a document."""
        _, longest, letters = self._features.kinds
        own = {word: _added(_WORD, word.encode("utf-8", "surrogatepass")) for word in set(words)}
        names: list[str] = []
        keys: list[int] = []
        for first, word in enumerate(words):
            number = own[word]
            for last in range(first + 1, min(first + longest, len(words))):
                number = (_mixed(number) + own[words[last]]) & _64_BITS
                names.append(" ".join(words[first : last + 1]))
                keys.append(_key(number, of_letters=False))
            if letters is not None:
                for name, key in _letters(word, *letters):
                    names.append(name)
                    keys.append(key)
        return names, keys

    def _rows(self, keys: list[int]) -> list[int]:
        """Return the rows of keys, -1 for those that are unknown."""
        if not len(self._sorted) or not keys:
            return [-1] * len(keys)
        wanted = np.array(keys, np.uint32)
        at = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
        rows = np.where(self._sorted[at] == wanted, self._order[at], -1)
        found: list[int] = np.where(rows >= 0, rows + self._features.kinds.n_words, -1).tolist()
        return found
