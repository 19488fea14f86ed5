"""Search on matrices full of ties, zeros and extremes, against one row at a time."""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wordkin.neighbors import exact


def cosine(a, b):
    lengths = np.sqrt((a * a).sum()) * np.sqrt((b * b).sum())
    return (a * b).sum() / lengths if lengths else 0.0


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_nearest_rows(data):
    n_rows, dimensions, n_queries = (data.draw(st.integers(1, n)) for n in (40, 4, 4))
    # few values make many equal rows and many equal scores
    values = st.sampled_from([-1.0, 0.0, 0.0, 1.0, 2.0, 1e-20, 1e20])
    matrix = data.draw(hnp.arrays(np.float32, (n_rows, dimensions), elements=values))
    queries = data.draw(hnp.arrays(np.float64, (n_queries, dimensions), elements=values))
    rows_of = st.lists(st.integers(0, n_rows - 1), max_size=n_rows)
    exclude = data.draw(st.lists(rows_of, min_size=n_queries, max_size=n_queries))
    topn = data.draw(st.integers(1, n_rows + 3))
    with mock.patch.multiple(exact, _SCORES=data.draw(st.integers(1, 100)), _QUERIES=2):
        found = exact.nearest_rows(matrix, queries, topn=topn, exclude=exclude)

    for query, outside, (rows, cosines) in zip(queries, exclude, found, strict=True):
        expected = np.array([cosine(row, query) for row in matrix.astype(np.float64)])
        inside = np.setdiff1d(np.arange(n_rows), outside)
        assert len(rows) == min(topn, len(inside))
        assert set(rows.tolist()) <= set(inside.tolist())
        np.testing.assert_allclose(cosines, expected[rows], atol=1e-12)
        np.testing.assert_allclose(cosines, -np.sort(-expected[inside])[: len(rows)], atol=1e-12)
        # equal rows: the lower first, and none is left out for a higher one
        assert (np.lexsort((rows, -cosines)) == np.arange(len(rows))).all()
        for row in rows:
            alike = inside[(matrix[inside] == matrix[row]).all(axis=1)]
            assert set(alike[alike < row].tolist()) <= set(rows.tolist())
