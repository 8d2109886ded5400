"""Fingerprints of nodes: a worker is asked, through a lane like any job's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from typing import Any

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_id
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.trace import TraceContext
from vortex_prefect.engine.attempts import Lanes

#: A fingerprint has to be quick; while it is waited for, its execution does not begin.
_JOB_LIMIT_S = 10.0
_PATIENCE_S = 30.0
#: Before all nodes that wait for a lane: a whole execution waits for the answer.
_PRIORITY = 1 << 30


class Fingerprints:
    """A `Fingerprint` that blocks. Call it from any thread but the event loop's.

    Args:
        on_loop: runs a coroutine on the event loop of `lanes`.
        trace: the span on whose behalf it is asked; zero for none.
    """

    def __init__(
        self,
        lanes: Lanes,
        on_loop: Callable[[Coroutine[Any, Any, JobOutcome]], Future[JobOutcome]],
        trace: TraceContext,
    ) -> None:
        self._lanes = lanes
        self._on_loop = on_loop
        self._trace = trace

    def __call__(self, node_type: str, params: dict[str, Any]) -> str:
        """What the node's results depend on beside inputs and parameters.

        Raises:
            VortexError: the node's function failed, or no worker answered in time.
        """
        asked = new_id()
        job = Job(
            job_id=asked,
            execution_id=asked,
            node_id=node_type,
            node_type=node_type,
            params=params,
            timeout_s=_JOB_LIMIT_S,
            purpose="fingerprint",
            trace=self._trace,
        )
        future = self._on_loop(
            self._lanes.run(job, _PRIORITY, lambda: None, lambda _: None, lambda _: None, lambda _: None)
        )
        try:
            outcome = future.result(_PATIENCE_S)
        except NoAnswer:
            future.cancel()
            raise WorkerError("WK-005", f"no worker told it within {_PATIENCE_S:g} s") from None
        if outcome.error is not None:
            raise outcome.error
        return str(outcome.outputs["fingerprint"].data)
