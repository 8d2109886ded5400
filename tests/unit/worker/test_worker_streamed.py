"""Tables, sounds, conditionings in the arena: what one job writes another reads, and nobody takes one for a tensor."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from vortex_prefect.client.tables import Sound as ClientSound
from vortex_prefect.client.tables import table_of
from vortex_prefect.core.errors import RequestError, WorkerError
from vortex_prefect.core.job import Value
from vortex_prefect.host.render import render
from vortex_prefect.shm.arrow import message_body
from vortex_prefect.shm.arrow_stream import read_stream
from vortex_prefect.shm.segment import Segment
from vortex_prefect.wire.payloads import RoomGrant
from vortex_worker.memory import TensorMemory, Unpacked
from vortex_worker.sdk import Sound, Steering

TABLES = {
    "mixed": pa.table({"a": [1, None, 3], "b": ["x", "", None], "c": [[1.5], [], None]}),
    "no rows": pa.table({"a": pa.array([], pa.int64())}),
    "no columns": pa.table({}),
    "chunks": pa.concat_tables([pa.table({"a": [1, 2]}), pa.table({"a": [3]})]),
    "sliced": pa.table({"a": list(range(1000))}).slice(990, 5),
    "words": pa.table({"a": pa.array(["x", "y", "x"]).dictionary_encode()}),
    "described": pa.table({"a": [1]}, schema=pa.schema([pa.field("a", pa.int8())], metadata={b"k": b"v"})),
}
CPU = torch.device("cpu")


class Arena:
    """Blocks one after the other, without a host."""

    def __init__(self, folder: Path) -> None:
        self.segment = Segment.create(folder / "arena", 64 << 20)
        self._next = itertools.count(1 << 20, 1 << 20)
        self.memory = self.worker()

    def worker(self) -> TensorMemory:
        return TensorMemory(self.segment, "h", lambda nbytes: RoomGrant(next(self._next), nbytes, 1))

    def message(self, value: Value) -> memoryview:
        assert value.ref is not None
        return self.segment.view(value.ref.offset, value.ref.nbytes)


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    found = Arena(tmp_path)
    yield found
    found.segment.close()


def there_and_back(arena: Arena, thing: Any, port: str) -> tuple[Value, Any]:
    value = Unpacked(arena.memory, CPU).pack(thing, port)
    # Another worker has seen none of it, and checks its checksum.
    return value, Unpacked(arena.worker(), CPU).unpack(value)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("port", ["TABLE", "ANY"])
def test_tables_come_back(arena: Arena, name: str, port: str) -> None:
    value, found = there_and_back(arena, TABLES[name], port)
    assert value.type == "TABLE"
    assert found.equals(TABLES[name], check_metadata=True)
    found.validate(full=True)


def test_a_table_is_read_where_it_lies(arena: Arena) -> None:
    value, found = there_and_back(arena, pa.table({"a": pa.array(range(100), pa.int64())}), "TABLE")
    assert value.ref is not None
    start = pa.py_buffer(arena.segment.view(1 << 20, 64)).address - (1 << 20)
    address = found.column("a").chunk(0).buffers()[1].address
    assert start + value.ref.offset < address < start + value.ref.offset + value.ref.nbytes


@pytest.mark.parametrize("shape", [(1, 5), (2, 1000), (3, 0)])
def test_sounds_come_back(arena: Arena, shape: tuple[int, int]) -> None:
    sound = Sound(torch.randn(shape), 44100)
    value, found = there_and_back(arena, sound, "AUDIO")
    assert value.type == "AUDIO"
    assert found.rate == 44100
    assert torch.equal(found.samples, sound.samples)


def test_conditionings_come_back(arena: Arena) -> None:
    tensors = {
        "embeds": torch.randn(1, 77, 32),
        "half": torch.randn(3).to(torch.bfloat16),
        "flags": torch.tensor([True, False, True]),
        "number": torch.tensor(5),
        "turned": torch.arange(6).reshape(2, 3).T,
        "none": torch.zeros(0, 4),
    }
    value, found = there_and_back(arena, Steering(tensors, {"family": "sd", "controls": [1, None]}), "CONDITIONING")
    assert value.type == "CONDITIONING"
    assert found.info == {"family": "sd", "controls": [1, None]}
    assert list(found.tensors) == list(tensors)
    for name, tensor in tensors.items():
        assert found.tensors[name].dtype == tensor.dtype
        assert torch.equal(found.tensors[name], tensor)
    # It is copied: what a job does with it reaches nobody else.
    found.tensors["embeds"].zero_()
    again = Unpacked(arena.worker(), CPU).unpack(value)
    assert torch.equal(again.tensors["embeds"], tensors["embeds"])


def test_lists_of_them_and_passing_through(arena: Arena) -> None:
    value, found = there_and_back(arena, [TABLES["mixed"], TABLES["no rows"]], "LIST[TABLE]")
    assert [table.num_rows for table in found] == [3, 0]
    unpacked = Unpacked(arena.memory, CPU)
    table = unpacked.unpack(value.listed()[0])  # type: ignore[arg-type]
    assert unpacked.pack(table, "ANY") == value.listed()[0]
    assert unpacked.pack(table, "TABLE") == value.listed()[0]


@pytest.mark.parametrize(
    ("thing", "port", "message"),
    [
        (torch.zeros(3), "TABLE", "a tensor for a port of type TABLE"),
        (torch.zeros(3), "AUDIO", "a tensor for a port of type AUDIO"),
        (TABLES["mixed"], "TENSOR", "TABLE for a port of type TENSOR"),
        (TABLES["mixed"], "JSON", "TABLE for a port of type JSON"),
        (TABLES["mixed"], "AUDIO", "TABLE for a port of type AUDIO"),
        (Sound(torch.zeros(1, 1), 8000), "TABLE", "AUDIO for a port of type TABLE"),
        ([1, 2], "TABLE", "list for a port of type TABLE"),
        (None, "AUDIO", "NoneType for a port of type AUDIO"),
        (torch.zeros(3), "CONDITIONING", "a tensor for a port of type CONDITIONING"),
        (Steering({}), "MODEL", "CONDITIONING for a port of type MODEL"),
    ],
)
def test_what_does_not_fit_its_port_is_the_nodes_failure(arena: Arena, thing: Any, port: str, message: str) -> None:
    with pytest.raises(WorkerError, match=message) as caught:
        Unpacked(arena.memory, CPU).pack(thing, port)
    assert caught.value.code == "WK-003"


def test_a_full_arena_is_said(tmp_path: Path) -> None:
    with Segment.create(tmp_path / "arena", 1 << 20) as segment:
        full = RoomGrant(error=WorkerError("WK-008", "the arena is full"))
        memory = TensorMemory(segment, "h", lambda nbytes: full)
        with pytest.raises(WorkerError, match="WK-008"):
            Unpacked(memory, CPU).pack(TABLES["mixed"], "TABLE")


def test_damaged_tables_are_noticed(arena: Arena) -> None:
    value, _ = there_and_back(arena, TABLES["mixed"], "TABLE")
    assert value.ref is not None
    block = arena.segment.writable(value.ref.offset, value.ref.nbytes)
    block[-20] ^= 0xFF
    with pytest.raises(WorkerError, match="WK-007"):
        Unpacked(arena.worker(), CPU).unpack(value)
    tensor = Unpacked(arena.memory, CPU).pack(torch.arange(60, dtype=torch.uint8), "TENSOR")
    for kind in ("TABLE", "AUDIO", "CONDITIONING"):
        with pytest.raises(WorkerError, match="WK-007"):
            Unpacked(arena.memory, CPU).unpack(Value(kind, tensor.ref))
    floats = Unpacked(arena.memory, CPU).pack(torch.zeros(60), "TENSOR")
    with pytest.raises(WorkerError, match=r"float32 and shape .* holds no bytes"):
        Unpacked(arena.memory, CPU).unpack(Value("TABLE", floats.ref))


@pytest.mark.parametrize("table", [pa.table({"a": [1.0]}), pa.table({}), pa.table({"a": ["x"]})])
def test_a_table_that_is_no_sound_is_not_taken_for_one(arena: Arena, table: pa.Table) -> None:
    value, _ = there_and_back(arena, table, "TABLE")
    with pytest.raises(WorkerError, match="WK-007 not a sound"):
        Unpacked(arena.memory, CPU).unpack(Value("AUDIO", value.ref))
    with pytest.raises(WorkerError, match="WK-007 not a conditioning"):
        Unpacked(arena.memory, CPU).unpack(Value("CONDITIONING", value.ref))


def test_who_asks_for_a_table_gets_a_stream_that_any_arrow_reads(arena: Arena) -> None:
    value, _ = there_and_back(arena, TABLES["mixed"], "TABLE")
    data, media_type = render(value, arena.message(value), "arrow")
    assert media_type == "application/vnd.apache.arrow.stream"
    assert pa.ipc.open_stream(data).read_all().equals(TABLES["mixed"])
    for wanted in ("npy", "png"):
        with pytest.raises(RequestError, match="has no form"):
            render(value, arena.message(value), wanted)


def test_clients_have_tables_and_sounds(arena: Arena) -> None:
    value, _ = there_and_back(arena, TABLES["mixed"], "TABLE")
    assert value.ref is not None
    table = table_of("TABLE", lambda: message_body(arena.message(value), value.ref.shape, "uint8"))  # type: ignore[union-attr]
    assert (len(table), table.rows()) == (3, TABLES["mixed"].to_pylist())
    sound = Sound(torch.randn(2, 9), 8000)
    heard, _ = there_and_back(arena, sound, "AUDIO")
    data, _ = render(heard, arena.message(heard), "arrow")
    found = table_of("AUDIO", lambda: memoryview(data))
    assert isinstance(found, ClientSound)
    assert found.rate == 8000
    assert found.numpy().tolist() == sound.samples.tolist()
    with pytest.raises(WorkerError, match="WK-007"):
        read_stream(memoryview(b"nothing of the kind"))


@pytest.mark.parametrize(("samples", "rate"), [
    (torch.zeros(3), 8000), (torch.zeros(0, 3), 8000), (torch.zeros(1, 3, dtype=torch.float64), 8000),
    (torch.zeros(1, 3), 0),
])  # fmt: skip
def test_a_sound_is_a_sound(samples: torch.Tensor, rate: int) -> None:
    with pytest.raises(ValueError, match=r"a sound is|no number of frames"):
        Sound(samples, rate)
