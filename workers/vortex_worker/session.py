"""A worker's conversation with its host: handshake, jobs, progress, logs, room for outputs."""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome, TraceContext, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.ipc.channel import Channel, ChannelClosed
from vortex_prefect.ipc.job_spans import job_span, note_outcome
from vortex_prefect.wire.framing import MAX_FRAME_BYTES
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import (
    PREVIEW,
    PROTOCOL_VERSION,
    Batch,
    Beat,
    Cancel,
    Hello,
    JobLog,
    Payload,
    Preview,
    Probe,
    Progress,
    RoomGrant,
    RoomRequest,
    Welcome,
)
from vortex_worker.job_logs import JobLogs, captured
from vortex_worker.sdk.context import Cancelled

#: At most 30 reports of progress a second reach the host.
_PROGRESS_INTERVAL_S = 1 / 30
#: Whatever the host asks for: beats that come more often would leave no time for jobs, longer looking none for others.
_LEAST_BEAT_S = 0.01
_MOST_SPIN_US = 10_000
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class HostSession:
    """The worker's end of the channel. One job at a time; the beat has a thread of its own."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._cancelled: set[str] = set()
        #: Asked back: one that has begun goes on, for what it has done cannot be taken back.
        self._not_to_begin: set[str] = set()
        self._job_id = ""
        self._trace = TraceContext()
        self._last_progress = 0.0
        self._last_note = ""
        self._logs = JobLogs(self._tell)
        self._capabilities: frozenset[str] = frozenset()
        self._beat_s = 1.0
        self._state: Callable[[], Beat] = lambda: Beat(0, 0)
        self._last_beat = Beat(0, 0)
        self._trim: Callable[[], None] = lambda: None
        self._ticks = itertools.count(1)
        self._sending = threading.Lock()
        self._to_send: deque[bytes] = deque()

    def open(self, hello: Hello) -> Welcome:
        """Introduce the worker, and wait until the host needs it.

        Raises:
            ChannelClosed: the host never did.
            WorkerError: WK-010, the host refused or speaks another protocol.
        """
        self._channel.send(encode(hello))
        answer = self._receive()
        if not isinstance(answer, Welcome):
            raise WorkerError("WK-010", "the host did not answer the handshake")
        if answer.error is not None:
            raise answer.error
        if answer.protocol != PROTOCOL_VERSION:
            raise WorkerError("WK-010", f"the host speaks protocol {answer.protocol}, this worker {PROTOCOL_VERSION}")
        self._beat_s, self._capabilities = max(answer.beat_ms / 1000, _LEAST_BEAT_S), answer.capabilities
        self._channel.spin(min(answer.spin_us, _MOST_SPIN_US))
        return answer

    def serve(
        self,
        run: Callable[[Job], JobOutcome],
        state: Callable[[], Beat],
        trim: Callable[[], None] = lambda: None,
    ) -> None:
        """Run jobs until the host closes the channel.

        Args:
            run: runs one.
            state: how the worker is now, as a beat without its tick.
            trim: lets go of all that is only kept.
        """
        self._state, self._trim = state, trim
        self._last_beat = state()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        while True:
            try:
                packet = self._receive()
            except ChannelClosed:
                return
            match packet:
                case Job():
                    self._answer((packet,), run)
                case Batch():
                    self._answer(packet.jobs, run)
                case Probe():
                    self._answer_probe(packet)
                case Cancel():  # it came after its job's end
                    pass
                case _:
                    raise WorkerError("WK-010", f"the host sent {type(packet).__name__} between jobs")

    def report(self, job_id: str, fraction: float, note: str) -> None:
        """Pass on a node's progress, and each new note as a line of its log; see `Context.progress`.

        Raises:
            Cancelled: the host cancelled the job.
        """
        self._look_for_cancel()
        if self._job_id in self._cancelled:
            raise Cancelled
        now = time.monotonic()
        if now - self._last_progress >= _PROGRESS_INTERVAL_S:
            self._last_progress = now
            self._send(encode(Progress(job_id, fraction, note), self._trace))
            if note and note != self._last_note:
                self._last_note = note
                self._logs.say(logging.INFO, note)

    def ask_room(self, nbytes: int) -> RoomGrant:
        """A block of the arena for `nbytes`, or the reason why there is none."""
        self._send(encode(RoomRequest(nbytes), self._trace))
        while not isinstance(packet := self._receive(), RoomGrant):
            self._note_cancel(packet)
        return packet

    def show(self, job_id: str, jpeg: bytes) -> None:
        """Send a preview of what a job has made so far, if the host wants any."""
        if PREVIEW in self._capabilities:
            self._send(encode(Preview(job_id, jpeg), self._trace))

    def _answer(self, jobs: tuple[Job, ...], run: Callable[[Job], JobOutcome]) -> None:
        """Run jobs up to the first that fails, each with what the one before gave."""
        self._cancelled.clear()
        self._not_to_begin.clear()
        before: dict[str, Value] = {}
        for number, job in enumerate(jobs):
            if number:
                self._look_for_cancel()
            began = time.perf_counter_ns()
            outcome = self._run(job, before, run)
            # From here on it is the way, which the host tells by this from what the worker does.
            times = outcome.times._replace(busy_ns=time.perf_counter_ns() - began)
            outcome, body = self._sendable(replace(outcome, times=times))
            self._send(body)
            if outcome.error is not None:
                return
            before = outcome.outputs

    def _run(self, job: Job, before: dict[str, Value], run: Callable[[Job], JobOutcome]) -> JobOutcome:
        self._job_id, self._trace, self._last_progress, self._last_note = job.job_id, job.trace, 0.0, ""
        if job.job_id in self._cancelled or job.job_id in self._not_to_begin:
            return JobOutcome(job.job_id, error=WorkerError("WK-006", "cancelled before it began"))
        try:
            job = job.linked(before) if job.links else job
        except WorkerError as missing:
            return JobOutcome(job.job_id, error=missing)
        self._logs = logs = JobLogs(self._tell)
        with job_span("worker", job) as begun:
            self._trace = begun.trace
            with captured(logs):
                outcome = run(job)
            note_outcome(begun, outcome)
        logs.end()
        return outcome

    def _sendable(self, outcome: JobOutcome) -> tuple[JobOutcome, bytes]:
        """The outcome and its packet; a failure instead, if it has none."""
        try:
            body = encode(outcome, self._trace)
            if len(body) <= MAX_FRAME_BYTES:
                return outcome, body
            why = f"it has {len(body)} bytes, above the limit of {MAX_FRAME_BYTES}"
        except WorkerError as error:
            why = error.message
        refused = WorkerError("WK-003", f"a result cannot be sent: {why}")
        failed = replace(outcome, outputs={}, error=refused)
        return failed, encode(failed, self._trace)

    def _tell(self, line: LogLine) -> None:
        self._send(encode(JobLog(self._job_id, line), self._trace))

    def _send(self, body: bytes) -> None:
        """Send, or leave it to whoever is sending already: that may be this thread, if a finaliser logs."""
        if len(body) > MAX_FRAME_BYTES:  # nobody else shall have to hear of it
            raise WorkerError("WK-010", f"a packet of {len(body)} bytes is above the limit of {MAX_FRAME_BYTES}")
        self._to_send.append(body)
        while self._to_send and self._sending.acquire(blocking=False):
            try:
                while self._to_send:
                    self._channel.send(self._to_send.popleft())
            finally:
                self._sending.release()

    def _look_for_cancel(self) -> None:
        while (body := self._channel.receive(0)) is not None:
            self._note_cancel(decode(body))

    def _note_cancel(self, packet: Payload) -> None:
        match packet:
            case Cancel(job_id, unless_begun):
                (self._not_to_begin if unless_begun else self._cancelled).add(job_id)
            case Probe(tick):
                # What is kept may be in use now: there is nothing to let go of.
                self._answer_probe(Probe(tick))
            case _:
                raise WorkerError("WK-010", f"the host sent {type(packet).__name__} in the middle of a job")

    def _answer_probe(self, probe: Probe) -> None:
        if probe.trim:
            self._trim()
            self._last_beat = self._state()
        # Else as it was a moment ago: to look anew takes longer than to answer.
        self._send(encode(self._last_beat._replace(tick=probe.tick)))

    def _receive(self) -> Payload:
        body = self._channel.receive()
        if body is None:  # only a time-out gives null, and there is none
            raise ChannelClosed("nothing received")
        return decode(body)

    def _beat(self) -> None:
        while True:
            try:
                self._last_beat = self._state()
                self._send(encode(self._last_beat._replace(tick=next(self._ticks))))
            except ChannelClosed:
                # The host died, perhaps while a node runs, and nobody will read what it computes.
                os._exit(1)
            time.sleep(self._beat_s)


def resident_bytes() -> int:
    """Memory of this process that is not shared: without the arena, and without what libraries map."""
    with open("/proc/self/statm", encoding="ascii") as file:
        _, resident, shared, *_ = file.read().split()
    return (int(resident) - int(shared)) * _PAGE_BYTES
