"""What tests of the machine of worker processes share: its states, stimuli, and a policy of small numbers."""

from __future__ import annotations

from vortex_prefect.host.members import (
    Assigned,
    Beaten,
    Cancelled,
    Condemned,
    Died,
    Greeted,
    Policy,
    Released,
    State,
)
from vortex_prefect.wire.payloads import Beat

STARTING, SPARE, JOINING, READY, BUSY, SUSPECT, DRAINING, DEAD = State
GREETED, RELEASED, CANCELLED = Greeted(), Released(), Cancelled()
ASSIGNED, CONDEMNED, DIED = Assigned(("job",)), Condemned("it is unfit"), Died("exit status 1")
BEATEN = Beaten(Beat(1, 50, "cpu"))
LARGE = Beaten(Beat(2, 101, "cpu"))

HANG_S, START_S, JOIN_S, DRAIN_S, GRACE_S = 8.0, 20.0, 6.0, 4.0, 1.0


def small_policy(size: int = 1, spares: int = 0) -> Policy:
    return Policy(
        size,
        spares,
        hang_after_s=HANG_S,
        start_limit_s=START_S,
        join_limit_s=JOIN_S,
        drain_limit_s=DRAIN_S,
        cancel_grace_s=GRACE_S,
        rss_limit_bytes=100,
        device_limit_bytes=1000,
    )
