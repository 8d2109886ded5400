"""A worker that introduces itself as it should, and then does what its first argument says: `MODE SOCKET`.

It computes nothing: an honest one gives its parameter `value` back.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from vortex_prefect.core.job import Job, JobOutcome, Value
from vortex_prefect.core.log_line import LogLine
from vortex_prefect.core.tensor import TensorRef
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire.framing import MAX_FRAME_BYTES
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import Batch, Beat, Hello, JobLog, Payload, Progress, RoomGrant, RoomRequest, Welcome

_BEAT_S = 0.5


class Worker:
    """One end of the channel to a host."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._channel = UnixChannel.connect(socket)
        self.host_id = ""
        self.done: list[Job] = []

    def join(self) -> None:
        """Introduce itself, and be ready."""
        self.say(Hello(os.getpid(), []))
        welcome = self.hear()
        if not isinstance(welcome, Welcome) or welcome.error is not None:
            raise SystemExit(f"no welcome: {welcome}")
        self.host_id = welcome.host_id
        threading.Thread(target=self._beat, daemon=True).start()

    def next_job(self) -> Job:
        """Wait for one."""
        while True:
            match packet := self.hear():
                case Job():
                    return packet
                case Batch():
                    return packet.jobs[0]

    def answer(self, job: Job) -> None:
        """As an honest worker would."""
        self.done.append(job)
        self.say(JobOutcome(job.job_id, {"out": Value("JSON", data=job.params.get("value"))}))

    def room(self) -> RoomGrant:
        """A granted block."""
        self.say(RoomRequest(64))
        grant = self.hear()
        if not isinstance(grant, RoomGrant) or grant.error is not None:
            raise SystemExit(f"no room: {grant}")
        return grant

    def give(self, job: Job, *refs: TensorRef) -> None:
        """Tensors as the result of a job."""
        self.say(JobOutcome(job.job_id, {f"out-{number}": Value("TENSOR", ref) for number, ref in enumerate(refs)}))

    def ref(self, grant: RoomGrant, shape: tuple[int, ...] = (64,)) -> TensorRef:
        """A reference to a granted block."""
        return TensorRef(self.host_id, grant.generation, grant.offset, 64, shape, "uint8", 0)

    def say(self, payload: Payload) -> None:
        """Send a packet."""
        self._channel.send(encode(payload))

    def hear(self) -> Payload:
        """The next packet."""
        return decode(self._channel.receive() or b"")

    def write(self, data: bytes) -> None:
        """Bytes that need be no frame."""
        os.write(self._channel.fileno(), data)

    def wait(self) -> None:
        """Until the host hangs up, or for ever."""
        while True:
            self._channel.receive()

    def greet_again(self) -> None:
        """Introduce itself at a second connection, and hear what the host says to that."""
        again = UnixChannel.connect(self._socket)
        again.send(encode(Hello(os.getpid(), [])))
        answer = decode(again.receive() or b"")
        if not isinstance(answer, Welcome) or answer.error is None:
            raise SystemExit("it was welcomed twice")
        again.close()

    def _beat(self) -> None:
        tick = 0
        pause = threading.Event()
        while True:
            tick += 1
            try:
                self.say(Beat(tick, 1 << 20, "cpu"))
            except ChannelClosed:
                return
            pause.wait(_BEAT_S)


def honest(worker: Worker) -> None:
    """Answer every job."""
    while True:
        worker.answer(worker.next_job())


def _unknown_job(worker: Worker) -> None:
    worker.next_job()
    worker.say(JobOutcome("nobody's"))


def _replayed_result(worker: Worker) -> None:
    worker.answer(worker.next_job())
    worker.next_job()
    worker.answer(worker.done[0])


def _replayed_when_idle(worker: Worker) -> None:
    worker.answer(worker.next_job())
    worker.answer(worker.done[0])


def _never_granted(worker: Worker) -> None:
    """After one that was."""
    job = worker.next_job()
    grant = worker.room()
    never = RoomGrant(grant.offset + 4096, 64, grant.generation + 1)
    worker.give(job, worker.ref(grant), worker.ref(never))


def _of_another_job(worker: Worker) -> None:
    job = worker.next_job()
    ref = worker.ref(worker.room())
    worker.give(job, ref)
    worker.give(worker.next_job(), ref)


def _negative_shape(worker: Worker) -> None:
    job = worker.next_job()
    worker.give(job, worker.ref(worker.room(), (-64,)))


def _beats_without_end(worker: Worker) -> None:
    worker.next_job()
    while True:
        worker.say(Beat(1, 1 << 20, "cpu"))


def _half_a_frame(worker: Worker) -> None:
    worker.next_job()
    # The beat would be taken for the other half.
    worker.say = lambda payload: None  # type: ignore[method-assign]
    worker.write(b"\x10\0\0\0half")


def _absurd_values(worker: Worker) -> None:
    """Nothing of it is against the protocol."""
    job = worker.next_job()
    for fraction in (float("nan"), float("inf"), -5.0, 0.5):
        worker.say(Progress(job.job_id, fraction, "note" * 5000))
    worker.say(JobLog(job.job_id, LogLine(-(1 << 31), "\0" * 100_000, -(1 << 63))))
    worker.say(Beat((1 << 64) - 1, (1 << 64) - 1, "cpu", (1 << 64) - 1, (1 << 64) - 1))
    value = Value("JSON", data=job.params.get("value"))
    worker.say(JobOutcome(job.job_id, {"out": value}, started_ms=-(1 << 63), finished_ms=(1 << 63) - 1))


def _greets_again(worker: Worker) -> None:
    job = worker.next_job()
    worker.greet_again()
    worker.answer(job)


def _writes(data: bytes) -> Callable[[Worker], None]:
    def act(worker: Worker) -> None:
        worker.next_job()
        worker.write(data)

    return act


def _says(payload: Payload) -> Callable[[Worker], None]:
    def act(worker: Worker) -> None:
        worker.next_job()
        worker.say(payload)

    return act


MODES: dict[str, Callable[[Worker], None]] = {
    "honest": honest,
    "unknown job": _unknown_job,
    "replayed result": _replayed_result,
    "replayed when idle": _replayed_when_idle,
    "never granted": _never_granted,
    "of another job": _of_another_job,
    "negative shape": _negative_shape,
    "beats without end": _beats_without_end,
    "half a frame": _half_a_frame,
    "absurd values": _absurd_values,
    "greets again": _greets_again,
    "garbage": _writes(b"\3\0\0\0\xff\xff\xff"),
    "oversize": _writes((MAX_FRAME_BYTES + 1).to_bytes(4, "little")),
    "http": _writes(b"GET / HTTP/1.1\r\n\r\n"),
    "host's packet": _says(RoomGrant(4096, 64, 1)),
    "hello in a job": _says(Hello(os.getpid(), [])),
}


def main() -> None:
    """Join, do it, and stay until the host ends it."""
    worker = Worker(Path(sys.argv[2]))
    worker.join()
    try:
        MODES[sys.argv[1]](worker)
        worker.wait()
    except ChannelClosed:
        pass


if __name__ == "__main__":
    main()
