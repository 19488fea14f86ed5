"""The kernels of n-grams against their slow twins, and these against fastText's program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from twins import fasttext as twin
from twins.word2vec import SplitMix64

from wordkin.kernels import seed_state, subword
from wordkin.kernels.losses import predictor
from wordkin.kernels.sampling import Noise, Text, keep_thresholds, make_noise, make_tree
from wordkin.kernels.word2vec import Rule, Span, aligned, padded

GOLDEN = Path(__file__).parents[1] / "golden" / "files" / "training.fasttext.npz"
LINES = [
    "the quick brown fox jumps over the lazy dog", "größere Hunde jumps", "the foxes and the dogs",
]  # fmt: skip
DIMENSIONS = 20
WORDS, NGRAMS = 30, 50


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_the_twin_learns_what_fasttext_learned(model):
    golden = np.load(GOLDEN)
    words = golden["words"].tolist()
    grams = {word: twin.ngrams(word, 3, 4) for word in words} | {"</s>": []}
    pieces = [
        [i, *(len(words) + twin.bucket(gram, 4_000) for gram in grams[word])]
        for i, word in enumerate(words)
    ]
    text = [[words.index(w) for w in [*line.split(), "</s>"]] for line in LINES]
    rows, output = np.zeros((len(words) + 4_000, 10)), np.zeros((len(words), 10))
    rows[golden[f"{model}_before_rows"]] = golden[f"{model}_before"]
    twin.in_fasttext_order(
        text * 5 + text[:1], pieces, rows, output, alpha=0.25, cbow=model == "cbow"
    )
    np.testing.assert_array_equal(np.flatnonzero(rows.any(axis=1)), golden[f"{model}_after_rows"])
    np.testing.assert_allclose(
        rows[golden[f"{model}_after_rows"]], golden[f"{model}_after"], atol=1e-6
    )
    np.testing.assert_allclose(output, golden[f"{model}_context"], atol=1e-6)


def random_text(rng, lengths):
    ids = rng.integers(0, WORDS, sum(lengths)).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    counts = np.bincount(ids, minlength=WORDS) + 1
    return Text(ids, starts, keep_thresholds(counts, 0.02)), make_noise(counts, 0.5)


def random_pieces(rng):
    """Each word's own row and up to 8 of n-grams, which words share and may have twice."""
    lists = [[w, *rng.integers(WORDS, WORDS + NGRAMS, rng.integers(0, 9))] for w in range(WORDS)]
    starts = np.concatenate([[0], np.cumsum([len(pieces) for pieces in lists])])
    return lists, subword.Pieces(starts, np.concatenate(lists).astype(np.int32))


def random_tables(rng, dimensions=DIMENSIONS):
    tables = []
    for rows in (WORDS + NGRAMS, WORDS):
        table = aligned((rows + 1, padded(dimensions)))
        table[:-1, :dimensions] = rng.normal(size=(rows, dimensions)) * 0.3
        tables.append(table)
    return subword.Tables(*tables)


def rule(**changes):
    settings = {"window": 3, "shrink": True, "negative": 5, "alpha": np.float32(0.05)}
    return Rule(**(settings | changes))


def learn(kernel, text, law, tables, pieces, settings, dimensions=DIMENSIONS):
    tally = np.zeros(3)
    desk = subword.make_desk(settings.window, dimensions)
    span = Span(0, len(text.ids))
    kernel(text, law, tables, pieces, settings, span, desk, seed_state(7), tally)
    return tally


def assert_equal_tables(tables, twins, dimensions=DIMENSIONS):
    for table, expected in zip(tables, twins, strict=True):
        np.testing.assert_allclose(table[:-1, :dimensions], expected, atol=2e-5)
        assert not table[:, dimensions:].any()
        assert not table[-1].any()  # the spare row, which stands for n-grams that no word has


@pytest.mark.parametrize("cbow", [False, True])
def test_the_plain_kernel_equals_its_twin(cbow):
    rng = np.random.default_rng(1)
    text, noise = random_text(rng, [40, 1, 2, 17, 90])
    lists, pieces = random_pieces(rng)
    tables = random_tables(rng)
    twins = [table[:-1, :DIMENSIONS].astype(np.float64) for table in tables]
    kernel = subword.make_plain(predictor("negative-sampling"), cbow=cbow)
    tally = learn(kernel, text, noise, tables, pieces, rule())
    random = SplitMix64(seed_state(7)[0])
    expected = twin.plain(text, noise, twins, lists, rule(), (0, 150), random, cbow=cbow)
    np.testing.assert_allclose(tally, expected, rtol=1e-4)
    assert_equal_tables(tables, twins)


@pytest.mark.parametrize("cbow", [False, True])
@pytest.mark.parametrize(
    ("group", "shared", "dimensions"), [(1, 5, 20), (2, 6, 20), (3, 6, 20), (3, 6, 90)]
)
def test_the_grouped_kernel_equals_its_twin(cbow, group, shared, dimensions):
    rng = np.random.default_rng(2)
    text, noise = random_text(rng, [40, 1, 2, 17, 91])
    lists, pieces = random_pieces(rng)
    tables = random_tables(rng, dimensions)
    twins = [table[:-1, :dimensions].astype(np.float64) for table in tables]
    kernel = subword.make_grouped(cbow=cbow, group=group, shared=shared)
    tally = learn(kernel, text, noise, tables, pieces, rule(), dimensions)
    random = SplitMix64(seed_state(7)[0])
    settings = {"cbow": cbow, "group": group, "shared": shared}
    kept = twin.grouped(text, noise, twins, lists, rule(), (0, 151), random, **settings)
    assert tally[0] == kept
    assert_equal_tables(tables, twins, dimensions)


@pytest.mark.parametrize("cbow", [False, True])
def test_nothing_is_lost_between_buffers_and_a_wide_window_fits_the_ring(cbow):
    """At a tiny rate and with one noise word, which the text lacks, no order or draw matters."""
    rng = np.random.default_rng(3)
    text, _ = random_text(rng, [1, 2500, 3, 1030])
    text.ids[:] = np.minimum(text.ids, WORDS - 2)
    noise = Noise(np.zeros(WORDS, np.uint64), np.full(WORDS, WORDS - 1, np.int32))
    _, pieces = random_pieces(rng)
    settings = rule(window=40, shrink=False, alpha=np.float32(1e-5), negative=1)
    changes = []
    for kernel in (
        subword.make_plain(predictor("negative-sampling"), cbow=cbow),
        subword.make_grouped(cbow=cbow, group=3, shared=6),
    ):
        tables, before = (random_tables(np.random.default_rng(4)) for _ in range(2))
        learn(kernel, text, noise, tables, pieces, settings)
        changes.append([new - old for new, old in zip(tables, before, strict=True)])
    for plain, grouped in zip(*changes, strict=True):
        assert np.linalg.norm(plain - grouped) < 0.02 * np.linalg.norm(plain)


def test_a_tree_learns_a_sure_thing():
    counts = np.sort(np.random.default_rng(14).integers(1, 1000, WORDS))[::-1].copy()
    rng = np.random.default_rng(16)
    text = Text(
        (np.arange(2000) % WORDS).astype(np.int32),
        np.array([0, 2000]),
        np.full(WORDS, 2**32, np.uint64),
    )
    _, pieces = random_pieces(rng)
    tables, tree = random_tables(rng), make_tree(counts)
    kernel = subword.make_plain(predictor("hierarchical-softmax"), cbow=False)
    losses = []
    for _ in range(30):
        tally = learn(kernel, text, tree, tables, pieces, rule(window=1, alpha=np.float32(0.1)))
        losses.append(tally[1] / tally[2])
    assert losses[-1] < 0.6 * np.log(WORDS)
    assert losses[-1] < losses[0]


def test_compose_is_the_mean_of_the_pieces():
    rng = np.random.default_rng(5)
    lists, pieces = random_pieces(rng)
    tables = random_tables(rng)
    out = np.empty((WORDS, DIMENSIONS), np.float32)
    subword.compose(tables.pieces, pieces, out)
    expected = [tables.pieces[rows, :DIMENSIONS].mean(axis=0) for rows in lists]
    np.testing.assert_allclose(out, expected, atol=1e-6)
