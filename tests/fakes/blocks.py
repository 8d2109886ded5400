"""Blocks of an arena without one: the memory below them, those who write there, and what is told of them."""

from __future__ import annotations

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.blocks import BlockTable
from vortex_prefect.shm.books import Change
from vortex_prefect.shm.lifecycle import Block
from vortex_prefect.shm.ranges import Ranges


class Machine:
    """Stands for the memory that can be reserved: so many bytes in all."""

    def __init__(self, limit: int = 1 << 40) -> None:
        self.limit = limit
        self.reserved: list[int] = []
        self.backed = Ranges()

    def reserve(self, offset: int, nbytes: int) -> None:
        has = sum(end - start for start, end in self.backed.within(offset, offset + nbytes))
        if self.backed.nbytes + nbytes - has > self.limit:
            raise WorkerError("WK-008", "no memory")
        self.reserved.append(offset + nbytes)
        self.backed.add(offset, offset + nbytes)

    def punch(self, offset: int, nbytes: int) -> None:
        self.backed.remove(offset, offset + nbytes)


class Changes(list[TensorRef]):
    """The tensors that are gone; why, and which came, beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, str]] = []

    def note(self, change: Change) -> None:
        self.told.append((change.what, change.why))
        if change.what == "evicted":
            self.append(change.ref)


def ref_of(block: Block, nbytes: int | None = None) -> TensorRef:
    return TensorRef("host", block.generation, block.offset, nbytes or block.nbytes, (1,), "uint8", 0)


def sealed(table: BlockTable, nbytes: int, holder: str = "run") -> TensorRef:
    ref = ref_of(table.allocate(nbytes, "worker"))
    table.seal(ref, owner="worker", holder=holder)
    return ref


def is_valid(table: BlockTable, ref: TensorRef) -> bool:
    try:
        table.check(ref)
    except WorkerError as exc:
        return exc.code != "WK-002"
    return True
