"""Counting and GloVe's step, as slowly and plainly as can be."""

from __future__ import annotations

import math
from collections import Counter

WEIGHTS = {
    "harmonic": lambda d, window: 1 / d,
    "linear": lambda d, window: (window - d + 1) / window,
    "flat": lambda d, window: 1.0,
}


def count(sentences, window, *, weighting="harmonic", symmetric=True):
    """Counts of (word, context): the context before the word, and also after it if symmetric."""
    counts = Counter()
    for sentence in sentences:
        for here, word in enumerate(sentence):
            for there, context in enumerate(sentence):
                distance = here - there if not symmetric else abs(here - there)
                if here != there and 0 < distance <= window:
                    counts[int(word), int(context)] += WEIGHTS[weighting](distance, window)
    return dict(counts)


def of_cells(cells):
    """The same from what the counter made; a symmetric cell stands for two."""
    from wordkin.kernels.cooccurrence import TILE

    counts = {}
    for tile, (row, column) in enumerate(zip(cells.rows, cells.columns, strict=True)):
        for k in range(cells.starts[tile], cells.starts[tile + 1]):
            i, j = int(row + cells.places[k] // TILE), int(column + cells.places[k] % TILE)
            assert (i, j) not in counts
            x = float(cells.counts[k])
            if cells.symmetric:
                assert i <= j
                counts[j, i] = x
                x *= 2 if i == j else 1
            counts[i, j] = x
    return counts


class GloVe:
    """Two tables and biases, with the sums of their squared steps."""

    def __init__(self, words, contexts, *, alpha, x_max, exponent):
        self.rows = [[list(map(float, row)) for row in table] for table in (words, contexts)]
        self.alpha, self.x_max, self.exponent = alpha, x_max, exponent
        size = len(self.rows[0][0]) - 1  # the last number is the bias
        self.squares = [[[1.0] * size + [alpha**2] for _ in table] for table in self.rows]

    def error(self, i, j, x):
        word, context = self.rows[0][i], self.rows[1][j]
        dot = sum(a * b for a, b in zip(word[:-1], context[:-1], strict=True))
        return dot + word[-1] + context[-1] - math.log(x)

    def learn(self, i, j, x):
        """Returns the loss before the step."""
        error = self.error(i, j, x)
        weight = min(1.0, (x / self.x_max) ** self.exponent)
        word, context = list(self.rows[0][i]), list(self.rows[1][j])
        for table, row, other in ((0, i, context), (1, j, word)):
            for d in range(len(other)):
                gradient = weight * error * (other[d] if d < len(other) - 1 else 1.0)
                step = self.alpha * gradient
                self.rows[table][row][d] -= step / math.sqrt(self.squares[table][row][d])
                self.squares[table][row][d] += step**2
        return 0.5 * weight * error**2
