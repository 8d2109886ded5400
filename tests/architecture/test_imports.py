"""What import-linter cannot see: which modules a process really loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*ROOT.glob("vortex_prefect/**/*.py"), *ROOT.glob("workers/**/*.py")]


def loaded_by(statements: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has after `statements`."""
    code = f"{statements}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_worker_loads_no_control_plane() -> None:
    loaded = loaded_by(
        "import vortex_worker.__main__\nfrom vortex_worker.packs import load_packs\nload_packs(debug=True)"
    )
    assert "torch" in loaded
    # These load when a node first needs them: a worker starts in the time that torch takes.
    assert not loaded & {"matplotlib", "scipy", "av", "soundfile", "onnxruntime", "safetensors", "tokenizers"}
    assert not loaded & {"diffusers", "transformers", "accelerate", "peft", "huggingface_hub"}
    assert not loaded & {"prefect", "dask", "distributed", "fastapi", "sqlalchemy"}


def test_package_itself_is_light() -> None:
    assert not loaded_by("import vortex_prefect") & {"prefect", "distributed", "torch", "fastapi", "pydantic"}


def test_client_of_the_bridge_loads_no_server() -> None:
    client = (
        "from vortex_prefect.client import AsyncBridge, Bridge\ntry: Bridge()\nexcept Exception as error: print(error)"
    )
    loaded = loaded_by(f"import os\nos.environ['VORTEX_HOME'] = '/nowhere'\n{client}")
    assert {"httpx", "websockets", "SY-004"} <= loaded
    assert not loaded & {"prefect", "dask", "distributed", "fastapi", "starlette", "sqlalchemy", "torch", "numpy"}


@pytest.mark.parametrize(
    "module",
    ["vortex_prefect.bridge.app", "vortex_prefect.store.sql_store", "vortex_prefect.engine.engine"],
)
def test_control_plane_loads_no_torch(module: str) -> None:
    assert "torch" not in loaded_by(f"import {module}")


def test_bridge_loads_no_prefect() -> None:
    assert not loaded_by("import vortex_prefect.bootstrap.wiring") & {"prefect", "distributed", "torch"}


@pytest.mark.parametrize(
    "module",
    ["vortex_prefect.bootstrap.wiring", "vortex_prefect.engine.engine", "vortex_worker.__main__"],
)
def test_nothing_of_a_tracer_is_loaded_unless_somebody_asks(module: str) -> None:
    nothing = "import sys\nassert 'opentelemetry.sdk' not in sys.modules"
    assert "opentelemetry" in loaded_by(f"import {module}\n{nothing}")


def test_public_names_are_found() -> None:
    assert "prefect" in loaded_by("import vortex_prefect\nvortex_prefect.VortexTaskRunner")


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "helpers", "common", "misc"}
    assert SOURCES
    assert not [path for path in SOURCES if path.stem in drawers]
