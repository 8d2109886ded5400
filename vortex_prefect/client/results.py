"""What a run gave, as Python has it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vortex_prefect.client.tables import table_of
from vortex_prefect.client.tensors import mapped, take_lease, tensor_of
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.job import Value
from vortex_prefect.ipc.lease import Lease
from vortex_prefect.shm.arrow import message_body
from vortex_prefect.shm.arrow_stream import STREAMED

#: Fetches an output's Arrow message from its address.
Fetch = Callable[[str], bytes]


class Results(Mapping[str, Any]):
    """The outputs of an execution by name, and how it went.

    Pictures are `Picture`, other tensors `Tensor`, tables `Table`, sounds `Sound`, paths `pathlib.Path`, all
    else the plain value.

    Attributes:
        execution_id: the execution in the stack.
        status: `completed`, `failed`, `cancelled` or `crashed`.
        states: node id → its last state (`completed`, `cached`, …).
        flow_run_id: its flow run in Prefect; null while that is being made.
        prefect_url: where a person sees it.
    """

    def __init__(self, execution: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
        self.execution_id: str = execution["id"]
        self.status: str = execution["status"]
        self.states: dict[str, str] = {node_id: node["state"] for node_id, node in execution["nodes"].items()}
        self.flow_run_id: str | None = execution["flow_run_id"]
        self.prefect_url: str | None = execution["prefect_url"]
        self._outputs = dict(outputs)

    @property
    def outputs(self) -> dict[str, Any]:
        """All outputs by name."""
        return dict(self._outputs)

    def __getitem__(self, name: str) -> Any:
        return self._outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    def __repr__(self) -> str:
        return f"<results {self.status}: {self._outputs!r}>"


@dataclass(eq=False)
class RunFailed(VortexError):
    """A run did not complete: the first node's failure, with its traceback, and in `results` what others reached."""

    results: Results | None = field(default=None, kw_only=True)

    @classmethod
    def of(cls, execution: Mapping[str, Any], results: Results) -> RunFailed:
        """The failure of an execution that has ended otherwise than completed."""
        failed = [(node_id, node["error"]) for node_id, node in execution["nodes"].items() if node["state"] == "failed"]
        node_id, error = next(((name, error) for name, error in failed if error), (None, execution["error"]))
        if error is None:
            status = execution["status"]
            code = "WK-006" if status == "cancelled" else "WK-001"
            return cls(code, f"execution {results.execution_id} is {status}", results=results)
        found = VortexError.from_dict({**error, "node_id": error.get("node_id") or node_id})
        return cls(
            found.code, found.message, found.hint, found.problems, found.node_id, found.traceback, results=results
        )


def results_of(execution: Mapping[str, Any], engine: Path, fetch: Fetch) -> Results:
    """The results of an execution as the bridge tells it; tensors on this machine are held from now on.

    Args:
        engine: the engine's socket.
        fetch: gets the bytes of those that lie elsewhere, when they are asked for.
    """
    outputs = {name: _value(execution["id"], output, engine, fetch) for name, output in execution["outputs"].items()}
    return Results(execution, outputs)


def _value(execution_id: str, output: Mapping[str, Any], engine: Path, fetch: Fetch) -> Any:
    if output.get("shape") is None and output.get("items") is None:
        return _plain(output["type"], output.get("value"))
    lease = take_lease(engine, execution_id, output["node"], output["port"])
    if output.get("items") is None:
        return _tensor(output, lease, lease.value if lease else None, fetch, at_once=True)
    held = lease.value.items if lease else None
    items = output["items"]
    # A list may have more items than a process may have mappings: those are mapped when they are asked for.
    return [_item(item, lease, held[index] if held else None, fetch) for index, item in enumerate(items)]


def _item(item: Mapping[str, Any] | None, lease: Lease | None, value: Value | None, fetch: Fetch) -> Any:
    """One of a list; null where it failed."""
    if item is None:
        return None
    if item.get("shape") is None:
        return _plain(item["type"], item["value"]) if "value" in item else dict(item)
    return _tensor(item, lease, value, fetch, at_once=False)


def _tensor(output: Mapping[str, Any], lease: Lease | None, value: Value | None, fetch: Fetch, *, at_once: bool) -> Any:
    """The tensor of an output or an item: mapped from the arena, else fetched from its address."""
    ref = value.ref if value else None
    url = output["url"] + ("&" if "?" in output["url"] else "?") + "format=arrow"

    def local() -> memoryview | None:
        with contextlib.suppress(VortexError):
            return None if lease is None or ref is None else mapped(lease, ref)
        return None

    known = local() if at_once else None

    def read() -> memoryview:
        view = known if at_once else local()
        return memoryview(fetch(url)) if view is None else view

    if output["type"] in STREAMED:
        return table_of(output["type"], lambda: _stream(known if at_once else local(), output, fetch, url))
    if output["type"] == "BYTES":
        # At once: nobody can tell bytes that they come later.
        return bytes(message_body(read(), tuple(output["shape"]), output["dtype"]))
    return tensor_of(output["type"], tuple(output["shape"]), output["dtype"], read)


def _stream(message: memoryview | None, output: Mapping[str, Any], fetch: Fetch, url: str) -> memoryview:
    """What lies in the arena is a message of bytes; what is fetched the stream within."""
    if message is None:
        return memoryview(fetch(url))
    return message_body(message, tuple(output["shape"]), output["dtype"])


def _plain(type: str, value: Any) -> Any:
    if type == "PATH" and isinstance(value, str):
        return Path(value)
    if type.startswith("LIST[") and isinstance(value, list):
        return [_plain(type[5:-1], item) for item in value]
    return value
