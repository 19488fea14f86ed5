"""Tiles of products: what `topk` needs of explicit SIMD, beside `lanes`."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from wordkin.kernels.lanes import (
    _F32,
    _I32,
    _I64,
    LANES,
    WIDE,
    _constant,
    _items,
    _load,
    _multiply_add,
    _splat,
    _store,
    _vector,
    _wide,
)

PANEL = 3
"""Lane vectors that a tile of products is wide: with 8 rows 24 sums, of 32 registers (AVX-512)."""


@intrinsic
def add_outer(typing: Any, sums: Any, rows: Any, columns: Any) -> Any:
    """sums[r * P + p] + (the float at rows[r]) * (lane vector p at `columns`): an outer product.

    P, the number of lane vectors that stand one behind the other, is len(sums) / len(rows).
    """
    per_row = len(sums) // len(rows)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        totals = _items(builder, args[0], sums)
        vectors = [
            _load(
                builder, builder.add(args[2], ir.Constant(_I64, 4 * LANES * p)), _vector(LANES), 4
            )
            for p in range(per_row)
        ]
        out = []
        for r, row in enumerate(_items(builder, args[1], rows)):
            x = _splat(builder, _load(builder, row, _F32, 4), LANES)
            for p, vector in enumerate(vectors):
                out.append(_multiply_add(builder, x, vector, totals[r * per_row + p]))
        return context.make_tuple(builder, sums, out)

    return sums(sums, rows, types.intp), emit


@intrinsic
def store_reaching(typing: Any, sums: Any, factors: Any, floors: Any, out: Any) -> Any:
    """Write sums[r * PANEL + p] * (float r at `factors`) to `out`.

    Returns a bit for each lane in which one of them reaches its floor: that lane in lane vector p
    at `floors`.
    """
    per_row = PANEL

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = _vector(LANES)
        limits = [
            _load(builder, builder.add(args[2], ir.Constant(_I64, 4 * LANES * p)), kind, 4)
            for p in range(per_row)
        ]
        any_mask: Any = None
        for i, total in enumerate(_items(builder, args[0], sums)):
            row, p = divmod(i, per_row)
            factor = _load(builder, builder.add(args[1], ir.Constant(_I64, 4 * row)), _F32, 4)
            score = builder.fmul(total, _splat(builder, factor, LANES))
            _store(builder, score, builder.add(args[3], ir.Constant(_I64, 4 * LANES * i)), 4)
            mask = builder.fcmp_ordered(">=", score, limits[p])
            any_mask = mask if any_mask is None else builder.or_(any_mask, mask)
        return builder.zext(builder.bitcast(any_mask, ir.IntType(LANES)), _I64)

    return types.int64(sums, types.intp, types.intp, types.intp), emit


@intrinsic
def add_codes(typing: Any, sums: Any, address: Any, weight: Any) -> Any:
    """sums[i] + weight * (WIDE bytes number i at `address`, as signed numbers), for each i."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        weights = _splat(builder, args[2], WIDE)
        bytes_ = ir.VectorType(ir.IntType(8), WIDE)
        out = []
        for i, total in enumerate(_items(builder, args[0], sums)):
            codes = _load(builder, builder.add(args[1], ir.Constant(_I64, WIDE * i)), bytes_, 1)
            values = builder.sitofp(builder.sext(codes, ir.VectorType(_I32, WIDE)), _vector(WIDE))
            out.append(_multiply_add(builder, values, weights, total))
        return context.make_tuple(builder, sums, out)

    return sums(sums, types.intp, types.float32), emit


@intrinsic(prefer_literal=True)
def zeros_wide(typing: Any, count: Any) -> Any:
    """A tuple of `count` vectors of WIDE zeros (count is a compile-time constant)."""
    pack = types.UniTuple(_wide, count.literal_value)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_tuple(builder, pack, [_constant(0.0, WIDE)] * len(pack))

    return pack(count), emit


@intrinsic
def store_each(typing: Any, vectors: Any, address: Any) -> Any:
    """Write a tuple of vectors one behind the other, to an address of any alignment."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        width = vectors.dtype.width
        for i, vector in enumerate(_items(builder, args[0], vectors)):
            _store(builder, vector, builder.add(args[1], ir.Constant(_I64, 4 * width * i)), 4)
        return context.get_dummy_value()

    return types.void(vectors, types.intp), emit
