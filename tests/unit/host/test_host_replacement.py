"""Workers that have grown too large or have other packs, and their successors."""

from __future__ import annotations

import pytest

from tests.unit.host.scene import CRASHED, Scene
from tests.unit.host.supervised import (
    ASSIGNED,
    BEATEN,
    BUSY,
    CONDEMNED,
    DIED,
    DRAIN_S,
    DRAINING,
    GREETED,
    JOINING,
    LARGE,
    READY,
    RELEASED,
    START_S,
)
from vortex_prefect.host.members import Announce, Beaten, Died, Kill, Policy, Retire, Seat, Spawn
from vortex_prefect.wire.payloads import Beat


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
