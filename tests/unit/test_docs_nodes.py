"""The page on nodes: its examples run, and what it lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from vortex_prefect.core.nodespec import PORT_TYPES
from vortex_worker import sdk
from vortex_worker.packs import load_packs

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")


def test_its_examples_run() -> None:
    names: dict[str, Any] = {"torch": torch}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(compile(code, "docs/nodes.md", "exec"), names)
    names["test_gamma"]()


def test_its_annotations_are_those_of_the_sdk() -> None:
    named = set(re.findall(r"`([A-Z]\w+)`", PAGE.partition("## The bundled types")[0]))
    known = {*sdk.__all__, "Path", "NamedTuple", "Seed", "Annotated"}
    assert {"Image", "Table", "Audio", "Range", "Choices", "Lazy", "Context"} <= named
    assert not {name for name in named if not name.isupper() and name not in known and "_" not in name}


def test_it_lists_every_type_and_no_other() -> None:
    listed = re.findall(r"^\| `([a-z]+\.\w+)` \|", PAGE, re.MULTILINE)
    assert listed == [node.spec.type for node in load_packs(debug=False)]
    assert len(listed) >= 150
    ports = set(re.findall(r": ([A-Z]+)\b", PAGE.partition("## The bundled types")[2]))
    assert ports - {"LIST"} <= set(PORT_TYPES)


def test_every_image_node_has_a_picture_on_its_page() -> None:
    folder = ROOT / "docs" / "nodes"
    nodes = [node.spec for node in load_packs(debug=False) if node.spec.type.startswith(("batch.", "image.", "mask."))]
    kinds = ("IMAGE", "MASK", "LIST[IMAGE]", "LIST[MASK]")
    shown = [spec for spec in nodes if any(port.type in kinds for port in spec.outputs)]
    assert len(shown) >= 100
    for spec in shown:
        page = (folder / f"{spec.category}.md").read_text(encoding="utf-8")
        assert f"`{spec.type}`: {spec.doc}" in page
        assert f"pictures/{spec.type}.jpg" in page
    linked = {name for page in folder.glob("*.md") for name in re.findall(r"\((pictures/[^)]+)\)", page.read_text())}
    assert linked == {f"pictures/{path.name}" for path in (folder / "pictures").iterdir()}
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 4 << 20
