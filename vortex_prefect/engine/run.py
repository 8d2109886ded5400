"""One execution while the engine knows it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from vortex_prefect.core.contracts import ExecutionRequest
from vortex_prefect.core.errors import VortexError
from vortex_prefect.core.reports import ExecutionStatus, NodeState
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.executor import Executor
from vortex_prefect.engine.journal import History
from vortex_prefect.engine.recorder import Recorder
from vortex_prefect.engine.task_events import FlowRunIdentity
from vortex_prefect.graph.model import Graph
from vortex_prefect.graph.plan import Plan


@dataclass(slots=True, eq=False)
class Run:
    """What stands of an execution. It runs by itself; a flow run of Prefect's stands for it as soon as there is one."""

    request: ExecutionRequest
    #: Counts the times that the execution was begun, from 1.
    round: int = 1
    graph: Graph | None = None
    plan: Plan | None = None
    executor: Executor | None = None
    recorder: Recorder | None = None
    #: Its span of this round; zero before it begins.
    trace: TraceContext = field(default_factory=TraceContext)
    #: Whether anybody follows that.
    traced: bool = False
    #: Null until Prefect has one.
    flow_run: FlowRunIdentity | None = None
    recording: asyncio.Task[None] | None = None
    #: Somebody wants it to end; it may not have an executor yet.
    cancelled: bool = False
    paused: bool = False
    #: Prefect's flow run was suspended: its flow function shall leave, and comes back when it is resumed.
    suspended: asyncio.Event = field(default_factory=asyncio.Event)
    #: Set once another flow function than the one that stands for it now has taken over.
    superseded: asyncio.Event = field(default_factory=asyncio.Event)
    #: Somebody has ended the flow run in Prefect, which is to stay so.
    overruled: bool = False
    #: Prefect's engine has ended the flow run in another way than the run.
    misled: bool = False
    status: ExecutionStatus = ExecutionStatus.RUNNING
    message: str = ""
    #: What kept the execution as a whole from running.
    error: VortexError | None = None
    planned: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    history: History = field(default_factory=History)

    @property
    def id(self) -> str:
        """The execution's id."""
        return self.request.execution_id

    @property
    def dormant(self) -> bool:
        """Whether it only waits for being resumed."""
        return self.suspended.is_set() and not self.ended.is_set()

    def summary(self) -> str:
        """How many nodes came to which end, for a person."""
        states = [report.state for report in self.history.nodes()]
        counts = ((state, states.count(state)) for state in NodeState)
        return ", ".join(f"{count} {state.value}" for state, count in counts if count) or "nothing to run"
