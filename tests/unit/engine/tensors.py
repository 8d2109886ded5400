"""Tensors in a real arena, as a Dask worker's plugin would share them."""

from __future__ import annotations

from typing import Any

from vortex_prefect.engine.shared_tensor import ArenaFile, SharedTensor, body_of
from vortex_prefect.shm.arena import Arena

ADDRESS = "tcp://127.0.0.1:1"


def share(arena: Arena, tensor: Any, min_bytes: int = 1) -> SharedTensor | None:
    """Seal it, if it is one that travels as a reference."""
    if (found := body_of(tensor, min_bytes)) is None:
        return None
    body, shape, dtype, library = found
    ref = arena.put_body(body, shape, dtype, holder="task")
    return SharedTensor(ADDRESS, ArenaFile.of(arena.segment.path), ref, library)


def must_share(arena: Arena, tensor: Any) -> SharedTensor:
    """Seal one that must travel as a reference."""
    shared = share(arena, tensor)
    assert shared is not None
    return shared
