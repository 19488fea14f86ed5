"""What a step of the Keras engine should do, said slowly in Python and float64."""

from __future__ import annotations

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def comparisons(batch, negative, *, cbow):
    """Each comparison of a batch: (stretch, contexts, target word, its slot, label, weight).

    Contexts are places in the stretch; for CBOW all of a window, otherwise one.
    """
    contexts, places, reaches, noise = (np.asarray(array) for array in batch[:4])
    window = (contexts.shape[1] - reaches.shape[1]) // 2
    share = negative / noise.shape[1]
    for n in range(len(contexts)):
        for k, reach in enumerate(reaches[n]):
            c = k + window
            around = [
                i
                for i in range(contexts.shape[1])
                if 1 <= abs(int(places[n, i]) - int(places[n, c])) <= reach
            ]
            for group in [around] if cbow and around else [[i] for i in around]:
                yield n, group, contexts[n, c], k, 1, 1.0
                for s, word in enumerate(noise[n], start=reaches.shape[1]):
                    if word != contexts[n, c]:
                        yield n, group, word, s, 0, share


def step(tables, batch, *, negative, cbow, caution):
    """Changes a copy of the tables; returns them, and (loss, pairs) of the first stretch."""
    contexts, alpha = np.asarray(batch.contexts), float(batch.alpha)
    table, out = tables[0].astype(float), tables[-1].astype(float)
    loss, pairs = 0.0, 0
    # a row is pulled once for each place of a stretch it has: gradient, and what it was compared to
    inputs, outputs = {}, {}
    for n, group, target, slot, label, weight in comparisons(batch, negative, cbow=cbow):
        x = table[contexts[n, group]].mean(axis=0)
        score = x @ out[target]
        if n == 0:
            loss -= weight * np.log(sigmoid(score if label else -score))
            pairs += label
        g = weight * (label - sigmoid(score))
        key = (n, tuple(group)) if cbow else (n, group[0])
        inputs.setdefault(key, []).append((g, weight, out[target]))
        outputs.setdefault((n, target, slot), []).append((g, weight, x))
    rows = []
    for key, seen in inputs.items():
        gradient, curvature = accumulated(seen)
        for i in key[1] if cbow else [key[1]]:
            rows.append((0, contexts[key[0], i], gradient, curvature))
    for (_, target, _), seen in outputs.items():
        rows.append((1, target, *accumulated(seen)))
    return apply(rows, tables, alpha, caution), (loss, pairs)


def accumulated(seen):
    gradient = sum(g * other for g, _, other in seen)
    length = gradient @ gradient
    if length == 0:
        return gradient, 0.0
    return gradient, sum(w * (other @ gradient) ** 2 for _, w, other in seen) / length


def apply(rows, tables, alpha, caution):
    new = [table.astype(float) for table in tables]
    number = lambda which: min(which, len(tables) - 1)  # noqa: E731
    total = {}
    for which, row, _, curvature in rows:
        total[number(which), row] = total.get((number(which), row), 0.0) + curvature
    for which, row, gradient, _ in rows:
        steepness = alpha * caution * total[number(which), row]
        new[number(which)][row] += gradient * alpha / max(steepness, 1.0)
    return new
