"""Vocabularies: rows, encoding and decoding, what is refused, files."""

from __future__ import annotations

import hashlib
import json
import pickle
import re

import numpy as np
import pytest

from wordkin.errors import (
    ConfigError,
    FileError,
    FormatError,
    InputError,
    RowError,
    UnknownWordError,
)
from wordkin.vocabulary import Vocabulary, finding
from wordkin.vocabulary.order import frequency_order
from wordkin.vocabulary.spelling import nearest_spellings, shown

WORDS = ["the", "of", "cat", "sat", "café"]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(WORDS, [9, 7, 5, 2, 1])


# --- words and rows ------------------------------------------------------------------------------


def test_ids_are_the_rows_of_the_bare_matrix_and_model_rows_come_behind_the_specials(vocabulary):
    assert len(vocabulary) == 5
    assert vocabulary.words == vocabulary.index_to_key == vocabulary.idx2word == WORDS
    assert vocabulary.key_to_index == vocabulary.word2idx == {w: i for i, w in enumerate(WORDS)}
    assert (vocabulary.pad_row, vocabulary.unk_row, vocabulary.first_row) == (0, 1, 2)
    assert vocabulary.n_rows == 7
    assert vocabulary.encode(["the"]).tolist() == [2]
    assert vocabulary.counts.tolist() == [9, 7, 5, 2, 1]
    assert vocabulary.counts.dtype == np.int64


@pytest.mark.parametrize(
    ("specials", "pad", "unk", "first"),
    [
        (("<pad>", "<unk>"), 0, 1, 2),
        (("<unk>", "<pad>"), 1, 0, 2),
        (("<unk>",), None, 0, 1),
        (("<pad>",), 0, None, 1),
        ((), None, None, 0),
    ],
)
def test_specials_in_any_choice_and_order(vocabulary, specials, pad, unk, first):
    other = vocabulary.with_specials(specials)
    assert (other.pad_row, other.unk_row, other.first_row) == (pad, unk, first)
    assert other.encode(WORDS).tolist() == list(range(first, first + 5))
    assert other.n_rows == first + 5
    assert other.words is vocabulary.words  # shared, not copied
    assert vocabulary.specials == ("<pad>", "<unk>")


@pytest.mark.parametrize("specials", [("<pad>", "<pad>"), ("<s>",), "<eos>", None, 2])
def test_other_specials_are_refused(vocabulary, specials):
    with pytest.raises(InputError, match="<unk>"):
        vocabulary.with_specials(specials)


def test_it_can_not_be_changed(vocabulary):
    with pytest.raises(ValueError, match="read-only"):
        vocabulary.counts[0] = 1
    with pytest.raises(AttributeError):
        vocabulary.words = []
    words = list(WORDS)
    copied = Vocabulary(words)
    words.append("dog")
    assert len(copied) == 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a", "b", "a"], "'a' is at 0 and at 2"),
        (["a", b"b"], r"bytes b'b'.*decode"),
        (["a", 3], "int 3"),
        (["a", None], "NoneType None"),
        ("abc", "got a str"),
        ({"a", "b"}, "got a set"),
        ({"a": 0}, "got a dict"),
        (3, "got a int"),
    ],
)
def test_bad_words_are_named(words, message):
    with pytest.raises(InputError, match=message):
        Vocabulary(words)


@pytest.mark.parametrize("counts", [[1], [1.5] * 5, [[1] * 5], [-1] * 5, ["x"] * 5])
def test_bad_counts_are_refused(counts):
    with pytest.raises(InputError, match="Counts"):
        Vocabulary(WORDS, counts)


def test_counts_of_no_real_text_are_refused():
    """So that sums of counts never overflow."""
    assert Vocabulary(["a", "b"], [2**61, 1]).counts.tolist() == [2**61, 1]
    with pytest.raises(InputError, match=r"2\*\*62"):
        Vocabulary(["a", "b"], [2**61, 2**61])


def test_a_word_may_have_been_counted_zero_times():
    """As in a vocabulary from elsewhere."""
    assert Vocabulary(["a", "b"], [3, 0]).counts.tolist() == [3, 0]


def test_words_of_numpy_become_plain_strings():
    vocabulary = Vocabulary(np.array(["a", "b"]))
    assert [type(word) for word in vocabulary.words] == [str, str]


def test_equality_and_hash_follow_words_and_specials(vocabulary):
    assert (vocabulary == list(WORDS)) is False
    assert vocabulary == Vocabulary(WORDS)
    assert hash(vocabulary) == hash(Vocabulary(WORDS))
    assert vocabulary != vocabulary.with_specials(())
    assert vocabulary != Vocabulary(WORDS[::-1])
    assert vocabulary != WORDS
    assert repr(vocabulary) == "<Vocabulary of 5 words, specials ('<pad>', '<unk>')>"


def test_it_can_be_pickled(vocabulary):
    again = pickle.loads(pickle.dumps(vocabulary.with_tokenizer("keras")))
    assert again == vocabulary
    assert again.tokenizer == vocabulary.with_tokenizer("keras").tokenizer


def test_fingerprint_is_sha256_of_lengths_and_words():
    def naive(*groups):
        digest = hashlib.sha256()
        for group in groups:
            encoded = [word.encode() for word in group]
            digest.update(len(encoded).to_bytes(8, "little"))
            for word in encoded:
                digest.update(len(word).to_bytes(8, "little"))
            for word in encoded:
                digest.update(word)
        return digest.hexdigest()

    assert Vocabulary(WORDS).fingerprint() == naive(("<pad>", "<unk>"), WORDS)
    assert Vocabulary(["ab", "c"]).fingerprint() != Vocabulary(["a", "bc"]).fingerprint()
    assert Vocabulary(["a"]).fingerprint() != Vocabulary(["a"], specials=()).fingerprint()
    # counts and tokenizer do not move a row
    assert (
        Vocabulary(["a"], [3], tokenizer="words").fingerprint() == Vocabulary(["a"]).fingerprint()
    )


# --- looking up ----------------------------------------------------------------------------------


def test_id_and_ids(vocabulary):
    assert vocabulary.id("cat") == 2
    assert isinstance(vocabulary.id("cat"), int)
    found = vocabulary.ids(["sat", "dog", "the"])
    assert found.tolist() == [3, -1, 0]
    assert found.dtype == np.int32
    assert vocabulary.ids(iter(["sat"])).tolist() == [3]
    assert vocabulary.ids([]).shape == (0,)
    assert "cat" in vocabulary
    assert "dog" not in vocabulary


def test_an_unknown_word_is_an_error_that_suggests_spellings(vocabulary):
    with pytest.raises(UnknownWordError, match=r"'caat'.*Did you mean 'cat'"):
        vocabulary.id("caat")
    with pytest.raises(KeyError):
        vocabulary.id("xyz")


@pytest.mark.parametrize("asked", [b"the", 3, None, ["the"]])
def test_what_is_no_string_is_an_error_and_not_unknown(vocabulary, asked):
    """F8: bytes that are silently unknown gave an empty list."""
    with pytest.raises(InputError, match="str"):
        vocabulary.id(asked)
    with pytest.raises(InputError, match="str"):
        vocabulary.ids([asked])
    with pytest.raises(InputError, match="str"):
        vocabulary.encode([asked], unknown="drop")


def test_bytes_are_told_to_be_decoded(vocabulary):
    for ask in (
        lambda: b"the" in vocabulary,
        lambda: vocabulary.encode(b"the cat"),
        lambda: vocabulary.encode([b"the"]),
        lambda: vocabulary.encode_batch(b"the"),
        lambda: vocabulary.encode_batch([b"the"]),
    ):
        with pytest.raises(InputError, match=re.escape(".decode('utf-8')")):
            ask()


def test_one_string_where_a_list_belongs_is_refused(vocabulary):
    with pytest.raises(InputError, match="Expected a list; got 'the cat'"):
        vocabulary.ids("the cat")
    with pytest.raises(InputError, match="Expected a list; got 'the cat'"):
        vocabulary.encode_batch("the cat")
    with pytest.raises(InputError, match="Expected a list; got 5"):
        vocabulary.encode(5)


@pytest.mark.parametrize(
    ("asked", "suggested"),
    [
        ("quene", ["queen", "queue"]),  # two letters swapped come first by frequency
        ("Queen", ["queen"]),
        ("ACID", ["acid"]),
        ("nuclaer", ["nuclear"]),
        ("nuclaear", ["nuclear"]),
        ("internationalsatoin", ["internationalisation"]),  # one dropped, two swapped
        ("zzzz", []),
        ("x" * 1000, []),
        ("", []),
    ],
)
def test_nearest_spellings(asked, suggested):
    words = ["the", "queen", "queue", "nuclear", "internationalisation", "acid"]
    assert nearest_spellings(asked, {word: i for i, word in enumerate(words)}) == suggested


def test_a_word_is_not_its_own_suggestion():
    assert nearest_spellings("cat", {"cat": 0, "cart": 1}) == ["cart"]


def test_three_spellings_are_suggested_and_as_many_as_asked():
    words = ["cat", "car", "cap", "can", "cab"]
    index = {word: i for i, word in enumerate(words)}
    assert nearest_spellings("caz", index) == words[:3]
    assert nearest_spellings("caz", index, n=4) == words[:4]


def test_forty_letters_are_looked_at_and_no_more():
    for letters, suggested in ((40, True), (41, False)):
        word = "ab" * letters
        word = word[:letters]
        assert bool(nearest_spellings(word, {word[:-1]: 0})) == suggested


def test_words_are_shown_without_what_moves_a_terminal():
    assert shown("caf\u00e9") == "caf\u00e9"
    assert shown("a\nb\x07") == "a\\nb\\x07"
    assert shown("\u0645\u06cc\u200c\u062e\n") == "\u0645\u06cc\u200c\u062e\\n"


# --- encoding and decoding -----------------------------------------------------------------------


def test_unknown_words_by_policy(vocabulary):
    assert vocabulary.encode("the dog sat").tolist() == [2, 1, 5]
    assert vocabulary.encode("the dog sat", unknown="drop").tolist() == [2, 5]
    with pytest.raises(UnknownWordError, match="dog"):
        vocabulary.encode("the dog sat", unknown="error")
    assert vocabulary.encode("the cat", unknown="error").tolist() == [2, 4]
    with pytest.raises(ConfigError, match="'unk', 'drop', 'error'; got 'ignore'"):
        vocabulary.encode("the", unknown="ignore")
    bare = vocabulary.with_specials(())
    assert bare.encode("the cat").tolist() == [0, 2]
    assert bare.encode("the dog", unknown="drop").tolist() == [0]
    with pytest.raises(InputError, match="with_specials"):
        bare.encode("the dog")


def test_encode_cuts_with_the_tokenizer_that_was_given(vocabulary):
    assert vocabulary.encode("The CAT,").tolist() == [2, 4]
    assert vocabulary.with_tokenizer("whitespace").encode("The CAT,").tolist() == [1, 1]
    cutting = vocabulary.with_tokenizer("words")
    assert cutting.encode("The CAT,").tolist() == [2, 4]
    assert cutting.encode(["The", "cat"]).tolist() == [1, 4]  # tokens are tokens
    assert cutting.encode(word for word in ["of"]).tolist() == [3]
    assert cutting.with_tokenizer(None).tokenizer is None
    with pytest.raises(InputError, match="tokenizer"):
        vocabulary.with_tokenizer("nltk")


def test_encode_batch_of_the_issue():
    vocabulary = Vocabulary(["the", "cat"])
    batch = vocabulary.encode_batch(["the cat sat"], max_length=20)
    assert batch.shape == (1, 20)
    assert batch.dtype == np.int32
    assert batch[0].tolist() == [2, 3, 1] + [0] * 17


@pytest.mark.parametrize(
    ("padding", "truncating", "expected"),
    [
        ("right", "right", [[2, 3], [4, 0]]),
        ("left", "right", [[2, 3], [0, 4]]),
        ("right", "left", [[3, 4], [4, 0]]),
        ("left", "left", [[3, 4], [0, 4]]),
    ],
)
def test_the_sides_of_padding_and_truncation(vocabulary, padding, truncating, expected):
    batch = vocabulary.encode_batch(
        ["the of cat", "cat"], max_length=2, padding=padding, truncating=truncating
    )
    assert batch.tolist() == expected


def test_encode_batch_takes_any_iterables_and_empty_ones(vocabulary):
    assert vocabulary.encode_batch(t for t in [["the"], "of cat"]).tolist() == [[2, 0], [3, 4]]
    assert vocabulary.encode_batch([]).shape == (0, 0)
    assert vocabulary.encode_batch([], max_length=3).shape == (0, 3)
    assert vocabulary.encode_batch(["", "dog"], unknown="drop").tolist() == [[0], [0]]


@pytest.mark.parametrize(
    "settings",
    [
        {"max_length": 0},
        {"max_length": 2.0},
        {"max_length": True},
        {"padding": "post"},
        {"truncating": "front"},
        {"unknown": None},
    ],
)
def test_encode_batch_refuses_other_settings(vocabulary, settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        vocabulary.encode_batch(["the"], **settings)


def test_encode_batch_needs_a_row_for_padding(vocabulary):
    with pytest.raises(InputError, match="padding"):
        vocabulary.with_specials(("<unk>",)).encode_batch(["the"])


def test_decode_shows_or_skips_special_rows(vocabulary):
    rows = vocabulary.encode_batch(["the dog sat"], max_length=4)[0]
    assert vocabulary.decode(rows) == ["the", "sat"]
    assert vocabulary.decode(rows, skip_specials=False) == ["the", "<unk>", "sat", "<pad>"]
    assert vocabulary.decode([]) == []


@pytest.mark.parametrize("row", [-1, 7, 2**40])
def test_decode_refuses_rows_that_do_not_exist(vocabulary, row):
    with pytest.raises(RowError, match=f"no row {row}: rows go from 0 to 6"):
        vocabulary.decode([2, row])


@pytest.mark.parametrize("rows", [[[2, 3]], [0.5], ["the"], 2, [[2], [2, 3]]])
def test_decode_refuses_what_is_no_line_of_whole_numbers(vocabulary, rows):
    with pytest.raises(InputError, match="whole numbers"):
        vocabulary.decode(rows)


# --- counts and order ----------------------------------------------------------------------------


def test_most_frequent_first_and_equals_as_they_came():
    counts = {"b": 2, "z": 1, "a": 2, "c": 9, "d": 2}
    vocabulary = Vocabulary.from_counts(counts)
    assert vocabulary.words == ["c", "b", "a", "d", "z"]
    assert vocabulary.counts.tolist() == [9, 2, 2, 2, 1]
    assert Vocabulary.from_counts(counts, min_count=2).words == ["c", "b", "a", "d"]
    assert Vocabulary.from_counts(counts, max_vocab=2).words == ["c", "b"]
    assert Vocabulary.from_counts(counts, min_count=9, max_vocab=2).words == ["c"]
    from_arrays = Vocabulary.from_counts((list(counts), np.array(list(counts.values()))))
    assert from_arrays == vocabulary
    assert len(Vocabulary.from_counts({})) == 0


@pytest.mark.parametrize(
    "counts", [[("a", 3), ("b", 2)], [("a", 3), ("b", 2), ("c", 1)], "ab", 5, [["a", "b"]], ()]
)
def test_other_forms_of_counts_are_explained(counts):
    with pytest.raises(InputError, match=r"mapping of words.*dict\(pairs\)"):
        Vocabulary.from_counts(counts)
    assert len(Vocabulary.from_counts(((), ()))) == 0
    assert Vocabulary.from_counts((("a", "b"), [1, 2])).words == ["b", "a"]


def test_from_counts_keeps_specials_and_tokenizer():
    vocabulary = Vocabulary.from_counts({"a": 1}, specials=("<unk>",), tokenizer="words")
    assert vocabulary.encode("A b!").tolist() == [1, 0]


@pytest.mark.parametrize(
    "limits",
    [
        {"min_count": 0},
        {"min_count": 1.5},
        {"max_vocab": 0},
        {"max_vocab": "10"},
        {"min_count": True},
    ],
)
def test_limits_are_whole_numbers_from_1(limits):
    with pytest.raises(ConfigError, match=next(iter(limits))):
        Vocabulary.from_counts({"a": 1}, **limits)


def test_unsigned_counts_are_ranked_too():
    assert frequency_order(np.array([1, 3, 2], dtype=np.uint32)).tolist() == [1, 2, 0]


# --- JSON ----------------------------------------------------------------------------------------


def test_json_is_word_to_id_in_row_order(vocabulary, tmp_path):
    """SEEDS A7 and A9."""
    path = tmp_path / "vocab.json"
    vocabulary.to_json(path)
    word2idx = json.loads(path.read_text(encoding="utf-8"))
    assert list(word2idx.items()) == [(word, i) for i, word in enumerate(WORDS)]
    assert "café" in path.read_text(encoding="utf-8")  # readable
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["{", f'"{WORDS[0]}": 0,']  # each word in a line, for diff and grep
    again = Vocabulary.from_json(path)
    assert again == vocabulary
    assert again.counts is None


def test_json_in_any_order_and_with_broken_unicode(tmp_path):
    path = tmp_path / "vocab.json"
    path.write_text('{"b": 1, "a": 0}')
    assert Vocabulary.from_json(path, specials=(), tokenizer="words").encode("B a").tolist() == [
        1,
        0,
    ]
    broken = Vocabulary(["a", "\udc80"])
    broken.to_json(path)
    assert path.read_text("ascii").splitlines()[1] == '"a": 0,'
    assert Vocabulary.from_json(path) == broken


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 0', "no JSON"),
        ('["a", "b"]', "one JSON object"),
        ('{"a": "0"}', "one JSON object"),
        ('{"a": true}', "one JSON object"),
        ('{"a": {"b": 0}}', "one JSON object"),
        ('{"a": 1, "b": 2}', "exactly 0 to 1.*from 1 to 2.*subtracted"),
        ('{"a": 0, "b": 2}', "exactly 0 to 1.*from 0 to 2"),
        ('{"a": 0, "b": 0}', "exactly 0 to 1"),
        ('{"a": -1, "b": 0}', "from -1 to 0"),
        ('{"a": 0, "a": 1}', "'a' is at 0 and at 1"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_other_json_is_refused_by_name_of_the_file(tmp_path, text, message):
    path = tmp_path / "vocab.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        Vocabulary.from_json(path)


def test_json_that_is_missing_or_binary_or_can_not_be_written(vocabulary, tmp_path):
    with pytest.raises(FileError, match=r"nothing\.json"):
        Vocabulary.from_json(tmp_path / "nothing.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(FormatError, match="binary"):
        Vocabulary.from_json(tmp_path / "binary")
    with pytest.raises(FileError, match="does not exist"):
        vocabulary.to_json(tmp_path / "no" / "folder.json")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The cat!", ["the", "cat"]),
        ("New_York, new_york NEW", ["New_York", "new_york", "NEW"]),
        ("Paris paris PARIS", ["Paris", "paris", "PARIS"]),
        ("I don't; the CAT'S mat", ["I", "do", "n't", "the", "cat", "'s", "mat"]),
        ("item-7 item-8 7", ["item-7", "item-8", "7"]),
        ("(7) ... !", ["7", "...", "!"]),
        ("", []),
    ],
)
def test_words_of_files_are_found_in_raw_text(text, tokens):
    """GloVe's file does not say how its text was cut: "The cat!" had no word in it."""
    words = ["the", "cat", "do", "n't", "'s", "!", "Paris", "New_York", "7", "item-7"]
    vocabulary = Vocabulary(words)
    assert vocabulary.encode(text).tolist() == vocabulary.encode(tokens).tolist()
    assert vocabulary.encode_batch([text]).tolist() == vocabulary.encode_batch([tokens]).tolist()


def test_an_unknown_word_is_named_as_it_stands_in_the_text():
    with pytest.raises(UnknownWordError, match="'dog!'"):
        Vocabulary(["the"]).encode("the dog!", unknown="error")


@pytest.mark.parametrize(
    ("words", "cased"),
    [([], False), (["die", "Frau"], True), (["the", "U.S."] + ["x"] * 98, False)],
)
def test_case_of_words(words, cased):
    assert finding.are_cased(words) is cased
