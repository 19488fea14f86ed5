"""Whatever the rows and queries: compiled searches answer as NumPy does, changes keep angles."""

from __future__ import annotations

import json
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin import transforms
from wordkin.evaluation.report import Evaluation, Score
from wordkin.evaluation.sets import pair_of
from wordkin.neighbors import Searcher, compiled, exact
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary


def made(seed, rows, size, duplicates):
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((rows, size)).astype(np.float32)
    matrix *= np.float32(10.0) ** rng.integers(-3, 4, (rows, 1)).astype(np.float32)
    matrix[rng.integers(0, rows, duplicates)] = matrix[0]
    matrix[rng.integers(0, rows, 3)] = 0
    return matrix


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(1, 300),
    size=st.integers(1, 40),
    duplicates=st.integers(0, 40),
    topn=st.integers(1, 30),
    n_queries=st.integers(1, 60),
)
def test_compiled_searches_answer_as_numpy(seed, rows, size, duplicates, topn, n_queries):
    matrix = made(seed, rows, size, duplicates)
    rng = np.random.default_rng(seed + 1)
    queries = rng.standard_normal((n_queries, size))
    queries[0] = matrix[0]
    exclude = [rng.integers(0, rows, i % 3).tolist() for i in range(n_queries)]
    plain = exact.nearest_rows(matrix, queries, topn=topn, exclude=exclude)
    with patch.multiple(compiled, PATIENCE=0, _FEWEST_ROWS=60):
        fast = exact.nearest_rows(matrix, queries, topn=topn, exclude=exclude)
        searcher = Searcher(matrix)
        single = [
            searcher.nearest([query], topn=topn, exclude=[out])[0]
            for query, out in zip(queries[:3], exclude, strict=False)
        ]
    for ours in (fast, single):
        for (found, cosines), (others, scores) in zip(ours, plain, strict=False):
            assert found.tolist() == others.tolist()
            assert cosines.tolist() == scores.tolist()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 30), size=st.integers(1, 10))
def test_aligning_changes_no_angle(seed, rows, size):
    matrix = made(seed, rows, size, 2)
    words = Vocabulary([f"w{i}" for i in range(rows)])
    other = VectorTable(words, made(seed + 1, rows, size, 0))
    turned = transforms.align(VectorTable(words, matrix), other).matrix.astype(float)
    length = np.linalg.norm(matrix.astype(float), axis=1)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), length, rtol=1e-5)
    scale = np.outer(length, length) + 1e-30
    before = matrix.astype(float) @ matrix.T.astype(float)
    np.testing.assert_allclose(turned @ turned.T / scale, before / scale, atol=1e-5)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_line_is_a_pair_or_none(line):
    pair = pair_of(line)
    assert pair is None or np.isfinite(pair.score)


@settings(max_examples=50, deadline=None)
@given(name=st.text(max_size=12), value=st.floats())
def test_any_name_and_number_can_be_reported(name, value):
    score = Score(name, name, "analogies", "accuracy", value, value, value, 3, 2)
    result = Evaluation((name,), (score,))
    json.loads(json.dumps(result.to_dict(), allow_nan=False))
    page = result.to_html()
    assert page.count("<h1>") == 1
    assert name in str(result)
