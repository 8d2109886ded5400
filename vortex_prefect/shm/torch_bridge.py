"""torch tensors in and out of the arena. The only module here that imports torch; workers load it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.dlpack import from_dlpack

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.arrow import message_size, read_message, write_prefix
from vortex_prefect.shm.checksum import copy_with_crc32, crc32


@dataclass(frozen=True, slots=True)
class WrittenTensor:
    """What a reference must say of a message that was just written."""

    nbytes: int
    shape: tuple[int, ...]
    #: Name of the torch dtype, without the `torch.` prefix.
    dtype: str
    #: CRC32 (IEEE) of the message; null if it was not computed on the way.
    crc: int | None = None

    def at(self, *, host: str, generation: int, offset: int, crc: int) -> TensorRef:
        """The reference to it, in the block it was written to."""
        return TensorRef(host, generation, offset, self.nbytes, self.shape, self.dtype, crc)


def needed_bytes(tensor: torch.Tensor) -> int:
    """Bytes that `write_tensor` needs for `tensor`.

    Raises:
        WorkerError: WK-010, a tensor of this dtype or layout has no form in the arena.
    """
    _require_dense(tensor)
    return message_size(tuple(tensor.shape), dtype_name(tensor.dtype))


def write_tensor(tensor: torch.Tensor, buffer: memoryview, *, checksum: bool = False) -> WrittenTensor:
    """Write a tensor of any device and strides as an Arrow message, with one copy.

    Args:
        tensor: what is written.
        buffer: at least `needed_bytes` of it.
        checksum: compute it on the way, if the bytes are copied as they lie.

    Raises:
        WorkerError: WK-010, its dtype or layout has no form in the arena, or the buffer is too small.
    """
    _require_dense(tensor)
    shape, dtype = tuple(tensor.shape), dtype_name(tensor.dtype)
    body = write_prefix(buffer, shape, dtype)
    if body and checksum and _lies_as_written(tensor):
        data = tensor.detach().reshape(-1).view(torch.uint8).numpy().data
        prefix = message_size(shape, dtype) - len(body)
        crc = copy_with_crc32(body, data, crc32(buffer[:prefix]))
        return WrittenTensor(message_size(shape, dtype), shape, dtype, crc)
    if body:
        source = tensor.detach()
        # torch has no copy of integers below 8 bits; as bytes they have the same strides.
        plain = source if source.dtype.itemsize > 1 or source.dtype is torch.bool else source.view(torch.uint8)
        torch.frombuffer(body, dtype=plain.dtype).view(shape).copy_(plain)
    return WrittenTensor(message_size(shape, dtype), shape, dtype)


def empty_in(buffer: memoryview, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """A tensor whose memory is the body of a message in `buffer`, to be filled: so nothing is left to copy.

    Raises:
        WorkerError: WK-010, its dtype has no form in the arena, or the buffer is too small.
    """
    body = write_prefix(buffer, shape, dtype_name(dtype))
    return torch.frombuffer(body, dtype=dtype).view(shape) if body else torch.empty(shape, dtype=dtype)


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


def _lies_as_written(tensor: torch.Tensor) -> bool:
    return tensor.device.type == "cpu" and tensor.is_contiguous() and not (tensor.is_conj() or tensor.is_neg())


def dtype_name(dtype: torch.dtype) -> str:
    """Without the `torch.` prefix."""
    return str(dtype).removeprefix("torch.")


def _require_dense(tensor: torch.Tensor) -> None:
    if tensor.layout is not torch.strided or tensor.is_meta or tensor.is_quantized:
        what = "meta" if tensor.is_meta else "quantized" if tensor.is_quantized else str(tensor.layout)
        raise WorkerError("WK-010", f"a {what} tensor has no form in the arena", "Return a dense tensor.")
