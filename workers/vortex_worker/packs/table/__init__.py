"""Tables: files, columns, rows, groups, joins, and the way to and from tensors and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `table`, sorted by type."""
    from vortex_worker.packs.table import columns, convert, files, formula, groups, layout, rows
    from vortex_worker.sdk import nodes_of

    return nodes_of([columns, convert, files, formula, groups, layout, rows])
