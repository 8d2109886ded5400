"""Tokens: what is kept, who gets in, and what happens to the file meanwhile."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from vortex_prefect.core.access import Identity, Scope, scopes_of
from vortex_prefect.core.errors import RequestError, SystemFault
from vortex_prefect.service.tokens import LOCAL, Tokens, digest_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "tokens.json"


READ = frozenset({Scope.READ})


def test_a_secret_is_told_once_and_kept_nowhere(path: Path) -> None:
    token, secret = Tokens(path).create("ann", READ)
    text = path.read_text()
    assert secret not in text
    assert secret.removeprefix("vtx_") not in text
    assert digest_of(secret) in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Tokens(path).find(secret) == token
    assert token.identity == Identity("ann", READ)


def test_who_knows_no_secret_does_not_get_in(path: Path) -> None:
    tokens = Tokens(path)
    _, secret = tokens.create("ann", READ)
    for guess in ("", "vtx_", secret[:-1], secret + "A", secret.upper(), digest_of(secret)):
        assert tokens.find(guess) is None


def test_what_another_process_changes_counts_at_once(path: Path) -> None:
    bridge, command = Tokens(path), Tokens(path)
    assert bridge.valid() == []
    token, secret = command.create("ann", READ)
    assert bridge.find(secret) == token
    command.create("bob", READ)
    command.revoke("ann")
    assert bridge.find(secret) is None
    assert [token.name for token in bridge.listed()] == ["bob"]
    path.unlink()
    assert bridge.valid() == []


def test_a_token_ends_by_itself(path: Path) -> None:
    now = 1000
    tokens = Tokens(path, clock=lambda: now)
    token, secret = tokens.create("ann", READ, expires_ms=2000)
    assert tokens.find(secret) == tokens.by_id(token.id) == token
    now = 2000
    assert tokens.find(secret) is None
    assert tokens.by_id(token.id) is None
    assert tokens.listed() == [token]


def test_names_are_taken_once(path: Path) -> None:
    tokens = Tokens(path, {LOCAL: digest_of("x")})
    tokens.create("ann", READ)
    for name in ("ann", LOCAL):
        with pytest.raises(RequestError) as caught:
            tokens.create(name, READ)
        assert caught.value.code == "RQ-007"
    with pytest.raises(RequestError) as caught:
        tokens.revoke("bob")
    assert caught.value.code == "RQ-002"


def test_a_damaged_file_lets_nobody_in(path: Path) -> None:
    tokens = Tokens(path)
    _, secret = tokens.create("ann", READ)
    good = path.read_text()
    for text in ("", "{", "[]", '{"tokens": [{}]}', good.replace('"read"', '"everything"')):
        path.write_text(text)
        with pytest.raises(SystemFault) as caught:
            tokens.find(secret)
        assert caught.value.code == "SY-006"
    with pytest.raises(SystemFault):
        tokens.create("bob", READ)  # and it overwrites nothing
    path.write_text(good)
    assert tokens.find(secret) is not None


def test_many_make_tokens_at_once(path: Path) -> None:
    threads = [threading.Thread(target=Tokens(path).create, args=(f"user{index}", READ)) for index in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(item["name"] for item in json.loads(path.read_text())["tokens"]) == sorted(
        f"user{index}" for index in range(12)
    )


def test_scopes() -> None:
    editor = Identity("ann", scopes_of(["edit"]))
    assert [scope for scope in Scope if editor.may(scope)] == [Scope.READ, Scope.EDIT]
    assert all(Identity("root", scopes_of(["admin"])).may(scope) for scope in Scope)
    assert not any(Identity("nobody", frozenset()).may(scope) for scope in Scope)
    for names in ([], ["all"]):
        with pytest.raises(ValueError, match=r"scope|Scope"):
            scopes_of(names)
