"""torch tensors in and out of the arena. The only module here that imports torch; workers load it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.dlpack import from_dlpack

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.arrow import message_size, read_message, write_prefix
from vortex_prefect.shm.checksum import crc32


@dataclass(frozen=True, slots=True)
class WrittenTensor:
    """What a reference must say of a message that was just written."""

    nbytes: int
    shape: tuple[int, ...]
    #: Name of the torch dtype, without the `torch.` prefix.
    dtype: str
    #: CRC32 (IEEE) of the message.
    crc: int

    def at(self, *, host: str, generation: int, offset: int) -> TensorRef:
        """The reference to it, in the block it was written to."""
        return TensorRef(host, generation, offset, self.nbytes, self.shape, self.dtype, self.crc)


def needed_bytes(tensor: torch.Tensor) -> int:
    """Bytes that `write_tensor` needs for `tensor`.

    Raises:
        WorkerError: WK-010, a tensor of this dtype or layout has no form in the arena.
    """
    _require_dense(tensor)
    return message_size(tuple(tensor.shape), _dtype_name(tensor.dtype))


def write_tensor(tensor: torch.Tensor, buffer: memoryview) -> WrittenTensor:
    """Write a tensor of any device and strides as an Arrow message, with one copy.

    Raises:
        WorkerError: WK-010, its dtype or layout has no form in the arena, or the buffer is too small.
    """
    _require_dense(tensor)
    shape, dtype = tuple(tensor.shape), _dtype_name(tensor.dtype)
    body = write_prefix(buffer, shape, dtype)
    if body:
        torch.frombuffer(body, dtype=tensor.dtype).view(shape).copy_(tensor.detach())
    nbytes = message_size(shape, dtype)
    return WrittenTensor(nbytes, shape, dtype, crc32(buffer[:nbytes]))


def read_tensor(view: memoryview, shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    """The tensor of a message, without a copy; an empty one has no memory to share.

    Never write to it: torch does not know that memory is read-only, and over a
    read-only mapping the process dies (SIGSEGV). Clone it first. The mapping
    stays as long as the tensor lives.

    Raises:
        WorkerError: WK-007 if the message is damaged or not of this shape and dtype,
            WK-010 if the dtype has no form in the arena.
    """
    message = read_message(view, shape, dtype)
    torch_dtype: torch.dtype = getattr(torch, dtype)
    if 0 in shape:
        return torch.empty(shape, dtype=torch_dtype)
    carrier = from_dlpack(message)
    return torch.view_as_complex(carrier) if torch_dtype.is_complex else carrier.view(torch_dtype)


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _require_dense(tensor: torch.Tensor) -> None:
    if tensor.layout is not torch.strided or tensor.is_meta:
        what = "meta" if tensor.is_meta else str(tensor.layout)
        raise WorkerError("WK-010", f"a {what} tensor has no form in the arena", "Return a dense tensor.")
