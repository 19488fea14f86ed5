"""The vectors that layers are made of in their contracts."""

from __future__ import annotations

import os

import numpy as np
import pytest
from contract.layer_adapters import WORDS

import wordkin as wk

# test_layers.py runs it in a process for each framework; nobody else can
collect_ignore = [] if "WORDKIN_TEST_LAYER" in os.environ else ["layer_contract.py"]


@pytest.fixture
def vectors():
    matrix = np.random.default_rng(1).normal(size=(len(WORDS), 4)).astype(np.float32)
    counts = np.arange(len(WORDS), 0, -1)
    return wk.WordVectors(wk.Vocabulary(WORDS, counts, tokenizer="whitespace"), matrix)
