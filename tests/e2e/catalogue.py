"""Node types with every widget that the editor has, for its tests in a browser."""

from __future__ import annotations

from typing import Any

from vortex_prefect.core.nodespec import Bounds, Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec

_IMAGE_IN = InputSpec(name="image", type="IMAGE")
_IMAGE_OUT = OutputSpec(name="image", type="IMAGE")
_UNIT = Bounds(min=0, max=1, step=0.01)
_CURVE = [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]


def _node(name: str, title: str, category: str, **parts: Any) -> NodeSpec:
    return NodeSpec(type=f"test.{name}", title=title, category=category, doc=f"{title}, for tests.", **parts)


CATALOGUE = Catalogue(
    (
        _node("image", "Picture", "source", outputs=(_IMAGE_OUT, OutputSpec(name="mask", type="MASK"))),
        _node(
            "load",
            "Load",
            "file",
            params=(ParamSpec(name="path", type="PATH", required=True, widget="file", doc="A picture."),),
            outputs=(_IMAGE_OUT,),
        ),
        _node(
            "blur",
            "Blur",
            "filter",
            inputs=(_IMAGE_IN,),
            params=(ParamSpec(name="radius", type="FLOAT", default=2.0, bounds=Bounds(min=0, max=10), unit="px"),),
            outputs=(_IMAGE_OUT,),
        ),
        _node(
            "blend",
            "Blend",
            "combine",
            inputs=(InputSpec(name="base", type="IMAGE"), InputSpec(name="layer", type="IMAGE")),
            params=(
                ParamSpec(name="mode", type="STRING", default="normal", choices=("normal", "multiply", "screen")),
                ParamSpec(name="opacity", type="FLOAT", default=0.5, bounds=_UNIT, widget="slider"),
            ),
            outputs=(_IMAGE_OUT,),
        ),
        _node(
            "widgets",
            "Widgets",
            "effect",
            inputs=(InputSpec(name="image", type="IMAGE", required=False),),
            params=(
                ParamSpec(name="seed", type="INT", default=0, widget="seed"),
                ParamSpec(name="points", type="JSON", default=_CURVE, widget="curve"),
                ParamSpec(name="text", type="STRING", default="", widget="text"),
                ParamSpec(name="tint", type="STRING", default="#808080", widget="colour"),
                ParamSpec(name="active", type="BOOL", default=False),
                ParamSpec(name="data", type="JSON", default={}),
                ParamSpec(name="count", type="INT", default=3, bounds=Bounds(min=0, max=100)),
            ),
            outputs=(_IMAGE_OUT,),
        ),
        _node("number", "Number", "value", outputs=(OutputSpec(name="out", type="FLOAT"),)),
        _node(
            "slow",
            "Slow",
            "flow",
            inputs=(InputSpec(name="in", type="ANY", required=False),),
            params=(ParamSpec(name="seconds", type="FLOAT", default=60.0),),
            outputs=(OutputSpec(name="out", type="ANY"),),
        ),
        _node("fail", "Fail", "flow", inputs=(_IMAGE_IN,), outputs=(_IMAGE_OUT,)),
        _node(
            "list",
            "Make a list",
            "data",
            inputs=(InputSpec(name="items", type="ANY", list=True),),
            outputs=(OutputSpec(name="out", type="JSON"),),
        ),
        _node("save", "Save", "file", inputs=(_IMAGE_IN,), outputs=(OutputSpec(name="path", type="PATH"),)),
    )
)
