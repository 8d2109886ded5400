"""One execution, asked for and followed to its end over HTTP and WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from vortex_prefect.client.results import Results, RunFailed, results_of
from vortex_prefect.core.errors import GraphError, SystemFault, VortexError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Limits
from vortex_prefect.graph.canonical import graph_hash
from vortex_prefect.graph.edits import apply_inputs
from vortex_prefect.graph.model import parse_graph

_FINAL = frozenset({"completed", "failed", "cancelled", "crashed"})
_TERMINAL_MESSAGES = frozenset({"execution.complete", "execution.failed", "execution.cancelled"})
_HTTP_TIMEOUT_S = 60.0
_POLL_S = 0.2
#: How long a cancelled execution is waited for.
_CANCEL_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Progress:
    """A node came further."""

    execution_id: str
    node_id: str
    #: `running`, `completed`, `cached`, …; see `core.reports.NodeState`.
    state: str
    #: Percent, 0 to 100.
    progress: float


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is asked for; `document` has an id, and its files are absolute."""

    document: dict[str, Any]
    inputs: Mapping[str, Any]
    targets: tuple[str, ...] | None = None
    force: bool = False
    timeout_s: float | None = None


class Execution:
    """Runs an order on the stack whose bridge is at `url`, on one event loop."""

    def __init__(self, url: str, engine: Path, on_progress: Callable[[Progress], None] | None) -> None:
        self._url = url
        self._engine = engine
        self._on_progress = on_progress
        # The stack is on this machine: no proxy has a part in this.
        self._http = httpx.AsyncClient(base_url=url, timeout=_HTTP_TIMEOUT_S, trust_env=False)
        #: Set once it is queued.
        self.id = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @property
    def url(self) -> str:
        """Where the bridge tells of it."""
        return f"{self._url}/api/execution/{self.id}"

    async def catalogue(self) -> Catalogue:
        """The stack's node types."""
        return Catalogue.from_list((await self._call("GET", "/api/nodes"))["types"])

    async def run(self, order: Order) -> Results:
        """Queue it, follow it, and return what it gave; a cancel of this task cancels the execution.

        Raises:
            GraphError: the graph cannot run; with every problem.
            RunFailed: it ran, and did not complete.
            VortexError: RQ-004 the queue is full, SY-004 the stack is gone.
        """
        await self._store(order.document)
        try:
            async with asyncio.timeout(order.timeout_s):
                await self._follow(order)
                execution = await self._ended()
        except TimeoutError:
            results = await self._results(await self._cancel())
            message = f"execution {self.id} was not done within {order.timeout_s:g} s"
            raise RunFailed("WK-005", message, "Raise timeout_s.", results=results) from None
        except asyncio.CancelledError:
            if self.id:
                await asyncio.shield(self._cancel())
            raise
        results = await self._results(execution)
        if execution["status"] != "completed":
            raise RunFailed.of(execution, results)
        return results

    async def state(self) -> dict[str, Any]:
        """The execution as it stands."""
        answer: dict[str, Any] = await self._call("GET", f"/api/execution/{self.id}")
        return answer

    async def _store(self, document: dict[str, Any]) -> None:
        address = f"/api/graph/{document['id']}"
        response = await self._request("GET", address)
        if response.status_code == httpx.codes.NOT_FOUND:
            await self._call("POST", "/api/graph", document)
        elif response.is_error or response.json()["graph"] != document:
            await self._call("PUT", address, document)

    async def _follow(self, order: Order) -> None:
        """Queue it and tell of its progress until it ends, or until the bridge has no more to say."""
        graph_id = order.document["id"]
        address = f"{self._url.replace('http', 'ws', 1)}/ws?graph_id={graph_id}"
        try:
            # Connected first, so that nothing is missed.
            async with connect(address, max_size=None, proxy=None) as socket:
                await self._queue(graph_id, order)
                async for text in socket:
                    message = json.loads(text)
                    payload = message["payload"]
                    if payload.get("execution_id") == self.id and self._take(message["type"], payload):
                        return
        except (WebSocketException, OSError):
            if not self.id:
                await self._queue(graph_id, order)

    def _take(self, kind: str, payload: dict[str, Any]) -> bool:
        """Tell of a message; whether it is the last one."""
        if kind == "execution.progress" and self._on_progress is not None:
            state, progress = payload["state"], float(payload["progress"])
            self._on_progress(Progress(self.id, payload["node_id"], state, progress))
        return kind in _TERMINAL_MESSAGES

    async def _queue(self, graph_id: str, order: Order) -> None:
        options = {
            "inputs": dict(order.inputs),
            "force": order.force,
            **({} if order.targets is None else {"targets": list(order.targets)}),
        }
        accepted = await self._call("POST", f"/api/graph/{graph_id}/execute", {"options": options})
        self.id = str(accepted["execution_id"])
        limits = Limits()
        ours = graph_hash(apply_inputs(parse_graph(order.document, limits), dict(order.inputs), limits))
        if (await self.state())["graph_hash"] != ours:
            await self._cancel()
            raise GraphError(
                "VE-011", f"somebody changed the graph {graph_id} while it was being queued", "Run it again."
            )

    async def _ended(self) -> dict[str, Any]:
        while (execution := await self.state())["status"] not in _FINAL:
            await asyncio.sleep(_POLL_S)
        return execution

    async def _cancel(self) -> dict[str, Any]:
        """Stop it; its state once it has ended, or after a while."""
        with contextlib.suppress(VortexError, TimeoutError):  # it may have ended by itself
            await self._call("POST", f"/api/execution/{self.id}/cancel", {})
            async with asyncio.timeout(_CANCEL_PATIENCE_S):
                return await self._ended()
        return await self.state()

    async def _results(self, execution: dict[str, Any]) -> Results:
        return await asyncio.to_thread(results_of, execution, self._engine, _fetcher(self._url))

    async def _call(self, method: str, path: str, body: Any = None) -> Any:
        response = await self._request(method, path, body)
        if response.is_error:
            raise _refusal(response)
        return response.json()

    async def _request(self, method: str, path: str, body: Any = None) -> httpx.Response:
        try:
            return await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise SystemFault("SY-004", f"the bridge at {self._url} does not answer: {error}") from error


def _fetcher(url: str) -> Callable[[str], bytes]:
    def fetch(path: str) -> bytes:
        try:
            response = httpx.get(url + path, timeout=_HTTP_TIMEOUT_S, trust_env=False)
        except httpx.HTTPError as error:
            raise SystemFault("SY-004", f"the bridge at {url} does not answer: {error}") from error
        if response.is_error:
            raise _refusal(response)
        return response.content

    return fetch


def _refusal(response: httpx.Response) -> VortexError:
    try:
        return VortexError.from_dict(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return SystemFault("SY-007", f"the bridge answered {response.status_code}")
