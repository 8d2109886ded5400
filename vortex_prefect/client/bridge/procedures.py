"""What takes several calls."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from vortex_prefect.client.bridge import answers, graphs, operations
from vortex_prefect.client.bridge.exchange import Call, Pause, Request, Route, Steps, ask
from vortex_prefect.client.bridge.operations import Content
from vortex_prefect.client.bridge.transfer import FileSink, OnTransfer
from vortex_prefect.core.errors import RequestError, VortexError, WorkerError

_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.05, 1.0


def store_graph(document: Mapping[str, Any]) -> Steps[answers.StoredGraph]:
    """Create the graph, or make the one of the same id like it; nothing happens where it is so already."""
    graph_id = document.get("id")
    if not graph_id:
        return (yield from ask(graphs.create_graph(document)))
    try:
        found = yield from ask(graphs.get_graph(str(graph_id)))
    except VortexError as error:
        if error.code != "RQ-002":
            raise
        return (yield from ask(graphs.create_graph(document)))
    if found.graph == document:
        return found
    return (yield from ask(graphs.put_graph(str(graph_id), document)))


def wait(execution_id: str, *, timeout_s: float | None = None) -> Steps[answers.Execution]:
    """The execution once it has ended, however it did.

    Raises:
        WorkerError: WK-005, it has not within `timeout_s`; it goes on.
    """
    pause_s, waited_s = _FIRST_LOOK_S, 0.0
    while not (found := (yield from ask(operations.get_execution(execution_id)))).ended:
        if timeout_s is not None and waited_s >= timeout_s:
            message = f"execution {execution_id} is {found.status} after {timeout_s:g} s"
            raise WorkerError("WK-005", message, "Wait longer, or cancel it.")
        # Of the waiting alone: a bridge that is slow to answer makes this longer, never shorter.
        rest_s = pause_s if timeout_s is None else min(pause_s, timeout_s - waited_s)
        yield Pause(rest_s)
        waited_s += rest_s
        pause_s = min(_LONGEST_LOOK_S, pause_s * 1.5)
    return found


def get_content(url: str) -> Call[Content]:
    """What lies at a `url` of an answer, an output's or a preview's."""
    return operations.content_call(_request(url))


def save_content(url: str, path: str | os.PathLike[str], *, on_progress: OnTransfer | None = None) -> Call[None]:
    """Write what lies at a `url` of an answer to a file, without holding it in memory."""
    return operations.saved_call(_request(url), FileSink(path, on_progress))


def _request(url: str) -> Request:
    """A request of this bridge: a token goes to nobody whom an answer names.

    Raises:
        RequestError: RQ-001, the address is another server's.
    """
    parts = urlsplit(url)
    segments = unquote(parts.path).split("/")
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or ".." in segments:
        raise RequestError("RQ-001", f"{url!r} is no address of this bridge", "Fetch it by other means.")
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    return Request(Route("GET", parts.path), parts.path, query, repeatable=True, unbounded=True)
