"""The workers of a host as a state machine without I/O: stimuli in, instructions out.

A *member* is a process, a *seat* the name of a worker, which one member at a
time has. A member that has introduced itself and has no seat is a warm spare:
it takes the next seat that becomes vacant, which takes a millisecond where a
new process takes seconds.

::

    starting ──Greeted──► spare ──(seat)──► joining ──Beaten──► ready ◄──► busy
                                                                 │ ▲        │
                                                        (overdue)▼ │Beaten  ▼
                                                               suspect ◄────┘
    ready ──(retire)──► draining        any ──Died──► dead

What stands in brackets is decided here, and told as an instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from vortex_prefect.wire.payloads import Beat

_FIRST_DELAY_S = 0.0
_BASE_DELAY_S = 0.25
_MAX_DELAY_S = 30.0
_MAX_DOUBLINGS = 20


class State(StrEnum):
    """Where a member is in its life."""

    STARTING = "starting"
    SPARE = "spare"
    JOINING = "joining"
    READY = "ready"
    BUSY = "busy"
    SUSPECT = "suspect"
    DRAINING = "draining"
    DEAD = "dead"


# -- stimuli ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Greeted:
    """The member introduced itself."""


@dataclass(frozen=True, slots=True)
class Beaten:
    """The member gave a sign of life."""

    beat: Beat


@dataclass(frozen=True, slots=True)
class Assigned:
    """The member got jobs."""

    job_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """The member gave all results and can take the next job."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody does not want the member's jobs any more."""


@dataclass(frozen=True, slots=True)
class Condemned:
    """The member is unfit for another job."""

    why: str


@dataclass(frozen=True, slots=True)
class Died:
    """The member's process is gone."""

    how: str


Stimulus = Greeted | Beaten | Assigned | Released | Cancelled | Condemned | Died

#: State and stimulus → state that follows; what is not here changes nothing.
TRANSITIONS: dict[tuple[State, type], State] = {
    (State.STARTING, Greeted): State.SPARE,
    (State.JOINING, Beaten): State.READY,
    (State.READY, Assigned): State.BUSY,
    (State.BUSY, Released): State.READY,
    (State.SUSPECT, Released): State.READY,
    **{(state, Died): State.DEAD for state in State if state is not State.DEAD},
}


# -- instructions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start a process for the member."""

    member: int


@dataclass(frozen=True, slots=True)
class Seat:
    """Welcome the member as that worker."""

    member: int
    worker_id: str
    index: int


@dataclass(frozen=True, slots=True)
class Retire:
    """Let the member end by itself: it will get no more jobs."""

    member: int


@dataclass(frozen=True, slots=True)
class Kill:
    """End the member's process at once."""

    member: int
    why: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell that a worker was spawned, crashed or recovered; see `WorkerReport`."""

    event: str
    worker_id: str
    pid: int | None
    device: str | None
    reason: str | None = None
    job_ids: tuple[str, ...] = ()
    down_s: float | None = None


Instruction = Spawn | Seat | Retire | Kill | Announce


# -- state -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Policy:
    """What a host asks of its workers. Times in seconds."""

    size: int
    spares: int = 0
    #: Without a sign of life for half of this a worker is suspect and gets no job; at the end of it, it is killed.
    hang_after_s: float = 30.0
    #: A process that has not introduced itself by then is started anew; torch alone may take a minute on a slow disk.
    start_limit_s: float = 180.0
    #: From the welcome to the first beat.
    join_limit_s: float = 30.0
    #: From the last job to the end of the process.
    drain_limit_s: float = 5.0
    #: A node that has not noticed a cancel by then is killed with its process.
    cancel_grace_s: float = 1.0
    #: Memory above which a worker is replaced between two jobs; 0: none.
    rss_limit_bytes: int = 0
    device_limit_bytes: int = 0


@dataclass(eq=False, slots=True)
class Member:
    """What is known of one process."""

    id: int
    #: When it came into its state, and when it gave the last sign of life.
    since: float
    heard: float
    state: State = State.STARTING
    pid: int | None = None
    seat: SeatRecord | None = None
    job_ids: tuple[str, ...] = ()
    beat: Beat = field(default_factory=lambda: Beat(0, 0))
    #: When it is to be killed for not having noticed a cancel.
    kill_at: float | None = None
    #: Why it was killed, if it was we who did.
    doom: str | None = None
    #: When it was seen to have grown too large, or to be of an older edition of the packs.
    outgrown_at: float | None = None
    #: It was started before its packs changed: it gets no job once there are others.
    outdated: bool = False


@dataclass(eq=False, slots=True)
class SeatRecord:
    """The name of a worker, and who has it."""

    worker_id: str
    index: int
    member: Member | None = None
    #: Nobody takes it before.
    open_at: float = 0.0
    deaths_in_a_row: int = 0
    restarts: int = 0
    #: When its last member crashed; null once it has a successor.
    crashed_at: float | None = None


class Supervision:
    """All members and seats of one host. Not thread-safe: whoever drives it holds a lock.

    `now` is any clock that does not go back, in seconds.
    """

    def __init__(self, host_id: str, policy: Policy) -> None:
        self._policy = policy
        self.seats = tuple([SeatRecord(f"{host_id}/{index}", index) for index in range(policy.size)])
        self.members: dict[int, Member] = {}
        self._last_id = 0
        #: Processes that died before they introduced themselves, since the last one that did.
        self._failed_starts = 0
        self._spawn_at = 0.0

    def handle(self, member_id: int, stimulus: Stimulus, now: float) -> list[Instruction]:
        """Take in what happened; what is to be done about it. Of a member that is gone, nothing is."""
        member = self.members.get(member_id)
        if member is None:
            return []
        before = member.state
        self._set(member, TRANSITIONS.get((before, type(stimulus)), before), now)
        done = _EFFECTS[type(stimulus)](self, member, before, stimulus, now)
        if isinstance(stimulus, Assigned | Released) and member.outgrown_at is None:
            return done  # each job is both, and neither changes what is missing
        return [*done, *self.tick(now)]

    def renew(self, now: float) -> list[Instruction]:
        """The packs have changed: replace every member, each once its jobs have ended and a successor is there."""
        done: list[Instruction] = []
        for member in self.members.values():
            member.outdated = True
            if member.state in (State.STARTING, State.SPARE):
                self._set(member, State.DRAINING, now)
                done += self._kill(member, "its packs have changed")
            elif member.state is not State.DRAINING:
                member.outgrown_at = now
        # What kept processes from starting belongs to the old packs.
        self._failed_starts, self._spawn_at = 0, now
        return [*done, *self.tick(now)]

    def tick(self, now: float) -> list[Instruction]:
        """What the passing of time asks for, and what is missing."""
        done: list[Instruction] = []
        for member in list(self.members.values()):
            done += self._look_after(member, now)
        done += self._retire_outgrown(now)
        done += self._fill_seats(now)
        done += self._spawn_missing(now)
        return done

    def due(self, now: float) -> float:
        """Seconds until the next `tick` has something to do, if nothing happens before."""
        moments = [now + self._policy.hang_after_s]
        for member in self.members.values():
            moments.append(self._limit_of(member))
            if self._goes_anyway(member) and member.state is State.READY and member.doom is None:
                moments.append((member.outgrown_at or now) + self._policy.start_limit_s)
            if member.kill_at is not None and member.doom is None:
                moments.append(member.kill_at)
        moments += [seat.open_at for seat in self.seats if seat.member is None and seat.open_at > now]
        if self._spawn_at > now:
            moments.append(self._spawn_at)
        return max(min(moments) - now, 0.0)

    def ready(self) -> list[Member]:
        """Members that can take a job."""
        members = [seat.member for seat in self.seats if seat.member is not None]
        return [member for member in members if member.state is State.READY and member.doom is None]

    # -- effects ---------------------------------------------------------------------------

    def _greeted(self, member: Member, before: State, stimulus: Greeted, now: float) -> list[Instruction]:  # noqa: ARG002
        self._failed_starts = 0
        return []

    def _beaten(self, member: Member, before: State, stimulus: Beaten, now: float) -> list[Instruction]:
        member.beat, member.heard = stimulus.beat, now
        if before is State.SUSPECT:
            self._set(member, State.BUSY if member.job_ids else State.READY, now)
        if self._is_too_large(stimulus.beat):
            member.outgrown_at = member.outgrown_at or now
        if before is not State.JOINING or member.seat is None:
            return []
        seat, event = member.seat, "spawned"
        down_s = None
        if seat.crashed_at is not None:
            event, down_s, seat.crashed_at = "recovered", now - seat.crashed_at, None
        return [Announce(event, seat.worker_id, member.pid, member.beat.device, down_s=down_s)]

    def _assigned(self, member: Member, before: State, stimulus: Assigned, now: float) -> list[Instruction]:
        if before is not State.READY or member.doom is not None:
            raise ValueError(f"a {before} worker takes no job")
        member.job_ids = stimulus.job_ids
        member.heard = now
        return []

    def _released(self, member: Member, before: State, stimulus: Released, now: float) -> list[Instruction]:  # noqa: ARG002
        member.job_ids, member.kill_at, member.heard = (), None, now
        if member.seat is not None:
            member.seat.deaths_in_a_row = 0
        return []

    def _cancelled(self, member: Member, before: State, stimulus: Cancelled, now: float) -> list[Instruction]:  # noqa: ARG002
        if member.job_ids and member.kill_at is None:
            member.kill_at = now + self._policy.cancel_grace_s
        return []

    def _condemned(self, member: Member, before: State, stimulus: Condemned, now: float) -> list[Instruction]:  # noqa: ARG002
        return self._kill(member, stimulus.why)

    def _died(self, member: Member, before: State, stimulus: Died, now: float) -> list[Instruction]:
        del self.members[member.id]
        if before in (State.STARTING, State.SPARE):
            self._failed_starts += 1
            self._spawn_at = now + respawn_delay_s(self._failed_starts)
        seat, member.seat = member.seat, None
        if seat is None:
            return []
        seat.member = None
        seat.restarts += 1
        seat.deaths_in_a_row += 1
        seat.open_at = now + respawn_delay_s(seat.deaths_in_a_row)
        seat.crashed_at = now
        reason = member.doom or stimulus.how
        return [Announce("crashed", seat.worker_id, member.pid, member.beat.device or None, reason, member.job_ids)]

    # -- what time asks for ----------------------------------------------------------------

    def _look_after(self, member: Member, now: float) -> list[Instruction]:
        if member.kill_at is not None and now >= member.kill_at:
            return self._kill(member, "it did not notice a cancel")
        if now < self._limit_of(member):
            return []
        if member.state in (State.READY, State.BUSY):
            self._set(member, State.SUSPECT, now, keep_since=True)
            return []
        return self._kill(member, _OVERDUE[member.state].format(limit_s=self._patience_s(member.state)))

    def _limit_of(self, member: Member) -> float:
        """When something has to be done about a member that gives no more signs."""
        if member.doom is not None or member.state is State.SPARE:
            return float("inf")
        if member.state in (State.READY, State.BUSY):
            return member.heard + self._policy.hang_after_s / 2
        start = member.heard if member.state is State.SUSPECT else member.since
        return start + self._patience_s(member.state)

    def _patience_s(self, state: State) -> float:
        policy = self._policy
        return {
            State.STARTING: policy.start_limit_s,
            State.JOINING: policy.join_limit_s,
            State.DRAINING: policy.drain_limit_s,
        }.get(state, policy.hang_after_s)

    def _kill(self, member: Member, why: str) -> list[Instruction]:
        if member.doom is not None:
            return []
        member.doom = why
        return [Kill(member.id, why)]

    def _is_too_large(self, beat: Beat) -> bool:
        policy = self._policy
        return (0 < policy.rss_limit_bytes < beat.rss_bytes) or (0 < policy.device_limit_bytes < beat.device_bytes)

    def _retire_outgrown(self, now: float) -> list[Instruction]:
        """Those that have grown too large, once a successor is there for each; or none comes."""
        done: list[Instruction] = []
        vacant = sum(seat.member is None for seat in self.seats)
        successors = sum(spare.doom is None for spare in self._in(State.SPARE)) - vacant
        for member in self.ready():
            if member.outgrown_at is None:
                continue
            late = self._goes_anyway(member) and now - member.outgrown_at >= self._policy.start_limit_s
            if successors > 0 or late:
                successors -= 1
                done += self._retire(member, now)
        return done

    def _goes_anyway(self, member: Member) -> bool:
        """Whether it is to be retired even if no successor comes; packs that do not start replace nobody."""
        return member.outgrown_at is not None and not member.outdated

    def _retire(self, member: Member, now: float) -> list[Instruction]:
        self._set(member, State.DRAINING, now)
        if member.seat is not None:
            member.seat.member, member.seat.restarts = None, member.seat.restarts + 1
            member.seat = None
        return [Retire(member.id)]

    def _fill_seats(self, now: float) -> list[Instruction]:
        done: list[Instruction] = []
        spares = iter([spare for spare in self._in(State.SPARE) if spare.doom is None])
        for seat in self.seats:
            if seat.member is None and now >= seat.open_at and (member := next(spares, None)) is not None:
                member.seat, seat.member = seat, member
                self._set(member, State.JOINING, now)
                done.append(Seat(member.id, seat.worker_id, seat.index))
        return done

    def _spawn_missing(self, now: float) -> list[Instruction]:
        if now < self._spawn_at:
            return []
        alive = [member for member in self.members.values() if member.state is not State.DRAINING]
        outgrown = sum(member.outgrown_at is not None for member in alive)
        done: list[Instruction] = []
        for _ in range(self._policy.size + self._policy.spares + outgrown - len(alive)):
            self._last_id += 1
            self.members[self._last_id] = Member(self._last_id, now, now)
            done.append(Spawn(self._last_id))
        return done

    def _in(self, state: State) -> Iterable[Member]:
        return (member for member in self.members.values() if member.state is state)

    def _set(self, member: Member, state: State, now: float, *, keep_since: bool = False) -> None:
        if state is not member.state:
            member.state = state
            member.since = member.since if keep_since else now


_EFFECTS: dict[type, Callable[..., list[Instruction]]] = {
    Greeted: Supervision._greeted,
    Beaten: Supervision._beaten,
    Assigned: Supervision._assigned,
    Released: Supervision._released,
    Cancelled: Supervision._cancelled,
    Condemned: Supervision._condemned,
    Died: Supervision._died,
}

_OVERDUE = {
    State.STARTING: "it did not introduce itself within {limit_s:g} s; its log says why",
    State.JOINING: "it did not begin within {limit_s:g} s of its welcome",
    State.SUSPECT: "it hung: no sign of life for {limit_s:g} s",
    State.DRAINING: "it did not end within {limit_s:g} s",
}


def respawn_delay_s(deaths_in_a_row: int) -> float:
    """Seconds before the next start: at once after one death, then 0.25 s doubling up to 30 s."""
    if deaths_in_a_row <= 1:
        return _FIRST_DELAY_S
    # Bounded before the power is taken: as a float it overflows at the 1,026th death.
    doublings = min(deaths_in_a_row - 2, _MAX_DOUBLINGS)
    return min(_BASE_DELAY_S * 2.0**doublings, _MAX_DELAY_S)
