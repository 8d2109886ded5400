"""The page on graphs in Python is a script that works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.stack_client import StackClient

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_runs(stack: StackClient, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 6
    env = stack.environment(PREFECT_LOGGING_LEVEL="ERROR")
    code = "\n".join(blocks).replace("/tmp/", f"{tmp_path}/")
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
    said = done.stdout.splitlines()
    assert [line.partition(" ")[0] for line in said[:3]] == ["VE-003", "VE-006", "VE-010"]
    assert "Did you mean blur?" in said[0]
    assert re.fullmatch(r"<IMAGE 1×\d+×\d+×3 float32>", said[3])
    assert (tmp_path / "vortex-python.png").read_bytes().startswith(b"\x89PNG")
    assert "g = Graph('Photo in Python')" in done.stdout
