"""Tensors that an execution gave: read where they lie, or fetched where that is another machine."""

from __future__ import annotations

import io
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.ipc.lease import Lease
from vortex_prefect.shm.arrow import read_array
from vortex_prefect.shm.checksum import verify_crc32
from vortex_prefect.shm.reader import map_block

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

#: Port types that are pictures, float32 in 0..1: `(batch, height, width, channel)`, and without channel.
PICTURES = frozenset({"IMAGE", "MASK"})


class Tensor:
    """A tensor; its bytes come when they are first asked for, or lie in the arena that this process maps.

    In the arena they stay for as long as this object, or an array or torch
    tensor made of it, lives.

    Attributes:
        type: the port's type, `TENSOR` say.
        shape: its shape.
        dtype: torch's name of its dtype, `float32` say.
    """

    def __init__(self, type: str, shape: tuple[int, ...], dtype: str, read: Callable[[], memoryview]) -> None:
        self.type = type
        self.shape = shape
        self.dtype = dtype
        self._read = read
        self._message: memoryview | None = None

    @property
    def tensor(self) -> torch.Tensor:
        """The tensor for torch, without a copy. Clone it before you write to it: its memory is read-only.

        Raises:
            VortexError: RQ-006, it is no longer held; SY-003, torch is not installed here.
        """
        try:
            from vortex_prefect.shm.torch_bridge import read_tensor  # noqa: PLC0415 - torch takes seconds
        except ImportError as error:
            raise SystemFault("SY-003", "torch is not installed here", "Use numpy() instead.") from error
        return read_tensor(self._bytes(), self.shape, self.dtype)

    def numpy(self) -> npt.NDArray[Any]:
        """The tensor for numpy, without a copy and read-only; bfloat16 and fp8 as the integers that carry them.

        Raises:
            VortexError: RQ-006, it is no longer held.
        """
        return read_array(self._bytes(), self.shape, self.dtype)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a file of numpy's own format (.npy); its path."""
        target = Path(path)
        with target.open("wb") as file:
            np.save(file, self.numpy())
        return target

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.type, self.shape, self.dtype, bytes(self._bytes()))

    def __repr__(self) -> str:
        return f"<{self.type} {'×'.join(map(str, self.shape))} {self.dtype}>"

    def _bytes(self) -> memoryview:
        """The Arrow IPC message."""
        if self._message is None:
            self._message = self._read()
        return self._message


class Picture(Tensor):
    """An IMAGE or MASK; notebooks show the first of its batch."""

    def pil(self, index: int = 0) -> Image:
        """One picture of the batch for Pillow, 8 bits a channel.

        Raises:
            IndexError: the batch has no such picture.
        """
        from PIL import Image  # noqa: PLC0415 - a script may want the tensor only

        pixels = np.rint(np.clip(np.asarray(self.numpy()[index], np.float32), 0.0, 1.0) * 255.0).astype(np.uint8)
        grey = self.type == "IMAGE" and pixels.shape[-1] == 1
        return Image.fromarray(pixels[..., 0] if grey else pixels)

    def save(self, path: str | os.PathLike[str], index: int = 0) -> Path:
        """Write one picture of the batch in the format of the suffix; `.npy` writes the whole batch. Its path."""
        target = Path(path)
        if target.suffix == ".npy":
            return super().save(target)
        self.pil(index).save(target)
        return target

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.pil().save(buffer, "PNG")
        return buffer.getvalue()


def tensor_of(type: str, shape: tuple[int, ...], dtype: str, read: Callable[[], memoryview]) -> Tensor:
    """A `Picture` where the type is one, else a `Tensor`."""
    kind = Picture if type in PICTURES and len(shape) in (3, 4) else Tensor
    return kind(type, shape, dtype, read)


def take_lease(engine: Path, execution_id: str, node: str, port: str) -> Lease | None:
    """A hold on an output; null on another machine than the engine's, and for what has been evicted."""
    try:
        return Lease.take(engine, execution_id, node, port)
    except VortexError:
        return None


def mapped(lease: Lease, ref: TensorRef) -> memoryview:
    """The bytes of a tensor that a lease holds, for as long as anything refers to them.

    Compared with their checksum, as every process does that reads a block for the first time: 50 to 90 ms a GiB.

    Raises:
        WorkerError: WK-002, the arena is not on this machine; WK-007, it was damaged.
    """
    owner, view = map_block(lease.arena_path, ref.offset, ref.nbytes)
    if ref.crc:  # 0: the host wants none
        verify_crc32(view, ref.crc)
    # The finalizer refers to the lease; with the last mapping over what it holds, it goes.
    weakref.finalize(owner, _let_go, lease)
    return view


def _let_go(lease: Lease) -> None:
    """Nothing: the reference was the point."""


def _restored(kind: type[Tensor], type: str, shape: tuple[int, ...], dtype: str, message: bytes) -> Tensor:
    return kind(type, shape, dtype, lambda: memoryview(message))
