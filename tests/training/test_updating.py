"""Updates with new text: what is added, what stays, what is told and what is refused."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wordkin as wk
from wordkin.errors import ConfigError, FormatError, InputError
from wordkin.text.tokenizers import Words
from wordkin.training import saving
from wordkin.training.updating import hold_back

SMALL = {"vector_size": 8, "epochs": 2, "sample": 0}
OLD = ["the cat sat on the mat", "a dog ran in the park", "the cat ran"] * 60
NEW = ["the bird sat on the cat", "a bird ran in the tree", "two birds flew"] * 60


def corpus(texts, **options):
    return wk.Corpus.from_texts(texts, min_count=1, **options)


@pytest.fixture(scope="module", params=[wk.SkipGram, wk.CBOW])
def model(request):
    return wk.train(corpus(OLD), request.param(**SMALL), workers=1)


def distances(old, new):
    rows = [new.get_vector(word).astype(np.float64) for word in old.index_to_key]
    a, b = old.vectors.astype(np.float64), np.array(rows)
    return 1 - (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_pinned_words_do_not_move_and_new_ones_learn(model):
    before = model.vectors.vectors.copy(), model.context.vectors.copy()
    new = corpus(NEW)
    later = model.update(new, drift="pin", workers=1)
    n = len(model.vectors)
    assert list(later.vectors.index_to_key[:n]) == list(model.vectors.index_to_key)
    assert later.vectors.vectors[:n].tobytes() == before[0].tobytes()
    assert later.context.vectors[:n].tobytes() == before[1].tobytes()
    assert model.vectors.vectors.tobytes() == before[0].tobytes()
    added = ["bird", "tree", "two", "birds", "flew"]
    assert sorted(later.vectors.index_to_key[n:]) == sorted(added) == sorted(later.report.added)
    assert later.context.vectors[n:].any(axis=1).all()
    assert later.report.max_drift == later.report.mean_drift == 0
    assert not later.report.moved
    assert later.report.seen == 7
    assert later.account.presented == 2 * new.n_tokens
    # counts are those of both texts
    old_counts = dict(zip(model.vectors.index_to_key, model.vectors.vocabulary.counts, strict=True))
    new_counts = dict(zip(new.vocabulary.words, new.vocabulary.counts, strict=True))
    for word, count in zip(
        later.vectors.index_to_key, later.vectors.vocabulary.counts, strict=True
    ):
        assert count == old_counts.get(word, 0) + new_counts.get(word, 0)


@pytest.mark.parametrize("bound", [1e-4, 0.01, 0.3])
@pytest.mark.parametrize("workers", [1, 2])
def test_no_word_moves_farther_than_the_bound(model, bound, workers):
    later = model.update(corpus(NEW), drift=bound, alpha=0.5, epochs=5, workers=workers)
    found = distances(model.vectors, later.vectors)
    assert found.max() <= bound
    assert found.max() > bound / 2  # at such a rate something wants to go farther
    assert later.report.max_drift == pytest.approx(found.max(), abs=1e-9)
    assert later.report.mean_drift == pytest.approx(found.mean(), abs=1e-9)
    word, farthest = later.report.moved[0]
    assert farthest == later.report.max_drift
    assert found[model.vectors.key_to_index[word]] == pytest.approx(farthest, abs=1e-9)
    assert distances(model.context, later.context).max() <= bound
    assert f"at most {bound:g}" in str(later.report)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(1e-6, 0.99), st.floats(0.01, 100))
def test_rows_are_held_in_a_ball(seed, share, scale):
    rng = np.random.default_rng(seed)
    old = rng.normal(size=(6, 4)).astype(np.float32)
    old[3] = 0
    rows = (old + rng.normal(size=(6, 4)) * scale * rng.random((6, 1))).astype(np.float32)
    rows = np.vstack([rows, rows[:2]])
    was = rows.copy()
    hold_back(rows, old, share)
    for i in range(6):
        room = share * np.linalg.norm(old[i].astype(np.float64))
        far = np.linalg.norm(was[i].astype(np.float64) - old[i])
        now = np.linalg.norm(rows[i].astype(np.float64) - old[i])
        if far <= room:
            assert (rows[i] == was[i]).all()
        else:
            assert now <= room + 1e-6 * np.linalg.norm(old[i])
            expected = old[i] + (was[i] - old[i]) * room / far
            assert rows[i] == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert (rows[6:] == was[6:]).all()


def test_a_loaded_model_goes_on_as_if_it_had_stayed(model, tmp_path):
    path = tmp_path / "model.safetensors"
    model.save(path)
    loaded = wk.TrainedModel.load(path)
    assert loaded.config == model.config
    assert loaded.account == model.account
    assert loaded.memory == model.memory
    assert list(loaded.history) == list(model.history)
    assert loaded.vectors.vocabulary.tokenizer == Words()
    direct, after = (m.update(corpus(NEW), drift=0.1, workers=1) for m in (model, loaded))
    assert direct.vectors.vectors.tobytes() == after.vectors.vectors.tobytes()
    assert direct.context.vectors.tobytes() == after.context.vectors.tobytes()
    # every night again
    again = after.update(corpus(["owls fly"] * 20), workers=1)
    assert again.report.added == ["owls", "fly"]
    # the file is one of vectors too
    assert (wk.load(path).vectors == model.vectors.vectors).all()


def test_sequences_are_updated_too(tmp_path):
    baskets = [[1, 2, 3], [2, 3], [1, 3]] * 30
    model = wk.train(
        wk.Corpus.from_sequences(baskets), wk.SkipGram(window="all", **SMALL), workers=1
    )
    path = tmp_path / "items.safetensors"
    model.save(path)
    loaded = wk.TrainedModel.load(path)
    later = loaded.update(wk.Corpus.from_sequences([[3, 4]] * 30), workers=1)
    assert later.report.added == ["4"]
    assert later.config.window == "all"


def test_another_tokenizer_is_refused_and_the_difference_told():
    model = wk.train(corpus(OLD), wk.SkipGram(**SMALL), workers=1)
    for tokenizer, difference in (
        ("whitespace", "the model has 'words', the corpus 'whitespace'"),
        (Words(digits=False), "both are 'words', with digits=True there and False here"),
        (re.compile("[a-z]+"), "the model has 'words', the corpus 'regex'"),
        (str.split, "the corpus 'callable'"),
    ):
        with pytest.raises(InputError, match=re.escape(difference)):
            model.update(corpus(NEW, tokenizer=tokenizer))
    with pytest.raises(InputError, match="the model has 'words', the corpus none"):
        model.update(wk.Corpus.from_sentences([["a", "b"]], min_count=1))
    rule = wk.PhraseRule(passes=1, min_count=1, threshold=0.2)
    with pytest.raises(InputError, match=r"the corpus joins \d+ phrases"):
        model.update(corpus(NEW, phrases=rule))
    phrased = wk.train(corpus(OLD, phrases=rule), wk.SkipGram(**SMALL), workers=1)
    message = r"the model joins \d+ phrases and the corpus \d+, of which"
    with pytest.raises(InputError, match=message):
        phrased.update(corpus(NEW, phrases=rule))
    cut = phrased.vectors.vocabulary.tokenizer
    phrased.update(corpus(NEW, tokenizer=cut), workers=1)


def test_models_that_can_not_be_updated():
    texts = corpus(OLD)
    for config in (
        wk.FastText(buckets=100, **SMALL),
        wk.SkipGram(loss="hierarchical-softmax", **SMALL),
    ):
        with pytest.raises(ConfigError, match="update"):
            wk.train(texts, config, workers=1).update(texts)
    model = wk.train(texts, wk.SkipGram(**SMALL), workers=1)
    for drift in (0, -1, 1, 1.5, True, "free", None, float("nan")):
        with pytest.raises(ConfigError, match="drift"):
            model.update(texts, drift=drift)
    with pytest.raises(ConfigError, match="epochs"):
        model.update(texts, epochs=0)
    alone = type(model)(model.vectors, None, *(getattr(model, n) for n in (
        "config", "seed", "history", "account", "memory")))  # fmt: skip
    with pytest.raises(ConfigError, match="both tables"):
        alone.update(texts)


def test_what_is_no_model_is_refused(tmp_path):
    model = wk.train(corpus(OLD), wk.SkipGram(**SMALL), workers=1)
    path = tmp_path / "v.safetensors"
    model.vectors.save(path)
    with pytest.raises(FormatError, match="no model that was saved"):
        wk.TrainedModel.load(path)
    model.save(path)
    data = path.read_bytes()
    for old, new in (
        (b'\\"kind\\":', b'\\"kint\\":'),
        (b'SkipGram\\"', b'SkipGrab\\"'),
    ):
        assert old in data
        path.write_bytes(data.replace(old, new))
        with pytest.raises(FormatError):
            wk.TrainedModel.load(path)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(FormatError):
        wk.TrainedModel.load(path)
    assert json.loads(json.dumps(model.vectors.table.settings))["model"] == "SkipGram"


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (lambda table: table.astype(np.int64), "'context' should be float32"),
        (lambda table: table[:-1].copy(), "'context' should be float32 of shape"),
        (lambda table: np.full_like(table, np.nan), "not finite"),
    ],
)
def test_contexts_that_nothing_can_be_learned_from_are_refused(tmp_path, context, message):
    model = wk.train(corpus(OLD), wk.SkipGram(**SMALL), workers=1)
    model.save(tmp_path / "m.safetensors")
    table, stored = saving.read_model(tmp_path / "m.safetensors")
    damaged = stored._replace(context=context(stored.context))
    saving.write_model(tmp_path / "d.safetensors", table, damaged)
    with pytest.raises(FormatError, match=message):
        wk.TrainedModel.load(tmp_path / "d.safetensors")
