"""The workers of a host, as all threads that deal with them share them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vortex_prefect.core.nodespec import Catalogue
from vortex_prefect.files.environments import Environment
from vortex_prefect.host.members import BASE, Instruction, Member, Policy, SeatRecord, State, Stimulus
from vortex_prefect.host.supervision import Supervision
from vortex_prefect.ipc.unix import UnixChannel
from vortex_prefect.wire.payloads import Beat


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

    @property
    def carried_bytes(self) -> int:
        """Bytes that went through its channel."""
        return self.channel.bytes_sent + self.channel.bytes_received if self.channel is not None else 0


class Crew:
    """What is known of the workers. Everything but `wake` asks for `changed` to be held.

    Attributes:
        changed: the lock, notified when a worker becomes free, dies or introduces itself.
        machine: decides what is to be done.
        attached: member → its process.
        todo: instructions that the watch has not carried out.
        told: job → what is told of it if its worker crashes.
        catalogue: node types of the first worker of the base that introduced itself, of those that are not outdated,
            and those of all environments.
        environments: those of packs, by name.
        renewing: the packs have changed, and no worker of the base that has the new ones has introduced itself yet.
        closing: nobody gets a worker any more.
    """

    def __init__(self, host_id: str, policy: Policy, environments: Mapping[str, Environment]) -> None:
        self.host_id = host_id
        self.changed = threading.Condition()
        self.machine = Supervision(host_id, policy)
        self.attached: dict[int, Attached] = {}
        self.todo: deque[Instruction] = deque()
        self.told: dict[str, dict[str, str]] = {}
        self.catalogue: Catalogue | None = None
        self.renewing = False
        self.environments = environments
        #: What they will be once a worker of the base has the new packs.
        self.next_environments = environments
        self.closing = False
        self.wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._carried_before = 0

    def take_in(self, member_id: int, stimulus: Stimulus) -> None:
        """Let the machine decide, and the watch carry it out."""
        if found := self.machine.handle(member_id, stimulus, time.monotonic()):
            self.todo += found
            self.wake()

    def ask(self, environment: str, workers: int) -> None:
        """Have so many workers of a pack's environment."""
        if found := self.machine.want(environment, workers, time.monotonic()):
            self.todo += found
            self.wake()

    def wake(self) -> None:
        """Have the watch look."""
        with contextlib.suppress(OSError):  # closed
            os.eventfd_write(self.wake_fd, 1)

    def at_work(self) -> Iterator[tuple[SeatRecord, Member, Attached]]:
        """Everyone who has a seat, and could have a job."""
        for seat in self.machine.seats:
            if seat.member is not None and seat.member.state in (State.READY, State.BUSY, State.SUSPECT):
                yield seat, seat.member, self.attached[seat.member.id]

    def forget(self, member_id: int) -> None:
        """It is gone."""
        self._carried_before += self.attached.pop(member_id).carried_bytes

    def carried_bytes(self) -> int:
        """Bytes that went through all channels, ever."""
        return self._carried_before + sum(attached.carried_bytes for attached in self.attached.values())

    def describe(self) -> tuple[dict[str, Any], ...]:
        """The workers for people, one for each seat."""
        return tuple([self._describe_seat(seat) for seat in self.machine.seats])

    def spares(self) -> tuple[int, ...]:
        """Process ids of those that wait for a seat."""
        members = self.machine.members.values()
        return tuple([member.pid for member in members if member.state is State.SPARE and member.pid is not None])

    def _describe_seat(self, seat: SeatRecord) -> dict[str, Any]:
        if (member := seat.member) is not None:
            return self._row(seat, member, member.state, member.beat)
        mates = [member for member in self.machine.members.values() if member.environment == seat.environment]
        coming = any(member.state in (State.STARTING, State.SPARE) for member in mates)
        state = State.STARTING if coming and seat.open_at <= time.monotonic() else State.DEAD
        return self._row(seat, None, state, Beat(0, 0))

    def _row(self, seat: SeatRecord, member: Member | None, state: State, beat: Beat) -> dict[str, Any]:
        return {
            "id": seat.worker_id,
            "pid": member.pid if member else None,
            "host": self.host_id,
            "device": beat.device or None,
            "environment": None if seat.environment == BASE else seat.environment,
            "state": state.value,
            "job": member.job_ids[0] if member and member.job_ids else None,
            "restarts": seat.restarts,
            "rss_bytes": beat.rss_bytes,
            "device_bytes": beat.device_bytes,
            "residents": list(beat.residents),
        }
