"""What the layer of every framework promises. test_layers.py runs this for each of them."""

from __future__ import annotations

import doctest
import importlib
import os

import numpy as np
import pytest
from contract.layer_adapters import WORDS, get_adapter

import wordkin as wk
from wordkin.errors import ConfigError, FormatError, InputError, RowError
from wordkin.layers.plan import LayerPlan

pytestmark = [
    # dense layers that drop Keras' mask say so
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning"),
    # Keras, when a layer refuses to be loaded
    pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning"),
]

ADAPTER = get_adapter(os.environ["WORDKIN_TEST_LAYER"])
V, D = len(WORDS), 4
N = V + 2


@pytest.fixture
def make(vectors):
    def make(*args, **options):
        return ADAPTER.make(vectors, *args, **options)

    return make


def look(layer, ids):
    return ADAPTER.call(layer, ids)


class TestRows:
    def test_words_come_back_exactly(self, make, vectors):
        layer = make()
        ids = ADAPTER.vocabulary(layer).encode(WORDS)
        assert np.array_equal(ids, np.arange(2, N))
        assert np.array_equal(look(layer, ids), vectors.vectors)
        matrix, _ = wk.embedding_matrix(vectors)
        assert np.array_equal(look(layer, np.arange(N)), matrix)
        assert np.array_equal(ADAPTER.rows(layer), matrix)

    def test_padding_is_zero_and_unknown_has_its_own_row(self, make, vectors):
        pad, unknown = look(make(), [0, 1])
        assert not pad.any()
        assert np.allclose(unknown, vectors.vectors.mean(axis=0), atol=1e-6)
        assert not look(make(unknown="zero"), [1]).any()
        one, other = (look(make(unknown="random", seed=seed), [1]) for seed in (1, 2))
        assert not np.array_equal(one, other)

    def test_a_foreign_vocabulary_keeps_its_order(self, make, vectors):
        vocabulary = wk.Vocabulary(["z", "absent", "the"])
        layer = make(vocabulary, missing="zero")
        found = look(layer, vocabulary.encode(["the", "absent", "z"]))
        assert np.array_equal(found, [vectors["the"], np.zeros(D), vectors["z"]])
        assert ADAPTER.vocabulary(layer) == vocabulary

    def test_only_words_in_use(self, make, vectors):
        layer = make(only=["z", "the", "absent"])
        assert list(ADAPTER.vocabulary(layer).words) == ["the", "z"]
        assert ADAPTER.rows(layer).shape == (4, D)
        assert np.array_equal(look(layer, [2, 3]), vectors[["the", "z"]])

    def test_words_can_stand_for_the_special_rows(self, make, vectors):
        layer = make(pad="z", unk="the")
        assert np.array_equal(look(layer, [0, 1]), [np.zeros(D), vectors["the"]])
        assert len(ADAPTER.vocabulary(layer)) == V - 2

    @pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3), (0,), (2, 0)])
    def test_any_rank(self, make, shape):
        layer, ids = make(), np.full(shape, 2, np.int32)
        for form in (ids, ids.tolist(), ADAPTER.tensor(ids)):
            # no list can tell that it would hold integers
            if isinstance(form, list) and not ids.size:
                continue
            assert look(layer, form).shape == (*shape, D)

    @pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint32"])
    def test_any_integer_dtype(self, make, vectors, dtype):
        ids = np.array([[2, 3]], dtype)
        layer = make()
        for form in (ids, ids.tolist(), ADAPTER.tensor(ids)):
            assert np.array_equal(look(layer, form)[0], vectors.vectors[:2])

    def test_a_layer_that_returns_other_rows_is_noticed(self, make, monkeypatch):
        lookup = LayerPlan.lookup
        monkeypatch.setattr(LayerPlan, "lookup", lambda self, ids: lookup(self, ids)[::-1])
        with pytest.raises(RowError, match="does not return the vector of"):
            make()

    def test_nothing_of_the_vectors_is_shared(self, make, vectors):
        layer = make()
        before = look(layer, [2])
        vectors.vectors[0] = 99
        assert np.array_equal(look(layer, [2]), before)


class TestBadIds:
    @pytest.mark.parametrize("bad", [-1, N, 2**31 - 1, -(2**31)])
    def test_out_of_range(self, make, bad):
        layer, ids = make(), np.array([[2, bad]], np.int32)
        for form in (ids, ids.tolist(), ADAPTER.tensor(ids)):
            with pytest.raises(RowError, match=f"id {bad} is out of range"):
                layer(form)

    @pytest.mark.parametrize("bad", [2**32 + 2, -(2**32) + 2])
    def test_64_bits_are_not_cut_to_a_row(self, make, bad):
        with pytest.raises(RowError, match=str(bad)):
            make()(np.array([bad]))

    def test_compiled_they_count_as_unknown(self, make):
        layer = make()
        bad = np.array([[2, N, -1], [2**31 - 1, -(2**31), 0]], np.int32)
        found = ADAPTER.numpy(ADAPTER.compiled(layer)(ADAPTER.tensor(bad)))
        assert np.array_equal(found, look(layer, [[2, 1, 1], [1, 1, 0]]))

    def test_compiled_in_a_byte(self, make):
        layer = make()
        found = ADAPTER.numpy(ADAPTER.compiled(layer)(ADAPTER.tensor(np.array([2, -1], np.int8))))
        assert np.array_equal(found, look(layer, [2, 1]))

    @pytest.mark.parametrize("bad", [1.0, [1.5], np.array([2.0]), [True], ["the"], [None]])
    def test_no_integers(self, make, bad):
        with pytest.raises(InputError, match="must be whole numbers"):
            make()(bad)

    def test_tensors_of_something_else(self, make):
        for kind in (np.float32, np.bool_):
            with pytest.raises(InputError, match="must be whole numbers"):
                make()(ADAPTER.tensor(np.ones(2, kind)))

    def test_rows_of_different_length(self, make):
        with pytest.raises(InputError, match="padded first"):
            make()([[1, 2], [3]])


class TestTraining:
    @pytest.mark.parametrize("trainable", [True, False])
    @pytest.mark.parametrize("optimizer", ["adam", "sgd"])
    @pytest.mark.parametrize("head", ["flatten", "conv"])
    def test_padding_never_moves(self, make, head, optimizer, trainable):
        layer = ADAPTER.trained_as(make, trainable, mask=False)
        random = np.random.default_rng(2)
        ids = random.integers(0, N, (32, 5)).astype(np.int32)
        ids[:, 3:] = 0
        y = random.normal(size=(32, 1)).astype(np.float32)
        before = ADAPTER.rows(layer)
        ADAPTER.train(layer, ids, y, head=head, optimizer=optimizer)
        after = ADAPTER.rows(layer)
        assert np.isfinite(after).all()
        assert not after[0].any()
        assert not look(layer, [0]).any()
        if trainable:
            assert (np.abs(after[1:] - before[1:]).max(axis=1) > 1e-3).all()
        else:
            assert np.array_equal(after, before)

    def test_frozen_unless_told_otherwise(self, make):
        if not ADAPTER.refuses_training:
            assert not ADAPTER.trains(make())
            assert ADAPTER.trains(make(trainable=True))

    def test_after_some_epochs(self, make):
        if ADAPTER.refuses_training or not ADAPTER.learns_epochs:
            pytest.skip("see the tests of the framework")
        layer = make(trainable="after:2")
        assert not ADAPTER.trains(layer)
        assert [layer.begin_epoch(epoch) for epoch in range(4)] == [False, False, True, True]
        assert ADAPTER.trains(layer)
        assert not layer.begin_epoch(0)
        assert not ADAPTER.trains(layer)

    def test_a_table_of_whole_numbers_is_not_trained(self, make):
        with pytest.raises(ConfigError, match="can't be trained"):
            make(quantized="int8", trainable=True)


class TestNumbers:
    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_half_precision(self, make, vectors, dtype):
        layer = make(dtype=dtype)
        found = layer(ADAPTER.tensor(np.arange(N, dtype=np.int32)))
        assert ADAPTER.dtype(found) == dtype
        close = {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
        exact = vectors.vectors
        assert np.allclose(ADAPTER.numpy(found)[2:].astype(np.float32), exact, rtol=close, atol=0)
        assert not ADAPTER.numpy(found)[0].any()

    def test_max_norm(self, make, vectors):
        limit = float(np.median(np.linalg.norm(vectors.vectors, axis=1)))
        if ADAPTER.lookup_takes_max_norm:
            pytest.skip("see the tests of the framework")
        layer = make(max_norm=limit)
        found = look(layer, np.arange(N))
        lengths = np.linalg.norm(vectors.vectors, axis=1, keepdims=True)
        expected = vectors.vectors * np.minimum(1, limit / lengths)
        assert np.allclose(found[2:], expected, rtol=1e-5, atol=0)
        assert not found[0].any()
        assert np.array_equal(ADAPTER.rows(layer)[2:], vectors.vectors)

    def test_max_norm_has_a_slope_everywhere(self, vectors):
        if ADAPTER.lookup_takes_max_norm:
            pytest.skip("see the tests of the framework")
        layer = ADAPTER.make(vectors, wk.Vocabulary(["the", "absent"]), missing="zero",
                             unknown="zero", max_norm=0.1, trainable=True, mask=False)  # fmt: skip
        ids = np.array([[0, 1, 2, 3, 0]] * 4, np.int32)
        ADAPTER.train(layer, ids, np.ones((4, 1), np.float32), head="flatten", optimizer="sgd")
        assert np.isfinite(ADAPTER.rows(layer)).all()

    def test_whole_numbers(self, make, vectors):
        layer = make(quantized="int8")
        found, exact = look(layer, np.arange(2, N)), vectors.vectors
        step = np.abs(exact).max(axis=1, keepdims=True) / 127
        assert (np.abs(found - exact) <= step * 0.501).all()
        assert not np.array_equal(found, exact)
        assert not look(layer, [0]).any()
        assert ADAPTER.nbytes(layer) == N * D

    def test_whole_numbers_for_half_precision(self, make, vectors):
        layer = make(quantized="int8", dtype="bfloat16")
        found = layer(ADAPTER.tensor(np.arange(2, N, dtype=np.int32)))
        assert ADAPTER.dtype(found) == "bfloat16"
        size = np.abs(vectors.vectors).max(axis=1, keepdims=True)
        difference = ADAPTER.numpy(found).astype(np.float32) - vectors.vectors
        assert (np.abs(difference) <= size * 0.015).all()


class TestSaving:
    OPTIONS = ({}, {"quantized": "int8"}, {"trainable": True}, {"dtype": "float16"})

    @pytest.fixture
    def saved(self, make, tmp_path):
        path = tmp_path / f"layer{ADAPTER.ending}"
        ADAPTER.save(make(), path)
        return path

    @pytest.mark.parametrize("options", OPTIONS)
    def test_rows_and_words_come_back(self, make, tmp_path, options):
        trainable = "trainable" in options
        others = {name: value for name, value in options.items() if name != "trainable"}
        layer = ADAPTER.trained_as(make, trainable, **others)
        path = tmp_path / f"layer{ADAPTER.ending}"
        ADAPTER.save(layer, path)
        again = ADAPTER.load(path)
        one, other = ADAPTER.vocabulary(layer), ADAPTER.vocabulary(again)
        assert one == other
        assert one.tokenizer == other.tokenizer
        assert np.array_equal(one.counts, other.counts)
        ids = other.encode_batch(["the z 日本語", "absent"])
        assert ids.tolist() == [[2, N - 1, 5], [1, 0, 0]]
        assert np.array_equal(look(again, ids), look(layer, ids))
        assert look(again, ids).dtype == look(layer, ids).dtype
        if not ADAPTER.refuses_training:
            assert ADAPTER.trains(again) == trainable

    def test_max_norm_is_kept(self, make, tmp_path):
        if ADAPTER.lookup_takes_max_norm:
            pytest.skip("plain arrays can't keep it")
        path = tmp_path / f"layer{ADAPTER.ending}"
        layer = make(max_norm=0.5)
        ADAPTER.save(layer, path)
        assert np.array_equal(look(ADAPTER.load(path), [2, 3]), look(layer, [2, 3]))

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            (lambda old: old.replace(b'"the"', b'"thf"'), "fingerprint"),
            (lambda old: old.replace(b'"<pad>", "<unk>"', b'"<unk>", "<pad>"'), "fingerprint"),
            (lambda old: old.replace(b'["the"', b'{"the"'), "damaged"),
        ],
        ids=["word", "specials", "broken"],
    )
    def test_a_changed_vocabulary_is_refused(self, saved, change, complaint):
        ADAPTER.tamper(saved, change)
        with pytest.raises(FormatError, match=complaint):
            ADAPTER.load(saved)


class TestVectors:
    @pytest.mark.parametrize("options", [{}, {"quantized": "int8"}])
    def test_the_way_back(self, make, vectors, options):
        again = ADAPTER.vectors(make(**options))
        assert list(again.index_to_key) == WORDS
        if options:
            assert np.allclose(again.vectors, vectors.vectors, atol=0.02)
        else:
            assert np.array_equal(again.vectors, vectors.vectors)

    def test_the_cosine_is_the_similarity(self, make, vectors):
        layer = make()
        a, b = look(layer, ADAPTER.vocabulary(layer).encode(["the", "z"])).astype(np.float64)
        cosine = a @ b / np.sqrt((a @ a) * (b @ b))
        assert abs(cosine - vectors.similarity("the", "z")) < 1e-6


@pytest.mark.parametrize("module", ADAPTER.modules)
def test_examples(module):
    assert doctest.testmod(importlib.import_module(f"wordkin.layers.{module}")).failed == 0
