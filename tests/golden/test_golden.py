"""Files made by the original tools: every vector comes out as the tool computes it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest

from wordkin import formats
from wordkin.errors import UnknownWordError
from wordkin.vectors import WordVectors

FILES = Path(__file__).parent / "files"
EXPECTED = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))
# sums in another order differ in the last bits; fastText's own order is kept to the bit
EXACT = {"skipgram.bin", "supervised.bin", "quantized.ftz", "pruned.ftz", "plain.fifu", "spacy"}


@pytest.mark.parametrize("name", EXPECTED)
def test_words_have_the_vectors_that_the_tool_gives_them(name):
    table = formats.read(FILES / name)
    known = EXPECTED[name]["known"]
    words = table.vocabulary.words
    if known:
        # finalfusion's and spaCy's words may come in another order than the tool lists them
        assert sorted(words) == sorted(known)
    for word, row in zip(words, table.matrix, strict=True):
        wanted = np.array(known[word], np.float32)
        if name in EXACT or name.startswith("gensim"):
            np.testing.assert_array_equal(row, wanted, err_msg=f"{name}: {word}")
        else:
            np.testing.assert_allclose(row, wanted, atol=2e-6, err_msg=f"{name}: {word}")


@pytest.mark.parametrize("name", [name for name in EXPECTED if EXPECTED[name]["unknown"]])
def test_unknown_words_have_the_vectors_that_the_tool_gives_them(name):
    vectors = WordVectors.from_table(formats.read(FILES / name))
    for word, wanted in EXPECTED[name]["unknown"].items():
        if not any(wanted):
            # fastText says zero for a word without n-grams, and where all of them are zero
            with contextlib.suppress(UnknownWordError):
                assert not vectors[word].any()
        elif name in EXACT:
            np.testing.assert_array_equal(vectors[word], np.array(wanted, np.float32))
        else:
            np.testing.assert_allclose(vectors[word], wanted, rtol=2e-5, atol=2e-6)


def test_the_golden_files_are_small():
    assert all(path.stat().st_size < 80_000 for path in FILES.rglob("*"))
