"""What pairs are made of: a corpus, or ids and counts, checked and brought into one form."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.corpus import Corpus
from wordkin.corpus.surveying import counts_of
from wordkin.errors import ConfigError, EmptyCorpusError, InputError, RowError
from wordkin.given import array_of
from wordkin.kernels import sampling
from wordkin.kernels.pairs import Others, make_others
from wordkin.memory import check_room
from wordkin.vocabulary.checks import check_at_least

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_PER_WORD = 60  # bytes: counts, chances to stay, the law of negatives, and copies while it is made


class Source(NamedTuple):
    """Sentences of ids."""

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    """Shape (V,): 0 for what is no word."""
    specials: int
    first: int
    """What to add to each id that is handed out."""

    def text(self, sample: float | ArrayLike) -> sampling.Text:
        """Decide how often each word stays.

        Parameters
        ----------
        sample : float or array_like of float
            The share from which on words are thinned out, or the probability of each word.

        Returns
        -------
        Text
            As the kernels read it.

        Raises
        ------
        ConfigError
            If it is no share, or the probabilities don't fit the words.
        """
        chances = array_of(sample)
        if chances.dtype.kind not in "iuf" or not (chances >= 0).all() or not (chances <= 1).all():
            raise ConfigError(
                "sample must be a share of the text from 0 to 1, or the probability to keep each "
                f"word; got {sample!r:.100}."
            )
        if chances.ndim == 0:
            keep = sampling.keep_thresholds(self.counts, float(chances))
        elif chances.shape == self.counts.shape:
            keep = (chances * 2.0**32).astype(np.uint64)
        else:
            raise ConfigError(
                f"sample has the shape {chances.shape}, but there are {len(self.counts):,} words. "
                "Give one probability for each word."
            )
        keep[: self.specials] = 0
        return sampling.Text(self.ids, self.starts, keep)

    def others(self, exponent: float, negative: int) -> Others:
        """Make the law that negatives are drawn by.

        Parameters
        ----------
        exponent : float
            A word is drawn in proportion to its count to this power.
        negative : int
            Negatives of each pair.

        Returns
        -------
        Others
            The law.

        Raises
        ------
        ConfigError
            If there are too few words to find one that is neither target nor context.
        """
        if not negative:
            return Others(np.zeros(1, np.uint64), np.zeros(3, np.int32))
        there = self.counts > 0
        if there.sum() < 3:
            raise ConfigError(
                "Negatives are neither target nor context, so there must be at least 3 words; "
                f"there are {there.sum()}. Give more text, or negative=0."
            )
        weights = np.zeros(len(there))
        weights[there] = self.counts[there].astype(np.float64) ** exponent
        return make_others(weights)


def read(
    text: Corpus | ArrayLike | Any,  # noqa: ANN401
    counts: ArrayLike | None,
    *,
    specials: int,
    rows: bool,
) -> Source:
    """Bring a text into one form.

    Parameters
    ----------
    text : Corpus, array_like of int, or sequence of those
        A corpus, one stretch of ids, or a stretch for each sentence.
    counts : array_like of int, optional
        With ids: shape (V,).
    specials : int
        With ids: the first so many stand for no word.
    rows : bool
        With a corpus: hand out model rows.

    Returns
    -------
    Source
        The text.

    Raises
    ------
    InputError
        If it is none.
    ConfigError
        If an argument does not go with this kind of text.
    RowError
        If an id is beyond the counts.
    EmptyCorpusError
        If there is no token.
    OutOfMemoryError
        If ids are so high that there is no room for a count of each.
    """
    check_at_least("specials", specials, 0)
    if isinstance(text, Corpus):
        if counts is not None or specials:
            raise ConfigError("A Corpus has counts, and no special ids: leave both out.")
        source = _of_corpus(text, text.vocabulary.first_row if rows else 0)
    elif rows:
        raise ConfigError("rows=True needs a Corpus; ids are handed out as they came.")
    else:
        source = _of_ids(text, counts, specials)
    if len(source.ids) == 0:
        raise EmptyCorpusError("There is no token to make pairs of.")
    return source


def _of_corpus(corpus: Corpus, first: int) -> Source:
    return Source(np.asarray(corpus.ids), np.asarray(corpus.starts), counts_of(corpus), 0, first)


def _of_ids(text: object, counts: ArrayLike | None, specials: int) -> Source:
    ids, starts = _flat(text)
    if len(ids) and ids.min() < 0:
        known = ids >= 0
        starts = np.concatenate(([0], np.cumsum(known)))[starts]
        ids = ids[known]
    highest = int(ids.max(initial=-1))
    if highest >= 2**31 - 1:
        raise InputError(f"Ids must be below 2**31 - 1; got {highest:,}.")
    if counts is None:
        check_room(
            _PER_WORD * (highest + 1),
            f"What is known of {highest + 1:,} words (the highest id is {highest:,}) would",
            advice="Give ids without gaps, from 0 on.",
        )
        checked = np.bincount(ids, minlength=highest + 1).astype(np.int64)
    else:
        checked = _checked_counts(counts)
        if highest >= len(checked):
            raise RowError(f"The id {highest:,} is beyond the counts of {len(checked):,} words.")
    checked[:specials] = 0
    return Source(ids.astype(np.int32), starts, checked, specials, 0)


def _flat(text: object) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All ids one after the other, and where each sentence starts."""
    if isinstance(text, str | bytes) or not hasattr(text, "__len__"):
        raise InputError(_not_ids(text))
    nested = np.ndim(next(iter(text), 0)) == 1  # type: ignore[call-overload]
    try:
        pieces = [array_of(piece) for piece in (text if nested else [text])]  # type: ignore[attr-defined]
    except InputError:
        raise
    except ValueError as error:  # lists of different depth
        raise InputError(_not_ids(text)) from error
    for piece in pieces:
        if piece.ndim != 1 or (piece.dtype.kind not in "iu" and piece.size):
            raise InputError(_not_ids(piece))
    starts = np.cumsum([0, *map(len, pieces)])
    filled = [piece.astype(np.int64, copy=False) for piece in pieces if len(piece)]
    whole = np.array([a < b for a, b in pairwise(starts.tolist())] + [True])
    return np.concatenate(filled) if filled else np.empty(0, np.int64), starts[whole]


def _not_ids(text: object) -> str:
    return (
        "The text must be a Corpus, the ids of words (whole numbers, shape (N,)), or a list of "
        f"such for each sentence; got {text!r:.100}. Corpus.from_texts makes a corpus of texts."
    )


def _checked_counts(counts: ArrayLike) -> NDArray[np.int64]:
    array = array_of(counts)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and array.min() < 0):
        raise InputError(
            f"counts must be whole numbers from 0 on, one for each word; got {counts!r:.100}."
        )
    return array.astype(np.int64)
