"""Drives the supervision: worker processes, their channels, and whose turn it is."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from vortex_prefect.core.errors import WorkerError
from vortex_prefect.core.ids import new_id, now_ms
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import WorkerReport
from vortex_prefect.host.placement import Candidate, Need, Placement, place
from vortex_prefect.host.process import WorkerCommand, death_of, kernel_kills, kill_worker, start_worker
from vortex_prefect.host.supervision import (
    Announce,
    Assigned,
    Beaten,
    Cancelled,
    Condemned,
    Died,
    Greeted,
    Instruction,
    Kill,
    Member,
    Policy,
    Released,
    Retire,
    Seat,
    SeatRecord,
    Spawn,
    State,
    Stimulus,
    Supervision,
)
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import CAPABILITIES, Beat, Hello, Probe, Welcome

logger = logging.getLogger(__name__)

#: Frames that an idle worker may have sent since somebody last looked.
_IDLE_FRAMES = 200
#: How long a process that closed its channel may take to die.
_DEATH_PATIENCE_S = 1.0
_TRIM_PATIENCE_S = 2.0


@dataclass(eq=False, slots=True)
class Attached:
    """A member's process and what belongs to it."""

    member: int
    process: subprocess.Popen[bytes]
    pidfd: int
    #: Of the kernel's kills when it was started: more at its death says why.
    kernel_kills: int
    worker_id: str = ""
    device: str = ""
    channel: UnixChannel | None = None
    capabilities: frozenset[str] = frozenset()
    #: Whoever reads the channel has this: a job's thread, or the watch while there is no job.
    reading: threading.Lock = field(default_factory=threading.Lock)
    #: How it died; set once it has.
    death: str | None = None
    #: Whether the kernel killed it for want of memory, as far as one can tell.
    starved: bool = False
    #: The last sign of life.
    beat: Beat = field(default_factory=lambda: Beat(0, 0))

    @property
    def lease(self) -> str:
        """Name under which this process, and not its successor, is granted memory."""
        return f"{self.worker_id}@{self.process.pid}"


class Supervisor:
    """Keeps workers alive and hands them out. Its methods may be called from any thread.

    Args:
        host_id: the host's.
        policy: what is asked of the workers.
        command: what they are started with.
        welcome: what they are told; name, index and capabilities are filled in here.
        on_event: told what happens to workers, in the watch's thread.
        on_tick: called about as often as workers beat, in the watch's thread.
    """

    def __init__(
        self,
        host_id: str,
        policy: Policy,
        command: WorkerCommand,
        welcome: Welcome,
        on_event: Callable[[WorkerReport], None],
        on_tick: Callable[[], None],
    ) -> None:
        self._host_id = host_id
        self._policy = policy
        self._command = command
        self._welcome = welcome
        self._on_event = on_event
        self._on_tick = on_tick
        self._changed = threading.Condition()
        self._machine = Supervision(host_id, policy)
        self._attached: dict[int, Attached] = {}
        self._todo: deque[Instruction] = deque()
        #: device → whose jobs alone it runs.
        self._alone: dict[str, object] = {}
        self._jobs: dict[str, dict[str, str]] = {}
        self._catalogue: Catalogue | None = None
        self._closing = False
        self._carried_before = 0
        self._selector = selectors.DefaultSelector()
        self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._selector.register(self._wake_fd, selectors.EVENT_READ, None)
        self._watch = threading.Thread(target=self._watch_workers, name="vortex-supervisor", daemon=True)

    def start(self) -> None:
        """Start the workers."""
        with self._changed:
            self._todo += self._machine.tick(time.monotonic())
        self._watch.start()

    def close(self) -> None:
        """End all workers and whoever waits for one."""
        with self._changed:
            self._closing = True
            attached = list(self._attached.values())
            self._changed.notify_all()
        self._wake()
        if self._watch.ident is not None:
            self._watch.join()
        with self._changed:
            attached = list(self._attached.values())
        for each in attached:
            if each.channel is not None:
                each.channel.close()
            kill_worker(each.process)
        with self._changed:
            for each in attached:
                each.death = death_of(each.process.returncode)
                os.close(each.pidfd)
            self._attached.clear()
            self._changed.notify_all()
        self._selector.close()
        os.close(self._wake_fd)

    # -- who runs a job --------------------------------------------------------------------

    def acquire(
        self, need: Need, jobs: dict[str, dict[str, str]], patience_s: float, alone: object = None
    ) -> tuple[Attached, str]:
        """The worker that takes these jobs (id → what is told of a crash), and why; waits for one.

        Args:
            alone: token of `alone_on`, for a job that is to have its device for itself.

        Raises:
            WorkerError: WK-001, none is free within `patience_s`.
        """
        deadline = time.monotonic() + patience_s
        with self._changed:
            while (placement := self._place(need, alone)) is None:
                left_s = deadline - time.monotonic()
                if self._closing or left_s <= 0:
                    raise WorkerError("WK-001", f"no worker has become ready; see {self._command.log_dir}")
                self._changed.wait(left_s)
            member = next(seat.member for seat in self._machine.seats if seat.worker_id == placement.worker_id)
            if member is None:
                raise RuntimeError("a vacant seat was chosen")
            self._jobs |= jobs
            self._take_in(member.id, Assigned(tuple(jobs)))
            attached = self._attached[member.id]
        attached.reading.acquire()
        return attached, placement.why

    def release(self, attached: Attached) -> None:
        """The worker gave all results."""
        attached.reading.release()
        with self._changed:
            self._forget_jobs(attached)
            self._take_in(attached.member, Released())
            self._changed.notify_all()

    def discard(self, attached: Attached, why: str | None) -> str:
        """The worker is unfit, or lost (`why` is null then): end it; how it died."""
        attached.reading.release()
        with self._changed:
            if why is None:
                # A process that is dying already keeps the status that says why.
                self._changed.wait_for(lambda: attached.death is not None, _DEATH_PATIENCE_S)
            if attached.death is None:
                self._take_in(attached.member, Condemned(why or "its connection broke"))
                self._carry_out_kills()
            self._changed.wait_for(lambda: attached.death is not None)
            return attached.death or ""

    def cancelled(self, attached: Attached) -> None:
        """Nobody wants its jobs: it has a while to notice that."""
        with self._changed:
            self._take_in(attached.member, Cancelled())

    def beaten(self, attached: Attached, beat: Beat) -> None:
        """A sign of life that came during a job."""
        with self._changed:
            attached.beat = beat
            self._take_in(attached.member, Beaten(beat))

    @contextlib.contextmanager
    def alone_on(self, device: str, patience_s: float) -> Iterator[object | None]:
        """Give whoever has the token a device for itself, with all that others keep on it let go.

        Null if others have not ended their jobs by then.
        """
        token = object()
        deadline = time.monotonic() + patience_s
        with self._changed:
            first = self._changed.wait_for(lambda: device not in self._alone or self._closing, patience_s)
            if first and not self._closing:
                self._alone[device] = token
                idle = self._changed.wait_for(lambda: not self._busy_on(device), deadline - time.monotonic())
            else:
                idle = False
        try:
            if idle:
                self._trim(device)
            yield token if idle else None
        finally:
            with self._changed:
                if self._alone.get(device) is token:
                    del self._alone[device]
                self._changed.notify_all()

    def catalogue(self, timeout_s: float) -> Catalogue:
        """The node types of the first worker that introduced itself.

        Raises:
            WorkerError: WK-001, none has within `timeout_s`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._catalogue is not None or self._closing, timeout_s):
                raise WorkerError("WK-001", f"no worker has started within {timeout_s:g} s; see {self._command.log_dir}")
            if self._catalogue is None:
                raise WorkerError("WK-001", "the host is closing")
            return self._catalogue

    def admit(self, hello: Hello, catalogue: Catalogue, channel: UnixChannel) -> bool:
        """Take a worker in, if it is one that was started here; see `Gateway`."""
        with self._changed:
            attached = next((each for each in self._attached.values() if each.process.pid == hello.pid), None)
            if attached is None or attached.channel is not None or self._closing:
                return False
            attached.channel = channel
            attached.capabilities = hello.capabilities & CAPABILITIES
            self._catalogue = self._catalogue or catalogue
            self._machine.members[attached.member].pid = hello.pid
            self._take_in(attached.member, Greeted())
            self._changed.notify_all()
        return True

    def describe(self) -> tuple[dict[str, Any], ...]:
        """The workers for people: one for each seat, then the spares."""
        with self._changed:
            seats = [self._describe_seat(seat) for seat in self._machine.seats]
            others = [member for member in self._machine.members.values() if member.seat is None]
            return (*seats, *[self._describe(member) for member in others if member.state is State.SPARE])

    def carried_bytes(self) -> int:
        """Bytes that went through the channels, ever."""
        with self._changed:
            channels = [attached.channel for attached in self._attached.values() if attached.channel is not None]
            return self._carried_before + sum(channel.bytes_sent + channel.bytes_received for channel in channels)

    # -- under the lock --------------------------------------------------------------------

    def _take_in(self, member_id: int, stimulus: Stimulus) -> None:
        before = len(self._todo)
        self._todo += self._machine.handle(member_id, stimulus, time.monotonic())
        if len(self._todo) > before and threading.current_thread() is not self._watch:
            self._wake()

    def _place(self, need: Need, alone: object) -> Placement | None:
        candidates = []
        for seat in self._machine.seats:
            member = seat.member
            if member is None or member.state not in (State.READY, State.BUSY):
                continue
            attached = self._attached[member.id]
            if self._alone.get(attached.device) is alone:
                candidates.append(_candidate(seat, member, attached))
        return place(need, candidates)

    def _busy_on(self, device: str) -> bool:
        members = (seat.member for seat in self._machine.seats)
        return any(member and member.job_ids and self._attached[member.id].device == device for member in members)

    def _forget_jobs(self, attached: Attached) -> None:
        member = self._machine.members.get(attached.member)
        for job_id in member.job_ids if member else ():
            self._jobs.pop(job_id, None)

    def _describe_seat(self, seat: SeatRecord) -> dict[str, Any]:
        if seat.member is not None:
            return self._describe(seat.member)
        coming = any(member.state in (State.STARTING, State.SPARE) for member in self._machine.members.values())
        state = State.STARTING if coming and seat.open_at <= time.monotonic() else State.DEAD
        return {**_NOBODY, "id": seat.worker_id, "host": self._host_id, "state": state, "restarts": seat.restarts}

    def _describe(self, member: Member) -> dict[str, Any]:
        beat, seat = member.beat, member.seat
        return {
            "id": seat.worker_id if seat else f"{self._host_id}/spare-{member.id}",
            "pid": member.pid,
            "host": self._host_id,
            "device": beat.device or None,
            "state": member.state.value,
            "job": member.job_ids[0] if member.job_ids else None,
            "restarts": seat.restarts if seat else 0,
            "rss_bytes": beat.rss_bytes,
            "device_bytes": beat.device_bytes,
            "residents": list(beat.residents),
        }

    # -- the watch -------------------------------------------------------------------------

    def _watch_workers(self) -> None:
        beat_s = self._welcome.beat_ms / 1000
        while not self._closing:
            try:
                self._watch_once(beat_s)
            except Exception:
                # Without a watch no worker would ever come back.
                logger.exception("the supervisor has a defect")
                time.sleep(beat_s)

    def _watch_once(self, beat_s: float) -> None:
        with self._changed:
            self._todo += self._machine.tick(time.monotonic())
        self._carry_out()
        self._on_tick()
        with self._changed:
            wait_s = min(self._machine.due(time.monotonic()), beat_s)
        for key, _ in self._selector.select(wait_s):
            if key.fd == self._wake_fd:
                os.eventfd_read(self._wake_fd)
            elif key.fd == key.data.pidfd:
                self._bury(key.data)
        self._hear_idle()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # closed
            os.eventfd_write(self._wake_fd, 1)

    def _carry_out(self) -> None:
        while True:
            with self._changed:
                if not self._todo or self._closing:
                    return
                instruction = self._todo.popleft()
            match instruction:
                case Spawn():
                    self._spawn(instruction.member)
                case Seat():
                    self._seat(instruction)
                case Retire():
                    self._retire(instruction.member)
                case Kill():
                    self._kill(instruction)
                case Announce():
                    self._announce(instruction)

    def _carry_out_kills(self) -> None:
        for instruction in [each for each in self._todo if isinstance(each, Kill)]:
            self._kill(instruction)

    def _spawn(self, member_id: int) -> None:
        try:
            process = start_worker(self._command, member_id)
            try:
                pidfd = os.pidfd_open(process.pid)
            except OSError:
                kill_worker(process)
                raise
        except OSError as error:
            logger.error("a worker cannot be started: %s", error)
            with self._changed:
                self._take_in(member_id, Died(f"it could not be started: {error}"))
            return
        attached = Attached(member_id, process, pidfd, kernel_kills())
        with self._changed:
            self._attached[member_id] = attached
        self._selector.register(pidfd, selectors.EVENT_READ, attached)

    def _seat(self, instruction: Seat) -> None:
        with self._changed:
            attached = self._attached.get(instruction.member)
        if attached is None or attached.channel is None:
            return
        attached.worker_id = instruction.worker_id
        welcome = replace(
            self._welcome,
            worker_id=instruction.worker_id,
            index=instruction.index,
            capabilities=attached.capabilities,
        )
        try:
            attached.channel.send(encode(welcome))
            attached.channel.spin(self._welcome.spin_us)
            # Its first beat makes it ready: that is worth hearing at once.
            self._selector.register(attached.channel, selectors.EVENT_READ, attached)
        except (ChannelClosed, ValueError) as error:  # it left, and its descriptor is none any more
            logger.warning("worker %s left before its welcome: %s", attached.worker_id, error)
            attached.process.kill()

    def _retire(self, member_id: int) -> None:
        with self._changed:
            attached = self._attached.get(member_id)
        if attached is not None and attached.channel is not None:
            logger.info("worker %s is replaced: it has grown to %d MiB", attached.worker_id, _mib(attached.beat))
            attached.channel.close()

    def _kill(self, instruction: Kill) -> None:
        with self._changed:
            attached = self._attached.get(instruction.member)
        if attached is not None and attached.death is None:
            logger.warning("worker %s is killed: %s", attached.worker_id or "that starts", instruction.why)
            with contextlib.suppress(ProcessLookupError):
                attached.process.kill()

    def _bury(self, attached: Attached) -> None:
        returncode = attached.process.wait()
        self._selector.unregister(attached.pidfd)
        os.close(attached.pidfd)
        self._unwatch(attached)
        starved = returncode == -9 and kernel_kills() > attached.kernel_kills
        how = death_of(returncode)
        if starved:
            how += f", it seems by the kernel for want of memory; it last had {_mib(attached.beat)} MiB"
        with self._changed:
            member = self._machine.members.get(attached.member)
            attached.starved = starved and (member is None or member.doom is None)
            self._take_in(attached.member, Died(how))
            del self._attached[attached.member]
            attached.death = (member.doom if member else None) or how
            if attached.channel is not None:
                self._carried_before += attached.channel.bytes_sent + attached.channel.bytes_received
            self._changed.notify_all()
        # After the note of its death: a thread that reads from it then knows why it ends.
        if attached.channel is not None:
            attached.channel.close()
        if not self._closing:
            logger.warning("worker %s: %s", attached.worker_id or "that started", attached.death)
        self._carry_out()

    def _announce(self, instruction: Announce) -> None:
        with self._changed:
            job = next((self._jobs[job_id] for job_id in instruction.job_ids if job_id in self._jobs), None)
            for job_id in instruction.job_ids:
                self._jobs.pop(job_id, None)
        self._on_event(
            WorkerReport(
                instruction.event,  # type: ignore[arg-type]
                instruction.worker_id,
                self._host_id,
                instruction.pid,
                instruction.device,
                instruction.reason,
                job,
                None if instruction.down_s is None else round(1000 * instruction.down_s),
                now_ms(),
                new_id(),
            )
        )

    # -- workers without a job -------------------------------------------------------------

    def _hear_idle(self) -> None:
        with self._changed:
            attached = [
                self._attached[member.id]
                for member in self._machine.members.values()
                if not member.job_ids and member.state in (State.JOINING, State.READY, State.SUSPECT)
                and member.id in self._attached
            ]  # fmt: skip
        for each in attached:
            if each.reading.acquire(blocking=False):
                try:
                    self._hear(each)
                except ChannelClosed:
                    self._unwatch(each)  # its death follows
                except WorkerError as error:
                    self._unwatch(each)
                    with self._changed:
                        self._take_in(each.member, Condemned(str(error)))
                finally:
                    each.reading.release()
        self._carry_out()

    def _hear(self, attached: Attached) -> None:
        if attached.channel is None:
            return
        for _ in range(_IDLE_FRAMES):
            if (body := attached.channel.receive(0)) is None:
                return
            beat = decode(body)
            if not isinstance(beat, Beat):
                raise WorkerError("WK-010", f"a worker without a job sent {type(beat).__name__}")
            self._note_idle(attached, beat)
        raise WorkerError("WK-010", "a worker without a job floods the host")

    def _note_idle(self, attached: Attached, beat: Beat) -> None:
        with self._changed:
            joined = not attached.device
            attached.beat, attached.device = beat, beat.device
            self._take_in(attached.member, Beaten(beat))
            if joined:
                self._unwatch(attached)
            self._changed.notify_all()

    def _unwatch(self, attached: Attached) -> None:
        if attached.channel is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(attached.channel)

    def _trim(self, device: str) -> None:
        """Have all idle workers of a device let go of what they only keep, and wait for it a little."""
        with self._changed:
            idle = [each for each in self._attached.values() if each.device == device]
        tick = now_ms()
        for each in idle:
            if each.channel is not None and each.reading.acquire(blocking=False):
                try:
                    each.channel.send(encode(Probe(tick, trim=True)))
                    self._await_beat(each, tick)
                except (ChannelClosed, WorkerError) as error:
                    logger.warning("worker %s did not let go of its memory: %s", each.worker_id, error)
                finally:
                    each.reading.release()

    def _await_beat(self, attached: Attached, tick: int) -> None:
        deadline = time.monotonic() + _TRIM_PATIENCE_S
        while attached.channel is not None and (left_s := deadline - time.monotonic()) > 0:
            body = attached.channel.receive(left_s)
            beat = decode(body) if body is not None else None
            if isinstance(beat, Beat):
                self.beaten(attached, beat)
                if beat.tick == tick:
                    return


_NOBODY: dict[str, Any] = {
    "id": "", "pid": None, "host": "", "device": None, "state": "dead", "job": None, "restarts": 0,
    "rss_bytes": 0, "device_bytes": 0, "residents": [],
}  # fmt: skip


def _candidate(seat: SeatRecord, member: Member, attached: Attached) -> Candidate:
    beat = attached.beat
    return Candidate(
        seat.worker_id,
        attached.device,
        queued=len(member.job_ids),
        free_bytes=beat.device_free_bytes or None,
        residents=frozenset(beat.residents),
        deaths_in_a_row=seat.deaths_in_a_row,
    )


def _mib(beat: Beat) -> int:
    return beat.rss_bytes >> 20
