"""Doc2Vec through train(): what holds of each model, and what documents are for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import (
    ConfigError,
    FormatError,
    InputError,
    OutOfMemoryError,
    RowError,
    UnknownWordError,
)
from wordkin.training import memory_needed

CONFIG = wk.Doc2Vec(vector_size=12, window=3, epochs=12, sample=0.01, alpha=0.05)
KINDS = {
    "dbow": replace(CONFIG, dbow_words=False),
    "dbow with words": CONFIG,
    "dm": replace(CONFIG, dm=True, window=1, epochs=40),
}
TOPICS = (["cat", "dog", "bird", "fish", "mouse"], ["one", "two", "three", "four", "five"])


def texts_of(rng, n):
    return [" ".join(rng.choice(TOPICS[i % 2], 12)) for i in range(n)]


@pytest.fixture(scope="module")
def corpus():
    texts = texts_of(np.random.default_rng(0), 400)
    return wk.Corpus.from_texts(["", *texts[:5], "unseen", *texts[5:], "..."], min_count=2)


@pytest.fixture(scope="module", params=KINDS)
def trained(request, corpus):
    return wk.train(corpus, KINDS[request.param], workers=1)


def same(model, other):
    mine, theirs = model.documents, other.documents
    assert mine.vectors.tobytes() == theirs.vectors.tobytes()
    assert mine.words.matrix.tobytes() == theirs.words.matrix.tobytes()
    assert mine.context.tobytes() == theirs.context.tobytes()


def test_documents_of_a_topic_are_near_each_other(trained):
    documents = trained.documents
    assert len(documents) == 403
    numbers = [n for n in range(403) if n not in (0, 6, 402)]  # those that left a word
    topic = dict(zip(numbers, [i % 2 for i in range(400)], strict=True))
    right = 0
    for n in numbers[:20]:
        near = documents.most_similar(n, topn=10)
        assert n not in dict(near)
        right += sum(topic[other] == topic[n] for other, _ in near)
    assert right > 180  # by chance 100
    for n in (0, 6, 402):
        assert not documents[n].any()


def test_new_texts_find_their_topic_whatever_stands_beside_them(trained):
    documents = trained.documents
    texts = [*texts_of(np.random.default_rng(1), 30), "", "nothing known", "cat"]
    made = documents.infer(texts, workers=1)
    assert made.tobytes() == documents.infer(texts, workers=3).tobytes()
    for i in (0, 7, 32):
        assert documents.infer([texts[i]]).tobytes() == made[i].tobytes()
    assert documents.infer(texts[::-1])[::-1].tobytes() == made.tobytes()
    assert (documents.infer(texts[:30], seed=2) != made[:30]).any(axis=1).all()
    assert not made[30:32].any()
    assert documents.report(texts).without.tolist() == [30, 31]
    near = [documents.most_similar(row, topn=10) for row in made[:30]]
    right = [row_of(n) % 2 == i % 2 for i, found in enumerate(near) for n, _ in found]
    assert sum(right) > 270  # by chance 150


def row_of(number):
    return number - sum(number > each for each in (0, 6, 402))


def test_the_same_seed_gives_the_same_bytes(corpus, trained):
    same(trained, wk.train(corpus, trained.config, workers=1))
    other = wk.train(corpus, trained.config, workers=1, seed=2)
    assert other.documents.vectors.tobytes() != trained.documents.vectors.tobytes()


def test_the_account_balances_and_the_loss_falls(corpus, trained):
    account = trained.account
    assert account.presented == trained.config.epochs * corpus.n_tokens
    assert account.trained + account.subsampled == account.presented
    assert trained.history[-1].loss < trained.history[0].loss


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_and_resumed_is_the_whole_run(corpus, tmp_path, kind):
    config = replace(KINDS[kind], epochs=6)
    saved = wk.Checkpoint(tmp_path, every=1)
    wk.train(corpus, config, workers=1, callbacks=[saved, lambda p: p.step == 4])
    resumed = wk.train(corpus, config, workers=1, resume=saved.path)
    same(resumed, wk.train(corpus, config, workers=1))


def test_threads_learn_the_same_things(corpus):
    model = wk.train(corpus, CONFIG, workers=3).documents
    near = [n for n, _ in model.most_similar(1, topn=20)]
    topic = {n: row_of(n) % 2 for n in range(403)}
    assert {topic[n] for n in near} == {topic[1]}


def test_it_goes_on_from_a_model_and_from_words(corpus, trained):
    again = wk.train(corpus, replace(trained.config, epochs=1), initial=trained, workers=1)
    assert again.history[0].loss < trained.history[0].loss
    words = wk.train(corpus, wk.SkipGram(vector_size=12), workers=1).vectors
    assert wk.train(corpus, trained.config, initial=words, workers=1).documents


def test_word_vectors_know_topics(trained):
    near = [word for word, _ in trained.vectors.most_similar("cat", topn=4)]
    assert set(near) == set(TOPICS[0]) - {"cat"}


def test_saved_and_loaded_it_is_the_same(trained, tmp_path):
    documents = trained.documents.tagged([f"n{i}" for i in range(403)])
    documents.save(tmp_path / "d.safetensors")
    back = wk.DocumentModel.load(tmp_path / "d.safetensors")
    assert back.config == trained.config
    assert back.tags == documents.tags
    assert back.vectors.tobytes() == documents.vectors.tobytes()
    assert back.infer(["cat dog", "one"]).tobytes() == documents.infer(["cat dog", "one"]).tobytes()
    assert back.most_similar("n1", topn=3) == documents.most_similar("n1", topn=3)
    assert list(wk.load(tmp_path / "d.safetensors").index_to_key) == list(
        trained.vectors.index_to_key
    )
    trained.save(tmp_path / "t.safetensors")
    assert wk.DocumentModel.load(tmp_path / "t.safetensors").tags is None


def test_what_is_no_model_is_told(trained, tmp_path):
    trained.vectors.save(tmp_path / "v.safetensors")
    with pytest.raises(FormatError, match="only vectors of words"):
        wk.DocumentModel.load(tmp_path / "v.safetensors")
    trained.documents.save(tmp_path / "d.safetensors")
    data = bytearray((tmp_path / "d.safetensors").read_bytes())
    (tmp_path / "cut.safetensors").write_bytes(data[:-10])
    with pytest.raises(FormatError, match="truncated"):
        wk.DocumentModel.load(tmp_path / "cut.safetensors")
    with pytest.raises(InputError, match="safetensors"):
        trained.save(tmp_path / "d.bin")


def test_wrong_questions_are_told(trained):
    documents = trained.documents
    with pytest.raises(InputError, match="no tags"):
        documents.most_similar("a text, maybe")
    with pytest.raises(RowError, match="0 to 402"):
        documents[403]
    tagged = documents.tagged(map(str, range(403)))
    with pytest.raises(UnknownWordError):
        tagged["403"]
    assert np.array_equal(tagged["7"], documents[7])
    with pytest.raises(ValueError, match="read-only"):
        documents[7][0] = 1
    for tags in (["a"], ["a"] * 403, range(403), "a", [["a"]] * 403):
        with pytest.raises(InputError):
            documents.tagged(tags)
    for tag in (1.5, None, True, b"7", [7], (7,)):
        with pytest.raises(InputError, match="a tag is a str, a number a whole one"):
            documents.most_similar(tag)
        with pytest.raises(InputError, match="a tag is a str, a number a whole one"):
            tagged[tag]
    with pytest.raises(InputError, match="12 numbers"):
        documents.most_similar(np.array(["7"] * 12))
    for wrong in (
        {"epochs": 0},
        {"alpha": -1.0},
        {"seed": -1},
        {"min_alpha": 9.0},
        {"workers": 0},
        {"workers": 1.5},
    ):
        with pytest.raises(ConfigError):
            documents.infer(["cat"], **wrong)
    for texts in ("cat", [b"cat"], [None], 5):
        with pytest.raises(InputError):
            documents.infer(texts)


def test_numbers_may_be_those_of_numpy(trained):
    documents = trained.documents
    assert documents.most_similar(np.int64(7)) == documents.most_similar(7)
    found = documents.infer(["cat dog"], seed=np.int64(3))
    np.testing.assert_array_equal(found, documents.infer(["cat dog"], seed=3))


def test_wrong_settings_are_told(corpus):
    for wrong in ({"dm": 2}, {"window": 0}, {"sample": 2.0}, {"size": 5}, {"dm_concat": 1}):
        with pytest.raises(ConfigError):
            wk.Doc2Vec(**wrong)
    with pytest.raises(ConfigError, match="validation=0"):
        wk.train(corpus, CONFIG, validation=0.1)
    with pytest.raises(ConfigError, match="Doc2Vec"):
        wk.train(corpus, CONFIG, engine="keras")


def test_memory_counts_documents(corpus):
    need = memory_needed(corpus, wk.Doc2Vec(vector_size=100), workers=1)
    assert need.tables == (2 * 11 + 400) * 112 * 4
    assert need.total > need.tables
    huge = wk.Doc2Vec(vector_size=65_536)
    many = wk.Corpus.from_texts(["cat dog"] * 2_000_000, min_count=1)
    with pytest.raises(OutOfMemoryError):
        wk.train(many, huge)


def test_a_rate_of_zero_changes_nothing(corpus):
    config = replace(CONFIG, alpha=0.0, min_alpha=0.0, epochs=1)
    first, second = (wk.train(corpus, c, workers=1) for c in (config, replace(config, epochs=2)))
    same(first, second)
    assert not first.documents.context.any()
