"""Counting in bounded memory: the bounds hold, whatever comes."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.corpus import interning, pieces, reading
from wordkin.corpus.pruning import Pruner, Tally
from wordkin.errors import EmptyCorpusError
from wordkin.text.sources import Block
from wordkin.text.tokenizers import Gensim, Whitespace

FEW = settings(max_examples=60, deadline=None)


def drawn(n, types, seed):
    """A text with many words that are rare and a few that are not."""
    numbers = np.exp(np.random.default_rng(seed).random(n) * np.log(types)).astype(int)
    return [f"w{number}" for number in numbers.tolist()]


# hypothesis alone rarely draws what needs to be pruned more than once
WORDS = st.one_of(
    st.lists(st.sampled_from(["the", "of", "a", "to"]), max_size=9),
    st.builds(drawn, st.integers(0, 400), st.integers(2, 200), st.integers(0, 1 << 32)),
)
SIZES = st.integers(1, 60)
given_text = given(WORDS, SIZES, st.integers(1, 20), st.lists(st.sampled_from(drawn(99, 200, 1))))


def stretches(words, size):
    """Cut a text into stretches, the second of them empty."""
    parts = [words[i : i + size] for i in range(0, len(words), size)]
    return [*parts[:1], [], *parts[1:]]


class Counted(NamedTuple):
    """The words of a text in the order in which they are first seen, and what is known of them."""

    words: list
    counts: np.ndarray
    short: np.ndarray
    """By how many occurrences at most a count is too low."""
    bound: int
    """A word that is not here occurred so often at most."""
    tokens: int


def counted(text):
    """Count a text, and keep nothing else of it."""
    pruner = text.pruner
    tally, tokens = Tally() if pruner is None else pruner.tally, 0
    for chunk in text.chunks:
        if pruner is None:
            tally.add_chunk(chunk)
        tokens += len(chunk.ids)
    spelled, offsets = text.spelled(np.arange(len(tally)))
    at = offsets.tolist()
    words = [spelled[a : b - 1].tobytes().decode() for a, b in itertools.pairwise(at)]
    short = np.zeros(len(tally), np.int64) if pruner is None else pruner.shortages()
    return Counted(words, tally.counts, short, pruner.bound if pruner else 0, tokens)


def counted_in_python(parts, limit=None):
    pruner = None if limit is None else Pruner(limit)
    text = [pieces.Piece(part, [len(part)]) for part in parts]
    return counted(reading.of_pieces(text, pruner))


def compiled_reading(parts, limit=None):
    from wordkin.corpus.compiled import CompiledInterner, rank_in_place

    pruner = None if limit is None else Pruner(limit)
    words = CompiledInterner(Whitespace(), pruner=pruner)
    blocks = [Block(" ".join(part).encode() + b"\n") for part in parts]
    return reading.Reading(
        words.chunks(blocks), words.types, rank_in_place, words.chosen, pruner=pruner
    )


def counted_compiled(parts, limit=None):
    return counted(compiled_reading(parts, limit))


@pytest.fixture(params=[counted_in_python, counted_compiled])
def count(request, monkeypatch):
    monkeypatch.setattr(interning, "_CHUNK", 1)  # a chunk for each stretch
    return request.param


def as_dict(table):
    return dict(zip(table.words, table.counts.tolist(), strict=True))


def assert_bounds_hold(table, exact):
    """All that a table promises about the text, beside the exact counts of its words."""
    assert table.tokens == exact.total()
    found = as_dict(table)
    for (word, count), short in zip(found.items(), table.short.tolist(), strict=True):
        assert count <= exact[word] <= count + short
        assert short <= table.bound
    assert max((exact[word] for word in exact if word not in found), default=0) <= table.bound


def test_bounds_hold(count):
    """Most texts here need pruning, many of them more than once."""
    prunings = set()

    @FEW
    @given(WORDS, SIZES, st.integers(1, 30))
    def check(words, size, limit):
        table = count(stretches(words, size), limit)
        assert_bounds_hold(table, Counter(words))
        if len(set(words)) <= limit:
            assert table.bound == 0
        if table.bound == 0:
            assert as_dict(table) == Counter(words)
            assert table.words == list(dict.fromkeys(words))
        prunings.add(table.bound)

    check()
    assert len(prunings) > 4


@pytest.mark.parametrize("chunk", [1, 5, 1 << 18])
def test_what_is_read_and_dropped_adds_up(chunk, monkeypatch):
    monkeypatch.setattr(interning, "_CHUNK", chunk)
    lines = [b"one a caf\xe9\n", b"two bb 7\n"]  # gensim drops "a" and "7"
    blocks = [Block(line, bytes_read=len(line)) for line in lines]
    chunks = list(reading.of_pieces(pieces.of_source(blocks, Gensim())).chunks)
    assert sum(len(chunk.ids) for chunk in chunks) == 4
    assert sum(chunk.dropped for chunk in chunks) == 2
    assert sum(chunk.bytes_read for chunk in chunks) == len(b"".join(lines))
    assert sum(chunk.undecodable for chunk in chunks) == 1


def naive(parts, limit):
    """Forget as the library does, word by word: what is left of each sentence, and the bound."""
    known, bound = {}, 0  # word: [count, short, the places of its tokens]
    for number, part in enumerate(parts):
        if part and len(known) > limit:
            most = sorted((count + short for count, short, _ in known.values()), reverse=True)
            bound = most[int(0.75 * limit)]
            known = {w: entry for w, entry in known.items() if entry[0] + entry[1] > bound}
        for place, word in enumerate(part):
            entry = known.setdefault(word, [0, bound, []])
            entry[0] += 1
            entry[2].append((number, place))
    left = {place: word for word, entry in known.items() for place in entry[2]}
    lines = [
        [left[number, i] for i in range(len(part)) if (number, i) in left]
        for number, part in enumerate(parts)
    ]
    return lines, bound, known


def test_a_corpus_has_what_was_not_forgotten(count, monkeypatch):
    """Which tokens are in it, how they are counted, and what the account says."""
    from wordkin.corpus import Corpus, building

    compiled = count is counted_compiled
    given_text = []
    if compiled:

        def build(text, choice, store, **more):
            return given_build(compiled_reading(*given_text), choice, store, **more)

        given_build = building.build
        monkeypatch.setattr("wordkin.corpus.making.build", build)

    @FEW
    @given(WORDS, SIZES, st.integers(1, 20), st.integers(1, 3))
    def check(words, size, limit, min_count):
        parts = stretches(words, size)
        lines, bound, known = naive(parts, limit)
        given_text[:] = [parts, limit]
        frequent = {word: entry[0] for word, entry in known.items() if entry[0] >= min_count}
        if not frequent:
            with pytest.raises(EmptyCorpusError):
                Corpus.from_sentences(parts, max_vocab_size=limit, min_count=min_count)
            return
        corpus = Corpus.from_sentences(parts, max_vocab_size=limit, min_count=min_count)
        found = [[word for word in line if word in frequent] for line in lines]
        assert list(corpus.sentences()) == [line for line in found if line]
        assert corpus.empty.tolist() == [i for i, line in enumerate(found) if not line]
        counts = dict(zip(corpus.vocabulary.words, corpus.vocabulary.counts.tolist(), strict=True))
        assert list(counts) == sorted(frequent, key=frequent.get, reverse=True)
        assert counts == frequent
        account, exact = corpus.account, Counter(words)
        assert account.read == len(words)
        assert account.undercount == bound
        gone = len(words) - sum(map(len, lines))
        assert account.dropped.get("forgotten while counting", 0) == gone
        assert all(counts[w] <= exact[w] <= counts[w] + bound for w in counts)
        assert account.short_words == (sum(known[w][1] > 0 for w in counts) if bound else 0)
        lost = max((exact[w] for w in exact if w not in counts), default=0)
        assert lost <= (account.left_out_up_to if bound else min_count - 1)

    check()


@FEW
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 9)), max_size=30))
def test_a_tally_is_a_counter(steps):
    tally, exact = Tally(), Counter()
    for number, times in steps:
        tally.add(np.array([number], np.int32), np.array([times]))
        tally.add_each(np.array([number, 0, number], np.int32))
        exact.update([number] * (times + 2) + [0])
    assert {i: n for i, n in enumerate(tally.counts.tolist()) if n} == exact
    kept = np.arange(len(tally)) % 3 > 0
    gone = tally.keep(kept)
    assert gone == sum(n for i, n in exact.items() if i % 3 == 0)
    assert tally.counts.sum() == exact.total() - gone


def test_a_given_vocabulary_bounds_itself(count, monkeypatch):
    """What is not in it is forgotten now and then; the corpus is the same."""
    from wordkin import Vocabulary
    from wordkin.corpus import Corpus, choosing, pruning
    from wordkin.text import sources

    forgot = []
    given = pruning.Tally.keep
    monkeypatch.setattr(pruning.Tally, "keep", lambda *a: forgot.append(1) or given(*a))
    monkeypatch.setattr(sources, "BLOCK_BYTES", 300)

    @FEW
    @given_text
    def check(words, size, limit, known):
        lines = [part for part in stretches(words, size) if part]
        vocabulary = Vocabulary(list(dict.fromkeys(known)) or ["w1"])
        made = []
        for most in (limit, 10**6):
            monkeypatch.setattr(choosing, "Outsiders", lambda v, n=most: pruning.Outsiders(v, n))
            try:
                if count is counted_compiled:
                    with tempfile.TemporaryDirectory() as folder:
                        path = Path(folder, "text")
                        path.write_text("".join(" ".join(line) + "\n" for line in lines))
                        corpus = Corpus.from_path(
                            path, tokenizer="whitespace", vocabulary=vocabulary
                        )
                else:
                    corpus = Corpus.from_sentences(lines, vocabulary=vocabulary)
            except EmptyCorpusError as error:
                made.append(str(error))
            else:
                account = corpus.account.to_dict() | {"types": 0}
                made.append((list(corpus.sentences()), corpus.empty.tolist(), account))
        assert made[0] == made[1]

    check()
    assert forgot


def test_words_that_were_forgotten_have_been_read(monkeypatch):
    """Other words that come once each are counted once each, however many are forgotten."""
    from wordkin import Vocabulary
    from wordkin.corpus import Corpus, choosing, pruning

    monkeypatch.setattr(interning, "_CHUNK", 1)
    monkeypatch.setattr(choosing, "Outsiders", lambda v: pruning.Outsiders(v, 5))
    lines = [["known", f"other{i}"] for i in range(40)]
    corpus = Corpus.from_sentences(lines, vocabulary=Vocabulary(["known"]))
    assert corpus.account.types == 41
    assert corpus.account.dropped["not in the vocabulary"] == 40
