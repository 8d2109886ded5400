from __future__ import annotations

import logging
import threading

import numpy as np
import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.budget import MemoryReadings
from vortex_prefect.shm.caretaker import LEAST_AHEAD_BYTES, Caretaker

MIB, GIB = 1 << 20, 1 << 30
PLENTY = MemoryReadings(8 * GIB, 8 * GIB, total_bytes=16 * GIB)


class Machine:
    def __init__(self) -> None:
        self.readings = PLENTY

    def read(self) -> MemoryReadings:
        return self.readings


def test_a_quarter_of_a_small_arena_is_kept_ready_again_and_again(arena: Arena) -> None:
    caretaker = Caretaker(arena, Machine().read)
    assert caretaker.ahead_bytes == 4 * MIB
    caretaker.look()
    # The least step is the whole of so small an arena.
    assert arena.blocks.statistics().warm_bytes == 16 * MIB


def test_twice_what_was_asked_for_lately_is_kept_ready(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    caretaker = Caretaker(arena, Machine().read)
    monkeypatch.setattr(type(arena.blocks), "budget_bytes", 64 * GIB)
    assert caretaker.ahead_bytes == LEAST_AHEAD_BYTES
    monkeypatch.setattr(type(arena.blocks), "granted_bytes", GIB)
    monkeypatch.setattr(arena, "warm", lambda *_, **__: 0)
    caretaker.look()
    assert caretaker.ahead_bytes == 2 * GIB


def test_under_pressure_memory_goes_back_and_none_is_taken(arena: Arena, caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    caretaker = Caretaker(arena, machine.read)
    caretaker.look()
    ref = arena.put_array(np.zeros(MIB), holder="run")
    arena.blocks.release("run")
    machine.readings = MemoryReadings(8 * GIB, 100 * MIB, total_bytes=16 * GIB)
    with caplog.at_level(logging.WARNING):
        caretaker.look()
    assert "short of memory" in caplog.text
    assert arena.blocks.statistics().reserved_bytes == 0
    with pytest.raises(WorkerError, match="WK-002"):
        arena.message(ref)
    machine.readings = PLENTY
    caretaker.look()
    assert arena.blocks.statistics().warm_bytes == 0, "it waits until that has passed"
    for _ in range(40):
        caretaker.look()
    assert arena.blocks.statistics().warm_bytes == 16 * MIB


def test_a_machine_without_memory_ends_no_caretaker(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def refuse(*_: object, **__: object) -> int:
        tries.append(1)
        raise WorkerError("WK-008", "no memory")

    monkeypatch.setattr(arena, "warm", refuse)
    caretaker = Caretaker(arena, Machine().read)
    for _ in range(5):
        caretaker.look()
    assert len(tries) == 1


def test_its_thread_begins_at_once_and_ends_with_it(arena: Arena) -> None:
    asked = threading.Event()

    def read() -> MemoryReadings:
        asked.set()
        return PLENTY

    caretaker = Caretaker(arena, read)
    caretaker.start()
    assert asked.wait(10)
    caretaker.close()
    caretaker.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "vortex-caretaker"]
