"""Packed words behave like a list and a dict of the same words."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.errors import FormatError, InputError, UnknownWordError
from wordkin.vocabulary import Vocabulary, packed, wordlist
from wordkin.vocabulary.packed import PackedWords

WORDS = ["the", "", "naïve", "日本", "a b", "x\ny", *(f"w{i}" for i in range(3000))]


def pack(words) -> PackedWords:
    encoded = [word.encode() for word in words]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return packed.packed(np.frombuffer(b"".join(encoded), np.uint8), offsets)[0]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), unique=True, max_size=40),
       st.lists(st.text(max_size=6), max_size=20))  # fmt: skip
def test_they_are_the_same_as_a_list_and_a_dict(words, others):
    ours, index = pack(words), {word: i for i, word in enumerate(words)}
    assert ours == words
    assert words == ours
    assert list(ours) == words
    assert [ours[i] for i in range(-len(words), len(words))] == words * 2
    assert ours[1:4] == words[1:4]
    assert ours[::-2] == words[::-2]
    assert ours[::2] == words[::2]
    assert ours[5:2] == []
    for word in words + others:
        assert ours.index.get(word) == index.get(word)
        assert (word in ours) == (word in ours.index) == (word in index)
    assert dict(ours.index) == index
    packed.verified(ours)


def test_a_slice_over_blocks_and_an_index_outside(monkeypatch):
    monkeypatch.setattr(packed, "_AT_ONCE", 7)
    ours = pack(WORDS)
    assert list(ours) == WORDS
    with pytest.raises(IndexError):
        ours[len(WORDS)]
    assert ours != [*WORDS[:-1], "other"]
    assert ours != WORDS[:-1]
    assert ours != tuple(WORDS)
    assert repr(ours) == "<3,006 packed words>"
    assert repr(ours.index) == "<the ids of 3,006 packed words>"


def test_many_questions_make_a_dict_with_the_same_answers():
    index = pack(WORDS).index
    asked = [*WORDS, "nonesuch", "\ud800"]
    assert [index.get(word, -1) for word in asked] == [*range(len(WORDS)), -1, -1]
    assert index._dict is not None
    assert [index.get(word, -1) for word in asked] == [*range(len(WORDS)), -1, -1]
    with pytest.raises(KeyError):
        index["nonesuch"]
    with pytest.raises(TypeError):
        [] in index  # noqa: B015
    assert 5 not in index


def test_one_question_makes_none():
    index = pack(WORDS).index
    assert index["w2999"] == len(WORDS) - 1
    assert "\ud800" not in index
    assert 5 not in index
    with pytest.raises(KeyError):
        index["nonesuch"]
    with pytest.raises(TypeError):
        [] in index  # noqa: B015
    assert index._dict is None


def test_a_vocabulary_of_packed_words_is_like_any_other():
    ours, plain = Vocabulary(pack(WORDS)), Vocabulary(WORDS)
    assert ours == plain
    assert plain == ours
    assert hash(ours) == hash(plain)
    assert ours.fingerprint() == plain.fingerprint() == wordlist.checksum(plain.specials, WORDS)
    assert ours.encode("the w7 nonesuch").tolist() == plain.encode("the w7 nonesuch").tolist()
    assert ours.decode([2, 4, 9]) == plain.decode([2, 4, 9])
    assert ours.ids(WORDS).tolist() == list(range(len(WORDS)))
    assert pickle.loads(pickle.dumps(ours)) == plain
    with pytest.raises(UnknownWordError, match="'w2999'"):
        ours.id("w2999x")
    with pytest.raises(InputError):
        ours.ids([5])
    with pytest.raises(InputError):
        ours.ids([[]])


def test_words_that_share_a_hash_get_another_seed(monkeypatch):
    monkeypatch.setattr(packed, "_PROBES", 1)
    ours = pack([f"w{i}" for i in range(4)])
    assert ours == [f"w{i}" for i in range(4)]
    monkeypatch.setattr(packed, "_PROBES", -1)
    with pytest.raises(FormatError, match="one hash"):
        pack(WORDS)


@pytest.mark.parametrize("seed", [0, 3])
def test_the_index_in_python_and_in_the_kernel_are_one(seed):
    from wordkin.kernels.words import index_words

    ours = pack(WORDS)
    slots = np.full(1 << 13, -1, np.int32)
    first = np.empty(len(WORDS), np.int32)
    assert index_words(ours.data, ours.offsets, seed, slots, first, 1000)
    again = PackedWords(ours.data, ours.offsets, slots=slots, seed=seed)
    assert [packed._probe(again, word.encode()) for word in WORDS] == list(range(len(WORDS)))
    assert packed._probe(again, b"nonesuch") == -1


def test_damage_is_found_when_all_words_are_read():
    words = pack(WORDS)
    for change, message in [
        (lambda data, offsets, slots: data.__setitem__(0, 255), "not UTF-8"),
        (lambda data, offsets, slots: offsets.__setitem__(2, 1), "rise"),
        (lambda data, offsets, slots: offsets.__setitem__(3, 6), "within a character"),
        (lambda data, offsets, slots: data.__setitem__(slice(-4, None), list(b"2998")), "twice"),
        (lambda data, offsets, slots: slots.__setitem__(slice(None), -1), "index"),
    ]:
        arrays = words.data.copy(), words.offsets.copy(), words.slots.copy()
        change(*arrays)
        with pytest.raises(FormatError, match=message):
            packed.verified(PackedWords(*arrays[:2], slots=arrays[2], seed=words.seed))


def test_damage_never_gives_a_wrong_row():
    words = pack(WORDS)
    rng = np.random.default_rng(0)
    for _ in range(200):
        arrays = words.data.copy(), words.offsets.copy(), words.slots.copy()
        for array in arrays:
            at = rng.integers(len(array), size=20)
            array[at] = rng.integers(-(2**31), 2**31, 20).astype(array.dtype)
        damaged = PackedWords(*arrays[:2], slots=arrays[2], seed=words.seed)
        for word in WORDS[::301]:
            found = packed._probe(damaged, word.encode())
            assert found == -1 or damaged.raw(found) == word.encode()


def test_an_index_without_an_empty_slot_is_searched_to_its_end():
    """A file may be damaged so that looking for a word finds only others."""
    words = pack(WORDS[:50])
    full = PackedWords(
        words.data, words.offsets, slots=np.zeros_like(words.slots), seed=words.seed
    )  # fmt: skip
    assert packed._probe(full, b"the") == 0
    assert packed._probe(full, b"nonesuch") == -1
    assert "nonesuch" not in full.index
