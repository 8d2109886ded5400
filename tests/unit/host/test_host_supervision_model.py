"""The workers of a host without a process, under any stimuli: a model of processes that do whatever they like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.host.supervised import (
    CONDEMNED,
    DIED,
    DRAIN_S,
    DRAINING,
    GRACE_S,
    HANG_S,
    JOIN_S,
    START_S,
    small_policy,
)
from vortex_prefect.host.members import (
    Announce,
    Assigned,
    Beaten,
    Cancelled,
    Greeted,
    Instruction,
    Kill,
    Released,
    Retire,
    Seat,
    Spawn,
    Stimulus,
)
from vortex_prefect.host.supervision import Supervision
from vortex_prefect.wire.payloads import Beat

SIZE, SPARES = 2, 1
PICK = st.integers(0, 5)


@dataclass(eq=False)
class Process:
    """What the model knows of one: what it did, and what was done to it."""

    id: int
    #: When it was started, welcomed or retired: the last of them.
    since: float
    heard: float = 0.0
    greeted: bool = False
    seat: str | None = None
    beaten: bool = False
    large: bool = False
    retired: bool = False
    killed: str | None = None
    jobs: tuple[str, ...] = ()
    cancelled_at: float | None = None


class HostModel(RuleBasedStateMachine):
    """Processes that do whatever they like, and a check of each instruction that comes of it.

    All times are multiples of a quarter of a second, so that sums of them are exact.
    """

    def __init__(self) -> None:
        super().__init__()
        self.machine = Supervision("h", small_policy(SIZE, SPARES))
        self.now = 1000.0
        self.alive: dict[int, Process] = {}
        self.spawned = 0
        self.count = 0
        self.failed_at = self.now - 100
        self.crashed_at: dict[str, float] = {}

    # -- what the machine asks for

    def carry_out(self, done: Sequence[Instruction]) -> list[Announce]:
        for step in done:
            match step:
                case Spawn(member):
                    assert member == self.spawned + 1, "not a fresh member"
                    self.spawned = member
                    self.alive[member] = Process(member, self.now)
                case Seat(member, worker_id, index):
                    process = self.alive[member]
                    assert worker_id == f"h/{index}"
                    assert process.greeted
                    assert process.seat is None
                    assert process.killed is None
                    assert not process.jobs
                    assert not process.retired
                    assert all(other.seat != worker_id for other in self.alive.values()), "two in one seat"
                    process.seat, process.since = worker_id, self.now
                case Retire(member):
                    process = self.alive[member]
                    assert process.large
                    assert process.beaten
                    assert not process.jobs
                    assert not process.retired
                    process.seat, process.retired, process.since = None, True, self.now
                case Kill(member, why):
                    self.check_kill(self.alive[member], why)
                    self.alive[member].killed = why
        return [step for step in done if isinstance(step, Announce)]

    def check_kill(self, process: Process, why: str) -> None:
        assert process.killed is None, "killed twice"
        if "cancel" in why:
            assert process.cancelled_at is not None
            assert self.now >= process.cancelled_at + GRACE_S
        elif "hung" in why:
            assert process.beaten
            assert self.now >= process.heard + HANG_S
        elif "introduce" in why:
            assert not process.greeted
            assert self.now >= process.since + START_S
        elif "begin" in why:
            assert process.seat is not None
            assert not process.beaten
            assert self.now >= process.since + JOIN_S
        elif "end within" in why:
            assert process.retired
            assert self.now >= process.since + DRAIN_S
        else:
            assert why == "it is unfit"

    def tell(self, process: Process, stimulus: Stimulus) -> list[Announce]:
        return self.carry_out(self.machine.handle(process.id, stimulus, self.now))

    def settle(self) -> None:
        """Tick until nothing is due any more: that must not take for ever."""
        for _ in range(6):
            assert self.carry_out(self.machine.tick(self.now)) == []
            if self.machine.due(self.now) > 0:
                return
        raise AssertionError("the next look is due at once, for ever")

    def choose(self, number: int, *, job: bool | None = None) -> Process | None:
        found = [each for each in self.alive.values() if job is None or bool(each.jobs) is job]
        return found[number % len(found)] if found else None

    # -- what happens

    @initialize()
    def start(self) -> None:
        self.settle()

    @rule(pick=PICK)
    def greet(self, pick: int) -> None:
        starting = [each for each in self.alive.values() if not each.greeted]
        if starting:
            process = starting[pick % len(starting)]
            process.greeted = True
            self.tell(process, Greeted())

    @rule(pick=PICK, large=st.sampled_from([False, False, True]))
    def beat(self, pick: int, large: bool = False) -> None:
        seated = [each for each in self.alive.values() if each.seat is not None]
        if seated:
            self.beat_of(seated[pick % len(seated)], large)

    def beat_of(self, process: Process, large: bool) -> None:
        first, process.beaten, process.heard = not process.beaten, True, self.now
        process.large |= large
        seat = process.seat or ""
        told = self.tell(process, Beaten(Beat(1, 101 if large else 50, "cpu")))
        crashed_at = self.crashed_at.pop(seat, None) if first else None
        if not first:
            assert told == []
        elif crashed_at is None:
            assert told == [Announce("spawned", seat, None, "cpu")]
        else:
            assert told == [Announce("recovered", seat, None, "cpu", down_s=self.now - crashed_at)]

    @rule(pick=PICK)
    def assign(self, pick: int) -> None:
        ready = [self.alive[member.id] for member in self.machine.ready()]
        ready = [process for process in ready if process.killed is None]
        if ready:
            self.count += 1
            process = ready[pick % len(ready)]
            process.jobs, process.heard = (f"job {self.count}",), self.now
            assert self.tell(process, Assigned(process.jobs)) == []

    @rule(pick=PICK)
    def release(self, pick: int) -> None:
        if (process := self.choose(pick, job=True)) is not None:
            process.jobs, process.cancelled_at, process.heard = (), None, self.now
            assert self.tell(process, Released()) == []

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        if (process := self.choose(pick)) is not None:
            if process.jobs and process.cancelled_at is None:
                process.cancelled_at = self.now
            assert self.tell(process, Cancelled()) == []

    @rule(pick=PICK)
    def condemn(self, pick: int) -> None:
        if (process := self.choose(pick)) is not None:
            assert self.tell(process, CONDEMNED) == []
            assert process.killed is not None

    @rule(pick=PICK)
    def die(self, pick: int) -> None:
        if (process := self.choose(pick)) is not None:
            self.death_of(process)

    def death_of(self, process: Process) -> None:
        del self.alive[process.id]
        if process.seat is None and not process.retired:
            self.failed_at = self.now
        told = self.tell(process, DIED)
        if process.seat is None:
            assert told == []
            return
        device = "cpu" if process.beaten else None
        reason = process.killed or "exit status 1"
        assert told == [Announce("crashed", process.seat, None, device, reason, process.jobs)]
        self.crashed_at[process.seat] = self.now

    @rule()
    def all_are_well(self) -> None:
        """Without it they would hardly ever live long enough to be interesting."""
        for process in list(self.alive.values()):
            if not process.greeted:
                process.greeted = True
                self.tell(process, Greeted())
        for process in list(self.alive.values()):
            if process.seat is not None:
                self.beat_of(process, large=False)

    @rule()
    def wait_until_something_is_due(self) -> None:
        self.now += self.machine.due(self.now)
        self.settle()

    @rule(seconds=st.sampled_from([0.25, 1.0, 3.0, 10.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.settle()

    # -- what must be so, whatever happened

    @invariant()
    def the_machine_and_the_model_know_the_same_processes(self) -> None:
        assert self.machine.members.keys() == self.alive.keys()
        for member in self.machine.members.values():
            process = self.alive[member.id]
            assert (member.seat.worker_id if member.seat else None) == process.seat
            assert member.job_ids == process.jobs
            assert (member.state is DRAINING) is process.retired
        for seat in self.machine.seats:
            assert seat.member is None or seat.member.seat is seat

    @invariant()
    def there_are_no_more_processes_than_are_wanted(self) -> None:
        here = [process for process in self.alive.values() if not process.retired]
        assert len(here) <= SIZE + SPARES + sum(process.large for process in here)

    @invariant()
    def each_seat_has_a_member_or_one_is_on_its_way(self) -> None:
        if self.now < self.failed_at + 30:
            return
        vacant = sum(seat.member is None for seat in self.machine.seats)
        coming = sum(process.seat is None and not process.retired for process in self.alive.values())
        assert vacant <= coming

    @invariant()
    def only_who_is_well_and_free_is_ready(self) -> None:
        for member in self.machine.ready():
            process = self.alive[member.id]
            assert process.seat is not None
            assert process.beaten
            assert not process.jobs

    @invariant()
    def nobody_outlives_a_limit(self) -> None:
        for process in self.alive.values():
            if process.killed is not None:
                continue
            if not process.greeted:
                limit = process.since + START_S
            elif process.retired:
                limit = process.since + DRAIN_S
            elif process.seat is None:
                continue
            else:
                limit = process.heard + HANG_S if process.beaten else process.since + JOIN_S
            assert self.now < limit
            assert process.cancelled_at is None or self.now < process.cancelled_at + GRACE_S

    @invariant()
    def the_next_look_is_never_further_away_than_a_hang(self) -> None:
        assert 0 <= self.machine.due(self.now) <= HANG_S

    def teardown(self) -> None:
        """When all behave from now on, all seats are taken soon, and there are as many processes as wanted."""
        for _ in range(30):
            for process in list(self.alive.values()):
                self.behave(process)
            self.now += 2
            self.settle()
        for process in list(self.alive.values()):
            self.behave(process)
        assert len(self.machine.ready()) == SIZE
        assert len(self.alive) == SIZE + SPARES

    def behave(self, process: Process) -> None:
        if process.killed is not None or process.retired:
            self.death_of(process)
            return
        if not process.greeted:
            process.greeted = True
            self.tell(process, Greeted())
        if process.jobs:
            process.jobs, process.cancelled_at, process.heard = (), None, self.now
            self.tell(process, Released())
        if process.seat is not None:
            self.beat_of(process, large=False)


TestHostModel = HostModel.TestCase
TestHostModel.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
