"""Joining: phrases are found in a draft, and joined in it, before its words are chosen.

All words count here, the rare ones too, as they do for gensim: what is pruned is pruned later.
Importing this loads Numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wordkin.kernels import phrases as kernels
from wordkin.progress import task
from wordkin.text.phrases import Phrase, Phrases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from wordkin.corpus.draft import Draft
    from wordkin.text.phrases import PhraseRule

_AT_ONCE = 1 << 24  # tokens, after which Ctrl-C is heard
_MOST_PAIRS = 40_000_000
"""The bound of gensim's `max_vocab_size`: then the rarest are forgotten. 1.1 GB in a table."""
_ROOM = 64  # slots that a kernel may take beyond its limit


class Joiner:
    """Phrases of a text that is still a draft.

    Parameters
    ----------
    draft : Draft
        The text; changed in place.
    words : list of str
        The word of each provisional number; phrases are added.
    connectors : frozenset of str
        Words that may stand inside a phrase.
    delimiter : str
        What joins words.
    """

    def __init__(
        self, draft: Draft, words: list[str], *, connectors: frozenset[str], delimiter: str
    ) -> None:
        self._draft, self._words = draft, words
        self._connectors, self._delimiter = connectors, delimiter
        self._numbers = {word: i for i, word in enumerate(words)}
        self._plain = len(words)
        self._parts: list[tuple[int, ...]] = []  # of the phrases

    def learn(self, rule: PhraseRule) -> Phrases:
        """Find phrases and join them, pass by pass.

        Parameters
        ----------
        rule : PhraseRule
            What counts as a phrase.

        Returns
        -------
        Phrases
            What was found.
        """
        passes = []
        for threshold in rule.thresholds:
            found = self.find(rule, threshold)
            if not found:
                break
            passes.append(found)
            self.join(found)
        return Phrases(tuple(passes), self._connectors, self._delimiter)

    def join(self, phrases: Iterable[Phrase]) -> None:
        """Join phrases: one pass.

        Parameters
        ----------
        phrases : iterable of Phrase
            What to join; what has a word that the text lacks is passed over.
        """
        look_up = self._numbers.get
        numbered = [(tokens, [look_up(token, -1) for token in tokens]) for tokens, _ in phrases]
        known = [(tokens, numbers) for tokens, numbers in numbered if min(numbers, default=-1) >= 0]
        if not known:
            return
        names = np.array([self._name(tokens, numbers) for tokens, numbers in known], np.int32)
        table = _index([numbers for _, numbers in known])
        counts = np.zeros(len(self._words), np.int64)
        counts[: len(self._draft.counts)] = self._draft.counts
        with task("joining phrases"):
            tokens = kernels.join_in_place(self._text(), self._connect(), table, names, counts)
        self._draft.shorten(int(tokens), counts)

    def _name(self, tokens: Sequence[str], numbers: Sequence[int]) -> int:
        """The number of a phrase; a word of the text that is spelled so is the same."""
        joined = self._delimiter.join(tokens)
        if joined not in self._numbers:
            self._numbers[joined] = len(self._words)
            self._words.append(joined)
            self._parts.append(tuple(part for i in numbers for part in self._parts_of(i)))
        return self._numbers[joined]

    def _parts_of(self, number: int) -> tuple[int, ...]:
        return (number,) if number < self._plain else self._parts[number - self._plain]

    def _connect(self) -> NDArray[np.bool_]:
        connects = np.zeros(len(self._words), np.bool_)
        rows = [self._numbers[word] for word in self._connectors if word in self._numbers]
        connects[rows] = True
        return connects

    def _text(self) -> kernels.Sequences:
        ids, ends = self._draft.arrays()
        return kernels.Sequences(np.asarray(ids), np.asarray(ends))

    def find(self, rule: PhraseRule, threshold: float) -> tuple[Phrase, ...]:
        """Find the phrases of one pass.

        Parameters
        ----------
        rule : PhraseRule
            What counts as a phrase.
        threshold : float
            What a score has to be above, in place of the rule's.

        Returns
        -------
        tuple of Phrase
            In the order in which they first come.
        """
        text, connects = self._text(), self._connect()
        sizes = [len(parts) for parts in self._parts]
        parts = [part for parts in self._parts for part in parts]
        words = kernels.Words(
            self._draft.counts,
            connects,
            self._plain,
            np.array(parts, np.int64),
            np.cumsum([0, *sizes], dtype=np.int64),
        )
        table, pairs = _count(text, words)
        npmi = rule.scoring == "npmi"
        kinds = int(np.count_nonzero(words.counts[~connects])) + pairs
        factor = float(len(text.ids) if npmi else kinds)
        score = kernels.Score(npmi, float(rule.min_count), factor, threshold)
        # rarer pairs can't be phrases: what is left of the table is small, and quick to look into
        table = _refilled(table, least=rule.min_count + (not npmi))
        sieve = np.zeros(max(len(table) // 16, 1), np.uint64)
        kernels.sift(table, sieve)
        counts = kernels.Counts(table, sieve)
        with task("looking for phrases"):
            return self._named(text.ids, _all_above(text, words, counts=counts, score=score))

    def _named(self, ids: NDArray[np.int32], found: kernels.Found) -> tuple[Phrase, ...]:
        # the tokens of all phrases at once: an array for each would take longer than finding them
        ends = np.cumsum(found.lengths)
        inside = np.arange(len(found.lengths) and ends[-1]) - np.repeat(
            ends - found.lengths, found.lengths
        )
        tokens = [self._words[i] for i in ids[np.repeat(found.firsts, found.lengths) + inside]]
        return tuple(
            Phrase(tuple(tokens[end - length : end]), score)
            for end, length, score in zip(
                ends.tolist(), found.lengths.tolist(), found.scores.tolist(), strict=True
            )
        )


def _table(keys: int) -> NDArray[np.uint64]:
    """A table that is at most half full with so many keys."""
    return np.zeros((1 << max(2 * keys - 1, 2 * _ROOM).bit_length(), 2), np.uint64)


def _refilled(table: NDArray[np.uint64], *, least: int) -> NDArray[np.uint64]:
    """A table of just the right size for what has a value of at least so much."""
    kept = int(np.count_nonzero(table[:, 1] >= np.uint64(least)))
    new = _table(kept)
    kernels.refill(table, new, np.uint64(least))
    return new


def _index(phrases: Sequence[Sequence[int]]) -> NDArray[np.uint64]:
    tokens = np.array([token for phrase in phrases for token in phrase], np.int64)
    bounds = np.cumsum([0, *map(len, phrases)], dtype=np.int64)
    table = _table(len(phrases))
    kernels.index_phrases(tokens, bounds, table)
    return table


def _count(text: kernels.Sequences, words: kernels.Words) -> tuple[NDArray[np.uint64], int]:
    """Count all pairs; return the table, and how many different ones there are."""
    # no larger than what holds so many at two thirds full
    table = _table(min(len(text.ids) // 5, _MOST_PAIRS * 3 // 4))
    cursor = kernels.make_cursor()
    least = 1
    with task("counting pairs for phrases", len(text.ids), "words") as advance:
        while (start := int(cursor.token[0])) < len(text.ids):
            stop = min(start + _AT_ONCE, len(text.ids))
            # up to two thirds full
            limits = np.array([stop, len(table) * 2 // 3 - _ROOM], np.int64)
            kernels.count_pairs(text, words, table, cursor, limits)
            advance(int(cursor.token[0]) - start)
            if cursor.used[0] <= limits[1]:
                continue
            if cursor.used[0] > _MOST_PAIRS:
                least += 1  # as word2phrase.c does it
            size = len(table) * (2 if least == 1 else 1)
            new = np.zeros((size, 2), np.uint64)
            cursor.used[0] = kernels.refill(table, new, np.uint64(least))
            table = new
    return table, int(cursor.used[0])


def _all_above(
    text: kernels.Sequences,
    words: kernels.Words,
    *,
    counts: kernels.Counts,
    score: kernels.Score,
) -> kernels.Found:
    """All phrases, in the order in which they first come."""
    cursor = kernels.make_cursor()
    room = max(len(counts.table) // 8, 16)
    found = _room_for(room)
    while not kernels.find_phrases(text, words, counts, score, found, cursor):
        room *= 2
        larger = _room_for(room)
        kernels.refill(found.table, larger.table, np.uint64(0))
        for old, new in zip(found[1:], larger[1:], strict=True):
            new[: len(old)] = old
        found = larger
    n = int(cursor.used[0])
    return kernels.Found(found.table, found.firsts[:n], found.lengths[:n], found.scores[:n])


def _room_for(phrases: int) -> kernels.Found:
    whole = np.zeros((2, phrases), np.int64)
    return kernels.Found(_table(phrases), whole[0], whole[1], np.zeros(phrases))
