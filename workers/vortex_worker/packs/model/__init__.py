"""Models from files: checked by their hash, kept between jobs, run on tensors, pictures, text and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `model`, sorted by type."""
    from vortex_worker.packs.model import embedding, loading, running, speech, vision, writing
    from vortex_worker.sdk import nodes_of

    return nodes_of([embedding, loading, running, speech, vision, writing])
