from __future__ import annotations

import contextvars

from vortex_prefect.engine.dask_options import DaskOptions, current_dask_options, dask_options


def test_inner_blocks_add_to_outer_ones_and_end() -> None:
    with dask_options(resources={"GPU": 1}, priority=5):
        with dask_options(priority=0, workers="alice"):
            assert current_dask_options() == DaskOptions({"GPU": 1}, 0, ("alice",))
        assert current_dask_options() == DaskOptions({"GPU": 1}, 5)
    assert current_dask_options() == DaskOptions()


def test_a_block_wins_over_the_runner_where_it_says_something() -> None:
    runner = DaskOptions({"GPU": 1}, 3)
    assert DaskOptions(priority=7).over(runner) == DaskOptions({"GPU": 1}, 7)
    assert DaskOptions(resources={}).over(runner).to_submit() == {"resources": None, "priority": 3, "workers": None}
    assert DaskOptions().over(runner).to_submit() == {"resources": {"GPU": 1}, "priority": 3, "workers": None}


def test_a_task_keeps_the_options_that_it_was_submitted_with() -> None:
    with dask_options(workers=["alice", "bob"]):
        context = contextvars.copy_context()
    assert context.run(current_dask_options).to_submit()["workers"] == ["alice", "bob"]
