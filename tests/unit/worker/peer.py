"""The host's end of a worker's session, and what a test hears at it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.memory import MemoryChannel
from vortex_prefect.wire.packets import decode_traced, encode
from vortex_prefect.wire.payloads import Batch, Beat, Hello, JobLog, Payload, Probe, Welcome
from vortex_worker.sdk.context import Cancelled
from vortex_worker.session import HostSession

JOB = Job("j", "e", "n", "t")


STATE = Beat(0, 7, "cuda:0", 5, 6, ("model",))


WELCOME = Welcome("h", "arena", "outputs", "state", worker_id="h/0")


Run = Callable[[HostSession], None]


def await_heartbeats() -> None:
    for thread in threading.enumerate():
        if thread.name == "heartbeat":
            thread.join(10)


class Peer:
    """The host's end of a session that serves in a thread.

    Args:
        run: what becomes of a job.
        welcome: null for a session that never shook hands.
    """

    def __init__(self, run: Callable[[HostSession, Job], JobOutcome], welcome: Welcome | None = None) -> None:
        self._channel, there = MemoryChannel.pair()
        self.session = HostSession(there)
        self.trims = 0
        self.failure: BaseException | None = None
        if welcome is not None:
            self.say(welcome)
            self.session.open(Hello(1, []))
            assert isinstance(self.hear(), Hello)
        self._run = run
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self.session.serve(lambda job: self._run(self.session, job), lambda: STATE, self._trim)
        except (ChannelClosed, WorkerError, RecursionError) as error:
            self.failure = error
            self.session._channel.close()

    def _trim(self) -> None:
        self.trims += 1

    def say(self, *payloads: Payload) -> None:
        for payload in payloads:
            self._channel.send(encode(payload))

    def hear(self) -> Payload:
        return self.hear_traced()[0]

    def hear_traced(self) -> tuple[Payload, TraceContext]:
        body = self._channel.receive(10)
        assert body is not None, "the worker says nothing"
        return decode_traced(body)

    def hear_all(self, results: int) -> list[Payload]:
        """Everything up to so many results."""
        heard: list[Payload] = []
        while sum(isinstance(payload, JobOutcome) for payload in heard) < results:
            heard.append(self.hear())
        return heard

    def hear_nothing_more(self) -> None:
        """See that there is nothing between what was heard and the answer to a question."""
        self.say(Probe(9999))
        assert self.hear() == STATE._replace(tick=9999)

    def close(self) -> None:
        self._channel.close()
        self._thread.join(10)
        assert not self._thread.is_alive()


Connect = Callable[..., Peer]


def gives_one(session: HostSession, job: Job) -> JobOutcome:
    return JobOutcome(job.job_id, {"out": Value("INT", data=1)})


def told_of(run: Run) -> list[Payload]:
    """Everything that the host hears of one job, its outcome last."""

    def job(session: HostSession, job: Job) -> JobOutcome:
        run(session)
        return gives_one(session, job)

    peer = Peer(job)
    peer.say(JOB)
    heard = peer.hear_all(1)
    peer.close()
    return heard


def lines(heard: list[Payload]) -> list[tuple[str, str]]:
    return [(packet.job_id, packet.line.text) for packet in heard if isinstance(packet, JobLog)]


def batch_of(*names: str) -> Batch:
    return Batch(tuple(Job(name, "e", f"node {name}", "t") for name in names))


class Turns:
    """Runs jobs that begin when they are told to; each reports once and then ends."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.may_report = threading.Semaphore(0)
        self.running = threading.Semaphore(0)

    def run(self, session: HostSession, job: Job) -> JobOutcome:
        self.began.append(job.job_id)
        self.running.release()
        assert self.may_report.acquire(timeout=10)
        try:
            session.report(job.job_id, 0.5, "")
        except Cancelled:
            return JobOutcome(job.job_id, error=WorkerError("WK-006", "cancelled while it ran"))
        return JobOutcome(job.job_id)


def errors_of(heard: list[Payload]) -> list[tuple[str, str | None]]:
    results = [payload for payload in heard if isinstance(payload, JobOutcome)]
    return [(result.job_id, result.error.message if result.error else None) for result in results]
