"""Article D, "A Word2Vec Keras tutorial" (2017): rows D1 to D17.

Word2Vec inside Keras: pairs, a model of two tables, neighbours while it trains, and the way back.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from seeds.tools import NUMBERS, as_numpy

import wordkin as wk
from wordkin.errors import UnknownWordError
from wordkin.vocabulary import UNK

START = "anarchism originated as a term of abuse"
LINES = ["the cat sat on the mat", "the dog sat on the log", "a cat and a dog saw a mat"] * 60


@pytest.fixture(scope="module")
def keras():
    """Keras, on whichever backend is there."""
    pytest.importorskip("keras", reason="the extra keras is not installed")
    from wordkin.frameworks import import_keras

    return import_keras()


@pytest.fixture(scope="module")
def small():
    return wk.Corpus.from_texts(LINES, min_count=1)


def first_ten_thousand(corpus):
    """The article's vocabulary: 10,000 numbers, of which 0 is for all other words."""
    known = corpus.vocabulary
    return wk.Vocabulary(known.words[:9_999], known.counts[:9_999], specials=(UNK,))


def two_tables(keras, n_words, dimensions=16):
    """What the article meant: a table of targets and one of contexts, and the logit of a pair."""
    ids = [keras.Input((), dtype="int32") for _ in range(2)]
    names = ("target", "context")
    rows = [
        keras.layers.Embedding(n_words, dimensions, name=name)(each)
        for name, each in zip(names, ids, strict=True)
    ]
    return keras.Model(ids, keras.layers.Dot(axes=-1)(rows)[:, 0])


def compiled(keras, model):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), loss)
    return model


def test_D1_ten_thousand_words_with_0_for_the_others(start_corpus):
    vocabulary = first_ten_thousand(start_corpus)
    assert vocabulary.n_rows == 10_000
    assert vocabulary.unk_row == 0
    ids = vocabulary.encode(f"{START} qwrtzp")
    assert ids[5] == 2  # of: the second most frequent word, behind 0
    assert ids[-1] == 0
    assert vocabulary.decode(ids[:7]) == [word for word in START.split() if word in vocabulary]


@pytest.mark.slow
def test_D1_12_6_195_2_in_all_of_text8(text8):
    everything = wk.Corpus.from_path(text8, tokenizer="whitespace", min_count=1)
    ids = first_ten_thousand(everything).encode(START).tolist()
    assert [ids[2], ids[3], ids[4], ids[5]] == [12, 6, 195, 2]
    # the rarer ones have rivals of the same count: 5239, 3082 and 3134 in the article
    assert [round(ids[i], -1) for i in (0, 1, 6)] == [5240, 3080, 3130]


def test_D2_steps_are_steps_and_epochs_are_passes(small):
    seen = []
    config = wk.SkipGram(window=3, vector_size=300, epochs=4)
    model = wk.train(small, config, workers=1, callbacks=[seen.append])
    assert [record.epoch for record in model.history] == [1, 2, 3, 4]
    assert seen[-1].step == seen[-1].steps  # blocks of text
    assert seen[-1].words == 4 * small.n_tokens


def test_D3_the_table_of_zipf_and_that_of_real_counts(keras, start_corpus):
    sequence = pytest.importorskip("keras.src.legacy.preprocessing.sequence")
    assert np.allclose(wk.make_sampling_table(10_000), sequence.make_sampling_table(10_000))
    counts = start_corpus.vocabulary.counts
    table = wk.make_sampling_table(counts, sampling_factor=1e-3)
    share = counts / counts.sum()
    assert np.allclose(table, np.minimum(1, np.sqrt(1e-3 / share)))


def test_D4_pairs_with_negatives_that_are_none(start_corpus):
    pairs = wk.skipgrams(start_corpus, window=3, negative=1, seed=1)
    targets, contexts, labels = next(iter(pairs))
    assert len(targets) == len(contexts) == len(labels) == 8192
    assert set(np.unique(labels)) == {0.0, 1.0}
    assert abs(labels.mean() - 0.5) < 0.05  # as many negatives as positives, shuffled
    again = next(iter(wk.skipgrams(start_corpus, window=3, negative=1, seed=1)))
    assert all(
        np.array_equal(a, b) for a, b in zip(again, (targets, contexts, labels), strict=True)
    )
    # negatives follow the counts ** 0.75, where Keras drew all words alike
    drawn = np.bincount(contexts[labels == 0], minlength=len(start_corpus.vocabulary))
    expected = start_corpus.vocabulary.counts**0.75
    rates = np.corrcoef(drawn[:2000], expected[:2000])[0, 1]
    assert rates > 0.8


def test_D4_the_true_pairs_are_those_of_keras(keras, small):
    sequence = pytest.importorskip("keras.src.legacy.preprocessing.sequence")
    ids = (small.ids[:60] + 1).tolist()
    theirs, _ = sequence.skipgrams(
        ids, len(small.vocabulary) + 1, window_size=3, negative_samples=0.0, shuffle=False
    )
    ours = wk.skipgrams(ids, window=3, negative=0, sample=0, shrink_windows=False, shuffle=False)
    found = [pair for batch in ours for pair in zip(*batch[:2], strict=True)]
    assert sorted(map(tuple, theirs)) == sorted((int(t), int(c)) for t, c in found)


@pytest.mark.parametrize("way", ["to_keras", "to_torch", "to_tf"])
def test_D4_pairs_for_every_framework(small, way):
    needs = {"to_keras": "keras", "to_torch": "torch", "to_tf": "tensorflow"}[way]
    pytest.importorskip(needs, reason=f"{needs} is not installed")
    pairs = wk.skipgrams(small, batch_size=64, seed=1)
    made = getattr(pairs, way)()
    batch = made[0] if way == "to_keras" else next(iter(made))
    targets, contexts = batch[:2] if way == "to_torch" else batch[0]
    labels = batch[-1]
    assert [len(each) for each in (targets, contexts, labels)] == [64] * 3


def test_D5_two_tables_and_a_shared_one_as_an_option(small):
    pytest.importorskip("keras", reason="the extra keras is not installed")
    settings = {"vector_size": 8, "epochs": 1, "window": 2}
    two = wk.train(small, wk.SkipGram(**settings), engine="keras")
    assert not np.array_equal(two.vectors.vectors, two.context.vectors)
    one = wk.train(small, wk.SkipGram(shared_table=True, **settings), engine="keras")
    assert np.array_equal(one.vectors.vectors, one.context.vectors)


def test_D6_the_cosine_is_along_the_vectors_not_the_batch(keras, toy):
    layer = toy.to_keras()
    first, second = (layer.vocabulary.encode(pair) for pair in (["cat", "the"], ["mat", "sat"]))
    rows = [layer(ids) for ids in (first, second)]
    found = as_numpy(keras.layers.Dot(axes=-1, normalize=True)(rows))[:, 0]
    expected = [toy.similarity("cat", "mat"), toy.similarity("the", "sat")]
    assert found == pytest.approx(expected, abs=1e-6)
    assert as_numpy(wk.cosine_model(layer)([first, second])) == pytest.approx(expected, abs=1e-6)


def test_D7_a_plain_logit_has_no_weight_that_could_turn_it_round(keras, small):
    model = two_tables(keras, len(small.vocabulary))
    assert len(model.trainable_weights) == 2  # no Dense(1) behind the product
    target, context = (as_numpy(weight) for weight in model.trainable_weights)
    found = as_numpy(model([np.array([0, 1]), np.array([2, 3])]))
    assert found == pytest.approx((target[[0, 1]] * context[[2, 3]]).sum(axis=1), abs=1e-6)


def test_D8_pairs_train_a_model_of_your_own(keras, small):
    keras.utils.set_random_seed(1)
    model = compiled(keras, two_tables(keras, len(small.vocabulary)))
    pairs = wk.skipgrams(small, window=2, negative=2, batch_size=256)
    history = model.fit(pairs.to_keras(), epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_D8_on_three_backends(backend):
    pytest.importorskip(backend, reason=f"{backend} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k",
         "D5 or D7 or D8 or D9 or D14 or D16"],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"},
        cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-5000:]


def test_D9_a_callback_reads_the_matrix_instead_of_a_second_model(keras, small):
    model = compiled(keras, two_tables(keras, len(small.vocabulary)))
    look = wk.NearestWords(["cat", "sat"], topn=3)
    pairs = wk.skipgrams(small, window=2, negative=2, batch_size=256)
    layer = model.get_layer("target")
    model.fit(
        pairs.to_keras(), epochs=2, verbose=0,
        callbacks=[look.for_keras(layer, small.vocabulary.with_specials(()))],
    )  # fmt: skip
    assert len(look.reports) == 2
    now = wk.from_keras(layer, small.vocabulary.with_specials(()))
    for word, nearest in look.reports[-1].nearest.items():
        assert [other for other, _ in nearest] == [w for w, _ in now.most_similar(word, topn=3)]


def test_D10_neighbours_of_16_words_at_once(start_corpus):
    probes = wk.probe_words(start_corpus.vocabulary, seed=2)
    look = wk.NearestWords(probes, every=1)
    small = wk.SkipGram(vector_size=100, epochs=1, window=1, negative=1)
    wk.train(start_corpus, small, callbacks=[look])
    assert len(look.reports) >= 4
    for report in look.reports:
        assert list(report.nearest) == probes
        assert {len(nearest) for nearest in report.nearest.values()} == {8}
    with pytest.raises(UnknownWordError, match="qwrtzp"):
        wk.train(start_corpus, small, callbacks=[wk.NearestWords(["qwrtzp"])])


def test_D11_large_batches_and_a_loss_curve(start_corpus, tmp_path):
    curve = wk.LossCurve()
    wk.train(start_corpus, wk.SkipGram(vector_size=16, epochs=2, window=2), callbacks=[curve])
    losses = [point.loss for point in curve.points]
    assert losses[-1] < losses[0]
    curve.to_csv(tmp_path / "loss.csv")
    assert len((tmp_path / "loss.csv").read_text().splitlines()) == len(losses) + 1
    sizes = [len(batch[0]) for batch in wk.skipgrams(start_corpus.ids[:20_000])]
    assert min(sizes[:-1]) >= 8192


def test_D12_the_neighbours_of_eight_become_numbers(start_run):
    first, *_, last = [
        [word for word, _ in report.nearest["eight"]] for report in start_run.look.reports
    ]
    words = start_run.model.account.presented
    print(f"{words:,} words in {start_run.seconds:.1f} s: {first} -> {last}")  # noqa: T201
    assert not set(first) <= NUMBERS  # at the beginning they are any words
    nearest = [word for word, _ in start_run.model.vectors.most_similar("eight", topn=8)]
    assert set(nearest) <= NUMBERS - {"eight"}  # the article comes to seven of eight


def test_D12_in_a_wikipedia_too(wiki_vectors):
    assert {word for word, _ in wiki_vectors.most_similar("eight", topn=8)} <= NUMBERS


def test_D13_the_toy_table_of_the_concepts_page():
    page = (Path(__file__).resolve().parents[2] / "docs" / "concepts.md").read_text("utf-8")
    for subject in ("one-hot", "softmax", "negative sampling", "CBOW", "cosine"):
        assert subject.lower() in page.lower()
    # seven words of three numbers: looking up is what multiplying with a one-hot row gives
    vectors = wk.WordVectors(START.split(), np.arange(21).reshape(7, 3) / 10)
    one_hot = np.eye(7, dtype=np.float32)[vectors.key_to_index["term"]]
    assert np.array_equal(one_hot @ vectors.vectors, vectors["term"])


def test_D14_a_trained_embedding_becomes_vectors(keras, small):
    model = two_tables(keras, len(small.vocabulary))
    bare = small.vocabulary.with_specials(())
    vectors = wk.from_keras(model, bare, name="target")
    matrix = as_numpy(model.get_layer("target").embeddings)
    assert np.array_equal(vectors.vectors, matrix)
    assert vectors.index_to_key == bare.words
    constant = keras.layers.Embedding(
        len(bare), 4, embeddings_initializer=keras.initializers.Constant(0.5)
    )
    constant.build()
    assert (wk.from_keras(constant, bare)["cat"] == 0.5).all()


def test_D15_dot_normalize_is_what_the_comment_says(keras, start_model):
    vectors = start_model.vectors
    layer = vectors.to_keras()
    ids = [keras.Input((1,), dtype="int32") for _ in range(2)]
    cosine = keras.layers.Dot(axes=2, normalize=True)([layer(each) for each in ids])
    model = keras.Model(ids, cosine)
    one, two = (layer.vocabulary.encode([word])[None] for word in ("one", "two"))
    assert float(as_numpy(model([one, two])).item()) == pytest.approx(
        vectors.similarity("one", "two"), abs=1e-5
    )


@pytest.mark.parametrize("framework", ["keras", "torch", "jax", "tensorflow"])
def test_D16_there_and_back_in_every_framework(toy, framework):
    needs = {"jax": "flax"}.get(framework, framework)
    pytest.importorskip(needs, reason=f"{needs} is not installed")
    layer = getattr(toy, f"to_{framework}")()
    assert layer.vocabulary.encode(["cat"])[0] == 3
    ids = layer.vocabulary.encode_batch(["the cat", "mat"])
    if framework == "torch":
        import torch

        ids = torch.from_numpy(ids)
    found = as_numpy(layer(ids))
    matrix, _ = wk.embedding_matrix(toy)
    assert np.array_equal(found, matrix[as_numpy(ids)])
    if framework in ("keras", "torch"):
        back = getattr(wk, f"from_{framework}")(layer)
        assert np.array_equal(back.vectors, toy.vectors)
        assert back.index_to_key == toy.index_to_key


@pytest.mark.parametrize("head", ["mean", "max", "cnn", "gru", "lstm", "attention"])
def test_D16_in_a_bag_a_cnn_and_an_lstm(keras, toy, head):
    from wordkin.layers.keras_heads import head_layers

    model = keras.Sequential([keras.Input((None,), dtype="int32"), toy.to_keras()])
    for layer in head_layers(head):
        model.add(layer)
    model.add(keras.layers.Dense(2))
    ids = toy.vocabulary.encode_batch(["the cat sat on the mat", "cat"], max_length=9)
    assert as_numpy(model(ids)).shape == (2, 2)
    assert wk.check_padding(model, ids)


LOSSES = {
    "softmax": {},
    "sampled-softmax": {"negative": 64},
    "nce": {"negative": 64},
    "negative-sampling": {},
    "hierarchical-softmax": {},
}


def test_D17_five_losses_side_by_side(text8_start):
    from wordkin.files import open_bytes

    with open_bytes(text8_start) as file:
        words = file.read(200_000).decode().split()[:-1]
    lines = [words[i : i + 1000] for i in range(0, len(words), 1000)]
    corpus = wk.Corpus.from_sentences(lines, min_count=1, max_vocab=500)
    for loss, settings in LOSSES.items():
        # as the article's sister script: two words to each side, 64 sampled
        config = wk.SkipGram(
            loss=loss,
            window=2,
            shrink_windows=False,
            vector_size=32,
            epochs=2,
            sample=0,
            **settings,
        )
        model = wk.train(corpus, config, workers=1)
        first, last = model.history[0], model.history[-1]
        print(f"{loss:22}{last.words_per_second:12,.0f} words/s  loss {last.loss:.3f}")  # noqa: T201
        assert last.loss < first.loss
        assert np.isfinite(model.vectors.vectors).all()
