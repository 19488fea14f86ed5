"""What the four articles get wrong, F1 to F27, and that it doesn't happen here.

Faults that are no behaviour of a library (F10, F20, F26, F27) are explained in
docs/articles/the-27-faults.md, which says for each fault where it is answered.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from seeds.tools import as_numpy

import wordkin as wk
from wordkin.errors import InputError
from wordkin.text.mail import strip_parts

DONT = ["i don't know", "they do not know", "don't"] * 5


@pytest.fixture(scope="module")
def pairs(start_corpus):
    """All skip-gram pairs of a stretch of text8, with negatives."""
    ids = start_corpus.ids[:60_000]
    batches = list(wk.skipgrams(ids, window=5, negative=1, sample=0, shuffle=False))
    return ids, *(np.concatenate(part) for part in zip(*batches, strict=True))


def test_F1_the_leak_of_the_headers_is_found_and_priced(posts):
    chosen = [
        i
        for group in ("comp.graphics", "comp.windows.x")
        for i in [i for i, label in enumerate(posts.labels) if label == group][:150]
    ]
    two = posts.subset(chosen)
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    found = wk.compare(two.texts, two.labels, models=["tfidf-svm"], seed=1)
    assert "headers" in str(found.leaks)
    headers = next(each for each in found.leaks.removed if "headers" in each.name)
    assert headers.with_it > headers.without_it


def test_F2_quotes_and_signatures_come_off_and_a_split_by_date_is_at_hand(posts, data_dir):
    post = "From: a@b.org\n\nBob writes:\n> So?\nNo.\n\n-- \nAnn, ACME Inc.\n"
    assert strip_parts(post, ["headers", "quotes", "footers"]).strip() == "No."
    train, test = posts.split_by_file(data_dir / "20news-bydate-split.tsv")
    assert (len(train), len(test)) == (11_314, 7_532)


def test_F3_the_vocabulary_has_not_seen_the_validation_texts():
    texts = [f"word{i} common" for i in range(40)]
    clf = wk.TextClassifier(seed=1).fit(texts, ["a", "b"] * 20, validation=0.25)
    assert len(clf.vocabulary_) == 30 + 1


def test_F4_rows_only_for_words_in_use(glove):
    pytest.importorskip("keras", reason="the extra keras is not installed")
    corpus = wk.Corpus.from_texts(["the cat sat on the mat qwrtzp"], min_count=1)
    layer = glove.to_keras(only=corpus)
    used = [word for word in corpus.vocabulary.words if word in glove]
    assert layer.count_params() == (len(used) + 2) * 100
    assert len(layer.vocabulary) == len(used)


def test_F5_a_missing_word_is_not_padding_and_is_counted(toy):
    words = wk.Vocabulary(["cat", "qwrtzp"], [7, 3])
    for rule in ("mean", "random"):
        matrix, report = wk.embedding_matrix(toy, words, missing=rule)
        assert matrix[words.encode(["qwrtzp"])[0]].any()
        assert not matrix[0].any()
    assert (report.hits, report.misses) == (1, 1)
    assert (report.hit_tokens, report.miss_tokens) == (7, 3)
    assert report.missing_words == ("qwrtzp",)


def test_F6_padding_is_no_word(toy):
    keras = pytest.importorskip("keras", reason="the extra keras is not installed")
    ids = toy.vocabulary.encode_batch(["the cat", "the"], max_length=3)
    assert toy.key_to_index["the"] == 0
    assert ids.tolist() == [[2, 3, 0], [2, 0, 0]]
    layer = toy.to_keras()
    mask = as_numpy(keras.ops.convert_to_numpy(layer.compute_mask(ids)))
    assert mask.tolist() == [[True, True, False], [True, False, False]]  # every "the" stays


def test_F7_neighbours_come_with_their_own_word(start_model):
    vectors = start_model.vectors
    probes = ["eight", "france"]
    for probe, nearest in zip(probes, vectors.most_similar_batch(probes, topn=5), strict=True):
        for word, cosine in nearest:
            assert vectors.similarity(probe, word) == pytest.approx(cosine, abs=1e-5)


def test_F8_bytes_are_refused_instead_of_found_nowhere(toy):
    with pytest.raises(InputError, match="bytes"):
        toy.vocabulary.encode([b"cat"], unknown="drop")
    with pytest.raises(InputError, match="bytes"):
        wk.Corpus.from_sentences([[b"cat", b"sat"]], min_count=1)


def test_F9_the_name_of_an_archive_is_left_alone(tmp_path):
    assert "pizza.zip".strip(".zip") == "a"
    with zipfile.ZipFile(tmp_path / "pizza.zip", "w") as archive:
        archive.writestr("pizza", "the cat sat")
    corpus = wk.Corpus.from_path(tmp_path / "pizza.zip", min_count=1)
    assert corpus.n_tokens == 3


def test_F11_cosines_are_of_vectors_whatever_the_batch(toy):
    pytest.importorskip("keras", reason="the extra keras is not installed")
    cosine = wk.cosine_model(toy.to_keras())
    first, second = (toy.vocabulary.encode(words) for words in (["cat", "the"], ["mat", "sat"]))
    both = as_numpy(cosine([first, second]))
    alone = [
        as_numpy(cosine([a[None], b[None]])).item() for a, b in zip(first, second, strict=True)
    ]
    assert both == pytest.approx(alone, abs=1e-6)


def test_F12_an_epoch_is_the_whole_text(start_corpus):
    config = wk.SkipGram(vector_size=8, epochs=2, window=1, negative=1)
    account = wk.train(start_corpus, config).account
    assert account.presented == 2 * start_corpus.n_tokens
    assert account.trained + account.subsampled == account.presented


def test_F13_a_report_runs_no_model(monkeypatch):
    keras = pytest.importorskip("keras", reason="the extra keras is not installed")
    words = wk.Vocabulary(["a", "b", "c"], specials=())
    ids = keras.Input((), dtype="int32")
    layer = keras.layers.Embedding(3, 2)
    model = keras.Model(ids, keras.layers.Dense(1)(layer(ids)))
    model.compile("sgd", "mse")
    for name in ("predict", "predict_on_batch"):
        monkeypatch.setattr(model, name, None)
    look = wk.NearestWords(["a"], topn=2)
    model.fit(np.array([0, 1]), np.ones(2), verbose=0, callbacks=[look.for_keras(layer, words)])
    assert [word for word, _ in look.reports[0].nearest["a"]] in (["b", "c"], ["c", "b"])


def test_F14_frequent_words_are_thinned_out_on_both_sides(start_corpus):
    the = start_corpus.vocabulary.key_to_index["the"]
    ids = start_corpus.ids[:200_000]
    shares = {}
    for sample in (0, 1e-4):
        batches = wk.skipgrams(ids, negative=0, sample=sample, seed=1)
        targets, contexts = (np.concatenate(part) for part in list(zip(*batches, strict=True))[:2])
        shares[sample] = (targets == the).mean(), (contexts == the).mean()
    for before, after in zip(shares[0], shares[1e-4], strict=True):
        assert after < before / 3


def test_F15_a_negative_is_neither_context_nor_target_and_follows_the_counts(pairs, start_corpus):
    _, targets, contexts, labels = pairs
    # without shuffling each pair comes before its negative
    true, drawn = contexts[0::2], contexts[1::2]
    assert labels[0::2].all()
    assert not labels[1::2].any()
    assert (drawn != true).all()
    assert (drawn != targets[1::2]).all()
    # of uniform draws the ten most frequent words would be one in a thousand
    assert (drawn < 10).mean() > 0.05


def test_F16_two_tables(start_corpus):
    model = wk.train(start_corpus, wk.SkipGram(vector_size=8, epochs=1, window=1, negative=1))
    assert not np.array_equal(model.vectors.vectors, model.context.vectors)


def test_F17_the_product_itself_tells_true_pairs_from_drawn_ones(start_model, start_corpus):
    # nothing stands behind it that could turn its sign round
    ids = start_corpus.ids[:20_000]
    batches = wk.skipgrams(ids, start_corpus.vocabulary.counts, window=2, negative=1)
    targets, contexts, labels = (np.concatenate(part) for part in zip(*batches, strict=True))
    logits = np.einsum(
        "ij,ij->i", start_model.vectors.vectors[targets], start_model.context.vectors[contexts]
    )
    # racing threads move the distance, 1.0 here, by a few hundredths
    assert logits[labels == 1].mean() > logits[labels == 0].mean() + 0.5


def test_F18_windows_shrink_end_with_the_sentence_and_nothing_is_listed(start_corpus):
    sentences = [[1, 2, 3], [7, 8, 9]]
    [(targets, contexts, _)] = wk.skipgrams(sentences, negative=0, sample=0)
    assert not (np.isin(targets, [1, 2, 3]) ^ np.isin(contexts, [1, 2, 3])).any()
    ids = np.arange(5000) % 2500
    found = np.concatenate(
        [np.abs(t - c) for t, c, _ in wk.skipgrams(ids, window=5, negative=0, sample=0)]
    )
    distances = np.bincount(found)[1:6]
    # a distance d is in the window if 5 draws of 1..5 reach it: 5, 4, 3, 2, 1
    assert distances / distances[4] == pytest.approx([5, 4, 3, 2, 1], rel=0.2)
    batches = iter(wk.skipgrams(start_corpus, negative=5))
    assert len(next(batches)[0]) == 8192  # at once, before the text is gone through


def test_F19_a_probe_is_never_the_unknown_word():
    words = wk.Vocabulary([f"w{i}" for i in range(100)], specials=("<unk>",))
    for seed in range(20):
        assert "<unk>" not in wk.probe_words(words, k=100, top=100, seed=seed)


def test_F21_single_precision_everywhere(toy):
    matrix, _ = wk.embedding_matrix(toy)
    assert matrix.dtype == toy.vectors.dtype == np.float32
    assert wk.WordVectors(["a"], np.zeros((1, 4), np.float64)).vectors.dtype == np.float32


def test_F22_frozen_unless_asked_and_then_with_a_warm_up_and_a_rate_of_its_own(toy):
    keras = pytest.importorskip("keras", reason="the extra keras is not installed")
    from wordkin.layers.keras_pooling import MeanOfWords

    def moved(epochs, **settings):
        layer = toy.to_keras(**settings)
        ids = keras.Input((None,), dtype="int32")
        model = keras.Model(ids, keras.layers.Dense(1)(MeanOfWords()(layer(ids))))
        model.compile(keras.optimizers.SGD(0.1), "mse")
        before = as_numpy(layer.embeddings.value).copy()
        tune = [wk.TuneEmbedding()] if settings else []
        model.fit(np.array([[2, 3, 4]]), np.ones((1, 1)), epochs=epochs, verbose=0, callbacks=tune)
        return np.abs(as_numpy(layer.embeddings.value) - before).max()

    keras.utils.set_random_seed(1)
    assert moved(3) == 0
    assert moved(2, trainable="after:2") == 0
    assert moved(3, trainable="after:2") > 0
    keras.utils.set_random_seed(1)
    whole = moved(1, trainable=True)
    keras.utils.set_random_seed(1)
    assert moved(1, trainable=True, lr_factor=0.1) == pytest.approx(whole / 10, rel=1e-3)


def test_F23_one_file_takes_raw_strings_in_a_new_process(tmp_path):
    texts = ["Good film!", "fine music", "bad film", "awful music"] * 5
    clf = wk.TextClassifier(seed=1).fit(texts, ["pos", "pos", "neg", "neg"] * 5)
    clf.save(tmp_path / "model.safetensors")
    code = (
        "import sys, wordkin as wk; "
        "print(*wk.load_classifier(sys.argv[1]).predict(['A GOOD thing', 'awful']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model.safetensors")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["pos", "neg"]


def test_F24_a_tokenizer_that_does_not_fit_shows_in_the_report(glove):
    keras = wk.Corpus.from_texts(DONT, tokenizer="keras", min_count=1).vocabulary
    as_glove = wk.Corpus.from_texts(
        DONT, tokenizer=re.compile(r"n't|\w+?(?=n't)|\w+"), min_count=1
    ).vocabulary
    _, without = wk.embedding_matrix(glove, keras)
    _, with_it = wk.embedding_matrix(glove, as_glove)
    assert "don't" in without.missing_words
    assert "don't" not in with_it.missing_words
    assert with_it.hit_tokens / len(DONT) > without.hit_tokens / len(DONT)


def test_F25_scores_with_intervals_and_coverage(start_model, data_dir):
    result = wk.evaluate(
        start_model.vectors, data_dir / "eval" / "EN-WS-353-ALL.txt", resamples=200
    )
    score = result.scores[0]
    assert score.low < score.value < score.high
    assert 0 < score.coverage < 1
    assert score.value > 0.4
