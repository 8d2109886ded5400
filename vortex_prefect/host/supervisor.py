"""Hands out workers, and sees to it that there are some."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vortex_prefect.core.errors import SystemFault, WorkerError
from vortex_prefect.core.ids import now_ms
from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.core.reports import WorkerReport
from vortex_prefect.files.environments import Environment
from vortex_prefect.host.crew import Attached, Crew
from vortex_prefect.host.members import (
    BASE,
    Assigned,
    Beaten,
    Cancelled,
    Condemned,
    Greeted,
    Member,
    Policy,
    Released,
    SeatRecord,
    State,
)
from vortex_prefect.host.placement import Candidate, Need, Placement, place
from vortex_prefect.host.process import WorkerCommand
from vortex_prefect.host.watch import Watch
from vortex_prefect.ipc.channel import ChannelClosed
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire.packets import decode, encode
from vortex_prefect.wire.payloads import CAPABILITIES, Beat, Hello, Probe, Welcome

logger = logging.getLogger(__name__)

#: How long a process that closed its channel may take to die.
_DEATH_PATIENCE_S = 1.0
_TRIM_PATIENCE_S = 2.0


class Supervisor:
    """Keeps workers alive and hands them out. Its methods may be called from any thread.

    Args:
        host_id: the host's.
        policy: what is asked of the workers.
        environments: those of packs, by name.
        command, welcome, on_event, on_tick: see `Watch`.
    """

    def __init__(
        self,
        host_id: str,
        policy: Policy,
        command: WorkerCommand,
        environments: Mapping[str, Environment],
        welcome: Welcome,
        on_event: Callable[[WorkerReport], None],
        on_tick: Callable[[], None],
    ) -> None:
        self._log_dir = command.log_dir
        self._crew = Crew(host_id, policy, environments)
        self._watch = Watch(self._crew, command, welcome, on_event, on_tick)
        #: environment → jobs that wait for a worker of it.
        self._waiting: Counter[str] = Counter()
        #: device → whose jobs alone it runs.
        self._alone: dict[str, object] = {}

    def start(self) -> None:
        """Start the workers."""
        self._watch.start()

    def close(self) -> None:
        """End all workers and whoever waits for one."""
        with self._crew.changed:
            self._crew.closing = True
            self._crew.changed.notify_all()
        self._watch.close()

    def describe(self) -> tuple[dict[str, Any], ...]:
        """The workers for people, one for each seat."""
        with self._crew.changed:
            return self._crew.describe()

    def spares(self) -> tuple[int, ...]:
        """Process ids of warm spares."""
        with self._crew.changed:
            return self._crew.spares()

    def carried_bytes(self) -> int:
        """Bytes that went through the channels, ever."""
        with self._crew.changed:
            return self._crew.carried_bytes()

    # -- who runs a job --------------------------------------------------------------------

    def acquire(
        self, need: Need, jobs: dict[str, dict[str, str]], patience_s: float, alone: object = None
    ) -> tuple[Attached, str]:
        """The worker that takes these jobs (id → what is told of a crash), and why; waits for one.

        Args:
            alone: token of `alone_on`, for a job that is to have its device for itself.

        Raises:
            WorkerError: WK-001, none is free within `patience_s`, or its environment's workers do not start.
            SystemFault: SY-003, none computes where the job needs it.
        """
        with self._crew.changed:
            placement = self._place(need, alone) or self._await_place(need, alone, patience_s)
            member = next(seat.member for seat in self._crew.machine.seats if seat.worker_id == placement.worker_id)
            if member is None:
                raise RuntimeError("a vacant seat was chosen")
            self._crew.told |= jobs
            self._crew.take_in(member.id, Assigned(tuple(jobs)))
            attached = self._crew.attached[member.id]
        attached.reading.acquire()
        return attached, placement.why

    def release(self, attached: Attached) -> None:
        """The worker gave all results."""
        attached.reading.release()
        with self._crew.changed:
            self._forget_jobs(attached)
            self._crew.take_in(attached.member, Released())
            self._crew.changed.notify_all()

    def done(self, job_id: str) -> None:
        """The job gave its result: if its worker crashes now, it is not to blame."""
        with self._crew.changed:
            self._crew.told.pop(job_id, None)

    def discard(self, attached: Attached, why: str | None) -> str:
        """The worker is unfit, or lost (`why` is null then): end it; how it died."""
        attached.reading.release()
        with self._crew.changed:
            if why is None:
                # A process that is dying already keeps the status that says why.
                self._crew.changed.wait_for(lambda: attached.death is not None, _DEATH_PATIENCE_S)
            if attached.death is None:
                self._crew.take_in(attached.member, Condemned(why or "its connection broke"))
            self._crew.changed.wait_for(lambda: attached.death is not None)
            return attached.death or ""

    def cancelled(self, attached: Attached) -> None:
        """Nobody wants its jobs: it has a while to notice that."""
        with self._crew.changed:
            self._crew.take_in(attached.member, Cancelled())

    def beaten(self, attached: Attached, beat: Beat) -> None:
        """A sign of life that came during a job."""
        with self._crew.changed:
            attached.beat = beat
            self._crew.take_in(attached.member, Beaten(beat))

    @contextlib.contextmanager
    def alone_on(self, device: str, patience_s: float) -> Iterator[object | None]:
        """Give whoever has the token a device for itself, with all that others keep on it let go.

        Null if others have not ended their jobs by then.
        """
        token = object()
        deadline = time.monotonic() + patience_s
        with self._crew.changed:
            first = self._crew.changed.wait_for(lambda: device not in self._alone or self._crew.closing, patience_s)
            if first and not self._crew.closing:
                self._alone[device] = token
                idle = self._crew.changed.wait_for(lambda: not self._busy_on(device), deadline - time.monotonic())
            else:
                idle = False
        try:
            if idle:
                self._trim(device)
            yield token if idle else None
        finally:
            with self._crew.changed:
                if self._alone.get(device) is token:
                    del self._alone[device]
                self._crew.changed.notify_all()

    def catalogue(self, timeout_s: float) -> Catalogue:
        """The node types of the first worker that introduced itself, and those of all packs' environments.

        Raises:
            WorkerError: WK-001, none has within `timeout_s`.
        """
        with self._crew.changed:
            self._crew.changed.wait_for(lambda: self._crew.catalogue is not None or self._crew.closing, timeout_s)
            if self._crew.catalogue is not None:
                return self._crew.catalogue
            if self._crew.closing:
                raise WorkerError("WK-001", "the host is closing")
            raise WorkerError("WK-001", f"no worker has started within {timeout_s:g} s; see {self._log_dir}")

    def renew(self, environments: Mapping[str, Environment], timeout_s: float) -> Catalogue:
        """Replace all workers, since their packs have changed; the node types of the first new one, and all others.

        Jobs that run end where they are; those that come once a new worker is there run on new ones only.

        Raises:
            WorkerError: WK-001, none has started within `timeout_s`; the old ones stay until one has.
        """
        with self._crew.changed:
            self._crew.renewing, self._crew.next_environments = True, environments
            self._crew.todo += self._crew.machine.renew(time.monotonic())
            self._crew.wake()
            self._crew.changed.wait_for(lambda: not self._crew.renewing or self._crew.closing, timeout_s)
            if self._crew.renewing or self._crew.catalogue is None:
                raise WorkerError("WK-001", f"no new worker has started within {timeout_s:g} s; see {self._log_dir}")
            self._crew.changed.notify_all()
            return self._crew.catalogue

    def admit(self, hello: Hello, catalogue: Catalogue, channel: UnixChannel) -> bool:
        """Take a worker in, if it is one that was started here; see `Gateway`.

        Raises:
            WorkerError: WK-010, it is of a pack's environment and has other node types than were declared.
        """
        with self._crew.changed:
            attached = next((each for each in self._crew.attached.values() if each.process.pid == hello.pid), None)
            if attached is None or attached.channel is not None or self._crew.closing:
                return False
            member = self._crew.machine.members[attached.member]
            self._take_declarations(member, catalogue)
            attached.channel = channel
            attached.capabilities = hello.capabilities & CAPABILITIES
            member.pid = hello.pid
            self._crew.take_in(attached.member, Greeted())
            self._crew.changed.notify_all()
        return True

    def environment_of(self, node_type: str) -> str:
        """Where nodes of a type run: types of a pack that has an environment of its own begin with its name."""
        pack = node_type.partition(".")[0]
        return pack if pack in self._crew.environments else BASE

    # -- under the lock --------------------------------------------------------------------

    def _await_place(self, need: Need, alone: object, patience_s: float) -> Placement:
        deadline = time.monotonic() + patience_s
        self._waiting[need.environment] += 1
        try:
            self._want(need.environment)
            while (placement := self._place(need, alone)) is None:
                left_s = deadline - time.monotonic()
                if self._crew.closing or left_s <= 0:
                    raise WorkerError("WK-001", f"no worker has become ready; see {self._log_dir}")
                self._check_device(need)
                self._crew.changed.wait(left_s)
                if (why := self._crew.machine.failure(need.environment)) is not None:
                    raise WorkerError("WK-001", f"no worker of the pack {need.environment} starts: {why}")
                self._want(need.environment)
        finally:
            self._waiting[need.environment] -= 1
        return placement

    def _want(self, environment: str) -> None:
        """Have a worker for each job of a pack's environment that runs or waits."""
        if environment != BASE:
            if environment not in self._crew.environments:
                raise WorkerError("WK-001", f"the pack {environment} is not installed any more")
            mates = [member for _, member, _ in self._crew.at_work() if member.environment == environment]
            busy = sum(bool(member.job_ids) for member in mates)
            self._crew.ask(environment, busy + self._waiting[environment])

    def _place(self, need: Need, alone: object) -> Placement | None:
        candidates = [
            _candidate(seat, member, attached)
            for seat, member, attached in self._crew.at_work()
            if seat.environment == need.environment
            and member.state is not State.SUSPECT
            and member.doom is None
            and self._alone.get(attached.device) is alone
            and (self._crew.renewing or not member.outdated)
        ]
        return place(need, candidates)

    def _check_device(self, need: Need) -> None:
        """See that it is worth waiting: once all workers are there, one of them has to be of the right kind."""
        environment = need.environment
        devices = {attached.device for seat, _, attached in self._crew.at_work() if seat.environment == environment}
        seats = [seat for seat in self._crew.machine.seats if seat.environment == environment]
        full = all(seat.member is not None for seat in seats) and "" not in devices
        if need.device is not None and full and devices and not any(map(need.takes, devices)):
            found = ", ".join(sorted(devices))
            raise SystemFault("SY-003", f"the node needs {need.device}, and the workers here compute on {found}")

    def _take_declarations(self, member: Member, catalogue: Catalogue) -> None:
        crew = self._crew
        if member.environment != BASE:
            known = crew.environments.get(member.environment)
            if known is None or catalogue.digest != known.catalogue.digest:
                why = f"pack {member.environment} declares other nodes than when it was installed; install it again"
                raise WorkerError("WK-010", why)
        elif crew.catalogue is None or (crew.renewing and not member.outdated):
            if crew.renewing:
                crew.environments = crew.next_environments
                crew.todo += crew.machine.renew_environments(time.monotonic())
            theirs = [spec for each in crew.environments.values() for spec in each.catalogue.all()]
            # Whoever declares what is there already does not get it.
            crew.catalogue, crew.renewing = Catalogue((*theirs, *catalogue.all())), False

    def _busy_on(self, device: str) -> bool:
        return any(member.job_ids and attached.device == device for _, member, attached in self._crew.at_work())

    def _forget_jobs(self, attached: Attached) -> None:
        member = self._crew.machine.members.get(attached.member)
        for job_id in member.job_ids if member else ():
            self._crew.told.pop(job_id, None)

    # -- a device for one ------------------------------------------------------------------

    def _trim(self, device: str) -> None:
        """Have all idle workers of a device let go of what they only keep, and wait for it a little."""
        with self._crew.changed:
            idle = [each for each in self._crew.attached.values() if each.device == device]
        tick = now_ms()
        for each in idle:
            if each.channel is not None and each.reading.acquire(blocking=False):
                try:
                    each.channel.send(encode(Probe(tick, trim=True)))
                    self._await_beat(each, tick)
                except ChannelClosed:
                    pass  # its death follows
                except WorkerError as error:
                    with self._crew.changed:
                        self._crew.take_in(each.member, Condemned(str(error)))
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
