"""What the kernels of paragraph vectors should do, said slowly in Python and float64."""

from __future__ import annotations

import numpy as np
from twins.word2vec import MASK, SplitMix64, contexts, kept_tokens, sigmoid


def grouped(text, law, tables, rule, span, random, *, kind, group, shared):
    """Group by group, for texts that fit into one buffer. Changes tables in place.

    `tables` are those of words (None where they have no input rows), of targets, of documents.
    """
    table, out, documents = tables
    words, sentences, reaches = kept_tokens(text, span, rule.window, rule.shrink, random)
    drawn = [random.noise(law) for _ in range((len(words) // group + 2) * shared)]
    for number, g in enumerate(range(0, len(words), group)):
        centres = list(range(g, min(g + group, len(words))))
        owners = [sentences[i] - 1 for i in centres]
        noise = drawn[number * shared : (number + 1) * shared]
        noise = [w for w in noise if w not in {words[i] for i in centres}]
        targets = [words[i] for i in centres] + noise

        around = [contexts(i, sentences, reaches) for i in centres]
        step = (out, targets, rule.alpha, rule.negative / shared)
        if kind == "dm":
            _means(documents, owners, [[table[words[j]] for j in near] for near in around], step)
            continue
        if kind == "dbow with words":
            near = sorted(set().union(*map(set, around)))
            labels = [[float(j in each) for each in around] for j in near]
            meet([table[words[j]] for j in near], labels, *step)
        own = sorted(set(owners))
        labels = [[float(owner == each) for each in owners] for owner in own]
        meet([documents[owner] for owner in own], labels, *step)
    return len(words)


def meet(rows, labels, out, targets, alpha, strength):
    """Rows and targets learn from each other in place, by coefficients of their old values."""
    old = out[targets].copy()
    changes = np.zeros_like(old)
    weights = []
    for x, label in zip(rows, labels, strict=True):
        n_noise = len(targets) - len(label)
        pull = np.array([*label, *[strength * sum(label)] * n_noise])
        weights.append(alpha * (np.array([*label, *[0] * n_noise]) - pull * sigmoid(old @ x)))
    for x, weight in zip(rows, weights, strict=True):
        changes += np.outer(weight, x)
        x += weight @ old
    for target, change in zip(targets, changes, strict=True):
        out[target] += change


def _means(documents, owners, around, step):
    means = [
        np.mean([documents[owner], *near], axis=0)
        for owner, near in zip(owners, around, strict=True)
    ]
    before = np.array(means)
    meet(means, np.eye(len(means)), *step)
    for owner, near, change in zip(owners, around, np.array(means) - before, strict=True):
        documents[owner] += change
        for row in near:
            row += change


def infer(ids, frozen, law, course, seed):
    """The vector of one document, word by word."""
    random = SplitMix64(seed)
    for word in ids:
        random.state = random.bits() ^ int(word)
    random.bits()
    size = frozen.outputs.shape[1]
    row = np.array([((random.bits() >> 40) * 2.0**-24 - 0.5) / size for _ in range(size)])
    for epoch in range(course.epochs):
        alpha = course.alpha + (course.min_alpha - course.alpha) * epoch / course.epochs
        kept, reaches = [], []
        for word in ids:
            bits = random.bits()
            if bits % 2**32 < frozen.keep[word]:
                kept.append(word)
                far = 1 + ((bits >> 32) * course.window >> 32) if course.shrink else course.window
                reaches.append(far)
        for t, word in enumerate(kept):
            near = [j for j in range(len(kept)) if j != t and abs(j - t) <= reaches[t]]
            inputs = [frozen.inputs[kept[j]] for j in near] if course.dm else []
            x = np.mean([row, *inputs], axis=0)
            change = np.zeros(size)
            for k in range(course.negative + 1):
                target = word if k == 0 else random.noise(law)
                if k and target == word:
                    continue
                y = frozen.outputs[target].astype(float)
                change += alpha * ((k == 0) - sigmoid(x @ y)) * y
            row = row + change
    assert random.state <= MASK
    return row
