"""Sound: files, levels, time, channels, filters, spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `audio`, sorted by type."""
    from vortex_worker.packs.audio import channels, convert, files, filters, levels, sources, spectra, time
    from vortex_worker.sdk import nodes_of

    return nodes_of([channels, convert, files, filters, levels, sources, spectra, time])
