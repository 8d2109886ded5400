"""What we ask of Prefect's API beside its own engine."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun

from vortex_prefect.core.errors import SystemFault

logger = logging.getLogger(__name__)

_TIMEOUT = httpx.Timeout(30.0)
#: Refusals that say "later", not "never".
_COME_BACK = frozenset({httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS})


class PrefectApi:
    """A connection to Prefect's server. Raises OSError where the server is away, SY-007 where it refuses for good."""

    def __init__(self) -> None:
        self._client: PrefectClient = get_client()
        self._flow_ids: dict[str, UUID] = {}
        self._connected = False
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        """Disconnect."""
        if self._connected:
            await self._client.__aexit__(None, None, None)

    @property
    def ui_url(self) -> str:
        """Address of Prefect's UI."""
        return str(self._client.api_url).rstrip("/").removesuffix("/api")

    async def create_flow_run(
        self, flow_name: str, run_name: str, parameters: dict[str, Any], execution_id: str
    ) -> FlowRun:
        """The Pending flow run of an execution; asked again, the same one.

        Prefect assigns the id; the execution id is its idempotency key, which
        the client's own method cannot pass.
        """
        body = {
            "flow_id": str(await self._flow_id(flow_name)),
            "name": run_name,
            "parameters": parameters,
            "idempotency_key": execution_id,
            "state": {"type": "PENDING", "name": "Pending"},
            "tags": ["vortex"],
        }
        return FlowRun.model_validate((await self._post("/flow_runs/", body)).json())

    async def post_events(self, events: list[dict[str, Any]]) -> None:
        """Hand a batch of events to the server."""
        await self._post("/events", events)

    def flow_run_url(self, flow_run_id: str) -> str:
        """Where a person sees the flow run."""
        return f"{self.ui_url}/runs/flow-run/{flow_run_id}"

    async def _flow_id(self, name: str) -> UUID:
        if name not in self._flow_ids:
            try:
                await self._connect()
                self._flow_ids[name] = await self._client.create_flow_from_name(name)
            except httpx.HTTPError as error:
                raise ConnectionError(str(error)) from error
        return self._flow_ids[name]

    async def _connect(self) -> None:
        """Prefect's client asks the server for its version first; that may be early, so it is tried again."""
        async with self._connecting:
            if not self._connected:
                await self._client.__aenter__()
                self._connected = True

    async def _post(self, path: str, body: Any) -> httpx.Response:
        try:
            await self._connect()
            response = await self._client.request("POST", path, json=body, timeout=_TIMEOUT)  # type: ignore[arg-type]
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            if error.response.is_client_error and error.response.status_code not in _COME_BACK:
                text = error.response.text[:500]
                raise SystemFault("SY-007", f"Prefect's API refuses {path} with {error}: {text}") from error
            raise ConnectionError(f"Prefect's API at {self._client.api_url}: {error}") from error
        except httpx.HTTPError as error:
            raise ConnectionError(f"Prefect's API at {self._client.api_url}: {error}") from error
        return response
