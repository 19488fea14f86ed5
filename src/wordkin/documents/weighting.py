"""How much each word counts in a document, and what all documents have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.errors import ConfigError, InputError
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.documents.reading import Documents

_ROUNDING = 1e-6  # of float32, after sums over a few hundred dimensions


class Weights(NamedTuple):
    """How much words count.

    Parameters
    ----------
    known : ndarray of float32
        Shape (V,): each word of the vectors.
    unknown : float
        Words that get a vector of their n-grams.
    """

    known: NDArray[np.float32]
    unknown: float


def word_counts(
    given: Mapping[str, int] | Vocabulary | None, vocabulary: Vocabulary
) -> NDArray[np.float64] | None:
    """Return how often each word occurs, if that is known.

    Parameters
    ----------
    given : mapping of str to int, Vocabulary or None
        What the user says; None asks the vocabulary of the vectors.
    vocabulary : Vocabulary
        The V words of the vectors.

    Returns
    -------
    ndarray of float64 or None
        Shape (V,); None where there are no counts.

    Raises
    ------
    ConfigError
        If what is given holds no counts, or none of these words.
    """
    if given is None:
        own = vocabulary.counts
        # all of them 0: who wrote the file knew none
        return None if own is None or not own.any() else own.astype(np.float64)
    if isinstance(given, Vocabulary):
        if given.counts is None:
            raise ConfigError("counts is a vocabulary that has none. Take that of a corpus.")
        given = dict(zip(given.words, given.counts.tolist(), strict=True))
    if not isinstance(given, Mapping):
        raise ConfigError(
            "counts must be a dict of numbers by word, or a vocabulary such as corpus.vocabulary; "
            f"got {type(given).__name__}."
        )
    try:
        counts = np.array([given.get(word, 0) for word in vocabulary.words], np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"counts must be numbers of 0 or more: {error}.") from error
    if not (counts >= 0).all() or not counts.any() or np.isinf(counts).any():
        raise ConfigError("counts must be 0 or more, and above 0 for some word of the vectors.")
    return counts


def inverse_frequency(counts: NDArray[np.float64], a: float) -> NDArray[np.float32]:
    """Weigh words by how rare they are: a / (a + p(w)), p(w) a word's share of the text.

    Arora, Liang and Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings",
    algorithm 1 (smooth inverse frequency).

    Parameters
    ----------
    counts : ndarray of float64
        Shape (V,).
    a : float
        Words of this share count half.

    Returns
    -------
    ndarray of float32
        Shape (V,), from 0 to 1.
    """
    return np.asarray(a / (a + counts / counts.sum()), np.float32)


def weights_of(counts: NDArray[np.float64] | None, n_words: int, a: float) -> Weights:
    """Weigh words without looking at documents.

    Parameters
    ----------
    counts : ndarray of float64 or None
        Shape (V,): how often each occurs; None lets all count alike.
    n_words : int
        The number V of words.
    a : float
        As for `inverse_frequency`.

    Returns
    -------
    Weights
        Words that the vectors don't know count as those that never occur.
    """
    if counts is None:
        return Weights(np.ones(n_words, np.float32), 1.0)
    return Weights(inverse_frequency(counts, a), 1.0)


def inverse_document_frequency(
    frequencies: NDArray[np.int64] | int, n_documents: int
) -> NDArray[np.float32]:
    """Weigh words by in how few documents they are: log((1 + n) / (1 + f)) + 1.

    The formula is scikit-learn's default (as if one more document held each word once).

    Parameters
    ----------
    frequencies : ndarray of int64 or int
        The number f of documents that hold a word.
    n_documents : int
        The number n of all.

    Returns
    -------
    ndarray of float32
        Of the same shape, 1 at least.
    """
    return np.asarray(np.log((1 + n_documents) / (1 + np.asarray(frequencies))) + 1, np.float32)


def document_frequencies(documents: Documents, n_words: int) -> NDArray[np.int64]:
    """Count in how many documents each word is.

    Parameters
    ----------
    documents : Documents
        n documents.
    n_words : int
        The number V of known words; others are not counted.

    Returns
    -------
    ndarray of int64
        Shape (V,).
    """
    owners = np.repeat(np.arange(documents.n_documents), documents.lengths())
    known = documents.ids < n_words
    pairs = np.unique(owners[known] * np.int64(n_words) + documents.ids[known])
    return np.bincount(pairs % n_words, minlength=n_words) if len(pairs) else np.zeros(n_words, int)


def common_directions(square: NDArray[np.float64], n: int) -> NDArray[np.float32]:
    """Return the directions in which documents lie most: their first principal components.

    Arora, Liang and Ma 2017, algorithm 1, lines 4 and 5: the first singular vectors of the
    documents as they are, no mean taken off before.

    Parameters
    ----------
    square : ndarray of float64
        Shape (D, D): X'X of the vectors X (n, D) of documents.
    n : int
        How many.

    Returns
    -------
    ndarray of float32
        Shape (n, D), rows of length 1.

    Raises
    ------
    InputError
        If all documents are zero vectors.
    """
    if not square.any():
        raise InputError(
            "None of the documents has a word with a vector, so that nothing can be learned from "
            "them. Are the vectors of this language, and cut and cased the same way (tokenizer=)?"
        )
    _, directions = np.linalg.eigh(square)
    return np.ascontiguousarray(directions[:, ::-1][:, :n].T, np.float32)


def take_off(components: NDArray[np.float32], vectors: NDArray[np.float32]) -> None:
    """Take directions off vectors, in place.

    Parameters
    ----------
    components : ndarray of float32
        Shape (k, D), rows of length 1, at right angles.
    vectors : ndarray of float32
        Shape (n, D). One that lies in these directions becomes zero, not what rounding leaves.
    """
    if not len(components):
        return
    before = np.abs(vectors).max(axis=1)
    vectors -= (vectors @ components.T) @ components
    vectors[np.abs(vectors).max(axis=1) <= _ROUNDING * before] = 0
