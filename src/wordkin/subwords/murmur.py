"""MurmurHash3, the variant with 128 bits for 64-bit machines (Austin Appleby, public domain)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]

_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)


def murmur3(pieces: Sequence[bytes], seed: int) -> NDArray[np.uint32]:
    """Hash many short pieces at once.

    Parameters
    ----------
    pieces : sequence of bytes
        The n pieces. Work and memory go with their bytes.
    seed : int
        The seed, 32 bits.

    Returns
    -------
    ndarray of uint32
        Shape (n, 4): the 128 bits of each, low ones first.

    Examples
    --------
    >>> murmur3([b"", b"a word of more than 16 bytes"], seed=0).tolist()[0]
    [0, 0, 0, 0]
    """
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    hashes = np.empty((len(pieces), 4), np.uint32)
    # those of about one length together: a word of 100 000 letters would pad all others to its size
    doublings = np.frexp(lengths // 16)[1]
    for doubling in np.unique(doublings).tolist():
        rows = np.flatnonzero(doublings == doubling)
        hashes[rows] = _alike([pieces[row] for row in rows.tolist()], seed)
    return hashes


def _alike(pieces: Sequence[bytes], seed: int) -> NDArray[np.uint32]:
    """Hash pieces, of which none is much longer than the others."""
    lengths = np.array([len(piece) for piece in pieces], np.uint64)
    n_blocks = int(lengths.max(initial=0)) // 16 + 1
    padded = b"".join(piece.ljust(16 * n_blocks, b"\0") for piece in pieces)
    words = np.frombuffer(padded, "<u8").astype(np.uint64).reshape(len(pieces), n_blocks, 2)
    h1 = np.full(len(pieces), seed, np.uint64)
    h2 = h1.copy()
    for i in range(n_blocks):
        k1 = _rotated(words[:, i, 0] * _C1, 31) * _C2
        k2 = _rotated(words[:, i, 1] * _C2, 33) * _C1
        whole = lengths >= 16 * (i + 1)
        # behind the last whole block comes the rest, filled up with zeros, which change nothing
        h1 ^= k1
        h1 = np.where(whole, (_rotated(h1, 27) + h2) * np.uint64(5) + np.uint64(0x52DCE729), h1)
        h2 ^= k2
        h2 = np.where(whole, (_rotated(h2, 31) + h1) * np.uint64(5) + np.uint64(0x38495AB5), h2)
    h1, h2 = _finished(h1 ^ lengths, h2 ^ lengths)
    both = np.stack([h1, h2], axis=1)
    parts = [both & np.uint64(0xFFFFFFFF), both >> np.uint64(32)]
    return np.stack(parts, axis=2).reshape(len(pieces), 4).astype(np.uint32)


def _finished(h1: Numbers, h2: Numbers) -> tuple[Numbers, Numbers]:
    h1 = h1 + h2
    h2 = h2 + h1
    h1, h2 = _mixed(h1), _mixed(h2)
    h1 = h1 + h2
    return h1, h2 + h1


def _mixed(h: Numbers) -> Numbers:
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = (h ^ (h >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


def _rotated(h: Numbers, bits: int) -> Numbers:
    return (h << np.uint64(bits)) | (h >> np.uint64(64 - bits))
