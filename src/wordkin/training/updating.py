"""Updating: a model learns new words from new text, and its old rows stay where they were.

Old words keep their row numbers; new ones follow, most frequent first. Old rows are held back
after every few blocks, so that new words learn beside old ones that stand where they stood, and
once more at the end, so that the bound holds whatever came in between.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.config import CBOW, SkipGram
from wordkin.corpus.surveying import word_counts
from wordkin.engines import get_engine
from wordkin.errors import ConfigError, InputError
from wordkin.text.tokenizers import Phrased
from wordkin.training.display import show_training
from wordkin.training.job import checked_callbacks
from wordkin.training.loop import Session
from wordkin.training.memory import check_fits
from wordkin.training.validation import hold_out
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.config import Model
    from wordkin.corpus import Corpus
    from wordkin.engines import Memory
    from wordkin.text.tokenizers import Tokenizer
    from wordkin.training.job import Job
    from wordkin.training.progress import Callback, Progress
    from wordkin.vectors import WordVectors

_PULLS = 25
"""How often in a run old rows are pulled back: each costs as much as reading both tables."""
_ROWS_AT_ONCE = 1 << 12
_MOST_MOVED = 10
_ROUNDING = 1e-5
"""Rows are held back by so much more, for float32 can't stand on the bound."""


@dataclass(frozen=True)
class UpdateReport:
    """What an update did to the vectors.

    Parameters
    ----------
    drift : "pin" or float
        The bound that was asked for.
    added : sequence of str
        The new words, in the order of their rows, which follow the old ones.
    seen : int
        How many old words the new text has.
    mean_drift, max_drift : float
        Cosine distance between old words' vectors before and after.
    moved : sequence of (str, float)
        The words that moved farthest, and how far; none that did not move.
    """

    drift: str | float
    added: Sequence[str]
    seen: int
    mean_drift: float
    max_drift: float
    moved: Sequence[tuple[str, float]]

    def __str__(self) -> str:
        rule = "pinned" if self.drift == "pin" else f"at most {self.drift:g}"
        lines = [
            f"{len(self.added):,} words added, {self.seen:,} old words seen again",
            f"drift of old words ({rule}): mean {self.mean_drift:.2g}, most {self.max_drift:.2g}",
        ]
        if self.moved:
            lines.append("moved most: " + ", ".join(f"{w} {d:.2g}" for w, d in self.moved))
        return "\n".join(lines)


class Known(NamedTuple):
    """A model as far as an update must know it."""

    vectors: WordVectors
    context: WordVectors | None
    config: Model


class Updated(NamedTuple):
    """A run that is done."""

    job: Job
    session: Session
    arrays: Mapping[str, NDArray[np.float32]]
    memory: Memory
    report: UpdateReport


def update(
    model: Known,
    job: Job,
    *,
    drift: str | float,
    callbacks: Iterable[Callback] = (),
    progress: bool = False,
) -> Updated:
    """Learn from new text, with old rows held back.

    Parameters
    ----------
    model : Known
        The model.
    job : Job
        The new text, and the settings to learn from it with.
    drift : "pin" or float
        How far old rows may move.
    callbacks : iterable of callable
        As for `train`.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    Updated
        The new tables and what moved.

    Raises
    ------
    ConfigError
        If the model, the drift or a callback is of another kind.
    InputError
        If the text was cut by another tokenizer.
    """
    share, callbacks = _share_of(drift), checked_callbacks(callbacks)
    context = check_model(model)
    _check_tokenizers(model.vectors.vocabulary.tokenizer, job.corpus.vocabulary.tokenizer)
    job = replace(job, corpus=_merged(model.vectors.vocabulary, job.corpus))
    old = {"input": model.vectors.vectors, "context": context.vectors}
    engine = get_engine("cpu", workers=job.workers)
    words, sentences = len(job.corpus.vocabulary), len(job.corpus)
    memory = engine.memory(words, job.config, sentences=sentences)
    check_fits(memory)
    with ExitStack() as stack:
        shown = [stack.enter_context(show_training())] if progress else []
        run = engine.start(job.corpus, job.config, seed=job.seed)
        stack.callback(run.close)
        for name, rows in run.arrays().items():  # live: new words begin as any do
            rows[: len(old[name])] = old[name]
        session = Session(job, run, held_out=hold_out(job), memory=memory)
        session.go([_Leash(old, share), *callbacks, *shown])
        arrays = session.finish().arrays
    for name, rows in old.items():
        hold_back(arrays[name], rows, share)
    report = _report(model.vectors, arrays["input"], job.corpus, drift=drift)
    return Updated(job, session, arrays, memory, report)


def _share_of(drift: object) -> float:
    """How far a row may move, as a share of its length.

    A vector that moves by the share s of its length turns by at most arcsin s, so that its cosine
    falls to sqrt(1 - s**2) at the lowest.
    """
    if drift == "pin":
        return 0.0
    if isinstance(drift, bool) or not isinstance(drift, int | float) or not 0 < drift < 1:
        raise ConfigError(
            'drift must be "pin", or the greatest cosine distance that an old word may move, '
            f"above 0 and below 1, such as 0.01; got {drift!r}."
        )
    return math.sqrt(1 - (1 - drift) ** 2) * (1 - _ROUNDING)


def check_model(model: Known) -> WordVectors:
    """Check that a model can be updated.

    Parameters
    ----------
    model : Known
        The model.

    Returns
    -------
    WordVectors
        Its second table.

    Raises
    ------
    ConfigError
        If it can't.
    """
    config = model.config
    if not isinstance(config, SkipGram | CBOW) or config.loss != "negative-sampling":
        raise ConfigError(
            f"update() knows SkipGram and CBOW with negative sampling; this is {config!r:.120}. "
            "Train anew, or go on with the same words: train(..., initial=model)."
        )
    if model.context is None:
        raise ConfigError(
            "update() needs both tables, and the one of contexts is not here. Save a model by "
            "model.save(path) and load it by TrainedModel.load(path)."
        )
    return model.context


def _check_tokenizers(theirs: Tokenizer | None, ours: Tokenizer | None) -> None:
    """Words of one spelling must be the same words."""
    if theirs == ours:
        return
    raise InputError(
        f"The new text was cut by another tokenizer: {_difference(theirs, ours)}. "
        "Make the corpus with Corpus.from_path(..., tokenizer=model.vectors.vocabulary.tokenizer)."
    )


def _difference(theirs: Tokenizer | None, ours: Tokenizer | None) -> str:
    if isinstance(theirs, Phrased) and isinstance(ours, Phrased):
        if theirs.tokenizer != ours.tokenizer:
            return _difference(theirs.tokenizer, ours.tokenizer)
        joins, joined = set(theirs.phrases.scores), set(ours.phrases.scores)
        only = sorted(joins ^ joined)[:3]
        return (
            f"the model joins {len(joins):,} phrases and the corpus {len(joined):,}, of which "
            f"{len(joins & joined):,} are the same (not both know {', '.join(only) or 'the order'})"
        )
    for side, other, name in ((theirs, ours, "the model"), (ours, theirs, "the corpus")):
        if isinstance(side, Phrased) and other == side.tokenizer:
            return f"{name} joins {len(side.phrases):,} phrases ({side.phrases!r}), the other none"
    there, here = ({} if cut is None else cut.settings() for cut in (theirs, ours))
    if there.get("name") == here.get("name") and there.keys() == here.keys():
        differing = {name for name in there if there[name] != here[name]}
        told = [f"{name}={there[name]!r} there and {here[name]!r} here" for name in differing]
        return f"both are {there['name']!r}, with {', '.join(sorted(told)) or 'other functions'}"
    names = [repr(each["name"]) if each else "none" for each in (there, here)]
    return f"the model has {names[0]}, the corpus {names[1]}"


def _merged(old: Vocabulary, corpus: Corpus) -> Corpus:
    """The new text with the old words' ids, and new words behind them."""
    new = corpus.vocabulary
    ids = old.ids(new.words)
    added = np.flatnonzero(ids < 0)
    ids[added] = np.arange(len(old), len(old) + len(added))
    counts = np.zeros(len(old) + len(added), np.int64)
    if old.counts is not None:
        counts[: len(old)] = old.counts
    # what is in the text, not what another text had whose vocabulary it was read with
    counts[ids] += word_counts(corpus.ids, len(new))
    vocabulary = Vocabulary(
        [*old.words, *(new.words[i] for i in added.tolist())],
        counts,
        specials=old.specials,
        tokenizer=old.tokenizer,
    )
    return replace(corpus, ids=ids[corpus.ids], vocabulary=vocabulary)


class _Leash:
    """Pulls old rows back now and then."""

    def __init__(self, old: Mapping[str, NDArray[np.float32]], share: float) -> None:
        self._old, self._share = old, share

    def __call__(self, progress: Progress) -> None:
        if progress.step % max(progress.steps // _PULLS, 1) == 0:
            for name, rows in progress.arrays().items():
                hold_back(rows, self._old[name], self._share)


def hold_back(rows: NDArray[np.float32], old: NDArray[np.float32], share: float) -> None:
    """Pull rows back to where they may be: a ball around where they were.

    Parameters
    ----------
    rows : ndarray of float32
        Shape (V or more, D): where they are; changed.
    old : ndarray of float32
        Shape (V, D): where they were.
    share : float
        The radius of the ball, as a share of the length of the old row.
    """
    if share == 0:
        rows[: len(old)] = old
        return
    for start in range(0, len(old), _ROWS_AT_ONCE):
        was = old[start : start + _ROWS_AT_ONCE].astype(np.float64)
        now = rows[start : start + len(was)]
        change = now - was
        limit = share * np.linalg.norm(was, axis=1)
        length = np.linalg.norm(change, axis=1)
        far = length > limit
        shorter = (limit[far] / length[far])[:, None]
        now[far] = was[far] + shorter * change[far]


def _report(
    old: WordVectors, now: NDArray[np.float32], corpus: Corpus, *, drift: str | float
) -> UpdateReport:
    words, total = old.vocabulary.words, len(old)
    moved = np.empty(total)
    for start in range(0, total, _ROWS_AT_ONCE):
        a = old.vectors[start : start + _ROWS_AT_ONCE].astype(np.float64)
        b = now[start : start + len(a)].astype(np.float64)
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        same = (a == b).all(axis=1)
        cosines = (a * b).sum(axis=1) / np.where(lengths > 0, lengths, 1)
        moved[start : start + len(a)] = np.where(same, 0.0, np.maximum(1 - cosines, 0.0))
    top = [i for i in np.argsort(-moved, kind="stable")[:_MOST_MOVED].tolist() if moved[i] > 0]
    return UpdateReport(
        drift=drift,
        added=list(corpus.vocabulary.words[total:]),
        seen=int(np.count_nonzero(word_counts(corpus.ids, len(corpus.vocabulary))[:total])),
        mean_drift=float(moved.mean()) if total else 0.0,
        max_drift=float(moved.max(initial=0.0)),
        moved=[(words[i], float(moved[i])) for i in top],
    )
