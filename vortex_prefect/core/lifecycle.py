"""The lives of graphs (§4.1 of the specification) and executions (§4.3), as tables of transitions."""

from __future__ import annotations

from enum import StrEnum

from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.reports import ExecutionStatus


class GraphState(StrEnum):
    """Where a graph stands."""

    CREATED = "created"
    MODIFIED = "modified"
    SAVED = "saved"
    EXECUTED = "executed"
    COMPLETED = "completed"
    FAILED = "failed"
    DELETED = "deleted"


class GraphStep(StrEnum):
    """What happens to a graph."""

    EDIT = "edit"
    SAVE = "save"
    EXECUTE = "execute"
    #: An execution of it ended so; the last one is somebody's cancel.
    COMPLETE = "complete"
    FAIL = "fail"
    STOP = "stop"
    DELETE = "delete"


_S, _T = GraphState, GraphStep

#: The diagram of §4.1, its gaps closed: what has ended may run again, every state may be left for Deleted, a new graph
#: may be saved as it is. Who edits while it runs makes another version of it: how the older one ends changes nothing.
#: What is not saved is not executed: `saved_first` says when that has to come before.
GRAPH: dict[tuple[GraphState, GraphStep], GraphState] = {
    (_S.CREATED, _T.EDIT): _S.MODIFIED,
    (_S.CREATED, _T.SAVE): _S.SAVED,
    (_S.MODIFIED, _T.EDIT): _S.MODIFIED,
    (_S.MODIFIED, _T.SAVE): _S.SAVED,
    **{(_S.MODIFIED, step): _S.MODIFIED for step in (_T.COMPLETE, _T.FAIL, _T.STOP)},
    (_S.SAVED, _T.EDIT): _S.MODIFIED,
    (_S.SAVED, _T.SAVE): _S.SAVED,
    (_S.SAVED, _T.EXECUTE): _S.EXECUTED,
    **{(_S.SAVED, step): _S.SAVED for step in (_T.COMPLETE, _T.FAIL, _T.STOP)},
    (_S.EXECUTED, _T.EDIT): _S.MODIFIED,
    (_S.EXECUTED, _T.SAVE): _S.EXECUTED,
    (_S.EXECUTED, _T.EXECUTE): _S.EXECUTED,
    (_S.EXECUTED, _T.COMPLETE): _S.COMPLETED,
    (_S.EXECUTED, _T.FAIL): _S.FAILED,
    (_S.EXECUTED, _T.STOP): _S.SAVED,
    **{
        transition: target
        for ended in (_S.COMPLETED, _S.FAILED)
        for transition, target in (
            ((ended, _T.EDIT), _S.MODIFIED),
            ((ended, _T.SAVE), ended),
            ((ended, _T.EXECUTE), _S.EXECUTED),
            # Of several at once, the last one counts.
            ((ended, _T.COMPLETE), _S.COMPLETED),
            ((ended, _T.FAIL), _S.FAILED),
            ((ended, _T.STOP), ended),
        )
    },
    **{(state, _T.DELETE): _S.DELETED for state in _S if state is not _S.DELETED},
}

_E = ExecutionStatus
_ENDS = (_E.COMPLETED, _E.FAILED, _E.CANCELLED, _E.CRASHED)

#: status → what may follow. What ended is queued once more where it is begun again in Prefect. A short run may end
#: before anybody heard that it began.
EXECUTION: dict[ExecutionStatus, frozenset[ExecutionStatus]] = {
    _E.QUEUED: frozenset({_E.QUEUED, _E.RUNNING, _E.PAUSED, *_ENDS}),
    _E.RUNNING: frozenset({_E.RUNNING, _E.PAUSED, *_ENDS}),
    # An engine that was started anew queues what it resumes.
    _E.PAUSED: frozenset({_E.PAUSED, _E.QUEUED, _E.RUNNING, *_ENDS}),
    **{end: frozenset({_E.QUEUED}) for end in _ENDS},
}

#: How an execution ends → what that is to its graph.
STEP_OF_END: dict[ExecutionStatus, GraphStep] = {
    _E.COMPLETED: _T.COMPLETE,
    _E.FAILED: _T.FAIL,
    _E.CRASHED: _T.FAIL,
    _E.CANCELLED: _T.STOP,
}


def graph_after(state: GraphState, step: GraphStep) -> GraphState:
    """Where a step leads.

    Raises:
        RequestError: RQ-007, it does not lead anywhere from there.
    """
    if (target := GRAPH.get((state, step))) is None:
        raise RequestError("RQ-007", f"a graph that is {state.value} allows no step {step.value!r}")
    return target


def saved_first(state: GraphState) -> bool:
    """Whether a graph has to be saved before it is executed."""
    return (state, GraphStep.EXECUTE) not in GRAPH and (state, GraphStep.SAVE) in GRAPH


def check_execution(before: ExecutionStatus, after: ExecutionStatus) -> None:
    """Refuse what cannot follow.

    Raises:
        RequestError: RQ-007.
    """
    if after not in EXECUTION[before]:
        raise RequestError("RQ-007", f"an execution that is {before.value} does not become {after.value}")
