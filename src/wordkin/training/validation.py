"""Loss that means something: on text that is never trained on, with fixed pairs and noise words.

What a kernel tells as its loss depends on how it draws and groups. The loss here depends on the
vectors alone. It is that of negative sampling (Mikolov et al. 2013, arXiv:1310.4546, equation 4),

    -log s(x . y) - sum over k noise words n of log s(-x . y_n),    s(z) = 1 / (1 + exp(-z)),

in nats, a mean over (context, centre) pairs of held-out text: x is the context's row of the input
table (CBOW: the mean row of all contexts), y and y_n are rows of the context table. Windows have
their full width, no word is thinned out, and noise words are drawn once, before training; one that
is the centre does not count, as in training. With hierarchical softmax the sum goes along the
centre's path through the tree: the exact -log p(centre | context). With softmax, sampled softmax
and noise-contrastive estimation, which all learn scores of a softmax, it is that one's, exactly.

What learns from counts instead of text holds out some of those (`held_counts`).

It can be compared between runs that differ in vector size, learning rate, epochs, sample, group,
threads or engine. Another window, `negative` or `ns_exponent` asks other questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.config import Word2Vec
from wordkin.corpus.surveying import counts_of
from wordkin.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from wordkin.corpus import Corpus
    from wordkin.training.job import Job

_SEGMENTS = 64
_SHORTEST_SEGMENT = 64  # tokens, where there are enough of them for several
_MOST_TOKENS = 1 << 19  # more text would only give pairs to choose from
_MOST_ROWS = 500_000  # read for one loss: 70,000 pairs with 5 noise words each
_ROWS_AT_ONCE = 1 << 12  # what stays in a processor's cache
_ROWS_OF_A_PRODUCT = 64  # a matrix product goes over so many rows while one is looked up
_STREAM = 2**41
"""Parts these draws from those of the engines, which use the same seed."""


class Questions(NamedTuple):
    """What the vectors are asked: Q predictions."""

    contexts: NDArray[np.int32]
    """Shape (C,): input rows; question q asks with the mean of those from context_ends[q - 1] to
    context_ends[q]."""
    context_ends: NDArray[np.int64]
    targets: NDArray[np.int32]
    """Shape (T,): context-table rows; those of question q likewise."""
    target_ends: NDArray[np.int64]
    signs: NDArray[np.float32]
    """Shape (T,): 1 for a row to predict, -1 for noise, 0 for what does not count."""
    exact: bool = False
    """Whether to predict by softmax over all rows; there is one target for each question then."""


@dataclass(frozen=True)
class HeldOut:
    """Text that is held out, and the questions that are made of it.

    Parameters
    ----------
    segments : ndarray of int64
        Shape (n, 2): where stretches of the corpus begin and end.
    questions : Questions, optional
        None where nothing is held out.
    """

    segments: NDArray[np.int64]
    questions: Questions | None

    @property
    def tokens(self) -> int:
        """How many are held out."""
        return int((self.segments[:, 1] - self.segments[:, 0]).sum())

    @property
    def size(self) -> int:
        """How much is held out, in what it is counted by: tokens."""
        return self.tokens

    def loss(self, arrays: Mapping[str, NDArray[np.float32]]) -> float | None:
        """Compute the loss of some vectors.

        Parameters
        ----------
        arrays : mapping
            "input" and "context", (V, D).

        Returns
        -------
        float or None
            In nats; None where nothing is held out.
        """
        if self.questions is None:
            return None
        return mean_loss(self.questions, arrays["input"], arrays["context"])


def hold_out(job: Job) -> HeldOut:
    """Choose what is held out, and make questions of it; the seed decides.

    Parameters
    ----------
    job : Job
        The corpus, the model, the seed, and the share of the text to hold out.

    Returns
    -------
    HeldOut
        The same for each engine and any number of threads.

    Raises
    ------
    ConfigError
        If the share is so small, or the sentences so short, that there is no pair of words.
    """
    if job.validation == 0 or job.config.holds_out_counts:
        return HeldOut(np.empty((0, 2), np.int64), None)
    rng = np.random.default_rng([job.seed, _STREAM])
    segments = choose_segments(job.corpus, job.validation, rng)
    return HeldOut(segments, ask(job, segments, rng))


def choose_segments(corpus: Corpus, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose stretches of text at random, one from each of up to 64 equal parts of the corpus.

    Parameters
    ----------
    corpus : Corpus
        The text.
    share : float
        How much of it, above 0 and up to 0.5; at most half a million tokens are taken.
    rng : Generator
        Draws.

    Returns
    -------
    ndarray of int64
        Shape (n, 2): first token, and the one after the last. They begin where a sentence begins
        if one does nearby, so that few sentences are cut.
    """
    tokens = min(int(share * corpus.n_tokens), _MOST_TOKENS)
    n = min(max(tokens // _SHORTEST_SEGMENT, 1), _SEGMENTS)
    length = tokens // n
    parts = np.linspace(0, corpus.n_tokens, n + 1).astype(np.int64)
    low, high = parts[:-1], parts[1:] - length
    starts = rng.integers(low, high, endpoint=True)
    after = np.searchsorted(corpus.starts, starts)
    for candidate in (corpus.starts[after], corpus.starts[np.maximum(after - 1, 0)]):
        near = (abs(candidate - starts) < length) & (low <= candidate) & (candidate <= high)
        starts = np.where(near, candidate, starts)
    return np.stack([starts, starts + length], axis=1)


def ask(job: Job, segments: NDArray[np.int64], rng: np.random.Generator) -> Questions:
    """Make questions of held-out text; a sample, where there are very many.

    Parameters
    ----------
    job : Job
        The corpus and the model.
    segments : ndarray of int64
        Shape (n, 2): the text.
    rng : Generator
        Draws the sample and the noise words.

    Returns
    -------
    Questions
        What the vectors are to predict.

    Raises
    ------
    ConfigError
        If there is no pair of words, or the model predicts none.
    """
    corpus, config = job.corpus, _asking(job)
    places, left, right = _windows(corpus, segments, config.reach)
    sizes = right - left - 1
    if not sizes.any():
        raise ConfigError(
            f"validation={job.validation} holds out {len(places):,} tokens, and no two of them "
            "are neighbours in a sentence. Hold out more."
        )
    if config.averages:
        chosen = np.flatnonzero(sizes)
        chosen = _sample(rng, chosen, _MOST_ROWS // (2 * config.reach + _targets(job)))
        first, centres = left[chosen], places[chosen]
        ends = np.cumsum(sizes[chosen])
        rank = np.arange(ends[-1]) - np.repeat(ends - sizes[chosen], sizes[chosen])
        contexts = np.repeat(first, sizes[chosen]) + rank
        contexts += contexts >= np.repeat(centres, sizes[chosen])
    else:
        pairs = _sample(rng, int(sizes.sum()), _MOST_ROWS // (1 + _targets(job)))
        chosen = np.searchsorted(np.cumsum(sizes), pairs, side="right")
        centres = places[chosen]
        contexts = left[chosen] + pairs - (np.cumsum(sizes) - sizes)[chosen]
        contexts += contexts >= centres
        ends = np.arange(1, len(contexts) + 1)
    words = np.asarray(corpus.ids)[centres]
    law = _LAWS[config.loss]
    return Questions(np.asarray(corpus.ids)[contexts], ends, *law(job, words, rng))


def _targets(job: Job) -> int:
    """About as many rows as a question's targets cost to look up."""
    config = _asking(job)
    if _LAWS[config.loss] is _against_everything:
        return 1 + len(job.corpus.vocabulary) // _ROWS_OF_A_PRODUCT
    return 1 + config.negative


def _asking(job: Job) -> Word2Vec:
    if not isinstance(job.config, Word2Vec):
        raise ConfigError(
            f"Held-out text can't tell the loss of {type(job.config).__name__}, which does not "
            "predict words from words alone. Use validation=0."
        )
    return job.config


def _windows(
    corpus: Corpus, segments: NDArray[np.int64], window: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Each place in the segments, and the first and one after the last place of its window."""
    lengths = segments[:, 1] - segments[:, 0]
    places = np.concatenate([np.arange(start, stop) for start, stop in segments.tolist()])
    sentence = np.searchsorted(corpus.starts, places, side="right") - 1
    left = np.maximum(corpus.starts[sentence], np.repeat(segments[:, 0], lengths))
    right = np.minimum(corpus.starts[sentence + 1], np.repeat(segments[:, 1], lengths))
    return places, np.maximum(left, places - window), np.minimum(right, places + window + 1)


def _sample(
    rng: np.random.Generator, things: int | NDArray[np.int64], most: int
) -> NDArray[np.int64]:
    """Things in order, or as many of them as are wanted at most."""
    everything = np.arange(things) if isinstance(things, int) else things
    if len(everything) <= most:
        return everything
    return np.sort(rng.choice(everything, most, replace=False))


def _counts(job: Job) -> NDArray[np.int64]:
    """How often each word is there, none of them never."""
    return np.maximum(counts_of(job.corpus), 1).astype(np.int64)


def _against_noise(
    job: Job, centres: NDArray[np.int32], rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]:
    """The centre and fixed noise words for each question."""
    config = _asking(job)
    law = np.cumsum(_counts(job).astype(np.float64) ** config.ns_exponent)
    draws = rng.random((len(centres), config.negative)) * law[-1]
    noise = np.searchsorted(law, draws, side="right").clip(max=len(law) - 1)
    targets = np.concatenate((centres[:, None], noise), axis=1).astype(np.int32)
    signs = np.where(targets == centres[:, None], np.float32(0), np.float32(-1))
    signs[:, 0] = 1
    ends = np.arange(1, len(centres) + 1) * targets.shape[1]
    return targets.ravel(), ends, signs.ravel()


def _along_paths(
    job: Job, centres: NDArray[np.int32], _: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]:
    """The turns through the Huffman tree on the way to each centre."""
    from wordkin.kernels.sampling import make_tree

    tree = make_tree(_counts(job))
    lengths = np.diff(tree.starts)[centres]
    ends = np.cumsum(lengths)
    steps = np.arange(ends[-1]) + np.repeat(tree.starts[centres] - ends + lengths, lengths)
    return tree.nodes[steps], ends, np.float32(1) - 2 * tree.turns[steps]


def _against_everything(
    _: Job, centres: NDArray[np.int32], __: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32], bool]:
    """The centre, among all words."""
    return centres, np.arange(1, len(centres) + 1), np.ones(len(centres), np.float32), True


_LAWS: Mapping[str, Callable[..., tuple[Any, ...]]] = {
    "negative-sampling": _against_noise,
    "hierarchical-softmax": _along_paths,
    "softmax": _against_everything,
    "sampled-softmax": _against_everything,
    "nce": _against_everything,
}


def mean_loss(
    questions: Questions, inputs: NDArray[np.float32], outputs: NDArray[np.float32]
) -> float:
    """Compute the mean loss of questions.

    Parameters
    ----------
    questions : Questions
        What is asked.
    inputs, outputs : ndarray
        The two tables: shape (V, D), float32.

    Returns
    -------
    float
        In nats; not finite where the vectors are not.
    """
    context_starts = np.concatenate(([0], questions.context_ends))
    target_starts = np.concatenate(([0], questions.target_ends))
    n = len(questions.context_ends)
    rows_each = (len(questions.contexts) + len(questions.targets)) / n
    if questions.exact:
        rows_each += len(outputs) / _ROWS_OF_A_PRODUCT
    at_once = max(1, int(_ROWS_AT_ONCE / rows_each))
    total = 0.0
    with np.errstate(all="ignore"):  # vectors that have exploded are reported as such
        for a in range(0, n, at_once):
            b = min(a + at_once, n)
            first, last = context_starts[a], context_starts[b]
            x = inputs[questions.contexts[first:last]]  # np.take would copy padded tables whole
            if last - first > b - a:
                sizes = np.diff(context_starts[a : b + 1])
                x = np.add.reduceat(x, context_starts[a:b] - first)
                x /= sizes[:, None].astype(np.float32)
            first, last = target_starts[a], target_starts[b]
            if questions.exact:
                total += _exact_loss(x, outputs, questions.targets[first:last])
                continue
            y = outputs[questions.targets[first:last]]
            owners = np.repeat(np.arange(b - a), np.diff(target_starts[a : b + 1]))
            signs = questions.signs[first:last]
            dots = signs * np.einsum("td,td->t", x[owners], y)
            total += float(np.logaddexp(0, -dots.astype(np.float64))[signs != 0].sum())
    return total / n


def _exact_loss(
    x: NDArray[np.float32], outputs: NDArray[np.float32], targets: NDArray[np.int32]
) -> float:
    """The sum of -log softmax(outputs x)[target]."""
    scores = x.astype(np.float64) @ outputs.astype(np.float64).T
    highest = scores.max(axis=1)
    logs = highest + np.log(np.exp(scores - highest[:, None]).sum(axis=1))
    return float((logs - scores[np.arange(len(targets)), targets]).sum())
