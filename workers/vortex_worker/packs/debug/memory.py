"""Nodes that make, read and exhaust memory."""

from __future__ import annotations

import hashlib
from typing import Annotated

import torch

from vortex_worker.packs.debug.counting import add_count
from vortex_worker.packs.seeding import Seed, generator
from vortex_worker.sdk import Any, Context, Doc, Range, Tensor, Unit, node

_MIB = 1 << 20


@node("debug.allocate", category="debug", outputs=("out",))
def allocate(
    ctx: Context, mb: Annotated[int, Range(0, 65536), Unit("MiB"), Doc("Size of the tensor.")] = 1, seed: Seed = 0
) -> Tensor:
    """A uint8 tensor of random bytes: one random MiB, repeated."""
    block = torch.randint(0, 256, (_MIB,), dtype=torch.uint8, generator=generator(seed))
    return block.to(ctx.device).repeat(mb)


@node("debug.checksum", category="debug", outputs=("out",))
def checksum(in_: Tensor) -> str:
    """SHA-256 of the tensor's bytes in C order, as hexadecimal digits."""
    # Through bytes, because NumPy has no bfloat16.
    values = in_.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(values.numpy().data).hexdigest()


@node("debug.oom", category="debug", outputs=("out",))
def oom(
    ctx: Context,
    in_: Any = None,
    times: Annotated[int, Range(-1, 1000), Doc("First runs of the node in an execution; −1 means all.")] = -1,
) -> Any:
    """Run out of device memory: on CUDA by really filling it. Else pass the input on."""
    # Runs, not attempts: a host repeats a job that ran out of memory beside others.
    if 0 <= times < add_count(ctx.state_dir, f"oom {ctx.execution_id} {ctx.node_id}"):
        return in_
    held = []
    while ctx.device.type == "cuda":
        # Half of what is free, so that it ends soon; at least 1 MiB, so that it ends.
        free, _ = torch.cuda.mem_get_info(ctx.device)
        held.append(torch.empty(max(free // 2, _MIB), dtype=torch.uint8, device=ctx.device))
    raise torch.OutOfMemoryError("out of memory as told")
