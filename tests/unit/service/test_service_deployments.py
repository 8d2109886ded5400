from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.engine import unreachable
from tests.fakes.graphs import picture_graph
from tests.unit.service.conftest import ACTOR, Bench
from vortex_prefect.core.contracts import DeployRequest
from vortex_prefect.core.errors import GraphError, RequestError, SystemFault


async def deploy(bench: Bench, document: dict[str, Any] | None = None, **options: Any) -> tuple[str, dict[str, Any]]:
    record = await bench.control.graphs.create(document or picture_graph(), ACTOR)
    return record.id, await bench.control.deployments.deploy(record.id, DeployRequest({}, **options), ACTOR)


async def test_the_engine_is_given_the_graph_as_it_is_now(bench: Bench) -> None:
    graph_id, answer = await deploy(bench, name="nightly", parameters={"radius": 7})
    (request,) = bench.engine.deployed
    assert request.graph["id"] == graph_id
    # Parameters are the deployment's; its graph stays as it was drawn.
    assert request.graph["nodes"]["blur"]["params"]["radius"] == 2.0
    assert (request.name, request.parameters) == ("nightly", {"radius": 7})
    assert answer["deployment_id"] == "d1"


async def test_who_published_what_is_in_the_log(bench: Bench) -> None:
    graph_id, _ = await deploy(bench)
    event = (await bench.store.read(lambda uow: uow.events(aggregate_id=graph_id)))[-1]
    assert event.event_type == "GraphPublished"
    assert event.metadata["user"] == "ada"
    assert event.payload["deployment_id"] == "d1"
    assert (event.payload["graph_version"], len(event.payload["graph_hash"])) == (1, 64)


@pytest.mark.parametrize(
    ("document", "options", "code"),
    [
        ({"nodes": {"a": {"type": "no.such"}}, "edges": [], "inputs": [], "outputs": []}, {}, "VE-003"),
        ({}, {"parameters": {"radius": 99}}, "VE-010"),
        ({}, {"parameters": {"nobody": 1}}, "VE-004"),
    ],
)
async def test_what_could_not_run_is_not_published(
    bench: Bench, document: dict[str, Any], options: dict[str, Any], code: str
) -> None:
    with pytest.raises(GraphError) as caught:
        await deploy(bench, picture_graph(**document), **options)
    assert code in {caught.value.code, *(problem.code for problem in caught.value.problems)}
    assert bench.engine.deployed == []
    assert "GraphPublished" not in bench.store.event_types()


async def test_a_schedule_is_one_or_the_other(bench: Bench) -> None:
    with pytest.raises(RequestError, match="RQ-001"):
        await deploy(bench, cron="* * * * *", interval_s=5.0)


async def test_an_unknown_graph(bench: Bench) -> None:
    with pytest.raises(RequestError, match="RQ-002"):
        await bench.control.deployments.deploy("nobody", DeployRequest({}), ACTOR)


@pytest.mark.parametrize("fault", [unreachable(), SystemFault("SY-008", "Prefect is away")])
async def test_what_failed_is_not_in_the_log(bench: Bench, fault: SystemFault) -> None:
    bench.engine.fault = fault
    with pytest.raises(SystemFault, match=fault.code):
        await deploy(bench)
    assert "GraphPublished" not in bench.store.event_types()
