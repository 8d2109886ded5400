"""CRC32 (IEEE 802.3) of blocks, and when it is looked at."""

from __future__ import annotations

import zlib
from enum import StrEnum

from isal import isal_zlib

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef

# Measured: isal 11.4 GB/s against zlib's 2.5, but 445 ns against 288 a call at 64 bytes.
_ISAL_FROM_BYTES = 512
#: Blocks that a process remembers to be right, at most.
_VERIFIED_LIMIT = 100_000


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


class ChecksumPolicy(StrEnum):
    """When a process that reads a block compares it with its checksum."""

    #: Each time.
    ALWAYS = "always"
    #: The first time, unless it wrote the block itself.
    CROSS_PROCESS = "cross-process"
    #: Never; and none are computed of what is written.
    OFF = "off"


class Verifier:
    """Compares blocks with their checksums, as a policy asks for. For one process; not thread-safe."""

    def __init__(self, policy: ChecksumPolicy = ChecksumPolicy.CROSS_PROCESS) -> None:
        self._policy = policy
        self._known: set[tuple[int, int]] = set()

    def of_written(self, offset: int, generation: int, message: memoryview) -> int:
        """The checksum of what this process has just written; 0 if none are wanted."""
        self._remember(offset, generation)
        return 0 if self._policy is ChecksumPolicy.OFF else crc32(message)

    def verify(self, ref: TensorRef, message: memoryview) -> bool:
        """Compare, if it is time to; whether it was.

        Raises:
            WorkerError: WK-007, the block was damaged.
        """
        place = ref.offset, ref.generation
        if self._policy is ChecksumPolicy.OFF:
            return False
        if self._policy is ChecksumPolicy.CROSS_PROCESS and place in self._known:
            return False
        if (found := crc32(message)) != ref.crc:
            self._known.discard(place)
            raise WorkerError(
                "WK-007", f"the tensor at offset {ref.offset} has checksum {found:08x} instead of {ref.crc:08x}"
            )
        self._remember(*place)
        return True

    def _remember(self, offset: int, generation: int) -> None:
        if len(self._known) >= _VERIFIED_LIMIT:
            self._known.clear()
        self._known.add((offset, generation))
