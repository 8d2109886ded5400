"""The editor's templates run as they are, and give what they promise. A new one is tested by being there."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tests.integration.stack_client import StackClient

pytestmark = pytest.mark.integration

TEMPLATES = sorted((Path(__file__).parents[2] / "ui" / "src" / "templates").glob("*.json"))

Size = tuple[int, int]


@pytest.fixture(scope="module")
def specs(stack: StackClient) -> dict[str, dict[str, Any]]:
    """The node types of the stack by their names."""
    return {spec["type"]: spec for spec in stack.bridge.get("/api/nodes").raise_for_status().json()["types"]}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_gives_all_that_it_names(path: Path, stack: StackClient, specs: dict[str, dict[str, Any]]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    done = stack.run(document)
    assert done["status"] == "completed", done
    assert set(done["outputs"]) == {output["name"] for output in document["outputs"]}
    for output in document["outputs"]:
        found = done["outputs"][output["name"]]
        content = read(stack, found)
        CHECKS[found["type"]](content, found)
        if found["type"] == "IMAGE":
            size = Image.open(io.BytesIO(content)).size
            assert fits(size, document["nodes"][output["node"]]["type"], declared(document, specs, output["node"]))


def read(stack: StackClient, output: dict[str, Any]) -> bytes:
    """An output in the format in which its check reads it."""
    formats = {"TENSOR": {"format": "npy"}, "TABLE": {"format": "arrow"}, "AUDIO": {"format": "arrow"}}
    return stack.bridge.get(output["url"], params=formats.get(output["type"])).raise_for_status().content


def picture(content: bytes, _: dict[str, Any]) -> None:
    """More than one colour."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).reshape(-1, 3)
    assert np.ptp(pixels, axis=0).any()


def rows(content: bytes, _: dict[str, Any]) -> None:
    """A table of one row at least, or a sound of one sample."""
    assert pa.ipc.open_stream(content).read_all().num_rows > 0


def tensor(content: bytes, _: dict[str, Any]) -> None:
    """Finite elements which are not all the same."""
    elements = np.load(io.BytesIO(content))
    assert np.isfinite(elements).all()
    assert elements.size > 1
    assert np.ptp(elements) > 0


def text(_: bytes, output: dict[str, Any]) -> None:
    """Not empty."""
    assert output["value"].strip()


#: By the port's type; a template with an output of another type wants a check here.
CHECKS: dict[str, Callable[[bytes, dict[str, Any]], None]] = {
    "IMAGE": picture, "TABLE": rows, "AUDIO": rows, "TENSOR": tensor, "STRING": text,
}  # fmt: skip


def declared(document: dict[str, Any], specs: dict[str, dict[str, Any]], node_id: str) -> set[Size]:
    """The sizes (width, height) that a node declares, or else those that declare one of what feeds it."""
    node = document["nodes"][node_id]
    values = {param["name"]: param.get("default") for param in specs[node["type"]]["params"]} | node.get("params", {})
    if {"width", "height"} <= values.keys():
        return {(values["width"], values["height"])}
    sources = {edge["source"]["node"] for edge in document["edges"] if edge["target"]["node"] == node_id}
    return {size for source in sources for size in declared(document, specs, source)}


def fits(size: Size, node_type: str, sizes: set[Size]) -> bool:
    """Whether a picture has the one size that is declared; a grid has several of that size without gaps."""
    if not sizes:
        # A spectrogram is as wide as the sound is long.
        return min(size) > 1
    [(width, height)] = sizes
    if node_type == "batch.grid":
        return size[0] % width == 0 and size[1] % height == 0
    return size == (width, height)
