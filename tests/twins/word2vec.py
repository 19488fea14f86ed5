"""What the kernels of word2vec should do, said slowly in Python and float64."""

from __future__ import annotations

import numpy as np

MASK = 2**64 - 1


class SplitMix64:
    """The generator by its definition, on Python's integers."""

    def __init__(self, state: int) -> None:
        self.state = int(state)

    def bits(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def noise(self, law) -> int:
        bits = self.bits()
        column = (bits >> 32) * len(law.alias) >> 32
        return column if bits % 2**32 < law.threshold[column] else int(law.alias[column])


def kept_tokens(text, span, window, shrink, random):
    """(words, sentence of each, reach of each) of the tokens that stay."""
    words, sentences, reaches = [], [], []
    for i in range(*span):
        bits = random.bits()
        word = int(text.ids[i])
        if bits % 2**32 < text.keep[word]:
            words.append(word)
            sentences.append(int(np.searchsorted(text.starts, i, side="right")))
            reaches.append(1 + ((bits >> 32) * window >> 32) if shrink else window)
    return words, sentences, reaches


def contexts(i, sentences, reaches):
    """Indices of the context of word i."""
    near = range(max(0, i - reaches[i]), min(len(sentences), i + reaches[i] + 1))
    return [j for j in near if j != i and sentences[j] == sentences[i]]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain(text, law, tables, rule, span, random, *, cbow):
    """Pair by pair. Changes tables (input, output) in place; returns (tokens, loss, pairs)."""
    table, out = tables
    words, sentences, reaches = kept_tokens(text, span, rule.window, rule.shrink, random)
    loss, pairs = 0.0, 0
    for i, centre in enumerate(words):
        around = [words[j] for j in contexts(i, sentences, reaches)]
        for group in [around] if cbow and around else [[c] for c in around]:
            x = table[group].mean(axis=0)
            change = np.zeros_like(x)
            drawn = [random.noise(law) for _ in range(rule.negative)]
            for k, target in enumerate([centre, *drawn]):
                if k > 0 and target == centre:
                    continue
                p = sigmoid(x @ out[target])
                loss -= np.log(p if k == 0 else 1 - p)
                g = rule.alpha * ((k == 0) - p)
                change += g * out[target]
                out[target] += g * x
            for word in group:
                table[word] += change
            pairs += 1
    return len(words), loss, pairs


def grouped(text, law, tables, rule, span, random, *, cbow, group, shared):
    """Group by group, for texts that fit into one buffer. Changes tables in place."""
    table, out = tables
    words, sentences, reaches = kept_tokens(text, span, rule.window, rule.shrink, random)
    drawn = [random.noise(law) for _ in range((len(words) // group + 2) * shared)]
    for number, g in enumerate(range(0, len(words), group)):
        centres = list(range(g, min(g + group, len(words))))
        around = [contexts(i, sentences, reaches) for i in centres]
        noise = drawn[number * shared : (number + 1) * shared]
        noise = [w for w in noise if w not in {words[i] for i in centres}]
        targets = [words[i] for i in centres] + noise
        old = out[targets].copy()
        changes = np.zeros_like(old)
        if cbow:
            inputs = [(table[[words[j] for j in a]].mean(axis=0), a) for a in around if a]
            wanted = [
                np.array([i == c for c in range(len(centres))]) for i, a in enumerate(around) if a
            ]
            windows = [1] * len(inputs)
        else:
            everybody = sorted(set().union(*map(set, around))) if around else []
            inputs = [(None, [j]) for j in everybody]
            wanted = [np.array([j in a for a in around]) for j in everybody]
            windows = [label.sum() for label in wanted]
        rows = [x if x is not None else table[words[j[0]]] for x, j in inputs]
        weights = []
        for x, label, count in zip(rows, wanted, windows, strict=True):
            p = sigmoid(old @ x)
            pull = np.concatenate([label, np.full(len(noise), rule.negative / shared * count)])
            goal = np.concatenate([label, np.zeros(len(noise))])
            weights.append(rule.alpha * (goal - pull * p))
        hidden_changes = []
        for w, (x, members) in zip(weights, inputs, strict=True):
            row = x if x is not None else table[words[members[0]]].copy()
            changes += np.outer(w, row)
            if x is None:
                table[words[members[0]]] += w @ old
            else:
                hidden_changes.append((members, w @ old))
        for members, change in hidden_changes:
            for j in members:
                table[words[j]] += change
        for target, change in zip(targets, changes, strict=True):
            out[target] += change
    return len(words)
