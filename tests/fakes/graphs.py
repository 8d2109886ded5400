"""A small catalogue, and documents that are valid in it."""

from __future__ import annotations

from typing import Any

from vortex_prefect.core.nodespec import Bounds, Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec


def catalogue() -> Catalogue:
    """`test.image` gives an IMAGE, `test.blur` changes one, `test.save` writes one, `test.number` gives a FLOAT."""
    image_in = InputSpec(name="image", type="IMAGE")
    image_out = OutputSpec(name="image", type="IMAGE")
    radius = ParamSpec(name="radius", type="FLOAT", default=1.0, bounds=Bounds(min=0, max=10))
    return Catalogue(
        (
            _spec("test.image", outputs=(image_out,)),
            _spec("test.blur", inputs=(image_in,), params=(radius,), outputs=(image_out,)),
            _spec("test.save", inputs=(image_in,), outputs=(OutputSpec(name="path", type="PATH"),)),
            _spec("test.number", outputs=(OutputSpec(name="out", type="FLOAT"),)),
        )
    )


def _spec(type: str, **ports: Any) -> NodeSpec:
    return NodeSpec(type=type, title=type, category="test", **ports)


def edge(source: str, target: str, port: str = "image") -> dict[str, Any]:
    return {"source": {"node": source, "port": port}, "target": {"node": target, "port": "image"}}


def picture_graph(**fields: Any) -> dict[str, Any]:
    """image → blur → save, with `radius` exposed, and the outputs `picture` (IMAGE) and `file` (PATH)."""
    return {
        "schema": "vortex.graph/1",
        "name": "Picture",
        "nodes": {
            "image": {"type": "test.image"},
            "blur": {"type": "test.blur", "params": {"radius": 2.0}, "position": {"x": 200, "y": 0}},
            "save": {"type": "test.save", "position": {"x": 400, "y": 0}},
        },
        "edges": [edge("image", "blur"), edge("blur", "save")],
        "inputs": [{"name": "radius", "node": "blur", "param": "radius"}],
        "outputs": [
            {"name": "picture", "node": "blur", "port": "image"},
            {"name": "file", "node": "save", "port": "path"},
        ],
        **fields,
    }
