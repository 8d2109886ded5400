"""The Prefect flow of an execution: it attaches to the executor that runs already.

An async flow, because a sync one pays a second at its end for Prefect's
heartbeat thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from prefect import Flow, flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.flow_engine import run_flow_async
from prefect.states import Cancelled, Completed, Failed

from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.engine.task_runner import VortexTaskRunner

#: Waits until the execution has ended and its task runs are recorded; status and a line for people.
Outcome = Callable[[], Awaitable[tuple[ExecutionStatus, str]]]

_STATES = {
    ExecutionStatus.COMPLETED: Completed,
    ExecutionStatus.FAILED: Failed,
    ExecutionStatus.CANCELLED: Cancelled,
}


async def run_attached(
    flow_run: FlowRun, name: str, parameters: dict[str, Any], runner: VortexTaskRunner, outcome: Outcome
) -> None:
    """Run the flow of `flow_run` until the execution that it stands for has ended.

    The flow returns an explicit state: cancelling its asyncio task would read
    Crashed, and returning normally after a cancel would stay Cancelling.
    """
    await run_flow_async(_flow(name, runner, outcome), flow_run=flow_run, parameters=parameters, return_type="state")


def _flow(name: str, runner: VortexTaskRunner, outcome: Outcome) -> Flow[Any, Any]:
    @flow(name=name, task_runner=runner, validate_parameters=False, persist_result=False)
    async def run_graph(execution_id: str, graph: dict[str, Any]) -> State[Any]:  # noqa: ARG001 - for Prefect's UI
        status, message = await outcome()
        return _STATES[status](message=message)

    return run_graph
