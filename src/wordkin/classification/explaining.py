"""Why a text got its label: what each word adds to the score of a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wordkin.vocabulary.spelling import shown

if TYPE_CHECKING:
    from wordkin.classification.mean import MeanHead
    from wordkin.documents.reading import Documents

_SHOWN = 10


@dataclass(frozen=True)
class Explanation:
    """The score of a class for a text, in its parts: ``logit == bias + sum of all terms``.

    Parameters
    ----------
    label : str
        The class.
    probability : float
        That the text is of the class.
    logit : float
        Its score; the softmax over all classes gives the probabilities.
    bias : float
        The score of a text without words.
    terms : tuple of (str, float)
        Words, sequences of words, and stretches of letters (``*`` stands for the rest of the
        word) with what each adds, those that matter most first.
    """

    label: str
    probability: float
    logit: float
    bias: float
    terms: tuple[tuple[str, float], ...]

    def __str__(self) -> str:
        first = [(shown(name), value) for name, value in self.terms[:_SHOWN]]
        rest = self.logit - self.bias - sum(value for _, value in first)
        width = max([len("(no words)"), *(len(name) for name, _ in first)])
        lines = [f"{shown(self.label)}: probability {self.probability:.3f}, score {self.logit:.3f}"]
        lines += [f"  {name:{width}} {value:+.3f}" for name, value in first]
        if len(self.terms) > _SHOWN:
            lines.append(f"  {f'({len(self.terms) - _SHOWN} more)':{width}} {rest:+.3f}")
        return "\n".join([*lines, f"  {'(no words)':{width}} {self.bias:+.3f}"])


def explained(
    head: MeanHead, document: Documents, label: str, *, position: int, probability: float
) -> Explanation:
    """Take the score of a class apart.

    Parameters
    ----------
    head : MeanHead
        That has learned.
    document : Documents
        One document.
    label : str
        The class.
    position : int
        Its number, 0..k-1.
    probability : float
        What the head gives it.

    Returns
    -------
    Explanation
        For this document and class.
    """
    weights, bias = head.linear.column(position)
    terms = [
        (term.name, term.value * float(weights[term.row]))
        for term in head.plain().terms(document, 0)
    ]
    terms.sort(key=lambda pair: -abs(pair[1]))
    logit = bias + sum(value for _, value in terms)
    return Explanation(label, probability, logit, bias, tuple(terms))
