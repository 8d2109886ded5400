"""A tensor that lies in the arena of some Dask worker: what travels for it, and how it is read."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.shm.arrow import has_form, message_body
from vortex_prefect.shm.extent import map_extent

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_GONE_HINT = "The Dask worker that made it has ended. Run the task that made it again, or retry the flow run."

NUMPY, TORCH = "numpy", "torch"


@dataclass(frozen=True, slots=True)
class ArenaFile:
    """Which file an arena is: a path alone could name another machine's, another container's, or a successor."""

    path: str
    #: Boot id of the machine.
    machine: str
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> ArenaFile:
        """The file that lies at `path` now."""
        status = path.stat()
        return cls(str(path), this_machine(), status.st_dev, status.st_ino)


@dataclass(frozen=True, slots=True)
class SharedTensor:
    """A reference to a sealed tensor. Valid for as long as somebody holds it at its worker."""

    #: Dask address of the worker that owns the arena.
    worker: str
    file: ArenaFile
    ref: TensorRef
    #: Whose tensor it is, `numpy` or `torch`.
    library: str

    def gone(self, why: str) -> WorkerError:
        """The error that says that it cannot be read any more."""
        return WorkerError("WK-002", f"a {self.ref.dtype} tensor of shape {self.ref.shape} is gone: {why}", _GONE_HINT)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A tensor as this process sees it.

    Attributes:
        tensor: for the user; read-only if it is numpy's, and private to this process if it is torch's.
        owner: lives as long as anything that shares memory with `tensor`.
        mapped: whether that memory is the arena's, and not a copy.
    """

    tensor: Any
    owner: npt.NDArray[np.uint8]
    mapped: bool


def map_tensor(shared: SharedTensor) -> View | None:
    """Map a tensor's extent; null if its arena cannot be reached from here.

    torch does not know of read-only memory: writing to it would kill the
    process. So its mapping is private, and pages are copied where it is written.

    Raises:
        WorkerError: WK-007, it is damaged.
    """
    if shared.file.machine != this_machine():
        return None
    try:
        fd = os.open(shared.file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) != (shared.file.device, shared.file.inode):
            return None
        owner, message = map_extent(fd, shared.ref.offset, shared.ref.nbytes, writable=shared.library == TORCH)
    finally:
        os.close(fd)
    return _view(shared, owner, message, mapped=True)


def read_tensor(shared: SharedTensor, message: bytes) -> View:
    """A tensor whose message was fetched.

    Raises:
        WorkerError: WK-007, it is damaged.
    """
    data = bytearray(message)
    owner = np.frombuffer(data if shared.library == TORCH else memoryview(data).toreadonly(), np.uint8)
    return _view(shared, owner, owner.data, mapped=False)


def body_of(tensor: Any, min_bytes: int) -> tuple[memoryview, tuple[int, ...], str, str] | None:
    """Bytes, shape, dtype and library of what may travel as a reference; null for everything else.

    That is: dense, in C order, of plain numbers, in main memory, at least
    `min_bytes`, of exactly the library's own type and without a gradient.
    """
    if type(tensor) is np.ndarray:
        return _numpy_body(tensor, min_bytes)
    # Not imported: whoever has a torch tensor has done that.
    torch = sys.modules.get("torch")
    if torch is not None and type(tensor) is getattr(torch, "Tensor", None):
        return _torch_body(torch, tensor, min_bytes)
    return None


@cache
def this_machine() -> str:
    """Boot id of this machine; empty if it has none, and then it is nobody's neighbour but its own."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _view(shared: SharedTensor, owner: npt.NDArray[np.uint8], message: memoryview, *, mapped: bool) -> View:
    ref = shared.ref
    body = message_body(message, ref.shape, ref.dtype)
    # From the owner, not from `body`: numpy keeps alive the array that memory comes from.
    start = owner.size - len(body)
    flat = owner[start : start + len(body)]
    if shared.library == NUMPY:
        return View(flat.view(ref.dtype).reshape(ref.shape), owner, mapped)
    # As unpickling would: whoever loads a torch tensor needs torch.
    torch = importlib.import_module("torch")
    return View(torch.frombuffer(flat, dtype=getattr(torch, ref.dtype)).view(ref.shape), owner, mapped)


def _numpy_body(array: npt.NDArray[Any], min_bytes: int) -> tuple[memoryview, tuple[int, ...], str, str] | None:
    dtype = array.dtype
    plain = dtype.kind in "biufc" and dtype.isnative and has_form(dtype.name)
    if not plain or array.nbytes < max(min_bytes, 1) or not array.flags.c_contiguous:
        return None
    return array.reshape(-1).view(np.uint8).data, array.shape, dtype.name, NUMPY


def _torch_body(torch: Any, tensor: Any, min_bytes: int) -> tuple[memoryview, tuple[int, ...], str, str] | None:
    if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.requires_grad:
        return None
    if tensor.is_quantized or tensor.is_conj() or tensor.is_neg() or not tensor.is_contiguous():
        return None
    dtype = str(tensor.dtype).removeprefix("torch.")
    if tensor.nbytes < max(min_bytes, 1) or not has_form(dtype):
        return None
    body: npt.NDArray[np.uint8] = tensor.reshape(-1).view(torch.uint8).numpy()
    return body.data, tuple(tensor.shape), dtype, TORCH
