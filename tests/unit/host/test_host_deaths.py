"""Workers that die: what is told of it, who follows them, and how fast."""

from __future__ import annotations

from itertools import pairwise

from tests.unit.host.scene import Scene
from tests.unit.host.supervised import ASSIGNED, BEATEN, DIED, GREETED, LARGE, RELEASED, STARTING
from vortex_prefect.host.members import Announce, Assigned, Condemned, Died, Policy, Seat, Spawn
from vortex_prefect.host.starts import respawn_delay_s


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
