"""Single tokens that give the label away: addresses, numbers, the name of the class itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from wordkin.documents.reading import Reader
from wordkin.text.tokenizers import Whitespace
from wordkin.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Kind = Literal["label", "address", "number", "word"]

_EDGES = "<>()[]{}\"'`,;:!?.*|/\\"
_SURE = 0.9  # lower bound of the share of texts with the token that have the label
_SHARE = 0.03  # of the texts of the label, that have the token
_FEWEST = 5
_Z = 1.96


class Giveaway(NamedTuple):
    """A token that decides alone.

    Parameters
    ----------
    token : str
        In lower case, without punctuation at its ends.
    label : str
        What it gives away.
    kind : {"label", "address", "number", "word"}
        Whether it is the name of the label or a part of it, a mail address or host, something with
        digits in it, or a word, which may be there for good reason.
    texts : int
        In how many texts it is.
    precision : float
        The share of these that have the label.
    recall : float
        The share of the texts of the label that have the token.
    """

    token: str
    label: str
    kind: Kind
    texts: int
    precision: float
    recall: float


def giveaways(texts: Sequence[str], labels: Sequence[str]) -> list[Giveaway]:
    """Find tokens that tell the label nearly for certain.

    That is: of the texts with the token at least 90 % have the label, by the lower bound of
    Wilson's 95 % interval (1927), and at least 3 % of the texts of the label have the token.

    Parameters
    ----------
    texts : sequence of str
        n texts.
    labels : sequence of str
        The label of each.

    Returns
    -------
    list of Giveaway
        Those that are no plain words first, then by recall.

    Examples
    --------
    >>> texts = ["from bot@promo.com win"] * 50 + ["win a race"] * 50
    >>> found = giveaways(texts, ["spam"] * 50 + ["sport"] * 50)[0]
    >>> found.token, found.label, found.kind, found.precision
    ('bot@promo.com', 'spam', 'address', 1.0)
    """
    tokens, where = _bags(texts)
    classes, targets = np.unique(np.asarray(labels, dtype=object), return_inverse=True)
    k = len(classes)
    in_class = np.bincount(where[1] * k + targets[where[0]], minlength=len(tokens) * k).reshape(
        len(tokens), k
    )
    n = in_class.sum(axis=1)
    best = in_class.argmax(axis=1)
    hits = in_class[np.arange(len(tokens)), best]
    sizes = np.bincount(targets, minlength=k)
    frequent = (hits >= _FEWEST) & (hits >= _SHARE * sizes[best])
    chosen = np.flatnonzero(frequent & (_lower_bound(hits, n) >= _SURE))
    found = [
        Giveaway(
            tokens[i],
            str(classes[best[i]]),
            _kind(tokens[i], str(classes[best[i]])),
            int(n[i]),
            float(hits[i] / n[i]),
            float(hits[i] / sizes[best[i]]),
        )
        for i in chosen.tolist()
    ]
    return sorted(found, key=lambda one: (one.kind == "word", -one.recall, one.token))


def without(texts: Iterable[str], tokens: frozenset[str]) -> list[str]:
    """Take tokens out of texts.

    Parameters
    ----------
    texts : iterable of str
        The texts.
    tokens : frozenset of str
        As `giveaways` names them.

    Returns
    -------
    list of str
        The texts, with single spaces for the white space between tokens.
    """
    return [
        " ".join(part for part in text.split() if part.lower().strip(_EDGES) not in tokens)
        for text in texts
    ]


def _bags(texts: Sequence[str]) -> tuple[list[str], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the tokens, and the pairs (text, token) that there are, each once."""
    documents = Reader(Vocabulary([], tokenizer=Whitespace())).read(texts)
    numbers: dict[str, int] = {}
    # what stands between white space, as `without` sees it: cleaned once for each spelling
    clean = [part.lower().strip(_EDGES) for part in documents.unknown]
    of = np.array([numbers.setdefault(token, len(numbers)) for token in clean], np.int64)
    owners = np.repeat(np.arange(documents.n_documents), documents.lengths())
    pairs = np.unique(owners * max(1, len(numbers)) + of[documents.ids])
    tokens = list(numbers)
    text, token = np.divmod(pairs, max(1, len(numbers)))
    named = np.array([bool(one) for one in tokens], bool)[token]
    return tokens, (text[named], token[named])


def _lower_bound(hits: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """Wilson's lower bound of a share."""
    n = np.maximum(n, 1)
    p, z2 = hits / n, _Z * _Z
    centre = p + z2 / (2 * n)
    spread = _Z * np.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    bound: NDArray[np.float64] = (centre - spread) / (1 + z2 / n)
    return bound


def _kind(token: str, label: str) -> Kind:
    lowered = label.lower()
    parts = {lowered, *re.split(r"\W+", lowered)}
    # "soc.religion" in "alt.atheism,soc.religion", but not "acq" in "acquire", nor "a" in "x@a.org"
    named = len(lowered) > 2 and re.search(rf"(?<!\w){re.escape(lowered)}(?!\w)", token)
    if named or (len(token) > 2 and token in parts):
        return "label"
    if "@" in token or re.search(r"[a-z]\.[a-z]", token) or "!" in token:
        return "address"
    return "number" if any(map(str.isdigit, token)) else "word"
