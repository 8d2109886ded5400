"""The Prefect flow of an execution: it attaches to the executor that runs already.

An async flow, because a sync one pays a second at its end for Prefect's
heartbeat thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from prefect import Flow, flow
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_async
from prefect.states import Cancelled, Completed, Failed

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.engine.task_runner import VortexTaskRunner

#: Waits until the execution has ended and is recorded, or was suspended; raises `Pause` then.
Outcome = Callable[[], Awaitable[State[Any]]]

_STATES = {
    ExecutionStatus.COMPLETED: Completed,
    ExecutionStatus.FAILED: Failed,
    ExecutionStatus.CANCELLED: Cancelled,
}


def final_state(status: ExecutionStatus, message: str) -> State[Any]:
    """The state in which the flow run of an execution ends.

    Explicit, because cancelling a flow's asyncio task would read Crashed, and
    returning normally after a cancel would stay Cancelling.
    """
    return _STATES[status](message=message)


def suspension() -> Pause:
    """What a flow function raises when its run was suspended: Prefect's engine leaves without setting a state."""
    return Pause(state=State(type=StateType.PAUSED, name="Suspended"))


async def run_attached(flow_run: FlowRun, name: str, runner: VortexTaskRunner, outcome: Outcome) -> None:
    """Run the flow of `flow_run` until the execution that it stands for has ended.

    Raises:
        Pause: the run was suspended.
        Exception: whatever Prefect's engine gives up with.
    """
    # Of a deployment's run, Prefect's engine would watch the suspension in a thread and an event loop of its own,
    # and keep ours waiting until they stand. We watch all runs at once.
    unwatched = flow_run.model_copy(update={"deployment_id": None})
    await run_flow_async(_flow(name, runner, outcome), flow_run=unwatched, parameters={}, return_type="state")


async def refuse(flow_run: FlowRun, runner: VortexTaskRunner, error: VortexError) -> None:
    """End a flow run that cannot even begin as Failed, with the reason."""

    async def outcome() -> State[Any]:
        return Failed(message=f"{error}. {error.hint or error.info.hint}")

    await run_attached(flow_run, "graph", runner, outcome)


def _flow(name: str, runner: VortexTaskRunner, outcome: Outcome) -> Flow[Any, Any]:
    # Parameters are the executor's affair: it has applied them to the graph.
    @flow(name=name, task_runner=runner, validate_parameters=False, persist_result=False)
    async def run_graph() -> State[Any]:
        return await outcome()

    return run_graph
