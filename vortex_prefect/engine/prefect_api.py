"""What we ask of Prefect's API beside its own engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import httpx
import prefect
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL

from vortex_prefect.core.errors import SystemFault
from vortex_prefect.engine.busy_server import RightOfWay, give_up_at_once, retry_quickly

_TIMEOUT = httpx.Timeout(30.0)
#: Refusals that say "later", not "never".
_COME_BACK = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})
#: The most that the server hands out at once.
_PAGE = 200
#: How long events let the creation of flow runs and deployments go first.
_COURTESY_S = 3.0


class PrefectApi:
    """A connection to Prefect's server.

    Raises OSError where the server is away, SY-007 where it refuses for good, SY-008 where it is of another release.

    Attributes:
        unheard: nobody answered the last time.
        database: what tells the server's database from another one; null as long as no work pool was asked for.
    """

    def __init__(self) -> None:
        self._url = PREFECT_API_URL.value() or ""
        self._connected: PrefectClient | None = None
        self._connecting = asyncio.Lock()
        self._creations = RightOfWay()
        self._pool: str | None = None
        self.unheard = False
        self.database: str | None = None

    async def close(self) -> None:
        """Disconnect."""
        if self._connected is not None:
            await self._connected.__aexit__(None, None, None)

    @property
    def ui_url(self) -> str:
        """Address of Prefect's UI."""
        return self._url.rstrip("/").removesuffix("/api")

    def flow_run_url(self, flow_run_id: str) -> str:
        """Where a person sees the flow run."""
        return f"{self.ui_url}/runs/flow-run/{flow_run_id}"

    def deployment_url(self, deployment_id: str) -> str:
        """Where a person sees the deployment."""
        return f"{self.ui_url}/deployments/deployment/{deployment_id}"

    # -- flow runs -------------------------------------------------------------------------

    async def create_flow_run(self, deployment_id: str, body: dict[str, Any]) -> FlowRun | None:
        """A flow run of a deployment; Prefect assigns the id, `idempotency_key` gives the same one when asked again.

        Null if there is no such deployment.
        """
        async with self._creations.first():
            answer = await self._request("POST", f"/deployments/{deployment_id}/create_flow_run", body, allow=(404,))
        return None if answer.status_code == httpx.codes.NOT_FOUND else FlowRun.model_validate(answer.json())

    async def flow_run(self, flow_run_id: str) -> FlowRun:
        """A flow run as it stands."""
        return FlowRun.model_validate((await self._request("GET", f"/flow_runs/{flow_run_id}")).json())

    async def flow_run_by_key(self, idempotency_key: str) -> str | None:
        """Id of the flow run that was created with that key, or null."""
        wanted = {"flow_runs": {"idempotency_key": {"any_": [idempotency_key]}}}
        found = (await self._request("POST", "/flow_runs/filter", wanted)).json()
        return found[0]["id"] if found else None

    async def flow_run_states(self, flow_run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The states of those flow runs that exist, by id."""
        ids = list(flow_run_ids)
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(ids), _PAGE):
            wanted = {"flow_runs": {"id": {"any_": ids[start : start + _PAGE]}}, "limit": _PAGE}
            runs = (await self._request("POST", "/flow_runs/filter", wanted)).json()
            found |= {run["id"]: run["state"] for run in runs if run["state"]}
        return found

    async def claim(self, flow_run_id: str, claim_id: str) -> bool:
        """Take a flow run that waits for a worker, so that no other one takes it; asked again, the answer is the same.

        False if it waits no more, or not yet, or is gone.

        Args:
            claim_id: a UUID of this claim: the server knows by it that it was granted, though its answer was lost.
        """
        state = {"type": "PENDING", "name": "Pending", "state_details": {"transition_id": claim_id}}
        answer = await self._request("POST", f"/flow_runs/{flow_run_id}/set_state", {"state": state}, allow=(404,))
        given = answer.json().get("state") if answer.is_success else None
        if given is None or given["type"] != "PENDING":
            return False
        return str(given["state_details"]["transition_id"]) == claim_id

    async def set_flow_run_state(self, flow_run_id: str, state_type: str, name: str, message: str) -> None:
        """Set a state whatever the rules of orchestration say."""
        body = {"state": {"type": state_type, "name": name, "message": message}, "force": True}
        await self._request("POST", f"/flow_runs/{flow_run_id}/set_state", body)

    async def running_task_runs(self, flow_run_id: str) -> list[str]:
        """Ids of the flow run's task runs that have begun and not ended; of many, the first 200."""
        wanted = {
            "flow_runs": {"id": {"any_": [flow_run_id]}},
            "task_runs": {"state": {"type": {"any_": ["RUNNING", "PENDING", "SCHEDULED"]}}},
            "limit": _PAGE,
        }
        return [run["id"] for run in (await self._request("POST", "/task_runs/filter", wanted)).json()]

    async def filed_task_runs(self, flow_run_id: str) -> int:
        """How many task runs of a flow run the server knows."""
        wanted = {"flow_runs": {"id": {"any_": [flow_run_id]}}}
        return int((await self._request("POST", "/task_runs/count", wanted)).json())

    async def task_run_states(self, task_run_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The states of those task runs that the server has filed, by id."""
        ids = list(task_run_ids)
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(ids), _PAGE):
            wanted = {"task_runs": {"id": {"any_": ids[start : start + _PAGE]}}, "limit": _PAGE}
            runs = (await self._request("POST", "/task_runs/filter", wanted)).json()
            found |= {run["id"]: run["state"] for run in runs if run["state"]}
        return found

    async def set_task_run_state(self, task_run_id: str, state_type: str, name: str, message: str) -> None:
        """As `set_flow_run_state`."""
        body = {"state": {"type": state_type, "name": name, "message": message}, "force": True}
        await self._request("POST", f"/task_runs/{task_run_id}/set_state", body)

    async def concurrency_limits(self) -> frozenset[str]:
        """Names of all limits that are in force."""
        found: list[dict[str, Any]] = []
        while True:
            page = {"limit": _PAGE, "offset": len(found)}
            more = (await self._request("POST", "/v2/concurrency_limits/filter", page)).json()
            found += more
            if len(more) < _PAGE:
                return frozenset(limit["name"] for limit in found if limit["active"])

    async def post_events(self, events: list[dict[str, Any]]) -> None:
        """Hand a batch of events to the server."""
        await self._creations.give(_COURTESY_S)
        await self._request("POST", "/events", events)

    async def post_logs(self, rows: list[dict[str, Any]]) -> None:
        """Hand a batch of log rows to the server; see `LogCreate` of Prefect's schemas."""
        await self._request("POST", "/logs/", rows)

    async def create_artifact(self, body: dict[str, Any]) -> str:
        """Add an artifact; its id."""
        return str((await self._request("POST", "/artifacts/", body)).json()["id"])

    async def update_artifact(self, artifact_id: str, body: dict[str, Any]) -> None:
        """Change an artifact's data."""
        await self._request("PATCH", f"/artifacts/{artifact_id}", body)

    # -- deployments -----------------------------------------------------------------------

    async def ensure_work_pool(self, name: str, pool_type: str, template: dict[str, Any]) -> str:
        """Create the work pool where there is none; the type of the one that there is then."""
        existing = await self._request("GET", f"/work_pools/{quote(name, safe='')}", allow=(404,))
        if existing.status_code == httpx.codes.OK:
            self._pool, self.database = name, str(existing.json()["id"])
            return str(existing.json()["type"])
        body = {"name": name, "type": pool_type, "base_job_template": template}
        created = await self._request("POST", "/work_pools/", body, allow=(409,))
        if created.status_code == httpx.codes.CONFLICT:  # somebody else was quicker
            return await self.ensure_work_pool(name, pool_type, template)
        self._pool, self.database = name, str(created.json()["id"])
        return pool_type

    async def current_database(self) -> str | None:
        """What `database` would be now; null where the pool is gone."""
        if self._pool is None:
            return None
        answer = await self._request("GET", f"/work_pools/{quote(self._pool, safe='')}", allow=(404,))
        return None if answer.status_code == httpx.codes.NOT_FOUND else str(answer.json()["id"])

    async def deployment(self, deployment_id: str) -> dict[str, Any] | None:
        """A deployment, or null."""
        answer = await self._request("GET", f"/deployments/{deployment_id}", allow=(404,))
        return None if answer.status_code == httpx.codes.NOT_FOUND else dict(answer.json())

    async def deployments_tagged(self, tag: str) -> list[dict[str, Any]]:
        """Deployments with a tag, the oldest first."""
        wanted = {"deployments": {"tags": {"all_": [tag]}}, "limit": _PAGE}
        found: list[dict[str, Any]] = (await self._request("POST", "/deployments/filter", wanted)).json()
        return sorted(found, key=lambda deployment: deployment["created"])

    async def put_deployment(self, flow_name: str, body: dict[str, Any]) -> str:
        """Create a deployment, or replace the one of the same flow and name; its id."""
        async with self._creations.first():
            # Asked for each time: somebody may have deleted the flow.
            flow = (await self._request("POST", "/flows/", {"name": flow_name})).json()
            body = {**body, "flow_id": flow["id"]}
            return str((await self._request("POST", "/deployments/", body)).json()["id"])

    async def update_deployment(self, deployment_id: str, body: dict[str, Any]) -> bool:
        """Change what `body` names; false if the deployment is gone."""
        answer = await self._request("PATCH", f"/deployments/{deployment_id}", body, allow=(404,))
        return answer.status_code != httpx.codes.NOT_FOUND

    # -- transport -------------------------------------------------------------------------

    async def _connect(self) -> PrefectClient:
        """A client that knows the server's release; where nobody has answered yet, a fresh one tries again."""
        async with self._connecting:
            if self._connected is None:
                client = get_client()
                retry_quickly(client)
                give_up_at_once(client)
                await client.__aenter__()
                try:
                    await client.raise_for_api_version_mismatch()
                except RuntimeError as error:  # nobody answers, or one of another release
                    await client.__aexit__(None, None, None)
                    if "incompatible" not in str(error):
                        raise ConnectionError(f"Prefect's API at {self._url}: {error}") from error
                    hint = f"Let PREFECT_API_URL name a server of Prefect {prefect.__version__}."
                    raise SystemFault("SY-008", f"Prefect's API at {self._url}: {error}", hint) from error
                self._connected = client
            return self._connected

    async def _request(self, method: str, path: str, body: Any = None, allow: tuple[int, ...] = ()) -> httpx.Response:
        try:
            client = await self._connect()
            # Raises for every status of 400 or more.
            answer: httpx.Response = await client.request(method, path, json=body, timeout=_TIMEOUT)  # type: ignore[arg-type]
        except httpx.HTTPStatusError as error:
            self.unheard = False
            status, text = error.response.status_code, error.response.text[:500]
            if status in allow:
                return error.response
            if error.response.is_client_error and status not in _COME_BACK:
                raise SystemFault("SY-007", f"Prefect's API refuses {path} with {error}: {text}") from error
            raise ConnectionError(f"Prefect's API at {self._url}: {error}") from error
        except httpx.HTTPError as error:
            self.unheard = True
            raise ConnectionError(f"Prefect's API at {self._url}: {error!r}") from error
        self.unheard = False
        return answer
