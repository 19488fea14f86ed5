"""FastText through train(): what holds of each model holds of it, and its files are fastText's."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest
from twins.fasttext import bucket, ngrams

import wordkin as wk
from wordkin.errors import ConfigError, FormatError, InputError, OutOfMemoryError
from wordkin.formats import fasttext as format_of_fasttext
from wordkin.training import memory_needed

CONFIG = wk.FastText(vector_size=12, window=3, epochs=3, buckets=500, min_n=3, max_n=4, sample=0.01)
UNKNOWN = ["walks", "größte", "日本", "x"]
KINDS = {
    "skipgram": CONFIG,
    "cbow": replace(CONFIG, mode="cbow"),
    "tree": replace(CONFIG, loss="hierarchical-softmax"),
    "compact": replace(CONFIG, compact=True),
}


@pytest.fixture(scope="module")
def corpus():
    """Words that stand with words of the same ending, and a few that are not ASCII."""
    rng = np.random.default_rng(0)
    stems = ["walk", "talk", "jump", "größ", "play", "lach", "日本"]
    sentences = []
    for _ in range(2500):
        ending = ["ing", "ed", "er"][rng.integers(3)]
        sentences.append([stems[i] + ending for i in rng.integers(0, len(stems), 20)])
    return wk.Corpus.from_sentences(sentences, min_count=1)


@pytest.fixture(scope="module", params=KINDS)
def trained(request, corpus):
    return wk.train(corpus, KINDS[request.param], workers=1, validation=0.1)


def same(model, other):
    assert model.vectors.vectors.tobytes() == other.vectors.vectors.tobytes()
    assert model.context.vectors.tobytes() == other.context.vectors.tobytes()
    mine, theirs = (m.vectors.table.subwords.matrix for m in (model, other))
    assert mine.tobytes() == theirs.tobytes()


def test_the_same_seed_gives_the_same_bytes(corpus, trained):
    config = trained.config
    same(trained, wk.train(corpus, config, workers=1, validation=0.1))
    other = wk.train(corpus, config, workers=1, seed=2)
    assert other.vectors.vectors.tobytes() != trained.vectors.vectors.tobytes()


def test_the_account_balances_and_the_loss_falls(corpus, trained):
    account = trained.account
    assert account.presented == 3 * (corpus.n_tokens - account.held_out)
    assert account.trained + account.subsampled == account.presented
    losses = [record.validation_loss for record in trained.history]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_and_resumed_is_the_whole_run(corpus, tmp_path, kind):
    expected = wk.train(corpus, KINDS[kind], workers=1, validation=0.1)
    saved = wk.Checkpoint(tmp_path, every=1)
    stop = [saved, lambda p: p.step == 4]
    wk.train(corpus, KINDS[kind], workers=1, validation=0.1, callbacks=stop)
    same(wk.train(corpus, KINDS[kind], workers=1, validation=0.1, resume=saved.path), expected)


def test_a_checkpoint_of_other_ngrams_is_refused(corpus, tmp_path):
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, CONFIG, workers=1, callbacks=[saved, lambda p: p.step == 1])
    with pytest.raises(ConfigError, match="max_n"):
        wk.train(corpus, replace(CONFIG, max_n=5), workers=1, resume=saved.path)


def test_callbacks_see_composed_vectors(corpus):
    seen = []

    def look(progress):
        seen.append((progress.vectors(), set(progress.arrays())))

    near = wk.NearestWords(["walking"], topn=2)
    model = wk.train(corpus, CONFIG, workers=1, callbacks=[look, near])
    assert seen[-1][0].vectors.tobytes() == model.vectors.vectors.tobytes()
    assert seen[-1][1] == {"words", "ngrams", "context"}
    (best, _), *_ = near.reports[-1].nearest["walking"]
    assert best == model.vectors.most_similar("walking", topn=1)[0][0]


def test_early_stopping_brings_the_best_back(corpus):
    stop = wk.EarlyStopping(patience=1, min_delta=10.0)  # no later epoch counts as better
    model = wk.train(corpus, CONFIG, workers=1, validation=0.1, callbacks=[stop])
    assert stop.best_epoch == 1
    once = []

    def keep(progress):
        if progress.epoch_ended and progress.epoch == 1:
            once.append(progress.vectors().vectors)

    wk.train(corpus, CONFIG, workers=1, validation=0.1, callbacks=[keep])
    assert model.vectors.vectors.tobytes() == once[0].tobytes()


@pytest.mark.parametrize("mode", ["skipgram", "cbow"])
def test_words_that_are_spelled_alike_are_alike_and_unknown_ones_too(corpus, mode):
    vectors = wk.train(corpus, replace(CONFIG, mode=mode, epochs=5), workers=1).vectors
    assert vectors.similarity("walking", "talking") > vectors.similarity("walking", "talked")
    assert "barking" not in vectors
    made = vectors["barking"]
    like = {word: made @ row / np.linalg.norm(row) for word, row in zip(
        vectors.index_to_key, vectors.vectors, strict=True)}  # fmt: skip
    assert max(like, key=like.get).endswith("ing")


def test_a_word_is_the_mean_of_its_row_and_its_ngrams(corpus):
    arrays = {}

    def keep(progress):
        arrays.update({name: array.copy() for name, array in progress.arrays().items()})

    model = wk.train(corpus, CONFIG, workers=1, callbacks=[keep])
    subwords = model.vectors.table.subwords
    buckets = subwords.index.kept[np.argsort(subwords.index.kept[:, 1]), 0].tolist()
    for row, word in enumerate(model.vectors.index_to_key):
        rows = [buckets.index(bucket(gram, 500)) for gram in ngrams(word, 3, 4)]
        mean = np.vstack([arrays["words"][row], arrays["ngrams"][rows]]).mean(axis=0)
        np.testing.assert_allclose(model.vectors[word], mean, atol=1e-6)
    for word in UNKNOWN:  # n-grams that no word has count as zeros
        rows = [bucket(gram, 500) for gram in ngrams(word, 3, 4)]
        known = [arrays["ngrams"][buckets.index(b)] for b in rows if b in buckets]
        mean = np.sum(known, axis=0) / len(rows) if known else np.zeros(12)
        np.testing.assert_allclose(model.vectors[word], mean, atol=1e-6)


@pytest.mark.parametrize("kind", ["skipgram", "cbow"])
def test_the_bin_is_fasttexts_and_ours(corpus, tmp_path, kind):
    vectors = wk.train(corpus, KINDS[kind], workers=1).vectors
    vectors.save(tmp_path / "v.bin")
    back = wk.load(tmp_path / "v.bin")
    assert back.table.settings["model"] == kind
    assert back.table.settings["ws"] == 3
    assert back.table.subwords.matrix.shape == (500, 12)
    assert back.index_to_key == vectors.index_to_key
    np.testing.assert_allclose(back.vectors, vectors.vectors, atol=1e-6)
    for word in UNKNOWN:
        assert back[word].tobytes() == vectors[word].tobytes()


@pytest.mark.filterwarnings("ignore")
def test_the_fasttext_package_opens_the_bin(corpus, tmp_path):
    peer = pytest.importorskip("fasttext")
    vectors = wk.train(corpus, CONFIG, workers=1).vectors
    vectors.save(tmp_path / "v.bin")
    model = peer.load_model(str(tmp_path / "v.bin"))
    assert model.get_words() == list(vectors.index_to_key)
    for word in [*vectors.index_to_key, *UNKNOWN]:
        np.testing.assert_allclose(model.get_word_vector(word), vectors[word], atol=1e-6)


def test_gensim_opens_the_bin(corpus, tmp_path):
    peer = pytest.importorskip("gensim.models.fasttext")
    vectors = wk.train(corpus, CONFIG, workers=1).vectors
    vectors.save(tmp_path / "v.bin")
    theirs = peer.load_facebook_vectors(str(tmp_path / "v.bin"))
    for word in [*vectors.index_to_key, *UNKNOWN]:
        np.testing.assert_allclose(theirs[word], vectors[word], atol=1e-6)


def test_the_native_file_keeps_everything(trained, tmp_path):
    trained.vectors.save(tmp_path / "v.safetensors")
    back = wk.load(tmp_path / "v.safetensors")
    assert back.vectors.tobytes() == trained.vectors.vectors.tobytes()
    for word in UNKNOWN:
        assert back[word].tobytes() == trained.vectors[word].tobytes()


def test_the_compact_table_is_florets(corpus, tmp_path):
    model = wk.train(corpus, KINDS["compact"], workers=1)
    model.vectors.save(tmp_path / "v.floret")
    back = wk.load(tmp_path / "v.floret")
    assert back.table.subwords.matrix.shape == (500, 12)
    for word in [*model.vectors.index_to_key, *UNKNOWN]:
        np.testing.assert_allclose(back[word], model.vectors[word], atol=1e-6)
    with pytest.raises(InputError, match="floret's"):
        format_of_fasttext.write(model.vectors.table, tmp_path / "v.bin")


@pytest.mark.parametrize("kind", ["skipgram", "compact"])
def test_training_goes_on_from_a_model(corpus, kind):
    config = KINDS[kind]
    model = wk.train(corpus, config, workers=1)
    first = []

    def look(progress):
        first.append(progress.vectors().vectors)
        return True

    still = replace(config, alpha=1e-9, min_alpha=1e-9)
    for initial in (model, model.vectors):
        wk.train(corpus, still, workers=1, initial=initial, callbacks=[look])
        np.testing.assert_allclose(first.pop(), model.vectors.vectors, atol=1e-5)


def test_training_goes_on_from_a_bin_and_from_words_alone(corpus, tmp_path):
    model = wk.train(corpus, CONFIG, workers=1)
    model.vectors.save(tmp_path / "v.bin")
    words = wk.WordVectors(model.vectors.index_to_key, model.vectors.vectors)
    first = []

    def look(progress):
        first.append(progress.vectors().vectors)
        return True

    still = replace(CONFIG, alpha=1e-9, min_alpha=1e-9)
    for initial in (wk.load(tmp_path / "v.bin"), words):
        wk.train(corpus, still, workers=1, initial=initial, callbacks=[look])
        np.testing.assert_allclose(first.pop(), model.vectors.vectors, atol=1e-5)
    with pytest.raises(ConfigError, match="same n-grams"):
        wk.train(corpus, replace(still, compact=True), workers=1, initial=words)
    with pytest.raises(ConfigError, match="min_n"):
        wk.train(corpus, replace(still, min_n=2), workers=1, initial=model)


def test_memory_is_told_and_checked_before_anything_is_made(corpus, monkeypatch):
    need = memory_needed(corpus, CONFIG, workers=1)
    words = len(corpus.vocabulary)
    assert need.tables >= (2 * words + len(set(range(100)))) * 16 * 4
    assert "rows of words and n-grams" in str(need)
    monkeypatch.setattr("wordkin.training.memory.available_memory", lambda: 1000)
    with pytest.raises(OutOfMemoryError, match="n-grams"):
        wk.train(corpus, CONFIG)


def test_two_threads_learn_too(corpus, caplog):
    caplog.set_level(logging.INFO, "wordkin")
    model = wk.train(corpus, replace(CONFIG, epochs=5), workers=2, validation=0.05)
    alone = wk.train(corpus, replace(CONFIG, epochs=5), workers=1, validation=0.05)
    ours, theirs = (m.history[-1].validation_loss for m in (model, alone))
    assert ours == pytest.approx(theirs, rel=0.1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_n": 5, "max_n": 4}, "at least min_n=5"),
        ({"min_n": 0}, "min_n must be"),
        ({"buckets": 0}, "buckets must be"),
        ({"mode": "sg"}, "mode must be"),
        ({"compact": "yes"}, "compact must be"),
        ({"hashes": 5}, "hashes must be"),
        ({"minn": 3}, "Use min_n"),
        ({"bucket": 3}, "Use buckets"),
    ],
)
def test_bad_settings_are_told(settings, message):
    with pytest.raises(ConfigError, match=message):
        wk.FastText(**settings)


def test_a_damaged_checkpoint_is_told(corpus, tmp_path):
    from safetensors.numpy import load_file, save_file

    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, CONFIG, workers=1, callbacks=[saved, lambda p: p.step == 1])
    data = saved.path.read_bytes()
    import json

    about = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    arrays = load_file(saved.path)
    arrays["ngrams"] = arrays["ngrams"][:-1]
    save_file(arrays, saved.path, metadata=about)
    with pytest.raises(FormatError, match="ngrams"):
        wk.train(corpus, CONFIG, workers=1, resume=saved.path)
