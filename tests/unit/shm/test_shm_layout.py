"""The header, read back by nothing but `struct` and the specification's drawing."""

from __future__ import annotations

import struct

import pytest

from vortex_prefect.shm.layout import DATA_OFFSET, FLAG_CLEAN_SHUTDOWN, Header, Slot, SlotState


def test_header_lies_as_the_specification_draws_it() -> None:
    slots = [Slot()] * 256
    slots[0] = Slot(SlotState.BUSY, device=2, generation=0x1234, pid=0x01020304)
    slots[255] = Slot(SlotState.IDLE, device=255, generation=0xFFFF, pid=0xFFFFFFFF)
    data = Header(flags=FLAG_CLEAN_SHUTDOWN, clock_tick=77, slots=tuple(slots)).pack()

    assert len(data) == DATA_OFFSET == 0x1000
    assert struct.unpack_from("<Q", data, 0) == (0x5654_5833_0000_0001,)
    assert struct.unpack_from("<I", data, 8) == (1,)
    assert struct.unpack_from("<I", data, 12) == (1,)
    assert struct.unpack_from("<Q", data, 16) == (77,)
    assert data[24:64] == bytes(40)
    assert struct.unpack_from("<BBHI", data, 64) == (3, 2, 0x1234, 0x01020304)
    assert data[72 : 64 + 255 * 8] == bytes(254 * 8)
    assert struct.unpack_from("<BBHI", data, 64 + 255 * 8) == (2, 255, 0xFFFF, 0xFFFFFFFF)
    assert data[64 + 2048 :] == bytes(4096 - 64 - 2048)


def test_unpack_undoes_pack() -> None:
    header = Header(flags=1, clock_tick=2**64 - 1, slots=(Slot(SlotState.DEAD, 1, 2, 3),) * 256)
    assert Header.unpack(header.pack()) == header
    assert Header.unpack(header.pack()).clean_shutdown


@pytest.mark.parametrize("slot", [Slot(device=256), Slot(generation=1 << 16), Slot(pid=1 << 32), Slot(pid=-1)])
def test_slot_that_overflows_its_bits_is_refused(slot: Slot) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        slot.pack()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "too few"),
        (bytes(4096), "magic"),
        (Header().pack()[:4095], "too few"),
        (Header(version=2).pack(), "version is 2"),
        (Header().pack()[:64] + b"\xff" + Header().pack()[65:], "SlotState"),
    ],
)
def test_what_is_no_header_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Header.unpack(data)
