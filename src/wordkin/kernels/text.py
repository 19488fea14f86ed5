"""Raw UTF-8 to words: what a tokenizer of `wordkin.text` says, byte by byte and compiled.

`scan` cuts a block of text into lower-case words; blocks are independent, so threads share them.
`wordkin.kernels.numbering` then gives each word its number.

What separates words and what belongs to them is said by two tables over all code points, made by
`wordkin.text.classes`: the class of each character, and its lower case. A few characters can't be
lowered one by one (``Σ`` depends on its neighbours, ``İ`` becomes two), and some bytes are no UTF-8
at all. What stands between white space around such a place is *foreign*: `scan` leaves a gap for
it, which Python's own tokenizer has to fill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from wordkin.kernels import kernel, pasted

if TYPE_CHECKING:
    from numpy.typing import NDArray

# the classes of characters
OTHER, LETTER, DIGIT, MARK, JOINER, NUMBER, LINE_END, SPACE, FOREIGN = range(9)

PADDING = 16
"""Bytes that must follow a text: kernels load as many at a time, also those of its last word."""

_RETURN, _NEWLINE = np.uint8(13), np.uint8(10)
# what is signed here and unsigned there is a float to Numba: all are of one kind
_8 = np.uint64(8)


class Rule(NamedTuple):
    """A tokenizer, as `scan` sees it."""

    classes: NDArray[np.uint8]  # (0x110000,) of each code point
    lower: NDArray[np.int32]  # (0x110000,) the code point that it becomes
    plain: NDArray[np.uint8]  # (5,) what `plain_letters` makes of the two
    min_chars: int  # words that are shorter,
    max_chars: int  # or longer,
    not_first: int  # or begin with this byte (-1: none) are dropped; with max_chars -1 none


class Scanned(NamedTuple):
    """What `scan` writes; long enough for the worst case."""

    text: NDArray[np.uint8]  # the words, lowered, one after the other
    bounds: NDArray[np.int64]  # word t is text[bounds[t]:bounds[t + 1]]; a gap is empty
    ends: NDArray[np.int64]  # where lines end: before the word of this number
    gaps: NDArray[np.int64]  # (n, 2) from which to which byte of the block a gap is


def room(n_bytes: int) -> Scanned:
    """Make room for what is found in a block.

    Parameters
    ----------
    n_bytes : int
        Its length.

    Returns
    -------
    Scanned
        Arrays that take memory only as far as they are written.
    """
    # a word needs a byte to part it from the next, and lowering makes at most two bytes of one (of
    # a Turkish I; elsewhere three of two)
    words = n_bytes // 2 + 2
    return Scanned(
        np.empty(2 * n_bytes + PADDING, np.uint8),
        np.empty(words + 1, np.int64),
        np.empty(n_bytes + 1, np.int64),
        np.empty((words, 2), np.int64),
    )


# ------------------------------------------------------------------------------ cutting


@intrinsic
def eight(typing: Any, array: Any, index: Any) -> Any:
    """Load eight bytes as one number, from any place of an array of bytes."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        first = context.make_array(array)(context, builder, args[0]).data
        address = builder.gep(first, [args[1]])
        value = builder.load(builder.bitcast(address, ir.IntType(64).as_pointer()))
        value.align = 1
        return value

    return types.uint64(array, types.intp), emit


@intrinsic
def _take_plain(typing: Any, data: Any, i: Any, text: Any, at: Any, plain: Any) -> Any:
    """Copy plain letters from data[i] on, lowered, to text[at]; return how many, 16 at most.

    Sixteen bytes are written in any case: what is behind the letters is to be written over.
    """

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.VectorType(ir.IntType(8), PADDING)

        def address(array: Any, item: Any, index: Any) -> Any:
            first = context.make_array(array)(context, builder, item).data
            return builder.bitcast(builder.gep(first, [index]), kind.as_pointer())

        def between(first: Any, span: Any) -> Any:
            return builder.icmp_unsigned("<", builder.sub(value, first), span)

        numbers = context.make_array(plain)(context, builder, args[4]).data
        splats = []
        for n in range(5):
            scalar = builder.load(builder.gep(numbers, [ir.Constant(ir.IntType(64), n)]))
            one = builder.insert_element(
                ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0)
            )
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), PADDING), [0] * PADDING)
            splats.append(builder.shuffle_vector(one, one, lanes))
        value = builder.load(address(data, args[0], args[1]))
        value.align = 1
        first, span, other, other_span, lift = splats
        capital = between(first, span)
        letter = builder.or_(capital, between(other, other_span))
        lifted = builder.select(capital, builder.add(value, lift), value)
        builder.store(lifted, address(text, args[2], args[3])).align = 1
        mask = builder.bitcast(builder.not_(letter), ir.IntType(PADDING))
        wide = builder.zext(mask, ir.IntType(64))
        ended = builder.or_(wide, ir.Constant(ir.IntType(64), 1 << PADDING))
        return builder.cttz(ended, ir.Constant(ir.IntType(1), 1))

    return types.int64(data, types.intp, text, types.intp, plain), emit


def plain_letters(classes: NDArray[np.uint8], lower: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Find the letters of ASCII that need no table: two ranges of bytes, the first to be lowered.

    Parameters
    ----------
    classes, lower : ndarray
        As in `Rule`.

    Returns
    -------
    ndarray of uint8
        The first byte of a range and its length, the same of another, and what the first range
        is lifted by to make it lower case. Letters beside these go by the tables.

    Examples
    --------
    >>> classes = np.full(0x110000, OTHER, np.uint8)
    >>> classes[[*range(65, 91), *range(97, 123)]] = LETTER
    >>> lower = np.arange(0x110000, dtype=np.int32)
    >>> lower[65:91] += 32
    >>> plain_letters(classes, lower).tolist()
    [65, 26, 97, 26, 32]
    """
    found = []
    code = 0
    while code < 0x80:
        end = code
        while end < 0x80 and classes[end] == LETTER and lower[end] - end == lower[code] - code:
            end += 1
        if end > code:
            found.append((int(lower[code] - code), end - code, code))
        code = max(end, code + 1)
    raised = max((run for run in found if run[0] > 0), key=lambda run: run[1], default=(0, 0, 0))
    same = max((run for run in found if run[0] == 0), key=lambda run: run[1], default=(0, 0, 0))
    lift, span, first = raised
    return np.array([first, span, same[2], same[1], lift], np.uint8)


@pasted
def _decode(first):
    """Return the code point that bytes begin with, and how many it takes; (-1, 1) if none."""
    a, b = np.int64(first & np.uint64(0xFF)), np.int64(first >> _8 & np.uint64(0xFF))
    c = np.int64(first >> np.uint64(16) & np.uint64(0xFF))
    d = np.int64(first >> np.uint64(24) & np.uint64(0xFF))
    code, size = np.int64(-1), 1
    if b & 0xC0 == 0x80:
        if 0xC2 <= a < 0xE0:
            code, size = (a & 0x1F) << 6 | (b & 0x3F), 2
        elif 0xE0 <= a < 0xF0 and c & 0xC0 == 0x80:
            three = (a & 0x0F) << 12 | (b & 0x3F) << 6 | (c & 0x3F)
            if three >= 0x800 and not 0xD800 <= three < 0xE000:
                code, size = three, 3
        elif 0xF0 <= a < 0xF5 and c & 0xC0 == 0x80 and d & 0xC0 == 0x80:
            four = (a & 0x07) << 18 | (b & 0x3F) << 12 | (c & 0x3F) << 6 | (d & 0x3F)
            if 0x10000 <= four < 0x110000:
                code, size = four, 4
    return code, size


@pasted
def _encode(code):
    """Return the four bytes of a code point in UTF-8, and how many of them count."""
    last = 0x80 | code & 0x3F
    if code < 0x80:
        return code, 0, 0, 0, 1
    if code < 0x800:
        return 0xC0 | code >> 6, last, 0, 0, 2
    if code < 0x10000:
        return 0xE0 | code >> 12, 0x80 | (code >> 6 & 0x3F), last, 0, 3
    return 0xF0 | code >> 18, 0x80 | (code >> 12 & 0x3F), 0x80 | (code >> 6 & 0x3F), last, 4


@kernel
def scan(data, rule, found):
    """Cut a block of text into words.

    Parameters
    ----------
    data : ndarray of uint8
        Shape (n + PADDING,): UTF-8, perhaps with errors, then spaces.
    rule : Rule
        The tokenizer.
    found : Scanned
        What is written, as `room` makes it for n bytes.

    Returns
    -------
    tokens, lines, gaps, dropped : int
        How many words (gaps among them), ends of lines and gaps were written; how many words
        were dropped by the rule.
    """
    classes, lower = rule.classes, rule.lower
    text, bounds, ends, gaps = found
    n = len(data) - PADDING
    tokens = lines = n_gaps = dropped = 0
    start = at = 0  # of the word at hand in text
    # up to here all is done; if a place is foreign, this is where its gap begins
    safe = safe_tokens = safe_dropped = 0
    digit_end = number_end = -1
    i = 0
    bounds[0] = 0
    while i <= n:
        letters = _take_plain(data, i, text, at, rule.plain)  # in English, the rest of the word
        at += letters
        i += letters
        if letters == PADDING:
            continue
        code, size = np.int64(data[i]), 1
        if code < 0x80:
            kind = classes[code]
        else:
            code, size = _decode(eight(data, i))
            kind = classes[code] if code >= 0 else FOREIGN
        inside = kind in (LETTER, DIGIT) or (kind == MARK and at > start)
        if kind == JOINER and at > start and digit_end != i:
            after, _ = np.int64(data[i + size]), 1
            if after >= 0x80:
                after, _ = _decode(eight(data, i + size))
            # a foreign character takes back this word anyway
            inside = after >= 0 and classes[after] == LETTER
        if inside:
            text[at], text[at + 1], text[at + 2], text[at + 3], length = _encode(lower[code])
            at += length
            i += size
            if kind == DIGIT:
                digit_end = i
            continue
        if kind == FOREIGN:
            while classes[data[i]] != SPACE and classes[data[i]] != LINE_END:
                i += 1
            gaps[n_gaps, 0], gaps[n_gaps, 1] = safe, i
            n_gaps += 1
            tokens, dropped = safe_tokens + 1, safe_dropped
            start = at = bounds[tokens] = bounds[safe_tokens]
            safe, safe_tokens, safe_dropped = i, tokens, dropped
            continue
        if at > start:
            fits = True
            if rule.max_chars >= 0:
                chars = 0
                for j in range(start, at):
                    chars += text[j] & 0xC0 != 0x80
                fits = rule.min_chars <= chars <= rule.max_chars and text[start] != rule.not_first
            if fits:
                tokens += 1
                bounds[tokens] = start = at
            else:
                dropped += 1
                at = start
        if kind == NUMBER:
            dropped += number_end != i
            number_end = i + size
        i += size
        if kind == LINE_END:
            ends[lines] = tokens
            lines += 1
            if code == _RETURN and data[i] == _NEWLINE:
                i += 1
        if kind in (LINE_END, SPACE):
            safe, safe_tokens, safe_dropped = i, tokens, dropped
    return tokens, lines, n_gaps, dropped
