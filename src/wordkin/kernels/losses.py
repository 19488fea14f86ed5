"""Ways to predict one word from one row: the reference losses, and all of them by name.

Each is a kernel ``predict(output, x, centre, law, rule, state, change)``: it learns that row x of
the inputs predicts the word `centre`, changes the output table in place, adds to `change` what x
has learned, and returns the loss in nats. A word w has the score s(w) = x . output[w].

- Negative sampling and hierarchical softmax (`word2vec`) are what one trains with.
- Softmax, exactly: -log p(centre), p(w) = exp s(w) / sum over all words of exp s. Each prediction
  costs as much as there are words.
- Sampled softmax (Bengio & Senécal 2008; Jean et al. 2015, arXiv:1412.2007, equation 8): the sum
  goes over the centre and k words drawn from a law q, as often as they are drawn (the centre is
  left out where it is drawn itself), and each score is lowered by log(k q(w)).
- Noise-contrastive estimation (Gutmann & Hyvärinen 2010; Mnih & Teh 2012, arXiv:1206.6426): tell
  the centre from k noise words by logistic regression, where p(w) = exp s(w) / V is taken as
  normalised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordkin.kernels import inner, kernel
from wordkin.kernels.sampling import Tree, draw_noise, make_noise, make_tree
from wordkin.kernels.word2vec import _against_noise, _along_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_FLOOR = np.float32(1e-10)


class Law(NamedTuple):
    """The law of noise words, and how often each is to be expected among those drawn."""

    threshold: NDArray[np.uint64]  # (V,), as in sampling.Noise
    alias: NDArray[np.int32]  # (V,)
    log_expected: NDArray[np.float32]  # (V,) log(negative * q(w))


def make_law(loss: str, counts: NDArray[np.int64], exponent: float, negative: int) -> Law | Tree:
    """Make what a loss predicts words by.

    Parameters
    ----------
    loss : str
        Its name.
    counts : ndarray
        Shape (V,), int64, positive.
    exponent : float
        Noise words are drawn in proportion to count ** exponent.
    negative : int
        Noise words for each prediction.

    Returns
    -------
    Law or Tree
        The law of noise words, or the Huffman tree.
    """
    if loss == "hierarchical-softmax":
        return make_tree(counts)
    share = counts.astype(np.float64) ** exponent
    expected = np.log(negative * share / share.sum()).astype(np.float32)
    noise = make_noise(counts, exponent)
    return Law(noise.threshold, noise.alias, expected)


def predictor(loss: str) -> Callable[..., Any]:
    """Look up a loss.

    Parameters
    ----------
    loss : str
        Its name.

    Returns
    -------
    callable
        The kernel ``predict``.
    """
    return _PREDICTORS[loss]


@inner(fastmath=True)
def _dot(x, y):
    total = np.float32(0)
    for d in range(len(x)):
        total += x[d] * y[d]
    return total


@inner(fastmath=True)
def _exchange(x, y, step, change):
    """Move x, whose change waits, and y along each other."""
    for d in range(len(x)):
        change[d] += step * y[d]
        y[d] += step * x[d]


@kernel(fastmath=True)
def _softmax(output, x, centre, law, rule, state, change):
    n = len(output) - 1  # the last row is spare
    scores = np.empty(n, np.float32)
    for w in range(n):
        scores[w] = _dot(x, output[w])
    highest = scores.max()
    loss = highest - scores[centre]
    total = np.float32(0)
    for w in range(n):
        scores[w] = np.exp(scores[w] - highest)
        total += scores[w]
    for w in range(n):
        wanted = np.float32(w == centre)
        _exchange(x, output[w], rule.alpha * (wanted - scores[w] / total), change)
    return loss + np.log(total)


@kernel(fastmath=True)
def _sampled_softmax(output, x, centre, law, rule, state, change):
    words = np.empty(rule.negative + 1, np.int32)
    scores = np.empty(rule.negative + 1, np.float32)
    words[0] = centre
    n = 1
    for _ in range(rule.negative):
        words[n] = draw_noise(law, state)
        n += np.int64(words[n] != centre)
    for k in range(n):
        scores[k] = _dot(x, output[words[k]]) - law.log_expected[words[k]]
    highest = scores[:n].max()
    loss = highest - scores[0]
    total = np.float32(0)
    for k in range(n):
        scores[k] = np.exp(scores[k] - highest)
        total += scores[k]
    for k in range(n):
        wanted = np.float32(k == 0)
        _exchange(x, output[words[k]], rule.alpha * (wanted - scores[k] / total), change)
    return loss + np.log(total)


@kernel(fastmath=True)
def _nce(output, x, centre, law, rule, state, change):
    log_words = np.float32(np.log(np.float32(len(law.alias))))
    loss = 0.0
    for k in range(rule.negative + 1):
        word = centre if k == 0 else draw_noise(law, state)
        score = _dot(x, output[word]) - log_words - law.log_expected[word]
        p = np.float32(1) / (np.float32(1) + np.exp(-score))
        _exchange(x, output[word], rule.alpha * (np.float32(k == 0) - p), change)
        loss -= np.log(max(p if k == 0 else np.float32(1) - p, _FLOOR))
    return loss


_PREDICTORS = {
    "negative-sampling": _against_noise,
    "hierarchical-softmax": _along_path,
    "softmax": _softmax,
    "sampled-softmax": _sampled_softmax,
    "nce": _nce,
}
