"""How a worker is: its memory, its device, what it keeps."""

from __future__ import annotations

import gc

import torch

from vortex_prefect.wire.payloads import MOST_RESIDENTS, NAME_LENGTH, Beat
from vortex_worker.residents import Residents
from vortex_worker.session import resident_bytes


class WorkerState:
    """What a worker computes on and keeps.

    Attributes:
        device: where tensors are computed.
        residents: what outlives a job.
    """

    def __init__(self, device: torch.device, residents: Residents) -> None:
        self.device = device
        self.residents = residents

    def beat(self) -> Beat:
        """The state as the host hears it; the tick is the session's."""
        held, free = self._device_memory()
        # Those used last, and of endless names their beginning: what is told serves placement only.
        names = [name[:NAME_LENGTH].replace("\0", "") for name in self.residents.names()[-MOST_RESIDENTS:]]
        return Beat(0, resident_bytes(), str(self.device), held, free, tuple(names))

    def trim(self) -> None:
        """Let go of all that is only kept."""
        self.residents.evict_all()
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def held(self) -> str:
        """Who holds memory here, for a person who ran out of it."""
        parts = [f"this process {resident_bytes() >> 20} MiB of memory"]
        if self.device.type == "cuda":
            held, free = self._device_memory()
            used = torch.cuda.memory_allocated(self.device)
            parts.append(f"{held >> 20} MiB of {self.device} ({used >> 20} MiB in tensors), {free >> 20} MiB free")
        kept = [f"{name} ({nbytes >> 20} MiB)" for name, nbytes in self.residents.sizes().items()]
        parts.append(f"kept: {', '.join(kept)}" if kept else "nothing kept between jobs")
        return "; ".join(parts)

    def _device_memory(self) -> tuple[int, int]:
        """Bytes that this process holds on the device, and that nobody does; zeros without CUDA."""
        if self.device.type != "cuda":
            return 0, 0
        free, _ = torch.cuda.mem_get_info(self.device)
        return torch.cuda.memory_reserved(self.device), free
