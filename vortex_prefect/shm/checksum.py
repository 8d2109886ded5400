"""CRC32 (IEEE 802.3) of blocks, and when it is looked at."""

from __future__ import annotations

import zlib
from enum import StrEnum

import numpy as np
from isal import isal_zlib

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef

# Measured: isal 11.4 GB/s against zlib's 2.5, but 445 ns against 288 a call at 64 bytes.
_ISAL_FROM_BYTES = 512
#: Of 128 KiB to 4 MiB, the fastest: a quarter of a core's second cache.
_PIECE_BYTES = 512 << 10
#: Blocks that a process remembers to be right, at most.
_VERIFIED_LIMIT = 100_000


def crc32(data: bytes | bytearray | memoryview) -> int:
    """CRC32 of `data` as an unsigned 32-bit number; the same digest as `zlib.crc32`."""
    if len(data) < _ISAL_FROM_BYTES:
        return zlib.crc32(data)
    return int(isal_zlib.crc32(data))


def copy_with_crc32(target: memoryview, source: memoryview, before: int = 0) -> int:
    """Copy bytes, and continue the CRC32 `before` over what was written, piece by piece while it is in the cache.

    One after the other, copy and checksum took 1.6 to 1.7 times the copy alone for 64 and 256 MiB, and so 1.2 to 1.4.
    """
    room, data = np.frombuffer(target, np.uint8), np.frombuffer(source, np.uint8)
    crc = before
    for start in range(0, len(data), _PIECE_BYTES):
        end = min(start + _PIECE_BYTES, len(data))
        # numpy and isal let go of the GIL.
        np.copyto(room[start:end], data[start:end])
        crc = int(isal_zlib.crc32(target[start:end], crc))
    return crc


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

    @property
    def wants_checksums(self) -> bool:
        """Whether what is written is to have one."""
        return self._policy is not ChecksumPolicy.OFF

    def of_written(self, offset: int, generation: int, message: memoryview, known: int | None = None) -> int:
        """The checksum of what this process has just written; 0 if none are wanted.

        Args:
            offset: of the block.
            generation: of the block.
            message: what was written.
            known: its checksum, if the writer has computed it.
        """
        self._remember(offset, generation)
        if not self.wants_checksums:
            return 0
        return crc32(message) if known is None else known

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
