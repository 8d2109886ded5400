"""Arrays of any shape: sources, arithmetic, reductions, shapes, linear algebra, spectra, statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `tensor`, sorted by type."""
    from vortex_worker.packs.tensor import (
        convert,
        elementwise,
        files,
        linear,
        order,
        reductions,
        shapes,
        sources,
        spectra,
        statistics,
    )
    from vortex_worker.sdk import nodes_of

    return nodes_of([convert, elementwise, files, linear, order, reductions, shapes, sources, spectra, statistics])
