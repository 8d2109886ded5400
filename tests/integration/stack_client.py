"""A running stack as its clients see it: the bridge's HTTP and Prefect's API."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.integration.polling import eventually
from vortex_prefect.bootstrap.stack import StackInfo
from vortex_prefect.cli.env import exports
from vortex_prefect.core.settings import Settings

_ENDED = ("completed", "failed", "cancelled", "crashed")
_PREFECT_ENDED = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


class PrefectTransport(httpx.HTTPTransport):
    """Asks again where Prefect's server is too busy for its database, as Prefect's own client does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, until its answer is another than 503."""
        send = super().handle_request

        def ask() -> httpx.Response | None:
            answer = send(request)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            answer.close()
            return None

        answer = eventually(ask)
        assert answer is not None
        return answer


def prefect_client(home: Path) -> httpx.Client:
    """A client of the API of the Prefect server that the stack with this home has started."""
    found = exports(Settings(home))
    user, _, password = found["PREFECT_API_AUTH_STRING"].partition(":")
    return httpx.Client(
        base_url=found["PREFECT_API_URL"], auth=(user, password), timeout=30.0, transport=PrefectTransport()
    )


@dataclass(frozen=True)
class StackClient:
    """What a test asks of the stack."""

    info: StackInfo
    home: Path
    bridge: httpx.Client
    prefect: httpx.Client

    def processes(self) -> tuple[dict[str, Any], ...]:
        """Role and pid of each process that the stack started."""
        return self.info.processes

    def environment(self, **more: str) -> dict[str, str]:
        """For processes that are to speak to the stack and to its Prefect server."""
        return {**os.environ, **exports(Settings(self.home)), **more}

    def create(self, document: dict[str, Any]) -> str:
        """Store a graph; its id."""
        answer = self.bridge.post("/api/graph", json=document)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def start(self, graph_id: str, **options: Any) -> str:
        """Queue an execution; its id."""
        answer = self.bridge.post(f"/api/graph/{graph_id}/execute", json={"options": options} if options else {})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["execution_id"])

    def execution(self, execution_id: str) -> dict[str, Any]:
        """An execution as it stands."""
        found: dict[str, Any] = self.bridge.get(f"/api/execution/{execution_id}").raise_for_status().json()
        return found

    def ended(self, execution_id: str, limit_s: float = 60.0) -> dict[str, Any]:
        """An execution once it has ended; one that Prefect began may end there before the bridge has heard of it."""

        def look() -> dict[str, Any]:
            answer = self.bridge.get(f"/api/execution/{execution_id}")
            if answer.status_code == httpx.codes.NOT_FOUND:
                return {}
            found: dict[str, Any] = answer.raise_for_status().json()
            return found if found["status"] in _ENDED else {}

        return eventually(look, limit_s)

    def run(self, document: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Store a graph, execute it, wait for the end."""
        return self.ended(self.start(self.create(document), **options))

    def flow_run_id(self, execution_id: str) -> str:
        """Id of the execution's flow run; a short execution ends before it exists."""
        return eventually(lambda: self.execution(execution_id)["flow_run_id"] or "")

    def ended_flow_run(self, execution_id: str) -> dict[str, Any]:
        """The execution's flow run as Prefect has it once it has ended."""
        flow_run_id = self.flow_run_id(execution_id)

        def look() -> dict[str, Any]:
            found: dict[str, Any] = self.prefect.get(f"/flow_runs/{flow_run_id}").raise_for_status().json()
            return found if found["state_type"] in _PREFECT_ENDED else {}

        return eventually(look)

    def task_runs(self, execution_id: str) -> dict[str, dict[str, Any]]:
        """The execution's task runs as Prefect has them now, by name."""
        wanted = {"flow_runs": {"id": {"any_": [self.flow_run_id(execution_id)]}}}
        found = self.prefect.post("/task_runs/filter", json=wanted).raise_for_status().json()
        assert len({run["name"] for run in found}) == len(found), "two task runs of one node"
        return {run["name"]: run for run in found}

    def recorded_states(self, execution_id: str, **expected: str) -> dict[str, dict[str, Any]]:
        """The task runs, once Prefect files them in just these states; its server does so in batches."""
        latest: dict[str, str] = {}

        def look() -> dict[str, dict[str, Any]]:
            runs = self.task_runs(execution_id)
            latest.clear()
            latest.update({name: run["state_name"] for name, run in runs.items()})
            return runs if latest == expected else {}

        try:
            return eventually(look)
        except AssertionError:
            raise AssertionError(f"{latest} instead of {expected}") from None

    # Prefect's side

    def flow_run(self, flow_run_id: str) -> dict[str, Any]:
        """A flow run as Prefect has it now."""
        found: dict[str, Any] = self.prefect.get(f"/flow_runs/{flow_run_id}").raise_for_status().json()
        return found

    def set_state(self, flow_run_id: str, state_type: str, name: str | None = None, **details: Any) -> str:
        """Ask for a state as Prefect's UI and command line do; what Prefect says: `ACCEPT`, `REJECT`, …"""
        state = {"type": state_type, "name": name or state_type.capitalize(), "state_details": details}
        answer = self.prefect.post(f"/flow_runs/{flow_run_id}/set_state", json={"state": state}).raise_for_status()
        return str(answer.json()["status"])

    def reaches(self, flow_run_id: str, *names: str, limit_s: float = 60.0) -> dict[str, Any]:
        """A flow run once its state has one of these names."""

        def look() -> dict[str, Any]:
            found = self.flow_run(flow_run_id)
            return found if found["state_name"] in names else {}

        return eventually(look, limit_s)

    def running(self, execution_id: str, *nodes: str) -> str:
        """Id of the execution's flow run once that is Running in Prefect, and these nodes run."""
        flow_run_id = self.flow_run_id(execution_id)
        self.reaches(flow_run_id, "Running")
        eventually(lambda: all(self.nodes(execution_id)[node] == "running" for node in nodes))
        return flow_run_id

    def resume(self, flow_run_id: str) -> None:
        """Go on with a flow run that is paused or suspended."""
        answer = self.prefect.post(f"/flow_runs/{flow_run_id}/resume").raise_for_status().json()
        assert answer["status"] == "ACCEPT", answer

    def deploy(self, graph_id: str, **options: Any) -> dict[str, Any]:
        """Publish a graph; as the bridge answers."""
        answer = self.bridge.post(f"/api/graph/{graph_id}/deploy", json=options)
        assert answer.status_code == 201, answer.text
        deployed: dict[str, Any] = answer.json()
        return deployed

    def begin(self, deployment_id: str, **body: Any) -> str:
        """Begin a run of a deployment through Prefect's API; id of the flow run, which is the execution's too."""
        answer = self.prefect.post(f"/deployments/{deployment_id}/create_flow_run", json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    def known(self, execution_id: str) -> bool:
        """Whether the bridge knows the execution."""
        return self.bridge.get(f"/api/execution/{execution_id}").status_code == 200

    def nodes(self, execution_id: str) -> dict[str, str]:
        """State of each node of an execution."""
        return {name: node["state"] for name, node in self.execution(execution_id)["nodes"].items()}

    def count(self, tag: str) -> int:
        """How often `debug.count` really ran with that tag."""
        return int(self.bridge.get(f"/api/debug/count/{tag}").raise_for_status().json()["count"])


def graph(name: str, nodes: dict[str, dict[str, Any]], *edges: str, outputs: tuple[str, ...] = ()) -> dict[str, Any]:
    """A document; edges as `a.out > b.in`, outputs as `node.port`, titles as the nodes' ids."""
    return {
        "schema": "vortex.graph/1",
        "name": name,
        "nodes": {node_id: {"title": node_id, **node} for node_id, node in nodes.items()},
        "edges": [_edge(text) for text in edges],
        "outputs": [{"name": text.replace(".", "_"), **_end(text)} for text in outputs],
    }


def debug(kind: str, retries: int = 0, **params: Any) -> dict[str, Any]:
    """A node of the debug pack."""
    return {"type": f"debug.{kind}", "params": params, "retries": retries}


def _edge(text: str) -> dict[str, Any]:
    source, _, target = text.partition(" > ")
    return {"source": _end(source), "target": _end(target)}


def _end(text: str) -> dict[str, str]:
    node, _, port = text.partition(".")
    return {"node": node, "port": port}
