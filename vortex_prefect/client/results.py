"""What a run gave, as Python has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vortex_prefect.client.tensors import held, tensor_of
from vortex_prefect.core.errors import VortexError

#: Fetches an output's Arrow message from its address.
Fetch = Callable[[str], bytes]


class Results(Mapping[str, Any]):
    """The outputs of an execution by name, and how it went.

    Pictures are `Picture`, other tensors `Tensor`, paths `pathlib.Path`, all
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
    if output.get("shape") is None:
        return _plain(output["type"], output.get("value"))
    view = held(engine, execution_id, output["node"], output["port"])
    url = f"{output['url']}?format=arrow"

    def read() -> memoryview:
        return memoryview(fetch(url)) if view is None else view

    return tensor_of(output["type"], tuple(output["shape"]), output["dtype"], read)


def _plain(type: str, value: Any) -> Any:
    if type == "PATH" and isinstance(value, str):
        return Path(value)
    if type.startswith("LIST[") and isinstance(value, list):
        return [_plain(type[5:-1], item) for item in value]
    return value
