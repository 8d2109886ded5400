"""Nodes for tests: they count, speak, paint, sleep, fail, crash and fill memory when told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `debug`, sorted by type."""
    from vortex_worker.packs.debug import faults, memory, painting, speech, values
    from vortex_worker.sdk import nodes_of

    return nodes_of([faults, memory, painting, speech, values])
