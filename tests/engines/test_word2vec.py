"""When threads of the CPU engine get their own copies of hot rows."""

from __future__ import annotations

import numpy as np

import wordkin as wk
from wordkin.engines.word2vec import _HOT_ROWS, _hot_rows
from wordkin.kernels.sampling import keep_thresholds


def hot_rows(config, counts):
    return _hot_rows(config, counts, keep_thresholds(counts, config.sample))


def test_copies_only_where_no_word_is_so_frequent_that_they_would_drift():
    zipf = (10**7 / (np.arange(50_000) + 2.7)).astype(np.int64)
    assert hot_rows(wk.SkipGram(sample=1e-5), zipf) == _HOT_ROWS
    assert hot_rows(wk.SkipGram(sample=0), zipf) == 0
    assert hot_rows(wk.SkipGram(sample=0), np.full(10, 1000)) == 0
    assert hot_rows(wk.SkipGram(sample=1e-5, loss="hierarchical-softmax"), zipf) == 0
