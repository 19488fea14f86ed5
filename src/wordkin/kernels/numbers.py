"""Decimal text to float32 and back, whole rows at once.

What is read is what Python's ``float`` and then ``numpy.float32`` give, to the last bit. A decimal
is a whole number w times a power of ten. Below 2**53 and up to 10**22 both are exact float64, and
one multiplication or division of them rounds as ``float`` does (Clinger 1990, PLDI). Otherwise the
product is off by a few units in its last place; if all numbers so near have the same float32,
that is the answer. What is left (one in 10**8, and whatever else Python might take for a number)
is reported, and Python decides.

What is written is the shortest decimal that reads back as the same float32, in the form that
Python gives a float: with an exponent from 1e16 upwards and below 0.0001.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordkin.kernels import inline, inner, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

DONE, PAUSED, FIELDS, BLANK = range(4)  # how `parse_rows` ends

_N_POWERS = 70
_POWERS = np.array([float(f"1e{n}") for n in range(_N_POWERS)])
_EXACT = 22  # the largest power of ten that is an exact float64
_53_BITS = np.uint64(1 << 53)
_TEN = np.uint64(10)
_HUNDRED = np.uint32(100)
_PAIRS = np.frombuffer(b"".join(b"%02d" % n for n in range(100)), np.uint8)
_ZERO = np.uint8(48)
_TENS = np.array([10**n for n in range(9)], np.uint64)
_0, _1, _2, _3, _4, _5, _6, _7 = (np.uint64(n) for n in range(8))
_S8, _S16, _S24, _S32, _S56 = (np.uint64(n) for n in (8, 16, 24, 32, 56))
_ONES = np.uint64(0x0101010101010101)
_ZEROS = np.uint64(0x3030303030303030)
_LOW_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH_BITS = np.uint64(0x8080808080808080)
_OVER_NINE = np.uint64(0x7676767676767676)  # 0x80 - 10 in each byte
_FOURS = np.uint64(0x000000FF000000FF)
_PAIR_WEIGHTS = np.uint64(100 + (1_000_000 << 32))
_UNIT_WEIGHTS = np.uint64(1 + (10_000 << 32))
_MANY_DIGITS = 19  # as many as an uint64 holds for sure
_NEAR = 2.0**-50  # what two roundings of w and the power and one of the result can add up to
_SPACE, _PLUS, _MINUS, _DOT, _NEWLINE, _E = 32, 43, 45, 46, 10, 101
_SMALLEST_NORMAL = 1 << 23  # the bits of a float32
_EXPONENT_BITS = 0xFF << 23
_EDGE = 1e-6
_MOST_BYTES = 24  # of a number and the space in front of it

PAD = 8
"""How many line feeds `parse_rows` needs behind the last line."""

HEADROOM = _MOST_BYTES
"""How many bytes `format_rows` needs for each number."""


class Parsed(NamedTuple):
    """What `parse_rows` writes; all long enough for what a block can hold."""

    matrix: NDArray[np.float32]  # (rows, D)
    words: NDArray[np.uint8]  # the words one after the other
    offsets: NDArray[np.int64]  # (rows + 1,): where they begin and end
    lines: NDArray[np.int64]  # (rows,): the line of each row, from 0
    spaces: NDArray[np.bool_]  # (rows,): whether there is white space within the word
    hard: NDArray[np.int64]  # (n, 4): from, to, row, column of numbers that Python has to read
    state: NDArray[np.int64]  # (4,): position, line, rows, hard numbers


class Wanted(NamedTuple):
    """The beginnings of the words that are asked for, as `wordkin.kernels.words` indexes them."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    slots: NDArray[np.int32]  # none: all words are asked for
    seed: int


@inline
def _is_space(byte):
    return byte == _SPACE or 9 <= byte <= 13


@inline
def _is_gap(byte):
    """White space within a line."""
    return byte == _SPACE or (byte != _NEWLINE and 9 <= byte <= 13)


@inline
def _scaled(mantissa, exponent):
    """Return mantissa * 10**exponent as float32, and whether that is sure."""
    if mantissa == 0:
        return np.float32(0), True
    size = abs(exponent)
    if size >= _N_POWERS:
        return np.float32(0), False
    if exponent < 0:
        wide = np.float64(mantissa) / _POWERS[size]
    else:
        wide = np.float64(mantissa) * _POWERS[size]
    value = np.float32(wide)
    if mantissa < _53_BITS and size <= _EXACT:
        return value, True
    return value, np.float32(wide * (1 - _NEAR)) == np.float32(wide * (1 + _NEAR))


@inline
def _digits(data, i, mantissa):
    """Read digits; more than 19 of them overflow."""
    digit = np.int64(data[i]) - 48
    while 0 <= digit <= 9:
        mantissa = mantissa * _TEN + np.uint64(digit)
        i += 1
        digit = np.int64(data[i]) - 48
    return i, mantissa


@inline
def _eight_digits(data, at):
    """Read up to eight digits without a branch; return how many, and their number.

    Eight bytes are one uint64. What is no digit gets its highest bit set; then the digits are
    moved to the upper end, and neighbours are added up: pairs, fours, all eight.
    """
    i = np.uint64(at)
    low = np.uint64(data[i]) | np.uint64(data[i + _1]) << _S8
    low |= np.uint64(data[i + _2]) << _S16 | np.uint64(data[i + _3]) << _S24
    high = np.uint64(data[i + _4]) | np.uint64(data[i + _5]) << _S8
    high |= np.uint64(data[i + _6]) << _S16 | np.uint64(data[i + _7]) << _S24
    eight = (low | high << _S32) ^ _ZEROS
    other = ((eight & _LOW_BITS) + _OVER_NINE | eight) & _HIGH_BITS
    # the bits below the byte of the first one; all, if there is none
    below = ((other & (~other + _1)) >> _7) - _1
    n = np.int64(((below & _ONES) * _ONES) >> _S56)
    shift = np.uint64(64 - 8 * n)
    eight = eight << shift if n > 0 else _0
    eight = eight * _TEN + (eight >> _S8)
    upper = (eight & _FOURS) * _PAIR_WEIGHTS
    lower = ((eight >> _S16) & _FOURS) * _UNIT_WEIGHTS
    return n, (upper + lower) >> _S32


@inline
def _few_digits(data, start, stop):
    """Read 19 significant digits; return them, and which power of ten to multiply them with."""
    mantissa, taken, exponent, fraction = np.uint64(0), 0, 0, 0
    for i in range(start, stop):
        if data[i] == _DOT:
            fraction = 1
            continue
        if taken < _MANY_DIGITS:
            mantissa = mantissa * _TEN + np.uint64(np.int64(data[i]) - 48)
            taken += mantissa != 0
            exponent -= fraction
        else:
            exponent += 1 - fraction
    return mantissa, exponent


@kernel
def _number(data, start):
    """Read a number; return it, where it ends, and whether it is sure."""
    # without a branch: signs can't be predicted
    negative = np.int64(data[start] == _MINUS)
    i = start + (negative | np.int64(data[start] == _PLUS))
    first = i
    i, mantissa = _digits(data, i, np.uint64(0))
    n_digits = i - first
    exponent = 0
    if data[i] == _DOT:
        dot = i = i + 1
        n = 8
        while n == 8:
            n, digits = _eight_digits(data, i)
            mantissa = mantissa * _TENS[n] + digits
            i += n
        exponent = dot - i
        n_digits -= exponent
    if n_digits > _MANY_DIGITS:
        mantissa, exponent = _few_digits(data, first, i)
    sure = n_digits > 0
    if data[i] | 32 == _E:
        i += 1
        minus = data[i] == _MINUS
        if minus or data[i] == _PLUS:
            i += 1
        begin = i
        power = 0
        digit = np.int64(data[i]) - 48
        while 0 <= digit <= 9:
            power = min(10 * power + digit, 100_000)
            i += 1
            digit = np.int64(data[i]) - 48
        sure &= i > begin
        exponent += -power if minus else power
    value, fits = _scaled(mantissa, exponent)
    sure &= fits and _is_space(data[i]) and np.isfinite(value)
    return value * np.float32(1 - 2 * negative), i, sure


@inline
def _simple_line(data, start, row):
    """Read a line whose word has no space; return the end of word and line, or -1 for both."""
    i = start
    while not _is_space(data[i]):
        i += 1
    word_end = i
    sure = i > start
    for column in range(len(row)):
        while _is_gap(data[i]):
            i += 1
        if not sure or data[i] == _NEWLINE:
            return -1, -1
        row[column], i, sure = _number(data, i)
    while _is_gap(data[i]):
        i += 1
    if not sure or data[i] != _NEWLINE:
        return -1, -1
    return word_end, i


@inline
def _split_line(data, start, dimensions):
    """Return the end of word, of line, and the start of the last D fields; -1 if there are fewer.

    Or if they begin the line. White space alone in front of them is a word without letters.
    """
    end = start
    while data[end] != _NEWLINE:
        end += 1
    i = end
    for _ in range(dimensions):
        while i > start and _is_space(data[i - 1]):
            i -= 1
        while i > start and not _is_space(data[i - 1]):
            i -= 1
    if i == start:
        return -1, end, -1
    numbers = i
    while i > start and _is_space(data[i - 1]):
        i -= 1
    return i, end, numbers


@inline
def _is_wanted(data, start, wanted):
    """Whether the first piece of a line is the first piece of a word that is asked for."""
    stop = start
    key = _BASIS ^ np.uint64(wanted.seed)
    while not _is_space(data[stop]):
        key = (key ^ np.uint64(data[stop])) * _PRIME
        stop += 1
    mask = np.int64(len(wanted.slots) - 1)
    at = np.int64(key ^ (key >> _S32)) & mask
    while wanted.slots[at] >= 0:
        word = wanted.slots[at]
        begin, size = wanted.offsets[word], wanted.offsets[word + 1] - wanted.offsets[word]
        if size == stop - start:
            same = 0
            while same < size and wanted.data[begin + same] == data[start + same]:
                same += 1
            if same == size:
                return True
        at = (at + 1) & mask
    return False


_BASIS = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)


@kernel
def parse_rows(data, wanted, out):
    """Read lines of a word and D numbers; the word is what stands before the last D fields.

    Parameters
    ----------
    data : ndarray of uint8
        Shape (n + `PAD`,): whole lines; the last byte and the padding are line feeds.
    wanted : Wanted
        Lines that begin otherwise are passed over.
    out : Parsed
        Written on from where its `state` says.

    Returns
    -------
    int
        `DONE`; `PAUSED` when there is no room for more hard numbers (take them out and call
        again); `FIELDS` at a line with fewer than D numbers, or with nothing in front of them;
        `BLANK` at a line without anything.
    """
    position, line, row, n_hard = out.state
    top = out.offsets[row]
    dimensions = out.matrix.shape[1]
    status = DONE
    while position < len(data) - PAD:
        if len(out.hard) - n_hard < dimensions:
            status = PAUSED
            break
        if len(wanted.slots) > 0 and not _is_wanted(data, position, wanted):
            while data[position] != _NEWLINE:
                position += 1
            position += 1
            line += 1
            continue
        spaces = False
        word_end, end = _simple_line(data, position, out.matrix[row])
        if end < 0:
            word_end, end, i = _split_line(data, position, dimensions)
            if i < 0:
                status = FIELDS
                i = position
                while _is_gap(data[i]):
                    i += 1
                if i == end:
                    status = BLANK
                break
            for column in range(dimensions):
                while _is_space(data[i]):
                    i += 1
                begin = i
                value, i, sure = _number(data, begin)
                out.matrix[row, column] = value
                if not sure:
                    while not _is_space(data[i]):
                        i += 1
                    out.hard[n_hard, 0], out.hard[n_hard, 1] = begin, i
                    out.hard[n_hard, 2], out.hard[n_hard, 3] = row, column
                    n_hard += 1
            for i in range(position, word_end):
                spaces |= _is_space(data[i])
        for i in range(position, word_end):
            out.words[top] = data[i]
            top += 1
        out.lines[row], out.spaces[row] = line, spaces
        row += 1
        out.offsets[row] = top
        position = end + 1
        line += 1
    out.state[0], out.state[1], out.state[2], out.state[3] = position, line, row, n_hard
    return status


# ------------------------------------------------------------------------------ writing


@inline
def _point(value, wide):
    """Return p with 10**(p - 1) <= value < 10**p."""
    bits = np.int64(np.float32(value).view(np.int32))
    if bits < _SMALLEST_NORMAL:
        return np.int64(np.floor(np.log10(wide))) + 1
    # 1233 / 4096 is the logarithm of 2, a little too small: at most one too few
    point = (((bits >> 23) - 127) * 1233) >> 12
    if point >= 0:
        return point + 1 + (wide >= _POWERS[point + 1])
    return point + 1 + (wide * _POWERS[-point - 1] >= 1)


@inline
def _reads_back(mantissa, exponent, value):
    back, sure = _scaled(np.uint64(mantissa), exponent)
    return sure and back == value


@inline
def _is_decimal(scaled, half_gap, exponent, value, even):
    """Whether the whole number next to `scaled`, times a power of ten, reads back as `value`.

    It does if it is nearer than half the gap between float32 numbers. `scaled` is exact to a few
    units of 2**-53; who comes closer to the edge than that gap's millionth is read back to see.
    """
    whole = np.rint(scaled)
    off = abs(scaled - whole)
    if even and abs(off - half_gap) > _EDGE * half_gap:
        return off < half_gap
    return _reads_back(np.int64(whole), exponent, value)


@inner
def _shortest(value):
    """Return the shortest decimal of a positive float32, and its digits; 0 digits if not found."""
    wide = np.float64(value)
    bits = np.int64(np.float32(value).view(np.int32))
    # at a power of two the numbers below are nearer, and the smallest numbers have fixed gaps
    even = bits >= _SMALLEST_NORMAL and bits & (_SMALLEST_NORMAL - 1) != 0
    half_gap = np.float64(np.int32(bits & _EXPONENT_BITS).view(np.float32)) * 2.0**-24
    digits = 8  # enough for most
    exponent = _point(value, wide) - digits
    factor = _POWERS[-exponent] if exponent < 0 else 1 / _POWERS[exponent]
    scaled, half_gap = wide * factor, half_gap * factor
    if not _is_decimal(scaled, half_gap, exponent, value, even):
        digits, exponent = 9, exponent - 1
        scaled, half_gap = scaled * 10, half_gap * 10
        if not _is_decimal(scaled, half_gap, exponent, value, even):
            return np.int64(0), exponent, 0
    mantissa = np.int64(np.rint(scaled))
    while digits > 1:
        scaled, half_gap = scaled * 0.1, half_gap * 0.1
        if _is_decimal(scaled, half_gap, exponent + 1, value, even):
            mantissa = np.int64(np.rint(scaled))
        elif not even and _reads_back(np.int64(np.rint(scaled)) + 1, exponent + 1, value):
            mantissa = np.int64(np.rint(scaled)) + 1
        else:
            break
        digits, exponent = digits - 1, exponent + 1
    if mantissa >= np.int64(_POWERS[digits]):  # 9.99 became 10.0
        mantissa //= 10
        exponent += 1
    while digits > 1 and mantissa % 10 == 0:
        mantissa //= 10
        exponent += 1
        digits -= 1
    return mantissa, exponent, digits


@inline
def _put_digits(out, at, mantissa, digits):
    left = np.uint32(mantissa)  # at most 9 digits; signed division takes longer
    i = at + digits
    while i - at >= 2:
        rest = left // _HUNDRED
        pair = 2 * np.int64(left - rest * _HUNDRED)
        out[i - 2], out[i - 1] = _PAIRS[pair], _PAIRS[pair + 1]
        left = rest
        i -= 2
    if i > at:
        out[at] = np.uint8(left) + _ZERO
    return at + digits


@inline
def _put_exponent(out, at, mantissa, digits, power):
    """Write 1.23e-05."""
    unit = np.int64(_POWERS[digits - 1])
    out[at] = 48 + mantissa // unit
    at += 1
    if digits > 1:
        out[at] = _DOT
        at = _put_digits(out, at + 1, mantissa % unit, digits - 1)
    out[at] = _E
    out[at + 1] = _MINUS if power < 0 else _PLUS
    return _put_digits(out, at + 2, abs(power), 2)


@inline
def _put_number(out, at, value):
    """Write a number; return where it ends, or -1 where only NumPy finds its digits."""
    if np.signbit(value):
        out[at] = _MINUS
        at += 1
        value = -value
    if value == 0:
        out[at], out[at + 1], out[at + 2] = 48, _DOT, 48
        return at + 3
    mantissa, exponent, digits = _shortest(value)
    if digits == 0:
        return -1
    point = digits + exponent  # the value is 0.DIGITS times ten to this power
    if point < -3 or point > 16:
        return _put_exponent(out, at, mantissa, digits, point - 1)
    if point <= 0:
        out[at], out[at + 1] = 48, _DOT
        at += 2
        for _ in range(-point):
            out[at] = 48
            at += 1
        return _put_digits(out, at, mantissa, digits)
    if exponent >= 0:
        at = _put_digits(out, at, mantissa, digits)
        for _ in range(exponent):
            out[at] = 48
            at += 1
        out[at], out[at + 1] = _DOT, 48
        return at + 2
    whole = mantissa // np.int64(_POWERS[-exponent])
    at = _put_digits(out, at, whole, point)
    out[at] = _DOT
    return _put_digits(out, at + 1, mantissa - whole * np.int64(_POWERS[-exponent]), -exponent)


@kernel
def format_rows(matrix, first, words, offsets, out):
    """Write rows as text: the word, the numbers, a line feed.

    Parameters
    ----------
    matrix : ndarray of float32
        Shape (rows, D): finite numbers.
    first : int
        The row to begin with.
    words : ndarray of uint8
        The words one after the other.
    offsets : ndarray of int64
        Shape (rows + 1,): where they begin and end.
    out : ndarray of uint8
        Written; its length is that of the words and, for each row, 2 + D * `HEADROOM`.

    Returns
    -------
    tuple of int
        The row it stopped before, and the number of bytes written. It stops before a row with
        a number that has to be written by NumPy.
    """
    at = 0
    for row in range(first, len(matrix)):
        start = at
        for i in range(offsets[row], offsets[row + 1]):
            out[at] = words[i]
            at += 1
        for value in matrix[row]:
            out[at] = _SPACE
            at = _put_number(out, at + 1, value)
            if at < 0:
                return row, start
        out[at] = _NEWLINE
        at += 1
    return len(matrix), at
