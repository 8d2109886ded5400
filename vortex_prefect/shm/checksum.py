"""CRC32 (IEEE 802.3), the faster of two libraries for each length."""

from __future__ import annotations

import zlib

from isal import isal_zlib

#: isal runs at 11 GB/s where zlib does 2.5, but its call costs 445 ns against 288.
_CROSSOVER_BYTES = 512


def crc32(data: memoryview | bytes) -> int:
    """The checksum of `data`, 0 to 2³²−1."""
    crc: int = isal_zlib.crc32(data) if len(data) >= _CROSSOVER_BYTES else zlib.crc32(data)
    return crc
