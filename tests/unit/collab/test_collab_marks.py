from __future__ import annotations

from vortex_prefect.collab.marks import KEPT_BYTES, STEP_BYTES, Marks


def nothing_to_forget(_state: bytes) -> int:
    return 0


def test_so_much_is_kept_at_least_and_hardly_more() -> None:
    marks, place, horizon = Marks(b"none", b"0"), 0, 0
    for _ in range(2000):
        place += 1000
        marks.grow(1000, lambda: str(place).encode())  # noqa: B023
        if place % 70_000 == 0:
            state = marks.next(nothing_to_forget)
            if state != b"none":
                assert int(state) >= horizon
                horizon = int(state)
                assert KEPT_BYTES <= place - horizon < KEPT_BYTES + STEP_BYTES + 1000
                marks.settle(state)
    assert horizon > 1_600_000


def test_many_short_days_add_up() -> None:
    marks = Marks(b"horizon", b"start")
    marks.grow(STEP_BYTES, lambda: b"later")
    sizes = {b"horizon": 3 * KEPT_BYTES, b"start": 2 * KEPT_BYTES + 1}
    assert marks.next(lambda state: sizes[state]) == b"horizon"
    sizes[b"start"] = 2 * KEPT_BYTES
    assert marks.next(lambda state: sizes[state]) == b"start"
    marks.settle(b"start")
    sizes[b"start"] = 3 * KEPT_BYTES
    assert marks.next(lambda state: sizes[state]) == b"start"
