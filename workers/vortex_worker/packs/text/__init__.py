"""Text: parts, patterns, encodings, JSON, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `text`, sorted by type."""
    from vortex_worker.packs.text import compare, encodings, files, patterns, shape, structured
    from vortex_worker.sdk import nodes_of

    return nodes_of([compare, encodings, files, patterns, shape, structured])
