"""Sequences of anything: baskets, sessions, walks; from lists and from tables."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wordkin as wk
from wordkin.errors import EmptyCorpusError, InputError

ROWS = {
    "user": [3, 1, 3, 2, 1, 3],
    "day": ["b", "a", "b", "a", "a", "a"],
    "time": [5, 2, 1, 9, 1, 5],
    "item": ["x", "y", "z", "x", "w", "v"],
}


def sentences(*args, **options):
    return list(wk.Corpus.from_sequences(*args, min_count=1, **options).sentences())


def test_tokens_of_any_kind():
    day = dt.date(2026, 1, 2)
    assert sentences([[1, 2.5, "a"], [(1, 2), day, 1]]) == [
        ["1", "2.5", "a"],
        ["(1, 2)", "2026-01-02", "1"],
    ]
    assert sentences(np.array([[5, 6], [7, 5]])) == [["5", "6"], ["7", "5"]]
    assert sentences(iter([range(3), (), {"only"}])) == [["0", "1", "2"], ["only"]]


@pytest.mark.parametrize("tokens", [[1, 2.5], [True, 7], ["a", 7], [2**70, 1], ["x" * 100, "y"]])
def test_tokens_of_a_column_keep_their_names(tokens):
    from_lists = wk.Corpus.from_sequences([tokens], min_count=1)
    table = {"item": tokens, "user": ["one"] * len(tokens)}
    from_table = wk.Corpus.from_sequences(table, items="item", group_by="user", min_count=1)
    assert from_table.vocabulary.words == from_lists.vocabulary.words == list(map(str, tokens))


def test_values_of_several_kinds_are_not_made_one():
    with pytest.raises(InputError, match=r"1 \(int\) and '1' \(str\) would both be called"):
        wk.Corpus.from_sequences({"item": [1, "1"], "user": [1, 1]}, group_by="user", min_count=1)
    table = {"item": [1, 2, 3], "user": [1, "1", 1]}
    corpus = wk.Corpus.from_sequences(table, group_by="user", min_count=1)
    assert list(corpus.sentences()) == [["1", "3"], ["2"]]


def test_rare_ones_are_left_out_and_counted():
    corpus = wk.Corpus.from_sequences([[1, 2, 3], [2, 3], [9]], min_count=2)
    assert corpus.vocabulary.words == ["2", "3"]
    assert corpus.account.dropped["below min_count"] == 2
    assert corpus.account.empty_sentences == 1
    again = wk.Corpus.from_sequences([[3, 4]], vocabulary=corpus.vocabulary)
    assert again.ids.tolist() == [1]


def tables():
    yield "dict", ROWS
    try:
        import pandas as pd

        yield "pandas", pd.DataFrame(ROWS)
        yield "categories", pd.DataFrame(ROWS).astype({"item": "category", "day": "category"})
    except ImportError:  # pragma: no cover
        pass
    try:
        import pyarrow as pa

        yield "arrow", pa.table(ROWS)
    except ImportError:  # pragma: no cover
        pass


@pytest.mark.parametrize("table", [t for _, t in tables()], ids=[name for name, _ in tables()])
def test_tables(table):
    found = sentences(table, items="item", group_by="user", order_by="time")
    assert found == [["z", "x", "v"], ["w", "y"], ["x"]]  # equal times stay in their order
    found = sentences(table, items="item", group_by=["user", "day"])
    assert found == [["x", "z"], ["y", "w"], ["x"], ["v"]]
    found = sentences(table, items="item", group_by="user", order_by=["day", "time"])
    assert found == [["v", "z", "x"], ["w", "y"], ["x"]]


def test_the_column_that_is_left_holds_the_items():
    table = {"basket": [1, 1, 2], "item": [7, 8, 7]}
    assert sentences(table, group_by="basket") == [["7", "8"], ["7"]]
    with pytest.raises(InputError, match=r"Which column .* \['day', 'time', 'item'\]"):
        sentences(ROWS, group_by="user")


def test_a_large_table_from_a_store(tmp_path):
    rng = np.random.default_rng(0)
    table = {name: rng.integers(n, size=5_000) for name, n in (("u", 300), ("t", 50), ("i", 90))}
    corpus = wk.Corpus.from_sequences(
        table, items="i", group_by="u", order_by="t", min_count=1, store=tmp_path / "corpus"
    )
    expected = defaultdict(list)
    for u, t, i in zip(*(table[name].tolist() for name in "uti"), strict=True):
        expected[u].append((t, str(i)))
    expected = [[i for _, i in sorted(rows, key=lambda r: r[0])] for rows in expected.values()]
    assert list(corpus.sentences()) == expected
    assert list(wk.Corpus.open(tmp_path / "corpus").sentences()) == expected


def test_missing_values_of_pandas():
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    table = pd.DataFrame({"u": [1, 1], "i": pd.array([1, None], "Int64")})
    with pytest.raises(InputError, match="'i' lacks 1 values"):
        wk.Corpus.from_sequences(table, group_by="u")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(-5, 5) | st.text("ab", max_size=2), max_size=6), min_size=1))
def test_what_goes_in_comes_out(sequences):
    expected = [[str(token) for token in sequence] for sequence in sequences if sequence]
    if not expected:
        with pytest.raises(EmptyCorpusError):
            sentences(sequences)
    else:
        assert sentences(sequences) == expected


@pytest.mark.parametrize(
    ("given_", "options", "message"),
    [
        ("abc", {}, "takes lists of tokens"),
        (3, {}, "takes lists of tokens"),
        ([1, 2], {}, "Sequence 0 is no list of tokens but int"),
        ([["a"], "ab"], {}, "Sequence 1 is no list of tokens but str"),
        ([[[1]]], {}, "hashable"),
        ([[1, "1"]], {}, r"1 \(int\) and '1' \(str\) would both be called '1'"),
        ([[b"a"]], {}, "Decode"),
        ([[1, None]], {}, "missing"),
        ([[math.nan]], {}, "missing"),
        ([[1]], {"group_by": "user"}, "for tables"),
        (ROWS, {}, "group_by"),
        (ROWS, {"group_by": "session"}, "no column 'session'"),
        (ROWS, {"items": "item", "group_by": "user", "order_by": "when"}, "no column 'when'"),
        ({"u": [1, None], "i": [1, 2]}, {"group_by": "u"}, "'u' lacks 1 values"),
        ({"u": [1, 2], "i": [1.0, math.nan]}, {"group_by": "u"}, "'i' lacks 1 values"),
        (
            {"u": [1, 1], "t": np.array([1, "a"], object), "i": [1, 2]},
            {"items": "i", "group_by": "u", "order_by": "t"},
            "can't be put in order",
        ),
        ({"u": [1, 1], "i": [1, 2, 3]}, {"group_by": "u"}, "columns of one length.*'u' has 2.*3"),
        ({"u": [1, 1], "i": [[1], [2, 3]]}, {"group_by": "u"}, "hashable"),
        ({"u": [1, 1], "i": "ab"}, {"group_by": "u"}, "'i' should be flat"),
        (ROWS, {"group_by": []}, "Which rows make a sequence"),
    ],
)
def test_bad_input(given_, options, message):
    with pytest.raises(InputError, match=message):
        wk.Corpus.from_sequences(given_, min_count=1, **options)
