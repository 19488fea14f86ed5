"""Adding up the rows of the words of documents, compiled or not: the sums are the same."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.documents.threads import n_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordkin.documents.reading import Documents

_COMPILED = "wordkin.kernels.documents"
_FEW_WORDS = 1 << 13  # added up by NumPy in 20 ms; loading compiled code takes half a second
_PART = 1 << 16  # words whose rows a thread adds up at a time


class Rows(NamedTuple):
    """Rows of words, and how much each counts.

    Parameters
    ----------
    matrix : ndarray of float32
        Shape (V, D).
    weights : ndarray of float32
        Shape (V,).
    """

    matrix: NDArray[np.float32]
    weights: NDArray[np.float32]


class Sums(NamedTuple):
    """What comes out for n documents.

    Parameters
    ----------
    vectors : ndarray of float32
        Shape (n, D): the weighted sums.
    weights : ndarray of float32
        Shape (n,): the sums of the weights.
    words : ndarray of int64
        Shape (n,): how many words had a row.
    """

    vectors: NDArray[np.float32]
    weights: NDArray[np.float32]
    words: NDArray[np.int64]


def sum_rows(documents: Documents, known: Rows, others: Rows, *, workers: int | None) -> Sums:
    """Add up the rows of the words of each document, in their order.

    Parameters
    ----------
    documents : Documents
        n documents.
    known : Rows
        Of the V words of the vocabulary.
    others : Rows
        Of the words from V on, or of none; those with a weight of 0 have no row.
    workers : int or None
        Threads.

    Returns
    -------
    Sums
        The same to the last bit for any number of threads.
    """
    n = documents.n_documents
    sums = Sums(
        np.zeros((n, known.matrix.shape[1]), np.float32),
        np.zeros(n, np.float32),
        np.zeros(n, np.int64),
    )
    if len(documents.ids) <= _FEW_WORDS and _COMPILED not in sys.modules:
        _plain(documents, (known, others), sums)
        return sums
    from wordkin.kernels import documents as kernels

    rows = kernels.Rows(*known), kernels.Rows(*others)
    starts = documents.starts
    n_parts = len(documents.ids) // _PART + 1
    cuts = np.searchsorted(starts, np.linspace(0, len(documents.ids), n_parts + 1))
    cuts[0], cuts[-1] = 0, n

    def work(part: tuple[int, int]) -> None:
        a, b = part
        own = kernels.Sums(sums.vectors[a:b], sums.weights[a:b], sums.words[a:b])
        kernels.add_up(documents.ids, starts[a : b + 1], *rows, own)

    parts = [(a, b) for a, b in pairwise(cuts.tolist()) if a < b]
    threads = n_threads(workers, at_most=len(parts))
    if threads <= 1:
        for part in parts:
            work(part)
        return sums
    with ThreadPoolExecutor(threads, "wordkin-documents") as pool:
        list(pool.map(work, parts))
    return sums


def means_of(sums: Sums, *, by_weight: bool) -> NDArray[np.float32]:
    """Divide sums by the number of words, in place; nothing stays nothing.

    Parameters
    ----------
    sums : Sums
        Of n documents; they are used up.
    by_weight : bool
        Divide by the weights of the words instead.

    Returns
    -------
    ndarray of float32
        Shape (n, D).
    """
    divisors = sums.weights if by_weight else sums.words.astype(np.float32)
    vectors = sums.vectors
    vectors /= np.where(divisors > 0, divisors, np.float32(1))[:, None]
    return vectors


def _plain(documents: Documents, tables: tuple[Rows, Rows], sums: Sums) -> None:
    """Do what the kernel does, one row after the other."""
    known, others = tables
    n_known = len(known.weights)
    for i in range(documents.n_documents):
        for word in documents.ids[documents.starts[i] : documents.starts[i + 1]].tolist():
            rows, row = (known, word) if word < n_known else (others, word - n_known)
            if rows is others and (row >= len(others.weights) or others.weights[row] == 0):
                continue
            sums.vectors[i] += rows.weights[row] * rows.matrix[row]
            sums.weights[i] += rows.weights[row]
            sums.words[i] += 1
