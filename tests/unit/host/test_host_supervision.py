"""The workers of a host without a process: a table of their transitions, and their rules."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.unit.host.supervised import (
    ASSIGNED,
    BEATEN,
    BUSY,
    CANCELLED,
    CONDEMNED,
    DEAD,
    DIED,
    DRAIN_S,
    DRAINING,
    GRACE_S,
    GREETED,
    HANG_S,
    JOIN_S,
    JOINING,
    LARGE,
    READY,
    RELEASED,
    SPARE,
    START_S,
    STARTING,
    SUSPECT,
    small_policy,
)
from vortex_prefect.host.members import (
    TRANSITIONS,
    Announce,
    Assigned,
    Beaten,
    Condemned,
    Died,
    Instruction,
    Kill,
    Member,
    Policy,
    Retire,
    Seat,
    SeatRecord,
    Spawn,
    State,
    Stimulus,
)
from vortex_prefect.host.starts import respawn_delay_s
from vortex_prefect.host.supervision import Supervision
from vortex_prefect.wire.payloads import Beat


class Scene:
    """A machine with a clock. Its first tick is done: members 1, 2, … are starting."""

    def __init__(self, size: int = 1, spares: int = 0, policy: Policy | None = None) -> None:
        self.machine = Supervision("h", policy or small_policy(size, spares))
        self.now = 1000.0
        self.first = self.tick()

    def tick(self) -> list[Instruction]:
        return self.machine.tick(self.now)

    def wait(self, seconds: float) -> list[Instruction]:
        self.now += seconds
        return self.tick()

    def tell(self, member: int, *stimuli: Stimulus) -> list[Instruction]:
        done: list[Instruction] = []
        for stimulus in stimuli:
            done += self.machine.handle(member, stimulus, self.now)
        return done

    def member(self, member: int) -> Member:
        return self.machine.members[member]

    def state(self, member: int) -> State:
        found = self.machine.members.get(member)
        return DEAD if found is None else found.state

    def seat(self, index: int = 0) -> SeatRecord:
        return self.machine.seats[index]


def _scene(state: State) -> tuple[Scene, int]:
    """A host of one worker and one spare, with one member in that state: the second if the seat is not for it."""
    scene = Scene(size=1, spares=1)
    if state is DEAD:
        scene.tell(1, DIED)
        return scene, 1
    scene.tell(1, GREETED)
    if state is not JOINING:
        scene.tell(1, BEATEN)
    if state is BUSY:
        scene.tell(1, ASSIGNED)
    elif state is SUSPECT:
        scene.tell(2, GREETED)
        scene.wait(HANG_S / 2)
    elif state is SPARE:
        scene.tell(2, GREETED)
    elif state is DRAINING:
        scene.tell(2, GREETED)
        scene.tell(1, LARGE)
    member = 2 if state in (STARTING, SPARE) else 1
    assert scene.state(member) is state
    return scene, member


CRASHED = Announce("crashed", "h/0", None, "cpu", "exit status 1")

#: State and stimulus → state that follows, and what is to be done. What is not here changes nothing.
TABLE: dict[tuple[State, Stimulus], tuple[State, list[Instruction]]] = {
    (STARTING, GREETED): (SPARE, []),
    (JOINING, BEATEN): (READY, [Announce("spawned", "h/0", None, "cpu")]),
    (READY, ASSIGNED): (BUSY, []),
    (BUSY, RELEASED): (READY, []),
    (SUSPECT, RELEASED): (READY, []),
    (SUSPECT, BEATEN): (READY, []),
    (STARTING, CONDEMNED): (STARTING, [Kill(2, "it is unfit")]),
    (SPARE, CONDEMNED): (SPARE, [Kill(2, "it is unfit")]),
    **{
        (state, CONDEMNED): (state, [Kill(1, "it is unfit")])
        for state in (JOINING, READY, BUSY, SUSPECT, DRAINING)
    },
    (STARTING, DIED): (DEAD, [Spawn(3)]),
    (SPARE, DIED): (DEAD, [Spawn(3)]),
    (JOINING, DIED): (DEAD, [Announce("crashed", "h/0", None, None, "exit status 1"), Spawn(3)]),
    (READY, DIED): (DEAD, [CRASHED, Spawn(3)]),
    (BUSY, DIED): (DEAD, [Announce("crashed", "h/0", None, "cpu", "exit status 1", ("job",)), Spawn(3)]),
    (SUSPECT, DIED): (DEAD, [CRASHED, Seat(2, "h/0", 0), Spawn(3)]),
    (DRAINING, DIED): (DEAD, []),
}  # fmt: skip


@pytest.mark.parametrize(
    "stimulus",
    [GREETED, BEATEN, ASSIGNED, RELEASED, CANCELLED, CONDEMNED, DIED],
    ids=lambda stimulus: type(stimulus).__name__,
)
@pytest.mark.parametrize("before", list(State))
def test_each_stimulus_changes_only_the_states_that_it_may(before: State, stimulus: Stimulus) -> None:
    scene, member = _scene(before)
    others = {other: scene.state(other) for other in scene.machine.members if other != member}
    after, expected = TABLE.get((before, stimulus), (before, []))
    if isinstance(stimulus, Assigned) and before not in (READY, DEAD):
        with pytest.raises(ValueError, match=f"a {before} worker takes no job"):
            scene.tell(member, stimulus)
    else:
        assert scene.tell(member, stimulus) == expected
    assert scene.state(member) is after
    seated = {step.member for step in expected if isinstance(step, Seat)}
    assert all(scene.state(other) is (JOINING if other in seated else was) for other, was in others.items())


def test_the_table_of_transitions_names_no_state_that_is_left_after_death() -> None:
    assert all(before is not DEAD for before, _ in TRANSITIONS)
    assert {before for before, stimulus in TRANSITIONS if stimulus is Died} == set(State) - {DEAD}


def test_the_first_tick_starts_all_workers_and_spares_and_the_next_none() -> None:
    scene = Scene(size=2, spares=1)
    assert scene.first == [Spawn(1), Spawn(2), Spawn(3)]
    assert scene.tick() == []


def test_whoever_introduces_itself_first_gets_the_first_seat() -> None:
    scene = Scene(size=2)
    assert scene.tell(2, GREETED) == [Seat(2, "h/0", 0)]
    assert scene.tell(1, GREETED) == [Seat(1, "h/1", 1)]
    assert (scene.state(1), scene.state(2)) == (JOINING, JOINING)
    assert scene.machine.ready() == []


def test_a_worker_is_ready_and_announced_with_its_first_beat_only() -> None:
    scene = Scene()
    scene.tell(1, GREETED)
    scene.member(1).pid = 77
    assert scene.tell(1, BEATEN) == [Announce("spawned", "h/0", 77, "cpu")]
    assert scene.tell(1, BEATEN) == []
    assert scene.machine.ready() == [scene.member(1)]
    assert scene.seat().member is scene.member(1)


def test_who_is_ready_is_told_in_the_order_of_the_seats() -> None:
    scene = Scene(size=2)
    for member in (2, 1):
        scene.tell(member, GREETED, BEATEN)
    assert [member.id for member in scene.machine.ready()] == [2, 1]
    scene.tell(2, ASSIGNED)
    assert [member.id for member in scene.machine.ready()] == [1]


def test_a_spare_takes_over_at_once_and_is_replaced() -> None:
    scene = Scene(spares=1)
    scene.tell(1, GREETED, BEATEN)
    assert scene.tell(2, GREETED) == []
    assert scene.tell(1, DIED) == [CRASHED, Seat(2, "h/0", 0), Spawn(3)]


def test_a_crash_is_announced_with_its_reason_its_jobs_and_its_process() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, Assigned(("one", "two")))
    scene.member(1).pid = 77
    assert scene.tell(1, Died("signal 11"))[0] == Announce("crashed", "h/0", 77, "cpu", "signal 11", ("one", "two"))


def test_the_reason_of_a_death_that_we_decided_is_why_we_did() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, Condemned("it floods the host"))
    assert scene.tell(1, Died("signal 9"))[0] == Announce("crashed", "h/0", None, "cpu", "it floods the host")


def test_a_recovery_says_how_long_the_worker_was_away() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, DIED)
    scene.now += 2.5
    assert scene.tell(2, GREETED, BEATEN) == [
        Seat(2, "h/0", 0),
        Announce("recovered", "h/0", None, "cpu", down_s=2.5),
    ]
    assert scene.seat().restarts == 1


def test_a_worker_that_recovered_once_is_not_said_to_recover_with_each_successor() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, DIED)
    scene.tell(2, GREETED, BEATEN, LARGE)
    scene.tell(3, GREETED)
    assert scene.tell(3, BEATEN) == [Announce("spawned", "h/0", None, "cpu")]


def _die_again_and_again(scene: Scene, times: int) -> list[float]:
    """How long the seat stayed vacant each time, with a member always waiting for it."""
    waits = []
    for _ in range(times):
        current = scene.seat().member
        assert current is not None
        scene.tell(current.id, DIED)
        died_at = scene.now
        for member in list(scene.machine.members.values()):
            if member.state is STARTING:
                scene.tell(member.id, GREETED)
        while (successor := scene.seat().member) is None:
            scene.wait(scene.machine.due(scene.now))
        waits.append(scene.now - died_at)
        scene.tell(successor.id, BEATEN)
    return waits


def test_only_a_finished_job_makes_up_for_deaths() -> None:
    scene = Scene(policy=Policy(1, hang_after_s=1e6))
    scene.tell(1, GREETED, BEATEN)
    assert _die_again_and_again(scene, 12) == [0, 0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]
    member = scene.seat().member
    assert member is not None
    scene.tell(member.id, ASSIGNED)
    assert scene.seat().deaths_in_a_row == 12
    scene.tell(member.id, RELEASED)
    assert _die_again_and_again(scene, 3) == [0, 0.25, 0.5]
    assert scene.seat().restarts == 15


def test_a_member_that_dies_with_a_job_does_not_make_up_for_deaths() -> None:
    scene = Scene(policy=Policy(1, hang_after_s=1e6))
    scene.tell(1, GREETED, BEATEN, ASSIGNED, DIED)
    scene.tell(2, GREETED, BEATEN, ASSIGNED, DIED)
    assert scene.seat().deaths_in_a_row == 2


def test_a_seat_that_waits_keeps_no_other_seat_from_being_taken() -> None:
    scene = Scene(size=2)
    scene.tell(1, GREETED, BEATEN, DIED)
    scene.tell(3, GREETED, DIED)
    assert scene.seat(0).open_at == scene.now + 0.25
    assert scene.tell(2, GREETED) == [Seat(2, "h/1", 1)]
    assert scene.tell(4, GREETED) == []
    assert scene.machine.due(scene.now) == 0.25
    assert scene.wait(0.25) == [Seat(4, "h/0", 0)]


def test_processes_that_die_at_their_start_are_started_ever_more_slowly() -> None:
    scene = Scene(policy=Policy(1, hang_after_s=1e6, start_limit_s=1e6))
    waits = []
    for number in range(1, 10):
        done, died_at = scene.tell(number, DIED), scene.now
        while not done:
            done = scene.wait(scene.machine.due(scene.now))
        assert done == [Spawn(number + 1)]
        waits.append(scene.now - died_at)
    assert waits == [0, 0.25, 0.5, 1, 2, 4, 8, 16, 30]
    scene.tell(10, GREETED)
    assert scene.tell(10, DIED)[-1] == Spawn(11), "a process that introduced itself shows that starting works"
    assert scene.tell(11, DIED) == [Spawn(12)]


def test_spares_that_die_one_after_the_other_are_replaced_ever_more_slowly() -> None:
    scene = Scene(spares=2)
    for member in (1, 2, 3):
        scene.tell(member, GREETED)
    assert scene.tell(2, DIED) == [Spawn(4)]
    assert scene.tell(3, DIED) == []
    assert scene.wait(0.25) == [Spawn(5)]


def test_a_failed_start_is_no_crash_of_a_worker() -> None:
    scene = Scene()
    assert scene.tell(1, DIED) == [Spawn(2)]
    assert (scene.seat().restarts, scene.seat().deaths_in_a_row) == (0, 0)


def test_delays_grow_and_are_bounded() -> None:
    delays = [respawn_delay_s(deaths) for deaths in range(2_000)]
    assert all(earlier <= later for earlier, later in pairwise(delays))
    assert (delays[0], delays[1], delays[-1]) == (0, 0, 30)


@pytest.mark.parametrize("job", [False, True])
def test_a_silent_worker_is_suspect_gets_no_job_and_comes_back_with_a_beat(job: bool) -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN)
    if job:
        scene.tell(1, ASSIGNED)
    expected = BUSY if job else READY
    assert scene.wait(HANG_S / 2 - 0.25) == []
    assert scene.state(1) is expected
    assert scene.wait(0.25) == []
    assert scene.state(1) is SUSPECT
    assert scene.machine.ready() == []
    with pytest.raises(ValueError, match="takes no job"):
        scene.tell(1, ASSIGNED)
    assert scene.tell(1, BEATEN) == []
    assert scene.state(1) is expected
    assert scene.member(1).job_ids == (("job",) if job else ())


@pytest.mark.parametrize("job", [False, True])
def test_a_worker_that_hangs_is_killed_and_it_is_told_why(job: bool) -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN)
    if job:
        scene.tell(1, ASSIGNED)
    scene.wait(HANG_S / 2)
    assert scene.wait(HANG_S / 2 - 0.25) == []
    assert scene.wait(0.25) == [Kill(1, "it hung: no sign of life for 8 s")]
    assert scene.wait(100) == []
    crashed = scene.tell(1, Died("signal 9"))[0]
    assert crashed == Announce(
        "crashed", "h/0", None, "cpu", "it hung: no sign of life for 8 s", ("job",) if job else ()
    )


def test_a_hang_begins_with_the_last_sign_of_life_however_old_the_worker_is() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN)
    for _ in range(10):
        scene.wait(HANG_S / 4)
        scene.tell(1, BEATEN)
    scene.wait(HANG_S / 2)
    assert scene.state(1) is SUSPECT
    assert scene.wait(HANG_S / 2 - 0.25) == []
    assert scene.wait(0.25) == [Kill(1, "it hung: no sign of life for 8 s")]


@pytest.mark.parametrize("sign", [BEATEN, ASSIGNED, RELEASED], ids=lambda sign: type(sign).__name__)
def test_each_sign_of_life_puts_the_suspicion_off(sign: Stimulus) -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN)
    if sign is RELEASED:
        scene.tell(1, ASSIGNED)
    scene.wait(HANG_S / 2 - 0.25)
    scene.tell(1, sign)
    scene.wait(HANG_S / 2 - 0.25)
    assert scene.state(1) is (BUSY if sign is ASSIGNED else READY)
    scene.wait(0.25)
    assert scene.state(1) is SUSPECT


def test_a_late_start_is_ended_and_counts_as_one_that_failed() -> None:
    scene = Scene()
    assert scene.wait(START_S - 0.25) == []
    assert scene.wait(0.25) == [Kill(1, "it did not introduce itself within 20 s; its log says why")]
    assert scene.wait(100) == []
    assert scene.tell(1, Died("signal 9")) == [Spawn(2)]
    assert scene.tell(2, DIED) == []


def test_a_late_join_is_ended_and_counts_as_a_crash() -> None:
    scene = Scene()
    scene.now += START_S - 0.25
    scene.tell(1, GREETED)
    assert scene.wait(JOIN_S - 0.25) == []
    assert scene.wait(0.25) == [Kill(1, "it did not begin within 6 s of its welcome")]
    assert scene.tell(1, Died("signal 9"))[0] == Announce(
        "crashed", "h/0", None, None, "it did not begin within 6 s of its welcome"
    )


def test_a_spare_may_wait_for_ever() -> None:
    scene = Scene(spares=1)
    scene.tell(2, GREETED)
    scene.tell(1, GREETED)
    assert scene.state(1) is SPARE
    for _ in range(100):
        scene.tell(2, BEATEN)
        assert scene.wait(HANG_S / 4) == []
    assert scene.state(1) is SPARE


def test_who_does_not_notice_a_cancel_is_killed() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, ASSIGNED)
    assert scene.tell(1, CANCELLED) == []
    assert scene.machine.due(scene.now) == GRACE_S
    assert scene.wait(GRACE_S - 0.25) == []
    assert scene.tell(1, CANCELLED) == []  # does not put it off
    assert scene.wait(0.25) == [Kill(1, "it did not notice a cancel")]
    assert scene.wait(1) == []


def test_who_notices_a_cancel_in_time_lives_on() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, ASSIGNED, CANCELLED)
    scene.wait(GRACE_S - 0.25)
    scene.tell(1, RELEASED)
    scene.tell(1, Assigned(("next",)))
    assert scene.wait(GRACE_S) == []
    assert scene.member(1).job_ids == ("next",)


def test_a_cancel_that_comes_after_the_job_says_nothing_of_the_next() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, ASSIGNED, RELEASED, CANCELLED)
    scene.tell(1, ASSIGNED)
    assert scene.wait(GRACE_S) == []


def test_who_is_condemned_twice_is_killed_once_for_the_first_reason() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, ASSIGNED, CANCELLED)
    assert scene.tell(1, Condemned("one"), Condemned("two")) == [Kill(1, "one")]
    assert scene.wait(GRACE_S + HANG_S) == []
    assert scene.tell(1, DIED)[0] == Announce("crashed", "h/0", None, "cpu", "one", ("job",))


def test_a_condemned_spare_gets_no_seat() -> None:
    scene = Scene(spares=1)
    scene.tell(1, GREETED, BEATEN)
    scene.tell(2, GREETED, CONDEMNED)
    assert scene.tell(1, DIED) == [CRASHED, Spawn(3)]


# -- members that have grown too large ---------------------------------------------------------


@pytest.mark.parametrize("beat", [Beat(2, 101, "cpu"), Beat(2, 0, "cuda:0", 1001)], ids=["memory", "device memory"])
def test_who_has_grown_too_large_has_a_successor_before_it_leaves(beat: Beat) -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN)
    assert scene.tell(1, Beaten(beat)) == [Spawn(2)]
    assert scene.machine.ready() == [scene.member(1)]
    assert scene.tell(2, GREETED) == [Retire(1), Seat(2, "h/0", 0)]
    assert (scene.state(1), scene.state(2)) == (DRAINING, JOINING)
    assert scene.tell(1, Died("exit status 0")) == []
    assert scene.tell(2, BEATEN) == [Announce("spawned", "h/0", None, "cpu")]
    assert (scene.seat().restarts, scene.seat().deaths_in_a_row) == (1, 0)


@pytest.mark.parametrize("beat", [Beat(2, 100, "cpu"), Beat(2, 0, "cuda:0", 1000)])
def test_who_is_as_large_as_it_may_be_stays(beat: Beat) -> None:
    scene = Scene()
    assert scene.tell(1, GREETED, BEATEN, Beaten(beat))[2:] == []


def test_without_limits_nobody_is_too_large() -> None:
    scene = Scene(policy=Policy(1))
    scene.tell(1, GREETED)
    huge = Beaten(Beat(2, 1 << 50, "cuda:0", 1 << 50))
    assert scene.tell(1, huge, huge) == [Announce("spawned", "h/0", None, "cuda:0")]


def test_where_there_is_a_spare_already_it_is_the_successor() -> None:
    scene = Scene(spares=1)
    scene.tell(1, GREETED, BEATEN)
    scene.tell(2, GREETED)
    assert scene.tell(1, LARGE) == [Retire(1), Seat(2, "h/0", 0), Spawn(3)]


def test_a_large_worker_ends_its_job_first() -> None:
    scene = Scene(spares=1)
    scene.tell(1, GREETED, BEATEN, ASSIGNED)
    scene.tell(2, GREETED)
    assert scene.tell(1, LARGE) == [Spawn(3)]
    assert scene.tell(3, GREETED) == []
    assert scene.state(1) is BUSY
    assert scene.tell(1, RELEASED) == [Retire(1), Seat(2, "h/0", 0)]


def test_a_large_worker_for_which_no_successor_comes_leaves_all_the_same() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, LARGE)
    for _ in range(int(START_S) - 1):
        scene.wait(1)
        scene.tell(2, DIED)  # starting it fails, or lasts
        assert scene.tell(1, LARGE) == []
    assert scene.wait(1)[0] == Retire(1)


def test_a_large_worker_that_does_not_end_is_killed_and_that_is_no_crash() -> None:
    scene = Scene(spares=1)
    scene.tell(1, GREETED, BEATEN)
    scene.tell(2, GREETED)
    scene.tell(1, LARGE)
    scene.tell(2, BEATEN)
    assert scene.wait(DRAIN_S - 0.25) == []
    assert scene.wait(0.25) == [Kill(1, "it did not end within 4 s")]
    assert scene.tell(1, Died("signal 9")) == []


def test_a_large_worker_that_crashes_needs_only_one_successor() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, LARGE)
    assert scene.tell(1, DIED) == [CRASHED]
    assert scene.tell(2, GREETED) == [Seat(2, "h/0", 0)]


def test_of_other_packs_there_are_other_workers_and_jobs_end_first() -> None:
    scene = Scene(size=2)
    scene.tell(1, GREETED, BEATEN, ASSIGNED)
    scene.tell(2, GREETED, BEATEN)
    assert scene.machine.renew(scene.now) == [Spawn(3), Spawn(4)]
    assert [member.id for member in scene.machine.members.values() if member.outdated] == [1, 2]
    assert scene.tell(3, GREETED) == [Retire(2, "its packs have changed"), Seat(3, "h/1", 1)]
    assert scene.tell(4, GREETED) == []
    assert scene.state(1) is BUSY
    assert scene.tell(1, RELEASED) == [Retire(1, "its packs have changed"), Seat(4, "h/0", 0)]


def test_spares_of_other_packs_are_no_successors() -> None:
    scene = Scene(spares=2)
    scene.tell(1, GREETED, BEATEN)
    scene.tell(2, GREETED)
    why = "its packs have changed"
    assert scene.machine.renew(scene.now) == [Kill(2, why), Kill(3, why), Spawn(4), Spawn(5), Spawn(6)]
    assert scene.tell(2, DIED) == []
    assert scene.tell(3, DIED) == []
    assert scene.tell(4, GREETED) == [Retire(1, why), Seat(4, "h/0", 0)]


def test_packs_that_do_not_start_replace_nobody() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN)
    scene.machine.renew(scene.now)
    for _ in range(int(3 * START_S)):
        scene.tell(scene.machine._last_id, DIED)
        assert not [step for step in scene.wait(1) if isinstance(step, Retire)]
        scene.tell(1, BEATEN)
        assert scene.machine.due(scene.now) > 0
    assert scene.state(1) is READY


def test_of_two_large_workers_only_one_takes_a_spare_for_its_successor() -> None:
    scene = Scene(size=2, spares=1)
    for member in (1, 2):
        scene.tell(member, GREETED, BEATEN, ASSIGNED, LARGE)
    scene.tell(1, RELEASED)
    scene.tell(2, RELEASED)
    done = scene.tell(3, GREETED)
    assert [step.member for step in done if isinstance(step, Retire)] == [1]
    assert scene.machine.ready() == [scene.member(2)]
    assert Retire(2) in scene.tell(4, GREETED)


def test_a_large_worker_that_was_killed_crashes() -> None:
    scene = Scene(spares=1)
    scene.tell(1, GREETED, BEATEN, LARGE)
    scene.tell(1, CONDEMNED)
    assert scene.tell(2, GREETED) == []
    assert scene.tell(1, DIED)[0] == Announce("crashed", "h/0", None, "cpu", "it is unfit")


# -- whoever is to die -------------------------------------------------------------------------


def test_whoever_is_to_die_gets_no_job() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, CONDEMNED)
    assert scene.machine.ready() == []
    with pytest.raises(ValueError, match="takes no job"):
        scene.tell(1, ASSIGNED)


def test_a_result_that_crosses_the_kill_for_a_cancel_makes_nobody_ready() -> None:
    scene = Scene()
    scene.tell(1, GREETED, BEATEN, ASSIGNED, CANCELLED)
    assert scene.wait(GRACE_S) == [Kill(1, "it did not notice a cancel")]
    scene.tell(1, RELEASED)
    assert scene.machine.ready() == []


# -- when to look next -------------------------------------------------------------------------


def test_the_next_look_is_when_the_first_of_all_limits_ends() -> None:
    scene = Scene(size=2)
    due = scene.machine.due
    assert due(scene.now) == HANG_S  # never later than that
    scene.now += 13
    assert due(scene.now) == START_S - 13
    scene.tell(1, GREETED)
    assert due(scene.now) == JOIN_S
    scene.tell(1, BEATEN)
    assert due(scene.now) == HANG_S / 2
    scene.tell(1, ASSIGNED, CANCELLED)
    assert due(scene.now) == GRACE_S
    assert due(scene.now + 50) == 0
    scene.tell(1, CONDEMNED)
    assert due(scene.now) == START_S - 13, "who was killed asks for nothing more"


def test_the_next_look_is_when_a_failed_start_may_be_tried_again() -> None:
    scene = Scene()
    for number in (1, 2, 3):
        scene.tell(number, DIED)
        scene.wait(scene.machine.due(scene.now) if number == 2 else 0)
    assert scene.machine.due(scene.now) == 0.5


def test_the_next_look_is_when_a_large_worker_may_leave_without_a_successor() -> None:
    scene = Scene(policy=Policy(1, hang_after_s=1000, start_limit_s=20, rss_limit_bytes=100))
    scene.tell(1, GREETED, BEATEN, LARGE)
    scene.tell(2, Died("exit status 1"))  # a third is started at once, and lasts longer than the large one may
    scene.now += 5
    scene.tell(3, DIED)
    scene.wait(scene.machine.due(scene.now))
    assert scene.machine.due(scene.now) == 20 - 5.25
