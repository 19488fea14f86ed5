"""Tells of a run that has learned nothing, because no two words stood in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wordkin.config import Doc2Vec
from wordkin.errors import warn

if TYPE_CHECKING:
    from wordkin.training.job import Job
    from wordkin.training.loop import Session


def warn_of_nothing(job: Job, session: Session) -> None:
    """Warn if a run had nothing to learn from.

    Parameters
    ----------
    job : Job
        What was to be done.
    session : Session
        The run, with all its epochs behind it.

    Warns
    -----
    UserWarning
        If each sentence has one word, or had when frequent words were thinned out.
    """
    lone = job.corpus.n_tokens == len(job.corpus)  # no sentence of a corpus is empty
    if lone and not isinstance(job.config, Doc2Vec):
        warn(
            "Nothing was learned: no two words of this text share a sentence, and words are "
            "learned from those beside them. A sentence is a line of a file, or what you give as "
            "one. Give lines of several words; if min_count has dropped the others, lower it."
        )
    elif _has_only_thinned(session):
        warn(
            f"Nothing was learned: frequent words were thinned out (sample="
            f"{getattr(job.config, 'sample', None)}) until none had another beside it. Each word "
            "of a small text counts as frequent. Give more text, or set sample=0."
        )


def _has_only_thinned(session: Session) -> bool:
    """Whether no pair was in the sample that the loss is of, and indeed no row has moved."""
    tally = session.tally
    if not tally.history or tally.recent[1] > 0:
        return False
    context = session.arrays().get("context")  # zeros at first, of models that thin out
    return context is not None and not context.any()
