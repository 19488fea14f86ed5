"""Which backend Keras gets, and what every layer checks about ids and rows."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from wordkin import frameworks
from wordkin.errors import FormatError, InputError, MissingExtraError, RowError
from wordkin.formats.tensors import write_arrays
from wordkin.layers import rows
from wordkin.layers.saving import SavedRows, load_rows, pack, save_rows, unpack
from wordkin.layers.settings import LayerSettings
from wordkin.vectors.importing import from_rows
from wordkin.vocabulary import Vocabulary


class TestBackend:
    @pytest.fixture
    def start(self, monkeypatch, tmp_path):
        """Import Keras as if in a fresh process, with these backends; return what was chosen."""
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.setitem(sys.modules, "keras", None)
        monkeypatch.delitem(sys.modules, "keras")
        monkeypatch.setattr(frameworks, "require", lambda module, extra: (module, extra))

        def start(*installed, env="", configured=None):
            monkeypatch.setenv("KERAS_BACKEND", env)
            monkeypatch.setattr(frameworks, "_installed", lambda name: name in installed)
            if configured is not None:
                (tmp_path / "keras.json").write_text(configured)
            assert frameworks.import_keras() == ("keras", "keras")
            return frameworks.os.environ["KERAS_BACKEND"]

        return start

    def test_what_is_installed(self, start):
        assert start("jax") == "jax"
        assert start("torch") == "torch"
        assert start("torch", "jax") == "jax"

    def test_keras_decides_where_it_can(self, start):
        assert start("tensorflow", "jax", "torch") == ""

    def test_the_users_choice_is_left_alone(self, start):
        assert start("jax", env="torch") == "torch"
        assert start("jax", "torch", configured=json.dumps({"backend": "torch"})) == ""
        assert start("jax", configured=json.dumps({"backend": "numpy"})) == ""

    @pytest.mark.parametrize("configured", ['{"floatx": "float16"}', "{}", "no json"])
    def test_a_file_without_a_choice(self, start, configured):
        assert start("torch", configured=configured) == "torch"

    @pytest.mark.parametrize(
        "configured", ['{"backend": "tensorflow"}', "{}", "[]", "no json", '{"backend": 7}']
    )
    def test_a_choice_that_nobody_made(self, start, configured):
        assert start("torch", configured=configured) in ("torch", "")

    def test_a_file_that_keras_wrote_unasked(self, start):
        assert start("torch", configured='{"backend": "tensorflow"}') == "torch"

    def test_nothing_is_installed(self, start):
        with pytest.raises(MissingExtraError, match=r"wordkin\[keras\]"):
            start()

    def test_a_keras_that_is_there_stays(self, start, monkeypatch):
        monkeypatch.setitem(sys.modules, "keras", object())
        assert start("torch") == ""


class TestIds:
    @pytest.mark.parametrize(
        ("ids", "advice"),
        [(["the"], "encode_batch"), ([None], "encode_batch"), ([1.5], 'dtype="int32"')],
    )
    def test_what_is_no_id_gets_the_advice_that_fits(self, ids, advice):
        with pytest.raises(InputError, match=f"must be whole numbers .*{advice}"):
            rows.host_ids(ids, 9)

    @pytest.mark.parametrize("ids", [3, [0, 4], [[1], [2]], np.array([4], np.uint64), np.int8(1)])
    def test_in_range(self, ids):
        found = rows.host_ids(ids, 5)
        assert found.dtype == np.int32
        assert np.array_equal(found, np.asarray(ids))

    @pytest.mark.parametrize("none", [[], [[]], (), [[], []]])
    def test_no_ids_at_all_are_no_floats(self, none):
        found = rows.host_ids(none, 5)
        assert found.dtype == np.int32
        assert found.shape == np.shape(none)

    @pytest.mark.parametrize("bad", [-1, 5, 2**40, 2**63 - 1])
    def test_out_of_range(self, bad):
        with pytest.raises(RowError, match=f"id {bad} .* rows 0 to 4 .* 2 of 3"):
            rows.host_ids([1, bad, bad], 5)

    @pytest.mark.parametrize("bad", [0.0, [None], "a", [[1], [2, 3]], np.array([], float)])
    def test_no_ids(self, bad):
        with pytest.raises(InputError):
            rows.host_ids(bad, 5)


class TestVocabularyFile:
    @pytest.fixture
    def vocabulary(self):
        return Vocabulary(["a\n", "\ud800", "日", '"'], [4, 3, 2, 1], tokenizer="words")

    def test_everything_survives(self, vocabulary, tmp_path):
        path = tmp_path / "v.json"
        path.write_bytes(rows.vocabulary_to_json(vocabulary))
        again = rows.vocabulary_from_json(path, vocabulary.fingerprint())
        assert again == vocabulary
        assert again.tokenizer == vocabulary.tokenizer
        assert np.array_equal(again.counts, vocabulary.counts)

    def test_without_counts_and_tokenizer(self, tmp_path):
        path, bare = tmp_path / "v.json", Vocabulary(["x"])
        path.write_bytes(rows.vocabulary_to_json(bare))
        again = rows.vocabulary_from_json(path, bare.fingerprint())
        assert (again, again.counts, again.tokenizer) == (bare, None, None)

    @pytest.mark.parametrize(
        "text", ["", "7", "{}", "[" * 100_000, '{"words": 3, "counts": null, "tokenizer": null}']
    )
    def test_damaged(self, tmp_path, text):
        path = tmp_path / "v.json"
        path.write_text(text)
        with pytest.raises(FormatError, match="damaged"):
            rows.vocabulary_from_json(path, "x")

    def test_another_one(self, vocabulary, tmp_path):
        path = tmp_path / "v.json"
        path.write_bytes(rows.vocabulary_to_json(vocabulary))
        with pytest.raises(FormatError, match="fingerprint differs"):
            rows.vocabulary_from_json(path, Vocabulary(["x"]).fingerprint())


class TestSavedRows:
    @pytest.fixture
    def saved(self):
        words = Vocabulary(["a", "\ud800"], [2, 1], tokenizer="words")
        weight = np.arange(8, dtype=np.float32).reshape(4, 2)
        return SavedRows(weight, None, words, LayerSettings(trainable="after:2", max_norm=0.5))

    @pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "int8", "int32"])
    def test_everything_survives(self, saved, tmp_path, dtype):
        scales = np.ones((4, 1), np.float32) if dtype == "int8" else None
        saved = saved._replace(weight=saved.weight.astype(dtype), scales=scales)
        save_rows(tmp_path / "a.safetensors", saved)
        if dtype == "int32":  # no type that vectors come in
            with pytest.raises(FormatError, match=r"types \['I32'\]"):
                load_rows(tmp_path / "a.safetensors")
            return
        again = load_rows(tmp_path / "a.safetensors")
        assert np.array_equal(again.weight, saved.weight)
        assert again.weight.dtype == dtype
        assert (again.scales is None) == (scales is None)
        assert (again.vocabulary, again.settings) == (saved.vocabulary, saved.settings)
        assert np.array_equal(again.vocabulary.counts, [2, 1])

    def test_rows_of_other_words_are_not_saved(self, saved, tmp_path):
        with pytest.raises(InputError, match="There are 3 rows"):
            save_rows(tmp_path / "a", saved._replace(weight=saved.weight[1:]))
        assert not list(tmp_path.iterdir())

    def test_rows_that_do_not_fit_are_not_loaded(self, saved, tmp_path):
        with (tmp_path / "a").open("wb") as file:
            words = np.frombuffer(pack(saved.vocabulary, saved.settings), np.uint8)
            write_arrays(file, {"weight": saved.weight[1:], "_extra_state": words}, {})
        with pytest.raises(FormatError, match=r"\(3, 2\) is no shape of 4 rows"):
            load_rows(tmp_path / "a")

    def test_a_file_that_is_damaged_is_named(self, saved, tmp_path):
        save_rows(tmp_path / "a.safetensors", saved)
        whole = (tmp_path / "a.safetensors").read_bytes()
        damaged = (b"junkjunkjunk", whole[:-5], whole.replace(b"words", b"swords"))
        for data in damaged:
            (tmp_path / "a.safetensors").write_bytes(data)
            with pytest.raises(FormatError, match=r"a\.safetensors"):
                load_rows(tmp_path / "a.safetensors")

    @pytest.mark.parametrize(
        ("dtype", "scales"),
        [
            ("int8", None),
            ("float32", np.ones((4, 1), np.float32)),
            ("int8", np.ones((3, 1), np.float32)),
            ("int8", np.ones(4, np.float32)),
            ("int8", np.ones((4, 1), np.int8)),
        ],
    )
    def test_scales_that_do_not_fit_are_not_loaded(self, saved, tmp_path, dtype, scales):
        """JAX is promised that ids are within what it looks them up in."""
        words = np.frombuffer(pack(saved.vocabulary, saved.settings), np.uint8)
        arrays = {"weight": saved.weight.astype(dtype), "_extra_state": words}
        with (tmp_path / "a").open("wb") as file:
            write_arrays(file, arrays if scales is None else arrays | {"scales": scales}, {})
        with pytest.raises(FormatError, match="scales of shape"):
            load_rows(tmp_path / "a")

    @pytest.mark.parametrize(
        "kept", [b"", b"[]", b'{"max_norm": -1}', b'{"trainable": "when"}', b'{"colour": 1}']
    )
    def test_settings_that_are_damaged(self, saved, kept):
        fingerprint, _, words = pack(saved.vocabulary, saved.settings).split(b"\n", 2)
        with pytest.raises(FormatError, match="settings of the layer are damaged"):
            unpack(b"\n".join([fingerprint, kept, words]))

    @pytest.mark.parametrize("data", [b"", b"\n\n", b"\xff\n{}\n{}"])
    def test_words_that_are_damaged(self, data):
        with pytest.raises(FormatError, match="damaged"):
            unpack(data)


class TestFromRows:
    @pytest.mark.parametrize("special", [0, 2])
    def test_special_rows_are_left_out(self, special):
        matrix = np.arange(2 * (special + 3)).reshape(special + 3, 2)
        found = from_rows(matrix, ["a", "b", "c"])
        assert np.array_equal(found.vectors, matrix[special:])
        assert found.vectors.dtype == np.float32

    @pytest.mark.parametrize("shape", [(4, 2), (6, 2), (5,), (5, 2, 2)])
    def test_other_shapes(self, shape):
        with pytest.raises(InputError, match="must be"):
            from_rows(np.ones(shape), ["a", "b", "c"])

    def test_numbers_that_are_none(self):
        with pytest.raises(InputError, match="NaN"):
            from_rows([[1.0], [np.nan]], ["a", "b"])
