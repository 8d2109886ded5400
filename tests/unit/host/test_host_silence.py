"""Workers that say nothing, come late, or are to die."""

from __future__ import annotations

import pytest

from tests.unit.host.scene import CRASHED, Scene
from tests.unit.host.supervised import (
    ASSIGNED,
    BEATEN,
    BUSY,
    CANCELLED,
    CONDEMNED,
    DIED,
    GRACE_S,
    GREETED,
    HANG_S,
    JOIN_S,
    READY,
    RELEASED,
    SPARE,
    START_S,
    SUSPECT,
)
from vortex_prefect.host.members import Announce, Assigned, Condemned, Died, Kill, Spawn, Stimulus


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
