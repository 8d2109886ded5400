"""The tables of lives: what the specification draws, and how its gaps are closed."""

from __future__ import annotations

import itertools

import pytest

from vortex_prefect.core.errors import RequestError
from vortex_prefect.core.lifecycle import (
    EXECUTION,
    GRAPH,
    STEP_OF_END,
    GraphState,
    GraphStep,
    check_execution,
    graph_after,
    saved_first,
)
from vortex_prefect.core.reports import ExecutionStatus

S, T = GraphState, GraphStep


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        # Every arrow of §4.1 between two states.
        (S.CREATED, T.EDIT, S.MODIFIED),
        (S.MODIFIED, T.EDIT, S.MODIFIED),
        (S.MODIFIED, T.SAVE, S.SAVED),
        (S.SAVED, T.EDIT, S.MODIFIED),
        (S.SAVED, T.EXECUTE, S.EXECUTED),
        (S.EXECUTED, T.COMPLETE, S.COMPLETED),
        (S.EXECUTED, T.FAIL, S.FAILED),
        (S.COMPLETED, T.EDIT, S.MODIFIED),
        (S.FAILED, T.EDIT, S.MODIFIED),
        (S.MODIFIED, T.DELETE, S.DELETED),
        # Its gaps.
        (S.COMPLETED, T.EXECUTE, S.EXECUTED),
        (S.FAILED, T.EXECUTE, S.EXECUTED),
        (S.EXECUTED, T.STOP, S.SAVED),
        (S.MODIFIED, T.COMPLETE, S.MODIFIED),
    ],
)
def test_steps_lead_where_the_specification_says(before: GraphState, step: GraphStep, after: GraphState) -> None:
    assert graph_after(before, step) is after


def test_every_state_may_be_edited_and_deleted_but_what_is_gone() -> None:
    for state in GraphState:
        for step in (T.EDIT, T.SAVE, T.DELETE):
            assert ((state, step) in GRAPH) is (state is not S.DELETED)


@pytest.mark.parametrize("state", [S.CREATED, S.MODIFIED, S.DELETED])
def test_what_is_not_saved_is_not_executed(state: GraphState) -> None:
    with pytest.raises(RequestError, match="RQ-007 a graph that is"):
        graph_after(state, T.EXECUTE)
    assert saved_first(state) is (state is not S.DELETED)
    assert (S.SAVED, T.EXECUTE) in GRAPH


def test_nothing_leads_out_of_deleted() -> None:
    assert not [step for state, step in GRAPH if state is S.DELETED]


def test_what_ended_does_not_run_on() -> None:
    for before, after in itertools.product(ExecutionStatus, repeat=2):
        if after in EXECUTION[before]:
            check_execution(before, after)
            assert not before.final or after is ExecutionStatus.QUEUED
        else:
            with pytest.raises(RequestError, match=f"RQ-007 .*{before.value} does not become {after.value}"):
                check_execution(before, after)


def test_every_end_is_a_step_of_its_graph() -> None:
    assert set(STEP_OF_END) == {status for status in ExecutionStatus if status.final}
