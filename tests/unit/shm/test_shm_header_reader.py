"""The header as somebody reads it who has the specification's drawing and nothing of ours."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.layout import Slot, SlotState


def read_header(path: Path) -> dict[str, Any]:
    """Specification §3.3: magic u64, version u32, flags u32, clock_tick u64, 40 reserved bytes, 256 worker slots."""
    with path.open("rb") as file:
        header = file.read(0x1000)
    magic, version, flags, clock_tick = struct.unpack_from("<QIIQ", header, 0)
    if magic != 0x5654_5833_0000_0001:
        raise ValueError("not an arena")
    slots = []
    for index in range(256):
        state, device, generation, pid = struct.unpack_from("<BBHI", header, 0x40 + 8 * index)
        slots.append((state, device, generation, pid))
    return {
        "version": version,
        "clean_shutdown": bool(flags & 1),
        "clock_tick": clock_tick,
        "reserved": header[0x18:0x40],
        "slots": slots,
        "rest": header[0x40 + 8 * 256 :],
    }


def test_an_independent_reader_finds_everything_where_it_is_drawn(arena: Arena) -> None:
    fresh = read_header(arena.segment.path)
    assert fresh == {
        "version": 1,
        "clean_shutdown": False,
        "clock_tick": 0,
        "reserved": bytes(40),
        "slots": [(0, 0, 0, 0)] * 256,
        "rest": bytes(0x1000 - 0x840),
    }
    arena.segment.set_clock_tick(1 << 40)
    arena.segment.set_slot(0, Slot(SlotState.BUSY, 1, 2, 4711))
    arena.segment.set_slot(255, Slot(SlotState.DEAD, 255, 0xFFFF, 0xFFFF_FFFF))
    kept = arena.segment.path.with_name("kept")
    os.link(arena.segment.path, kept)
    arena.close()
    assert read_header(kept) == fresh | {
        "clean_shutdown": True,
        "clock_tick": 1 << 40,
        "slots": [(3, 1, 2, 4711), *[(0, 0, 0, 0)] * 254, (5, 255, 0xFFFF, 0xFFFF_FFFF)],
    }
    kept.unlink()
