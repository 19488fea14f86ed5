"""Rows of models and ids of corpora, for any words: each is what its vocabulary says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.corpus import Corpus
from wordkin.corpus.draft import Draft, rank_in_place
from wordkin.corpus.interning import Chunk
from wordkin.embedding import embedding_matrix
from wordkin.errors import EmptyCorpusError
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

FEW = settings(max_examples=60, deadline=None)
SENTENCES = st.lists(st.lists(st.sampled_from("abcdefghij"), max_size=8), max_size=12)
SPECIALS = st.sampled_from([("<pad>", "<unk>"), ("<unk>", "<pad>"), ("<pad>",), ("<unk>",), ()])


@FEW
@given(SENTENCES, st.integers(1, 4), st.none() | st.integers(1, 6))
def test_a_corpus_equals_lists_and_a_counter(sentences, min_count, max_vocab):
    counter = Counter(word for sentence in sentences for word in sentence)
    words = [w for w, n in counter.most_common() if n >= min_count][:max_vocab]
    kept = [[w for w in sentence if w in words] for sentence in sentences]
    try:
        corpus = Corpus.from_sentences(sentences, min_count=min_count, max_vocab=max_vocab)
    except EmptyCorpusError:
        assert not words
        return
    assert corpus.vocabulary.words == words
    assert corpus.vocabulary.counts.tolist() == [counter[w] for w in words]
    assert list(corpus.sentences()) == [sentence for sentence in kept if sentence]
    account = corpus.account
    assert account.read == counter.total() == account.kept + sum(account.dropped.values())
    assert account.dropped["below min_count"] == sum(n for n in counter.values() if n < min_count)
    assert account.types == len(counter)
    assert account.sentences + account.empty_sentences == len(sentences)
    assert np.bincount(corpus.ids).tolist() == corpus.vocabulary.counts.tolist()


@FEW
@given(SENTENCES, st.data())
def test_where_a_text_is_cut_into_chunks_does_not_matter(sentences, data):
    """A sentence may begin in one chunk and end in another."""
    ids = np.array([ord(w) - ord("a") for s in sentences for w in s], dtype=np.int32)
    ends = np.cumsum([len(s) for s in sentences], dtype=np.int64)
    order = np.array(data.draw(st.permutations(range(10))))[: data.draw(st.integers(1, 10))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(ids)), max_size=4)))
    chunks = []
    done = 0
    for start, stop in zip([0, *cuts], [*cuts, len(ids)], strict=True):
        here = int(np.searchsorted(ends, stop, side="right"))
        chunks.append(Chunk(ids[start:stop], ends[done:here] - start))
        done = here
    with Draft() as draft:
        # all ten numbers are there, as an interner would have made sure
        draft.read([*chunks, Chunk(np.arange(10, dtype=np.int32), np.array([10]))])
        ranks = np.full(10, -1, dtype=np.int32)
        ranks[order] = np.arange(len(order))
        new, starts = draft.replaced(ranks, rank_in_place)
    rank = {int(number): i for i, number in enumerate(order)}
    whole = [*([ord(w) - ord("a") for w in s] for s in sentences), range(10)]
    kept = [[rank[n] for n in sentence if n in rank] for sentence in whole]
    lines = [new[a:b].tolist() for a, b in pairwise(starts)]
    assert lines == [sentence for sentence in kept if sentence]


@FEW
@given(
    st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1),
    st.lists(st.sampled_from("efghijkl"), unique=True),
    SPECIALS,
    st.sampled_from(["mean", "random", "zero"]),
)
def test_each_row_is_what_its_vocabulary_says(words, model_words, specials, missing):
    matrix = np.random.default_rng(len(words)).normal(1, 0.1, (len(words), 3))
    table = VectorTable.from_arrays(Vocabulary(words), matrix)
    vectors = dict(zip(words, table.matrix, strict=True))
    model = Vocabulary(model_words, specials=specials)
    rows, report = embedding_matrix(table, model, missing=missing, seed=3)
    assert rows.shape == (model.n_rows, 3)
    for row in range(model.n_rows):
        name = model.decode([row], skip_specials=False)[0]
        if name in vectors:
            np.testing.assert_array_equal(rows[row], vectors[name])
        elif name == "<pad>":
            assert not rows[row].any()
        else:
            assert rows[row].any() == (name == "<unk>" or missing != "zero")
    assert report.hits == len(set(words) & set(model_words))
    assert report.hits + report.misses == report.n_words == len(model_words)
