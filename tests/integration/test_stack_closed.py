"""Nobody runs anything through the stack's TCP ports who has not been given its secrets."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from distributed import Client
from distributed.core import rpc
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.integration.raw_link import heard
from tests.integration.stack_client import StackClient
from tests.integration.test_stack_task_runner import run_flow
from vortex_prefect.bootstrap.credentials import make_dask_keys
from vortex_prefect.cli.env import exports
from vortex_prefect.core.settings import DaskKeys, Settings
from vortex_prefect.engine.dask_security import stack_security

pytestmark = pytest.mark.integration

#: Which process listens how often: the scheduler and the worker of Dask have an HTTP port each.
LISTENERS = {"prefect-server": 1, "dask-scheduler": 2, "dask-worker": 2, "engine": 0, "bridge": 1}


@pytest.fixture
def keys(stack: StackClient) -> DaskKeys:
    return Settings(stack.home).dask_keys


@pytest.fixture
def dask(stack: StackClient, keys: DaskKeys) -> list[str]:
    """Addresses of the scheduler and of the worker."""

    async def ask() -> list[str]:
        security = stack_security(keys, stack.info.dask)
        assert security is not None
        async with rpc(stack.info.dask, connection_args=security.get_connection_args("client")) as scheduler:
            return [stack.info.dask, *(await scheduler.identity(n_workers=-1))["workers"]]

    return asyncio.run(ask())


@pytest.fixture
def others(tmp_path: Path, stack: StackClient) -> DaskKeys:
    """Keys as good as the stack's, but not its own."""
    made = DaskKeys(tmp_path / "others")
    make_dask_keys(made, stack.info.dask)
    return made


def test_every_port_is_known_and_on_loopback(stack: StackClient) -> None:
    found = {}
    for process in stack.processes():
        listening = [
            link for link in psutil.Process(process["pid"]).net_connections("tcp") if link.status == psutil.CONN_LISTEN
        ]
        assert {link.laddr.ip for link in listening} <= {"127.0.0.1"}, process
        found[process["role"]] = len(listening)
    assert found == LISTENERS


def test_dask_speaks_to_the_holder_of_the_keys_alone(dask: list[str], keys: DaskKeys, others: DaskKeys) -> None:
    assert len(dask) == 2
    for address in dask:
        assert address.startswith("tls://127.0.0.1:")
        assert heard(address, keys), "the stranger of this test does not speak as a client does"
        assert not heard(address), "over plain TCP"
        assert not heard(address, others), "with keys of somebody else"
        assert not heard(address, DaskKeys(Path())), "without a certificate"


def test_clients_of_dask_are_refused(stack: StackClient, others: DaskKeys) -> None:
    plain = stack.info.dask.replace("tls://", "tcp://")
    for address, security in ((plain, None), (stack.info.dask, stack_security(others, stack.info.dask))):
        with pytest.raises(OSError, match=r"tcp://|TLS"):
            Client(address, security=security, timeout=2, set_as_default=False)


def test_prefects_api_asks_for_the_auth_string(stack: StackClient) -> None:
    url = stack.info.prefect_api_url
    with httpx.Client(base_url=url, timeout=30) as anybody:
        for path in ("/flow_runs/filter", "/work_pools/filter", "/deployments/filter", "/variables/filter"):
            assert anybody.post(path, json={}).status_code == httpx.codes.UNAUTHORIZED
            assert anybody.post(path, json={}, auth=("vortex", "guess")).status_code == httpx.codes.UNAUTHORIZED
            assert stack.prefect.post(path, json={}).status_code == httpx.codes.OK
        assert anybody.post("/events", json=[]).status_code == httpx.codes.UNAUTHORIZED
        assert anybody.get("/health").status_code == httpx.codes.OK


@pytest.mark.parametrize("path", ["/events/in", "/events/out", "/logs/out", "/task_runs/subscriptions/scheduled"])
def test_prefects_websockets_ask_for_it_too(stack: StackClient, path: str) -> None:
    address = stack.info.prefect_api_url.replace("http", "ws", 1) + path
    with pytest.raises(InvalidStatus):
        connect(address).close()
    token = exports(Settings(stack.home))["PREFECT_API_AUTH_STRING"]
    with pytest.raises(ConnectionClosed):
        _logged_in(address, "guess")
    assert _logged_in(address, token) == {"type": "auth_success"}


def _logged_in(address: str, token: str) -> Any:
    with connect(address, subprotocols=[Subprotocol("prefect")]) as link:
        link.send(json.dumps({"type": "auth", "token": token}))
        return json.loads(link.recv(10))


def test_dasks_dashboard_is_where_only_those_look_who_were_told(stack: StackClient) -> None:
    told = stack.bridge.get("/api/stack").raise_for_status().json()["dask_dashboard"]
    assert httpx.get(told).status_code == httpx.codes.OK
    base = "/".join(told.split("/")[:3])
    for path in ("/", "/status", "/sitemap.json", "/info/main/logs.html", "/json/counts.json", "/metrics", "/x/status"):
        answer = httpx.get(base + path)
        assert answer.status_code == httpx.codes.NOT_FOUND, path
        assert told.split("/")[3] not in str(answer.headers) + answer.text


def test_secrets_are_in_files_that_nobody_else_reads_and_nowhere_else(stack: StackClient, keys: DaskKeys) -> None:
    auth = Settings(stack.home).prefect_auth
    for path in (auth, keys.certificate, keys.key, keys.address):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (keys.folder, keys.folder.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    dashboard = stack.bridge.get("/api/stack").json()["dask_dashboard"].split("/")[3]
    secret = (auth.read_text(), dashboard)
    lines = [" ".join(psutil.Process(process["pid"]).cmdline()) for process in stack.processes()]
    written = [path.read_text(errors="replace") for path in Settings(stack.home).log_dir.iterdir()]
    written.append((keys.folder.parent / "stack.json").read_text())
    assert not [text for text in lines + written if any(each in text for each in secret)]


def test_a_cluster_of_a_runners_own_is_closed_as_well(stack: StackClient, tmp_path: Path) -> None:
    seen = run_flow(stack, tmp_path, "closed")
    assert seen["sum"] == 3
    assert all(address.startswith("tls://127.0.0.1:") for address in seen["addresses"])
    assert len(seen["addresses"]) == 3
    assert seen["heard"] == [""] * 3
    assert seen["listening"] == ["127.0.0.1"]
