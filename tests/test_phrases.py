"""Phrases: what is found, what is joined, what is saved, and what is refused."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter

import numpy as np
import pytest

import wordkin as wk
from wordkin.corpus import joining
from wordkin.errors import ConfigError, FormatError, InputError
from wordkin.kernels import phrases as kernels
from wordkin.text.phrases import ENGLISH_CONNECTORS, Phrase
from wordkin.text.tokenizers import Phrased, Words, tokenizer_from_settings

TEXT = ["i love new york", "new york is big", "we saw new york today", "a good day"] * 5
RULE = wk.PhraseRule(passes=1, min_count=1, threshold=1)


def made(n, *, words, seed=0):
    """Sentences in which some words like to stand together."""
    rng = np.random.default_rng(seed)
    sentences = []
    for _ in range(n):
        sentence = []
        while rng.random() < 0.9:
            word = int(rng.integers(words) ** 2 // words)
            sentence.append(f"w{word}")
            if word % 3 == 0 and rng.random() < 0.8:
                sentence += ["of", "the"][: int(rng.integers(3))]
                sentence.append(f"w{word + 1}")
        sentences.append(sentence)
    return sentences


def naive_pass(sentences, *, threshold, min_count, connectors, npmi, known=None):
    """Phrases of a pass as strings are counted, one pair after the other."""
    counts, pairs, total = Counter(), Counter(), 0
    for sentence in sentences:
        for pair in pairs_of(sentence, connectors):
            pairs["_".join(pair)] += 1
        counts.update(word for word in sentence if word not in connectors)
        total += len(sentence)
    found = {}
    for sentence in sentences:
        for pair in pairs_of(sentence, connectors):
            n, a, b = pairs["_".join(pair)], counts[pair[0]], counts[pair[-1]]
            if npmi:
                score = -math.inf
                if n >= min_count:
                    score = math.log(n * total / (a * b)) / -math.log(n / total)
            else:
                score = (n - min_count) / (a * b) * (len(counts) + len(pairs))
            if score > threshold:
                found[tuple(pair)] = score
    return found


def pairs_of(sentence, connectors):
    places = [i for i, word in enumerate(sentence) if word not in connectors]
    return [sentence[i : j + 1] for i, j in itertools.pairwise(places)]


def test_new_york():
    corpus = wk.Corpus.from_texts(TEXT, min_count=1, phrases=RULE)
    assert "new_york" in corpus.vocabulary
    assert corpus.phrases is not None
    assert "new_york" in corpus.phrases
    lost = sum(len(text.split()) for text in TEXT) - corpus.n_tokens
    assert corpus.account.dropped["joined into phrases"] == lost >= 15
    assert corpus.account.read == sum(len(text.split()) for text in TEXT)
    assert corpus.account.types == len({word for text in TEXT for word in text.split()})
    rows = corpus.vocabulary.encode("New York, day!")
    assert corpus.vocabulary.decode(rows) == ["new_york", "day"]


@pytest.mark.parametrize("scoring", ["default", "npmi"])
@pytest.mark.parametrize("connectors", [(), ("of", "the")])
def test_phrases_are_those_of_a_naive_search(scoring, connectors):
    sentences = made(1_500, words=60)
    rule = wk.PhraseRule(
        passes=3, min_count=2, threshold=(2, 1.5, 1) if scoring == "default" else (0.4, 0.3, 0.2),
        scoring=scoring, connectors=connectors,
    )  # fmt: skip
    corpus = wk.Corpus.from_sentences(sentences, min_count=1, phrases=rule)
    joined = sentences
    for found, threshold in zip(corpus.phrases.passes, rule.thresholds, strict=True):
        expected = naive_pass(
            joined, threshold=threshold, min_count=2, connectors=connectors, npmi=scoring == "npmi"
        )
        scores = {phrase.tokens: phrase.score for phrase in found}
        assert scores.keys() == expected.keys()
        assert len(scores) > 1
        for tokens, score in scores.items():
            assert score == pytest.approx(expected[tokens], rel=1e-12)
        one = wk.Phrases((found,), frozenset(connectors))
        joined = [one.join(sentence) for sentence in joined]
    # what compiled code joined in place is what the tokenizer joins
    full = [sentence for sentence in joined if sentence]
    assert list(corpus.sentences()) == full
    counts = Counter(word for sentence in full for word in sentence)
    assert dict(zip(corpus.vocabulary.words, corpus.vocabulary.counts, strict=True)) == counts
    assert [corpus.phrases.join(s) for s in sentences if s] == full


def test_they_are_gensims():
    gensim = pytest.importorskip("gensim.models.phrases", reason="gensim is not installed")
    assert frozenset(gensim.ENGLISH_CONNECTOR_WORDS) == ENGLISH_CONNECTORS
    sentences = made(2_000, words=80, seed=1)
    for scoring, threshold in (("default", 2.0), ("npmi", 0.3)):
        theirs = gensim.Phrases(
            sentences, min_count=3, threshold=threshold, scoring=scoring,
            connector_words=gensim.ENGLISH_CONNECTOR_WORDS,
        )  # fmt: skip
        rule = wk.PhraseRule(
            passes=1, min_count=3, threshold=threshold, scoring=scoring, connectors="english"
        )
        corpus = wk.Corpus.from_sentences(sentences, min_count=1, phrases=rule)
        assert corpus.phrases.scores == pytest.approx(theirs.export_phrases(), rel=1e-12)
        assert list(corpus.sentences()) == [s for s in theirs[sentences] if s]


def test_they_are_gensims_on_wikipedia(data_dir):
    gensim = pytest.importorskip("gensim.models.phrases", reason="gensim is not installed")
    import lzma

    with lzma.open(data_dir / "wiki8.xz") as file:
        words = file.read(2_000_000).decode().split()[:-1]
    sentences = [words[i : i + 1000] for i in range(0, len(words), 1000)]
    corpus = wk.Corpus.from_sentences(sentences, min_count=1, phrases=2)
    joined = sentences
    for found in corpus.phrases.passes:
        theirs = gensim.Phrases(joined, min_count=5, threshold=10.0)
        ours = {"_".join(phrase.tokens): phrase.score for phrase in found}
        seen = theirs.find_phrases(joined)
        # gensim lists what was joined; ours has also what other phrases came before
        assert seen.items() <= ours.items()
        assert len(ours) < 1.05 * len(seen)
        joined = list(theirs[joined])
    assert len(corpus.phrases) > 300
    assert list(corpus.sentences()) == joined


def test_a_saved_corpus_and_saved_vectors_know_their_phrases(tmp_path):
    corpus = wk.Corpus.from_texts(TEXT, min_count=1, phrases=RULE, store=tmp_path / "corpus")
    assert wk.Corpus.open(tmp_path / "corpus").phrases == corpus.phrases
    model = wk.train(corpus, wk.SkipGram(vector_size=4, epochs=1, sample=0), workers=1)
    model.vectors.save(tmp_path / "v.safetensors")
    vocabulary = wk.load(tmp_path / "v.safetensors").vocabulary
    assert vocabulary.encode("New York") == [vocabulary.id("new_york") + 2]
    # other text, read with the same words or the same tokenizer, is joined too
    again = wk.Corpus.from_texts(["old new york"], vocabulary=vocabulary)
    assert list(again.sentences()) == [["new_york"]]
    other = wk.Corpus.from_texts(["old new york"], tokenizer=vocabulary.tokenizer, min_count=1)
    assert list(other.sentences()) == [["old", "new_york"]]
    assert other.phrases == corpus.phrases
    path = tmp_path / "text.txt"
    path.write_text("New York and\nnew\nyork\n" * 3)
    fromfile = wk.Corpus.from_path(path, min_count=1, phrases=corpus.phrases)
    assert list(fromfile.sentences()) == [["new_york", "and"], ["new"], ["york"]] * 3


def test_settings_come_back():
    phrases = wk.Phrases(
        ((Phrase(("bank", "of", "america"), 3.5),), (Phrase(("the_x", "y"), 1.0),)),
        frozenset({"of"}), "__",
    )  # fmt: skip
    cut = Phrased(Words(digits=False), phrases)
    again = tokenizer_from_settings(json.loads(json.dumps(cut.settings())))
    assert again == cut
    assert hash(again) == hash(cut)
    assert again("A bank of America, bank of") == ["a", "bank__of__america", "bank", "of"]
    assert again.split("7 bank of of america") == (["bank", "of", "of", "america"], 1)


def test_damaged_settings_are_refused(tmp_path):
    for settings in (
        {},
        {"passes": [[["a", 1.0]]], "connectors": [], "delimiter": 3},
        {"passes": 1},
    ):
        with pytest.raises(InputError, match="settings"):
            tokenizer_from_settings({"name": "phrases", "tokenizer": {"name": "words"},
                                     "phrases": settings})  # fmt: skip
    corpus = wk.Corpus.from_texts(TEXT, min_count=1, phrases=1, store=tmp_path / "corpus")
    assert corpus.phrases is not None
    path = tmp_path / "corpus" / "corpus.json"
    about = json.loads(path.read_text())
    about["tokenizer"]["phrases"]["passes"] = "all"
    path.write_text(json.dumps(about))
    with pytest.raises(FormatError, match="phrases"):
        wk.Corpus.open(tmp_path / "corpus")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"passes": 0}, "passes"),
        ({"passes": True}, "passes"),
        ({"passes": 11}, "passes must be a whole number from 1 to 10; got 11"),
        ({"min_count": 0}, "min_count"),
        ({"scoring": "pmi"}, "scoring"),
        ({"threshold": -1}, "threshold must be 0 or more"),
        ({"threshold": math.nan}, "threshold"),
        ({"threshold": (1, 2, 3)}, "one for each of 2 passes"),
        ({"threshold": "high"}, "threshold"),
        ({"scoring": "npmi", "threshold": 10}, "from -1 to below 1"),
        ({"connectors": "of"}, "connectors"),
        ({"connectors": [1]}, "connectors"),
        ({"connectors": [["of"]]}, "connectors"),
        ({"connectors": 1}, "connectors"),
        ({"delimiter": " "}, "delimiter"),
    ],
)
def test_rules_out_of_range_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        wk.PhraseRule(**settings)


def test_rules_at_the_ends_of_their_ranges():
    most = wk.PhraseRule(passes=10, min_count=1 << 31, threshold=0)
    assert most.thresholds == (0.0,) * 10
    least = wk.PhraseRule(passes=1, min_count=1, scoring="npmi", threshold=-1, delimiter="-")
    assert least.thresholds == (-1.0,)
    for settings in ({"min_count": (1 << 31) + 1}, {"scoring": "npmi", "threshold": 1},
                     {"scoring": "npmi", "threshold": -1.1}, {"delimiter": ""}):  # fmt: skip
        with pytest.raises(ConfigError, match=r"min_count|threshold|delimiter"):
            wk.PhraseRule(**settings)


def test_what_does_not_go_together_is_refused():
    corpus = wk.Corpus.from_texts(TEXT, min_count=1, phrases=RULE)
    with pytest.raises(ConfigError, match="phrases already"):
        wk.Corpus.from_texts(TEXT, tokenizer=corpus.vocabulary.tokenizer, phrases=1)
    with pytest.raises(ConfigError, match="a vocabulary is given"):
        wk.Corpus.from_texts(TEXT, vocabulary=wk.Vocabulary(["new"]), phrases=1)
    for wrong in (True, "2", 1.5):
        with pytest.raises(ConfigError, match="PhraseRule"):
            wk.Corpus.from_texts(TEXT, phrases=wrong)
    with pytest.raises(InputError, match="got a string"):
        corpus.phrases.join("new york")


def test_a_phrase_of_no_words_is_passed_over():
    phrases = wk.Phrases(((Phrase((), 2.0), Phrase(("new", "york"), 1.0)),))
    assert phrases.join(["new", "york"]) == ["new_york"]
    corpus = wk.Corpus.from_texts(["new york"], min_count=1, phrases=phrases)
    assert list(corpus.sentences()) == [["new_york"]]


def test_beyond_the_bound_the_rarest_pairs_are_forgotten(monkeypatch):
    bound, often = 600, 2_000
    monkeypatch.setattr(joining, "_MOST_PAIRS", bound)
    ids = np.random.default_rng(0).integers(0, 100, (often, 5), np.int32)
    ids[:, 3:] = 100, 101
    text = kernels.Sequences(ids.ravel(), np.array([0, ids.size]))
    words = kernels.Words(
        np.bincount(text.ids), np.zeros(102, np.bool_), 102, np.zeros(0, np.int64), np.zeros(1, int)
    )
    table, pairs = joining._count(text, words)
    # a longer text needs no larger table than one that grew up to the bound
    assert len(table) <= 3 * bound
    assert 0 < pairs == np.count_nonzero(table[:, 0]) < len(table)
    assert table[:, 1].max() == often


def test_a_table_grows_with_its_pairs_only(monkeypatch):
    """Not each time that the user may press Ctrl-C."""
    rng = np.random.default_rng(1)
    text = kernels.Sequences(rng.integers(0, 5, 1_000, np.int32), np.array([0, 1_000]))
    words = kernels.Words(
        np.bincount(text.ids), np.zeros(5, np.bool_), 5, np.zeros(0, np.int64), np.zeros(1, int)
    )
    whole, pairs = joining._count(text, words)
    monkeypatch.setattr(joining, "_AT_ONCE", 10)
    table, again = joining._count(text, words)
    assert pairs == again == 25
    assert len(table) == len(whole)
    assert sorted(table.tolist()) == sorted(whole.tolist())


def test_many_phrases_in_the_order_in_which_they_come():
    """More than there is room for at first; each pair of the text is one, and comes twice."""
    pairs = [[f"a{i}", f"b{i}"] for i in range(1_000)]
    rule = wk.PhraseRule(passes=1, min_count=1, threshold=0)
    corpus = wk.Corpus.from_sentences(pairs * 2, min_count=1, phrases=rule)
    assert [phrase.tokens for phrase in corpus.phrases.passes[0]] == list(map(tuple, pairs))
    assert {phrase.score for phrase in corpus.phrases.passes[0]} == {(2 - 1) / 4 * 3_000}


def test_a_text_without_phrases():
    corpus = wk.Corpus.from_texts(["one two three"], min_count=1, phrases=3)
    assert len(corpus.phrases) == 0
    assert list(corpus.sentences()) == [["one", "two", "three"]]
