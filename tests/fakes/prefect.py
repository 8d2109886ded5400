"""Prefect's API in memory, as far as the engine uses it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import FlowRun

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.core.ids import derived_id
from vortex_prefect.engine.prefect_api import PrefectApi

FINAL = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


class FakePrefect(PrefectApi):
    """A server that keeps everything in dictionaries.

    Attributes:
        away: calls that are still to fail as they do when nobody answers.
        refusal: raised by every call that changes something, once it is set.
        asked: names of the calls, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self._url = "http://prefect/api"
        self.away = 0
        self.refusal: SystemFault | None = None
        self.asked: list[str] = []
        self.pools: dict[str, str] = {}
        self.deployments: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.task_run_states_by_run: dict[str, dict[str, dict[str, Any]]] = {}
        self.artifacts: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self._numbers = itertools.count(1)

    async def close(self) -> None:
        pass

    # What a test scripts

    def given_run(self, state_type: str = "RUNNING", name: str | None = None, **fields: Any) -> str:
        """The id of a flow run that is there already."""
        flow_run_id = self._id("flow-run")
        state = {"type": state_type, "name": name or state_type.capitalize()}
        self.runs[flow_run_id] = {"id": flow_run_id, "flow_id": self._id("flow"), "name": "given", "state": state}
        self.runs[flow_run_id] |= fields
        return flow_run_id

    def set(self, flow_run_id: str, state_type: str, name: str | None = None) -> None:
        """Somebody else sets a state."""
        self.runs[flow_run_id]["state"] = {"type": state_type, "name": name or state_type.capitalize()}

    def state(self, flow_run_id: str) -> str:
        """Name of a flow run's state."""
        return str(self.runs[flow_run_id]["state"]["name"])

    # `PrefectApi`

    async def create_flow_run(self, deployment_id: str, body: dict[str, Any]) -> FlowRun | None:
        self._call("create_flow_run", changes=True)
        if deployment_id not in self.deployments:
            return None
        for run in self.runs.values():
            if run.get("idempotency_key") == body["idempotency_key"]:
                return FlowRun.model_validate(run)
        flow_run_id = self._id("flow-run")
        self.runs[flow_run_id] = {
            "id": flow_run_id, "flow_id": self._id("flow"), "deployment_id": deployment_id, **body,
        }  # fmt: skip
        return FlowRun.model_validate(self.runs[flow_run_id])

    async def flow_run(self, flow_run_id: str) -> FlowRun:
        self._call("flow_run")
        if flow_run_id not in self.runs:
            raise SystemFault("SY-007", f"no flow run {flow_run_id}")
        return FlowRun.model_validate(self.runs[flow_run_id])

    async def flow_run_by_key(self, idempotency_key: str) -> str | None:
        self._call("flow_run_by_key")
        return next((key for key, run in self.runs.items() if run.get("idempotency_key") == idempotency_key), None)

    async def flow_run_states(self, flow_run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        self._call("flow_run_states")
        return {key: dict(self.runs[key]["state"]) for key in list(flow_run_ids) if key in self.runs}

    async def claim(self, flow_run_id: str, claim_id: str) -> bool:
        self._call("claim", changes=True)
        run = self.runs.get(flow_run_id)
        if run is not None and run["state"]["type"] == "SCHEDULED":
            details = {**run["state"].get("state_details", {}), "transition_id": claim_id}
            run["state"] = {"type": "PENDING", "name": "Pending", "state_details": details}
            run["claimed_by"] = claim_id
        return run is not None and run["state"]["type"] == "PENDING" and run.get("claimed_by") == claim_id

    async def set_flow_run_state(self, flow_run_id: str, state_type: str, name: str, message: str) -> None:
        self._call("set_flow_run_state", changes=True)
        self.runs[flow_run_id]["state"] = {"type": state_type, "name": name, "message": message}

    async def running_task_runs(self, flow_run_id: str) -> list[str]:
        self._call("running_task_runs")
        states = self.task_run_states_by_run.get(flow_run_id, {})
        return [key for key, state in states.items() if state["type"] not in FINAL][:200]

    async def set_task_run_state(self, task_run_id: str, state_type: str, name: str, message: str) -> None:
        self._call("set_task_run_state", changes=True)
        states = next(states for states in self.task_run_states_by_run.values() if task_run_id in states)
        states[task_run_id] = {"type": state_type, "name": name, "message": message}

    async def post_events(self, events: list[dict[str, Any]]) -> None:
        self._call("post_events", changes=True)
        self.events += events

    async def create_artifact(self, body: dict[str, Any]) -> str:
        self._call("create_artifact", changes=True)
        artifact_id = self._id("artifact")
        self.artifacts[artifact_id] = body
        return artifact_id

    async def update_artifact(self, artifact_id: str, body: dict[str, Any]) -> None:
        self._call("update_artifact", changes=True)
        self.artifacts[artifact_id] |= body

    async def ensure_work_pool(self, name: str, pool_type: str, template: dict[str, Any]) -> str:
        self._call("ensure_work_pool", changes=True)
        self.database = self.database or "here"
        return self.pools.setdefault(name, pool_type)

    async def current_database(self) -> str | None:
        self._call("current_database")
        return self.database

    async def task_run_states(self, task_run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        self._call("task_run_states")
        states = {key: state for run in self.task_run_states_by_run.values() for key, state in run.items()}
        return {key: states[key] for key in task_run_ids if key in states}

    async def deployment(self, deployment_id: str) -> dict[str, Any] | None:
        self._call("deployment")
        return self.deployments.get(deployment_id)

    async def deployments_tagged(self, tag: str) -> list[dict[str, Any]]:
        self._call("deployments_tagged")
        return [found for found in self.deployments.values() if tag in found["tags"]]

    async def put_deployment(self, flow_name: str, body: dict[str, Any]) -> str:
        self._call("put_deployment", changes=True)
        number = next(self._numbers)
        for known in self.deployments.values():
            if (known["flow_name"], known["name"]) == (flow_name, body["name"]):
                known |= {**body, "updated": f"{number:06}"}
                return str(known["id"])
        deployment_id = self._id("deployment")
        stamp = f"{number:06}"
        self.deployments[deployment_id] = {
            **body, "id": deployment_id, "flow_name": flow_name, "created": stamp, "updated": stamp,
        }  # fmt: skip
        return deployment_id

    async def update_deployment(self, deployment_id: str, body: dict[str, Any]) -> bool:
        self._call("update_deployment", changes=True)
        if deployment_id not in self.deployments:
            return False
        self.deployments[deployment_id] |= body
        return True

    async def _request(self, method: str, path: str, body: Any = None, allow: tuple[int, ...] = ()) -> Any:
        raise AssertionError(f"{method} {path} is not faked")

    def _call(self, name: str, *, changes: bool = False) -> None:
        self.asked.append(name)
        if self.away > 0:
            self.away -= 1
            raise ConnectionError("nobody answers")
        if changes and self.refusal is not None:
            raise self.refusal

    def _id(self, kind: str) -> str:
        return str(UUID(derived_id("fake", kind, str(next(self._numbers)))))
