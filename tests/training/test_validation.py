"""The loss on held-out text against loops over pairs; that held-out text is never trained on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wordkin as wk
from wordkin.engines import get_engine
from wordkin.errors import ConfigError
from wordkin.kernels.sampling import make_tree
from wordkin.training import validation
from wordkin.training.job import Job
from wordkin.training.schedule import Schedule

SMALL = {"vector_size": 6, "window": 3, "epochs": 2}


def make_corpus(n=3_000, words=30, seed=0):
    rng = np.random.default_rng(seed)
    law = 1 / np.arange(1, words + 1)
    tokens = [f"w{i}" for i in rng.choice(words, n, p=law / law.sum())]
    cuts = np.unique(rng.integers(1, n, n // 6)).tolist()
    sentences = [tokens[a:b] for a, b in zip([0, *cuts], [*cuts, n], strict=True)]
    return wk.Corpus.from_sentences(sentences, min_count=1)


CORPUS = make_corpus()


def job(config, corpus=CORPUS, **changes):
    values = {"seed": 1, "workers": 1, "validation": 0.1} | changes
    return Job(corpus=corpus, config=config, **values)


def random_tables(corpus, size, seed=5):
    rng = np.random.default_rng(seed)
    tables = rng.normal(size=(2, len(corpus.vocabulary), size)).astype(np.float32)
    return {"input": tables[0], "context": tables[1]}


def windows(corpus, segments, window):
    """(context places, centre place) of each place that has contexts, by walking the text."""
    sentence_of = [s for s in range(len(corpus)) for _ in range(*corpus.starts[s : s + 2])]
    found = []
    for start, stop in segments.tolist():
        for i in range(start, stop):
            near = [
                j
                for j in range(i - window, i + window + 1)
                if j != i and start <= j < stop and sentence_of[j] == sentence_of[i]
            ]
            if near:
                found.append((near, i))
    return found


def softplus(x):
    return math.log1p(math.exp(-abs(x))) + max(x, 0.0)


def naive_loss(questions, law, tables):
    """`law(q, centre word)` gives the (row, sign) pairs of question q."""
    total = 0.0
    for q, (context_words, centre) in enumerate(questions):
        x = np.mean([tables["input"][w].astype(float) for w in context_words], axis=0)
        for row, sign in law(q, centre):
            total += softplus(-sign * float(x @ tables["context"][row].astype(float)))
    return total / len(questions)


def all_questions(config, corpus, segments):
    """(context words, centre word) of each question there is."""
    ids = corpus.ids.tolist()
    found = windows(corpus, segments, config.window)
    if isinstance(config, wk.CBOW):
        return [([ids[j] for j in near], ids[i]) for near, i in found]
    return [([ids[j]], ids[i]) for near, i in found for j in near]


@pytest.mark.parametrize("kind", [wk.SkipGram, wk.CBOW])
def test_the_loss_is_that_of_a_loop_over_pairs(kind):
    config = kind(**SMALL, negative=4)
    held_out = validation.hold_out(job(config))
    questions = all_questions(config, CORPUS, held_out.segments)
    targets = held_out.questions.targets.reshape(len(questions), 5)

    def law(q, centre):
        assert targets[q, 0] == centre
        return [(centre, 1)] + [(noise, -1) for noise in targets[q, 1:] if noise != centre]

    tables = random_tables(CORPUS, 6)
    expected = naive_loss(questions, law, tables)
    assert held_out.loss(tables) == pytest.approx(expected, rel=1e-5)
    padded = {name: np.pad(a, ((0, 1), (0, 10)))[:-1, :6] for name, a in tables.items()}
    assert held_out.loss(padded) == held_out.loss(tables)


@pytest.mark.parametrize("kind", [wk.SkipGram, wk.CBOW])
def test_with_a_tree_the_loss_is_that_of_the_whole_path(kind):
    config = kind(**SMALL, loss="hierarchical-softmax")
    held_out = validation.hold_out(job(config))
    tree = make_tree(CORPUS.vocabulary.counts)

    def law(_, centre):
        steps = range(tree.starts[centre], tree.starts[centre + 1])
        return [(tree.nodes[i], 1 - 2 * tree.turns[i]) for i in steps]

    tables = random_tables(CORPUS, 6)
    questions = all_questions(config, CORPUS, held_out.segments)
    assert held_out.loss(tables) == pytest.approx(naive_loss(questions, law, tables), rel=1e-5)


def test_with_a_tree_probabilities_add_up_to_one():
    """The loss is -log p, and p is a law over all words."""
    tables = random_tables(CORPUS, 6)
    tree = make_tree(CORPUS.vocabulary.counts)
    n = len(CORPUS.vocabulary)
    total = 0.0
    for word in range(n):
        steps = slice(tree.starts[word], tree.starts[word + 1])
        nodes = tree.nodes[steps]
        questions = validation.Questions(
            np.array([3], np.int32), np.array([1]), nodes, np.array([len(nodes)]),
            1 - 2 * tree.turns[steps],
        )  # fmt: skip
        total += math.exp(-validation.mean_loss(questions, tables["input"], tables["context"]))
    assert total == pytest.approx(1)


@pytest.mark.parametrize("kind", [wk.SkipGram, wk.CBOW])
def test_very_many_pairs_are_sampled(kind, monkeypatch):
    config = kind(**SMALL, negative=4)
    monkeypatch.setattr(validation, "_MOST_ROWS", 600)
    held_out = validation.hold_out(job(config))
    ends = held_out.questions.context_ends
    assert 50 <= len(ends) <= 100
    sampled = {
        (*held_out.questions.contexts[a:b].tolist(), -1, int(centre))
        for a, b, centre in zip([0, *ends[:-1]], ends, held_out.questions.targets[::5], strict=True)
    }
    everything = {(*c, -1, i) for c, i in all_questions(config, CORPUS, held_out.segments)}
    assert sampled <= everything
    assert held_out.loss(random_tables(CORPUS, 6)) > 0


def test_noise_words_follow_the_law():
    corpus = make_corpus(20_000, words=8)
    held_out = validation.hold_out(job(wk.SkipGram(negative=5, ns_exponent=0.5), corpus))
    noise = held_out.questions.targets.reshape(-1, 6)[:, 1:]
    law = corpus.vocabulary.counts**0.5
    shares = np.bincount(noise.ravel()) / noise.size
    np.testing.assert_allclose(shares, law / law.sum(), atol=0.01)


def test_what_is_asked_depends_on_the_seed_and_not_on_how_it_is_trained():
    def questions(**changes):
        seed = changes.pop("seed", 1)
        config = replace(wk.SkipGram(**SMALL), **changes)
        return validation.hold_out(job(config, seed=seed, workers=len(changes) + 1))

    first = questions()
    for other in (questions(group=4, shared_negatives=8), questions(alpha=0.1, sample=0.0)):
        assert np.array_equal(other.segments, first.segments)
        assert all(map(np.array_equal, other.questions, first.questions))
    assert not np.array_equal(questions(seed=2).segments, first.segments)


@given(st.integers(2, 4_000), st.floats(0.001, 0.5), st.integers(1, 400), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_segments_and_blocks_share_out_the_corpus(n, share, sentence, seed):
    starts = np.unique([*range(0, n, sentence), n])
    corpus = wk.Corpus(
        np.zeros(n, np.int32), starts.astype(np.int64), wk.Vocabulary(["a", "b"]),
        wk.Account(read=n, kept=n),
    )  # fmt: skip
    segments = validation.choose_segments(corpus, share, np.random.default_rng(seed))
    lengths = segments[:, 1] - segments[:, 0]
    assert share * n - 65 <= lengths.sum() <= share * n
    assert len(segments) <= 64
    config = wk.SkipGram(epochs=2)
    schedule = Schedule(n, segments[lengths > 0], config)
    visits = np.zeros(n, int)
    for start, stop in segments:
        visits[start:stop] += 2
    blocks = [schedule.block(step) for step in range(schedule.steps)]
    for block in blocks:
        assert block.start < block.stop
        visits[block.start : block.stop] += 1
    assert (visits == 2).all()  # held out once, or trained on twice; never both
    assert schedule.total == sum(block.stop - block.start for block in blocks)
    assert [schedule.epoch(b.step) for b in blocks] == sorted(
        schedule.epoch(b.step) for b in blocks
    )
    assert sum(schedule.ends_epoch(b.step) for b in blocks) == 2


def test_segments_begin_with_sentences_where_they_are_short():
    segments = validation.choose_segments(CORPUS, 0.2, np.random.default_rng(0))
    assert np.isin(segments[:, 0], CORPUS.starts).all()


@pytest.mark.parametrize("kind", [wk.SkipGram, wk.CBOW])
def test_held_out_text_is_never_trained_on(kind):
    config = kind(**SMALL, sample=0)
    base = make_corpus(40_000)
    segments = validation.hold_out(job(config, base)).segments
    ids = base.ids.copy()
    for start, stop in segments:
        ids[start:stop] = 30  # a word that occurs nowhere else
    vocabulary = wk.Vocabulary([*base.vocabulary.words, "held"], np.bincount(ids))
    corpus = wk.Corpus(ids, base.starts, vocabulary, base.account)
    model = wk.train(corpus, config, workers=2, validation=0.1)
    run = get_engine("cpu", workers=1).start(corpus, config, seed=1)
    untrained = run.arrays()["input"]
    assert np.array_equal(model.vectors["held"], untrained[30])
    assert not np.array_equal(model.vectors["w0"], untrained[corpus.vocabulary.id("w0")])
    held = int((segments[:, 1] - segments[:, 0]).sum())
    assert model.account.held_out == held
    assert model.account.presented == 2 * (40_000 - held)
    assert f"{held:,}" in str(model.account)
    run.close()


def test_the_loss_falls_with_training_and_is_in_the_history():
    seen = []
    config = wk.SkipGram(**SMALL | {"epochs": 4}, sample=0)
    model = wk.train(
        make_corpus(60_000), config, workers=1, validation=0.05,
        callbacks=[lambda p: seen.append((p.epoch_ended, p.validation_loss()))],
    )  # fmt: skip
    losses = [record.validation_loss for record in model.history]
    assert losses == [loss for ended, loss in seen if ended]
    assert losses[-1] < seen[0][1] < 6 * math.log(2)
    saved = model.vectors.table.settings["history"]
    assert [record["validation_loss"] for record in saved] == losses


def test_nothing_is_held_out_by_default():
    seen = []
    model = wk.train(CORPUS, wk.SkipGram(**SMALL), callbacks=[seen.append])
    assert model.history[0].validation_loss is None
    assert model.account.held_out == seen[0].held_out == 0
    assert validation.hold_out(job(wk.SkipGram(), validation=0)).loss({}) is None


@pytest.mark.parametrize("share", [0.6, -0.1, math.nan, True, "0.1"])
def test_a_wrong_share_is_refused(share):
    with pytest.raises(ConfigError, match="validation"):
        wk.train(CORPUS, wk.SkipGram(**SMALL), validation=share)


def test_too_little_to_ask_is_refused():
    with pytest.raises(ConfigError, match="no two of them"):
        wk.train(CORPUS, wk.SkipGram(**SMALL), validation=1e-9)
    lonely = wk.Corpus.from_sentences([["a"], ["b"]] * 100, min_count=1)
    with pytest.raises(ConfigError, match="no two of them"):
        wk.train(lonely, wk.SkipGram(**SMALL), validation=0.5)


@pytest.mark.parametrize("loss", ["negative-sampling", "hierarchical-softmax"])
def test_counts_that_nobody_gave_are_counted(loss):
    config = wk.SkipGram(**SMALL, loss=loss)
    uncounted = wk.Vocabulary(CORPUS.vocabulary.words)
    corpus = wk.Corpus(CORPUS.ids, CORPUS.starts, uncounted, CORPUS.account)
    mine, expected = (validation.hold_out(job(config, c)).questions for c in (corpus, CORPUS))
    assert all(map(np.array_equal, mine, expected))


@pytest.mark.parametrize("kind", [wk.Doc2Vec, wk.PPMI])
def test_who_does_not_predict_words_from_words_has_no_loss_on_held_out_text(kind):
    with pytest.raises(ConfigError, match=f"can't tell the loss of {kind.__name__}"):
        wk.train(make_corpus(5_000), kind(vector_size=4), workers=1, validation=0.1)
