"""Answers to analogies: "a is to b as c is to what?"."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from wordkin.evaluation.sets import questions_of, rows_by_word
from wordkin.neighbors import METHODS, answer_analogies, check_count, row_norms
from wordkin.vocabulary.checks import check_choice

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from wordkin.evaluation.sets import Question
    from wordkin.table import VectorTable

_CANDIDATES = 5  # gensim looks at so many words for one that is no variant of a question's


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
    questions : tuple of tuples of str
        The questions, in upper case if case does not matter.
    outcomes : ndarray
        Shape (asked,), int8: 1 for a right answer, 0 for a wrong one, -1 where words are unknown.
    """

    name: str
    asked: int
    covered: int
    correct: int
    questions: tuple[tuple[str, ...], ...] = field(default=(), repr=False, compare=False)
    outcomes: NDArray[np.int8] = field(
        default_factory=lambda: np.empty(0, np.int8), repr=False, compare=False
    )

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

    def questions_where(
        self, *, correct: bool, with_unknown: bool = False
    ) -> list[tuple[str, ...]]:
        """List questions by their outcome.

        Parameters
        ----------
        correct : bool
            Those answered correctly, or those answered wrongly.
        with_unknown : bool
            Count those with unknown words as answered wrongly.

        Returns
        -------
        list of tuples of str
            The questions.
        """
        wanted = {1} if correct else {0, -1} if with_unknown else {0}
        pairs = zip(self.questions, self.outcomes.tolist(), strict=True)
        return [question for question, outcome in pairs if outcome in wanted]


@dataclass(frozen=True)
class AnalogyResult(AnalogySection):
    """The answers to a file of analogies.

    Parameters
    ----------
    name : str
        ``"total"``.
    asked, covered, correct : int
        The sums over all sections.
    questions, outcomes : tuple and ndarray
        Those of all sections, in the order of the file.
    sections : tuple of AnalogySection
        One for each section of the file.
    skipped : int
        Lines of the file that hold no question.
    """

    sections: tuple[AnalogySection, ...] = ()
    skipped: int = 0


def evaluate_analogies(
    table: VectorTable,
    path: str | os.PathLike[str],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    method: str = "3cosadd",
    topk: int = 1,
) -> AnalogyResult:
    """Ask "a is to b as c is to what?" and count the expected answers.

    The answer is the word nearest to b - a + c (with unit vectors) that is none of the three:
    3CosAdd of Levy and Goldberg 2014, "Linguistic regularities in sparse and explicit word
    representations", section 3; or the one with the highest product (3CosMul, equation 4).

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
    method : {"3cosadd", "3cosmul"}
        The rule.
    topk : int
        Count an answer if the expected word is among the first so many.

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
    InputError
        If there is no such method, or a number is out of range.
    """
    check_count("topk", topk)
    check_choice("method", method, METHODS)
    rows_of = rows_by_word(table, restrict_vocab, case_insensitive=case_insensitive)
    names, questions, skipped = questions_of(path, case_insensitive=case_insensitive)
    rows = np.array([[rows_of.get(w, -1) for w in question.words] for question in questions])
    covered = np.asarray(rows.min(axis=1) >= 0)
    # words that differ by case only are one word here
    words = table.vocabulary.words[:restrict_vocab]
    same = np.array([rows_of[w.upper() if case_insensitive else w] for w in words], np.int64)
    outcomes = np.full(len(rows), -1, np.int8)
    outcomes[covered] = _are_answered(table, rows[covered], same, method=method, topk=topk)
    section = np.array([question.section for question in questions])
    sections = tuple(
        _section(name, questions, outcomes, section == i)
        for i, name in enumerate(names)
        if (section == i).any()
    )
    total = _section("total", questions, outcomes, np.ones(len(rows), bool))
    return AnalogyResult(**vars(total), sections=sections, skipped=skipped)


def _section(  # noqa: PLR0917
    name: str,
    questions: list[Question],
    outcomes: NDArray[np.int8],
    chosen: NDArray[np.bool_],
) -> AnalogySection:
    mine = outcomes[chosen]
    return AnalogySection(
        name,
        asked=len(mine),
        covered=int((mine >= 0).sum()),
        correct=int((mine == 1).sum()),
        questions=tuple(tuple(questions[i].words) for i in np.flatnonzero(chosen).tolist()),
        outcomes=mine,
    )


def _are_answered(
    table: VectorTable, rows: NDArray[np.int64], same: NDArray[np.int64], *, method: str, topk: int
) -> NDArray[np.bool_]:
    """Answer questions (n, 4), given as rows, and tell which answers are the fourth row."""
    if not len(rows):
        return np.zeros(0, bool)
    matrix = table.matrix[: len(same)]
    n_candidates = _CANDIDATES + topk - 1
    found = answer_analogies(
        matrix, rows[:, :3], method=method, topn=n_candidates, norms=row_norms(matrix)
    )
    words = np.where(found >= 0, same[found], -1)
    allowed = (words[:, :, None] != rows[:, None, :3]).all(axis=2) & (words >= 0)
    # gensim's answer is the last candidate where all are variants of the three words
    none = ~allowed.any(axis=1)
    last = np.maximum((words >= 0).sum(axis=1) - 1, 0)
    allowed[none, last[none]] = words[none, last[none]] >= 0
    first = allowed & (np.cumsum(allowed, axis=1) <= topk)
    return np.asarray((first & (words == rows[:, 3:])).any(axis=1))
