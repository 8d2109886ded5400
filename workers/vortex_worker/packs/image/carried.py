"""What a picture's file carries beside the picture."""

from __future__ import annotations

from PIL.PngImagePlugin import PngInfo

_GRAPH = "vortex.graph"


def png_info(graph_json: str | None) -> PngInfo | None:
    """For Pillow's `save`: the graph as an uncompressed text (iTXt), which editors and the bridge look for."""
    if graph_json is None:
        return None
    info = PngInfo()
    info.add_itxt(_GRAPH, graph_json)
    return info
