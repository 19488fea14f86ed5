"""The compiled searches against NumPy's and against kernels run as plain Python."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from wordkin.errors import InputError
from wordkin.kernels import topk
from wordkin.neighbors import Searcher, answer_analogies, codes, compiled, exact


@pytest.fixture(scope="module")
def matrix():
    rows = np.random.default_rng(0).standard_normal((5_003, 37)).astype(np.float32)
    rows[100:104] = rows[7]
    rows[300] = 0
    return rows


@pytest.fixture(scope="module")
def queries(matrix):
    found = np.random.default_rng(1).standard_normal((101, 37))
    found[3], found[4] = matrix[7], 0
    return found


EXCLUDE = [[i, i + 7] for i in range(101)]


def with_kernels(monkeypatch, work):
    monkeypatch.setattr(compiled, "PATIENCE", 1 << 62)
    plain = work()
    monkeypatch.setattr(compiled, "PATIENCE", 0)
    return plain, work()


def assert_same(first, second):
    for (rows, cosines), (others, scores) in zip(first, second, strict=True):
        assert rows.tolist() == others.tolist()
        assert cosines.tolist() == scores.tolist()


@pytest.mark.parametrize("exclude", [(), EXCLUDE])
@pytest.mark.parametrize("topn", [1, 10, 200])
def test_many_queries_like_numpy_to_the_last_bit(monkeypatch, matrix, queries, topn, exclude):
    monkeypatch.setattr(compiled, "_TOGETHER", 64)
    assert_same(
        *with_kernels(
            monkeypatch, lambda: exact.nearest_rows(matrix, queries, topn=topn, exclude=exclude)
        )
    )


@pytest.mark.parametrize("within", [None, 4_500, np.arange(5_003)[::3]])
def test_one_query_by_codes_like_numpy_to_the_last_bit(monkeypatch, matrix, queries, within):
    def work():
        searcher = Searcher(matrix)
        found = [
            searcher.nearest([query], topn=10, exclude=[out], within=within)[0]
            for query, out in zip(queries[:20], EXCLUDE, strict=False)
        ]
        if compiled.PATIENCE == 0 and not isinstance(within, np.ndarray):
            assert searcher._codes is not None
        return found

    assert_same(*with_kernels(monkeypatch, work))


@pytest.mark.parametrize("odd", [1e39, 1e300, np.inf, np.nan])
def test_both_refuse_what_float32_can_not_hold(monkeypatch, matrix, odd):
    def refused():
        with pytest.raises(InputError) as told:
            Searcher(matrix).nearest([np.full(37, odd)], topn=10)
        return str(told.value)

    first, second = with_kernels(monkeypatch, refused)
    assert first == second
    assert "finite vectors of 37 numbers (as float32)" in first


def test_many_equal_rows_go_back_to_numpy(monkeypatch):
    rows = np.random.default_rng(3).standard_normal((5_000, 8)).astype(np.float32)
    rows[1000:2000] = rows[5]
    for work in (
        lambda: exact.nearest_rows(rows, rows[[5, 6]], topn=20),
        lambda: Searcher(rows).nearest([rows[5].astype(float)], topn=20),
    ):
        plain, fast = with_kernels(monkeypatch, work)
        assert_same(plain, fast)
        assert fast[0][0].tolist() == [5, *range(1000, 1019)]


@pytest.mark.parametrize("scale", [1e-35, 1e35])
def test_lengths_that_float32_products_do_not_bear_are_left_to_numpy(monkeypatch, matrix, scale):
    rows = (matrix[:4_500].astype(float) * scale).astype(np.float32)
    assert_same(*with_kernels(monkeypatch, lambda: exact.nearest_rows(rows, matrix[:5], topn=5)))


@pytest.mark.parametrize(
    "laid_out",
    [
        lambda rows: np.pad(rows, ((0, 0), (0, 283)))[:, :37],  # a model in training has such rows
        np.asfortranarray,
        lambda rows: rows.astype(np.float64),
        lambda rows: rows.astype(np.float16),
    ],
)
def test_rows_that_kernels_would_not_find_are_left_to_numpy(monkeypatch, matrix, laid_out):
    # all in one direction, so that rows found in the wrong place are as near as the right ones seem
    rows = laid_out(matrix + 3 * np.random.default_rng(4).standard_normal(37, np.float32))
    queries = rows[:50].astype(np.float64)
    assert_same(*with_kernels(monkeypatch, lambda: exact.nearest_rows(rows, queries, topn=5)))


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
def test_analogies_like_numpy(monkeypatch, matrix, method):
    monkeypatch.setattr("wordkin.neighbors.analogies._ROWS", 1_000)
    questions = np.random.default_rng(2).integers(0, 300, (400, 3))
    plain, fast = with_kernels(
        monkeypatch, lambda: answer_analogies(matrix, questions, method=method)
    )
    np.testing.assert_array_equal(plain, fast)


@pytest.mark.parametrize("method", ["3cosadd", "3cosmul"])
def test_analogies_like_their_formulas(matrix, method):
    units = matrix[:200].astype(float)
    units /= np.where((lengths := np.linalg.norm(units, axis=1)) > 0, lengths, 1)[:, None]
    questions = np.random.default_rng(2).integers(0, 200, (30, 3))
    cosines = units @ units.T
    found = answer_analogies(matrix[:200], questions, method=method, topn=3)
    for (a, b, c), rows in zip(questions, found, strict=True):
        if method == "3cosadd":
            scores = cosines[b] + cosines[c] - cosines[a]
        else:
            scores = (1 + cosines[b]) * (1 + cosines[c]) / 4 / ((1 + cosines[a]) / 2 + 1e-6)
        scores[[a, b, c]] = -np.inf
        np.testing.assert_allclose(scores[rows], np.sort(scores)[::-1][:3], atol=1e-9)


def test_few_rows_leave_places_empty():
    found = answer_analogies(np.eye(5, dtype=np.float32), np.array([[0, 1, 2]]), topn=4)
    assert found.tolist() == [[3, 4, -1, -1]]


def test_codes_stay_within_the_error_they_state(matrix):
    lengths = np.maximum(exact.row_norms(matrix), np.float32(1e-9))
    lengths[300] = 1
    made = codes.make_codes(matrix, lengths)
    flat = made.codes.transpose(0, 2, 1).reshape(-1, 37)[: len(matrix)]
    units = matrix / lengths[:, None]
    off = np.linalg.norm(units - flat * made.steps[:, None], axis=1)
    np.testing.assert_allclose(off, made.errors, rtol=1e-3, atol=1e-6)
    assert np.abs(flat).max() == 127


def test_encode_is_its_python_twin(matrix):
    some = matrix[:70]
    factors = (1 / np.maximum(exact.row_norms(some), np.float32(1))).astype(np.float32)
    outs = []
    for encode in (topk.encode, topk.encode.py_func):
        out = np.zeros((2, 37, topk.SCREEN), np.int8), np.zeros(70, "f4"), np.zeros(70, "f4")
        encode(some, factors, *out)
        outs.append(out)
    np.testing.assert_array_equal(outs[0][0], outs[1][0])
    for ours, twin in zip(outs[0][1:], outs[1][1:], strict=True):
        np.testing.assert_allclose(ours, twin, rtol=1e-5)


def test_combinations_are_their_python_twin():
    rng = np.random.default_rng(5)
    plus, minus = rng.standard_normal((2, 6, 700)).astype(np.float32)
    questions = rng.integers(0, 6, (4, 3)).astype(np.int32)
    tops = []
    for kernel in (topk.best_combinations, None):
        best = topk.fresh(4, 5)
        if kernel:
            kernel(plus, minus, questions, best, 10)
            tops.append([sorted(rows) for rows in best.rows.tolist()])
        else:
            a, b, c = questions.T
            sums = plus[b] + plus[c] - minus[a]
            tops.append([sorted((10 + np.argsort(-s)[:5]).tolist()) for s in sums])
    assert tops[0] == tops[1]


def test_work_is_shared_without_gap_or_overlap():
    for count in (1, 7, 64, 65, 1000):
        parts = compiled.share(lambda a, b: range(a, b), count, 8)
        assert [i for part in parts for i in part] == list(range(count))


def test_parts_that_fail_say_so():
    def work(begin, end):
        if end == 1000:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        compiled.share(work, 1000, 8)


def test_what_fails_in_another_thread_is_told_by_the_caller(monkeypatch):
    begun = threading.Event()

    def work(begin, end):
        if threading.current_thread() is not caller:
            begun.set()
            raise ValueError("broken")
        assert begun.wait(60)

    caller = threading.current_thread()
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(compiled, "_pool", lambda: (pool, 2))
        with pytest.raises(ValueError, match="broken"):
            compiled.share(work, 1000, 8)
