"""CRC32 (IEEE 802.3) of tensor messages."""

from __future__ import annotations

import zlib

from isal import isal_zlib

from vortex_prefect.core.errors import WorkerError

# Measured: isal 11.4 GB/s against zlib's 2.5, but 445 ns against 288 a call at 64 bytes.
_ISAL_FROM_BYTES = 512


def crc32(data: bytes | bytearray | memoryview) -> int:
    """CRC32 of `data` as an unsigned 32-bit number; the same digest as `zlib.crc32`."""
    if len(data) < _ISAL_FROM_BYTES:
        return zlib.crc32(data)
    return int(isal_zlib.crc32(data))


def verify_crc32(data: bytes | bytearray | memoryview, expected: int) -> None:
    """Compare the CRC32 of `data` with what its reference says.

    Raises:
        WorkerError: WK-007, they differ.
    """
    if (found := crc32(data)) != expected:
        raise WorkerError("WK-007", f"CRC32 of {len(data)} bytes is {found:#010x}, the reference says {expected:#010x}")
