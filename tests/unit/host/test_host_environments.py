"""Members and seats of packs' environments: opened when they are wanted, closed when they are not, never mixed."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from vortex_prefect.host.members import (
    BASE,
    Assigned,
    Beaten,
    Cancelled,
    Died,
    Greeted,
    Instruction,
    Kill,
    Policy,
    Released,
    Retire,
    Seat,
    Spawn,
    State,
    Stimulus,
)
from vortex_prefect.host.supervision import Supervision
from vortex_prefect.wire.payloads import Beat

IDLE_S = 60.0
BEATEN, LARGE, DIED = Beaten(Beat(1, 50, "cpu")), Beaten(Beat(2, 101, "cpu")), Died("exit status 1")


def _policy(size: int = 2, environment_workers: int = 2, start_limit_s: float = 20.0) -> Policy:
    return Policy(
        size,
        spares=1,
        hang_after_s=8.0,
        start_limit_s=start_limit_s,
        rss_limit_bytes=100,
        environment_workers=environment_workers,
        environment_idle_s=IDLE_S,
    )


class Scene:
    """A machine with a clock, whose base is at work: members 1 and 2 are seated, 3 is its spare."""

    def __init__(self, **policy: int) -> None:
        self.machine = Supervision("h", _policy(**policy))
        self.now = 1000.0
        base = [step.member for step in self.machine.tick(self.now) if isinstance(step, Spawn)]
        for member in base:
            self.tell(member, Greeted(), BEATEN)

    def tell(self, member: int, *stimuli: Stimulus) -> list[Instruction]:
        return [step for each in stimuli for step in self.machine.handle(member, each, self.now)]

    def want(self, environment: str, workers: int = 1) -> list[Instruction]:
        return self.machine.want(environment, workers, self.now)

    def wait(self, seconds: float) -> list[Instruction]:
        """Time passes, in which all give signs of life."""
        done: list[Instruction] = []
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 1, end)
            for member in list(self.machine.members.values()):
                if member.state in (State.READY, State.BUSY):
                    done += self.tell(member.id, BEATEN)
            done += self.machine.tick(self.now)
        return done

    def begun(self, environment: str) -> int:
        """A worker of that environment that is ready; its member."""
        (spawn,) = [step for step in self.want(environment) if isinstance(step, Spawn)]
        self.tell(spawn.member, Greeted(), BEATEN)
        return spawn.member

    def seats(self) -> list[str]:
        return [seat.worker_id for seat in self.machine.seats if seat.environment != BASE]


def test_nothing_is_started_in_an_environment_before_it_is_wanted() -> None:
    scene = Scene()
    assert {member.environment for member in scene.machine.members.values()} == {BASE}
    assert scene.want("a") == [Spawn(4, "a")]
    assert scene.tell(4, Greeted()) == [Seat(4, "h/a/0", 0)]
    assert scene.want("a") == []


def test_a_spare_of_the_base_takes_no_seat_of_an_environment_nor_the_other_way_round() -> None:
    scene = Scene()
    scene.want("a")
    assert scene.machine.members[3].state is State.SPARE
    assert scene.tell(1, DIED)[1:] == [Seat(3, "h/0", 0), Spawn(5)]
    assert scene.tell(4, Greeted()) == [Seat(4, "h/a/0", 0)]


def test_as_many_as_are_wanted_and_no_more_than_the_host_has_workers() -> None:
    scene = Scene(size=2, environment_workers=8)
    assert scene.want("a", 5) == [Spawn(4, "a"), Spawn(5, "a")]
    assert scene.seats() == ["h/a/0", "h/a/1"]


def test_who_dies_at_work_has_a_successor_in_the_same_environment() -> None:
    scene = Scene()
    member = scene.begun("a")
    scene.tell(member, Assigned(("job",)))
    assert scene.tell(member, DIED)[1:] == [Spawn(5, "a")]
    assert scene.seats() == ["h/a/0"]


def test_who_had_no_job_for_long_is_let_go_and_its_seat_is_closed() -> None:
    scene = Scene()
    member = scene.begun("a")
    scene.wait(IDLE_S / 2)
    scene.tell(member, Assigned(("job",)))
    assert scene.wait(2 * IDLE_S) == []  # it is at work
    scene.tell(member, Released())
    assert scene.wait(IDLE_S - 1) == []
    assert scene.machine.due(scene.now) <= 1
    assert scene.wait(1) == [Retire(member, "it had no job for a while")]
    assert scene.seats() == []
    assert scene.tell(member, DIED) == []  # nobody follows it


def test_the_base_is_never_let_go_for_want_of_work() -> None:
    scene = Scene()
    assert scene.wait(3 * IDLE_S) == []


def test_one_more_environment_takes_the_place_of_the_one_that_was_idle_for_longest() -> None:
    scene = Scene(environment_workers=2)
    first = scene.begun("a")
    scene.wait(2)
    second = scene.begun("b")
    scene.wait(2)
    scene.tell(first, Assigned(("job",)), Released())
    done = scene.want("c")
    assert done == [Retire(second, "another environment needs its place"), Spawn(6, "c")]
    assert scene.seats() == ["h/a/0", "h/c/0"]


def test_who_is_at_work_keeps_his_place() -> None:
    scene = Scene(size=1, environment_workers=1)
    member = scene.begun("a")
    scene.tell(member, Assigned(("job",)))
    assert scene.want("b") == []
    scene.tell(member, Released())
    assert scene.want("b") == [Retire(member, "another environment needs its place"), Spawn(4, "b")]


def test_as_many_environments_as_jobs_can_run_at_once_have_room_whatever_the_limit_is() -> None:
    scene = Scene(size=2, environment_workers=1)
    scene.tell(scene.begun("a"), Assigned(("job",)))
    assert scene.want("b") == [Spawn(5, "b")]


def test_an_environment_in_which_nothing_starts_is_given_up_until_it_is_wanted_again() -> None:
    scene = Scene()
    scene.want("a")
    assert scene.tell(4, Died("exit status 3; no such library")) == [Spawn(5, "a")]
    assert scene.machine.failure("a") is None
    assert scene.tell(5, Died("exit status 3; no such library")) == []
    assert scene.machine.failure("a") == "exit status 3; no such library"
    assert scene.wait(IDLE_S) == []
    assert scene.want("a") == [Spawn(6, "a")]
    assert scene.machine.failure("a") is None


def test_starts_that_fail_in_an_environment_hold_up_nobody_else() -> None:
    scene = Scene()
    scene.want("a")
    scene.tell(4, DIED)
    scene.tell(5, DIED)
    assert scene.tell(1, DIED)[1:] == [Seat(3, "h/0", 0), Spawn(6)]
    assert scene.machine.failure(BASE) is None


def test_a_process_whose_seat_was_closed_meanwhile_is_let_go() -> None:
    scene = Scene(size=2)
    scene.want("a", 2)
    scene.tell(4, DIED)  # its successor is 6
    scene.tell(6, DIED)
    assert scene.seats() == []
    assert scene.tell(5, Greeted()) == [Retire(5, "it is not wanted any more")]


def test_who_has_grown_too_large_leaves_once_a_successor_of_its_environment_is_there() -> None:
    scene = Scene()
    member = scene.begun("a")
    assert scene.tell(member, LARGE) == [Spawn(5, "a")]
    assert scene.tell(5, Greeted()) == [Retire(member), Seat(5, "h/a/0", 0)]


def test_of_other_packs_idle_workers_of_environments_leave_and_others_once_their_job_has_ended() -> None:
    scene = Scene(environment_workers=4)
    idle, busy = scene.begun("a"), scene.begun("b")
    scene.tell(busy, Assigned(("job",)))
    scene.want("c")
    why = "its packs have changed"
    done = scene.machine.renew_environments(scene.now)
    assert Retire(idle, why) in done
    assert Kill(6, why) in done
    assert scene.seats() == ["h/b/0"]
    assert scene.tell(busy, Released()) == [Retire(busy, why)]
    assert scene.seats() == []


def test_other_packs_are_not_held_against_the_failures_of_the_old_ones() -> None:
    scene = Scene()
    scene.want("a")
    scene.tell(4, DIED)
    scene.tell(5, DIED)
    assert scene.machine.failure("a") is not None
    scene.machine.renew_environments(scene.now)
    assert scene.machine.failure("a") is None


# -- a model -----------------------------------------------------------------------------------

SIZE, GUESTS = 2, 3
PICK = st.integers(0, 9)


class EnvironmentModel(RuleBasedStateMachine):
    """Processes of three environments that do whatever they like."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = Supervision("h", _policy(SIZE, GUESTS))
        self.now = 1000.0
        self.environment: dict[int, str] = {}
        self.doomed: set[int] = set()
        self.jobs = 0

    def carry_out(self, done: Sequence[Instruction]) -> None:
        for step in done:
            match step:
                case Spawn(member, environment):
                    assert member not in self.environment
                    self.environment[member] = environment
                case Seat(member, worker_id, index):
                    environment = self.environment[member]
                    assert worker_id == (f"h/{environment}/{index}" if environment else f"h/{index}")
                case Retire(member, why):
                    assert self.machine.members[member].job_ids == ()
                    assert self.environment[member] != BASE or why in (
                        "it has grown too large",
                        "its packs have changed",
                    )
                case Kill(member):
                    self.doomed.add(member)

    def tell(self, member: int, stimulus: Stimulus) -> None:
        self.carry_out(self.machine.handle(member, stimulus, self.now))

    def settle(self) -> None:
        for _ in range(8):
            self.carry_out(self.machine.tick(self.now))
            if self.machine.due(self.now) > 0:
                return
        raise AssertionError("the next look is due at once, for ever")

    @initialize()
    def start(self) -> None:
        self.settle()

    @rule(environment=st.sampled_from(["a", "b", "c"]), workers=st.integers(1, 3))
    def want(self, environment: str, workers: int) -> None:
        self.carry_out(self.machine.want(environment, workers, self.now))

    @rule(pick=PICK, stimulus=st.sampled_from([Greeted(), BEATEN, LARGE, Cancelled(), DIED]))
    def happen(self, pick: int, stimulus: Stimulus) -> None:
        members = list(self.machine.members.values())
        member = members[pick % len(members)] if members else None
        if member is None:
            return
        fits = {
            Greeted: member.state is State.STARTING,
            Beaten: member.seat is not None,
        }
        if fits.get(type(stimulus), True):
            self.tell(member.id, stimulus)

    @rule(pick=PICK)
    def work(self, pick: int) -> None:
        members = self.machine.ready()
        if members:
            self.jobs += 1
            self.tell(members[pick % len(members)].id, Assigned((f"job {self.jobs}",)))

    @rule(pick=PICK)
    def finish(self, pick: int) -> None:
        members = [member for member in self.machine.members.values() if member.job_ids]
        if members:
            self.tell(members[pick % len(members)].id, Released())

    @rule(base=st.booleans())
    def renew(self, base: bool) -> None:
        self.carry_out(self.machine.renew(self.now) if base else self.machine.renew_environments(self.now))

    @rule(seconds=st.sampled_from([0.25, 3.0, 10.0, 2 * IDLE_S]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.settle()

    @invariant()
    def seats_are_as_many_as_there_may_be(self) -> None:
        guests = [seat for seat in self.machine.seats if seat.environment != BASE]
        assert len(guests) <= GUESTS
        assert len({seat.worker_id for seat in self.machine.seats}) == len(self.machine.seats)
        assert [seat.worker_id for seat in self.machine.seats if seat.environment == BASE] == ["h/0", "h/1"]
        for environment in ("a", "b", "c"):
            assert sum(seat.environment == environment for seat in guests) <= SIZE

    @invariant()
    def members_sit_in_their_own_environment(self) -> None:
        for seat in self.machine.seats:
            if seat.member is not None:
                assert self.environment[seat.member.id] == seat.environment
                assert seat.member.seat is seat
        for member in self.machine.members.values():
            assert member.seat is None or member.seat in self.machine.seats

    @invariant()
    def a_worker_with_a_job_has_a_seat(self) -> None:
        assert all(member.seat is not None for member in self.machine.members.values() if member.job_ids)

    def teardown(self) -> None:
        """When all behave from now on, the base is whole, and what is wanted is there: one of `a`, and no spares."""
        for _ in range(40):
            self.now += 2
            self.settle()
            self.carry_out(self.machine.want("a", 1, self.now))
            for member in list(self.machine.members.values()):
                self.behave(member.id)
        ready = [member.environment for member in self.machine.ready()]
        assert ready.count(BASE) == SIZE
        assert ready.count("a") >= 1
        guests = [member for member in self.machine.members.values() if member.environment != BASE]
        assert all(member.seat is not None for member in guests)

    def behave(self, member_id: int) -> None:
        member = self.machine.members[member_id]
        if member_id in self.doomed or member.state is State.DRAINING:
            self.tell(member_id, DIED)
            return
        if member.state is State.STARTING:
            self.tell(member_id, Greeted())
        if member.job_ids:
            self.tell(member_id, Released())
        if member.seat is not None:
            self.tell(member_id, BEATEN)


TestEnvironmentModel = EnvironmentModel.TestCase
