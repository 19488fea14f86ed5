"""A whole text is looked over without a copy of it."""

from __future__ import annotations

import hashlib
import tracemalloc

import numpy as np
import pytest

import wordkin as wk
from wordkin.corpus import surveying
from wordkin.engines.text import counted_text
from wordkin.training import validation
from wordkin.training.job import Job


@pytest.fixture(scope="module")
def corpus():
    ids = np.random.default_rng(0).integers(0, 5, 5_000_000, np.int32)
    vocabulary = wk.Vocabulary([*"abcdef"])
    return wk.Corpus(
        ids, np.arange(0, len(ids) + 1, 10), vocabulary, wk.Account(read=len(ids), kept=len(ids))
    )


def in_engines(corpus):
    return counted_text(corpus, sample=0)[1]


def in_validation(corpus):
    return validation._counts(
        Job(corpus=corpus, config=wk.SkipGram(), seed=1, workers=1, validation=0.1)
    )


@pytest.mark.parametrize("count", [in_engines, in_validation])
def test_words_without_counts_are_counted_without_a_copy_of_the_text(corpus, count):
    tracemalloc.start()
    try:
        counts = count(corpus)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    expected = [*np.bincount(corpus.ids).tolist(), 1]  # a word that is not there counts as one
    assert counts.tolist() == expected
    assert counts.dtype == np.int64
    assert most < corpus.ids.nbytes


@pytest.mark.parametrize("words", [5, 9])
def test_stretches_make_the_whole(monkeypatch, words):
    monkeypatch.setattr(surveying, "_AT_ONCE", 7)
    ids = np.random.default_rng(1).integers(0, 5, 100, np.int32)
    for n in (0, 1, 7, 8, 100):
        expected = np.bincount(ids[:n], minlength=words)
        assert surveying.word_counts(ids[:n], words).tolist() == expected.tolist()


def test_the_mark_of_a_text_is_that_of_the_checkpoints_there_are():
    ids = (np.arange(200_000) ** 2 % 7).astype(np.int32)
    starts, account = np.arange(0, len(ids) + 1, 10), wk.Account(read=len(ids), kept=len(ids))

    def mark(ids, counts=None):
        words = wk.Vocabulary([*"abcdefg"], counts)
        return surveying.text_mark(wk.Corpus(ids, starts, words, account))

    assert mark(ids) == "3c31ac73c787b62d3c46c0a6ee38d64985ac1ad5068eb1fa2d9f33a1716f2558"
    counted = mark(ids, np.bincount(ids, minlength=7))
    assert counted == "2654df17b9fe2049da2d466db5a363518af035013520d13d4dabdc70c3e90e89"
    assert mark(ids[::-1].copy()) != mark(ids)


def test_the_mark_of_a_text_of_one_piece_is_of_that_piece_again_and_again():
    ids = np.arange(70, dtype=np.int32) % 7
    corpus = wk.Corpus(
        ids, np.arange(0, 71, 10), wk.Vocabulary([*"abcdefg"]), wk.Account(read=70, kept=70)
    )
    pieces = ids.tobytes() * 256 + corpus.starts.tobytes() * 256
    assert surveying.text_mark(corpus) == hashlib.sha256(pieces).hexdigest()
