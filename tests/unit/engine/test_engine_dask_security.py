"""How runners find the keys of a stack, and close clusters of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vortex_prefect import VortexTaskRunner
from vortex_prefect.bootstrap.credentials import make_dask_keys
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine.dask_security import closed_cluster, security_at

ADDRESS = "tls://127.0.0.1:7"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    settings = Settings(tmp_path)
    settings.run_dir.mkdir()
    make_dask_keys(settings.dask_keys, ADDRESS)
    return tmp_path


def test_the_address_of_the_users_stack_opens_with_its_keys(home: Path, tmp_path: Path) -> None:
    found = security_at(ADDRESS, {"VORTEX_HOME": str(home)})
    assert found is not None
    assert found.require_encryption
    assert str(tmp_path) in str(found.tls_client_key)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:7", "tls://127.0.0.1:8"])
def test_nobody_else_is_shown_them(home: Path, address: str) -> None:
    assert security_at(address, {"VORTEX_HOME": str(home)}) is None


def test_without_a_stack_there_are_none(tmp_path: Path) -> None:
    assert security_at(ADDRESS, {"HOME": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("options", "closed"),
    [
        ({}, True),
        ({"n_workers": 2, "processes": True}, True),
        ({"host": "127.0.0.1"}, True),
        ({"processes": False}, None),  # listens on no port
        ({"protocol": "tcp"}, None),
        ({"host": "tcp://127.0.0.1"}, None),
        ({"security": None}, None),
    ],
)
def test_a_local_cluster_is_closed_unless_somebody_says_otherwise(options: dict[str, Any], closed: bool | None) -> None:
    assert closed_cluster(None, options).get("security") is closed
    assert VortexTaskRunner(cluster_kwargs=options).cluster_kwargs.get("security") is closed


def test_its_dashboard_is_on_loopback_unless_somebody_says_otherwise() -> None:
    assert closed_cluster(None, {})["dashboard_address"] == "127.0.0.1:8787"
    assert closed_cluster(None, {"dashboard_address": None})["dashboard_address"] is None


def test_other_classes_of_clusters_decide_themselves() -> None:
    assert closed_cluster("dask_kubernetes.KubeCluster", {"n_workers": 1}) == {"n_workers": 1}
