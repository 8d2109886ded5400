"""A worker's conversation with its host: handshake, jobs, progress, logs, room for outputs."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.job import Job, JobOutcome
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.ipc.channel import Channel, ChannelClosed
from vortex_prefect.wire.framing import MAX_FRAME_BYTES
from vortex_prefect.wire.packets import (
    PROTOCOL_VERSION,
    Beat,
    Cancel,
    Hello,
    JobLog,
    Payload,
    Progress,
    RoomGrant,
    RoomRequest,
    Welcome,
    decode,
    encode,
)
from vortex_worker.job_logs import JobLogs, captured
from vortex_worker.sdk.context import Cancelled

#: At most 30 reports of progress a second reach the host.
_PROGRESS_INTERVAL_S = 1 / 30
_BEAT_INTERVAL_S = 1.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class HostSession:
    """The worker's end of the channel. One job at a time; the beat has a thread of its own."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._cancelled = False
        self._job_id = ""
        self._last_progress = 0.0
        self._last_note = ""
        self._logs = JobLogs(self._tell)
        self._busy = threading.Event()
        self._sending = threading.Lock()
        self._to_send: deque[bytes] = deque()

    def open(self, hello: Hello) -> Welcome:
        """Introduce the worker.

        Raises:
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
        return answer

    def serve(self, run: Callable[[Job], JobOutcome]) -> None:
        """Run jobs until the host closes the channel."""
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        while True:
            try:
                packet = self._receive()
            except ChannelClosed:
                return
            if isinstance(packet, Job):
                self._answer(packet, run)
            elif not isinstance(packet, Cancel):  # a cancel that came after its job's end
                raise WorkerError("WK-010", f"the host sent {type(packet).__name__} between jobs")

    def report(self, job_id: str, fraction: float, note: str) -> None:
        """Pass on a node's progress, and each new note as a line of its log; see `Context.progress`.

        Raises:
            Cancelled: the host cancelled the job.
        """
        self._look_for_cancel()
        if self._cancelled:
            raise Cancelled
        now = time.monotonic()
        if now - self._last_progress >= _PROGRESS_INTERVAL_S:
            self._last_progress = now
            self._send(encode(Progress(job_id, fraction, note)))
            if note and note != self._last_note:
                self._last_note = note
                self._logs.say(logging.INFO, note)

    def ask_room(self, nbytes: int) -> RoomGrant:
        """A block of the arena for `nbytes`, or the reason why there is none."""
        self._send(encode(RoomRequest(nbytes)))
        while not isinstance(packet := self._receive(), RoomGrant):
            self._note_cancel(packet)
        return packet

    def _answer(self, job: Job, run: Callable[[Job], JobOutcome]) -> None:
        self._cancelled, self._job_id, self._last_progress, self._last_note = False, job.job_id, 0.0, ""
        self._logs = logs = JobLogs(self._tell)
        self._busy.set()
        with captured(logs):
            outcome = run(job)
        logs.end()
        self._busy.clear()
        try:
            body = encode(outcome)
        except WorkerError as error:
            refused = WorkerError("WK-003", f"a result cannot be sent: {error.message}")
            body = encode(
                JobOutcome(job.job_id, error=refused, started_ms=outcome.started_ms, finished_ms=outcome.finished_ms)
            )
        self._send(body)

    def _tell(self, line: LogLine) -> None:
        self._send(encode(JobLog(self._job_id, line)))

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
        if not isinstance(packet, Cancel):
            raise WorkerError("WK-010", f"the host sent {type(packet).__name__} in the middle of a job")
        if packet.job_id == self._job_id:
            self._cancelled = True

    def _receive(self) -> Payload:
        body = self._channel.receive()
        if body is None:  # only a time-out gives null, and there is none
            raise ChannelClosed("nothing received")
        return decode(body)

    def _beat(self) -> None:
        tick = 0
        while True:
            self._busy.wait()
            tick += 1
            try:
                self._send(encode(Beat(tick, _resident_bytes())))
            except ChannelClosed:
                # The host died while a node runs, and nobody will read what it computes.
                os._exit(1)
            time.sleep(_BEAT_INTERVAL_S)


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * _PAGE_BYTES
