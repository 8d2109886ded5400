"""Which device a worker computes on."""

from __future__ import annotations

import os

import torch

from vortex_prefect.core.errors import SystemFault


def choose_device(wanted: str, index: int) -> torch.device:
    """The device for worker number `index`: `auto` spreads workers over the GPUs, or takes the CPU.

    Raises:
        SystemFault: SY-003, the wanted device is not there.
    """
    if wanted == "auto":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        return torch.device("cuda", index % count) if count else torch.device("cpu")
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise SystemFault(
            "SY-003", f"device {wanted!r} cannot be used: {error}", "Choose another with VORTEX_DEVICE."
        ) from error
    return device


def resident_limit(device: torch.device) -> int:
    """Bytes that what is kept between jobs may take: most of a GPU's memory, a quarter of the machine's.

    On the CPU it is shared with other workers, the arena and all else.
    """
    if device.type == "cuda":
        _, total = torch.cuda.mem_get_info(device)
        return int(total * 0.8)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
