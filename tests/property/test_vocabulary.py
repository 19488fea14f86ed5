"""Vocabularies of any words beside lists and dictionaries."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.vocabulary import Vocabulary

WORDS = st.lists(st.text(max_size=5), unique=True, max_size=12)
SPECIALS = st.sampled_from([("<pad>", "<unk>"), ("<unk>", "<pad>"), ("<pad>",), ("<unk>",), ()])
FEW = settings(max_examples=60, deadline=None)


@FEW
@given(WORDS, SPECIALS, st.randoms())
def test_decode_undoes_encode(words, specials, random):
    vocabulary = Vocabulary(words, specials=specials)
    tokens = [random.choice(words) for _ in range(20)] if words else []
    rows = vocabulary.encode(tokens, unknown="error")
    assert vocabulary.decode(rows) == tokens
    assert vocabulary.decode(rows, skip_specials=False) == tokens
    assert all(len(specials) <= row < vocabulary.n_rows for row in rows)


@FEW
@given(st.lists(st.sampled_from("abcdefgh")), st.integers(1, 4), st.none() | st.integers(1, 5))
def test_from_counts_is_a_sorted_counter(tokens, min_count, max_vocab):
    counter = Counter(tokens)
    # Counter.most_common is stable too: equals stay in the order of first appearance
    naive = [(w, n) for w, n in counter.most_common() if n >= min_count][:max_vocab]
    vocabulary = Vocabulary.from_counts(counter, min_count=min_count, max_vocab=max_vocab)
    assert list(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == naive


@FEW
@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "?"]), max_size=6), max_size=5),
    st.none() | st.integers(1, 5),
    st.sampled_from(["left", "right"]),
    st.sampled_from(["left", "right"]),
    st.sampled_from(["unk", "drop"]),
)
def test_encode_batch_equals_a_loop_over_lists(texts, max_length, padding, truncating, unknown):
    vocabulary = Vocabulary(["a", "b", "c"])
    lines = []
    for text in texts:
        rows = [{"a": 2, "b": 3, "c": 4, "?": 1}[w] for w in text if w != "?" or unknown == "unk"]
        lines.append(rows)
    length = max_length or max([min(1, len(lines)), *map(len, lines)])
    expected = []
    for rows in lines:
        while len(rows) > length:
            rows.pop(-1 if truncating == "right" else 0)
        while len(rows) < length:
            rows.insert(len(rows) if padding == "right" else 0, 0)
        expected.append(rows)
    batch = vocabulary.encode_batch(
        texts, max_length=max_length, padding=padding, truncating=truncating, unknown=unknown
    )
    assert batch.tolist() == expected
    assert batch.shape == (len(texts), length)


@FEW
@given(words=st.lists(st.text(st.characters(), max_size=5), unique=True, max_size=12))
def test_json_brings_back_any_words(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("json") / "vocab.json"
    Vocabulary(words).to_json(path)
    assert Vocabulary.from_json(path).words == words


@FEW
@given(WORDS, WORDS, SPECIALS, SPECIALS)
def test_equal_fingerprints_mean_equal_rows(words, others, specials, other_specials):
    one, other = Vocabulary(words, specials=specials), Vocabulary(others, specials=other_specials)
    same = words == others and specials == other_specials
    assert (one.fingerprint() == other.fingerprint()) == (one == other) == same


@FEW
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
def test_repeated_words_are_never_accepted(words):
    if len(set(words)) == len(words):
        assert Vocabulary(words).words == words
    else:
        with pytest.raises(ValueError, match="only once"):
            Vocabulary(words)
