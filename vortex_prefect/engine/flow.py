"""The Prefect flow of an execution: it attaches to the executor that runs already.

Flows run on an event loop and a thread of their own. Should Prefect's engine
ask its server in a blocking way somewhere, that must not keep node reports
waiting; and in the main thread it would take SIGTERM from us for as long as
any flow runs. They are async flows, because a
sync one pays a second at its end for Prefect's heartbeat thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

from prefect import Flow, flow
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import AsyncClientContext, FlowRunContext
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_async
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH
from prefect.states import Cancelled, Completed, Failed

from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.engine.busy_server import retry_quickly
from vortex_prefect.engine.hooks import Hook, Hooks
from vortex_prefect.engine.task_runner import VortexTaskRunner

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Waits until the execution has ended and is recorded, or was suspended; raises `Pause` then.
Outcome = Callable[[], Awaitable[State[Any]]]

_STATES = {
    ExecutionStatus.COMPLETED: Completed,
    ExecutionStatus.FAILED: Failed,
    ExecutionStatus.CANCELLED: Cancelled,
}


class WrongEnd(Exception):
    """Prefect's engine failed on the way to the end that it was given, and has put down the failure instead."""


def final_state(status: ExecutionStatus, message: str) -> State[Any]:
    """The state in which the flow run of an execution ends.

    Explicit, because cancelling a flow's asyncio task would read Crashed, and
    returning normally after a cancel would stay Cancelling.
    """
    return _STATES[status](message=message)


def suspension() -> Pause:
    """What a flow function raises when its run was suspended: Prefect's engine leaves without setting a state."""
    return Pause(state=State(type=StateType.PAUSED, name="Suspended"))


class Flows:
    """Runs flow functions. Its methods are called on the engine's event loop, where the outcomes are waited for too."""

    def __init__(self, runner: VortexTaskRunner, hooks: Hooks) -> None:
        self._runner = runner
        self._hooks = hooks
        self._loop = asyncio.new_event_loop()
        self._context: contextvars.Context | None = None
        self._connecting = asyncio.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="prefect-flows", daemon=True)
        self._thread.start()

    async def run(self, flow_run: FlowRun, name: str, outcome: Outcome) -> None:
        """Run the flow of `flow_run` until the execution that it stands for has ended.

        Raises:
            Pause: the run was suspended.
            WrongEnd: Prefect's engine has ended the flow run in another way.
            Abort, Exception: whatever Prefect's engine gives up with.
        """
        home = asyncio.get_running_loop()

        given: list[State[Any]] = []

        async def outcome_at_home() -> State[Any]:
            given.append(await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(outcome), home)))
            return given[-1]

        ended = await self._away(self._run(flow_run, name, outcome_at_home))
        if given and ended.type is not given[-1].type:
            raise WrongEnd(f"{ended.name} instead of {given[-1].name}: {ended.message}")

    async def refuse(self, flow_run: FlowRun, error: VortexError) -> None:
        """End a flow run that cannot even begin as Failed, with the reason."""

        async def outcome() -> State[Any]:
            return Failed(message=f"{error}. {error.hint or error.info.hint}")

        await self.run(flow_run, "graph", outcome)

    async def close(self) -> None:
        """Abandon what runs and end the thread."""
        await self._away(self._abandon())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    async def _away(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def _run(self, flow_run: FlowRun, name: str, outcome: Outcome) -> State[Any]:
        # Of a deployment's run, Prefect's engine would watch the suspension in one more thread and event loop, and
        # keep this one waiting until they stand. We watch all runs at once.
        unwatched = flow_run.model_copy(update={"deployment_id": None})
        async with self._connecting:
            if self._context is None:
                # One connection for all: one of its own costs a flow run 25 ms.
                connection = await AsyncClientContext().__aenter__()
                retry_quickly(connection.client)
                self._context = contextvars.copy_context()
        work = run_flow_async(self._flow(name, outcome), flow_run=unwatched, parameters={}, return_type="state")
        ended: State[Any] = await asyncio.create_task(work, context=self._context.copy())  # type: ignore[arg-type]
        return ended

    def _flow(self, name: str, outcome: Outcome) -> Flow[Any, Any]:
        hooks = self._hooks

        # Parameters are the executor's affair: it has applied them to the graph.
        @flow(
            name=name,
            task_runner=self._runner,
            validate_parameters=False,
            persist_result=False,
            # Nothing is ever written there. Without it Prefect's engine asks its server for a default, and keeps the
            # thread of all flows waiting: for a minute, where it is answered with 503.
            result_storage=PREFECT_LOCAL_STORAGE_PATH.value(),
            on_completion=list(hooks.on_completion),
            on_failure=list(hooks.on_failure),
        )
        async def run_graph() -> State[Any]:
            state = await outcome()
            if state.is_cancelled():
                # Prefect calls these on the way through Cancelling, which ours does not take by itself.
                await _call(hooks.on_cancellation, run_graph, state)
            return state

        return run_graph

    async def _abandon(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._context is not None:
            await self._context[AsyncClientContext.__var__].client.__aexit__(None, None, None)


async def _call(hooks: Iterable[Hook], flow: Flow[Any, Any], state: State[Any]) -> None:
    context = FlowRunContext.get()
    for hook in hooks:
        try:
            called = hook(flow, context.flow_run if context else None, state)
            if inspect.isawaitable(called):
                await called
        except Exception:
            logger.exception("the hook %r failed", hook)


async def _awaited(outcome: Outcome) -> State[Any]:
    return await outcome()
