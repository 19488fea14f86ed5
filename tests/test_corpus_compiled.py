"""The compiled way from text to numbers gives what Python's way gives, to the last number."""

from __future__ import annotations

import itertools
import random
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wordkin.corpus import Corpus, building, compiled, draft, pieces, reading
from wordkin.corpus.choosing import Choice
from wordkin.corpus.compiled import CompiledInterner
from wordkin.corpus.interning import Interner
from wordkin.engines.ray_reading import Renumbered, stretches
from wordkin.errors import FormatError
from wordkin.kernels.numbering import WordTable
from wordkin.kernels.text import FOREIGN, PADDING
from wordkin.text import sources
from wordkin.text.classes import rule_of
from wordkin.text.sources import Block, open_source
from wordkin.text.tokenizers import Gensim, Keras, Whitespace, Words, get_tokenizer

TOKENIZERS = [
    Words(), Words(digits=False), Words(lower=False), Words(lower="tr"), Words(normalize="NFC"),
    Words(normalize="NFKC", lower="tr"), Whitespace(), Gensim(), Gensim(1, 3), Keras(),
]  # fmt: skip
by_tokenizer = pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=repr)


def gathered(chunks):
    """Put chunks together: numbers, ends of sentences, sums of what is counted."""
    ids, ends, sums = [], [], np.zeros(3, int)
    for chunk in chunks:
        ends += (chunk.ends + len(ids)).tolist()
        ids += chunk.ids.tolist()
        sums += chunk[2:5]
    return ids, ends, sums.tolist()


def block(data, ends_sentence=True):
    """Make a block as sources do: one that ends with a line ends a sentence."""
    return Block(data, ends_sentence or data.endswith((b"\n", b"\r")))


def assert_same(blocks, tokenizer):
    blocks = list(blocks)
    slow, fast = Interner(), CompiledInterner(tokenizer)
    expected = gathered(slow.chunks(pieces.of_source(blocks, tokenizer)))
    found = gathered(fast.chunks(blocks))
    assert fast.types() == slow.types()
    assert found == expected


# --- the whole -----------------------------------------------------------------------------------


@by_tokenizer
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"a",
        b"one two\r\n\r\rthree\n",
        b"don't 'a' a'1 1'a b2b\xe2\x80\x99s x\xe2\x80\x99y\xe2\x80\x99\n",
        "Ünïcödé ΌΔΟΣ ΣΑΣ, İstanbul-İzmir\nİ\tΣ Σ\n\nnext: İ".encode(),
        b"caf\xe9 na\xefve \xff\xfe\n\xc3 \xe2\x82 \xf0\x9f\x92\nok",
        b"\xed\xa0\x80\xc0\xaf a \xf4\x90\x80\x80 b \xe0\x80\x80",
        "مُحَمَّد می\u200cخواهم हिन्दी\u200d x\u0301\u0302'y 1\u0301'a".encode(),
        "𐐀𐐁𝐱 🏳\ufe0f\u200d🌈 \ufeffa\u00a0b\u2028c\u3000d\x85e\x1cf\x00g".encode(),
        b"_a a_ _ 12 123abc456 x" + b"y" * 40 + b" 1 2\t3\n",
        "Wort\xadteil \xadI\u0307x ISPARTA İzmir e\u0301 q\u0323\u0307".encode(),
        "\u1100\u1161\u11a8 ﬁＡ①".encode(),
        b"tail of a block \xe2\x80",
    ],
    ids=range(14),
)
def test_what_is_special(data, tokenizer):
    assert_same([block(data)], tokenizer)
    assert_same([block(data, ends_sentence=False), block(b"more\n"), block(b"end")], tokenizer)


@by_tokenizer
def test_no_letter_takes_more_than_twice_the_room_in_lower_case(tokenizer):
    lower = rule_of(tokenizer).lower
    for code in np.flatnonzero(lower != np.arange(len(lower))).tolist():
        assert len(chr(lower[code]).encode()) <= 2 * len(chr(code).encode())


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
def test_what_normalising_changes_is_left_to_python(form):
    """Each character by itself, and each that is put together from one before it and one more."""
    foreign = rule_of(Words(normalize=form)).classes == FOREIGN
    for letter in map(chr, itertools.chain(range(0xD800), range(0xE000, 0x110000))):
        parts = unicodedata.normalize("NFD", letter)
        begun = (unicodedata.normalize("NFC", parts[:n]) + parts[n] for n in range(1, len(parts)))
        for text in (letter, *begun):
            if not unicodedata.is_normalized(form, text):
                assert any(foreign[ord(part)] for part in text), ascii(text)


@by_tokenizer
def test_every_character(tokenizer):
    """At the beginning, in the middle and at the end of a word, and by itself."""
    letters = map(
        chr, itertools.chain(range(0xD800), range(0xE000, 0x20000), range(0xE0000, 0xE0200))
    )
    text = "".join(f"{letter}a b{letter}c1{letter}2 {letter}\n" for letter in letters)
    assert_same([block(text.encode())], tokenizer)


SPECIAL = (
    "aBzÉ09٤Ⅷ²_-.'’\u200c\u200d\u0301\u0307\u0323\ufe0f\xadfIİıΣσß\u212a漢가\u1100\u1161\u11a8ﬁＡ①𐐀🏳\ufeff"
    " \t\n\r\x0b\x85\u00a0\u3000"
)
PARTS = st.one_of(
    st.text(st.sampled_from(SPECIAL)).map(str.encode),
    st.text(st.characters(exclude_categories=["Cs"])).map(str.encode),
    st.binary(),
    st.sampled_from([b"\xed\xa0\x80", b"\xe2\x80", b"\xf0\x9f", b"a\xffb", b" ", b"\r", b"\n"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(PARTS).map(b"".join), st.booleans()), max_size=4))
@example([("aΣ".encode(), False), (b"b c", True)])
@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=repr)
def test_any_bytes(tokenizer, blocks):
    assert_same([block(data, ends) for data, ends in blocks], tokenizer)


@by_tokenizer
@pytest.mark.parametrize(
    "name", ["wiki_raw", "lang/zh_wiki", "lang/ko_wiki", "lang/ru_manpages", "lang/de_manpages"]
)
def test_real_text(data_dir, name, tokenizer):
    assert_same(itertools.islice(open_source(data_dir / f"{name}.txt.xz"), 2), tokenizer)


def test_one_endless_line(data_dir):
    blocks = list(itertools.islice(open_source(data_dir / "wiki8.xz"), 3))
    assert not blocks[0].ends_sentence
    assert_same(blocks, Words())
    assert_same(blocks, Whitespace())


# --- as a corpus makes use of it -----------------------------------------------------------------


def corpus_parts(corpus):
    vocabulary = corpus.vocabulary
    parts = (
        corpus.ids.tolist(),
        corpus.starts.tolist(),
        vocabulary.words,
        corpus.account.to_dict(),
    )
    return *parts, vocabulary.counts.tolist(), vocabulary.tokenizer


@pytest.mark.parametrize("name", ["words", "whitespace", "gensim", "keras"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_corpus_is_the_same_either_way(tmp_path, monkeypatch, name, encoding):
    letters = random.Random(1)
    words = ["".join(letters.choices("abcΣé'9", k=letters.randint(1, 12))) for _ in range(300)]
    lines = "\n".join(" ".join(letters.choices(words, k=9)) for _ in range(500))
    (tmp_path / "a").write_bytes(lines.encode(encoding) + b"\xff")
    (tmp_path / "b").write_bytes("one file more".encode(encoding))
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1 << 12)
    made = []
    for few_blocks, cores in [(10**9, 1), (1, 1), (1, 2), (1, 7)]:
        monkeypatch.setattr(reading, "_FEW_BLOCKS", few_blocks)
        monkeypatch.setattr(compiled, "cores", lambda cores=cores: cores)
        corpus = Corpus.from_path(tmp_path, tokenizer=name, min_count=2, encoding=encoding)
        made.append(corpus_parts(corpus))
    assert made[0] == made[1] == made[2] == made[3]
    assert made[0][3]["undecodable_bytes"] == 1


def test_short_texts_and_other_tokenizers_stay_in_python(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("compiled code was used")

    monkeypatch.setattr(CompiledInterner, "__init__", refuse)
    (tmp_path / "a").write_text("a few words")
    assert Corpus.from_path(tmp_path, min_count=1).n_tokens == 3
    monkeypatch.setattr(reading, "_FEW_BLOCKS", 1)
    assert Corpus.from_path(tmp_path, min_count=1, tokenizer=str.split).n_tokens == 3
    with pytest.raises(AssertionError):
        Corpus.from_path(tmp_path)


def test_an_error_in_the_text_comes_out(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_FEW_BLOCKS", 1)
    (tmp_path / "a").write_text("fine\n")
    (tmp_path / "b").write_bytes(bytes(10))
    with pytest.raises(FormatError, match="binary"):
        Corpus.from_path(tmp_path, min_count=1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=9)), st.permutations(range(10)))
def test_ranking_is_the_same_either_way(sentences, places):
    ranks = np.array(places, np.int32) - 4
    ranks[ranks < 0] = -1
    ids = np.array([token for sentence in sentences for token in sentence], np.int32)
    ends = np.cumsum([0, *map(len, sentences)], dtype=np.int64)
    kept = [[ranks[token] for token in s if ranks[token] >= 0] for s in sentences]
    for rank in (draft.rank_in_place, compiled.rank_in_place):
        new, new_ends = ids.copy(), ends.copy()
        tokens, n_sentences = rank(new, new_ends, ranks)
        assert new[:tokens].tolist() == [rank for sentence in kept for rank in sentence]
        lengths = np.diff(new_ends[: n_sentences + 1]).tolist()
        assert lengths == [len(sentence) for sentence in kept if sentence]


# --- the table -----------------------------------------------------------------------------------


def numbered(table, words):
    text = np.frombuffer(b"".join(words) + bytes(PADDING), np.uint8)
    stops = np.cumsum([len(word) for word in words], dtype=np.int64)
    begins = stops - [len(word) for word in words]
    return table.number(text, begins, stops).tolist()


WORD = st.binary(max_size=30).filter(lambda word: b"\n" not in word)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.one_of(WORD, st.sampled_from([b"\0", b"\0\0", b"a", b"a\0"])))))
def test_a_word_table_is_a_dict(batches):
    table, naive = WordTable(), {}
    for words in batches:
        expected = [naive.setdefault(word, len(naive)) for word in words]
        if words:
            assert numbered(table, words) == expected
    assert len(table) == len(naive)


def test_words_without_letters_are_one_word_in_all_files_of_a_cluster(tmp_path):
    (tmp_path / "1.txt").write_text("a  b\n\nb\n")
    (tmp_path / "2.txt").write_text("c d  a\n")

    def tokenizer(text):
        return text.split(" ")

    here = Corpus.from_path(tmp_path, tokenizer=tokenizer, min_count=1)
    files = Renumbered(
        stretches(str(path), "utf-8", get_tokenizer(tokenizer))
        for path in sorted(tmp_path.iterdir())
    )
    with draft.Draft() as gathering:
        gathering.read(files.chunks())
        assert files.table.types() == ["a", "", "b", "c", "d"]
        assert gathering.counts.tolist() == [2, 3, 2, 1, 1]
    assert here.vocabulary.words == ["", "a", "b", "c", "d"]


def test_a_word_with_a_line_feed_within_is_one_word(tmp_path):
    table = WordTable()
    assert numbered(table, [b"a\nb", b"c", b"\n", b"c"]) == [0, 1, 2, 1]
    assert table.types() == ["a\nb", "c", "\n"]
    assert table.types(1) == ["c", "\n"]
    assert table.types(3) == []
    (tmp_path / "1.txt").write_text("a b;c\nc;a b;a b\n")

    def tokenizer(text):
        return [word.replace(" ", "\n") for word in text.split(";")]

    here = Corpus.from_path(tmp_path, tokenizer=tokenizer, min_count=1)
    cut = get_tokenizer(tokenizer)
    files = Renumbered(stretches(str(path), "utf-8", cut) for path in tmp_path.iterdir())
    text = reading.Reading(files.chunks(), files.table.types, chosen=files.table.chosen)
    there = building.build(text, Choice(tokenizer=cut, min_count=1, max_vocab=None), None)
    assert list(there.vocabulary.words) == list(here.vocabulary.words) == ["a\nb", "c"]
    assert there.ids.tolist() == here.ids.tolist()


def test_a_word_table_grows():
    table = WordTable()
    words = [f"{n:x}" * (1 + n % 3) for n in random.Random(2).choices(range(60_000), k=100_000)]
    naive: dict[str, int] = {}
    expected = [naive.setdefault(word, len(naive)) for word in words]
    found = numbered(table, [w.encode() for w in words[:70_000]])
    found += numbered(table, [w.encode() for w in words[70_000:]])
    assert found == expected
    assert table.types() == list(naive)
