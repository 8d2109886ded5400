"""Hooks that the operator names."""

from __future__ import annotations

from pathlib import Path

import pytest

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine.hooks import Hooks


def test_hooks_are_loaded_in_their_order(tmp_path: Path) -> None:
    hooks = Hooks.of(Settings(tmp_path, on_failure="os.path:join, json:dumps"))
    assert [hook.__name__ for hook in hooks.on_failure] == ["join", "dumps"]
    assert hooks.on_completion == hooks.on_cancellation == ()


@pytest.mark.parametrize("name", ["json.dumps", "json:nothing", "no_such_module:f"])
def test_a_hook_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SystemFault, match="SY-003") as caught:
        Hooks.of(Settings(tmp_path, on_completion=name))
    assert name in caught.value.message
