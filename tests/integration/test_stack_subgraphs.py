"""A graph within a graph within a graph, from its publication to what Prefect says of it."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import PIL.Image
import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph
from vortex_prefect import Graph, run_graph

pytestmark = pytest.mark.integration


def publish(stack: StackClient, document: dict[str, Any], **body: Any) -> tuple[str, str]:
    """Store a graph and publish it; its id and the node type."""
    graph_id = stack.create(document)
    answer = stack.bridge.post(f"/api/graph/{graph_id}/publish", json=body)
    assert answer.status_code == 201, answer.text
    return graph_id, str(answer.json()["type"])


def nested(stack: StackClient, stem: str) -> tuple[dict[str, Any], str]:
    """`(1 + x) + (1 + x)`, where `1 + x` is a graph in a graph: the document, and the type within."""
    one = graph(
        "One more", {"one": debug("value", value=1), "sum": debug("add")}, "one.out > sum.a", outputs=("sum.out",)
    )
    one["inputs"] = [{"name": "x", "node": "sum", "param": "b"}]
    _, more = publish(stack, one, name=f"{stem}_more")
    nodes = {"first": {"type": more}, "second": {"type": more}, "sum": debug("add")}
    twice = graph("Twice", nodes, "first.sum_out > sum.a", "second.sum_out > sum.b", outputs=("sum.out",))
    twice["inputs"] = [{"name": name, "node": name, "param": "x"} for name in ("first", "second")]
    _, both = publish(stack, twice, name=f"{stem}_twice")
    nodes = {"x": debug("value", value=4), "twice": {"type": both}}
    return graph(stem, nodes, "x.out > twice.first", "x.out > twice.second", outputs=("twice.sum_out",)), more


def test_a_subgraph_in_a_subgraph_runs_flat_and_each_inner_node_is_a_task_run(stack: StackClient) -> None:
    document, more = nested(stack, "nested")
    assert more == "graph.nested_more@1"
    listed = {spec["type"]: spec for spec in stack.bridge.get("/api/nodes").json()["types"]}
    assert [port["name"] for port in listed["graph.nested_twice@1"]["params"]] == ["first", "second"]
    execution = stack.run(document)
    assert execution["status"] == "completed", execution["error"]
    assert execution["outputs"]["twice_sum_out"]["value"] == 10
    inner = {"twice:first:one", "twice:first:sum", "twice:second:one", "twice:second:sum", "twice:sum"}
    assert execution["nodes"].keys() == {"x", *inner}
    # Equal work within is done once.
    assert sorted(execution["nodes"][f"twice:{name}:sum"]["state"] for name in ("first", "second")) == [
        "cached", "completed",
    ]  # fmt: skip
    assert stack.bridge.get(f"/api/execution/{execution['id']}/outputs/twice:sum/out").json()["value"] == 10
    names = {"x", "twice / sum", *(f"twice / {one} / {two}" for one in ("first", "second") for two in ("one", "sum"))}
    # Prefect's server files task runs in batches, a flow run at once.
    eventually(lambda: stack.task_runs(execution["id"]).keys() == names)


def test_a_run_and_the_files_it_writes_remember_what_was_drawn(stack: StackClient) -> None:
    squares = {"squares": {"type": "image.checkerboard", "params": {"width": 8, "height": 8}}}
    source = graph("Squares", squares, outputs=("squares.image",))
    source["inputs"] = [{"name": "size", "node": "squares", "param": "size"}]
    _, inner = publish(stack, source, name="drawn_inner")
    around = graph("Around", {"in": {"type": inner}}, outputs=("in.squares_image",))
    around["inputs"] = [{"name": "size", "node": "in", "param": "size"}]
    _, outer = publish(stack, around, name="drawn_outer")
    files = {
        name: {"type": "image.save", "params": {"filename": f"{name}.png", "embed_graph": name == "open"}}
        for name in ("open", "private")
    }
    edges = [f"x.in_squares_image > {name}.image" for name in files]
    document = graph("drawn", {"x": {"type": outer}, **files}, *edges)
    document["inputs"] = [{"name": "size", "node": "x", "param": "size"}]
    execution = stack.run(document, inputs={"size": 2}, nodes=list(files))
    assert execution["status"] == "completed", execution["error"]

    def get(path: str, **query: Any) -> httpx.Response:
        return stack.bridge.get(f"/api/execution/{execution['id']}/{path}", params=query).raise_for_status()

    drawn, ran = get("graph").json()["graph"], get("graph", unfolded=True).json()["graph"]
    assert (drawn["nodes"].keys(), drawn["outputs"]) == ({"x", *files}, [])
    assert drawn["nodes"]["x"]["params"] == {"size": 2}
    assert ran["nodes"].keys() == {"x:in:squares", *files}
    assert ran["nodes"]["x:in:squares"]["params"]["size"] == 2
    with PIL.Image.open(get("outputs/open/path").json()["value"]) as written:
        assert json.loads(written.info["vortex.graph"]) == drawn
    with PIL.Image.open(get("outputs/private/path").json()["value"]) as written:
        assert "vortex.graph" not in written.info
    with PIL.Image.open(io.BytesIO(get("outputs/x:in:squares/image", graph=True).content)) as downloaded:
        assert json.loads(downloaded.info["vortex.graph"]) == drawn
    # What a picture carries is a graph like any other.
    assert stack.run({**drawn, "id": None})["status"] == "completed"


def test_a_new_version_leaves_alone_who_has_the_old_one_and_no_graph_holds_itself(stack: StackClient) -> None:
    count = graph("Counted", {"count": debug("count", tag="subgraph-1")}, outputs=("count.out",))
    graph_id, first = publish(stack, count, name="counted")
    user = stack.create(graph("user", {"inner": {"type": first}}))
    count["nodes"]["count"]["params"]["tag"] = "subgraph-2"
    stack.bridge.put(f"/api/graph/{graph_id}", json=count).raise_for_status()
    second = stack.bridge.post(f"/api/graph/{graph_id}/publish").json()["type"]
    assert second == "graph.counted@2"
    stack.bridge.delete(f"/api/nodes/{first}").raise_for_status()
    stack.bridge.delete(f"/api/graph/{graph_id}").raise_for_status()
    assert stack.ended(stack.start(user))["status"] == "completed"
    assert (stack.count("subgraph-1"), stack.count("subgraph-2")) == (1, 0)
    itself = {**graph("itself", {"inner": {"type": second}}), "id": graph_id}
    stack.create(itself)
    answer = stack.bridge.post(f"/api/graph/{graph_id}/execute")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VE-013")


def test_a_failure_within_names_the_inner_node(stack: StackClient) -> None:
    _, kind = publish(stack, graph("Fails", {"bad": debug("fail", message="no luck", times=-1)}, outputs=("bad.out",)))
    execution = stack.run(graph("outer", {"x": {"type": kind}, "next": debug("identity")}, "x.bad_out > next.in"))
    assert execution["status"] == "failed"
    assert execution["error"]["node_id"] == "x:bad"
    assert {name: node["state"] for name, node in execution["nodes"].items()} == {"x:bad": "failed", "next": "skipped"}


def test_a_deployment_of_it_needs_nothing_but_prefect(stack: StackClient) -> None:
    document, _ = nested(stack, "deployed")
    document["inputs"] = [{"name": "x", "node": "x", "param": "value"}]
    deployed = stack.deploy(stack.create(document))
    execution = stack.ended(stack.begin(deployed["deployment_id"], parameters={"x": 1}))
    assert execution["outputs"]["twice_sum_out"]["value"] == 4
    drawn = stack.bridge.get(f"/api/execution/{execution['id']}/graph").json()["graph"]
    assert (drawn["nodes"].keys(), drawn["nodes"]["x"]["params"]) == ({"x", "twice"}, {"value": 1})


def test_python_finds_published_graphs_by_their_names(stack: StackClient) -> None:
    one = graph("Plus", {"sum": debug("add", b=2)}, outputs=("sum.out",))
    one["inputs"] = [{"name": "x", "node": "sum", "param": "a"}]
    publish(stack, one, name="plus_two", doc="Adds two.")
    g = Graph("with subgraphs", home=stack.home)
    published = g.pack("graph")
    first = published.plus_two(x=g.node("debug.value", value=3))
    second = published.plus_two(x=first)
    assert (first.id, second.id) == ("plus_two", "plus_two_2")
    g.expose_output("sum", second.sum_out)
    assert run_graph(g, home=stack.home)["sum"] == 7
    assert "Adds two." in (published.plus_two.__doc__ or "")
