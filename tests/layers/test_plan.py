"""The rows that every framework's layer gets, and what a layer can be told."""

from __future__ import annotations

import dataclasses
import doctest
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wordkin.corpus import Corpus
from wordkin.errors import ConfigError, InputError, RowError, UnknownWordError
from wordkin.layers import plan as plans
from wordkin.layers import settings as layer_settings
from wordkin.layers.plan import plan_rows, rounded
from wordkin.layers.settings import LayerOptions, LayerSettings
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

WORDS = ["[PAD]", "the", "cat", "[UNK]", "sat"]


@pytest.fixture
def table():
    matrix = np.random.default_rng(4).normal(size=(len(WORDS), 3)).astype(np.float32)
    return VectorTable.from_arrays(Vocabulary(WORDS, [9, 8, 7, 6, 5]), matrix)


def plan(table, vocabulary=None, **options):
    return plan_rows(table, vocabulary, LayerSettings(**options))


class TestSettings:
    def test_both_definitions_agree(self):
        fields = {field.name for field in dataclasses.fields(LayerSettings)}
        assert fields == set(LayerOptions.__annotations__)

    @pytest.mark.parametrize(
        ("trainable", "trains", "epochs"),
        [(False, False, 0), (True, True, 0), ("after:1", True, 1), ("after:20", True, 20)],
    )
    def test_when_training_begins(self, trainable, trains, epochs):
        found = LayerSettings(trainable=trainable)
        assert (found.trains, found.frozen_epochs) == (trains, epochs)

    @pytest.mark.parametrize(
        ("options", "complaint"),
        [
            ({"trainable": "after:0"}, "trainable"),
            ({"trainable": "after: 2"}, "trainable"),
            ({"trainable": "yes"}, "trainable"),
            ({"trainable": 1}, "trainable"),
            ({"trainable": None}, "trainable"),
            ({"max_norm": 0}, "max_norm"),
            ({"max_norm": float("nan")}, "max_norm"),
            ({"max_norm": True}, "max_norm"),
            ({"max_norm": "1"}, "max_norm"),
            ({"trainable": True, "lr_factor": -1}, "lr_factor"),
            ({"lr_factor": 0.5}, "trainable=False keeps it"),
            ({"quantized": "int4"}, "quantized"),
            ({"quantized": "int8", "trainable": True}, "can't be trained"),
            ({"quantized": "int8", "trainable": "after:1"}, "can't be trained"),
            ({"pad": "x", "unk": "x"}, "pad and unk"),
            ({"only": "the"}, "several words"),
            ({"only": 3}, "several words"),
        ],
    )
    def test_refused(self, options, complaint):
        with pytest.raises(ConfigError, match=complaint):
            LayerSettings(**options)

    @pytest.mark.parametrize("options", [{"missing": "none"}, {"unknown": "subword"}])
    def test_rules_are_refused(self, table, options):
        with pytest.raises(InputError, match="must be one of"):
            plan(table, **options)


class TestSpecialWords:
    def test_they_play_their_part(self, table):
        found = plan(table, pad="[PAD]", unk="[UNK]")
        assert found.vocabulary.words == ["the", "cat", "sat"]
        assert found.vocabulary.counts.tolist() == [8, 7, 5]
        assert not found.table[0].any()
        np.testing.assert_array_equal(found.table[1:], table.matrix[[3, 1, 2, 4]])
        assert "as '[UNK]'" in str(found.report)

    def test_without_them_they_are_words(self, table):
        found = plan(table)
        assert found.vocabulary.words == WORDS
        np.testing.assert_array_equal(found.table[2:], table.matrix)

    def test_a_word_that_is_not_there(self, table):
        with pytest.raises(UnknownWordError, match=r"Did you mean '\[UNK\]'"):
            plan(table, unk="UNK]")

    def test_unknown_must_not_be_as_padding(self):
        table = VectorTable.from_arrays(Vocabulary(["u", "a"]), [[0, 0], [1, 1]])
        with pytest.raises(InputError, match="is zero, as padding"):
            plan(table, unk="u")

    def test_in_ones_own_vocabulary(self, table):
        own = Vocabulary(["sat", "dog"])
        found = plan(table, own, unk="[UNK]", missing="zero")
        np.testing.assert_array_equal(found.table[[1, 2]], table.matrix[[3, 4]])
        with pytest.raises(InputError, match="row of its own"):
            plan(table, Vocabulary(["sat", "[UNK]"]), unk="[UNK]")


class TestOnly:
    @pytest.mark.parametrize("only", [["sat", "the", "dog"], {"the", "sat"}, iter(["sat", "the"])])
    def test_words(self, table, only):
        found = plan(table, only=only)
        assert found.vocabulary.words == ["the", "sat"]
        assert found.vocabulary.counts.tolist() == [8, 5]
        np.testing.assert_array_equal(found.table[2:], table.matrix[[1, 4]])
        assert found.table.base is None or found.table.base.nbytes == found.table.nbytes

    def test_a_vocabulary_and_a_corpus(self, table):
        corpus = Corpus.from_sentences([["cat", "sat", "cat", "purr"]], min_count=1)
        for only in (corpus, corpus.vocabulary):
            found = plan(table, only=only)
            assert found.vocabulary.words == ["cat", "sat"]
            assert found.vocabulary.counts.tolist() == [2, 1]

    def test_nothing_is_left(self, table):
        with pytest.raises(InputError, match="None of the words"):
            plan(table, only=["dog"])

    def test_not_beside_a_vocabulary(self, table):
        with pytest.raises(ConfigError, match="leave out only="):
            plan(table, Vocabulary(["cat"]), only=["cat"])

    @pytest.mark.parametrize("bad", [["cat"], {"cat": 1}])
    def test_a_vocabulary_that_is_none(self, table, bad):
        with pytest.raises(InputError, match="must be a Vocabulary"):
            plan(table, bad)

    def test_a_vocabulary_without_special_rows(self, table):
        with pytest.raises(InputError, match="with_specials"):
            plan(table, Vocabulary(["cat"], specials=()))


class TestQuantized:
    @settings(max_examples=60, deadline=None)
    @given(
        arrays(
            np.float32,
            st.tuples(st.integers(1, 6), st.integers(1, 5)),
            elements=st.floats(-(2.0**99), 2.0**99, width=32),
        )
    )
    def test_off_by_half_a_step_at_most(self, rows):
        codes, scales = rounded(rows)
        assert codes.dtype == np.int8
        assert codes.min() >= -127
        exact = codes.astype(np.float64) * scales[:, None]
        largest = np.abs(rows).max(axis=1, keepdims=True)
        # numbers too small for float32 to divide become zero
        assert (np.abs(exact - rows) <= largest / 127 * 0.5001 + 1e-36).all()

    def test_the_plan(self, table):
        found, exact = plan(table, quantized="int8"), plan(table)
        assert found.table.dtype == np.int8
        assert found.scales.dtype == np.float32
        ids = np.arange(found.n_rows).reshape(1, -1)
        step = np.abs(exact.table).max(axis=1)[:, None] / 127
        assert (np.abs(found.lookup(ids)[0] - exact.table) <= 0.501 * step).all()
        assert not found.lookup([0]).any()


class TestLookup:
    def test_max_norm(self, table):
        exact, found = plan(table), plan(table, max_norm=1.5)
        ids = np.arange(exact.n_rows)
        lengths = np.linalg.norm(exact.table, axis=1)
        assert (lengths > 1.5).any()
        assert ((lengths > 0) & (lengths < 1.5)).any()
        np.testing.assert_array_equal(found.table, exact.table)
        got = found.lookup(ids)
        np.testing.assert_allclose(np.linalg.norm(got, axis=1), lengths.clip(max=1.5), rtol=1e-6)
        short = lengths < 1.5
        np.testing.assert_allclose(got[short], exact.table[short], rtol=1e-6)

    def test_out_of_range(self, table):
        with pytest.raises(RowError, match="id 7 is out of range"):
            plan(table).lookup([7])


class TestCheck:
    def test_it_passes_what_is_right(self, table):
        found = plan(table)
        found.check(found.lookup(found.probes()))
        found.check(found.lookup(found.probes()).astype(np.float16))

    @pytest.mark.parametrize("options", [{}, {"max_norm": 1.0}, {"quantized": "int8"}])
    def test_it_notices_a_shift(self, table, options):
        found = plan(table, **options)
        with pytest.raises(RowError, match="fault of wordkin"):
            found.check(np.roll(found.lookup(found.probes()), 1, axis=0))

    def test_one_bit(self, table):
        found = plan(table)
        got = found.lookup(found.probes())
        got[3, 1] = np.nextafter(got[3, 1], 9)
        with pytest.raises(RowError, match="vector of 'the' for its id 3"):
            found.check(got)

    def test_the_last_row_is_a_probe(self):
        many = VectorTable.from_arrays(Vocabulary([f"w{i}" for i in range(999)]), np.ones((999, 1)))
        assert plan(many).probes()[[0, 1, 2, -1]].tolist() == [0, 1, 2, 1000]


@pytest.mark.parametrize("options", [{}, {"quantized": "int8"}, {"unknown": "random"}])
def test_one_copy_of_the_matrix_at_most(options):
    words = Vocabulary([f"w{i}" for i in range(20_000)])
    table = VectorTable(words, np.ones((20_000, 200), np.float32) + np.eye(1, 200, dtype="f"))
    tracemalloc.start()
    found = plan(table, **options)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # beside the rows there are the numbers and fingerprint of the words, and small blocks
    assert peak < 1.6 * table.matrix.nbytes
    assert held < found.table.nbytes + 0.1 * table.matrix.nbytes


@pytest.mark.parametrize("module", [plans, layer_settings])
def test_examples(module):
    assert doctest.testmod(module).failed == 0


class TestHalfPrecision:
    @pytest.mark.parametrize("dtype", ["float16", "mixed_float16"])
    def test_what_it_can_not_hold_is_refused(self, dtype):
        table = VectorTable.from_arrays(Vocabulary(["a", "b"]), [[1, -70_000], [2, 3]])
        with pytest.raises(InputError, match=rf"{dtype}' ends at 65,504, .* is 70,000"):
            plan(table, dtype=dtype)
        plan(table, dtype="bfloat16")

    def test_vectors_that_are_nearly_nothing_are_no_fault_of_ours(self):
        table = VectorTable.from_arrays(Vocabulary(["a", "b"]), [[1e-7, 2e-6], [2, 3]])
        made = plan(table, dtype="float16")
        made.check(made.lookup(made.probes()).astype(np.float16))


class TestNumbersOfNumpy:
    def test_they_are_kept_as_python_s(self):
        found = LayerSettings(max_norm=np.float32(0.5), lr_factor=np.float64(0.5), trainable=True)
        assert (type(found.max_norm), type(found.lr_factor)) == (float, float)

    @pytest.mark.parametrize(("name", "value"), [("seed", -1), ("seed", 1.5), ("mask", "left")])
    def test_what_is_none_is_refused(self, name, value):
        with pytest.raises(ConfigError, match=name):
            LayerSettings(**{name: value})
