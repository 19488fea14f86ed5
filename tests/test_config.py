"""Settings are checked when they are made."""

from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest

import wordkin as wk
from wordkin.config.base import _RENAMED
from wordkin.errors import ConfigError


@pytest.mark.parametrize("kind", [wk.SkipGram, wk.CBOW])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vector_size", 0),
        ("vector_size", -5),
        ("vector_size", 1.5),
        ("vector_size", "100"),
        ("vector_size", True),
        ("window", 0),
        ("negative", 0),
        ("epochs", 0),
        ("sample", -1e-3),
        ("sample", float("nan")),
        ("alpha", -1.0),
        ("alpha", float("inf")),
        ("min_alpha", 1.0),
        ("loss", "hs"),
        ("group", 9),
        ("shared_negatives", 0),
        ("shrink_windows", "no"),
        ("shrink_windows", None),
        ("shrink_windows", 1),
        ("shrink_windows", 0),
        ("shared_table", 0.0),
    ],
)
def test_a_wrong_value_is_named(kind, name, value):
    with pytest.raises(ConfigError, match=name) as caught:
        kind(**{name: value})
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [("size", "vector_size"), ("iter", "epochs"), ("sg", "SkipGram"), ("min_count", "from_path"),
     ("workers", "train"), ("seed", "train"), ("lr", "alpha")],
)  # fmt: skip
def test_an_old_name_tells_the_new_one(old, new):
    with pytest.raises(ConfigError, match=new):
        wk.SkipGram(**{old: 1})


def test_a_name_of_nowhere_lists_what_there_is():
    with pytest.raises(ConfigError, match="vector_size"):
        wk.SkipGram(sise=1)


def test_ngrams_need_a_table_of_their_own():
    # no engine could train it, and each of them named the other one
    with pytest.raises(ConfigError, match="shared_table is for SkipGram and CBOW"):
        wk.FastText(shared_table=True)


def test_settings_are_frozen_values():
    config = wk.SkipGram(vector_size=10)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.vector_size = 20
    assert config == wk.SkipGram(vector_size=10)
    assert pickle.loads(pickle.dumps(config)) == config
    assert dataclasses.replace(config, window=2).window == 2


def test_positional_settings_are_refused():
    with pytest.raises(TypeError):
        wk.SkipGram(100)


def test_presets_say_what_the_docs_say_and_can_be_changed():
    items, graphs, text = (
        getattr(wk.SkipGram, name)() for name in ("for_items", "for_graphs", "for_small_text")
    )
    assert items == wk.SkipGram(window="all", ns_exponent=-0.5, sample=1e-4, epochs=10)
    assert graphs == wk.SkipGram(window=10, vector_size=128, epochs=1, sample=0.0)
    assert text == wk.SkipGram(epochs=15, sample=1e-4)
    assert wk.SkipGram.for_items(window=5, negative=7) == wk.SkipGram(
        window=5, negative=7, ns_exponent=-0.5, sample=1e-4, epochs=10
    )
    with pytest.raises(ConfigError, match="no setting 'size'"):
        wk.SkipGram.for_graphs(size=3)


MODELS = [wk.SkipGram, wk.CBOW, wk.FastText, wk.GloVe, wk.PPMI, wk.Doc2Vec]


@pytest.mark.parametrize("kind", MODELS)
def test_a_hint_names_no_setting_that_is_not_there(kind):
    known = {field.name for field in dataclasses.fields(kind)}
    for old in sorted(set(_RENAMED) - known):
        with pytest.raises(ConfigError, match=rf"no setting {old!r}\. Use ") as caught:
            kind(**{old: 1})
        hint = str(caught.value).partition(" Use ")[2].removesuffix(".")
        assert hint in known or not hint.isidentifier()


@pytest.mark.parametrize("kind", MODELS)
def test_numbers_of_numpy_are_python_s(kind):
    given = kind(vector_size=np.int64(8), window=np.uint8(3))
    assert given == kind(vector_size=8, window=3)
    assert repr(given) == repr(kind(vector_size=8, window=3))
    json.dumps(given.settings())
    with pytest.raises(ConfigError, match="vector_size"):
        kind(vector_size=np.bool_(True))
    with pytest.raises(ConfigError, match="vector_size"):
        kind(vector_size=np.float64(8))


def test_fractions_of_numpy_are_python_s():
    assert type(wk.SkipGram(alpha=np.float32(0.5)).alpha) is float
    assert json.loads(json.dumps(wk.SkipGram(sample=np.float16(0.5)).settings()))["sample"] == 0.5
    with pytest.raises(ConfigError, match="alpha"):
        wk.SkipGram(alpha=np.float32("nan"))
