"""The specification's §4.2, row by row, and what may not happen."""

from __future__ import annotations

import itertools

import pytest

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.shm.lifecycle import TRANSITIONS, Block, BlockState

_S = BlockState
#: §4.2 in its own words: what leads from which state to which.
SPECIFIED = [
    (_S.ALLOCATED, "seal", _S.WRITTEN),
    (_S.WRITTEN, "map", _S.MAPPED),
    (_S.MAPPED, "use", _S.IN_USE),
    (_S.IN_USE, "finish", _S.DONE),
    (_S.DONE, "release", _S.CACHED),
    (_S.CACHED, "map", _S.MAPPED),
    (_S.CACHED, "evict", _S.EVICTED),
]
ACTIONS = sorted({action for _, action in TRANSITIONS})


@pytest.mark.parametrize(("before", "action", "after"), SPECIFIED)
def test_the_specified_life(before: BlockState, action: str, after: BlockState) -> None:
    block = Block(4096, 1, 64, "worker", state=before)
    block.apply(action)
    assert block.state is after


@pytest.mark.parametrize(("state", "action"), list(itertools.product(_S, ACTIONS)))
def test_what_is_not_in_the_table_is_refused_and_changes_nothing(state: BlockState, action: str) -> None:
    if (state, action) in TRANSITIONS:
        return
    block = Block(4096, 1, 64, "worker", state=state)
    with pytest.raises(WorkerError, match=rf"WK-002 cannot {action} the block at 4096: it is {state.value}"):
        block.apply(action)
    assert block.state is state


def test_nothing_leads_out_of_the_end_and_only_what_nobody_needs_is_evicted() -> None:
    assert not [state for state, _ in TRANSITIONS if state is _S.EVICTED]
    assert [state for state, action in TRANSITIONS if action == "evict"] == [_S.CACHED]


def test_every_state_but_the_first_can_be_reached() -> None:
    reached = {_S.ALLOCATED}
    while more := {after for (before, _), after in TRANSITIONS.items() if before in reached} - reached:
        reached |= more
    assert reached == set(_S)
