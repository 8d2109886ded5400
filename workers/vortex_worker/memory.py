"""Tensors in and out of the arena, as the worker sees it: read in place, write once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import JobTimes, Value, list_of
from vortex_prefect.core.nodespec import item_type
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.arrow import message_body, message_size, write_prefix
from vortex_prefect.shm.arrow_stream import STREAMED, read_stream, stream_size, write_stream
from vortex_prefect.shm.checksum import Verifier
from vortex_prefect.shm.segment import Segment
from vortex_prefect.shm.torch_bridge import dtype_name, empty_in, needed_bytes, read_tensor, write_tensor
from vortex_prefect.wire.payloads import RoomGrant
from vortex_worker.streamed import as_table, from_table

T = TypeVar("T")

_NO_TIMES = JobTimes()


class TensorMemory:
    """The arena of one host, mapped by one worker.

    Args:
        segment: the arena.
        host_id: id of its host.
        ask_room: asks the host for a block.
        verifier: looks at checksums.
    """

    def __init__(
        self,
        segment: Segment,
        host_id: str,
        ask_room: Callable[[int], RoomGrant],
        verifier: Verifier | None = None,
    ) -> None:
        self._segment = segment
        self._host_id = host_id
        self._ask_room = ask_room
        self._verifier = verifier or Verifier()
        #: Address → a tensor that was made where it will stay, and its block.
        self._made: dict[int, tuple[torch.Tensor, RoomGrant]] = {}
        self._mapped_ns: list[int] = []
        self._checked_ns: list[int] = []

    def take_times(self) -> JobTimes:
        """What loading took since the last time that this was asked, at the end of a job."""
        self._made.clear()  # the host takes back what the job made and did not give
        if not self._mapped_ns:  # of a job without tensors there is nothing to tell
            return _NO_TIMES
        times = JobTimes(0, tuple(self._mapped_ns), tuple(self._checked_ns))
        self._mapped_ns, self._checked_ns = [], []
        return times

    def load(self, ref: TensorRef, device: torch.device) -> torch.Tensor:
        """The tensor behind a reference, on `device`; on the CPU without a copy, and not to be written.

        Raises:
            WorkerError: WK-002, the reference is not of this arena; WK-007, its bytes were damaged.
        """
        tensor = self._mapped(ref, lambda view: read_tensor(view, ref.shape, ref.dtype))
        return tensor.to(device, non_blocking=True) if device.type != "cpu" else tensor

    def load_table(self, ref: TensorRef) -> Any:
        """The `pyarrow.Table` behind a reference, without a copy.

        Raises:
            WorkerError: as `load`; WK-007 also where the block holds no table.
        """
        return self._mapped(ref, lambda view: read_stream(_body(view, ref)))

    def load_bytes(self, ref: TensorRef) -> bytes:
        """Bytes behind a reference: copied, for an object of Python's owns its memory.

        Raises:
            WorkerError: as `load`; WK-007 also where the block holds something else.
        """
        return self._mapped(ref, lambda view: bytes(_body(view, ref)))

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """A tensor in a fresh block, to be filled and given as it is: `store` then copies nothing.

        Raises:
            WorkerError: WK-008, the arena has no room; WK-010, the dtype has no form there.
        """
        grant = self._granted(message_size(shape, dtype_name(dtype)))
        tensor = empty_in(self._segment.writable(grant.offset, grant.nbytes), shape, dtype)
        if tensor.numel():
            self._made[tensor.data_ptr()] = tensor, grant
        return tensor

    def store(self, tensor: torch.Tensor) -> TensorRef:
        """Write a tensor into a fresh block, unless it was made in one.

        Raises:
            WorkerError: WK-008, the arena has no room; WK-010, the tensor has no form there.
        """
        if (found := self._made_as(tensor)) is not None:
            return self._ref(
                found, message_size(tuple(tensor.shape), dtype_name(tensor.dtype)), tensor.shape, tensor.dtype
            )
        grant = self._granted(needed_bytes(tensor))
        room = self._segment.writable(grant.offset, grant.nbytes)
        written = write_tensor(tensor, room, checksum=self._verifier.wants_checksums)
        return self._ref(grant, written.nbytes, tensor.shape, tensor.dtype, written.crc)

    def store_table(self, table: Any) -> TensorRef:
        """Write a `pyarrow.Table` into a fresh block.

        Raises:
            WorkerError: WK-008, the arena has no room.
        """
        return self._store_body(stream_size(table), lambda body: write_stream(table, body))

    def store_bytes(self, data: bytes | bytearray | memoryview) -> TensorRef:
        """Write bytes into a fresh block.

        Raises:
            WorkerError: WK-008, the arena has no room.
        """
        source = memoryview(data).cast("B")

        def write(body: memoryview) -> None:
            body[:] = source

        return self._store_body(len(source), write)

    def _store_body(self, length: int, write: Callable[[memoryview], None]) -> TensorRef:
        """What is no tensor lies in the arena as an array of bytes."""
        shape = (length,)
        size = message_size(shape, "uint8")
        grant = self._granted(size)
        write(write_prefix(self._segment.writable(grant.offset, grant.nbytes), shape, "uint8"))
        return self._ref(grant, size, shape, torch.uint8)

    def _granted(self, nbytes: int) -> RoomGrant:
        grant = self._ask_room(nbytes)
        if grant.error is not None:
            raise grant.error
        return grant

    def _made_as(self, tensor: torch.Tensor) -> RoomGrant | None:
        """The block in which just this tensor was made."""
        if tensor.layout is not torch.strided or tensor.device.type != "cpu" or not self._made:
            return None
        made, grant = self._made.get(tensor.data_ptr(), (None, None))
        same = made is not None and (made.shape, made.dtype) == (tensor.shape, tensor.dtype)
        plain = tensor.is_contiguous() and not (tensor.is_conj() or tensor.is_neg())
        return grant if same and plain else None

    def _ref(
        self, grant: RoomGrant, nbytes: int, shape: tuple[int, ...], dtype: torch.dtype, crc: int | None = None
    ) -> TensorRef:
        message = self._segment.view(grant.offset, nbytes)
        crc = self._verifier.of_written(grant.offset, grant.generation, message, crc)
        return TensorRef(self._host_id, grant.generation, grant.offset, nbytes, tuple(shape), dtype_name(dtype), crc)

    def _mapped(self, ref: TensorRef, read: Callable[[memoryview], T]) -> T:
        if ref.host != self._host_id:
            raise WorkerError("WK-002", f"the tensor lies on host {ref.host}, not here ({self._host_id})")
        began = time.perf_counter_ns()
        view = self._segment.view(ref.offset, ref.nbytes)
        found = time.perf_counter_ns()
        looked = self._verifier.verify(ref, view)
        checked = time.perf_counter_ns()
        if looked:
            self._checked_ns.append(checked - found)
        what = read(view)
        # The checksum is no part of it: it reads every byte, where mapping reads none.
        self._mapped_ns.append(time.perf_counter_ns() - began - (checked - found))
        return what


def _body(view: memoryview, ref: TensorRef) -> memoryview:
    if ref.dtype != "uint8" or len(ref.shape) != 1:
        raise WorkerError("WK-007", f"a block of {ref.dtype} and shape {ref.shape} holds no bytes")
    return message_body(view, ref.shape, ref.dtype)


class Unpacked:
    """The values of one job's inputs, and the way back to their references.

    A node that hands on a tensor, a table or a sound as it came gives the same
    reference again, so that a pass through a node moves no bytes.
    """

    def __init__(self, memory: TensorMemory, device: torch.device) -> None:
        self._memory = memory
        self._device = device
        #: id of the object → its value; the object is kept so that its id stays taken.
        self._origin: dict[int, tuple[Any, Value]] = {}

    def unpack(self, value: Value) -> Any:
        """What a reference leads to, a plain value for a value, a list of such for a list; gaps are left out."""
        if value.items is not None:
            return [self.unpack(item) for item in value.items if item is not None]
        if value.ref is None:
            return value.data
        found: Any
        if value.type == "BYTES":
            found = self._memory.load_bytes(value.ref)
        elif value.type in STREAMED:
            found = from_table(value.type, self._memory.load_table(value.ref), self._device)
        else:
            found = self._memory.load(value.ref, self._device)
        self._origin[id(found)] = (found, value)
        return found

    def pack(self, result: Any, port_type: str) -> Value:
        """The value that travels for a node's result.

        Raises:
            WorkerError: WK-003, the result fits neither the port nor JSON; WK-008, no room.
        """
        inner = item_type(port_type)
        if inner is not None:
            if not isinstance(result, list | tuple):
                raise WorkerError("WK-003", f"the node returned {type(result).__name__} for a port of {port_type}")
            return list_of(inner, [self.pack(item, inner) for item in result])
        known = self._origin.get(id(result))
        if known is not None and known[1].ref is not None and _fits(known[1].type, port_type):
            return Value(known[1].type if port_type == "ANY" else port_type, known[1].ref)
        if (streamed := as_table(result)) is not None:
            kind, table = streamed
            if port_type not in (kind, "ANY"):
                raise WorkerError("WK-003", f"the node returned {kind} for a port of type {port_type}")
            return Value(kind, self._memory.store_table(table))
        if isinstance(result, bytes | bytearray | memoryview):
            if port_type not in ("BYTES", "ANY"):
                raise WorkerError("WK-003", f"the node returned bytes for a port of type {port_type}")
            return Value("BYTES", self._memory.store_bytes(result))
        if not isinstance(result, torch.Tensor):
            plain = str(result) if isinstance(result, Path) else result
            return Value(_plain_type(plain, port_type), data=plain)
        if port_type in _OPAQUE:
            raise WorkerError("WK-003", f"the node returned a tensor for a port of type {port_type}")
        return Value("TENSOR" if port_type == "ANY" else port_type, self._memory.store(result))


_TENSOR_PORTS = frozenset({"IMAGE", "MASK", "LATENT", "TENSOR"})
#: Port types whose blocks hold no tensor.
_OPAQUE = STREAMED | {"BYTES"}


def _fits(kind: str, port_type: str) -> bool:
    """Whether what came as `kind` may go on as `port_type` without a look: blocks of streams hold no tensor."""
    return port_type == "ANY" or (kind == port_type if kind in _OPAQUE else port_type not in _OPAQUE)


def _plain_type(result: Any, port_type: str) -> str:
    if port_type in _TENSOR_PORTS or port_type in _OPAQUE:
        raise WorkerError("WK-003", f"the node returned {type(result).__name__} for a port of type {port_type}")
    if port_type != "ANY":
        return port_type
    if isinstance(result, bool):
        return "BOOL"
    return {int: "INT", float: "FLOAT", str: "STRING"}.get(type(result), "JSON")
