"""Workflows of ComfyUI as graphs."""

from __future__ import annotations

import json
import struct
import time
import zlib
from typing import Any

import pytest

from vortex_prefect.core.errors import GraphError
from vortex_prefect.core.nodespec import Bounds, Catalogue, InputSpec, NodeSpec, OutputSpec, ParamSpec
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.comfyui import Converted, convert
from vortex_prefect.graph.model import Graph

_IMAGE_IN = InputSpec(name="image", type="IMAGE")
_IMAGE = OutputSpec(name="image", type="IMAGE")
_MASK = OutputSpec(name="mask", type="MASK")


def _type(name: str, **parts: Any) -> NodeSpec:
    return NodeSpec(type=name, title=name, category="test", **parts)


def _param(name: str, kind: Any, **fields: Any) -> ParamSpec:
    return ParamSpec(name=name, type=kind, **fields)


CATALOGUE = Catalogue(
    (
        _type("image.load", params=(_param("path", "PATH", required=True),), outputs=(_IMAGE, _MASK)),
        _type(
            "image.save",
            inputs=(_IMAGE_IN,),
            params=(_param("filename", "STRING", default="result.png"),),
            outputs=(OutputSpec(name="path", type="PATH"),),
        ),
        _type("image.preview", inputs=(_IMAGE_IN,), outputs=(_IMAGE,)),
        _type(
            "image.resize",
            inputs=(_IMAGE_IN,),
            params=(
                _param("width", "INT", default=512, bounds=Bounds(min=0, max=16384)),
                _param("height", "INT", default=512, bounds=Bounds(min=0, max=16384)),
                _param("mode", "STRING", default="bicubic", choices=("bilinear", "bicubic", "nearest", "area")),
            ),
            outputs=(_IMAGE,),
        ),
        _type("image.mask_invert", inputs=(InputSpec(name="mask", type="MASK"),), outputs=(_MASK,)),
        _type("image.mask_to_image", inputs=(InputSpec(name="mask", type="MASK"),), outputs=(_IMAGE,)),
        _type("batch.join", inputs=(InputSpec(name="images", type="IMAGE", list=True),), outputs=(_IMAGE,)),
        _type("core.int", params=(_param("value", "INT", default=0),), outputs=(OutputSpec(name="value", type="INT"),)),
        _type(
            "core.passthrough",
            inputs=(InputSpec(name="value", type="ANY"),),
            outputs=(OutputSpec(name="out", type="ANY"),),
        ),
        _type(
            "diffusion.sample",
            inputs=tuple(InputSpec(name=name, type="ANY") for name in ("model", "positive", "negative", "latent")),
            params=(
                _param("seed", "INT", default=0),
                _param("steps", "INT", default=20),
                _param("cfg", "FLOAT", default=7.0),
                _param("sampler_name", "STRING", default="default", choices=("default", "euler", "dpmpp_2m")),
                _param("scheduler", "STRING", default="normal", choices=("normal", "karras")),
                _param("denoise", "FLOAT", default=1.0),
            ),
            outputs=(OutputSpec(name="latent", type="LATENT"),),
        ),
        _type(
            "diffusion.apply_controlnet",
            inputs=tuple(InputSpec(name=name, type="ANY") for name in ("conditioning", "control_net", "image")),
            params=(_param("strength", "FLOAT", default=1.0),),
            outputs=(OutputSpec(name="conditioning", type="CONDITIONING"),),
        ),
    )
)


def _convert(data: Any, **limits: int) -> Converted:
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    return convert(content, CATALOGUE, Limits(**limits), "Theirs")


def _edges(graph: Graph) -> set[str]:
    return {f"{edge.source} > {edge.target}" for edge in graph.edges}


def _codes(converted: Converted) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.node_id) for problem in converted.problems]


def _node(key: int, kind: str, *, links: tuple[tuple[str, int], ...] = (), **fields: Any) -> dict[str, Any]:
    inputs = [{"name": name, "link": link} for name, link in links]
    return {"id": key, "type": kind, "pos": [key * 100, 20], "inputs": inputs, **fields}


EDITOR = {
    "version": 0.4,
    "nodes": [
        _node(1, "LoadImage", widgets_values=["a.png [input]", "image"], outputs=[{"name": "IMAGE"}, {"name": "MASK"}]),
        _node(
            2, "ImageScale", links=(("image", 1), ("width", 9)), mode=4, widgets_values=["lanczos", 6, 480, "center"]
        ),
        _node(3, "SaveImage", links=(("images", 2),), title="Result", widgets_values=["out/%date%_x"]),
        _node(4, "MaskToImage", links=(("mask", 5),), mode=2),
        _node(5, "Fancy/Thing", links=(("x", 6),), outputs=[{"name": "Y"}], widgets_values=[1, "a"], title="Magic"),
        _node(6, "PrimitiveNode", widgets_values=[333, "fixed"]),
        _node(7, "Note", size=[100, 50], widgets_values=["for people"]),
        _node(8, "PreviewImage", links=(("images", 8),)),
    ],
    "links": [
        [1, 1, 0, 2, 0, "IMAGE"],
        [2, 2, 0, 3, 0, "IMAGE"],
        [5, 1, 1, 4, 0, "MASK"],
        [6, 4, 0, 5, 0, "IMAGE"],
        [9, 6, 0, 2, 1, "INT"],
        {"id": 8, "origin_id": 5, "origin_slot": 0, "target_id": 8, "target_slot": 0, "type": "IMAGE"},
    ],
    "groups": [{"title": "Frame", "bounding": [0, 0, 500, 400], "color": "#3f789e"}],
}


def test_the_editors_form_keeps_what_people_see() -> None:
    converted = _convert(EDITOR)
    nodes = converted.graph.nodes
    assert {key: node.type for key, node in nodes.items()} == {
        "1": "image.load", "1.mask": "image.mask_invert", "2": "image.resize", "3": "image.save",
        "4": "image.mask_to_image", "5": "comfyui.Fancy/Thing", "6": "core.int", "8": "image.preview",
    }  # fmt: skip
    assert nodes["1"].params == {"path": "a.png"}
    assert nodes["2"].params == {"mode": "bicubic", "width": 6, "height": 480}
    assert nodes["3"].params == {"filename": "out/date_x.png"}
    assert (nodes["2"].mode, nodes["4"].mode, nodes["3"].title) == ("bypassed", "muted", "Result")
    assert (nodes["3"].position.x, nodes["3"].position.y) == (300, 20)
    assert [(note.text, note.size.width) for note in converted.graph.notes] == [("for people", 100)]
    assert [(group.title, group.size.height, group.color) for group in converted.graph.groups] == [
        ("Frame", 400, "#3f789e")
    ]
    assert _edges(converted.graph) == {
        "1.image > 2.image", "6.value > 2.width", "2.image > 3.image", "1.mask > 1.mask.mask", "1.mask.mask > 4.mask",
        "4.image > 5.x", "5.Y > 8.image",
    }  # fmt: skip
    assert [(output.name, output.port) for output in converted.graph.outputs] == [
        ("Result", "path"), ("PreviewImage 8", "image"),
    ]  # fmt: skip


def test_what_was_not_taken_is_told_and_kept() -> None:
    converted = _convert(EDITOR)
    assert (converted.taken, converted.placeholders) == (6, 1)
    assert _codes(converted) == [("VE-004", "2"), ("VE-003", "5")]
    assert "crop" in converted.problems[0].message
    placeholder = converted.graph.nodes["5"]
    assert (placeholder.title, placeholder.params) == ("Magic", {"widgets_values": [1, "a"]})


def _prompt(**nodes: Any) -> dict[str, Any]:
    return {key: {"class_type": kind, "inputs": inputs} for key, (kind, inputs) in nodes.items()}


def test_the_apis_form_has_names_and_gets_places() -> None:
    converted = _convert(
        {
            **_prompt(
                a=("LoadImage", {"image": "a.png"}),
                b=("ImageScale", {"image": ["a", 0], "upscale_method": "area", "width": 10, "crop": "disabled"}),
                c=("ImageBatch", {"image1": ["a", 0], "image2": ["b", 0]}),
            ),
            "d": {"class_type": "PreviewImage", "inputs": {"images": ["c", 0]}, "_meta": {"title": "Shown"}},
        }
    )  # fmt: skip
    graph = converted.graph
    assert converted.problems == ()
    assert [str(edge) for edge in graph.edges] == [
        "a.image → b.image", "a.image → c.images", "b.image → c.images", "c.image → d.image",
    ]  # fmt: skip
    xs = [graph.nodes[key].position.x for key in "abcd"]
    assert xs == sorted(set(xs))
    assert graph.nodes["d"].title == "Shown"


def test_seeds_of_64_bits_and_what_follows_them() -> None:
    seed = (1 << 64) - 1
    with_it = _node(1, "KSampler", widgets_values=[seed, "randomize", 20, 8, "dpmpp_2m", "karras", 1])
    without = _node(2, "KSampler", widgets_values=[5, 30, 7.5, "euler", "normal", 0.5])
    nodes = _convert({"nodes": [with_it, without], "links": []}).graph.nodes
    assert nodes["1"].params == {
        "seed": seed, "steps": 20, "cfg": 8, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1,
    }  # fmt: skip
    assert (nodes["2"].params["steps"], nodes["2"].params["denoise"]) == (30, 0.5)


def test_a_value_that_ours_does_not_take_is_told_and_left_at_its_default() -> None:
    converted = _convert({"nodes": [_node(1, "KSampler", widgets_values=[1, "fixed", 20, 8, "res_2s", "normal", 1])]})
    assert "sampler_name" not in converted.graph.nodes["1"].params
    assert _codes(converted) == [("VE-010", "1")]
    assert converted.problems[0].port == "sampler_name"


def test_an_output_that_only_hands_on_leads_to_what_it_hands_on() -> None:
    data = _prompt(
        p=("Foreign", {}),
        n=("Foreign", {}),
        c=("ControlNetApplyAdvanced", {"positive": ["p", 0], "negative": ["n", 0], "strength": 0.5}),
        s=("KSampler", {"positive": ["c", 0], "negative": ["c", 1]}),
    )
    assert _edges(_convert(data).graph) == {
        "p.out_0 > c.conditioning", "c.conditioning > s.positive", "n.out_0 > s.negative"
    }  # fmt: skip
    circle = _prompt(c=("ControlNetApplyAdvanced", {"negative": ["c", 1]}), s=("KSampler", {"negative": ["c", 1]}))
    assert ("VE-005", "s") in _codes(_convert(circle))


def test_reroutes_carry_wires_on() -> None:
    nodes = [
        _node(1, "LoadImage", widgets_values=["a"]),
        _node(2, "Reroute", links=(("", 1),)),
        _node(3, "PreviewImage", links=(("images", 2),)),
    ]
    graph = _convert({"nodes": nodes, "links": [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 3, 0, "*"]]}).graph
    assert _edges(graph) == {"1.image > 2.value", "2.out > 3.image"}


def _subgraph(key: str, inner: str, kind: str = "ImageScale") -> dict[str, Any]:
    link = {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0}
    back = {"id": 2, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0}
    node = _node(1, kind, links=(("image", 1),))
    return {"id": key, "name": inner, "inputs": [{"name": "image"}], "nodes": [node], "links": [link, back]}


def test_subgraphs_are_unfolded_where_they_stand() -> None:
    nodes = [
        _node(1, "LoadImage", widgets_values=["a"]),
        _node(2, "outer", links=(("image", 1),), mode=2),
        _node(3, "PreviewImage", links=(("images", 2),)),
    ]
    definitions = {"subgraphs": [_subgraph("outer", "Outer", "inner"), _subgraph("inner", "Inner")]}
    converted = _convert(
        {"nodes": nodes, "links": [[1, 1, 0, 2, 0, "*"], [2, 2, 0, 3, 0, "*"]], "definitions": definitions}
    )
    assert set(converted.graph.nodes) == {"1", "2:1:1", "3"}
    assert _edges(converted.graph) == {"1.image > 2:1:1.image", "2:1:1.image > 3.image"}
    assert converted.graph.nodes["2:1:1"].mode == "muted"


def test_a_subgraph_that_holds_itself_becomes_a_place() -> None:
    data = {"nodes": [_node(1, "a")], "links": [], "definitions": {"subgraphs": [_subgraph("a", "A", "a")]}}
    assert {node.type for node in _convert(data).graph.nodes.values()} == {"comfyui.a"}


def test_subgraphs_that_double_at_every_level_are_refused_at_once() -> None:
    twice = [
        {"id": f"s{level}", "nodes": [_node(1, f"s{level + 1}"), _node(2, f"s{level + 1}")], "links": []}
        for level in range(60)
    ]
    began = time.monotonic()
    with pytest.raises(GraphError, match="VE-012"):
        _convert({"nodes": [_node(1, "s0")], "definitions": {"subgraphs": twice}}, nodes=1000)
    assert time.monotonic() - began < 5


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in (*chunks, (b"IEND", b"")))


_PROMPT = json.dumps(_prompt(a=("LoadImage", {"image": "a.png"}))).encode()


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"tEXt", b"prompt\0" + _PROMPT)],
        [(b"zTXt", b"prompt\0\0" + zlib.compress(_PROMPT))],
        [(b"iTXt", b"prompt\0\1\0\0\0" + zlib.compress(_PROMPT))],
        [(b"iTXt", b"prompt\0\0\0en\0p\0" + _PROMPT)],
        [(b"tEXt", b"workflow\0[NaN"), (b"tEXt", b"prompt\0" + _PROMPT)],
    ],
)
def test_a_picture_carries_its_workflow(chunks: list[tuple[bytes, bytes]]) -> None:
    assert set(_convert(_png(*chunks)).graph.nodes) == {"a"}


def test_the_editors_form_goes_before_the_apis() -> None:
    content = _png((b"tEXt", b"prompt\0" + _PROMPT), (b"tEXt", b"workflow\0" + json.dumps(EDITOR).encode()))
    assert len(_convert(content).graph.notes) == 1


def test_a_text_that_unpacks_without_end_is_refused() -> None:
    bomb = zlib.compress(b" " * (8 << 20))
    with pytest.raises(GraphError, match="VE-012"):
        _convert(_png((b"zTXt", b"workflow\0\0" + bomb)), body_bytes=1 << 20)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "VE-001"),
        (b"[" * 100_000, "VE-001"),
        (b'{"nodes": 3}', "VE-001"),
        (b"[1, 2]", "VE-001"),
        (b"\x89PNG\r\n\x1a\n", "VE-001"),
        (b" " * 2_000_000, "VE-012"),
    ],
)
def test_what_is_no_workflow_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(GraphError, match=code):
        _convert(content, body_bytes=1 << 20)


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(GraphError, match="VE-012"):
        _convert({"nodes": [_node(key, "Foreign") for key in range(11)]}, nodes=10)
