"""The workers of a host without a process: a table of their transitions, how they start, and when to look again."""

from __future__ import annotations

import pytest

from tests.unit.host.scene import CRASHED, Scene, in_state
from tests.unit.host.supervised import (
    ASSIGNED,
    BEATEN,
    BUSY,
    CANCELLED,
    CONDEMNED,
    DEAD,
    DIED,
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
)
from vortex_prefect.host.members import (
    TRANSITIONS,
    Announce,
    Assigned,
    Died,
    Instruction,
    Kill,
    Policy,
    Seat,
    Spawn,
    State,
    Stimulus,
)

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
    scene, member = in_state(before)
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
