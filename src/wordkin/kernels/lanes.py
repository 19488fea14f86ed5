"""Vectors of floats as values that kernels compute with: explicit SIMD, written in Python.

A *lane vector* is one hardware register full of float32 (`LANES` of them: 16 with AVX-512, 8 with
AVX2, 4 with SSE or NEON). Kernels see it as a number: it can be added and multiplied, and a tuple
of them lives in registers. Each function below emits a few LLVM instructions through
`numba.extending.intrinsic`; none has a loop, and none checks bounds, so addresses must be right.

Matrices are passed by address (``array.ctypes.data``). Rows start at multiples of 64 bytes and
are padded to whole lane vectors, so that every load and store is aligned.
Addresses don't keep arrays alive: whoever takes one must also keep the array in the signature of
the compiled function that uses it.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import llvmlite.binding
from llvmlite import ir
from numba.core import config, types
from numba.extending import intrinsic, models, overload, register_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDE = 16
"""Targets that one coefficient vector holds, on every machine."""


def _hardware_lanes() -> int:
    """Floats in the widest register of the CPU that Numba compiles for."""
    if config.CPU_FEATURES is not None:
        features = config.CPU_FEATURES
    else:
        features = llvmlite.binding.get_host_cpu_features().flatten()
    wanted = set(features.split(","))
    if "+avx512f" in wanted:
        return 16
    return 8 if "+avx" in wanted else 4


LANES = _hardware_lanes()
ROW_FLOATS = 16
"""Rows are padded to a multiple of this many floats (one cache line)."""

_F32, _I16, _I32, _I64 = ir.FloatType(), ir.IntType(16), ir.IntType(32), ir.IntType(64)
_FAST = ("fast",)


class LanesType(types.Type):
    """The Numba type of a vector of `width` float32 (or int32) values."""

    def __init__(self, width: int, element: str) -> None:
        self.width = width
        self.element = element
        super().__init__(name=f"{element}x{width}")


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: LanesType) -> None:
        element = _F32 if kind.element == "float" else _I32
        super().__init__(manager, kind, ir.VectorType(element, kind.width))


_lanes = LanesType(LANES, "float")
_wide = LanesType(WIDE, "float")
_wide_int = LanesType(WIDE, "int")


def _vector(width: int) -> ir.VectorType:
    return ir.VectorType(_F32, width)


def _constant(value: float, width: int) -> ir.Constant:
    return ir.Constant(_vector(width), [value] * width)


def _splat(builder: Any, scalar: Any, width: int) -> Any:
    """All lanes the same scalar."""
    kind = ir.VectorType(scalar.type, width)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(_I32, 0))
    return _pick(builder, first, first, [0] * width)


def _pick(builder: Any, a: Any, b: Any, lanes: Sequence[int]) -> Any:
    """The lanes of a and b (those of b counted on from a's) in the order given."""
    index = ir.Constant(ir.VectorType(_I32, len(lanes)), list(lanes))
    return builder.shuffle_vector(a, b, index)


def _call(builder: Any, name: str, *args: Any) -> Any:
    """Call an LLVM intrinsic on vectors like the first argument."""
    kind = args[0].type
    full_name = f"llvm.{name}.v{kind.count}f32"
    function = builder.module.globals.get(full_name) or ir.Function(
        builder.module, ir.FunctionType(kind, [kind] * len(args)), full_name
    )
    return builder.call(function, args, fastmath=_FAST)


def _multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c, fused where the CPU can (llvm.fma would become a library call elsewhere)."""
    return _call(builder, "fmuladd", a, b, c)


def _load(builder: Any, address: Any, kind: Any, align: int) -> Any:
    value = builder.load(builder.inttoptr(address, kind.as_pointer()))
    value.align = align
    return value


def _store(builder: Any, value: Any, address: Any, align: int) -> None:
    builder.store(value, builder.inttoptr(address, value.type.as_pointer())).align = align


def _items(builder: Any, pack: Any, kind: Any) -> list[Any]:
    return [builder.extract_value(pack, i) for i in range(len(kind))]


@intrinsic
def load(typing: Any, address: Any) -> Any:
    """The lane vector at an aligned address."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _load(builder, args[0], _vector(LANES), 4 * LANES)

    return _lanes(types.intp), emit


@intrinsic
def store(typing: Any, address: Any, value: Any) -> Any:
    """Write a lane vector, of either width, to an aligned address."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _store(builder, args[1], args[0], 4 * LANES)
        return context.get_dummy_value()

    return types.void(types.intp, value), emit


@intrinsic
def load_wide(typing: Any, address: Any) -> Any:
    """WIDE floats from an address of any alignment."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _load(builder, args[0], _vector(WIDE), 4)

    return _wide(types.intp), emit


@intrinsic
def load_wide_int(typing: Any, address: Any) -> Any:
    """WIDE int32 from an address of any alignment."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _load(builder, args[0], ir.VectorType(_I32, WIDE), 4)

    return _wide_int(types.intp), emit


def _load_number(kind: types.Integer, bits: Any) -> Callable[..., Any]:
    """An intrinsic that loads one whole number from an address."""

    @intrinsic
    def load_number(typing: Any, address: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _load(builder, args[0], bits, kind.bitwidth // 8)

        return kind(types.intp), emit

    return load_number


load_int32 = _load_number(types.int32, _I32)
load_int64 = _load_number(types.int64, _I64)


@intrinsic
def store_wide(typing: Any, address: Any, value: Any) -> Any:
    """Write WIDE floats or int32 to an address of any alignment."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _store(builder, args[1], args[0], 4)
        return context.get_dummy_value()

    return types.void(types.intp, value), emit


def _between(start: int, stop: int) -> ir.Constant:
    """A mask of the lanes from `start` up to `stop`."""
    kind = ir.VectorType(ir.IntType(1), WIDE)
    return ir.Constant(kind, [int(start <= lane < stop) for lane in range(WIDE)])


@intrinsic(prefer_literal=True)
def lanes_between(typing: Any, scalar: Any, start: Any, stop: Any) -> Any:
    """WIDE floats: the scalar in the lanes from `start` up to `stop` (constants), 0 elsewhere."""
    mask = _between(start.literal_value, stop.literal_value)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(mask, _splat(builder, args[0], WIDE), _constant(0.0, WIDE))

    return _wide(types.float32, start, stop), emit


@intrinsic(prefer_literal=True)
def first_lanes(typing: Any, numbers: Any, count: Any) -> Any:
    """The first `count` (a constant) of WIDE int32, -1 in the lanes after them."""
    mask = _between(0, count.literal_value)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(mask, args[0], ir.Constant(args[0].type, [-1] * WIDE))

    return numbers(numbers, count), emit


@intrinsic
def zero_where(typing: Any, vector: Any, numbers: Any, number: Any) -> Any:
    """WIDE floats, 0 in the lanes in which `numbers` (WIDE int32) are this one."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector, numbers, number = args
        same = builder.icmp_signed("==", numbers, _splat(builder, number, WIDE))
        return builder.select(same, _constant(0.0, WIDE), vector)

    return vector(vector, numbers, types.int32), emit


@intrinsic(prefer_literal=True)
def zeros(typing: Any, count: Any) -> Any:
    """A tuple of `count` lane vectors of zeros (count is a compile-time constant)."""
    pack = types.UniTuple(_lanes, count.literal_value)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_tuple(builder, pack, [_constant(0.0, LANES)] * len(pack))

    return pack(count), emit


@intrinsic
def splat(typing: Any, scalar: Any) -> Any:
    """A lane vector whose lanes all hold the scalar."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[0], LANES)

    return _lanes(types.float32), emit


@intrinsic
def splat_wide(typing: Any, scalar: Any) -> Any:
    """WIDE lanes that all hold the scalar."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[0], WIDE)

    return _wide(types.float32), emit


@intrinsic
def load_each(typing: Any, rows: Any, offset: Any) -> Any:
    """One lane vector from each of a tuple of row addresses, `offset` bytes into the row."""
    pack = types.UniTuple(_lanes, len(rows))

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        loaded = [
            _load(builder, builder.add(row, args[1]), _vector(LANES), 4 * LANES)
            for row in _items(builder, args[0], rows)
        ]
        return context.make_tuple(builder, pack, loaded)

    return pack(rows, types.intp), emit


@intrinsic
def add_to_each(typing: Any, rows: Any, offset: Any, changes: Any) -> Any:
    """Add one lane vector to each row in memory, one after another.

    Each row is read again here: right when a row stands in the tuple twice, and a shorter race
    with other threads.
    """

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        packed = zip(_items(builder, args[0], rows), _items(builder, args[2], changes), strict=True)
        for row, change in packed:
            address = builder.add(row, args[1])
            old = _load(builder, address, _vector(LANES), 4 * LANES)
            _store(builder, builder.fadd(old, change, flags=_FAST), address, 4 * LANES)
        return context.get_dummy_value()

    return types.void(rows, types.intp, changes), emit


@intrinsic
def add_products(typing: Any, sums: Any, x: Any, rows: Any, offset: Any) -> Any:
    """sums[t] + x * (the lane vector `offset` bytes into row t), for each t."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        out = []
        packed = zip(_items(builder, args[0], sums), _items(builder, args[2], rows), strict=True)
        for total, row in packed:
            y = _load(builder, builder.add(row, args[3]), _vector(LANES), 4 * LANES)
            out.append(_multiply_add(builder, args[1], y, total))
        return context.make_tuple(builder, sums, out)

    return sums(sums, x, rows, types.intp), emit


@intrinsic
def exchange(typing: Any, start: Any, x: Any, ys: Any, changes: Any, weights: Any) -> Any:
    """(start + sum over t of g[t] * ys[t], changes[t] + g[t] * x): both sides of a rank-T update.

    `weights` is the address of the T floats g. Two partial sums halve the chain of dependent adds.
    """
    pack = types.Tuple((x, changes))

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start, row, address = args[0], args[1], args[4]
        partial = [start, None]
        out = []
        packed = zip(_items(builder, args[2], ys), _items(builder, args[3], changes), strict=True)
        for t, (y, change) in enumerate(packed):
            g = _load(builder, builder.add(address, ir.Constant(_I64, 4 * t)), _F32, 4)
            g = _splat(builder, g, LANES)
            out.append(_multiply_add(builder, g, row, change))
            half = partial[t % 2]
            partial[t % 2] = (
                builder.fmul(g, y, flags=_FAST)
                if half is None
                else _multiply_add(builder, g, y, half)
            )
        new = partial[0]
        if partial[1] is not None:
            new = builder.fadd(new, partial[1], flags=_FAST)
        return context.make_tuple(builder, pack, [new, context.make_tuple(builder, changes, out)])

    return pack(start, x, ys, changes, types.intp), emit


@intrinsic
def sum_each(typing: Any, vectors: Any) -> Any:
    """WIDE lanes, of which lane t is the sum over the lanes of vectors[t] (0 past the last)."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        items = _items(builder, args[0], vectors)
        empty = _constant(0.0, LANES)
        chunks = [
            _fold(builder, items[i : i + LANES]) if i < len(items) else empty
            for i in range(0, WIDE, LANES)
        ]
        while len(chunks) > 1:
            both = range(2 * chunks[0].type.count)
            chunks = [
                _pick(builder, a, b, both) for a, b in zip(chunks[::2], chunks[1::2], strict=True)
            ]
        return chunks[0]

    return _wide(vectors), emit


def _fold(builder: Any, items: list[Any]) -> Any:
    """Sum up to LANES vectors, each over its lanes, to one: lane t is the sum of vector t.

    A tree: each level adds the halves of the segments of two vectors, so that one vector holds
    both; after log2(LANES) levels every segment is one lane. Vectors enter in bit-reversed order,
    so that neighbours meet on the first level and few of them meet nobody; a last shuffle puts
    the lanes in order.
    """
    bits = LANES.bit_length() - 1
    slot = [int(f"{t:0{bits}b}"[::-1], 2) for t in range(LANES)]
    row: list[Any] = [None] * LANES
    for t, item in enumerate(items):
        row[slot[t]] = item
    segment = LANES
    while len(row) > 1:
        half = segment // 2
        starts = range(0, LANES, segment)
        low = [s + base + k for s in starts for base in (0, LANES) for k in range(half)]
        high = [lane + half for lane in low]
        folded: list[Any] = []
        for a, b in zip(row[: len(row) // 2], row[len(row) // 2 :], strict=True):
            if a is None:
                folded.append(None)
                continue
            other = a if b is None else b
            left, right = _pick(builder, a, other, low), _pick(builder, a, other, high)
            folded.append(builder.fadd(left, right, flags=_FAST))
        row, segment = folded, half
    return _pick(builder, row[0], row[0], slot)


@intrinsic(prefer_literal=True)
def row_addresses(typing: Any, base: Any, stride: Any, ids: Any, count: Any) -> Any:
    """Addresses of `count` rows of a table, whose int32 ids stand in memory from `ids` on.

    `count` is a compile-time constant.
    """
    pack = types.UniTuple(types.intp, count.literal_value)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        base, stride, ids, _ = args
        out = []
        for t in range(len(pack)):
            row = _load(builder, builder.add(ids, ir.Constant(_I64, 4 * t)), _I32, 4)
            out.append(builder.add(base, builder.mul(builder.sext(row, _I64), stride)))
        return context.make_tuple(builder, pack, out)

    return pack(types.intp, types.intp, types.intp, count), emit


@intrinsic(prefer_literal=True)
def load_addresses(typing: Any, at: Any, offset: Any, count: Any) -> Any:
    """The `count` addresses that stand in memory from `at` on, each `offset` bytes further.

    `count` is a compile-time constant.
    """
    pack = types.UniTuple(types.intp, count.literal_value)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at, offset, _ = args
        places = [builder.add(at, ir.Constant(_I64, 8 * t)) for t in range(len(pack))]
        out = [builder.add(_load(builder, place, _I64, 8), offset) for place in places]
        return context.make_tuple(builder, pack, out)

    return pack(types.intp, types.intp, count), emit


@intrinsic
def within(typing: Any, position: Any, centres: Any, low: Any, reach: Any) -> Any:
    """1.0 in each lane whose centre is `low` to `reach` (one for each lane) away, and how many."""
    pack = types.Tuple((_wide, types.float32))

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        position, centres, low, reach = args
        away = builder.sub(_splat(builder, position, WIDE), centres)
        zero = ir.Constant(away.type, [0] * WIDE)
        negative = builder.icmp_signed("<", away, zero)
        away = builder.select(negative, builder.sub(zero, away), away)
        near = builder.icmp_signed("<=", away, reach)
        far = builder.icmp_signed(">=", away, _splat(builder, low, WIDE))
        mask = builder.and_(near, far)
        count = builder.ctpop(builder.bitcast(mask, _I16))
        ones = builder.select(mask, _constant(1.0, WIDE), _constant(0.0, WIDE))
        return context.make_tuple(builder, pack, [ones, builder.uitofp(count, _F32)])

    return pack(types.int32, _wide_int, types.int32, _wide_int), emit


# exp(f * ln 2) on -0.5..0.5, from the highest power down (least squares, error below 2e-7)
_EXP2 = (1.33336498402e-3, 9.61812910e-3, 5.5504108664e-2, 2.40226506e-1, 6.9314718056e-1, 1.0)


@intrinsic
def sigmoid(typing: Any, x: Any) -> Any:
    """1 / (1 + exp(-x)) of each lane; absolute error below 1e-6, right for every finite x."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        width = x.width
        ints = ir.VectorType(_I32, width)
        # exp(-x) = 2**t = 2**whole * 2**fraction; the clamp keeps 2**whole a normal float
        t = builder.fmul(args[0], _constant(-1.4426950408889634, width), flags=_FAST)
        t = _call(builder, "maxnum", t, _constant(-60.0, width))
        t = _call(builder, "minnum", t, _constant(60.0, width))
        whole = _call(builder, "nearbyint", t)
        fraction = builder.fsub(t, whole, flags=_FAST)
        power = _constant(_EXP2[0], width)
        for coefficient in _EXP2[1:]:
            power = _multiply_add(builder, power, fraction, _constant(coefficient, width))
        shift = builder.shl(builder.fptosi(whole, ints), ir.Constant(ints, [23] * width))
        power = builder.bitcast(builder.add(builder.bitcast(power, ints), shift), _vector(width))
        one = _constant(1.0, width)
        return builder.fdiv(one, builder.fadd(one, power, flags=_FAST), flags=_FAST)

    return x(x), emit


@intrinsic
def prefetch(typing: Any, address: Any) -> Any:
    """Ask for the cache line at an address, as far as the second cache.

    The first one has hardly room for what a group works on: brought there beside it, the rows of
    the next group take a tenth of the time at 300 dimensions, even if they are asked for to be
    written.
    """

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        name, byte = "llvm.prefetch.p0", ir.IntType(8).as_pointer()
        function = builder.module.globals.get(name) or ir.Function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, _I32, _I32, _I32]), name
        )
        for_writing, keep_close, data = (ir.Constant(_I32, n) for n in (0, 2, 1))
        pointer = builder.inttoptr(args[0], byte)
        builder.call(function, [pointer, for_writing, keep_close, data])
        return context.get_dummy_value()

    return types.void(types.intp), emit


def _arithmetic(instruction: str) -> Callable[..., Any]:
    """An intrinsic that applies one floating-point instruction to two equal vectors."""

    @intrinsic
    def apply(typing: Any, a: Any, b: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, instruction)(*args, flags=_FAST)

        return a(a, b), emit

    return apply


def _operate(symbol: Any, instruction: str) -> None:
    """Let kernels write a + b, a - b, a * b for two vectors of one width."""
    apply = _arithmetic(instruction)

    @overload(symbol, inline="always")
    def choose(a, b):  # numba wants the bare names
        if isinstance(a, LanesType) and a == b:
            return lambda a, b: apply(a, b)
        return None


_operate(operator.add, "fadd")
_operate(operator.sub, "fsub")
_operate(operator.mul, "fmul")


@intrinsic
def subtract(typing: Any, a: Any, b: Any) -> Any:
    """a - b, rounded to float32 before anything else is done with it, as if it had been stored.

    ``a - b`` may be rearranged, for speed: then a sum of differences has other last bits than the
    sum of the same differences that were stored before.
    """

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fsub(*args)

    return a(a, b), emit


@intrinsic
def total(typing: Any, vector: Any) -> Any:
    """The sum over the lanes of a vector."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        name = f"llvm.vector.reduce.fadd.v{kind.count}f32"
        function = builder.module.globals.get(name) or ir.Function(
            builder.module, ir.FunctionType(_F32, [_F32, kind]), name
        )
        return builder.call(function, [ir.Constant(_F32, 0.0), args[0]], fastmath=_FAST)

    return types.float32(vector), emit


@intrinsic
def rsqrt(typing: Any, x: Any) -> Any:
    """1 / sqrt(x) of each lane of positive normal floats; relative error below 5e-6.

    A first guess from the bits (Lomont 2003), then two steps of Newton's method: 11 instructions
    that every CPU has, where a square root and a division keep it busy for 40 cycles.
    """

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        width = x.width
        ints = ir.VectorType(_I32, width)
        bits = builder.lshr(builder.bitcast(args[0], ints), ir.Constant(ints, [1] * width))
        guess = builder.sub(ir.Constant(ints, [0x5F375A86] * width), bits)
        y = builder.bitcast(guess, _vector(width))
        half = builder.fmul(args[0], _constant(-0.5, width), flags=_FAST)
        for _ in range(2):
            square = builder.fmul(y, y, flags=_FAST)
            y = builder.fmul(
                y, _multiply_add(builder, half, square, _constant(1.5, width)), flags=_FAST
            )
        return y

    return x(x), emit
