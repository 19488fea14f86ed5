"""What the kernels of n-grams should do, said slowly in Python and float64.

Bojanowski, Grave, Joulin, Mikolov (2017), arXiv:1607.04606, section 3. That the change of a word
goes to each of its pieces undivided, and that a bag of contexts is the mean of all their pieces, is
what fastText's program does: `in_fasttext_order` gives its numbers.
"""

from __future__ import annotations

import numpy as np
from twins.word2vec import contexts, kept_tokens, sigmoid


def ngrams(word, min_n, max_n):
    """The pieces of min_n to max_n characters of <word>, but not the marks alone."""
    marked = f"<{word}>"
    pieces = [
        marked[start : start + n]
        for start in range(len(marked))
        for n in range(min_n, max_n + 1)
        if start + n <= len(marked)
    ]
    return [piece for piece in pieces if piece not in ("<", ">")]


def bucket(gram, n_buckets):
    """FNV-1a over the bytes, of which those above 127 count as negative (an accident of C++)."""
    key = 2166136261
    for byte in gram.encode():
        signed = byte - 256 if byte > 127 else byte
        key = ((key ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return key % n_buckets


def in_fasttext_order(sentences, pieces, rows, output, *, alpha, cbow):
    """Full softmax in windows of one word, in the order in which fastText goes over the pairs."""
    for words in sentences:
        for i, word in enumerate(words):
            around = [words[j] for j in (i - 1, i + 1) if 0 <= j < len(words)]
            if cbow:
                bags = [([p for w in around for p in pieces[w]], word)] if around else []
            else:
                bags = [(pieces[word], w) for w in around]
            for bag, target in bags:
                mean = rows[bag].mean(axis=0)
                scores = np.exp(output @ mean)
                wrong = (np.arange(len(output)) == target) - scores / scores.sum()
                change = alpha * wrong @ output
                output += alpha * np.outer(wrong, mean)
                for piece in bag:
                    rows[piece] += change


def plain(text, law, tables, pieces, rule, span, random, *, cbow):
    """Pair by pair. Changes tables (rows, output) in place; returns (tokens, loss, pairs)."""
    table, out = tables
    words, sentences, reaches = kept_tokens(text, span, rule.window, rule.shrink, random)
    loss, pairs = 0.0, 0
    for i, centre in enumerate(words):
        around = [words[j] for j in contexts(i, sentences, reaches)]
        for group in [around] if cbow and around else [[c] for c in around]:
            bag = [piece for word in group for piece in pieces[word]]
            x = table[bag].mean(axis=0)
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
            for piece in bag:
                table[piece] += change
            pairs += 1
    return len(words), loss, pairs


class Window:
    """The means of the words in the window, and what they were when they came into it."""

    def __init__(self, table, pieces, words):
        self.table, self.pieces, self.words = table, pieces, words
        self.first = self.last = 0
        self.means, self.before = {}, {}

    def move(self, first, last):
        """Leave words below `first`, then take words in up to `last`."""
        for j in range(self.first, min(first, self.last)):
            change = self.means.pop(j) - self.before.pop(j)
            for piece in self.pieces[self.words[j]]:
                self.table[piece] += change
        self.first = max(self.first, min(first, self.last))
        for j in range(self.last, min(last, len(self.words))):
            self.means[j] = self.table[self.pieces[self.words[j]]].mean(axis=0)
            self.before[j] = self.means[j].copy()
            self.last = j + 1


def grouped(text, law, tables, pieces, rule, span, random, *, cbow, group, shared):
    """Group by group, for texts that fit into one buffer. Changes tables in place."""
    table, out = tables
    words, sentences, reaches = kept_tokens(text, span, rule.window, rule.shrink, random)
    drawn = [random.noise(law) for _ in range((len(words) // group + 2) * shared)]
    window = Window(table, pieces, words)
    for number, g in enumerate(range(0, len(words), group)):
        centres = list(range(g, min(g + group, len(words))))
        window.move(g - rule.window, centres[-1] + 1 + rule.window)
        around = [contexts(i, sentences, reaches) for i in centres]
        noise = drawn[number * shared : (number + 1) * shared]
        noise = [w for w in noise if w not in {words[i] for i in centres}]
        targets = [words[i] for i in centres] + noise
        old = out[targets].copy()
        changes = np.zeros_like(old)
        if cbow:
            bags = [a for a in around if a]
            labels = [np.arange(len(centres)) == c for c, a in enumerate(around) if a]
        else:
            bags = [[j] for j in sorted(set().union(*map(set, around)))]
            labels = [np.array([j in a for a in around]) for (j,) in bags]
        learned = []
        for bag, label in zip(bags, labels, strict=True):
            sizes = np.array([len(pieces[words[j]]) for j in bag])
            x = np.average([window.means[j] for j in bag], axis=0, weights=sizes)
            wanted = np.concatenate([label, np.zeros(len(noise))])
            weight = np.concatenate(
                [label, np.full(len(noise), label.sum() * rule.negative / shared)]
            )
            step = rule.alpha * (wanted - weight * sigmoid(old @ x))
            learned.append(step @ old)
            changes += np.outer(step, x)
        for bag, change in zip(bags, learned, strict=True):
            for j in bag:
                window.means[j] += change
        for target, change in zip(targets, changes, strict=True):
            out[target] += change
    window.move(len(words) + 1, 0)
    return len(words)
