"""The measures of WordVectors in gensim's form; the work is done in `wordkin.evaluation`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wordkin import evaluation

if TYPE_CHECKING:
    import os

    from wordkin.table import VectorTable


class Measuring:
    """How well vectors agree with people."""

    _table: VectorTable

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        *,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Compare with human judgements in gensim's form; prefer `wordkin.evaluate`.

        Parameters
        ----------
        pairs : str or path-like
            A file with two words and a score on each line.
        restrict_vocab : int, optional
            Use the first so many words only.
        case_insensitive : bool
            Take the first word that differs by case at most.
        dummy4unknown : bool
            Count pairs with unknown words as having the cosine 0.

        Returns
        -------
        tuple
            Pearson's and Spearman's correlation, each as (value, NaN) because p-values are not
            computed here, and the percentage of pairs without vectors.
        """
        result = evaluation.evaluate_similarity(
            self._table, pairs, restrict_vocab=restrict_vocab, case_insensitive=case_insensitive
        )
        pearson, spearman = result.pearson, result.spearman
        if dummy4unknown:
            pearson, spearman = result.correlations_of_all()
        nan = float("nan")
        return (pearson, nan), (spearman, nan), 100 * (1 - result.coverage)

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        *,
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[float, list[dict[str, Any]]]:
        """Ask analogies in gensim's form; prefer `wordkin.evaluate`.

        Parameters
        ----------
        analogies : str or path-like
            A file in Google's format.
        restrict_vocab : int, optional
            Use the first so many words only.
        case_insensitive : bool
            Take the first word that differs by case at most.
        dummy4unknown : bool
            Count questions with unknown words as answered wrongly.

        Returns
        -------
        tuple
            The accuracy, and for each section (the last is the total) a dict of ``"section"``,
            ``"correct"`` and ``"incorrect"``, which hold the questions.
        """
        result = evaluation.evaluate_analogies(
            self._table, analogies, restrict_vocab=restrict_vocab, case_insensitive=case_insensitive
        )
        sections = [
            {
                "section": part.name if part is not result else "Total accuracy",
                "correct": part.questions_where(correct=True),
                "incorrect": part.questions_where(correct=False, with_unknown=dummy4unknown),
            }
            for part in (*result.sections, result)
        ]
        return result.accuracy_of_all if dummy4unknown else result.accuracy, sections
