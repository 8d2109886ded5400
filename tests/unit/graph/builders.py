"""A small catalogue, and graphs over it in few words."""

from __future__ import annotations

from typing import Any

from vortex_prefect.core.nodespec import Bounds, Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.keys import FileIdentity
from vortex_prefect.graph.model import SCHEMA, Graph, parse_graph
from vortex_prefect.graph.plan import Plan, compile_plan

Nodes = dict[str, str | dict[str, Any]]

IMAGE = OutputSpec(name="image", type="IMAGE")
BOOL = OutputSpec(name="out", type="BOOL")


def _spec(name: str, **parts: Any) -> NodeSpec:
    return NodeSpec(type=f"t.{name}", title=name.title(), category="test", **parts)


def _image(name: str, **parts: Any) -> InputSpec:
    return InputSpec(name=name, type="IMAGE", **parts)


CATALOGUE = Catalogue(
    (
        _spec(
            "number",
            params=(ParamSpec(name="value", type="FLOAT", default=1.0, bounds=Bounds(min=0, max=100)),),
            outputs=(OutputSpec(name="out", type="FLOAT"),),
        ),
        _spec(
            "seed",
            params=(ParamSpec(name="value", type="INT", default=7),),
            outputs=(OutputSpec(name="out", type="INT"),),
        ),
        _spec("clock", outputs=(OutputSpec(name="out", type="FLOAT"),), volatile=True),
        _spec("load", params=(ParamSpec(name="path", type="PATH", required=True),), outputs=(IMAGE,), files=("path",)),
        _spec("canvas", params=(ParamSpec(name="size", type="INT", default=8),), outputs=(IMAGE,)),
        _spec(
            "blur",
            inputs=(_image("image"), InputSpec(name="mask", type="MASK", required=False)),
            params=(
                ParamSpec(name="radius", type="FLOAT", default=3, bounds=Bounds(min=0, max=50), unit="px"),
                ParamSpec(name="kernel", type="STRING", default="gauss", choices=("gauss", "box")),
            ),
            outputs=(IMAGE,),
        ),
        _spec("mask", inputs=(_image("image"),), outputs=(OutputSpec(name="mask", type="MASK"),)),
        _spec("mix", inputs=(_image("a"), _image("b")), outputs=(IMAGE,)),
        _spec(
            "split",
            inputs=(_image("image"),),
            outputs=(OutputSpec(name="low", type="IMAGE"), OutputSpec(name="high", type="IMAGE")),
        ),
        _spec("stack", inputs=(_image("images", list=True),), outputs=(IMAGE,)),
        _spec(
            "scale",
            inputs=(_image("image"),),
            params=(ParamSpec(name="factor", type="FLOAT", required=True),),
            outputs=(IMAGE,),
        ),
        _spec(
            "tag",
            params=(ParamSpec(name="data", type="JSON", default={}), ParamSpec(name="note", type="STRING")),
            outputs=(OutputSpec(name="out", type="JSON"),),
        ),
        _spec(
            "identity",
            inputs=(InputSpec(name="in", type="ANY"),),
            outputs=(OutputSpec(name="out", type="ANY"),),
        ),
        _spec(
            "switch",
            inputs=(
                InputSpec(name="on_true", type="ANY", lazy=True, when=("condition", True)),
                InputSpec(name="on_false", type="ANY", lazy=True, when=("condition", False)),
            ),
            params=(ParamSpec(name="condition", type="BOOL", default=True),),
            outputs=(OutputSpec(name="out", type="ANY"),),
        ),
        _spec(
            "range",
            params=(ParamSpec(name="count", type="INT", default=3),),
            outputs=(OutputSpec(name="out", type="LIST[FLOAT]"),),
        ),
        _spec("folder", outputs=(OutputSpec(name="out", type="LIST[PATH]"),), volatile=True),
        _spec("frames", outputs=(OutputSpec(name="out", type="LIST[IMAGE]"),)),
        _spec(
            "mean",
            inputs=(InputSpec(name="items", type="LIST[FLOAT]"),),
            outputs=(OutputSpec(name="out", type="FLOAT"),),
        ),
        _spec(
            "survivors",
            inputs=(InputSpec(name="items", type="LIST[ANY]", partial=True),),
            outputs=(OutputSpec(name="out", type="LIST[ANY]"),),
        ),
        _spec("decide", params=(ParamSpec(name="at", type="INT", default=0),), outputs=(BOOL,)),
        _spec("save", inputs=(_image("image"),), outputs=(OutputSpec(name="path", type="PATH"),), volatile=True),
        _spec("sign", inputs=(_image("image"),), outputs=(IMAGE,), volatile=True, takes_graph=True),
    )
)

#: canvas a → blur b → mix d ← blur c ← a; d → e (blur) → f (blur).
DIAMOND: Nodes = {"a": "canvas", "b": "blur", "c": "blur", "d": "mix", "e": "blur", "f": "blur"}
DIAMOND_EDGES = (
    "a.image > b.image",
    "a.image > c.image",
    "b.image > d.a",
    "c.image > d.b",
    "d.image > e.image",
    "e.image > f.image",
)


def document(nodes: Nodes, *edges: str, **parts: Any) -> dict[str, Any]:
    """`nodes` maps ids to a type without `t.`, or to a node's fields; an edge reads `a.image > b.image`."""
    return {
        "schema": SCHEMA,
        "nodes": {
            node_id: {"type": f"t.{node}"} if isinstance(node, str) else {**node, "type": f"t.{node['type']}"}
            for node_id, node in nodes.items()
        },
        "edges": [edge(text) for text in edges],
        **parts,
    }


def edge(text: str) -> dict[str, Any]:
    source, target = (end.strip().split(".") for end in text.split(">"))
    return {"source": {"node": source[0], "port": source[1]}, "target": {"node": target[0], "port": target[1]}}


def graph(nodes: Nodes, *edges: str, **parts: Any) -> Graph:
    return parse_graph(document(nodes, *edges, **parts), Limits())


def output(name: str, end: str) -> dict[str, str]:
    node, port = end.split(".")
    return {"name": name, "node": node, "port": port}


def plan(
    subject: Graph,
    *,
    targets: tuple[str, ...] | None = None,
    force: bool = False,
    file_identity: FileIdentity = "content of {}".format,
) -> Plan:
    return compile_plan(subject, CATALOGUE, targets=targets, force=force, file_identity=file_identity)
