"""The beginnings of a pack."""

from __future__ import annotations

import re
from pathlib import Path

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.files.packs import RESERVED, unusable

_FILES = {
    "README.md": """\
# {name}

Nodes for VORTEX. `vortex nodes dev .` takes them up after each change, `vortex nodes install .` installs them,
`vortex nodes verify` looks whether they are what was installed, and `pytest` tests them without a stack.

What they need beyond VORTEX stands in `dependencies` of `pyproject.toml`. Where VORTEX does not have it, or has another
version, they run in an environment of their own; with `isolated = true` in `pack.toml` always.
""",
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{dashed}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["vortex-prefect[worker]"]

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
""",
    "{module}/pack.toml": """\
[pack]
name = "{name}"
version = "0.1.0"
""",
    "{module}/__init__.py": '''\
"""The pack `{name}`."""

from __future__ import annotations

from vortex_worker.sdk import NodeType, nodes_of


def load() -> list[NodeType]:
    """All nodes of the pack."""
    from {module} import nodes

    return nodes_of([nodes])
''',
    "{module}/nodes.py": '''\
"""Nodes of the pack `{name}`: typed functions. Their types begin with `{name}.`"""

from __future__ import annotations

from typing import Annotated

import torch

from vortex_worker.sdk import Doc, Image, Range, Step, Widget, node


@node("{name}.posterize", category="{name}")
def posterize(
    image: Image,
    levels: Annotated[int, Range(2, 256), Step(1), Widget("slider"), Doc("Of each channel.")] = 4,
) -> Image:
    """Show every channel in few levels."""
    # What comes in must not be written to: it lies in memory that other processes read.
    steps = levels - 1
    return torch.round(image.clamp(0, 1) * steps) / steps
''',
    "tests/test_nodes.py": '''\
"""Nodes of the pack `{name}`, without a stack."""

from __future__ import annotations

import pytest
import torch
from {module} import load
from {module}.nodes import posterize

from vortex_prefect.core.errors import GraphError
from vortex_worker.sdk.testing import run_node


def test_levels_are_few() -> None:
    image = torch.linspace(0, 1, 100).view(1, 10, 10, 1)
    done = run_node(posterize, image=image, levels=3)
    assert done["image"].unique().tolist() == [0.0, 0.5, 1.0]


def test_bounds_are_checked() -> None:
    with pytest.raises(GraphError, match="VE-010"):
        run_node(posterize, image=torch.zeros(1, 1, 1, 3), levels=1)


def test_types_begin_with_the_name_of_the_pack() -> None:
    assert {{node.spec.type.partition(".")[0] for node in load()}} == {{"{name}"}}
''',
    "tests/conftest.py": '''\
"""Tests find the package where it lies, installed or not."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
''',
}


def begin(name: str, folder: Path) -> list[Path]:
    """Write a pack with one node and its tests into `folder`/`name`; the files.

    Raises:
        SystemFault: SY-003, a pack cannot have that name; SY-006, something is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise unusable(name, "a name has small letters, digits and underscores, and begins with a letter")
    if name in RESERVED:
        raise unusable(name, "a pack of that name comes with VORTEX")
    target = folder / name
    if target.exists():
        raise SystemFault("SY-006", f"{target} is there already", "Choose another name or folder.")
    words = {"name": name, "module": f"{name}_pack", "dashed": f"vortex-{name.replace('_', '-')}"}
    made = []
    for path, text in _FILES.items():
        file = target / path.format(**words)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(**words), encoding="utf-8")
        made.append(file)
    return made
