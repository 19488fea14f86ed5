"""Tokenizers against the tools whose rules they promise to follow."""

from __future__ import annotations

import itertools
import json
import lzma
import re
import unicodedata

import pytest

from wordkin.errors import InputError
from wordkin.text.patterns import mark_ranges
from wordkin.text.tokenizers import (
    Function,
    Gensim,
    Keras,
    Regex,
    Tokenizer,
    Whitespace,
    Words,
    get_tokenizer,
    tokenizer_from_settings,
)

ALL = [Words(), Words(digits=False), Whitespace(), Gensim(), Keras(), Regex("[a-z]+", re.I)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The quick, brown fox.", ["the", "quick", "brown", "fox"]),
        ("", []),
        (" \n\t", []),
        ("don't Don’t ’tis 'quoted' dogs' rock'n'roll", "don't don't tis quoted dogs rock'n'roll"),
        ("a''b a'-b 'a", ["a", "b", "a", "b", "a"]),
        ("B2B 3rd 1990's 2'b x2'b", "b2b 3rd 1990 s 2 b x2 b"),
        ("e-mail snake_case a/b", "e mail snake case a b"),
        ("naïve nai\u0308ve", ["naïve", "nai\u0308ve"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("مُحَمَّد قال", ["مُحَمَّد", "قال"]),
        ("می\u200cخواهم \u200cالف\u200c", ["می\u200cخواهم", "الف"]),
        ("שָׁלוֹם", ["שָׁלוֹם"]),
        ("今天天气很好。你好", ["今天天气很好", "你好"]),
        ("안녕하세요 세계", ["안녕하세요", "세계"]),
        ("ΌΔΟΣ Σ ΣΑΣ", ["όδος", "σ", "σας"]),
        ("İstanbul ISPARTA", ["i\u0307stanbul", "isparta"]),
        ("STRASSE Straße ẞ", ["strasse", "straße", "ß"]),
        ("𐐀𐐁 𝐱²", ["𐐨𐐩", "𝐱²"]),
        ("❤\ufe0f \u0301a", ["a"]),
        ("x\x00y\ufffdz", ["x", "y", "z"]),
        ("٤٢ Ⅷ ½", ["٤٢", "ⅷ", "½"]),
    ],
)
def test_words(text, words):
    assert Words()(text) == (words.split() if isinstance(words, str) else words)


def test_marks_come_in_stretches():
    """All of Unicode is looked at here, where the room looks only at the planes that have some."""
    marks = [code for code in range(0x110000) if unicodedata.category(chr(code)).startswith("M")]
    ranges = mark_ranges()
    assert [code for low, high in ranges for code in range(low, high + 1)] == marks
    assert all(high + 1 < low for (_, high), (low, _) in itertools.pairwise(ranges))


def test_words_without_digits_counts_the_runs():
    assert Words(digits=False).split("It's 1984, B2B: ٤٢ co₂") == (["it's", "b", "b", "co₂"], 3)
    assert Words().split("1984") == (["1984"], 0)


@pytest.mark.parametrize(
    "tokenizer", [Whitespace(), Keras(), Regex(r"\S+"), Function("f", str.split)]
)
def test_those_that_drop_nothing_count_nothing(tokenizer):
    assert tokenizer.split(" new_york\u2003is  big ")[1] == 0
    assert tokenizer.split("") == ([], 0)
    assert tokenizer.split("1 a") == (["1", "a"], 0)


def test_gensim_counts_what_it_drops():
    text = "I saw _hidden 42 antidisestablishmentarianism"
    assert Gensim().split(text) == (["saw"], 4)
    assert Gensim(min_len=1, max_len=100)(text) == ["i", "saw", "antidisestablishmentarianism"]


@pytest.mark.parametrize("given", [{"min_len": "2"}, {"max_len": -1}, {"min_len": True}])
def test_lengths_that_gensim_can_not_have(given):
    with pytest.raises(InputError, match=f"{next(iter(given))} must be a whole number from 0"):
        get_tokenizer("gensim", **given)


@pytest.mark.parametrize("given", [(b"a", 0), ("a", True), ("a", 1.0)])
def test_expressions_are_of_text(given):
    with pytest.raises(InputError, match="no regular expression"):
        Regex(*given)


def test_keras_splits_at_single_spaces_only():
    assert Keras()("One\ttwo\nthree\rfour\u00a0five  six!") == [
        "one", "two", "three\rfour\u00a0five", "six",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["wiki_raw", "lang/zh_wiki", "lang/ko_wiki", "lang/ru_manpages"])
def test_gensim_and_keras_equal_the_originals_on_real_text(data_dir, name):
    gensim = pytest.importorskip("gensim.utils")
    keras = pytest.importorskip("keras.src.legacy.preprocessing.text")
    with lzma.open(data_dir / f"{name}.txt.xz") as file:
        text = file.read(1_000_000).decode("utf-8", "ignore")
    for line in text.split("\n"):
        assert Gensim()(line) == gensim.simple_preprocess(line)
        assert Keras()(line) == keras.text_to_word_sequence(line)


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tokenizer", ALL)
def test_settings_survive_json(tokenizer):
    assert isinstance(tokenizer, Tokenizer)
    assert tokenizer_from_settings(json.loads(json.dumps(tokenizer.settings()))) == tokenizer


@pytest.mark.parametrize("name", ["words", "whitespace", "gensim", "keras"])
def test_names(name):
    assert get_tokenizer(name).settings()["name"] == name
    assert get_tokenizer(get_tokenizer(name)) == get_tokenizer(name)


def test_regex_gives_whole_matches_also_with_groups():
    tokenizer = get_tokenizer(re.compile(r"(\w)(\w*)|", re.ASCII))
    assert tokenizer.split("ab ç d") == (["ab", "d"], 0)


def test_a_function_is_used_but_lost_with_the_process():
    tokenizer = get_tokenizer(str.splitlines)
    assert tokenizer.split("a b\nc") == (["a b", "c"], 0)
    lost = tokenizer_from_settings(tokenizer.settings())
    assert lost == Function("str.splitlines")
    with pytest.raises(InputError, match=r"str\.splitlines.*not saved.*list of tokens"):
        lost("a b")


@pytest.mark.parametrize("result", ["a str", ["a", 1], None, 3])
def test_a_function_must_return_words(result):
    with pytest.raises(InputError, match="list of str"):
        get_tokenizer(lambda text: result)("a")


@pytest.mark.parametrize(
    "spec", ["word", "", 3, None, Words, str, re.compile(b"bytes"), [str.split]]
)
def test_what_is_no_tokenizer(spec):
    with pytest.raises(InputError):
        get_tokenizer(spec)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"name": "none"},
        {"name": "words", "accents": True},
        {"name": "regex"},
        {"name": "regex", "pattern": "("},
        {"name": "regex", "pattern": 3},
        {"name": ["words"]},
        {"name": "regex", "pattern": "a", "flags": True},
        {"name": "gensim", "max_len": 15.0},
        {"name": "phrases", "tokenizer": "words"},
        {"name": "phrases", "tokenizer": [1]},
        {"name": "phrases", "tokenizer": {"name": "words"}, "phrases": "new york"},
        "words",
    ],
)
def test_settings_of_no_tokenizer(settings):
    with pytest.raises(InputError):
        tokenizer_from_settings(settings)
