from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.prefect import FakePrefect
from tests.unit.graph.builders import CATALOGUE, graph
from vortex_prefect.core.contracts import DeployRequest, ExecutionRequest
from vortex_prefect.core.errors import GraphError, RequestError, SystemFault
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.deployments import GraphDeployments
from vortex_prefect.engine.publication import Publication
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.model import Graph

GRAPH_ID = new_id()
TRACE = TraceContext(b"t" * 16, b"s" * 8)


def form(radius: float = 3.0, name: str = "form", exposed: str = "radius") -> Graph:
    nodes: dict[str, Any] = {"n": "canvas", "b": {"type": "blur", "params": {"radius": radius}}}
    inputs = [{"name": exposed, "node": "b", "param": "radius"}]
    return graph(nodes, "n.image > b.image", id=GRAPH_ID, name=name, inputs=inputs)


@pytest.fixture
def api() -> FakePrefect:
    return FakePrefect()


def fresh(api: FakePrefect) -> GraphDeployments:
    """As a new engine has it."""
    subject = GraphDeployments(api, "vortex", "http://editor")
    subject.use(CATALOGUE)
    return subject


def ran(given: Graph, **fields: Any) -> ExecutionRequest:
    return ExecutionRequest(new_id(), given.to_document(), graph_hash(given), **fields)


async def of(subject: GraphDeployments, given: Graph) -> str:
    return await subject.of(given, ran(given))


async def publish(subject: GraphDeployments, given: Graph, **options: Any) -> dict[str, Any]:
    return await subject.publish(given, DeployRequest(given.to_document(), **options))


def carried(api: FakePrefect, deployment_id: str) -> Publication:
    return Publication.from_job_variables(api.deployments[deployment_id]["job_variables"])


async def test_a_deployment_is_created_once(api: FakePrefect) -> None:
    subject = fresh(api)
    first = await of(subject, form())
    asked = len(api.asked)
    assert await of(subject, form()) == first
    assert len(api.asked) == asked, "it is known, and nothing has to be asked"
    assert await of(fresh(api), form()) == first
    (made,) = api.deployments.values()
    assert (made["flow_name"], made["name"]) == ("form", f"graph-{GRAPH_ID[:8]}")
    assert made["work_pool_name"] == "vortex"
    assert made["entrypoint"] == "vortex_prefect.engine.published.graph_flow"
    assert f"http://editor/#{GRAPH_ID}" in made["description"]
    assert made["parameter_openapi_schema"]["properties"]["radius"]["default"] == 3.0
    assert api.pools == {"vortex": "vortex"}
    assert carried(api, first) == Publication(form().to_document(), graph_hash(form()))


async def test_what_nobody_published_follows_the_graph(api: FakePrefect) -> None:
    subject = fresh(api)
    first = await of(subject, form(1.0))
    for engine in (subject, fresh(api)):
        assert await of(engine, form(2.0)) == first
        assert carried(api, first).graph_hash == graph_hash(form(2.0))
        assert await of(engine, form(1.0)) == first
        assert carried(api, first).graph_hash == graph_hash(form(1.0))


async def test_what_was_published_stays_as_it_was(api: FakePrefect) -> None:
    subject = fresh(api)
    published = (await publish(subject, form(1.0)))["deployment_id"]
    for engine in (subject, fresh(api)):
        assert await of(engine, form(2.0)) == published
        assert carried(api, published).graph_hash == graph_hash(form(1.0))
    assert (await publish(subject, form(2.0)))["deployment_id"] == published
    assert carried(api, published).graph_hash == graph_hash(form(2.0))


async def test_runs_belong_to_what_was_published_last_after_a_restart_too(api: FakePrefect) -> None:
    subject = fresh(api)
    await of(subject, form())
    await publish(subject, form(), name="nightly")
    last = (await publish(subject, form(), name="hourly"))["deployment_id"]
    assert await of(subject, form()) == await of(fresh(api), form()) == last


async def test_what_was_deleted_in_prefect_is_made_anew(api: FakePrefect) -> None:
    subject = fresh(api)
    first = await of(subject, form(1.0))
    del api.deployments[first]
    second = await of(subject, form(2.0))
    assert second != first
    del api.deployments[second]
    assert await begin(subject, second) is None
    assert await of(subject, form(2.0)) not in (first, second)


async def begin(
    subject: GraphDeployments, deployment_id: str, execution_id: str | None = None, trace: TraceContext | None = TRACE
) -> Any:
    given = form(4.0)
    request = ExecutionRequest(execution_id or new_id(), given.to_document(), graph_hash(given), ("b",), True, 3)
    return await subject.begin(deployment_id, given, request, trace)


async def test_a_flow_run_carries_its_execution(api: FakePrefect) -> None:
    subject = fresh(api)
    deployment_id, execution_id = await of(subject, form(4.0)), new_id()
    flow_run = await begin(subject, deployment_id, execution_id)
    assert api.state(str(flow_run.id)) == "Pending"
    assert flow_run.parameters == {"radius": 4.0}
    assert flow_run.labels == {"__OTEL_TRACEPARENT": f"00-{b't'.hex() * 16}-{b's'.hex() * 8}-01"}
    assert await subject.publication(flow_run) == Publication(
        form(4.0).to_document(), graph_hash(form(4.0)), ("b",), True, 3, execution_id
    )
    assert (await begin(subject, deployment_id, execution_id)).id == flow_run.id


async def test_what_was_drawn_goes_along_where_it_is_another(api: FakePrefect) -> None:
    subject, given, drawn = fresh(api), form(4.0), {"nodes": {"x": {"type": "graph.form@1"}}}
    outputs = [{"name": name, "node": "b", "port": "image"} for name in ("kept", "b.image")]
    exposing = {**given.to_document(), "outputs": outputs}
    made = (await publish(subject, given, drawn=drawn))["deployment_id"]
    assert carried(api, made).drawn == drawn
    for request, wanted in (
        (ran(given), None),
        (ran(given, drawn=drawn, exposed=("b.image",)), drawn),
        (replace(ran(given, exposed=("b.image",)), graph=exposing), {**exposing, "outputs": outputs[:1]}),
    ):
        flow_run = await subject.begin(made, given, request, None)
        assert flow_run is not None
        assert (await subject.publication(flow_run)).drawn == wanted
    elsewhere = FakePrefect()
    followed = await fresh(elsewhere).of(given, ran(given, drawn=drawn))
    assert carried(elsewhere, followed).drawn == drawn


async def test_a_flow_run_of_an_execution_that_nobody_traces_has_no_label(api: FakePrefect) -> None:
    subject = fresh(api)
    flow_run = await begin(subject, await of(subject, form(4.0)), trace=None)
    assert flow_run.labels == {}


async def test_a_flow_run_without_a_graph_runs_its_deployments(api: FakePrefect) -> None:
    subject = fresh(api)
    deployment_id = await of(subject, form())
    for variables in (None, {}, {"priority": 4}):
        given = api.given_run(deployment_id=deployment_id, job_variables=variables)
        found = await subject.publication(await api.flow_run(given))
        assert found.graph_hash == graph_hash(form())
        assert found.priority == (variables or {}).get("priority", 0)
    with pytest.raises(GraphError, match="VE-001"):
        await subject.publication(await api.flow_run(api.given_run()))
    with pytest.raises(GraphError, match="VE-001"):
        await subject.publication(await api.flow_run(api.given_run(deployment_id=new_id())))


async def test_publishing_says_what_was_made(api: FakePrefect) -> None:
    options = {"name": "n", "pool": "p", "tags": ("night",), "concurrency_limit": 2, "paused": True}
    given = await publish(fresh(api), form(), **options, parameters={"radius": 9}, cron="0 3 * * *", timezone="UTC")
    assert given["name"] == "form/n"
    assert given["pool"] == "p"
    assert given["url"].endswith(given["deployment_id"])
    assert set(given["parameters"]["properties"]) == {"radius"}
    made = api.deployments[given["deployment_id"]]
    assert made["parameters"] == {"radius": 9}
    assert made["tags"] == ["vortex", f"vortex-graph:{GRAPH_ID}", "night"]
    assert (made["concurrency_limit"], made["paused"]) == (2, True)
    assert made["schedules"][0]["schedule"]["cron"] == "0 3 * * *"
    assert api.pools["p"] == "vortex"


async def test_intervals(api: FakePrefect) -> None:
    given = await publish(fresh(api), form(), interval_s=90.0)
    assert api.deployments[given["deployment_id"]]["schedules"][0]["schedule"]["interval"] == 90.0


@pytest.mark.parametrize(
    "options", [{"cron": "never"}, {"cron": "61 * * * *"}, {"cron": "* * * * *", "timezone": "Nowhere"}]
)
async def test_a_schedule_that_is_none_is_refused(api: FakePrefect, options: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="RQ-001"):
        await publish(fresh(api), form(), **options)
    assert api.deployments == {}


@pytest.mark.parametrize("name", ["the radius", "2nd", "a-b", "class", "None"])
async def test_names_that_python_lacks_are_refused_for_pools_that_call_it(api: FakePrefect, name: str) -> None:
    api.pools["processes"] = "process"
    with pytest.raises(RequestError, match="no name of a parameter"):
        await publish(fresh(api), form(exposed=name), pool="processes")
    assert (await publish(fresh(api), form(exposed=name)))["pool"] == "vortex"


async def test_names_that_python_has_are_good_for_every_pool(api: FakePrefect) -> None:
    api.pools["processes"] = "process"
    assert (await publish(fresh(api), form(exposed="größe"), pool="processes"))["pool"] == "processes"


async def test_what_prefect_refuses_is_the_callers_affair(api: FakePrefect) -> None:
    api.refusal = SystemFault("SY-007", "that name is reserved")
    with pytest.raises(RequestError, match="that name is reserved"):
        await publish(fresh(api), form(), pool="prefect-pool")
    api.refusal, api.away = None, 1
    with pytest.raises(OSError, match="nobody answers"):
        await publish(fresh(api), form())


async def test_flow_names_are_such_that_prefect_takes_them(api: FakePrefect) -> None:
    await of(fresh(api), form(name="a/b%c&d>e<f"))
    await publish(fresh(api), form(name="  "), name="blank")
    assert [made["flow_name"] for made in api.deployments.values()] == ["a-b-c-d-e-f", "graph"]


async def test_a_pool_of_another_type_is_not_ours_to_serve(api: FakePrefect) -> None:
    subject = fresh(api)
    await subject.prepare_pool("vortex")
    assert api.pools == {"vortex": "vortex"}
    api.pools["vortex"] = "process"
    with pytest.raises(RequestError, match="of type process"):
        await subject.prepare_pool("vortex")
