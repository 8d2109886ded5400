"""Pictures by diffusion: Stable Diffusion 1, 2 and XL, run by diffusers, which the extra `diffusion` installs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `diffusion`, sorted by type."""
    from vortex_worker.packs.diffusion import adapters, conditioning, inpainting, latents, loading, sampling, whole
    from vortex_worker.sdk import nodes_of

    return nodes_of([adapters, conditioning, inpainting, latents, loading, sampling, whole])
