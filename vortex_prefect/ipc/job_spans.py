"""The spans of a job on its way: one on the host, and under it one in the worker."""

from __future__ import annotations

from typing import Literal

from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.ipc.tracing import Span, span


def job_span(place: Literal["host", "worker"], job: Job) -> Span:
    """A job at a place, under the span that its packet names; what goes on from there carries this one's `trace`."""
    attributes: dict[str, str | int] = {
        "vortex.execution_id": job.execution_id,
        "vortex.node_id": job.node_id,
        "vortex.node_type": job.node_type,
        "vortex.attempt": job.attempt,
        "vortex.job_id": job.job_id,
        "vortex.purpose": job.purpose,
    }
    return span(f"{place} job", job.trace, attributes)


def note_outcome(begun: Span, outcome: JobOutcome) -> None:
    """Tell the span of a job, or of the attempt that it stands for, what came of it."""
    if outcome.worker_id:
        begun.set("vortex.worker_id", outcome.worker_id)
    if outcome.error is not None:
        begun.fail(outcome.error.code, outcome.error.message)
