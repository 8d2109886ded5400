"""The arena file's first 4 KB (specification §3.3), and where tensors begin.

::

    0x0000  magic u64 · version u32 · flags u32 · clock_tick u64 · 40 bytes reserved
    0x0040  256 worker slots of 8 bytes
    0x1000  tensors

The header leaves 15.75 bytes a slot, so a slot is one little-endian u64, stored
whole by the supervisor alone: bits 0–7 state, 8–15 device, 16–31 generation,
32–63 pid. All of it is telemetry; nothing is ever published through it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from vortex_prefect.core.errors import WorkerError

MAGIC = 0x5654_5833_0000_0001
VERSION = 1
#: flags bit 0: the owner closed the arena in order.
FLAG_CLEAN = 1

SLOTS = 256
ARENA_START = 0x1000
ALIGNMENT = 64

HEADER = struct.Struct("<QIIQ40x")
FLAGS_OFFSET, TICK_OFFSET, SLOTS_OFFSET = 12, 16, 64
SLOT = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Header:
    """The fields before the slots."""

    magic: int
    version: int
    flags: int
    clock_tick: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One worker as the header shows it; `pid` 0 is an empty slot."""

    state: int = 0
    device: int = 0
    generation: int = 0
    pid: int = 0

    def pack(self) -> int:
        """The slot's u64; each field is cut to its width."""
        return self.state & 0xFF | (self.device & 0xFF) << 8 | (self.generation & 0xFFFF) << 16 | self.pid << 32

    @classmethod
    def unpack(cls, word: int) -> Slot:
        """The fields of a slot's u64."""
        return cls(word & 0xFF, word >> 8 & 0xFF, word >> 16 & 0xFFFF, word >> 32)


def read_header(data: memoryview) -> Header:
    """The header of an arena.

    Raises:
        WorkerError: WK-010, the magic or the version is another.
    """
    header = Header(*HEADER.unpack_from(data))
    if header.magic != MAGIC or header.version != VERSION:
        raise WorkerError("WK-010", f"not an arena of version {VERSION}: magic {header.magic:#x}, {header.version}")
    return header


def aligned(nbytes: int) -> int:
    """`nbytes` rounded up to the alignment; at least one unit, since every block has an address."""
    return max(-(-nbytes // ALIGNMENT), 1) * ALIGNMENT
