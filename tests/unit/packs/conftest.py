from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from vortex_worker.sdk import Context

MakeContext = Callable[..., Context]


@pytest.fixture
def reports() -> list[tuple[float, str]]:
    """What nodes said of their progress."""
    return []


@pytest.fixture
def shown() -> list[torch.Tensor]:
    """What nodes showed on their way, as it was then."""
    return []


@pytest.fixture
def make_context(tmp_path: Path, reports: list[tuple[float, str]], shown: list[torch.Tensor]) -> MakeContext:
    def make(attempt: int = 1, report: Callable[[float, str], None] | None = None) -> Context:
        return Context(
            node_id="node",
            execution_id="execution",
            attempt=attempt,
            device=torch.device("cpu"),
            output_dir=tmp_path / "outputs",
            state_dir=tmp_path / "state",
            report=report or (lambda fraction, note: reports.append((fraction, note))),
            show=lambda image: shown.append(image.clone()),
        )

    return make


@pytest.fixture
def ctx(make_context: MakeContext) -> Context:
    return make_context()
