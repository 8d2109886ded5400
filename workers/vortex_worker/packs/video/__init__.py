"""Moving pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `video`, sorted by type."""
    from vortex_worker.packs.video import animation, frames, reading, writing
    from vortex_worker.sdk import nodes_of

    return nodes_of([animation, frames, reading, writing])
