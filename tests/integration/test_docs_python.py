"""The pages on Python are scripts that work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.stack_client import StackClient

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


def blocks_of(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run(blocks: list[str], stack: StackClient, folder: Path) -> str:
    """What the blocks print as one script, run in the folder of the examples."""
    env = stack.environment(PREFECT_LOGGING_LEVEL="ERROR")
    code = "\n".join(blocks).replace("/tmp/", f"{folder}/")
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=env,
        cwd=ROOT / "examples",
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_runs(stack: StackClient, tmp_path: Path) -> None:
    blocks = blocks_of("python.md")
    assert len(blocks) >= 6
    printed = run(blocks, stack, tmp_path)
    said = printed.splitlines()
    assert [line.partition(" ")[0] for line in said[:3]] == ["VE-003", "VE-006", "VE-010"]
    assert "Did you mean blur?" in said[0]
    assert re.fullmatch(r"<IMAGE 1×\d+×\d+×3 float32>", said[3])
    assert (tmp_path / "vortex-python.png").read_bytes().startswith(b"\x89PNG")
    assert "g = Graph('Photo in Python')" in printed


def test_the_page_on_the_client_runs(stack: StackClient, tmp_path: Path) -> None:
    blocks = blocks_of("client.md")
    assert len(blocks) == 3
    said = run(blocks, stack, tmp_path).splitlines()
    assert said[0].startswith("completed ")
    assert (tmp_path / "vortex-client.png").read_bytes().startswith(b"\x89PNG")
    assert any(line.endswith(" completed 100.0") for line in said)
    assert said[-1].startswith("RQ-002 no graph missing")
