"""Tensors in and out of the arena, as the worker sees it: read in place, write once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import JobTimes, Value, list_of
from vortex_prefect.core.nodespec import item_type
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.checksum import crc32
from vortex_prefect.shm.segment import Segment
from vortex_prefect.shm.torch_bridge import needed_bytes, read_tensor, write_tensor
from vortex_prefect.wire.payloads import RoomGrant

#: Blocks whose checksum this process has seen to be right, at most.
_VERIFIED_LIMIT = 100_000
_NO_TIMES = JobTimes()


class TensorMemory:
    """The arena of one host, mapped by one worker."""

    def __init__(self, segment: Segment, host_id: str, ask_room: Callable[[int], RoomGrant]) -> None:
        self._segment = segment
        self._host_id = host_id
        self._ask_room = ask_room
        self._verified: set[tuple[int, int]] = set()
        self._mapped_ns: list[int] = []
        self._checked_ns: list[int] = []

    def take_times(self) -> JobTimes:
        """What loading took since the last time that this was asked."""
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
        if ref.host != self._host_id:
            raise WorkerError("WK-002", f"the tensor lies on host {ref.host}, not here ({self._host_id})")
        began = time.perf_counter_ns()
        view = self._segment.view(ref.offset, ref.nbytes)
        found = time.perf_counter_ns()
        self._verify(ref, view)
        checked = time.perf_counter_ns()
        tensor = read_tensor(view, ref.shape, ref.dtype)
        # The checksum is no part of it: it reads every byte, where mapping reads none.
        self._mapped_ns.append(time.perf_counter_ns() - began - (checked - found))
        return tensor.to(device, non_blocking=True) if device.type != "cpu" else tensor

    def store(self, tensor: torch.Tensor) -> TensorRef:
        """Write a tensor into a fresh block.

        Raises:
            WorkerError: WK-008, the arena has no room.
        """
        grant = self._ask_room(needed_bytes(tensor))
        if grant.error is not None:
            raise grant.error
        written = write_tensor(tensor, self._segment.writable(grant.offset, grant.nbytes))
        # What this process wrote itself needs no check when it reads it again.
        self._remember(grant.offset, grant.generation)
        return TensorRef(
            self._host_id, grant.generation, grant.offset, written.nbytes, written.shape, written.dtype, written.crc
        )

    def _verify(self, ref: TensorRef, view: memoryview) -> None:
        if (ref.offset, ref.generation) in self._verified:
            return
        began = time.perf_counter_ns()
        found = crc32(view)
        self._checked_ns.append(time.perf_counter_ns() - began)
        if found != ref.crc:
            raise WorkerError(
                "WK-007", f"the tensor at offset {ref.offset} has checksum {found:08x} instead of {ref.crc:08x}"
            )
        self._remember(ref.offset, ref.generation)

    def _remember(self, offset: int, generation: int) -> None:
        if len(self._verified) >= _VERIFIED_LIMIT:
            self._verified.clear()
        self._verified.add((offset, generation))


class Unpacked:
    """The values of one job's inputs, and the way back to their references.

    A node that hands on a tensor as it came gives the same reference again,
    so that a pass through a node moves no bytes.
    """

    def __init__(self, memory: TensorMemory, device: torch.device) -> None:
        self._memory = memory
        self._device = device
        #: id of the tensor object → its value; the tensor is kept so that its id stays taken.
        self._origin: dict[int, tuple[torch.Tensor, Value]] = {}

    def unpack(self, value: Value) -> Any:
        """A tensor for a reference, a plain value for a value, a list of such for a list; gaps are left out."""
        if value.items is not None:
            return [self.unpack(item) for item in value.items if item is not None]
        if value.ref is None:
            return value.data
        tensor = self._memory.load(value.ref, self._device)
        self._origin[id(tensor)] = (tensor, value)
        return tensor

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
        if not isinstance(result, torch.Tensor):
            plain = str(result) if isinstance(result, Path) else result
            return Value(_plain_type(plain, port_type), data=plain)
        known = self._origin.get(id(result))
        if known is not None and known[1].ref is not None:
            return Value(known[1].type if port_type == "ANY" else port_type, known[1].ref)
        return Value("TENSOR" if port_type == "ANY" else port_type, self._memory.store(result))


_TENSOR_PORTS = frozenset({"IMAGE", "MASK", "LATENT", "TENSOR"})


def _plain_type(result: Any, port_type: str) -> str:
    if port_type in _TENSOR_PORTS:
        raise WorkerError("WK-003", f"the node returned {type(result).__name__} for a port of type {port_type}")
    if port_type != "ANY":
        return port_type
    if isinstance(result, bool):
        return "BOOL"
    return {int: "INT", float: "FLOAT", str: "STRING"}.get(type(result), "JSON")
