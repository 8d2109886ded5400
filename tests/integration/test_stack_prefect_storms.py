"""Prefect's server is too busy, away, or loses its answers, while graphs run: what every run has become in the end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from tests.integration.polling import eventually
from tests.integration.prefect_proxy import Fate, PrefectProxy, pass_all
from tests.integration.prefect_server import AUTH, PrefectServer
from tests.integration.stack_client import PrefectTransport, StackClient, debug, graph
from vortex_prefect.bootstrap.stack import Stack
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.settings import Settings

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Scene:
    """A stack that reaches its Prefect server through a proxy; the test itself asks the server directly."""

    stack: StackClient
    proxy: PrefectProxy
    server: PrefectServer


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


class Runs:
    """Runs of all kinds, begun before the trouble and in it; what counts, counts how often it really ran."""

    def __init__(self, scene: Scene, name: str) -> None:
        self._scene, self._stack, self._name = scene, scene.stack, name
        stack = scene.stack
        nodes = {**{f"s{index}": debug("sleep", seconds=1.0) for index in range(2)}, **self._counted("on")}
        on = graph(f"{name} goes on", nodes, "s0.out > s1.in", "s1.out > counted.in")
        ever = {"ever": debug("sleep", seconds=300)}
        self.on = stack.start(stack.create(on), force=True)
        self.doomed = stack.start(stack.create(graph(f"{name} is cancelled", ever)))
        self.doomed_in_prefect = stack.start(stack.create(graph(f"{name} is cancelled in Prefect", ever)))
        published = stack.create(graph(f"{name} begins in Prefect", self._counted("published")))
        self._deployment = stack.deploy(published)["deployment_id"]
        for execution_id in (self.on, self.doomed, self.doomed_in_prefect):
            stack.reaches(stack.flow_run_id(execution_id), "Running")

    def begin_and_end(self) -> None:
        """Two begin and two are ended, here and there; what was begun here has ended then."""
        stack = self._stack
        self.published = stack.begin(self._deployment)
        stack.set_state(stack.execution(self.doomed_in_prefect)["flow_run_id"], "CANCELLING")
        self.short = stack.start(stack.create(graph(f"{self._name} begins", self._counted("short"))))
        wrong = {"wrong": debug("fail", message="as it is to", times=-1)}
        self.failing = stack.start(stack.create(graph(f"{self._name} fails", wrong)))
        stack.bridge.post(f"/api/execution/{self.doomed}/cancel").raise_for_status()
        for execution_id, status in (
            (self.short, "completed"), (self.failing, "failed"), (self.doomed, "cancelled"), (self.on, "completed"),
        ):  # fmt: skip
            assert stack.ended(execution_id)["status"] == status

    def are_right(self) -> None:
        """Bridge and Prefect say the same of each, nothing ran twice, and nothing is there twice."""
        stack, counted = self._stack, {"counted": "Completed"}
        for execution_id, status, nodes in (
            (self.published, "completed", counted),
            (self.on, "completed", {"s0": "Completed", "s1": "Completed", **counted}),
            (self.doomed, "cancelled", {"ever": "Cancelled"}),
            (self.doomed_in_prefect, "cancelled", {"ever": "Cancelled"}),
            (self.short, "completed", counted),
            (self.failing, "failed", {"wrong": "Failed"}),
        ):
            assert stack.ended(execution_id)["status"] == status
            stack.reaches(stack.flow_run_id(execution_id), status.capitalize())
            stack.recorded_states(execution_id, **nodes)
        assert [stack.count(f"{self._name} {kind}") for kind in ("on", "published", "short")] == [1, 1, 1]
        nothing_is_there_twice(stack)

    def _counted(self, kind: str) -> dict[str, dict[str, object]]:
        return {"counted": debug("count", tag=f"{self._name} {kind}")}


def nothing_is_there_twice(stack: StackClient) -> None:
    """Each execution that the bridge lists has one flow run, and there are no others."""
    listed = stack.bridge.get("/api/execution", params={"limit": 100}).raise_for_status().json()["executions"]
    flow_runs = stack.prefect.post("/flow_runs/filter", json={"limit": 200}).raise_for_status().json()
    assert sorted(run["id"] for run in flow_runs) == sorted(item["flow_run_id"] for item in listed)


def test_a_server_that_answers_503_for_a_while_and_then_now_and_then(scene: Scene) -> None:
    runs, numbers = Runs(scene, "busy"), itertools.count()
    scene.proxy.rule = lambda method, path: Fate.BUSY
    runs.begin_and_end()
    scene.proxy.rule = lambda method, path: Fate.PASS if next(numbers) % 2 else Fate.BUSY
    # Prefect's and the bridge's parts of it begin in the storm.
    eventually(lambda: scene.stack.known(runs.published))
    scene.stack.flow_run_id(runs.short)
    scene.proxy.rule = pass_all
    runs.are_right()
    assert scene.proxy.fates[Fate.BUSY] > 50


def test_a_slow_server_whose_first_answers_are_lost(scene: Scene) -> None:
    """It has done what it was asked for, and is asked for it again."""
    lost = set[tuple[str, str]]()

    def rule(method: str, path: str) -> Fate:
        if method == "GET" or path.endswith(("/filter", "/count")) or (method, path) in lost:
            return Fate.PASS
        lost.add((method, path))
        return Fate.UNANSWERED

    runs = Runs(scene, "unanswered")
    scene.proxy.rule, scene.proxy.delay_s = rule, 0.3
    runs.begin_and_end()
    eventually(lambda: scene.stack.known(runs.published))
    scene.stack.flow_run_id(runs.short)
    assert any(path.endswith(f"{runs.published}/set_state") for _, path in lost), "the claim was answered"
    scene.proxy.rule, scene.proxy.delay_s = pass_all, 0.0
    runs.are_right()


def test_a_thousand_events_at_once_of_which_most_are_never_told(scene: Scene) -> None:
    """The server keeps 256 for each subscriber, and tells those of the last minute again to who comes back."""
    runs, stack = Runs(scene, "burst"), scene.stack
    filling = "x" * 4096
    events = [happened("Scheduled", new_id(), filling=filling) for _ in range(1000)]
    told_before = scene.proxy.told_bytes
    with scene.proxy.silenced():
        stack.prefect.post("/events", json=events).raise_for_status()
        runs.begin_and_end()
        assert stack.ended(runs.doomed_in_prefect)["status"] == "cancelled"
        assert stack.ended(runs.published)["status"] == "completed"
    assert scene.proxy.told_bytes - told_before < len(events) * len(filling) / 2
    scene.proxy.refuse()
    scene.proxy.open()
    again = [happened("Scheduled", runs.published), happened("Cancelling", runs.on), happened("Running", runs.failing)]
    stack.prefect.post("/events", json=again).raise_for_status()
    runs.are_right()


def happened(state: str, flow_run_id: str, **resource: str) -> dict[str, object]:
    """An event of Prefect's that a flow run has got into a state, whether or not it has."""
    return {
        "id": new_id(),
        "occurred": datetime.now(UTC).isoformat(),
        "event": f"prefect.flow-run.{state}",
        "resource": {"prefect.resource.id": f"prefect.flow-run.{flow_run_id}", **resource},
        "related": [],
        "payload": {},
    }


def test_an_hour_without_the_server_in_which_it_dies(scene: Scene) -> None:
    """Every execution that is queued meanwhile runs once. The hour is the server's clock, when it comes back."""
    stack = scene.stack
    steps = {"s0": debug("sleep", seconds=1.1), "s1": debug("sleep", seconds=1.2)}
    going = stack.start(stack.create(graph("goes on for an hour", steps, "s0.out > s1.in")))
    doomed = stack.start(stack.create(graph("is cancelled in that hour", {"ever": debug("sleep", seconds=301)})))
    for execution_id in (going, doomed):
        stack.reaches(stack.flow_run_id(execution_id), "Running")
    scene.proxy.refuse()
    scene.server.kill()
    tags = [f"hour {number}" for number in range(8)]
    queued = [stack.start(stack.create(graph(tag, {"counted": debug("count", tag=tag)}))) for tag in tags]
    stack.bridge.post(f"/api/execution/{doomed}/cancel").raise_for_status()
    assert [stack.ended(execution_id)["status"] for execution_id in queued] == ["completed"] * len(queued)
    assert (stack.ended(going)["status"], stack.ended(doomed)["status"]) == ("completed", "cancelled")
    assert {stack.execution(execution_id)["flow_run_id"] for execution_id in queued} == {None}

    scene.server.start(ahead_s=3600.0)
    scene.proxy.open()
    # The server on its database is asked for all of them at once, by the machine on which everything else runs too.
    eventually(lambda: all(stack.execution(each)["flow_run_id"] for each in queued), limit_s=240.0)
    for execution_id in queued:
        stack.reaches(stack.flow_run_id(execution_id), "Completed")
        stack.recorded_states(execution_id, counted="Completed")
    stack.reaches(stack.flow_run_id(going), "Completed")
    stack.recorded_states(going, s0="Completed", s1="Completed")
    stack.reaches(stack.flow_run_id(doomed), "Cancelled")
    stack.recorded_states(doomed, ever="Cancelled")
    assert [stack.count(tag) for tag in tags] == [1] * len(tags)
    nothing_is_there_twice(stack)
