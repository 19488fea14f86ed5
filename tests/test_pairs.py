"""Skip-gram pairs: a slow twin, the laws they are drawn by, and what frameworks get."""

from __future__ import annotations

import math
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from twins.word2vec import SplitMix64, contexts, kept_tokens

import wordkin as wk
from wordkin.errors import ConfigError, EmptyCorpusError, InputError, OutOfMemoryError, RowError
from wordkin.kernels import pairs as kernels
from wordkin.kernels import sampling, seed_state
from wordkin.kernels.word2vec import Span
from wordkin.pairs import stream

PLAIN = {"window": 3, "negative": 2, "sample": 0, "shuffle": False, "batch_size": 10**6}


def zipf(n_tokens=20_000, n_words=200, seed=0):
    rng = np.random.default_rng(seed)
    law = 1 / np.arange(1, n_words + 1)
    return rng.choice(n_words, n_tokens, p=law / law.sum())


def whole(pairs):
    """All batches of some pairs in one."""
    return [np.concatenate(column) for column in zip(*pairs, strict=True)]


def twin_examples(text, rule, span, others, states):
    """The kernel, said slowly: a list of (target, context, label)."""
    first, second = (SplitMix64(state[0]) for state in states)
    words, sentences, reaches = kept_tokens(text, span, rule.window, rule.shrink, first)
    found = []
    for i, target in enumerate(words):
        for j in contexts(i, sentences, reaches):
            found.append((target, words[j], 1))
            for _ in range(rule.negative):
                word, tries = target, 0
                while word in (target, words[j]):
                    bits = second.bits()
                    column = (bits >> 32) * len(others.columns) >> 32
                    entry = int(others.columns[column])
                    word = column if bits % 2**32 < entry % 2**32 else entry >> 32
                    tries += 1
                    if tries > 64:
                        word = int(others.common[tries % 3])
                found.append((target, word, 0))
    return found


@pytest.mark.parametrize("shrink", [True, False])
@pytest.mark.parametrize("sample", [0, 0.01])
def test_the_kernel_does_what_its_twin_does(shrink, sample):
    ids = zipf(1_500, 40).astype(np.int32)
    starts = np.array([0, 3, 4, 700, 1_490, 1_500])
    counts = np.bincount(ids, minlength=41)  # the last word does not occur
    text = sampling.Text(ids, starts, sampling.keep_thresholds(counts, sample))
    others = kernels.make_others(counts.astype(float) ** 0.75)
    rule = kernels.PairRule(4, shrink, 3)
    span = Span(1, 1_495)
    expected = twin_examples(text, rule, span, others, [seed_state(1), seed_state(2)])
    n_pairs = kernels.count_pairs(text, rule, span, kernels.make_buffer(4), seed_state(1))
    assert n_pairs * 4 == len(expected)
    out = np.zeros(len(expected), np.uint64)
    states = seed_state(1), seed_state(2)
    buffer = kernels.make_buffer(4)
    assert kernels.make_examples(text, rule, span, others, buffer, states, out) == len(out)
    parts = np.empty(len(out), np.int32), np.empty(len(out), np.int32), np.empty(len(out), "f4")
    kernels.unpack(out, 0, *parts)
    assert list(zip(*(part.tolist() for part in parts), strict=True)) == expected


def test_all_pairs_of_a_text_and_no_others():
    ids = zipf(500)
    targets, contexts_, labels = whole(
        wk.skipgrams(ids, window=3, negative=0, sample=0, shrink_windows=False, shuffle=False)
    )
    expected = [
        (ids[i], ids[j])
        for i in range(500)
        for j in range(max(0, i - 3), min(500, i + 4))
        if i != j
    ]
    assert list(zip(targets, contexts_, strict=True)) == expected
    assert labels.all()
    assert (targets.dtype, contexts_.dtype, labels.dtype) == (np.int32, np.int32, np.float32)


def test_pairs_stay_within_sentences():
    sentences = [[0, 1, 2], [], [3], [4, 5]]
    targets, contexts_, _ = whole(wk.skipgrams(sentences, window=5, negative=0, sample=0))
    assert {tuple(sorted(p)) for p in zip(targets.tolist(), contexts_.tolist(), strict=True)} <= {
        (0, 1), (1, 2), (0, 2), (4, 5)
    }  # fmt: skip
    corpus = wk.Corpus.from_sentences([list("abc"), ["d"], list("ef")], min_count=1)
    names = corpus.vocabulary.words
    targets, contexts_, _ = whole(wk.skipgrams(corpus, negative=0, sample=0))
    together = {names[a] + names[b] for a, b in zip(targets, contexts_, strict=True)}
    assert together <= {"ab", "ba", "bc", "cb", "ac", "ca", "ef", "fe"}


def test_unknown_and_special_ids_are_left_out():
    ids = [1, 5, -1, 3, 0, 4, 1, 3]
    targets, contexts_, labels = whole(
        wk.skipgrams(ids, window=1, negative=5, sample=0, specials=2, epochs=20)
    )
    assert set(targets) == set(contexts_) == {3, 4, 5}
    true = set(zip(targets[labels == 1].tolist(), contexts_[labels == 1].tolist(), strict=True))
    assert true == {(5, 3), (3, 5), (3, 4), (4, 3)}  # what is left out parts no neighbours


def test_negatives_are_neither_target_nor_context():
    pairs = wk.skipgrams(zipf(2_000, 5), **PLAIN | {"negative": 4})
    targets, contexts_, labels = (column.reshape(-1, 5) for column in whole(pairs))
    assert (labels == [1, 0, 0, 0, 0]).all()
    assert (targets == targets[:, :1]).all()
    assert (contexts_[:, 1:] != contexts_[:, :1]).all()
    assert (contexts_[:, 1:] != targets[:, 1:]).all()


def test_a_third_word_is_found_where_two_are_nearly_everything():
    ids = np.array([0, 1] * 500 + [2])
    counts = [10**15, 10**15, 1]
    pairs = wk.skipgrams(ids, counts, **PLAIN | {"sample": 0, "ns_exponent": 1.0})
    targets, contexts_, labels = whole(pairs)
    true = labels == 1
    negatives = contexts_[~true].reshape(-1, 2)
    for t, c, both in zip(targets[true], contexts_[true], negatives, strict=True):
        assert all(word not in (t, c) for word in both)


def chi_square(observed, expected):
    """How many standard deviations the statistic lies above its mean (Wilson and Hilferty)."""
    statistic = ((observed - expected) ** 2 / expected).sum()
    degrees = len(observed) - 1
    spread = math.sqrt(2 / (9 * degrees))
    return ((statistic / degrees) ** (1 / 3) - (1 - spread**2)) / spread


@pytest.mark.parametrize("exponent", [0.75, 1.0, 0.0])
def test_negatives_follow_the_counts_to_their_power(exponent):
    ids = zipf(20_000, 60)
    counts = np.bincount(ids, minlength=60)
    settings = PLAIN | {"negative": 5, "ns_exponent": exponent}
    targets, contexts_, labels = whole(wk.skipgrams(ids, counts, **settings))
    true = labels == 1
    law = counts.astype(float) ** exponent * (counts > 0)
    # each pair has its own law: that of all words without its two
    expected = np.zeros(60)
    kinds, times = np.unique([targets[true], contexts_[true]], axis=1, return_counts=True)
    for (t, c), n in zip(kinds.T, times, strict=True):
        rest = law.copy()
        rest[[t, c]] = 0
        expected += 5 * n * rest / rest.sum()
    observed = np.bincount(contexts_[~true], minlength=60)
    assert abs(chi_square(observed, expected)) < 4
    if exponent:
        assert chi_square(observed[::-1], expected) > 100  # the check can fail


def test_both_words_are_thinned_out():
    ids = np.random.default_rng(0).integers(0, 50, 200_000)
    chances = np.full(50, 1.0)
    chances[:10] = 0.2
    settings = {"window": 1, "negative": 0, "sample": chances, "batch_size": 10**6}
    targets, contexts_, _ = whole(wk.skipgrams(ids, **settings))
    for words in (targets, contexts_):
        share = (words < 10).mean()
        assert abs(share - 2 / 42) < 0.003


def test_windows_shrink_or_not():
    ids = np.arange(20_000)
    for shrink, law in ((True, [5, 4, 3, 2, 1]), (False, [1] * 5)):
        targets, contexts_, _ = whole(
            wk.skipgrams(ids, negative=0, sample=0, shrink_windows=shrink)
        )
        observed = np.bincount(abs(targets - contexts_))[1:]
        expected = np.array(law) / sum(law) * observed.sum()
        assert (abs(observed / expected - 1) < 0.02).all()


def test_shuffling_changes_the_order_only():
    ids = zipf(30_000)
    plain, mixed = (
        wk.skipgrams(ids, negative=0, sample=0, shuffle=shuffle, window=2, shrink_windows=False)
        for shuffle in (False, True)
    )
    a, b = (np.stack(whole(pairs)[:2]) for pairs in (plain, mixed))
    assert not np.array_equal(a, b)
    assert np.array_equal(np.unique(a, axis=1, return_counts=True)[1],
                          np.unique(b, axis=1, return_counts=True)[1])  # fmt: skip
    ranks = np.flatnonzero(b[0] == 7)  # a word from everywhere
    assert abs(np.mean(ranks) / b.shape[1] - 0.5) < 0.1


def test_the_shuffle_is_fair():
    seen = np.zeros((5, 5))
    state = seed_state(1)
    for _ in range(10_000):
        pool = np.arange(5, dtype=np.uint64)
        kernels.shuffle(pool, 5, state)
        seen[np.arange(5), pool.astype(int)] += 1
    assert abs(chi_square(seen.ravel(), np.full(25, 2_000.0))) < 4


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [7, 1000, 10**6])
def test_batches_are_full_and_counted_before(shuffle, batch_size, monkeypatch):
    monkeypatch.setattr(stream, "_POOL", 5_000)  # many pools
    pairs = wk.skipgrams(zipf(3_000), batch_size=batch_size, epochs=2, shuffle=shuffle)
    sizes = [len(labels) for _, _, labels in pairs]
    assert len(sizes) == len(pairs)
    ends = [i for i, size in enumerate(sizes) if size < batch_size]
    assert len(ends) <= 2
    assert sum(sizes) == pairs.n_examples(0) + pairs.n_examples(1)


def test_again_the_same_and_each_epoch_another():
    pairs = wk.skipgrams(zipf(), seed=3)
    again = wk.skipgrams(zipf(), seed=3)
    for mine, theirs in zip([*pairs, *pairs], [*again, *again], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
    first, second = whole(pairs.stream(0)), whole(pairs.stream(1))
    assert len(first[0]) != len(second[0]) or not np.array_equal(first[0], second[0])
    other = whole(wk.skipgrams(zipf(), seed=4))
    assert len(first[0]) != len(other[0]) or not np.array_equal(first[0], other[0])


def test_model_rows_go_straight_into_a_layer():
    corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 20, min_count=1)
    ids = whole(wk.skipgrams(corpus, sample=0))
    rows = whole(wk.skipgrams(corpus, sample=0, rows=True))
    assert np.array_equal(ids[0] + 2, rows[0])
    assert np.array_equal(ids[1] + 2, rows[1])
    assert np.array_equal(ids[2], rows[2])
    assert set(rows[0]) == set(corpus.vocabulary.encode("the cat sat on mat"))


def test_a_corpus_on_disk_does(tmp_path):
    corpus = wk.Corpus.from_texts(["the cat sat on the mat"] * 20, min_count=1)
    corpus.save(tmp_path / "c")
    mapped = wk.Corpus.open(tmp_path / "c")
    for mine, theirs in zip(wk.skipgrams(corpus), wk.skipgrams(mapped), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))


@pytest.mark.parametrize(
    ("text", "settings", "error"),
    [
        ("the cat", {}, InputError),
        ([0.5, 1.5], {}, InputError),
        ([[1, 2], [[3]]], {}, InputError),
        (iter([1, 2]), {}, InputError),
        ({"a": 1}, {}, InputError),
        ({1, 2}, {}, InputError),
        ([], {}, EmptyCorpusError),
        ([-1, -1], {}, EmptyCorpusError),
        ([1, 2, 3], {"counts": [1, 1]}, RowError),
        ([1, 2, 3], {"counts": [1, -1, 1, 1]}, InputError),
        ([1, 2, 1], {}, ConfigError),  # two words: no negatives
        ([1, 2, 3], {"rows": True}, ConfigError),
        ([1, 2, 3], {"sample": 2}, ConfigError),
        ([1, 2, 3], {"sample": [0.5]}, ConfigError),
        ([1, 2, 3], {"window": 0}, ConfigError),
        ([1, 2, 3], {"negative": -1}, ConfigError),
        ([1, 2, 3], {"negative": 0.5}, ConfigError),
        ([1, 2, 3], {"batch_size": 0}, ConfigError),
        ([1, 2, 3], {"shrink_windows": "no"}, ConfigError),
        ([1, 2, 3], {"shuffle": None}, ConfigError),
        ([1, 2, 3], {"ns_exponent": math.nan}, ConfigError),
        ([1, 2, 3], {"ns_exponent": 1000}, ConfigError),  # counts would become infinite
        ([1, 2, 3], {"ns_exponent": "unigram"}, ConfigError),
        ([1, 2, 3], {"specials": True}, ConfigError),
        ([1, 2**31, 3], {"counts": [1]}, InputError),
    ],
)
def test_what_is_wrong_is_told(text, settings, error):
    with pytest.raises(error):
        wk.skipgrams(text, **settings)


def test_specials_may_be_a_number_of_numpys():
    ours, theirs = (
        whole(wk.skipgrams([0, 1, 2, 1, 3, 4], specials=n, sample=0)) for n in (1, np.int64(1))
    )
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_ids_that_are_hashes_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("wordkin.memory.available_memory", lambda: 1 << 28)
    with pytest.raises(OutOfMemoryError, match=r"the highest id is 90,000,000.*without gaps"):
        wk.skipgrams([1, 90_000_000, 2], negative=0)


def test_a_corpus_brings_its_own_counts():
    corpus = wk.Corpus.from_texts(["a b c"], min_count=1)
    with pytest.raises(ConfigError, match="leave both out"):
        wk.skipgrams(corpus, [1, 1, 1])


def test_two_words_will_do_without_negatives():
    targets, contexts_, _ = whole(wk.skipgrams([0, 1], negative=0, sample=0))
    assert sorted(zip(targets.tolist(), contexts_.tolist(), strict=True)) == [(0, 1), (1, 0)]


# ----------------------------------------------------------------------- sampling tables


@pytest.mark.parametrize("factor", [1e-5, 1e-3])
def test_the_zipf_table_is_that_of_keras(factor):
    pytest.importorskip("keras")
    from keras.src.legacy.preprocessing.sequence import make_sampling_table

    assert np.array_equal(wk.make_sampling_table(5_000, factor), make_sampling_table(5_000, factor))
    assert np.array_equal(wk.make_sampling_table(1), make_sampling_table(1))


def test_the_table_of_counts():
    table = wk.make_sampling_table([90, 10, 0], sampling_factor=0.1)
    np.testing.assert_allclose(table, [math.sqrt(0.1 / 0.9), 1, 1])


def test_a_table_thins_out_as_it_says():
    ids = zipf(100_000, 30)
    table = wk.make_sampling_table(np.bincount(ids), 0.01)
    pairs = wk.skipgrams(ids, window=1, negative=0, sample=table, shrink_windows=False)
    kept = np.bincount(whole(pairs)[0]) / 2
    np.testing.assert_allclose(kept / np.bincount(ids), table, atol=0.03)


@pytest.mark.parametrize("size", [0, -3, 2.5, [[1]], [], "ten", [-1]])
def test_sampling_tables_of_nothing(size):
    with pytest.raises(InputError):
        wk.make_sampling_table(size)


def test_a_factor_of_zero_keeps_nothing():
    for factor in (0, -1, math.nan, math.inf, "1e-5", True):
        with pytest.raises(ConfigError, match="above 0"):
            wk.make_sampling_table(10, factor)


# ----------------------------------------------------------------------- frameworks


def test_tf_data():
    pytest.importorskip("tensorflow", reason="the extra tensorflow is not installed")
    pairs = wk.skipgrams(zipf(5_000), batch_size=1000)
    dataset = pairs.to_tf()
    for epoch in range(2):
        found = [(*words, labels) for words, labels in dataset]
        for mine, theirs in zip(pairs.stream(epoch), found, strict=True):
            assert all(np.array_equal(a, b.numpy()) for a, b in zip(mine, theirs, strict=True))


def test_torch_loaders():
    torch = pytest.importorskip("torch", reason="the extra torch is not installed")
    pairs = wk.skipgrams(zipf(5_000), batch_size=1000)
    loader = torch.utils.data.DataLoader(pairs.to_torch(), batch_size=None)
    for epoch in range(2):
        for mine, theirs in zip(pairs.stream(epoch), loader, strict=True):
            assert all(np.array_equal(a, b.numpy()) for a, b in zip(mine, theirs, strict=True))


def test_readings_of_torch_pairs_at_once_are_of_different_epochs(monkeypatch):
    pytest.importorskip("torch", reason="the extra torch is not installed")
    pairs = wk.skipgrams(zipf(500), batch_size=100)
    read = []
    monkeypatch.setattr(
        stream.Skipgrams, "stream", lambda _, epoch, *__, **___: read.append(epoch) or iter(())
    )
    dataset = pairs.to_torch()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns between any two steps
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: list(dataset), range(4_000)))
    finally:
        sys.setswitchinterval(before)
    assert sorted(read) == list(range(4_000))


def test_parts_make_up_the_whole():
    pairs = wk.skipgrams(zipf(40_000), batch_size=1000)
    everything = np.stack(whole(pairs))
    parts = np.concatenate([whole(pairs.stream(0, shard=(i, 3))) for i in range(3)], axis=1)
    assert parts.shape == everything.shape
    order = [np.lexsort(columns) for columns in (everything, parts)]
    assert np.array_equal(everything[:, order[0]], parts[:, order[1]])


def test_keras_datasets():
    pytest.importorskip("keras", reason="the extra keras is not installed")
    pairs = wk.skipgrams(zipf(5_000), batch_size=1000)
    dataset = pairs.to_keras()
    full = [batch for batch in pairs if len(batch[0]) == 1000]
    assert len(dataset) == len(full)
    found = [dataset[i] for i in reversed(range(len(dataset)))]  # any order will do
    for mine, ((targets, contexts_), labels) in zip(full, found, strict=True):
        assert all(
            np.array_equal(a, b) for a, b in zip(mine, (targets, contexts_, labels), strict=True)
        )
    assert len(dataset[0][1]) == 1000  # and on it goes


def test_a_keras_dataset_of_no_pairs_is_refused():
    pytest.importorskip("keras", reason="the extra keras is not installed")
    pairs = wk.skipgrams([[1], [2], [3]], sample=0)  # no two words in a sentence
    assert list(pairs) == []
    # its first batch would be sought for ever
    with pytest.raises(EmptyCorpusError, match="no pair"):
        pairs.to_keras()


def test_a_model_learns_from_a_keras_dataset():
    keras = pytest.importorskip("keras", reason="the extra keras is not installed")
    rng = np.random.default_rng(0)
    ids = np.concatenate([rng.integers(0, 5, (2_000, 8)), rng.integers(5, 10, (2_000, 8))], 1)
    pairs = wk.skipgrams(list(ids.reshape(-1, 8)), sample=0, batch_size=2048, window=3)
    inputs = [keras.Input((), dtype="int32") for _ in range(2)]
    vectors = [keras.layers.Embedding(10, 8)(i) for i in inputs]
    model = keras.Model(inputs, keras.layers.Dot(-1)(vectors))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    before = model.evaluate(pairs.to_keras(), verbose=0)
    model.fit(pairs.to_keras(), epochs=2, verbose=0)
    assert model.evaluate(pairs.to_keras(), verbose=0) < 0.8 * before
