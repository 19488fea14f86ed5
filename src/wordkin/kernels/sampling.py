"""What a kernel draws at random: which tokens stay, how far windows reach, noise words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, inner, kernel, next_random, seed_state
from wordkin.kernels.lanes import WIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BUFFER = 1024
PAST = WIDE
"""Room past the end of a buffer, for loads of so many numbers from the last word on."""
_ALL = 2**31 - 1
_NO_STREAM = np.zeros(0, np.int32)
_DRAWS_PER_WORD = 32
_SHORTEST_STREAM, _LONGEST_STREAM = 1 << 16, 1 << 24
_TWO_32 = np.uint64(1 << 32)
_LOW = np.uint64(0xFFFFFFFF)
_S32 = np.uint64(32)


class Text(NamedTuple):
    """The corpus as kernels see it."""

    ids: NDArray[np.int32]  # (N,) words
    starts: NDArray[np.int64]  # (S + 1,) where sentences begin in ids
    keep: NDArray[np.uint64]  # (V,) a word stays if 32 random bits are below this
    thinned: int = _ALL  # words from this one on are kept as it is, so that few are looked up


class Span(NamedTuple):
    """The tokens of a block: ids[start:stop]."""

    start: int
    stop: int


class Noise(NamedTuple):
    """An alias table (Walker 1977): a column is kept if 32 random bits are below its threshold."""

    threshold: NDArray[np.uint64]  # (V,)
    alias: NDArray[np.int32]  # (V,) the word to take otherwise
    stream: NDArray[np.int32] = _NO_STREAM  # draws made beforehand, see `with_stream`; or none


class Tree(NamedTuple):
    """A Huffman tree over the words: for word w, entries starts[w]:starts[w + 1] of its path."""

    starts: NDArray[np.int64]  # (V + 1,)
    nodes: NDArray[np.int32]  # inner nodes from the root down, 0..V-2
    turns: NDArray[np.float32]  # 0 or 1: where the path goes on from the node


class Buffer(NamedTuple):
    """Kept tokens in order; the last PAST entries are room past their end."""

    words: NDArray[np.int32]
    places: NDArray[np.int32]
    reaches: NDArray[np.int32]
    cursor: NDArray[np.int64]  # (3,) the next token, its sentence, the next kept token's place


def keep_thresholds(counts: NDArray[np.int64], sample: float) -> NDArray[np.uint64]:
    """How often each word stays when frequent words are thinned out.

    A word that makes up the share f of the corpus stays with probability
    sqrt(sample / f) + sample / f, as in word2vec.c (the paper's formula, Mikolov et al. 2013,
    section 2.3, lacks the second term).

    Parameters
    ----------
    counts : ndarray
        Shape (V,), int64.
    sample : float
        The share from which on words are thinned out; 0 keeps all.

    Returns
    -------
    ndarray
        Shape (V,), uint64: the probability times 2**32.
    """
    if sample == 0:
        return np.full(len(counts), _TWO_32, np.uint64)
    ratio = sample * counts.sum() / np.maximum(counts, 1)
    return (np.minimum(np.sqrt(ratio) + ratio, 1.0) * 2.0**32).astype(np.uint64)


def make_text(ids: NDArray[np.int32], starts: NDArray[np.int64], keep: NDArray[np.uint64]) -> Text:
    """The corpus as kernels see it, which look up chances of frequent words only.

    Looking them up for all words took a twelfth of the time of training, since the table doesn't
    fit into the nearest cache.

    Parameters
    ----------
    ids : ndarray of int32
        Shape (N,): words.
    starts : ndarray of int64
        Shape (S + 1,): where sentences begin in ids.
    keep : ndarray of uint64
        Shape (V,): from `keep_thresholds`.

    Returns
    -------
    Text
        Of all that, without copies.
    """
    thinned = np.flatnonzero(keep < _TWO_32)
    return Text(ids, starts, keep, min(int(thinned.max(initial=-1)) + 1, len(keep) - 1))


def make_noise(counts: NDArray[np.int64] | NDArray[np.float64], exponent: float) -> Noise:
    """The law that noise words are drawn by: in proportion to count ** exponent.

    Parameters
    ----------
    counts : ndarray
        Shape (V,), positive.
    exponent : float
        0.75 in word2vec.

    Returns
    -------
    Noise
        Its alias table.
    """
    share = counts.astype(np.float64) ** exponent
    share *= len(share) / share.sum()
    alias = np.arange(len(share), dtype=np.int32)
    small, large = (np.empty(len(share), np.int32) for _ in range(2))
    _pair_columns(share, alias, small, large)
    return Noise((np.minimum(share, 1.0) * 2.0**32).astype(np.uint64), alias)


def with_stream(noise: Noise, counts: NDArray[np.int64], exponent: float) -> Noise:
    """Add draws made beforehand, which the grouped kernels read one after the other.

    A draw from the alias table looks up two numbers anywhere in it; reading draws in order made
    skip-gram a tenth faster. Each word is there as often as it should be, to the next whole number.

    Parameters
    ----------
    noise : Noise
        The law.
    counts : ndarray
        Shape (V,), positive.
    exponent : float
        As for `make_noise`.

    Returns
    -------
    Noise
        With 32 draws or more for each word, at least 65,536; without, where these would be too many
        to keep.
    """
    size = stream_size(len(counts))
    if size == 0:
        return noise
    share = np.cumsum(counts.astype(np.float64) ** exponent)
    # the i-th draw is the first word whose share, added up, reaches the middle of its place
    ends = np.floor(share / share[-1] * size - 0.5).astype(np.int64) + 1
    ends[-1] = size
    stream = np.repeat(np.arange(len(counts), dtype=np.int32), np.diff(ends, prepend=0))
    _shuffle(stream, 0, size, seed_state(size))  # NumPy's takes two or three times as long
    return noise._replace(stream=stream)


def stream_size(words: int) -> int:
    """How many draws `with_stream` makes.

    Parameters
    ----------
    words : int
        The size V of the vocabulary.

    Returns
    -------
    int
        A power of two, or 0: none. Each draw takes 4 bytes.
    """
    wanted = _DRAWS_PER_WORD * words
    if wanted > _LONGEST_STREAM:
        return 0
    return max(_SHORTEST_STREAM, 1 << (wanted - 1).bit_length())


@kernel
def _shuffle(ids, begin, end, state):
    """Shuffle ids[begin:end] (Durstenfeld 1964)."""
    for i in range(end - 1, begin, -1):
        bits = next_random(state) >> _S32
        j = begin + np.int64((bits * np.uint64(i - begin + 1)) >> _S32)
        ids[i], ids[j] = ids[j], ids[i]


@kernel
def _pair_columns(share, alias, small, large):
    """Fill each column below 1 from one above it, until all are 1 (Vose 1991).

    `small` and `large` are room for as many columns as there are.
    """
    n_small = n_large = 0
    for i in range(len(share)):
        if share[i] < 1.0:
            small[n_small] = i
            n_small += 1
        else:
            large[n_large] = i
            n_large += 1
    while n_small > 0 and n_large > 0:
        n_small -= 1
        poor, rich = small[n_small], large[n_large - 1]
        alias[poor] = rich
        share[rich] -= 1.0 - share[poor]
        if share[rich] < 1.0:
            n_large -= 1
            small[n_small] = rich
            n_small += 1
    for i in range(n_small):  # what rounding left over
        share[small[i]] = 1.0


def make_tree(counts: NDArray[np.int64]) -> Tree:
    """The Huffman tree for hierarchical softmax (Mikolov et al. 2013, section 2.1).

    Parameters
    ----------
    counts : ndarray
        Shape (V,), int64, V at least 2, in descending order.

    Returns
    -------
    Tree
        Frequent words have short paths.
    """
    parents, turns = _merge_rarest(counts[::-1].copy())
    return Tree(*_write_paths(parents, turns, len(counts)))


@kernel
def _merge_rarest(ascending):
    """Parent and turn of each node: leaf i is word V-1-i, inner node j is node V+j.

    The two rarest trees are at the head of two queues, since inner nodes come out in ascending
    order of their counts too.
    """
    n = len(ascending)
    weight = np.empty(2 * n - 1, np.int64)
    weight[:n] = ascending
    parents = np.zeros(2 * n - 1, np.int64)
    turns = np.zeros(2 * n - 1, np.float32)
    leaf, inner = 0, n
    for new in range(n, 2 * n - 1):
        weight[new] = 0
        for turn in range(2):
            if leaf < n and (inner == new or weight[leaf] <= weight[inner]):
                rarest = leaf
                leaf += 1
            else:
                rarest = inner
                inner += 1
            weight[new] += weight[rarest]
            parents[rarest] = new
            turns[rarest] = turn
    return parents, turns


@kernel
def _write_paths(parents, turns, n):
    """The paths of all words, from the root (node 2V-2, row V-2) down."""
    root = 2 * n - 2
    depth = np.zeros(2 * n - 1, np.int64)
    for node in range(root - 1, -1, -1):  # parents have higher numbers
        depth[node] = depth[parents[node]] + 1
    starts = np.zeros(n + 1, np.int64)
    for word in range(n):
        starts[word + 1] = starts[word] + depth[n - 1 - word]
    nodes = np.empty(starts[n], np.int32)
    path_turns = np.empty(starts[n], np.float32)
    for word in range(n):
        node = n - 1 - word
        for i in range(starts[word + 1] - 1, starts[word] - 1, -1):
            path_turns[i] = turns[node]
            node = parents[node]
            nodes[i] = node - n
    return starts, nodes, path_turns


def alone(text: Text, span: Span) -> Text:
    """Cut a part out of a text.

    Parameters
    ----------
    text : Text
        The text.
    span : Span
        Which part.

    Returns
    -------
    Text
        A view of its tokens, with the sentences that begin or end in it.
    """
    start, stop = span
    first = max(int(np.searchsorted(text.starts, start, side="right")) - 1, 0)
    last = int(np.searchsorted(text.starts, stop, side="left"))
    starts = np.clip(text.starts[first : max(last, first + 1) + 1], start, stop) - start
    return text._replace(ids=text.ids[start:stop], starts=starts)


def shuffled(text: Text, span: Span, reach: int, state: NDArray[np.uint64]) -> tuple[Text, Span]:
    """Copy a part of a text whose sentences are sets, those in random order that are long.

    Within `reach` a token then meets random others of its set; sets of up to reach + 1 tokens
    meet completely, in any order.

    Parameters
    ----------
    text : Text
        The text.
    span : Span
        Which part.
    reach : int
        The widest distance of tokens that meet.
    state : ndarray of uint64
        The random stream; changed.

    Returns
    -------
    text : Text
        The part alone.
    span : Span
        All of it.
    """
    part = alone(text, span)
    part = part._replace(ids=part.ids.copy())
    _shuffle_long(part.ids, part.starts, reach + 1, state)
    return part, Span(0, len(part.ids))


@kernel
def _shuffle_long(ids, starts, short, state):
    """Shuffle each sentence that is longer than short."""
    for sentence in range(len(starts) - 1):
        begin, end = starts[sentence], starts[sentence + 1]
        if end - begin > short:
            _shuffle(ids, begin, end, state)


@inline
def draw_noise(noise, state):
    """Draw one noise word."""
    bits = next_random(state)
    column = np.int64(((bits >> _S32) * np.uint64(len(noise.alias))) >> _S32)
    return np.int32(column) if (bits & _LOW) < noise.threshold[column] else noise.alias[column]


def most_draws(tokens: int) -> int:
    """How many numbers `draw_for_groups` may need for a buffer, however groups share noise words.

    Parameters
    ----------
    tokens : int
        Those that the buffer has room for.

    Returns
    -------
    int
        With room for loads past both ends: groups of one share most.
    """
    return 1 + (tokens + 2) * (WIDE - 1) + PAST


@inner
def draw_for_groups(noise, state, first, last, group, shared, drawn):
    """Draw noise words to drawn[group:], for the groups of buffer[first:last] and one more.

    Returns where they end.
    """
    n = ((last - first) // group + 2) * shared
    draw_noises(noise, state, n, drawn[group:])
    return group + n


@kernel
def draw_noises(noise, state, n, out):
    """Draw n noise words to out: the next ones of the stream from anywhere, if there is one."""
    stream = noise.stream
    if len(stream) > n:
        start = np.int64(((next_random(state) >> _S32) * np.uint64(len(stream) - n)) >> _S32)
        for k in range(n):
            out[k] = stream[start + k]
    else:
        for k in range(n):
            out[k] = draw_noise(noise, state)


@inner
def refill(text, stop, buffer, first, count, rule, state, group, spare):
    """Fill the buffer with what comes next of the block: return `count`, `last` and `more`.

    What is to be learned from is buffer[first:last], in whole groups whose right side is there. If
    no `more` will come, it is all the rest, and spare words end the buffer.
    """
    count = fill(text, stop, buffer, count, rule, state)
    if buffer.cursor[0] < stop:
        return count, first + max(count - rule.window - first, 0) // group * group, True
    _end(buffer, count, spare)
    return count, count, False


@inner
def move_on(buffer, last, count, window):
    """Move what is context for the words from `last` on to the front of the buffer.

    Returns how far it was moved, and the new `first` and `count`.
    """
    start = max(0, last - window)
    for i in range(start, count):
        buffer.words[i - start] = buffer.words[i]
        buffer.places[i - start] = buffer.places[i]
        buffer.reaches[i - start] = buffer.reaches[i]
    return start, last - start, count - start


@inner
def fill(text, stop, buffer, count, rule, state):
    """Copy tokens to buffer[count:] until it is full or the block ends; return the new count.

    Hand `count` over as an int64: for a plain 0, a type of its own to Numba, all this is compiled
    once more.
    """
    cursor = buffer.cursor
    token, sentence, place = cursor[0], cursor[1], cursor[2]
    room = len(buffer.words) - PAST
    while token < stop and count < room:
        end = min(text.starts[sentence + 1], stop)
        while token < end and count < room:
            word = text.ids[token]
            token += 1
            bits = next_random(state)
            buffer.words[count] = word
            buffer.places[count] = place
            reach = rule.window
            if rule.shrink:
                reach = 1 + np.int64(((bits >> _S32) * np.uint64(rule.window)) >> _S32)
            buffer.reaches[count] = reach
            # no branch: it can't be predicted
            kept = np.int64((bits & _LOW) < text.keep[min(word, text.thinned)])
            count += kept
            place += kept
        if token == text.starts[sentence + 1]:
            sentence += 1
            place += rule.window + 1
    cursor[0], cursor[1], cursor[2] = token, sentence, place
    return count


def buffered(window: int) -> int:
    """Tell how many tokens a buffer has room for.

    Parameters
    ----------
    window : int
        The widest reach: so much context is carried over.

    Returns
    -------
    int
        With the room past their end.
    """
    return _BUFFER + 2 * window + PAST


def make_buffer(window: int) -> Buffer:
    """An empty buffer.

    It is made in Python: to compile what makes arrays takes a second.

    Parameters
    ----------
    window : int
        The widest reach.

    Returns
    -------
    Buffer
        All zeros.
    """
    words, places, reaches = np.zeros((3, buffered(window)), np.int32)
    return Buffer(words, places, reaches, np.zeros(3, np.int64))


@inner
def _end(buffer, count, word):
    """Let the buffer end with a word that reaches none, as often as a group may go past its end."""
    for i in range(count, count + PAST):
        buffer.words[i] = word
        buffer.places[i] = buffer.places[max(count - 1, 0)]
        buffer.reaches[i] = -1


@inner
def begin(text, span, buffer):
    """Point the buffer's cursor at the block's first token."""
    cursor = buffer.cursor
    cursor[0] = span.start
    cursor[1] = sentence_of(text.starts, span.start)
    cursor[2] = 0


@inner
def sentence_of(starts, token):
    """Find the sentence of a token: np.searchsorted, which takes five times as long to compile."""
    low, high = np.int64(0), np.int64(len(starts))
    while low < high:
        middle = (low + high) // 2
        if starts[middle] <= token:
            low = middle + 1
        else:
            high = middle
    return low - 1


@inline
def bounds(buffer, i, reach, count):
    """The first and last index in the buffer that are within reach of i and in its sentence."""
    left, right = max(i - reach, 0), min(i + reach, count - 1)
    while buffer.places[left] < buffer.places[i] - reach:
        left += 1
    while buffer.places[right] > buffer.places[i] + reach:
        right -= 1
    return left, right
