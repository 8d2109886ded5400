"""What the folder `deployments` offers is what the code declares."""

from __future__ import annotations

import json
from pathlib import Path

from vortex_prefect.engine.work_pool import pool_template

ROOT = Path(__file__).resolve().parents[2]


def test_the_template_of_the_pool_is_current() -> None:
    written = json.loads((ROOT / "deployments" / "work-pool.json").read_text(encoding="utf-8"))
    assert written == pool_template(), "run scripts/gen-work-pool"
