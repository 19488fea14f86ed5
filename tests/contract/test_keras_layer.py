"""What the Keras layer promises, on whatever backend Keras runs; see test_keras_backends.py."""

from __future__ import annotations

import copy
import doctest
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest

import wordkin as wk
from wordkin.errors import FileError, FormatError, InputError, RowError

pytest.importorskip("keras", reason="the extra keras is not installed")

from wordkin.layers import keras as layers
from wordkin.layers import keras_embedding, keras_heads
from wordkin.layers.keras import WordEmbedding, cosine_model, keras_layer, text_classifier
from wordkin.layers.keras_heads import MeanOfWords

keras = layers.keras
ops = keras.ops

pytestmark = [
    # pooling and dense layers that drop the mask say so
    pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask:UserWarning"),
]

BACKEND = keras.config.backend()
COMPILES = BACKEND in ("jax", "tensorflow")  # fit and predict; PyTorch's run op by op
WORDS = [
    "the",
    "new\nline",
    "Ünïcode",
    "日本語",
    "a b",
    '"quoted"',
    "🙂",
    "lone\ud800",
    "\x00",
    "z",
]
V, D = len(WORDS), 4
N = V + 2


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.fixture(autouse=True)
def fresh_keras():
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture
def table():
    matrix = np.random.default_rng(1).normal(size=(V, D)).astype(np.float32)
    vocabulary = wk.Vocabulary(WORDS, np.arange(V, 0, -1), tokenizer="whitespace")
    return wk.VectorTable.from_arrays(vocabulary, matrix)


@pytest.fixture
def layer(table):
    return keras_layer(table)


def classifier(layer, length=5):
    """A model whose head has a weight for each position, so that padding gets gradients."""
    ids = keras.Input((length,), dtype="int32")
    x = keras.layers.Flatten()(layer(ids))
    return keras.Model(ids, keras.layers.Dense(1)(x))


def batch(n=64, length=5):
    rng = np.random.default_rng(2)
    ids = rng.integers(0, N, (n, length)).astype(np.int32)
    ids[:, 3:] = 0
    return ids, rng.normal(size=(n, 1)).astype(np.float32)


class TestRows:
    def test_words_come_back_exactly(self, layer, table):
        ids = layer.vocabulary.encode(WORDS)
        assert np.array_equal(ids, np.arange(2, N))
        assert np.array_equal(numpy(layer(ids)), table.matrix)

    def test_they_are_the_rows_of_the_matrix(self, layer, table):
        matrix, report = wk.embedding_matrix(table)
        assert np.array_equal(numpy(layer(np.arange(N))), matrix)
        assert np.array_equal(layer.get_weights()[0], matrix)
        assert layer.report == report

    def test_padding_is_zero_and_unknown_is_not_padding(self, layer):
        pad, unknown = numpy(layer([0, 1]))
        assert not pad.any()
        assert unknown.any()

    def test_a_foreign_vocabulary_gets_its_own_order(self, table):
        vocabulary = wk.Vocabulary(["z", "absent", "the"])
        layer = keras_layer(table, vocabulary, missing="zero")
        found = numpy(layer(vocabulary.encode(["the", "absent", "z"])))
        assert np.array_equal(found, [table.matrix[0], np.zeros(D), table.matrix[-1]])
        assert layer.vocabulary == vocabulary

    @pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 3), (2, 2, 1, 3), (0,), (2, 0)])
    def test_any_rank(self, layer, shape):
        ids = np.full(shape, 2, np.int32)
        assert tuple(layer(ids).shape) == (*shape, D)
        assert tuple(layer(ops.convert_to_tensor(ids)).shape) == (*shape, D)
        assert layer.compute_output_shape(shape) == (*shape, D)
        spec = layer(keras.Input(shape, dtype="int32"))
        assert spec.shape == (None, *shape, D)
        assert spec.dtype == "float32"

    @pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint32"])
    def test_any_integer_dtype(self, layer, table, dtype):
        ids = np.array([[2, 3]], dtype)
        assert np.array_equal(numpy(layer(ids))[0], table.matrix[:2])
        assert np.array_equal(numpy(layer(ids.tolist()))[0], table.matrix[:2])

    def test_a_layer_holds_a_copy(self, table):
        vocabulary = table.vocabulary
        matrix, _ = wk.embedding_matrix(table)
        layer = WordEmbedding.from_matrix(matrix, vocabulary)
        before = numpy(layer([2])).copy()
        matrix[2] = 99
        assert np.array_equal(numpy(layer([2])), before)

    def test_a_layer_that_returns_wrong_rows_is_noticed(self, table, monkeypatch):
        keep = keras_embedding._values

        def shifted(rows):
            return keep(np.vstack([rows[:1], rows[:-1]]))

        monkeypatch.setattr(keras_embedding, "_values", shifted)
        with pytest.raises(RowError, match="does not return the vector of '<unk>'"):
            keras_layer(table)

    def test_half_precision(self, table):
        keras.config.set_dtype_policy("mixed_float16")
        layer = keras_layer(table, trainable=True)
        found = layer(np.array([[0, 2]]))
        assert keras.backend.standardize_dtype(found.dtype) == "float16"
        assert np.array_equal(numpy(found)[0, 1], table.matrix[0].astype(np.float16))
        assert layer.get_weights()[0].dtype == np.float32


class TestBadIds:
    @pytest.mark.parametrize("bad", [-1, N, 2**31 - 1, -(2**31)])
    def test_out_of_range(self, layer, bad):
        ids = np.array([[2, bad]], np.int32)
        for form in (ids, ids.tolist(), ops.convert_to_tensor(ids)):
            with pytest.raises(RowError, match=f"id {bad} is out of range"):
                layer(form)

    @pytest.mark.parametrize("bad", [2**32 + 2, -(2**32) + 2])
    def test_64_bits_are_not_cut_to_a_row(self, layer, bad):
        with pytest.raises(RowError, match=str(bad)):
            layer(np.array([bad]))

    def test_in_a_model_that_is_called(self, layer):
        with pytest.raises(RowError, match=f"id {N} is out of range"):
            classifier(layer)(np.full((1, 5), N, np.int32))

    def test_compiled_they_count_as_unknown(self, layer):
        model = keras.Sequential([keras.Input((3,), dtype="int32"), layer])
        model.compile()
        bad = np.array([[2, N, -1], [2**31 - 1, -(2**31), 0]], np.int32)
        if not COMPILES:
            with pytest.raises(RowError):
                model.predict(bad, verbose=0)
            return
        as_unknown = numpy(layer([[2, 1, 1], [1, 1, 0]]))
        assert np.array_equal(model.predict(bad, verbose=0), as_unknown)

    def test_compiled_by_hand(self, layer):
        bad, as_unknown = np.array([[2, N, -1]], np.int32), numpy(layer([[2, 1, 1]]))
        found = compiled(layer)(ops.convert_to_tensor(bad))
        assert np.array_equal(numpy(found), as_unknown)

    def test_run_eagerly_raises(self, layer):
        model = classifier(layer)
        model.compile("sgd", "mse", run_eagerly=True)
        ids, y = batch()
        ids[0, 0] = N
        with pytest.raises(RowError):
            model.fit(ids, y, verbose=0)

    @pytest.mark.parametrize("bad", [1.0, [1.5], np.array([2.0]), [True], ["the"], [None]])
    def test_no_integers(self, layer, bad):
        with pytest.raises(InputError, match="must be whole numbers"):
            layer(bad)

    def test_float_tensor(self, layer):
        with pytest.raises(InputError, match="got float32"):
            layer(ops.convert_to_tensor(np.ones(2, np.float32)))

    def test_float_input(self, layer):
        with pytest.raises(InputError, match='dtype="int32"'):
            layer(keras.Input((5,)))

    def test_rows_of_different_length(self, layer):
        with pytest.raises(InputError, match="padded first"):
            layer([[1, 2], [3]])


def compiled(layer):
    """The layer in the compiler of its framework."""
    if BACKEND == "jax":
        import jax

        return jax.jit(layer)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(layer)
    import torch

    # no code generator, so that no C++ compiler is needed
    return torch.compile(layer, backend="eager", fullgraph=True)


class TestTraining:
    @pytest.mark.parametrize("trainable", [True, False])
    @pytest.mark.parametrize(
        "optimizer",
        [
            lambda: keras.optimizers.Adam(0.05, weight_decay=0.1),
            lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        ],
        ids=["adam", "sgd"],
    )
    def test_padding_never_moves(self, table, optimizer, trainable):
        layer = keras_layer(table, trainable=trainable, mask=False)
        before = layer.get_weights()[0].copy()
        model = classifier(layer)
        model.compile(optimizer(), "mse")
        ids, y = batch()
        model.fit(ids, y, batch_size=16, epochs=25, verbose=0)  # 100 steps
        after = layer.get_weights()[0]
        assert not after[0].any()
        assert not numpy(layer([0])).any()
        if trainable:
            assert (np.abs(after[1:] - before[1:]).max(axis=1) > 1e-3).all()
        else:
            assert np.array_equal(after, before)

    def test_frozen_by_default(self, layer, table):
        assert not layer.trainable_weights
        assert len(keras_layer(table, trainable=True).trainable_weights) == 1

    def test_padding_stays_zero_whatever_the_weights_are(self, layer):
        layer.set_weights([np.ones((N, D), np.float32)])
        assert not numpy(layer([[0, 0]])).any()
        assert numpy(layer([[1, 2]])).all()

    def test_in_a_sequential_model_without_input(self, table, tmp_path):
        layer = keras_layer(table, trainable=True)
        model = keras.Sequential(
            [layer, keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)]
        )
        model.compile("adam", "mse")
        ids, y = batch()
        model.fit(ids, y, verbose=0)
        model.save(tmp_path / "m.keras")
        again = layers.load_model(tmp_path / "m.keras")
        expected = model.predict(ids, verbose=0)
        assert np.allclose(again.predict(ids, verbose=0), expected, atol=1e-6)


class TestMask:
    def test_padding_is_masked(self, layer):
        assert layer.supports_masking
        mask = layer.compute_mask(ops.convert_to_tensor([[0, 1, 2]]))
        assert numpy(mask).tolist() == [[False, True, True]]

    def test_it_reaches_the_mean(self, layer, table):
        pool = keras.layers.GlobalAveragePooling1D()
        mean = numpy(pool(layer([[2, 3, 0, 0]])))
        assert np.allclose(mean[0], table.matrix[:2].mean(axis=0), atol=1e-6)

    def test_it_can_be_left_out(self, table):
        layer = keras_layer(table, mask=False)
        assert layer.compute_mask(ops.convert_to_tensor([[0, 1]])) is None
        mean = numpy(keras.layers.GlobalAveragePooling1D()(layer([[2, 3, 0, 0]])))
        assert np.allclose(mean[0], table.matrix[:2].sum(axis=0) / 4, atol=1e-6)

    def test_it_reaches_a_recurrent_layer(self, layer):
        inputs = keras.Input((None,), dtype="int32")
        model = keras.Model(inputs, keras.layers.LSTM(3)(layer(inputs)))
        long = model.predict(np.array([[2, 3, 0, 0, 0]], np.int32), verbose=0)
        short = model.predict(np.array([[2, 3]], np.int32), verbose=0)
        assert np.allclose(long, short, atol=1e-6)


class TestSaving:
    @pytest.fixture
    def saved(self, layer, tmp_path):
        path = tmp_path / "model.keras"
        model = classifier(layer)
        model.save(path)
        return path

    def test_rows_and_words_come_back(self, saved, layer):
        for load in (layers.load_model, keras.saving.load_model):
            again = embedding_of(load(saved))
            assert np.array_equal(again.get_weights()[0], layer.get_weights()[0])
            assert again.vocabulary == layer.vocabulary
            assert again.vocabulary.tokenizer == layer.vocabulary.tokenizer
            assert np.array_equal(again.vocabulary.counts, layer.vocabulary.counts)
            assert again.trainable is False
            assert again.mask is True
            ids = again.vocabulary.encode_batch(["the z 日本語", "absent"])
            assert ids.tolist() == [[2, N - 1, 5], [1, 0, 0]]
            assert np.array_equal(numpy(again(ids)), numpy(layer(ids)))

    def test_in_a_fresh_process(self, saved):
        code = (
            "import sys, wordkin as wk\n"
            "from wordkin.layers.keras import load_model\n"
            "layer = load_model(sys.argv[1]).layers[1]\n"
            "print(layer.vocabulary.encode('the z').tolist(), layer.n_rows)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(saved)], capture_output=True, text=True, check=False
        )
        assert done.stdout.strip() == f"[2, {N - 1}] {N}", done.stderr

    def test_the_config_is_small(self):
        vocabulary = wk.Vocabulary([f"word{i}" for i in range(2000)])
        layer = keras_layer(wk.VectorTable.from_arrays(vocabulary, np.ones((2000, 50))))
        assert len(json.dumps(layer.get_config())) < 1000

    def test_no_matrix_in_the_config_of_a_model(self, saved):
        with zipfile.ZipFile(saved) as file:
            assert len(file.read("config.json")) < 4096

    def test_clone(self, layer):
        model = classifier(layer)
        clone = keras.models.clone_model(model)
        again = embedding_of(clone)
        assert not again.get_weights()[0].any()
        assert again.get_config() == layer.get_config()
        with pytest.raises(InputError, match="has no vocabulary"):
            _ = again.vocabulary
        clone.set_weights(model.get_weights())
        again.set_vocabulary(layer.vocabulary)
        assert np.array_equal(numpy(again([2])), numpy(layer([2])))

    def test_a_clone_can_be_saved_without_words(self, layer, tmp_path):
        keras.models.clone_model(classifier(layer)).save(tmp_path / "m.keras")
        with pytest.raises(InputError, match="has no vocabulary"):
            _ = embedding_of(layers.load_model(tmp_path / "m.keras")).vocabulary

    def test_weights_alone(self, layer, tmp_path):
        model = classifier(layer)
        model.save_weights(tmp_path / "m.weights.h5")
        clone = keras.models.clone_model(model)
        clone.load_weights(tmp_path / "m.weights.h5")
        assert np.array_equal(embedding_of(clone).get_weights()[0], layer.get_weights()[0])

    def test_a_foreign_vocabulary_is_refused(self, layer):
        with pytest.raises(InputError, match="fingerprint differs"):
            layer.set_vocabulary(wk.Vocabulary(list(reversed(WORDS))))
        bare = WordEmbedding(N, D)
        with pytest.raises(InputError, match=f"has {N} rows"):
            bare.set_vocabulary(wk.Vocabulary(["one"]))
        with pytest.raises(InputError, match="specials"):
            bare.set_vocabulary(layer.vocabulary.with_specials(("<unk>", "<pad>")))
        bare.set_vocabulary(layer.vocabulary)
        assert bare.fingerprint == layer.fingerprint

    def test_a_copy(self, layer):
        again = embedding_of(copy.deepcopy(classifier(layer)))
        assert again.vocabulary == layer.vocabulary
        assert np.array_equal(again.get_weights()[0], layer.get_weights()[0])

    # Keras finds the layer by several ways, and says for each that it gave up
    @pytest.mark.filterwarnings("ignore:Skipping nested container:UserWarning")
    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            (lambda old: old.replace(b'"the"', b'"teh"'), "fingerprint differs"),
            (lambda old: old.replace(b'"the"', b'"z"'), "damaged"),
            (lambda old: old[: len(old) // 2], "damaged"),
            (lambda old: b"[]", "damaged"),
            (lambda old: old.replace(b'"<pad>", "<unk>"', b'"<unk>", "<pad>"'), "fingerprint"),
        ],
        ids=["word", "twice", "cut", "kind", "specials"],
    )
    def test_a_changed_vocabulary_is_refused(self, saved, tmp_path, change, complaint):
        bad = tmp_path / "changed.keras"
        with zipfile.ZipFile(saved) as old, zipfile.ZipFile(bad, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                new.writestr(name, change(data) if name.endswith("vocabulary.json") else data)
        with pytest.raises(FormatError, match=complaint):
            layers.load_model(bad)
        with pytest.raises(ValueError, match=complaint):
            keras.saving.load_model(bad)

    def test_no_such_file(self, tmp_path):
        with pytest.raises(FileError, match="no file"):
            layers.load_model(tmp_path / "absent.keras")

    def test_a_damaged_file(self, saved):
        saved.write_bytes(saved.read_bytes()[:1000])
        with pytest.raises(FormatError, match="Can't load"):
            layers.load_model(saved)

    def test_a_layer_that_nobody_knows(self, layer, tmp_path):
        class Own(keras.layers.Layer):
            def call(self, x):
                return x

        ids = keras.Input((None,), dtype="int32")
        keras.Model(ids, Own()(layer(ids))).save(tmp_path / "m.keras")
        with pytest.raises(FormatError, match=r"(?s)Can't load .*Own"):
            layers.load_model(tmp_path / "m.keras")


def embedding_of(model):
    return next(layer for layer in model.layers if isinstance(layer, WordEmbedding))


class TestMaking:
    def test_shape_that_does_not_fit(self, table):
        with pytest.raises(InputError, match=rf"\({N}, D\); got \({V}, {D}\)"):
            WordEmbedding.from_matrix(table.matrix, table.vocabulary)

    def test_padding_that_is_not_zero(self, table):
        with pytest.raises(InputError, match="must be zero"):
            WordEmbedding.from_matrix(np.ones((N, D)), table.vocabulary)

    @pytest.mark.parametrize("specials", [(), ("<unk>", "<pad>"), ("<pad>",)])
    def test_other_special_rows(self, table, specials):
        vocabulary = table.vocabulary.with_specials(specials)
        with pytest.raises(InputError, match="specials"):
            WordEmbedding.from_matrix(np.zeros((vocabulary.n_rows, D)), vocabulary)

    @pytest.mark.parametrize(("n_rows", "dimensions"), [(1, 3), (3, 0), (2.5, 3), (True, 3)])
    def test_sizes(self, n_rows, dimensions):
        with pytest.raises(InputError, match="must be a whole number"):
            WordEmbedding(n_rows, dimensions)


class TestCosine:
    @pytest.fixture
    def expected(self, table):
        exact = table.matrix.astype(np.float64)
        exact /= np.linalg.norm(exact, axis=1, keepdims=True)
        return exact @ exact.T

    @pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
    def test_every_pair(self, layer, expected, shape):
        first, second = (part.ravel().reshape(shape) + 2 for part in np.indices((V, V)))
        model = cosine_model(layer)
        found = model.predict([first.astype(np.int32), second.astype(np.int32)], verbose=0)
        assert np.allclose(found.reshape(V, V), expected, atol=1e-6)
        called = numpy(model([first, second]))
        assert np.allclose(called.reshape(V, V), expected, atol=1e-6)

    def test_same_as_similarity(self, layer, table):
        vectors = wk.WordVectors.from_table(table)
        ids = layer.vocabulary.encode(["the", "z"])
        found = numpy(cosine_model(layer)([ids[:1], ids[1:]]))
        assert abs(float(found[0]) - vectors.similarity("the", "z")) < 1e-6

    @pytest.mark.parametrize("scale", [1e-25, 1e25])
    def test_any_length(self, table, expected, scale):
        scaled = wk.VectorTable.from_arrays(table.vocabulary, table.matrix * scale)
        ids = np.arange(2, N)
        found = numpy(cosine_model(keras_layer(scaled))([ids, ids[::-1].copy()]))
        assert np.allclose(found, expected[:, ::-1].diagonal(), atol=1e-6)

    def test_padding_is_like_nothing(self, layer):
        assert numpy(cosine_model(layer)([np.array([0, 0]), np.array([0, 2])])).tolist() == [0, 0]

    def test_half_precision_is_computed_in_single(self, table, expected):
        keras.config.set_dtype_policy("mixed_float16")
        ids = np.arange(2, N)
        found = numpy(cosine_model(keras_layer(table))([ids, ids[::-1].copy()]))
        assert found.dtype == np.float32
        assert np.allclose(found, expected[:, ::-1].diagonal(), atol=2e-3)

    def test_saved(self, layer, tmp_path):
        cosine_model(layer).save(tmp_path / "m.keras")
        again = layers.load_model(tmp_path / "m.keras")
        ids = [np.array([2, 3]), np.array([4, 5])]
        assert np.allclose(numpy(again(ids)), numpy(cosine_model(layer)(ids)), atol=1e-6)


class TestClassifier:
    def test_it_learns_and_is_saved(self, layer, tmp_path):
        rng = np.random.default_rng(3)
        classes = rng.integers(0, 2, 200).astype(np.int32)
        ids = (rng.integers(2, 4, (200, 6)) + 2 * classes[:, None]).astype(np.int32)
        ids[::2, 3:] = 0
        model = text_classifier(layer, 2, learning_rate=0.02)
        model.fit(ids, classes, epochs=10, verbose=0)
        found = model.predict(ids, verbose=0)
        assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
        assert (found.argmax(axis=1) == classes).mean() > 0.9
        model.save(tmp_path / "m.keras")
        again = layers.load_model(tmp_path / "m.keras")
        assert np.allclose(again.predict(ids, verbose=0), found, atol=1e-5)

    def test_a_text_without_words(self, layer):
        model = text_classifier(layer, 2)
        ids = np.zeros((8, 3), np.int32)
        model.fit(ids, np.zeros(8, np.int32), verbose=0)
        assert np.isfinite(model.predict(ids, verbose=0)).all()

    def test_the_mean_leaves_padding_out(self, layer, table):
        mean = numpy(MeanOfWords()(layer([[2, 3, 0, 0], [0, 0, 0, 0]])))
        assert np.allclose(mean[0], table.matrix[:2].mean(axis=0), atol=1e-6)
        assert not mean[1].any()

    def test_the_mean_without_a_mask(self, table):
        layer = keras_layer(table, mask=False)
        assert np.allclose(
            numpy(MeanOfWords()(layer([[2, 3, 0, 0]])))[0], table.matrix[:2].sum(axis=0) / 4
        )


@pytest.mark.parametrize("module", [layers, keras_heads])
def test_examples(module):
    assert doctest.testmod(module).failed == 0
