"""Pictures of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `plot`, sorted by type."""
    from vortex_worker.packs.plot import of_tables, of_tensors
    from vortex_worker.sdk import nodes_of

    return nodes_of([of_tables, of_tensors])
