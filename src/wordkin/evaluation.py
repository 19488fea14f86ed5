"""How good vectors are: agreement with people about similarity, and answers to analogies.

Both give the numbers that gensim's `evaluate_word_pairs` and `evaluate_word_analogies` give at the
same settings. Every result says how much of the test set the vectors cover, without which a score
means little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.errors import FormatError, InputError
from wordkin.files import open_bytes
from wordkin.neighbors import nearest_rows, row_norms, similarity

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from wordkin.table import VectorTable

_QUESTIONS = 2048  # analogies answered at once
_CANDIDATES = 5  # gensim looks at so many words for one that is no variant of a question's


@dataclass(frozen=True)
class SimilarityResult:
    """How far vectors agree with people about the similarity of words.

    Parameters
    ----------
    spearman : float
        Rank correlation between cosines and human scores, over the covered pairs.
    pearson : float
        Linear correlation between them.
    pairs : int
        Pairs in the file.
    covered : int
        Pairs both words of which have a vector.
    skipped : int
        Lines of the file that hold no pair, such as a title line.
    """

    spearman: float
    pearson: float
    pairs: int
    covered: int
    skipped: int = 0

    @property
    def coverage(self) -> float:
        """The share of pairs that is covered, from 0 to 1."""
        return self.covered / self.pairs


@dataclass(frozen=True)
class AnalogySection:
    """The answers to one section of a file of analogies, or to all of it.

    Parameters
    ----------
    name : str
        The name of the section.
    asked : int
        Questions in the file.
    covered : int
        Questions all words of which have a vector.
    correct : int
        Questions answered with the expected word.
    """

    name: str
    asked: int
    covered: int
    correct: int

    @property
    def accuracy(self) -> float:
        """The share of covered questions that is answered correctly; NaN if none is covered."""
        return self.correct / self.covered if self.covered else float("nan")

    @property
    def accuracy_of_all(self) -> float:
        """The same with unknown words counted as wrong answers (gensim's ``dummy4unknown``)."""
        return self.correct / self.asked

    @property
    def coverage(self) -> float:
        """The share of questions that is covered, from 0 to 1."""
        return self.covered / self.asked


@dataclass(frozen=True)
class AnalogyResult(AnalogySection):
    """The answers to a file of analogies.

    Parameters
    ----------
    name : str
        ``"total"``.
    asked, covered, correct : int
        The sums over all sections.
    sections : tuple of AnalogySection
        One for each section of the file.
    skipped : int
        Lines of the file that hold no question.
    """

    sections: tuple[AnalogySection, ...] = ()
    skipped: int = 0


def evaluate_similarity(
    table: VectorTable,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
) -> SimilarityResult:
    """Compare the similarity of words with human judgements, such as WordSim-353.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    path : str or path-like
        A text file: on each line two words and a score, between tabs or spaces. Lines that begin
        with ``#`` are comments.
    restrict_vocab : int, optional
        Use the first so many words only.
    case_insensitive : bool
        Take the first (most frequent) word that differs by case at most.

    Returns
    -------
    SimilarityResult
        The correlations and the coverage.

    Raises
    ------
    FileError
        If the file can't be read.
    FormatError
        If no line holds two words and a score.
    InputError
        If less than two pairs are covered.
    """
    rows_of = _rows_by_word(table, restrict_vocab, case_insensitive=case_insensitive)
    people, cosines = [], []
    pairs = skipped = 0
    for line in _lines(path):
        if line.startswith("#") or not line.strip():
            continue
        pair = _pair(line.upper() if case_insensitive else line)
        if pair is None:
            skipped += 1
            continue
        pairs += 1
        first, second = rows_of.get(pair.first), rows_of.get(pair.second)
        if first is not None and second is not None:
            people.append(pair.score)
            # float32, so that rounding tells no pairs apart that are equally similar
            cosines.append(np.float32(similarity(table, first, second)))
    if not pairs:
        raise FormatError(f"{str(path)!r}: no line holds two words and a score.")
    if len(people) < 2:
        raise InputError(
            f"{len(people)} of the {pairs} pairs of {str(path)!r} have vectors; a correlation "
            "needs two."
        )
    return SimilarityResult(
        spearman=_pearson(_average_ranks(people), _average_ranks(cosines)),
        pearson=_pearson(people, cosines),
        pairs=pairs,
        covered=len(people),
        skipped=skipped,
    )


def evaluate_analogies(
    table: VectorTable,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
) -> AnalogyResult:
    """Ask "a is to b as c is to what?" and count the expected answers.

    The answer is the word nearest to b - a + c (with unit vectors) that is none of the three:
    3CosAdd of Levy and Goldberg 2014, "Linguistic regularities in sparse and explicit word
    representations", section 3.

    Parameters
    ----------
    table : VectorTable
        The vectors.
    path : str or path-like
        A text file such as Google's ``questions-words.txt``: four words a line; a line that begins
        with a colon names a section.
    restrict_vocab : int, optional
        Use the first so many words only.
    case_insensitive : bool
        Take the first (most frequent) word that differs by case at most.

    Returns
    -------
    AnalogyResult
        Accuracy and coverage, in all and for each section.

    Raises
    ------
    FileError
        If the file can't be read.
    FormatError
        If no line holds four words.
    """
    rows_of = _rows_by_word(table, restrict_vocab, case_insensitive=case_insensitive)
    names, questions, skipped = _questions(path, case_insensitive=case_insensitive)
    if not questions:
        raise FormatError(f"{str(path)!r}: no line holds the four words of an analogy.")
    section = np.array([question.section for question in questions])
    rows = np.array([[rows_of.get(w, -1) for w in question.words] for question in questions])
    covered = np.all(rows >= 0, axis=1, keepdims=True)[:, 0]
    # words that differ by case only are one word here
    same = np.full(len(table), -1)
    words = table.vocabulary.words[:restrict_vocab]
    same[: len(words)] = [rows_of[w.upper() if case_insensitive else w] for w in words]
    correct = np.zeros(len(rows), bool)
    correct[covered] = _are_answered(table, rows[covered], same, n_words=len(words))
    sections = tuple(
        AnalogySection(
            name,
            asked=int((section == i).sum()),
            covered=int(covered[section == i].sum()),
            correct=int(correct[section == i].sum()),
        )
        for i, name in enumerate(names)
        if (section == i).any()
    )
    return AnalogyResult(
        "total", len(rows), int(covered.sum()), int(correct.sum()), sections, skipped
    )


class _Pair(NamedTuple):
    first: str
    second: str
    score: float


class _Question(NamedTuple):
    section: int
    words: list[str]


def _lines(path: str | os.PathLike[str]) -> Iterator[str]:
    with open_bytes(path) as stream:
        for line in stream:
            try:
                yield line.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise FormatError(f"{str(path)!r} is no UTF-8 text: {error}.") from error


def _rows_by_word(
    table: VectorTable, restrict_vocab: int | None, *, case_insensitive: bool
) -> dict[str, int]:
    if restrict_vocab is not None and restrict_vocab < 1:
        raise InputError(f"restrict_vocab must be 1 or more; got {restrict_vocab!r}.")
    rows: dict[str, int] = {}
    for row, word in enumerate(table.vocabulary.words[:restrict_vocab]):
        rows.setdefault(word.upper() if case_insensitive else word, row)
    return rows


def _pair(line: str) -> _Pair | None:
    fields = [field.strip() for field in line.split("\t" if "\t" in line else None)]
    try:
        first, second, score = fields[0], fields[1], float(fields[2])
    except (IndexError, ValueError):
        return None
    return _Pair(first, second, score) if len(fields) == 3 and np.isfinite(score) else None


def _questions(
    path: str | os.PathLike[str], *, case_insensitive: bool
) -> tuple[list[str], list[_Question], int]:
    names, questions, skipped = ["(no section)"], [], 0
    for line in _lines(path):
        words = (line.upper() if case_insensitive else line).split()
        if line.startswith(":"):
            names.append(line.lstrip(": ").strip())
        elif len(words) == 4:
            questions.append(_Question(len(names) - 1, words))
        elif words:
            skipped += 1
    return names, questions, skipped


def _are_answered(
    table: VectorTable, rows: NDArray[np.int64], same: NDArray[np.int64], *, n_words: int
) -> NDArray[np.bool_]:
    """Answer questions (n, 4), given as rows, and tell which answers are the fourth row."""
    matrix = table.matrix[:n_words]
    norms = row_norms(matrix)
    correct = np.zeros(len(rows), bool)
    for start in range(0, len(rows), _QUESTIONS):
        asked = rows[start : start + _QUESTIONS]
        vectors = matrix[asked[:, :3]].astype(np.float64)
        units = vectors / np.where(norms > 0, norms, np.float32(1))[asked[:, :3], None]
        queries = units[:, 1] - units[:, 0] + units[:, 2]
        exclude = asked[:, :3].tolist()
        found = nearest_rows(matrix, queries, topn=_CANDIDATES, exclude=exclude, norms=norms)
        for i, (candidates, _) in enumerate(found):
            words = same[candidates]
            allowed = words[~np.isin(words, asked[i, :3])]
            # gensim's answer is the last candidate where all are variants of the three words
            answer = allowed[:1] if len(allowed) else words[-1:]
            correct[start + i] = answer.tolist() == [asked[i, 3]]
    return correct


def _average_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Rank from 1; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


def _pearson(first: ArrayLike, second: ArrayLike) -> float:
    """Linear correlation; NaN if one side is constant."""
    a, b = np.array(first, np.float64), np.array(second, np.float64)
    a -= a.mean()
    b -= b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 0 else float("nan")
