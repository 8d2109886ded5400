"""What is wrong with what people give: the code, the node and words that say what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image

from tests.integration.stack_client import StackClient, graph
from vortex_prefect import Graph
from vortex_prefect.core.errors import GraphError

pytestmark = pytest.mark.integration


def _half(path: Path) -> str:
    """The path of a file of which the second half is missing."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return str(path)


def _picture(folder: Path) -> str:
    path = folder / "half.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)).save(path)
    return _half(path)


def _weights(folder: Path) -> str:
    path = folder / "half.safetensors"
    safetensors.numpy.save_file({"weight": np.zeros((64, 64), np.float32)}, path)
    return _half(path)


def test_files_and_tables_that_are_wrong_fail_their_own_node(stack: StackClient, tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    rows = [{"city": "Ulm", "sales": 3}, {"city": "Köln", "sales": 5}]
    nodes: dict[str, dict[str, Any]] = {
        "picture": {"type": "image.load", "params": {"path": _picture(folder)}},
        "model": {"type": "model.load", "params": {"path": _weights(folder)}},
        "weights": {"type": "model.describe"},
        "rows": {"type": "core.json", "params": {"value": rows}},
        "table": {"type": "table.from_json"},
        "absent": {"type": "table.filter", "params": {"condition": "price > 1"}},
        "texts": {"type": "table.aggregate", "params": {"keys": ["sales"], "values": {"city": "mean"}}},
    }
    edges = ("model.model > weights.model", "rows.value > table.value", "table.table > absent.table",
             "table.table > texts.table")  # fmt: skip
    ended = stack.run(graph("wrong", nodes, *edges))
    assert ended["status"] == "failed"
    errors = {name: node["error"] for name, node in ended["nodes"].items() if node["error"]}
    assert errors.keys() == {"picture", "weights", "absent", "texts"}
    assert {error["code"] for error in errors.values()} == {"WK-003"}
    assert [error["node_id"] for error in errors.values()] == list(errors)
    assert f"{folder}/half.png cannot be decoded" in errors["picture"]["message"]
    assert f"{folder}/half.safetensors holds no tensors that can be read safely" in errors["weights"]["message"]
    assert "price" in errors["absent"]["message"]
    assert "city" in errors["absent"]["message"], "what columns there are"
    assert "city" in errors["texts"]["message"]


def test_not_a_number_is_in_no_range(stack: StackClient) -> None:
    document = graph(
        "nan", {"solid": {"type": "image.solid"}, "blur": {"type": "image.blur"}}, "solid.image > blur.image"
    )
    graph_id = stack.create(document)
    document["nodes"]["blur"]["params"] = {"radius": float("nan")}
    stored = stack.bridge.put(
        f"/api/graph/{graph_id}", content=json.dumps(document), headers={"Content-Type": "application/json"}
    )
    assert stored.status_code == 400, stored.text
    error = stored.json()["error"]
    assert error["code"] == "RQ-001"
    assert "NaN" in error["message"]
    g: Any = Graph("nan")
    with pytest.raises(GraphError, match=r"VE-001 .*/node/params/radius is nan, not a finite number"):
        g.image.blur(image=g.image.solid().image, radius=float("nan"))


def test_a_table_of_another_schema_is_told_by_its_columns(stack: StackClient, tmp_path: Path) -> None:
    path = tmp_path.resolve() / "sales.csv"
    path.write_text("city,amount\nUlm,3\n", encoding="utf-8")
    nodes = {
        "read": {"type": "table.read_csv", "params": {"path": str(path)}},
        "check": {"type": "table.check", "params": {"columns": {"city": "string", "sales": "int64"}}},
    }
    ended = stack.run(graph("schema", nodes, "read.table > check.table"))
    error = ended["nodes"]["check"]["error"]
    assert (error["code"], error["node_id"]) == ("WK-003", "check")
    assert "sales" in error["message"]
