"""Which backend Keras gets, and what every layer checks about ids and rows."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from wordkin import frameworks
from wordkin.errors import FormatError, InputError, MissingExtraError, RowError
from wordkin.layers import rows
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
    @pytest.mark.parametrize("ids", [3, [0, 4], [[1], [2]], np.array([4], np.uint64), np.int8(1)])
    def test_in_range(self, ids):
        found = rows.host_ids(ids, 5)
        assert found.dtype == np.int32
        assert np.array_equal(found, np.asarray(ids))

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
