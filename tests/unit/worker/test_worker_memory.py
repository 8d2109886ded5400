"""What a worker writes into the arena and reads from it, with real blocks and no host process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.arena import Arena
from vortex_prefect.shm.checksum import ChecksumPolicy, Verifier
from vortex_prefect.shm.janitor import arena_path
from vortex_prefect.shm.segment import Segment
from vortex_prefect.wire.payloads import RoomGrant
from vortex_worker.memory import TensorMemory, Unpacked

CPU = torch.device("cpu")


@pytest.fixture
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("shm")
    with Arena.create(arena_path("memory", folder), host="h", size_bytes=64 << 20, budget_bytes=16 << 20) as made:
        yield made


@pytest.fixture
def segment(arena: Arena) -> Iterator[Segment]:
    with Segment.open(arena.segment.path) as opened:
        yield opened


class Grants:
    """Rooms as a host grants them; counts."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self.count = 0

    def __call__(self, nbytes: int) -> RoomGrant:
        self.count += 1
        block = self._arena.blocks.allocate(nbytes, "worker@1")
        return RoomGrant(block.offset, block.nbytes, block.generation)

    def seal(self, ref: TensorRef) -> None:
        self._arena.blocks.seal(ref, owner="worker@1", holder="run")


@pytest.fixture
def grants(arena: Arena) -> Grants:
    return Grants(arena)


def memory(segment: Segment, grants: Grants, policy: str = "cross-process") -> TensorMemory:
    return TensorMemory(segment, "h", grants, Verifier(ChecksumPolicy(policy)))


def packed(memory: TensorMemory, result: Any, port: str = "ANY") -> Value:
    return Unpacked(memory, CPU).pack(result, port)


@pytest.mark.parametrize(
    ("result", "port", "expected"),
    [
        (b"\0bytes", "ANY", "BYTES"),
        (bytearray(b"x"), "BYTES", "BYTES"),
        (memoryview(b""), "BYTES", "BYTES"),
        (pa.table({"a": [1]}), "ANY", "TABLE"),
        ("text", "ANY", "STRING"),
        ({"deep": [1, None, "é"]}, "ANY", "JSON"),
    ],
)
def test_values_of_every_kind_come_back(
    segment: Segment, grants: Grants, result: Any, port: str, expected: str
) -> None:
    value = packed(memory(segment, grants), result, port)
    assert value.type == expected
    value = Value.from_dict(json.loads(json.dumps(value.to_dict())))
    read = Unpacked(memory(segment, grants), CPU).unpack(value)
    assert read.equals(result) if isinstance(result, pa.Table) else read == result


@pytest.mark.parametrize(
    ("result", "port"),
    [
        (b"bytes", "TABLE"),
        (b"bytes", "IMAGE"),
        (pa.table({"a": [1]}), "BYTES"),
        (pa.table({"a": [1]}), "STRING"),
        (torch.ones(1), "BYTES"),
        (torch.ones(1), "TABLE"),
        ("text", "BYTES"),
    ],
)
def test_what_does_not_fit_the_port_is_refused(segment: Segment, grants: Grants, result: Any, port: str) -> None:
    with pytest.raises(WorkerError, match="WK-003"):
        packed(memory(segment, grants), result, port)
    assert grants.count == 0


def test_bytes_that_are_passed_on_move_no_bytes(segment: Segment, grants: Grants) -> None:
    value = packed(memory(segment, grants), b"some")
    unpacked = Unpacked(memory(segment, grants), CPU)
    assert unpacked.pack(unpacked.unpack(value), "ANY") == value
    assert grants.count == 1


def test_a_tensor_that_was_made_in_its_block_is_not_copied(segment: Segment, grants: Grants, arena: Arena) -> None:
    writer = memory(segment, grants)
    tensor = writer.empty((2, 3), torch.float16)
    tensor.copy_(torch.arange(6).view(2, 3))
    ref = writer.store(tensor)
    assert grants.count == 1
    grants.seal(ref)
    read = memory(segment, grants).load(ref, CPU)
    assert torch.equal(read, tensor)
    tensor[0, 0] = 9
    assert read[0, 0] == 9, "they lie in one place"


def test_a_part_of_it_or_another_form_is(segment: Segment, grants: Grants) -> None:
    writer = memory(segment, grants)
    whole = writer.empty((2, 3), torch.float32).fill_(1)
    for number, other in enumerate([whole[:1], whole.t(), whole.view(torch.int32), whole.clone()], start=2):
        ref = writer.store(other)
        assert grants.count == number
        assert torch.equal(memory(segment, grants).load(ref, CPU), other)
    writer.take_times()
    writer.store(whole)
    assert grants.count == 6, "its block went with the job"


def test_a_full_arena_is_told_where_the_tensor_is_made(segment: Segment) -> None:
    full = RoomGrant(error=WorkerError("WK-008", "full"))
    with pytest.raises(WorkerError, match="WK-008"):
        TensorMemory(segment, "h", lambda _: full).empty((3,), torch.float32)
    with pytest.raises(WorkerError, match="WK-010"):
        TensorMemory(segment, "h", lambda _: full).empty((3,), torch.qint8)


@pytest.mark.parametrize(
    ("policy", "own", "other"), [("always", True, True), ("cross-process", False, True), ("off", False, False)]
)
def test_damage_is_noticed_as_the_policy_says(
    segment: Segment, grants: Grants, arena: Arena, policy: str, own: bool, other: bool
) -> None:
    writer = memory(segment, grants, policy)
    ref = writer.store(torch.zeros(100))
    assert (ref.crc == 0) == (policy == "off")
    arena.segment.writable(ref.offset, ref.nbytes)[ref.nbytes - 1] = 1
    for reader, notices in ((writer, own), (memory(segment, grants, policy), other)):
        if notices:
            with pytest.raises(WorkerError, match="WK-007"):
                reader.load(ref, CPU)
        else:
            assert reader.load(ref, CPU)[99] != 0
