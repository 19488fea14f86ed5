"""How tests pack bytes as zstandard does, with what this Python has."""

from __future__ import annotations

import sys


def zstd(data: bytes) -> bytes:
    """One frame with its checksum, of bytes."""
    if sys.version_info >= (3, 14):
        from compression.zstd import CompressionParameter, compress

        return compress(data, options={CompressionParameter.checksum_flag: True})
    import zstandard

    return zstandard.ZstdCompressor(write_checksum=True).compress(data)
