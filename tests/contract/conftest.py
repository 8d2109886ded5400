"""The databases that a store is promised on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.postgres_server import PostgresServer, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server of our own; fails, and says what to install, where there is none on the machine.

    VORTEX_SKIP_POSTGRES=1 leaves these tests out, for who cannot install one.
    """
    if os.environ.get("VORTEX_SKIP_POSTGRES") == "1":
        pytest.skip("VORTEX_SKIP_POSTGRES is set")
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["file", "memory", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, of each kind."""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        with server.schema() as url:
            yield url
        return
    yield "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path}/vortex.db"
