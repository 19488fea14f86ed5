"""FastText on the CPU: as `word2vec`, but a word is the mean of several rows of one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.engines import Block, Memory
from wordkin.engines.text import counted_text
from wordkin.engines.threads import Team
from wordkin.errors import ConfigError
from wordkin.kernels import losses, sampling, seed_state, subword
from wordkin.kernels.lanes import WIDE
from wordkin.kernels.word2vec import Rule, aligned, padded
from wordkin.subwords import NgramIndex, Subwords
from wordkin.subwords.fasttext import FastTextIndex
from wordkin.subwords.floret import FloretIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from wordkin.config import FastText
    from wordkin.corpus import Corpus
    from wordkin.engines import Learned
    from wordkin.kernels.word2vec import Span

_SMALL = 1_000_000
"""A corpus of fewer tokens is done in no time: learn as fastText does, centre by centre."""
_GROUPS = {"skipgram": (1, 5), "cbow": (2, 6)}
"""Centres in a group and noise words it shares. Most of the time goes into pieces: groups of 3 save
a tenth of it, and cost skip-gram 3 points of syntactic analogies on wiki8."""
_INIT_STREAM = 2**40
"""Beyond any block's step number, so that the first rows and the draws never share a stream."""
_ROWS_AT_ONCE = 1 << 12
_PIECES_PER_WORD = 32
"""Seen: 24 n-grams of 3 to 6 characters in a word of English, 4 of them in no word before."""
_NEW_PER_WORD, _NEW_AT_LEAST = 10, 30_000
_BYTES_PER_WORD = 600
"""Counts, thresholds, the noise law or a tree's paths, spelling, and n-grams as they are cut."""
_BYTES_BESIDE = 48 << 20
"""Compiled code, and what Python and NumPy hold for a moment."""


def memory(words: int, config: FastText, *, workers: int) -> Memory:
    """Estimate what a run will take, before there is one: how many n-grams there will be is open.

    Parameters
    ----------
    words : int
        The size V of the vocabulary.
    config : FastText
        The model.
    workers : int
        Threads.

    Returns
    -------
    Memory
        Bytes, not counting the corpus; for English rather too many.
    """
    floats = padded(config.vector_size)
    buckets = config.spelling["n_buckets"]
    if config.compact:
        rows = buckets
    else:
        rows = words + min(buckets, _NEW_PER_WORD * words + _NEW_AT_LEAST)
    contexts = 2 * config.reach + 2 * WIDE
    room = subword.room_bytes(config.reach, config.vector_size)
    desks = workers * (4 * contexts * floats * 4 + contexts * WIDE * 8 + room)
    pieces = words * _PIECES_PER_WORD * (config.hashes if config.compact else 1) * 4
    beside = words * _BYTES_PER_WORD + _BYTES_BESIDE
    if config.loss == "negative-sampling":  # the others draw nothing beforehand
        beside += sampling.stream_size(words) * 4
    finished = words * config.vector_size * 4  # the means
    return Memory(
        tables=(rows + words + 2) * floats * 4,
        other=desks + pieces + finished + beside,
        shape=(words, floats),
        layout=f"{rows:,} rows of words and n-grams and {words:,} of contexts, {floats} wide",
    )


class FastTextRun:
    """A model being trained by threads that share its matrices, the rows at random at first.

    Parameters
    ----------
    corpus : Corpus
        What to learn from.
    config : FastText
        The model.
    seed : int
        Fixes all draws.
    workers : int
        Threads.
    """

    def __init__(self, corpus: Corpus, config: FastText, *, seed: int, workers: int) -> None:
        self._text, counts = counted_text(corpus, sample=config.sample)
        self._config, self._seed, self._counts = config, seed, counts
        self._spelling = _spell(corpus.vocabulary.words, counts, config)
        self._kernel, self._law = _choose_kernel(config, counts)
        floats = padded(config.vector_size)
        self._tables = subword.Tables(
            aligned((self._spelling.n_rows + 1, floats)), aligned((len(counts) + 1, floats))
        )
        rng = np.random.default_rng([seed, _INIT_STREAM])
        scale = np.float32(2 / config.vector_size)  # fastText's: twice word2vec's
        for start in range(0, self._spelling.n_rows, _ROWS_AT_ONCE):  # no second table
            rows = self._tables.pieces[start : min(start + _ROWS_AT_ONCE, self._spelling.n_rows)]
            draws = rng.random((len(rows), config.vector_size), dtype=np.float32)
            rows[:, : config.vector_size] = (draws - np.float32(0.5)) * scale
        self._team = Team(workers, self._desk_maker())

    def _desk_maker(self) -> Callable[[], Any]:
        return lambda: subword.make_desk(self._config.reach, self._config.vector_size)

    def warm_up(self) -> None:
        """Compile the kernels, so that no clock of training counts that."""
        self.update(Block(0, 0, self._config.alpha, 0))

    def update(self, block: Block) -> Learned:
        """Learn from a block, cut into parts that the threads take one after the other.

        Parameters
        ----------
        block : Block
            Which tokens, at which learning rate.

        Returns
        -------
        Learned
            How many tokens took part, and a sample of their loss.
        """

        def learn(desk: subword.Desk, part: int, span: Span) -> NDArray[np.float64]:
            tally = np.zeros(3)
            state = seed_state(self._seed, block.step, part)
            given = (self._text, self._law, self._tables, self._spelling.pieces, rule)
            self._kernel(*given, span, desk, state, tally)
            return tally

        config = self._config
        alpha = np.float32(block.alpha)
        rule = Rule(config.reach, config.shrink_windows, config.negative, alpha)
        return self._team.share(block, learn)

    def arrays(self) -> Mapping[str, NDArray[np.float32]]:
        """The matrices as they are now.

        Returns
        -------
        mapping
            Views: "words" (V, D), the words' own rows, unless the model is compact, "ngrams"
            (B, D) and "context" (V, D).
        """
        size, own = self._config.vector_size, self._spelling.n_own
        tables = {"ngrams": self._tables.pieces[own:-1, :size]}
        if own:
            tables["words"] = self._tables.pieces[:own, :size]
        return tables | {"context": self._tables.output[:-1, :size]}

    def vectors(self) -> NDArray[np.float32]:
        """Make the word vectors as they are now.

        Returns
        -------
        ndarray
            Shape (V, D), float32: the means of the words' pieces.
        """
        words = len(self._spelling.pieces.starts) - 1
        out = np.empty((words, self._config.vector_size), np.float32)
        subword.compose(self._tables.pieces, self._spelling.pieces, out)
        return out

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from these matrices instead.

        Parameters
        ----------
        arrays : mapping
            As `arrays` has them, or word vectors as "input": then the words' own rows become what
            makes the means right (a compact model has none, and needs "ngrams"). "ngram_rows" tells
            the row in "ngrams" of each bucket, if they are others than here.

        Raises
        ------
        ConfigError
            If a compact model gets word vectors alone.
        """
        for name, table in self.arrays().items():
            if name == "ngrams" and "ngram_rows" in arrays:
                rows = arrays["ngram_rows"][self._spelling.buckets].astype(np.int64)
                table[rows >= 0] = arrays[name][rows[rows >= 0]]
            elif name in arrays:
                table[:] = arrays[name]
        if "input" not in arrays:
            return
        if not self._spelling.n_own:
            if "ngrams" not in arrays:
                raise ConfigError(
                    "A compact FastText has no rows that belong to a word: it can only go on from "
                    "vectors with the same n-grams."
                )
            return
        sizes = np.diff(self._spelling.pieces.starts)
        own = self.arrays()["words"]
        own += (arrays["input"] - self.vectors()) * sizes[:, None].astype(np.float32)

    def finish(self) -> Mapping[str, NDArray[np.float32]]:
        """End the run and hand over its matrices; those of n-grams come by `subwords`.

        Returns
        -------
        mapping
            "input" and "context", C-contiguous (V, D). The run can't be used any more.
        """
        self.close()
        size, spelling = self._config.vector_size, self._spelling
        vectors = self.vectors()
        ngrams = _without_padding(self._tables.pieces[spelling.n_own :], size)
        # the spare row is the one of n-grams that no word has
        self._subwords = Subwords(ngrams[: spelling.ngrams.largest() + 1], spelling.ngrams)
        context = _without_padding(self._tables.output, size)[:-1]
        del self._tables
        return {"input": vectors, "context": context}

    def subwords(self) -> Subwords:
        """Hand over the rows of n-grams, after `finish`.

        Returns
        -------
        Subwords
            Not a copy.
        """
        return self._subwords

    def close(self) -> None:
        """Stop all threads, and wait until they have stopped: not longer than a block takes."""
        self._team.close()


class _Spelling(NamedTuple):
    """What the words are made of."""

    pieces: subword.Pieces
    ngrams: NgramIndex
    n_own: int
    """Rows that belong to one word each: the first ones."""
    n_rows: int
    buckets: NDArray[np.int64]
    """Of the rows of n-grams, where each bucket has one: which bucket it is of."""


def _spell(words: Sequence[str], counts: NDArray[np.int64], config: FastText) -> _Spelling:
    """Cut words into n-grams, and give a row to each bucket that occurs, frequent ones first."""
    spelling = dict(config.spelling)
    kind = {"fasttext": FastTextIndex, "floret": FloretIndex}[spelling.pop("name")]
    index: FastTextIndex | FloretIndex = kind(**spelling)
    grams, sizes = _cut(words, index)
    owners = np.repeat(np.arange(len(words)), sizes)
    if config.compact:
        starts = np.concatenate(([0], np.cumsum(sizes)))
        n = index.n_buckets
        pieces = subword.Pieces(starts, grams.astype(np.int32))
        return _Spelling(pieces, index, 0, n, np.arange(n))
    buckets, grams = np.unique(grams, return_inverse=True)
    # rows that are used together lie together: fewer pages to look up, and copied in one piece
    often = np.argsort(-np.bincount(grams, counts[owners]), kind="stable")
    row_of = np.empty(len(buckets), np.int64)
    row_of[often] = np.arange(len(buckets))
    starts = np.concatenate(([0], np.cumsum(sizes + 1)))
    rows = np.empty(starts[-1], np.int32)
    own = np.zeros(len(rows), np.bool_)
    own[starts[:-1]] = True
    rows[own] = np.arange(len(words))
    rows[~own] = len(words) + row_of[grams]
    kept = np.stack([buckets, row_of], axis=1)
    index = kind(**spelling, kept=kept, rest=len(buckets))
    n_rows = len(words) + len(buckets)
    return _Spelling(subword.Pieces(starts, rows), index, len(words), n_rows, buckets[often])


def _cut(words: Sequence[str], index: NgramIndex) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of all n-grams of all words, and how many each has; cut a few words at a time."""
    rows, sizes = [], []
    for start in range(0, len(words), _ROWS_AT_ONCE):
        encoded = [w.encode("utf-8", "surrogatepass") for w in words[start : start + _ROWS_AT_ONCE]]
        some, counts = index.rows(encoded)
        rows.append(some.astype(np.int64))
        sizes.append(counts)
    return np.concatenate(rows), np.concatenate(sizes)


def _without_padding(table: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """Move rows forward within their own memory, until they lie one behind the other."""
    flat = table.reshape(-1)
    if dimensions < table.shape[1]:
        for start in range(0, len(table), _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, len(table))
            # the copy of a piece: where it goes may overlap where it comes from
            flat[start * dimensions : stop * dimensions] = table[start:stop, :dimensions].ravel()
    return flat[: len(table) * dimensions].reshape(len(table), dimensions)


def sharing(config: FastText, counts: NDArray[np.int64]) -> tuple[int, int]:
    """Tell how the grouped kernel shares noise words.

    Parameters
    ----------
    config : FastText
        The model.
    counts : ndarray of int64
        Shape (V,).

    Returns
    -------
    group, shared : int
        Centres in a group, and noise words that they share.
    """
    group, shared = (1, 5) if counts.sum() < _SMALL else _GROUPS[config.mode]
    group = config.group or group
    shared = config.shared_negatives or min(shared, WIDE - group)
    return group, shared


def _choose_kernel(
    config: FastText, counts: NDArray[np.int64]
) -> tuple[Callable[..., None], sampling.Noise | sampling.Tree | losses.Law]:
    """The compiled loop for these settings, and the law it predicts words by."""
    cbow = config.averages
    if config.loss != "negative-sampling":
        law = losses.make_law(config.loss, counts, config.ns_exponent, config.negative)
        return subword.make_plain(losses.predictor(config.loss), cbow=cbow), law
    group, shared = sharing(config, counts)
    kernel = subword.make_grouped(cbow=cbow, group=group, shared=shared)
    noise = sampling.make_noise(counts, config.ns_exponent)
    return kernel, sampling.with_stream(noise, counts, config.ns_exponent)


make_run = FastTextRun
