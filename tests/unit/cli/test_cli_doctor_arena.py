"""What the doctor says of an arena."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vortex_prefect.bridge.examples import ANSWERS
from vortex_prefect.cli.doctor_arena import arena_findings, bar, describe
from vortex_prefect.client.bridge.answers import Arena
from vortex_prefect.core.settings import Settings
from vortex_prefect.shm.janitor import arena_path

GIB = 1 << 30


def findings(**changes: Any) -> dict[str, tuple[str, str]]:
    arena = Arena.model_validate({**ANSWERS["get_arena"], **changes})
    return {finding.check: (finding.verdict, finding.detail) for finding in describe(arena)}


def test_an_arena_in_order() -> None:
    found = findings(budget_bytes=8 * GIB, in_use_bytes=GIB, cached_bytes=GIB // 2, warm_bytes=2 * GIB)
    assert {verdict for verdict, _ in found.values()} == {"ok"}
    assert found["arena"][1] == "1 in use and 0.50 cached of 8 GiB, 2 blocks"
    assert found["arena memory"][1].startswith("2 GiB warm, 0 cold")
    assert found["arena cache"][1] == "80% of 15 results were known; 0 blocks were evicted"
    assert found["arena map"][1] == "░░"


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"budget_bytes": None}, "arena", "warning"),
        ({"budget_bytes": 100, "in_use_bytes": 96}, "arena", "warning"),
        ({"budget_bytes": 100, "free_bytes": 50, "fragmentation": 0.95, "leases": 3}, "arena room", "warning"),
        ({"condemned": 1}, "arena damage", "problem"),
    ],
)
def test_what_is_out_of_order(changes: dict[str, Any], check: str, verdict: str) -> None:
    assert findings(**changes)[check][0] == verdict


def test_nobody_has_asked_yet() -> None:
    assert "nobody has asked yet" in findings(hit_rate=None)["arena cache"][1]


def test_the_bar_says_what_most_of_a_cell_is() -> None:
    assert bar([[3, 1, 2], [1, 3, 2], [0, 1, 5], [2, 2, 2]]) == "█▓░█"


def test_arenas_of_dead_hosts_are_told_of(tmp_path: Path) -> None:
    assert list(arena_findings(Settings(tmp_path), tmp_path)) == []
    arena_path("dead", tmp_path).write_bytes(b"x" * (1 << 20))
    (finding,) = arena_findings(Settings(tmp_path), tmp_path)
    assert (finding.check, finding.verdict) == ("orphaned arenas", "warning")
    assert finding.detail.startswith("1 of dead hosts, 1 MiB")
