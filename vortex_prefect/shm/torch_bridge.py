"""Between torch tensors and Arrow IPC messages. Only workers import this: it loads torch.

Arrow has no bool, bfloat16, fp8 or complex tensors. Those travel as integers
(or pairs of floats) of the same bytes, and the dtype beside the message says
what they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.arrow import message_bytes, read_message, write_array
from vortex_prefect.shm.checksum import crc32

_INTEGER_OF_WIDTH = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
#: Types that Arrow carries as they are.
_NATIVE = frozenset(
    {
        torch.float16, torch.float32, torch.float64, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.uint16, torch.uint32, torch.uint64,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WrittenTensor:
    """What a reference needs to know of a tensor that was written."""

    nbytes: int
    shape: tuple[int, ...]
    dtype: str
    crc: int


def needed_bytes(tensor: torch.Tensor) -> int:
    """Upper bound of the message's length in bytes, without touching the data."""
    shape = np.broadcast_to(np.uint8(0), (1,) * (tensor.dim() + 1))
    return tensor.numel() * tensor.element_size() + message_bytes(np.ascontiguousarray(shape)) + 1024


def write_tensor(tensor: torch.Tensor, buffer: memoryview) -> WrittenTensor:
    """Write a tensor of any device, layout and dtype into `buffer`, as one contiguous message."""
    array = _as_carried(tensor.detach().cpu().contiguous()).numpy()
    nbytes = write_array(array, buffer)
    dtype = str(tensor.dtype).removeprefix("torch.")
    return WrittenTensor(nbytes, tuple(tensor.shape), dtype, crc32(buffer[:nbytes]))


def read_tensor(message: memoryview, shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    """The tensor of a message, in place. Writing to it is a fault: the mapping is read-only.

    Raises:
        WorkerError: WK-002, the message does not hold such a tensor.
    """
    wanted = getattr(torch, dtype, None)
    if not isinstance(wanted, torch.dtype):
        raise WorkerError("WK-002", f"no dtype {dtype!r}")
    try:
        if 0 in shape:  # an empty tensor has no bytes to be mapped
            return torch.empty(shape, dtype=wanted)
        carried = torch.from_dlpack(read_message(message))
        return carried.reshape(-1).view(wanted).reshape(shape)
    except (RuntimeError, ValueError, TypeError) as error:
        raise WorkerError("WK-002", f"the message is not a {dtype} tensor of shape {shape}: {error}") from error


def _as_carried(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype in _NATIVE:
        return tensor
    if tensor.is_complex():
        return torch.view_as_real(tensor.resolve_conj())
    return tensor.view(_INTEGER_OF_WIDTH[tensor.element_size()])
