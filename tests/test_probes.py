"""Words to look at."""

from __future__ import annotations

import pytest

import wordkin as wk
from wordkin.errors import ConfigError, InputError

WORDS = [f"w{i}" for i in range(500)]


def test_probes_are_frequent_words_each_once_in_order():
    probes = wk.probe_words(wk.Vocabulary(WORDS))
    assert len(set(probes)) == 16
    assert set(probes) <= set(WORDS[:100])
    assert probes == sorted(probes, key=WORDS.index)


def test_the_seed_fixes_them():
    vocabulary = wk.Vocabulary(WORDS)
    assert wk.probe_words(vocabulary, seed=2) == wk.probe_words(vocabulary, seed=2)
    assert wk.probe_words(vocabulary, seed=2) != wk.probe_words(vocabulary, seed=3)


def test_all_of_the_top_can_be_drawn_and_a_small_vocabulary_gives_what_it_has():
    assert wk.probe_words(wk.Vocabulary(WORDS), 20, top=20) == WORDS[:20]
    assert wk.probe_words(wk.Vocabulary(["a", "b"])) == ["a", "b"]


def test_special_rows_are_never_drawn():
    for specials in ((), ("<pad>",), ("<pad>", "<unk>")):
        vocabulary = wk.Vocabulary(["a", "b"], specials=specials)
        assert wk.probe_words(vocabulary, 2, top=2) == ["a", "b"]


def test_what_can_not_be_drawn_is_refused():
    with pytest.raises(ConfigError, match="seed must be a whole number from 0"):
        wk.probe_words(wk.Vocabulary(["a"]), seed=-1)
    with pytest.raises(InputError, match="17 different words"):
        wk.probe_words(wk.Vocabulary(WORDS), 17, top=16)
    with pytest.raises(ConfigError, match="k"):
        wk.probe_words(wk.Vocabulary(WORDS), 0)
    with pytest.raises(InputError, match="empty"):
        wk.probe_words(wk.Vocabulary([]))
