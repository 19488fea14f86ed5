"""Numbers read and written by kernels, against Python's float and NumPy's shortest decimals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordkin.formats import glove, lines
from wordkin.table import VectorTable
from wordkin.vocabulary import Vocabulary

DECIMAL = r"[+-]?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})(e[+-]?[0-9]{1,2})?"


def read_numbers(tmp_path, texts):
    """Read numbers as the only ones of their lines (two in a line, as GloVe's format needs)."""
    path = tmp_path / "v.txt"
    path.write_bytes(b"".join(b"w%d 1 %s\n" % (i, text) for i, text in enumerate(texts)))
    return glove.read(path).matrix[:, 1]


def expected(texts):
    return np.array([float(text) for text in texts]).astype(np.float32)


def assert_same_bits(ours, theirs):
    np.testing.assert_array_equal(ours.view(np.uint32), theirs.view(np.uint32))


def near_ties():
    """Decimals that lie on, or next to, the middle between two float32 numbers."""
    rng = np.random.default_rng(3)
    for bits in rng.integers(1, 0x7F000000, 500, dtype=np.uint32):
        low = bits.view(np.float32)
        middle = (np.float64(low) + np.float64(np.nextafter(low, np.float32(np.inf)))) / 2
        exact = f"{middle:.160e}"
        mantissa, _, exponent = exact.partition("e")
        mantissa = mantissa.rstrip("0")
        for tail in ("", "1", "0" * 30 + "1"):
            yield f"{mantissa}{tail}e{exponent}".encode()
        yield f"{np.nextafter(middle, 0)!r}".removeprefix("np.float64(").rstrip(")").encode()


def test_numbers_next_to_the_middle_between_two_are_rounded_as_python_rounds(tmp_path):
    texts = list(near_ties())
    assert_same_bits(read_numbers(tmp_path, texts), expected(texts))


@pytest.mark.parametrize(
    "text",
    b"0 -0 +0 .5 5. -.5e1 1E5 1e+05 1e-400 4.9e-324 1e-45 7e-46 0.7e-45 1.4e-45 3.4028235e38 "
    b"16777217 16777219 9007199254740993 123456789012345678901234567890 0.1e1 00001.50000 "
    b"0.000000000000000000000000000000000000000000000000000000001e57 1e22 1e23 8.5e22 "
    b"3.14159265358979323846264338327950288419716939937510582097494459 1e0000000000000000001 "
    b"-0.00000000000000000000000000000000000001175494350822287507968736537222245677818665556 "
    b"0.00000000000000000000000000000000000000000000000000000000000000000000000000000001".split(),
)
def test_odd_forms_are_read_as_python_reads_them(tmp_path, text):
    assert_same_bits(read_numbers(tmp_path, [text]), expected([text]))


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.from_regex(
            r"[+-]?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})(e[+-]?[0-9]{1,2})?", fullmatch=True
        ),
        min_size=1,
        max_size=20,
    )
)
def test_all_decimals_are_read_as_python_reads_them(tmp_path_factory, texts):
    texts = [text.encode() for text in texts]
    texts = [t for t in texts if abs(float(t)) < 3.4e38] or [b"1"]
    path = tmp_path_factory.getbasetemp()
    assert_same_bits(read_numbers(path, texts), expected(texts))


def written(values):
    matrix = np.asarray(values, np.float32).reshape(-1, 1)
    lines_ = lines._format([b"w"] * len(matrix), matrix).split(b"\n")
    return [line.removeprefix(b"w ").decode() for line in lines_[:-1]]


def digits_of(text):
    """Reduce a number to its digits, without the zeros around them."""
    return text.lstrip("-").partition("e")[0].replace(".", "").strip("0")


def odd_numbers():
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**32, 5000, dtype=np.uint32).view(np.float32)
    powers = np.concatenate([2.0 ** np.arange(-149, 128), 10.0 ** np.arange(-45, 39)])
    edges = np.concatenate([powers, [1e16, 1e-4, 9.999e-5, 123456, 16777216, 0.1, 0, -0.0]])
    edges = edges.astype(np.float32)
    near = [np.nextafter(edges, np.float32(to)) for to in (0, np.inf)]
    values = np.concatenate([bits, edges, *near])
    return values[np.isfinite(values)]


def test_what_is_written_is_shortest_and_reads_back():
    values = odd_numbers()
    texts = written(values)
    assert_same_bits(expected(texts), values)
    shortest = [np.format_float_scientific(value, unique=True) for value in values]
    assert [digits_of(text) for text in texts] == [digits_of(text) for text in shortest]


def test_numbers_are_written_in_pythons_form():
    values = [0.0, -0.0, 1, -2.5, 1e-4, 9.5e-5, 1e15, 1e16, 1.25e20, 1e-40, 123456.0, 3.4e38]
    assert written(values)[:8] == ["0.0", "-0.0", "1.0", "-2.5", "0.0001", "9.5e-05",
                                   "1000000000000000.0", "1e+16"]  # fmt: skip
    assert written(values)[8:] == ["1.25e+20", "1e-40", "123456.0", "3.4e+38"]


def test_a_number_that_the_kernel_gives_up_is_written_by_numpy(monkeypatch):
    matrix = np.array([[1, 2], [3, 4], [5, 6]], np.float32)

    def shy(matrix, first, words, offsets, out):
        if first == 0:
            out[:4] = list(b"a 1\n")
            return 1, 4
        return first, 0

    monkeypatch.setattr("wordkin.kernels.numbers.format_rows", shy)
    assert lines._format([b"a", b"b", b"c"], matrix) == b"a 1\nb 3.0 4.0\nc 5.0 6.0\n"


def test_large_files_are_cut_into_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_BLOCK", 50)
    monkeypatch.setattr(lines, "_HARD", 1)
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((300, 3)).astype(np.float32)
    table = VectorTable(Vocabulary([f"w{i}" for i in range(300)]), matrix)
    glove.write(table, tmp_path / "v.txt")
    back = glove.read(tmp_path / "v.txt")
    assert back.vocabulary.words == table.vocabulary.words
    np.testing.assert_array_equal(back.matrix, matrix)
