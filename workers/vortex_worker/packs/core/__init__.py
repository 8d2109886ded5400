"""Values, arithmetic, text and choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `core`, sorted by type."""
    from vortex_worker.packs.core import (
        arithmetic,
        control,
        expression,
        flow,
        lists,
        sequences,
        structure,
        text,
        values,
    )
    from vortex_worker.sdk import nodes_of

    return nodes_of([arithmetic, control, expression, flow, lists, sequences, structure, text, values])
