"""Run one node as a worker would, without one.

    from vortex_worker.sdk.testing import run_node

    def test_gamma() -> None:
        done = run_node(gamma, image=torch.rand(1, 8, 8, 3), gamma=2.0)
        assert done["image"].shape == (1, 8, 8, 3)

Parameters are checked as the worker checks them, values must be of their port's
type, and a node that writes to what it was given fails, since in a worker that
is shared memory.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from vortex_prefect.core.errors import GraphError, Problem, WorkerError
from vortex_prefect.core.nodespec import ParamSpec, check_param, coerce_param, item_type
from vortex_worker.residents import Residents
from vortex_worker.sdk.context import Cancelled, Context
from vortex_worker.sdk.declare import NodeType
from vortex_worker.sdk.sound import Sound
from vortex_worker.sdk.steering import Steering
from vortex_worker.streamed import as_table

_TENSORS = frozenset({"IMAGE", "MASK", "LATENT", "TENSOR"})
_PLAIN: dict[str, tuple[type, ...]] = {
    "FLOAT": (int, float), "INT": (int,), "BOOL": (bool,), "STRING": (str,), "PATH": (str, Path), "MODEL": (dict,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Done(Mapping[str, Any]):
    """What a node gave: a mapping of its output ports, and what it did on the way."""

    outputs: dict[str, Any]
    #: What it reported of its progress: fraction and note.
    progress: list[tuple[float, str]] = field(default_factory=list)
    #: Pictures that it showed, as they were then.
    previews: list[torch.Tensor] = field(default_factory=list)
    #: Files that it wrote; they lie where `output_dir` said.
    files: list[Path] = field(default_factory=list)

    def __getitem__(self, port: str) -> Any:
        return self.outputs[port]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)


def run_node(
    node: Callable[..., Any] | NodeType,
    /,
    *,
    output_dir: Path | None = None,
    attempt: int = 1,
    cancel_after: int | None = None,
    residents: Residents | None = None,
    device: str = "cpu",
    graph_json: str | None = None,
    **values: Any,
) -> Done:
    """Call a node with inputs and parameters by the names of its ports.

    Args:
        output_dir: where its files go; by default a folder that is gone when this returns.
        attempt: as if it had failed so many times less one.
        cancel_after: somebody cancels when it reports its progress for so many times plus one.
        residents: what earlier calls kept; see `Context.resident`.
        device: where tensors are.
        graph_json: the graph, for a node that is declared with `takes_graph`; others get none.

    Raises:
        TypeError: it is no node.
        GraphError: VE-004 no such port, VE-007 an input is missing, VE-009 and VE-010 a parameter is wrong.
        WorkerError: WK-002 a value is not of its port's type, WK-003 a result is not.
        AssertionError: the node wrote to what it was given.
        Exception: whatever the node raises; `Cancelled` if it lets a cancel pass.
    """
    declared = _declared(node)
    progress: list[tuple[float, str]] = []
    previews: list[torch.Tensor] = []

    def report(fraction: float, note: str) -> None:
        if cancel_after is not None and len(progress) >= cancel_after:
            raise Cancelled
        progress.append((fraction, note))

    with _folder(output_dir) as folder, tempfile.TemporaryDirectory() as state:
        arguments = _arguments(declared, values, torch.device(device))
        before = {id(tensor): tensor._version for tensor in _tensors(list(arguments.values()))}
        if declared.context_argument is not None:
            arguments[declared.context_argument] = Context(
                node_id="node",
                execution_id="test",
                attempt=attempt,
                device=torch.device(device),
                output_dir=folder,
                state_dir=Path(state),
                report=report,
                residents=residents,
                show=lambda image: previews.append(image.clone()),
                graph_json=graph_json if declared.spec.takes_graph else None,
            )
        result = declared.function(**arguments)
        for tensor in _tensors(list(arguments.values())):
            if tensor._version != before.get(id(tensor), tensor._version):
                raise AssertionError(
                    f"{declared.spec.type} wrote to a tensor of {tuple(tensor.shape)} that it was given"
                )
        files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Done(_outputs(declared, result), progress, previews, files)


def _declared(node: Callable[..., Any] | NodeType) -> NodeType:
    declared = node if isinstance(node, NodeType) else getattr(node, "__vortex_node__", None)
    if not isinstance(declared, NodeType):
        raise TypeError(f"{node!r} is no node: it has no @node")
    return declared


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        yield wanted
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def _arguments(declared: NodeType, values: dict[str, Any], device: torch.device) -> dict[str, Any]:
    spec = declared.spec
    for name in values:
        if spec.input(name) is None and spec.param(name) is None:
            raise GraphError("VE-004", f"{spec.type} has no port or parameter {name!r}")
    arguments: dict[str, Any] = {}
    for port in spec.inputs:
        if port.name in values:
            value = values[port.name]
            for each in value if port.list else [value]:
                _require(each, port.type, port.name, "WK-002")
            arguments[declared.argument_of[port.name]] = _moved(value, device)
        elif port.required and port.when is None:
            raise GraphError("VE-007", f"{spec.type} needs its input {port.name}")
        elif port.required:
            arguments[declared.argument_of[port.name]] = None
    for param in spec.params:
        arguments[declared.argument_of[param.name]] = _parameter(param, values.get(param.name, param.default))
    return arguments


def _parameter(param: ParamSpec, value: Any) -> Any:
    value = str(value) if isinstance(value, Path) else value
    if (wrong := check_param(param, value)) is not None:
        code, message = wrong
        raise GraphError(code, message, problems=(Problem(code, message, "node", param.name),))
    value = coerce_param(param, value)
    return Path(value) if param.type == "PATH" and value is not None else value


def _require(value: Any, port_type: str, name: str, code: str) -> None:
    inner = item_type(port_type)
    if inner is not None:
        if not isinstance(value, list | tuple):
            raise WorkerError(code, f"{name} is a {type(value).__name__}, not a list of {inner}")
        for item in value:
            _require(item, inner, name, code)
        return
    streamed = as_table(value)
    kind = streamed[0] if streamed else "TENSOR" if isinstance(value, torch.Tensor) else None
    if port_type == "ANY":
        fits = kind is not None or _is_json(value)
    elif port_type in _TENSORS or port_type in ("TABLE", "AUDIO", "CONDITIONING"):
        fits = kind == ("TENSOR" if port_type in _TENSORS else port_type)
    else:
        known = _PLAIN.get(port_type)
        fits = isinstance(value, known) if known else kind is None and _is_json(value)
        fits = fits and not (isinstance(value, bool) and port_type in ("FLOAT", "INT"))
    if not fits:
        raise WorkerError(code, f"{name} is a {type(value).__name__}, which is no {port_type}")


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, list | tuple):
        return [_moved(item, device) for item in value]
    return value.to(device) if isinstance(value, torch.Tensor) else value


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _tensors(value)
    elif isinstance(values, Sound):
        yield values.samples
    elif isinstance(values, Steering):
        yield from values.tensors.values()


def _outputs(declared: NodeType, result: Any) -> dict[str, Any]:
    ports = declared.spec.outputs
    results = result if len(ports) > 1 else (result,)
    if len(results) != len(ports):
        raise WorkerError("WK-003", f"{declared.spec.type} gave {len(results)} results for {len(ports)} ports")
    found = {port.name: value for port, value in zip(ports, results, strict=True)}
    for port in ports:
        _require(found[port.name], port.type, port.name, "WK-003")
    return found
