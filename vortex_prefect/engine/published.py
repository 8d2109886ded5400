"""The flow of published graphs for work pools of other types: a process of its own that hands over to the engine.

Prefect loads `graph_flow` by name in a fresh process and calls it with the
run's parameters, whose names only the run knows; so the flow is made when it
is asked for.
"""

from __future__ import annotations

import inspect
import os
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State

from vortex_prefect.core.reports import ExecutionStatus
from vortex_prefect.core.settings import Settings
from vortex_prefect.engine.flow import final_state, suspension
from vortex_prefect.ipc.engine_link import EngineLink

#: Set by Prefect for the process of a flow run.
_FLOW_RUN_ID = "PREFECT__FLOW_RUN_ID"


def __getattr__(name: str) -> Any:
    if name != "graph_flow":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _graph_flow(os.environ.get(_FLOW_RUN_ID))


def _graph_flow(flow_run_id: str | None) -> Flow[Any, Any]:
    async def graph(**_: Any) -> State[Any]:
        # The engine reads the parameters off the flow run.
        link = EngineLink(Settings.from_env(os.environ).engine_socket)
        try:
            status, message = await link.flow_outcome(str(flow_run_id))
        finally:
            await link.close()
        if status is ExecutionStatus.PAUSED:
            raise suspension()
        return final_state(status, message)

    names = _parameter_names(flow_run_id) if flow_run_id else ()
    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in names]
    graph.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return Flow(graph, name="graph", validate_parameters=False, persist_result=False)


def _parameter_names(flow_run_id: str) -> tuple[str, ...]:
    with get_client(sync_client=True) as client:
        return tuple(client.read_flow_run(flow_run_id).parameters)  # type: ignore[arg-type]
