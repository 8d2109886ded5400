"""A worker's session with a node that uses all that a session offers."""

from __future__ import annotations

from vortex_prefect.core.errors import VortexError, WorkerError
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.ipc.channel import Channel
from vortex_prefect.wire.payloads import Beat, Hello
from vortex_worker.sdk.context import Cancelled
from vortex_worker.session import HostSession

#: A worker that beats more often than this has lost its measure.
_LEAST_BEAT_S = 0.01


class _WithoutBeat(HostSession):
    """The beat has a thread of its own, and ends the process when its host is gone."""

    def _beat(self) -> None:
        assert self._beat_s >= _LEAST_BEAT_S


def serve(channel: Channel) -> int:
    """Say hello and serve; how many jobs were run.

    Raises:
        ChannelClosed: the host left.
        VortexError: it refused, or does not keep to the protocol.
    """
    session = _WithoutBeat(channel)
    ran = 0

    def run(job: Job) -> JobOutcome:
        nonlocal ran
        ran += 1
        try:
            session.report(job.job_id, 0.5, "half")
            grant = session.ask_room(64)
            session.show(job.job_id, b"jpeg")
        except Cancelled:
            return JobOutcome(job.job_id, error=WorkerError("WK-006", "cancelled"))
        except VortexError as error:
            return JobOutcome(job.job_id, error=error)
        outputs = {port: values[0] for port, values in job.inputs.items() if values}
        return JobOutcome(job.job_id, {} if grant.error else outputs, grant.error)

    welcome = session.open(Hello(1, []))
    assert welcome.error is None
    session._beat()
    session.serve(run, lambda: Beat(0, 1))
    return ran
