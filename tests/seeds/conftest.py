"""What the rows of the four articles share: real text, public vectors, and models of them.

Everything here is made once a session. Real data comes from `data_dir`; what is too big for it is
named by ``WORDKIN_TEXT8`` (text8.zip, or the text itself) and ``WORDKIN_GLOVE_100D``
(glove.6B.100d.txt, or the archive's member), or has been fetched by ``wordkin download``.
"""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from seeds.tools import GROUPS

import wordkin as wk
from wordkin import downloads

if TYPE_CHECKING:
    from pathlib import Path


def _big(variable: str, downloaded: str, member: str = "") -> str:
    """The path of a file that is too big to be among the test data, or a skip that says why."""
    named = os.environ.get(variable)
    if named:
        return named
    path = downloads.home() / downloaded
    if not path.is_file():
        pytest.skip(f"needs the whole file: set {variable}, or run wordkin download (no {path})")
    return f"{path}#{member}" if member else str(path)


@pytest.fixture(scope="session")
def text8() -> str:
    """All of text8."""
    return _big("WORDKIN_TEXT8", "text8.zip")


@pytest.fixture(scope="session")
def text8_corpus(text8):
    """All of text8 as the second article reads it."""
    return wk.Corpus.from_path(text8, tokenizer="whitespace", min_count=10)


@pytest.fixture(scope="session")
def text8_start(data_dir) -> Path:
    """The first 12.5 MB of text8."""
    return data_dir / "text8.first12549840.xz"


@pytest.fixture(scope="session")
def start_corpus(text8_start):
    """Them as ids: 2 million words."""
    return wk.Corpus.from_path(text8_start, tokenizer="whitespace", min_count=10)


@pytest.fixture(scope="session")
def start_run(start_corpus):
    """Skip-gram on them, looked at while it trains: 8 seconds on two cores."""
    look = wk.NearestWords(["eight"], every=4)
    start = time.perf_counter()
    model = wk.train(start_corpus, wk.SkipGram(window=8), seed=1, callbacks=[look])
    return SimpleNamespace(model=model, look=look, seconds=time.perf_counter() - start)


@pytest.fixture(scope="session")
def start_model(start_run):
    """What it has learned."""
    return start_run.model


@pytest.fixture(scope="session")
def wiki_corpus(data_dir):
    """A Wikipedia that was cleaned as text8 is, and is as large: 17 million words."""
    return wk.Corpus.from_path(data_dir / "wiki8.xz", tokenizer="whitespace", min_count=10)


@pytest.fixture(scope="session")
def wiki_vectors(wiki_corpus):
    """Vectors of it, by the model that the second article takes: 13 seconds on two cores."""
    return wk.train(wiki_corpus, wk.CBOW(vector_size=100, epochs=2), seed=1).vectors


@pytest.fixture(scope="session")
def glove(data_dir):
    """GloVe 6B in 100 dimensions: all of it, or those of its words that the test data have."""
    named = os.environ.get("WORDKIN_GLOVE_100D")
    return wk.load(named or data_dir / "glove.6B.100d.subset.txt.xz")


@pytest.fixture(scope="session")
def posts(data_dir):
    """All 19,997 posts with their headers."""
    path = data_dir / "20_newsgroup.tar.gz"
    return wk.read_labelled(path, encoding="latin-1", digits_only=True)


@pytest.fixture(scope="session")
def four(posts):
    """800 posts of four groups, with headers."""
    chosen = [
        i
        for group in GROUPS
        for i in [i for i, label in enumerate(posts.labels) if label == group][:200]
    ]
    return posts.subset(chosen)


@pytest.fixture
def toy():
    """Five words in three dimensions, most frequent first."""
    words = ["the", "cat", "sat", "on", "mat"]
    rng = np.random.default_rng(5)
    vocabulary = wk.Vocabulary(words, [50, 9, 8, 7, 6], tokenizer="words")
    return wk.WordVectors(vocabulary, rng.normal(size=(5, 3)).astype(np.float32))
