"""A thin client of the bridge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Self

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from vortex_prefect.bootstrap.stack import running_stack
from vortex_prefect.core.errors import SystemFault, VortexError
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.settings import Settings

_TIMEOUT_S = 60.0
_PAGE = 1000


class Client:
    """Calls the bridge at `url`; every refusal is raised as the VortexError that it carries."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = httpx.Client(base_url=url, timeout=_TIMEOUT_S)

    @classmethod
    def of_running(cls, settings: Settings) -> Client:
        """A client of the stack that runs with this home.

        Raises:
            SystemFault: SY-004, none runs.
        """
        info = running_stack(settings)
        if info is None:
            raise SystemFault("SY-004", f"no stack runs with the home {settings.home}", "Start one with `vortex up`.")
        return cls(info.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def http(self) -> httpx.Client:
        """For what has no method here."""
        return self._http

    def catalogue(self) -> Catalogue:
        """All node types."""
        return Catalogue.from_list(self._call("GET", "/api/nodes")["types"])

    def store(self, document: dict[str, Any]) -> str:
        """Create the graph, or replace the one of the same id; its id."""
        graph_id = document.get("id")
        if graph_id and self._http.get(f"/api/graph/{graph_id}").status_code == httpx.codes.OK:
            self._call("PUT", f"/api/graph/{graph_id}", document)
            return str(graph_id)
        return str(self._call("POST", "/api/graph", document)["id"])

    def plan(self, document: dict[str, Any]) -> dict[str, Any]:
        """What would happen to each node of the graph now, and why; see `graph.explanation`."""
        answer: dict[str, Any] = self._call("POST", "/api/graph/plan", {"graph": document})
        return answer

    def execute(self, graph_id: str) -> str:
        """Queue an execution; its id."""
        return str(self._call("POST", f"/api/graph/{graph_id}/execute", {})["execution_id"])

    def deploy(self, graph_id: str, options: dict[str, Any]) -> dict[str, Any]:
        """Publish a graph as a deployment; `{deployment_id, name, url, pool, parameters}`."""
        answer: dict[str, Any] = self._call("POST", f"/api/graph/{graph_id}/deploy", options)
        return answer

    def execution(self, execution_id: str) -> dict[str, Any]:
        """An execution as it stands."""
        answer: dict[str, Any] = self._call("GET", f"/api/execution/{execution_id}")
        return answer

    def cancel(self, execution_id: str) -> None:
        """Ask an execution to stop."""
        self._call("POST", f"/api/execution/{execution_id}/cancel", {})

    def download(self, path: str) -> tuple[bytes, str]:
        """Bytes and media type of an output."""
        response = self._http.get(path)
        self._check(response)
        return response.content, response.headers.get("content-type", "")

    def events(self, graph_id: str, after: int) -> Iterator[dict[str, Any]]:
        """A graph's events in order."""
        while True:
            page = self._call("GET", f"/api/graph/{graph_id}/events?after={after}&limit={_PAGE}")["events"]
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]["sequence_number"]

    def status(self) -> dict[str, Any]:
        """Workers, queue and links."""
        return {
            "workers": self._call("GET", "/api/workers")["workers"],
            "queue": self._call("GET", "/api/queue"),
            **self._call("GET", "/api/stack"),
        }

    def messages(self, graph_id: str) -> Iterator[dict[str, Any]]:
        """The bridge's messages on a graph, from now on; ends when the connection does."""
        url = f"{self._url.replace('http', 'ws', 1)}/ws?graph_id={graph_id}"
        try:
            with connect(url, max_size=None) as socket:
                for text in socket:
                    yield json.loads(text)
        except (ConnectionClosed, OSError):
            return

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            response = self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise SystemFault("SY-004", f"the bridge at {self._url} does not answer: {error}") from error
        self._check(response)
        return response.json()

    @staticmethod
    def _check(response: httpx.Response) -> None:
        if response.is_error:
            try:
                raise VortexError.from_dict(response.json()["error"])
            except (ValueError, KeyError, TypeError) as error:
                raise SystemFault("SY-007", f"the bridge answered {response.status_code}") from error
