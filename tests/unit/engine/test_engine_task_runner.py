"""The runner without a cluster: what it is made of, and how it is handed on."""

from __future__ import annotations

from typing import Any

import cloudpickle
import pytest
from prefect import task

from vortex_prefect import VortexTaskRunner

OWN: dict[str, Any] = {
    "max_threads": 7,
    "resources": {"GPU": 1},
    "priority": 3,
    "min_tensor_bytes": None,
    "arena_bytes": 1 << 30,
}
ELSEWHERE = {"address": "tcp://127.0.0.1:1", "client_kwargs": {"timeout": 1}}
LOCAL = {"cluster_kwargs": {"n_workers": 1}, "adapt_kwargs": {"maximum": 2}}


@task
def nothing() -> None:
    return None


@pytest.mark.parametrize("where", [ELSEWHERE, LOCAL, {}], ids=["address", "local", "default"])
def test_duplicates_and_pickles_have_the_same_configuration(where: dict[str, Any]) -> None:
    runner = VortexTaskRunner(**where, **OWN)
    for other in (runner.duplicate(), runner.duplicate().duplicate(), cloudpickle.loads(cloudpickle.dumps(runner))):
        assert type(other) is VortexTaskRunner
        assert other == runner
        assert other._configuration() == runner._configuration()


def test_it_must_be_started() -> None:
    with pytest.raises(RuntimeError, match="must be started"):
        VortexTaskRunner().submit(nothing, {})


def test_a_runner_that_is_given_nothing_to_do_starts_nothing() -> None:
    with VortexTaskRunner(address="tcp://127.0.0.1:1") as runner:
        assert runner._client is None


def test_nothing_is_submitted_after_a_cancel() -> None:
    with VortexTaskRunner(address="tcp://127.0.0.1:1") as runner:
        runner.cancel_all()
        with pytest.raises(RuntimeError, match="cancelled"):
            runner.submit(nothing, {})
