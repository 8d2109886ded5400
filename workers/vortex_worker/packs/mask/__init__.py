"""Masks by form, by what they contain, and by what an image shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `mask`, sorted by type."""
    from vortex_worker.packs.mask import measure, regions, selection, shapes
    from vortex_worker.sdk import nodes_of

    return nodes_of([measure, regions, selection, shapes])
