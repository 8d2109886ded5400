"""A host without a process: the machine of its workers, with a clock."""

from __future__ import annotations

from tests.unit.host.supervised import (
    ASSIGNED,
    BEATEN,
    BUSY,
    DEAD,
    DIED,
    DRAINING,
    GREETED,
    HANG_S,
    JOINING,
    LARGE,
    SPARE,
    STARTING,
    SUSPECT,
    small_policy,
)
from vortex_prefect.host.members import Announce, Instruction, Member, Policy, SeatRecord, State, Stimulus
from vortex_prefect.host.supervision import Supervision


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


def in_state(state: State) -> tuple[Scene, int]:
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
