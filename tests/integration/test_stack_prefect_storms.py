"""Prefect's server is too busy, away, or loses its answers, while graphs run: what every run has become in the end."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.polling import eventually
from tests.integration.prefect_proxy import Fate, PrefectProxy, pass_all
from tests.integration.prefect_server import AUTH, PrefectServer
from tests.integration.stack_client import PrefectTransport, StackClient, debug, graph
from vortex_prefect.bootstrap.stack import Stack
from vortex_prefect.core.settings import Settings

AWAY = float(os.environ.get('AWAY', '5'))
pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Scene:
    """A stack that reaches its Prefect server through a proxy; the test itself asks the server directly."""

    stack: StackClient
    proxy: PrefectProxy
    server: PrefectServer


@pytest.fixture(autouse=True)
def _fine(scene: Scene) -> Iterator[None]:
    yield
    scene.proxy.rule = pass_all
    scene.proxy.delay_s = 0.0
    scene.proxy.refuse()
    scene.proxy.open()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with ExitStack() as resources:
        server = resources.enter_context(PrefectServer(tmp_path_factory.mktemp("prefect")))
        proxy = resources.enter_context(PrefectProxy(server.port))
        patch = resources.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PREFECT_API_AUTH_STRING", AUTH)
        home = tmp_path_factory.mktemp("vortex")
        settings = Settings(
            home, port=0, debug_nodes=True, workers=4, spares=0, device="cpu", arena_bytes=8 << 30,
            prefect_api_url=f"http://127.0.0.1:{proxy.port}/api",
        )  # fmt: skip
        info = resources.enter_context(Stack(settings, print))
        bridge = resources.enter_context(httpx.Client(base_url=info.url, timeout=30.0))
        user, _, password = AUTH.partition(":")
        prefect = resources.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{server.port}/api",
                auth=(user, password),
                timeout=30.0,
                transport=PrefectTransport(),
            )
        )
        yield Scene(StackClient(info, home, bridge, prefect), proxy, server)


# -- what goes on while the server is not well -----------------------------------------------


@dataclass
class Runs:
    """Runs of all kinds, begun before the trouble and in it; each counts how often it really ran."""

    scene: Scene
    name: str

    def before(self) -> None:
        """Three that run, and what Prefect is to begin later."""
        stack = self.scene.stack
        steps = {f"s{index}": debug("sleep", seconds=1.0 + index / 1000) for index in range(2)}
        through = graph(f"{self.name} goes on", {**steps, **self._counted("on")}, "s0.out > s1.in", "s1.out > counted.in")
        doomed = {"ever": debug("sleep", seconds=300)}
        self.on = stack.start(stack.create(through), force=True)
        self.doomed = stack.start(stack.create(graph(f"{self.name} is cancelled", doomed)))
        self.doomed_in_prefect = stack.start(stack.create(graph(f"{self.name} is cancelled in Prefect", doomed)))
        published = stack.create(graph(f"{self.name} begins in Prefect", self._counted("published")))
        self.deployment = stack.deploy(published)["deployment_id"]
        for execution_id in (self.on, self.doomed, self.doomed_in_prefect):
            stack.reaches(stack.flow_run_id(execution_id), "Running")

    def amidst(self) -> None:
        """Two that begin, two that are cancelled; all of them end, but for what has to be heard from Prefect."""
        stack = self.scene.stack
        self.published = stack.begin(self.deployment)
        stack.set_state(stack.execution(self.doomed_in_prefect)["flow_run_id"], "CANCELLING")
        self.short = stack.start(stack.create(graph(f"{self.name} begins", self._counted("short"))))
        fails = {"wrong": debug("fail", message="as it is to", times=-1)}
        self.failing = stack.start(stack.create(graph(f"{self.name} fails", fails)))
        stack.bridge.post(f"/api/execution/{self.doomed}/cancel").raise_for_status()
        assert stack.ended(self.short)["status"] == "completed"
        assert stack.ended(self.failing)["status"] == "failed"
        assert stack.ended(self.doomed)["status"] == "cancelled"
        assert stack.ended(self.on)["status"] == "completed"

    def after(self) -> None:
        """Bridge and Prefect say the same of each, nothing ran twice, and nothing is there twice."""
        stack = self.scene.stack
        counted = {"counted": "Completed"}
        for execution_id, status, nodes in (
            (self.on, "completed", {"s0": "Completed", "s1": "Completed", **counted}),
            (self.doomed, "cancelled", {"ever": "Cancelled"}),
            (self.doomed_in_prefect, "cancelled", {"ever": "Cancelled"}),
            (self.published, "completed", counted),
            (self.short, "completed", counted),
            (self.failing, "failed", {"wrong": "Failed"}),
        ):
            eventually(lambda: stack.known(execution_id))  # noqa: B023
            execution = stack.ended(execution_id)
            assert execution["status"] == status, execution
            stack.reaches(stack.flow_run_id(execution_id), status.capitalize())
            stack.recorded_states(execution_id, **nodes)
        for kind in ("on", "published", "short"):
            assert stack.count(f"{self.name} {kind}") == 1
        listed = stack.bridge.get("/api/execution", params={"limit": 100}).json()["executions"]
        flow_runs = stack.prefect.post("/flow_runs/filter", json={}).raise_for_status().json()
        assert sorted(run["id"] for run in flow_runs) == sorted(item["flow_run_id"] for item in listed)

    def _counted(self, kind: str) -> dict[str, dict[str, object]]:
        return {"counted": debug("count", tag=f"{self.name} {kind}")}


def test_two_of_three_requests_are_answered_with_503(scene: Scene) -> None:
    runs = Runs(scene, "storm")
    runs.before()
    numbers = itertools.count()
    scene.proxy.rule = lambda method, path: Fate.PASS if next(numbers) % 3 == 0 else Fate.BUSY
    t = time.time()
    runs.amidst()
    print("amidst", time.time() - t)
    runs.after()
    print("after", time.time() - t, scene.proxy.fates)
    scene.proxy.rule = pass_all


def test_only_503(scene: Scene) -> None:
    runs = Runs(scene, "busy")
    runs.before()
    scene.proxy.rule = lambda method, path: Fate.BUSY
    t = time.time()
    runs.amidst()
    print("amidst", time.time() - t)
    time.sleep(AWAY)
    scene.proxy.rule = pass_all
    runs.after()
    print("after", time.time() - t, scene.proxy.fates)


def test_away(scene: Scene) -> None:
    runs = Runs(scene, "away")
    runs.before()
    scene.proxy.refuse()
    t = time.time()
    runs.amidst()
    print("amidst", time.time() - t)
    time.sleep(AWAY)
    scene.proxy.open()
    runs.after()
    print("after", time.time() - t, scene.proxy.fates)


def test_lost(scene: Scene) -> None:
    runs = Runs(scene, "unanswered")
    runs.before()
    numbers = itertools.count()
    scene.proxy.rule = lambda method, path: Fate.PASS if next(numbers) % 3 == 0 else Fate.UNANSWERED
    t = time.time()
    runs.amidst()
    print("amidst", time.time() - t)
    runs.after()
    print("after", time.time() - t, scene.proxy.fates)
    scene.proxy.rule = pass_all


def test_all_lost(scene: Scene) -> None:
    runs = Runs(scene, "all unanswered")
    runs.before()
    scene.proxy.rule = lambda method, path: Fate.UNANSWERED
    t = time.time()
    runs.amidst()
    print("amidst", time.time() - t)
    time.sleep(AWAY)
    scene.proxy.rule = pass_all
    runs.after()
    print("after", time.time() - t, scene.proxy.fates)


def test_slow(scene: Scene) -> None:
    runs = Runs(scene, "slow")
    runs.before()
    scene.proxy.delay_s = 3.0
    t = time.time()
    runs.amidst()
    print("amidst", time.time() - t)
    scene.proxy.delay_s = 0.0
    runs.after()
    print("after", time.time() - t, scene.proxy.fates)
