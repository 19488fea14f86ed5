"""How good vectors are: agreement with people about similarity, analogies, groups of words.

Similarities and analogies give the numbers that gensim's `evaluate_word_pairs` and
`evaluate_word_analogies` give at the same settings. Every score says how much of the test set the
vectors cover, without which it means little, and how far it would wander with other questions of
the same kind (a 95 % bootstrap interval).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wordkin.errors import InputError
from wordkin.evaluation.analogies import AnalogyResult, AnalogySection, evaluate_analogies
from wordkin.evaluation.groups import GroupResult, evaluate_categories, evaluate_odd_one_out
from wordkin.evaluation.report import Comparison, Evaluation, Part, Score
from wordkin.evaluation.sets import KINDS, GoldSet
from wordkin.evaluation.similarity import SimilarityResult, evaluate_similarity
from wordkin.evaluation.statistics import RESAMPLES, difference, interval, spearman
from wordkin.neighbors import METHODS, check_count
from wordkin.progress import shown
from wordkin.table import VectorTable
from wordkin.vocabulary.checks import check_at_least, check_choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Result = SimilarityResult | AnalogyResult | GroupResult

__all__ = [
    "KINDS",
    "AnalogyResult",
    "AnalogySection",
    "Comparison",
    "Evaluation",
    "GoldSet",
    "GroupResult",
    "Score",
    "SimilarityResult",
    "evaluate",
    "evaluate_analogies",
    "evaluate_categories",
    "evaluate_odd_one_out",
    "evaluate_similarity",
]


def evaluate(
    vectors: Any,  # noqa: ANN401 (the class of vectors stands to the right of this room)
    *sets: str | os.PathLike[str] | GoldSet,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    method: str = "3cosadd",
    topk: int = 1,
    seed: int = 1,
    resamples: int = RESAMPLES,
    progress: bool = False,
) -> Evaluation:
    r"""Measure vectors on test sets, and compare several with one another.

    Parameters
    ----------
    vectors : WordVectors, VectorTable, or mapping of str to them
        What to measure; several by name.
    *sets : path or GoldSet
        The test sets. Pairs with scores, analogies, odd ones out and categories are told apart by
        their lines; a `GoldSet` says what a file holds.
    restrict_vocab : int, optional
        Use the first so many words only.
    case_insensitive : bool
        Take the first (most frequent) word that differs by case at most.
    method : {"3cosadd", "3cosmul"}
        The rule for analogies.
    topk : int
        Count an analogy as answered if the word is among the first so many.
    seed : int
        Fixes the resamples.
    resamples : int
        How many resamples the intervals and tests come from.
    progress : bool
        Show how far it has come.

    Returns
    -------
    Evaluation
        Scores with coverage and intervals, and of several vectors the paired differences.

    Raises
    ------
    FileError
        If a set can't be read.
    FormatError
        If it holds nothing of its kind.
    InputError
        If there is nothing to measure, or a number is out of its range; or if fewer than two pairs,
        or two words with categories, of a set have vectors. (Without any question that is covered,
        the accuracy is NaN.)

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from wordkin.vocabulary import Vocabulary
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "pairs.tsv"
    >>> _ = path.write_text("cat\tdog\t9\ncat\tcar\t2\ndog\tcar\t1\ncat\tbus\t1\n")
    >>> matrix = np.array([[1, 1], [1, 2], [2, -3]], np.float32)
    >>> result = evaluate(VectorTable(Vocabulary(["cat", "dog", "car"]), matrix), path)
    >>> score = result.scores[0]
    >>> score.measure, round(score.value, 3), score.coverage
    ('spearman', 1.0, 0.75)
    """
    tables = _tables(vectors)
    if not sets:
        raise InputError("Give at least one test set to measure with.")
    check_count("resamples", resamples)
    check_count("topk", topk)
    check_at_least("seed", seed, 0)
    check_choice("method", method, METHODS)
    gold = [_gold(each) for each in sets]
    words = {"restrict_vocab": restrict_vocab, "case_insensitive": case_insensitive}
    draws = {"seed": seed, "resamples": resamples}
    scores, comparisons = [], []
    for each, name in zip(gold, _names(gold), strict=True):
        kind = each.known_kind()
        own = {"method": method, "topk": topk} if kind == "analogies" else {}
        if kind == "categories":
            own = {"seed": seed}
        with shown(progress):
            results = {
                of: _MEASURES[kind](t, each.path, **words, **own) for of, t in tables.items()
            }
            scores += [_score(of, name, kind, result, draws) for of, result in results.items()]
            comparisons += _compared(name, results, draws)
    settings = {**words, "method": method, "topk": topk, **draws}
    return Evaluation(tuple(tables), tuple(scores), tuple(comparisons), settings)


_MEASURES: dict[str, Callable[..., Result]] = {
    "similarity": evaluate_similarity,
    "analogies": evaluate_analogies,
    "odd-one-out": evaluate_odd_one_out,
    "categories": evaluate_categories,
}
_NAMES_OF_MEASURES = {"similarity": "spearman", "categories": "purity"}


def _tables(vectors: Any) -> dict[str, VectorTable]:  # noqa: ANN401
    named = vectors if isinstance(vectors, Mapping) else {"vectors": vectors}
    tables = {str(name): getattr(each, "table", each) for name, each in named.items()}
    for name, table in tables.items():
        if not isinstance(table, VectorTable):
            raise InputError(f"{name!r} holds no word vectors, but {type(table).__name__}.")
    if not tables:
        raise InputError("Give at least one set of vectors to measure.")
    return tables


def _gold(given: str | os.PathLike[str] | GoldSet) -> GoldSet:
    if isinstance(given, GoldSet):
        return given
    if not isinstance(given, str | os.PathLike):
        raise InputError(f"A test set is a path or a GoldSet, one by one; got {given!r:.60}.")
    return GoldSet(given)


def _names(gold: list[GoldSet]) -> list[str]:
    """Files of one name in different folders get numbers."""
    names: list[str] = []
    for each in gold:
        same = sum(name == each.name or name.startswith(f"{each.name} (") for name in names)
        names.append(f"{each.name} ({same + 1})" if same else each.name)
    return names


def _score(  # noqa: PLR0917
    of: str, name: str, kind: str, result: Result, draws: dict[str, int]
) -> Score:
    items, score = _items(result)
    low, high = interval(lambda drawn: score(items[drawn]), len(items), **draws)
    parts: tuple[Part, ...] = ()
    if isinstance(result, AnalogyResult):
        parts = tuple(Part(s.name, s.accuracy, s.asked, s.covered) for s in result.sections)
        value, count = result.accuracy, result.asked
    elif isinstance(result, SimilarityResult):
        value, count = result.spearman, result.pairs
    else:
        value, count = result.accuracy, result.items
    measure = _NAMES_OF_MEASURES.get(kind, "accuracy")
    pearson = result.pearson if isinstance(result, SimilarityResult) else None
    return Score(
        of, name, kind, measure, value, low, high, count, result.covered, result.skipped,
        pearson=pearson, parts=parts,
    )  # fmt: skip


def _items(result: Result) -> tuple[NDArray[np.int64], Callable[[NDArray[np.int64]], float]]:
    """The items that are covered, and the score of some of them."""
    if isinstance(result, SimilarityResult):
        people, cosines = result.people, result.cosines
        return np.flatnonzero(~np.isnan(cosines)), lambda some: spearman(
            people[some], cosines[some]
        )
    outcomes = result.outcomes
    return np.flatnonzero(outcomes >= 0), lambda some: float(outcomes[some].mean())


def _compared(name: str, results: dict[str, Result], draws: dict[str, int]) -> list[Comparison]:
    """Each of the others with the first, on the items that both cover."""
    (first, reference), *others = results.items()
    mine, my_score = _items(reference)
    comparisons = []
    for other, result in others:
        theirs, their_score = _items(result)
        both = np.intersect1d(mine, theirs)
        compared = difference(
            lambda drawn, both=both, score=their_score: score(both[drawn]),  # type: ignore[misc]
            lambda drawn, both=both: my_score(both[drawn]),  # type: ignore[misc]
            len(both),
            **draws,
        )
        comparisons.append(Comparison(name, first, other, compared))
    return comparisons
