"""One job: check what came, call the node, pack what it gave."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from vortex_prefect.core.errors import GraphError, Problem, VortexError, WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.nodespec import ParamSpec, accepts, check_param, coerce_param, item_type
from vortex_worker.memory import TensorMemory, Unpacked
from vortex_worker.previews import JobPreviews
from vortex_worker.sdk.context import Cancelled, Context
from vortex_worker.sdk.declare import NodeType
from vortex_worker.sdk.files import check_input
from vortex_worker.state import WorkerState

_MAX_TRACEBACK_CHARS = 20_000


class JobRunner:
    """Runs jobs one after the other; a failure of a node never leaves it."""

    def __init__(
        self,
        nodes: Mapping[str, NodeType],
        memory: TensorMemory,
        state: WorkerState,
        output_dir: Path,
        state_dir: Path,
        report: Callable[[str, float, str], None],
        previews: JobPreviews,
    ) -> None:
        self._nodes = nodes
        self._memory = memory
        self._state = state
        self._device = state.device
        self._output_dir = output_dir
        self._state_dir = state_dir
        self._report = report
        self._previews = previews

    def run(self, job: Job) -> JobOutcome:
        """What came of the job; errors come back as its `error`, never raised."""
        started_ms = now_ms()
        self._previews.begin(job.job_id)
        try:
            outputs, error = self._fingerprint(job) if job.purpose == "fingerprint" else self._outputs(job), None
        except Exception as raised:
            outputs, error = {}, self._translate(raised)
        finally:
            self._previews.end(job.job_id)
        times = self._memory.take_times()
        return JobOutcome(job.job_id, outputs, error, started_ms=started_ms, finished_ms=now_ms(), times=times)

    def _fingerprint(self, job: Job) -> dict[str, Value]:
        node = self._node(job)
        if node.fingerprint is None:
            raise WorkerError("WK-010", f"{job.node_type} has no fingerprint")
        wanted = inspect.signature(node.fingerprint).parameters
        arguments: dict[str, Any] = {}
        for param in node.spec.params:
            argument = node.argument_of[param.name]
            if argument in wanted and param.name in job.params:
                arguments[argument] = _parameter(job, param, job.params[param.name])
            elif argument in wanted:
                raise WorkerError("WK-003", f"an edge drives {param.name}, on which the fingerprint depends")
        found = node.fingerprint(**arguments)
        if not isinstance(found, str):
            raise WorkerError("WK-003", f"the fingerprint is a {type(found).__name__}, not a text")
        return {"fingerprint": Value("STRING", data=found)}

    def _node(self, job: Job) -> NodeType:
        node = self._nodes.get(job.node_type)
        if node is None:
            raise GraphError("VE-003", f"this worker has no node type {job.node_type!r}")
        return node

    def _outputs(self, job: Job) -> dict[str, Value]:
        node = self._node(job)
        unpacked = Unpacked(self._memory, self._device)
        arguments = self._arguments(node, job, unpacked)
        if node.context_argument is not None:
            arguments[node.context_argument] = self._context(job)
        with torch.inference_mode():
            result = node.function(**arguments)
        results = result if len(node.spec.outputs) > 1 else (result,)
        return {
            port.name: unpacked.pack(item, port.type) for port, item in zip(node.spec.outputs, results, strict=True)
        }

    def _arguments(self, node: NodeType, job: Job, unpacked: Unpacked) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        for port in node.spec.inputs:
            values = job.inputs.get(port.name)
            if values:
                items = [unpacked.unpack(_checked(job, port.name, port.type, value)) for value in values]
                arguments[node.argument_of[port.name]] = items if port.list else items[0]
            elif port.required and port.when is not None:
                arguments[node.argument_of[port.name]] = None  # the engine knows that it is not asked for
            elif port.required:
                raise WorkerError("WK-002", f"input {port.name} of {job.node_id} came without a value")
        for param in node.spec.params:
            driven = job.inputs.get(param.name)
            value = driven[0].data if driven else job.params.get(param.name, param.default)
            arguments[node.argument_of[param.name]] = _parameter(job, param, value)
        return arguments

    def _context(self, job: Job) -> Context:
        return Context(
            node_id=job.node_id,
            execution_id=job.execution_id,
            attempt=job.attempt,
            device=self._device,
            output_dir=self._output_dir / job.execution_id,
            state_dir=self._state_dir,
            report=lambda fraction, note: self._report(job.job_id, fraction, note),
            residents=self._state.residents,
            show=lambda image: self._previews.offer(job.job_id, image),
            empty=self._memory.empty,
            graph_json=job.graph_json,
        )

    def _translate(self, raised: Exception) -> VortexError:
        if isinstance(raised, VortexError):
            return raised
        if isinstance(raised, Cancelled):
            return WorkerError("WK-006", "cancelled while it ran")
        text = "".join(traceback.format_exception(raised))[-_MAX_TRACEBACK_CHARS:]
        if _is_out_of_memory(raised):
            held = self._state.held()
            # The next job, or this one once more, is to find as much room as there can be.
            _let_go(raised)
            self._state.trim()
            return WorkerError("WK-004", f"no memory left on {self._device}: {raised}; held: {held}", traceback=text)
        return WorkerError("WK-003", f"{type(raised).__name__}: {raised}", traceback=text)


def _let_go(raised: BaseException) -> None:
    """Free what the frames of an exception hold, and of all that it came of."""
    chain: list[BaseException | None] = [raised]
    seen: set[int] = set()
    while chain:
        error = chain.pop()
        if error is not None and id(error) not in seen:
            seen.add(id(error))
            error.__traceback__ = None
            chain += [error.__cause__, error.__context__]


def _is_out_of_memory(raised: Exception) -> bool:
    # On the CPU torch has no class of its own for it.
    on_cpu = isinstance(raised, RuntimeError) and "can't allocate memory" in str(raised)
    return on_cpu or isinstance(raised, torch.OutOfMemoryError | MemoryError)


def _checked(job: Job, port: str, expected: str, value: Value) -> Value:
    # A JSON value that is a list may come out of a port of type ANY.
    plain_list = item_type(expected) is not None and value.type == "JSON" and isinstance(value.data, list | tuple)
    if not plain_list and not accepts(value.type, expected):
        raise WorkerError("WK-002", f"input {port} of {job.node_id} is {value.type}, not {expected}")
    return value


def _parameter(job: Job, param: ParamSpec, value: Any) -> Any:
    if value is None and not param.required:
        value = param.default
        if value is None:
            return None
    if (wrong := check_param(param, value)) is not None:
        code, message = wrong
        problem = Problem(code, message, job.node_id, param.name)
        raise GraphError(code, f"{job.node_id}: {message}", problems=(problem,), node_id=job.node_id)
    value = coerce_param(param, value)
    if param.type != "PATH":
        return value
    # Also for nodes that open files by themselves, though a link may be put there after this look.
    return Path(value) if value == param.default else check_input(value)
