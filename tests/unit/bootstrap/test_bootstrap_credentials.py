"""The stack's secrets: who can read them, and how long they live."""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from vortex_prefect.bootstrap.credentials import make_dask_keys, prefect_auth_string, remove_dask_keys
from vortex_prefect.core.settings import DaskKeys
from vortex_prefect.engine.dask_security import stack_security


@pytest.fixture
def umask() -> Iterator[None]:
    """As loose as it goes: secrets do not hang on it."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def keys(tmp_path: Path) -> DaskKeys:
    return DaskKeys(tmp_path / "keys")


def test_the_keys_of_a_killed_stack_open_nothing_any_more(keys: DaskKeys) -> None:
    make_dask_keys(keys, "tls://127.0.0.1:1")
    former = keys.key.read_bytes()
    make_dask_keys(keys, "tls://127.0.0.1:2")
    assert keys.key.read_bytes() != former
    assert stack_security(keys, "tls://127.0.0.1:1") is None
    assert stack_security(keys, "tls://127.0.0.1:2") is not None
    remove_dask_keys(keys)
    remove_dask_keys(keys)
    assert not keys.folder.exists()
    assert stack_security(keys, "tls://127.0.0.1:2") is None


@pytest.mark.usefixtures("umask")
def test_nobody_else_reads_them(keys: DaskKeys, tmp_path: Path) -> None:
    auth = tmp_path / "auth"
    make_dask_keys(keys, "tls://127.0.0.1:1")
    prefect_auth_string(auth)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*keys.folder.iterdir(), auth)} == {0o600}
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700


def test_dask_can_use_them(keys: DaskKeys) -> None:
    make_dask_keys(keys, "tls://127.0.0.1:1")
    security = stack_security(keys, "tls://127.0.0.1:1")
    assert security is not None
    arguments = security.get_connection_args("client")
    assert arguments["require_encryption"]
    assert arguments["ssl_context"].verify_mode is ssl.CERT_REQUIRED


def test_the_auth_string_stays_with_the_home(tmp_path: Path) -> None:
    auth = prefect_auth_string(tmp_path / "auth")
    user, _, password = auth.partition(":")
    assert user == "vortex"
    assert len(password) >= 32
    assert prefect_auth_string(tmp_path / "auth") == auth
    assert prefect_auth_string(tmp_path / "another") != auth


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_one_that_is_broken_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "auth").write_bytes(content)
    (tmp_path / "auth").chmod(0o600)
    assert prefect_auth_string(tmp_path / "auth").startswith("vortex:")


def test_one_that_others_could_have_read_is_made_anew(tmp_path: Path) -> None:
    auth = prefect_auth_string(tmp_path / "auth")
    (tmp_path / "auth").chmod(0o640)
    assert prefect_auth_string(tmp_path / "auth") != auth
    assert stat.S_IMODE((tmp_path / "auth").stat().st_mode) == 0o600
