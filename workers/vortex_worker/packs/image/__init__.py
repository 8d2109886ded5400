"""Pictures and masks: files, geometry, filters, tone, colour, masks and effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vortex_worker.sdk import NodeType


def load() -> list[NodeType]:
    """All nodes of the pack `image`, sorted by type."""
    from vortex_worker.packs.image import (
        channels,
        colors,
        combine,
        curves,
        denoise,
        draw,
        effects,
        files,
        filters,
        geometry,
        lut,
        masks,
        matching,
        measures,
        optics,
        patterns,
        sources,
        stylize,
        tone,
    )
    from vortex_worker.sdk import nodes_of

    return nodes_of(
        [
            channels,
            colors,
            combine,
            curves,
            denoise,
            draw,
            effects,
            files,
            filters,
            geometry,
            lut,
            masks,
            matching,
            measures,
            optics,
            patterns,
            sources,
            stylize,
            tone,
        ]
    )
