"""Changing and combining vectors. Every function returns a new table and leaves the old one alone.

What was done is noted in the settings of the new table, under ``"transforms"``. Rows of n-grams
(`VectorTable.subwords`) are kept where the words keep their vectors, turned by `align`, and dropped
by everything else, because they would no longer fit the words.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.neighbors import row_norms, row_of, unit_rows
from wordkin.progress import in_pieces, told
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

_BLOCK = 1 << 20  # numbers turned into float64 at once


def select(table: VectorTable, words: Iterable[str]) -> VectorTable:
    """Take some words, in the order given.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    words : iterable of str
        The words, each once.

    Returns
    -------
    VectorTable
        A new table of these words.

    Raises
    ------
    UnknownWordError
        If a word is not in the vocabulary.
    InputError
        If there are no words, or one comes twice.
    """
    rows = np.array([row_of(table, word) for word in _listed("select", words)], np.int64)
    if not len(rows):
        raise InputError("Give at least one word to select.")
    return replace(table.take(rows), settings=_noted(table, "select"))


def known(
    table: VectorTable, words: Iterable[str], *, by_ngrams: bool = True, counted: bool = True
) -> VectorTable:
    """Take those of some words that have a vector, each once, in the order given.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    words : iterable of str
        Any words.
    by_ngrams : bool
        Take words out of the vocabulary too, if their n-grams make a vector.
    counted : bool
        Keep counts, if there are any; 0 for a word that n-grams made.

    Returns
    -------
    VectorTable
        A new table.

    Raises
    ------
    InputError
        If words are no list.
    """
    wanted = list(dict.fromkeys(_listed("known", words)))
    old = table.vocabulary
    rows = old.ids(wanted)
    found = rows >= 0
    matrix = np.zeros((len(wanted), table.dimensions), np.float32)
    matrix[found] = table.matrix[rows[found]]
    if by_ngrams and table.subwords is not None:
        others = np.flatnonzero(~found)
        matrix[others], found[others] = table.subwords.vectors([wanted[i] for i in others])
    counts = None
    if counted and old.counts is not None:
        counts = np.append(old.counts, 0)[rows[found]]  # row -1 finds the 0
    kept = [wanted[i] for i in np.flatnonzero(found)]
    vocabulary = Vocabulary(kept, counts, specials=old.specials, tokenizer=old.tokenizer)
    return VectorTable(vocabulary, matrix[found], _noted(table, "known"), table.subwords)


def limit(table: VectorTable, n_words: int) -> VectorTable:
    """Take the first words, which are the most frequent ones.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    n_words : int
        How many; all of them if there are no more.

    Returns
    -------
    VectorTable
        A new table.

    Raises
    ------
    InputError
        If it is no number from 1 upwards.
    """
    _check_number("limit", n_words)
    rows = np.arange(min(n_words, len(table)))
    return replace(table.take(rows), settings=_noted(table, f"limit {n_words}"))


def normalized(table: VectorTable) -> VectorTable:
    """Scale every vector to length 1; zero vectors stay zero.

    Parameters
    ----------
    table : VectorTable
        The vectors.

    Returns
    -------
    VectorTable
        A new table.
    """
    norms = row_norms(table.matrix)
    scaled = table.matrix / np.where(norms > 0, norms, np.float32(1))[:, None]
    return _with_matrix(table, scaled, "normalized")


def merge(table: VectorTable, other: VectorTable) -> VectorTable:
    """Add the words of another table that this one lacks, behind its own.

    Both have to live in one space: see `align`. A word that both have keeps the vector it has here.

    Parameters
    ----------
    table, other : VectorTable
        Vectors of one length.

    Returns
    -------
    VectorTable
        A new table, without counts unless both have them.

    Raises
    ------
    InputError
        If the vectors differ in length.
    """
    _check_same_size(table, other)
    here, there = table.vocabulary, other.vocabulary
    new = [row for row, word in enumerate(there.words) if word not in here]
    words = [*here.words, *(there.words[row] for row in new)]
    counts = None
    if here.counts is not None and there.counts is not None:
        counts = np.concatenate((here.counts, there.counts[new]))
    vocabulary = Vocabulary(words, counts, specials=here.specials, tokenizer=here.tokenizer)
    matrix = np.concatenate((table.matrix, other.matrix[new]))
    return VectorTable.from_arrays(vocabulary, matrix, settings=_noted(table, "merge"))


def pca(table: VectorTable, n_dimensions: int) -> VectorTable:
    """Keep the directions in which the vectors differ most.

    Parameters
    ----------
    table : VectorTable
        The vectors, V x D.
    n_dimensions : int
        How many directions to keep, at most D.

    Returns
    -------
    VectorTable
        A new table of centred vectors with so many dimensions, of falling variance. The sign of
        each is such that its largest weight is positive.

    Raises
    ------
    InputError
        If it is no number from 1 to D.
    """
    _check_number("pca", n_dimensions, table.dimensions)
    mean, axes = _principal(table)
    kept = axes[:n_dimensions]
    rotated = _in_blocks(table, lambda block: (block - mean) @ kept.T, n_dimensions)
    return _with_matrix(table, rotated, f"pca {n_dimensions}")


def all_but_the_top(table: VectorTable, n_directions: int | None = None) -> VectorTable:
    """Remove the mean and the strongest directions, which say more of frequency than of meaning.

    Mu and Viswanath 2018, "All-but-the-top: simple and effective postprocessing for word
    representations", algorithm 1.

    Parameters
    ----------
    table : VectorTable
        The vectors, V x D.
    n_directions : int, optional
        How many directions to remove; by default D // 100, as the paper advises.

    Returns
    -------
    VectorTable
        A new table of the same shape.

    Raises
    ------
    InputError
        If it is no number from 0 to D.
    """
    if n_directions is None:
        n_directions = table.dimensions // 100
    _check_number("all_but_the_top", n_directions, table.dimensions, least=0)
    mean, axes = _principal(table)
    top = axes[:n_directions]

    def without(block: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = block - mean
        return np.asarray(centred - centred @ top.T @ top)

    note = f"all_but_the_top {n_directions}"
    return _with_matrix(table, _in_blocks(table, without, table.dimensions), note)


def align(
    table: VectorTable, other: VectorTable, *, anchors: Iterable[str] | None = None
) -> VectorTable:
    """Rotate vectors so that their words come to lie where another table has them.

    Orthogonal Procrustes (Schönemann 1966) between the unit vectors of the words that both have,
    each weighted by the square root of its frequency. Nothing changes between the words of a table.

    Parameters
    ----------
    table : VectorTable
        The vectors to rotate.
    other : VectorTable
        Vectors of the same length, to fit to.
    anchors : iterable of str, optional
        The words to fit by; by default all that both have.

    Returns
    -------
    VectorTable
        A new table of the same words.

    Raises
    ------
    UnknownWordError
        If an anchor is missing in one of the tables.
    InputError
        If the vectors differ in length, or have no word in common.
    """
    _check_same_size(table, other)
    here, there = table.vocabulary, other.vocabulary
    shared = (word for word in here.words if word in there)
    common = list(shared) if anchors is None else _listed("anchors", anchors)
    if not common:
        raise InputError("The two vocabularies have no word in common to align by.")
    rows = np.array([[row_of(table, word), row_of(other, word)] for word in common], np.int64)
    weights = _frequency(table, rows[:, 0]) + _frequency(other, rows[:, 1])
    product = np.zeros((table.dimensions, table.dimensions))
    step = max(1, _BLOCK // table.dimensions)
    for some in in_pieces(len(rows), step, "comparing common words", unit="words"):
        mine, theirs = rows[some].T
        x = unit_rows(table.matrix[mine].astype(np.float64))
        y = unit_rows(other.matrix[theirs].astype(np.float64))
        product += (x * weights[some, None]).T @ y
    left, _, right = np.linalg.svd(product)
    rotation = left @ right
    rotated = _in_blocks(table, lambda block: block @ rotation, table.dimensions)
    subwords = table.subwords
    if subwords is not None:
        turned = (subwords.matrix.astype(np.float64) @ rotation).astype(np.float32)
        subwords = replace(subwords, matrix=turned)
    note = _noted(table, f"align by {len(common)} words")
    return VectorTable.from_arrays(table.vocabulary, rotated, settings=note, subwords=subwords)


def retrofit(
    table: VectorTable, lexicon: Mapping[str, Iterable[str]], *, iterations: int = 10
) -> VectorTable:
    """Move words towards those that a lexicon says are related.

    Faruqui et al. 2015, "Retrofitting word vectors to semantic lexicons", equation 1 with alpha = 1
    and beta = 1 / degree: in each iteration a word becomes the mean of its first vector and the
    mean of its neighbours.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    lexicon : mapping of str to iterable of str
        For each word those it is related to. Relations count in the direction given; words that
        have no vector are passed over.
    iterations : int
        How often to go through the lexicon; the paper takes 10.

    Returns
    -------
    VectorTable
        A new table; words without relations keep their vectors.

    Raises
    ------
    InputError
        If `iterations` is no number from 1 upwards, or relations are a text in place of a list.
    """
    _check_number("iterations", iterations)
    index = table.vocabulary.key_to_index
    edges: list[tuple[int, list[int]]] = []
    for word, related in lexicon.items():
        if isinstance(related, str):
            raise InputError(f"The lexicon gives {word!r} the text {related!r}: give a list.")
        rows = [index[each] for each in dict.fromkeys(related) if each in index and each != word]
        if word in index and rows:
            edges.append((index[word], rows))
    first = {row: table.matrix[row].astype(np.float64) for row, _ in edges}
    matrix = table.matrix.copy()
    moves = chain.from_iterable(repeat(edges, iterations))
    for row, rows in told(moves, "moving words", total=iterations * len(edges), unit="words"):
        matrix[row] = (first[row] + matrix[rows].mean(axis=0, dtype=np.float64)) / 2
    return _with_matrix(table, matrix, f"retrofit {len(edges)} words")


def _principal(table: VectorTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean (D,) and the axes (D, D) in rows, of falling variance, from the covariance."""
    if not len(table):
        raise InputError("There are no vectors to find principal components of.")
    mean = table.matrix.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((table.dimensions, table.dimensions))
    step = max(1, _BLOCK // table.dimensions)
    for some in in_pieces(len(table), step, "finding principal components", unit="words"):
        centred = table.matrix[some].astype(np.float64) - mean
        covariance += centred.T @ centred
    axes = np.linalg.eigh(covariance)[1].T[::-1]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return mean, axes * np.where(largest < 0, -1.0, 1.0)


def _in_blocks(table: VectorTable, change: Any, size: int) -> NDArray[np.float32]:  # noqa: ANN401
    """Change some rows at a time in float64, so that memory is bounded."""
    out = np.empty((len(table), size), np.float32)
    step = max(1, _BLOCK // table.dimensions)
    for some in in_pieces(len(table), step, "changing vectors", unit="words"):
        out[some] = change(table.matrix[some].astype(np.float64))
    return out


def _frequency(table: VectorTable, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The square root of each word's share; by Zipf's law from its rank where nobody counted."""
    counts = table.vocabulary.counts
    shares = 1.0 / (rows + 1) if counts is None else counts[rows].astype(np.float64)
    total = shares.sum()
    return np.asarray(np.sqrt(shares / total) if total > 0 else np.ones(len(rows)))


def _with_matrix(table: VectorTable, matrix: NDArray[Any], note: str) -> VectorTable:
    return VectorTable.from_arrays(table.vocabulary, matrix, settings=_noted(table, note))


def _noted(table: VectorTable, note: str) -> dict[str, Any]:
    return {**table.settings, "transforms": [*table.settings.get("transforms", []), note]}


def _listed(name: str, words: Iterable[str]) -> list[str]:
    if isinstance(words, str | bytes):
        raise InputError(f"{name} takes a list of words; got the text {words!r:.60}.")
    return list(words)


def _check_number(name: str, value: object, most: float = np.inf, *, least: int = 1) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or not least <= value <= most:  # type: ignore[operator]
        upper = "upwards" if most == np.inf else f"to {most}"
        raise InputError(f"{name} takes a whole number from {least} {upper}; got {value!r}.")


def _check_same_size(table: VectorTable, other: VectorTable) -> None:
    if table.dimensions != other.dimensions:
        raise InputError(
            f"The vectors differ in length: {table.dimensions} and {other.dimensions} numbers. "
            "Bring them to one length first, for example with pca."
        )
