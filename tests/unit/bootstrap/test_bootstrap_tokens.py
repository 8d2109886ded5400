"""Tokens that the stack makes, or is given by its environment."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from vortex_prefect.bootstrap.credentials import environment_token, make_local_token
from vortex_prefect.core.errors import SystemFault
from vortex_prefect.service.tokens import Tokens, digest_of

SECRET = "correct horse battery staple"


def test_the_stacks_own_is_for_its_user(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    digest = make_local_token(path)
    assert digest_of(path.read_text()) == digest
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert make_local_token(path) != digest
    found = Tokens(tmp_path / "tokens.json", {"local": digest}).find("old")
    assert found is None


def test_the_environments_is_told_as_its_hash() -> None:
    assert environment_token({}) == environment_token({"VORTEX_TOKEN": ""}) == {}
    hashed = {"environment": digest_of(SECRET)}
    assert environment_token({"VORTEX_TOKEN": SECRET}) == hashed
    assert environment_token({"VORTEX_TOKEN_SHA256": digest_of(SECRET)}) == hashed
    with pytest.raises(SystemFault) as caught:
        environment_token({"VORTEX_TOKEN": "short"})
    assert caught.value.code == "SY-009"
    assert "short" not in caught.value.message.replace("shorter", "")
