"""One extent of an arena file, mapped by itself, for as long as an array over it lives.

Python's `mmap` keeps a descriptor for every mapping until 3.13, and a flow that
keeps a thousand results would run out of them; so this calls mmap(2) itself.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

_MAP_NORESERVE = 0x4000  # <asm-generic/mman-common.h>
_MREMAP_MAYMOVE, _MREMAP_FIXED = 1, 2  # <linux/mman.h>
_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int64,
)
_libc.mremap.restype = ctypes.c_void_p
_libc.mremap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p)
_libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)


def map_extent(fd: int, offset: int, nbytes: int, *, writable: bool) -> tuple[npt.NDArray[np.uint8], memoryview]:
    """Map `nbytes` at `offset` of an open file.

    Args:
        fd: the file; it may be closed afterwards.
        offset: of the first byte, anywhere.
        nbytes: more than 0, within the file.
        writable: what is written stays in this mapping, and nobody else sees it. If false, nobody can write.

    Returns:
        The array that owns the mapping, which goes with it and with all that shares its memory;
        and the bytes asked for, within it.

    Raises:
        OSError: as mmap(2).
    """
    start = offset & -mmap.PAGESIZE
    length = offset - start + nbytes
    protection, flags = mmap.PROT_READ, mmap.MAP_SHARED
    if writable:
        protection, flags = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | _MAP_NORESERVE
    address = _checked(_libc.mmap(None, length, protection, flags, fd, start))
    raw = memoryview((ctypes.c_ubyte * length).from_address(address)).cast("B")
    owner = np.frombuffer(raw if writable else raw.toreadonly(), np.uint8)
    _at_end(owner, _libc.munmap, address, length)
    return owner, owner.data[offset - start :]


def detach(owner: npt.NDArray[np.uint8]) -> None:
    """Put a copy, which nobody else shares, in the place of a mapping that `map_extent` made.

    The addresses stay, and with them all arrays over it; readers notice nothing.

    Raises:
        OSError: there is no memory for the copy; nothing has changed.
    """
    address, length = owner.ctypes.data, owner.size
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    copy = _checked(_libc.mmap(None, length, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0))
    ctypes.memmove(copy, address, length)
    if not owner.flags.writeable:
        _libc.mprotect(copy, length, mmap.PROT_READ)
    # One step for everybody else: the old mapping goes as the copy takes its place.
    _checked(_libc.mremap(copy, length, length, _MREMAP_MAYMOVE | _MREMAP_FIXED, ctypes.c_void_p(address)))


def _checked(address: int | None) -> int:
    if address is None or address == _FAILED:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return address


def _at_end(owner: npt.NDArray[Any], call: Any, *args: Any) -> None:
    # Not at the interpreter's end: others may read then still, and the kernel unmaps.
    weakref.finalize(owner, call, *args).atexit = False
