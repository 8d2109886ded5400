"""One trace from HTTP to the worker, as all processes of a stack write it into a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.polling import eventually
from tests.integration.stack_client import StackClient, debug, graph, prefect_client
from vortex_prefect.bootstrap.stack import Stack
from vortex_prefect.core.ids import new_span_id, new_trace_id
from vortex_prefect.core.settings import Settings

pytestmark = pytest.mark.integration

LABEL = "__OTEL_TRACEPARENT"

Span = dict[str, Any]


@dataclass(frozen=True)
class Traced:
    """A stack whose spans go into a file."""

    stack: StackClient
    file: Path

    def spans(self, trace_id: str) -> dict[str, Span]:
        """Our own spans that there are of a trace so far, by their ids."""
        return {span_id: span for span_id, span in self.all(trace_id).items() if span["scope"] == "vortex"}

    def all(self, trace_id: str) -> dict[str, Span]:
        """Those of Prefect too."""
        # The last line may be half written.
        lines = [line for line in self.file.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1:] == "\n"]
        found = [span for span in map(json.loads, lines) if span["trace_id"] == trace_id]
        by_id = {span["span_id"]: span for span in found}
        assert len(by_id) == len(found), "two spans have one id"
        return by_id

    def execution(self, graph_id: str, traceparent: str | None = None) -> dict[str, Any]:
        """Execute a graph within a trace, to its end."""
        headers = {} if traceparent is None else {"traceparent": traceparent}
        answer = self.stack.bridge.post(f"/api/graph/{graph_id}/execute", json={}, headers=headers)
        assert answer.status_code == 202, answer.text
        return self.stack.ended(answer.json()["execution_id"])


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """One of its own: all others run without a tracer, as stacks do."""
    home = tmp_path_factory.mktemp("vortex-traced")
    file = home / "spans.jsonl"
    settings = Settings(home, port=0, debug_nodes=True, workers=1, device="cpu", arena_bytes=8 << 30, trace_file=file)
    settings = replace(settings, log_format="json")
    with ExitStack() as resources:
        environment = resources.enter_context(pytest.MonkeyPatch.context())
        for name in ("OTEL_TRACES_EXPORTER", "OTEL_TRACES_SAMPLER", "OTEL_SDK_DISABLED"):
            environment.delenv(name, raising=False)
        info = resources.enter_context(Stack(settings, print))
        bridge = resources.enter_context(httpx.Client(base_url=info.url, timeout=30.0))
        prefect = resources.enter_context(prefect_client(home))
        yield Traced(StackClient(info, home, bridge, prefect), file)


def names(spans: dict[str, Span]) -> Counter[tuple[str, str]]:
    return Counter((span["service"], span["name"]) for span in spans.values())


def way_up(spans: dict[str, Span], span: Span) -> list[str]:
    """Names of a span and all above it in this file; at its end the id of a parent that is not there."""
    way = [span["name"]]
    while (parent := span["parent_span_id"]) in spans:
        span = spans[parent]
        way.append(span["name"])
    return [*way, parent]


def test_one_trace_from_http_to_the_worker(traced: Traced) -> None:
    trace_id, caller = new_trace_id().hex(), new_span_id().hex()
    nodes = {"value": debug("value", value=40471), "same": debug("identity")}
    graph_id = traced.stack.create(graph("traced", nodes, "value.out > same.in", outputs=("same.out",)))
    execution = traced.execution(graph_id, f"00-{trace_id}-{caller}-01")
    assert execution["status"] == "completed"

    expected = {
        ("bridge", "POST execute"): 1,
        ("engine", "execution"): 1,
        ("engine", "node debug.value"): 1,
        ("engine", "node debug.identity"): 1,
        ("host", "host job"): 2,
        ("worker", "worker job"): 2,
    }
    spans = eventually(lambda: found if names(found := traced.spans(trace_id)) == expected else {})

    ways = sorted(way_up(spans, span) for span in spans.values() if span["service"] == "worker")
    above = ["execution", "POST execute", caller]
    assert ways == [["worker job", "host job", f"node debug.{kind}", *above] for kind in ("identity", "value")]
    for span in spans.values():
        assert span["status"] == "UNSET"
        parent = spans.get(span["parent_span_id"])
        # The request is answered before its execution begins; everything else lies within what asked for it.
        if parent is not None and parent["service"] != "bridge":
            assert parent["start_ns"] <= span["start_ns"] <= span["end_ns"] <= parent["end_ns"]

    (of_execution,) = [span for span in spans.values() if span["name"] == "execution"]
    told = of_execution["attributes"]
    assert (told["vortex.execution_id"], told["vortex.graph_id"]) == (execution["id"], graph_id)
    assert (told["vortex.graph_hash"], told["vortex.status"]) == (execution["graph_hash"], "completed")

    # Prefect's own span of the flow run is in the trace, and whatever it begins again will be under that.
    flow_run = traced.stack.ended_flow_run(execution["id"])
    (prefects,) = eventually(lambda: [span for span in traced.all(trace_id).values() if span["scope"] == "prefect"])
    assert prefects["parent_span_id"] == of_execution["span_id"]
    assert flow_run["labels"][LABEL] == f"00-{trace_id}-{prefects['span_id']}-01"


def test_a_failure_is_marked_all_the_way(traced: Traced) -> None:
    trace_id = new_trace_id().hex()
    graph_id = traced.stack.create(graph("traced failure", {"bad": debug("fail", message="as told 40472")}))
    assert traced.execution(graph_id, f"00-{trace_id}-{new_span_id().hex()}-01")["status"] == "failed"
    spans = eventually(lambda: found if len(found := traced.spans(trace_id)) == 5 else {})
    codes = {span["name"]: (span["status"], span["attributes"].get("error.type")) for span in spans.values()}
    assert codes == {
        "POST execute": ("UNSET", None),
        "execution": ("ERROR", "failed"),
        "node debug.fail": ("ERROR", "WK-003"),
        "host job": ("ERROR", "WK-003"),
        "worker job": ("ERROR", "WK-003"),
    }


def test_a_dead_worker_leaves_the_spans_of_those_that_live(traced: Traced) -> None:
    trace_id = new_trace_id().hex()
    graph_id = traced.stack.create(graph("traced crash", {"bad": debug("crash")}))
    assert traced.execution(graph_id, f"00-{trace_id}-{new_span_id().hex()}-01")["status"] == "failed"
    spans = eventually(lambda: found if len(found := traced.spans(trace_id)) == 4 else {})
    (host,) = [span for span in spans.values() if span["service"] == "host"]
    assert (host["status"], host["attributes"]["error.type"]) == ("ERROR", "WK-001")
    assert way_up(spans, host)[:4] == ["host job", "node debug.crash", "execution", "POST execute"]


def test_a_run_that_prefect_begins_is_in_the_trace_that_it_names(traced: Traced) -> None:
    trace_id, caller = new_trace_id().hex(), new_span_id().hex()
    graph_id = traced.stack.create(graph("traced in Prefect", {"value": debug("value", value=40473)}))
    deployment = traced.stack.deploy(graph_id)
    labels = {LABEL: f"00-{trace_id}-{caller}-01"}
    flow_run_id = traced.stack.begin(deployment["deployment_id"], labels=labels)
    traced.stack.reaches(flow_run_id, "Completed")
    spans = eventually(lambda: found if len(found := traced.spans(trace_id)) == 4 else {})
    (worker,) = [span for span in spans.values() if span["service"] == "worker"]
    assert way_up(spans, worker) == ["worker job", "host job", "node debug.value", "execution", caller]


def test_a_run_that_nobody_traces_has_its_own_id(traced: Traced) -> None:
    graph_id = traced.stack.create(graph("traced by itself", {"value": debug("value", value=40474)}))
    flow_run_id = traced.stack.begin(traced.stack.deploy(graph_id)["deployment_id"])
    traced.stack.reaches(flow_run_id, "Completed")
    spans = eventually(lambda: found if len(found := traced.spans(flow_run_id.replace("-", ""))) == 4 else {})
    (worker,) = [span for span in spans.values() if span["service"] == "worker"]
    assert way_up(spans, worker) == ["worker job", "host job", "node debug.value", "execution", None]


def test_lines_of_all_processes_carry_the_trace(traced: Traced) -> None:
    trace_id = new_trace_id().hex()
    graph_id = traced.stack.create(graph("traced lines", {"speak": debug("log", text="said 40491", level=30)}))
    execution = traced.execution(graph_id, f"00-{trace_id}-{new_span_id().hex()}-01")
    assert execution["status"] == "completed"

    def told() -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for file in sorted((traced.stack.home / "logs").glob("*.log")):
            if file.stem == "prefect-server":  # which keeps its own text
                continue
            lines = [line for line in file.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1:] == "\n"]
            for line in map(json.loads, lines):
                if line.get("trace_id") == trace_id:
                    found.setdefault(line["role"], []).append(line)
        return found if {"bridge", "engine", "worker"} <= found.keys() else {}

    lines = eventually(told)
    assert {line["execution_id"] for role in lines.values() for line in role} == {execution["id"]}
    (of_node,) = [line for line in lines["worker"] if line["message"] == "logged said 40491"]
    assert (of_node["node_id"], of_node["level"]) == ("speak", "WARNING")
