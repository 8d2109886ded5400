"""Several pictures as one batch, and apart again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `batch`, sorted by type."""
    from vortex_worker.packs.batch import membership, sheets
    from vortex_worker.sdk import nodes_of

    return nodes_of([membership, sheets])
