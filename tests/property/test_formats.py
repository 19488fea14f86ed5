"""Whatever words and numbers there are: they come back exactly, or are refused before writing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wordkin import formats
from wordkin.errors import FormatError, InputError
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def assert_vectors_or_format_error(path):
    try:
        table = formats.read(path)
    except FormatError as error:
        message = str(error)
        assert str(path) in message
    else:
        assert table.matrix.shape == (len(table.vocabulary), table.dimensions)


@st.composite
def tables(draw):
    words = draw(st.lists(st.text(max_size=8), min_size=1, max_size=8, unique=True))
    shape = (len(words), draw(st.integers(1, 5)))
    counts = draw(st.none() | hnp.arrays(np.int64, len(words), elements=st.integers(0, 2**58)))
    matrix = draw(hnp.arrays(np.float32, shape, elements=FLOATS))
    return VectorTable(Vocabulary(words, counts), matrix)


@settings(deadline=None, max_examples=60)
@given(tables(), st.sampled_from([".safetensors", ".txt", ".bin", ".npy"]))
def test_round_trip(table, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"v{suffix}"
        try:
            formats.write(table, path)
        except InputError as error:
            assert not list(Path(folder).iterdir())
            message = str(error)
            assert "can't be written in this format" in message or "surrogate" in message
            return
        back = formats.read(path)
        assert back.vocabulary.words == table.vocabulary.words
        assert back.matrix.tobytes() == table.matrix.tobytes()
        if suffix == ".safetensors" and table.vocabulary.counts is not None:
            assert back.vocabulary.counts.tolist() == table.vocabulary.counts.tolist()


@settings(deadline=None, max_examples=150)
@given(st.data(), st.sampled_from([".safetensors", ".txt", ".bin"]))
def test_changed_bytes_give_vectors_or_a_format_error_and_nothing_else(data, suffix):
    table = VectorTable(Vocabulary(["the", "naïve", "日本"]), np.eye(3, dtype=np.float32))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"v{suffix}"
        formats.write(table, path)
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(content)
        assert_vectors_or_format_error(path)


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200), st.sampled_from([".safetensors", ".txt", ".bin", ".npy", ".x"]))
def test_any_bytes_give_a_format_error_or_vectors(content, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"v{suffix}"
        path.write_bytes(content)
        (Path(folder) / "vocab.json").write_text('{"a": 0}')
        assert_vectors_or_format_error(path)
