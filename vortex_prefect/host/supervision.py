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

The seats of the base are there for ever. Those of a pack's environment are
opened when a job wants one (`want`), and closed when none has for a while, when
the environments' workers would become too many, or when their processes do not
start. Members and seats of different environments never meet.
"""

from __future__ import annotations

from collections.abc import Callable

from vortex_prefect.host.members import (
    BASE,
    TRANSITIONS,
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
)
from vortex_prefect.host.starts import Starts, respawn_delay_s
from vortex_prefect.wire.payloads import Beat

#: After so many processes in a row that did not start, whoever waits for one of that environment is told.
_MOST_FAILED_STARTS = 2
#: A worker that has just become ready is not let go before whoever waits for it has noticed.
_LEAST_IDLE_S = 0.1


class Supervision:
    """All members and seats of one host. Not thread-safe: whoever drives it holds a lock.

    `now` is any clock that does not go back, in seconds.
    """

    def __init__(self, host_id: str, policy: Policy) -> None:
        self._host_id = host_id
        self._policy = policy
        self.seats = [SeatRecord(f"{host_id}/{index}", index) for index in range(policy.size)]
        self.members: dict[int, Member] = {}
        self._last_id = 0
        self._starts = {BASE: Starts()}

    def handle(self, member_id: int, stimulus: Stimulus, now: float) -> list[Instruction]:
        """Take in what happened; what is to be done about it. Of a member that is gone, nothing is."""
        member = self.members.get(member_id)
        if member is None:
            return []
        before = member.state
        self._set(member, TRANSITIONS.get((before, type(stimulus)), before), now)
        done = _EFFECTS[type(stimulus)](self, member, before, stimulus, now)
        if isinstance(stimulus, Assigned | Released) and member.outgrown_at is None and not member.outdated:
            return done  # each job is both, and neither changes what is missing
        return [*done, *self.tick(now)]

    def renew(self, now: float) -> list[Instruction]:
        """The packs have changed: replace all of the base, each once its jobs have ended and a successor is there."""
        done = self._outdate([member for member in self.members.values() if member.environment == BASE], now)
        for member in self._members_of(BASE):
            if member.state is not State.DRAINING:
                member.outgrown_at = now
        # What kept processes from starting belongs to the old packs.
        self._starts[BASE] = Starts(not_before=now)
        return [*done, *self.tick(now)]

    def renew_environments(self, now: float) -> list[Instruction]:
        """The environments of packs are others: let all their members go, each once its jobs have ended."""
        guests = [member for member in self.members.values() if member.environment != BASE]
        done = self._outdate(guests, now)
        for seat in [seat for seat in self.seats if seat.environment != BASE and seat.member is None]:
            self.seats.remove(seat)
        self._starts = {BASE: self._starts[BASE], **{member.environment: Starts() for member in guests}}
        return [*done, *self.tick(now)]

    def _outdate(self, members: list[Member], now: float) -> list[Instruction]:
        """They get no new jobs; those that never had any end at once."""
        done: list[Instruction] = []
        for member in members:
            member.outdated = True
            if member.state in (State.STARTING, State.SPARE):
                self._set(member, State.DRAINING, now)
                done += self._kill(member, "its packs have changed")
        return done

    def tick(self, now: float) -> list[Instruction]:
        """What the passing of time asks for, and what is missing."""
        done: list[Instruction] = []
        for member in list(self.members.values()):
            done += self._look_after(member, now)
        done += self._close_idle(now)
        for environment in self._starts:
            done += self._retire_outgrown(environment, now)
            done += self._fill_seats(environment, now)
            done += self._spawn_missing(environment, now)
            done += self._retire_surplus(environment, now)
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
        moments += [self._idle_until(seat) for seat in self.seats]
        moments += [starts.not_before for starts in self._starts.values() if starts.not_before > now]
        return max(min(moments) - now, 0.0)

    def ready(self) -> list[Member]:
        """Members that can take a job."""
        members = [seat.member for seat in self.seats if seat.member is not None]
        return [member for member in members if member.state is State.READY and member.doom is None]

    # -- environments of packs -------------------------------------------------------------

    def want(self, environment: str, workers: int, now: float) -> list[Instruction]:
        """See to it that a pack's environment has so many workers, as far as there is room for them.

        For a seat more than the policy allows, the worker of another environment that was idle for longest leaves.
        """
        opened, done = self._seats_of(environment), []
        if not opened:
            self._starts[environment] = Starts()
        missing = min(workers, self._policy.size) - len(opened)
        for _ in range(missing):
            guests = [seat for seat in self.seats if seat.environment != BASE]
            # Not fewer than jobs can run at once: else one might wait for ever while others are at work.
            if len(guests) >= max(self._policy.environment_workers, self._policy.size):
                idle = [seat for seat in guests if seat.environment != environment and self._is_idle(seat)]
                if not idle:
                    break
                done += self._close(min(idle, key=self._idle_until), "another environment needs its place", now)
            index = next(i for i in range(self._policy.size) if i not in {seat.index for seat in opened})
            opened.append(SeatRecord(f"{self._host_id}/{environment}/{index}", index, environment))
            self.seats.append(opened[-1])
        return [*done, *self.tick(now)] if missing > 0 else []

    def failure(self, environment: str) -> str | None:
        """Why processes of a pack's environment do not start; null if they may."""
        starts = self._starts.get(environment)
        gave_up = starts is not None and starts.failed >= _MOST_FAILED_STARTS and not self._seats_of(environment)
        return starts.how if starts is not None and gave_up else None

    def _seats_of(self, environment: str) -> list[SeatRecord]:
        return [seat for seat in self.seats if seat.environment == environment]

    def _is_idle(self, seat: SeatRecord) -> bool:
        member = seat.member
        return member is not None and member.state is State.READY and member.doom is None

    def _idle_until(self, seat: SeatRecord) -> float:
        """When the worker of an environment will have had no job for too long."""
        if seat.environment == BASE or seat.member is None or not self._is_idle(seat):
            return float("inf")
        if seat.member.outdated:
            return seat.member.since
        return seat.member.since + max(self._policy.environment_idle_s, _LEAST_IDLE_S)

    def _close_idle(self, now: float) -> list[Instruction]:
        done: list[Instruction] = []
        for seat in [seat for seat in self.seats if now >= self._idle_until(seat)]:
            outdated = seat.member is not None and seat.member.outdated
            done += self._close(seat, "" if outdated else "it had no job for a while", now)
        return done

    def _close(self, seat: SeatRecord, why: str, now: float) -> list[Instruction]:
        self.seats.remove(seat)
        return self._retire(seat.member, now, why) if seat.member is not None else []

    def _retire_surplus(self, environment: str, now: float) -> list[Instruction]:
        """Spares for which an environment has no seat any more."""
        if environment == BASE:
            return []
        vacant = sum(seat.member is None for seat in self._seats_of(environment))
        vacant += sum(member.outgrown_at is not None for member in self._members_of(environment))
        spares = [spare for spare in self._members_of(environment, State.SPARE) if spare.doom is None]
        return [step for spare in spares[vacant:] for step in self._retire(spare, now, "it is not wanted any more")]

    # -- effects ---------------------------------------------------------------------------

    def _greeted(self, member: Member, before: State, stimulus: Greeted, now: float) -> list[Instruction]:  # noqa: ARG002
        self._starts[member.environment].failed = 0
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
            self._failed_start(member, stimulus.how, now)
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

    def _failed_start(self, member: Member, how: str, now: float) -> None:
        starts = self._starts[member.environment]
        starts.note_failure(member.doom or how, now)
        if member.environment != BASE and starts.failed >= _MOST_FAILED_STARTS:
            self.seats = [seat for seat in self.seats if seat.environment != member.environment or seat.member]

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

    def _retire_outgrown(self, environment: str, now: float) -> list[Instruction]:
        """Those that have grown too large, once a successor is there for each; or none comes."""
        done: list[Instruction] = []
        vacant = sum(seat.member is None for seat in self._seats_of(environment))
        successors = sum(spare.doom is None for spare in self._members_of(environment, State.SPARE)) - vacant
        for member in self.ready():
            if member.outgrown_at is None or member.environment != environment:
                continue
            late = self._goes_anyway(member) and now - member.outgrown_at >= self._policy.start_limit_s
            if successors > 0 or late:
                successors -= 1
                done += self._retire(member, now)
        return done

    def _goes_anyway(self, member: Member) -> bool:
        """Whether it is to be retired even if no successor comes; packs that do not start replace nobody."""
        return member.outgrown_at is not None and not member.outdated

    def _retire(self, member: Member, now: float, why: str = "") -> list[Instruction]:
        why = why or ("its packs have changed" if member.outdated else "it has grown too large")
        self._set(member, State.DRAINING, now)
        if member.seat is not None:
            member.seat.member, member.seat.restarts = None, member.seat.restarts + 1
            member.seat = None
        return [Retire(member.id, why)]

    def _fill_seats(self, environment: str, now: float) -> list[Instruction]:
        done: list[Instruction] = []
        spares = iter([spare for spare in self._members_of(environment, State.SPARE) if spare.doom is None])
        for seat in self._seats_of(environment):
            if seat.member is None and now >= seat.open_at and (member := next(spares, None)) is not None:
                member.seat, seat.member = seat, member
                self._set(member, State.JOINING, now)
                done.append(Seat(member.id, seat.worker_id, seat.index))
        return done

    def _spawn_missing(self, environment: str, now: float) -> list[Instruction]:
        if now < self._starts[environment].not_before:
            return []
        alive = [member for member in self._members_of(environment) if member.state is not State.DRAINING]
        wanted = len(self._seats_of(environment)) + (self._policy.spares if environment == BASE else 0)
        wanted += sum(member.outgrown_at is not None for member in alive)
        done: list[Instruction] = []
        for _ in range(wanted - len(alive)):
            self._last_id += 1
            self.members[self._last_id] = Member(self._last_id, now, now, environment)
            done.append(Spawn(self._last_id, environment))
        return done

    def _members_of(self, environment: str, state: State | None = None) -> list[Member]:
        members = [member for member in self.members.values() if member.environment == environment]
        return [member for member in members if member.state is state] if state is not None else members

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
