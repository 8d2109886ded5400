"""What jobs take from the arena and leave there, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.host.shelf import Shelf
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.checksum import crc32

LEASE = "worker@1"


class Plenty:
    def reserve(self, offset: int, nbytes: int) -> None:
        pass

    def punch(self, offset: int, nbytes: int) -> None:
        pass


class Desk:
    """A shelf over blocks of zeros, but for those that are damaged."""

    def __init__(self) -> None:
        self.blocks = BlockTable("h", 1 << 20, memory=Plenty())
        self.damaged: set[int] = set()
        self.shelf = Shelf(self.blocks, self._view)

    def tensor(self, holder: str = "run", nbytes: int = 64) -> Value:
        value = self.written(nbytes)
        assert value.ref is not None
        self.blocks.seal(value.ref, owner=LEASE, holder=holder)
        return value

    def written(self, nbytes: int = 64) -> Value:
        """What a worker wrote and nobody has sealed."""
        block = self.blocks.allocate(nbytes, LEASE)
        crc = crc32(bytes(nbytes))
        return Value("TENSOR", TensorRef("h", block.generation, block.offset, nbytes, (nbytes,), "uint8", crc))

    def state(self, value: Value) -> str | None:
        found = [block for *_, block in self.blocks.layout() if block is not None and block.ref == value.ref]
        return found[0].state.value if found else None

    def _view(self, offset: int, nbytes: int) -> memoryview:
        return memoryview(bytes([offset in self.damaged]) * nbytes)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def job(name: str, *inputs: Value, **more: object) -> Job:
    return replace(Job(name, "run", name, "t.node", inputs={"in": inputs} if inputs else {}), **more)  # type: ignore[arg-type]


def test_jobs_that_travel_together_let_go_of_their_inputs_one_by_one(desk: Desk) -> None:
    first, second = desk.tensor(), desk.tensor()
    one, two = job("one", first), job("two", second, links={"in": ("out",)})
    desk.shelf.hand_over([one, two], LEASE)
    desk.shelf.begin(one, {}, LEASE)
    assert (desk.state(first), desk.state(second)) == ("in_use", "mapped")
    made = desk.written()
    desk.shelf.keep_outputs(one, JobOutcome("one", {"out": made}), {}, LEASE)
    assert (desk.state(first), desk.state(made)) == ("done", "written")
    desk.shelf.begin(two, {"out": made}, LEASE)
    assert (desk.state(second), desk.state(made)) == ("in_use", "in_use")
    desk.shelf.keep_outputs(two, JobOutcome("two", {"out": made}), {"out": made}, LEASE)
    assert (desk.state(second), desk.state(made)) == ("done", "done")
    desk.blocks.release("run")
    assert desk.blocks.statistics().leases == 0


def test_a_worker_that_is_lost_reads_and_writes_no_more(desk: Desk) -> None:
    tensor = desk.tensor()
    desk.shelf.hand_over([job("one", tensor), job("two", tensor)], LEASE)
    desk.shelf.begin(job("one", tensor), {}, LEASE)
    desk.shelf.room(LEASE, 1000)
    desk.shelf.end(LEASE)
    assert desk.state(tensor) == "done"
    assert desk.blocks.statistics().leases == 1


def test_what_is_gone_is_not_handed_over(desk: Desk) -> None:
    tensor = desk.tensor()
    desk.blocks.drop("run")
    with pytest.raises(WorkerError, match="WK-002"):
        desk.shelf.hand_over([job("one", tensor)], LEASE)


def test_only_what_is_really_damaged_is_condemned(desk: Desk) -> None:
    sound, broken, linked = desk.tensor(), desk.tensor(), desk.tensor()
    assert broken.ref is not None
    assert linked.ref is not None
    desk.damaged = {broken.ref.offset, linked.ref.offset}
    found = desk.shelf.condemn_damaged(job("one", sound, broken), {"out": linked})
    assert found == [broken.ref, linked.ref]
    assert (desk.state(sound), desk.state(broken)) == ("written", "quarantined")
    assert desk.shelf.condemn_damaged(job("two", sound, broken), {}) == []


def test_what_a_released_execution_gives_is_cached_and_held_by_nobody(desk: Desk) -> None:
    made = desk.written()
    outcome = JobOutcome("late", {"out": made}, started_ms=1, finished_ms=5)
    desk.shelf.keep_outputs(job("late", key="key"), outcome, {}, LEASE, released=True)
    assert desk.state(made) == "cached"
    assert desk.blocks.known(["key"]) == ["key"]


def test_a_tensor_that_is_none_is_the_workers_fault_and_its_inputs_are_let_go(desk: Desk) -> None:
    tensor = desk.tensor()
    one = job("one", tensor)
    desk.shelf.hand_over([one], LEASE)
    desk.shelf.begin(one, {}, LEASE)
    forged = Value("TENSOR", TensorRef("h", 99, 4096, 64, (64,), "uint8", 0))
    with pytest.raises(WorkerError, match="WK-010"):
        desk.shelf.keep_outputs(one, JobOutcome("one", {"out": forged}), {}, LEASE)
    assert desk.state(tensor) == "done"
