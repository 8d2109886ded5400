"""The arena file's first 4,096 bytes: magic, version, flags, clock tick and 256 worker slots.

Specification §3.3, little-endian throughout::

    0x0000  magic       u64   0x5654_5833_0000_0001
    0x0008  version     u32
    0x000c  flags       u32   bit 0: clean shutdown
    0x0010  clock_tick  u64   plus one a heartbeat of the supervisor
    0x0018  reserved    40 bytes of zero
    0x0040  slots       256 × u64: bits 0–7 state, 8–15 device, 16–31 generation, 32–63 pid
    0x0840  zero up to 0x1000, where tensors begin

The supervisor is the only writer. The header is telemetry: nothing is
published through it, that is the socket's part. Flags, tick and slots are each
one aligned word stored whole, so that a reader never sees half of one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum

MAGIC = 0x5654_5833_0000_0001
VERSION = 1
HEADER_BYTES = 0x1000
#: Where tensors begin.
DATA_OFFSET = HEADER_BYTES
#: Every block begins and ends on a multiple of this: a cache line, and what Arrow asks of a body.
ALIGNMENT = 64

FLAG_CLEAN_SHUTDOWN = 1

SLOT_COUNT = 256
FLAGS_OFFSET = 12
CLOCK_TICK_OFFSET = 16
SLOTS_OFFSET = 64

_FIELDS = struct.Struct("<QIIQ40x256Q")


def align_up(nbytes: int, alignment: int = ALIGNMENT) -> int:
    """`nbytes` rounded up to a multiple of `alignment`, a power of two."""
    return (nbytes + alignment - 1) & -alignment


class SlotState(IntEnum):
    """What the worker of a slot is doing."""

    FREE = 0
    STARTING = 1
    IDLE = 2
    BUSY = 3
    STOPPING = 4
    DEAD = 5


@dataclass(frozen=True, slots=True)
class Slot:
    """One worker process, in 64 bits."""

    state: SlotState = SlotState.FREE
    #: Index of the device; 255 for the CPU.
    device: int = 0
    #: Incarnation of the worker in this slot, modulo 2¹⁶.
    generation: int = 0
    pid: int = 0

    def pack(self) -> int:
        """The word that stands in the header.

        Raises:
            ValueError: a field does not fit its bits.
        """
        if not (0 <= self.device < 1 << 8 and 0 <= self.generation < 1 << 16 and 0 <= self.pid < 1 << 32):
            raise ValueError(f"{self} does not fit 64 bits")
        return self.state | self.device << 8 | self.generation << 16 | self.pid << 32

    @classmethod
    def unpack(cls, word: int) -> Slot:
        """The slot of a word.

        Raises:
            ValueError: the state is not a known one.
        """
        return cls(SlotState(word & 0xFF), word >> 8 & 0xFF, word >> 16 & 0xFFFF, word >> 32)


@dataclass(frozen=True, slots=True)
class Header:
    """The header's fields."""

    version: int = VERSION
    flags: int = 0
    clock_tick: int = 0
    slots: tuple[Slot, ...] = field(default=(Slot(),) * SLOT_COUNT)

    @property
    def clean_shutdown(self) -> bool:
        """Whether the owner closed the arena, rather than died."""
        return bool(self.flags & FLAG_CLEAN_SHUTDOWN)

    def pack(self) -> bytes:
        """The 4,096 bytes of the header."""
        words = (slot.pack() for slot in self.slots)
        return _FIELDS.pack(MAGIC, self.version, self.flags, self.clock_tick, *words).ljust(HEADER_BYTES, b"\0")

    @classmethod
    def unpack(cls, data: bytes | memoryview) -> Header:
        """Decode the first 4,096 bytes of an arena file.

        Raises:
            ValueError: not an arena's header, or one of another version.
        """
        if len(data) < HEADER_BYTES:
            raise ValueError(f"{len(data)} bytes are too few for a header of {HEADER_BYTES}")
        magic, version, flags, clock_tick, *words = _FIELDS.unpack_from(data)
        if magic != MAGIC:
            raise ValueError(f"magic is {magic:#018x}, not {MAGIC:#018x}")
        if version != VERSION:
            raise ValueError(f"layout version is {version}, not {VERSION}")
        return cls(version, flags, clock_tick, tuple(map(Slot.unpack, words)))
