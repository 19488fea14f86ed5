"""A vector table is checked when it is made."""

from __future__ import annotations

import numpy as np
import pytest

from wordkin.errors import InputError, RowError
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["a", "b", "c"])


def test_float32_is_taken_without_a_copy():
    matrix = np.ones((3, 2), np.float32)
    table = VectorTable.from_arrays(VOCABULARY, matrix)
    assert table.matrix is matrix or np.shares_memory(table.matrix, matrix)
    assert (len(table), table.dimensions) == (3, 2)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int64])
def test_other_numbers_are_converted(dtype):
    table = VectorTable.from_arrays(VOCABULARY, np.ones((3, 2), dtype))
    assert table.matrix.dtype == np.float32


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones(3), "one matrix"),
        (np.ones((3, 0)), "one matrix"),
        (np.ones((2, 2)), "2 rows, but there are 3 words"),
        ([[1, 2], [3], [4, 5]], "rows of one length"),
        ([["x"], ["y"], ["z"]], "real numbers"),
        (np.ones((3, 1), np.complex64), "real numbers"),
        (np.array([["1"], ["2"], ["3"]]), "real numbers"),
        ([[1.0], [np.nan], [np.inf]], "'b'"),
        ([[1.0], [2.0], [1e300]], "'c'"),
    ],
)
def test_what_is_no_matrix_of_finite_rows_is_refused(matrix, message):
    with pytest.raises(InputError, match=message):
        VectorTable.from_arrays(VOCABULARY, matrix)


def test_the_bare_constructor_takes_float32_only():
    with pytest.raises(InputError, match="float64"):
        VectorTable(VOCABULARY, np.ones((3, 2)))
    with pytest.raises(InputError, match="got float32, not contiguous"):
        VectorTable(VOCABULARY, np.ones((2, 3), np.float32).T)
    with pytest.raises(InputError, match="got list"):
        VectorTable(VOCABULARY, [[1.0], [2.0], [3.0]])


def test_rows_are_taken_in_the_order_given():
    counted = Vocabulary(["a", "b", "c"], [3, 2, 1], specials=("<pad>",), tokenizer="whitespace")
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)
    table = VectorTable(counted, matrix, {"x": 1}).take([2, 0])
    assert table.vocabulary == Vocabulary(["c", "a"], specials=("<pad>",))
    assert table.vocabulary.counts.tolist() == [1, 3]
    assert table.vocabulary.tokenizer is counted.tokenizer
    assert table.matrix.tolist() == [[4, 5], [0, 1]]
    assert table.settings == {"x": 1}
    assert not np.shares_memory(table.matrix, matrix)
    assert len(VectorTable(VOCABULARY, np.ones((3, 2), np.float32)).take([])) == 0


def test_a_table_is_equal_to_itself_only():
    """Comparing values would take as long as reading them, and arrays have no single answer."""
    one, two = (VectorTable(VOCABULARY, np.ones((3, 2), np.float32)) for _ in range(2))
    assert one == one
    assert one != two
    assert {one: "kept"}[one] == "kept"


def test_a_tensor_that_is_trained_is_refused_in_words():
    torch = pytest.importorskip("torch")
    with pytest.raises(InputError, match="detach"):
        VectorTable.from_arrays(VOCABULARY, torch.ones(3, 2, requires_grad=True))


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([-1], RowError),  # NumPy would count from the end
        ([0, 3], RowError),
        (np.array([2**40]), RowError),
        ([1.5], InputError),
        ([True, False, True], InputError),  # would be rows 1, 0, 1
        ([[0], [1]], InputError),
        ([[0], [1, 2]], InputError),
        (0, InputError),
    ],
)
def test_rows_that_are_none_are_refused(rows, error):
    table = VectorTable.from_arrays(Vocabulary(["a", "b", "c"]), [[1, 2], [3, 4], [5, 6]])
    with pytest.raises(error, match=r"[Rr]ow"):
        table.take(rows)


def test_no_rows_make_an_empty_table():
    table = VectorTable.from_arrays(Vocabulary(["a"]), [[1, 2]])
    assert len(table.take([])) == 0
    assert table.take([]).dimensions == 2
