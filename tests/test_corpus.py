"""Corpora: words to ids, what is dropped and why, in memory and in files."""

from __future__ import annotations

import errno
import gzip
import json
import os
import tempfile
from collections import Counter

import numpy as np
import pytest

from wordkin.corpus import Account, Corpus, draft, empties, interning
from wordkin.errors import (
    ConfigError,
    EmptyCorpusError,
    FileError,
    FormatError,
    InputError,
)
from wordkin.text.tokenizers import Words
from wordkin.vocabulary import Vocabulary

TEXTS = ["The cat sat; the dog sat.", "", "A cat\nsat 3 times!", "Unique.", "the end"]


def naive(sentences, min_count=1, max_vocab=None):
    """What a corpus should be, by lists and a Counter."""
    counter = Counter(word for sentence in sentences for word in sentence)
    words = [w for w, n in counter.most_common() if n >= min_count][:max_vocab]
    kept = [[w for w in sentence if w in words] for sentence in sentences]
    return words, [counter[w] for w in words], [sentence for sentence in kept if sentence]


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def assert_is(corpus, words, counts, sentences):
    assert corpus.vocabulary.words == words
    assert corpus.vocabulary.counts.tolist() == counts
    assert list(corpus.sentences()) == sentences
    assert corpus.ids.dtype == np.int32
    assert corpus.starts.dtype == np.int64
    assert corpus.n_tokens == len(corpus.ids) == sum(counts) == corpus.account.kept
    assert len(corpus) == len(sentences) == corpus.account.sentences
    assert not corpus.ids.flags.writeable
    assert not corpus.starts.flags.writeable


# --- from texts, sentences and files -------------------------------------------------------------


@pytest.mark.parametrize("min_count", [1, 2, 3])
@pytest.mark.parametrize("max_vocab", [None, 2, 100])
def test_texts_against_a_counter(min_count, max_vocab):
    sentences = [Words()(text) for text in TEXTS]
    corpus = Corpus.from_texts(TEXTS, min_count=min_count, max_vocab=max_vocab)
    assert_is(corpus, *naive(sentences, min_count, max_vocab))
    assert corpus.vocabulary.tokenizer == Words()
    assert corpus.vocabulary.encode("The CAT", unknown="drop").tolist()[0] >= 2


def test_a_text_is_a_sentence_and_a_line_of_a_file_is_one(tmp_path):
    (tmp_path / "a.txt").write_text("one two\nthree\n\nfour")
    from_file = Corpus.from_path(tmp_path / "a.txt", min_count=1)
    assert list(from_file.sentences()) == [["one", "two"], ["three"], ["four"]]
    assert from_file.account.empty_sentences == 1
    from_text = Corpus.from_texts(["one two\nthree\n\nfour"], min_count=1)
    assert list(from_text.sentences()) == [["one", "two", "three", "four"]]


def test_sentences_are_taken_as_they_are():
    sentences = [["The", "cat"], [], ("the", "New York"), ["cat"]]
    corpus = Corpus.from_sentences(sentences, min_count=1)
    assert_is(corpus, *naive(sentences))
    assert corpus.vocabulary.tokenizer is None
    assert corpus.account.empty_sentences == 1


def test_folder_file_and_list_of_paths_give_the_same(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.txt").write_text("dog cat\ncat")
    (tmp_path / "sub" / "c.gz").write_bytes(gzip.compress(b"cat\nemu"))
    (tmp_path / "a.txt").write_text("emu emu dog")
    paths = [tmp_path / "a.txt", str(tmp_path / "b.txt"), tmp_path / "sub" / "c.gz"]
    whole = Corpus.from_path(tmp_path, min_count=1)
    listed = Corpus.from_path(paths, min_count=1)
    assert list(whole.sentences()) == list(listed.sentences())
    assert whole.vocabulary == listed.vocabulary
    assert whole.vocabulary.words == ["emu", "cat", "dog"]  # 3 and 3: emu was first
    assert Corpus.from_path(str(paths[0]), min_count=1).n_tokens == 3
    assert whole.account.bytes_read == 11 + 11 + 7


def test_things_that_can_be_read_only_once():
    corpus = Corpus.from_texts((text for text in TEXTS), min_count=2)
    assert list(corpus.sentences()) == list(Corpus.from_texts(TEXTS, min_count=2).sentences())
    once = (iter(words) for words in [["a", "b"], ["a"]])
    assert list(Corpus.from_sentences(once, min_count=1).sentences()) == [["a", "b"], ["a"]]


def test_a_line_longer_than_a_block_is_one_sentence(tmp_path):
    words = [f"w{i % 1000}" for i in range(400_000)]  # about 2 MB
    (tmp_path / "long.txt").write_text(" ".join(words) + "\nend")
    corpus = Corpus.from_path(tmp_path / "long.txt", tokenizer="whitespace", min_count=1)
    assert corpus.starts.tolist() == [0, 400_000, 400_001]
    assert next(corpus.sentences()) == words


def test_another_encoding_and_undecodable_bytes(tmp_path):
    (tmp_path / "latin.txt").write_bytes("café café".encode("latin-1"))
    corpus = Corpus.from_path(tmp_path / "latin.txt", encoding="latin-1", min_count=1)
    assert corpus.vocabulary.words == ["café"]
    wrong = Corpus.from_path(tmp_path / "latin.txt", min_count=1)
    assert wrong.account.undecodable_bytes == 2
    assert "undecodable bytes" in str(wrong.account)


def test_tokenizer_by_function_and_by_expression():
    corpus = Corpus.from_texts(["a-b a"], tokenizer=lambda text: text.split("-"), min_count=1)
    assert corpus.vocabulary.words == ["a", "b a"]
    with pytest.raises(InputError, match="tokenizer"):
        Corpus.from_texts(["a"], tokenizer="spacy")


# --- the account ---------------------------------------------------------------------------------


def test_each_token_is_accounted_for():
    texts = ["the of the a 1999 the of b bb bb", "x"]
    corpus = Corpus.from_texts(texts, tokenizer="gensim", min_count=2, max_vocab=2)
    # gensim drops "a", "b", "x" (too short) and "1999"; nothing is rarer than 2; "bb" is one too
    # many
    assert corpus.vocabulary.words == ["the", "of"]
    assert corpus.account.to_dict() == {
        "read": 11,
        "kept": 5,
        "dropped": {"dropped by the tokenizer": 4, "below min_count": 0, "over max_vocab": 2},
        "types": 3,
        "sentences": 1,
        "empty_sentences": 1,
        "bytes_read": 0,
        "undecodable_bytes": 0,
        "nulls": 0,
        "undercount": 0,
        "short_words": 0,
        "left_out_up_to": 0,
    }
    assert json.loads(json.dumps(corpus.account.to_dict())) == corpus.account.to_dict()
    assert "11\n- dropped by the tokenizer" in str(corpus.account)
    assert "min_count" not in str(corpus.account)


def test_an_account_must_balance():
    with pytest.raises(InputError, match="does not balance: 10 tokens read, 8 kept"):
        Account(read=10, kept=8, dropped={"lost": 1})


def test_an_account_counts_with_whole_numbers_by_reason():
    for number in (-1, 1 << 63, True, 1.0, "1", None):
        with pytest.raises(InputError, match="whole numbers; got"):
            Account(read=1, kept=1, types=number)
        with pytest.raises(InputError, match="whole numbers; got"):
            Account(read=1, kept=1, dropped={"lost": number})
    for dropped in ([], [("lost", 1)], None, 0):
        with pytest.raises(InputError, match="by reason; got"):
            Account(read=1, kept=1, dropped=dropped)
    most = (1 << 63) - 1
    plain = Account(read=most, kept=most).to_dict()
    assert plain.pop("read") == plain.pop("kept") == most
    assert plain.pop("dropped") == {}
    assert plain == dict.fromkeys(plain, 0)


def test_an_account_is_printed_line_by_line():
    account = Account(
        read=1239, kept=1234, dropped={"lost": 5, "none": 0}, types=7, sentences=8,
        empty_sentences=9, bytes_read=10, undecodable_bytes=11, nulls=12, undercount=13,
        short_words=14, left_out_up_to=15,
    )  # fmt: skip
    assert [line.rsplit(maxsplit=1) for line in str(account).splitlines()] == [
        ["tokens read", "1,239"], ["- lost", "5"], ["= tokens kept", "1,234"],
        ["different words, at most", "7"], ["sentences", "8"], ["empty sentences", "9"],
        ["bytes read", "10"], ["undecodable bytes", "11"], ["null cells and tokens", "12"],
        ["counts short by at most", "13"], ["words that may be short", "14"],
        ["left out, at most so often", "15"],
    ]  # fmt: skip
    short = str(Account(read=0, kept=0))
    assert [line.rsplit(maxsplit=1)[0] for line in short.splitlines()] == [
        "tokens read", "= tokens kept", "different words read", "sentences", "empty sentences",
    ]  # fmt: skip


@pytest.mark.parametrize(("block", "words"), [(1, 1), (3, 2), (1000, 2), (1000, 16)])
def test_sentences_of_which_nothing_is_left(block, words, monkeypatch):
    """Found block by block, by their first words and then by all, as one by one."""
    monkeypatch.setattr(empties, "_BLOCK", block)
    monkeypatch.setattr(empties, "_FEW_WORDS", words)
    rng = np.random.default_rng(block + words)
    for n in (0, 1, 3, 4, 50):
        ends = np.cumsum([0, *rng.integers(0, 6, n)])
        ids = rng.integers(0, 5, ends[-1]).astype(np.int32)
        ranks = np.array([-1, 0, -1, 1, -1], np.int32)
        wanted = [i for i in range(n) if (ranks[ids[ends[i] : ends[i + 1]]] < 0).all()]
        assert empties.empty_sentences(ids, ends, ranks).tolist() == wanted


# --- bad input -----------------------------------------------------------------------------------


def test_all_below_min_count_says_what_was_there():
    with pytest.raises(
        EmptyCorpusError, match=r"6 tokens of 4 types.*'b', 3 times.*min_count is 5"
    ):
        Corpus.from_texts(["a b b", "b c d"])
    with pytest.raises(EmptyCorpusError, match="a min_count of 3 or less"):
        Corpus.from_sentences([["b"], ["b"], ["b"]], min_count=4)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Corpus.from_texts([]), "0 tokens.*text is empty"),
        (lambda: Corpus.from_texts(["", "\n"]), "text is empty"),
        (lambda: Corpus.from_sentences([[], []]), "text is empty"),
        (lambda: Corpus.from_texts(["1 a"], tokenizer="gensim"), "dropped all of 2 tokens"),
    ],
)
def test_nothing_at_all(build, message):
    with pytest.raises(EmptyCorpusError, match=message):
        build()


def test_files_without_words(tmp_path):
    with pytest.raises(EmptyCorpusError, match="no file"):
        Corpus.from_path(tmp_path)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(EmptyCorpusError, match="text is empty"):
        Corpus.from_path(tmp_path)
    (tmp_path / "dots.txt").write_text("... !!!\n")
    with pytest.raises(EmptyCorpusError, match="no word in 8 bytes"):
        Corpus.from_path(tmp_path)
    with pytest.raises(FileError, match="missing"):
        Corpus.from_path(tmp_path / "missing")
    (tmp_path / "binary").write_bytes(b"\x00\x01\x02")
    with pytest.raises(FormatError, match="binary"):
        Corpus.from_path(tmp_path / "binary")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Corpus.from_texts("a plain string"), r"list of texts.*\[text\]"),
        (lambda: Corpus.from_texts(b"bytes"), "list of texts"),
        (lambda: Corpus.from_texts(["a", None]), "Text 1 .*NoneType"),
        (lambda: Corpus.from_texts([["a", "list"]]), "from_sentences"),
        (lambda: Corpus.from_texts(3), "list of texts"),
        (lambda: Corpus.from_sentences("a plain string"), "from_texts"),
        (lambda: Corpus.from_sentences(["a string"]), "Sentence 0 .*from_texts"),
        (lambda: Corpus.from_sentences([["a"], 3]), "Sentence 1 .*int"),
        (lambda: Corpus.from_sentences([{"text": "a b"}]), "Sentence 0 .* dict.*from_rows"),
        (lambda: Corpus.from_sentences(3), "list of lists"),
        (lambda: Corpus.from_sentences([["a", b"b"]], min_count=1), r"bytes b'b'.*decode"),
        (lambda: Corpus.from_sentences([["a", 3]], min_count=1), "int 3"),
        (lambda: Corpus.from_sentences([[["a"]]], min_count=1), "Tokens must be strings"),
    ],
)
def test_wrong_kinds_are_refused_with_a_hint(build, message):
    with pytest.raises(InputError, match=message):
        build()


@pytest.mark.parametrize("limits", [{"min_count": 0}, {"max_vocab": 0}, {"min_count": "5"}])
def test_limits_are_checked_before_anything_is_read(limits):
    def never():
        yield pytest.fail("was read")

    with pytest.raises(ConfigError, match=next(iter(limits))):
        Corpus.from_texts(never(), **limits)
    with pytest.raises(ConfigError, match=next(iter(limits))):
        Corpus.from_sentences(never(), **limits)


# --- more than memory ----------------------------------------------------------------------------


@pytest.fixture
def tiny_memory(monkeypatch):
    """Make every bound so small that even these texts pass it."""
    monkeypatch.setattr(interning, "_CHUNK", 3)
    monkeypatch.setattr(draft, "_IN_MEMORY", 8)
    monkeypatch.setattr(draft, "_BLOCK", 2)


@pytest.mark.usefixtures("tiny_memory")
@pytest.mark.parametrize("min_count", [1, 2, 3])
def test_beyond_the_bounds_nothing_changes(min_count):
    corpus = Corpus.from_texts(TEXTS, min_count=min_count)
    assert isinstance(corpus.ids, np.memmap)
    assert_is(corpus, *naive([Words()(text) for text in TEXTS], min_count))


@pytest.mark.usefixtures("tiny_memory")
def test_temporary_files_go_beside_the_store_and_away(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    Corpus.from_texts(TEXTS, min_count=1, store=tmp_path / "store")
    assert names_in(tmp_path) == ["store"]
    with pytest.raises(FileError, match=r"temporary file in .*not there"):
        Corpus.from_texts(TEXTS, min_count=1)


@pytest.mark.usefixtures("tiny_memory")
def test_a_full_disk_is_an_error_of_ours(tmp_path, monkeypatch):
    class Full:
        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def close(self):
            pass

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(FileError, match="No space left"):
        Corpus.from_texts(TEXTS, min_count=1, store=tmp_path / "store")
    assert not names_in(tmp_path)


@pytest.mark.usefixtures("tiny_memory")
def test_a_text_that_fails_leaves_no_temporary_file_open(monkeypatch):
    files = []
    given = tempfile.TemporaryFile

    def opened(**options):
        files.append(given(**options))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", opened)
    with pytest.raises(InputError, match="Text 9"):
        Corpus.from_texts([*["one two three"] * 9, None], min_count=1)
    assert len(files) == 2  # numbers, ends of sentences
    assert all(file.closed for file in files)


# --- the store -----------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path):
    Corpus.from_texts(TEXTS, min_count=1).save(tmp_path / "store")
    return tmp_path / "store"


def test_a_stored_corpus_is_the_same_and_mapped(tmp_path):
    in_memory = Corpus.from_texts(TEXTS, min_count=2)
    stored = Corpus.from_texts(TEXTS, min_count=2, store=tmp_path / "store")
    again = Corpus.open(str(tmp_path / "store"))
    for corpus in (stored, again):
        assert isinstance(corpus.ids, np.memmap)
        assert_is(corpus, *naive([Words()(text) for text in TEXTS], 2))
        assert corpus.account == in_memory.account
        assert corpus.vocabulary == in_memory.vocabulary
        assert corpus.vocabulary.tokenizer == Words()
    assert repr(again) == "<Corpus of 8 tokens in 3 sentences; 3 words>"


def test_a_store_is_replaced_whole(stored):
    Corpus.from_sentences([["x"]], min_count=1, store=stored)
    assert list(Corpus.open(stored).sentences()) == [["x"]]
    Corpus.open(stored).save(stored)  # onto itself, while it is mapped
    assert list(Corpus.open(stored).sentences()) == [["x"]]


def test_a_failure_leaves_the_old_store(stored, monkeypatch):
    before = {path.name: path.read_bytes() for path in stored.iterdir()}

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("wordkin.corpus.store.write_npy", full)
    with pytest.raises(FileError, match="No space left"):
        Corpus.from_sentences([["x"]], min_count=1, store=stored)
    with pytest.raises(EmptyCorpusError):
        Corpus.from_sentences([], store=stored)
    assert {path.name: path.read_bytes() for path in stored.iterdir()} == before
    assert names_in(stored.parent) == ["store"]


def test_a_folder_of_others_is_never_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileError, match="not ours"):
        Corpus.from_sentences([["x"]], min_count=1, store=tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_tokenizers_that_can_not_be_saved_refuse_only_texts(tmp_path):
    corpus = Corpus.from_texts(
        ["a b"], tokenizer=lambda text: text.split(), min_count=1, store=tmp_path / "store"
    )
    assert corpus.vocabulary.encode(["a"]).tolist() == [2]
    with pytest.raises(InputError, match="with_tokenizer"):
        corpus.vocabulary.encode("a b")


def test_what_is_no_corpus(tmp_path):
    with pytest.raises(FileError, match="no folder"):
        Corpus.open(tmp_path / "missing")
    with pytest.raises(FormatError, match=r"has no corpus\.json"):
        Corpus.open(tmp_path)


@pytest.mark.parametrize("name", ["ids.npy", "starts.npy", "corpus.json"])
@pytest.mark.parametrize("size", [0, 5, -1])
def test_a_truncated_file_is_named(stored, name, size):
    data = (stored / name).read_bytes()
    (stored / name).write_bytes(data[:size])
    with pytest.raises(FormatError, match=name):
        Corpus.open(stored)
    (stored / name).unlink()
    with pytest.raises(FormatError, match=f"no {name}"):
        Corpus.open(stored)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ids", lambda ids: ids[:-1]),
        ("ids", lambda ids: ids.astype(np.int64)),
        ("ids", lambda ids: np.where(ids == 0, 1000, ids).astype(np.int32)),
        ("ids", lambda ids: np.where(ids == 1, -1, ids).astype(np.int32)),
        ("ids", lambda ids: ids.reshape(1, -1)),
        ("starts", lambda starts: starts[:-1]),
        ("starts", lambda starts: starts + 1),
        ("starts", lambda starts: starts[::-1].copy()),
        ("starts", lambda starts: np.minimum(starts, 3)),
        ("starts", lambda starts: np.where(starts == starts[1], 0, starts)),
    ],
)
def test_arrays_that_do_not_fit_are_named(stored, name, change):
    path = stored / f"{name}.npy"
    np.save(path, change(np.load(path)))
    with pytest.raises(FormatError, match=rf"{name}\.npy"):
        Corpus.open(stored)


def test_a_corpus_made_by_hand_is_checked():
    """Ids beyond the vocabulary would make kernels write anywhere."""
    vocabulary = Vocabulary(["a", "b"], [2, 1])
    account = Account(read=3, kept=3)
    ids, starts = np.array([0, 1, 0], np.int32), np.array([0, 2, 3])
    corpus = Corpus(ids, starts, vocabulary, account)
    assert list(corpus.sentences()) == [["a", "b"], ["a"]]
    for wrong_ids, wrong_starts, message in [
        (ids + 1, starts, "ids: .*outside 0 to 1"),
        (ids - 1, starts, "ids: .*outside 0 to 1"),
        (ids.astype(np.int64), starts, "ids: expected int32"),
        (ids[:0], starts, "ids: expected"),
        (ids, starts[:1], "starts: expected"),
        (ids, starts[:2], "starts: .*ascend"),
        (ids, np.array([0, 2, 2, 3]), "starts: .*ascend"),
    ]:
        with pytest.raises(FormatError, match=message):
            Corpus(wrong_ids, wrong_starts, vocabulary, account)


@pytest.mark.parametrize("at", range(1, 8))
def test_a_corpus_is_checked_across_blocks(at, monkeypatch):
    """Also where one block of starts or ids ends and the next begins."""
    monkeypatch.setattr("wordkin.corpus.store._BLOCK", 3)
    vocabulary, account = Vocabulary(["a", "b"], [5, 4]), Account(read=9, kept=9)
    ids, starts = np.arange(9, dtype=np.int32) % 2, np.arange(10)
    Corpus(ids, starts, vocabulary, account)
    twice, beyond = starts.copy(), ids.copy()
    twice[at] = twice[at + 1]
    beyond[at] = 2
    with pytest.raises(FormatError, match=r"starts: .*ascend"):
        Corpus(ids, twice, vocabulary, account)
    with pytest.raises(FormatError, match=r"ids: .*outside 0 to 1"):
        Corpus(beyond, starts, vocabulary, account)


def test_pickled_arrays_are_never_executed(stored):
    np.save(stored / "ids.npy", np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(FormatError, match=r"ids\.npy"):
        Corpus.open(stored)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "does not describe"),
        ({"version": 2}, "version 2"),
        ({"tokens": "10"}, "'tokens'"),
        ({"words": ["a"] * 10}, "only once"),
        ({"words": ["a"]}, "Counts"),
        ({"counts": [1]}, "Counts"),
        ({"fingerprint": "0"}, "fingerprint"),
        ({"specials": ["<s>"]}, "specials"),
        ({"tokenizer": {"name": "nltk"}}, "tokenizer"),
        ({"tokenizer": "words"}, "damaged"),
        ({"account": {"read": 1, "kept": 0}}, "balance"),
        ({"account": {"read": 1, "kept": 1}}, "another corpus"),
        ({"account": {"words": 1}}, "damaged"),
        ({"account": {"read": "1", "kept": 1}}, "damaged"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(stored, change, message):
    path = stored / "corpus.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FormatError, match=rf"corpus\.json.*{message}"):
        Corpus.open(stored)


def test_descriptions_that_are_no_object(stored):
    for text in ("[]", "3", "[" * 100_000, "\xff"):
        (stored / "corpus.json").write_text(text, encoding="latin-1")
        with pytest.raises(FormatError, match=r"corpus\.json"):
            Corpus.open(stored)


# --- the articles --------------------------------------------------------------------------------


def test_text8_as_in_the_articles(data_dir):
    """SEEDS B9, B11, B14, D1, as far as the first eighth of text8 tells."""
    path = data_dir / "text8.first12549840.xz"
    corpus = Corpus.from_path(path, tokenizer="whitespace", min_count=10)
    account = corpus.account
    assert account.bytes_read == 12_549_840
    assert (account.read, account.sentences) == (2_139_749, 1)
    vocabulary = corpus.vocabulary
    # "the of and" in all of text8; here "one" and "and" come the other way round
    assert vocabulary.words[:2] == ["the", "of"]
    assert vocabulary.key_to_index["of"] == 1
    assert (np.diff(vocabulary.counts) <= 0).all()
    first = ["anarchism", "originated", "as", "a", "term", "of", "abuse"]
    begun = [vocabulary.words[i] for i in corpus.ids[: len(first)]]
    assert begun == first
    assert vocabulary.ids(["as", "a", "of"]).tolist() == [12, 5, 1]
    # D1: 10,000 rows, of which 0 stands for unknown words
    ten_thousand = Corpus.from_path(path, min_count=1, max_vocab=9_999).vocabulary
    with_unk = ten_thousand.with_specials(["<unk>"])
    assert with_unk.n_rows == 10_000
    assert with_unk.encode("of zzz a as").tolist() == [2, 0, 6, 13]
    assert ten_thousand.words[:1000] == vocabulary.words[:1000]


# --- a vocabulary that is given ------------------------------------------------------------------


def test_a_given_vocabulary_is_kept_and_other_words_are_counted():
    first = Corpus.from_texts(["b a b c", "b a"], min_count=1)
    second = Corpus.from_texts(["A new b!", "nothing old", "c b"], vocabulary=first.vocabulary)
    assert second.vocabulary.words == first.vocabulary.words == ["b", "a", "c"]
    assert second.vocabulary.counts.tolist() == [3, 2, 1]
    assert second.vocabulary.tokenizer == first.vocabulary.tokenizer
    assert list(second.sentences()) == [["a", "b"], ["c", "b"]]
    assert second.account.dropped == {"dropped by the tokenizer": 0, "not in the vocabulary": 3}
    assert second.account.empty_sentences == 1


def test_a_given_vocabulary_brings_its_tokenizer(tmp_path):
    vocabulary = Vocabulary(["A", "b"], tokenizer="whitespace")
    (tmp_path / "a.txt").write_text("A a b.\nA b\n")
    corpus = Corpus.from_path(tmp_path / "a.txt", vocabulary=vocabulary)
    assert list(corpus.sentences()) == [["A"], ["A", "b"]]
    assert corpus.vocabulary.counts.tolist() == [2, 1]  # it had none, so these are of the text
    corpus = Corpus.from_path(tmp_path / "a.txt", vocabulary=vocabulary, tokenizer="words")
    assert list(corpus.sentences()) == [["b"], ["b"]]
    assert corpus.vocabulary.tokenizer("B!") == ["b"]
    corpus = Corpus.from_sentences([["A", "b"]], vocabulary=vocabulary, store=tmp_path / "store")
    assert corpus.vocabulary.tokenizer("A!") == ["A!"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"min_count": 2}, ConfigError, "leave out min_count"),
        ({"max_vocab": 2}, ConfigError, "leave out min_count and max_vocab"),
        ({"vocabulary": ["a"]}, InputError, "got list"),
        ({"vocabulary": Vocabulary(["z"])}, EmptyCorpusError, "None of the 3 tokens"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        Corpus.from_sentences([["a", "b", "a"]], **{"vocabulary": Vocabulary(["a"])} | given)
    with pytest.raises(EmptyCorpusError, match="the text is empty"):
        Corpus.from_texts([], vocabulary=Vocabulary(["a"]))


@pytest.mark.parametrize("seed", range(20))
def test_it_knows_which_texts_are_empty(seed, tmp_path):
    rng = np.random.default_rng(seed)
    words, odds = ["a", "b", "rare", ""], [0.05, 0.05, 0.8, 0.1]
    texts = [" ".join(rng.choice(words, rng.integers(0, 40), p=odds)) for _ in range(60)]
    texts.append("a b")
    corpus = Corpus.from_texts(texts, vocabulary=Vocabulary(["a", "b"]))
    kept = [i for i, text in enumerate(texts) if {"a", "b"} & set(text.split())]
    assert corpus.empty.tolist() == sorted(set(range(len(texts))) - set(kept))
    assert len(corpus) == len(kept)
    for sentence, number in zip(corpus.sentences(), kept, strict=True):
        assert sentence == [word for word in texts[number].split() if word in "ab"]
    corpus.save(tmp_path / "corpus")
    assert Corpus.open(tmp_path / "corpus").empty.tolist() == corpus.empty.tolist()


def test_the_first_and_the_last_text_may_be_empty(tmp_path):
    corpus = Corpus.from_texts(["", "a b", "", "b a", ""], min_count=1)
    corpus.save(tmp_path / "corpus")
    assert Corpus.open(tmp_path / "corpus").empty.tolist() == [0, 2, 4]


@pytest.mark.parametrize("empty", [[-1, 2, 4], [0, 2, 5], [0, 2, 2], [2, 0, 4]])
def test_numbers_of_empty_texts_that_no_corpus_has_are_refused(tmp_path, empty):
    Corpus.from_texts(["", "a b", "", "b a", ""], min_count=1).save(tmp_path / "corpus")
    np.save(tmp_path / "corpus" / "empty.npy", np.array(empty))
    with pytest.raises(FormatError, match="empty: numbers should ascend from 0 to 4"):
        Corpus.open(tmp_path / "corpus")


def test_a_stored_corpus_with_wrong_empty_texts_is_refused(tmp_path):
    corpus = Corpus.from_texts(["a b", "", "b a"], min_count=1)
    corpus.save(tmp_path / "corpus")
    np.save(tmp_path / "corpus" / "empty.npy", np.array([7]))
    with pytest.raises(FormatError, match="empty"):
        Corpus.open(tmp_path / "corpus")
    (tmp_path / "corpus" / "empty.npy").unlink()
    assert Corpus.open(tmp_path / "corpus").empty is None
